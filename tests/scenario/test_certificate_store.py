"""Certificates made elsewhere, kept by the store and served: replaced in place, and third-party CAs
with their revocation lists."""
import pytest

from support.backend import Backend
from support.clients import TlsClient, attempt
from support.door import own_address
from support.pki import DAY, now
from support.system import ApiError
from support.waiting import wait_for


def text(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def upload(system, credential, name):
    return system.cas("UploadUserCertificate", Name=name, Cert=text(credential.chain_file),
                      Key=text(credential.key_file))


@pytest.fixture
def backend():
    made = Backend(own_address(), name="ECS01")
    yield made
    made.close()


@pytest.fixture
def partner(system, pki, backend):
    """A listener that lets in the clients of a third party's CA."""

    class Partner:
        ca = system.cas("UploadCACertificate", Name="partner", Cert=pki.root.pem().decode() +
                        pki.sub.pem().decode())["Identifier"]
        certificate = upload(system, pki.www, "www")
        listener, port = system.listener(
            system.balancer(), system.group((backend.address, backend.port)),
            ListenerProtocol="TCPSSL", CertificateIds=[certificate["CertIdentifier"]],
            CaEnabled=True, CaCertificateIds=[ca])

        def outcome(self, credential):
            """The server's name, or the alert."""
            return attempt(system, self.port, credential)

    return Partner()


def becomes(partner, credential, wanted):
    wait_for(lambda: partner.outcome(credential) == wanted, 5, wanted)


def test_clients_of_a_third_partys_ca_come_in_and_its_list_keeps_them_out(system, pki, partner):
    assert partner.outcome(pki.good) == "ECS01"
    assert partner.outcome(pki.stranger) == "unknown_ca"
    lists = text(pki.crl(pki.sub, [pki.good])) + text(pki.crl(pki.root, [], number=3))
    answer = system.job(system.cas("UploadCRL", Identifier=partner.ca, Crl=lists))
    assert {made["Issuer"] for made in answer["Crls"]} == {"Shop Root", "Shop Clients"}
    becomes(partner, pki.good, "certificate_revoked")
    assert partner.outcome(pki.direct) == "ECS01"
    name = next(made["Name"] for made in answer["Crls"] if made["Issuer"] == "Shop Clients")
    system.job(system.cas("DeleteCRL", Identifier=partner.ca, Name=name))
    becomes(partner, pki.good, "ECS01")


def test_a_list_from_before_does_not_take_the_place_of_a_newer_one(system, pki, partner):
    system.job(system.cas("UploadCRL", Identifier=partner.ca,
                          Crl=text(pki.crl(pki.root, [pki.direct], number=7))))
    old = text(pki.crl(pki.root, [], number=6, last_update=now() - 2 * DAY))
    with pytest.raises(ApiError) as refused:
        system.cas("UploadCRL", Identifier=partner.ca, Crl=old)
    assert refused.value.code == "OperationDenied.OlderCrl"
    becomes(partner, pki.direct, "certificate_revoked")


def test_what_a_listener_uses_is_not_deleted_and_names_it(system, pki, partner):
    for action, parameter in (("DeleteUserCertificate", {"CertId": partner.certificate["CertId"]}),
                              ("DeletePCACert", {"Identifier": partner.ca})):
        with pytest.raises(ApiError) as refused:
            system.cas(action, **parameter)
        assert refused.value.code == "ResourceInUse.Certificate"
        assert partner.listener in refused.value.message
    detail = system.cas("GetUserCertificateDetail", CertId=partner.certificate["CertId"])
    assert [user["ResourceId"] for user in detail["UsedBy"]] == [partner.listener]
    system.job(system.nlb("DeleteListener", ListenerId=partner.listener))
    system.cas("DeleteUserCertificate", CertId=partner.certificate["CertId"])
    system.cas("DeletePCACert", Identifier=partner.ca)


def test_a_certificate_is_replaced_in_place_and_listeners_follow(system, pki, partner):
    def served():
        with TlsClient(system.address, partner.port, pki.good) as client:
            client.handshake()
            return client.tls.getpeercert(True)

    renewed = pki.server("www.example.com", pki.root)
    assert served() == pki.www.der()
    system.job(system.cas("UpdateUserCertificate", CertId=partner.certificate["CertId"],
                          Cert=text(renewed.chain_file), Key=text(renewed.key_file)))
    wait_for(lambda: served() == renewed.der(), 5, "the new certificate")


@pytest.mark.parametrize("given", ["CertIdentifier", "CertId"])
def test_a_listener_names_a_certificate_by_any_of_its_ids(system, pki, backend, given):
    made = upload(system, pki.www, "www")
    listener, _ = system.listener(
        system.balancer(), system.group((backend.address, backend.port)),
        ListenerProtocol="TCPSSL", CertificateIds=[str(made[given])])
    shown = system.nlb("GetListenerAttribute", ListenerId=listener)
    assert shown["CertificateIds"] == [made["CertIdentifier"]]


def test_a_private_certificate_is_shown_among_the_uploaded_ones_once_asked_for(system):
    ca = system.first["caIdentifier"]
    made = system.pca("CreateServerCertificate", ParentIdentifier=ca, CommonName="www.example.com",
                      Algorithm="ECC_256", Days=30)

    def listed():
        return {row["CommonName"]: row["CertificateId"] for row in
                system.cas("ListUserCertificateOrder", OrderType="CERT")["CertificateOrderList"]}
    assert "www.example.com" not in listed()
    system.pca("UploadPcaCertToCas", Ids=made["Identifier"])
    detail = system.cas("GetUserCertificateDetail", CertId=listed()["www.example.com"])
    assert detail["Common"] == "www.example.com"
    shown = system.pca("DescribeClientCertificate", Identifier=made["Identifier"])["Certificate"]
    assert shown["UploadFlag"] == 1
