"""Judging arrivals: due times, what comes late, clocks that jump, services that were down."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from transload.runner.calendar import Calendar
from transload.runner.expectations.arrivals import Expected, judge
from transload.runner.expectations.windows import windows
from transload.runner.ledger.incidents import Change, Closing, Incident, Opening
from transload.runner.workspace.expectations import Expectation

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


class Story:
    """An expectation over time: what arrives, when somebody looks, and what has come of it."""

    def __init__(self, **settings) -> None:
        self.came: list[datetime] = []
        self.expected = Expected(
            route="acme/orders",
            partner="acme",
            expectation=Expectation.model_validate(settings),
            calendar=Calendar(timezone=BERLIN, country="DE"),
            count=lambda begin, end: sum(begin <= moment < end for moment in self.came),
        )
        self.until: datetime | None = None
        self.incident: Incident | None = None
        self.keys: set[str] = set()
        self.told: list[str] = []

    def arrive(self, *moments: str) -> None:
        self.came += [at(moment) for moment in moments]

    def look(self, moment: str) -> list[str]:
        """What has become of incidents at a look."""
        judged = judge(self.expected, self.until, self.incident, at(moment))
        ((self.until, _),) = judged.states.values()
        before = len(self.told)
        for change in judged.changes:
            self._apply(change, at(moment))
        return self.told[before:]

    def close(self) -> None:
        self.incident = None

    def _apply(self, change, now: datetime) -> None:
        if isinstance(change, Closing):
            self.told.append(f"over: {change.why}")
            self.incident = None
        elif isinstance(change, Change):
            self.told.append(f"changed: {change.title}")
            self.incident = self._incident(change, now)
        elif change.key not in self.keys:
            self.keys.add(change.key)
            self.told.append(f"new: {change.title}")
            self.incident = self._incident(change, now)

    def _incident(self, change: Opening | Change, now: datetime) -> Incident:
        return Incident(
            id=1, key="k", subject="s", source="arrival", severity="error", partner=None, about="", title=change.title,
            hint="", detail=change.detail, count=change.count, lasting=False, opened_at=now, changed_at=now,
            acknowledged_at=None, acknowledged_by=None, closed_at=None, closed_by=None, note=None,
        )  # fmt: skip


NOTHING = "no arrivals on acme/orders by 2026-03-03 18:00 CET"


def test_what_comes_in_time_is_no_word_worth() -> None:
    story = Story(by="18:00")
    assert story.look("2026-03-03T09:00") == []
    story.arrive("2026-03-03T17:59")
    assert story.look("2026-03-03T18:30") == []


def test_what_does_not_come_is_told_once_and_over_when_it_comes_late() -> None:
    story = Story(by="18:00")
    story.look("2026-03-03T09:00")
    assert story.look("2026-03-03T18:04") == []  # there is some grace
    assert story.look("2026-03-03T18:05") == [f"new: {NOTHING}"]
    assert story.look("2026-03-03T18:06") == []
    story.arrive("2026-03-03T20:00")
    assert story.look("2026-03-03T20:01") == ["over: it came late"]
    assert story.look("2026-03-03T20:02") == []


def test_what_comes_within_the_grace_is_not_told() -> None:
    story = Story(by="18:00")
    story.look("2026-03-03T09:00")
    story.arrive("2026-03-03T18:03")
    assert story.look("2026-03-03T18:10") == []


def test_nothing_is_expected_before_the_first_look() -> None:
    story = Story(by="18:00")
    assert story.look("2026-03-03T19:00") == []
    assert story.look("2026-03-04T17:00") == []
    assert story.look("2026-03-04T18:05") == ["new: no arrivals on acme/orders by 2026-03-04 18:00 CET"]


def test_nothing_is_due_on_holidays_and_weekends() -> None:
    story = Story(by="18:00")
    story.look("2026-04-02T19:00")  # the Thursday before Easter
    assert story.look("2026-04-07T17:00") == []
    assert story.look("2026-04-07T18:06") == ["new: no arrivals on acme/orders by 2026-04-07 18:00 CEST"]


def test_a_service_that_was_down_tells_once_what_it_missed() -> None:
    story = Story(by="18:00")
    story.look("2026-03-02T09:00")
    first = "new: no arrivals on acme/orders by 2026-03-02 18:00 CET, and at 3 due times since"
    assert story.look("2026-03-05T22:00") == [first]
    assert story.look("2026-03-05T22:01") == []


def test_what_comes_on_later_days_as_usual_does_not_make_up_for_a_day_that_is_missing() -> None:
    story = Story(by="18:00")
    story.look("2026-03-03T09:00")
    assert story.look("2026-03-03T19:00") == [f"new: {NOTHING}"]
    story.arrive("2026-03-04T17:00")
    assert story.look("2026-03-04T19:00") == []  # today's came, yesterday's did not
    story.arrive("2026-03-05T16:00", "2026-03-05T16:30")  # one more than a day has
    assert story.look("2026-03-05T16:31") == ["over: it came late"]
    assert story.look("2026-03-05T19:00") == []


def test_numbers_that_fall_short_go_down_as_the_rest_comes() -> None:
    story = Story(by="18:00", at_least=5, since="06:00")
    story.look("2026-03-03T05:00")
    story.arrive("2026-03-03T05:59", *[f"2026-03-03T1{hour}:00" for hour in range(2)])
    assert story.look("2026-03-03T18:05") == ["new: 2 of 5 arrivals on acme/orders by 2026-03-03 18:00 CET"]
    story.arrive("2026-03-03T18:20", "2026-03-03T18:21")
    assert story.look("2026-03-03T18:30") == ["changed: 4 of 5 arrivals on acme/orders by 2026-03-03 18:00 CET"]
    story.arrive("2026-03-04T05:00")
    assert story.look("2026-03-04T05:10") == ["over: it came late"]


def test_one_that_a_person_has_closed_is_not_told_again_and_the_next_day_is() -> None:
    story = Story(by="18:00")
    story.look("2026-03-03T09:00")
    assert story.look("2026-03-03T19:00") == [f"new: {NOTHING}"]
    story.close()
    assert story.look("2026-03-03T19:01") == []
    assert story.look("2026-03-04T18:06") == ["new: no arrivals on acme/orders by 2026-03-04 18:00 CET"]


@pytest.mark.parametrize("jump", [-1, 1])
def test_a_clock_that_jumps_an_hour_tells_nothing_twice(jump: int) -> None:
    story = Story(by="18:00")
    story.look("2026-03-03T09:00")
    told = story.look("2026-03-03T18:06")
    for minutes in range(0, 120, 7):
        moment = at("2026-03-03T18:06") + timedelta(hours=jump, minutes=minutes)
        told += story.look(f"{moment.astimezone(BERLIN):%Y-%m-%dT%H:%M}")
    assert told == [f"new: {NOTHING}"]


def test_every_so_often_within_hours() -> None:
    story = Story(every="2h", between="08:00-18:00")
    story.look("2026-03-03T07:00")
    story.arrive("2026-03-03T09:59")
    assert story.look("2026-03-03T10:06") == []
    assert story.look("2026-03-03T12:06") == ["new: no arrivals on acme/orders by 2026-03-03 12:00 CET"]
    again = "changed: no arrivals on acme/orders by 2026-03-03 12:00 CET, and at 1 due times since"
    assert story.look("2026-03-03T14:06") == [again]
    story.arrive("2026-03-03T14:10")
    assert story.look("2026-03-03T14:11") == ["over: it came late"]
    story.arrive("2026-03-03T16:30")
    assert story.look("2026-03-03T23:00") == []
    assert story.look("2026-03-04T09:00") == []


def test_windows_over_midnight_and_over_changes_of_the_clock() -> None:
    night = Expectation.model_validate({"by": "06:00", "since": "18:00", "on": "every day"})
    found = list(windows(night, Calendar(timezone=BERLIN), at("2026-03-28T12:00"), at("2026-03-29T12:00")))
    assert [(window.begin, window.due) for window in found] == [(at("2026-03-28T18:00"), at("2026-03-29T06:00"))]
    hours = Expectation.model_validate({"every": "1h", "on": "every day"})
    day = list(windows(hours, Calendar(timezone=BERLIN), at("2026-10-25T00:00"), at("2026-10-26T00:00")))
    assert len(day) == 25
    assert all(window.due - window.begin == timedelta(hours=1) for window in day)
