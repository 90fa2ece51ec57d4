"""Certificates made on the spot: CAs, server and client certificates, revocation lists, and wrong
ones of every kind."""
import datetime
import hashlib
import ipaddress
import os
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.utcnow().replace(microsecond=0)


def new_key(kind):
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "p384":
        return ec.generate_private_key(ec.SECP384R1())
    if kind == "p521":
        return ec.generate_private_key(ec.SECP521R1())
    if kind == "p224":
        return ec.generate_private_key(ec.SECP224R1())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))


def name_of(common_name, **more):
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if "organization" in more:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, more["organization"]))
    return x509.Name(parts)


def alternative_name(text):
    """"kind:value", or a DNS name as it is."""
    kind, _, value = text.partition(":")
    if kind == "email":
        return x509.RFC822Name(value)
    if kind == "uri":
        return x509.UniformResourceIdentifier(value)
    if kind == "ip":
        return x509.IPAddress(ipaddress.ip_address(value))
    return x509.DNSName(value or text)


class Credential:
    """A certificate, its key, and the certificates to send along, as files."""

    def __init__(self, folder, certificate, key, issuer=None, chain=()):
        self.certificate = certificate
        self.key = key
        self.issuer = issuer
        self.chain = list(chain)
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.cert_file = self._write("cert.pem", self.pem())
        self.key_file = self._write("key.pem", key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        self.chain_file = self._write("fullchain.pem", self.pem() + b"".join(
            other.pem() for other in self.chain))
        self.issuers_file = self._write("issuers.pem", b"".join(
            other.pem() for other in self.chain))

    def _write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def der(self):
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def serial(self):
        """As the log writes it: lower-case hex, whole octets."""
        number = self.certificate.serial_number
        return number.to_bytes(number.bit_length() // 8 + 1, "big").lstrip(b"\0").hex() or "00"

    def with_chain(self, *chain):
        """The same certificate, sent with another chain."""
        tag = hashlib.sha256(b"".join(other.der() for other in chain)).hexdigest()[:12]
        return Credential(f"{self.folder}-with-{tag}", self.certificate, self.key, self.issuer,
                          chain)

    def pkcs12(self, password="changeit"):
        path = os.path.join(self.folder, "bundle.p12")
        if not os.path.exists(path):
            subprocess.run(["openssl", "pkcs12", "-export", "-in", self.cert_file, "-inkey",
                            self.key_file, "-certfile", self.chain_file, "-out", path, "-passout",
                            f"pass:{password}"], check=True, capture_output=True)
        return path


class Pki:
    """Makes credentials below one folder. A CA is a credential too."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.count = 0
        self.kept = {}

    def _folder(self, label):
        self.count += 1
        plain = "".join(c if c.isalnum() else "-" for c in label)[:40]
        return os.path.join(self.folder, f"{self.count:03d}-{plain}")

    def _make(self, common_name, issuer, key="p256", not_before=None, not_after=None, serial=None,
              extensions=(), sign_hash=hashes.SHA256(), subject=None, chain=(), signer=None):
        key = new_key(key) if isinstance(key, str) else key
        subject = subject if subject is not None else name_of(common_name)
        signer = signer or (issuer.key if issuer else key)
        builder = (x509.CertificateBuilder()
                   .subject_name(subject)
                   .issuer_name(issuer.certificate.subject if issuer else subject)
                   .public_key(key.public_key())
                   .serial_number(serial or x509.random_serial_number())
                   .not_valid_before(not_before or now() - DAY)
                   .not_valid_after(not_after or now() + 30 * DAY))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        if isinstance(signer, ed25519.Ed25519PrivateKey):
            sign_hash = None
        certificate = builder.sign(signer, sign_hash)
        return Credential(self._folder(common_name), certificate, key, issuer, chain)

    def ca(self, common_name, issuer=None, path_length=None, constraints=None, is_ca=True,
           key_usage=True, purposes=None, **more):
        extensions = [(x509.BasicConstraints(is_ca, path_length if is_ca else None), True)]
        if key_usage:
            extensions.append((x509.KeyUsage(
                digital_signature=False, content_commitment=False, key_encipherment=False,
                data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
                encipher_only=False, decipher_only=False), True))
        if constraints is not None:
            extensions.append((constraints, True))
        if purposes:
            extensions.append((x509.ExtendedKeyUsage(purposes), False))
        key = more.pop("key", "p256")
        key = new_key(key) if isinstance(key, str) else key
        extensions.append((x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False))
        if issuer is not None:
            extensions.append(self._authority_of(issuer))
        more.setdefault("not_after", now() + 3650 * DAY)
        chain = [] if issuer is None or issuer.issuer is None else [issuer, *issuer.chain]
        return self._make(common_name, issuer, key=key, extensions=extensions, chain=chain, **more)

    @staticmethod
    def _authority_of(issuer):
        return (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()), False)

    def leaf(self, common_name, issuer, purposes=(CLIENT,), names=(), extra=(), plain=False,
             key_usage=True, is_ca=None, **more):
        """plain: no extension at all but the basic constraints."""
        extensions = []
        if not plain:
            extensions.append((x509.BasicConstraints(bool(is_ca), None), True))
            if key_usage:
                extensions.append((x509.KeyUsage(
                    digital_signature=True, content_commitment=False, key_encipherment=False,
                    data_encipherment=False, key_agreement=False, key_cert_sign=bool(is_ca),
                    crl_sign=False, encipher_only=False, decipher_only=False), True))
            if purposes:
                extensions.append((x509.ExtendedKeyUsage(list(purposes)), False))
            if issuer is not None:
                extensions.append(self._authority_of(issuer))
        if names:
            extensions.append((x509.SubjectAlternativeName(
                [alternative_name(text) for text in names]), False))
        extensions.extend(extra)
        chain = [] if issuer is None or issuer.issuer is None else [issuer, *issuer.chain]
        return self._make(common_name, issuer, extensions=extensions, chain=chain, **more)

    def client(self, common_name, issuer, **more):
        more.setdefault("names", [f"uri:spiffe://shop/{common_name}"])
        return self.leaf(common_name, issuer, purposes=more.pop("purposes", (CLIENT,)), **more)

    def server(self, common_name, issuer, names=None, **more):
        names = names if names is not None else [common_name]
        return self.leaf(common_name, issuer, purposes=(SERVER,), names=names, **more)

    def crl(self, ca, revoked=(), last_update=None, next_update=None, signer=None, name=None,
            number=1):
        """A file with the list of a CA; revoked: credentials or serial numbers."""
        builder = (x509.CertificateRevocationListBuilder()
                   .issuer_name(ca.certificate.subject)
                   .last_update(last_update or now() - DAY)
                   .next_update(next_update or now() + 7 * DAY)
                   .add_extension(x509.CRLNumber(number), False)
                   .add_extension(*self._authority_of(ca)))
        for entry in revoked:
            serial = entry if isinstance(entry, int) else entry.certificate.serial_number
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial)
                .revocation_date(now() - datetime.timedelta(hours=1)).build())
        crl = builder.sign((signer or ca).key, hashes.SHA256())
        folder = self._folder("crl")
        os.makedirs(folder)
        path = name or os.path.join(folder, "list.crl")
        write_whole(path, crl.public_bytes(serialization.Encoding.PEM))
        return path

    def openssl_v1_client(self, common_name, issuer):
        """As people make them: openssl req and openssl x509 -req without any extension file."""
        folder = self._folder(common_name)
        os.makedirs(folder)
        key, request, cert = (os.path.join(folder, name) for name in ("k.pem", "r.pem", "c.pem"))
        for command in (
                ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", request, "-subj",
                 f"/CN={common_name}"],
                ["openssl", "x509", "-req", "-in", request, "-CA", issuer.cert_file, "-CAkey",
                 issuer.key_file, "-CAcreateserial", "-days", "30", "-out", cert]):
            subprocess.run(command, check=True, capture_output=True)
        with open(cert, "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        with open(key, "rb") as file:
            private = serialization.load_pem_private_key(file.read(), None)
        return Credential(os.path.join(folder, "credential"), certificate, private, issuer)

    def kept_once(self, label, make):
        """The same credential for every test of a process: keys of RSA take their time."""
        if label not in self.kept:
            self.kept[label] = make()
        return self.kept[label]


def write_whole(path, content):
    """Replaces a file in one step, as tools do that renew certificates."""
    with open(path + ".new", "wb") as file:
        file.write(content)
    os.replace(path + ".new", path)


class ShopPki(Pki):
    """The ordinary cast: a root, a subordinate CA, a server and a good client, and a stranger."""

    def __init__(self, folder):
        super().__init__(folder)
        self.root = self.ca("Shop Root")
        self.sub = self.ca("Shop Clients", self.root)
        self.www = self.server("www.example.com", self.root,
                               names=["www.example.com", "localhost"])
        self.good = self.client("cart", self.sub)
        self.direct = self.client("till", self.root)
        self.other_root = self.ca("Other Root")
        self.stranger = self.client("stranger", self.other_root)

    def www_rsa(self):
        return self.kept_once("www_rsa", lambda: self.server(
            "www.example.com", self.root, key="rsa2048", names=["www.example.com", "localhost"]))

    def good_rsa(self):
        return self.kept_once("good_rsa", lambda: self.client("cart-rsa", self.sub, key="rsa2048"))
