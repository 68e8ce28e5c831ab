"""How it is decided what a document holds: everything, nothing, by number, by chance, or one field alone."""

from random import Random
from typing import Any, Protocol
from zlib import crc32

from transload.mappings.laws.shapes import Carried, plain_name

MANY = 12
"""So many items a long list has, where there is room."""

MENDED = "!"
"""The key of what is decided to make a condition hold."""


class Pick(Protocol):
    """Decides what a document holds; ``key`` names a field, the same for each item of a list."""

    def present(self, key: str) -> bool:
        """Whether an optional field has a value."""
        ...

    def value(self, key: str, values: list[Any]) -> Any:
        """One of the values."""
        ...

    def count(self, key: str, most: int | None) -> int:
        """How many items a list has."""
        ...


class Whole:
    """All optional fields or none; the ``number``-th value of each field; lists of ``items``."""

    def __init__(self, *, full: bool, number: int = 0, items: int = 1) -> None:
        self.full, self.number, self.items = full, number, items

    def present(self, key: str) -> bool:
        """See `Pick.present`."""
        return self.full

    def value(self, key: str, values: list[Any]) -> Any:
        """See `Pick.value`.  Fields are out of step, so that a few documents show each border to some field."""
        if self.number < 2:
            return values[self.number % len(values)]
        return values[(self.number + crc32(key.encode())) % len(values)]

    def count(self, key: str, most: int | None) -> int:
        """See `Pick.count`."""
        return min(self.items if self.full else 0, most if most is not None else MANY)


class Coded:
    """The fields whose number has a certain bit, so that over all bits each pair of fields is with and without."""

    def __init__(self, numbers: dict[str, int], bit: int, *, turned: bool) -> None:
        self.numbers, self.bit, self.turned = numbers, bit, turned

    def present(self, key: str) -> bool:
        """See `Pick.present`."""
        return bool(self.numbers.setdefault(key, len(self.numbers)) >> self.bit & 1) != self.turned

    def value(self, key: str, values: list[Any]) -> Any:
        """See `Pick.value`."""
        return values[(self.bit + len(key)) % min(len(values), 3)]

    def count(self, key: str, most: int | None) -> int:
        """See `Pick.count`."""
        return int(self.present(key)) + int(self.turned and self.present(key) and (most is None or most > 1))


class Chance:
    """All by chance, from a seed."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)  # noqa: S311 - the same seed must give the same documents
        self.often = self.random.choice((0.1, 0.3, 0.5, 0.8))

    def present(self, key: str) -> bool:
        """See `Pick.present`."""
        return self.random.random() < self.often

    def value(self, key: str, values: list[Any]) -> Any:
        """See `Pick.value`."""
        return self.random.choice(values)

    def count(self, key: str, most: int | None) -> int:
        """See `Pick.count`."""
        count = self.random.choice((0, 1, 1, 2, 2, 3, 5, MANY if self.random.random() < 0.1 else 4))
        return count if most is None else min(count, most)


class Only:
    """One field with one value; lists have the one item that it needs."""

    def __init__(self, carried: Carried, value: Any) -> None:
        names = carried.field.text().replace("[]", "").split(".")
        self.key = "".join(f".{name}" for name in names if name)
        self.wanted = value

    def present(self, key: str) -> bool:
        """See `Pick.present`.  Conditions are made to hold for the one field."""
        return key == MENDED or key.replace("[]", "") == self.key

    def value(self, key: str, values: list[Any]) -> Any:
        """See `Pick.value`."""
        own = key.replace("[]", "").rstrip("0123456789")
        return self.wanted if own == self.key and "?" not in key else self._loser(values) if "?" in key else values[0]

    def _loser(self, names: list[Any]) -> Any:
        """Of rivals the field itself wins."""
        last = self.key.rpartition(".")[2]
        return next((name for name in names if name != last), names[0])

    def count(self, key: str, most: int | None) -> int:
        """See `Pick.count`."""
        plain = key.replace("[]", "")
        return int(plain == self.key or self.key.startswith(f"{plain}."))


def names_of(carried: Carried) -> tuple[str, ...]:
    """The names that lead to a field, items left out: ``lines.quantity``."""
    return tuple(name for name in plain_name(carried.field).replace("[]", "").split(".") if name)
