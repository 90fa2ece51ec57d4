"""What the private CA makes, judged by others: openssl's strict verification, GnuTLS; and CAs that openssl
made, taken over or signing for us."""
import json
import os

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from support.clients import run
from support.system import ApiError

NAMES = {"Organization": "Alibaba", "OrganizationUnit": "test", "Locality": "Beijing",
         "State": "Beijing", "CountryCode": "cn"}
FAMILIES = {"RSA": ["RSA_2048"], "ECC": ["ECC_256", "ECC_384", "ECC_512"]}


class Desk:
    """A folder to check certificates in."""

    def __init__(self, system):
        self.system = system
        self.folder = os.path.join(system.folder, "desk")
        os.mkdir(self.folder)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def openssl(self, *arguments):
        return run(["openssl", *arguments], cwd=self.folder)

    def must(self, *arguments):
        done = self.openssl(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout} {done.stderr}"
        return done.stdout

    def cas(self, algorithm, **more):
        """(root, sub): what Describe says of them, root.crt and sub.crt written."""
        root = self.system.pca("CreateRootCACertificate", CommonName=f"Root {algorithm}",
                               Algorithm=algorithm, Years=10, **NAMES)
        sub = self.system.pca("CreateSubCACertificate", ParentIdentifier=root["Identifier"],
                              CommonName=f"Sub {algorithm}", Algorithm=algorithm, Years=5,
                              **NAMES, **more)
        self.write("root.crt", root["Certificate"])
        self.write("sub.crt", sub["Certificate"])
        return root["Identifier"], sub["Identifier"]

    def verify(self, name, *options):
        return self.openssl("verify", "-x509_strict", "-CAfile", "root.crt", "-untrusted",
                            "sub.crt", *options, name)

    def accepts(self, name, *options):
        done = self.verify(name, *options)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def desk(system):
    return Desk(system)


def issue(desk, action, name, **parameters):
    made = desk.system.pca(action, Immediately=2, **parameters)
    desk.write(name, made["X509Certificate"])
    return made


def check_with_gnutls(desk, name, purpose):
    """A second opinion, of certtool. The chain is leaf, subordinate, root."""
    desk.write("chain.pem", "".join(open(os.path.join(desk.folder, part), encoding="utf-8").read()
                                    for part in (name, "sub.crt", "root.crt")))
    done = run(["certtool", "--verify", "--load-ca-certificate", "root.crt", "--verify-purpose",
                purpose, "--verify-profile", "medium", "--infile", "chain.pem"], cwd=desk.folder)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("family", FAMILIES)
def test_every_certificate_passes_strict_verification(desk, family):
    serials = set()
    for algorithm in FAMILIES[family]:
        _, sub = desk.cas(algorithm)
        desk.accepts("sub.crt")
        for leaf in FAMILIES[family]:
            client = issue(desk, "CreateClientCertificate", "client.crt", ParentIdentifier=sub,
                           CommonName="client@example.com", Algorithm=leaf)
            desk.accepts("client.crt", "-purpose", "sslclient")
            assert desk.verify("client.crt", "-purpose", "sslserver").returncode != 0
            server = issue(desk, "CreateServerCertificate", "server.crt", ParentIdentifier=sub,
                           CommonName="www.example.com", Algorithm=leaf, Days=397,
                           Domain="example.com,*.api.example.com,10.0.0.1")
            desk.accepts("server.crt", "-purpose", "sslserver", "-verify_hostname",
                         "www.example.com")
            desk.accepts("server.crt", "-verify_hostname", "v1.api.example.com")
            desk.accepts("server.crt", "-verify_ip", "10.0.0.1")
            assert desk.verify("server.crt", "-verify_hostname", "example.org").returncode != 0
            check_with_gnutls(desk, "client.crt", "1.3.6.1.5.5.7.3.2")
            check_with_gnutls(desk, "server.crt", "1.3.6.1.5.5.7.3.1")
            serials |= {client["SerialNumber"], server["SerialNumber"]}
            assert server["CertificateChain"].count("BEGIN") == 2
    assert len(serials) == 2 * len(FAMILIES[family]) ** 2
    assert all(len(serial) == 34 and serial.startswith("01") for serial in serials)


def test_the_key_opens_with_its_password_and_belongs_to_the_certificate(desk):
    _, sub = desk.cas("ECC_256")
    made = issue(desk, "CreateClientCertificate", "client.crt", ParentIdentifier=sub,
                 CommonName="cart", Algorithm="ECC_256")
    answer = desk.system.pca("DescribeCertificatePrivateKey", Identifier=made["Identifier"],
                             EncryptedCode="a password")
    desk.write("client.key", answer["EncryptedData"])
    key = desk.must("pkey", "-in", "client.key", "-passin", "pass:a password", "-pubout")
    assert key == desk.must("x509", "-in", "client.crt", "-noout", "-pubkey")
    assert desk.openssl("pkey", "-in", "client.key", "-passin", "pass:wrong").returncode != 0


@pytest.mark.parametrize("key, algorithm", [(["rsa:2048"], "RSA_2048"),
                                            (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
                                             "ECC_256"),
                                            (["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
                                             "ECC_256")])
def test_requests_made_by_openssl_are_taken(desk, key, algorithm):
    _, sub = desk.cas(algorithm)
    desk.must("req", "-new", "-newkey", *key, "-nodes", "-keyout", "own.key", "-out", "own.csr",
              "-subj", "/C=DE/O=Else/CN=www.example.com/emailAddress=a@example.com",
              "-addext", "subjectAltName=DNS:example.com,IP:::1")
    with open(os.path.join(desk.folder, "own.csr"), encoding="utf-8") as file:
        csr = file.read()
    made = issue(desk, "CreateServerCertificateWithCsr", "own.crt", ParentIdentifier=sub, Csr=csr)
    desk.accepts("own.crt", "-purpose", "sslserver", "-verify_hostname", "example.com")
    assert desk.must("pkey", "-in", "own.key", "-pubout") == \
        desk.must("x509", "-in", "own.crt", "-noout", "-pubkey")
    shown = desk.system.pca("DescribeClientCertificate", Identifier=made["Identifier"])
    names = [name["Value"] for name in json.loads(shown["Certificate"]["Sans"])]
    assert sorted(names) == ["::1", "example.com", "www.example.com"]
    assert not shown["Certificate"]["ExistPrivateKey"]


@pytest.mark.parametrize("key, word", [(["rsa:1024"], "1024"),
                                       (["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
                                        "curve"), (["ed25519"], "RSA")])
def test_requests_with_keys_that_are_not_good_are_refused(desk, key, word):
    _, sub = desk.cas("ECC_256")
    desk.must("req", "-new", "-newkey", *key, "-nodes", "-keyout", "own.key", "-out", "own.csr",
              "-subj", "/CN=www.example.com")
    with open(os.path.join(desk.folder, "own.csr"), encoding="utf-8") as file:
        csr = file.read()
    with pytest.raises(ApiError) as refused:
        desk.system.pca("CreateServerCertificateWithCsr", ParentIdentifier=sub, Csr=csr)
    assert refused.value.code == "IllegalParam.Csr" and refused.value.status == 400
    assert word in refused.value.message


def test_constraints_hold_for_openssl_too(desk):
    _, sub = desk.cas("ECC_256", PermittedNames=["DNS:example.com", "IP:10.0.0.0/8"],
                      ExcludedNames=["DNS:secret.example.com"])
    desk.accepts("sub.crt")
    issue(desk, "CreateServerCertificate", "server.crt", ParentIdentifier=sub,
          CommonName="www.example.com", Algorithm="ECC_256", Domain="10.1.2.3")
    desk.accepts("server.crt", "-purpose", "sslserver")
    for name in ("www.example.org", "a.secret.example.com", "192.168.0.1"):
        with pytest.raises(ApiError) as refused:
            desk.system.pca("CreateServerCertificate", ParentIdentifier=sub, CommonName=name,
                            Algorithm="ECC_256")
        assert refused.value.code == "LintFailed.X28", name


def own_ca(desk, key):
    """A root that openssl made, as people make them."""
    desk.must("req", "-x509", "-newkey", *key, "-nodes", "-keyout", "old.key", "-out", "root.crt",
              "-days", "3650", "-subj", "/C=CN/O=Before/CN=Root of before",
              "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    return [open(os.path.join(desk.folder, name), encoding="utf-8").read()
            for name in ("root.crt", "old.key")]


@pytest.mark.parametrize("key, algorithm", [(["rsa:2048"], "RSA_2048"),
                                            (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
                                             "ECC_256")])
def test_a_ca_that_exists_is_taken_over(desk, key, algorithm):
    certificate, private_key = own_ca(desk, key)
    made = desk.system.pca("ImportCACertificate", Certificate=certificate, PrivateKey=private_key)
    sub = desk.system.pca("CreateSubCACertificate", ParentIdentifier=made["Identifier"],
                          CommonName="Sub of before", Algorithm=algorithm, Years=5, **NAMES)
    desk.write("sub.crt", sub["Certificate"])
    issue(desk, "CreateClientCertificate", "client.crt", ParentIdentifier=sub["Identifier"],
          CommonName="cart", Algorithm=algorithm)
    desk.accepts("client.crt", "-purpose", "sslclient")
    with pytest.raises(ApiError) as refused:
        desk.system.pca("ImportCACertificate", Certificate=certificate, PrivateKey=private_key)
    assert refused.value.code == "Conflict.Certificate"
    desk.must("genpkey", "-algorithm", "RSA", "-out", "other.key")
    with open(os.path.join(desk.folder, "other.key"), encoding="utf-8") as file:
        other = file.read()
    with pytest.raises(ApiError) as refused:
        desk.system.pca("ImportCACertificate", Certificate=certificate, PrivateKey=other)
    assert refused.value.code == "IllegalParam.PrivateKey"
    assert "PRIVATE" not in json.dumps(refused.value.body)


def test_a_leaf_is_not_taken_for_a_ca(desk):
    desk.must("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-out",
              "leaf.crt", "-days", "30", "-subj", "/CN=leaf", "-addext",
              "basicConstraints=critical,CA:FALSE")
    certificate, key = [open(os.path.join(desk.folder, name), encoding="utf-8").read()
                        for name in ("leaf.crt", "leaf.key")]
    with pytest.raises(ApiError) as refused:
        desk.system.pca("ImportCACertificate", Certificate=certificate, PrivateKey=key)
    assert refused.value.code == "IllegalParam.Certificate"


def test_a_subordinate_is_signed_by_openssl(desk):
    own_ca(desk, ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
    pending = desk.system.pca("CreateCACsr", CommonName="Signed elsewhere", Algorithm="ECC_256",
                              **NAMES)
    desk.write("sub.csr", pending["Csr"])
    desk.must("req", "-in", "sub.csr", "-verify", "-noout")
    desk.write("ext.cnf", "basicConstraints=critical,CA:TRUE,pathlen:0\n"
                          "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
                          "authorityKeyIdentifier=keyid:always\n")
    desk.must("x509", "-req", "-in", "sub.csr", "-CA", "root.crt", "-CAkey", "old.key", "-days",
              "1825", "-set_serial", "0x01a1b2c3d4e5f60718", "-extfile", "ext.cnf", "-out",
              "sub.crt")
    certificate, chain = [open(os.path.join(desk.folder, name), encoding="utf-8").read()
                          for name in ("sub.crt", "root.crt")]
    with pytest.raises(ApiError) as refused:
        desk.system.pca("CompleteCACertificate", Identifier=pending["Identifier"],
                        Certificate=chain)
    assert refused.value.code == "IllegalParam.Certificate"
    done = desk.system.pca("CompleteCACertificate", Identifier=pending["Identifier"],
                           Certificate=certificate, CertificateChain=chain)
    assert done["Identifier"] == pending["Identifier"]
    assert done["CertificateChain"].count("BEGIN") == 2
    issue(desk, "CreateClientCertificate", "client.crt", ParentIdentifier=done["Identifier"],
          CommonName="cart", Algorithm="ECC_256")
    desk.accepts("client.crt", "-purpose", "sslclient")


def test_a_renewed_ca_stands_in_for_the_old_one(desk):
    root, sub = desk.cas("ECC_256")
    issue(desk, "CreateClientCertificate", "client.crt", ParentIdentifier=sub, CommonName="cart",
          Algorithm="ECC_256")
    renewed = desk.system.pca("RenewPrivateCertificate", Identifier=sub, Immediately=1)
    desk.write("sub.crt", renewed["X509Certificate"])
    desk.accepts("client.crt", "-purpose", "sslclient")
    again = desk.system.pca("RenewPrivateCertificate", Identifier=root, Immediately=1)
    desk.write("root.crt", again["X509Certificate"])
    desk.accepts("client.crt", "-purpose", "sslclient")


def test_names_that_people_type_are_one_sequence_of_bytes(desk):
    _, sub = desk.cas("ECC_256")
    decomposed = "Jose\u0301 Garci\u0301a"
    made = issue(desk, "CreateClientCertificate", "client.crt", ParentIdentifier=sub,
                 CommonName=f"  {decomposed} ", Algorithm="ECC_256", Organization="中国公司",
                 SanType=1, SanValue="jose@example.com")
    shown = desk.system.pca("DescribeClientCertificate", Identifier=made["Identifier"])
    assert shown["Certificate"]["CommonName"] == "Jos\u00e9 Garc\u00eda"
    with open(os.path.join(desk.folder, "client.crt"), "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    assert certificate.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value == \
        "中国公司"
    der = certificate.public_bytes(serialization.Encoding.DER)
    assert "Jos\u00e9 Garc\u00eda".encode() in der
    with pytest.raises(ApiError) as refused:
        desk.system.pca("CreateClientCertificate", ParentIdentifier=sub,
                        CommonName="evil\u202egnp.exe", Algorithm="ECC_256")
    assert refused.value.field == "CommonName"
