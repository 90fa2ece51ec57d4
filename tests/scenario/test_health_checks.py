"""Servers that do not answer get no connections; while one is left, nobody notices."""
import socket
import ssl
import threading

import pytest

from support.clients import RawClient, attempt, connect
from support.door import free_port
from support.proxy_protocol import read_v2
from support.waiting import Stopwatch, wait_for

QUICK = {"HealthCheckType": "TCP", "HealthCheckInterval": 1, "HealthCheckConnectTimeout": 1,
         "HealthyThreshold": 2, "UnhealthyThreshold": 2}


def two(door, check=None, **more):
    backends = [door.backend("ECS01"), door.backend("ECS02")]
    door.group("web", *backends, HealthCheckConfig=check or QUICK, **more)
    return backends, door.listener(protocol="TCP")


def ask(door, port):
    try:
        with RawClient(door.address, port, timeout=15) as client:
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            return client.sock.recv(4096)[-5:].decode()
    except OSError as error:
        return type(error).__name__


def wait_healthy(sallyport, count=2):
    wait_for(lambda: list(sallyport.server_states().values()).count("Healthy") == count, 10,
             "healthy servers")


@pytest.mark.core
def test_a_dead_server_is_out_within_three_seconds_and_back_after_good_checks(door):
    (first, _), port = two(door)
    sallyport = door.start()
    wait_healthy(sallyport)
    assert {ask(door, port) for _ in range(6)} == {"ECS01", "ECS02"}
    first.close()
    with Stopwatch() as watch:
        wait_for(lambda: sallyport.server_states()["ECS01"] == "Unhealthy", 6, "its being out")
    assert watch.seconds <= 3.2
    event = sallyport.wait_event("server_state", server="ECS01", state="Unhealthy")
    assert event["reason"] == "CONNECT_FAILED"
    assert {ask(door, port) for _ in range(8)} == {"ECS02"}
    first.open()
    with Stopwatch() as watch:
        wait_for(lambda: sallyport.server_states()["ECS01"] == "Healthy", 8, "its being back")
    assert watch.seconds <= 3.5
    assert "ECS01" in {ask(door, port) for _ in range(6)}


def test_while_one_is_healthy_no_connection_fails(door):
    """A refused connect is retried on another server, before any check has noticed."""
    (first, _), port = two(door, {**QUICK, "HealthCheckInterval": 50})
    sallyport = door.start()
    wait_for(lambda: set(sallyport.server_states().values()) == {"Healthy"}, 5, "both first checks")
    first.close()
    assert {ask(door, port) for _ in range(20)} == {"ECS02"}
    failures = sum(s["connect_failures"] for s in sallyport.status()["server_groups"][0]["servers"])
    assert failures >= 1
    # Three in a row throw it out, and that is said.
    assert sallyport.wait_event("server_ejected")["server"] == "ECS01"


def test_a_server_that_does_not_answer_a_connect_is_given_up(door):
    """A full backlog: SYNs stay without an answer, and ConnectTimeout ends the attempt."""
    deaf = socket.socket()
    deaf.bind((door.address, 0))
    deaf.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(deaf.getsockname())
        fillers.append(filler)
    good = door.backend("ECS02")
    door.group("web", {"ServerIp": door.address, "Port": deaf.getsockname()[1],
                       "Description": "ECS01"}, good)
    port = door.listener(protocol="TCP", ConnectTimeout=1, ConnectBudget=5)
    door.start(workers=1)
    with Stopwatch() as watch:
        assert {ask(door, port) for _ in range(4)} == {"ECS02"}
    assert watch.seconds < 8
    for sock in [deaf, *fillers]:
        sock.close()


@pytest.mark.parametrize("policy,answer", [("TryAll", "ECS01"), ("Refuse", None)])
def test_when_all_are_marked_down(door, policy, answer):
    """The check looks at a port that is closed; the service itself would answer."""
    backend = door.backend("ECS01")
    door.group("web", backend, AllDown=policy, HealthCheckConfig={
        **QUICK, "HealthCheckConnectPort": free_port(door.address)})
    port = door.listener(protocol="TCP", ConnectBudget=2)
    sallyport = door.start()
    wait_for(lambda: sallyport.server_states()["ECS01"] == "Unhealthy", 8, "the verdict")
    if answer:
        assert ask(door, port) == answer
    else:
        assert ask(door, port) != "ECS01"
        assert sallyport.wait_event("conn_closed")["reason"] == "no_server"


def http_backend(answer, seen):
    def handler(_backend, talk):
        request = talk.read_until(b"\r\n\r\n")
        seen.append(request)
        talk.send(answer)
    return handler


HTTP = {**QUICK, "HealthCheckType": "HTTP"}


@pytest.mark.parametrize("status,codes,good", [
    (200, ["http_2xx"], True), (204, ["http_2xx"], True), (301, ["http_2xx"], False),
    (301, ["http_2xx", "http_3xx"], True), (404, ["http_4xx"], True), (500, ["http_2xx"], False),
    (503, ["http_5xx"], True),
])
def test_http_checks_look_at_the_status(door, status, codes, good):
    seen = []
    backend = door.backend(handler=http_backend(
        b"HTTP/1.1 %d Whatever\r\nContent-Length: 0\r\n\r\n" % status, seen))
    door.group("web", backend, HealthCheckConfig={**HTTP, "HealthCheckHttpCode": codes})
    door.listener(protocol="TCP")
    sallyport = door.start(workers=1)
    wanted = "Healthy" if good else "Unhealthy"
    wait_for(lambda: sallyport.server_states()["ECS01"] == wanted, 8, wanted)
    if not good:
        assert sallyport.wait_event("server_state", state="Unhealthy")["reason"] == \
            "HTTP_CODE_NOT_MATCH"


def test_every_field_of_an_http_check_is_used(door):
    seen = []
    backend = door.backend(handler=http_backend(b"HTTP/1.0 200 OK\r\n\r\n", seen))
    door.group("web", backend, HealthCheckConfig={
        **HTTP, "HealthCheckDomain": "health.example.com", "HealthCheckUrl": "/ready?deep=1",
        "HttpCheckMethod": "HEAD"})
    door.listener(protocol="TCP")
    sallyport = door.start(workers=1)
    wait_healthy(sallyport, 1)
    assert seen[0].startswith(b"HEAD /ready?deep=1 HTTP/1.")
    assert b"\r\nHost: health.example.com\r\n" in seen[0]


@pytest.mark.parametrize("answer,reason", [
    (b"SSH-2.0-OpenSSH\r\n", "HTTP_INVALID_HEADER"),
    (b"", "CONNECT_INTERRUPT"),
])
def test_answers_that_are_no_http(door, answer, reason):
    door.group("web", door.backend(handler=http_backend(answer, [])), HealthCheckConfig=HTTP)
    door.listener(protocol="TCP")
    sallyport = door.start(workers=1)
    assert sallyport.wait_event("server_state", state="Unhealthy")["reason"] == reason


def test_a_check_that_gets_no_answer_times_out(door):
    hold = threading.Event()

    def silent(_backend, talk):
        talk.read_until(b"\r\n\r\n")
        hold.wait(20)
    door.group("web", door.backend(handler=silent), HealthCheckConfig=HTTP)
    door.listener(protocol="TCP")
    sallyport = door.start(workers=1)
    assert sallyport.wait_event("server_state", state="Unhealthy")["reason"] == \
        "RECV_RESPONSE_TIMEOUT"
    hold.set()


def test_checks_begin_with_proxy_local_where_the_listener_sends_proxy(door):
    headers = []

    def handler(_backend, talk):
        headers.append(read_v2(talk))
        talk.read_all()
    backend = door.backend(handler=handler)
    door.group("web", backend, HealthCheckConfig=QUICK)
    door.listener(protocol="TCP", ProxyProtocolEnabled=True)
    sallyport = door.start(workers=1)
    wait_healthy(sallyport, 1)
    assert headers[0] is not None and headers[0]["command"] == 0


def test_results_survive_a_reload(door):
    (first, _), _port = two(door)
    first.close()
    sallyport = door.start()
    wait_for(lambda: sallyport.server_states() == {"ECS01": "Unhealthy", "ECS02": "Healthy"}, 8,
             "the verdicts")
    for _ in range(3):
        sallyport.reload()
        assert sallyport.server_states() == {"ECS01": "Unhealthy", "ECS02": "Healthy"}


def test_results_survive_a_killed_worker(door):
    (first, _), port = two(door)
    first.close()
    sallyport = door.start()
    sallyport.expect_deaths = True
    wait_for(lambda: sallyport.server_states() == {"ECS01": "Unhealthy", "ECS02": "Healthy"}, 8,
             "the verdicts")
    import os
    import signal
    victims = sallyport.pids("worker")
    os.kill(victims[0], signal.SIGKILL)
    wait_for(lambda: len(set(sallyport.pids("worker")) - set(victims)) == 1, 5, "the successor")
    assert {ask(door, port) for _ in range(10)} == {"ECS02"}


def test_an_unchecked_server_waits_while_others_are_known(door):
    """A new member gets traffic only after its first good check."""
    _, port = two(door, {**QUICK, "HealthCheckInterval": 2})
    sallyport = door.start()
    wait_healthy(sallyport)
    third = door.backend("ECS03")
    third.close()
    door.group_named("web")["Servers"].append(
        {"ServerIp": third.address, "Port": third.port, "Description": "ECS03"})
    sallyport.reload()
    assert "ECS03" not in {ask(door, port) for _ in range(12)}
    third.open()
    wait_for(lambda: ask(door, port) == "ECS03", 12, "the third's turn")


@pytest.mark.parametrize("how", ["removed", "weight"])
def test_draining(door, how):
    """Connections to a server that leaves have the drain time, then end with the reason."""
    backends = [door.backend("ECS01"), door.backend("ECS02")]
    door.group("web", *backends, ConnectionDrainEnabled=True, ConnectionDrainTimeout=2)
    door.ca("clients", door.pki.root)
    port = door.listener(cas=["clients"])
    sallyport = door.start(workers=1)
    held = {}
    while len(held) < 2:
        client = connect(door, port, door.pki.good)
        held[client.name] = client
    servers = door.group_named("web")["Servers"]
    if how == "removed":
        servers.pop(0)
    else:
        servers[0]["Weight"] = 0
    sallyport.reload()
    assert held["ECS01"].request() == "ECS01", "it may still finish"
    assert {attempt(door, port, door.pki.good) for _ in range(4)} == {"ECS02"}
    with Stopwatch() as watch:
        _, end = held["ECS01"].read_to_end()
    assert watch.seconds <= 3
    assert end in ("fin", "reset")
    assert sallyport.wait_event("conn_closed", reason="server_drained")["server"] == "ECS01"
    assert held["ECS02"].request() == "ECS02"
    held["ECS02"].close()


def test_without_draining_connections_to_a_removed_server_go_on(door):
    backends = [door.backend("ECS01"), door.backend("ECS02")]
    door.group("web", *backends)
    door.ca("clients", door.pki.root)
    port = door.listener(cas=["clients"])
    sallyport = door.start(workers=1)
    held = {}
    while len(held) < 2:
        client = connect(door, port, door.pki.good, version=ssl.TLSVersion.TLSv1_3)
        held[client.name] = client
    door.group_named("web")["Servers"].pop(0)
    sallyport.reload()
    for _ in range(3):
        assert held["ECS01"].request() == "ECS01"
    for client in held.values():
        client.close()
