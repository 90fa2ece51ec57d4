"""Bytes arrive as they were sent, all of them, also when one side is slow."""
import hashlib
import random
import ssl
import threading

import pytest

from support.backend import echo
from support.clients import RawClient, TlsClient
from support.sallyport import SANITIZED
from support.waiting import wait_for

SIZE = (8 if SANITIZED else 64) << 20
BLOCK = random.Random(3).randbytes(1 << 20)


def blocks(size=SIZE):
    """Different everywhere: each block is turned by its number."""
    for number in range(size >> 20):
        turn = number * 7919 % len(BLOCK)
        yield BLOCK[turn:] + BLOCK[:turn]


def digest_of(size=SIZE):
    digest = hashlib.sha256()
    for block in blocks(size):
        digest.update(block)
    return digest.hexdigest()


def sender(_backend, talk):
    talk.read_until(b"go")
    for block in blocks():
        talk.send(block)


class Digesting:
    """A backend that keeps a digest instead of the bytes."""

    def __init__(self, reading_pause=None):
        self.digest = hashlib.sha256()
        self.count = 0
        self.end = threading.Event()
        self.reading_pause = reading_pause

    def __call__(self, _backend, talk):
        while True:
            if self.reading_pause:
                self.reading_pause.wait(30)
            data = talk.sock.recv(1 << 20)
            if not data:
                break
            self.digest.update(data)
            self.count += len(data)
        talk.send(b"got it")
        self.end.set()


def opened(door, protocol, handler, **more):
    door.group("web", door.backend(handler=handler))
    if protocol == "TCP":
        port = door.listener(protocol="TCP", **more)
    else:
        door.ca("clients", door.pki.root)
        port = door.listener(cas=["clients"], **more)
    door.start()
    return port


class PlainTransfer:
    def __init__(self, door, port, **more):
        self.client = RawClient(door.address, port, timeout=60, **more)

    def send(self, data):
        self.client.send(data)

    def read(self):
        return self.client.sock.recv(1 << 18)

    def finish(self):
        import socket
        self.client.sock.shutdown(socket.SHUT_WR)

    def close(self):
        self.client.close()


class TlsTransfer:
    def __init__(self, door, port, version):
        self.client = TlsClient(door.address, port, door.pki.good, version=version,
                                timeout=60).handshake()

    def send(self, data):
        self.client.send(data)

    def read(self):
        return self.client.read(1 << 18)

    def finish(self):
        self.client.send_close_notify()

    def close(self):
        self.client.sock.close()


WAYS = {
    "tcp": lambda door, port: PlainTransfer(door, port),
    "tls12": lambda door, port: TlsTransfer(door, port, ssl.TLSVersion.TLSv1_2),
    "tls13": lambda door, port: TlsTransfer(door, port, ssl.TLSVersion.TLSv1_3),
}


@pytest.mark.core
@pytest.mark.parametrize("way", WAYS)
def test_download(door, way):
    port = opened(door, "TCP" if way == "tcp" else "TCPSSL", sender)
    transfer = WAYS[way](door, port)
    transfer.send(b"go")
    digest, count = hashlib.sha256(), 0
    while data := transfer.read():
        digest.update(data)
        count += len(data)
    transfer.close()
    assert (count, digest.hexdigest()) == (SIZE, digest_of())


@pytest.mark.core
@pytest.mark.parametrize("way", WAYS)
def test_upload(door, way):
    taking = Digesting()
    port = opened(door, "TCP" if way == "tcp" else "TCPSSL", taking)
    transfer = WAYS[way](door, port)
    for block in blocks():
        transfer.send(block)
    transfer.finish()
    assert taking.end.wait(60)
    transfer.close()
    assert (taking.count, taking.digest.hexdigest()) == (SIZE, digest_of())


@pytest.mark.parametrize("way", WAYS)
def test_both_directions_at_once(door, way):
    size = SIZE // 4
    port = opened(door, "TCP" if way == "tcp" else "TCPSSL", echo)
    transfer = WAYS[way](door, port)
    digest, count = hashlib.sha256(), 0
    # One block ahead: the echo comes back while the next is on its way.
    ahead = 0
    for block in blocks(size):
        transfer.send(block[:200_000])
        ahead += 200_000
        while count < ahead - 200_000:
            data = transfer.read()
            digest.update(data)
            count += len(data)
    while count < ahead:
        data = transfer.read()
        assert data
        digest.update(data)
        count += len(data)
    transfer.close()
    wanted = hashlib.sha256()
    for block in blocks(size):
        wanted.update(block[:200_000])
    assert digest.hexdigest() == wanted.hexdigest()


@pytest.mark.parametrize("way", ["tcp", "tls13"])
def test_a_client_that_does_not_read_holds_the_server_back(door, way):
    """What is on its way for one connection is bounded: the sender has to wait."""
    sent = []

    def handler(_backend, talk):
        talk.sock.settimeout(3)
        block = b"b" * (1 << 20)
        try:
            for _ in range(200):
                talk.sock.sendall(block)
                sent.append(len(block))
        except TimeoutError:
            pass
        talk.sock.settimeout(None)
    port = opened(door, "TCP" if way == "tcp" else "TCPSSL", handler)
    transfer = WAYS[way](door, port)
    wait_for(lambda: sent and not growing(sent), 20, "the sender's waiting")
    assert sum(sent) < 64 << 20
    transfer.close()


def growing(values):
    import time
    before = len(values)
    end = time.monotonic() + 0.5
    while time.monotonic() < end:
        if len(values) != before:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("way", ["tcp", "tls12", "tls13"])
def test_a_slow_reader_gets_everything(door, way):
    """The server reads only in bursts, with a small window; the client pushes all the time."""
    pause = threading.Event()
    taking = Digesting(pause)
    backend = door.backend(handler=taking, receive_buffer=8192)
    door.group("web", backend)
    door.ca("clients", door.pki.root)
    port = door.listener(protocol="TCP") if way == "tcp" else door.listener(cas=["clients"])
    door.start()
    transfer = WAYS[way](door, port)
    size = 8 << 20
    toggling = threading.Event()

    def toggle():
        import time
        while not toggling.is_set():
            pause.set()
            time.sleep(0.01)
            pause.clear()
            time.sleep(0.01)
        pause.set()
    thread = threading.Thread(target=toggle)
    thread.start()
    for block in blocks(size):
        transfer.send(block)
    transfer.finish()
    toggling.set()
    thread.join()
    assert taking.end.wait(60)
    transfer.close()
    assert (taking.count, taking.digest.hexdigest()) == (size, digest_of(size))


def test_many_small_writes(door):
    port = opened(door, "TCPSSL", echo)
    client = TlsClient(door.address, port, door.pki.good).handshake()
    for number in range(500):
        message = b"%06d" % number
        client.send(message)
        assert client.read_exactly(6) == message
    client.close()


def test_bytes_of_the_client_that_come_before_the_server_is_reached(door):
    """Everything that arrived with or right behind the handshake is delivered once."""
    taking = Digesting()
    port = opened(door, "TCPSSL", taking)
    client = TlsClient(door.address, port, door.pki.good, version=ssl.TLSVersion.TLSv1_3)
    flight = client.handshake_keeping_last_flight()
    for _ in range(8):
        client.tls.write(b"q" * 16000)
    client.sock.sendall(flight + client.take_outgoing())
    client.send_close_notify()
    assert taking.end.wait(10)
    assert taking.count == 128_000
    client.sock.close()
