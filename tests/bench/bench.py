#!/usr/bin/env python3
"""What a unit of work costs: Sallyport beside nginx and HAProxy, in one run, on one core.

The number is CPU time (user + system, of the whole process tree) divided by finished units; for idle
connections the growth of resident memory. All proxies run at once, pinned to one core, and take turns
sample by sample, so that a noisy moment hits all of them alike; the load generator (lg.c) and the
server (nginx) have the other core. Writes docs/benchmarks.md and docs/benchmarks.svg.

usage: bench.py [--reps 5] [--dur 1.2] [--only full,rr] [--peers nginx,haproxy] [--no-write]
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
TARGET_CPU, LOAD_CPU = os.environ.get("TARGET_CPU", "0"), os.environ.get("LOAD_CPU", "1")

# name, unit, what is asked of the ratio to nginx (None: shown only), lg arguments, kind
METRICS = [
    ("full_ec_tls13", "CPU us/connection", 0.25, "ec", ["-m", "conn", "-c", "32"], "hs"),
    ("full_rsa_tls13", "CPU us/connection", 0.40, "rsa", ["-m", "conn", "-c", "32"], "hs"),
    ("full_ec_tls12", "CPU us/connection", None, "ec", ["-m", "conn", "-c", "32", "-T", "12"], "hs"),
    ("resumed_ec_tls13", "CPU us/connection", 0.30, "ec", ["-m", "conn", "-c", "32", "-r"], "hs"),
    ("rr_tls", "CPU us/request", 0.85, "ec", ["-m", "rr", "-c", "100"], "done"),
    ("bulk_down_tls", "CPU ms/GiB", 0.40, "ec", ["-m", "bulk", "-c", "4"], "gib"),
    ("bulk_up_tls", "CPU ms/GiB", 0.60, "ec", ["-m", "up", "-c", "4"], "gib"),
    ("idle_tls", "RSS bytes/connection", 0.16, "ec", ["-m", "idle", "-c", "9000", "-i", "200"], "idle"),
    ("plain_conn", "CPU us/connection", 1.10, "tcp", ["-P", "-m", "conn", "-c", "32"], "done"),
    ("plain_bulk_down", "CPU ms/GiB", 0.35, "tcp", ["-P", "-m", "bulk", "-c", "4"], "gib"),
    ("plain_bulk_up", "CPU ms/GiB", None, "tcp", ["-P", "-m", "up", "-c", "4"], "gib"),
]


def free_port():
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_port(port, process):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[3:5]} ended with {process.returncode}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"{process.args[3:5]} does not listen")


# --- the CPU and memory of a process tree

def fields(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return text[text.rindex(")") + 2:].split()


def tree(root):
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (f := fields(entry)):
            children.setdefault(int(f[1]), []).append(int(entry))
    found, todo = [], [root]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(root):
    total = 0
    for pid in tree(root):
        if f := fields(pid):
            total += int(f[11]) + int(f[12])
            if pid == root:
                total += int(f[13]) + int(f[14])
    return total / TICKS


def rss_bytes(root):
    total = 0
    for pid in tree(root):
        try:
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1]) * 1024
        except OSError:
            pass
    return total


# --- peers: each writes its configuration and returns its command

def nginx_config(w, ports, backend, keys):
    def tls(kind):
        return (f"server {{ listen 127.0.0.1:{ports[kind]} ssl backlog=4096;"
                f" ssl_certificate {keys}/{kind}-server.chain; ssl_certificate_key {keys}/{kind}-server.key;"
                f" ssl_client_certificate {keys}/roots.pem; ssl_verify_client on; ssl_verify_depth 3;"
                f" ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:S{kind}:10m;"
                f" proxy_pass 127.0.0.1:{backend}; }}")
    (w / "nginx.conf").write_text(
        "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n"
        f"daemon off; worker_processes 1; pid {w}/nginx.pid; error_log {w}/nginx.err;"
        " worker_rlimit_nofile 19990;\nevents { worker_connections 19900; }\n"
        f"stream {{ proxy_timeout 300s; {tls('ec')} {tls('rsa')}\n"
        f" server {{ listen 127.0.0.1:{ports['tcp']} backlog=4096; proxy_pass 127.0.0.1:{backend}; }} }}\n")
    return ["nginx", "-c", f"{w}/nginx.conf"]


def haproxy_config(w, ports, backend, keys):
    def tls(kind):
        return (f"listen {kind}\n bind 127.0.0.1:{ports[kind]} backlog 4096 ssl crt {keys}/{kind}-server.pem"
                f" ca-file {keys}/roots.pem verify required\n server b 127.0.0.1:{backend}\n")
    (w / "haproxy.cfg").write_text(
        "global\n nbthread 1\n maxconn 9800\n maxpipes 64\n ssl-default-bind-options ssl-min-ver TLSv1.2\n"
        "defaults\n mode tcp\n timeout connect 5s\n timeout client 300s\n timeout server 300s\n option splice-auto\n"
        + tls("ec") + tls("rsa") +
        f"listen plain\n bind 127.0.0.1:{ports['tcp']} backlog 4096\n server b 127.0.0.1:{backend}\n")
    return ["haproxy", "-db", "-f", f"{w}/haproxy.cfg"]


def sallyport_config(w, ports, backend, keys, workers=1):
    def listener(kind, more=""):
        protocol = "TCP" if kind == "tcp" else "TCPSSL"
        return (f"  - {{LoadBalancer: bench, ListenerProtocol: {protocol}, ListenerPort: {ports[kind]},"
                f" ServerGroupId: web{more}}}\n")
    mutual = ", CertificateIds: [{}], CaEnabled: true, CaCertificateIds: [clients]"
    name = f"sallyport-{workers}"
    (w / f"{name}.yaml").write_text(
        "LoadBalancers:\n  - {LoadBalancerName: bench, ZoneMappings: [{ZoneId: local-a,"
        " PrivateIPv4Address: 127.0.0.1}]}\nCertificates:\n"
        + "".join(f"  - {{Name: {k}, CertFile: {keys}/{k}-server.chain, KeyFile: {keys}/{k}-server.key}}\n"
                  for k in ("ec", "rsa"))
        + f"CaCertificates:\n  - {{Name: clients, CertFile: {keys}/roots.pem}}\n"
        "ServerGroups:\n  - {ServerGroupName: web, Protocol: TCP, Scheduler: Rr,"
        " HealthCheckConfig: {HealthCheckEnabled: false}, Servers: [{ServerIp: 127.0.0.1,"
        f" Port: {backend}}}]}}\nListeners:\n"
        + listener("ec", mutual.format("ec")) + listener("rsa", mutual.format("rsa")) + listener("tcp"))
    daemon = os.environ.get("SALLYPORTD", str(ROOT / "build/sallyportd"))
    return [daemon, "--workers", str(workers), "--manifest", f"{w}/{name}.yaml"]


def two_workers_config(w, ports, backend, keys):
    return sallyport_config(w, ports, backend, keys, workers=2)


# two-workers, on request: both on the one core; a connection must cost what it costs one worker.
PEERS = {"sallyport": sallyport_config, "nginx": nginx_config, "haproxy": haproxy_config,
         "two-workers": two_workers_config}


class Bench:
    def __init__(self, work, options):
        self.work, self.options = work, options
        self.processes, self.targets = [], {}

    def prepare(self):
        subprocess.run(["bash", HERE / "pki.sh", self.work / "pki"], check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["gcc", "-O2", "-w", "-o", self.work / "lg", HERE / "lg.c", "-lssl", "-lcrypto"],
                       check=True)
        www = self.work / "www"
        www.mkdir()
        (www / "small").write_bytes(b"x" * 1024)
        with open(www / "big", "wb") as f:
            f.truncate(1 << 30)
        for folder in (self.work, www):
            folder.chmod(0o755)
        self.backend = free_port()
        (self.work / "backend.conf").write_text(
            f"daemon off; worker_processes 1; pid {self.work}/backend.pid; error_log {self.work}/backend.err;"
            " worker_rlimit_nofile 19990;\nevents { worker_connections 19900; }\n"
            "http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;"
            " keepalive_timeout 3600; sendfile_max_chunk 1m; open_file_cache max=10; client_max_body_size 0;"
            " client_body_buffer_size 256k; lingering_timeout 600; lingering_time 3600;\n"
            f" server {{ listen 127.0.0.1:{self.backend} backlog=4096; root {www};"
            " location /up { return 200 'ok'; } } }\n")
        self.start(LOAD_CPU, ["nginx", "-c", f"{self.work}/backend.conf"], self.backend)

    def start(self, core, command, port):
        with open(self.work / "output", "ab") as output:
            process = subprocess.Popen(["taskset", "-c", core, *command], stdout=output, stderr=output,
                                       stdin=subprocess.DEVNULL)
        self.processes.append(process)
        wait_port(port, process)
        return process

    def start_peers(self):
        for name in self.options.peers:
            ports = {kind: free_port() for kind in ("ec", "rsa", "tcp")}
            command = PEERS[name](self.work, ports, self.backend, self.work / "pki")
            process = self.start(TARGET_CPU, command, ports["ec"])
            self.targets[name] = (process.pid, ports)
            self.gate(name, ports)

    def gate(self, name, ports):
        """No figure for a door that lets everybody in."""
        for kind in ("ec", "rsa"):
            for who, wanted in ((f"{kind}-client.pem", True), (None, False), ("stranger.pem", False)):
                command = [self.work / "lg", "-n", "-p", str(ports[kind]), "-m", "rr", "-c", "1", "-d", "0.05"]
                if who:
                    command += ["-C", self.work / "pki" / who]
                if (subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60).returncode == 0) != wanted:
                    raise SystemExit(f"{name}: client certificate {who}: admitted should be {wanted}")

    def sample(self, name, port_kind, arguments, kind):
        pid, ports = self.targets[name]
        command = ["taskset", "-c", LOAD_CPU, self.work / "lg", "-p", str(ports[port_kind]), "-s", "8",
                   "-d", str(self.options.dur), *arguments]
        if port_kind != "tcp":
            command += ["-C", self.work / "pki" / f"{port_kind}-client.pem"]
        before = rss_bytes(pid)
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as lg:
            if lg.stdout.readline().strip() != "READY":
                return None
            time.sleep(0.3 if kind == "idle" else 0.1)
            held, start = rss_bytes(pid), cpu_seconds(pid)
            print("GO", file=lg.stdin, flush=True)
            answer = json.loads(lg.stdout.readline())
            time.sleep(0.05)
            spent = cpu_seconds(pid) - start
            if kind == "idle":
                return (held - before) / answer["ready"]
            print("END", file=lg.stdin, flush=True)
        units = answer["bytes"] / 2**30 if kind == "gib" else answer[kind]
        if not units or answer["errors"] > 0.001 * max(units, 1000):
            return None
        if "-r" in arguments and answer["reused"] < 0.99 * answer["hs"]:
            return None
        return spent / units * (1e3 if kind == "gib" else 1e6)

    def run(self):
        results = {}
        for name, _, _, port_kind, arguments, kind in METRICS:
            if self.options.only and not any(name.startswith(o) for o in self.options.only):
                continue
            for rep in range(1 if kind == "idle" else self.options.reps):
                for peer in self.options.peers:
                    value = self.sample(peer, port_kind, arguments, kind)
                    time.sleep(2 if kind == "idle" else 0.2)
                    print(f"{name:18} {rep} {peer:10} {value if value is None else round(value, 1)}", flush=True)
                    if value is not None:
                        results.setdefault(name, {}).setdefault(peer, []).append(value)
        return results

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


# --- what people read

def ratio_rows(results, peers):
    for name, unit, wanted, *_ in METRICS:
        got = results.get(name, {})
        if "sallyport" not in got or "nginx" not in got:
            continue
        ours = statistics.median(got["sallyport"])
        cells = []
        for peer in peers:
            values = got.get(peer)
            if not values:
                cells.append("-")
                continue
            middle = statistics.median(values)
            spread = 50 * (max(values) - min(values)) / middle
            cells.append(f"{middle:,.0f} ±{spread:.0f} %" if middle >= 100 else f"{middle:.1f} ±{spread:.0f} %")
        yield name, unit, wanted, cells, ours / statistics.median(got["nginx"]), (
            ours / statistics.median(got["haproxy"]) if got.get("haproxy") else None)


def table(rows, peers):
    lines = ["| what | unit | " + " | ".join(peers) + " | to nginx | wanted | to HAProxy |",
             "|---|---|" + "---|" * (len(peers) + 3)]
    for name, unit, wanted, cells, to_nginx, to_haproxy in rows:
        lines.append(f"| {name} | {unit} | " + " | ".join(cells) + f" | **{to_nginx:.2f}** | "
                     + (f"<= {wanted}" if wanted else "-") + " | "
                     + (f"{to_haproxy:.2f}" if to_haproxy else "-") + " |")
    return "\n".join(lines)


def plot(rows):
    """Bars: our cost as a part of nginx's, and the line that was asked for."""
    height, out = 26, []
    for i, (name, _, wanted, _, ratio, _) in enumerate(rows):
        y = 40 + i * height
        out.append(f'<text x="130" y="{y + 14}" text-anchor="end">{name}</text>'
                   f'<rect x="140" y="{y}" width="400" height="18" fill="#e5e7eb"/>'
                   f'<rect x="140" y="{y}" width="{min(ratio, 1.4) * 400:.0f}" height="18" fill="#2563eb"/>'
                   f'<text x="{148 + min(ratio, 1.4) * 400:.0f}" y="{y + 14}">{ratio:.2f}</text>')
        if wanted:
            x = 140 + wanted * 400
            out.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{y - 2}" y2="{y + 20}" stroke="#dc2626" stroke-width="2"/>')
    return ('<svg xmlns="http://www.w3.org/2000/svg" width="760" height="' + str(50 + len(rows) * height)
            + '" font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>'
            '<text x="140" y="22">cost of Sallyport, nginx = 1 (grey); red: what was asked for</text>'
            + "".join(out) + "</svg>\n")


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def version(command):
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).splitlines()[0].strip()


def write(rows, options):
    text = f"""# Benchmarks

One worker on one core against Debian's nginx (stream) and HAProxy, all in the same run, taking turns
sample by sample. The number is CPU time of the whole process tree per unit of work; idle is the growth of
resident memory per connection. Clients send a leaf and an intermediate certificate; every connection is
mutually authenticated (TLS rows). Median of {options.reps} samples of {options.dur} s, ± half the spread.
Machines that run this are shared and noisy: a difference under 10 % says nothing.

    make bench          # {time.strftime("%Y-%m-%d")}, {processor()}, {os.cpu_count()} cores, Linux {platform.release().split("-")[0]}

Peers: {version(["nginx", "-v"])}; {version(["haproxy", "-v"])}.

{table(rows, options.peers)}

![cost beside nginx](benchmarks.svg)

How each row is made stands in `tests/bench/bench.py` (METRICS); `full_*` is connect, full handshake, one
request of 1 KiB, close; `resumed_*` the same with a ticket; `rr` one request on a persistent connection; `bulk`
1 GiB transfers; `idle` 9,000 connections after one request each; `plain_*` TCP listeners.
"""
    extra = ROOT / "docs/benchmarks-notes.md"
    if extra.exists():
        text += "\n" + extra.read_text()
    (ROOT / "docs/benchmarks.md").write_text(text)
    (ROOT / "docs/benchmarks.svg").write_text(plot(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--dur", type=float, default=1.2)
    parser.add_argument("--only", type=lambda s: s.split(","))
    parser.add_argument("--peers", type=lambda s: s.split(","), default=["sallyport", "nginx", "haproxy"])
    parser.add_argument("--no-write", action="store_true")
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="sallyport-bench-"))
    bench = Bench(work, options)
    try:
        bench.prepare()
        bench.start_peers()
        results = bench.run()
    except BaseException:
        sys.stderr.write((work / "output").read_text(errors="replace")[-2000:] if (work / "output").exists() else "")
        raise
    finally:
        bench.stop()
        shutil.rmtree(work, ignore_errors=True)
    rows = list(ratio_rows(results, options.peers))
    print(table(rows, options.peers))
    if not options.no_write:
        write(rows, options)


if __name__ == "__main__":
    main()
