"""The programs that people really use, on both sides of the door."""
import hashlib
import os
import re

import pytest

from support.clients import Curl, GnutlsClient, JavaClient, Mosquitto, OpensslClient
from support.waiting import wait_for


def fronted_nginx(door, count=2, **more):
    servers = [door.nginx(f"ECS0{number}") for number in range(1, count + 1)]
    door.group("web", *servers)
    door.ca("clients", door.pki.root)
    return servers, door.listener(cas=["clients"], **more)


@pytest.mark.core
def test_curl_and_nginx(door):
    """Answers come from both servers in turn with the certificate; without one curl says why not."""
    _, port = fronted_nginx(door)
    door.start()
    curl = Curl(door, port)
    answers = [curl.get(credential=door.pki.good, check=True).stdout.strip() for _ in range(4)]
    assert sorted(set(answers)) == ["ECS01", "ECS02"] and answers[0] == answers[2] != answers[1]
    refused = curl.get()
    assert refused.returncode != 0 and "ECS" not in refused.stdout
    assert "certificate required" in refused.stderr
    stranger = curl.get(credential=door.pki.stranger)
    assert stranger.returncode != 0 and "unknown ca" in stranger.stderr


@pytest.mark.parametrize("version", ["--tlsv1.2 --tls-max 1.2", "--tlsv1.3"])
def test_curl_downloads_and_uploads(door, version):
    (server, *_), port = fronted_nginx(door, 1)
    content = os.urandom(5 << 20)
    path = server.file("big.bin", content)
    door.start()
    target = os.path.join(door.folder, "got.bin")
    Curl(door, port).get(path, door.pki.good, [*version.split(), "-o", target], check=True)
    with open(target, "rb") as file:
        assert hashlib.sha256(file.read()).digest() == hashlib.sha256(content).digest()
    done = Curl(door, port).get("/", door.pki.good, [*version.split(), "-T", target], check=True)
    assert done.stdout.strip() == "ECS01"


def test_curl_keeps_its_connection_and_resumes(door):
    _, port = fronted_nginx(door, 1)
    sallyport = door.start()
    url = f"https://www.example.com:{port}/"
    done = Curl(door, port).get(credential=door.pki.good, arguments=[url, url], check=True)
    assert done.stdout.split() == ["ECS01"] * 3
    assert len(sallyport.wait_event("conn_closed") and sallyport.events("conn_closed")) == 1


@pytest.mark.core
@pytest.mark.parametrize("flag", ["-tls1_2", "-tls1_3"])
def test_openssl(door, flag):
    _, port = fronted_nginx(door, 1)
    door.start()
    client = OpensslClient(door, port, door.pki.good, [
        flag, "-ign_eof", "-verify_return_error", "-CAfile", door.pki.root.cert_file],
        text_input="GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert "ECS01" in client.text and "Verify return code: 0 (ok)" in client.text
    assert client.done.returncode == 0


@pytest.mark.core
@pytest.mark.parametrize("priority", ["NORMAL:-VERS-ALL:+VERS-TLS1.2", "NORMAL:-VERS-ALL:+VERS-TLS1.3"])
def test_gnutls(door, priority):
    _, port = fronted_nginx(door, 1)
    door.start()
    client = GnutlsClient(door, port, door.pki.good, priority,
                          "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    try:
        client.wait_text("ECS01")
        wait_for(lambda: client.process.poll() is not None, 5, "its end")
        assert "abnormally" not in client.pump() and "premature" not in client.text
    finally:
        client.close()
    refused = GnutlsClient(door, port, None, priority,
                           "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    try:
        refused.wait_text(r"(?i)certificate is required|alert|handshake failed")
        assert "ECS01" not in refused.text
    finally:
        refused.close()


@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_java(door, version):
    _, port = fronted_nginx(door, 1)
    sallyport = door.start()
    done = JavaClient.get(door, port, door.pki.good, version, requests=3)
    assert done.stdout.count("ECS01") == 3, done.stdout + done.stderr
    closed = sallyport.events("conn_closed", server="ECS01")
    assert any(line["resumed"] == "yes" for line in closed), "Java resumes its sessions"
    refused = JavaClient.get(door, port, None, version)
    assert "ECS01" not in refused.stdout and "refused:" in refused.stdout


@pytest.mark.core
def test_mqtt(door):
    """A broker behind the door: a long-lived connection in both directions."""
    broker = Mosquitto(door.folder, door.address, door.port())
    door.backends.append(broker)
    door.group("mqtt", broker)
    door.ca("clients", door.pki.root)
    port = door.listener("mqtt", cas=["clients"])
    sallyport = door.start()
    published = Mosquitto.publish(door, port, door.pki.good, "shop/cart", "hello")
    assert published.returncode == 0, published.stderr
    read = Mosquitto.read_one(door, port, door.pki.good, "shop/cart")
    assert read.stdout.strip() == "hello", read.stderr
    stranger = Mosquitto.publish(door, port, door.pki.stranger, "shop/cart", "spam")
    assert stranger.returncode != 0
    nobody = Mosquitto.publish(door, port, None, "shop/cart", "spam")
    assert nobody.returncode != 0
    assert Mosquitto.read_one(door, port, door.pki.good, "shop/cart").stdout.strip() == "hello"
    reasons = {line["reason"] for line in sallyport.events("conn_closed", server="broker")}
    assert reasons <= {"client_closed", "server_closed"}, reasons


def test_curl_says_who_it_is_with_a_proxy_header(door):
    _, port = fronted_nginx(door, 1, ProxyProtocolFrom=["127.0.0.0/8"])
    sallyport = door.start()
    done = Curl(door, port).get(credential=door.pki.good, arguments=["--haproxy-protocol"], check=True)
    assert done.stdout.strip() == "ECS01"
    assert Curl(door, port).get(credential=door.pki.good).returncode != 0, "without a header: refused"
    assert sallyport.wait_event("conn_closed", server="ECS01")


def test_haproxy_in_front_with_proxy_protocol(door):
    """A chain of two: HAProxy passes on with PROXY v2, the log shows the first client."""
    import subprocess
    _, port = fronted_nginx(door, 1, ProxyProtocolFrom=["127.0.0.0/8"])
    sallyport = door.start()
    front = door.port()
    config = os.path.join(door.folder, "haproxy.cfg")
    with open(config, "w", encoding="utf-8") as file:
        file.write(f"defaults\n mode tcp\n timeout connect 5s\n timeout client 20s\n"
                   f" timeout server 20s\nlisten f\n bind {door.address}:{front}\n"
                   f" server s {door.address}:{port} send-proxy-v2\n")
    process = subprocess.Popen(["/usr/sbin/haproxy", "-f", config, "-db"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: Curl(door, front).get(credential=door.pki.good).stdout.strip() == "ECS01",
                 10, "an answer through both", pause=0.1)
        line = sallyport.wait_event("conn_closed", server="ECS01")
        assert re.fullmatch(r"127\.0\.0\.1:\d+", line["client"])
        assert line["identity"] == "spiffe://shop/cart"
    finally:
        process.terminate()
        process.wait(10)
