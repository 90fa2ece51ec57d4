"""A revoked client is refused at once; a list that cannot be trusted fails closed for its issuer, and
for that issuer only."""
import os
import subprocess

import pytest

from support.clients import attempt, connect, resumable, resume
from support.pki import DAY, now, write_whole
from support.waiting import Stopwatch


@pytest.fixture
def clients(pki):
    return [pki.kept_once(f"revocable-{i}", lambda i=i: pki.client(f"revocable-{i}", pki.sub))
            for i in range(2)]


def with_list(door, path, **more):
    port, backend = door.mutual(crls=[path], **more)
    return port, backend


@pytest.mark.core
def test_a_revoked_client_is_refused_and_its_neighbour_is_not(door, clients):
    port, backend = with_list(door, door.pki.crl(door.pki.sub, [clients[0]]))
    sallyport = door.start()
    assert attempt(door, port, clients[0]) == "certificate_revoked"
    assert backend.connections == 0
    assert attempt(door, port, clients[1]) == "ECS01"
    event = sallyport.wait_event("client_refused", reason="revoked")
    assert int(event["serial"], 16) == clients[0].certificate.serial_number
    assert sallyport.metrics().sum("sallyport_refusals_total", reason="revoked") == 1


@pytest.mark.core
def test_a_new_list_takes_effect_with_a_reload(door, clients):
    path = door.pki.crl(door.pki.sub, [])
    port, _ = with_list(door, path)
    sallyport = door.start()
    assert attempt(door, port, clients[0]) == "ECS01"
    door.pki.crl(door.pki.sub, [clients[0]], name=path, number=2)
    with Stopwatch() as watch:
        sallyport.reload()
        assert attempt(door, port, clients[0]) == "certificate_revoked"
    assert watch.seconds < 1.5
    assert attempt(door, port, clients[1]) == "ECS01"
    # And back: a hold that was lifted.
    door.pki.crl(door.pki.sub, [], name=path, number=3)
    sallyport.reload()
    assert attempt(door, port, clients[0]) == "ECS01"


def broken_lists(door):
    pki = door.pki
    return {
        "missing": "/nonexistent/list.crl",
        "stale": pki.crl(pki.sub, [], last_update=now() - 9 * DAY, next_update=now() - DAY),
        "badly signed": pki.crl(pki.sub, [], signer=pki.other_root),
    }


@pytest.mark.parametrize("kind", ["missing", "stale", "badly signed", "garbage"])
def test_a_list_that_cannot_be_trusted_fails_closed_and_loudly(door, kind):
    pki = door.pki
    if kind == "garbage":
        path = os.path.join(door.folder, "garbage.crl")
        write_whole(path, b"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n")
    else:
        path = broken_lists(door)[kind]
    door.group("web", door.backend())
    # The list of the subordinate CA belongs to its own entry; the root's clients are not concerned.
    door.ca("sub", pki.sub, crls=[path])
    door.ca("partners", pki.other_root)
    port = door.listener(cas=["sub", "partners"])
    sallyport = door.start()
    said = attempt(door, port, pki.good)
    assert said == "certificate_unknown", said
    assert sallyport.wait_event("client_refused")["reason"] == "revocation_unknown"
    assert attempt(door, port, pki.stranger) == "ECS01"
    assert sallyport.events("warning"), "a broken list must be said"
    # Mended, it works again.
    door.ca_named("sub")["CrlFiles"] = [pki.crl(pki.sub, [])]
    sallyport.reload()
    assert attempt(door, port, pki.good) == "ECS01"


@pytest.mark.parametrize("mode,sub_list,root_list,outcome", [
    ("Given", False, False, "ECS01"),
    ("Given", True, False, "ECS01"),
    ("Leaf", False, True, "certificate_unknown"),
    ("Leaf", True, False, "ECS01"),
    ("All", True, False, "certificate_unknown"),
    ("All", True, True, "ECS01"),
])
def test_what_each_mode_requires(door, mode, sub_list, root_list, outcome):
    pki = door.pki
    lists = []
    if sub_list:
        lists.append(pki.crl(pki.sub, []))
    if root_list:
        lists.append(pki.crl(pki.root, []))
    door.group("web", door.backend())
    door.ca("clients", pki.root, pki.sub, crls=lists)
    port = door.listener(cas=["clients"], RevocationMode=mode)
    door.start()
    assert attempt(door, port, pki.good) == outcome


def test_off_checks_nothing(door, clients):
    port, _ = with_list(door, door.pki.crl(door.pki.sub, [clients[0]]), RevocationMode="Off")
    door.start()
    assert attempt(door, port, clients[0]) == "ECS01"


def test_a_revoked_subordinate_ca_takes_its_clients_along(door):
    pki = door.pki
    door.group("web", door.backend())
    door.ca("clients", pki.root, crls=[pki.crl(pki.root, [pki.sub])])
    port = door.listener(cas=["clients"])
    door.start()
    assert attempt(door, port, pki.good) == "certificate_revoked"
    assert attempt(door, port, pki.direct) == "ECS01"


def test_sessions_of_the_revoked_end_and_those_of_others_go_on(door, clients):
    path = door.pki.crl(door.pki.sub, [])
    port, _ = with_list(door, path)
    sallyport = door.start()
    sessions = [resumable(door, port, client) for client in clients]
    assert resume(door, port, *sessions[0]) == "resumed"
    door.pki.crl(door.pki.sub, [clients[0]], name=path, number=2)
    sallyport.reload()
    assert resume(door, port, *sessions[0]) == "certificate_revoked"
    assert resume(door, port, *sessions[1]) == "resumed"


def test_open_connections_of_others_survive_a_new_list(door, clients):
    path = door.pki.crl(door.pki.sub, [])
    port, _ = with_list(door, path)
    sallyport = door.start()
    with connect(door, port, clients[1]) as client:
        door.pki.crl(door.pki.sub, [clients[0]], name=path, number=2)
        sallyport.reload()
        assert client.request() == "ECS01"


def test_a_list_of_half_a_million_loads_in_two_seconds(door, tmp_path):
    """Made by hand: DER entries one after another, signed with openssl."""
    pki = door.pki
    path = big_list(pki.sub, 500_000, pki.good, str(tmp_path))
    port, _ = with_list(door, pki.crl(pki.sub, []))
    sallyport = door.start()
    assert attempt(door, port, pki.good) == "ECS01"
    door.ca_named("clients")["CrlFiles"] = [path]
    with Stopwatch() as watch:
        sallyport.reload()
    assert watch.seconds < 3.5, "2 s to load, and a busy machine"
    assert attempt(door, port, pki.good) == "certificate_revoked"
    assert attempt(door, port, pki.direct) == "ECS01"


def der(tag, content):
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 128 + len(octets)]) + octets + content


def big_list(ca, count, also, folder):
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    when = der(0x17, now().strftime("%y%m%d%H%M%SZ").encode())
    number = also.certificate.serial_number
    own = number.to_bytes(number.bit_length() // 8 + 1, "big")
    entries = bytearray(der(0x30, der(0x02, own) + when))
    for i in range(count - 1):
        entries += der(0x30, der(0x02, b"\x01" + (i * 2654435761 % (1 << 96)).to_bytes(16, "big"))
                       + when)
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    later = der(0x17, (now() + 7 * DAY).strftime("%y%m%d%H%M%SZ").encode())
    body = der(0x30, der(0x02, b"\x01") + algorithm
               + ca.certificate.subject.public_bytes() + when + later + der(0x30, bytes(entries)))
    signature = ca.key.sign(body, ec.ECDSA(hashes.SHA256()))
    whole = der(0x30, body + algorithm + der(0x03, b"\0" + signature))
    path = os.path.join(folder, "big.crl")
    os.chmod(folder, 0o755)
    write_whole(path, whole)
    done = subprocess.run(["openssl", "crl", "-inform", "DER", "-in", path, "-noout", "-issuer"],
                          capture_output=True, text=True, check=True)
    assert "Shop Clients" in done.stdout
    return path


def test_open_connections_of_the_revoked_are_cut_in_the_same_second(door, clients):
    path = door.pki.crl(door.pki.sub, [])
    port, _ = with_list(door, path)
    sallyport = door.start()
    gone, stays = connect(door, port, clients[0]), connect(door, port, clients[1])
    # Made after the certificate, as revocations are.
    door.pki.crl(door.pki.sub, [clients[0]], name=path, number=2, last_update=now())
    with Stopwatch() as watch:
        sallyport.reload()
        _, end = gone.read_to_end()
    assert end in ("fin", "reset", "certificate_revoked") and watch.seconds < 1.5
    assert sallyport.wait_event("conn_closed", reason="client_revoked")["identity"].endswith("-0")
    assert stays.request() == "ECS01"
    stays.close()


def test_a_listener_may_leave_open_connections_to_the_revoked(door, clients):
    path = door.pki.crl(door.pki.sub, [])
    port, _ = with_list(door, path, RevocationCutsConnections=False)
    sallyport = door.start()
    open_one = connect(door, port, clients[0])
    door.pki.crl(door.pki.sub, [clients[0]], name=path, number=2, last_update=now())
    sallyport.reload()
    assert attempt(door, port, clients[0]) == "certificate_revoked"
    assert open_one.request() == "ECS01"
    # Turned on, it means those that are open as well.
    door.listener_at(port)["RevocationCutsConnections"] = True
    sallyport.reload()
    _, end = open_one.read_to_end()
    assert end in ("fin", "reset", "certificate_revoked")
    sallyport.wait_event("conn_closed", reason="client_revoked")
