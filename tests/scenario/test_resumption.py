"""A ticket never lets in whom a full handshake now would refuse; everybody else keeps resuming."""
import datetime
import ssl
import time

import pytest

from support.clients import attempt, connect, resumable, resume
from support.pki import now
from support.waiting import wait_for

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
both_versions = pytest.mark.parametrize("version", [TLS12, TLS13], ids=["tls12", "tls13"])


@pytest.mark.core
@both_versions
def test_sessions_are_resumed_by_all_workers(door, version):
    port, backend = door.mutual()
    sallyport = door.start(workers=3)
    context, session = resumable(door, port, door.pki.good, version=version)
    # TLS 1.3 tickets may be used again and again by this library; each comes from another port, so
    # that the kernel spreads the connections over the workers.
    assert [resume(door, port, context, session) for _ in range(12)] == ["resumed"] * 12
    metrics = sallyport.metrics()
    assert metrics.sum("sallyport_handshakes_resumed_total") == 12
    assert metrics.sum("sallyport_handshakes_total") == 13
    assert backend.connections == 13
    resumed = sallyport.events("conn_closed", resumed="yes")
    assert resumed and all(line["identity"] == "spiffe://shop/cart" for line in resumed)


def test_two_tickets_are_given_in_tls_1_3(door):
    port, _ = door.mutual()
    door.start()
    from support.clients import InteractiveOpenssl
    client = InteractiveOpenssl(door, port, door.pki.good, ["-tls1_3"])
    try:
        # They come along with the first bytes of the server.
        client.send("GET / HTTP/1.1\r\n\r\n")
        client.wait_text("Post-Handshake New Session Ticket arrived", count=2)
        client.wait_text("ECS01")
        assert client.text.count("New Session Ticket arrived") == 2
    finally:
        client.close()


@both_versions
def test_another_listener_does_not_accept_the_session(door, version):
    backend = door.backend()
    door.group("web", backend)
    door.ca("clients", door.pki.root)
    first, second = door.listener(cas=["clients"]), door.listener(cas=["clients"])
    open_door = door.listener()
    door.start()
    context, session = resumable(door, first, door.pki.good, version=version)
    assert resume(door, second, context, session) == "full"
    # A session without a certificate, from the open door, is worth nothing at the guarded one.
    context, session = resumable(door, open_door, None, version=version)
    assert resume(door, open_door, context, session) == "resumed"
    said = resume(door, first, context, session)
    assert said in ("certificate_required", "handshake_failure"), said


@both_versions
def test_a_session_from_optional_mode_does_not_open_a_required_door(door, version):
    port, _ = door.mutual(CaMode="Optional")
    sallyport = door.start()
    context, session = resumable(door, port, None, version=version)
    assert resume(door, port, context, session) == "resumed"
    with_certificate = resumable(door, port, door.pki.good, version=version)
    door.listener_at(port)["CaMode"] = "Required"
    sallyport.reload()
    assert resume(door, port, context, session) in ("certificate_required", "handshake_failure")
    assert resume(door, port, *with_certificate) in ("resumed", "full")


@both_versions
def test_removing_the_ca_ends_its_sessions_and_adding_one_ends_none(door, version):
    pki = door.pki
    door.group("web", door.backend())
    door.ca("clients", pki.root)
    door.ca("partners", pki.other_root)
    port = door.listener(cas=["clients", "partners"])
    sallyport = door.start()
    shop = resumable(door, port, pki.good, version=version)
    partner = resumable(door, port, pki.stranger, version=version)
    third = pki.ca("Third Root")
    door.ca("third", third)
    door.listener_at(port)["CaCertificateIds"] = ["clients", "partners", "third"]
    sallyport.reload()
    assert resume(door, port, *shop) == "resumed"
    assert resume(door, port, *partner) == "resumed"
    door.listener_at(port)["CaCertificateIds"] = ["clients", "third"]
    sallyport.reload()
    assert resume(door, port, *shop) == "resumed"
    assert resume(door, port, *partner) == "unknown_ca"


@both_versions
def test_a_session_ends_with_its_certificate(door, version):
    port, _ = door.mutual()
    door.start()
    brief = door.pki.client("brief", door.pki.sub,
                            not_after=now() + datetime.timedelta(seconds=4))
    context, session = resumable(door, port, brief, version=version)
    assert resume(door, port, context, session) == "resumed"
    lasting = resumable(door, port, door.pki.good, version=version)
    end = brief.certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp()
    wait_for(lambda: time.time() > end + 1, 10, "the end of the certificate")
    assert resume(door, port, context, session) == "certificate_expired"
    assert resume(door, port, *lasting) == "resumed"


def test_renewing_a_session_does_not_prolong_the_certificate(door):
    """The lineage of tickets is capped, not only the first one."""
    port, _ = door.mutual()
    door.start()
    brief = door.pki.client("brief", door.pki.sub,
                            not_after=now() + datetime.timedelta(seconds=5))
    context, session = resumable(door, port, brief, version=TLS13)
    client = connect(door, port, context=context, session=session)
    assert client.resumed
    renewed = client.session
    client.close()
    end = brief.certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc).timestamp()
    wait_for(lambda: time.time() > end + 1, 10, "the end of the certificate")
    assert resume(door, port, context, renewed) == "certificate_expired"


def test_the_lifetime_hint_is_at_most_two_hours_and_never_past_the_certificate(door):
    from support.clients import InteractiveOpenssl
    import re
    port, _ = door.mutual()
    door.start()
    soon = door.pki.client("soon", door.pki.sub,
                           not_after=now() + datetime.timedelta(minutes=10))
    for credential, limit in ((door.pki.good, 7200), (soon, 600)):
        client = InteractiveOpenssl(door, port, credential, ["-tls1_3"])
        try:
            client.send("GET / HTTP/1.1\r\n\r\n")
            client.wait_text(r"TLS session ticket lifetime hint: \d+ \(seconds\)")
            hint = int(re.search(r"lifetime hint: (\d+)", client.text).group(1))
            assert 0 < hint <= limit
        finally:
            client.close()


@both_versions
def test_a_reload_that_changes_something_else_voids_no_session(door, version):
    port, _ = door.mutual()
    sallyport = door.start()
    context, session = resumable(door, port, door.pki.good, version=version)
    door.group("another", door.backend("ECS02"))
    door.listener("another")
    sallyport.reload()
    assert resume(door, port, context, session) == "resumed"


def test_a_session_of_another_name_of_the_same_trust_is_decided_anew(door):
    """Asking for another server name with a session is allowed to be a full handshake; it must not
    be an error, and never less than admission."""
    pki = door.pki
    door.certificate("www", pki.www)
    door.certificate("api", pki.server("api.example.com", pki.root))
    port, _ = door.mutual(AdditionalCertificateIds=["api"])
    door.start()
    context, session = resumable(door, port, pki.good, version=TLS12)
    assert resume(door, port, context, session, server_name="api.example.com") in (
        "full", "resumed", "illegal_parameter")
    assert resume(door, port, context, session) == "resumed"


def test_a_damaged_ticket_is_a_full_handshake(door):
    """Garbage for a ticket: no error, no leak, just no resumption."""
    from support.clients import RawClient, TlsClient
    port, _ = door.mutual()
    door.start()
    context, session = resumable(door, port, door.pki.good, version=TLS12)
    client = TlsClient(door.address, port, context=context, session=session)
    try:
        client.tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = bytearray(client.take_outgoing())
    client.sock.close()
    at = hello.index(b"\x00\x23")
    for i in range(at + 40, at + 60):
        hello[i] ^= 0x55
    with RawClient(door.address, port, timeout=5) as raw:
        raw.send(bytes(hello))
        answer = raw.sock.recv(4096)
    assert answer[0] == 22 and answer[5] == 2, "a ServerHello"
    assert attempt(door, port, door.pki.good) == "ECS01"
