"""People and programs that work with the system while a test breaks it: API writers that remember what was
acknowledged, and TLS clients that remember how they were received."""
import http.client
import os
import random
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from support.clients import TlsClient, Refused
from support.pki import name_of, new_key
from support.sallyport import SLOWNESS
from support.system import ApiError
from support.waiting import wait_for

PAUSE = 0.005
EVERY_ENDING = (OSError, http.client.HTTPException)


class Unknown(Exception):
    """Nobody answered: the request was carried out, or not."""


def ask(system, product, action, **parameters):
    """The answer; Unknown when there is none. Control that stops says so: nothing was done then."""
    try:
        return system.call(product, action, **parameters)
    except EVERY_ENDING as error:
        raise Unknown(str(error)) from error
    except ApiError as error:
        if error.status == 503:
            raise Unknown(str(error)) from error
        raise


def insist(system, product, action, **parameters):
    """Asks until somebody answers; for questions, which may be asked twice."""
    def answered():
        try:
            return [ask(system, product, action, **parameters)]
        except Unknown:
            return None
    return wait_for(answered, 40 * SLOWNESS, f"an answer to {action}", pause=0.02)[0]


class Identity:
    """A client certificate of the system's CA with a key of our own."""

    def __init__(self, folder, name):
        self.name = name
        key = new_key("p256")
        self.request = x509.CertificateSigningRequestBuilder().subject_name(name_of(name)).sign(
            key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
        self.key_file = os.path.join(folder, f"{name}.key")
        self.chain_file = os.path.join(folder, f"{name}.pem")
        self.context = None
        self.revoked_at = None
        with open(self.key_file, "wb") as file:
            file.write(key.private_bytes(serialization.Encoding.PEM,
                                         serialization.PrivateFormat.PKCS8,
                                         serialization.NoEncryption()))

    def take(self, answer):
        self.identifier, self.serial = answer["Identifier"], answer["SerialNumber"]
        with open(self.chain_file, "w", encoding="ascii") as file:
            file.write(answer["X509Certificate"])
        self.context = TlsClient.new_context(self)
        return self

    def issue(self, system, ca):
        return self.take(ask(system, "pca", "CreateClientCertificateWithCsr", ParentIdentifier=ca,
                             Csr=self.request, Immediately=1))

    def visit(self, address, port, session=None, timeout=20):
        """The backend's name, the alert, or how else it ended."""
        client = None
        try:
            client = TlsClient(address, port, context=self.context, session=session,
                               timeout=timeout)
            client.handshake()
            return client.request()
        except Refused as refused:
            return refused.alert
        except TimeoutError:
            return "timeout"
        except OSError as error:
            return "reset" if isinstance(error, ConnectionResetError) else "closed"
        finally:
            if client is not None:
                client.sock.close()

    def session(self, address, port):
        with TlsClient(address, port, context=self.context).handshake() as client:
            client.request()
            return client.session


class Worker(threading.Thread):
    """Does its step() until it is told to end; what went wrong comes out of finish()."""

    def __init__(self, shop, seed):
        super().__init__(daemon=True)
        self.shop = shop
        self.system = shop.system
        self.random = random.Random(f"{type(self).__name__} {seed}")
        self.error = None
        self.ending = threading.Event()
        self.steps = 0

    def run(self):
        try:
            while not self.ending.wait(PAUSE):
                self.step()
                self.steps += 1
        except Exception as error:  # the test's thread is to hear of it
            self.error = error

    def finish(self):
        self.ending.set()
        self.join(90 * SLOWNESS)
        assert not self.is_alive(), f"{self} hangs"
        if self.error is not None:
            raise self.error


class Editor(Worker):
    """Changes a server group and a listener of its own, and makes and deletes others."""

    def __init__(self, shop, seed):
        super().__init__(shop, seed)
        self.group = self.system.group(ServerGroupName=f"group-{seed}")
        self.listener, _ = self.system.listener(shop.balancer, self.group)
        self.values = {"group": f"group-{seed}", "listener": 900}
        self.gone, self.made = set(), set()
        self.jobs = []

    def read(self, what):
        if what == "listener":
            return insist(self.system, "nlb", "GetListenerAttribute",
                          ListenerId=self.listener)["IdleTimeout"]
        listed = insist(self.system, "nlb", "ListServerGroups", ServerGroupIds=[self.group])
        return listed["ServerGroups"][0]["ServerGroupName"]

    def change(self, what, value):
        if what == "listener":
            return ask(self.system, "nlb", "UpdateListenerAttribute", ListenerId=self.listener,
                       IdleTimeout=value)
        return ask(self.system, "nlb", "UpdateServerGroupAttribute", ServerGroupId=self.group,
                   ServerGroupName=value)

    def check(self, what, wanted=None):
        """It is as it was, or as it was to be."""
        found = self.read(what)
        assert found in (self.values[what], wanted or self.values[what]), \
            f"{what}: {found!r} is neither {self.values[what]!r} nor {wanted!r}"
        self.values[what] = found

    def edit(self, what):
        value = self.random.randrange(10, 3600) if what == "listener" else \
            f"name-{self.random.randrange(10 ** 9)}"
        try:
            answer = self.change(what, value)
        except Unknown:
            self.check(what, value)
            return
        self.values[what] = value
        self.note_job(answer)

    def note_job(self, answer):
        if answer.get("JobId"):
            self.jobs.append(answer["JobId"])

    def make(self):
        try:
            answer = ask(self.system, "nlb", "CreateServerGroup", VpcId="vpc-test", Protocol="TCP",
                         ServerGroupName=f"made-{self.random.randrange(10 ** 9)}", Scheduler="Rr",
                         ServerGroupType="Ip")
        except Unknown:
            return
        self.note_job(answer)
        self.made.add(answer["ServerGroupId"])

    def delete(self):
        group = self.random.choice(sorted(self.made))
        try:
            self.note_job(ask(self.system, "nlb", "DeleteServerGroup", ServerGroupId=group))
            self.gone.add(group)
        except Unknown:
            pass
        self.made.discard(group)

    def step(self):
        act = self.random.random()
        if act < 0.7:
            self.edit(self.random.choice(["group", "listener"]))
        elif act < 0.9 or not self.made:
            self.make()
        else:
            self.delete()

    def prove(self):
        """Everything that was acknowledged is there."""
        for what in self.values:
            self.check(what)
        for group in sorted(self.made | self.gone):
            listed = insist(self.system, "nlb", "ListServerGroups", ServerGroupIds=[group])
            assert len(listed["ServerGroups"]) == (group in self.made), group


class Issuer(Worker):
    """Issues certificates, and revokes some of them: those are the shop's bad clients."""

    def __init__(self, shop, seed):
        super().__init__(shop, seed)
        self.seed = seed
        self.issued, self.revoked, self.doubtful = [], [], []
        self.good = []

    def issue(self):
        identity = Identity(self.shop.folder, f"client-{self.seed}-{self.steps}")
        try:
            identity.issue(self.system, self.shop.ca)
        except Unknown:
            return
        self.issued.append(identity)
        self.good.append(identity)

    def revoke(self):
        identity = self.good.pop(self.random.randrange(len(self.good)))
        try:
            ask(self.system, "pca", "CreateRevokeClientCertificate", Identifier=identity.identifier)
        except Unknown:
            self.doubtful.append(identity)
            return
        identity.revoked_at = time.monotonic()
        self.revoked.append(identity)
        self.shop.bad.append(identity)

    def step(self):
        if self.good and self.random.random() < 0.4:
            self.revoke()
        else:
            self.issue()


class Visitor(Worker):
    """Comes as a client that is let in, all the time."""

    def __init__(self, shop, seed):
        super().__init__(shop, seed)
        self.visits = []  # when it began, when it ended, how

    def step(self):
        begin = time.monotonic()
        how = self.shop.regular.visit(self.system.address, self.shop.port)
        self.visits.append((begin, time.monotonic(), how))


class Intruder(Worker):
    """Comes with certificates that are revoked; who got in is remembered."""

    def __init__(self, shop, seed):
        super().__init__(shop, seed)
        self.refused, self.intrusions = 0, []

    def step(self):
        if not self.shop.bad:
            return
        identity = self.random.choice(self.shop.bad[-self.random.choice([1, 5, 1000]):])
        begin = time.monotonic()
        how = identity.visit(self.system.address, self.shop.port)
        if how == "certificate_revoked":
            self.refused += 1
        elif how == "ECS01" and begin > identity.revoked_at + 1 * SLOWNESS:
            self.intrusions.append((identity.name, begin - identity.revoked_at))
