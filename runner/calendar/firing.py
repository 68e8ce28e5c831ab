"""The times of a crontab expression, on worked days only where that is asked for, and over changes of the clock.

An expression that names its hours means times of day: one that does not exist comes as much later as the clock was set
forward, one that exists twice comes the first time only.  One for every hour (``*`` or ``*/2``) goes on with the clock:
what does not exist is left out, what exists twice comes twice.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from transload.runner.calendar.days import WEEKDAYS, Calendar
from transload.runner.calendar.moments import existing, moment_at

Otherwise = Literal["skip", "next", "previous"]
_FARTHEST = timedelta(days=3660)
_NUMBERED = re.compile(r"(\d)(?:-(\d))?(?:/(\d+))?")
_DAY = timedelta(days=1)


class Firing(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """The trigger of a crontab ``expression`` (five fields; weekdays from 0 or 7, Sunday, or by name).

    With a ``calendar``, a time on a day that is not worked is skipped, or moved to the ``next`` or ``previous`` worked
    day.  Raises `ValueError` for what is no expression.
    """

    def __init__(
        self, expression: str, timezone: ZoneInfo, calendar: Calendar | None = None, otherwise: Otherwise = "skip"
    ) -> None:
        fields = expression.split()
        if len(fields) != 5:
            raise ValueError(f"wrong number of fields; got {len(fields)}, expected 5")
        fields[4] = ",".join(_weekdays(item) for item in fields[4].split(","))
        self._walls = CronTrigger.from_crontab(" ".join(fields), timezone=UTC)  # clocks that are never turned
        self._goes_on = fields[1].startswith("*")
        self._timezone = timezone
        self._calendar = calendar
        self._otherwise = otherwise
        self._known: tuple[date, list[datetime]] = (date.min, [])

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first time after ``previous_fire_time``, else from ``now`` on; None when there is none in ten years."""
        if previous_fire_time is None:
            return self.after(now - timedelta(microseconds=1))
        return self.after(previous_fire_time)

    def after(self, moment: datetime) -> datetime | None:
        """The first time later than ``moment``, in UTC; None when there is none in ten years."""
        first = moment.astimezone(self._timezone).date()
        day, known = self._known
        if day == first and (place := bisect_right(known, moment)) < len(known):
            return known[place]
        for day, moments in self._days(first - _DAY):
            if (place := bisect_right(moments, moment)) < len(moments):
                self._known = day, moments
                return moments[place]
            if day > first + _FARTHEST:
                break
        return None

    def _days(self, first: date) -> Iterator[tuple[date, list[datetime]]]:
        """Each day from ``first`` on that has times, with these in order."""
        begin = first
        if self._calendar is not None and self._otherwise == "next":
            begin = self._calendar.previous_working(first - _DAY) + _DAY  # what is moved to the first day
        for day, walls in groupby(self._moved(begin), key=lambda pair: pair[0]):
            if day < first:
                continue
            found = {moment for _, wall in walls for moment in self._moments(datetime.combine(day, wall))}
            if found:
                yield day, sorted(found)

    def _moved(self, begin: date) -> Iterator[tuple[date, time]]:
        """The days and times of day on which it fires, the days in order."""
        wall = datetime.combine(begin, time(0), tzinfo=UTC)
        limit = wall + _FARTHEST
        while wall <= limit:
            found: datetime | None = self._walls.get_next_fire_time(None, wall)
            if found is None:
                return
            wall = found + timedelta(seconds=1)
            day = found.date()
            if self._calendar is None or self._calendar.is_working(day):
                yield day, found.time()
            elif self._otherwise == "next":
                yield self._calendar.next_working(day), found.time()
            elif self._otherwise == "previous":
                yield self._calendar.previous_working(day), found.time()
            else:
                wall = datetime.combine(day + _DAY, time(0), tzinfo=UTC)

    def _moments(self, wall: datetime) -> list[datetime]:
        if self._goes_on:
            return existing(wall, self._timezone)
        return [moment_at(wall.date(), wall.time(), self._timezone)]


def _weekdays(item: str) -> str:
    """One item of the field for weekdays, numbers replaced by names: crontabs count from Sunday."""
    if item.startswith("*/") or not (match := _NUMBERED.fullmatch(item)):
        return item
    first, last, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
    if max(first, last) > 7 or step < 1:
        raise ValueError(f"there is no weekday {item}")
    numbers = range(first, (last if last >= first else last + 7) + 1, step)
    return ",".join(WEEKDAYS[(number + 6) % 7] for number in numbers)
