"""The four ALPN policies: what is chosen, and no_application_protocol where nothing fits."""
import ssl

import pytest

from support.clients import OpensslClient, attempt

CASES = [
    ("HTTP1Only", "http/1.1,http/1.0", "http/1.1"),
    ("HTTP1Only", "http/1.0", "http/1.0"),
    ("HTTP1Only", "h2,http/1.1", "http/1.1"),
    ("HTTP1Only", "h2", None),
    ("HTTP2Only", "h2,http/1.1", "h2"),
    ("HTTP2Only", "http/1.1", None),
    ("HTTP2Optional", "h2,http/1.1", "http/1.1"),
    ("HTTP2Optional", "h2", "h2"),
    ("HTTP2Optional", "mqtt", None),
    ("HTTP2Preferred", "http/1.1,h2", "h2"),
    ("HTTP2Preferred", "http/1.0", "http/1.0"),
    ("HTTP2Preferred", "spdy/3", None),
]


@pytest.mark.parametrize("policy,offered,chosen", CASES)
def test_choice(door, policy, offered, chosen):
    port, backend = door.mutual(AlpnEnabled=True, AlpnPolicy=policy)
    door.start()
    for version in ("-tls1_2", "-tls1_3"):
        client = OpensslClient(door, port, door.pki.good, [version, "-alpn", offered])
        if chosen:
            assert client.alpn == chosen, client.text[-600:]
        else:
            assert client.cipher is None and client.alert == "no_application_protocol"
    assert chosen or backend.connections == 0


def test_a_client_that_offers_nothing_is_let_in(door):
    port, _ = door.mutual(AlpnEnabled=True, AlpnPolicy="HTTP2Only")
    door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"


def test_without_a_policy_no_protocol_is_chosen(door):
    port, _ = door.mutual()
    door.start()
    client = OpensslClient(door, port, door.pki.good, ["-alpn", "h2,http/1.1"])
    assert client.cipher and client.alpn is None
    assert attempt(door, port, door.pki.good, alpn=["h2"], version=ssl.TLSVersion.TLSv1_3) == "ECS01"


def test_a_policy_without_alpn_and_alpn_without_a_policy_are_refused(door):
    door.mutual(AlpnEnabled=True)
    code, output = door.sallyport.run_to_the_end()
    assert code == 2 and "AlpnPolicy" in output
