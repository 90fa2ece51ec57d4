"""Fixtures of the scenarios."""
import os
import sys
import tempfile

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from support.door import Door  # noqa: E402
from support.pki import ShopPki  # noqa: E402
from support.system import System  # noqa: E402


@pytest.fixture(scope="session")
def pki():
    """Keys and certificates that all tests of a process share; nobody changes them."""
    with tempfile.TemporaryDirectory(prefix="sallyport-pki-") as folder:
        os.chmod(folder, 0o755)
        yield ShopPki(folder)


@pytest.fixture
def door(pki):
    """A Sallyport to be told and started; its end must be a clean one."""
    made = Door(pki)
    yield made
    made.close()


@pytest.fixture
def system():
    """The whole product with an empty data folder, started; its end must be a clean one."""
    made = System().start()
    yield made
    made.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the daemon's log."""
    outcome = yield
    report = outcome.get_result()
    made = item.funcargs.get("door") if hasattr(item, "funcargs") else None
    if report.failed and made is not None:
        report.sections.append(("sallyportd", made.sallyport.output()))
    whole = item.funcargs.get("system") if hasattr(item, "funcargs") else None
    if report.failed and whole is not None:
        report.sections.append(("sallyportd", whole.output()))
