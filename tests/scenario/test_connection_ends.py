"""Every byte, or an honest end: a clean one stays clean in both directions, an abnormal one is never
dressed up, and what was received is delivered first."""
import socket
import ssl
import struct
import threading

import pytest

from support.backend import echo
from support.clients import RawClient, Refused, TlsClient, connect
from support.waiting import Stopwatch, wait_for

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
both_versions = pytest.mark.parametrize("version", [TLS12, TLS13], ids=["tls12", "tls13"])


def door_with(door, handler, **more):
    backend = door.backend(handler=handler)
    door.group("web", backend)
    door.ca("clients", door.pki.root)
    return door.listener(cas=["clients"], **more), backend


def client_of(door, port, version):
    return TlsClient(door.address, port, door.pki.good, version=version).handshake()


@pytest.mark.core
@both_versions
def test_a_clean_end_of_the_server_is_close_notify_and_fin(door, version):
    port, _ = door_with(door, lambda _b, talk: talk.send(b"all of it"))
    sallyport = door.start()
    client = client_of(door, port, version)
    data, end = client.read_to_end()
    assert (data, end) == (b"all of it", "close_notify")
    client.sock.settimeout(5)
    client.close()
    assert sallyport.wait_event("conn_closed")["reason"] in ("server_closed", "client_closed")


@pytest.mark.core
@both_versions
def test_a_reset_of_the_server_is_no_close_notify(door, version):
    def handler(_backend, talk):
        talk.read_until(b"go")
        talk.send(b"half of")
        talk.sock.recv(1)
        talk.reset()
    port, _ = door_with(door, handler)
    sallyport = door.start()
    client = client_of(door, port, version)
    client.send(b"go")
    assert client.read_exactly(7) == b"half of"
    client.send(b"!")
    data, end = client.read_to_end()
    assert data == b"" and end in ("fin", "reset")
    client.sock.close()
    assert sallyport.wait_event("conn_closed")["reason"] == "server_reset"


@pytest.mark.core
@both_versions
def test_a_clean_end_of_the_client_is_a_fin_for_the_server(door, version):
    port, backend = door_with(door, lambda _b, talk: talk.read_all())
    door.start()
    client = client_of(door, port, version)
    client.send(b"the whole request")
    client.send_close_notify()
    client.shutdown_tcp()
    talk = backend.last()
    wait_for(lambda: talk.end, 5, "the end")
    assert talk.end == "fin" and bytes(talk.received) == b"the whole request"
    client.sock.close()


@pytest.mark.core
@both_versions
def test_an_end_without_close_notify_is_a_reset_for_the_server(door, version):
    port, backend = door_with(door, lambda _b, talk: talk.read_all())
    sallyport = door.start()
    client = client_of(door, port, version)
    client.send(b"the request, cut o")
    client.shutdown_tcp()
    talk = backend.last()
    wait_for(lambda: talk.end, 5, "the end")
    assert bytes(talk.received) == b"the request, cut o", "delivered first"
    assert talk.end == "reset"
    assert sallyport.wait_event("conn_closed")["reason"] == "client_truncated"
    client.sock.close()


@both_versions
def test_unclean_close_fin_makes_an_ordinary_end_of_it(door, version):
    port, backend = door_with(door, lambda _b, talk: talk.read_all(), UncleanClose="Fin")
    door.start()
    client = client_of(door, port, version)
    client.send(b"the request, cut o")
    client.shutdown_tcp()
    talk = backend.last()
    wait_for(lambda: talk.end, 5, "the end")
    assert (bytes(talk.received), talk.end) == (b"the request, cut o", "fin")
    client.sock.close()


@pytest.mark.parametrize("protocol", ["TCPSSL", "TCP"])
@pytest.mark.parametrize("way, reason", [("reset", "client_reset"), ("idle", "idle_timeout")])
def test_unclean_close_fin_is_for_resets_and_time_limits_too(door, protocol, way, reason):
    backend = door.backend(handler=lambda _b, talk: talk.read_all())
    door.group("web", backend)
    port = door.listener(protocol=protocol, UncleanClose="Fin", IdleTimeout=1 if way == "idle" else 60)
    sallyport = door.start()
    client = (RawClient(door.address, port) if protocol == "TCP" else
              client_of(door, port, TLS13))
    client.send(b"the request, cut o")
    talk = backend.last()
    wait_for(lambda: len(talk.received) == 18, 5, "the bytes")
    if way == "reset":
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sock.close()
    wait_for(lambda: talk.end, 5, "the end")
    assert (bytes(talk.received), talk.end) == (b"the request, cut o", "fin")
    assert sallyport.wait_event("conn_closed")["reason"] == reason
    client.sock.close()


@both_versions
def test_a_reset_of_the_client_is_a_reset_for_the_server(door, version):
    port, backend = door_with(door, lambda _b, talk: talk.read_all())
    sallyport = door.start()
    client = client_of(door, port, version)
    client.send(b"some")
    talk = backend.last()
    wait_for(lambda: bytes(talk.received) == b"some", 5, "the bytes")
    client.reset()
    wait_for(lambda: talk.end, 5, "the end")
    assert talk.end == "reset"
    assert sallyport.wait_event("conn_closed")["reason"] == "client_reset"


@pytest.mark.core
@both_versions
def test_half_close_by_the_client(door, version):
    """close_notify ends one direction only: the answer still comes."""
    def handler(_backend, talk):
        question = talk.read_all()
        talk.send(b"answer to " + question)
    port, _ = door_with(door, handler)
    door.start()
    client = client_of(door, port, version)
    client.send(b"question")
    # Python's unwrap() sends close_notify; afterwards the library still reads in TLS 1.3. In TLS 1.2
    # it refuses to, so what comes is counted as ciphertext there.
    client.send_close_notify()
    if version == TLS13:
        data, end = client.read_to_end()
        assert (data, end) == (b"answer to question", "close_notify")
    else:
        received = b""
        while more := client.sock.recv(4096):
            received += more
        # An application data record with the answer, then the alert of close_notify.
        assert received[0] == 23 and len(received) > 5 + len(b"answer to question") + 5
    client.sock.close()


@both_versions
def test_half_close_by_the_server(door, version):
    """The server has said everything and goes on listening."""
    import socket

    def handler(_backend, talk):
        talk.send(b"banner")
        talk.sock.shutdown(socket.SHUT_WR)
        talk.read_all()
    port, backend = door_with(door, handler)
    door.start()
    client = client_of(door, port, version)
    assert client.read_to_end() == (b"banner", "close_notify")
    # TLS 1.3: the other direction stays; TLS 1.2 libraries answer close_notify with their own.
    if version == TLS13:
        for _ in range(3):
            client.send(b"x" * 1000)
        client.send_close_notify()
        client.shutdown_tcp()
        talk = backend.last()
        wait_for(lambda: talk.end, 5, "the end")
        assert (len(talk.received), talk.end) == (3000, "fin")
    client.sock.close()


def test_half_close_over_plain_tcp_in_both_directions(door):
    import socket

    def handler(_backend, talk):
        talk.send(b"answer to " + talk.read_all())
    backend = door.backend(handler=handler)
    door.group("web", backend)
    port = door.listener(protocol="TCP")
    door.start()
    with RawClient(door.address, port) as client:
        client.send(b"question")
        client.sock.shutdown(socket.SHUT_WR)
        assert client.read_to_end() == (b"answer to question", "fin")
    assert backend.last().end == "fin"


def test_resets_travel_over_plain_tcp(door):
    def handler(_backend, talk):
        if talk.read_until(b"\n") == b"reset\n":
            talk.reset()
        else:
            talk.read_all()
    backend = door.backend(handler=handler)
    door.group("web", backend)
    port = door.listener(protocol="TCP")
    door.start()
    with RawClient(door.address, port) as client:
        client.send(b"reset\n")
        assert client.read_to_end()[1] == "reset"
    client = RawClient(door.address, port)
    client.send(b"stay\n")
    wait_for(lambda: backend.connections == 2 and bytes(backend.last().received) == b"stay\n", 5,
             "the bytes")
    client.reset()
    wait_for(lambda: backend.last().end == "reset", 5, "the reset")


def test_a_half_closed_connection_has_its_own_time_limit(door):
    hold = threading.Event()

    def handler(_backend, talk):
        talk.read_all()
        hold.wait(20)
    port, _ = door_with(door, handler, HalfCloseTimeout=2)
    sallyport = door.start()
    client = client_of(door, port, TLS13)
    client.send(b"question")
    with Stopwatch() as watch:
        client.send_close_notify()
        try:
            while client.sock.recv(4096):
                pass
        except OSError:
            pass
    assert 1.4 <= watch.seconds <= 2.8
    assert sallyport.wait_event("conn_closed")["reason"] == "half_close_timeout"
    client.sock.close()
    hold.set()


@both_versions
def test_what_was_received_is_delivered_before_a_reset(door, version):
    """A server that dies after a big answer: all of the answer arrives."""
    size = 3 << 20

    def handler(_backend, talk):
        talk.read_until(b"go")
        talk.send(b"z" * size)
        # Everything has left for the door before the end comes.
        import fcntl
        import struct
        import termios
        wait_for(lambda: struct.unpack("i", fcntl.ioctl(
            talk.sock, termios.TIOCOUTQ, b"\0\0\0\0"))[0] == 0, 10, "delivery")
        talk.reset()
    port, _ = door_with(door, handler)
    door.start()
    client = client_of(door, port, version)
    client.send(b"go")
    data, end = client.read_to_end()
    assert end in ("fin", "reset")
    # What the kernel threw away at the door with the reset is not the door's to deliver; what had
    # been read by it is. A reading door loses nothing here.
    assert len(data) >= size - (256 << 10) and set(data) == {ord("z")}
    client.sock.close()


def test_the_servers_last_words_survive_a_client_that_is_still_sending(door):
    """An early answer to a big upload (413) must not be lost to a reset."""
    def handler(_backend, talk):
        talk.read(1000)
        talk.send(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\n")
        talk.read_all()
    port, _ = door_with(door, handler)
    door.start()
    client = client_of(door, port, TLS13)
    client.send(b"x" * 200_000)
    assert b"413" in client.read_until(b"\r\n\r\n")
    client.close()


def test_alerts_arrive_although_the_client_keeps_sending(door):
    """The refused client is talking all the time; it still learns why."""
    port, _ = door_with(door, echo)
    door.start()
    for _ in range(5):
        client = TlsClient(door.address, port, door.pki.stranger, version=TLS13)
        flight = client.handshake_keeping_last_flight()
        for _ in range(20):
            client.tls.write(b"y" * 2000)
        client.sock.sendall(flight + client.take_outgoing())
        with pytest.raises(Refused) as refused:
            client.read()
        assert refused.value.alert == "unknown_ca"
        client.sock.close()


@both_versions
def test_a_shutdown_cuts_without_close_notify(door, version):
    port, _ = door.mutual()
    door.manifest["Settings"]["ShutdownTimeout"] = 1
    sallyport = door.start()
    client = connect(door, port, door.pki.good, version=version)
    import signal
    process = sallyport.process
    sallyport.signal(signal.SIGTERM)
    _, end = client.read_to_end()
    assert end in ("fin", "reset")
    process.wait(15)
    assert process.returncode == 0
    assert sallyport.events("conn_closed", reason="shutdown")
