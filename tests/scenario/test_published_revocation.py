"""What our own CAs publish about revocation, asked by those who need it: openssl, GnuTLS, Python."""
import base64
import os
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from support.backend import Backend
from support.clients import run
from support.door import own_address
from support.sallyport import SLOWNESS
from support.system import ApiError
from support.waiting import wait_for

NAMES = {"Organization": "Alibaba", "OrganizationUnit": "test", "Locality": "Beijing",
         "State": "Beijing"}


class Authority:
    """A root CA of the system with certificates that it issued, and its key id."""

    def __init__(self, system, algorithm="ECC_256"):
        self.system = system
        self.algorithm = algorithm
        self.folder = os.path.join(system.folder, "authority")
        os.makedirs(self.folder, exist_ok=True)
        made = system.pca("CreateRootCACertificate", CommonName=f"Publishing {algorithm}",
                          Algorithm=algorithm, Years=10, **NAMES)
        self.id = made["Identifier"]
        shown = system.pca("DescribeCACertificate", Identifier=self.id)["Certificate"]
        self.key_id = shown["KeyIdentifier"]
        self.pem = self.write("ca.pem", shown["X509Certificate"])
        self.certificate = x509.load_pem_x509_certificate(shown["X509Certificate"].encode())

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def client(self, name):
        """Identifier, serial number and path of a new certificate."""
        made = self.system.pca("CreateClientCertificate", ParentIdentifier=self.id, CommonName=name,
                               Algorithm=self.algorithm, Immediately=1)
        return made["Identifier"], made["SerialNumber"], \
            self.write(f"{name}.pem", made["X509Certificate"])

    def revoke(self, identifier, **more):
        self.system.pca("CreateRevokeClientCertificate", Identifier=identifier, **more)

    def fetch_list(self, headers=None):
        return self.system.request("GET", f"/pki/{self.key_id}.crl", headers=headers)

    def list(self):
        status, _, body = self.fetch_list()
        return x509.load_der_x509_crl(body) if status == 200 else None

    def wait_for_list(self, question=lambda revoked: True):
        def there():
            found = self.list()
            return [found] if found is not None and question(found) else None  # it may be empty
        return wait_for(there, 20 * SLOWNESS, "a new list", pause=0.1)[0]

    def url(self):
        return f"http://127.0.0.1:{self.system.api_port}/ocsp"

    def openssl_says(self, path, *more):
        done = run(["openssl", "ocsp", *more, "-issuer", self.pem, "-cert", path, "-url", self.url(),
                    "-CAfile", self.pem])
        assert "Response verify OK" in done.stderr, done.stderr
        return done.stdout


@pytest.fixture(params=["ECC_256", "RSA_2048"])
def authority(system, request):
    return Authority(system, request.param)


@pytest.fixture
def elliptic(system):
    return Authority(system)


def holds(number):
    serial = int(number, 16)
    return lambda found: found.get_revoked_certificate_by_serial_number(serial) is not None


def test_openssl_verifies_the_list_and_refuses_who_is_on_it(authority):
    good, _, good_pem = authority.client("good")
    bad, serial, bad_pem = authority.client("bad")
    before = authority.wait_for_list()
    authority.revoke(bad, Reason="keyCompromise")
    after = authority.wait_for_list(holds(serial))
    number = x509.oid.ExtensionOID.CRL_NUMBER
    assert after.extensions.get_extension_for_oid(number).value.crl_number > \
        before.extensions.get_extension_for_oid(number).value.crl_number
    assert after.is_signature_valid(authority.certificate.public_key())
    assert (after.next_update - after.last_update).days <= 7

    crl = authority.write("ca.crl", after.public_bytes(serialization.Encoding.PEM).decode())
    verified = run(["openssl", "crl", "-in", crl, "-CAfile", authority.pem, "-noout"])
    assert "verify OK" in verified.stderr, verified.stderr
    check = ["openssl", "verify", "-x509_strict", "-crl_check", "-CAfile", authority.pem, "-CRLfile",
             crl]
    assert run([*check, good_pem]).returncode == 0
    refused = run([*check, bad_pem])
    assert refused.returncode != 0 and "certificate revoked" in refused.stderr, refused.stderr
    gnutls = run(["certtool", "--verify-crl", "--load-ca-certificate", authority.pem, "--infile",
                  crl])
    assert "Verified" in gnutls.stdout + gnutls.stderr
    assert good


def test_openssl_hears_from_the_responder_what_was_revoked(authority):
    _, _, good_pem = authority.client("good")
    bad, serial, bad_pem = authority.client("bad")
    for digest in ("-sha1", "-sha256"):
        assert "good.pem: good" in authority.openssl_says(good_pem, digest)
    authority.revoke(bad, Reason="superseded")
    for more in ((), ("-no_nonce",)):
        answer = authority.openssl_says(bad_pem, *more)
        assert "bad.pem: revoked" in answer and "superseded" in answer, answer
    never = run(["openssl", "ocsp", "-issuer", authority.pem, "-serial", "0x0123456789", "-url",
                 authority.url(), "-CAfile", authority.pem])
    assert "unknown" in never.stdout, never.stdout
    assert serial


def test_an_answer_that_was_kept_is_gone_with_the_revocation(elliptic):
    client, _, pem = elliptic.client("kept")
    assert "kept.pem: good" in elliptic.openssl_says(pem, "-no_nonce")
    elliptic.revoke(client)
    assert "kept.pem: revoked" in elliptic.openssl_says(pem, "-no_nonce")


def test_gnutls_hears_the_same(authority):
    client, _, pem = authority.client("gnutls")
    ask = ["ocsptool", f"--ask={authority.url()}", "--nonce", "--load-cert", pem, "--load-issuer",
           authority.pem]
    before = run(ask)
    assert "Success" in before.stdout and "Certificate Status: good" in before.stdout, before.stdout
    authority.revoke(client)
    after = run(ask)
    assert "Certificate Status: revoked" in after.stdout, after.stdout


def question(authority, path):
    with open(path, "rb") as file:
        about = x509.load_pem_x509_certificate(file.read())
    builder = ocsp.OCSPRequestBuilder().add_certificate(about, authority.certificate, hashes.SHA256())
    return builder.build().public_bytes(serialization.Encoding.DER)


def test_a_question_without_nonce_is_answered_for_caches_by_get_and_post(elliptic):
    system = elliptic.system
    _, _, pem = elliptic.client("cached")
    der = question(elliptic, pem)
    text = base64.b64encode(der).decode()
    answers = set()
    for path in (urllib.parse.quote(text, safe=""), text,
                 base64.urlsafe_b64encode(der).decode().rstrip("=")):
        status, headers, body = system.request("GET", f"/ocsp/{path}")
        assert status == 200 and headers["Content-Type"] == "application/ocsp-response"
        assert headers["Cache-Control"].startswith("public, max-age=")
        assert 0 < int(headers["Cache-Control"].split("=")[1]) <= 3600
        assert headers["ETag"] and headers["Expires"] and headers["Last-Modified"]
        answers.add(body)
    status, headers, body = system.request("POST", "/ocsp", der,
                                           {"Content-Type": "application/ocsp-request"})
    answers.add(body)
    assert len(answers) == 1
    response = ocsp.load_der_ocsp_response(body)
    assert response.certificate_status == ocsp.OCSPCertStatus.GOOD
    assert (response.next_update - response.this_update).total_seconds() <= 86400
    status, _, body = system.request("GET", f"/ocsp/{text}", headers={"If-None-Match":
                                                                      headers["ETag"]})
    assert (status, body) == (304, b"")


def test_what_is_no_question_of_ours_is_refused_without_a_signature(elliptic):
    system = elliptic.system
    malformed, unauthorized = bytes.fromhex("30030a0101"), bytes.fromhex("30030a0106")
    for body in (b"", b"\x30\x80", b"x" * 5000, os.urandom(300)):
        status, headers, answer = system.request("POST", "/ocsp", body)
        assert (status, answer) == (200, malformed)
        assert headers["Cache-Control"] == "no-store"
    assert system.request("GET", "/ocsp/AAAA")[2] == malformed
    stranger = run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null", "-subj",
                    "/CN=stranger"]).stdout
    path = elliptic.write("stranger.pem", stranger)
    asked = run(["openssl", "ocsp", "-issuer", path, "-serial", "1", "-no_nonce", "-reqout",
                 path + ".req"])
    with open(path + ".req", "rb") as file:
        assert system.request("POST", "/ocsp", file.read())[2] == unauthorized, asked.stderr


def test_lists_and_certificates_are_served_for_caches(elliptic):
    system = elliptic.system
    elliptic.wait_for_list()
    status, headers, body = elliptic.fetch_list()
    assert (status, headers["Content-Type"]) == (200, "application/pkix-crl")
    assert headers["Cache-Control"] == "public, max-age=3600"
    assert int(headers["Content-Length"]) == len(body)
    status, again, nothing = elliptic.fetch_list({"If-None-Match": headers["ETag"]})
    assert (status, nothing, again["ETag"]) == (304, b"", headers["ETag"])
    status, head, nothing = system.request("HEAD", f"/pki/{elliptic.key_id}.crl")
    assert (status, nothing, head["ETag"]) == (200, b"", headers["ETag"])
    status, headers, body = system.request("GET", f"/pki/{elliptic.key_id}.cer")
    assert (status, headers["Content-Type"]) == (200, "application/pkix-cert")
    assert body == elliptic.certificate.public_bytes(serialization.Encoding.DER)
    for path in ("/pki/00.crl", "/pki/../sallyport.db", f"/pki/{elliptic.key_id}.key", "/pki/"):
        assert system.request("GET", path)[0] == 404
    assert system.request("POST", f"/pki/{elliptic.key_id}.crl", b"x")[0] == 405


def test_certificates_name_the_addresses_once_there_is_a_base_url(elliptic):
    system = elliptic.system
    base = f"http://127.0.0.1:{system.api_port}"
    assert system.pca("GetCaInstanceCrlAddress", CaIdentifier=elliptic.id)["CrlUrl"] == ""
    system.own("UpdateSettings", PkiBaseUrl=base)
    client, serial, pem = elliptic.client("addressed")
    address = system.pca("GetCaInstanceCrlAddress", CaIdentifier=elliptic.id)
    assert address["CrlUrl"] == f"{base}/pki/{elliptic.key_id}.crl"
    assert address["CaInstanceStatus"] == "normal"
    uri = run(["openssl", "x509", "-in", pem, "-noout", "-ocsp_uri"]).stdout.strip()
    assert uri == f"{base}/ocsp"
    elliptic.revoke(client)
    elliptic.wait_for_list(holds(serial))
    fetched = run(["openssl", "verify", "-crl_check", "-crl_download", "-CAfile", elliptic.pem, pem])
    assert "certificate revoked" in fetched.stderr, fetched.stderr


def test_a_restart_keeps_revocations_lists_and_numbers(elliptic):
    system = elliptic.system
    client, serial, pem = elliptic.client("restarted")
    elliptic.revoke(client)
    before = elliptic.wait_for_list(holds(serial))
    system.stop()
    system.start()
    after = elliptic.wait_for_list(
        lambda found: crl_number(found) > crl_number(before))
    assert holds(serial)(after)
    assert "restarted.pem: revoked" in elliptic.openssl_says(pem)
    status = system.pca("DescribeClientCertificateStatus", Identifier=client)
    assert status["CertificateStatus"][0]["Status"] == "revoked"


def crl_number(found):
    return found.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_many_are_revoked_by_serial_number_and_from_an_older_list(elliptic):
    system = elliptic.system
    _, first, _ = elliptic.client("first")
    _, second, second_pem = elliptic.client("second")
    answer = system.pca("RevokeCertificates", ParentIdentifier=elliptic.id,
                        SerialFile=f"# lost\n{first}\n0x{second.lower()}\n", Reason="superseded")
    assert (answer["RevokedCount"], answer["KnownCount"]) == (2, 0)
    found = elliptic.wait_for_list(holds(second))
    assert holds(first)(found)
    assert "revoked" in elliptic.openssl_says(second_pem)
    again = system.pca("RevokeCertificates", ParentIdentifier=elliptic.id,
                       Crl=found.public_bytes(serialization.Encoding.PEM).decode())
    assert (again["RevokedCount"], again["KnownCount"]) == (0, 2)
    with pytest.raises(ApiError) as caught:
        system.pca("RevokeCertificates", ParentIdentifier=elliptic.id, SerialNumbers=["nonsense"])
    assert (caught.value.status, caught.value.code) == (400, "IllegalParam.SerialNumbers")


# --- a CA is revoked


class Guarded:
    """A listener that lets in whom a subordinate CA knows, and that CA directly as its anchor."""

    def __init__(self, system):
        self.system = system
        self.folder = os.path.join(system.folder, "guarded")
        os.mkdir(self.folder)
        self.backend = Backend(own_address())
        self.root = self.authority("CreateRootCACertificate", CommonName="Guard Root", Years=10)
        self.sub = self.authority("CreateSubCACertificate", CommonName="Guard Sub", Years=5,
                                  ParentIdentifier=self.root)
        server = system.pca("CreateServerCertificate", ParentIdentifier=self.sub, Algorithm="ECC_256",
                            CommonName="www.example.com", Domain="www.example.com")
        client = system.pca("CreateClientCertificate", ParentIdentifier=self.sub,
                            Algorithm="ECC_256", CommonName="cart")
        self.export(client["Identifier"])
        _, self.port = system.listener(
            system.balancer(), system.group((self.backend.address, self.backend.port)),
            ListenerProtocol="TCPSSL", CertificateIds=[server["Identifier"]], CaEnabled=True,
            CaCertificateIds=[self.sub], SecurityPolicyId="tls_cipher_policy_1_2_strict_with_1_3")

    def authority(self, action, **more):
        return self.system.pca(action, Algorithm="ECC_256", **NAMES, **more)["Identifier"]

    def export(self, identifier):
        files = self.system.own("ExportPrivateCertificate", Identifier=identifier, Format="PEM")
        for file in files["Files"]:
            name = "client.key" if file["Name"].endswith(".key") else "client.pem"
            with open(os.path.join(self.folder, name), "wb") as out:
                out.write(base64.b64decode(file["Content"]))

    def visit(self):
        return run(["curl", "-sSk", "--max-time", "10", "--cert",
                    os.path.join(self.folder, "client.pem"), "--key",
                    os.path.join(self.folder, "client.key"),
                    f"https://{self.system.address}:{self.port}/"])

    def close(self):
        self.backend.close()


@pytest.mark.parametrize("which", ["sub", "root"])
def test_a_revoked_ca_lets_nobody_in_any_more(system, which):
    guarded = Guarded(system)
    try:
        wait_for(lambda: guarded.visit().returncode == 0, 20 * SLOWNESS, "a way in", pause=0.2)
        system.pca("UpdateCACertificateStatus", Identifier=getattr(guarded, which), Status="REVOKE")
        wait_for(lambda: guarded.visit().returncode != 0, 5 * SLOWNESS, "a refusal", pause=0.05)
        refused = guarded.visit()
        assert "alert" in refused.stderr, refused.stderr
    finally:
        guarded.close()
