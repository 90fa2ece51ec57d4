"""The private CA from outside, by people who mean harm: requests, names, issuers, certificates and
questions that it must not fall for."""
import base64
import os
import re
import subprocess
import threading
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from support.backend import Backend
from support.clients import attempt
from support.sallyport import SLOWNESS
from support.system import ApiError, System
from support.waiting import wait_for

SUBJECT = {"Organization": "Shop", "OrganizationUnit": "IT", "Locality": "B", "State": "B"}
AUTHORITY = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext",
             "keyUsage=critical,keyCertSign,cRLSign")


@pytest.fixture(scope="module", name="system")
def one_system_for_all():
    made = System().start()
    yield made
    made.close()


class House:
    """A root with a subordinate CA of elliptic keys, one of RSA, and openssl beside them."""

    def __init__(self, system, folder):
        self.system, self.folder = system, str(folder)
        self.root = self.make("CreateRootCACertificate", "Hostile Root", "ECC_256", Years=20)
        self.sub = self.make("CreateSubCACertificate", "Hostile Sub", "ECC_256", Years=5,
                             ParentIdentifier=self.root)
        self.rsa = self.make("CreateRootCACertificate", "Hostile RSA", "RSA_2048", Years=20)

    def make(self, action, name, algorithm="ECC_256", **more):
        return self.system.pca(action, CommonName=name, Algorithm=algorithm, **SUBJECT,
                               **more)["Identifier"]

    def sub_of(self, parent, name, **more):
        return self.make("CreateSubCACertificate", name, ParentIdentifier=parent,
                         **{"Years": 1, **more})

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True,
                              text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def key(self, name, *how):
        path = os.path.join(self.folder, f"{name}.key")
        if not os.path.exists(path):
            self.openssl("genpkey", *how, "-out", path)
        return path

    def curve(self, name, encoding="named_curve"):
        return self.key(f"{name}-{encoding}", "-algorithm", "EC", "-pkeyopt",
                        f"ec_paramgen_curve:{name}", "-pkeyopt", f"ec_param_enc:{encoding}")

    def request(self, key, *more):
        return self.openssl("req", "-new", "-key", key, "-subj", "/CN=device", *more)

    def client(self, name="ana", **more):
        return self.system.pca("CreateClientCertificate", **{
            "ParentIdentifier": self.sub, "CommonName": name, "Immediately": 2, **more})

    def file(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
            file.write(text)
        return name

    def certificate(self, identifier):
        return self.system.pca("DescribeCACertificate",
                               Identifier=identifier)["Certificate"]["X509Certificate"]


@pytest.fixture(scope="module", name="house")
def a_house(system, tmp_path_factory):
    return House(system, tmp_path_factory.mktemp("hostile"))


def refusal(call, *arguments, **parameters):
    with pytest.raises(ApiError) as caught:
        call(*arguments, **parameters)
    return caught.value


def pem(der):
    return ("-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(der).decode()
            + "-----END CERTIFICATE REQUEST-----\n")


# --- requests

@pytest.mark.core
def test_a_request_gets_no_more_than_a_client_may_have(house):
    request = house.request(house.curve("P-256"), "-addext", "basicConstraints=critical,CA:TRUE",
                            "-addext", "keyUsage=keyCertSign", "-addext",
                            "extendedKeyUsage=anyExtendedKeyUsage", "-addext",
                            "subjectAltName=DNS:device.example.com")
    made = house.system.pca("CreateClientCertificateWithCsr", ParentIdentifier=house.sub,
                            Csr=request, Immediately=1)["X509Certificate"]
    found = x509.load_pem_x509_certificate(made.encode())
    extensions = found.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature and not usage.key_cert_sign
    assert list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        x509.ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize("name", ["RSA 1024", "e = 3", "secp224r1", "secp256k1", "brainpool",
                                  "explicit", "Ed25519", "the CA's family", "PSS"])
def test_a_request_with_a_bad_key_is_refused(house, name):
    key = {"RSA 1024": lambda: house.key("r1024", "-algorithm", "RSA", "-pkeyopt",
                                         "rsa_keygen_bits:1024"),
           "e = 3": lambda: house.key("e3", "-algorithm", "RSA", "-pkeyopt",
                                      "rsa_keygen_pubexp:3"),
           "secp224r1": lambda: house.curve("secp224r1"),
           "secp256k1": lambda: house.curve("secp256k1"),
           "brainpool": lambda: house.curve("brainpoolP256r1"),
           "explicit": lambda: house.curve("P-256", "explicit"),
           "Ed25519": lambda: house.key("ed", "-algorithm", "ED25519"),
           "the CA's family": lambda: house.curve("P-384"),
           "PSS": lambda: house.key("pss", "-algorithm", "RSA-PSS")}[name]()
    found = refusal(house.system.pca, "CreateClientCertificateWithCsr",
                    ParentIdentifier=house.rsa, Csr=house.request(key))
    assert found.status == 400 and found.code in ("IllegalParam.Csr", "LintFailed.A04")


def test_a_damaged_request_is_refused(house):
    request = house.request(house.curve("P-256"))
    der = base64.b64decode("".join(request.split("-----")[2].split()))
    for wrong in (pem(der[:-1] + bytes([der[-1] ^ 1])), pem(der + b"\0"), pem(der[:-1]),
                  request + house.request(house.curve("P-384")), pem(b"\x30\x80\0\0"),
                  house.request(house.curve("P-256"), "-sha1"), "x", "-----BEGIN "):
        assert refusal(house.system.pca, "CreateClientCertificateWithCsr",
                       ParentIdentifier=house.sub, Csr=wrong).code == "IllegalParam.Csr"


# --- names

@pytest.mark.parametrize("name", ["a\nb", "a\x7f", "\x85x", "\u2028", "\u202eabc", "\u200b", " ",
                                  "-", "x" * 65, "\uffff", "\ue000", "\t"], ids=range(12))
def test_a_common_name_that_cannot_be_read_is_refused(house, name):
    assert refusal(house.client, name).code == "IllegalParam.CommonName"


def test_odd_common_names_stay_what_they_are(house):
    for name in ("<script>alert(1)</script>", "=cmd|'/c calc'!A1", "../../etc/passwd", 'a"b',
                 "a,b=c+d;e", "CN=foo", "\u00e9" * 64, "\U0001f600"):
        made = house.client(name)
        found = x509.load_pem_x509_certificate(made["X509Certificate"].encode())
        assert [part.value for part in found.subject
                if part.oid == x509.NameOID.COMMON_NAME] == [name]
        files = house.system.own("ExportPrivateCertificate", Identifier=made["Identifier"],
                                 Format="CRT")["Files"]
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", file["Name"]) for file in files)


@pytest.mark.parametrize("domain", ["*", "*.com", "a.*.com", "foo*.example.com", "exa mple.com",
                                    "a..b", "a_b.com", "-a.com", "x" * 64 + ".com", "a.com.",
                                    "m\u00fcnchen.de", "0.0.0.0", "224.0.0.1", "::", "1.2.3",
                                    "1.2.3.4/24", "fe80::1%eth0", "a.b:443",
                                    "https://a.b", "ana@a.b"])
def test_a_server_name_that_is_none_is_refused(house, domain):
    assert refusal(house.system.pca, "CreateServerCertificate", ParentIdentifier=house.sub,
                   CommonName="www.example.com", Algorithm="ECC_256",
                   Domain=domain).code == "IllegalParam.Domain"


# --- issuers

def test_nothing_is_issued_beyond_its_issuer(house):
    pca = house.system.pca
    assert refusal(house.sub_of, house.sub, "Below 0").code == "IllegalParam.ParentIdentifier"
    narrow = house.sub_of(house.root, "Narrow", Years=5, PathLenConstraint=1,
                          PermittedNames=["DNS:example.com", "Email:example.com"])
    assert refusal(house.sub_of, narrow, "As long",
                   PathLenConstraint=1).code == "IllegalParam.PathLenConstraint"
    assert refusal(house.sub_of, narrow, "Longer", Years=6).code == "IllegalParam.Years"
    assert refusal(house.sub_of, house.root, "Narrow").code == "LintFailed.N03"
    for domain, good in (("a.example.com", True), ("example.org", False),
                         ("notexample.com", False), ("a.example.com,b.example.org", False)):
        asked = {"ParentIdentifier": narrow, "CommonName": domain.split(",", maxsplit=1)[0],
                 "Algorithm": "ECC_256", "Domain": domain}
        if good:
            pca("CreateServerCertificate", **asked)
        else:
            assert refusal(pca, "CreateServerCertificate", **asked).code == "LintFailed.X28"
    servers = house.sub_of(house.root, "Servers only", ExtendedKeyUsages=["serverAuth"])
    assert refusal(house.client, ParentIdentifier=servers).code == "LintFailed.X16"
    for period in ({"Days": 36500}, {"Years": 6}, {"BeforeTime": 0, "AfterTime": 1},
                   {"BeforeTime": 1, "AfterTime": 4102444800}):
        assert refusal(house.client, **period).code.startswith("IllegalParam.")


def test_a_revoked_ca_makes_nothing_more(house):
    ended = house.sub_of(house.root, "Ended")
    old = house.client(ParentIdentifier=ended)["Identifier"]
    house.system.pca("UpdateCACertificateStatus", Identifier=ended, Status="REVOKE")
    for call, parameters in ((house.client, {"ParentIdentifier": ended}),
                             (lambda **about: house.system.pca("RenewPrivateCertificate", **about),
                              {"Identifier": old})):
        assert refusal(call, **parameters).code == "IncorrectStatus.CaCertificate"
    assert refusal(house.system.pca, "UpdateCACertificateStatus", Identifier=ended,
                   Status="ISSUE").code == "IllegalParam.Status"


def import_ca(house, name, key, key_of=None, extensions=AUTHORITY, more=()):
    text = house.openssl("req", "-x509", "-new", "-key", key, "-subj", f"/CN={name}", "-days",
                         "3000", *extensions, *more)
    with open(key_of or key, encoding="ascii") as file:
        return house.system.pca("ImportCACertificate", Certificate=text, PrivateKey=file.read())


def test_a_ca_that_is_none_is_not_imported(house):
    good, other = house.curve("P-384"), house.curve("P-521")
    weak = house.key("r1024", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
    for key, more in ((good, {"key_of": other}), (weak, {}), (house.curve("secp256k1"), {}),
                      (good, {"extensions": ("-addext", "basicConstraints=critical,CA:FALSE")})):
        assert refusal(import_ca, house, "Imported", key, **more).code.startswith("IllegalParam.")
    imported = import_ca(house, "Imported", good)["Identifier"]
    assert refusal(import_ca, house, "Imported", other).code == "LintFailed.N03"
    # The key of a CA certifies nobody.
    assert refusal(house.system.pca, "CreateClientCertificateWithCsr", ParentIdentifier=imported,
                   Csr=house.request(good)).code in ("LintFailed.K07", "LintFailed.K09")


@pytest.mark.core
def test_strict_verification_agrees(house):
    house.file("root.pem", house.certificate(house.root))
    for number, more in enumerate(({}, {"SubjectAlternativeNames": ["UPN:a@b.example", "IP:::1"]},
                                   {"Days": 1}, {"Algorithm": "ECC_512"})):
        made = house.client(f"strict {number}", **more)
        leaf = house.file("leaf.pem", made["X509Certificate"])
        chain = house.file("chain.pem", made["CertificateChain"])
        assert "OK" in house.openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile",
                                     "root.pem", "-untrusted", chain, leaf)
        done = subprocess.run(["certtool", "--verify", "--load-ca-certificate", "root.pem"],
                              input=made["X509Certificate"] + made["CertificateChain"],
                              cwd=house.folder, capture_output=True, text=True, timeout=60,
                              check=False)
        assert "Chain verification output: Verified." in done.stdout, done.stdout


def test_nss_takes_clients_and_servers_of_every_family(house):
    for number, (root, key) in enumerate(((house.root, "ECC_256"), (house.rsa, "RSA_2048"))):
        store = f"sql:nss{number}"
        os.mkdir(os.path.join(house.folder, f"nss{number}"))
        anchor = house.file("anchor.pem", house.certificate(root))
        made = {"C": house.client("nss@example.com", ParentIdentifier=root, Algorithm=key),
                "V": house.system.pca("CreateServerCertificate", ParentIdentifier=root,
                                      CommonName="nss.example.com", Algorithm=key, Immediately=1)}
        for arguments in (("-N", "--empty-password"),
                          ("-A", "-n", "root", "-t", "CT,,", "-i", anchor)):
            subprocess.run(["certutil", *arguments, "-d", store], cwd=house.folder, check=True)
        for usage, leaf in made.items():
            file = house.file("nss.pem", leaf["X509Certificate"])
            subprocess.run(["certutil", "-A", "-n", usage, "-t", ",,", "-i", file, "-d", store],
                           cwd=house.folder, check=True)
            done = subprocess.run(["certutil", "-V", "-n", usage, "-u", usage, "-e", "-d", store],
                                  cwd=house.folder, capture_output=True, text=True, check=False)
            assert "certificate is valid" in done.stdout, (key, usage, done.stdout, done.stderr)


# --- questions of everybody

def test_the_responder_falls_for_nothing(house):
    issuer = x509.load_pem_x509_certificate(house.certificate(house.sub).encode())
    leaf = x509.load_pem_x509_certificate(house.client()["X509Certificate"].encode())

    def ask(body, method="POST", path="/ocsp"):
        status, _, answer = house.system.request(
            method, path, body, {"Content-Type": "application/ocsp-request"})
        return status, answer
    malformed = (200, bytes.fromhex("30030a0101"))
    for body in (b"", b"\x30", b"\x30\x80\0\0", b"\x30\x84\xff\xff\xff\xff", os.urandom(100),
                 b"a" * 4097):
        assert ask(body) == malformed

    def question(nonce):
        made = ocsp.OCSPRequestBuilder().add_certificate(leaf, issuer, hashes.SHA256())
        if nonce is not None:
            made = made.add_extension(x509.OCSPNonce(os.urandom(nonce)), False)
        return made.build().public_bytes(serialization.Encoding.DER)
    for nonce, good in ((None, True), (1, True), (128, True), (0, False), (129, False)):
        status, answer = ask(question(nonce))
        assert status == 200
        assert (answer != malformed[1]) == good
        if good:
            assert (ocsp.load_der_ocsp_response(answer).certificate_status
                    == ocsp.OCSPCertStatus.GOOD)
    stranger = ocsp.OCSPRequestBuilder().add_certificate(leaf, leaf, hashes.SHA1()).build()
    assert ask(stranger.public_bytes(serialization.Encoding.DER)) == (
        200, bytes.fromhex("30030a0106"))
    for path in ("/pki/..%2f..%2fmaster.key", "/pki/%2e%2e/revocations.log", "/pki/revocations.log",
                 "/pki/" + "0" * 40 + ".crl", "/pki/"):
        assert ask(None, "GET", path)[0] == 404
    encoded = urllib.parse.quote(base64.b64encode(question(None)).decode(), safe="")
    assert ask(None, "GET", f"/ocsp/{encoded}")[1] != malformed[1]


def test_a_revocation_is_final_and_may_only_become_worse(house):
    about = {"Identifier": house.client()["Identifier"]}
    revoke = "CreateRevokeClientCertificate"

    def status():
        shown = house.system.pca("DescribeClientCertificateStatus", **about)["CertificateStatus"][0]
        return shown["Status"], shown["RevokeReason"], shown["RevokeTime"]
    house.system.pca(revoke, Reason="superseded", **about)
    first = status()
    house.system.pca(revoke, Reason="cessationOfOperation", **about)
    assert status() == first
    house.system.pca(revoke, Reason="keyCompromise", **about)
    assert status() == ("revoked", "keyCompromise", first[2])
    house.system.pca(revoke, **about)
    assert status()[1] == "keyCompromise"
    assert refusal(house.system.pca, revoke, Reason="certificateHold", **about).field == "Reason"


# --- listeners that use it all

class Shown:
    """A client's certificate with its key, in files."""

    def __init__(self, house, made):
        files = house.system.own("ExportPrivateCertificate", Identifier=made["Identifier"],
                                 Format="PEM")["Files"]
        self.chain_file = self.key_file = os.path.join(house.folder, f"{made['Identifier']}.pem")
        with open(self.chain_file, "wb") as file:
            file.write(b"".join(base64.b64decode(part["Content"]) for part in files))


def test_certificates_change_and_are_revoked_under_load(house):
    system, backend = house.system, Backend(house.system.address)
    servers = [system.pca("CreateServerCertificate", ParentIdentifier=house.sub,
                          CommonName="www.example.com", Algorithm="ECC_256")["Identifier"]
               for _ in range(2)]
    listener, port = system.listener(
        system.balancer(), system.group((backend.address, backend.port)),
        ListenerProtocol="TCPSSL", CertificateIds=servers[:1], CaEnabled=True,
        CaCertificateIds=[house.sub])
    made = house.client("busy")
    shown, failed, count, over = Shown(house, made), [], [0], threading.Event()

    def knock():
        while not over.is_set():
            found = attempt(system, port, shown)
            if found == backend.name:
                count[0] += 1
            else:
                failed.append(found)
    threads = [threading.Thread(target=knock) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(20):
            system.job(system.nlb("UpdateListenerAttribute", ListenerId=listener,
                                  CertificateIds=[servers[(number + 1) % 2]]))
        wait_for(lambda: count[0] > 20, 20 * SLOWNESS, "clients")
        assert not failed
        system.pca("CreateRevokeClientCertificate", Identifier=made["Identifier"])
        wait_for(lambda: "certificate_revoked" in failed, 5 * SLOWNESS, "a refusal")
        assert set(failed) <= {"certificate_revoked", "reset", "fin"}  # open ones were cut
    finally:
        over.set()
        for thread in threads:
            thread.join()
        backend.close()
    assert refusal(system.pca, "CreateRevokeClientCertificate", Identifier="none").status == 404
    system.pca("CreateRevokeClientCertificate", Identifier=servers[0])
    assert refusal(system.pca, "DeleteClientCertificate",
                   Identifier=servers[0]).code == "ResourceInUse.Certificate"
