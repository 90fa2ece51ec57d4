"""A disk that is full, or broken, under the data folder: writes are refused and change nothing, questions and
traffic go on, and once it is well again so is everything."""
import errno
import os
import shutil
import socket
import subprocess

import pytest

from support.backend import Backend
from support.clients import RawClient
from support.door import own_address
from support.sallyport import ROOT, SANITIZED, SLOWNESS
from support.system import ApiError, System
from support.waiting import wait_for

SHIM = os.path.join(ROOT, "tests", "support", "fault.c")


class Shop:
    """A plain listener, and what there is before the disk fails."""

    def __init__(self, system):
        self.system = system
        self.backend = Backend(own_address())
        self.group = system.group((self.backend.address, self.backend.port))
        self.listener, self.port = system.listener(system.balancer(), self.group)
        self.spare = system.group()
        self.ca = system.pca("CreateRootCACertificate", CommonName="Disk Root",
                             Algorithm="ECC_256", Years=10, Organization="o",
                             OrganizationUnit="u", Locality="l", State="s")["Identifier"]
        self.client = system.pca("CreateClientCertificate", ParentIdentifier=self.ca,
                                 CommonName="somebody", Algorithm="ECC_256")["Identifier"]
        wait_for(self.serves, 15 * SLOWNESS, "an answer", pause=0.05)

    def serves(self):
        client = RawClient(self.system.address, self.port, timeout=5)
        try:
            client.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            client.sock.shutdown(socket.SHUT_WR)
            return b"ECS01" in client.read_to_end()[0]
        finally:
            client.sock.close()

    def state(self):
        """What every write below would change."""
        listed = self.system.nlb("ListServerGroups", MaxResults=100)["ServerGroups"]
        issued = self.system.pca("ListClientCertificate", ShowSize=50)["CertificateList"]
        return ({group["ServerGroupId"]: group["ServerGroupName"] for group in listed},
                {found["SerialNumber"]: found["Status"] for found in issued},
                self.system.nlb("GetListenerAttribute", ListenerId=self.listener)["IdleTimeout"])

    def create(self):
        return self.system.nlb("CreateServerGroup", VpcId="vpc-test", Protocol="TCP",
                               ServerGroupName="more", Scheduler="Rr", ServerGroupType="Ip")

    def writes(self):
        system = self.system
        return [
            self.create,
            lambda: system.nlb("UpdateListenerAttribute", ListenerId=self.listener, IdleTimeout=77),
            lambda: system.nlb("DeleteServerGroup", ServerGroupId=self.spare),
            lambda: system.pca("CreateClientCertificate", ParentIdentifier=self.ca,
                               CommonName="late", Algorithm="ECC_256"),
            lambda: system.pca("CreateRevokeClientCertificate", Identifier=self.client),
            lambda: system.own("UpdateSettings", SessionIdleMinutes=20),
        ]

    def refuses_everything(self, status, code):
        before = self.state()
        for number, write in enumerate(self.writes()):
            with pytest.raises(ApiError) as refused:
                write()
            assert (refused.value.status, refused.value.code) == (status, code), (
                number, refused.value)
            assert self.state() == before
            assert self.serves()

    def works_again(self):
        self.system.job(self.system.nlb("UpdateListenerAttribute", ListenerId=self.listener,
                                        IdleTimeout=99))
        self.system.nlb("DeleteServerGroup", ServerGroupId=self.create()["ServerGroupId"])
        self.system.pca("CreateRevokeClientCertificate", Identifier=self.client)
        assert self.client_status() == "REVOKE"
        assert self.serves()
        assert self.system.own("VerifyAuditLog")["Sound"] is True

    def client_status(self):
        return self.system.pca("DescribeClientCertificate",
                               Identifier=self.client)["Certificate"]["Status"]

    def close(self):
        self.backend.close()


# --- a small file system


@pytest.fixture
def small():
    """A system whose data folder lies on a file system of 6 MB."""
    system = System()
    room = os.path.join(system.folder, "room")
    os.mkdir(room)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=755", "tmpfs", room],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        system.close()
        pytest.skip(f"cannot mount here: {mounted.stderr.strip()}")
    system.room = room
    system.data_dir = os.path.join(room, "data")
    try:
        system.start()
        yield system
        system.stop()
    finally:
        subprocess.run(["umount", "-l", room], check=True)
        system.close()


def fill(folder):
    path = os.path.join(folder, "filler")
    with open(path, "ab", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return path


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_full_disk_answers_507_and_changes_nothing(small):
    shop = Shop(small)
    try:
        filler = fill(small.room)

        def is_full():
            """What the log of the database had room for is used up."""
            try:
                shop.create()
            except ApiError as refused:
                assert (refused.status, refused.code) == (507, "InsufficientStorage"), refused
                return True
            return False
        wait_for(is_full, 30 * SLOWNESS, "a full disk", pause=0)
        fill(small.room)
        # Small changes may fit into what is left of a page: those are refused that come now.
        wait_for(is_full, 30 * SLOWNESS, "a full disk", pause=0)
        shop.refuses_everything(507, "InsufficientStorage")
        assert shop.client_status() != "REVOKE"
        os.unlink(filler)
        shop.works_again()
    finally:
        shop.close()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small file system")
def test_a_start_on_a_full_disk_says_so_and_the_next_one_works(small):
    shop = Shop(small)
    try:
        shop.system.pca("CreateRevokeClientCertificate", Identifier=shop.client)
        small.stop()
        filler = fill(small.room)
        try:
            small.start()
        except AssertionError as refused:
            assert "no space" in str(refused).lower(), refused
            small.process = None
        os.unlink(filler)
        if small.process is None:
            small.start()
        assert shop.client_status() == "REVOKE"
        wait_for(shop.serves, 10 * SLOWNESS, "an answer", pause=0.05)
    finally:
        shop.close()


# --- a disk that fails


@pytest.fixture
def faulty():
    """A system whose disk does what its fault() says."""
    if SANITIZED:
        pytest.skip("a sanitizer wants to be the first library")
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    system = System()
    library = os.path.join(system.folder, "fault.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SHIM], check=True)
    word = os.path.join(system.folder, "fault")
    system.environment = {"LD_PRELOAD": library, "FAULT_FILE": word, "FAULT_FOLDER": system.data_dir}

    def fault(number):
        with open(word + ".new", "w", encoding="ascii") as file:
            file.write(str(number))
        os.replace(word + ".new", word)
    system.fault = fault
    system.start()
    yield system
    system.close()


@pytest.mark.parametrize("number,status,code", [
    (errno.EIO, 503, "ServiceUnavailable"), (errno.ENOSPC, 507, "InsufficientStorage")],
                         ids=["EIO", "ENOSPC"])
def test_a_disk_that_fails_changes_nothing_and_mends(faulty, number, status, code):
    shop = Shop(faulty)
    try:
        faulty.fault(number)
        shop.refuses_everything(status, code)
        faulty.fault(0)
        shop.works_again()
    finally:
        shop.close()


def test_a_restart_after_a_failed_disk_finds_the_state_of_before(faulty):
    shop = Shop(faulty)
    try:
        before = shop.state()
        faulty.fault(errno.EIO)
        for write in shop.writes():
            with pytest.raises(ApiError):
                write()
        faulty.fault(0)
        faulty.stop()
        faulty.start()
        assert shop.state() == before
        shop.works_again()
    finally:
        shop.close()
