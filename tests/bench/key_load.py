"""Asks the JSON API as often as it answers: a fixed number of connections that stay open, one request on
each at a time. One epoll loop and ready-made bytes, so that the generator costs a few per cent of what
it measures."""
import json
import select
import socket
import time


class Client:
    """One connection. request() gives the bytes to send next, or None when there is nothing left."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = b""
        self.sent_at = 0.0

    def send(self, data):
        self.answer = b""
        self.sent_at = time.monotonic()
        self.socket.sendall(data)

    def receive(self):
        """(status, body) once all of it is there, else None."""
        data = self.socket.recv(262144)
        if not data:
            raise SystemExit("the API closed a connection")
        self.answer += data
        head, gap, body = self.answer.partition(b"\r\n\r\n")
        if not gap:
            return None
        at = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[at:].split(b"\r\n", 1)[0]):
            return None
        return int(head.split(b" ", 2)[1]), body


def request_bytes(token, product, action, parameters):
    body = json.dumps(parameters).encode()
    return (f"POST /api/{product}/{action} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body


def run(port, clients, requests, each=None, until=None):
    """Sends the bytes that the iterator gives and calls each(body) for every answer; ends with the
    iterator, or at the time `until`. Returns the latencies in seconds."""
    poll, open_clients, latencies = select.epoll(), {}, []
    requests = iter(requests)

    def next_of(client):
        data = None if until and time.monotonic() > until else next(requests, None)
        if data is None:
            poll.unregister(client.socket)
            client.socket.close()
            open_clients.pop(client.number)
        else:
            client.send(data)

    for _ in range(clients):
        client = Client(port)
        client.number = client.socket.fileno()
        open_clients[client.number] = client
        poll.register(client.socket, select.EPOLLIN)
    for client in list(open_clients.values()):
        next_of(client)
    while open_clients:
        ready = poll.poll(60)
        if not ready:
            raise SystemExit("the API has not answered for a minute")
        for number, _ in ready:
            client = open_clients[number]
            answer = client.receive()
            if answer is None:
                continue
            status, body = answer
            if status != 200:
                raise SystemExit(f"{status} {body.decode(errors='replace')[:500]}")
            latencies.append(time.monotonic() - client.sent_at)
            if each:
                each(body)
            next_of(client)
    return latencies
