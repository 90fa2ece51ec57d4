"""The product sallyport of the API, on a running system: who may do what, what is going on, what
happened."""
import base64
import http.client
import json
import os
import threading
import time

import pytest

from support.backend import Backend
from support.clients import attempt, connect
from support.door import free_port
from support.sallyport import SLOWNESS
from support.system import ApiError
from support.waiting import Stopwatch, wait_for

GOOD = "correct horse battery"
SUBJECT = {"Organization": "Shop", "OrganizationUnit": "Doors", "Locality": "Hangzhou",
           "State": "Zhejiang"}


class Files:
    """A certificate of ours as the files that a client needs."""

    def __init__(self, folder, identifier, serial, pem):
        self.identifier, self.serial, self.pem = identifier, serial, pem
        self.chain_file = self.key_file = os.path.join(folder, f"{identifier}.pem")
        with open(self.chain_file, "wb") as file:
            file.write(pem)


class Mutual:
    """A listener that lets in what our own subordinate CA issued."""

    def __init__(self, system, folder):
        self.system, self.folder = system, str(folder)
        self.root = system.pca("CreateRootCACertificate", CommonName="Example Root", Years=10,
                               Algorithm="ECC_256", **SUBJECT)["Identifier"]
        self.sub = system.pca("CreateSubCACertificate", CommonName="Example Clients", Years=5,
                              Algorithm="ECC_256", ParentIdentifier=self.root,
                              **SUBJECT)["Identifier"]
        server = system.pca("CreateServerCertificate", ParentIdentifier=self.sub,
                            Domain="www.example.com", CommonName="www.example.com",
                            Algorithm="ECC_256", Days=30)["Identifier"]
        self.backend = Backend(system.address)
        self.balancer = system.balancer()
        self.group = system.group((system.address, self.backend.port))
        self.listener, self.port = system.listener(
            self.balancer, self.group, ListenerProtocol="TCPSSL", CertificateIds=[server],
            CaEnabled=True, CaCertificateIds=[self.sub], ListenerDescription="front door")

    def client(self, name):
        made = self.system.pca("CreateClientCertificate", ParentIdentifier=self.sub,
                               CommonName=name, Algorithm="ECC_256", Days=30,
                               SanType=1, SanValue=f"{name}@example.com")
        exported = self.system.own("ExportPrivateCertificate", Identifier=made["Identifier"],
                                   Format="PEM")
        pem = b"".join(base64.b64decode(file["Content"]) for file in exported["Files"])
        return Files(self.folder, made["Identifier"], made["SerialNumber"], pem)

    def close(self):
        self.backend.close()


@pytest.fixture
def mutual(system, tmp_path):
    made = Mutual(system, tmp_path)
    yield made
    made.close()


def refused(call, *arguments, **parameters):
    """The code with which a call is refused."""
    with pytest.raises(ApiError) as caught:
        call(*arguments, **parameters)
    return caught.value


class Browser:
    """Speaks as the console does: a cookie, and the CSRF token with it."""

    def __init__(self, system, user, password):
        self.system = system
        status, headers, body = self.post("Login", {}, User=user, Password=password)
        assert status == 200, body
        self.set_cookie = headers["Set-Cookie"]
        self.cookie = self.set_cookie.split(";")[0]
        self.session = body

    def post(self, action, headers, **parameters):
        connection = http.client.HTTPConnection("127.0.0.1", self.system.api_port, timeout=60)
        try:
            connection.request("POST", f"/api/sallyport/{action}", json.dumps(parameters),
                               {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers, json.loads(answer.read())
        finally:
            connection.close()

    def call(self, action, csrf=True, **parameters):
        headers = {"Cookie": self.cookie}
        if csrf:
            headers["X-CSRF-Token"] = self.session["CsrfToken"]
        status, _, body = self.post(action, headers, **parameters)
        return status, body


# --- who gets in


def test_a_session_of_the_console(system):
    first = Browser(system, system.first["user"], system.first["password"])
    assert "HttpOnly" in first.set_cookie and "SameSite=Strict" in first.set_cookie
    assert first.session["MustChangePassword"] is True
    assert first.call("GetSession", csrf=False)[1]["User"] == system.first["user"]
    # A page elsewhere has the cookie sent along, but not the token.
    assert first.call("CreateUser", csrf=False, User="eve", Role="viewer")[0] == 403
    status, body = first.call("ChangePassword", OldPassword=system.first["password"],
                              NewPassword=GOOD)
    assert status == 200, body
    assert first.call("GetSession")[1]["MustChangePassword"] is False
    assert first.call("Logout")[0] == 200
    assert first.call("GetSession")[0] in (401, 403)
    assert Browser(system, system.first["user"], GOOD).call("GetSession")[0] == 200


def test_a_wrong_password_says_nothing_and_is_written_down(system):
    system.own("CreateUser", User="ana", Role="operator", Password=GOOD)
    answers = [refused(system.own, "Login", User=user, Password="wrong")
               for user in ("ana", "nobody", "ana", "ana", "ana", "ana")]
    assert len({(answer.status, answer.code, answer.message) for answer in answers}) == 1
    waiting = refused(system.own, "Login", User="ana", Password=GOOD)
    assert waiting.status == 429 and "wait" in waiting.message

    def failures():
        return [event for event in system.own("ListAuditEvents", EventAction="Login")["Events"]
                if event["Outcome"] == "Forbidden.LoginFailed" and event["User"] == "ana"]
    assert wait_for(failures, 10 * SLOWNESS, "the failures in the audit log")
    assert "wrong" not in system.output() and GOOD not in system.output()


def test_each_role_has_its_limits(system):
    def token(role):
        system.own("CreateUser", User=role, Role=role)
        return system.own("CreateToken", User=role)["Token"]

    viewer, operator = token("viewer"), token("operator")
    assert system.call("sallyport", "GetStatus", token=viewer)["Revision"] > 0
    for product, action, parameters in (
            ("sallyport", "CreateUser", {"User": "x", "Role": "administrator"}),
            ("sallyport", "UpdateSettings", {"SessionHours": 1}),
            ("sallyport", "UpdateUser", {"User": "viewer", "Role": "administrator"}),
            ("sallyport", "CloseConnections", {"All": True}),
            ("sallyport", "CreateToken", {"User": "operator"}),
            ("sallyport", "Backup", {"Passphrase": GOOD}),
            ("nlb", "DeleteListener", {"ListenerId": "lsn-x"})):
        assert refused(system.call, product, action, token=viewer, **parameters).status == 403
    assert refused(system.call, "sallyport", "CreateUser", token=operator, User="x",
                   Role="administrator").status == 403
    system.call("sallyport", "CloseConnections", token=operator, All=True)


def test_what_is_taken_away_is_gone_at_once(system):
    system.own("CreateUser", User="ana", Role="viewer", Password=GOOD)
    token = system.own("CreateToken", User="ana")
    browser = Browser(system, "ana", GOOD)
    assert browser.call("GetSession")[0] == 200
    system.own("DeleteToken", TokenId=token["TokenId"])
    assert refused(system.call, "sallyport", "GetSession", token=token["Token"]).status in (401, 403)
    system.own("EndSession", SessionId=browser.session["SessionId"])
    assert browser.call("GetSession")[0] in (401, 403)
    again = system.own("CreateToken", User="ana")["Token"]
    system.own("UpdateUser", User="ana", Disabled=True)
    assert refused(system.call, "sallyport", "GetSession", token=again).status in (401, 403)
    assert refused(system.own, "DeleteUser", User="admin").code == \
        "OperationDenied.LastAdministrator"


def test_a_secret_is_shown_once(system):
    made = system.own("CreateAccessKey", ClientToken="once")
    assert len(made["AccessKeySecret"]) == 30
    assert refused(system.own, "CreateAccessKey", ClientToken="once").status == 409
    keys = system.own("ListAccessKeys")["AccessKeys"]
    assert made["AccessKeySecret"] not in json.dumps(keys)
    with open(os.path.join(system.data_dir, "sallyport.db"), "rb") as file:
        assert made["AccessKeySecret"].encode() not in file.read()


# --- what is going on


def test_a_long_poll_ends_with_the_change(system):
    before = system.own("ListChanges")["Revision"]
    answers = []

    def poll():
        answers.append(system.own("ListChanges", AfterRevision=before, WaitSeconds=30))

    with Stopwatch() as took:
        threads = [threading.Thread(target=poll) for _ in range(8)]
        for thread in threads:
            thread.start()
        # Nobody else waits meanwhile.
        wait_for(lambda: system.own("GetStatus")["Revision"] == before, 10)
        system.own("CreateUser", User="ana", Role="viewer")
        for thread in threads:
            thread.join()
    assert took.seconds < 15 * SLOWNESS
    for answer in answers:
        assert [(change["Kind"], change["ResourceId"]) for change in answer["Changes"]] == \
            [("user", "ana")]


def test_who_comes_and_who_does_not(mutual, pki, system):
    pump, stranger = mutual.client("pump-17"), pki.stranger
    assert attempt(system, mutual.port, stranger) == "unknown_ca"
    assert attempt(system, mutual.port) == "certificate_required"
    listed = wait_for(lambda: [row for row in system.own("ListRefusals")["Refusals"]]
                      if system.own("ListRefusals")["TotalCount"] == 2 else None,
                      5 * SLOWNESS, "both refusals")
    assert {row["Reason"] for row in listed} == {"unknown_ca", "certificate_required"}
    assert all(row["ListenerId"] == mutual.listener for row in listed)
    why = system.own("GetRefusal", RefusalId=next(
        row["RefusalId"] for row in listed if row["Reason"] == "unknown_ca"))
    assert why["Alert"] == "unknown_ca" and why["SerialNumber"] == stranger.serial
    assert [step["Outcome"] for step in why["Steps"]].count("refused") == 1
    assert why["Remedy"]
    client = connect(system, mutual.port, pump)
    rows = system.own("ListConnections", ListenerId=mutual.listener)
    assert rows["Complete"] and rows["TotalCount"] == 1
    assert rows["Connections"][0]["Identity"] == "pump-17@example.com"
    assert system.own("ListConnections", SerialNumber=pump.serial)["TotalCount"] == 1
    assert system.own("ListConnections", SerialNumber="0102")["TotalCount"] == 0
    impact = system.own("CheckImpact", Act="Revoke", Kind="certificate",
                        ResourceId=pump.identifier)
    assert impact["Allowed"] and impact["Connections"] == 1
    assert system.own("CloseConnections", SerialNumber=pump.serial)["Closed"] == 1
    data, end = client.read_to_end()
    assert data == b"" and end in ("close_notify", "fin", "reset")
    assert system.own("ListConnections")["TotalCount"] == 0
    client.close()


def test_the_history_counts_every_client_once(mutual, pki, system):
    pump = mutual.client("pump-17")
    for _ in range(5):
        connect(system, mutual.port, pump).close()
    attempt(system, mutual.port, pki.stranger)

    def counted():
        history = system.own("GetMetricHistory", ListenerId=mutual.listener)
        reasons = {row["Reason"]: sum(row["Counts"]) for row in history["RefusedBy"]}
        assert all(len(history[name]) == len(history["Times"])
                   for name in ("Connections", "BytesIn", "Servers", "HandshakesFull"))
        return (sum(history["Connections"]), sum(history["HandshakesFull"]) +
                sum(history["HandshakesResumed"]), reasons) == (6, 5, {"unknown_ca": 1})
    wait_for(counted, 10 * SLOWNESS, "the clients in the history")
    history = system.own("GetMetricHistory")
    assert history["Times"] == sorted(set(history["Times"]))
    after = system.own("GetMetricHistory", After=history["Next"], ListenerId=mutual.listener)
    assert all(moment > history["Next"] for moment in after["Times"])


def test_why_would_this_client_be_refused(mutual, pki, system):
    pump = mutual.client("pump-17")

    def verdict(**parameters):
        return system.own("CheckAdmission", ListenerId=mutual.listener, **parameters)

    admitted = verdict(Certificate=pump.pem.decode())
    assert admitted["Admitted"] and admitted["Identity"] == "pump-17@example.com"
    assert [step["Outcome"] for step in admitted["Steps"]] == ["ok"] * 5
    assert verdict(Identifier=pump.identifier)["Admitted"]
    assert verdict(SerialNumber=":".join(pump.serial[i:i + 2] for i in
                                         range(0, len(pump.serial), 2)))["Admitted"]
    nobody = verdict()
    assert not nobody["Admitted"] and nobody["Reason"] == "certificate_required"
    assert verdict(Certificate=pki.stranger.pem().decode())["Reason"] == "unknown_ca"
    later = verdict(Identifier=pump.identifier, Time=str(int(time.time()) + 40 * 86400))
    assert later["Reason"] == "expired" and later["Steps"][2]["Outcome"] == "refused"
    system.pca("CreateRevokeClientCertificate", Identifier=pump.identifier)
    wait_for(lambda: verdict(Identifier=pump.identifier)["Reason"] == "revoked",
             2 * SLOWNESS, "the revocation")
    assert attempt(system, mutual.port, pump) == "certificate_revoked"
    assert refused(system.own, "CheckAdmission", ListenerId=mutual.listener,
                   Certificate="no PEM").field == "Certificate"
    assert refused(system.own, "CheckAdmission", ListenerId="none").status == 404


def test_what_an_act_would_hurt(mutual, system):
    mutual.client("pump-17")
    mutual.client("pump-18")
    group = system.own("CheckImpact", Act="Delete", Kind="servergroup", ResourceId=mutual.group)
    assert not group["Allowed"]
    assert [row["ListenerId"] for row in group["Listeners"]] == [mutual.listener]
    tree = system.own("CheckImpact", Act="Revoke", Kind="certificate", ResourceId=mutual.root)
    assert tree["Allowed"] and tree["CertificateCount"] == 3
    assert [row["ListenerId"] for row in tree["Listeners"]] == [mutual.listener]


def test_the_status_of_all_parts(mutual, system):
    status = system.own("GetStatus")
    assert status["RevisionServed"] == status["Revision"]
    assert {role["Role"] for role in status["Roles"]} >= {"guardian", "control", "checker",
                                                          "worker-0", "worker-1"}
    listener = status["Listeners"][0]
    assert listener["ListenerId"] == mutual.listener and listener["Status"] == "Running"
    assert listener["MutualAuthentication"] == "required"
    wait_for(lambda: system.own("GetStatus")["Listeners"][0]["HealthyServers"] == 1,
             10 * SLOWNESS, "the healthy server")
    assert status["Disk"]["FreeBytes"] > 0 and status["Disk"]["StoreBytes"] > 0


def test_a_server_can_be_tried(system):
    backend = Backend(system.address)
    try:
        there = system.own("TestServer", Address=system.address, Port=backend.port)
        assert there["Reachable"] is True
    finally:
        backend.close()
    gone = system.own("TestServer", Address=system.address, Port=free_port(system.address))
    assert gone["Reachable"] is False and gone["Reason"] == "CONNECT_FAILED"
    assert refused(system.own, "TestServer", Address="host.example", Port=1).field == "Address"


# --- what happened, and what is there


def test_everything_is_found(mutual, system):
    pump = mutual.client("pump-17")

    def found(keyword):
        return {group["Kind"]: [row["ResourceId"] for row in group["Results"]]
                for group in system.own("Search", Keyword=keyword)["Groups"]}

    colons = ":".join(pump.serial[i:i + 2] for i in range(0, len(pump.serial), 2)).lower()
    assert found(colons)["certificate"] == [pump.identifier]
    assert found("PUMP-17")["certificate"] == [pump.identifier]
    assert found("front door")["listener"] == [mutual.listener]
    assert mutual.group in found(system.address)["servergroup"]
    assert found("no such thing") == {}
    ending = system.own("ListExpiring", Days=31)
    assert pump.identifier in [row["Identifier"] for row in ending["Certificates"]]


def test_the_audit_log_tells_who_did_what(mutual, system):
    events = system.own("ListAuditEvents", MaxResults=100)
    assert events["TotalCount"] == len(events["Events"])
    created = next(event for event in events["Events"] if event["EventAction"] == "CreateListener")
    assert created["User"] == "admin" and created["ResourceId"] == mutual.listener
    assert "front door" in created["After"] and created["From"] == "127.0.0.1"
    assert "PRIVATE KEY" not in json.dumps(events)
    sound = system.own("VerifyAuditLog")
    assert sound["Sound"] and sound["Rows"] == events["TotalCount"]


def test_settings_outlive_a_restart(system):
    system.own("UpdateSettings", SessionHours=3, ShutdownTimeout=2)
    system.stop()
    system.start()
    settings = {row["Name"]: row for row in system.own("GetSettings")["Settings"]}
    assert settings["SessionHours"]["Value"] == "3"
    assert settings["SessionIdleMinutes"]["IsDefault"] is True
    assert refused(system.own, "UpdateSettings", SessionHours=1000).field == "SessionHours"
    assert refused(system.own, "UpdateSettings", Log="/etc/motd").field == "Log"


def test_a_backup_is_written(system):
    made = system.own("Backup", Passphrase=GOOD)
    path = made["File"]
    assert os.stat(path).st_size == made["SizeBytes"] > 0
    assert os.stat(path).st_mode & 0o077 == 0
    with open(path, "rb") as file:
        assert system.first["token"].encode() not in file.read()
    assert refused(system.own, "Backup", Passphrase="short").field == "Passphrase"
