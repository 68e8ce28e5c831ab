"""Silence against what was learned: no false alarms, and true ones soon."""

import random
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from transload.runner.calendar import Calendar
from transload.runner.expectations.silence import Heard, judge, limits
from transload.runner.ledger.incidents import Opening
from transload.runner.workspace.expectations import Expectation

BERLIN = ZoneInfo("Europe/Berlin")
CALENDAR = Calendar(timezone=BERLIN, country="DE", region="BE")
HEARD = Heard(
    route="acme/orders",
    partner="acme",
    expectation=Expectation.model_validate({"silence": "learned"}),
    calendar=CALENDAR,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


class Past:
    """What the ledger would tell of these arrivals."""

    def __init__(self, moments: list[datetime]) -> None:
        self.all = sorted(moments)
        self.now = datetime.max.replace(tzinfo=UTC)

    def first_arrival(self, route: str) -> datetime | None:
        return self.all[0] if self.all and self.all[0] <= self.now else None

    def last_arrival(self, route: str) -> datetime | None:
        came = bisect_right(self.all, self.now)
        return self.all[came - 1] if came else None

    def moments(self, route: str, begin: datetime, most: int) -> list[datetime]:
        return self.all[bisect_right(self.all, begin) : bisect_right(self.all, self.now)][-most:]


def alarms(past: Past, begin: datetime, end: datetime, step: timedelta = timedelta(minutes=15)) -> list[datetime]:
    """The moments at which something would be told, looking every quarter of an hour."""
    state, found, now, keys = None, [], begin, set()
    while now < end:
        past.now = now
        judged = judge(HEARD, past, state, None, now)  # type: ignore[arg-type]
        for _, kept in judged.states.values():
            state = kept
        for change in judged.changes:
            assert isinstance(change, Opening)
            if change.key not in keys:
                keys.add(change.key)
                found.append(now)
        now += step
    return found


def busy(first: date, days: int, per_day: int, seed: int, leave_out: tuple[date, ...] = ()) -> list[datetime]:
    """Arrivals at random moments between 8 and 18 on worked days."""
    dice, found = random.Random(seed), []
    for number in range(days):
        day = first + timedelta(days=number)
        if not CALENDAR.is_working(day) or day in leave_out:
            continue
        for _ in range(per_day):
            found.append(at(f"{day}T08:00") + timedelta(seconds=dice.randrange(36_000)))
    return found


@pytest.mark.parametrize("per_day", [1, 4, 40])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_route_as_usual_raises_no_alarm_over_weekends_and_holidays(per_day: int, seed: int) -> None:
    past = Past(busy(date(2026, 1, 26), 85, per_day, seed))  # Easter and Labour Day are in it
    assert alarms(past, at("2026-02-20T00:00"), at("2026-04-20T00:00"), timedelta(hours=2)) == []


def test_nothing_is_said_in_the_first_weeks() -> None:
    past = Past(busy(date(2026, 3, 2), 20, 50, 1))  # then silence
    assert alarms(past, at("2026-03-02T00:00"), at("2026-03-29T00:00"), timedelta(hours=1)) == []


def test_little_traffic_is_not_enough_to_learn_from() -> None:
    moments = [at(f"2026-0{month}-{day:02}T10:00") for month in (1, 2) for day in (5, 12, 19, 26)]
    assert limits(moments, CALENDAR.is_working, BERLIN, at("2026-03-20T12:00")) is None


def test_a_busy_route_that_falls_silent_is_told_within_the_morning_once() -> None:
    past = Past(busy(date(2026, 1, 26), 47, 200, 1))  # the last arrivals are those of Friday, 13 March
    found = alarms(past, at("2026-03-13T19:00"), at("2026-03-17T00:00"))
    assert len(found) == 1
    assert at("2026-03-16T08:30") < found[0] < at("2026-03-16T10:30")


def test_silence_in_the_middle_of_the_day_is_told_soon() -> None:
    moments = [moment for moment in busy(date(2026, 1, 26), 51, 200, 1) if moment < at("2026-03-16T12:00")]
    (found,) = alarms(Past(moments), at("2026-03-16T07:00"), at("2026-03-17T00:00"), timedelta(minutes=5))
    assert at("2026-03-16T12:30") <= found < at("2026-03-16T14:00")


def test_one_outage_in_the_past_does_not_make_it_deaf() -> None:
    quiet = (date(2026, 2, 18),)
    past = Past(busy(date(2026, 1, 26), 47, 200, 1, leave_out=quiet))
    found = alarms(past, at("2026-03-13T19:00"), at("2026-03-17T00:00"))
    assert len(found) == 1
    assert found[0] < at("2026-03-16T12:30")


def test_a_day_off_that_no_calendar_knows_is_the_only_false_one() -> None:
    past = Past(busy(date(2026, 1, 26), 60, 50, 1, leave_out=(date(2026, 3, 17),)))
    assert len(alarms(past, at("2026-03-16T00:00"), at("2026-03-20T00:00"))) == 1
