"""Times of the week at which something is closed: maintenance windows, say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from transload.runner.calendar.moments import moment_at

_MOST = 100


@dataclass(frozen=True, kw_only=True)
class Closing:
    """Closed on ``weekdays`` (Monday is 0) from ``start`` to ``end``: that of the next day where it is not later."""

    weekdays: frozenset[int]
    start: time
    end: time


def closed_until(closings: Sequence[Closing], now: datetime, timezone: ZoneInfo) -> datetime | None:
    """When it opens again, in UTC; None where it is open at ``now``.  Closings that follow each other are one."""
    until = now
    for _ in range(_MOST):
        later = max((end for closing in closings if (end := _end(closing, until, timezone)) is not None), default=None)
        if later is None or later <= until:
            break
        until = later
    return until if until > now else None


def _end(closing: Closing, moment: datetime, timezone: ZoneInfo) -> datetime | None:
    """The end of the closing in which ``moment`` lies."""
    today = moment.astimezone(timezone).date()
    for day in (today - timedelta(days=1), today):
        if day.weekday() not in closing.weekdays:
            continue
        last = day if closing.end > closing.start else day + timedelta(days=1)
        begin, end = moment_at(day, closing.start, timezone), moment_at(last, closing.end, timezone)
        if begin <= moment < end:
            return end
    return None
