"""Finding the item of a list that has a key, when a document is written."""

from collections.abc import Callable, Sequence
from typing import Any

from transload.mappings.language.converters.base import DomainError


def finder(name: str, text: str) -> Callable[[Sequence[Any]], Any]:
    """A function that gives the one item whose field ``name`` is ``text``; raises `DomainError` for several."""

    def find(items: Sequence[Any] | None) -> Any:
        found = [item for item in items or () if getattr(item, name) == text]
        if len(found) > 1:
            raise DomainError(f"{len(found)} items have {name} {text!r}, and the message takes one")
        return found[0] if found else None

    return find
