"""Only clients with a good certificate are let in; each other one learns why, and so does the log."""
import ssl

import pytest
from cryptography.hazmat.primitives import hashes

from support.clients import NUMBERS, OpensslClient, RawClient, TlsClient, attempt, connect
from support.clients import Refused
from support.cast import WRONG, Cast
from support.pki import DAY, name_of, new_key, now
from support.waiting import wait_for

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
both_versions = pytest.mark.parametrize("version", [TLS12, TLS13], ids=["tls12", "tls13"])


@pytest.fixture
def cast(pki):
    return Cast(pki)


def guarded(door, cast):
    port, backend = door.mutual(crls=[door.pki.crl(door.pki.sub, [cast.revoked])])
    return port, backend


@pytest.mark.core
@both_versions
def test_a_good_client_gets_through(door, cast, version):
    port, backend = guarded(door, cast)
    sallyport = door.start()
    with connect(door, port, door.pki.good, version=version, ca=door.pki.root) as client:
        assert client.name == "ECS01"
    assert backend.connections == 1
    closed = sallyport.wait_event("conn_closed")
    assert closed["identity"] == "spiffe://shop/cart"
    assert int(closed["serial"], 16) == door.pki.good.certificate.serial_number
    assert closed["server"] == "ECS01" and closed["reason"] == "client_closed"


@pytest.mark.core
@both_versions
def test_each_wrong_client_is_refused_with_the_alert_that_says_why(door, cast, version):
    """And not a byte of it, not even a connection, reaches the backend."""
    port, backend = guarded(door, cast)
    sallyport = door.start()
    wrong = cast.wrong()
    assert [entry[0] for entry in wrong] == WRONG
    said = {}
    for name, credential, alert, reason in wrong:
        # The backend's name would come back: an answer is a leak.
        said[name] = attempt(door, port, credential, version=version)
        assert said[name] != "ECS01", name
        if alert == "certificate_required" and version == TLS12:
            alert = "handshake_failure"  # RFC 5246 7.4.6; 116 came with TLS 1.3
        if alert is not None:
            assert said[name] == alert, f"{name}: {said[name]}"
        event = sallyport.wait_event("client_refused", count=len(said))
        if reason is not None:
            assert event["reason"] == reason, (name, event)
        assert event["client"].startswith("127.") and event["listener"]
        assert event["sni"] == "www.example.com"
        # No TLS 1.3 signature goes with P-224: the library then sends no certificate at all.
        if credential is not None and name not in ("oversized", "p224"):
            assert int(event["serial"], 16) == credential.certificate.serial_number, name
            assert event["subject"] and event["issuer"]
    assert backend.connections == 0
    assert sum(sallyport.listener_status(port)["refusals"].values()) == len(wrong)
    # The door itself is as good as before.
    assert attempt(door, port, door.pki.good, version=version) == "ECS01"


@both_versions
def test_openssl_shows_the_alert_numbers(door, cast, version):
    port, _ = guarded(door, cast)
    door.start()
    flag = "-tls1_3" if version == TLS13 else "-tls1_2"
    for name, credential, alert, _ in cast.wrong():
        # The library of this program would itself not sign with so weak a key.
        if name in ("rsa1024", "p224", "oversized") or alert is None:
            continue
        client = OpensslClient(door, port, credential, [flag, "-cipher", "DEFAULT:@SECLEVEL=0",
                                                        "-ign_eof"],
                               text_input="GET / HTTP/1.1\r\n\r\n")
        if name == "no certificate" and version == TLS12:
            alert = "handshake_failure"
        assert client.alert == alert, (name, client.text[-600:])
        assert f"alert number {NUMBERS[alert]}" in client.text


@pytest.mark.core
def test_data_sent_together_with_finished_does_not_leak(door, cast):
    """0 leaks: the request travels in the same segment as the certificate and Finished."""
    port, backend = guarded(door, cast)
    door.start()
    for name, credential, _, _ in cast.wrong():
        client = TlsClient(door.address, port, credential, version=TLS13)
        flight = client.handshake_keeping_last_flight()
        client.tls.write(b"GET /secret HTTP/1.1\r\nHost: x\r\n\r\n")
        client.sock.sendall(flight + client.take_outgoing())
        data, end = client.read_to_end()
        assert data == b"" and end != "close_notify", (name, end)
        client.sock.close()
    assert backend.connections == 0
    # The same with a good client: what came along is delivered.
    client = TlsClient(door.address, port, door.pki.good, version=TLS13)
    flight = client.handshake_keeping_last_flight()
    client.tls.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    client.sock.sendall(flight + client.take_outgoing())
    assert b"ECS01" in client.read_until(b"ECS01")
    client.close()


def test_a_client_that_does_not_hold_the_key_is_refused(door, cast):
    """The certificate of somebody else: CertificateVerify does not fit."""
    port, backend = guarded(door, cast)
    sallyport = door.start()
    context = TlsClient.new_context(door.pki.good, TLS13)
    # The library checks that both belong together, so the proof is damaged on the wire instead.
    client = TlsClient(door.address, port, context=context)
    flight = bytearray(client.handshake_keeping_last_flight())
    flight[-1] ^= 1
    client.sock.sendall(flight)
    data, end = client.read_to_end()
    client.sock.close()
    assert data == b"" and end in ("bad_record_mac", "decrypt_error", "fin", "reset")
    assert backend.connections == 0
    assert sallyport.wait_event("handshake_failed")


def test_a_subordinate_ca_works_as_trust_anchor(door):
    backend = door.backend()
    door.group("web", backend)
    door.ca("clients", door.pki.sub)
    port = door.listener(cas=["clients"])
    door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert attempt(door, port, door.pki.good.with_chain()) == "ECS01"
    # A certificate of the root above it, and of a stranger, is not covered by this anchor.
    assert attempt(door, port, door.pki.direct) == "unknown_ca"
    assert attempt(door, port, door.pki.stranger) == "unknown_ca"


def test_a_known_intermediate_completes_the_chain_of_a_bare_leaf(door):
    backend = door.backend()
    door.group("web", backend)
    door.ca("clients", door.pki.root, door.pki.sub)
    door.ca("root only", door.pki.root)
    complete = door.listener(cas=["clients"])
    bare = door.listener(cas=["root only"])
    door.start()
    leaf_only = door.pki.good.with_chain()
    assert attempt(door, complete, leaf_only) == "ECS01"
    assert attempt(door, bare, leaf_only) == "unknown_ca"
    assert attempt(door, bare, door.pki.good) == "ECS01"


def test_several_ca_certificates_on_one_listener(door):
    backend = door.backend()
    door.group("web", backend)
    door.ca("clients", door.pki.root)
    door.ca("partners", door.pki.other_root)
    both = door.listener(cas=["clients", "partners"])
    one = door.listener(cas=["clients"])
    door.start()
    assert attempt(door, both, door.pki.good) == "ECS01"
    assert attempt(door, both, door.pki.stranger) == "ECS01"
    assert attempt(door, one, door.pki.stranger) == "unknown_ca"


@pytest.mark.parametrize("advertised", [True, False])
def test_the_names_of_the_cas_are_sent_unless_switched_off(door, advertised):
    port, _ = door.mutual(CaNamesAdvertised=advertised)
    door.start()
    client = OpensslClient(door, port, door.pki.good, ["-tls1_3"])
    assert client.ca_names == (["CN = Shop Root"] if advertised else [])
    assert attempt(door, port, door.pki.good) == "ECS01"


@both_versions
def test_more_names_than_a_message_holds_keep_nobody_out(door, version):
    pki = door.pki
    key = new_key("p256")
    many = [pki.kept_once(f"long name {number}", lambda number=number: pki.ca(
        f"CA {number}", key=key, subject=name_of(f"CA {number}".ljust(64, "x"),
                                                 organization="y" * 64))) for number in range(450)]
    door.group("web", door.backend())
    door.ca("many", pki.root, *many)
    port = door.listener(cas=["many"])
    sallyport = door.start()
    assert attempt(door, port, pki.good, version=version) == "ECS01"
    assert attempt(door, port, pki.stranger, version=version) == "unknown_ca"
    said = sallyport.cli("check", sallyport.manifest_file)
    assert "none is sent" in said.stdout + said.stderr


def test_the_greatest_depth_can_be_used(door):
    pki = door.pki
    steps = pki.kept_once("ten steps", lambda: [pki.root])
    while len(steps) < 11:
        steps.append(pki.ca(f"Depth {len(steps)}", steps[-1]))
    door.group("web", door.backend())
    door.ca("clients", pki.root)
    port = door.listener(cas=["clients"], CaDepth=10)
    door.start()
    assert attempt(door, port, pki.client("deepest", steps[10])) == "ECS01"
    with_root = pki.client("deepest", steps[10]).with_chain(*reversed(steps))
    assert attempt(door, port, with_root) == "ECS01"
    below = pki.client("too deep", pki.ca("Depth 11", steps[10]))
    assert attempt(door, port, below) == "bad_certificate"


@both_versions
def test_optional_lets_in_clients_without_but_none_with_a_bad_certificate(door, cast, version):
    port, _ = door.mutual(CaMode="Optional", crls=[door.pki.crl(door.pki.sub, [cast.revoked])])
    sallyport = door.start()
    assert attempt(door, port, None, version=version) == "ECS01"
    assert attempt(door, port, door.pki.good, version=version) == "ECS01"
    assert attempt(door, port, door.pki.stranger, version=version) == "unknown_ca"
    assert attempt(door, port, cast.revoked, version=version) == "certificate_revoked"
    closed = wait_for(lambda: sallyport.events("conn_closed", server="ECS01")[:2], 5, "two ends")
    assert "identity" not in closed[0]


def test_without_mutual_authentication_any_client_is_let_in(door):
    door.group("web", door.backend())
    port = door.listener()
    door.start()
    client = OpensslClient(door, port, None, ["-tls1_3"])
    assert client.cipher and not client.ca_names
    assert attempt(door, port, None) == "ECS01"
    assert attempt(door, port, door.pki.stranger) == "ECS01"


def test_what_plain_openssl_commands_make_works_unless_the_profile_is_strict(door):
    pki = door.pki
    v1 = pki.openssl_v1_client("v1 client", pki.root)
    plain = pki.client("plain", pki.root, plain=True, names=())
    no_usage = pki.client("no usage", pki.root, key_usage=False, purposes=(), names=())
    door.group("web", door.backend())
    door.ca("compatible", pki.root)
    door.ca("strict", pki.root, ChainProfile="Strict")
    compatible = door.listener(cas=["compatible"])
    strict = door.listener(cas=["strict"])
    door.start()
    for credential in (v1, plain, no_usage):
        assert attempt(door, compatible, credential) == "ECS01"
        assert attempt(door, strict, credential) != "ECS01"
    assert attempt(door, strict, pki.direct) == "ECS01"


def test_ca_depth_counts_intermediates(door):
    pki = door.pki
    issuers = [pki.sub]
    for number in range(3):
        issuers.append(pki.ca(f"Level {number}", issuers[-1]))
    door.group("web", door.backend())
    door.ca("clients", pki.root)
    one = door.listener(cas=["clients"], CaDepth=1)
    two = door.listener(cas=["clients"], CaDepth=2)
    four = door.listener(cas=["clients"])
    door.start()
    deep = [pki.client(f"level {i}", issuer) for i, issuer in enumerate(issuers)]
    assert attempt(door, one, deep[0]) == "ECS01"
    assert attempt(door, one, deep[1]) == "bad_certificate"
    assert attempt(door, two, deep[1]) == "ECS01"
    assert attempt(door, two, deep[2]) == "bad_certificate"
    assert attempt(door, four, deep[3]) == "ECS01"


def test_rsa_and_other_curves_are_good_keys_too(door):
    pki = door.pki
    port, _ = door.mutual()
    door.start()
    assert attempt(door, port, pki.good_rsa()) == "ECS01"
    assert attempt(door, port, pki.good_rsa(), version=TLS12) == "ECS01"
    for kind in ("p384", "p521"):
        assert attempt(door, port, pki.client(kind, pki.sub, key=kind)) == "ECS01"


def test_an_expired_anchor_refuses_its_clients(door):
    pki = door.pki
    old = pki.ca("Old Root", not_before=now() - 900 * DAY, not_after=now() - DAY)
    client = pki.client("of the old one", old)
    door.group("web", door.backend())
    door.ca("old", old)
    port = door.listener(cas=["old"])
    sallyport = door.start()
    assert attempt(door, port, client) == "certificate_expired"
    assert sallyport.wait_event("client_refused")["reason"] == "ca_expired"


def test_an_anchors_own_weak_signature_is_not_judged(door):
    pki = door.pki
    old = pki.ca("Sha1 Root", sign_hash=hashes.SHA1())
    door.group("web", door.backend())
    door.ca("old", old)
    port = door.listener(cas=["old"])
    door.start()
    assert attempt(door, port, pki.client("below sha1", old)) == "ECS01"
    below = pki.client("sha1 leaf", old, sign_hash=hashes.SHA1())
    assert attempt(door, port, below) == "unsupported_certificate"


def test_two_cas_of_one_name_are_told_apart(door):
    """A re-keyed CA: the same name, two keys, no matter in which order they stand."""
    pki = door.pki
    first, second = pki.ca("Twin"), pki.ca("Twin")
    door.group("web", door.backend())
    door.ca("twins", first, second)
    port = door.listener(cas=["twins"])
    door.start()
    for issuer in (first, second):
        assert attempt(door, port, pki.client("child", issuer)) == "ECS01"
    assert attempt(door, port, pki.client("child", pki.ca("Twin"))) != "ECS01"


def test_a_plain_text_client_is_told_off_and_nothing_reaches_the_backend(door):
    port, backend = door.mutual()
    door.start()
    with RawClient(door.address, port) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
        data, _ = client.read_to_end()
        assert b"ECS01" not in data
    assert backend.connections == 0


def test_refused_is_not_the_same_as_broken(door):
    """After all this the client that is right still gets its answer from a new handshake."""
    port, _ = door.mutual()
    door.start()
    for _ in range(20):
        try:
            TlsClient(door.address, port, door.pki.stranger, version=TLS13).handshake().request()
        except Refused as refused:
            assert refused.alert == "unknown_ca"
    assert attempt(door, port, door.pki.good) == "ECS01"
