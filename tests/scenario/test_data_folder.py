"""The data folder and the master key: who may read them, what is in them, and what is said when they are not
what they should be. Secrets are nowhere else."""
import base64
import json
import os
import pwd
import signal
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from support.sallyport import BUILD, SLOWNESS
from support.system import ApiError, System
from support.waiting import wait_for

NAMES = {"Organization": "o", "OrganizationUnit": "u", "Locality": "l", "State": "s"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to start as root")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def refused(system):
    """Exit code and everything that a start which comes to nothing says."""
    done = subprocess.run(system.command(), cwd=system.folder, capture_output=True, text=True,
                          timeout=30 * SLOWNESS, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def fingerprint(folder):
    """Names, modes and contents of everything in a folder."""
    found = {}
    for where, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[path] = (mode(path), file.read())
    return found


def shape(folder):
    """Names, modes and owners, while somebody works there and publishes lists."""
    paths = [os.path.join(folder, name) for name in os.listdir(folder) if name != "publish"]
    return {path: (mode(path), os.stat(path).st_uid) for path in [folder, *paths]}


# --- who may read what


@pytest.mark.core
def test_a_first_start_leaves_files_for_their_owner_alone(system):
    assert mode(system.data_dir) == 0o700
    assert mode(system.master_key) == 0o600 and os.path.getsize(system.master_key) == 32
    assert mode(system.bootstrap_file) == 0o600
    assert {mode(path) for path in fingerprint(system.data_dir)} == {0o600}
    assert {"endpoint", "user", "password", "AccessKeyId", "AccessKeySecret", "token"} <= set(
        system.first)
    before = (os.stat(system.bootstrap_file).st_mtime_ns, system.first)
    system.stop()
    system.start()
    with open(system.bootstrap_file, encoding="utf-8") as file:
        assert (os.stat(system.bootstrap_file).st_mtime_ns, json.load(file)) == before
    assert system.own("GetSession")


@as_root
def test_started_as_root_the_data_is_controls_and_no_workers(system):
    def owner(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int(file.read().split("Uid:")[1].split()[1])
    control = owner(system.pids("control")[0])
    assert control != 0
    paths = [system.data_dir, *fingerprint(system.data_dir)]
    assert {os.stat(path).st_uid for path in paths} == {control}
    others = {owner(pid) for role in ("checker", "worker") for pid in system.pids(role)}
    assert not others & {0, control}
    for uid in others:
        for path in (system.master_key, system.bootstrap_file, *paths[1:]):
            assert subprocess.run(["cat", path], user=uid, group=uid, extra_groups=[],
                                  capture_output=True, check=False).returncode != 0, path


def test_an_ordinary_user_can_have_a_system():
    system = System()
    try:
        if os.geteuid() == 0:
            user = pwd.getpwnam("nobody")
            system.user = user.pw_uid
            os.chown(system.folder, user.pw_uid, user.pw_gid)
            system.environment = {"HOME": system.folder, "XDG_RUNTIME_DIR": system.folder}
            probe = subprocess.run([os.path.join(BUILD, "sallyportd"), "--version"],
                                   user=user.pw_uid, check=False, capture_output=True) \
                if os.access(BUILD, os.X_OK) and reachable(BUILD) else None
            if probe is None:
                pytest.skip("the build folder is closed to other users")
        system.start()
        assert system.own("GetSession")
        assert mode(system.data_dir) == 0o700 and mode(system.master_key) == 0o600
    finally:
        system.close()


def reachable(path):
    """May others walk there?"""
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        path = os.path.dirname(path)
    return True


# --- when they are not what they should be


@pytest.fixture
def stopped(system):
    system.stop()
    return system


def test_a_missing_master_key_is_said_and_not_replaced(stopped):
    os.rename(stopped.master_key, stopped.master_key + ".away")
    code, text = refused(stopped)
    assert code != 0 and "no master key" in text and "hint:" in text, text
    assert not os.path.exists(stopped.master_key)
    os.rename(stopped.master_key + ".away", stopped.master_key)
    stopped.start()
    assert stopped.own("GetSession")


@pytest.mark.parametrize("spoil,word", [
    (lambda path: os.chmod(path, 0o644), "others"),
    (lambda path: open(path, "wb").write(b"x" * 31), "32"),
    (lambda path: open(path, "wb").write(os.urandom(32)), "not the one"),
], ids=["readable", "short", "of another store"])
def test_a_master_key_that_is_wrong_is_refused(stopped, spoil, word):
    before = fingerprint(stopped.data_dir)
    spoil(stopped.master_key)
    code, text = refused(stopped)
    assert code != 0 and "master key" in text and word in text, text
    after = fingerprint(stopped.data_dir)
    assert after[os.path.join(stopped.data_dir, "sallyport.db")] == \
        before[os.path.join(stopped.data_dir, "sallyport.db")]


@pytest.mark.parametrize("spoil,word", [
    (lambda path: os.chmod(path, 0o777), "others may write"),
    (lambda path: os.unlink(os.path.join(path, "sallyport.db")), "sallyport.db is gone"),
    (lambda path: open(os.path.join(path, "sallyport.db"), "r+b").write(b"nonsense" * 100),
     "not a database"),
], ids=["writable", "without its database", "damaged"])
def test_a_data_folder_that_is_wrong_is_refused(stopped, spoil, word):
    spoil(stopped.data_dir)
    code, text = refused(stopped)
    assert code != 0 and word in text, text


def test_a_data_folder_that_cannot_be_is_refused():
    system = System()
    try:
        for path in (os.path.join(system.folder, "no", "such"), "/dev/null"):
            system.data_dir = path
            code, text = refused(system)
            assert code != 0 and path in text and "hint:" in text, text
    finally:
        system.close()


@pytest.mark.core
def test_a_second_daemon_on_one_data_folder_says_so_and_touches_nothing(system):
    second = System()
    try:
        second.data_dir, second.master_key = system.data_dir, system.master_key
        before = shape(system.data_dir)
        code, text = refused(second)
        assert code != 0 and "another process uses it" in text, text
        assert shape(system.data_dir) == before
        assert not os.path.exists(second.bootstrap_file)
        assert system.own("GetSession")
        assert system.own("VerifyAuditLog")["Sound"] is True
    finally:
        second.close()


# --- signals


def test_sighup_and_sigterm_leave_everything_as_it_was(system):
    group = system.group(ServerGroupName="kept")
    system.signal(signal.SIGHUP)
    assert system.nlb("ListServerGroups", ServerGroupIds=[group])["ServerGroups"]
    system.stop()
    system.start()
    found = system.nlb("ListServerGroups", ServerGroupIds=[group])["ServerGroups"]
    assert [one["ServerGroupName"] for one in found] == ["kept"]


def test_an_upgrade_keeps_the_store_and_its_doors(system):
    system.expect_deaths = True
    group = system.group(ServerGroupName="kept")
    before = set(system.pids("worker"))
    system.signal(signal.SIGUSR2)
    wait_for(lambda: system.events("handed_over"), 30 * SLOWNESS, "the upgrade", pause=0.05)

    def answers():
        try:
            return system.nlb("ListServerGroups", ServerGroupIds=[group])["ServerGroups"]
        except (OSError, ApiError):
            return None
    found = wait_for(answers, 20 * SLOWNESS, "the API of the new one", pause=0.05)
    assert found[0]["ServerGroupName"] == "kept"
    wait_for(lambda: not before & set(system.pids("worker")), 20 * SLOWNESS, "new workers")
    system.follow_upgrade()
    system.job(system.nlb("UpdateServerGroupAttribute", ServerGroupId=group,
                          ServerGroupName="changed"))


# --- secrets


def whispers(system, first, keys):
    """What nobody may find: secrets as text, and keys in every form."""
    found = [first["password"], first["AccessKeySecret"], first["token"]]
    found = [text.encode() for text in found]
    for key in keys:
        pkcs8 = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption())
        number = key.private_numbers().private_value
        size = (key.key_size + 7) // 8
        found += [pkcs8, number.to_bytes(size, "big"), base64.b64encode(pkcs8)[20:60]]
    return found


def test_secrets_are_in_no_log_no_file_no_answer_and_no_command_line(system):
    ca = system.pca("CreateRootCACertificate", CommonName="Secret Root", Algorithm="ECC_256",
                    Years=10, **NAMES)["Identifier"]
    leaf = system.pca("CreateClientCertificate", ParentIdentifier=ca, Algorithm="ECC_256",
                      CommonName="secret")["Identifier"]
    files = system.own("ExportPrivateCertificate", Identifier=leaf, Format="PEM")["Files"]
    pem = next(base64.b64decode(file["Content"]) for file in files
               if b"PRIVATE KEY" in base64.b64decode(file["Content"]))
    pem = pem[pem.index(b"-----BEGIN PRIVATE"):]
    key = serialization.load_pem_private_key(pem, None)
    login = system.own("Login", User=system.first["user"], Password=system.first["password"])
    errors = []
    for attempt in ({"Password": "wrong-" + system.first["password"]}, {"Password": ["x"]}):
        with pytest.raises(ApiError) as error:
            system.own("Login", User=system.first["user"], **attempt)
        errors.append(json.dumps(error.value.body))
    with pytest.raises(ApiError) as error:
        system.cas("UploadUserCertificate", Name="bad", Cert="no certificate", Key=pem.decode())
    errors.append(json.dumps(error.value.body))
    audit = json.dumps(system.own("ListAuditEvents", MaxResults=100))
    openapi = system.request("GET", "/api/openapi.json")[2]
    lines = b""
    for pid in [system.process.pid, *system.children()]:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            lines += file.read()
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            core = next(line for line in file if line.startswith("Max core file size"))
        assert core.split()[4] == "0", core
    assert login
    system.stop()
    places = {"log": system._whole_output().encode(), "errors": "".join(errors).encode(),
              "audit": audit.encode(), "openapi": openapi, "command lines": lines,
              **{path: content for path, (_, content) in fingerprint(system.data_dir).items()}}
    for place, content in places.items():
        for number, whisper in enumerate(whispers(system, system.first, [key])):
            assert whisper not in content, f"secret {number} is in {place}"
    with open(system.master_key, "rb") as file:
        master = file.read()
    assert not any(master in content or master.hex().encode() in content
                   for content in places.values())
