"""Working days, spans of working time, and times of day where clocks are turned."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.runner.calendar import Calendar, after_working_time, existing, is_within, moment_at, working_time

BERLIN = ZoneInfo("Europe/Berlin")
PLAIN = Calendar(timezone=BERLIN)
OFFICE = Calendar(timezone=BERLIN, hours=(time(8), time(18)))
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # noqa: DTZ001


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-03-06", True),  # Friday
        ("2026-03-07", False),
        ("2026-01-06", False),  # Epiphany, in Baden-Wuerttemberg
        ("2026-12-24", False),  # closed
        ("2026-04-25", True),  # a Saturday that is opened
        ("2026-05-01", True),  # Labour Day, opened
    ],
)
def test_a_day_is_worked_by_weekday_holiday_closing_and_opening(day: str, works: bool) -> None:
    calendar = Calendar(
        timezone=BERLIN,
        country="DE",
        region="BW",
        closed=frozenset([date(2026, 12, 24)]),
        opened=frozenset([date(2026, 4, 25), date(2026, 5, 1)]),
    )
    assert calendar.is_working(date.fromisoformat(day)) is works


def test_a_region_has_its_own_holidays() -> None:
    epiphany = date(2026, 1, 6)
    assert Calendar(timezone=BERLIN, country="DE").is_working(epiphany)
    assert Calendar(timezone=BERLIN, country="DE", region="BE").is_working(epiphany)


def test_neighbouring_worked_days_step_over_easter() -> None:
    calendar = Calendar(timezone=BERLIN, country="DE")
    assert calendar.next_working(date(2026, 4, 3)) == date(2026, 4, 7)
    assert calendar.previous_working(date(2026, 4, 6)) == date(2026, 4, 2)
    assert calendar.next_working(date(2026, 4, 7)) == date(2026, 4, 7)


def test_a_time_that_does_not_exist_comes_as_much_later_as_the_clock_was_set_forward() -> None:
    assert moment_at(date(2026, 3, 29), time(2, 30), BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert existing(datetime(2026, 3, 29, 2, 30), BERLIN) == []  # noqa: DTZ001


def test_a_time_that_exists_twice_is_the_first_of_the_two() -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert moment_at(date(2026, 10, 25), time(2, 30), BERLIN) == first
    assert existing(datetime(2026, 10, 25, 2, 30), BERLIN) == [first, second]  # noqa: DTZ001


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-02T09:00", 4, "2026-03-02T13:00"),
        ("2026-03-02T16:00", 4, "2026-03-03T10:00"),
        ("2026-03-06T17:00", 4, "2026-03-09T11:00"),  # over a weekend
        ("2026-03-07T12:00", 1, "2026-03-09T09:00"),
        ("2026-03-02T06:00", 10, "2026-03-02T18:00"),
    ],
)
def test_working_time_passes_in_working_hours(start: str, hours: int, end: str) -> None:
    assert after_working_time(at(start), timedelta(hours=hours), OFFICE) == at(end)
    assert working_time(at(start), at(end), OFFICE) == timedelta(hours=hours)


def test_hours_over_midnight_belong_to_the_day_on_which_they_begin() -> None:
    night = Calendar(timezone=BERLIN, hours=(time(22), time(6)))
    assert after_working_time(at("2026-03-06T23:00"), timedelta(hours=7), night) == at("2026-03-07T06:00")
    assert after_working_time(at("2026-03-07T23:00"), timedelta(hours=1), night) == at("2026-03-09T23:00")


@given(MOMENTS, st.timedeltas(timedelta(minutes=1), timedelta(hours=200)))
def test_what_has_passed_is_what_was_asked_for(start: datetime, span: timedelta) -> None:
    end = after_working_time(start, span, OFFICE)
    assert working_time(start, end, OFFICE) == span
    assert end >= start + span


def test_quiet_hours_may_go_over_midnight() -> None:
    night = (time(22), time(6))
    assert is_within(at("2026-03-02T23:30"), night, PLAIN)
    assert is_within(at("2026-03-02T05:59"), night, PLAIN)
    assert not is_within(at("2026-03-02T06:00"), night, PLAIN)
    assert is_within(at("2026-03-02T12:00"), (time(12), time(13)), PLAIN)
    assert not is_within(at("2026-03-02T13:00"), (time(12), time(13)), PLAIN)
