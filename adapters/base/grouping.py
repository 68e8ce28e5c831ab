"""Records that make up one document: from one that starts it to the next, or as long as some values stay the same."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

R = TypeVar("R")


def started(records: Iterable[R], starts: Callable[[R], bool]) -> Iterator[list[R]]:
    """Groups that begin at each record for which ``starts`` holds; what stands before the first is a group as well."""
    group: list[R] = []
    for record in records:
        if group and starts(record):
            yield group
            group = []
        group.append(record)
    if group:
        yield group


def keyed(records: Iterable[R], key: Callable[[R], Hashable]) -> Iterator[list[R]]:
    """Groups of neighbours with the same ``key``."""
    group: list[R] = []
    last: Hashable = None
    for record in records:
        value = key(record)
        if group and value != last:
            yield group
            group = []
        group.append(record)
        last = value
    if group:
        yield group
