"""The five system policies, exactly: versions and suites that negotiate, and those that do not."""
import ssl

import pytest

from support.clients import OpensslClient, attempt

A = ["ECDHE-{}-AES128-GCM-SHA256", "ECDHE-{}-AES256-GCM-SHA384"]
A_RSA_ONLY = ["ECDHE-{}-AES128-SHA256", "ECDHE-{}-AES256-SHA384"]
B = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA256"]
C = ["ECDHE-{}-AES128-SHA", "ECDHE-{}-AES256-SHA"]
D = ["AES128-SHA", "AES256-SHA"]
E = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
E_LISTED_ONLY = ["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]

POLICIES = {
    "tls_cipher_policy_1_0": (["1", "1_1", "1_2"], A + B + C + D),
    "tls_cipher_policy_1_1": (["1_1", "1_2"], A + B + C + D),
    "tls_cipher_policy_1_2": (["1_2"], A + B + C + D),
    "tls_cipher_policy_1_2_strict": (["1_2"], A + C),
    "tls_cipher_policy_1_2_strict_with_1_3": (["1_2", "1_3"], A + C),
}
VERSIONS = {"1": "TLSv1", "1_1": "TLSv1.1", "1_2": "TLSv1.2", "1_3": "TLSv1.3"}


@pytest.fixture
def doors(door):
    """One listener for each policy, with an ECDSA and an RSA certificate."""
    door.certificate("www", door.pki.www)
    door.certificate("rsa", door.pki.www_rsa())
    door.group("web", door.backend())
    ports = {policy: door.listener(AdditionalCertificateIds=["rsa"], SecurityPolicyId=policy)
             for policy in POLICIES}
    door.start()
    return ports


def offer(door, port, version, cipher):
    arguments = [f"-tls{version}"]
    if version == "1_3":
        arguments += ["-ciphersuites", cipher]
    else:
        arguments += ["-cipher", f"{cipher}:@SECLEVEL=0"]
    return OpensslClient(door, port, None, arguments)


@pytest.mark.parametrize("policy", POLICIES)
def test_versions(door, doors, policy):
    for version, name in VERSIONS.items():
        suite = "TLS_AES_128_GCM_SHA256" if version == "1_3" else "ALL"
        client = offer(door, doors[policy], version, suite)
        if version in POLICIES[policy][0]:
            assert client.cipher, (version, client.text[-500:])
            assert f": {name}" in client.text or f"New, {name}" in client.text
        else:
            assert client.cipher is None
            assert client.alert == "protocol_version", client.text[-500:]


@pytest.mark.parametrize("policy", POLICIES)
def test_suites_of_tls_1_2(door, doors, policy):
    allowed = POLICIES[policy][1]
    for suite in A + A_RSA_ONLY + B + C + D:
        for kind in ("ECDSA", "RSA") if "{}" in suite and suite not in A_RSA_ONLY else ("RSA",):
            name = suite.format(kind)
            client = offer(door, doors[policy], "1_2", name)
            if suite in allowed + (A_RSA_ONLY if A[0] in allowed else []):
                assert client.cipher == name, (name, client.text[-500:])
            else:
                assert client.cipher is None, name
                assert client.alert == "handshake_failure"


def test_suites_that_are_listed_and_never_negotiated(door, doors):
    """The TLS library does not have them: refused, as if they were not in the policy."""
    port = doors["tls_cipher_policy_1_2"]
    for suite in [suite.format("ECDSA") for suite in A_RSA_ONLY] + ["AES256-SHA256"]:
        client = offer(door, port, "1_2", suite)
        assert client.cipher is None and client.alert == "handshake_failure", suite
    port = doors["tls_cipher_policy_1_2_strict_with_1_3"]
    for suite in E_LISTED_ONLY:
        client = offer(door, port, "1_3", suite)
        assert client.cipher is None and client.alert == "handshake_failure", suite


def test_suites_of_tls_1_3(door, doors):
    for suite in E:
        client = offer(door, doors["tls_cipher_policy_1_2_strict_with_1_3"], "1_3", suite)
        assert client.cipher == suite


def test_suites_outside_every_policy_are_refused(door, doors):
    for suite in ("ECDHE-RSA-CHACHA20-POLY1305", "DHE-RSA-AES128-GCM-SHA256", "aNULL", "eNULL",
                  "PSK", "CAMELLIA128-SHA"):
        for policy in POLICIES:
            client = offer(door, doors[policy], "1_2", suite)
            assert client.cipher is None, (suite, policy)


def test_the_default_is_1_2_strict_with_1_3(door):
    port, _ = door.mutual()
    door.start()
    for version, good in (("1", False), ("1_1", False), ("1_2", True), ("1_3", True)):
        suite = "TLS_AES_128_GCM_SHA256" if version == "1_3" else "ALL"
        client = OpensslClient(door, port, door.pki.good, [
            f"-tls{version}", "-cipher" if version != "1_3" else "-ciphersuites",
            suite + (":@SECLEVEL=0" if version != "1_3" else "")])
        assert bool(client.cipher) == good, version


def test_custom_policies(door):
    door.manifest["SecurityPolicies"] = [
        {"SecurityPolicyName": "only13", "TlsVersions": ["TLSv1.3"],
         "Ciphers": ["TLS_AES_256_GCM_SHA384"]},
        {"SecurityPolicyName": "one12", "TlsVersions": ["TLSv1.2"],
         "Ciphers": ["ECDHE-ECDSA-AES256-GCM-SHA384"]}]
    door.group("web", door.backend())
    only13 = door.listener(SecurityPolicyId="only13")
    one12 = door.listener(SecurityPolicyId="one12")
    sallyport = door.start()
    assert offer(door, only13, "1_3", "TLS_AES_256_GCM_SHA384").cipher
    assert offer(door, only13, "1_3", "TLS_AES_128_GCM_SHA256").alert == "handshake_failure"
    assert offer(door, only13, "1_2", "ALL").alert == "protocol_version"
    assert offer(door, one12, "1_2", "ECDHE-ECDSA-AES256-GCM-SHA384").cipher
    assert offer(door, one12, "1_2", "ECDHE-ECDSA-AES128-GCM-SHA256").alert == "handshake_failure"
    assert attempt(door, one12, version=ssl.TLSVersion.TLSv1_3) != "ECS01"
    # A change of the policy holds from the next handshake on.
    door.manifest["SecurityPolicies"][1]["Ciphers"] = ["ECDHE-ECDSA-AES128-GCM-SHA256"]
    sallyport.reload()
    assert offer(door, one12, "1_2", "ECDHE-ECDSA-AES128-GCM-SHA256").cipher
    assert offer(door, one12, "1_2", "ECDHE-ECDSA-AES256-GCM-SHA384").alert == "handshake_failure"


@pytest.mark.parametrize("entry,word", [
    ({"TlsVersions": ["TLSv1.3"], "Ciphers": ["AES128-SHA"]}, "AES128-SHA"),
    ({"TlsVersions": ["TLSv1.2"], "Ciphers": ["AES128-SAH"]}, "AES128-SAH"),
    ({"TlsVersions": ["TLSv1.4"], "Ciphers": ["AES128-SHA"]}, "TLSv1.4"),
    ({"TlsVersions": ["TLSv1.2"], "Ciphers": []}, "Ciphers"),
])
def test_impossible_custom_policies_are_refused(door, entry, word):
    door.manifest["SecurityPolicies"] = [{"SecurityPolicyName": "mine", **entry}]
    door.mutual()
    code, output = door.sallyport.run_to_the_end()
    assert code == 2 and word in output, output


@pytest.mark.parametrize("groups,outcome", [
    ("X25519", "X25519"), ("P-256", "ECDH, prime256v1"), ("X25519:P-256", "X25519"),
])
def test_key_exchange_groups(door, groups, outcome):
    port, _ = door.mutual()
    sallyport = door.start()
    client = OpensslClient(door, port, door.pki.good, ["-tls1_3", "-groups", groups])
    assert client.group and client.group.startswith(outcome), client.text[-900:]
    assert sallyport.metrics().sum("sallyport_handshakes_by_group_total",
                                   group="P-256" if "prime" in outcome else "X25519") == 1


def test_only_unknown_groups_are_refused(door):
    port, _ = door.mutual()
    door.start()
    client = OpensslClient(door, port, door.pki.good, ["-tls1_3", "-groups", "X448"])
    assert client.cipher is None and client.alert == "handshake_failure"


def test_a_hybrid_group_is_asked_for_when_the_client_has_it(door):
    """No client here can finish such an exchange; but one that names X25519MLKEM768 and sends only
    an X25519 share must be asked, by HelloRetryRequest, for the hybrid share."""
    from support.clients import RawClient, client_hello
    import struct
    port, _ = door.mutual()
    door.start()
    hello = bytearray(client_hello(version=ssl.TLSVersion.TLSv1_3))
    # supported_groups (10): length, list length, groups. The first group becomes 0x11ec.
    at = hello.index(b"\x00\x0a\x00", 100)
    length = struct.unpack(">H", hello[at + 4:at + 6])[0]
    groups = hello[at + 6:at + 6 + length]
    x25519 = groups.index(b"\x00\x1d")
    other = 0 if x25519 else 2
    groups[other:other + 2] = b"\x11\xec"
    hello[at + 6:at + 6 + length] = groups
    with RawClient(door.address, port, timeout=5) as client:
        client.send(bytes(hello))
        answer = client.sock.recv(4096)
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    assert answer[11:43] == retry, "no HelloRetryRequest"
    assert b"\x00\x33\x00\x02\x11\xec" in answer, "the hybrid group is what is asked for"


def test_early_data_is_never_offered(door):
    port, _ = door.mutual()
    door.start()
    client = OpensslClient(door, port, door.pki.good, ["-tls1_3"])
    assert client.cipher
    assert "Max Early Data: 0" in client.text or "Max Early Data" not in client.text
