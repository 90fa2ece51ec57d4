"""A reload loses no connection and cuts no transfer; a bad manifest changes nothing."""
import hashlib
import signal
import threading
import time

import pytest

from support.backend import echo
from support.clients import TlsClient, attempt, connect
from support.waiting import wait_for


class Load:
    """Clients that connect, ask and leave, and one long transfer, until they are stopped."""

    def __init__(self, door, port, threads=3):
        self.door, self.port = door, port
        self.failures, self.answers = [], 0
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._run) for _ in range(threads)]

    def _run(self):
        while not self.ended.is_set():
            try:
                client = connect(self.door, self.port, self.door.pki.good)
                assert client.name.startswith("ECS")
                client.request()
                client.close()
                self.answers += 1
            except Exception as error:  # every kind of failure counts
                self.failures.append(repr(error))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()


class LongTransfer(threading.Thread):
    """An echo that must come back whole."""

    def __init__(self, door, port, ended):
        super().__init__()
        self.door, self.port, self.ended = door, port, ended
        self.good = None

    def run(self):
        sent, got = hashlib.sha256(), hashlib.sha256()
        client = TlsClient(self.door.address, self.port, self.door.pki.good).handshake()
        number = 0
        while not self.ended.is_set():
            block = bytes([number & 255]) * 50_000
            number += 1
            sent.update(block)
            client.send(block)
            got.update(client.read_exactly(len(block)))
        client.close()
        self.good = sent.digest() == got.digest() and number > 10


@pytest.mark.core
def test_a_reload_each_200_ms_under_load_loses_nothing(door):
    pki = door.pki
    backends = [door.backend("ECS01"), door.backend("ECS02")]
    door.group("web", *backends)
    door.group("echo", door.backend("ECHO", handler=echo))
    crl = pki.crl(pki.sub, [])
    door.ca("clients", pki.root, pki.sub, crls=[crl])
    port = door.listener(cas=["clients"])
    echo_port = door.listener("echo", cas=["clients"])
    sallyport = door.start()
    with Load(door, port) as load:
        transfer = LongTransfer(door, echo_port, load.ended)
        transfer.start()
        extra = None
        for number in range(20):
            begin = time.monotonic()
            # Something else changes each time: CRL, weight, certificate, listener, server.
            if number % 4 == 0:
                pki.crl(pki.sub, [1000 + number], name=crl, number=2 + number)
            elif number % 4 == 1:
                door.group_named("web")["Servers"][0]["Weight"] = 10 + number
            elif number % 4 == 2:
                if extra is None:
                    extra = door.listener("web", cas=["clients"])
                else:
                    door.manifest["Listeners"].remove(door.listener_at(extra))
                    extra = None
            else:
                servers = door.group_named("web")["Servers"]
                if len(servers) == 2:
                    servers.pop()
                else:
                    servers.append({"ServerIp": backends[1].address, "Port": backends[1].port,
                                    "Description": "ECS02"})
            sallyport.reload()
            wait_for(lambda: time.monotonic() - begin > 0.2, 2, "the next turn")
    transfer.join()
    assert load.failures == []
    assert load.answers > 20
    assert transfer.good
    assert len(sallyport.events("applied")) >= 20


@pytest.mark.core
def test_a_bad_manifest_changes_nothing(door):
    port, _ = door.mutual()
    sallyport = door.start()
    before = sallyport.status()["version"]
    with connect(door, port, door.pki.good) as held:
        good = [dict(entry) for entry in door.manifest["Listeners"]]
        door.manifest["Listeners"][0]["ServerGroupId"] = "nowhere"
        door.listener(cas=["clients"])
        done = sallyport.reload(check=False)
        assert done.returncode != 0
        assert "nowhere" in done.stderr and "sallyport.yaml:" in done.stderr
        assert sallyport.status()["version"] == before
        assert not sallyport.status()["last_reload"]["ok"]
        assert sallyport.events("reload_failed")
        assert attempt(door, port, door.pki.good) == "ECS01"
        assert held.request() == "ECS01"
        door.manifest["Listeners"][:] = good
    sallyport.reload()
    assert sallyport.status()["last_reload"]["ok"]
    assert sallyport.status()["version"] > before


def test_a_listener_on_a_taken_port_leaves_everything_as_it_was(door):
    import socket
    port, _ = door.mutual()
    sallyport = door.start()
    with socket.socket() as taken:
        taken.bind((door.address, 0))
        taken.listen()
        busy = taken.getsockname()[1]
        door.listener(port=busy, cas=["clients"])
        also_new = door.listener(cas=["clients"])
        done = sallyport.reload(check=False)
        assert done.returncode != 0 and str(busy) in done.stderr
        assert attempt(door, port, door.pki.good) == "ECS01"
        with socket.socket() as sock:
            assert sock.connect_ex((door.address, also_new)) != 0, "half-applied"
    sallyport.reload()
    assert attempt(door, also_new, door.pki.good) == "ECS01"


def test_sighup_reloads_too(door):
    port, _ = door.mutual()
    sallyport = door.start()
    door.group("second", door.backend("ECS02"))
    door.listener_at(port)["ServerGroupId"] = "second"
    sallyport.write_manifest()
    count = len(sallyport.events("applied"))
    sallyport.signal(signal.SIGHUP)
    sallyport.wait_event("applied", count=count + 1)
    assert attempt(door, port, door.pki.good) == "ECS02"


def test_reload_waits_and_says_what_happened(door):
    port, _ = door.mutual()
    sallyport = door.start()
    done = sallyport.reload()
    assert done.stdout.strip(), "it says so"
    versions = {role["version"] for role in sallyport.status()["roles"]
                if role["role"].startswith("worker")}
    assert versions == {sallyport.status()["version"]}
    assert attempt(door, port, door.pki.good) == "ECS01"


def test_reload_without_a_daemon_is_an_error_that_helps(door):
    door.mutual()
    door.sallyport.write_manifest()
    done = door.sallyport.cli("reload", "--socket", door.sallyport.control_socket, check=False)
    assert done.returncode != 0 and door.sallyport.control_socket in done.stderr


def test_a_listener_changes_its_protocol_on_the_same_port(door):
    """The port is our own: it must not look taken."""
    from support.clients import RawClient
    port, _ = door.mutual()
    sallyport = door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    secure = dict(door.listener_at(port))
    entry = door.listener_at(port)
    for key in ("CertificateIds", "CaEnabled", "CaCertificateIds"):
        del entry[key]
    entry["ListenerProtocol"] = "TCP"
    sallyport.reload()
    with RawClient(door.address, port, timeout=5) as client:
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        assert b"ECS01" in client.sock.recv(4096)
    entry.clear()
    entry.update(secure)
    sallyport.reload()
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert attempt(door, port, None) == "certificate_required"


def test_an_address_widens_and_narrows_on_the_same_port(door):
    """From one address to all of the machine and back: the old socket must not stand in the way."""
    port, _ = door.mutual()
    sallyport = door.start()
    zone = door.manifest["LoadBalancers"][0]["ZoneMappings"][0]
    zone["PrivateIPv4Address"] = "0.0.0.0"
    sallyport.reload()
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert attempt(door, port, door.pki.good, address="127.0.0.1") == "ECS01"
    zone["PrivateIPv4Address"] = door.address
    sallyport.reload()
    assert attempt(door, port, door.pki.good) == "ECS01"


def test_ports_are_swapped_between_listeners(door):
    door.group("web", door.backend("ECS01"))
    door.group("second", door.backend("ECS02"))
    one, two = door.listener("web"), door.listener("second")
    sallyport = door.start()
    assert (attempt(door, one), attempt(door, two)) == ("ECS01", "ECS02")
    first, second = door.manifest["Listeners"]
    first["ListenerPort"], second["ListenerPort"] = two, one
    sallyport.reload()
    assert (attempt(door, one), attempt(door, two)) == ("ECS02", "ECS01")


def test_log_and_metrics_change_with_a_reload(door):
    import os
    port, _ = door.mutual()
    sallyport = door.start()
    old = door.manifest["Settings"]["MetricsAddress"]
    door.manifest["Settings"]["MetricsAddress"] = f"{door.address}:{door.port()}"
    door.manifest["Settings"]["Log"] = os.path.join(door.folder, "second.log")
    door.manifest["Settings"]["LogFormat"] = "Json"
    sallyport.reload()
    assert sallyport.metrics().samples
    host, _, number = old.rpartition(":")
    import socket
    with socket.socket() as sock:
        assert sock.connect_ex((host, int(number))) != 0
    sallyport.log_file = door.manifest["Settings"]["Log"]
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert sallyport.wait_event("conn_closed")["server"] == "ECS01"
