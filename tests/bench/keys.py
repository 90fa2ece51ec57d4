#!/usr/bin/env python3
"""What the private CA and the control plane cost: the real system, told through its JSON API.

Three parts. issue: client certificates with keys made here. revoke: many issued and very many revoked,
then one more, timed until every worker refuses it. change: 1,000 listeners with 10,000 server
certificates, one of the listeners changed, and a start with that store. CPU is user + system time of
the control process with all its threads, from /proc. Writes docs/benchmarks-keys.md.

usage: keys.py [--lookup PROGRAM] [--only issue,revoke,change] [--seconds 5] [--reps 5] [--issued 100000]
               [--revoked 500000] [--listeners 1000] [--certificates 10000] [--no-write]
"""
import argparse
import base64
import datetime
import json
import os
import pathlib
import platform
import secrets
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(ROOT / "tests"))

import key_load
from support.backend import Backend
from support.door import free_port, own_address
from support.system import System

TICKS = os.sysconf("SC_CLK_TCK")
CLIENTS = 32
NAMES = {"Organization": "Bench", "OrganizationUnit": "test", "Locality": "Here", "State": "There",
         "CountryCode": "CN"}
REVOKED_A_CALL = 10000
LISTENERS_OF_A_BALANCER = 100
WORKERS = 2
SETTLE_S = 2.5  # until control has given back what it needed for a moment


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def cpu_seconds(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    fields = text[text.rindex(")") + 2:].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def waited_seconds(pid):
    """How long its threads were ready to run and had no core: what other programs cost it."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[1])
    return total / 1e9


def memory_bytes(pid, name="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def mebibytes(number):
    return f"{number / 2**20:.1f} MB"


class SyncCounter:
    """fsync and fdatasync calls of one process, counted by the kernel (perf), at no cost to it."""

    def __init__(self, pid):
        self.process = None
        if shutil.which("perf"):
            self.process = subprocess.Popen(
                ["perf", "stat", "-x,", "-e", "syscalls:sys_enter_fsync", "-e",
                 "syscalls:sys_enter_fdatasync", "-p", str(pid)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(0.3)

    def stop(self):
        """None: they cannot be counted here."""
        if self.process is None:
            return None
        self.process.send_signal(2)
        _, text = self.process.communicate(timeout=20)
        counts = [line.split(",")[0] for line in text.splitlines() if "sys_enter" in line]
        return sum(map(int, counts)) if counts and all(c.isdigit() for c in counts) else None


class Row:
    """What was asked, what came out, from several samples."""

    def __init__(self, what, wanted, unit, values, ok, note=""):
        self.what, self.wanted, self.note = what, wanted, note
        values = [v for v in values if v is not None]
        if not values:
            self.measured, self.holds = "not measured here", None
            return
        middle = statistics.median(values)
        self.holds = ok(middle) if ok else None
        digits = 0 if abs(middle) >= 100 else 1 if abs(middle) >= 10 else 2
        self.measured = f"{middle:,.{digits}f} {unit}".strip()
        if len(values) > 1:
            self.measured += f" ({min(values):,.{digits}f} to {max(values):,.{digits}f})"
        print(f"{self.what}: {self.measured}; wanted {wanted or '-'}", flush=True)


class Bench:
    def __init__(self, options):
        self.options = options
        self.rows = []

    def row(self, what, wanted, unit, values, ok=None, note=""):
        self.rows.append(Row(what, wanted, unit, values, ok, note))

    def start(self):
        self.system = System(workers=WORKERS).start()
        self.token = self.system.first["token"]
        self.find_control()

    def find_control(self):
        self.control = self.system.pids("control")[0]

    def many(self, product, action, parameters, clients=CLIENTS, **more):
        return key_load.run(self.system.api_port, clients,
                            (key_load.request_bytes(self.token, product, action, p)
                             for p in parameters), **more)

    def authorities(self):
        root = self.system.pca("CreateRootCACertificate", CommonName="Bench Root", Algorithm="ECC_256",
                               Years=10, **NAMES)["Identifier"]
        sub = self.system.pca("CreateSubCACertificate", ParentIdentifier=root, CommonName="Bench Clients",
                              Algorithm="ECC_256", Years=5, **NAMES)["Identifier"]
        return root, sub

    def clients_of(self, sub, count=None):
        number = 0
        while count is None or number < count:
            number += 1
            yield {"ParentIdentifier": sub, "CommonName": f"client-{number}@example.com",
                   "Algorithm": "ECC_256"}

    # --- issuing

    def issue_sample(self, sub):
        counter = SyncCounter(self.control)
        cpu, begin, own = cpu_seconds(self.control), time.monotonic(), time.process_time()
        latencies = self.many("pca", "CreateClientCertificate", self.clients_of(sub),
                              until=begin + self.options.seconds)
        seconds = time.monotonic() - begin
        cpu, own, syncs = cpu_seconds(self.control) - cpu, time.process_time() - own, counter.stop()
        count = len(latencies)
        return {"cpu_ms": cpu * 1e3 / count, "rate": count / seconds, "own": own / seconds * 100,
                "per_sync": count / syncs if syncs else None,
                "latency_ms": statistics.median(latencies) * 1e3}

    def issue(self):
        _, sub = self.authorities()
        samples = [self.issue_sample(sub) for _ in range(self.options.reps)]

        def values(name):
            return [sample[name] for sample in samples]
        self.row("CPU of control for one ECC_256 client certificate, key made here", "<= 1 ms", "ms",
                 values("cpu_ms"), lambda v: v <= 1)
        self.row(f"certificates a second, {CLIENTS} clients", ">= 500 where the disk allows", "",
                 values("rate"), lambda v: v >= 500)
        self.row("certificates for one fsync", "reported", "", values("per_sync"))
        self.row("answered within (median)", "", "ms", values("latency_ms"))
        self.row("load of the generator's core", "not the limit", "%", values("own"))

    # --- revoking

    def admitted(self, port, context):
        try:
            with socket.create_connection((self.system.address, port), 5) as raw, \
                    context.wrap_socket(raw) as talk:
                talk.settimeout(5)
                talk.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
                return talk.recv(4096) != b""
        except (ssl.SSLError, ConnectionError):
            return False

    def client_context(self, identifier):
        folder = pathlib.Path(self.system.folder)
        for file in self.system.own("ExportPrivateCertificate", Identifier=identifier, Format="CRT",
                                    IncludeChain=True)["Files"]:
            kind = "chain" if "_chain" in file["Name"] else file["Name"].rsplit(".", 1)[1]
            (folder / kind).write_bytes(base64.b64decode(file["Content"]))
        (folder / "all").write_bytes((folder / "crt").read_bytes() + (folder / "chain").read_bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.load_cert_chain(folder / "all", folder / "key")
        return context

    def new_client(self, sub):
        return self.system.pca("CreateClientCertificate", ParentIdentifier=sub, Algorithm="ECC_256",
                               CommonName="timed@example.com")["Identifier"]

    def refusals(self):
        """Which worker each refusal was one of."""
        return [line["role"] for line in self.system.events("client_refused")]

    def revoke_sample(self, sub, port):
        """(until refused by all, until the open connection is cut), in ms from the call's begin."""
        identifier = self.new_client(sub)
        context = self.client_context(identifier)
        open_talk = context.wrap_socket(socket.create_connection((self.system.address, port), 5))
        open_talk.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
        if not open_talk.recv(4096) or not self.admitted(port, context):
            raise SystemExit("a good client was not admitted")
        before = len(self.refusals())
        begin = time.monotonic()
        self.system.pca("CreateRevokeClientCertificate", Identifier=identifier)
        answered = time.monotonic() - begin
        # A connection is any worker's: 40 refusals in a row are refusals by each; the log shows whose.
        refused, since = 0, time.monotonic()
        while refused < 40:
            if time.monotonic() - begin > 20:
                raise SystemExit("a revoked client is still admitted after 20 s")
            at = time.monotonic()
            if self.admitted(port, context):
                refused = 0
            else:
                refused += 1
                since = at if refused == 1 else since
        if len(set(self.refusals()[before:])) < WORKERS:
            raise SystemExit("not every worker was asked")
        open_talk.settimeout(5)
        cut = self.wait_cut(open_talk)
        return answered * 1e3, (since - begin) * 1e3, cut

    def wait_cut(self, talk):
        try:
            return talk.recv(4096) == b""
        except TimeoutError:
            return False
        except (ssl.SSLError, ConnectionError):
            return True

    def lookup(self):
        if not self.options.lookup:
            return
        done = subprocess.run([self.options.lookup, str(self.options.revoked)], check=True,
                              capture_output=True, text=True, timeout=120)
        found = json.loads(done.stdout)
        self.row("look-up in a table with as many", "<= 10 us", "us", [found["look_up_us"]], lambda v: v <= 10)
        self.row("such a table, shared by all workers", "<= 64 MB", "MB", [found["bytes"] / 2**20],
                 lambda v: v <= 64)

    def fill_revocations(self, sub):
        begin = time.monotonic()
        missing = max(0, self.options.issued - self.issued())
        latencies = self.many("pca", "CreateClientCertificate", self.clients_of(sub, missing))
        if latencies:
            self.row(f"a second while {missing:,} are issued", "", "",
                     [len(latencies) / (time.monotonic() - begin)])
        times = []
        for _ in range(0, self.options.revoked, REVOKED_A_CALL):
            begin = time.monotonic()
            self.system.pca("RevokeCertificates", ParentIdentifier=sub, SerialNumbers=[
                "40" + secrets.token_hex(15) for _ in range(REVOKED_A_CALL)])
            times.append((time.monotonic() - begin) * 1e3)
        self.row(f"RevokeCertificates with {REVOKED_A_CALL:,} serials", "", "ms", times)

    def issued(self):
        return self.system.pca("ListClientCertificate", ShowSize=1)["TotalCount"]

    def revoke(self):
        root, sub = self.authorities_again()
        self.fill_revocations(sub)
        backend = Backend(own_address(), name="bench")
        try:
            server = self.system.pca("CreateServerCertificate", ParentIdentifier=sub,
                                     CommonName="bench.example.com", Algorithm="ECC_256")["Identifier"]
            balancer = self.system.balancer()
            group = self.system.group((backend.address, backend.port),
                                      HealthCheckConfig={"HealthCheckEnabled": False})
            _, port = self.system.listener(balancer, group, ListenerProtocol="TCPSSL", CaEnabled=True,
                                           CertificateIds=[server], CaCertificateIds=[root])
            samples = [self.revoke_sample(sub, port) for _ in range(self.options.reps)]
        finally:
            backend.close()
        state = f"{self.options.issued:,} issued, {self.options.revoked:,} revoked"
        self.row(f"revoke to refusal on all {WORKERS} workers; {state}", "<= 1 s", "ms",
                 [s[1] for s in samples], lambda v: v <= 1000)
        self.row("the call itself", "", "ms", [s[0] for s in samples])
        self.row("open connections cut", "all", "%", [100 * s[2] for s in samples], lambda v: v == 100)
        self.lookup()
        self.row("resident memory of control then", "", "MB", [memory_bytes(self.control) / 2**20])

    def authorities_again(self):
        rows = self.system.pca("DescribeCACertificateList", ShowSize=50)["CertificateList"]
        found = {row["CommonName"]: row["Identifier"] for row in rows}
        if "Bench Clients" in found:
            return found["Bench Root"], found["Bench Clients"]
        return self.authorities()

    # --- changing

    def balancers(self, count):
        self.system.own("UpdateSettings", QuotaListeners=1000, QuotaAdditionalCertificates=1000,
                        QuotaLoadBalancers=1000)
        made = []
        for _ in range(count):
            address = own_address()
            made.append((self.system.nlb(
                "CreateLoadBalancer", AddressType="Intranet", VpcId="vpc-bench",
                ZoneMappings=[{"ZoneId": "zone-a", "VSwitchId": "vsw-a",
                               "PrivateIPv4Address": address}])["LoadbalancerId"], address))
        return made

    def certificates(self, sub):
        identifiers = []
        self.many("pca", "CreateServerCertificate",
                  ({"ParentIdentifier": sub, "CommonName": f"host-{n}.example.com",
                    "Algorithm": "ECC_256"} for n in range(self.options.certificates)),
                  each=lambda body: identifiers.append(json.loads(body)["Identifier"]))
        return identifiers

    def fill_listeners(self):
        root, sub = self.authorities_again()
        begin = time.monotonic()
        certificates = self.certificates(sub)
        print(f"{len(certificates)} server certificates: {time.monotonic() - begin:.1f} s", flush=True)
        balancers = self.balancers(-(-self.options.listeners // LISTENERS_OF_A_BALANCER))
        group = self.system.group(("127.0.0.1", free_port("127.0.0.1")),
                                  HealthCheckConfig={"HealthCheckEnabled": False})
        each, requests = len(certificates) // self.options.listeners, []
        for n in range(self.options.listeners):
            own = certificates[n * each:(n + 1) * each]
            requests.append({
                "LoadBalancerId": balancers[n // LISTENERS_OF_A_BALANCER][0], "ServerGroupId": group,
                "ListenerProtocol": "TCPSSL", "ListenerPort": 20000 + n % LISTENERS_OF_A_BALANCER,
                "CertificateIds": own[:1], "AdditionalCertificateIds": own[1:],
                "CaEnabled": True, "CaCertificateIds": [root]})
        begin, answers = time.monotonic(), []
        self.many("nlb", "CreateListener", requests, clients=8,
                  each=lambda body: answers.append(json.loads(body)))
        for answer in answers:
            self.system.job(answer, 120)
        print(f"{len(answers)} listeners: {time.monotonic() - begin:.1f} s", flush=True)
        return [answer["ListenerId"] for answer in answers]

    def longest_turns(self):
        return [role["longest_turn_us"] / 1e3 for role in self.system.status()["roles"]
                if role["role"].startswith("worker")]

    def change_sample(self, listener, number):
        cpu, waited = cpu_seconds(self.control), waited_seconds(self.control)
        begin = time.monotonic()
        self.system.job(self.system.nlb("UpdateListenerAttribute", ListenerId=listener,
                                        IdleTimeout=100 + number), 30)
        return ((time.monotonic() - begin) * 1e3, (cpu_seconds(self.control) - cpu) * 1e3,
                (waited_seconds(self.control) - waited) * 1e3)

    def restart(self):
        self.system.stop()
        begin = time.monotonic()
        self.system.start()
        seconds = time.monotonic() - begin
        self.find_control()
        cpu, waited = cpu_seconds(self.control), waited_seconds(self.control)
        time.sleep(SETTLE_S)
        return seconds, memory_bytes(self.control) / 2**20, cpu, waited

    def wait_all_listeners(self):
        found = self.system.status()["listeners"]
        if len(found) < self.options.listeners:
            raise SystemExit(f"only {len(found)} listeners are served")

    def change(self):
        listeners = self.fill_listeners()
        starts = [self.restart() for _ in range(self.options.reps)]
        self.wait_all_listeners()
        first = self.longest_turns()
        changes = [self.change_sample(listeners[n * 7 % len(listeners)], n)
                   for n in range(3 * self.options.reps)]
        state = f"{self.options.listeners:,} listeners, {self.options.certificates:,} certificates"
        self.row(f"one change, until its job has succeeded; {state}", "<= 1 s", "ms",
                 [c[0] for c in changes], lambda v: v <= 1000)
        self.row("CPU of control for it", "", "ms", [c[1] for c in changes])
        self.row("and its threads waited for a core", "", "ms", [c[2] for c in changes])
        self.row("longest turn of a worker, start and all changes", "<= 10 ms", "ms",
                 self.longest_turns(), lambda v: v <= 10)
        self.row("the same after the start alone", "", "ms", first)
        self.row("start with that store, until it serves", "<= 2 s", "s", [s[0] for s in starts],
                 lambda v: v <= 2)
        self.row("CPU of control for it", "", "s", [s[2] for s in starts])
        self.row("and its threads waited for a core", "", "s", [s[3] for s in starts])
        self.row(f"resident memory of control, {SETTLE_S} s after the start", "<= 100 MB", "MB",
                 [s[1] for s in starts], lambda v: v <= 100)
        time.sleep(SETTLE_S)
        self.row("and after the changes", "<= 100 MB", "MB", [memory_bytes(self.control) / 2**20],
                 lambda v: v <= 100)

    def run(self):
        for part in ("issue", "revoke", "change"):
            if part not in self.options.only:
                continue
            print(f"--- {part}", flush=True)
            self.start()
            try:
                getattr(self, part)()
            except BaseException:
                sys.stderr.write(self.system.output()[-3000:])
                raise
            finally:
                self.system.close()


def table(rows):
    lines = ["| what | measured, median (range) | wanted | |", "|---|---|---|---|"]
    for row in rows:
        verdict = {True: "holds", False: "**does not hold**", None: ""}[row.holds]
        lines.append(f"| {row.what} | {row.measured} | {row.wanted or '-'} | {verdict} |")
    return "\n".join(lines)


def write(rows, options):
    text = f"""# Benchmarks of the keys

The whole system as it is installed, {WORKERS} workers, told through the JSON API on loopback; the data folder is
on a disk. CPU is user + system time of the control process with all its threads. Median of {options.reps}
samples or more, the range behind it; issuing: {options.seconds:g} s a sample. The machine is shared and noisy.

    make bench-keys     # {datetime.date.today()}, {processor()}, {os.cpu_count()} cores, Linux {platform.release().split("-")[0]}

Load average at the end: {os.getloadavg()[1]:.1f}. Times on the clock, of starts, changes and turns above all, are
those of a machine with that much else to do.

{table(rows)}

How each row is made stands in `tests/bench/keys.py`. Every certificate of the part with listeners is in use:
{options.certificates // options.listeners} on each of the {options.listeners:,} listeners, with client certificates required on all of them.
"""
    (ROOT / "docs/benchmarks-keys.md").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lookup")
    parser.add_argument("--only", type=lambda s: s.split(","), default=["issue", "revoke", "change"])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--issued", type=int, default=100000)
    parser.add_argument("--revoked", type=int, default=500000)
    parser.add_argument("--listeners", type=int, default=1000)
    parser.add_argument("--certificates", type=int, default=10000)
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()
    bench = Bench(options)
    bench.run()
    print(table(bench.rows))
    if not options.no_write:
        write(bench.rows, options)


if __name__ == "__main__":
    main()
