"""A Sallyport with everything around it: addresses, certificates, backends, manifest. A test says
only what is special about its own."""
import itertools
import os
import random
import shutil
import socket
import tempfile

from support.backend import Backend, NginxBackend
from support.pki import ShopPki
from support.sallyport import Sallyport

_numbers = itertools.count(1)


def own_address():
    """A loopback address that no other test process uses: ports that the kernel gives there stay
    free until the daemon binds them."""
    number = next(_numbers)
    process = os.getpid() & 0x3fff
    return f"127.{64 + (process >> 8)}.{process & 0xff}.{1 + number % 254}"


def free_port(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.bind((address, 0))
        return sock.getsockname()[1]


def free_range(address, count):
    """The first of `count` consecutive free ports, from where the kernel gives out none itself."""
    for _ in range(200):
        first = random.randrange(10000, 32768 - count)
        try:
            for port in range(first, first + count):
                with socket.socket() as sock:
                    sock.bind((address, port))
            return first
        except OSError:
            continue
    raise AssertionError("no range of free ports")


class Door:
    def __init__(self, pki):
        self.pki: ShopPki = pki
        self.folder = tempfile.mkdtemp(prefix="sallyport-")
        os.chmod(self.folder, 0o755)
        self.address = own_address()
        self.backends = []
        self.used_ports = set()
        self.manifest = {
            "Settings": {"ShutdownTimeout": 2,
                         "MetricsAddress": f"{self.address}:{self.port()}"},
            "LoadBalancers": [{"LoadBalancerName": "edge", "ZoneMappings": [
                {"ZoneId": "local-a", "PrivateIPv4Address": self.address}]}],
            "Certificates": [], "CaCertificates": [], "SecurityPolicies": [], "ServerGroups": [],
            "Listeners": [],
        }
        self.sallyport = Sallyport(self.folder, self.manifest)

    # --- what is in front and behind

    def port(self):
        while (port := free_port(self.address)) in self.used_ports:
            pass
        self.used_ports.add(port)
        return port

    def backend(self, name="ECS01", **more):
        # Not just any port that the kernel gives: one may be promised to the daemon already.
        backend = Backend(self.address, name, port=self.port(), **more)
        self.backends.append(backend)
        return backend

    def nginx(self, name):
        backend = NginxBackend(self.folder, self.address, self.port(), name)
        self.backends.append(backend)
        return backend

    def certificate(self, name, credential, **more):
        self.manifest["Certificates"].append({
            "Name": name, "CertFile": credential.chain_file, "KeyFile": credential.key_file, **more})
        return name

    def ca(self, name, *authorities, crls=None, **more):
        """One CaCertificates entry whose file holds all the authorities."""
        path = os.path.join(self.folder, f"ca-{name}.pem")
        with open(path, "wb") as file:
            for authority in authorities:
                file.write(authority.pem())
        entry = {"Name": name, "CertFile": path, **more}
        if crls is not None:
            entry["CrlFiles"] = list(crls)
        self.manifest["CaCertificates"].append(entry)
        return name

    def group(self, name, *backends, **more):
        """Checks are off unless asked for: a backend then sees only what clients cause."""
        servers = []
        for backend in backends:
            if isinstance(backend, dict):
                servers.append(backend)
            else:
                servers.append({"ServerIp": backend.address, "Port": backend.port,
                                "Description": backend.name})
        more.setdefault("HealthCheckConfig", {"HealthCheckEnabled": False})
        more.setdefault("Scheduler", "Rr")
        self.manifest["ServerGroups"].append({
            "ServerGroupName": name, "Protocol": "TCP", **more, "Servers": servers})
        return name

    def group_named(self, name):
        return next(g for g in self.manifest["ServerGroups"] if g["ServerGroupName"] == name)

    def ca_named(self, name):
        return next(c for c in self.manifest["CaCertificates"] if c["Name"] == name)

    def listener(self, group="web", port=None, protocol="TCPSSL", cas=None, certificate=None,
                 **more):
        """Adds a listener and what it needs; its port."""
        port = self.port() if port is None else port
        entry = {"LoadBalancer": "edge", "ListenerProtocol": protocol, "ListenerPort": port}
        if protocol == "TCPSSL":
            if certificate is None:
                certificate = "www"
                if not any(c["Name"] == "www" for c in self.manifest["Certificates"]):
                    self.certificate("www", self.pki.www)
            entry["CertificateIds"] = [certificate]
            if cas is not None:
                entry.update(CaEnabled=True, CaCertificateIds=list(cas))
        entry.update(more)
        entry["ServerGroupId"] = group
        self.manifest["Listeners"].append(entry)
        return port

    def listener_at(self, port):
        return next(entry for entry in self.manifest["Listeners"]
                    if entry["ListenerPort"] == port)

    def mutual(self, **more):
        """The usual door: one TCPSSL listener that wants certificates of the shop's root, and a
        backend that answers with its name; port and backend."""
        handler = more.pop("handler", None)
        backend = self.backend(**({"handler": handler} if handler else {}))
        self.group("web", backend)
        crls = more.pop("crls", None)
        # A list is checked against its issuer's key, so the issuer must be known.
        known = [self.pki.root] if crls is None else [self.pki.root, self.pki.sub]
        self.ca("clients", *known, crls=crls)
        return self.listener(cas=["clients"], **more), backend

    # --- life

    def start(self, **more):
        for key in [k for k, v in self.manifest.items() if v == []]:
            del self.manifest[key]
        for key, value in more.items():
            setattr(self.sallyport, key, value)
        self.sallyport.start()
        return self.sallyport

    def close(self):
        try:
            self.sallyport.stop()
        finally:
            for backend in self.backends:
                backend.stop()
            if os.environ.get("SALLYPORT_KEEP") is None:
                shutil.rmtree(self.folder, ignore_errors=True)
