"""kill -9 of any role at any moment, while people work: what was acknowledged is there afterwards, and who
was revoked stays outside. SALLYPORT_CRASH_ROUNDS (how many are killed) and SALLYPORT_CRASH_SEED make it
long, or the same again."""
import os
import random
import signal
import time

import psutil
import pytest

from support.backend import Backend
from support.door import own_address
from support.sallyport import SLOWNESS
from support.waiting import wait_for
from support.writers import Editor, Identity, Intruder, Issuer, Visitor, insist

NAMES = {"Organization": "Alibaba", "OrganizationUnit": "test", "Locality": "Beijing",
         "State": "Beijing"}
ROUNDS = int(os.environ.get("SALLYPORT_CRASH_ROUNDS", "9"))
SEED = int(os.environ.get("SALLYPORT_CRASH_SEED", "0")) or 20261
# A worker's death takes its connections with it.
DISTURBANCE = 0.5


class Shop:
    """A listener with mutual authentication by a CA of the system, and a regular client."""

    def __init__(self, system):
        self.system = system
        self.folder = os.path.join(system.folder, "clients")
        os.mkdir(self.folder)
        self.backend = Backend(own_address())
        self.ca = system.pca("CreateRootCACertificate", CommonName="Crash Root",
                             Algorithm="ECC_256", Years=10, **NAMES)["Identifier"]
        server = system.pca("CreateServerCertificate", ParentIdentifier=self.ca,
                            Algorithm="ECC_256", CommonName="www.example.com",
                            Domain="www.example.com")
        self.balancer = system.balancer()
        self.group = system.group((self.backend.address, self.backend.port))
        self.listener, self.port = system.listener(
            self.balancer, self.group, ListenerProtocol="TCPSSL",
            CertificateIds=[server["Identifier"]], CaEnabled=True, CaCertificateIds=[self.ca])
        self.bad = []
        self.regular = self.client("regular")
        wait_for(lambda: self.visit() == "ECS01", 15 * SLOWNESS, "an open door", pause=0.05)

    def client(self, name):
        return Identity(self.folder, name).issue(self.system, self.ca)

    def visit(self, identity=None, session=None):
        return (identity or self.regular).visit(self.system.address, self.port, session)

    def revoke(self, identity):
        self.system.pca("CreateRevokeClientCertificate", Identifier=identity.identifier)

    def update(self, seconds):
        """Something for the workers to build."""
        self.system.nlb("UpdateListenerAttribute", ListenerId=self.listener, IdleTimeout=seconds)

    def close(self):
        self.backend.close()


@pytest.fixture
def shop(system):
    made = Shop(system)
    system.expect_deaths = True
    yield made
    made.close()


def family(system):
    """Role -> process ids, from the command lines: control may be dead."""
    found = {"control": [], "checker": [], "worker": []}
    for pid, line in system.children().items():
        words = line.split()
        role = words[words.index("--role") + 1] if "--role" in words else None
        if role in found:
            found[role].append(pid)
    return found


def whole(system):
    """Its processes, once all of them are there."""
    def complete():
        found = family(system)
        return found if len(found["control"]) == 1 and len(found["checker"]) == 1 and \
            len(found["worker"]) == system.workers else None
    return wait_for(complete, 20 * SLOWNESS, "all roles", pause=0.005)


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def start_anew(system):
    """kill -9 of the guardian: nobody stays behind, and a new one finds everything."""
    children = [psutil.Process(pid) for pid in system.children() if psutil.pid_exists(pid)]
    system.process.kill()
    system.process.wait()
    _, left = psutil.wait_procs(children, 5 * SLOWNESS)
    assert not left, f"they outlive their guardian: {left}"
    system.start()


class Killer:
    """Kills by a plan that depends on the seed only. The third death of a role within 30 s would make it
    wait: a life of the guardian sees two of each at most."""

    def __init__(self, system, seed):
        self.system = system
        self.random = random.Random(seed)
        self.disturbances = []
        self.plan = []

    def next_role(self):
        if not self.plan:
            self.plan = ["control", "control", "worker", "checker"]
            self.random.shuffle(self.plan)
            self.plan = self.plan[:self.random.randrange(2, 5)] + ["guardian"]
        return self.plan.pop(0)

    def round(self):
        role = self.next_role()
        processes = whole(self.system)
        time.sleep(self.random.uniform(0.05, 0.7))  # any moment: this is what is random here
        begin = time.monotonic()
        if role == "guardian":
            start_anew(self.system)
        else:
            kill(self.random.choice(processes[role]))
        if role in ("guardian", "worker"):
            self.disturbances.append((begin, time.monotonic() + DISTURBANCE))

    def was_disturbed(self, begin, end):
        return any(begin < last and end > first for first, last in self.disturbances)


def all_certificates(system, action, answer):
    found, page = [], 1
    while True:
        listed = insist(system, "pca", action, ShowSize=50, CurrentPage=page)
        found += listed[answer]
        if not listed[answer] or len(found) >= listed["TotalCount"]:
            return found
        page += 1


def prove_certificates(system, issuers):
    listed = all_certificates(system, "ListClientCertificate", "CertificateList")
    serials = [found["SerialNumber"] for found in listed]
    assert len(serials) == len(set(serials)), "a serial number was used twice"
    issued = {identity.serial for issuer in issuers for identity in issuer.issued}
    assert issued <= set(serials), issued - set(serials)
    for issuer in issuers:
        for identity in issuer.revoked:
            shown = insist(system, "pca", "DescribeClientCertificate",
                           Identifier=identity.identifier)
            assert shown["Certificate"]["Status"] == "REVOKE", identity.name


def prove_doors(shop, issuers):
    """Control's word and the workers' are the same about everybody, doubtful ones too."""
    for issuer in issuers:
        for identity in issuer.revoked:
            assert shop.visit(identity) == "certificate_revoked", identity.name
        for identity in issuer.good[-10:]:
            assert shop.visit(identity) == "ECS01", identity.name
        for identity in issuer.doubtful:
            shown = insist(shop.system, "pca", "DescribeClientCertificate",
                           Identifier=identity.identifier)
            revoked = shown["Certificate"]["Status"] == "REVOKE"
            assert shop.visit(identity) == ("certificate_revoked" if revoked else "ECS01")


def prove_jobs(system, editors):
    for editor in editors:
        for job in editor.jobs:
            wait_for(lambda job=job: insist(system, "nlb", "GetJobStatus", JobId=job)["Status"]
                     == "Succeeded", 20 * SLOWNESS, f"job {job}", pause=0.05)


def test_whoever_is_killed_what_was_acknowledged_is_there(shop):
    system = shop.system
    editors = [Editor(shop, number) for number in range(2)]
    issuers = [Issuer(shop, number) for number in range(2)]
    visitors, intruders = [Visitor(shop, 0), Visitor(shop, 1)], [Intruder(shop, 0)]
    everybody = editors + issuers + visitors + intruders
    killer = Killer(system, SEED)
    for one in everybody:
        one.start()
    try:
        for number in range(ROUNDS):
            killer.round()
            broken = [one.error for one in everybody if one.error is not None]
            assert not broken, f"seed {SEED}, round {number}: {broken}"
    finally:
        for one in everybody:
            one.ending.set()
    for one in everybody:
        one.finish()
    whole(system)
    intrusions = [found for intruder in intruders for found in intruder.intrusions]
    assert not intrusions, f"seed {SEED}: revoked, and let in: {intrusions}"
    refused = [visit for visitor in visitors for visit in visitor.visits
               if visit[2] != "ECS01" and not killer.was_disturbed(visit[0], visit[1])]
    assert not refused, f"seed {SEED}: {refused}"
    for editor in editors:
        editor.prove()
    prove_jobs(system, editors)
    prove_certificates(system, issuers)
    prove_doors(shop, issuers)
    assert system.own("VerifyAuditLog")["Sound"] is True
    assert intruders[0].refused > 0 and all(one.steps > 10 for one in everybody)


@pytest.mark.core
def test_an_answered_revocation_outlives_control_and_workers(shop):
    """Control is stopped as soon as it has answered, in the middle of a document; then the workers are
    killed. Those that come back ask nobody but the guardian."""
    system = shop.system
    for number in range(2):
        client = shop.client(f"leaver-{number}")
        session = client.session(system.address, shop.port)
        assert shop.visit(client, session) == "ECS01"
        processes = whole(system)
        shop.update(100 + number)
        shop.revoke(client)
        os.kill(processes["control"][0], signal.SIGSTOP)
        try:
            for pid in processes["worker"]:
                kill(pid)
            for _ in range(20):
                assert shop.visit(client) in ("certificate_revoked", "reset", "fin")
                assert shop.visit(client, session) in ("certificate_revoked", "reset", "fin")
            wait_for(lambda: shop.visit() == "ECS01", 5 * SLOWNESS, "the others", pause=0.02)
            assert shop.visit(client) == "certificate_revoked"
        finally:
            os.kill(processes["control"][0], signal.SIGCONT)


def test_control_killed_right_after_its_answer_changes_nothing(shop):
    system = shop.system
    for number in range(2):
        client = shop.client(f"leaver-{number}")
        assert shop.visit(client) == "ECS01"
        processes = whole(system)
        shop.update(100 + number)
        shop.revoke(client)
        kill(processes["control"][0])
        kill(processes["worker"][0])
        answers = {shop.visit(client) for _ in range(30)}
        assert answers <= {"certificate_revoked", "reset", "fin"}, answers
        assert insist(system, "sallyport", "GetStatus")
        answers = {shop.visit(client) for _ in range(10)}
        assert answers == {"certificate_revoked"}, answers


def test_everybody_starting_anew_knows_who_was_revoked(shop):
    client = shop.client("leaver")
    shop.revoke(client)
    start_anew(shop.system)
    assert shop.visit(client) == "certificate_revoked"
    assert shop.visit() == "ECS01"
