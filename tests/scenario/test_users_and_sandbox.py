"""Who runs as whom, what is locked away, and that an ordinary user can run it all."""
import os
import pwd
import shutil
import signal
import stat

import pytest

from support.clients import attempt
from support.sallyport import BUILD, SANITIZED
from support.waiting import wait_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to start as root")


def status_of(pid):
    fields = {}
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            key, _, value = line.partition(":")
            fields[key] = value.strip()
    return fields


@pytest.mark.core
@as_root
def test_started_as_root_only_the_guardian_stays_root(door):
    port, _ = door.mutual()
    sallyport = door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    users = {role: {status_of(pid)["Uid"].split()[1] for pid in sallyport.pids(role)}
             for role in ("control", "checker", "worker")}
    everyone = [uid for found in users.values() for uid in found]
    assert "0" not in everyone, users
    assert len(set(everyone)) == 3, f"three different users: {users}"


@as_root
@pytest.mark.skipif(SANITIZED, reason="sanitizers need more than the sandbox gives")
def test_workers_are_in_an_empty_folder_with_seccomp_and_no_new_privileges(door):
    port, _ = door.mutual()
    sallyport = door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    for role in ("worker", "checker"):
        for pid in sallyport.pids(role):
            status = status_of(pid)
            assert status["Seccomp"] == "2", role
            assert status["NoNewPrivs"] == "1"
            assert int(status["CapEff"], 16) == 0
            root = os.readlink(f"/proc/{pid}/root")
            assert root != "/" and os.listdir(f"/proc/{pid}/root") == [], role


def test_an_ordinary_user_can_run_it(door):
    """The whole door without root: same user everywhere, seccomp only, and it says so."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        door.sallyport.user = user.pw_uid
        os.chown(door.folder, user.pw_uid, user.pw_gid)
        for folder, _, files in os.walk(door.pki.folder):
            for name in files:
                os.chmod(os.path.join(folder, name), 0o644)
        if not os.access(BUILD, os.X_OK) or not reachable(BUILD):
            pytest.skip("the build folder is closed to other users")
    port, _ = door.mutual()
    sallyport = door.start()
    try:
        assert attempt(door, port, door.pki.good) == "ECS01"
        assert attempt(door, port, door.pki.stranger) == "unknown_ca"
        users = {status_of(pid)["Uid"].split()[1] for role in ("control", "checker", "worker")
                 for pid in sallyport.pids(role)}
        assert len(users) == 1 and "0" not in users
        if not SANITIZED:
            assert all(status_of(pid)["Seccomp"] == "2" for pid in sallyport.pids("worker"))
        sallyport.reload()
        assert attempt(door, port, door.pki.good) == "ECS01"
    finally:
        sallyport.user = None


def reachable(path):
    """May others walk there?"""
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        path = os.path.dirname(path)
    return True


def test_no_sandbox_is_explicit(door):
    port, _ = door.mutual()
    sallyport = door.start(arguments=["--no-sandbox"])
    assert attempt(door, port, door.pki.good) == "ECS01"
    assert {status_of(pid)["Seccomp"] for pid in sallyport.pids("worker")} == {"0"}


@as_root
def test_the_control_socket_may_be_where_only_root_may_enter(door):
    port, _ = door.mutual()
    folder = os.path.dirname(door.sallyport.control_socket)
    os.chmod(folder, 0o700)
    sallyport = door.start()
    sallyport.expect_deaths = True
    sallyport.reload()
    victim = sallyport.pids("control")[0]
    os.kill(victim, signal.SIGKILL)
    sallyport.reload()  # asked while nobody answers: the next control does
    before = set(sallyport.pids("worker"))
    sallyport.signal(signal.SIGUSR2)
    wait_for(lambda: sallyport.events("handed_over"), 20, "the upgrade")
    wait_for(lambda: not before & set(sallyport.pids("worker")), 20, "new workers")
    sallyport.follow_upgrade()
    sallyport.reload()
    assert attempt(door, port, door.pki.good) == "ECS01"
    sallyport.stop()
    assert os.listdir(folder) == []


def test_the_worker_links_no_parser_of_control():
    """The linker proves the barrier: no YAML, no JSON, no HTTP server in the worker."""
    from support.clients import run
    if shutil.which("ldd") is None:
        pytest.skip("no ldd")
    libraries = run(["ldd", os.path.join(BUILD, "sallyport-worker")]).stdout
    for name in ("yaml", "jansson", "microhttpd", "libssl", "libcrypto"):
        assert name not in libraries
    assert "libc.so" in libraries


@as_root
def test_keys_are_not_in_the_log_nor_in_core_files(door):
    port, _ = door.mutual()
    sallyport = door.start()
    assert attempt(door, port, door.pki.good) == "ECS01"
    with open(f"/proc/{sallyport.pids('worker')[0]}/limits", encoding="ascii") as file:
        core = next(line for line in file if line.startswith("Max core file size"))
    assert core.split()[4] == "0", core
    key = open(door.pki.www.key_file, encoding="ascii").read().splitlines()[1]
    assert key not in sallyport.output()
