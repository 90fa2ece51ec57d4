"""What an operator sees: the connection log in both formats, metrics, status."""
import json
import ssl

import pytest

from support.clients import RawClient, attempt, connect, resumable, resume
from support.waiting import wait_for


@pytest.mark.core
@pytest.mark.parametrize("log_format", ["Logfmt", "Json"])
def test_the_connection_log(door, log_format):
    door.manifest["Settings"]["LogFormat"] = log_format
    port, _ = door.mutual()
    sallyport = door.start()
    client = connect(door, port, door.pki.good, version=ssl.TLSVersion.TLSv1_3)
    own = client.sock.getsockname()
    client.close()
    line = sallyport.wait_event("conn_closed")
    assert line["client"] == f"{own[0]}:{own[1]}"
    assert line["listener"] == f"edge:{port}"
    assert line["sni"] == "www.example.com"
    assert line["identity"] == "spiffe://shop/cart"
    assert line["tls"] == "TLSv1.3" and line["cipher"].startswith("TLS_AES_")
    assert line["resumed"] == "no" and line["server"] == "ECS01"
    assert line["reason"] == "client_closed"
    assert int(line["in"]) > 10 and int(line["out"]) > 10 and int(line["ms"]) >= 0
    with open(sallyport.log_file, encoding="utf-8") as file:
        for raw in file:
            if log_format == "Json" and raw.startswith("{"):
                json.loads(raw)


def test_raw_bytes_of_a_client_cannot_break_a_line(door):
    evil = door.pki.client('x" event=forged\nevent=forged', door.pki.sub, names=())
    port, _ = door.mutual()
    sallyport = door.start()
    assert attempt(door, port, evil, server_name="www.example.com") in ("ECS01", "bad_certificate",
                                                                        "unsupported_certificate")
    wait_for(lambda: sallyport.events("conn_closed"), 5, "the line")
    assert not sallyport.events("forged")


@pytest.mark.core
def test_metrics(door):
    port, _ = door.mutual(crls=[door.pki.crl(door.pki.sub, [])])
    sallyport = door.start()
    context, session = resumable(door, port, door.pki.good)
    assert resume(door, port, context, session) == "resumed"
    assert attempt(door, port, door.pki.good, version=ssl.TLSVersion.TLSv1_2) == "ECS01"
    assert attempt(door, port, door.pki.stranger) == "unknown_ca"
    assert attempt(door, port, None) == "certificate_required"
    wait_for(lambda: sallyport.listener_status(port)["connections"] == 0, 5, "quiet")
    name = f"edge:{port}"
    metrics = sallyport.metrics()

    def value(metric, **labels):
        return metrics.sum(f"sallyport_{metric}", listener=name, **labels)
    assert value("connections_total") == 5
    assert value("handshakes_total") == 3
    assert value("handshakes_failed_total") == 2
    assert value("handshakes_resumed_total") == 1
    assert value("handshakes_by_version_total", version="1.2") == 1
    assert value("handshakes_by_version_total", version="1.3") == 2
    assert value("handshakes_by_cipher_total") == 3
    assert value("handshakes_by_group_total", group="X25519") >= 2
    assert value("refusals_total", reason="unknown_ca") == 1
    assert value("refusals_total", reason="certificate_required") == 1
    assert value("refusals_total") == 2
    assert value("closes_total", reason="client_refused") == 2
    assert value("connections_active") == 0
    assert value("client_bytes_in_total") > 0 and value("client_bytes_out_total") > 0
    assert metrics.sum("sallyport_server_connections_total", server="ECS01") == 3
    assert metrics.sum("sallyport_certificate_expires_in_seconds", certificate="www") > 86400
    names = metrics.names()
    assert any("crl" in found or "revocation" in found for found in names), names
    assert any("longest_turn" in found or "turn" in found for found in names)
    assert metrics.sum("sallyport_worker_served_version", worker="0") == \
        sallyport.status()["version"]


def test_metrics_answer_like_a_web_server(door):
    door.mutual()
    sallyport = door.start()
    host, _, port = door.manifest["Settings"]["MetricsAddress"].rpartition(":")
    with RawClient(host, int(port), timeout=5) as client:
        client.send(b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b" 404 " in client.read_to_end()[0].split(b"\r\n")[0]
    with RawClient(host, int(port), timeout=5) as client:
        client.send(b"nonsense\r\n\r\n")
        client.read_to_end()
    assert sallyport.metrics().samples


def test_metrics_on_a_unix_socket(door):
    import os
    import socket
    path = os.path.join(door.folder, "metrics.sock")
    os.chmod(door.folder, 0o777)
    door.manifest["Settings"]["MetricsAddress"] = f"unix:{path}"
    door.mutual()
    door.start()
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while data := sock.recv(65536):
            answer += data
    assert b"sallyport_connections_total" in answer


@pytest.mark.core
def test_status(door):
    port, _ = door.mutual()
    sallyport = door.start(workers=2)
    with connect(door, port, door.pki.good):
        status = sallyport.status()
        roles = [role["role"] for role in status["roles"]]
        assert roles.count("control") == 1 and roles.count("checker") == 1
        assert sum(role.startswith("worker") for role in roles) == 2
        assert {role["version"] for role in status["roles"] if role["role"].startswith("worker")} \
            == {status["version"]}
        listener = sallyport.listener_status(port)
        assert listener["connections"] == 1 and listener["protocol"] == "TCPSSL"
        assert listener["mutual_authentication"] == "required"
        server = status["server_groups"][0]["servers"][0]
        assert server["name"] == "ECS01" and server["connections"] == 1
        text = sallyport.cli("status", "--socket", sallyport.control_socket).stdout
        assert f"edge:{port}" in text and "ECS01" in text and "worker" in text
    assert sallyport.cli("status", "--socket", "/nonexistent.sock", check=False).returncode != 0


def test_a_log_that_nobody_reads_stops_nothing(door):
    """Standard output is a pipe that is full: lines are dropped and counted, clients are served."""
    import os
    import subprocess
    port, _ = door.mutual()
    sallyport = door.sallyport
    sallyport.write_manifest()
    for key in [k for k, v in door.manifest.items() if v == []]:
        del door.manifest[key]
    sallyport.write_manifest()
    reader, writer = os.pipe()
    sallyport.process = subprocess.Popen(sallyport.command(), stdout=writer,
                                         stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                         cwd=door.folder, start_new_session=True)
    os.close(writer)
    wait_for(lambda: attempt_or_none(door, port) == "ECS01", 15, "the start", pause=0.1)
    for _ in range(400):
        assert attempt(door, port, door.pki.stranger) == "unknown_ca"
    assert attempt(door, port, door.pki.good) == "ECS01"
    os.close(reader)
    assert attempt(door, port, door.pki.good) == "ECS01"


def attempt_or_none(door, port):
    try:
        return attempt(door, port, door.pki.good)
    except OSError:
        return None


def test_silent_askers_do_not_keep_others_from_control(door):
    """Open and say nothing, or nonsense, at the metrics port and at the control socket."""
    import socket
    port, _ = door.mutual()
    sallyport = door.start()
    host, _, number = door.manifest["Settings"]["MetricsAddress"].rpartition(":")
    silent = [RawClient(host, int(number)) for _ in range(20)]
    for words in (b"", b"{", b"[" * 5000 + b"\n", b"\0\n", b'{"do": "nothing"}\n', b'{"do": 1}\n',
                  b"x" * 100_000):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(sallyport.control_socket)
        try:
            sock.sendall(words)
        except OSError:
            pass
        silent.append(sock)
    assert sallyport.status()["ok"]
    assert sallyport.reload().returncode == 0
    assert sallyport.metrics().samples
    assert attempt(door, port, door.pki.good) == "ECS01"
    for sock in silent:
        sock.close()
