"""Who signs with the right secret is heard; nobody else, and nobody twice."""
import json
import urllib.parse

import pytest

from support import signing
from support.sdk import CLIENTS, Sdk, SdkError

NLB = "2022-04-30"
PORCELAIN = "web ~*'()! & ü=/?%2F+名"  # what encodings differ about


def post(system, parameters, query=None, headers=None):
    path = "/" + (f"?{urllib.parse.urlencode(query)}" if query else "")
    status, _, body = system.request(
        "POST", path, urllib.parse.urlencode(parameters),
        {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})
    return status, json.loads(body)


def get(system, parameters):
    status, _, body = system.request("GET", f"/?{urllib.parse.urlencode(parameters)}")
    return status, json.loads(body)


class Keys:
    def __init__(self, system):
        self.key = system.first["AccessKeyId"]
        self.secret = system.first["AccessKeySecret"]
        self.host = f"127.0.0.1:{system.api_port}"

    def rpc(self, action="ListListeners", method="POST", **more):
        return signing.rpc(self.key, more.pop("secret", self.secret), action,
                           more.pop("version", NLB), method, **more)

    def acs3(self, action="ListListeners", **more):
        return signing.acs3(more.pop("key", self.key), more.pop("secret", self.secret), action,
                            NLB, more.pop("host", self.host), **more)


@pytest.fixture
def keys(system):
    return Keys(system)


# --- the real clients

@pytest.mark.core
def test_every_client_of_the_real_service_is_understood(system):
    for number, client in enumerate(CLIENTS):
        name = f"group-{number}"
        made, listed, odd = Sdk(system, client).run([
            {"action": "CreateServerGroup", "version": NLB, "parameters": {
                "ServerGroupName": name, "VpcId": "vpc-test",
                **({} if client == "pop-core" else {"HealthCheckConfig": {
                    "HealthCheckEnabled": True, "HealthCheckHttpCode": ["http_2xx", "http_3xx"]}}),
                "Tag": [{"Key": "tier", "Value": PORCELAIN}]}},
            {"action": "ListServerGroups", "version": NLB, "place": "query",
             "parameters": {"ServerGroupNames": [name], "MaxResults": 10}},
            {"action": "ListServerGroups", "version": NLB, "place": "query",
             "parameters": {"ServerGroupNames": [PORCELAIN]}},
        ])
        assert made[1] is None, (client, made)
        group = made[0]["ServerGroupId"]
        assert [found["ServerGroupId"] for found in listed[0]["ServerGroups"]] == [group], client
        assert listed[0]["ServerGroups"][0]["Tags"] == [{"Key": "tier", "Value": PORCELAIN}], client
        assert odd[0]["TotalCount"] == 0, (client, odd)


def test_clients_may_read_with_get_and_see_errors_as_they_are_used_to(system):
    for client in CLIENTS:
        read, missing = Sdk(system, client).run([
            {"action": "ListListeners", "version": NLB, "method": "GET", "place": "query",
             "parameters": {"MaxResults": 5}},
            {"action": "GetListenerAttribute", "version": NLB, "method": "GET", "place": "query",
             "parameters": {"ListenerId": "lsn-none"}}])
        assert read[0]["TotalCount"] == 0, (client, read)
        assert missing[1]["code"].startswith("ResourceNotFound.listener"), (client, missing)
        assert missing[1]["data"]["Code"] == "ResourceNotFound.listener", (client, missing)


def test_a_wrong_secret_is_refused(system):
    for client in CLIENTS:
        with pytest.raises(SdkError) as caught:
            Sdk(system, client, secret="wrong").call("ListListeners")
        assert caught.value.data["Code"] == "SignatureDoesNotMatch", client
        assert caught.value.data["RequestId"]


def test_the_typed_client_uploads_and_reads_a_certificate(system, pki):
    with open(pki.www.chain_file, encoding="utf-8") as cert, \
            open(pki.www.key_file, encoding="utf-8") as key:
        texts = {"cert": cert.read(), "key": key.read()}
    cas = Sdk(system, "cas20200407")
    made = cas.call("UploadUserCertificate", name="typed", **texts)
    detail = cas.call("GetUserCertificateDetail", certId=made["CertId"])
    assert detail["Name"] == "typed"
    assert "PRIVATE KEY" not in system.output()


# --- HMAC-SHA1 by hand

def test_parameters_may_be_anywhere(system, keys):
    parameters = keys.rpc(MaxResults=3)
    public = {name: parameters[name] for name in ("Action", "Signature", "AccessKeyId")}
    rest = {name: value for name, value in parameters.items() if name not in public}
    status, body = post(system, rest, query=public)
    assert status == 200, body
    assert get(system, keys.rpc(method="GET"))[0] == 200


def test_a_signed_request_counts_once(system, keys):
    parameters = keys.rpc("CreateServerGroup", ServerGroupName="once", VpcId="v")
    assert post(system, parameters)[0] == 200
    status, body = post(system, parameters)
    assert (status, body["Code"]) == (400, "SignatureNonceUsed")
    assert system.nlb("ListServerGroups")["TotalCount"] == 1


def test_a_signed_write_is_not_played_back_after_a_restart(system, keys):
    parameters = keys.rpc("CreateServerGroup", ServerGroupName="once", VpcId="v")
    assert post(system, parameters)[0] == 200
    system.stop()
    system.start()
    status, body = post(system, parameters)
    assert (status, body["Code"]) == (400, "SignatureNonceUsed")
    assert system.nlb("ListServerGroups")["TotalCount"] == 1


def test_a_time_stamp_may_be_a_quarter_of_an_hour_off(system, keys):
    for offset, wanted in ((-931, (400, "InvalidTimeStamp.Expired")),
                           (931, (400, "InvalidTimeStamp.Expired")),
                           (-850, (200, None)), (850, (200, None))):
        status, body = post(system, keys.rpc(offset=offset))
        assert (status, body.get("Code")) == wanted, offset


CHANGES = [
    ({"AccessKeyId": "LTAInobody"}, 404, "InvalidAccessKeyId.NotFound"),
    ({"Timestamp": "yesterday"}, 400, "InvalidTimeStamp.Format"),
    ({"SignatureMethod": "HMAC-MD5"}, 400, "InvalidSignatureMethod"),
    ({"SignatureVersion": "2.0"}, 400, "InvalidSignatureMethod"),
    ({"MaxResults": "4"}, 400, "SignatureDoesNotMatch"),
    ({"Action": "ListLoadBalancers"}, 400, "SignatureDoesNotMatch"),
    ({"Signature": ""}, 400, "MissingSignature"),
    ({"SignatureNonce": ""}, 400, "MissingSignatureNonce"),
    ({"Timestamp": ""}, 400, "MissingTimestamp"),
    ({"AccessKeyId": ""}, 400, "MissingAccessKeyId"),
    ({"Action": ""}, 400, "MissingAction"),
    ({"Version": ""}, 400, "MissingVersion"),
]


def test_what_was_changed_after_signing_is_refused(system, keys):
    for change, status, code in CHANGES:
        found, body = post(system, {**keys.rpc(MaxResults=3), **change})
        assert (found, body["Code"]) == (status, code), (change, body)
        assert body["HostId"] == keys.host and body["Message"] and len(body["RequestId"]) == 36


def test_unknown_actions_and_versions_are_named(system, keys):
    status, body = post(system, keys.rpc("DescribeInstances"))
    assert (status, body["Code"]) == (404, "InvalidAction.NotFound")
    status, body = post(system, keys.rpc(version="2014-05-26"))
    assert (status, body["Code"]) == (400, "NoSuchVersion")


def test_an_inactive_key_and_a_disabled_user_are_refused(system, keys):
    system.own("CreateUser", User="ana", Role="viewer")
    made = system.own("CreateAccessKey", User="ana")
    keys.key, keys.secret = made["AccessKeyId"], made["AccessKeySecret"]
    assert post(system, keys.rpc())[0] == 200
    status, body = post(system, keys.rpc("CreateServerGroup", ServerGroupName="x1", VpcId="v"))
    assert (status, body["Code"]) == (403, "Forbidden.NoPermission")
    system.own("UpdateAccessKey", UserAccessKeyId=keys.key, Status="Inactive")
    status, body = post(system, keys.rpc())
    assert (status, body["Code"]) == (400, "InvalidAccessKeyId.Inactive")
    system.own("UpdateAccessKey", UserAccessKeyId=keys.key, Status="Active")
    system.own("UpdateUser", User="ana", Disabled=True)
    status, body = post(system, keys.rpc())
    assert (status, body["Code"]) == (400, "InvalidAccessKeyId.Inactive")


def test_unsigned_bodies_of_other_types_are_not_acted_upon(system, keys):
    parameters = keys.rpc(MaxResults=3)
    status, _, body = system.request("POST", f"/?{urllib.parse.urlencode(parameters)}",
                                     json.dumps({"ListenerIds": ["x"]}),
                                     {"Content-Type": "application/json"})
    assert (status, json.loads(body)["Code"]) == (415, "UnsupportedMediaType")


# --- ACS3-HMAC-SHA256 by hand

def acs3(system, headers, query="", body=b"", method="POST"):
    status, _, answer = system.request(method, f"/{query}", body, headers)
    return status, json.loads(answer)


def test_acs3_covers_query_body_and_headers(system, keys):
    body = b"MaxResults=3"
    assert acs3(system, keys.acs3(body=body), body=body)[0] == 200
    for headers, sent in ((keys.acs3(body=body), b"MaxResults=4"),
                          ({**keys.acs3(), "x-acs-action": "ListLoadBalancers"}, b""),
                          ({**keys.acs3(), "x-acs-version": "2020-04-07"}, b""),
                          (keys.acs3(host="other.example"), b""),
                          (keys.acs3(secret="wrong"), b"")):
        headers = {**headers, "host": keys.host}
        status, answer = acs3(system, headers, body=sent)
        assert (status, answer["Code"]) == (400, "SignatureDoesNotMatch"), answer
    status, answer = acs3(system, keys.acs3(), query="?MaxResults=3")
    assert (status, answer["Code"]) == (400, "SignatureDoesNotMatch")


def test_acs3_counts_once_and_in_time(system, keys):
    headers = keys.acs3()
    assert acs3(system, headers)[0] == 200
    assert acs3(system, headers)[1]["Code"] == "SignatureNonceUsed"
    assert acs3(system, keys.acs3(offset=-1000))[1]["Code"] == "InvalidTimeStamp.Expired"
    assert acs3(system, keys.acs3(key="LTAInobody"))[1]["Code"] == "InvalidAccessKeyId.NotFound"


def test_acs3_must_sign_what_it_says(system, keys):
    for name in ("host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce",
                 "x-acs-content-sha256"):
        status, answer = acs3(system, keys.acs3(leave_out=(name,)))
        assert (status, answer["Code"]) == (400, "IncompleteSignature"), name


def test_acs3_may_carry_json(system, keys):
    body = json.dumps({"MaxResults": 3, "ListenerIds": ["lsn-x"]}).encode()
    headers = keys.acs3(body=body, content_type="application/json")
    assert acs3(system, headers, body=body)[0] == 200


def test_a_header_twice_is_no_header(system, keys):
    import http.client
    headers = keys.acs3()
    connection = http.client.HTTPConnection("127.0.0.1", system.api_port, timeout=10)
    connection.putrequest("POST", "/", skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("x-acs-action", "ListLoadBalancers")
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    answer = connection.getresponse()
    body = json.loads(answer.read())
    assert answer.status == 400, body
