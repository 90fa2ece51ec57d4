"""What clients written for the real service rely on: each parameter in each encoding, defaults, the ends of
ranges, the codes of refusals, pages to their end; and no answer that the OpenAPI document does not know."""
import itertools
import json
import urllib.parse

import pytest

from support import signing
from support.door import free_port

VERSIONS = {"nlb": "2022-04-30", "cas": "2020-04-07", "pca": "2020-06-30"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def flat(value, name=""):
    """Parameters as SDKs send them: Name.1.Member, all of them texts."""
    if isinstance(value, dict):
        members = [(f"{name}.{key}" if name else key, member) for key, member in value.items()]
    elif isinstance(value, list):
        members = [(f"{name}.{number}", item) for number, item in enumerate(value, 1)]
    else:
        return {name: str(value).lower() if isinstance(value, bool) else str(value)}
    return {key: text for inner, member in members for key, text in flat(member, inner).items()}


def deviations(schema, value, place):
    """Where an answer is not what the document says, or says more."""
    if "type" in schema and type(value) is not KINDS[schema["type"]]:
        yield f"{place} is no {schema['type']}: {value!r}"
    elif isinstance(value, dict) and "properties" in schema:
        for key, member in value.items():
            if key not in schema["properties"]:
                yield f"{place}.{key} is not documented"
            else:
                yield from deviations(schema["properties"][key], member, f"{place}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from deviations(schema.get("items", {}), item, f"{place}[]")


class Client:
    """Each call goes another way than the one before."""

    def __init__(self, system):
        self.system = system
        self.key = system.first["AccessKeyId"], system.first["AccessKeySecret"]
        self.ways = itertools.cycle([self.form, self.query, self.get, self.acs_form, self.acs_query,
                                     self.json])
        self.paths = json.loads(system.request(
            "GET", "/api/openapi.json",
            headers={"Authorization": f"Bearer {system.first['token']}"})[2])["paths"]

    def form(self, product, action, given):
        signed = signing.rpc(*self.key, action, VERSIONS[product], **flat(given))
        return self.system.request("POST", "/", urllib.parse.urlencode(signed), FORM)

    def query(self, product, action, given):
        signed = signing.rpc(*self.key, action, VERSIONS[product], **flat(given))
        return self.system.request("POST", "/?" + urllib.parse.urlencode(signed))

    def get(self, product, action, given):
        signed = signing.rpc(*self.key, action, VERSIONS[product], method="GET", **flat(given))
        return self.system.request("GET", "/?" + urllib.parse.urlencode(signed))

    def acs(self, product, action, query, body):
        headers = signing.acs3(*self.key, action, VERSIONS[product],
                               f"127.0.0.1:{self.system.api_port}", query=query, body=body)
        return self.system.request("POST", "/?" + urllib.parse.urlencode(query), body, headers)

    def acs_form(self, product, action, given):
        return self.acs(product, action, {}, urllib.parse.urlencode(flat(given)).encode())

    def acs_query(self, product, action, given):
        return self.acs(product, action, flat(given), b"")

    def json(self, product, action, given):
        return self.system.request(
            "POST", f"/api/{product}/{action}", json.dumps(given),
            {"Content-Type": "application/json",
             "Authorization": f"Bearer {self.system.first['token']}"})

    def ask(self, product, action, given):
        status, _, body = next(self.ways)(product, action, given)
        answer = json.loads(body)
        documented = self.paths[f"/api/{product}/{action}"]["post"]["responses"]
        assert str(status) in documented, (status, answer)
        if status == 200:
            schema = documented["200"]["content"]["application/json"]["schema"]
            assert not list(deviations(schema, answer, action))
            assert not {"Code", "code"} & set(answer), "Terraform takes it for a failure"
        return status, answer

    def __call__(self, product, action, **given):
        status, answer = self.ask(product, action, given)
        assert status == 200, (action, given, answer)
        return answer

    def refused(self, product, action, code, status=400, **given):
        found, answer = self.ask(product, action, given)
        assert (found, answer.get("Code")) == (status, code), (action, given, answer)
        assert answer["Message"] and answer["RequestId"] and answer["HostId"]

    def pages(self, product, action, member, **given):
        """Items of all pages; what is said of the pages is checked on the way."""
        items, token, total = [], "", None
        while token is not None:
            page = self(product, action, NextToken=token, **given)
            total = page["TotalCount"] if total is None else total
            assert page["TotalCount"] == total and page["MaxResults"] == given["MaxResults"]
            assert len(page[member]) <= given["MaxResults"]
            items += page[member]
            token = page.get("NextToken") or None
            assert len(items) <= total
        assert len(items) == total
        return items


@pytest.fixture
def client(system):
    return Client(system)


@pytest.fixture
def things(system, client):
    """A load balancer, groups, and certificates by their names."""
    found = {"balancer": system.balancer(), "group": system.group(),
             "any": system.group(AnyPortEnabled=True,
                                 HealthCheckConfig={"HealthCheckEnabled": False})}
    names = {"Organization": "o", "OrganizationUnit": "u", "Locality": "l", "State": "s"}
    found["root"] = client("pca", "CreateRootCACertificate", CommonName="root", Years=5,
                           Algorithm="ecc_256", **names)["Identifier"]
    for name in ("one", "two", "three"):
        found[name] = client("pca", "CreateServerCertificate", ParentIdentifier=found["root"],
                             CommonName=f"{name}.example.com", Algorithm="ECC_256")["Identifier"]
    return found


def test_a_server_group_in_all_encodings(client):
    """Six times the same with words in any case: once in each way that there is."""
    for number in range(6):
        group = client("nlb", "CreateServerGroup", ServerGroupName=f"web-{number}", VpcId="vpc-1",
                       ServerGroupType="IP", Scheduler="wRR", AddressIPVersion="ipv4",
                       HealthCheckConfig={"HealthCheckType": "http", "HttpCheckMethod": "head",
                                          "HealthCheckHttpCode": ["HTTP_2xx", "http_3xx"],
                                          "HealthCheckUrl": "/a?b=%20*~&c"},
                       Tag=[{"Key": "k", "Value": "v é*~"}])["ServerGroupId"]
        shown = client("nlb", "ListServerGroups", ServerGroupIds=[group])["ServerGroups"][0]
        assert (shown["ServerGroupType"], shown["Scheduler"], shown["AddressIPVersion"]) == (
            "Ip", "Wrr", "Ipv4")
        check = shown["HealthCheck"]
        assert (check["HealthCheckType"], check["HttpCheckMethod"]) == ("HTTP", "HEAD")
        assert check["HealthCheckHttpCode"] == ["http_2xx", "http_3xx"]
        assert check["HealthCheckUrl"] == "/a?b=%20*~&c"
        assert shown["Tags"] == [{"Key": "k", "Value": "v é*~"}]
        # Left out: the defaults of the specification, but for the client's address.
        assert (check["HealthCheckConnectTimeout"], check["HealthCheckInterval"],
                check["HealthyThreshold"], check["UnhealthyThreshold"]) == (5, 5, 2, 2)
        assert shown["PreserveClientIpEnabled"] is False and shown["ConnectionDrainTimeout"] == 10
        client("nlb", "CreateServerGroup", ServerGroupName="turns", VpcId="vpc-1")


RANGES = [("ConnectionDrainTimeout", 0, 900, None), ("HealthCheckConnectPort", 0, 65535, "c"),
          ("HealthCheckConnectTimeout", 1, 300, "c"), ("HealthCheckInterval", 1, 50, "c"),
          ("HealthyThreshold", 2, 10, "c"), ("UnhealthyThreshold", 2, 10, "c")]


def test_ranges_of_a_server_group_end_where_they_should(client, system):
    group = system.group()
    for name, low, high, inner in RANGES:
        for value in (low - 1, low, high, high + 1):
            given = {"HealthCheckConfig": {name: value}} if inner else {name: value}
            if low <= value <= high:
                client("nlb", "UpdateServerGroupAttribute", ServerGroupId=group, **given)
            else:
                client.refused("nlb", "UpdateServerGroupAttribute", f"IllegalParam.{name}",
                               ServerGroupId=group, **given)
    for name, code in (("HealthCheckUrl", "IlleagalParam.healthCheckUrl"),
                       ("HealthCheckDomain", "IllegalParam.healthCheckDomain")):
        client.refused("nlb", "UpdateServerGroupAttribute", code, ServerGroupId=group,
                       HealthCheckConfig={name: "no good"})


def test_servers_are_refused_with_their_codes(client, system):
    group, instances = system.group(), system.group(ServerGroupType="Instance")
    good = {"ServerId": "10.0.0.1", "ServerType": "Ip", "Port": 80}

    def refused(code, *servers, into=group, status=400, action="AddServersToServerGroup"):
        client.refused("nlb", action, code, status, ServerGroupId=into, Servers=list(servers))
    refused("IllegalParam.IP", {**good, "ServerId": "no address"})
    refused("IllegalParam.IP", {**good, "ServerIp": "300.1.1.1"})
    refused("IllegalParam.Port", {**good, "Port": 65536})
    refused("IllegalParam.Weight", {**good, "Weight": 101})
    refused("IllegalParam.ServerType", {**good, "ServerType": "Box"})
    refused("DuplicatedParam.Server", good, good)
    refused("Mismatch.ServerType", good, into=instances)
    refused("ResourceNotFound.serverGroup", good, into="sgp-none", status=404)
    refused("ResourceNotFound.BackendServer", {**good, "Weight": 1}, status=404,
            action="UpdateServerGroupServersAttribute")
    assert client("nlb", "ListServerGroupServers", ServerGroupId=group)["TotalCount"] == 0


def test_a_listener_shows_what_it_was_given(client, system, things):
    made = system.job(client(
        "nlb", "CreateListener", LoadBalancerId=things["balancer"], ServerGroupId=things["group"],
        ListenerProtocol="tcpssl", ListenerPort=free_port(system.address),
        CertificateIds=[things["one"]], CaEnabled=True,
        CaCertificateIds=[things["root"]], AlpnEnabled=True, AlpnPolicy="http2preferred",
        ListenerDescription="ab,c.;/@_-1", Mss=1500, Cps=1000000))
    shown = client("nlb", "GetListenerAttribute", ListenerId=made["ListenerId"])
    assert (shown["ListenerProtocol"], shown["AlpnPolicy"]) == ("TCPSSL", "HTTP2Preferred")
    assert (shown["IdleTimeout"], shown["Mss"], shown["Cps"]) == (900, 1500, 1000000)
    assert shown["SecurityPolicyId"] == "tls_cipher_policy_1_2_strict_with_1_3"
    assert shown["ProxyProtocolV2Config"] == {
        "Ppv2VpcIdEnabled": False, "Ppv2PrivateLinkEpIdEnabled": False,
        "Ppv2PrivateLinkEpsIdEnabled": False}
    for value in (True, False):
        text = json.dumps({"Ppv2VpcIdEnabled": value})
        status, _, body = client.acs_form("nlb", "UpdateListenerAttribute", {
            "ListenerId": made["ListenerId"], "ProxyProtocolV2Config": text})
        assert status == 200, body
        shown = client("nlb", "GetListenerAttribute", ListenerId=made["ListenerId"])
        assert shown["ProxyProtocolV2Config"]["Ppv2VpcIdEnabled"] is value
    whole = system.job(client(
        "nlb", "CreateListener", LoadBalancerId=things["balancer"], ServerGroupId=things["any"],
        ListenerProtocol="TCP", ListenerPort=0, StartPort=20000, EndPort=20002))
    shown = client("nlb", "GetListenerAttribute", ListenerId=whole["ListenerId"])
    assert (shown["ListenerPort"], shown["StartPort"], shown["EndPort"]) == (0, "20000", "20002")


def test_listeners_are_refused_with_their_codes(client, system, things):
    port = free_port(system.address)
    good = {"LoadBalancerId": things["balancer"], "ServerGroupId": things["group"],
            "ListenerProtocol": "TCPSSL", "ListenerPort": port, "CertificateIds": [things["one"]]}

    def refused(code, status=400, **changes):
        client.refused("nlb", "CreateListener", code, status, **{**good, **changes})
    refused("DryRunOperation", DryRun=True)
    for name in ("LoadBalancerId", "ServerGroupId", "ListenerProtocol", "ListenerPort"):
        client.refused("nlb", "CreateListener", f"MissingParam.{name}",
                       **{key: value for key, value in good.items() if key != name})
    refused("IllegalParam.Port", ListenerPort=65536)
    refused("IllegalParam.IdleTimeout", IdleTimeout=0)
    refused("IllegalParam.ListenerDescription", ListenerDescription="a")
    refused("ResourceNotFound.loadBalancer", 404, LoadBalancerId="nlb-none")
    refused("ResourceNotFound.serverGroup", 404, ServerGroupId="sgp-none")
    refused("ResourceNotFound.securitypolicy", 404, SecurityPolicyId="tls-none")
    refused("ResourceNotFound.Certificate", CertificateIds=["none"])
    refused("ResourceNotFound.CaCertificate", 404, CaEnabled=True, CaCertificateIds=["none"])
    refused("IllegalParamSize.certificateIds", CertificateIds=[things["one"], things["two"]])
    refused("MissingParam.AlpnPolicy", AlpnEnabled=True)
    refused("OperationDenied.RegionNotSupportHDMonitor", SecSensorEnabled=True)
    refused("IllegalParam.AnyPortListenerConflictWithNonAnyPortServerGroup", ListenerPort=0,
            StartPort=20000, EndPort=20002)
    system.job(client("nlb", "CreateListener", **good))
    refused("Conflict.Port")


def test_additional_certificates_are_refused_with_their_codes(client, system, things):
    listener, _ = system.listener(things["balancer"], things["group"], ListenerProtocol="TCPSSL",
                                  CertificateIds=[things["one"]], CaEnabled=True,
                                  CaCertificateIds=[things["root"]])
    plain, _ = system.listener(things["balancer"], things["group"])

    def change(verb, name, code=None, of=listener):
        given = {"ListenerId": of, "AdditionalCertificateIds": [things.get(name, name)]}
        action = f"{verb}AdditionalCertificatesWithListener"
        if code is None:
            return system.job(client("nlb", action, **given))
        return client.refused("nlb", action, code, **given)
    change("Associate", "two")
    change("Associate", "two", "ResourceAlreadyAssociated.Certificate")
    change("Associate", "one", "ResourceAlreadyAssociated.Certificate")
    change("Associate", "nobody", "ResourceNotFound.Certificate")
    change("Associate", "two", "OperationDenied.Protocol", of=plain)
    change("Disassociate", "one", "OperationDenied.DefaultCertificateUsed")
    change("Disassociate", "root", "OperationDenied.CaCertificateUsed")
    change("Disassociate", "three", "ResourceNotAssociated.Certificate")
    change("Disassociate", "two")
    change("Disassociate", "two", "ResourceNotAssociated.Certificate")


def test_load_balancers_are_filtered_and_paged_to_the_end(client, system):
    made = {system.balancer(LoadBalancerName=f"page-{number}",
                            Tag=[{"Key": "half", "Value": str(number % 2)}])
            for number in range(7)}
    for size in (1, 3, 7, 100):
        found = client.pages("nlb", "ListLoadBalancers", "LoadBalancers", MaxResults=size)
        assert {item["LoadBalancerId"] for item in found} == made
    for size in (0, 101):
        client.refused("nlb", "ListLoadBalancers", "IllegalParam.MaxResults", MaxResults=size)
    client.refused("nlb", "ListLoadBalancers", "IllegalParam.NextToken", NextToken="garbage!")

    def count(**filters):
        return client("nlb", "ListLoadBalancers", **filters)["TotalCount"]
    for filters in ({"LoadBalancerStatus": "active"}, {"LoadBalancerBusinessStatus": "NORMAL"},
                    {"AddressType": "intranet"}, {"AddressIpVersion": "ipv4"},
                    {"LoadBalancerType": "network"}, {"VpcIds": ["vpc-test"]}):
        assert count(**filters) == 7, filters
    assert count(LoadBalancerStatus="Inactive") == 0 and count(ZoneId="nowhere") == 0
    assert count(Tag=[{"Key": "half", "Value": "1"}]) == 3


def test_private_certificates_are_paged_and_dated_as_clients_expect(client, things):
    found = client.pages("pca", "ListCert", "List", MaxResults=2, InstanceUuid=things["root"])
    assert {item["Identifier"] for item in found} == {things[name] for name in
                                                      ("one", "two", "three")}
    made = client("pca", "CreateClientCertificate", ParentIdentifier=things["root"],
                  CommonName="ana", SanType=1, SanValue="ana@example.com,b@example.com")
    assert "X509Certificate" not in made, "only with Immediately"
    shown = client("pca", "DescribeClientCertificate", Identifier=made["Identifier"])["Certificate"]
    assert shown["Days"] == 30 and (shown["Organization"], shown["OrganizationUnit"]) == (
        "Alibaba Inc", "Aliyun CDN")
    assert 29 < (shown["AfterDate"] - shown["BeforeDate"]) / 86400000 < 31
    assert [name["Value"] for name in json.loads(shown["Sans"])] == ["ana@example.com",
                                                                     "b@example.com"]
    client.refused("pca", "CreateClientCertificate", "IllegalParam.Algorithm", CommonName="x",
                   ParentIdentifier=things["root"], Algorithm="RSA_2048")
    for algorithm in ("RSA_1024", "SM2_256"):
        client.refused("pca", "CreateServerCertificate", "IllegalParam.Algorithm", CommonName="x",
                       ParentIdentifier=things["root"], Algorithm=algorithm)
    client.refused("pca", "DeleteClientCertificate", "IncorrectStatus.certificate",
                   Identifier=made["Identifier"])
    client("pca", "CreateRevokeClientCertificate", Identifier=made["Identifier"])
    page = client("pca", "ListRevokeCertificate", CurrentPage=1, ShowSize=1)
    assert (page["TotalCount"], page["PageCount"], page["ShowSize"]) == (1, 1, 1)
    client("pca", "DeleteClientCertificate", Identifier=made["Identifier"])
    client.refused("pca", "DescribeClientCertificate", "NotFound", 404,
                   Identifier=made["Identifier"])
