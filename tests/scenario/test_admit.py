"""`sallyport admit` answers what the handshake would decide, for everyone."""
import datetime
import json

import pytest

from support.cast import WRONG, Cast
from support.clients import attempt
from support.pki import DAY, now


@pytest.fixture
def cast(pki):
    return Cast(pki)


def admit(door, port, credential, *more):
    arguments = ["admit", "--manifest", door.sallyport.manifest_file, "--listener", str(port),
                 "--json", *more]
    if credential is not None:
        arguments += ["--cert", credential.chain_file]
    done = door.sallyport.cli(*arguments, check=False)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert (answer["verdict"] == "admitted") == (done.returncode == 0)
    return answer


@pytest.mark.core
def test_it_agrees_with_the_handshake_for_the_whole_cast(door, cast):
    port, _ = door.mutual(crls=[door.pki.crl(door.pki.sub, [cast.revoked])])
    sallyport = door.start()
    wrong = cast.wrong()
    assert len(wrong) == len(WRONG)
    # A client with a P-224 key has no TLS 1.3 signature for it and sends no certificate.
    wrong = [entry for entry in wrong if entry[0] != "p224"]
    for count, (name, credential, _, _) in enumerate(wrong, 1):
        alert = attempt(door, port, credential)
        event = sallyport.wait_event("client_refused", count=count)
        answer = admit(door, port, credential)
        assert answer["verdict"] == "refused", name
        assert answer["reason"] == event["reason"], name
        assert answer["alert"]["name"] == alert == event["alert"], name
    for credential in (door.pki.good, door.pki.direct, door.pki.good_rsa()):
        assert attempt(door, port, credential) == "ECS01"
        assert admit(door, port, credential)["verdict"] == "admitted"


def test_it_needs_no_running_daemon_and_explains_each_step(door, cast):
    port, _ = door.mutual(crls=[door.pki.crl(door.pki.sub, [cast.revoked])])
    door.sallyport.write_manifest()
    answer = admit(door, port, cast.revoked)
    outcomes = [(step["step"], step["outcome"]) for step in answer["steps"]]
    assert outcomes[0] == ("certificate presented", "ok")
    assert ("revocation", "refused") in outcomes
    text = door.sallyport.cli("admit", "--manifest", door.sallyport.manifest_file, "--listener",
                              f"edge:{port}", "--cert", door.pki.good.chain_file).stdout
    assert "admitted" in text and "spiffe://shop/cart" in text


def test_at_another_time(door):
    port, _ = door.mutual()
    door.sallyport.write_manifest()
    assert admit(door, port, door.pki.good)["verdict"] == "admitted"
    later = (now() + 60 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = admit(door, port, door.pki.good, "--at", later)
    assert (answer["verdict"], answer["reason"]) == ("refused", "expired")
    earlier = str(int((now() - 60 * DAY).replace(tzinfo=datetime.timezone.utc).timestamp()))
    assert admit(door, port, door.pki.good, "--at", earlier)["reason"] == "not_yet_valid"


def test_listeners_that_ask_for_nothing(door):
    door.group("web", door.backend())
    door.ca("clients", door.pki.root)
    plain = door.listener(protocol="TCP")
    tls = door.listener()
    optional = door.listener(cas=["clients"], CaMode="Optional")
    door.sallyport.write_manifest()
    for key in [k for k, v in door.manifest.items() if v == []]:
        del door.manifest[key]
    door.sallyport.write_manifest()
    for port in (plain, tls, optional):
        assert admit(door, port, None)["verdict"] == "admitted"
    assert admit(door, optional, door.pki.stranger)["verdict"] == "refused"


@pytest.mark.parametrize("arguments", [
    ["--listener", "edge:1"], ["--listener", "@PORT@", "--cert", "/nonexistent"],
    ["--listener", "@PORT@", "--at", "yesterday"],
])
def test_wrong_questions_are_errors_that_help(door, arguments):
    port, _ = door.mutual()
    door.sallyport.write_manifest()
    done = door.sallyport.cli("admit", "--manifest", door.sallyport.manifest_file,
                              *[a.replace("@PORT@", str(port)) for a in arguments], check=False)
    assert done.returncode not in (0, 3) and done.stderr.startswith("sallyport:")
