"""Servers to put behind the door: small ones written here that see every byte and every end, and
nginx."""
import os
import socket
import struct
import subprocess
import threading

from support.waiting import wait_for


class Conversation:
    """One connection as a backend sees it."""

    def __init__(self, sock, peer):
        self.sock = sock
        self.peer = peer
        self.received = bytearray()
        self.end = None  # "fin", "reset"

    def read(self, size=65536):
        """Bytes, or b"" at the end, which is noted."""
        try:
            data = self.sock.recv(size)
        except OSError:
            self.end = "reset"
            return b""
        if not data:
            self.end = self.end or "fin"
        self.received += data
        return data

    def read_until(self, mark):
        while mark not in self.received and self.read():
            pass
        return bytes(self.received)

    def read_all(self):
        while self.read():
            pass
        return bytes(self.received)

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError:
            self.end = self.end or "reset"

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def answer_name(backend, talk):
    """HTTP/1.1 with keep-alive: every request is answered with the backend's name."""
    while True:
        while b"\r\n\r\n" not in talk.received:
            if not talk.read():
                return
        del talk.received[:talk.received.index(b"\r\n\r\n") + 4]
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                  % (len(backend.name), backend.name.encode()))


def echo(_backend, talk):
    while data := talk.read():
        talk.send(data)


def sink(_backend, talk):
    talk.read_all()


class Backend:
    """A server in a thread; `handler(backend, conversation)` says what it does."""

    def __init__(self, address, name="ECS01", handler=answer_name, port=0, receive_buffer=None):
        self.name = name
        self.handler = handler
        self.address = address
        self.receive_buffer = receive_buffer
        self.conversations = []
        self.threads = []
        self.port = port
        self.listener = None
        self.open()

    def open(self):
        """Listens; again on the same port after close()."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self.listener = socket.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self.listener.bind((self.address, self.port))
        self.port = self.listener.getsockname()[1]
        self.listener.listen(512)
        thread = threading.Thread(target=self._accept, args=(self.listener,), daemon=True)
        thread.start()

    def _accept(self, listener):
        while True:
            try:
                sock, peer = listener.accept()
            except OSError:
                return
            talk = Conversation(sock, peer)
            self.conversations.append(talk)
            thread = threading.Thread(target=self._serve, args=(talk,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, talk):
        try:
            self.handler(self, talk)
        finally:
            try:
                talk.sock.close()
            except OSError:
                pass

    @property
    def connections(self):
        return len(self.conversations)

    def last(self, timeout=5):
        return wait_for(lambda: self.conversations and self.conversations[-1], timeout,
                        f"a connection at {self.name}")

    def close(self):
        """From now on connections are refused; those that are open go on."""
        if self.listener is not None:
            try:
                # Wakes the accept() of the thread, which a mere close does not.
                self.listener.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            self.listener.close()
            self.listener = None

    def stop(self):
        self.close()
        for talk in self.conversations:
            try:
                talk.sock.close()
            except OSError:
                pass


class NginxBackend:
    """A real nginx that answers with its name and serves files from its folder."""

    def __init__(self, folder, address, port, name):
        self.name, self.address, self.port = name, address, port
        self.folder = os.path.join(folder, f"nginx-{name}")
        os.makedirs(os.path.join(self.folder, "files"), exist_ok=True)
        config = os.path.join(self.folder, "nginx.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"""
daemon off; worker_processes 1; pid {self.folder}/pid; error_log {self.folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_max_body_size 0; client_body_temp_path {self.folder}/body;
    proxy_temp_path {self.folder}/p; fastcgi_temp_path {self.folder}/f;
    uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
    server {{
        listen {address}:{port};
        location / {{ default_type text/plain; return 200 "{name}\\n"; }}
        location /files/ {{ root {self.folder}; }}
    }}
}}
""")
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-p", self.folder, "-c", config, "-e",
             os.path.join(self.folder, "error.log")],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        wait_for(self._answers, 10, f"nginx {name}")

    def _answers(self):
        try:
            socket.create_connection((self.address, self.port), 1).close()
        except OSError:
            return False
        return True

    def file(self, name, content):
        path = os.path.join(self.folder, "files", name)
        with open(path, "wb") as file:
            file.write(content)
        return f"/files/{name}"

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
