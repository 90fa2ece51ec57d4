"""PROXY protocol: v2 to the servers, v1 and v2 from the proxies in front."""
import ssl

import pytest

from support.backend import answer_name
from support.clients import RawClient, attempt, connect
from support.proxy_protocol import V2_LOCAL, read_v2, v1, v2
from support.waiting import wait_for

V1_ADDRESS = ("203.0.113.7", "198.51.100.1", 4711, 443)


@pytest.fixture
def headers():
    return []


def reading(headers):
    def handler(backend, talk):
        header = read_v2(talk)
        headers.append(header)
        if header is not None and header["command"] == 1:
            answer_name(backend, talk)
    return handler


@pytest.mark.core
@pytest.mark.parametrize("protocol", ["TCP", "TCPSSL"])
def test_the_server_is_told_who_the_client_is(door, headers, protocol):
    door.group("web", door.backend(handler=reading(headers)))
    door.ca("clients", door.pki.root)
    port = door.listener(protocol=protocol, ProxyProtocolEnabled=True,
                         **({"cas": ["clients"]} if protocol == "TCPSSL" else {}))
    door.start()
    if protocol == "TCPSSL":
        client = connect(door, port, door.pki.good, source="127.0.0.9")
        own = client.sock.getsockname()
        client.close()
    else:
        client = RawClient(door.address, port, source="127.0.0.9")
        own = client.sock.getsockname()
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        assert b"ECS01" in client.sock.recv(4096)
        client.close()
    assert headers == [{"version": 2, "command": 1, "family": 0x11, "source": own[0],
                        "destination": door.address, "source_port": own[1],
                        "destination_port": port, "tlvs": headers[0]["tlvs"]}]


def test_without_the_setting_no_header_is_sent(door):
    port, backend = door.mutual()
    door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert not bytes(backend.last().received).startswith(b"\r\n\r\n\0")


def trusted(door, headers, *blocks, **more):
    door.group("web", door.backend(handler=reading(headers)))
    door.ca("clients", door.pki.root)
    return door.listener(cas=["clients"], ProxyProtocolEnabled=True,
                         ProxyProtocolFrom=list(blocks), **more)


@pytest.mark.parametrize("header", [v1(*V1_ADDRESS), v2(*V1_ADDRESS),
                                    v2(*V1_ADDRESS, tlvs=b"\x02\x00\x03abc")],
                         ids=["v1", "v2", "v2 with tlv"])
def test_a_header_of_a_trusted_proxy_is_believed(door, headers, header):
    port = trusted(door, headers, "127.0.0.0/8")
    sallyport = door.start()
    assert attempt(door, port, door.pki.good, prefix=header) == "ECS01"
    assert headers[0]["source"] == "203.0.113.7" and headers[0]["source_port"] == 4711
    assert sallyport.wait_event("conn_closed")["client"] == "203.0.113.7:4711"
    assert attempt(door, port, door.pki.stranger, prefix=header) == "unknown_ca"
    refused = sallyport.wait_event("client_refused")
    assert refused["client"] == "203.0.113.7:4711"


def test_ipv6_addresses_in_headers(door, headers):
    port = trusted(door, headers, "127.0.0.1/32")
    sallyport = door.start()
    for header in (v1("2001:db8::7", "2001:db8::1", 4711, 443),
                   v2("2001:db8::7", "2001:db8::1", 4711, 443)):
        assert attempt(door, port, door.pki.good, prefix=header) == "ECS01"
    assert sallyport.wait_event("conn_closed")["client"] == "[2001:db8::7]:4711"


def test_local_keeps_the_proxys_own_address(door, headers):
    port = trusted(door, headers, "127.0.0.0/8")
    sallyport = door.start()
    assert attempt(door, port, door.pki.good, prefix=V2_LOCAL) == "ECS01"
    assert sallyport.wait_event("conn_closed")["client"].startswith("127.0.0.1:")


def test_a_header_and_the_hello_may_arrive_in_pieces(door, headers):
    port = trusted(door, headers, "127.0.0.0/8")
    door.start()
    from support.clients import TlsClient
    client = TlsClient(door.address, port, door.pki.good)
    for at in range(len(v2(*V1_ADDRESS))):
        client.sock.sendall(v2(*V1_ADDRESS)[at:at + 1])
    client.handshake()
    assert client.request() == "ECS01"
    client.close()


@pytest.mark.parametrize("header", [
    b"", b"PROXY TCP4 1.2.3.4 5.6.7.8 99999 1\r\n", b"PROXY TCP4 1.2.3.4 ::1 1 1\r\n",
    b"PROXY TCP4 01.2.3.4 5.6.7.8 1 1\r\n", b"PROXY " + b"x" * 200 + b"\r\n",
    v2(*V1_ADDRESS)[:12] + b"\x31" + v2(*V1_ADDRESS)[13:],
], ids=["none", "port", "mixed", "zero", "long", "version"])
def test_a_trusted_source_without_a_good_header_is_refused(door, headers, header):
    port = trusted(door, headers, "127.0.0.0/8", HandshakeTimeout=3)
    sallyport = door.start()
    assert attempt(door, port, door.pki.good, prefix=header) != "ECS01"
    assert headers == []
    assert sallyport.wait_event("conn_closed")["reason"] in ("proxy_header", "handshake_timeout")


def test_an_untrusted_source_may_not_say_who_it_is(door, headers):
    """The header is then just a bad beginning of TLS; and without one it is an ordinary client."""
    port = trusted(door, headers, "192.0.2.0/24")
    sallyport = door.start()
    assert attempt(door, port, door.pki.good, prefix=v1(*V1_ADDRESS)) != "ECS01"
    assert attempt(door, port, door.pki.good, version=ssl.TLSVersion.TLSv1_2) == "ECS01"
    wait_for(lambda: len(sallyport.events("conn_closed")) == 2, 5, "both ends")
    assert not sallyport.events("conn_closed", client="203.0.113.7:4711")


def test_per_source_limits_count_the_client_behind_the_proxy(door, headers):
    port = trusted(door, headers, "127.0.0.0/8", MaxConnectionsPerSource=1)
    door.start()
    first = connect(door, port, door.pki.good, prefix=v1("203.0.113.7", "198.51.100.1", 1, 443))
    assert attempt(door, port, door.pki.good,
                   prefix=v1("203.0.113.7", "198.51.100.1", 2, 443)) != "ECS01"
    assert attempt(door, port, door.pki.good,
                   prefix=v1("203.0.113.8", "198.51.100.1", 3, 443)) == "ECS01"
    first.close()
