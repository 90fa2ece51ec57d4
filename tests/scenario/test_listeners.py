"""What a listener can be: TCP, IPv6, a range of ports, stopped; and how long it lets things idle."""
import re
import socket

import pytest

from support.clients import RawClient, attempt, connect
from support.door import free_range
from support.waiting import Stopwatch, wait_for


def ask(address, port):
    """The backend's name through a TCP listener; None when there is nobody."""
    try:
        with RawClient(address, port, timeout=5) as client:
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            data = b""
            while not re.search(rb"ECS\d\d", data):
                more = client.sock.recv(4096)
                if not more:
                    return None
                data += more
            return re.search(rb"ECS\d\d", data).group().decode()
    except OSError:
        return None


@pytest.mark.core
def test_a_tcp_listener_passes_bytes_on(door):
    door.group("web", door.backend())
    port = door.listener(protocol="TCP")
    sallyport = door.start()
    assert ask(door.address, port) == "ECS01"
    closed = sallyport.wait_event("conn_closed")
    assert closed["server"] == "ECS01" and "tls" not in closed


def test_a_server_may_speak_first(door):
    def greet(_backend, talk):
        talk.send(b"220 ready\r\n")
        talk.read_all()
    door.group("smtp", door.backend(handler=greet))
    port = door.listener("smtp", protocol="TCP")
    tls = door.listener("smtp")
    door.start()
    with RawClient(door.address, port, timeout=5) as client:
        assert client.sock.recv(100) == b"220 ready\r\n"
    from support.clients import TlsClient
    with TlsClient(door.address, tls).handshake() as client:
        assert client.read() == b"220 ready\r\n"


def test_ipv6_to_ipv4_and_to_ipv6(door):
    try:
        from support.backend import Backend
        backend = Backend("::1", "ECS06")
    except OSError:
        pytest.skip("no IPv6 here")
    door.backends.append(backend)
    door.manifest["LoadBalancers"][0]["ZoneMappings"][0]["Ipv6Address"] = "::1"
    door.group("web", door.backend())
    door.group("six", backend)
    to_four = door.listener(protocol="TCP")
    to_six = door.listener("six", protocol="TCP")
    sallyport = door.start()
    assert ask("::1", to_four) == "ECS01"
    assert ask("::1", to_six) == "ECS06"
    assert ask(door.address, to_six) == "ECS06"
    assert sallyport.wait_event("conn_closed")["client"].startswith("[::1]:")


def test_a_range_of_ports_reaches_the_same_port_of_the_server(door):
    first = free_range(door.address, 6)
    from support.backend import Backend
    for number in range(3):
        backend = Backend(door.address.rsplit(".", 1)[0] + ".255", f"ECS0{number}",
                          port=first + number)
        door.backends.append(backend)
    door.group("any", {"ServerIp": door.backends[0].address, "Port": 0}, AnyPortEnabled=True)
    door.listener("any", port=0, protocol="TCP", StartPort=first, EndPort=first + 3)
    door.start()
    for number in range(3):
        assert ask(door.address, first + number) == f"ECS0{number}"
    assert ask(door.address, first + 3) is None, "nobody listens there behind the door"
    with socket.socket() as sock:
        assert sock.connect_ex((door.address, first + 4)) != 0, "outside of the range"


def test_a_thousand_and_twenty_four_range_ports_and_no_more(door):
    first = free_range(door.address, 1030)
    door.group("any", {"ServerIp": "127.0.0.1", "Port": 0}, AnyPortEnabled=True)
    door.listener("any", port=0, protocol="TCP", StartPort=first, EndPort=first + 1024)
    code, output = door.sallyport.run_to_the_end()
    assert code == 2 and "1024" in output.replace(",", ""), output
    door.manifest["Listeners"][-1]["EndPort"] = first + 1023
    door.start()
    with socket.create_connection((door.address, first + 1023), 5):
        pass


def test_a_range_needs_a_group_with_any_port(door):
    door.group("web", door.backend())
    door.listener(port=0, protocol="TCP", StartPort=20000, EndPort=20005)
    code, output = door.sallyport.run_to_the_end()
    assert code == 2 and "AnyPortEnabled" in output, output


def test_the_idle_time_ends_a_connection_and_bytes_prolong_it(door):
    port, _ = door.mutual(IdleTimeout=2)
    sallyport = door.start()
    client = connect(door, port, door.pki.good)
    with Stopwatch() as busy:
        for _ in range(3):
            wait_for(lambda: not_yet(client, 1.2), 3, "a while", pause=0.05)
            assert client.request() == "ECS01"
    assert busy.seconds > 3
    with Stopwatch() as watch:
        _, end = client.read_to_end()
    assert end in ("fin", "reset"), "a time limit is no close_notify"
    assert 1.5 <= watch.seconds <= 2.7
    assert sallyport.wait_event("conn_closed")["reason"] == "idle_timeout"


def not_yet(client, seconds):
    """True once the client has been quiet for so long."""
    import select
    readable, _, _ = select.select([client.sock], [], [], seconds)
    assert not readable
    return True


def test_stopping_and_starting_a_listener(door):
    port, backend = door.mutual()
    other = door.listener(cas=["clients"])
    sallyport = door.start()
    held = connect(door, port, door.pki.good)
    door.listener_at(port)["ListenerStatus"] = "Stopped"
    sallyport.reload()
    with socket.socket() as sock:
        assert sock.connect_ex((door.address, port)) != 0
    assert attempt(door, other, door.pki.good) == "ECS01"
    _, end = held.read_to_end()
    assert end in ("fin", "reset", "close_notify")
    assert sallyport.wait_event("conn_closed", reason="listener_removed")
    assert sallyport.listener_status(port)["status"] == "Stopped"
    door.listener_at(port)["ListenerStatus"] = "Running"
    sallyport.reload()
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert backend.connections >= 2


def test_a_removed_listener_stops_accepting_and_frees_its_port(door):
    port, _ = door.mutual()
    stays = door.listener(cas=["clients"])
    sallyport = door.start()
    kept = connect(door, stays, door.pki.good)
    gone = connect(door, port, door.pki.good)
    door.manifest["Listeners"].remove(door.listener_at(port))
    sallyport.reload()
    with socket.socket() as sock:
        assert sock.connect_ex((door.address, port)) != 0
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((door.address, port))
        sock.listen()
    gone.read_to_end()
    assert sallyport.wait_event("conn_closed", reason="listener_removed")
    assert kept.request() == "ECS01"
    kept.close()


def test_the_segment_size_is_announced(door):
    door.group("web", door.backend())
    small = door.listener(protocol="TCP", Mss=700)
    usual = door.listener(protocol="TCP")
    sallyport = door.start()

    def announced(port):
        with RawClient(door.address, port) as client:
            return client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
    assert announced(small) <= 700
    assert announced(usual) > 700
    # Both ways with a reload, on the same listening sockets.
    del door.listener_at(small)["Mss"]
    door.listener_at(usual)["Mss"] = 700
    sallyport.reload()
    assert announced(small) > 700
    assert announced(usual) <= 700


def test_live_changes_of_certificate_ca_and_group(door):
    """Each takes effect at the next handshake or connection, and cuts nothing."""
    pki = door.pki
    port, _ = door.mutual()
    door.group("second", door.backend("ECS02"))
    sallyport = door.start()
    held = connect(door, port, pki.good)
    door.listener_at(port)["ServerGroupId"] = "second"
    sallyport.reload()
    assert attempt(door, port, pki.good) == "ECS02"
    assert held.request() == "ECS01"
    door.ca("partners", pki.other_root)
    door.listener_at(port)["CaCertificateIds"] = ["partners"]
    sallyport.reload()
    assert attempt(door, port, pki.good) == "unknown_ca"
    assert attempt(door, port, pki.stranger) == "ECS02"
    assert held.request() == "ECS01"
    door.listener_at(port)["CaEnabled"] = False
    sallyport.reload()
    assert attempt(door, port, None) == "ECS02"
    held.close()
