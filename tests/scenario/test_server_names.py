"""Which certificate a client is shown: by the name it asks for, and by what it can verify."""
import ssl

import pytest

from support.clients import OpensslClient, attempt, connect


@pytest.fixture
def names(door):
    pki = door.pki
    made = {
        "www": pki.www,
        "exact": pki.server("api.example.com", pki.root),
        "wildcard": pki.server("*.example.com", pki.root),
        "other": pki.server("shop.example.net", pki.root),
    }
    for name, credential in made.items():
        door.certificate(name, credential)
    door.group("web", door.backend())
    made["port"] = door.listener(AdditionalCertificateIds=["exact", "wildcard", "other"])
    door.start()
    return made


def shown(door, names, server_name):
    serial = OpensslClient(door, names["port"], name=server_name).serial
    for label, credential in names.items():
        if label != "port" and credential.certificate.serial_number == serial:
            return label
    return None


@pytest.mark.parametrize("asked,label", [
    ("www.example.com", "www"),
    ("api.example.com", "exact"),
    ("API.Example.COM", "exact"),
    ("img.example.com", "wildcard"),
    ("shop.example.net", "other"),
    ("a.b.example.com", "www"),       # a wildcard stands for one label
    ("example.com", "www"),           # and for not less than one
    ("nobody.example.org", "www"),    # the default certificate
    ("", "www"),                      # no name at all
])
def test_the_certificate_follows_the_name(door, names, asked, label):
    assert shown(door, names, asked) == label


def test_an_empty_label_never_matches(door, names):
    """".example.com" is no name below *.example.com: such a hello gets the default or is refused."""
    client = OpensslClient(door, names["port"], name=".example.com")
    assert client.serial != names["wildcard"].certificate.serial_number


def test_rsa_and_ecdsa_side_by_side(door):
    pki = door.pki
    door.certificate("www", pki.www)
    door.certificate("rsa", pki.www_rsa())
    door.group("web", door.backend())
    port = door.listener(AdditionalCertificateIds=["rsa"])
    door.start()

    def serial(*arguments):
        return OpensslClient(door, port, None, arguments).serial
    ecdsa, rsa = pki.www.certificate.serial_number, pki.www_rsa().certificate.serial_number
    assert serial() == ecdsa
    assert serial("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256") == ecdsa
    assert serial("-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256") == rsa
    assert serial("-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256") == rsa
    assert serial("-tls1_3", "-sigalgs", "ecdsa_secp256r1_sha256") == ecdsa


def test_certificate_additions_take_effect_with_a_reload(door):
    pki = door.pki
    door.certificate("www", pki.www)
    door.group("web", door.backend())
    port = door.listener()
    sallyport = door.start()
    extra = pki.server("new.example.org", pki.root)
    with connect(door, port) as before:
        door.certificate("new", extra)
        door.listener_at(port)["AdditionalCertificateIds"] = ["new"]
        sallyport.reload()
        assert OpensslClient(door, port, name="new.example.org").serial == \
            extra.certificate.serial_number
        assert before.request() == "ECS01"
    door.listener_at(port)["AdditionalCertificateIds"] = []
    sallyport.reload()
    assert OpensslClient(door, port, name="new.example.org").serial == \
        pki.www.certificate.serial_number


def test_a_renewed_file_is_read_again_by_a_reload(door, tmp_path):
    pki = door.pki
    import shutil
    old, new = (pki.server("www.example.com", pki.root) for _ in range(2))
    cert, key = f"{door.folder}/live.crt", f"{door.folder}/live.key"

    def place(credential):
        shutil.copy(credential.chain_file, cert)
        shutil.copy(credential.key_file, key)
    place(old)
    door.manifest["Certificates"].append({"Name": "www", "CertFile": cert, "KeyFile": key})
    port, _ = door.mutual()
    sallyport = door.start()
    assert OpensslClient(door, port).serial == old.certificate.serial_number
    place(new)
    assert OpensslClient(door, port).serial == old.certificate.serial_number
    sallyport.reload()
    assert OpensslClient(door, port).serial == new.certificate.serial_number
    # A half-finished renewal changes nothing: the key does not fit.
    shutil.copy(old.key_file, key)
    assert sallyport.reload(check=False).returncode != 0
    assert OpensslClient(door, port).serial == new.certificate.serial_number
    assert attempt(door, port, pki.good, version=ssl.TLSVersion.TLSv1_2) == "ECS01"
