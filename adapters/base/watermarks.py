"""Marks by which a source knows how far it has read: times or numbers, as the partner writes them."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from transload.canonical.errors import Stop


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


def later(one: str, other: str) -> bool:
    """Whether the mark ``one`` comes after ``other``.  Raises `Stop` when they cannot be compared."""
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
