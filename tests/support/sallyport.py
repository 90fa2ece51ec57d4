"""The product under test: the real daemon, told by a manifest, watched through its log."""
import json
import os
import re
import signal
import socket
import subprocess
import time

import yaml

from support.waiting import wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("SALLYPORT_BUILD", "build"))
SANITIZED = BUILD.endswith("-san")
# A sanitizer makes everything slower, and start-up most of all.
SLOWNESS = 4 if SANITIZED else 1

_PAIR = re.compile(r'([A-Za-z0-9_.-]+)=("(?:[^"\\]|\\.)*"|[^ ]*)')
_REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:",
            "AddressSanitizer:DEADLYSIGNAL")


def parse_line(line):
    """One line of the log, logfmt or JSON, as a dict of strings; None: it is no log line."""
    line = line.strip()
    if line.startswith("{"):
        try:
            return {key: str(value) for key, value in json.loads(line).items()}
        except ValueError:
            return None
    fields = {}
    for key, value in _PAIR.findall(line):
        if value.startswith('"'):
            value = json.loads(value)
        fields[key] = value
    return fields if "event" in fields else None


class Metric:
    def __init__(self, text):
        self.samples = []
        for line in text.splitlines():
            if line.startswith("#") or not line.strip():
                continue
            match = re.fullmatch(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)', line)
            assert match, f"no line of the text format: {line!r}"
            name, labels, value = match.groups()
            parsed = dict((key, val.replace('\\"', '"')) for key, val in re.findall(
                r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', labels or ""))
            self.samples.append((name, parsed, float(value)))

    def names(self):
        return {name for name, _, _ in self.samples}

    def sum(self, name, **labels):
        return sum(value for found, have, value in self.samples
                   if found == name and all(have.get(k) == v for k, v in labels.items()))


class Sallyport:
    """One daemon. Started with start(), which returns when it serves; stop() demands a clean end."""

    def __init__(self, folder, manifest, workers=2, environment=None, arguments=()):
        self.folder = folder
        self.manifest = manifest
        self.workers = workers
        self.environment = environment or {}
        self.arguments = list(arguments)
        self.manifest_file = os.path.join(folder, "sallyport.yaml")
        # Control is another user when the daemon is started as root; it must be able to bind there.
        run_folder = os.path.join(folder, "run")
        os.mkdir(run_folder)
        os.chmod(run_folder, 0o777)
        self.control_socket = os.path.join(run_folder, "control.sock")
        self.log_file = os.path.join(folder, "log")
        self.error_file = os.path.join(folder, "stderr")
        self.process = None
        self.successor = None
        self.user = None
        self.expect_deaths = False

    # --- what it is told

    def write_manifest(self, text=None):
        if text is None:
            text = yaml.safe_dump(self.manifest, sort_keys=False, width=1000)
        with open(self.manifest_file + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(self.manifest_file + ".new", self.manifest_file)

    def command(self):
        return [os.path.join(BUILD, "sallyportd"), "--manifest", self.manifest_file, "--workers",
                str(self.workers), "--socket", self.control_socket, *self.arguments]

    def start(self, write=True):
        if write:
            self.write_manifest()
        notify_path = os.path.join(self.folder, "notify")
        if os.path.exists(notify_path):
            os.unlink(notify_path)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(notify_path)
        os.chmod(notify_path, 0o777)
        environment = {**os.environ, "NOTIFY_SOCKET": notify_path, **self.environment}
        self.process = subprocess.Popen(
            self.command(), env=environment, stdin=subprocess.DEVNULL, cwd=self.folder,
            stdout=open(self.log_file, "ab"), stderr=open(self.error_file, "ab"), user=self.user,
            group=self.user, start_new_session=True, extra_groups=[] if self.user else None)
        try:
            self._wait_ready(notify)
        finally:
            notify.close()
        return self

    def _wait_ready(self, notify):
        notify.settimeout(0.05)
        deadline = time.monotonic() + 20 * SLOWNESS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"sallyportd ended with {self.process.returncode}:\n"
                                     + self.output())
            try:
                if b"READY=1" in notify.recv(4096):
                    return
            except TimeoutError:
                pass
        raise AssertionError("sallyportd is not ready:\n" + self.output())

    def run_to_the_end(self, timeout=20):
        """For manifests that are refused: exit code and everything it printed."""
        self.write_manifest()
        done = subprocess.run(self.command(), cwd=self.folder, capture_output=True, text=True,
                              timeout=timeout * SLOWNESS, check=False, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout + done.stderr

    # --- asking it

    def cli(self, *arguments, timeout=30, check=True):
        done = subprocess.run([os.path.join(BUILD, "sallyport"), *arguments], cwd=self.folder,
                              capture_output=True, text=True, timeout=timeout * SLOWNESS,
                              check=False, stdin=subprocess.DEVNULL)
        if check:
            assert done.returncode == 0, f"sallyport {arguments}: {done.stdout}{done.stderr}"
        return done

    def reload(self, check=True):
        self.write_manifest()
        return self.cli("reload", "--socket", self.control_socket, check=check)

    def status(self):
        done = self.cli("status", "--json", "--socket", self.control_socket)
        return json.loads(done.stdout)

    def metrics(self):
        address = self.manifest["Settings"]["MetricsAddress"]
        host, _, port = address.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), 5) as sock:
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            answer = b""
            while data := sock.recv(65536):
                answer += data
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        return Metric(body.decode())

    # --- its log

    def log(self):
        if not os.path.exists(self.log_file):
            return []
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            lines = [parse_line(line) for line in file]
        return [line for line in lines if line]

    def events(self, event=None, **fields):
        return [line for line in self.log()
                if (event is None or line["event"] == event)
                and all(line.get(key) == str(value) for key, value in fields.items())]

    def wait_event(self, event, timeout=10, count=1, **fields):
        """The count-th such line, counted from the start."""
        wait_for(lambda: len(self.events(event, **fields)) >= count, timeout * SLOWNESS,
                 f"event={event} {fields}", pause=0.03)
        return self.events(event, **fields)[count - 1]

    def output(self):
        text = ""
        for path in (self.error_file, self.log_file):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    text += file.read()[-6000:]
        return text

    # --- its processes

    def children(self):
        """pid -> command line of all processes of this daemon, the guardian left out."""
        import psutil
        found = {}
        try:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                try:
                    found[child.pid] = " ".join(child.cmdline())
                except psutil.Error:
                    pass
        except psutil.Error:
            pass
        return found

    def pids(self, role):
        """Process ids of the roles whose name begins so: guardian, control, checker, worker."""
        return [found["pid"] for found in self.status()["roles"]
                if found["role"].startswith(role)]

    def listener_status(self, port):
        return next(found for found in self.status()["listeners"]
                    if found["name"] == f"edge:{port}")

    def server_states(self, group="web"):
        """Name -> state of the servers of a group."""
        found = next(g for g in self.status()["server_groups"] if g["name"] == group)
        return {server["name"]: server["state"] for server in found["servers"]}

    def follow_upgrade(self):
        """From now on the guardian that answers is the one to be stopped in the end."""
        import psutil
        pid = self.pids("guardian")[0]
        if pid != self.process.pid:
            self.successor = psutil.Process(pid)

    def signal(self, number):
        os.kill(self.process.pid, number)

    def stop(self, timeout=20):
        """SIGTERM; exit code 0, no process left, no report of a sanitizer."""
        if self.process is None:
            return
        process, self.process = self.process, None
        children = list(self._children_of(process))
        if self.successor is not None:
            self._stop_successor(timeout)
        try:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout * SLOWNESS)
        except subprocess.TimeoutExpired:
            raise AssertionError("sallyportd did not end after SIGTERM:\n" + self.output()) from None
        finally:
            self._kill(process, children)
        text = self._whole_output()
        reports = [line for line in text.splitlines() if any(r in line for r in _REPORTS)]
        assert not reports, text[-8000:]
        assert process.returncode == 0, f"exit code {process.returncode}:\n{self.output()}"
        if not self.expect_deaths:
            deaths = self.events("worker_died") + self.events("child_died")
            assert not deaths, deaths

    def _stop_successor(self, timeout):
        """No child of this process: its exit code is nobody's to know."""
        import psutil
        successor, self.successor = self.successor, None
        family = [successor, *successor.children(recursive=True)]
        successor.terminate()
        _, left = psutil.wait_procs(family, timeout * SLOWNESS)
        for process in left:
            process.kill()
        assert not left, f"still there after the successor's end: {left}"

    def _children_of(self, process):
        import psutil
        try:
            return psutil.Process(process.pid).children(recursive=True)
        except psutil.Error:
            return []

    def _kill(self, process, children):
        import psutil
        if process.poll() is None:
            process.kill()
            process.wait()
        _, left = psutil.wait_procs(children, 3 * SLOWNESS)
        for child in left:
            child.kill()
        assert not left, f"still there after the daemon's end: {left}"

    def _whole_output(self):
        text = ""
        for path in (self.error_file, self.log_file):
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    text += file.read()
        return text
