"""The spans of time in which something must arrive, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from transload.runner.calendar import WEEKDAYS, Calendar, moment_at
from transload.runner.workspace.expectations import Expectation

FARTHEST = timedelta(days=31)
"""How far back what was due while nobody was there is judged."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Window:
    """What arrives from ``begin`` to before ``due`` counts."""

    begin: datetime
    due: datetime


def windows(expectation: Expectation, calendar: Calendar, after: datetime, until: datetime) -> Iterator[Window]:
    """The windows with ``after < due <= until``, in order."""
    day = after.astimezone(calendar.timezone).date() - 2 * _DAY
    last = until.astimezone(calendar.timezone).date() + _DAY
    while day <= last:
        if is_day(expectation, calendar, day):
            yield from (each for each in _of_day(expectation, calendar, day) if after < each.due <= until)
        day += _DAY


def next_window(expectation: Expectation, calendar: Calendar, after: datetime) -> Window | None:
    """The first window due after ``after``; None when there is none in 60 days."""
    return next(windows(expectation, calendar, after, after + timedelta(days=60)), None)


def is_day(expectation: Expectation, calendar: Calendar, day: date) -> bool:
    """Whether the expectation is for ``day``."""
    if "every day" in expectation.on:
        return True
    return calendar.is_working(day) if "working days" in expectation.on else WEEKDAYS[day.weekday()] in expectation.on


def _of_day(expectation: Expectation, calendar: Calendar, day: date) -> Iterator[Window]:
    zone = calendar.timezone
    if expectation.by is not None:
        since = expectation.since or time(0)
        begin = day if since < expectation.by else day - _DAY
        yield Window(begin=moment_at(begin, since, zone), due=moment_at(day, expectation.by, zone))
        return
    assert expectation.every is not None
    first, last = expectation.between or (time(0), time(0))
    moment = moment_at(day, first, zone)
    end = moment_at(day if last > first else day + _DAY, last, zone)
    while moment + expectation.every <= end:
        yield Window(begin=moment, due=moment + expectation.every)
        moment += expectation.every
