"""The days that are worked: weekdays, holidays by country and part of a country, own dates, exceptions."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Names of weekdays, in the order of `datetime.date.weekday`."""
_FARTHEST = 400
"""Days to look for a worked one; a calendar without any is refused when it is written."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Working days in ``timezone``.

    A day is worked when it is one of ``weekdays`` (Monday is 0) and neither a holiday of ``country`` (ISO 3166-1
    alpha-2; ``region`` is its subdivision) nor ``closed``; one that is ``opened`` is worked in any case.
    ``hours`` are the working hours of such a day, None for all of it.
    """

    timezone: ZoneInfo
    weekdays: frozenset[int] = frozenset(range(5))
    country: str | None = None
    region: str | None = None
    closed: frozenset[date] = frozenset()
    opened: frozenset[date] = frozenset()
    hours: tuple[time, time] | None = None

    def is_working(self, day: date) -> bool:
        """Whether ``day`` is worked."""
        if day in self.opened:
            return True
        return day.weekday() in self.weekdays and day not in self.closed and self.holiday(day) is None

    def holiday(self, day: date) -> str | None:
        """The name of the public holiday on ``day``, or None."""
        return holidays_of(self.country, self.region, day.year).get(day) if self.country else None

    def next_working(self, day: date) -> date:
        """The first worked day from ``day`` on; ``day`` itself where there is none within 400 days."""
        return self._look(day, 1)

    def previous_working(self, day: date) -> date:
        """The last worked day up to ``day``; ``day`` itself where there is none within 400 days."""
        return self._look(day, -1)

    def _look(self, day: date, step: int) -> date:
        found = (day + timedelta(days=step * number) for number in range(_FARTHEST))
        return next((each for each in found if self.is_working(each)), day)


@cache
def holidays_of(country: str, region: str | None, year: int) -> dict[date, str]:
    """The public holidays of a year, with their names in English where there are such; do not change it.

    Raises `NotImplementedError` for a country or region that the library does not know.
    """
    from holidays import country_holidays  # a fifth of a second, for calendars with a country only

    return dict(country_holidays(country, subdiv=region, years=year))
