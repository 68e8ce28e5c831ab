"""How far we have read: the newest time or number of change among the items of a pass."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from transload.adapters.base.watermarks import later
from transload.adapters.rest.bodies import at
from transload.adapters.rest.paging import Since
from transload.canonical.errors import Stop


def newest(known: str | None, items: Iterable[Any], since: Since) -> str | None:
    """The later of ``known`` and the marks of ``items``, as the partner wrote it.

    Raises `Stop` when an item has no mark, or one that cannot be compared with another:
    a guess could skip documents.
    """
    best = known
    for item in items:
        value = at(item, since.field) if isinstance(item, dict) else None
        if not isinstance(value, (str, int, Decimal)) or isinstance(value, bool) or value == "":
            raise Stop(f"an item has no {since.field!r}", hint="correct since: field, or leave since out")
        text = str(value)
        if best is None or later(text, best):
            best = text
    return best
