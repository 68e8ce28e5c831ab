"""Certificates that are made for the tests: ours, a partner's, and a stranger's."""

from collections.abc import Callable

import pytest
from tests.adapters.as2.identities import Identity, identity


@pytest.fixture(scope="session", name="identity")
def _identity() -> Callable[..., Identity]:
    return identity


@pytest.fixture(scope="session")
def us() -> Identity:
    return identity("us")


@pytest.fixture(scope="session")
def acme() -> Identity:
    return identity("acme")


@pytest.fixture(scope="session")
def stranger() -> Identity:
    return identity("stranger")
