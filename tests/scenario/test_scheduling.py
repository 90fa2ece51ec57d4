"""Which server gets the next connection, by each scheduler's rule."""
import collections
import time

import pytest

from support.clients import RawClient
from support.waiting import wait_for


def ask(door, port, source=None, source_port=0):
    import socket
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.settimeout(10)
    if source:
        sock.bind((source, source_port))
    sock.connect((door.address, port))
    with sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return sock.recv(4096)[-5:].decode()


def servers(door, count, weights=None):
    backends = [door.backend(f"ECS{i:02d}") for i in range(1, count + 1)]
    return [{"ServerIp": b.address, "Port": b.port, "Description": b.name,
             **({"Weight": weights[i]} if weights else {})} for i, b in enumerate(backends)]


def started(door, entries, scheduler, workers=1, **more):
    door.group("web", *entries, Scheduler=scheduler, **more)
    port = door.listener(protocol="TCP")
    door.start(workers=workers)
    return port


def test_rr_alternates(door):
    port = started(door, servers(door, 3), "Rr")
    answers = [ask(door, port) for _ in range(9)]
    assert answers[0:3] == answers[3:6] == answers[6:9] and len(set(answers[:3])) == 3


def test_wrr_follows_the_weights_smoothly(door):
    port = started(door, servers(door, 3, [50, 10, 10]), "Wrr")
    answers = [ask(door, port) for _ in range(70)]
    assert collections.Counter(answers) == {"ECS01": 50, "ECS02": 10, "ECS03": 10}
    # Smooth: the heavy one never has all its turns in a row.
    longest = max(len(run) for run in "".join("x" if a == "ECS01" else " " for a in answers).split())
    assert longest <= 10


@pytest.mark.parametrize("scheduler", ["Rr", "Wrr", "Wlc", "Sch", "Tch"])
def test_weight_zero_gets_nothing(door, scheduler):
    port = started(door, servers(door, 2, [0, 10]), scheduler, workers=2)
    answers = {ask(door, port, f"127.0.1.{i}") for i in range(1, 20)}
    # Round robin pays no attention to weights, but zero means none everywhere.
    assert answers == {"ECS02"}


def test_wlc_prefers_the_server_with_fewest_connections(door):
    """The counts are shared: it holds with several workers too."""
    port = started(door, servers(door, 2, [10, 10]), "Wlc", workers=2)
    held = []
    for _ in range(8):
        client = RawClient(door.address, port)
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        client.answer = client.sock.recv(4096)[-5:]
        held.append(client)
    counts = collections.Counter(client.answer for client in held)
    assert counts[b"ECS01"] == counts[b"ECS02"] == 4
    first = [client for client in held if client.answer == b"ECS01"]
    for client in first:
        client.close()
    wait_for(lambda: {s["connections"] for s in door.sallyport.status()["server_groups"][0][
        "servers"] if s["name"] == "ECS01"} == {0}, 5, "the ends")
    more = []
    for _ in range(4):
        client = RawClient(door.address, port)
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        assert client.sock.recv(4096)[-5:] == b"ECS01"
        more.append(client)
    for client in held + more:
        client.close()


def test_sch_sends_a_source_always_to_the_same_server(door):
    port = started(door, servers(door, 4), "Sch", workers=2)
    chosen = {}
    for number in range(1, 41):
        source = f"127.0.1.{number}"
        answers = {ask(door, port, source) for _ in range(3)}
        assert len(answers) == 1
        chosen[source] = answers.pop()
    assert len(set(chosen.values())) == 4, "all servers have a share"


@pytest.mark.parametrize("scheduler", ["Sch", "Tch"])
def test_removing_one_of_n_servers_moves_about_one_in_n(door, scheduler):
    entries = servers(door, 5)
    port = started(door, entries, scheduler, workers=2)
    keys = [(f"127.0.{2 + i // 250}.{1 + i % 250}", 20000 + i) for i in range(150)]

    def mapping():
        return {key: ask(door, port, *key) for key in keys}
    before = mapping()
    assert len(set(before.values())) == 5
    door.group_named("web")["Servers"].pop(2)
    door.sallyport.reload()
    after = mapping()
    moved = [key for key in keys if before[key] != "ECS03" and before[key] != after[key]]
    assert "ECS03" not in after.values()
    assert len(moved) <= len(keys) // 10, f"{len(moved)} of {len(keys)} moved for nothing"


def test_tch_spreads_the_connections_of_one_source(door):
    port = started(door, servers(door, 3), "Tch")
    assert len({ask(door, port) for _ in range(40)}) == 3


def test_slow_start_lets_a_server_grow_into_its_share(door):
    """Back from the dead, it first gets a tenth of its weight, and all of it in the end."""
    entries = servers(door, 2)
    door.group("web", *entries, Scheduler="Wrr", SlowStart=6, HealthCheckConfig={
        "HealthCheckType": "TCP", "HealthCheckInterval": 1, "HealthCheckConnectTimeout": 1,
        "HealthyThreshold": 2, "UnhealthyThreshold": 2})
    port = door.listener(protocol="TCP")
    first = door.backends[0]
    sallyport = door.start(workers=1)

    def share(count):
        return collections.Counter(ask(door, port) for _ in range(count))["ECS01"] / count
    wait_for(lambda: set(sallyport.server_states().values()) == {"Healthy"}, 10, "health")
    first.close()
    wait_for(lambda: sallyport.server_states()["ECS01"] == "Unhealthy", 10, "its death")
    begin = time.monotonic()
    # By then the other one is past its own slow start.
    wait_for(lambda: time.monotonic() - begin > 5, 10, "a while")
    first.open()
    wait_for(lambda: sallyport.server_states()["ECS01"] == "Healthy", 10, "its return")
    assert share(60) <= 0.33
    wait_for(lambda: share(20) == 0.5, 15, "its whole share", pause=0.2)
