"""Limits that hold against clients that mean harm, and do not touch the others."""
import socket
import ssl
import struct
import threading
import time

import pytest

from support.clients import (InteractiveOpenssl, RawClient, TlsClient, attempt, client_hello,
                             connect, seconds_until_end)
from support.waiting import Stopwatch, wait_for


@pytest.mark.core
def test_a_silent_client_is_cut_when_the_handshake_time_is_over(door):
    port, backend = door.mutual(HandshakeTimeout=2)
    sallyport = door.start()
    with RawClient(door.address, port) as client:
        assert 1.5 <= seconds_until_end(client) <= 2.5
    assert sallyport.wait_event("conn_closed")["reason"] == "handshake_timeout"
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert backend.connections == 1


@pytest.mark.core
def test_one_byte_at_a_time_does_not_prolong_it(door):
    port, _ = door.mutual(HandshakeTimeout=2)
    door.start()
    hello = client_hello()
    with RawClient(door.address, port) as client, Stopwatch() as watch:
        client.sock.settimeout(0.1)
        for at in range(len(hello)):
            try:
                client.send(hello[at:at + 1])
                client.sock.recv(1)
            except TimeoutError:
                continue
            except OSError:
                pass
            break
    assert 1.5 <= watch.seconds <= 2.5
    assert attempt(door, port, door.pki.good) == "ECS01"


def test_a_client_that_stops_after_the_server_hello_is_cut_too(door):
    port, _ = door.mutual(HandshakeTimeout=1)
    sallyport = door.start()
    with RawClient(door.address, port) as client:
        client.send(client_hello())
        assert 0.5 <= seconds_until_end(client) <= 1.5
    assert sallyport.wait_event("conn_closed")["reason"] == "handshake_timeout"


def test_each_listener_has_its_own_handshake_time(door):
    door.group("web", door.backend())
    ports = {seconds: door.listener(HandshakeTimeout=seconds) for seconds in (1, 3)}
    door.start()
    for seconds, port in ports.items():
        with RawClient(door.address, port) as client:
            assert seconds - 0.5 <= seconds_until_end(client) <= seconds + 0.5


def handshake_record(kind, length, body):
    message = bytes([kind]) + length.to_bytes(3, "big") + body
    records = b""
    for at in range(0, len(message), 16000):
        piece = message[at:at + 16000]
        records += b"\x16\x03\x01" + struct.pack(">H", len(piece)) + piece
    return records


@pytest.mark.core
@pytest.mark.parametrize("length", [70_000, 2 << 20, (1 << 24) - 1])
def test_a_handshake_message_over_64_kib_is_refused_unread(door, length):
    port, backend = door.mutual(HandshakeTimeout=10)
    sallyport = door.start()
    with RawClient(door.address, port) as client, Stopwatch() as watch:
        try:
            client.send(handshake_record(1, length, bytes(min(length, 200_000))))
        except OSError:
            pass
        client.read_to_end()
    assert watch.seconds < 3
    assert sallyport.wait_event("conn_closed")["reason"] in ("handshake_failed", "tls_error")
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert backend.connections == 1


def test_a_two_megabyte_certificate_is_refused(door):
    from cryptography import x509
    big = door.pki.kept_once("two-megabytes", lambda: door.pki.client(
        "huge", door.pki.sub, extra=[(x509.UnrecognizedExtension(
            x509.ObjectIdentifier("1.3.6.1.4.1.55555.3"), b"\x04\x83\x1e\x84\x80" + bytes(2000000)),
            False)]))
    port, backend = door.mutual()
    door.start()
    said = attempt(door, port, big)
    assert said != "ECS01" and backend.connections == 0
    assert attempt(door, port, door.pki.good) == "ECS01"


@pytest.mark.core
def test_a_flood_of_key_updates_is_cut(door):
    port, _ = door.mutual()
    sallyport = door.start()
    client = InteractiveOpenssl(door, port, door.pki.good, ["-tls1_3"])
    try:
        client.wait_text("Verify return code")
        sent = 0
        while client.is_running() and sent < 60:
            sent += 1
            client.send("K\n")
            wait_for(lambda: client.pump().count("KEYUPDATE") >= sent or not client.is_running(),
                     5, "the next command")
        assert 30 <= sent <= 60
    finally:
        client.close()
    assert sallyport.wait_event("conn_closed")["reason"] == "key_update_flood"


def test_thirty_key_updates_are_fine(door):
    port, _ = door.mutual()
    door.start()
    client = InteractiveOpenssl(door, port, door.pki.good, ["-tls1_3"])
    try:
        client.wait_text("Verify return code")
        for sent in range(1, 31):
            client.send("K\n")
            client.wait_text("KEYUPDATE", count=sent)
        client.send("GET / HTTP/1.1\r\n\r\n")
        client.wait_text("ECS01")
    finally:
        client.close()


def test_renegotiation_is_refused(door):
    port, _ = door.mutual()
    door.start()
    client = InteractiveOpenssl(door, port, door.pki.good, ["-tls1_2"])
    try:
        client.wait_text("Verify return code")
        client.send("R\n")
        client.wait_text("RENEGOTIATING")
        wait_for(lambda: not client.is_running() or "no renegotiation" in client.pump(), 5,
                 "the refusal")
    finally:
        client.close()
    assert attempt(door, port, door.pki.good, version=ssl.TLSVersion.TLSv1_2) == "ECS01"


def test_connections_per_source(door):
    port, _ = door.mutual(MaxConnectionsPerSource=3)
    sallyport = door.start()
    held = [connect(door, port, door.pki.good) for _ in range(3)]
    assert attempt(door, port, door.pki.good) in ("reset", "fin")
    # Another source is not concerned.
    other = connect(door, port, door.pki.good, source="127.0.0.77")
    other.close()
    held.pop().close()
    wait_for(lambda: attempt(door, port, door.pki.good) == "ECS01", 5, "a free place")
    for client in held:
        assert client.request() == "ECS01"
        client.close()
    assert sallyport.metrics().sum("sallyport_dropped_source_total") >= 1


def test_open_handshakes_per_source(door):
    port, _ = door.mutual(MaxHandshakesPerSource=2, HandshakeTimeout=20)
    door.start()
    silent = [RawClient(door.address, port) for _ in range(2)]
    wait_for(lambda: door.sallyport.listener_status(port)["handshaking"] == 2, 5, "both")
    assert attempt(door, port, door.pki.good) in ("reset", "fin")
    assert attempt(door, port, door.pki.good, source="127.0.0.78") == "ECS01"
    for client in silent:
        client.close()
    wait_for(lambda: attempt(door, port, door.pki.good) == "ECS01", 5, "a free place")


def test_handshakes_per_second_of_a_source(door):
    port, _ = door.mutual(MaxHandshakesPerSource={"PerSecond": 5})
    door.start()
    said = [attempt(door, port, door.pki.good) for _ in range(30)]
    assert said[0] == "ECS01"
    assert {"reset", "fin"} & set(said), said
    assert attempt(door, port, door.pki.good, source="127.0.0.79") == "ECS01"


def test_connections_per_second_of_a_listener(door):
    door.group("web", door.backend())
    limited = door.listener(protocol="TCP", Cps=10)
    free = door.listener(protocol="TCP")
    sallyport = door.start()

    def answered(port):
        try:
            with RawClient(door.address, port, timeout=5) as client:
                client.send(b"GET / HTTP/1.1\r\n\r\n")
                return b"ECS01" in client.sock.recv(4096)
        except OSError:
            return False
    begin = time.monotonic()
    good = sum(answered(limited) for _ in range(100))
    seconds = time.monotonic() - begin
    assert good <= 10 * seconds + 12, (good, seconds)
    assert good >= 1
    assert all(answered(free) for _ in range(50))
    assert sallyport.metrics().sum("sallyport_dropped_cps_total") == 100 - good


def test_a_seconds_worth_of_connections_may_come_at_once(door):
    """As browsers and pools of connections do; those above are reset, over all workers."""
    door.group("web", door.backend())
    port = door.listener(protocol="TCP", Cps=20)
    sallyport = door.start(workers=2)

    def opened():
        """A reset may come before connect() returns."""
        try:
            return RawClient(door.address, port, timeout=5)
        except ConnectionError:
            return None

    def answers(count):
        good = 0
        for client in [opened() for _ in range(count)]:
            if client is None:
                continue
            try:
                client.send(b"GET / HTTP/1.1\r\n\r\n")
                good += b"ECS01" in client.sock.recv(4096)
            except OSError:
                pass
            client.sock.close()
        return good
    assert answers(20) == 20
    refused = answers(5)
    dropped = sallyport.metrics().sum("sallyport_dropped_cps_total")
    assert dropped == 5 - refused
    with Stopwatch() as watch:
        wait_for(lambda: answers(1) == 1, 5, "a new second")
    assert watch.seconds < 1.5


def test_connections_of_a_listener(door):
    port, _ = door.mutual(MaxConnections=4)
    sallyport = door.start()
    held = [connect(door, port, door.pki.good) for _ in range(4)]
    assert attempt(door, port, door.pki.good, source="127.0.0.80") in ("reset", "fin")
    for client in held:
        assert client.request() == "ECS01"
        client.close()
    wait_for(lambda: attempt(door, port, door.pki.good) == "ECS01", 5, "a free place")
    assert sallyport.metrics().sum("sallyport_dropped_limit_total") >= 1


def test_many_silent_clients_do_not_keep_good_ones_out(door):
    port, _ = door.mutual(HandshakeTimeout=3)
    sallyport = door.start()
    silent = [RawClient(door.address, port) for _ in range(400)]
    for _ in range(20):
        with Stopwatch() as watch:
            assert attempt(door, port, door.pki.good) == "ECS01"
        assert watch.seconds < 1
    wait_for(lambda: sallyport.listener_status(port)["handshaking"] == 0, 8, "all to be cut")
    for client in silent:
        client.close()
    closes = sallyport.listener_status(port)["closes"]
    assert closes["handshake_timeout"] == 400


def test_damaged_flights_never_get_in(door):
    """Every position of the client's last flight is damaged once in a while; none is accepted."""
    port, backend = door.mutual()
    door.start()
    for at in range(0, 1200, 37):
        client = TlsClient(door.address, port, door.pki.good, version=ssl.TLSVersion.TLSv1_3)
        flight = bytearray(client.handshake_keeping_last_flight())
        flight[at % len(flight)] ^= 1 << at % 8
        client.tls.write(b"GET / HTTP/1.1\r\n\r\n")
        try:
            client.sock.sendall(bytes(flight) + client.take_outgoing())
            client.sock.settimeout(5)
            client.sock.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        data, _ = client.read_to_end()
        assert b"ECS01" not in data
        client.sock.close()
    # The compatibility ChangeCipherSpec at the front may be anything or nothing; no flight counts.
    assert backend.connections == 0
    assert attempt(door, port, door.pki.good) == "ECS01"


def test_noise_instead_of_a_hello(door):
    import random
    noise = random.Random(7)
    port, backend = door.mutual(HandshakeTimeout=2)
    door.start()

    def throw(seed):
        own = random.Random(seed)
        for _ in range(40):
            hello = bytearray(client_hello())
            for _ in range(own.randrange(1, 8)):
                hello[own.randrange(len(hello))] = own.randrange(256)
            try:
                with RawClient(door.address, port, timeout=5) as client:
                    client.send(bytes(hello[:own.randrange(5, len(hello) + 1)]))
                    client.sock.shutdown(socket.SHUT_WR)
                    client.read_to_end()
            except OSError:
                pass
    threads = [threading.Thread(target=throw, args=(noise.random(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert backend.connections == 0
    assert attempt(door, port, door.pki.good) == "ECS01"
