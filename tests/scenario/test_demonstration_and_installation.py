"""make run proves what the first page says and leaves nothing behind; make install puts it all in place."""
import os
import signal
import socket
import subprocess

import pytest

from support.clients import run
from support.sallyport import ROOT, SANITIZED
from support.waiting import wait_for

pytestmark = [
    pytest.mark.skipif(SANITIZED, reason="the demonstration runs the ordinary build"),
    # One after the other: they share build/demo.
    pytest.mark.xdist_group("demonstration"),
]
DEMO = os.path.join(ROOT, "tools", "demo.sh")


def test_once_ends_by_itself_after_the_proof_also_with_its_ports_taken():
    taken = []
    for port in (8443, 8081):
        sock = socket.socket()
        # Connections of the demonstration before may still be in TIME_WAIT there.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", port))
            sock.listen()
        except OSError:
            pass  # somebody has it already: as good
        taken.append(sock)
    try:
        done = run([DEMO, "--once"], timeout=60)
    finally:
        for sock in taken:
            sock.close()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "port 8443 is taken, using" in done.stdout
    assert "ECS01" in done.stdout and "ECS02" in done.stdout
    assert "certificate required" in done.stdout


def test_it_stays_up_until_it_is_told_to_stop_and_cleans_up():
    process = subprocess.Popen([DEMO], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               stdin=subprocess.DEVNULL, text=True, start_new_session=True)
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if "Try, in another terminal" in line:
                break
        text = "".join(lines)
        assert "https://www.example.com:" in text
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(20) == 0, text + rest
    finally:
        if process.poll() is None:
            process.kill()
    group = process.pid
    wait_for(lambda: run(["pgrep", "-g", str(group)]).returncode == 1, 5, "all its processes to end")


def test_install_puts_everything_in_place(tmp_path):
    done = run(["make", "-C", ROOT, "install", f"DESTDIR={tmp_path}", "PREFIX=/opt/sallyport"],
               timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    prefix = tmp_path / "opt" / "sallyport"
    for path in ("bin/sallyport", "sbin/sallyportd", "sbin/sallyport-worker"):
        assert os.access(prefix / path, os.X_OK)
    for page in ("man1/sallyport.1", "man5/sallyport.yaml.5", "man8/sallyportd.8"):
        assert (prefix / "share" / "man" / page).exists()
    unit = (tmp_path / "etc/systemd/system/sallyport.service").read_text()
    assert "ExecStart=/opt/sallyport/sbin/sallyportd " in unit and "Type=notify" in unit
    assert "LimitNOFILE=" in unit and "LoadCredential=" in unit
    assert (tmp_path / "etc/logrotate.d/sallyport").exists()
    example = prefix / "share/doc/sallyport/sallyport.yaml"
    assert example.exists()
    # What was installed runs from where it is.
    version = run([str(prefix / "sbin/sallyportd"), "--version"])
    assert version.returncode == 0 and version.stdout.startswith("sallyportd ")
