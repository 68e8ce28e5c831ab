"""Judging arrivals: what had to come by a time of day, and what has to come every so often.

``by``: what is missing at a due time may come late.  What arrives before the next window begins, and what arrives in
later windows beyond their own number, makes up for the oldest due time that is still short.  So a partner who sends
today's file at last, but never yesterday's, does not close yesterday's incident.

``every``: as soon as the number arrives again it is over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from transload.runner.calendar import Calendar
from transload.runner.expectations.windows import FARTHEST, Window, next_window, windows
from transload.runner.ledger.incidents import Change, Closing, Incident, Judged, Opening
from transload.runner.workspace.expectations import Expectation

_MOST_LISTED = 50
_AHEAD = timedelta(hours=2)
"""A clock that is set back by an hour, as once a year by hand, is no reason to forget what was judged."""
Count = Callable[[datetime, datetime], int]
"""How many arrived from a moment to before another."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One expectation of a route, and what is needed to judge it."""

    route: str
    partner: str
    expectation: Expectation
    calendar: Calendar
    count: Count

    @property
    def source(self) -> str:
        """The incident's source."""
        return "arrival" if self.expectation.by is not None else "rhythm"

    @property
    def subject(self) -> str:
        """What it is about, in the ledger."""
        return f"{self.source}|{self.route}|{self.expectation.name}"


def judge(expected: Expected, judged_until: datetime | None, incident: Incident | None, now: datetime) -> Judged:
    """Judge what has become due since ``judged_until`` (None: never looked at, so nothing before now counts).

    One that lies hours ahead was left by a clock that was wrong, and is as good as none.
    """
    if judged_until is None or judged_until - now > _AHEAD:
        return Judged(states={expected.subject: (now, {})})
    missed: list[dict[str, Any]] = list(incident.detail["missed"]) if incident is not None else []
    done = max(judged_until, now - FARTHEST)
    for window in windows(expected.expectation, expected.calendar, done, now - expected.expectation.grace):
        missed = _after(expected, missed, done, window)
        done = window.due
    left = _left(expected, missed, done, now)
    changes = _changes(expected, missed[-_MOST_LISTED:], left, incident)
    return Judged(changes=changes, states={expected.subject: (done, {})})


def _after(expected: Expected, missed: list[dict[str, Any]], done: datetime, window: Window) -> list[dict[str, Any]]:
    """What is missed once ``window`` is over; ``done`` is when the one before was."""
    wanted, came = expected.expectation.at_least, expected.count(window.begin, window.due)
    if expected.expectation.every is not None:
        short = [{"due": window.due.isoformat(), "missing": wanted - came}]
        return [*missed, *short] if came < wanted else []
    if missed and done < window.begin:
        missed = _credited(missed, expected.count(done, window.begin))
    if came < wanted:
        return [*missed, {"due": window.due.isoformat(), "missing": wanted - came}]
    return _credited(missed, came - wanted)


def _left(expected: Expected, missed: list[dict[str, Any]], done: datetime, now: datetime) -> list[dict[str, Any]]:
    """What is still missing now, with all that has come since the last window."""
    if not missed:
        return []
    now += timedelta(microseconds=1)  # what has come at this very moment counts
    if expected.expectation.every is not None:
        return [] if expected.count(done, now) >= expected.expectation.at_least else missed
    window = next_window(expected.expectation, expected.calendar, done)
    begin = window.begin if window is not None else now
    if done < begin:
        missed = _credited(missed, expected.count(done, min(begin, now)))
    if missed and begin < now:
        missed = _credited(missed, max(expected.count(begin, now) - expected.expectation.at_least, 0))
    return missed


def _credited(missed: Sequence[dict[str, Any]], came: int) -> list[dict[str, Any]]:
    """``missed`` once ``came`` more have made up for the oldest."""
    left = []
    for each in missed:
        taken = min(came, each["missing"])
        came -= taken
        if each["missing"] > taken:
            left.append({**each, "missing": each["missing"] - taken})
    return left


def _changes(
    expected: Expected, missed: list[dict[str, Any]], left: list[dict[str, Any]], incident: Incident | None
) -> list[Opening | Change | Closing]:
    detail = {"missed": missed, "at_least": expected.expectation.at_least}
    if not left:
        return [Closing(incident=incident.id, why="it came late")] if incident is not None else []
    count, title = sum(each["missing"] for each in left), _title(expected, left)
    if incident is not None:
        changed = (incident.count, incident.title, incident.detail) != (count, title, detail)
        return [Change(incident=incident.id, title=title, count=count, detail=detail)] if changed else []
    return [
        Opening(
            source=expected.source,
            subject=expected.subject,
            key=f"{expected.subject}|{left[0]['due']}",
            severity=expected.expectation.severity,
            partner=expected.partner,
            about=expected.route,
            title=title,
            hint=f"transload run {expected.route} fetches what may wait there; else ask the partner",
            detail=detail,
            count=count,
        )
    ]


def _title(expected: Expected, left: Sequence[dict[str, Any]]) -> str:
    zone = expected.calendar.timezone
    due = datetime.fromisoformat(left[0]["due"]).astimezone(zone)
    what, wanted = expected.expectation.document or "arrivals", expected.expectation.at_least
    missing = left[0]["missing"]
    lack = f"no {what}" if missing >= wanted else f"{wanted - missing} of {wanted} {what}"
    more = f", and at {len(left) - 1} due times since" if len(left) > 1 else ""
    return f"{lack} on {expected.route} by {due:%Y-%m-%d %H:%M %Z}{more}"
