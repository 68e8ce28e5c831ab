"""A memory for sources."""

import pytest


class Notes(dict[str, str]):
    """A source's memory that has seen nothing."""

    def seen(self, key: str) -> bool:
        return False

    def put(self, name: str, value: str | None) -> None:
        if value is None:
            self.pop(name, None)
        else:
            self[name] = value

    def names(self, prefix: str = "") -> list[str]:
        return sorted(name for name in self if name.startswith(prefix))


@pytest.fixture
def memory() -> Notes:
    return Notes()
