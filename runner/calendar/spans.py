"""Spans of working time: what passes on worked days within working hours."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from transload.runner.calendar.days import Calendar
from transload.runner.calendar.moments import moment_at

_FARTHEST = 4000


def shifts(calendar: Calendar, begin: date) -> Iterator[tuple[datetime, datetime]]:
    """Beginning and end, in UTC, of each worked day's hours from ``begin`` on, for some ten years.

    Hours that end at or before their beginning go on into the next day.
    """
    for number in range(_FARTHEST):
        day = begin + timedelta(days=number)
        if not calendar.is_working(day):
            continue
        start, end = calendar.hours or (time(0), time(0))
        until = day if end > start else day + timedelta(days=1)
        yield moment_at(day, start, calendar.timezone), moment_at(until, end, calendar.timezone)


def after_working_time(start: datetime, span: timedelta, calendar: Calendar) -> datetime:
    """The moment, in UTC, at which ``span`` of working time has passed since ``start``."""
    left, last = span, start.astimezone(UTC)
    for begin, end in shifts(calendar, _day_before(start, calendar)):
        usable = end - max(begin, last)
        if usable <= timedelta():
            continue
        if left <= usable:
            return max(begin, last) + left
        left, last = left - usable, end
    return last + left


def working_time(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """How much working time passes from ``start`` to ``end``; nothing where ``end`` is not later."""
    total = timedelta()
    for begin, close in shifts(calendar, _day_before(start, calendar)):
        if begin >= end:
            break
        total += max(min(close, end) - max(begin, start), timedelta())
    return total


def is_within(moment: datetime, hours: tuple[time, time], calendar: Calendar) -> bool:
    """Whether the time of day of ``moment`` lies in ``hours``, which may go over midnight."""
    now = moment.astimezone(calendar.timezone).time()
    start, end = hours
    return start <= now < end if start < end else now >= start or now < end


def _day_before(moment: datetime, calendar: Calendar) -> date:
    """The day before, whose hours may go over midnight."""
    return moment.astimezone(calendar.timezone).date() - timedelta(days=1)
