"""A manifest with a mistake is refused whole: file, line, key, what to do, exit code 2, and nothing
is bound. `sallyport check` says the same."""
import os
import re
import socket

import pytest
import yaml

from support.clients import attempt, run
from support.door import free_port
from support.pki import DAY, now, write_whole
from support.sallyport import BUILD

MANIFEST = """\
LoadBalancers:
  - LoadBalancerName: edge
    ZoneMappings: [{ZoneId: local-a, PrivateIPv4Address: @ADDRESS@}]
Certificates:
  - {Name: www, CertFile: server.crt, KeyFile: server.key}
CaCertificates:
  - {Name: clients, CertFile: ca.crt}
ServerGroups:
  - ServerGroupName: web
    Protocol: TCP
    Scheduler: Rr
    Servers: [{ServerIp: 127.0.0.1, Port: 1, Description: ECS01}]
Listeners:
  - LoadBalancer: edge
    ListenerProtocol: TCPSSL
    ListenerPort: @PORT@
    CertificateIds: [www]
    CaEnabled: true
    CaCertificateIds: [clients]
    ServerGroupId: web
"""

# what is replaced, by what, the line of the mistake (None: whole file), what is said
MISTAKES = {
    "unknown key": ("    Scheduler: Rr", "    Sheduler: Rr", 11, "Sheduler"),
    "unknown key at the top": ("ServerGroups:", "ServerGroop: 1\nServerGroups:", 8, "ServerGroop"),
    "unknown word": ("Scheduler: Rr", "Scheduler: Random", 11, "Scheduler"),
    "text for a number": ("Port: 1,", "Port: web,", 12, "Port"),
    "port out of range": ("Port: 1,", "Port: 70000,", 12, "Port"),
    "list for a text": ("Name: clients", "Name: [clients]", 7, "Name"),
    "map for a list": ("CertificateIds: [www]", "CertificateIds: {a: b}", 17, "CertificateIds"),
    "text for a bool": ("CaEnabled: true", "CaEnabled: maybe", 18, "CaEnabled"),
    "timeout out of range": ("CaEnabled: true", "HandshakeTimeout: 61\n    CaEnabled: true", 18,
                             "HandshakeTimeout"),
    "negative": ("CaEnabled: true", "IdleTimeout: -1\n    CaEnabled: true", 18, "IdleTimeout"),
    "depth out of range": ("CaEnabled: true", "CaDepth: 11\n    CaEnabled: true", 18, "CaDepth"),
    "dangling group": ("ServerGroupId: web", "ServerGroupId: wbe", 20, "wbe"),
    "dangling certificate": ("CertificateIds: [www]", "CertificateIds: [wwww]", 17, "wwww"),
    "dangling ca": ("CaCertificateIds: [clients]", "CaCertificateIds: [client]", 19, "client"),
    "dangling balancer": ("LoadBalancer: edge", "LoadBalancer: egde", 14, "egde"),
    "dangling policy": ("CaEnabled: true", "SecurityPolicyId: strict\n    CaEnabled: true", 18,
                        "strict"),
    "host name as server": ("ServerIp: 127.0.0.1", "ServerIp: localhost", 12, "localhost"),
    "bad address": ("PrivateIPv4Address: @ADDRESS@", "PrivateIPv4Address: 127.0.0.300", 3,
                    "PrivateIPv4Address"),
    "missing key": ("    ServerGroupId: web\n", "", 14, "ServerGroupId"),
    "no certificate": ("    CertificateIds: [www]\n", "", 14, "CertificateIds"),
    "duplicate key": ("    Scheduler: Rr", "    Scheduler: Rr\n    Scheduler: Wrr", 12, "Scheduler"),
    "two of one name": ("ServerGroups:", "  - {Name: clients, CertFile: ca.crt}\nServerGroups:", 8,
                        "clients"),
    "ca switched on without ca": ("    CaCertificateIds: [clients]\n", "", None,
                                  "CaCertificateIds"),
    "missing file": ("CertFile: server.crt", "CertFile: nothing.crt", 5, "nothing.crt"),
    "key of another": ("KeyFile: server.key", "KeyFile: other.key", 5, "other.key"),
    "no ca": ("CertFile: ca.crt", "CertFile: server.crt", 7, "server.crt"),
    "no pem": ("CertFile: ca.crt", "CertFile: sallyport.yaml", 7, "sallyport.yaml"),
    "udp": ("ListenerProtocol: TCPSSL", "ListenerProtocol: UDP", 15, "UDP"),
    "bad yaml": ("    Scheduler: Rr", "    Scheduler: [Rr", None, None),
    "tab": ("    Scheduler: Rr", "\tScheduler: Rr", None, None),
}


@pytest.fixture
def files(door):
    """The manifest's text, and its files beside it."""
    for name, content in (("server.crt", door.pki.www.pem()), ("ca.crt", door.pki.root.pem()),
                          ("server.key", open(door.pki.www.key_file, "rb").read()),
                          ("other.key", open(door.pki.good.key_file, "rb").read())):
        write_whole(os.path.join(door.folder, name), content)
    port = door.port()
    text = MANIFEST.replace("@ADDRESS@", door.address).replace("@PORT@", str(port))
    return text, port


def refuse(door, text):
    """Exit code and output of the daemon, and those of check, which must agree."""
    door.sallyport.write_manifest = lambda: None
    write_whole(door.sallyport.manifest_file, text.encode())
    code, output = door.sallyport.run_to_the_end()
    check = door.sallyport.cli("check", door.sallyport.manifest_file, check=False)
    return code, output, check


def is_bound(address, port):
    with socket.socket() as sock:
        return sock.connect_ex((address, port)) == 0


def test_the_manifest_that_the_mistakes_start_from_is_good(door, files):
    text, port = files
    write_whole(door.sallyport.manifest_file, text.encode())
    check = door.sallyport.cli("check", door.sallyport.manifest_file)
    assert "error" not in check.stderr
    door.sallyport.start(write=False)
    assert is_bound(door.address, port)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_by_file_line_and_key(door, files, name):
    text, port = files
    old, new, line, word = MISTAKES[name]
    old = old.replace("@ADDRESS@", door.address)
    assert old in text
    code, output, check = refuse(door, text.replace(old, new, 1))
    assert code == 2, (code, output)
    assert check.returncode == 1, (check.returncode, check.stdout, check.stderr)
    for said in (output, check.stderr):
        place = re.search(r"sallyport\.yaml:(\d+)", said)
        assert place, said
        if line is not None:
            assert int(place.group(1)) == line, said
        if word is not None:
            assert word in said, said
    assert not is_bound(door.address, port)


def test_an_error_says_what_to_do(door, files):
    text, _ = files
    _, _, check = refuse(door, text.replace("Scheduler", "Sheduler"))
    assert re.search(r"Scheduler", check.stderr), check.stderr
    assert "hint:" in check.stderr


def test_a_taken_port_is_an_error_and_nothing_is_bound(door):
    door.group("web", door.backend())
    free = door.listener()
    with socket.socket() as taken:
        taken.bind((door.address, 0))
        taken.listen()
        port = taken.getsockname()[1]
        door.listener(port=port)
        code, output = door.sallyport.run_to_the_end()
        assert code == 2, output
        assert str(port) in output and "sallyport.yaml:" in output
        assert not is_bound(door.address, free)


@pytest.mark.parametrize("first,second", [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")])
def test_overlapping_listeners_are_an_error(door, first, second):
    door.manifest["LoadBalancers"] = [
        {"LoadBalancerName": "one", "ZoneMappings": [
            {"ZoneId": "a", "PrivateIPv4Address": first}]},
        {"LoadBalancerName": "two", "ZoneMappings": [
            {"ZoneId": "a", "PrivateIPv4Address": second}]}]
    door.group("web", door.backend())
    port = free_port("0.0.0.0")
    for balancer in ("one", "two"):
        door.listener(port=port, LoadBalancer=balancer)
    code, output = door.sallyport.run_to_the_end()
    assert code == 2 and str(port) in output, output


def test_a_range_overlapping_a_port_is_an_error(door):
    door.group("any", {"ServerIp": "127.0.0.1", "Port": 0}, AnyPortEnabled=True)
    door.group("web", door.backend())
    port = door.listener()
    door.listener("any", port=0, StartPort=port - 2, EndPort=port + 2)
    code, output = door.sallyport.run_to_the_end()
    assert code == 2 and "sallyport.yaml:" in output, output


def test_ipv4_and_ipv6_of_one_port_do_not_overlap(door):
    if not has_ipv6():
        pytest.skip("no IPv6 here")
    door.manifest["LoadBalancers"][0]["ZoneMappings"][0]["Ipv6Address"] = "::1"
    port, _ = door.mutual()
    door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert attempt(door, port, door.pki.good, address="::1") == "ECS01"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.parametrize("when", ["expired", "not yet valid"])
def test_a_lapsed_server_certificate_is_served_with_a_warning(door, when):
    shift = -20 * DAY if when == "expired" else 20 * DAY
    lapsed = door.pki.server("www.example.com", door.pki.root, not_before=now() + shift,
                             not_after=now() + shift + 5 * DAY)
    door.certificate("www", lapsed)
    port, _ = door.mutual()
    sallyport = door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert any("www" in str(line) for line in sallyport.events("warning"))
    check = sallyport.cli("check", sallyport.manifest_file, check=False)
    assert check.returncode == 0 and "www" in check.stdout + check.stderr
    strict = sallyport.cli("check", "--strict", sallyport.manifest_file, check=False)
    assert strict.returncode == 1, strict.stdout + strict.stderr
    expiry = sallyport.metrics().sum("sallyport_certificate_expires_in_seconds",
                                      certificate="www")
    assert (expiry < 0) == (when == "expired"), expiry


def test_a_certificate_file_may_hold_its_chain_and_a_ca_file_several_cas(door):
    pki = door.pki
    server_ca = pki.ca("Server CA", pki.root)
    door.certificate("www", pki.server("www.example.com", server_ca))
    door.ca("clients", pki.root, pki.other_root)
    door.group("web", door.backend())
    port = door.listener(cas=["clients"])
    door.start()
    assert attempt(door, port, pki.good, ca=pki.root) == "ECS01"
    assert attempt(door, port, pki.stranger, ca=pki.root) == "ECS01"


def test_a_chain_file_completes_the_certificate(door):
    pki = door.pki
    server_ca = pki.ca("Server CA", pki.root)
    server = pki.server("www.example.com", server_ca)
    door.manifest["Certificates"].append({
        "Name": "www", "CertFile": server.cert_file, "KeyFile": server.key_file,
        "ChainFile": server.issuers_file})
    port, _ = door.mutual()
    door.start()
    assert attempt(door, port, pki.good, ca=pki.root) == "ECS01"


def test_relative_paths_start_at_the_manifest(door, files):
    text, port = files
    write_whole(door.sallyport.manifest_file, text.encode())
    assert yaml.safe_load(text)["Certificates"][0]["CertFile"] == "server.crt"
    # The daemon's own folder is another one.
    check = run([os.path.join(BUILD, "sallyport"), "check", door.sallyport.manifest_file], cwd="/")
    assert check.returncode == 0, check.stderr


def test_no_secret_of_a_key_is_in_an_error(door, files):
    text, _ = files
    key = open(door.pki.www.key_file, encoding="ascii").read()
    _, output, check = refuse(door, text.replace("CertFile: ca.crt", "CertFile: server.key"))
    for piece in key.splitlines()[1:-1]:
        assert piece not in output + check.stdout + check.stderr


def test_unavailable_suites_are_said_by_check(door):
    door.mutual(SecurityPolicyId="tls_cipher_policy_1_0")
    door.sallyport.write_manifest()
    check = door.sallyport.cli("check", door.sallyport.manifest_file)
    assert "never negotiated" in check.stdout + check.stderr


def test_a_manifest_that_is_not_there(door):
    code, output = run_daemon(door, os.path.join(door.folder, "none.yaml"))
    assert code == 2 and "none.yaml" in output, output


def test_an_empty_manifest_serves_nothing_or_says_so(door):
    """Either answer is fine; a crash is not."""
    for text in ("", "# nothing\n", "{}\n", "[]\n", "42\n", "---\n---\n", "\0", "a: &a [*a]\n",
                 "Listeners: " + "[" * 2000 + "\n", "Settings: {Workers: 99999999999999999999}\n"):
        write_whole(door.sallyport.manifest_file, text.encode())
        check = door.sallyport.cli("check", door.sallyport.manifest_file, check=False)
        assert check.returncode in (0, 1), (text[:40], check)


def run_daemon(door, path):
    done = run([os.path.join(BUILD, "sallyportd"), "--manifest", path])
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [[], ["--manifest"], ["--workers", "0", "--manifest", "x"],
                                       ["--frobnicate"], ["--role", "control", "--manifest", "x"]])
def test_wrong_arguments_are_errors_that_help(arguments):
    done = run([os.path.join(BUILD, "sallyportd"), *arguments])
    assert done.returncode == 2 and done.stderr.startswith("sallyportd: ")
