"""A memory for sources."""

import pytest
from tests.adapters.memory import Notes


@pytest.fixture
def memory() -> Notes:
    return Notes()
