"""The product nlb on the running system: what Terraform's provider does, call for call, and what each
change does to connections."""
import json
import os
import socket
import subprocess

import pytest

from support.backend import Backend
from support.clients import RawClient, run
from support.door import free_port, own_address
from support.sallyport import ROOT, SLOWNESS
from support.system import ApiError
from support.waiting import wait_for

NLB = "2022-04-30"


@pytest.fixture
def backend(system):
    made = Backend(own_address())
    yield made
    made.close()


def refusal(call, *arguments, **parameters):
    """The code of what must be refused."""
    with pytest.raises(ApiError) as caught:
        call(*arguments, **parameters)
    return caught.value.code


def says_hello(address, port):
    """Does a server answer behind the listener?"""
    try:
        with RawClient(address, port, timeout=5) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return b"ECS01" in client.sock.recv(4096)
    except OSError:
        return False


# --- Terraform


class Terraform:
    """The provider's calls: HMAC-SHA1, POST, its own parameters in the form."""

    def __init__(self, system):
        self.system = system
        self.order = {"client": "rpc-client", "endpoint": f"127.0.0.1:{system.api_port}",
                      "key": system.first["AccessKeyId"],
                      "secret": system.first["AccessKeySecret"], "region": "cn-hangzhou"}

    def call_all(self, *calls):
        """Each (version, action, parameters); the lines of answers."""
        order = {**self.order, "calls": [{"version": version, "action": action,
                                          "parameters": parameters}
                                         for version, action, parameters in calls]}
        done = subprocess.run(
            ["node", os.path.join(ROOT, "tests", "sdk", "call.js")], input=json.dumps(order),
            env={**os.environ, "NODE_PATH": os.path.join(ROOT, "build", "sdk", "node_modules")},
            capture_output=True, text=True, timeout=60 * SLOWNESS, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def in_turn(self, *calls):
        """Each (action, parameters), which must succeed."""
        answers = []
        for line in self.call_all(*((NLB, *call) for call in calls)):
            assert "answer" in line, f"{calls}: {line}"
            # A success that has a Code is taken for a failure by the provider.
            assert not {"Code", "code"} & set(line["answer"]), line
            answers.append(line["answer"])
        return answers

    def __call__(self, action, **parameters):
        return self.in_turn((action, parameters))[0]

    def error(self, action, **parameters):
        return self.call_all((NLB, action, parameters))[0]["error"]

    def until(self, wanted, read, what):
        """Polls as the provider does, only quicker."""
        return wait_for(lambda: (lambda found: wanted(found) and found)(read()), 30 * SLOWNESS,
                        what, pause=0.1)

    def job(self, answer):
        self.system.job(answer)
        assert self("GetJobStatus", JobId=answer["JobId"])["Status"] == "Succeeded"


@pytest.fixture
def terraform(system):
    address = system.address
    system.own("UpdateSettings", ZoneAddresses=f"cn-hangzhou-h={address}; cn-hangzhou-i={address}")
    return Terraform(system)


def make_load_balancer(terraform):
    made = terraform("CreateLoadBalancer", AddressType="Internet", AddressIpVersion="Ipv4",
                     LoadBalancerName="tf-testacc", LoadBalancerType="Network", VpcId="vpc-1",
                     ClientToken="tf-lb-1", Tag=[{"Key": "Created", "Value": "TF"}],
                     ZoneMappings=[{"ZoneId": "cn-hangzhou-h", "VSwitchId": "vsw-1",
                                    "AllocationId": "", "PrivateIPv4Address": ""},
                                   {"ZoneId": "cn-hangzhou-i", "VSwitchId": "vsw-2"}])
    return made["LoadbalancerId"]


def read_load_balancer(terraform, balancer):
    return terraform("GetLoadBalancerAttribute", LoadBalancerId=balancer)


def check_load_balancer(terraform, balancer):
    shown = terraform.until(lambda found: found["LoadBalancerStatus"] == "Active",
                            lambda: read_load_balancer(terraform, balancer), "an active balancer")
    assert shown["AddressIpVersion"] == "Ipv4" and shown["AddressType"] == "Internet"
    assert shown["LoadBalancerType"] == "Network" and shown["VpcId"] == "vpc-1"
    assert shown["DNSName"].startswith(f"{balancer}.cn-hangzhou.nlb.")
    assert shown["LoadBalancerBillingConfig"] == {"PayType": "PostPay"}
    assert [zone["VSwitchId"] for zone in shown["ZoneMappings"]] == ["vsw-1", "vsw-2"]
    for zone in shown["ZoneMappings"]:
        assert zone["LoadBalancerAddresses"][0]["PrivateIPv4Address"] == terraform.system.address
    assert shown["Tags"] == [{"TagKey": "Created", "TagValue": "TF"}]
    assert shown["SecurityGroupIds"] == []


def change_load_balancer(terraform, balancer):
    which = {"LoadBalancerId": balancer}
    tagged = {"ResourceType": "loadbalancer", "ResourceId": [balancer]}
    terraform.in_turn(
        ("UpdateLoadBalancerAttribute",
         {**which, "LoadBalancerName": "renamed", "CrossZoneEnabled": False}),
        ("UpdateLoadBalancerProtection",
         {**which, "DeletionProtectionEnabled": True, "DeletionProtectionReason": "tf-open",
          "ModificationProtectionStatus": "ConsoleProtection",
          "ModificationProtectionReason": "tf-open"}),
        ("UpdateLoadBalancerAddressTypeConfig", {**which, "AddressType": "Intranet"}),
        ("TagResources", {**tagged, "Tag": [{"Key": "For", "Value": "Test"}]}),
        ("UntagResources", {**tagged, "TagKey": ["Created"]}))
    shown = read_load_balancer(terraform, balancer)
    assert shown["LoadBalancerName"] == "renamed" and shown["CrossZoneEnabled"] is False
    assert shown["AddressType"] == "Intranet"
    assert shown["DeletionProtectionConfig"]["Reason"] == "tf-open"
    assert shown["ModificationProtectionConfig"]["Status"] == "ConsoleProtection"
    assert shown["Tags"] == [{"TagKey": "For", "TagValue": "Test"}]
    refused = terraform.error("DeleteLoadBalancer", LoadBalancerId=balancer)
    assert refused["data"]["Code"] == "OperationDenied.DeletionProtectionEnabled", refused
    terraform("UpdateLoadBalancerProtection", LoadBalancerId=balancer,
              DeletionProtectionEnabled=False, ModificationProtectionStatus="NonProtection")


def make_server_group(terraform, backend):
    group = terraform(
        "CreateServerGroup", ServerGroupName="tf-testacc", ServerGroupType="Ip", VpcId="vpc-1",
        Protocol="TCP", Scheduler="Wrr", AddressIPVersion="Ipv4", ConnectionDrainEnabled=True,
        ConnectionDrainTimeout=60, PreserveClientIpEnabled=False,
        HealthCheckConfig={"HealthCheckEnabled": True, "HealthCheckType": "TCP",
                           "HealthCheckConnectPort": 0, "HealthyThreshold": 2,
                           "UnhealthyThreshold": 2, "HealthCheckConnectTimeout": 5,
                           "HealthCheckInterval": 10, "HttpCheckMethod": "GET",
                           "HealthCheckHttpCode": ["http_2xx", "http_3xx"]})["ServerGroupId"]

    def read():
        return terraform("ListServerGroups", ServerGroupIds=[group])["ServerGroups"][0]
    shown = terraform.until(lambda found: found["ServerGroupStatus"] == "Available", read, "a group")
    assert shown["Scheduler"] == "Wrr" and shown["AddressIPVersion"] == "Ipv4"
    assert shown["ConnectionDrainTimeout"] == 60
    assert shown["HealthCheck"]["HealthCheckHttpCode"] == ["http_2xx", "http_3xx"]
    terraform("UpdateServerGroupAttribute", ServerGroupId=group, Scheduler="Rr",
              HealthCheckConfig={"HealthCheckInterval": 5})
    assert read()["Scheduler"] == "Rr" and read()["HealthCheck"]["HealthCheckInterval"] == 5

    terraform("AddServersToServerGroup", ServerGroupId=group,
              Servers=[{"ServerId": backend.address, "ServerIp": backend.address,
                        "ServerType": "Ip", "Port": backend.port, "Weight": 100,
                        "Description": "tf-testacc"}])
    server = terraform.until(
        lambda found: found["Status"] == "Available",
        lambda: terraform("ListServerGroupServers", ServerGroupId=group)["Servers"][0], "a server")
    assert (server["ServerId"], server["Port"], server["ServerType"]) == (
        backend.address, backend.port, "Ip")
    return group


def make_policy(terraform):
    policy = terraform("CreateSecurityPolicy", SecurityPolicyName="tf-testacc",
                       TlsVersions=["TLSv1.2", "TLSv1.3"],
                       Ciphers=["ECDHE-ECDSA-AES128-GCM-SHA256",
                                "TLS_AES_128_GCM_SHA256"])["SecurityPolicyId"]
    shown = terraform.until(
        lambda found: found["SecurityPolicyStatus"] == "Available",
        lambda: terraform("ListSecurityPolicy",
                          SecurityPolicyIds=[policy])["SecurityPolicies"][0], "a policy")
    assert shown["TlsVersion"].split(",") == ["TLSv1.2", "TLSv1.3"]
    return policy


def make_certificates(terraform):
    pca = terraform.system.pca
    root = pca("CreateRootCACertificate", CommonName="tf root", Organization="tf",
               OrganizationUnit="tf", Locality="x", State="y", Years=5,
               Algorithm="ECC_256")["Identifier"]
    return root, *(pca("CreateServerCertificate", ParentIdentifier=root, CommonName=name,
                       Domain=name, Algorithm="ECC_256")["Identifier"]
                   for name in ("www.example.com", "shop.example.com"))


def make_listener(terraform, balancer, group, policy, root, certificate):
    port = free_port(terraform.system.address)
    listener = terraform(
        "CreateListener", LoadBalancerId=balancer, ServerGroupId=group, ListenerProtocol="TCPSSL",
        ListenerPort=port, ListenerDescription="tf-testacc", CertificateIds=[certificate],
        CaCertificateIds=[root], CaEnabled=True, SecurityPolicyId=policy, IdleTimeout=60,
        AlpnEnabled=True, AlpnPolicy="HTTP2Optional", SecSensorEnabled=False, Cps=10000,
        ProxyProtocolEnabled=False, Mss=0,
        ProxyProtocolV2Config='{"Ppv2VpcIdEnabled":false}')["ListenerId"]
    shown = read_listener(terraform, listener, "Running")
    assert shown["ListenerPort"] == port and shown["CertificateIds"] == [certificate]
    assert shown["CaCertificateIds"] == [root] and shown["CaEnabled"] is True
    assert shown["SecurityPolicyId"] == policy and shown["IdleTimeout"] == 60
    assert shown["AlpnPolicy"] == "HTTP2Optional" and shown["Cps"] == 10000
    return listener


def read_listener(terraform, listener, status):
    return terraform.until(lambda found: found["ListenerStatus"] == status,
                           lambda: terraform("GetListenerAttribute", ListenerId=listener),
                           f"a listener that is {status}")


def change_listener(terraform, listener):
    terraform("UpdateListenerAttribute", ListenerId=listener, IdleTimeout=900, CaEnabled=False,
              AlpnEnabled=False, SecurityPolicyId="tls_cipher_policy_1_2")
    shown = read_listener(terraform, listener, "Running")
    assert (shown["IdleTimeout"], shown["CaEnabled"], shown["AlpnEnabled"]) == (900, False, False)
    terraform("StopListener", ListenerId=listener)
    read_listener(terraform, listener, "Stopped")
    terraform("StartListener", ListenerId=listener)
    read_listener(terraform, listener, "Running")


def attach_certificate(terraform, listener, certificate):
    terraform("AssociateAdditionalCertificatesWithListener", ListenerId=listener,
              AdditionalCertificateIds=[certificate])

    def read():
        found = terraform("ListListenerCertificates", ListenerId=listener, CertType="Server")
        return [entry for entry in found["Certificates"] if entry["CertificateId"] == certificate]
    terraform.until(lambda found: found and found[0]["Status"] == "Associated", read,
                    "the certificate")
    terraform.job(terraform("DisassociateAdditionalCertificatesWithListener", ListenerId=listener,
                            AdditionalCertificateIds=[certificate]))
    assert read() == []


def destroy(terraform, balancer, group, policy, listener, backend):
    terraform.job(terraform("DeleteListener", ListenerId=listener))
    gone = terraform.error("GetListenerAttribute", ListenerId=listener)
    assert gone["data"]["Code"] == "ResourceNotFound.listener", gone
    terraform("RemoveServersFromServerGroup", ServerGroupId=group,
              Servers=[{"ServerId": backend.address, "ServerIp": backend.address,
                        "ServerType": "Ip", "Port": backend.port}])
    terraform.job(terraform("DeleteServerGroup", ServerGroupId=group))
    terraform("DeleteSecurityPolicy", SecurityPolicyId=policy)
    terraform.job(terraform("DeleteLoadBalancer", LoadBalancerId=balancer))
    gone = terraform.error("GetLoadBalancerAttribute", LoadBalancerId=balancer)
    assert gone["data"]["Code"] == "ResourceNotFound.loadBalancer", gone


def test_terraforms_calls_work_in_their_order(terraform, backend):
    balancer = make_load_balancer(terraform)
    check_load_balancer(terraform, balancer)
    change_load_balancer(terraform, balancer)
    group = make_server_group(terraform, backend)
    policy = make_policy(terraform)
    root, certificate, additional = make_certificates(terraform)
    listener = make_listener(terraform, balancer, group, policy, root, certificate)
    change_listener(terraform, listener)
    attach_certificate(terraform, listener, additional)
    destroy(terraform, balancer, group, policy, listener, backend)


# --- what changes do to connections


@pytest.mark.core
def test_a_listener_is_stopped_started_and_deleted(system, backend):
    balancer, group = system.balancer(), system.group((backend.address, backend.port))
    listener, port = system.listener(balancer, group)
    assert says_hello(system.address, port)

    system.job(system.nlb("StopListener", ListenerId=listener))
    assert not says_hello(system.address, port)
    assert system.nlb("GetListenerAttribute", ListenerId=listener)["ListenerStatus"] == "Stopped"

    system.job(system.nlb("StartListener", ListenerId=listener))
    assert says_hello(system.address, port)
    assert refusal(system.nlb, "DeleteServerGroup", ServerGroupId=group) == \
        "ResourceInUse.ServerGroup"
    system.job(system.nlb("DeleteLoadBalancer", LoadBalancerId=balancer))
    assert not says_hello(system.address, port)
    assert refusal(system.nlb, "GetListenerAttribute", ListenerId=listener) == \
        "ResourceNotFound.listener"


def test_a_zone_out_of_service_keeps_its_open_connections(system, backend):
    other = own_address()
    balancer = system.nlb("CreateLoadBalancer", ZoneMappings=[
        {"ZoneId": "a", "PrivateIPv4Address": system.address},
        {"ZoneId": "b", "PrivateIPv4Address": other}])["LoadbalancerId"]
    _, port = system.listener(balancer, system.group((backend.address, backend.port)))
    with RawClient(other, port) as client:
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        assert b"ECS01" in client.sock.recv(4096)
        system.job(system.nlb("StartShiftLoadBalancerZones", LoadBalancerId=balancer,
                              ZoneMappings=[{"ZoneId": "b"}]))
        assert not says_hello(other, port)
        assert says_hello(system.address, port)
        client.send(b"GET / HTTP/1.1\r\n\r\n")
        assert b"ECS01" in client.sock.recv(4096)
    system.job(system.nlb("CancelShiftLoadBalancerZones", LoadBalancerId=balancer,
                          ZoneMappings=[{"ZoneId": "b"}]))
    assert says_hello(other, port)


def test_a_port_that_is_taken_makes_the_listener_abnormal_alone(system, backend):
    balancer, group = system.balancer(), system.group((backend.address, backend.port))
    with socket.socket() as squatter:
        squatter.bind((system.address, 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        made = system.nlb("CreateListener", LoadBalancerId=balancer, ServerGroupId=group,
                          ListenerProtocol="TCP", ListenerPort=port)
        wait_for(lambda: system.nlb("GetJobStatus", JobId=made["JobId"])["Status"] == "Failed",
                 10 * SLOWNESS, "the job's failure")
        assert str(port) in system.nlb("GetJobStatus", JobId=made["JobId"])["Reason"]
        shown = system.nlb("GetListenerAttribute", ListenerId=made["ListenerId"])
        assert shown["ListenerStatus"] == "Abnormal" and "is taken" in shown["StatusReason"]
        _, good = system.listener(balancer, group)
        assert says_hello(system.address, good)
        # Each change tries it again: its own fails, and the log has said so once.
        again = system.nlb("UpdateListenerAttribute", ListenerId=made["ListenerId"],
                           IdleTimeout=100)
        wait_for(lambda: system.nlb("GetJobStatus", JobId=again["JobId"])["Status"] == "Failed",
                 10 * SLOWNESS, "the failure of its change")
        assert says_hello(system.address, good)
        assert len(system.events("listener_abnormal", listener=made["ListenerId"])) == 1
    wait_for(lambda: says_hello(system.address, port), 30 * SLOWNESS, "the freed port", pause=0.2)
    assert system.nlb("GetListenerAttribute",
                      ListenerId=made["ListenerId"])["ListenerStatus"] == "Running"


def test_a_listener_whose_port_came_free_is_served_with_the_next_change(system, backend):
    balancer, group = system.balancer(), system.group((backend.address, backend.port))
    with socket.socket() as squatter:
        squatter.bind((system.address, 0))
        squatter.listen()
        port = squatter.getsockname()[1]
        made = system.nlb("CreateListener", LoadBalancerId=balancer, ServerGroupId=group,
                          ListenerProtocol="TCP", ListenerPort=port)
        system.wait_event("listener_abnormal", listener=made["ListenerId"])
    system.job(system.nlb("UpdateListenerAttribute", ListenerId=made["ListenerId"], IdleTimeout=100))
    assert says_hello(system.address, port)


class Shop:
    """A root and a subordinate CA, a server certificate, a client of the subordinate."""

    def __init__(self, system):
        names = {"Organization": "shop", "OrganizationUnit": "it", "Locality": "x", "State": "y",
                 "Algorithm": "ECC_256", "Years": 5}
        self.system = system
        self.root = system.pca("CreateRootCACertificate", CommonName="root", **names)["Identifier"]
        self.sub = system.pca("CreateSubCACertificate", ParentIdentifier=self.root,
                              CommonName="sub", **names)["Identifier"]
        self.server = system.pca("CreateServerCertificate", ParentIdentifier=self.sub,
                                 CommonName="www.example.com", Domain="www.example.com",
                                 Algorithm="ECC_256")["Identifier"]
        self.client = system.pca("CreateClientCertificate", ParentIdentifier=self.sub,
                                 CommonName="ana", Algorithm="ECC_256", SanType=1,
                                 SanValue="ana@example.com")["Identifier"]
        self.export()

    def export(self):
        """ana.pem: the client's own certificate alone, and its key."""
        import base64
        text = b""
        for file in self.system.own("ExportPrivateCertificate", Identifier=self.client,
                                    Format="CRT")["Files"]:
            if "_chain" not in file["Name"]:
                text += base64.b64decode(file["Content"])
        with open(os.path.join(self.system.folder, "ana.pem"), "wb") as file:
            file.write(text)

    def curl(self, port, *arguments):
        return run(["curl", "-sSk", "--max-time", "10", "--resolve",
                    f"www.example.com:{port}:{self.system.address}", *arguments,
                    f"https://www.example.com:{port}/"], cwd=self.system.folder)


def test_mutual_authentication_is_switched_and_its_ca_withdrawn_on_a_live_listener(system, backend):
    shop = Shop(system)
    listener, port = system.listener(
        system.balancer(), system.group((backend.address, backend.port)),
        ListenerProtocol="TCPSSL", CertificateIds=[shop.server])
    assert "ECS01" in shop.curl(port).stdout

    def update(**changes):
        system.job(system.nlb("UpdateListenerAttribute", ListenerId=listener, **changes))
    update(CaEnabled=True, CaCertificateIds=[shop.root])
    assert "certificate required" in shop.curl(port).stderr
    assert "ECS01" in shop.curl(port, "--cert", "ana.pem").stdout

    update(CaMode="Optional")
    assert "ECS01" in shop.curl(port).stdout
    update(CaMode="Required", CaCertificateIds=[shop.sub, shop.root])
    assert "ECS01" in shop.curl(port, "--cert", "ana.pem").stdout

    # With its last CA withdrawn the listener goes on, and lets nobody in.
    update(CaCertificateIds=[shop.root])
    system.pca("UpdateCACertificateStatus", Identifier=shop.root, Status="REVOKE")
    wait_for(lambda: shop.curl(port, "--cert", "ana.pem").returncode != 0, 5 * SLOWNESS,
             "a refusal")
    shown = system.nlb("GetListenerAttribute", ListenerId=listener)
    assert shown["ListenerStatus"] == "Running"
    assert refusal(system.nlb, "UpdateListenerAttribute", ListenerId=listener,
                   CaCertificateIds=[shop.root]) == "IncorrectStatus.certificate"


def test_servers_come_and_go_under_a_listener(system, backend):
    group = system.group()
    _, port = system.listener(system.balancer(), group)
    assert not says_hello(system.address, port)
    server = {"ServerId": backend.address, "ServerType": "Ip", "Port": backend.port}
    system.job(system.nlb("AddServersToServerGroup", ServerGroupId=group, Servers=[server]))
    assert says_hello(system.address, port)
    system.job(system.nlb("UpdateServerGroupServersAttribute", ServerGroupId=group,
                          Servers=[{**server, "Weight": 0}]))
    assert not says_hello(system.address, port)
    system.job(system.nlb("UpdateServerGroupServersAttribute", ServerGroupId=group,
                          Servers=[{**server, "Weight": 100}]))
    assert says_hello(system.address, port)
    system.job(system.nlb("RemoveServersFromServerGroup", ServerGroupId=group, Servers=[server]))
    assert not says_hello(system.address, port)


def test_what_was_made_is_there_after_a_restart(system, backend):
    listener, port = system.listener(system.balancer(),
                                     system.group((backend.address, backend.port)))
    system.stop()
    assert not says_hello(system.address, port)
    system.start()
    assert system.nlb("GetListenerAttribute", ListenerId=listener)["ListenerPort"] == port
    wait_for(lambda: says_hello(system.address, port), 10 * SLOWNESS, "the listener")


def test_writes_at_the_same_time_wait_for_each_other(system):
    """The real service answers Conflict.Lock here, and every client retries."""
    from concurrent.futures import ThreadPoolExecutor
    group = system.group()

    def add(number):
        return system.nlb("AddServersToServerGroup", ServerGroupId=group,
                          Servers=[{"ServerId": f"10.1.0.{number}", "ServerType": "Ip",
                                    "Port": 80}])
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(add, range(1, 61)))
    found = system.nlb("ListServerGroupServers", ServerGroupId=group, MaxResults=100)
    assert found["TotalCount"] == 60
