"""The ways into the API: tokens, sessions, the local socket, the console's HTTPS, the door for everybody."""
import concurrent.futures
import http.client
import json
import os
import socket
import ssl

import pytest

from support.door import free_port
from support.sallyport import BUILD
from support.system import ApiError, System

JSON = {"Content-Type": "application/json"}


def bearer(system, token=None):
    return {**JSON, "Authorization": f"Bearer {token or system.first['token']}"}


def ask(system, path="/api/nlb/ListListeners", body=b"{}", headers=None, method="POST"):
    """(status, body as an object)"""
    status, _, answer = system.request(method, path, body, headers)
    return status, json.loads(answer)


class Browser:
    """Somebody who has logged in: a cookie, and the token that goes with it."""

    def __init__(self, system, user="admin", password=None):
        self.system = system
        status, headers, body = system.request(
            "POST", "/api/sallyport/Login",
            json.dumps({"User": user, "Password": password or system.first["password"]}), JSON)
        assert status == 200, body
        self.attributes = headers["Set-Cookie"]
        self.cookie = self.attributes.split(";")[0]
        self.csrf = json.loads(body)["CsrfToken"]

    def ask(self, path="/api/nlb/ListListeners", body=b"{}", **headers):
        given = {**JSON, "Cookie": self.cookie, "X-CSRF-Token": self.csrf, **headers}
        return ask(self.system, path, body,
                   {name: value for name, value in given.items() if value is not None})


# --- bearer tokens

def test_a_token_is_needed_and_must_be_known(system):
    assert ask(system, headers=bearer(system))[0] == 200
    for headers, wanted in (
            (JSON, (401, "Unauthorized")),
            (bearer(system, "spt_unknown"), (401, "InvalidCredentials.Token")),
            ({**JSON, "Authorization": "Bearer "}, (401, "InvalidCredentials.Token")),
            ({**JSON, "Authorization": "Basic YTpi"}, (401, "Unauthorized")),
            ({**JSON, "Cookie": "sallyport-session=unknown"}, (401, "InvalidCredentials.Session"))):
        status, body = ask(system, headers=headers)
        assert (status, body["Code"]) == wanted, headers


def test_a_token_ends_with_its_deletion_and_its_user(system):
    system.own("CreateUser", User="ana", Role="operator")
    made = system.own("CreateToken", User="ana")
    assert ask(system, headers=bearer(system, made["Token"]))[0] == 200
    system.own("UpdateUser", User="ana", Disabled=True)
    assert ask(system, headers=bearer(system, made["Token"]))[0] == 401
    system.own("UpdateUser", User="ana", Disabled=False)
    system.own("DeleteToken", TokenId=made["TokenId"])
    assert ask(system, headers=bearer(system, made["Token"]))[0] == 401


def test_roles_decide_what_may_be_called(system):
    tokens = {}
    for role in ("viewer", "operator", "administrator"):
        system.own("CreateUser", User=role, Role=role)
        tokens[role] = system.own("CreateToken", User=role)["Token"]
    group = json.dumps({"ServerGroupName": "web", "VpcId": "v", "DryRun": True})
    for role, path, body, status in (
            ("viewer", "/api/nlb/ListListeners", b"{}", 200),
            ("viewer", "/api/nlb/CreateServerGroup", group, 403),
            ("operator", "/api/nlb/CreateServerGroup", group, 400),
            ("operator", "/api/sallyport/ListUsers", b"{}", 403),
            ("administrator", "/api/sallyport/ListUsers", b"{}", 200)):
        found, answer = ask(system, path, body, bearer(system, tokens[role]))
        assert found == status, (role, path, answer)
        assert found != 403 or answer["Code"] == "Forbidden.NoPermission"
        assert found != 400 or answer["Code"] == "DryRunOperation"


# --- sessions

@pytest.mark.core
def test_a_session_is_a_cookie_and_a_token(system):
    browser = Browser(system)
    assert "HttpOnly" in browser.attributes and "SameSite=Strict" in browser.attributes
    assert "Secure" not in browser.attributes
    assert browser.ask()[0] == 200
    for token in (None, "", "wrong", browser.csrf[:-1]):
        status, body = browser.ask(**{"X-CSRF-Token": token})
        assert (status, body["Code"]) == (403, "Forbidden.Csrf")
    status, body = browser.ask("/api/sallyport/GetSession", **{"X-CSRF-Token": None})
    assert (status, body["CsrfToken"]) == (200, browser.csrf)
    status, body = browser.ask("/api/sallyport/Logout")
    assert status == 200
    assert browser.ask()[0] == 401


def test_other_pages_cannot_use_a_session(system):
    browser = Browser(system)
    here = f"127.0.0.1:{system.api_port}"
    for headers, code in (
            ({"Origin": f"http://{here}"}, None),
            ({"Sec-Fetch-Site": "same-origin"}, None),
            ({"Origin": "http://evil.example"}, "Forbidden.Origin"),
            ({"Origin": f"https://{here}"}, "Forbidden.Origin"),
            ({"Origin": "null"}, "Forbidden.Origin"),
            ({"Sec-Fetch-Site": "cross-site"}, "Forbidden.Origin"),
            ({"Host": "evil.example"}, "Forbidden.Host"),
            ({"Host": f"evil.example:{system.api_port}"}, "Forbidden.Host"),
            ({"Host": f"localhost:{system.api_port}"}, None),
            ({"Content-Type": "text/plain"}, "UnsupportedMediaType"),
            ({"Content-Type": "application/x-www-form-urlencoded"}, "UnsupportedMediaType")):
        _, body = browser.ask(**headers)
        assert body.get("Code") == code, headers


def test_nobody_logs_in_from_another_page_or_with_a_wrong_password(system):
    right = json.dumps({"User": "admin", "Password": system.first["password"]})
    wrong = json.dumps({"User": "admin", "Password": "wrong"})
    path = "/api/sallyport/Login"
    assert ask(system, path, right, {**JSON, "Origin": "http://evil.example"})[0] == 403
    assert ask(system, path, right, {**JSON, "Host": "evil.example"})[0] == 403
    assert ask(system, path, right, {"Content-Type": "text/plain"})[0] == 415
    for _ in range(5):
        assert ask(system, path, wrong, JSON)[1]["Code"] == "Forbidden.LoginFailed"
    status, body = ask(system, path, right, JSON)
    assert (status, body["Code"]) == (429, "Throttling.Login")


def test_failed_proofs_are_limited_but_good_ones_are_not(system):
    codes = [ask(system, headers=bearer(system, "wrong"))[1]["Code"] for _ in range(150)]
    assert codes[0] == "InvalidCredentials.Token" and "Throttling" in codes
    assert ask(system, headers=bearer(system))[0] == 200


# --- the local socket

class LocalConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def local_socket(system):
    """Where the daemon listens for the command line."""
    control = system.pids("control")[0]
    with open("/proc/net/unix", encoding="ascii") as file:
        inodes = {line.split()[6]: line.split()[7] for line in file
                  if len(line.split()) > 7 and line.split()[7].endswith(".api")}
    for name in os.listdir(f"/proc/{control}/fd"):
        target = os.readlink(f"/proc/{control}/fd/{name}")
        if target.startswith("socket:[") and target[8:-1] in inodes:
            return inodes[target[8:-1]]
    raise AssertionError("there is no local socket")


def test_root_needs_no_other_proof_at_the_local_socket(system):
    connection = LocalConnection(local_socket(system))
    connection.request("POST", "/api/sallyport/ListUsers", "{}", JSON)
    answer = connection.getresponse()
    assert answer.status == 200
    assert [user["User"] for user in json.loads(answer.read())["Users"]] == ["admin"]
    connection.request("POST", "/api/sallyport/ListUsers", "{}", bearer(system, "wrong"))
    assert connection.getresponse().status == 401


@pytest.mark.root
def test_others_are_not_heard_at_the_local_socket(system):
    path = local_socket(system)
    pid = os.fork()
    if pid == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            connection = LocalConnection(path)
            connection.request("POST", "/api/sallyport/ListUsers", "{}", JSON)
            connection.getresponse()
            os._exit(1)
        except (OSError, http.client.HTTPException):
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


# --- the console's HTTPS

@pytest.fixture
def with_console():
    port = free_port("127.0.0.1")
    made = System(console=f"127.0.0.1:{port}")
    made.console_port = port
    made.start()
    yield made
    made.close()


def over_https(system, method, path, body=None, headers=None):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", system.console_port, timeout=20,
                                             context=context)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_the_console_is_behind_https_and_knows_the_client(with_console):
    system = with_console
    status, headers, body = over_https(system, "GET", "/console/")
    assert status == 200 and b"console is coming" in body
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    status, headers, body = over_https(
        system, "POST", "/api/sallyport/Login",
        json.dumps({"User": "admin", "Password": system.first["password"]}), JSON)
    assert status == 200 and "; Secure" in headers["Set-Cookie"], body
    sessions = system.own("ListSessions")["Sessions"]
    assert [session["From"] for session in sessions] == ["127.0.0.1"]


def test_the_console_takes_no_origin_of_plain_http(with_console):
    here = f"127.0.0.1:{with_console.console_port}"
    body = json.dumps({"User": "admin", "Password": with_console.first["password"]})
    for origin, status in ((f"https://{here}", 200), (f"http://{here}", 403)):
        found, _, _ = over_https(with_console, "POST", "/api/sallyport/Login", body,
                                 {**JSON, "Origin": origin})
        assert found == status, origin


# --- the door for everybody

def test_the_door_for_everybody_has_nothing_but_lists_and_ocsp():
    port = free_port("127.0.0.1")
    system = System(arguments=["--pki", f"127.0.0.1:{port}"])
    try:
        system.start()
        for path, status in (("/healthz", 200), ("/", 404), ("/console/", 404),
                             ("/api/openapi.json", 404), ("/api/nlb/ListListeners", 404)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("POST" if "List" in path else "GET", path,
                               b"{}" if "List" in path else None, bearer(system))
            assert connection.getresponse().status == status, path
            connection.close()
    finally:
        system.close()


# --- requests

def test_what_is_no_call_is_named(system):
    for method, path, body, headers, wanted in (
            ("POST", "/api/ecs/ListListeners", b"{}", bearer(system), (404, "InvalidApi.NotFound")),
            ("POST", "/api/nlb/Nothing", b"{}", bearer(system), (404, "InvalidAction.NotFound")),
            ("GET", "/api/nlb/ListListeners", None, bearer(system), (405, "UnsupportedHTTPMethod")),
            ("PUT", "/api/nlb/ListListeners", b"{}", bearer(system), (405, "UnsupportedHTTPMethod")),
            ("OPTIONS", "/api/nlb/ListListeners", None, {}, (405, "UnsupportedHTTPMethod")),
            ("POST", "/api/nlb/ListListeners", b"{", bearer(system), (400, "InvalidParameter")),
            ("POST", "/api/nlb/ListListeners", b"[]", bearer(system), (400, "InvalidParameter")),
            ("POST", "/api/nlb/ListListeners", b'{"MaxResults":1,"MaxResults":2}', bearer(system),
             (400, "InvalidParameter")),
            ("POST", "/api/nlb/ListListeners", b'{"MaxResults":"1"}', bearer(system),
             (400, "IllegalParam.MaxResults")),
            ("POST", "/api/nlb/ListListeners", b'{"Maxresults":1}', bearer(system),
             (400, "IllegalParam.Unknown")),
            ("GET", "/elsewhere", None, {}, (404, "NotFound")),
            ("GET", "/%zz", None, {}, (400, "InvalidParameter")),
            ("GET", "/?" + "a" * 66000, None, {}, (414, "RequestTargetTooLong")),
            ("POST", "/api/nlb/ListListeners", b" " * 1048577, bearer(system),
             (413, "RequestTooLarge")),
            ("GET", "/healthz", None, {"X-A": "a" * 17000}, (431, "RequestHeaderTooLarge"))):
        status, answer = ask(system, path, body, headers, method)
        assert (status, answer["Code"]) == wanted, (method, path[:40], answer)


def test_a_wrong_method_is_told_the_right_ones(system):
    for method, path, allowed in (("OPTIONS", "/api/nlb/ListListeners", "POST"),
                                  ("GET", "/api/nlb/ListListeners", "POST"),
                                  ("POST", "/healthz", "GET, HEAD"),
                                  ("DELETE", "/", "GET, HEAD, POST")):
        status, headers, _ = system.request(method, path)
        assert (status, headers["Allow"]) == (405, allowed), path


def test_documents_are_there_for_who_looks(system):
    status, headers, body = system.request("GET", "/api/openapi.json")
    document = json.loads(body)
    assert status == 200 and document["openapi"].startswith("3.1")
    assert "/api/nlb/CreateListener" in document["paths"]
    status, headers, _ = system.request("GET", "/")
    assert (status, headers["Location"]) == (302, "/console/")
    assert system.request("GET", "/healthz")[2] == b"ok\n"
    status, _, body = system.request("HEAD", "/healthz")
    assert (status, body) == (200, b"")


def test_many_clients_at_once_write_without_conflicts(system):
    def make(number):
        return system.nlb("CreateServerGroup", ServerGroupName=f"group-{number}", VpcId="v")

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        made = list(pool.map(make, range(200)))
    assert len({answer["ServerGroupId"] for answer in made}) == 200
    assert system.nlb("ListServerGroups")["TotalCount"] == 200


def test_the_same_token_from_many_clients_does_it_once(system):
    def make(_):
        return system.nlb("CreateServerGroup", ServerGroupName="web", VpcId="v", ClientToken="t-1")

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        made = {answer["ServerGroupId"] for answer in pool.map(make, range(16))}
    assert len(made) == 1
    assert system.nlb("ListServerGroups")["TotalCount"] == 1
    with pytest.raises(ApiError) as caught:
        system.nlb("CreateServerGroup", ServerGroupName="other", VpcId="v", ClientToken="t-1")
    assert caught.value.code == "IdempotenceSignatureMismatch"


def test_a_long_poll_holds_nobody_up(system):
    before = system.own("ListChanges")["Revision"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        polls = [pool.submit(system.own, "ListChanges", AfterRevision=before, WaitSeconds=20)
                 for _ in range(8)]
        made = system.nlb("CreateServerGroup", ServerGroupName="web", VpcId="v")
        for poll in polls:
            changes = poll.result()["Changes"]
            assert made["ServerGroupId"] in [change["ResourceId"] for change in changes]


@pytest.mark.core
def test_a_stop_answers_those_who_wait(system):
    before = system.own("ListChanges")["Revision"]
    waiting = []
    for _ in range(4):
        connection = http.client.HTTPConnection("127.0.0.1", system.api_port, timeout=30)
        connection.request("POST", "/api/sallyport/ListChanges",
                           json.dumps({"AfterRevision": before, "WaitSeconds": 25}), bearer(system))
        waiting.append(connection)
    system.own("GetAbout")  # answered after those before it were read
    system.stop()
    for connection in waiting:
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["Code"]) == (503, "ServiceUnavailable")


def test_nothing_secret_is_in_the_log(system):
    system.request("GET", "/?Cert=-----BEGIN%20PRIVATE%20KEY-----MIIabcdef&Action=X&Version=Y")
    ask(system, "/api/sallyport/Login", json.dumps({"User": "admin", "Password": "hunter2hunter2"}),
        JSON)
    ask(system, headers=bearer(system, "spt_secretsecret"))
    ask(system, headers=bearer(system))
    log = system.output()
    for secret in ("MIIabcdef", "hunter2", "spt_secret", system.first["token"],
                   system.first["password"], system.first["AccessKeySecret"]):
        assert secret not in log


def test_an_address_of_others_is_refused():
    system = System()
    try:
        system.api_port = f"{free_port('127.0.0.1')}"
        command = [os.path.join(BUILD, "sallyportd"), "--data-dir", system.data_dir, "--workers",
                   "1", "--api", "0.0.0.0:19080", "--console", "none", "--master-key",
                   system.master_key, "--bootstrap-file", system.bootstrap_file]
        import subprocess
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode != 0
        assert "0.0.0.0:19080 is not a loopback address" in done.stdout + done.stderr
    finally:
        system.close()
