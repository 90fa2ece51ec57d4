"""The control plane from outside, by people who mean harm: framing, roles, what a user may take over
from another, tampering."""
import json
import os
import socket
import sqlite3
import threading

import pytest

from support.sallyport import SLOWNESS
from support.system import ApiError, System

SUBJECT = {"Organization": "Shop", "OrganizationUnit": "IT", "Locality": "B", "State": "B"}


@pytest.fixture(scope="module", name="system")
def one_system_for_all():
    """Nobody here leaves anything behind that another test would see."""
    made = System().start()
    yield made
    made.close()


def answers(system, data):
    """The status codes of all that is answered to these bytes, and the last body."""
    with socket.create_connection(("127.0.0.1", system.api_port), 10 * SLOWNESS) as sock:
        sock.sendall(data.encode("latin-1"))
        got = b""
        try:
            while chunk := sock.recv(65536):
                got += chunk
        except ConnectionResetError:
            pass  # what was left of the request when it was refused
    heads = [line for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    return [int(line.split()[1]) for line in heads], got.rpartition(b"\r\n\r\n")[2]


def refusal(call, *arguments, **parameters):
    with pytest.raises(ApiError) as caught:
        call(*arguments, **parameters)
    return caught.value


def token_of(system, user, role, **more):
    system.own("CreateUser", User=user, Role=role, **more)
    return system.own("CreateToken", User=user)["Token"]


def make_root(system, name, **more):
    return system.pca("CreateRootCACertificate", CommonName=name, Algorithm="ECC_256", Years=20,
                      **SUBJECT, **more)["Identifier"]


def make_sub(system, root, name, **more):
    return system.pca("CreateSubCACertificate", ParentIdentifier=root, CommonName=name,
                      Algorithm="ECC_256", Years=5, **SUBJECT, **more)["Identifier"]


# --- HTTP

SMUGGLED = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.mark.core
@pytest.mark.parametrize("headers, body", [
    ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "2\r\n{}\r\n0\r\n\r\n"),
    ("Content-Length: 2\r\nContent-Length: 60\r\n", "{}"),
    ("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"),
    ("Transfer-Encoding: gzip, chunked\r\n", "2\r\n{}\r\n0\r\n\r\n"),
    ("Transfer-Encoding : chunked\r\nContent-Length: 2\r\n", "{}"),
    ("Host: evil.example\r\nContent-Length: 2\r\n", "{}"),
    ("Content-Length: 2, 2\r\n", "{}"),
    ("Content-Length: -2\r\n", "{}")], ids=range(8))
def test_no_request_hides_in_another(system, headers, body):
    statuses, _ = answers(
        system, "POST /api/nlb/ListListeners HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {system.first['token']}\r\nContent-Type: application/json\r\n"
        + headers + "\r\n" + body + SMUGGLED)
    # The library says some of it twice.
    assert set(statuses) == {400}


@pytest.mark.parametrize("body", [
    '{"Tag":' + "[" * 100000 + "]" * 100000 + "}", '{"MaxResults":1,"MaxResults":2}',
    '{"MaxResults":1e999}', '{"MaxResults":99999999999999999999}', '{"MaxResults":1.5}',
    '{"MaxResults":NaN}', '{"MaxResults":"5"}', '{"MaxResults":true}', '{"MaxResults":null}',
    '{"NextToken":"a\\u0000b"}', '{"NextToken":"\\ud800"}', '{"NextToken":"\xc0\xaf"}', "[]",
    "{} {}", '{"__proto__":1}'], ids=range(15))
def test_odd_json_is_refused(system, body):
    statuses, answer = answers(
        system, "POST /api/nlb/ListListeners HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {system.first['token']}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}")
    assert statuses == [400] and json.loads(answer)["Code"]


# --- roles

@pytest.fixture(name="family")
def a_family(system):
    """Two CAs below a root, a certificate of each, an issuer of the first."""
    root = make_root(system, f"Root {os.urandom(4).hex()}")
    ours, theirs = (make_sub(system, root, f"Sub {os.urandom(4).hex()}") for _ in range(2))
    made = {"root": root, "ours": ours, "theirs": theirs}
    for name in ("ours", "theirs"):
        made[f"of {name}"] = system.pca("CreateClientCertificate", ParentIdentifier=made[name],
                                        CommonName="ana")["Identifier"]
    made["issuer"] = token_of(system, f"issuer-{os.urandom(4).hex()}", "issuer", CaIdentifier=ours)
    return made


@pytest.mark.core
def test_an_issuer_touches_nothing_of_another_ca(system, family):
    about = {"Identifier": family["of theirs"]}
    for product, action, parameters in (
            ("pca", "CreateClientCertificate",
             {"ParentIdentifier": family["theirs"], "CommonName": "x"}),
            ("pca", "CreateServerCertificate", {"ParentIdentifier": family["root"],
                                                "CommonName": "a.example", "Algorithm": "ECC_256"}),
            ("pca", "CreateRevokeClientCertificate", about),
            ("pca", "RevokeCertificates",
             {"ParentIdentifier": family["theirs"], "SerialNumbers": ["01"]}),
            ("pca", "RenewPrivateCertificate", about),
            ("pca", "RenewPrivateCertificate", {"Identifier": family["ours"]}),
            ("pca", "DeleteClientCertificate", about),
            ("pca", "UpdatePcaCertificate", {**about, "AliasName": "mine"}),
            ("pca", "DescribeCertificatePrivateKey", {**about, "EncryptedCode": "secret-12345"}),
            ("sallyport", "ExportPrivateCertificate", {**about, "Format": "PEM"}),
            ("pca", "UpdateCACertificateStatus",
             {"Identifier": family["ours"], "Status": "REVOKE"}),
            ("nlb", "CreateServerGroup", {"ServerGroupName": "web", "VpcId": "v"}),
            ("sallyport", "CreateUser", {"User": "x", "Role": "administrator"})):
        found = refusal(system.call, product, action, token=family["issuer"], **parameters)
        assert (found.status, found.code) == (403, "Forbidden.NoPermission"), action


def test_cas_are_revoked_by_administrators_however_it_is_asked(system, family):
    serial = system.pca("DescribeCACertificate",
                        Identifier=family["theirs"])["Certificate"]["SerialNumber"]
    asked = {"ParentIdentifier": family["root"], "SerialNumbers": [serial]}
    for role, more in (("issuer", {"CaIdentifier": family["root"]}), ("operator", {})):
        token = token_of(system, f"{role}-{os.urandom(4).hex()}", role, **more)
        assert refusal(system.call, "pca", "RevokeCertificates", token=token, **asked).status == 403
    assert system.pca("DescribeCACertificate",
                      Identifier=family["theirs"])["Certificate"]["Status"] == "ISSUE"
    assert system.pca("RevokeCertificates", **asked)["RevokedCount"] == 1


def test_the_key_of_a_ca_is_exported_by_administrators_if_at_all(system, family):
    root = make_root(system, f"Portable {os.urandom(4).hex()}", KeyExportable=True)
    for role, more in (("issuer", {"CaIdentifier": root}), ("operator", {}), ("viewer", {})):
        token = token_of(system, f"{role}-{os.urandom(4).hex()}", role, **more)
        assert refusal(system.call, "sallyport", "ExportPrivateCertificate", token=token,
                       Identifier=root, Format="PEM").status == 403
    assert system.own("ExportPrivateCertificate", Identifier=root, Format="PEM")["Files"]
    assert refusal(system.own, "ExportPrivateCertificate", Identifier=family["root"],
                   Format="PEM").code == "OperationDenied.KeyNotExportable"


def test_a_key_that_may_not_leave_has_no_way_out(system, family):
    locked = system.pca("CreateClientCertificate", ParentIdentifier=family["ours"],
                        CommonName="locked", KeyExportable=False)["Identifier"]
    renewed = system.pca("RenewPrivateCertificate", Identifier=locked)["Identifier"]
    system.own("UpdateSettings", AllowKeyRead=True)
    try:
        for identifier in (locked, renewed):
            for form in ("CRT", "PEM", "PFX", "JKS", "PKCS8", "MOBILECONFIG"):
                assert refusal(system.own, "ExportPrivateCertificate", Identifier=identifier,
                               Format=form, Password="long-enough-1"
                               ).code == "OperationDenied.KeyNotExportable"
            assert refusal(system.pca, "DescribeCertificatePrivateKey", Identifier=identifier,
                           EncryptedCode="long-enough-1").code == "OperationDenied.KeyNotExportable"
        assert refusal(system.pca, "UpdatePcaCertificate", Identifier=locked,
                       KeyExportable=True).field == "KeyExportable"
    finally:
        system.own("UpdateSettings", AllowKeyRead=False)


def test_one_user_takes_nothing_from_another(system):
    ana, ben = (f"{name}-{os.urandom(4).hex()}" for name in ("ana", "ben"))
    tokens = {name: token_of(system, name, "operator") for name in (ana, ben)}
    theirs = system.own("ListTokens", User=ben)["Tokens"][0]["TokenId"]
    for action, parameters in (
            ("CreateToken", {"User": ben}), ("CreateAccessKey", {"User": "admin"}),
            ("ListTokens", {"User": ben}), ("DeleteToken", {"TokenId": theirs}),
            ("DeleteAccessKey", {"UserAccessKeyId": system.first["AccessKeyId"]}),
            ("UpdateAccessKey", {"UserAccessKeyId": system.first["AccessKeyId"],
                                 "Status": "Inactive"})):
        found = refusal(system.call, "sallyport", action, token=tokens[ana], **parameters)
        assert found.status in (403, 404), action
    same = {"ServerGroupName": "web", "VpcId": "v", "ClientToken": os.urandom(8).hex()}
    assert len({system.call("nlb", "CreateServerGroup", token=token, **same)["ServerGroupId"]
                for token in tokens.values()}) == 2


def test_of_many_who_saw_the_same_revision_one_changes_it(system):
    group = system.group()
    revision = system.nlb("ListServerGroups", ServerGroupIds=[group])["ServerGroups"][0]["Revision"]
    codes = []

    def change(number):
        try:
            system.nlb("UpdateServerGroupAttribute", ServerGroupId=group, IfRevision=revision,
                       ServerGroupName=f"name{number}")
            codes.append("done")
        except ApiError as error:
            codes.append(error.code)
    threads = [threading.Thread(target=change, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["Conflict.Revision"] * 15 + ["done"]


# --- what is written down

def test_the_audit_log_tells_for_whom_a_credential_was_made(system):
    user = f"cyd-{os.urandom(4).hex()}"
    token_of(system, user, "viewer")
    made = system.own("CreateToken", User=user, Note="for a script", Days=1)
    key = system.own("CreateAccessKey", User=user)
    system.own("DeleteAccessKey", UserAccessKeyId=key["AccessKeyId"])
    system.own("DeleteToken", TokenId=made["TokenId"])
    deleted, key_deleted, key_made, created = system.own("ListAuditEvents", MaxResults=4)["Events"]
    assert json.loads(deleted["Before"])["User"] == user
    assert json.loads(key_deleted["Before"])["User"] == user
    assert json.loads(key_made["After"])["User"] == user
    assert json.loads(created["After"]) == {"User": user, "Note": "for a script",
                                            "ExpiresTime": made["ExpiresTime"]}
    rows = json.dumps(system.own("ListAuditEvents", MaxResults=100))
    assert made["Token"] not in rows and key["AccessKeySecret"] not in rows


def test_the_log_is_never_sent_into_files_of_the_product(system):
    for name in ("sallyport.db", "revocations.log", "../master.key", "publish/x.crl"):
        assert refusal(system.own, "UpdateSettings",
                       Log=os.path.join(system.data_dir, name)).code == "IllegalParam.Log"


def test_tampering_with_the_audit_log_is_found(system):
    system.group()
    assert system.own("VerifyAuditLog")["Sound"]
    database = sqlite3.connect(os.path.join(system.data_dir, "sallyport.db"), timeout=10)
    with database:
        row, actor = database.execute("SELECT number, actor FROM audit ORDER BY number LIMIT 1 "
                                      "OFFSET 2").fetchone()
    with pytest.raises(sqlite3.DatabaseError), database:
        database.execute("UPDATE audit SET actor = 'nobody' WHERE number = ?", (row,))
    trigger, = database.execute("SELECT sql FROM sqlite_master "
                                "WHERE name = 'audit_update'").fetchone()
    with database:
        database.execute("DROP TRIGGER audit_update")
        database.execute("UPDATE audit SET actor = 'nobody' WHERE number = ?", (row,))
    found = system.own("VerifyAuditLog")
    assert not found["Sound"] and f"row {row}" in found["Error"]
    with database:
        database.execute("UPDATE audit SET actor = ? WHERE number = ?", (actor, row))
        database.execute(trigger)
    assert system.own("VerifyAuditLog")["Sound"]
    database.close()
