"""Certificates as files: what is downloaded opens in OpenSSL, NSS, Java and GnuTLS, and what those
write is uploaded."""
import base64
import io
import os
import plistlib
import zipfile

import pytest

from support.clients import run
from support.system import ApiError, System

PASSWORD = "long-enough-1"
FORMATS = ["CRT", "PEM", "PFX", "JKS", "PKCS8", "MOBILECONFIG"]
NAMES = {"Organization": "Example", "OrganizationUnit": "Test", "Locality": "Hangzhou",
         "State": "Zhejiang", "CountryCode": "CN"}


@pytest.fixture(scope="module")
def product():
    """One system for all tests of this file: they add certificates, and take nothing away."""
    made = System().start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(product):
    """A client certificate of our own CA, two CAs above it."""
    root = product.pca("CreateRootCACertificate", CommonName="Files Root CA", Algorithm="ECC_256",
                       Years=10, **NAMES)
    sub = product.pca("CreateSubCACertificate", ParentIdentifier=root["Identifier"],
                      CommonName="Files Sub CA", Algorithm="ECC_256", Years=5, **NAMES)
    return product.pca("CreateClientCertificate", ParentIdentifier=sub["Identifier"],
                       CommonName="client@example.com", Algorithm="ECC_256")["Identifier"]


@pytest.fixture
def files(product, client, tmp_path):
    """Downloads the client certificate; {ending: path}."""

    def download(form, **more):
        answer = product.own("ExportPrivateCertificate", Identifier=client, Format=form, **more)
        found = {}
        for file in answer["Files"]:
            path = tmp_path / file["Name"]
            path.write_bytes(base64.b64decode(file["Content"]))
            assert path.stat().st_size == file["Size"]
            found[file["Name"].removeprefix(f"{client}_client_example.com")] = str(path)
        return found

    return download


def must_run(*command, **more):
    done = run(list(command), **more)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout + done.stderr


def public_key(*command):
    """The public key that an openssl command prints, in DER, to compare."""
    return must_run("openssl", *command)


# --- downloads

def test_crt_has_certificate_chain_and_key_apart(files):
    got = files("CRT")
    assert sorted(got) == [".key", "_chain.crt", "_public.crt"]
    must_run("openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile",
             got["_chain.crt"], got["_public.crt"])
    assert public_key("x509", "-in", got["_public.crt"], "-noout", "-pubkey") == \
        public_key("pkey", "-in", got[".key"], "-pubout")
    with open(got[".key"], encoding="ascii") as key:
        assert key.readline() == "-----BEGIN EC PRIVATE KEY-----\n"


@pytest.mark.parametrize("form", ["CRT", "PEM", "PKCS8"])
def test_a_password_encrypts_the_key(files, form):
    key = files(form, Password=PASSWORD)[".key"]
    with open(key, encoding="ascii") as file:
        assert file.readline() == "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    must_run("openssl", "pkey", "-in", key, "-passin", f"pass:{PASSWORD}", "-noout")
    assert run(["openssl", "pkey", "-in", key, "-passin", "pass:wrong", "-noout"]).returncode != 0
    must_run("certtool", "--key-info", "--pkcs8", "--infile", key, "--password", PASSWORD)


@pytest.mark.parametrize("profile", ["modern", "compatible"])
def test_pfx_opens_everywhere(files, tmp_path, profile):
    pfx = files("PFX", Password=PASSWORD, PfxProfile=profile)[".pfx"]
    listing = must_run("openssl", "pkcs12", "-in", pfx, "-passin", f"pass:{PASSWORD}", "-noenc", "-info")
    assert listing.count("BEGIN CERTIFICATE") == 3 and "BEGIN PRIVATE KEY" in listing
    assert ("PBES2" in listing) == (profile == "modern")
    assert ("pbeWithSHA1And3-KeyTripleDES-CBC" in listing) == (profile == "compatible")
    database = str(tmp_path / profile)
    os.mkdir(database)
    must_run("certutil", "-N", "-d", database, "--empty-password")
    must_run("pk12util", "-i", pfx, "-d", database, "-W", PASSWORD)
    listed = must_run("certutil", "-L", "-d", database)
    assert "client@example.com" in listed and "u,u,u" in listed
    listed = must_run("keytool", "-list", "-v", "-storetype", "PKCS12", "-keystore", pfx, "-storepass",
                      PASSWORD)
    assert "PrivateKeyEntry" in listed and "Certificate chain length: 3" in listed
    listed = must_run("certtool", "--p12-info", "--inder", "--infile", pfx, "--password", PASSWORD)
    assert listed.count("BEGIN CERTIFICATE") == 3


def test_jks_opens_in_java(files, tmp_path):
    jks = files("JKS", Password=PASSWORD)[".jks"]
    with open(jks, "rb") as file:
        assert file.read(4) == b"\xfe\xed\xfe\xed"
    listed = must_run("keytool", "-list", "-v", "-storetype", "JKS", "-keystore", jks, "-storepass",
                      PASSWORD)
    assert "Alias name: client_example.com" in listed and "Certificate chain length: 3" in listed
    converted = str(tmp_path / "converted.p12")
    must_run("keytool", "-importkeystore", "-noprompt", "-srckeystore", jks, "-srcstoretype", "JKS",
             "-srcstorepass", PASSWORD, "-destkeystore", converted, "-deststoretype", "PKCS12",
             "-deststorepass", PASSWORD)
    must_run("openssl", "pkcs12", "-in", converted, "-passin", f"pass:{PASSWORD}", "-noout")
    assert run(["keytool", "-list", "-storetype", "JKS", "-keystore", jks, "-storepass",
                "another-word"]).returncode != 0


def test_a_profile_for_apple_holds_cas_and_identity(files, tmp_path):
    with open(files("MOBILECONFIG", Password=PASSWORD)[".mobileconfig"], "rb") as file:
        profile = plistlib.load(file)
    kinds = [payload["PayloadType"] for payload in profile["PayloadContent"]]
    assert kinds == ["com.apple.security.pkcs1", "com.apple.security.root",
                     "com.apple.security.pkcs12"]
    assert "Password" not in profile["PayloadContent"][2]
    pfx = tmp_path / "inside.pfx"
    pfx.write_bytes(profile["PayloadContent"][2]["PayloadContent"])
    must_run("openssl", "pkcs12", "-in", str(pfx), "-passin", f"pass:{PASSWORD}", "-noout")


def test_several_files_come_as_one_zip(product, client):
    answer = product.own("ExportPrivateCertificate", Identifier=client, Format="CRT", Zip=True)
    assert answer["ContentType"] == "application/zip" and len(answer["Files"]) == 1
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(answer["Files"][0]["Content"]))) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 3
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100600}


@pytest.mark.parametrize("form", ["PFX", "JKS", "MOBILECONFIG"])
def test_what_needs_a_password_is_refused_without(product, client, form):
    with pytest.raises(ApiError) as refused:
        product.own("ExportPrivateCertificate", Identifier=client, Format=form)
    assert refused.value.code == "MissingParam.Password" and refused.value.field == "Password"


@pytest.mark.parametrize("form", FORMATS)
def test_a_cas_own_key_never_leaves(product, client, form):
    parent = product.pca("DescribeClientCertificate", Identifier=client)["Certificate"]
    with pytest.raises(ApiError) as refused:
        product.own("ExportPrivateCertificate", Identifier=parent["ParentIdentifier"], Format=form,
                    Password=PASSWORD)
    assert refused.value.status == 400
    assert refused.value.code == "OperationDenied.KeyNotExportable"


def test_a_ca_becomes_a_trust_store_of_java(product, client, tmp_path):
    parent = product.pca("DescribeClientCertificate", Identifier=client)["Certificate"]
    for form, kind in (("PFX", "PKCS12"), ("JKS", "JKS")):
        answer = product.own("ExportPrivateCertificate", Identifier=parent["ParentIdentifier"],
                             Format=form, Password=PASSWORD, WithoutKey=True)
        path = tmp_path / answer["Files"][0]["Name"]
        path.write_bytes(base64.b64decode(answer["Files"][0]["Content"]))
        listed = must_run("keytool", "-list", "-storetype", kind, "-keystore", str(path),
                          "-storepass", PASSWORD)
        assert listed.count("trustedCertEntry") == 2


# --- uploads

def upload(product, name, path, **more):
    with open(path, "rb") as file:
        content = file.read()
    text = content.decode("ascii") if content.startswith(b"-----") else \
        base64.b64encode(content).decode("ascii")
    return product.cas("UploadUserCertificate", Name=name, Cert=text, **more)


@pytest.fixture(scope="module")
def server(pki):
    """A server certificate that somebody else's CA made."""
    return pki.server("uploaded.example.com", pki.root, key="rsa2048")


def check_uploaded(product, answer, server):
    detail = product.cas("GetUserCertificateDetail", CertId=answer["CertId"])
    assert detail["Common"] == "uploaded.example.com"
    assert detail["Algorithm"] == "RSA" and detail["Key"] == ""
    assert detail["SerialNo"] == f"{server.certificate.serial_number:X}".zfill(
        len(detail["SerialNo"]))


OPENSSL_FORMS = {
    "openssl": [], "old": ["-legacy", "-descert"], "rc2": ["-legacy"],
    "sha512": ["-macalg", "sha512", "-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC"],
}


@pytest.mark.parametrize("form", OPENSSL_FORMS)
def test_pkcs12_of_openssl_is_uploaded(product, server, tmp_path, form):
    path = str(tmp_path / "made.p12")
    must_run("openssl", "pkcs12", "-export", "-inkey", server.key_file, "-in", server.cert_file,
             "-out", path, "-passout", f"pass:{PASSWORD}", *OPENSSL_FORMS[form])
    check_uploaded(product, upload(product, f"p12-{form}", path, Password=PASSWORD), server)
    with pytest.raises(ApiError) as refused:
        upload(product, f"p12-{form}-wrong", path, Password="wrong")
    assert refused.value.code == "IllegalParam.Password" and refused.value.field == "Password"


def test_pkcs12_of_nss_java_and_gnutls_is_uploaded(product, server, tmp_path):
    first = str(tmp_path / "first.p12")
    must_run("openssl", "pkcs12", "-export", "-inkey", server.key_file, "-in", server.cert_file,
             "-name", "one", "-out", first, "-passout", f"pass:{PASSWORD}")
    database = str(tmp_path / "nss")
    os.mkdir(database)
    must_run("certutil", "-N", "-d", database, "--empty-password")
    must_run("pk12util", "-i", first, "-d", database, "-W", PASSWORD)
    nss = str(tmp_path / "nss.p12")
    must_run("pk12util", "-o", nss, "-n", "one", "-d", database, "-W", PASSWORD)
    java = str(tmp_path / "java.p12")
    must_run("keytool", "-importkeystore", "-noprompt", "-srckeystore", first, "-srcstoretype",
             "PKCS12", "-srcstorepass", PASSWORD, "-destkeystore", java, "-deststoretype", "PKCS12",
             "-deststorepass", PASSWORD)
    gnutls = str(tmp_path / "gnutls.p12")
    must_run("certtool", "--to-p12", "--load-privkey", server.key_file, "--load-certificate",
             server.cert_file, "--p12-name", "one", "--password", PASSWORD, "--outder", "--outfile",
             gnutls)
    for path in (nss, java, gnutls):
        name = os.path.basename(path)
        check_uploaded(product, upload(product, name, path, Password=PASSWORD), server)


@pytest.mark.parametrize("form", [["-aes256"], ["-des3"]])
def test_keys_encrypted_by_openssl_are_uploaded(product, server, tmp_path, form):
    for old in ([], ["-traditional"]):
        path = str(tmp_path / "encrypted.key")
        must_run("openssl", "rsa", "-in", server.key_file, "-out", path, "-passout",
                 f"pass:{PASSWORD}", *form, *old)
        with open(path, encoding="ascii") as key:
            answer = upload(product, "key" + "".join(form + old), server.cert_file, Key=key.read(),
                            Password=PASSWORD)
        check_uploaded(product, answer, server)


def test_a_pkcs12_file_that_asks_for_endless_work_is_refused_at_once(product, server, tmp_path):
    path = str(tmp_path / "slow.p12")
    must_run("openssl", "pkcs12", "-export", "-inkey", server.key_file, "-in", server.cert_file,
             "-out", path, "-passout", f"pass:{PASSWORD}", "-iter", "2000001")
    with pytest.raises(ApiError) as refused:
        upload(product, "slow", path, Password=PASSWORD)
    assert "2000001 iterations" in refused.value.message


def test_keys_and_passwords_are_in_no_log_and_no_audit_row(product, client, server):
    with open(server.key_file, encoding="ascii") as key, \
            open(server.cert_file, encoding="ascii") as cert:
        text = key.read()
        product.cas("UploadUserCertificate", Name="quiet", Cert=cert.read(), Key=text,
                    Password="never-to-be-seen")
    product.own("ExportPrivateCertificate", Identifier=client, Format="PFX",
                Password="never-to-be-seen-2")
    secret = text.splitlines()[1]
    events = product.own("ListAuditEvents", MaxResults=100)["Events"]
    assert any(event["EventAction"] == "ExportPrivateCertificate" for event in events)
    for seen in (repr(events), product.output()):
        assert secret not in seen and "never-to-be-seen" not in seen
