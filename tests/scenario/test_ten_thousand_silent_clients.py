"""10,000 connections that never say hello: little memory each, all cut on time, nothing left behind."""
import os
import resource
import selectors
import socket
import time

import pytest

from support.clients import attempt
from support.sallyport import SANITIZED
from support.waiting import wait_for

COUNT = 10_000
HANDSHAKE_TIMEOUT = 15


def memory_kib(pids):
    """What these processes have written: shared pages of the program file come and go with others."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("Private_Dirty:"))
    return total


def descriptors(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def connect_all(door, port):
    sockets = []
    for _ in range(COUNT):
        sock = socket.socket()
        sock.connect((door.address, port))
        sockets.append(sock)
    return sockets


@pytest.mark.skipif(SANITIZED or os.geteuid() != 0, reason="a matter of the ordinary build, as root")
def test_ten_thousand_silent_clients(door):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < COUNT + 1000:
        pytest.skip("not enough descriptors here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, backend = door.mutual(HandshakeTimeout=HANDSHAKE_TIMEOUT)
    sallyport = door.start(workers=2)
    for _ in range(20):
        assert attempt(door, port, door.pki.good) == "ECS01"
    pids = sallyport.pids("worker")
    wait_for(lambda: sallyport.listener_status(port)["connections"] == 0, 5, "quiet")
    memory_before, descriptors_before = memory_kib(pids), descriptors(pids)

    begin = time.monotonic()
    sockets = connect_all(door, port)
    last = time.monotonic()
    wait_for(lambda: sallyport.listener_status(port)["handshaking"] == COUNT, 10, "all of them")
    each = (memory_kib(pids) - memory_before) / COUNT
    assert each <= 12, f"{each:.1f} KiB a silent connection"
    waits = []
    for _ in range(50):
        ask = time.monotonic()
        assert attempt(door, port, door.pki.good) == "ECS01"
        waits.append(time.monotonic() - ask)
    assert sorted(waits)[25] < 0.2

    ended = 0
    first_end = None
    with selectors.DefaultSelector() as selector:
        for sock in sockets:
            selector.register(sock, selectors.EVENT_READ)
        while ended < COUNT:
            found = selector.select(HANDSHAKE_TIMEOUT + 5)
            assert found, f"{COUNT - ended} are still open"
            first_end = first_end or time.monotonic()
            for key, _ in found:
                selector.unregister(key.fileobj)
                ended += 1
    assert first_end - begin >= HANDSHAKE_TIMEOUT - 0.5
    assert time.monotonic() - last <= HANDSHAKE_TIMEOUT + 1
    for sock in sockets:
        sock.close()

    wait_for(lambda: abs(descriptors(pids) - descriptors_before) <= 8, 30, "the descriptors")
    wait_for(lambda: memory_kib(pids) <= memory_before * 1.25, 30, "the memory", pause=0.2)
    assert backend.connections == 70
    assert attempt(door, port, door.pki.good) == "ECS01"
