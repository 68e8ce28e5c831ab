"""The machine's clock is set an hour back or forward: nothing stands still, and no time of day comes twice."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from apscheduler.schedulers import base

from transload.runner.engine.leaps import Leaps
from transload.runner.ledger import LedgerError
from transload.runner.ledger.ticks import Ticks
from transload.runner.lines.schedule import Clock
from transload.runner.workspace.model import Cron, Every

HOUR = timedelta(hours=1)
UTC_ZONE = ZoneInfo("UTC")


class Machine:
    """A machine whose clock can be set; what waits goes on as before."""

    def __init__(self) -> None:
        self.off = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.fixture
def machine(monkeypatch):
    """The clock of this machine, also as APScheduler reads it."""
    found = Machine()

    class Shifted(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + found.off

    monkeypatch.setattr(base, "datetime", Shifted)
    return found


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_leap_is_what_no_time_has_passed_for():
    now, seconds = [datetime(2026, 3, 2, 3, tzinfo=UTC)], [0.0]
    leaps = Leaps(lambda: now[0], monotonic=lambda: seconds[0])

    def passes(span, of_the_clock=timedelta()):
        seconds[0] += span
        now[0] += timedelta(seconds=span) + of_the_clock
        return leaps.look()

    assert passes(1) is None
    assert passes(3600) is None  # a database that hangs, a process that was stopped
    assert passes(1, timedelta(seconds=-9)) is None
    assert passes(1, -HOUR) == -HOUR
    assert passes(1) is None
    assert passes(1, HOUR) == HOUR


@pytest.mark.parametrize("leap", [HOUR, -HOUR])
def test_a_service_goes_on(make_house, serving, script, machine, log, leap):
    """What is polled, and what is to be tried again, as if nothing had happened; the log is quiet."""
    house = make_house(
        schedule=Every(interval=timedelta(milliseconds=200)), target_act=script("before landing", ["retry"])
    )
    house.retry = type(house.retry)(first=timedelta(milliseconds=1), longest=timedelta(milliseconds=1))
    house.put_orders("a.txt", "1")
    _, ledger = serving(house, clock=machine)
    until(lambda: house.landed() == ["1"])
    house.retry = type(house.retry)()
    machine.off = leap
    house.put_orders("b.txt", "2", reference="2")
    until(lambda: house.landed() == ["1", "2"], 6)
    until(lambda: any("clock was set" in event for event in log.told("warning")))
    until(lambda: abs((ledger.ticks.last("acme/orders") or datetime.now(UTC)) - machine()) < timedelta(minutes=1))
    assert log.told("error") == []
    assert len(log.told("warning")) <= 2


def test_what_waited_until_a_time_that_is_far_again_is_due(make_house, script, hands):
    house = make_house(target_act=script("before landing", ["retry after 300"]))
    house.retry = type(house.retry)()
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        hands.turn(hours=1)  # it is tried again, in vain, as the clock is ahead
        house.target_act = script("before landing", ["retry after 300"])
        house.engine(ledger, clock=hands).run_pass()
        ledger.ticks.fire("acme/orders", hands(), hands())
        ledger.ticks.again("acme/orders", hands(), hands() + HOUR, hands())
        ledger.lanes.rest("acme/orders/erp/sales-orders", hands() + timedelta(minutes=20))
        assert not ledger.leaps.is_ahead(hands() - timedelta(seconds=5))  # clocks differ
        hands.turn(minutes=-50)
        assert ledger.leaps.is_ahead(hands())
        assert ledger.ticks.due(hands()) == ["acme/orders"]
        house.target_act = lambda moment: None
        house.engine(ledger, clock=hands).run_pass()
        assert house.landed() == ["1"]
        ledger.ticks.again("acme/orders", hands(), hands() + HOUR, hands())
        assert ledger.ticks.due(hands()) == []  # it is not asked again and again until the clock is there


def test_what_waits_is_left_alone_where_the_clock_is_right(make_house, script, hands):
    house = make_house(target_act=script("before landing", ["retry after 300"]))
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        for _ in range(3):
            house.engine(ledger, clock=hands).run_pass()
            hands.turn(minutes=1)
        assert house.landed() == []
        assert ledger.leaps.put_right(hands()) == 0
        assert ledger.lanes.ready(hands()) == []


@pytest.mark.parametrize(
    ("schedule", "fired", "again"),
    [
        (Every(interval=HOUR), 1, True),
        (Every(interval=timedelta(minutes=5)), 12, True),
        (Cron(expression="*/5 7-18 * * *", timezone=UTC_ZONE), 12, True),
        (Cron(expression="0 8 * * *", timezone=UTC_ZONE), 1, False),
    ],
)
def test_set_back_a_lone_time_of_day_does_not_come_twice_and_what_fires_often_goes_on(
    ledger, hands, schedule, fired, again
):
    begin = hands()  # 08:00
    times = [begin + HOUR * number / fired for number in range(fired)]
    for moment in times:
        ledger.ticks.fire("a/b", moment, moment)
        ledger.ticks.done("a/b", moment, moment)
    woken: list[str] = []
    clock = Clock(ledger, {"a/b": schedule}, woken.append, now=hands)
    hands.turn(minutes=-30)  # before the first of them
    clock.start()
    clock.stop()
    woken.clear()
    for moment in times:
        hands.now = moment
        clock._due("a/b", moment)
    assert woken == (["a/b"] * fired if again else [])


def test_set_forward_a_time_that_passed_is_made_up_for_once(ledger, hands, machine):
    woken: list[str] = []
    daily = Cron(expression="30 8 * * *", timezone=UTC_ZONE)
    clock = Clock(ledger, {"a/b": daily}, woken.append, now=hands)
    clock.start()
    assert woken == []  # it waits for its first time of day
    hands.turn(hours=1)
    clock.leapt(HOUR)
    assert woken == ["a/b"]
    clock.leapt(HOUR)
    assert woken == ["a/b"]
    clock.stop()


def test_a_time_that_the_ledger_could_not_take_is_not_lost(ledger, hands, monkeypatch, log):
    """A disk that is full at 03:00 costs the poll minutes, not a day."""
    woken: list[str] = []
    daily = Cron(expression="0 8 * * *", timezone=UTC_ZONE)
    clock = Clock(ledger, {"a/b": daily}, woken.append, now=hands)
    fire = Ticks.fire

    def fails(*arguments, **more):
        raise LedgerError("the ledger failed: database or disk is full")

    monkeypatch.setattr(Ticks, "fire", fails)
    for day in range(2):
        clock._due("a/b", hands() + timedelta(days=day))
    with pytest.raises(LedgerError):
        clock.look()
    monkeypatch.setattr(Ticks, "fire", fire)
    clock.look()
    clock.look()
    assert woken == ["a/b"]
    assert log.told("error") == ["times of schedules wait for the ledger"]
    with ledger.read() as connection:
        assert connection.exec_driver_sql("SELECT missed FROM ticks").scalars().all() == [1]
