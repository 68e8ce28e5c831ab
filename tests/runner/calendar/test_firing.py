"""The times of crontab expressions: on worked days, and over changes of the clock."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.runner.calendar import Calendar
from transload.runner.calendar.firing import Firing

BERLIN = ZoneInfo("Europe/Berlin")
GERMANY = Calendar(timezone=BERLIN, country="DE")


def times(firing: Firing, begin: str, number: int) -> list[str]:
    """The next times after ``begin``, a time of day in Berlin, each as it is in UTC."""
    moment: datetime | None = datetime.fromisoformat(begin).replace(tzinfo=BERLIN)
    found = []
    for _ in range(number):
        assert moment is not None
        moment = firing.after(moment)
        assert moment is not None
        found.append(f"{moment.astimezone(UTC):%d %H:%M}")
    return found


def test_a_time_of_day_that_does_not_exist_comes_an_hour_later() -> None:
    assert times(Firing("30 2 * * *", BERLIN), "2026-03-28T12:00", 2) == ["29 01:30", "30 00:30"]


def test_a_time_of_day_that_exists_twice_comes_once() -> None:
    assert times(Firing("30 2 * * *", BERLIN), "2026-10-24T12:00", 2) == ["25 00:30", "26 01:30"]


def test_what_comes_every_hour_goes_on_with_the_clock() -> None:
    spring = times(Firing("30 * * * *", BERLIN), "2026-03-29T00:00", 4)
    assert spring == ["28 23:30", "29 00:30", "29 01:30", "29 02:30"]
    autumn = times(Firing("30 * * * *", BERLIN), "2026-10-25T01:00", 4)
    assert autumn == ["24 23:30", "25 00:30", "25 01:30", "25 02:30"]


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ("skip", ["02 07:00", "07 07:00", "08 07:00"]),
        ("next", ["02 07:00", "07 07:00", "08 07:00"]),
        ("previous", ["02 07:00", "07 07:00", "08 07:00"]),
    ],
)
def test_a_daily_time_over_easter_comes_once_however_days_are_moved(otherwise: str, expected: list[str]) -> None:
    assert times(Firing("0 9 * * *", BERLIN, GERMANY, otherwise), "2026-04-01T12:00", 3) == expected


@pytest.mark.parametrize(
    ("otherwise", "expected"),
    [
        ("skip", ["01 08:00", "01 08:00"]),  # December and February: 1 November is a Sunday, 1 January a holiday
        ("next", ["02 08:00", "01 08:00", "04 08:00"]),
        ("previous", ["30 08:00", "01 08:00", "31 08:00"]),  # 30 October, 1 and 31 December
    ],
)
def test_the_first_of_the_month_is_skipped_or_moved_to_a_worked_day(otherwise: str, expected: list[str]) -> None:
    firing = Firing("0 9 1 * *", BERLIN, GERMANY, otherwise)
    assert times(firing, "2026-10-15T12:00", len(expected)) == expected


def test_weekdays_are_counted_from_sunday() -> None:
    def days(expression: str) -> list[str]:
        firing, moment, found = Firing(expression, BERLIN), datetime(2026, 3, 1, tzinfo=UTC), []
        for _ in range(5):
            moment = firing.after(moment)
            found.append(f"{moment:%a}")
        return found

    assert days("0 8 * * 1-5") == ["Mon", "Tue", "Wed", "Thu", "Fri"]
    assert days("0 8 * * 0,6") == ["Sun", "Sat", "Sun", "Sat", "Sun"]
    assert days("0 8 * * 5-7") == ["Sun", "Fri", "Sat", "Sun", "Fri"]
    assert days("0 8 * * mon-wed") == ["Mon", "Tue", "Wed", "Mon", "Tue"]


@pytest.mark.parametrize("expression", ["", "* * * *", "0 8 * * 8", "61 * * * *", "0 8 32 * *"])
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Firing(expression, BERLIN)


def test_days_that_never_come_end_the_search() -> None:
    assert Firing("0 8 * * sun", BERLIN, GERMANY).after(datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert Firing("0 8 30 2 *", BERLIN).after(datetime(2026, 1, 1, tzinfo=UTC)) is None


FIELDS = st.tuples(
    st.sampled_from(["0", "30", "*/20", "5,50"]),
    st.sampled_from(["*", "*/3", "2", "1-3", "0,23"]),
    st.sampled_from(["*", "*/2", "25-31"]),
    st.sampled_from(["*", "3,10"]),
    st.sampled_from(["*", "mon,sun", "1-5"]),
)
OTHERWISE = st.sampled_from(["skip", "next", "previous"])
NEAR = st.sampled_from([datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])


@settings(max_examples=40)
@given(
    FIELDS, NEAR, st.timedeltas(timedelta(days=-3), timedelta(days=3)), st.sampled_from(["skip", "next", "previous"])
)
def test_times_rise_and_none_is_left_out_whoever_asks(fields, near, offset, otherwise) -> None:
    expression, start = " ".join(fields), near + offset
    asked, fresh = Firing(expression, BERLIN, GERMANY, otherwise), Firing(expression, BERLIN, GERMANY, otherwise)
    found, moment = [], start
    for _ in range(12):
        moment = asked.after(moment)
        if moment is None:
            break
        found.append(moment)
    assert all(one < other for one, other in pairwise(found))
    for one, other in pairwise([start, *found]):
        between = one + (other - one) / 2
        assert fresh.after(between) == other  # no time lies between the two
    assert all(GERMANY.is_working(each.astimezone(BERLIN).date()) for each in found)
