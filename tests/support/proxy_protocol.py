"""PROXY protocol headers: read as a backend reads them, written as a proxy in front writes them."""
import socket
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def read_v2(talk):
    """Takes a v2 header from the front of a Conversation; a dict, or None when there is none."""
    while len(talk.received) < 16 and talk.read():
        pass
    if bytes(talk.received[:12]) != SIGNATURE:
        return None
    version_command, family, length = struct.unpack(">BBH", bytes(talk.received[12:16]))
    while len(talk.received) < 16 + length and talk.read():
        pass
    body = bytes(talk.received[16:16 + length])
    del talk.received[:16 + length]
    header = {"version": version_command >> 4, "command": version_command & 15, "family": family,
              "tlvs": {}}
    sizes = {0x11: (socket.AF_INET, 4), 0x21: (socket.AF_INET6, 16)}
    if family in sizes:
        kind, size = sizes[family]
        header["source"] = socket.inet_ntop(kind, body[:size])
        header["destination"] = socket.inet_ntop(kind, body[size:2 * size])
        header["source_port"], header["destination_port"] = struct.unpack(
            ">HH", body[2 * size:2 * size + 4])
        body = body[2 * size + 4:]
        while len(body) >= 3:
            kind, length = struct.unpack(">BH", body[:3])
            header["tlvs"][kind] = body[3:3 + length]
            body = body[3 + length:]
    return header


def v1(source, destination, source_port, destination_port):
    family = "TCP6" if ":" in source else "TCP4"
    return f"PROXY {family} {source} {destination} {source_port} {destination_port}\r\n".encode()


def v2(source, destination, source_port, destination_port, tlvs=b""):
    six = ":" in source
    kind = socket.AF_INET6 if six else socket.AF_INET
    body = (socket.inet_pton(kind, source) + socket.inet_pton(kind, destination)
            + struct.pack(">HH", source_port, destination_port) + tlvs)
    return SIGNATURE + struct.pack(">BBH", 0x21, 0x21 if six else 0x11, len(body)) + body


V2_LOCAL = SIGNATURE + struct.pack(">BBH", 0x20, 0, 0)
