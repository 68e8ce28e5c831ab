"""What tests of every folder share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forks import Forks

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real samples that are not part of the project; tests that need it are skipped without it."""
    folder = (ROOT / os.environ.get("TRANSLOAD_SHARED", "../shared")).resolve()
    if not folder.is_dir():
        pytest.skip(f"no samples: {folder} does not exist (set TRANSLOAD_SHARED)")
    return folder


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
