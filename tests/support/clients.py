"""Clients: Python's ssl for what needs every byte under control, and the real programs."""
import os
import re
import select
import socket
import ssl
import struct
import subprocess
import time

from support.waiting import wait_for

ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow",
    40: "handshake_failure", 42: "bad_certificate", 43: "unsupported_certificate",
    44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security",
    80: "internal_error", 100: "no_renegotiation", 112: "unrecognized_name",
    116: "certificate_required", 120: "no_application_protocol",
}
NUMBERS = {name: number for number, name in ALERTS.items()}


class Refused(Exception):
    """The handshake failed: the alert's name, or how the connection ended."""

    def __init__(self, how):
        super().__init__(how)
        self.alert = how


def alert_of(error):
    """The alert that an ssl.SSLError stands for."""
    text = (error.reason or "").lower()
    match = re.match(r"(?:sslv3|tlsv1|tlsv13)_alert_(.*)", text)
    if not match:
        return text or str(error)
    word = match.group(1)
    return {"no_application_protocol": "no_application_protocol"}.get(word, word)


class TlsClient:
    """One TLS client connection, over memory: what goes into one segment is ours to say."""

    def __init__(self, address, port, credential=None, version=None, server_name="www.example.com",
                 ca=None, session=None, context=None, ciphers=None, alpn=None, source=None,
                 prefix=b"", timeout=20):
        self.context = context or self.new_context(credential, version, ca, ciphers, alpn)
        self.sock = socket.create_connection((address, port), timeout,
                                             source_address=(source, 0) if source else None)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if prefix:
            self.sock.sendall(prefix)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name,
                                         session=session)
        self.ended = None  # "fin", "reset"

    @staticmethod
    def new_context(credential=None, version=None, ca=None, ciphers=None, alpn=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if ca is not None:
            context.load_verify_locations(ca.cert_file)
            context.verify_mode = ssl.CERT_REQUIRED
        # Python would take a cut connection for a clean end.
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        context.set_ciphers(ciphers or "DEFAULT:@SECLEVEL=0")
        if version is not None:
            context.minimum_version = context.maximum_version = version
        if credential is not None:
            context.load_cert_chain(credential.chain_file, credential.key_file)
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    # --- bytes

    def take_outgoing(self):
        return self.outgoing.read()

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.sock.sendall(data)

    def _fill(self):
        """Ciphertext from the socket; False at the end of TCP."""
        try:
            data = self.sock.recv(65536)
        except ConnectionError:
            self.ended = "reset"
            self.incoming.write_eof()
            return False
        if not data:
            self.ended = self.ended or "fin"
            self.incoming.write_eof()
            return False
        self.incoming.write(data)
        return True

    def _run(self, step):
        while True:
            try:
                result = step()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                self._fill()

    # --- life

    def handshake(self):
        """Finishes it; in TLS 1.3 the server may still refuse: see confirm()."""
        try:
            self._run(self.tls.do_handshake)
        except ConnectionError:
            raise Refused("reset") from None
        except ssl.SSLError as error:
            raise self._refusal(error) from None
        return self

    def _refusal(self, error):
        """An alert, or TCP's own end."""
        if isinstance(error, ssl.SSLEOFError) or "eof" in (error.reason or "").lower():
            return Refused(self.ended or "fin")
        return Refused(alert_of(error))

    def handshake_keeping_last_flight(self):
        """Finishes the handshake without sending the client's last flight, which is returned."""
        while True:
            try:
                self.tls.do_handshake()
                return self.outgoing.read()
            except ssl.SSLWantReadError:
                self.flush()
                if not self._fill():
                    raise Refused(self.ended) from None

    def send(self, data):
        try:
            view = memoryview(data)
            while len(view):
                sent = self._run(lambda view=view: self.tls.write(view))
                view = view[sent:]
        except ConnectionError:
            raise Refused("reset") from None
        except ssl.SSLError as error:
            raise self._refusal(error) from None

    def read(self, size=65536):
        """Plaintext; b"" after close_notify. Refused(alert | fin | reset) otherwise."""
        try:
            return self._run(lambda: self.tls.read(size))
        except ssl.SSLZeroReturnError:
            return b""
        except ssl.SSLError as error:
            raise self._refusal(error) from None
        except ConnectionError:
            raise Refused("reset") from None

    def read_until(self, mark):
        data = b""
        while mark not in data:
            more = self.read()
            if not more:
                raise Refused("close_notify")
            data += more
        return data

    def read_exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.read(count - len(data))
            if not more:
                raise Refused("close_notify")
            data += more
        return data

    def read_to_end(self):
        """Everything until the end, and what the end was: close_notify, fin, reset or an alert."""
        data = b""
        while True:
            try:
                more = self.read()
            except Refused as refused:
                return data, refused.alert
            if not more:
                return data, "close_notify"
            data += more

    def request(self, path="/"):
        """A request to a backend that answers with its name; the name."""
        self.send(f"GET {path} HTTP/1.1\r\nHost: www.example.com\r\n\r\n".encode())
        head = self.read_until(b"\r\n\r\n")
        head, _, body = head.partition(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: *(\d+)", head).group(1))
        while len(body) < length:
            body += self.read()
        return body.decode()

    def send_close_notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.flush()

    def shutdown_tcp(self):
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        """A clean end."""
        try:
            self.send_close_notify()
        except OSError:
            pass
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def resumed(self):
        return self.tls.session_reused

    @property
    def session(self):
        return self.tls.session


def connect(door, port, credential=None, **more):
    """A client that has been let in and has an answer: its proof is the backend's name."""
    client = TlsClient(more.pop("address", door.address), port, credential, **more).handshake()
    client.name = client.request()
    return client


def attempt(door, port, credential=None, **more):
    """The backend's name, or the alert that refused the client."""
    client = None
    try:
        client = TlsClient(more.pop("address", door.address), port, credential, **more)
        client.handshake()
        return client.request()
    except Refused as refused:
        return refused.alert
    except ConnectionError:
        return "reset"
    finally:
        if client is not None:
            client.sock.close()


def resumable(door, port, credential, **more):
    """A session and its context, as a client has them after one good connection."""
    client = connect(door, port, credential, **more)
    session = client.session
    context = client.context
    client.close()
    assert session is not None and session.has_ticket
    return context, session


def resume(door, port, context, session, **more):
    """Comes back with a session: ("resumed" | "full" | alert)."""
    client = None
    try:
        client = TlsClient(door.address, port, context=context, session=session, **more)
        client.handshake()
        client.request()
        return "resumed" if client.resumed else "full"
    except Refused as refused:
        return refused.alert
    finally:
        if client is not None:
            client.sock.close()


class RawClient:
    """TCP without TLS, for what no library would send."""

    def __init__(self, address, port, timeout=20, source=None, receive_buffer=None):
        self.sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        if source:
            self.sock.bind((source, 0))
        self.sock.connect((address, port))

    def send(self, data):
        self.sock.sendall(data)

    def read_to_end(self):
        """Everything until the end, and "fin" or "reset"."""
        data = b""
        while True:
            try:
                more = self.sock.recv(65536)
            except ConnectionError:
                return data, "reset"
            if not more:
                return data, "fin"
            data += more

    def is_open(self, seconds=0.2):
        """No end within this time."""
        readable, _, _ = select.select([self.sock], [], [], seconds)
        if not readable:
            return True
        try:
            return self.sock.recv(1, socket.MSG_PEEK) != b""
        except OSError:
            return False

    def read_alert(self):
        """The alert in a plain record at the start of what comes; None: there is none."""
        data, _ = self.read_to_end()
        while len(data) >= 5:
            kind, length = data[0], struct.unpack(">H", data[3:5])[0]
            if kind == 21 and length == 2:
                return ALERTS.get(data[6], str(data[6]))
            data = data[5 + length:]
        return None

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def client_hello(**more):
    """The bytes of an ordinary ClientHello record."""
    context = TlsClient.new_context(version=more.get("version"))
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=more.get("name", "www.example.com"))
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def run(command, timeout=30, text_input="", check=False, cwd=None):
    done = subprocess.run(command, capture_output=True, text=True, input=text_input, cwd=cwd,
                          timeout=timeout, check=False)
    if check:
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


class Curl:
    """The real curl, asking for https://www.example.com at the door's address."""

    def __init__(self, door, port):
        self.door, self.port = door, port

    def get(self, path="/", credential=None, arguments=(), name="www.example.com", check=False):
        command = ["curl", "-sS", "--max-time", "20", "--cacert", self.door.pki.root.cert_file,
                   "--connect-to", f"::{self.door.address}:{self.port}"]
        if credential is not None:
            command += ["--cert", credential.chain_file, "--key", credential.key_file]
        return run([*command, *arguments, f"https://{name}:{self.port}{path}"], check=check)


class OpensslClient:
    """openssl s_client: one run, and what it says of the handshake."""

    def __init__(self, door, port, credential=None, arguments=(), text_input="", name=None,
                 address=None):
        command = ["openssl", "s_client", "-connect", f"{address or door.address}:{port}",
                   "-servername", name or "www.example.com", *arguments]
        if name == "":
            command = ["openssl", "s_client", "-connect", f"{door.address}:{port}", "-noservername",
                       *arguments]
        if credential is not None:
            command += ["-cert", credential.cert_file, "-key", credential.key_file]
            if credential.chain:
                command += ["-cert_chain", credential.issuers_file]
        self.done = run(command, text_input=text_input)
        self.text = self.done.stdout + self.done.stderr

    @property
    def alert(self):
        match = re.search(r"SSL alert number (\d+)", self.text)
        return ALERTS.get(int(match.group(1)), match.group(1)) if match else None

    @property
    def version(self):
        match = re.search(r"New, (?:TLS|SSL)v[0-9.]+, Cipher is (\S+)", self.text)
        if not match or match.group(1) == "(NONE)":
            return None
        match = re.search(r"Protocol *: (\S+)", self.text) or re.search(r"New, (\S+),", self.text)
        return match.group(1)

    @property
    def cipher(self):
        match = re.search(r"Cipher is (\S+)", self.text)
        return None if not match or match.group(1) in ("(NONE)", "0000") else match.group(1)

    @property
    def subject(self):
        match = re.search(r"subject=(.*)", self.text)
        return match.group(1).strip() if match else None

    @property
    def serial(self):
        """Of the server's certificate."""
        match = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", self.text,
                          re.S)
        if not match:
            return None
        from cryptography import x509
        return x509.load_pem_x509_certificate(match.group(0).encode()).serial_number

    @property
    def group(self):
        match = re.search(r"Server Temp Key: ([^,\n]+(?:, prime256v1)?)", self.text)
        return match.group(1) if match else None

    @property
    def alpn(self):
        match = re.search(r"ALPN protocol: (\S+)", self.text)
        return match.group(1) if match else None

    @property
    def ca_names(self):
        """The names of acceptable CAs that the server sent."""
        match = re.search(r"Acceptable client certificate CA names\n(.*?)\n"
                          r"(?:Requested|Client Certificate|Shared|Peer)", self.text, re.S)
        return match.group(1).splitlines() if match else []


class InteractiveOpenssl:
    """openssl s_client kept open: commands go in on stdin, events come out."""

    def __init__(self, door, port, credential=None, arguments=()):
        command = ["openssl", "s_client", "-connect", f"{door.address}:{port}", "-servername",
                   "www.example.com", "-state", *arguments]
        if credential is not None:
            command += ["-cert", credential.cert_file, "-key", credential.key_file]
            if credential.chain:
                command += ["-cert_chain", credential.issuers_file]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ""

    def pump(self):
        data = self.process.stdout.read()
        if data:
            self.text += data.decode(errors="replace")
        return self.text

    def wait_text(self, pattern, timeout=10, count=1):
        wait_for(lambda: len(re.findall(pattern, self.pump())) >= count, timeout,
                 f"{count} times {pattern!r} in {self.text[-500:]!r}")

    def send(self, text):
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def is_running(self):
        self.pump()
        return self.process.poll() is None

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class GnutlsClient:
    """gnutls-cli: one run; it sends the text and reads until the end."""

    def __init__(self, door, port, credential=None, priority="NORMAL", text_input=""):
        command = ["gnutls-cli", "--x509cafile", door.pki.root.cert_file, "--sni-hostname",
                   "www.example.com", "--verify-hostname", "www.example.com", "--priority",
                   priority, "--port", str(port)]
        if credential is not None:
            command += ["--x509certfile", credential.chain_file, "--x509keyfile",
                        credential.key_file]
        self.process = subprocess.Popen([*command, door.address], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = ""
        if text_input:
            self.process.stdin.write(text_input.encode())
            self.process.stdin.flush()

    def pump(self):
        data = self.process.stdout.read()
        if data:
            self.text += data.decode(errors="replace")
        return self.text

    def wait_text(self, pattern, timeout=10):
        wait_for(lambda: re.search(pattern, self.pump()), timeout,
                 f"{pattern!r} from gnutls-cli: {self.text[-800:]}")
        return self

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class JavaClient:
    """HttpsURLConnection with a PKCS#12 file: a single source file, run as it is."""

    SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "MutualTls.java")

    @classmethod
    def get(cls, door, port, credential=None, version="TLSv1.3", requests=1):
        store = credential.pkcs12() if credential is not None else "-"
        return run(["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Djdk.tls.client.protocols="
                    + version, cls.SOURCE, door.address, str(port), store,
                    door.pki.root.cert_file, str(requests)], timeout=60)


class Mosquitto:
    """A real MQTT broker, and its command line clients over TLS."""

    def __init__(self, folder, address, port):
        self.address, self.port, self.name = address, port, "broker"
        config = os.path.join(folder, "mosquitto.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"listener {port} {address}\nallow_anonymous true\npersistence false\n"
                       "user root\n")
        self.process = subprocess.Popen(["/usr/sbin/mosquitto", "-c", config],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._answers, 10, "mosquitto")

    def _answers(self):
        try:
            socket.create_connection((self.address, self.port), 1).close()
        except OSError:
            return False
        return True

    @staticmethod
    def _options(door, port, credential):
        options = ["-h", door.address, "-p", str(port), "--cafile", door.pki.root.cert_file,
                   "--insecure"]
        if credential is not None:
            options += ["--cert", credential.chain_file, "--key", credential.key_file]
        return options

    @classmethod
    def publish(cls, door, port, credential, topic, message):
        return run(["mosquitto_pub", *cls._options(door, port, credential), "-t", topic, "-m",
                    message, "-q", "1", "-r"])

    @classmethod
    def read_one(cls, door, port, credential, topic):
        return run(["mosquitto_sub", *cls._options(door, port, credential), "-t", topic, "-C", "1",
                    "-W", "10"])

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)


def seconds_until_end(client):
    begin = time.monotonic()
    client.read_to_end()
    return time.monotonic() - begin
