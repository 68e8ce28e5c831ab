"""Judging silence: nothing has come for much longer than ever before at this time of day.

The rule.  Only days that the expectation is for count (working days, say); time on others does not pass.  Of the last
eight weeks it is known how long each silence was, and at which time of day it stood.  For each hour of the day the
longest silence is taken that stood within an hour around it; where thirty such days are known, the one day with the
longest is left out, so that an outage or an unknown holiday does not make it deaf.  Twice that, and at least half an
hour, is the limit at that hour.

Nothing is said before the route is four weeks old and has had fifteen arrivals on ten such days.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from transload.runner.calendar import Calendar
from transload.runner.expectations.windows import is_day
from transload.runner.ledger.expectations import Observed
from transload.runner.ledger.incidents import Change, Closing, Incident, Judged, Opening
from transload.runner.workspace.expectations import Expectation

HISTORY = timedelta(days=56)
YOUNGEST = timedelta(days=28)
LEAST_DAYS = 10
ENOUGH_DAYS = 30
LEAST_ARRIVALS = 15
FACTOR = 2
SHORTEST = timedelta(minutes=30)
_RELEARNED = timedelta(hours=6)
_MOST_ARRIVALS = 200_000
_DAY = 86_400
_HOUR = 3_600


@dataclass(frozen=True, kw_only=True)
class Heard:
    """An expectation that a route is not silent."""

    route: str
    partner: str
    expectation: Expectation
    calendar: Calendar

    @property
    def subject(self) -> str:
        """What it is about, in the ledger."""
        return f"silence|{self.route}|{self.expectation.name}"

    def counts(self, day: date) -> bool:
        """Whether time passes on ``day``."""
        return is_day(self.expectation, self.calendar, day)


def judge(
    heard: Heard, observed: Observed, state: Mapping[str, Any] | None, incident: Incident | None, now: datetime
) -> Judged:
    """Compare the silence now with what was learned, which is done anew every six hours."""
    learned_at = datetime.fromisoformat(state["learned_at"]) if state else None
    states: dict[str, tuple[datetime, Mapping[str, Any]]] = {}
    if state is None or learned_at is None or not timedelta() <= now - learned_at < _RELEARNED:
        state = {"learned_at": now.isoformat(), "limits": _learned(heard, observed, now)}
        states = {heard.subject: (now, state)}
    last = observed.last_arrival(heard.route)
    if incident is not None and last is not None and last.isoformat() != incident.detail["last"]:
        return Judged(changes=[Closing(incident=incident.id, why="something came again")], states=states)
    changes: list[Opening | Change | Closing] = []
    if incident is None and last is not None:
        changes = _changes(heard, state["limits"], last, now)
    return Judged(changes=changes, states=states)


def _learned(heard: Heard, observed: Observed, now: datetime) -> list[float] | None:
    first = observed.first_arrival(heard.route)
    if first is None or first > now - YOUNGEST:
        return None
    moments = observed.moments(heard.route, now - HISTORY, _MOST_ARRIVALS)
    return limits(moments, heard.counts, heard.calendar.timezone, now)


def limits(
    moments: Sequence[datetime], counts: Callable[[date], bool], timezone: ZoneInfo, now: datetime
) -> list[float] | None:
    """By hour of the day, the seconds of silence beyond which it is unusual; None while too little is known.

    ``moments`` are arrivals in order; today does not count, since it is not over.
    """
    if len(moments) < LEAST_ARRIVALS:
        return None
    line = Timeline(moments[0].astimezone(timezone).date(), now.astimezone(timezone).date(), counts, timezone)
    places = [line.place(moment) for moment in moments]
    whole = len(line.days) - 1
    used = {int(place // _DAY) for place in places}
    if len(used & set(range(whole))) < LEAST_DAYS:
        return None
    found = []
    for hour in range(24):
        around = [
            _longest(places, day * _DAY + (hour - 1) * _HOUR, day * _DAY + (hour + 2) * _HOUR) for day in range(whole)
        ]
        known = sorted((span for span in around if span is not None), reverse=True)
        if not known:
            return None
        left_out = 1 if len(known) >= ENOUGH_DAYS else 0
        found.append(max(FACTOR * known[left_out], SHORTEST.total_seconds()))
    return found


class Timeline:
    """Seconds that pass on the days that count, from ``first`` to ``last``, today included in any case."""

    def __init__(self, first: date, last: date, counts: Callable[[date], bool], timezone: ZoneInfo) -> None:
        span = (last - first).days
        days = [first + timedelta(days=number) for number in range(span)]
        self.days = [*(day for day in days if counts(day)), last]
        self._timezone = timezone

    def place(self, moment: datetime) -> float:
        """Where ``moment`` lies; one on a day that does not count lies at the beginning of the next that does."""
        local = moment.astimezone(self._timezone)
        number = bisect_left(self.days, local.date())
        if number == len(self.days) or self.days[number] != local.date():
            return float(number * _DAY)
        return number * _DAY + local.hour * _HOUR + local.minute * 60 + local.second


def _longest(places: Sequence[float], begin: float, end: float) -> float | None:
    """The longest silence that stood between ``begin`` and ``end``; None where nothing had come before."""
    first, last = bisect_left(places, begin), bisect_left(places, end)
    spans = [places[at] - places[at - 1] for at in range(max(first, 1), last)]
    if last > 0:
        spans.append(end - places[last - 1])
    return max(spans) if spans else None


def _changes(
    heard: Heard, known: Sequence[float] | None, last: datetime, now: datetime
) -> list[Opening | Change | Closing]:
    zone = heard.calendar.timezone
    today = now.astimezone(zone)
    if known is None or not heard.counts(today.date()):
        return []
    line = Timeline(last.astimezone(zone).date(), today.date(), heard.counts, zone)
    silent, limit = line.place(now) - line.place(last), known[today.hour]
    if silent <= limit:
        return []
    return [
        Opening(
            source="silence",
            subject=heard.subject,
            key=f"{heard.subject}|{last.isoformat()}",
            severity=heard.expectation.severity,
            partner=heard.partner,
            about=heard.route,
            title=f"nothing on {heard.route} since {last.astimezone(zone):%Y-%m-%d %H:%M %Z}: {_hours(silent)} on days"
            f" that count, and at this hour it was never more than {_hours(limit / FACTOR)}",
            hint="ask the partner whether something is wrong there; transload probe looks whether we reach it",
            detail={"last": last.isoformat(), "silent_seconds": int(silent), "limit_seconds": int(limit)},
        )
    ]


def _hours(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes // 60}h{minutes % 60:02}m"
