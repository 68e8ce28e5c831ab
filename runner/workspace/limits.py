"""What may be written under ``limits:`` and ``windows:`` of a connection, and what it means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from transload.adapters.base import Settings
from transload.runner.calendar import WEEKDAYS
from transload.runner.calendar.closings import Closing, closed_until
from transload.runner.workspace.expectations import hours_of

_RATE = re.compile(r"(\d{1,6})\s*/\s*(s|min|h|d)")
_UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_UTC = ZoneInfo("UTC")
_CLOSED = re.compile(r"(?:([A-Za-z ,\-]+)\s+)?(\S+)")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """``calls`` in ``span``, on average."""

    calls: int
    span: timedelta
    written: str

    @property
    def interval(self) -> timedelta:
        """The time from one call to the next."""
        return self.span / self.calls


def _rate(value: Any) -> Any:
    if isinstance(value, Rate):
        return value
    match = _RATE.fullmatch(str(value).strip())
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{value!r} is no rate; write it like 20/s, 100/min, 1000/h or 5000/d")
    return Rate(calls=int(match[1]), span=timedelta(seconds=_UNITS[match[2]]), written=str(value).strip())


def _closing(value: Any) -> Any:
    if isinstance(value, Closing):
        return value
    match = _CLOSED.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is no time of the week; write Sun 02:00-04:00, or 02:00-04:00 for each day")
    start, end = hours_of(match[2])
    return Closing(weekdays=_weekdays(match[1] or "every day"), start=start, end=end)


def _weekdays(text: str) -> frozenset[int]:
    if text.strip().lower() == "every day":
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (word.strip().lower()[:3] for word in part.partition("-"))
        if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
            raise ValueError(f"{part.strip()!r} is no weekday; write Mon, Tue, Wed, Thu, Fri, Sat, Sun, or Mon-Fri")
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last if dash else first)
        found.update(range(begin, end + 1) if begin <= end else (*range(begin, 7), *range(end + 1)))
    return frozenset(found)


def _written(closing: Closing) -> str:
    days = ",".join(WEEKDAYS[number].capitalize() for number in sorted(closing.weekdays))
    return f"{days} {closing.start:%H:%M}-{closing.end:%H:%M}"


RateField = Annotated[
    Rate,
    BeforeValidator(_rate),
    PlainSerializer(lambda rate: rate.written, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,6}\s*/\s*(s|min|h|d)$", "examples": ["20/s"]}),
]
ClosingField = Annotated[
    Closing,
    BeforeValidator(_closing),
    PlainSerializer(_written, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["Sun 02:00-04:00"]}),
]


class WrittenLimits(Settings):
    """How much a partner's system is asked at a time: over all routes, and all processes that share the ledger."""

    sessions: int | None = Field(None, description="Polls and calls at the same time at most", ge=1, le=1000)
    in_flight: int | None = Field(
        None,
        description="Calls at the same time at most; a lane makes as many of them at once, those of one order_by key"
        " one after another; by default a lane makes one",
        ge=1,
        le=1000,
    )
    rate: RateField | None = Field(
        None, description="Calls in a span on average: 20/s, 100/min, 1000/h, 5000/d; a poll counts as one"
    )
    burst: int | None = Field(
        None,
        description="Calls that may follow at once after a pause; by default what the rate gives in a second",
        ge=1,
    )


class WrittenWindows(Settings):
    """When a partner's system is not there."""

    closed: tuple[ClosingField, ...] = Field(
        (), description="Times of the week: Sun 02:00-04:00, Mon-Fri 22:00-01:00, or 02:00-02:30 for each day"
    )
    timezone: str | None = Field(None, description="Time zone of these times, by default the workspace's")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a connection: none where nothing is written."""

    sessions: int | None = None
    in_flight: int | None = None
    rate: Rate | None = None
    burst: int = 1
    closings: Sequence[Closing] = ()
    timezone: ZoneInfo = _UTC

    @property
    def slots(self) -> int | None:
        """How many polls and calls may be under way at the same time; None: any number."""
        return min((bound for bound in (self.sessions, self.in_flight) if bound is not None), default=None)

    @property
    def at_once(self) -> int:
        """How many calls a lane makes at the same time."""
        return min(self.in_flight or 1, self.slots or 1)

    def closed_until(self, now: datetime) -> datetime | None:
        """When the partner's system is there again; None where it is there now."""
        return closed_until(self.closings, now, self.timezone) if self.closings else None

    @property
    def settings(self) -> dict[str, dict[str, Any]]:
        """What is in force, as it could be written."""
        limits: dict[str, Any] = {"sessions": self.sessions, "in_flight": self.in_flight}
        if self.rate is not None:
            limits |= {"rate": self.rate.written, "burst": self.burst}
        windows: dict[str, Any] = {}
        if self.closings:
            windows = {"closed": [_written(closing) for closing in self.closings], "timezone": str(self.timezone)}
        known = {"limits": {name: value for name, value in limits.items() if value is not None}, "windows": windows}
        return {name: block for name, block in known.items() if block}


def limits_of(limits: WrittenLimits | None, windows: WrittenWindows | None, timezone: ZoneInfo) -> Limits:
    """What is written, with its defaults."""
    limits, windows = limits or WrittenLimits(), windows or WrittenWindows()
    a_second = int(timedelta(seconds=1) / limits.rate.interval) if limits.rate is not None else 1
    return Limits(
        sessions=limits.sessions,
        in_flight=limits.in_flight,
        rate=limits.rate,
        burst=limits.burst or max(1, a_second),
        closings=windows.closed,
        timezone=timezone,
    )
