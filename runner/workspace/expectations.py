"""What may be written under ``calendar:``, ``expect:`` and ``expect_acknowledgement:``."""

import re
from datetime import date, time, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from transload.adapters.base import Duration, Settings
from transload.runner.calendar import WEEKDAYS

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_YEARLY = re.compile(r"(\d\d)-(\d\d)")

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Severity = Literal["warning", "error"]


def _time(value: Any) -> Any:
    if isinstance(value, time):
        return value
    match = _TIME.fullmatch(str(value).strip())
    if match is None:
        raise ValueError(f"{value!r} is no time of day; write it like 18:00")
    return time(int(match[1]), int(match[2]))


def hours_of(value: Any) -> Any:
    """The two times of day of ``08:00-18:00``; what is no text stays.  Raises `ValueError`."""
    if not isinstance(value, str):
        return value
    start, dash, end = value.partition("-")
    if not dash:
        raise ValueError(f"{value!r} are no hours; write them like 08:00-18:00")
    found = _time(start), _time("00:00" if end.strip() == "24:00" else end)
    if found[0] == found[1] != time(0):
        raise ValueError(f"{value!r} begins where it ends; write hours like 08:00-18:00")
    return found


def _clock(value: time) -> str:
    return value.strftime("%H:%M")


TimeOfDay = Annotated[
    time,
    BeforeValidator(_time),
    PlainSerializer(_clock, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\d{1,2}:\d{2}$", "examples": ["18:00"]}),
]
"""A time of day, written like ``18:00``."""
Hours = Annotated[
    tuple[time, time],
    BeforeValidator(hours_of),
    PlainSerializer(lambda value: f"{_clock(value[0])}-{_clock(value[1])}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "examples": ["08:00-18:00"]}),
]
"""Hours of a day, written like ``08:00-18:00``; they may go over midnight."""


def _days(value: Any) -> Any:
    return tuple(item.replace("_", " ") for item in ([value] if isinstance(value, str) else value))


def _whole(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(value) > 1 and any(" " in item for item in value):
        raise ValueError("it is 'working days', 'every day', or a list of weekdays")
    return value


Days = Annotated[
    tuple[Literal["working days", "every day"] | Weekday, ...],
    BeforeValidator(_days),
    AfterValidator(_whole),
    Field(min_length=1),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": ["working days", "working_days", "every day", "every_day", *WEEKDAYS]},
                {"type": "array", "items": {"type": "string", "enum": list(WEEKDAYS)}},
            ]
        }
    ),
]
"""Days: ``working days`` of the calendar, ``every day``, or weekdays."""


class WrittenCalendar(Settings):
    """Working days, for schedules and expectations."""

    country: str | None = Field(None, description="Country whose public holidays are not worked", pattern="^[A-Z]{2}$")
    region: str | None = Field(None, description="Part of the country, by ISO 3166-2 without the country: BE, CA")
    working_days: tuple[Weekday, ...] = Field(
        ("mon", "tue", "wed", "thu", "fri"),
        description="Weekdays that are worked: mon, tue, wed, thu, fri, sat, sun",
        min_length=1,
    )
    hours: Hours | None = Field(None, description="Working hours of each such day, by default all of it")
    closed: tuple[str, ...] = Field(
        (), description="Further days that are not worked: 2026-12-24, each year 12-24, or 2026-12-24..2027-01-01"
    )
    open: tuple[date, ...] = Field((), description="Days that are worked in spite of all that: 2026-12-28")
    timezone: str | None = Field(None, description="Time zone of its days, by default the workspace's")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.region is not None and self.country is None:
            raise ValueError("region is a part of a country: name the country too")
        for text in self.closed:
            closed_days(text, 2028)  # a leap year, which has all days
        return self


def closed_days(text: str, year: int) -> tuple[date, date]:
    """First and last day that ``text`` under ``closed:`` means, in ``year`` if it says none.  Raises `ValueError`."""
    yearly = _YEARLY.fullmatch(text)
    if yearly:
        text = f"{year}-{text}"
    first, dots, last = text.partition("..")
    try:
        found = date.fromisoformat(first), date.fromisoformat(last if dots else first)
    except ValueError:
        raise ValueError(f"{text!r} is no day; write 2026-12-24, 12-24 or 2026-12-24..2027-01-01") from None
    if found[0] > found[1] or (found[1] - found[0]).days > 366:
        raise ValueError(f"{text!r} must end after it begins, within a year")
    return found


class Expectation(Settings):
    """Something that should arrive: ``by`` a time of day, ``every`` so often, without ``gaps``, or as it used to."""

    by: TimeOfDay | None = Field(None, description="Time of day by which it must have arrived")
    since: TimeOfDay | None = Field(
        None,
        description="With by: what arrives from then on counts, by default from midnight; a time after by means the day"
        " before",
    )
    every: Duration | None = Field(
        None, description="How often something must arrive, counted from the beginning of between", gt=timedelta(0)
    )
    between: Hours | None = Field(None, description="With every: the hours in which that is so, such as 08:00-18:00")
    gaps: Duration | None = Field(
        None,
        description="How long a control number may be missing in the sequence of a sender and receiver: interchange"
        " references that are numbers",
        ge=timedelta(0),
    )
    silence: Literal["learned"] | None = Field(
        None, description="Whether nothing comes for much longer than it used to at this time of day"
    )
    at_least: int = Field(1, description="How many, with by or every", ge=1)
    document: str | None = Field(
        None,
        description="Which, with by or every: a document such as order/1, or the kind of message such as ORDERS; by"
        " default whatever arrives, duplicates left out",
    )
    on: Days = Field(("working days",), description="Days: working days, every day, or weekdays such as [mon, fri]")
    grace: Duration = Field(
        timedelta(minutes=5),
        description="How long after the due time it is judged, so that what waits there is fetched",
    )
    severity: Severity = Field("error", description="How bad it is: warning or error")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in ("by", "every", "gaps", "silence") if getattr(self, name) is not None]
        if len(kinds) != 1:
            raise ValueError("it is one of by, every, gaps and silence" + (": split it in two" if kinds else ""))
        only = {"since": "by", "between": "every"}
        for name in sorted(self.model_fields_set & {"since", "between", "at_least", "document"}):
            if name in only and kinds[0] != only[name]:
                raise ValueError(f"{name} belongs to {only[name]}, which is not here")
            if kinds[0] in ("gaps", "silence"):
                raise ValueError(f"{name} belongs to by or every, not to {kinds[0]}")
        if self.every is not None and not timedelta(minutes=1) <= self.every <= timedelta(days=1):
            raise ValueError("every is a span from 1m to 1d")
        if kinds[0] == "gaps" and "on" in self.model_fields_set:
            raise ValueError("on belongs to by, every or silence, not to gaps")
        return self

    @property
    def name(self) -> str:
        """What tells it from others, and changes with its settings: then it is judged anew."""
        kind = next(name for name in ("by", "every", "gaps", "silence") if getattr(self, name) is not None)
        return f"{kind} {sha256(self.model_dump_json().encode()).hexdigest()[:12]}"


class AcknowledgementExpectation(Settings):
    """The acknowledgement that the partner owes for what we send."""

    kind: Literal["any", "contrl", "997", "999", "ta1"] = Field("any", description="Which: contrl, 997, 999, ta1, any")
    within: Duration = Field(description="Within what span after it was sent", gt=timedelta(0))
    hours: Literal["clock", "working"] = Field(
        "clock", description="Whether the span counts all hours, or the calendar's working days and hours only"
    )
    severity: Severity = Field("error", description="How bad it is: warning or error")
