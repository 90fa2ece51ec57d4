"""The commands that people type at a running system: certificates, status, logs, backup, the way back in."""
import json
import os
import re
import sqlite3
import stat
import subprocess

import pytest

from support.backend import Backend
from support.clients import run
from support.sallyport import BUILD, SLOWNESS
from support.system import System
from support.waiting import wait_for

COMMANDS = ["check", "reload", "status", "admit", "apply", "get", "ca", "client", "server", "revoke",
            "logs", "backup", "restore", "audit", "console", "nlb", "pca", "cas", "own", "completion"]


class Shell:
    """Types commands in a folder of its own, at one system."""

    def __init__(self, system):
        self.system = system
        self.folder = os.path.join(system.folder, "shell")
        os.mkdir(self.folder)
        self.environment = {**os.environ, "SALLYPORT_DATA_DIR": system.data_dir}

    def __call__(self, *arguments, check=0):
        done = subprocess.run([os.path.join(BUILD, "sallyport"), *arguments], cwd=self.folder,
                              capture_output=True, text=True, timeout=60 * SLOWNESS, check=False,
                              stdin=subprocess.DEVNULL, env=self.environment)
        assert done.returncode == check, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def json(self, *arguments, check=0):
        return json.loads(self(*arguments, "--json", check=check).stdout)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return name

    def password(self):
        return self.write("password", "correct horse battery\n")


@pytest.fixture
def shell(system):
    return Shell(system)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def mutual_listener(system, shell):
    """A listener that lets in clients of the built-in CA; (id, port, backend)."""
    backend = Backend(system.address, "ECS01")
    made = shell.json("server", "issue", "www.example.com")
    authority = next(row["Identifier"] for row in system.pca("DescribeCACertificateList")[
        "CertificateList"] if row["CertificateType"] == "SUB_ROOT")
    listener, port = system.listener(
        system.balancer(LoadBalancerName="edge"), system.group((system.address, backend.port)),
        ListenerProtocol="TCPSSL", CertificateIds=[made["Identifier"]], CaEnabled=True,
        CaCertificateIds=[authority])
    return listener, port, backend


def test_every_command_explains_itself(shell):
    for command in COMMANDS:
        assert shell(command, "--help").stdout.startswith(f"usage: sallyport {command}"), command
        assert shell("help", command).stdout.startswith(f"usage: sallyport {command}")
    assert all(f"  {command} " in shell("--help").stdout for command in COMMANDS)
    assert "there is no command" in shell("frobnicate", check=2).stderr


def test_wrong_calls_are_status_2_and_say_how_it_goes(shell):
    for words in (["ca"], ["ca", "create"], ["client", "issue"], ["client", "frob", "x"], ["revoke"],
                  ["apply"], ["get"], ["get", "frobs"], ["audit"], ["audit", "verify", "--offline"],
                  ["restore", "file"], ["console"], ["completion", "tcsh"], ["logs", "x"],
                  ["status", "--data-dir"], ["ca", "list", "--frob"], ["backup", "a", "b"]):
        if words[0] == "restore":
            shell.environment.pop("SALLYPORT_DATA_DIR")
        assert f"usage: sallyport {words[0]}" in shell(*words, check=2).stderr, words


def test_without_a_daemon_it_says_what_to_do(shell):
    shell.system.stop()
    done = shell("get", "listeners", check=1)
    assert "could not reach" in done.stderr and "hint: Start" in done.stderr
    answer = shell.json("status", "--data-dir", shell.system.data_dir, check=1)
    assert answer["ok"] is False and answer["error"]["message"]
    shell.environment.pop("SALLYPORT_DATA_DIR")
    done = shell("get", "listeners", "--endpoint", "http://127.0.0.1:1", check=1)
    assert "token" in done.stderr
    shell.write("token", "x")
    done = shell("get", "listeners", "--endpoint", "http://127.0.0.1:1", "--token-file", "token",
                 check=1)
    assert "could not reach" in done.stderr


def test_it_works_over_the_network_with_a_token(shell):
    shell.environment.pop("SALLYPORT_DATA_DIR")
    shell.write("token", shell.system.first["token"])
    endpoint = f"http://127.0.0.1:{shell.system.api_port}"
    rows = shell.json("get", "users", "--endpoint", endpoint, "--token-file", "token")
    assert [row["User"] for row in rows] == ["admin"]
    shell.write("token", "wrong")
    done = shell("get", "users", "--endpoint", endpoint, "--token-file", "token", check=1)
    assert "code: InvalidCredentials.Token" in done.stderr


def test_cas_are_made_listed_and_taken_over(shell, pki):
    made = shell.json("ca", "create", "Shop Root", "--algorithm", "ECC_384")
    below = shell.json("ca", "create", "Shop Clients", "--parent", "Shop Root", "--years", "3")
    rows = {row["Identifier"]: row for row in shell.json("ca", "list")}
    assert rows[made["Identifier"]]["FullAlgorithm"] == "ECC_384"
    assert rows[below["Identifier"]]["ParentIdentifier"] == made["Identifier"]
    assert "Shop Clients" in shell("ca", "list").stdout
    taken = shell.json("ca", "import", pki.other_root.cert_file, "--key", pki.other_root.key_file)
    assert taken["Identifier"] in {row["Identifier"] for row in shell.json("ca", "list")}
    assert "there is no CA" in shell("ca", "create", "x", "--parent", "nobody", check=1).stderr
    assert "could not" in shell("ca", "import", "no-such-file", check=1).stderr
    shell("client", "issue", "till", "--ca", "Shop Clients", "--out", "till.pem")
    assert "Shop Clients" in run(["openssl", "x509", "-in", shell.path("till.pem"), "-noout",
                                  "-issuer"], check=True).stdout


def test_a_client_certificate_is_issued_into_files_for_its_owner_only(shell):
    shell.password()
    shell("client", "issue", "cart", "--format", "pfx", "--password-file", "password", "--days", "7")
    assert mode(shell.path("cart.pfx")) == 0o600
    done = run(["openssl", "pkcs12", "-in", shell.path("cart.pfx"), "-passin",
                "pass:correct horse battery", "-nodes"], check=True)
    assert "PRIVATE KEY" in done.stdout and done.stdout.count("BEGIN CERTIFICATE") == 3
    for form, names in (("pem", ["c.pem", "c.key"]), ("jks", ["c.jks"]), ("pkcs8", ["c.pem"]),
                        ("crt", ["c_public.crt", "c_chain.crt", "c.key"])):
        answer = shell.json("client", "issue", "c", "--format", form, "--out", form,
                            *(["--password-file", "password"] if form == "jks" else []))
        if form in ("jks", "pem", "pkcs8"):
            assert answer["Files"] == [form] and mode(shell.path(form)) == 0o600
        else:
            assert answer["Files"] == [f"crt/{name}" for name in names]
            assert all(mode(shell.path(f"crt/{name}")) == 0o600 for name in names)
    assert run(["openssl", "pkey", "-in", shell.path("pkcs8"), "-noout"]).returncode == 0
    os.mkdir(shell.path("folder"))
    shell("client", "issue", "../../etc/x y", "--out", "folder")
    assert sorted(os.listdir(shell.path("folder"))) == ["_._.._etc_x_y.key", "_._.._etc_x_y.pem"]


def test_no_file_is_replaced_unasked_and_nothing_is_issued_then(shell):
    shell.write("cart.pem", "precious")
    shell("client", "issue", "a_b@example.com", "--format", "crt")
    count = len(shell.json("get", "certificates"))
    again = shell("client", "issue", "a_b@example.com", "--format", "crt", check=1)
    assert "there is such a file already" in again.stderr
    for out in ("cart.pem", "."):
        done = shell("client", "issue", "cart", "--out", out, check=1)
        assert "there is such a file already" in done.stderr and "--force" in done.stderr
    assert len(shell.json("get", "certificates")) == count
    with open(shell.path("cart.pem"), encoding="utf-8") as file:
        assert file.read() == "precious"
    shell("client", "issue", "cart", "--out", "cart.pem", "--force")
    assert mode(shell.path("cart.pem")) == 0o600
    assert "no format" in shell("client", "issue", "x", "--format", "doc", check=1).stderr
    assert "--password-file" in shell("client", "issue", "x", "--format", "pfx", check=1).stderr
    assert "Days" in shell("client", "issue", "x", "--days", "zero", check=1).stderr


def test_a_revoked_client_is_refused_and_admit_says_why(shell, system):
    listener, port, backend = mutual_listener(system, shell)
    shell("client", "issue", "cart", "--out", "cart.pem")
    curl = ["curl", "-ksS", "--max-time", "20", "--cert", shell.path("cart.pem"),
            f"https://{system.address}:{port}/"]
    assert "ECS01" in run(curl, check=True).stdout
    assert "admitted" in shell("admit", "--listener", f"edge:{port}", "--id", "cart").stdout
    assert shell.json("admit", "--listener", listener, "--cert", "cart.pem")["Admitted"] is True
    assert "could not ask whether" in shell("revoke", "cart", check=1).stderr
    serial = next(row["SerialNumber"] for row in shell.json("get", "certificates", "cart"))
    shell("revoke", ":".join(re.findall("..", serial.lower())), "--yes", "--reason", "superseded")
    assert run(curl).returncode != 0
    done = shell("admit", "--listener", str(port), "--cert", "cart.pem", check=3)
    assert "refused: revoked" in done.stdout
    assert "refused: " in shell("admit", "--listener", f"edge:{port}", check=3).stdout
    assert "could not find the listener" in shell("admit", "--listener", "no", check=1).stderr
    assert "there is no certificate" in shell("revoke", "nobody", "--yes", check=1).stderr
    shell("client", "issue", "twin", "--out", "a")
    shell("client", "issue", "twin", "--out", "b")
    assert "2 certificates are called" in shell("revoke", "twin", "--yes", check=1).stderr
    backend.close()


def test_status_shows_what_is_served(shell, system):
    _, port, backend = mutual_listener(system, shell)
    wait_for(lambda: "Healthy" in shell("status").stdout or "Normal" in shell("status").stdout,
             20 * SLOWNESS, "a healthy server")
    text = shell("status").stdout
    assert f"{system.address}:{port}" in text and "required" in text and "worker-1" in text
    assert shell.json("status", "--data-dir", system.data_dir)["Listeners"][0]["Status"] == "Running"
    old = system.cli("status", "--json", "--socket", system.control_socket)
    assert json.loads(old.stdout)["listeners"]
    system.cli("reload", "--data-dir", system.data_dir, check=False)
    backend.close()


def test_get_shows_tables_one_thing_and_nothing(shell, system):
    system.balancer(LoadBalancerName="edge")
    assert "edge" in shell("get", "lb").stdout
    assert shell("get", "load-balancer", "edge").stdout.count("\n") == 2
    assert "there is nothing called" in shell("get", "lb", "nobody", check=1).stderr
    assert shell("get", "listeners").stdout == "there are none\n"
    for kind in ("servers", "server-groups", "security-policies", "certificates", "cas", "users",
                 "settings", "uploaded-certificates", "ca-certificates"):
        assert isinstance(shell.json("get", kind), list)
    assert "do not stand in a manifest" in shell("get", "users", "--manifest", check=1).stderr
    assert "LoadBalancerName: \"edge\"" in shell("get", "lb", "--manifest").stdout


def test_logs_follow_refusals_and_changes(shell, system):
    _, port, backend = mutual_listener(system, shell)
    with subprocess.Popen([os.path.join(BUILD, "sallyport"), "logs", "-f", "--json"],
                          stdout=subprocess.PIPE, text=True, env=shell.environment) as following:
        assert "EventAction" in following.stdout.readline()
        assert run(["curl", "-ksS", "--max-time", "20", f"https://{system.address}:{port}/"]
                   ).returncode != 0
        shell("ca", "create", "Late")
        wanted = {"refusal", "change"}
        for line in following.stdout:
            row = json.loads(line)
            if row.get("Reason"):
                wanted.discard("refusal")
            if row.get("EventAction") == "CreateRootCACertificate":
                wanted.discard("change")
            if not wanted:
                break
        following.terminate()
    assert not wanted
    assert "refused" in shell("logs", "--refusals").stdout
    assert "CreateRootCACertificate" in shell("logs", "--changes").stdout
    backend.close()


def test_a_backup_is_restored_with_its_passphrase_only(shell, system):
    shell.password()
    made = shell.json("client", "issue", "cart", "--out", "cart.pem")
    answer = shell.json("backup", "all.backup", "--passphrase-file", "password")
    assert answer["File"] == "all.backup" and mode(shell.path("all.backup")) == 0o600
    assert "already" in shell("backup", "all.backup", "--passphrase-file", "password",
                              check=1).stderr
    with open(shell.path("all.backup"), "rb") as file:
        assert b"PRIVATE KEY" not in file.read()
    shell.write("short", "short\n")
    assert "passphrase" in shell("backup", "--passphrase-file", "short", check=1).stderr
    shell.write("wrong", "quite another one\n")
    target = ["--data-dir", shell.path("data"), "--master-key", shell.path("key")]
    done = shell("restore", "all.backup", *target, "--passphrase-file", "wrong", check=1)
    assert "passphrase is wrong" in done.stderr
    report = shell.json("restore", "all.backup", *target, "--passphrase-file", "password")
    assert report["ok"] is True and report["Revision"] > 0
    done = shell("audit", "verify", "--offline", *target)
    assert "whole" in done.stdout
    used = shell("restore", "all.backup", "--data-dir", system.data_dir, "--master-key",
                 system.master_key, "--passphrase-file", "password", check=1)
    assert "another process uses it" in used.stderr
    second = System()
    second.data_dir, second.master_key = shell.path("data"), shell.path("key")
    second.first = {"token": system.first["token"]}
    try:
        second.start()
        rows = second.pca("ListClientCertificate")["CertificateList"]
        assert made["Identifier"] in {row["Identifier"] for row in rows}
    finally:
        second.close()


def test_the_audit_log_is_verified_and_a_change_in_it_found(shell, system):
    assert shell.json("audit", "verify")["Sound"] is True
    system.stop()
    database = sqlite3.connect(os.path.join(system.data_dir, "sallyport.db"))
    for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    database.execute("UPDATE audit SET actor = 'nobody' WHERE number = 2")
    database.commit()
    database.close()
    offline = ["--offline", "--data-dir", system.data_dir, "--master-key", system.master_key]
    answer = shell.json("audit", "verify", *offline, check=1)
    assert answer["Sound"] is False and answer["Error"]


def test_console_reset_gives_a_new_password_and_a_new_certificate(shell, system):
    before = system.own("GetStatus")["Certificates"]
    answer = shell.json("console", "reset", "--yes")
    status = system.own("Login", token="none", User="admin", Password=answer["Password"])
    assert status["User"] == "admin" and status["MustChangePassword"] is True
    with pytest.raises(AssertionError):
        system.own("Login", token="none", User="admin", Password=system.first["password"])
    assert answer["CertificateId"] not in {row["CertificateId"] for row in before}
    made = shell.json("console", "reset", "--user", "second", "--yes")
    assert system.own("Login", token="none", User="second", Password=made["Password"])
    assert answer["Password"] not in system.output()


def test_completion_is_a_script_that_completes(shell):
    shell.write("complete", shell("completion", "bash").stdout)
    def complete(*words):
        script = (f"source complete; PATH={BUILD}:$PATH; COMP_WORDS=({' '.join(words)});"
                  f"COMP_CWORD={len(words) - 1}; _sallyport; echo \"${{COMPREPLY[@]}}\"")
        return run(["bash", "-c", script], cwd=shell.folder, check=True).stdout.split()
    assert complete("sallyport", "back") == ["backup"]
    assert "create-listener" in complete("sallyport", "nlb", "create-")
    assert "--load-balancer-id" in complete("sallyport", "nlb", "create-listener", "--load")
    assert complete("sallyport", "apply", "--pr") == ["--prune"]
