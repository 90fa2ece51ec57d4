"""`sallyport apply`: a manifest brought into a running system: shown first, done once, never too much."""
import datetime
import json
import os
import pathlib
import shutil

import pytest
import yaml

from support.door import free_port, free_range
from support.pki import now, write_whole

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


class Workshop:
    """A folder with a manifest and the files it names, beside a running system."""

    def __init__(self, system, pki):
        self.system, self.pki = system, pki
        self.folder = os.path.join(system.folder, "workshop")
        os.mkdir(self.folder)
        self.path = os.path.join(self.folder, "sallyport.yaml")
        self.manifest = None

    def copy(self, source, name):
        os.makedirs(os.path.dirname(os.path.join(self.folder, name)), exist_ok=True)
        shutil.copy(source, os.path.join(self.folder, name))

    def write(self, manifest=None):
        self.manifest = manifest or self.manifest
        with open(self.path, "w", encoding="utf-8") as file:
            yaml.safe_dump(self.manifest, file)

    def example(self, name):
        """One of examples/, on addresses and ports of this test."""
        with open(EXAMPLES / name, encoding="utf-8") as file:
            manifest = yaml.safe_load(file)
        for balancer in manifest["LoadBalancers"]:
            balancer["ZoneMappings"] = [{"ZoneId": "local-a",
                                         "PrivateIPv4Address": self.system.address}]
        for listener in manifest["Listeners"]:
            if listener["ListenerPort"] != 0:
                listener["ListenerPort"] = free_port(self.system.address)
            else:
                listener["StartPort"] = free_range(self.system.address, 10)
                listener["EndPort"] = listener["StartPort"] + 9
        settings = manifest.get("Settings", {})
        if "Log" in settings:
            settings["Log"] = "stdout"
            settings["MetricsAddress"] = f"127.0.0.1:{free_port('127.0.0.1')}"
        for certificate in manifest["Certificates"]:
            self.copy(self.pki.www.cert_file, certificate["CertFile"])
            self.copy(self.pki.www.key_file, certificate["KeyFile"])
            if "ChainFile" in certificate:
                self.copy(self.pki.sub.cert_file, certificate["ChainFile"])
        for authority in manifest["CaCertificates"]:
            self.copy(self.pki.root.cert_file, authority["CertFile"])
            for crl in authority["CrlFiles"]:
                self.copy(self.crl(), crl)
        self.write(manifest)
        return self

    def crl(self, **more):
        return self.pki.crl(self.pki.root, **more)

    def cli(self, *arguments, check=True):
        return self.system.cli(*arguments, "--data-dir", self.system.data_dir, check=check)

    def apply(self, *arguments, check=True):
        return self.cli("apply", "-f", self.path, *arguments, check=check)

    def steps(self, *arguments):
        """What would be done: [(act, kind, name)]."""
        answer = json.loads(self.apply("--dry-run", "--json", *arguments).stdout)
        return [(step["Act"], step["Kind"], step["Name"]) for step in answer["steps"]]

    def listener(self):
        return self.manifest["Listeners"][0]


@pytest.fixture
def workshop(system, pki):
    return Workshop(system, pki)


@pytest.mark.parametrize("name", ["sallyport.yaml", "many-names.yaml", "brokers.yaml"])
def test_an_example_is_applied_once_and_then_there_is_nothing_to_do(workshop, name):
    workshop.example(name)
    first = workshop.apply("--json")
    answer = json.loads(first.stdout)
    assert answer["ok"] and answer["done"] == len(answer["steps"]) > 4
    assert workshop.apply().stdout == "nothing to do\n"
    assert json.loads(workshop.apply("--json").stdout)["steps"] == []
    served = workshop.system.own("GetStatus")["Listeners"]
    assert len(served) == len(workshop.manifest["Listeners"])
    assert all(listener["Status"] == "Running" for listener in served), served


@pytest.mark.parametrize("name", ["sallyport.yaml", "many-names.yaml", "brokers.yaml"])
def test_what_get_prints_as_a_manifest_changes_nothing(workshop, name):
    workshop.example(name).apply()
    text = workshop.cli("get", "all", "--manifest").stdout
    with open(workshop.path, "w", encoding="utf-8") as file:
        file.write(text)
    assert workshop.apply().stdout == "nothing to do\n", text


def test_a_dry_run_shows_each_property_and_changes_nothing(workshop):
    workshop.example("sallyport.yaml")
    revision = workshop.system.own("ListChanges")["Revision"]
    shown = workshop.apply("--dry-run").stdout
    assert "+ create listener edge:" in shown and "CaEnabled: true" in shown
    assert "PRIVATE" not in shown
    assert workshop.system.own("ListChanges")["Revision"] == revision
    workshop.apply()
    workshop.manifest["ServerGroups"][0]["Scheduler"] = "Wlc"
    workshop.manifest["ServerGroups"][0]["Servers"].pop()
    workshop.listener()["IdleTimeout"] = 77
    workshop.write()
    shown = workshop.apply("--dry-run").stdout
    assert "Scheduler: Rr -> Wlc" in shown and "IdleTimeout: 900 -> 77" in shown
    workshop.apply()
    group = workshop.system.nlb("ListServerGroups")["ServerGroups"][0]
    assert (group["Scheduler"], group["ServerCount"]) == ("Wlc", 1)
    assert workshop.apply().stdout == "nothing to do\n"
    del workshop.listener()["IdleTimeout"]
    workshop.write()
    assert "IdleTimeout: 77 -> 900" in workshop.apply().stdout


def test_a_changed_certificate_file_replaces_the_certificate_under_its_id(workshop, pki):
    workshop.example("sallyport.yaml").apply()
    system = workshop.system
    before = system.cas("ListUserCertificateOrder")["CertificateOrderList"][0]
    renewed = pki.server("www.example.com", pki.root)
    workshop.copy(renewed.cert_file, "server.crt")
    workshop.copy(renewed.key_file, "server.key")
    assert workshop.steps() == [("update", "certificate", "www")]
    workshop.apply()
    after = system.cas("ListUserCertificateOrder")["CertificateOrderList"][0]
    assert after["CertIdentifier"] == before["CertIdentifier"] and after["Name"] == "www"
    assert after["SerialNo"] != before["SerialNo"]
    assert workshop.apply().stdout == "nothing to do\n"


def test_a_newer_revocation_list_is_taken(workshop, pki):
    workshop.example("sallyport.yaml").apply()
    newer = workshop.crl(revoked=[pki.direct], number=2, last_update=now() - datetime.timedelta(hours=1))
    workshop.copy(newer, "ca.crl")
    assert workshop.steps() == [("update", "CA certificate", "clients")]
    workshop.apply()
    assert workshop.apply().stdout == "nothing to do\n"
    port = workshop.listener()["ListenerPort"]
    done = workshop.cli("admit", "--listener", f"edge:{port}", "--cert", pki.direct.cert_file,
                        check=False)
    assert done.returncode == 3 and "revoked" in done.stdout


def test_only_prune_deletes_and_only_what_this_manifest_made(workshop):
    workshop.example("sallyport.yaml").apply()
    system = workshop.system
    balancer = system.nlb("ListLoadBalancers")["LoadBalancers"][0]["LoadBalancerId"]
    group = system.group(ServerGroupName="by-hand")
    system.listener(balancer, group)
    del workshop.manifest["Listeners"], workshop.manifest["Certificates"]
    workshop.manifest["ServerGroups"] = []
    workshop.write()
    assert workshop.apply().stdout == "nothing to do\n"
    assert [step[:2] for step in workshop.steps("--prune")] == [
        ("delete", "listener"), ("delete", "server group"), ("delete", "certificate")]
    workshop.apply("--prune")
    assert [row["ServerGroupName"] for row in system.nlb("ListServerGroups")["ServerGroups"]] == [
        "by-hand"]
    assert system.nlb("ListListeners")["TotalCount"] == 1
    assert workshop.apply("--prune").stdout == "nothing to do\n"


def test_a_listener_refers_to_what_was_made_elsewhere(workshop):
    system = workshop.system
    workshop.example("sallyport.yaml")
    made = json.loads(workshop.cli("server", "issue", "www.example.com", "--json").stdout)
    authority = next(row["CommonName"] for row in system.pca("DescribeCACertificateList")[
        "CertificateList"] if row["CertificateType"] == "SUB_ROOT")
    del workshop.manifest["Certificates"], workshop.manifest["CaCertificates"]
    workshop.listener().update(CertificateIds=[made["Identifier"]], CaCertificateIds=[authority])
    workshop.write()
    workshop.apply()
    listener = system.nlb("ListListeners")["Listeners"][0]
    assert listener["CertificateIds"] == [made["Identifier"]]
    assert workshop.apply().stdout == "nothing to do\n"


def test_a_bad_manifest_names_the_line_and_changes_nothing(workshop):
    workshop.example("sallyport.yaml")
    revision = workshop.system.own("ListChanges")["Revision"]
    workshop.listener()["ServerGroupId"] = "nobody"
    workshop.write()
    done = workshop.apply(check=False)
    assert done.returncode == 1 and done.stdout == ""
    assert "sallyport.yaml:" in done.stderr and "nobody" in done.stderr
    workshop.listener()["ServerGroupId"] = "web"
    workshop.listener()["IdleTimeout"] = 100000
    workshop.write()
    done = workshop.apply(check=False)
    assert done.returncode == 1 and "IdleTimeout" in done.stderr
    assert workshop.system.own("ListChanges")["Revision"] == revision
    assert workshop.cli("apply", "-f", workshop.path + ".none", check=False).returncode == 1
    assert workshop.cli("apply", check=False).returncode == 2


def test_what_fails_says_what_was_done_before(workshop):
    workshop.example("sallyport.yaml")
    balancer = workshop.system.balancer(LoadBalancerName="other")
    group = workshop.system.group(ServerGroupName="others")
    workshop.system.listener(balancer, group, port=workshop.listener()["ListenerPort"])
    done = workshop.apply(check=False)
    assert done.returncode == 1
    assert "could not create listener edge:" in done.stderr
    assert "4 of 5 steps were done" in done.stderr


def test_what_cannot_change_is_told_before_anything_is_done(workshop):
    workshop.example("sallyport.yaml").apply()
    workshop.manifest["ServerGroups"][0]["AnyPortEnabled"] = True
    workshop.manifest["ServerGroups"][0]["Servers"] = [{"ServerIp": "127.0.0.1"}]
    workshop.manifest["ServerGroups"][0]["HealthCheckConfig"]["HealthCheckConnectPort"] = 22
    workshop.write()
    done = workshop.apply(check=False)
    assert done.returncode == 1 and "AnyPortEnabled" in done.stderr, done.stderr
    assert workshop.system.nlb("ListServerGroups")["ServerGroups"][0]["ServerCount"] == 2


def test_options_of_the_start_are_left_alone_and_settings_are_set(workshop):
    workshop.example("sallyport.yaml")
    workshop.manifest["Settings"] = {"Workers": 3, "ShutdownTimeout": 7}
    workshop.write()
    done = workshop.apply()
    assert "Settings.Workers" in done.stderr
    settings = {row["Name"]: row["Value"]
                for row in workshop.system.own("GetSettings")["Settings"]}
    assert settings["ShutdownTimeout"] == "7"
    assert workshop.apply().stdout == "nothing to do\n"


def test_a_renewed_file_is_written_whole(workshop, pki):
    """A half-written file is refused, and what was served goes on."""
    workshop.example("sallyport.yaml").apply()
    with open(pki.www.cert_file, "rb") as file:
        whole = file.read()
    write_whole(os.path.join(workshop.folder, "server.crt"), whole[:200])
    done = workshop.apply(check=False)
    assert done.returncode == 1 and "CertFile" in done.stderr
    assert workshop.system.own("GetStatus")["Listeners"][0]["Status"] == "Running"
