"""The cloud document's procedure for mutual authentication, step for step, through the API: CA, client
certificate, server certificate by openssl, instance, server group, listener, proof; then revocation."""
import os
import time

import pytest

from support.backend import Backend
from support.clients import run
from support.door import own_address
from support.waiting import wait_for

NAMES = {"Organization": "Alibaba", "OrganizationUnit": "test", "Locality": "Beijing",
         "State": "Beijing", "CountryCode": "CN"}

EXTENSIONS = """[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
subjectAltName = DNS:www.example.com
"""


class Procedure:
    """What the steps leave behind."""

    def __init__(self, system):
        self.system = system
        self.folder = os.path.join(system.folder, "ecs03")
        os.mkdir(self.folder)
        self.servers = []

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def openssl(self, *arguments):
        done = run(["openssl", *arguments], cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return done

    def step_1_certificate_authority(self):
        root = self.system.pca("CreateRootCACertificate", CommonName="Demo Root CA",
                               Algorithm="RSA_2048", Years=10, **NAMES)
        self.root = root["Identifier"]
        sub = self.system.pca("CreateSubCACertificate", ParentIdentifier=self.root,
                              CommonName="Demo Subordinate CA", Algorithm="RSA_2048", Years=5,
                              **NAMES)
        self.sub = sub["Identifier"]
        client = self.system.pca("CreateClientCertificate", ParentIdentifier=self.sub,
                                 CommonName="client@example.com", Algorithm="RSA_2048")
        self.client = client["Identifier"]
        self.client_serial = client["SerialNumber"]

    def step_2_server_certificate(self):
        self.write("ext.cnf", EXTENSIONS)
        self.openssl("genrsa", "-out", "server.key", "2048")
        self.openssl("req", "-new", "-key", "server.key", "-out", "server.csr", "-subj",
                     "/C=CN/ST=bj/L=bj/O=alibaba/OU=test/CN=www.example.com")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "root.key",
                     "-out", "root.crt", "-days", "3650", "-subj", "/CN=Self-signed Root")
        self.openssl("x509", "-req", "-in", "server.csr", "-out", "server.crt", "-CA", "root.crt",
                     "-CAkey", "root.key", "-CAcreateserial", "-days", "397", "-extfile",
                     "ext.cnf", "-extensions", "server")
        with open(self.path("server.crt"), encoding="ascii") as cert, \
                open(self.path("server.key"), encoding="ascii") as key:
            uploaded = self.system.cas("UploadUserCertificate", Name="www", Cert=cert.read(),
                                       Key=key.read())
        detail = self.system.cas("GetUserCertificateDetail", CertId=uploaded["CertId"])
        self.server_certificate = detail["CertIdentifier"]

    def step_3_client_certificate(self):
        files = self.system.own("ExportPrivateCertificate", Identifier=self.client, Format="CRT",
                                IncludeChain=True)["Files"]
        import base64
        for file in files:
            with open(self.path("client" + os.path.splitext(file["Name"])[1]
                                if "_chain" not in file["Name"] else "chain.crt"), "wb") as out:
                out.write(base64.b64decode(file["Content"]))
        self.openssl("pkcs12", "-export", "-clcerts", "-in", "client.crt", "-inkey", "client.key",
                     "-out", "client.p12", "-passout", "pass:secret")

    def instance_and_servers(self):
        for name in ("ECS01", "ECS02"):
            self.servers.append(Backend(own_address(), name=name))
        self.balancer = self.system.balancer(LoadBalancerName="edge")
        self.group = self.system.group(*[(server.address, server.port)
                                         for server in self.servers])

    def step_5_listener(self):
        self.listener, self.port = self.system.listener(
            self.balancer, self.group, ListenerProtocol="TCPSSL",
            CertificateIds=[self.server_certificate], CaEnabled=True,
            CaCertificateIds=[self.root],
            SecurityPolicyId="tls_cipher_policy_1_2_strict_with_1_3")
        wait_for(lambda: not self.unhealthy(), 15, "healthy servers")

    def unhealthy(self):
        status = self.system.nlb("GetListenerHealthStatus", ListenerId=self.listener)
        return [server for listener in status["ListenerHealthStatus"]
                for group in listener["ServerGroupInfos"] for server in group["NonNormalServers"]]

    def curl(self, *arguments):
        return run(["curl", "-sS", "--max-time", "10", "--cacert", self.path("root.crt"),
                    "--resolve", f"www.example.com:{self.port}:{self.system.address}", *arguments,
                    f"https://www.example.com:{self.port}/"])

    def with_certificate(self):
        return self.curl("--cert", self.path("client.crt"), "--key", self.path("client.key"))

    def close(self):
        for server in self.servers:
            server.close()


@pytest.fixture
def procedure(system):
    made = Procedure(system)
    made.step_1_certificate_authority()
    made.step_2_server_certificate()
    made.step_3_client_certificate()
    made.instance_and_servers()
    made.step_5_listener()
    yield made
    made.close()


def test_the_whole_procedure_ends_with_two_servers_that_answer_known_clients_only(procedure):
    answers = {procedure.with_certificate().stdout for _ in range(6)}
    assert {name for name in ("ECS01", "ECS02") if any(name in text for text in answers)} == \
        {"ECS01", "ECS02"}, answers
    by_p12 = procedure.curl("--cert-type", "P12", "--cert", procedure.path("client.p12:secret"))
    assert "ECS0" in by_p12.stdout, by_p12.stderr

    without = procedure.curl()
    assert without.returncode != 0 and "certificate required" in without.stderr, without.stderr

    procedure.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "other.key",
                      "-out", "other.crt", "-days", "30", "-subj", "/CN=client@example.com")
    other = procedure.curl("--cert", procedure.path("other.crt"), "--key",
                           procedure.path("other.key"))
    assert other.returncode != 0 and "unknown ca" in other.stderr, other.stderr


def test_a_revoked_client_is_refused_within_a_second_and_its_open_connection_cut(procedure):
    import socket
    import ssl
    context = ssl.create_default_context(cafile=procedure.path("root.crt"))
    context.load_cert_chain(procedure.path("client.crt"), procedure.path("client.key"))
    raw = socket.create_connection((procedure.system.address, procedure.port), 10)
    with context.wrap_socket(raw, server_hostname="www.example.com") as open_connection:
        open_connection.sendall(b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
        assert b"200" in open_connection.recv(4096)

        revoked = time.monotonic()
        procedure.system.pca("CreateRevokeClientCertificate", Identifier=procedure.client)

        def is_refused():
            answer = procedure.with_certificate()
            return answer.returncode != 0 and "revoked" in answer.stderr
        wait_for(is_refused, 5, "a refusal", pause=0.02)
        assert time.monotonic() - revoked < 1.5

        open_connection.settimeout(2)
        try:
            assert open_connection.recv(4096) == b""
        except (ssl.SSLError, ConnectionError):
            pass
