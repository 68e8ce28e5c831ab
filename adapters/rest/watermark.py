"""How far we have read: the newest time or number of change among the items of a pass."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

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
        if best is None or _later(text, best):
            best = text
    return best


def stepped_back(mark: str, overlap: timedelta) -> str:
    """``mark`` less ``overlap``, in the same notation; numbers stay as they are."""
    if not overlap:
        return mark
    moment = _moment(mark)
    if moment is None:
        return mark
    try:
        text = (moment - overlap).isoformat()
    except OverflowError:  # before the year 1
        return mark
    return text.replace("+00:00", "Z") if mark.endswith("Z") else text


def _later(one: str, other: str) -> bool:
    for read in (_number, _moment):
        first, second = read(one), read(other)
        if first is not None and second is not None:
            try:
                return bool(first > second)  # type: ignore[operator]
            except TypeError:  # a time with an offset and one without
                break
    if (_number(one) is None and _moment(one) is None) and (_number(other) is None and _moment(other) is None):
        return one > other
    raise Stop(
        f"the marks {one[:40]!r} and {other[:40]!r} cannot be compared",
        hint="since needs a field whose values are all times of one kind, or all numbers",
    )


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
