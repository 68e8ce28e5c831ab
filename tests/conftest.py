"""What tests of every folder share."""

import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.forks import Forks
from tests.postgresql import Server, binaries, running

ROOT = Path(__file__).parents[1]

# how long one example takes says nothing where a machine may stand still; a test that hangs is ended as any other
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")


def pytest_collection_finish() -> None:
    """Tests and modules stay until the end: who looks for garbage need not walk through them, a second each time.

    It is looked for as seldom as in the command, which saves a sixth of the time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Nothing that a test did to the log, in whatever thread, is heard by the next."""
    ours, root = logging.getLogger("transload"), logging.getLogger()
    before = [(each, [*each.handlers], each.level, each.propagate) for each in (ours, root)]
    yield
    for each, handlers, level, propagate in before:
        gone = [one for one in each.handlers if one not in handlers and type(one).__module__.startswith("transload")]
        each.handlers = [one for one in each.handlers if one not in gone]
        each.setLevel(level)
        each.propagate = propagate


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real samples that are not part of the project; tests that need it are skipped without it."""
    folder = (ROOT / os.environ.get("TRANSLOAD_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no samples: {folder} does not exist (set TRANSLOAD_SHARED)")
    return folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running server; without one, tests that need it are skipped."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server: apt-get install postgresql")
    with running(programs) as server:
        yield server


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of our own sample files."""
    return ROOT / "fixtures"


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Python processes that start in no time."""
    made = Forks()
    yield made
    made.close()
