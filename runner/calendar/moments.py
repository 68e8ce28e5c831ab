"""Times of day where clocks are turned.

A time of day that does not exist (02:30 on the day when clocks go from 02:00 to 03:00) means the moment at which a
clock that was not turned would show it: 03:30 by the new time.  One that exists twice means the first of the two.
"""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def moment_at(day: date, at: time, timezone: ZoneInfo) -> datetime:
    """The moment, in UTC, at which it is ``at`` on ``day`` in ``timezone``."""
    return datetime.combine(day, at, tzinfo=timezone).replace(fold=0).astimezone(UTC)


def existing(wall: datetime, timezone: ZoneInfo) -> list[datetime]:
    """The moments, in UTC, at which clocks in ``timezone`` show ``wall`` (without a zone): none, one or two."""
    first, second = (wall.replace(tzinfo=timezone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return [first]
    shown = [each for each in (first, second) if each.astimezone(timezone).replace(tzinfo=None, fold=0) == wall]
    return sorted(shown)
