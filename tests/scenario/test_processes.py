"""Four roles: each may die, and the door stays open."""
import os
import signal
import socket

import pytest

from support.clients import attempt, connect, resumable, resume
from support.waiting import Stopwatch, wait_for


def replaced(sallyport, role, old):
    """The role's new process ids, once as many are there as before and `old` is gone."""
    count = len(sallyport.pids(role))

    def done():
        now = sallyport.pids(role)
        return len(now) == count and old not in now and 0 not in now and now
    return wait_for(done, 8, f"a new {role}", pause=0.05)


@pytest.mark.core
def test_a_killed_worker_is_back_within_a_second_and_loses_only_its_own(door):
    port, _ = door.mutual()
    sallyport = door.start(workers=2)
    sallyport.expect_deaths = True
    held = [connect(door, port, door.pki.good) for _ in range(12)]
    victim = sallyport.pids("worker")[0]
    with Stopwatch() as watch:
        os.kill(victim, signal.SIGKILL)
        replaced(sallyport, "worker", victim)
    assert watch.seconds < 2
    alive = 0
    for client in held:
        try:
            alive += client.request() == "ECS01"
        except Exception:  # its own connections are lost, that is all
            pass
        client.sock.close()
    assert 0 < alive < 12
    for _ in range(20):
        assert attempt(door, port, door.pki.good) == "ECS01"
    wait_for(lambda: sallyport.listener_status(port)["connections"] == 0, 5,
             "the dead worker's gauges to be zero")


def test_clients_connect_while_workers_die(door):
    port, _ = door.mutual()
    sallyport = door.start(workers=2)
    sallyport.expect_deaths = True
    for victim in list(sallyport.pids("worker")):
        os.kill(victim, signal.SIGKILL)
        # Not one is refused: the socket and its queue outlive the worker.
        assert attempt(door, port, door.pki.good) in ("ECS01", "reset")
        replaced(sallyport, "worker", victim)
        assert attempt(door, port, door.pki.good) == "ECS01"


def test_a_restarted_worker_resumes_sessions_of_before(door):
    port, _ = door.mutual()
    sallyport = door.start(workers=1)
    sallyport.expect_deaths = True
    context, session = resumable(door, port, door.pki.good)
    victim = sallyport.pids("worker")[0]
    os.kill(victim, signal.SIGKILL)
    replaced(sallyport, "worker", victim)
    assert resume(door, port, context, session) == "resumed"


def test_a_hung_worker_is_found_and_replaced(door):
    port, _ = door.mutual()
    sallyport = door.start(workers=2)
    sallyport.expect_deaths = True
    victim = sallyport.pids("worker")[1]
    os.kill(victim, signal.SIGSTOP)
    with Stopwatch() as watch:
        wait_for(lambda: victim not in sallyport.pids("worker"), 15, "its replacement", pause=0.1)
    assert 3 < watch.seconds < 10
    for _ in range(10):
        assert attempt(door, port, door.pki.good) == "ECS01"


def test_the_sockets_of_a_worker_that_keeps_dying_are_served_by_another(door):
    port, _ = door.mutual()
    sallyport = door.start(workers=2)
    sallyport.expect_deaths = True
    name = next(role["role"] for role in sallyport.status()["roles"]
                if role["role"].startswith("worker"))

    def pid():
        return next(role["pid"] for role in sallyport.status()["roles"] if role["role"] == name)
    for _ in range(3):
        victim = wait_for(pid, 5, "a worker to kill")
        os.kill(victim, signal.SIGKILL)
        wait_for(lambda victim=victim: pid() != victim, 5, "its end")
    for _ in range(30):
        assert attempt(door, port, door.pki.good) == "ECS01"
    # Tried again after ten seconds, it gets its sockets back.
    wait_for(lambda: pid() not in (0, victim), 20, "its return", pause=0.1)
    for _ in range(30):
        assert attempt(door, port, door.pki.good) == "ECS01"


def test_a_killed_checker_comes_back(door):
    backend = door.backend()
    door.group("web", backend, HealthCheckConfig={
        "HealthCheckType": "TCP", "HealthCheckInterval": 1, "HealthCheckConnectTimeout": 1,
        "HealthyThreshold": 2, "UnhealthyThreshold": 2})
    door.listener(protocol="TCP")
    sallyport = door.start()
    sallyport.expect_deaths = True
    wait_for(lambda: sallyport.server_states()["ECS01"] == "Healthy", 8, "health")
    victim = sallyport.pids("checker")[0]
    os.kill(victim, signal.SIGKILL)
    replaced(sallyport, "checker", victim)
    assert sallyport.server_states()["ECS01"] == "Healthy", "what was known is kept"
    backend.close()
    wait_for(lambda: sallyport.server_states()["ECS01"] == "Unhealthy", 8, "it checks again")


def test_traffic_goes_on_while_control_is_down(door):
    port, _ = door.mutual()
    sallyport = door.start(workers=1)
    sallyport.expect_deaths = True
    held = connect(door, port, door.pki.good)
    control, worker = sallyport.pids("control")[0], sallyport.pids("worker")[0]
    # Stopped, not killed: it stays down for as long as the test wants.
    os.kill(control, signal.SIGSTOP)
    try:
        assert held.request() == "ECS01"
        assert attempt(door, port, door.pki.good) == "ECS01"
        os.kill(worker, signal.SIGKILL)
        wait_for(lambda: attempt(door, port, door.pki.good) == "ECS01", 5, "the new worker")
        assert attempt(door, port, door.pki.stranger) == "unknown_ca"
    finally:
        os.kill(control, signal.SIGCONT)
    held.sock.close()


def test_a_killed_control_comes_back_and_takes_reloads(door):
    port, _ = door.mutual()
    sallyport = door.start()
    sallyport.expect_deaths = True
    held = connect(door, port, door.pki.good)
    victim = sallyport.pids("control")[0]
    os.kill(victim, signal.SIGKILL)

    def back():
        done = sallyport.cli("status", "--json", "--socket", sallyport.control_socket, check=False)
        return done.returncode == 0 and victim not in sallyport.pids("control")
    wait_for(back, 10, "control's return", pause=0.1)
    assert held.request() == "ECS01"
    door.group("second", door.backend("ECS02"))
    door.listener_at(port)["ServerGroupId"] = "second"
    sallyport.reload()
    assert attempt(door, port, door.pki.good) == "ECS02"
    assert held.request() == "ECS01"
    held.close()


def test_control_comes_back_while_the_manifest_is_bad(door):
    """The last good document is served on; the mistake is said."""
    port, _ = door.mutual()
    sallyport = door.start()
    sallyport.expect_deaths = True
    sallyport.write_manifest("Listeners: [broken")
    victim = sallyport.pids("control")[0]
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: sallyport.cli("status", "--json", "--socket", sallyport.control_socket,
                                   check=False).returncode == 0, 10, "control's return", pause=0.1)
    assert attempt(door, port, door.pki.good) == "ECS01"
    sallyport.reload()
    assert attempt(door, port, door.pki.good) == "ECS01"


@pytest.mark.core
def test_sigterm_drains_then_stops(door):
    door.manifest["Settings"]["ShutdownTimeout"] = 10
    port, _ = door.mutual()
    sallyport = door.start()
    client = connect(door, port, door.pki.good)
    process = sallyport.process
    sallyport.signal(signal.SIGTERM)
    wait_for(lambda: refuses(door, port), 5, "no more new connections")
    assert client.request() == "ECS01", "the open one may finish"
    client.close()
    with Stopwatch() as watch:
        process.wait(10)
    assert watch.seconds < 5, "nothing is left to wait for"
    assert process.returncode == 0


def refuses(door, port):
    with socket.socket() as sock:
        return sock.connect_ex((door.address, port)) != 0


def test_sigusr1_reopens_the_log(door):
    door.manifest["Settings"]["Log"] = door.sallyport.log_file = os.path.join(door.folder, "own.log")
    port, _ = door.mutual()
    sallyport = door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    sallyport.wait_event("conn_closed")
    os.rename(sallyport.log_file, sallyport.log_file + ".1")
    sallyport.signal(signal.SIGUSR1)
    wait_for(lambda: os.path.exists(sallyport.log_file), 5, "the new file")
    wait_for(lambda: attempt(door, port, door.pki.good) == "ECS01" and sallyport.events(
        "conn_closed"), 5, "a line in the new file")


def test_sigusr2_upgrades_without_refusing_a_connection(door):
    port, _ = door.mutual()
    door.manifest["Settings"]["ShutdownTimeout"] = 5
    sallyport = door.start()
    sallyport.expect_deaths = True
    held = connect(door, port, door.pki.good)
    context, session = resumable(door, port, door.pki.good)
    before = set(sallyport.pids("worker"))
    sallyport.signal(signal.SIGUSR2)

    def upgraded():
        assert attempt(door, port, door.pki.good) == "ECS01"
        done = sallyport.cli("status", "--json", "--socket", sallyport.control_socket, check=False)
        return done.returncode == 0 and not before & set(sallyport.pids("worker"))
    wait_for(upgraded, 20, "new workers", pause=0.05)
    sallyport.follow_upgrade()
    assert held.request() == "ECS01", "the old ones serve what they have"
    held.close()
    assert resume(door, port, context, session) == "resumed"
    sallyport.reload()
    assert attempt(door, port, door.pki.good) == "ECS01"


def test_an_upgrade_with_a_bad_manifest_is_given_up_at_once(door):
    """The old one goes on by itself, not only when its patience is over."""
    port, _ = door.mutual()
    sallyport = door.start()
    held = connect(door, port, door.pki.good)
    workers = set(sallyport.pids("worker"))
    sallyport.write_manifest("Nonsense: 1\n")
    sallyport.signal(signal.SIGUSR2)
    said = sallyport.wait_event("upgrade_failed", 10)
    assert "manifest" in said["error"]
    wait_for(lambda: set(sallyport.pids("worker")) == workers, 10, "the new ones to be gone")
    assert held.request() == "ECS01"
    held.close()
    assert attempt(door, port, door.pki.good) == "ECS01"
    sallyport.write_manifest()
    wait_for(lambda: sallyport.cli("reload", "--socket", sallyport.control_socket,
                                   check=False).returncode == 0, 10, "control to be back")
    assert attempt(door, port, door.pki.stranger) == "unknown_ca"


def test_two_daemons_do_not_share_a_port(door, pki):
    """SO_REUSEPORT must not make a second instance take half of the connections in silence."""
    port, _ = door.mutual()
    door.start()
    from support.door import Door
    second = Door(pki)
    try:
        second.address = door.address
        second.manifest["LoadBalancers"][0]["ZoneMappings"][0]["PrivateIPv4Address"] = door.address
        second.group("web", door.backends[0])
        second.listener(port=port)
        code, output = second.sallyport.run_to_the_end()
        assert code == 2 and str(port) in output, output
        assert attempt(door, port, door.pki.good) == "ECS01"
    finally:
        second.close()
