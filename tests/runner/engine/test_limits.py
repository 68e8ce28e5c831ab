"""What partners' systems are asked at a time: rates, slots, calls at once, windows."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.runner.calendar.closings import closed_until
from transload.runner.ledger import State
from transload.runner.workspace.limits import Limits, WrittenLimits, WrittenWindows, limits_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def limits(**written):
    windows = written.pop("closed", None)
    closed = WrittenWindows.model_validate({"closed": windows}) if windows else None
    return limits_of(WrittenLimits.model_validate(written), closed, ZoneInfo("UTC"))


class Calls:
    """How many calls are under way at once, at most, and how many of one buyer."""

    def __init__(self, seconds=0.03):
        self.seconds = seconds
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, moment):
        if moment != "before landing":
            return
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(self.seconds)
        with self.lock:
            self.now -= 1


def test_a_lane_makes_as_many_calls_at_once_as_its_connection_allows(make_house):
    calls = Calls()
    house = make_house(target_act=calls, limits=limits(in_flight=4))
    house.put_orders("a.txt", *[str(number) for number in range(30)])
    with house.ledger() as ledger:
        summary = house.engine(ledger).run_pass()
        assert ledger.verify() == []
    assert summary.deliveries == {State.SENT: 30}
    assert sorted(house.landed(), key=int) == [str(number) for number in range(30)]
    assert calls.most == 4


def test_calls_at_once_keep_the_order_of_each_key(make_house):
    calls, chance = Calls(0.002), Counter()

    def act(moment):
        calls(moment)
        if moment == "before landing":
            chance["calls"] += 1
            if chance["calls"] % 7 == 3:
                raise house_retry("not now")

    from transload.canonical.errors import Retry as house_retry  # noqa: N813

    house = make_house(target_act=act, limits=limits(in_flight=5), order_by=("buyer.name",))
    house.retry = type(house.retry)(attempts=50, first=timedelta(milliseconds=1), longest=timedelta(milliseconds=1))
    rows = [f"M|{n}|{key}-{n:03}|{key}" for n in range(12) for key in "ABCDEF"]
    house.put("a.txt", "H|acme|us|1", *rows, f"T|{len(rows)}")
    with house.ledger() as ledger:
        for _ in range(60):
            if not house.engine(ledger).run_pass().waiting:
                break
            time.sleep(0.002)
    landed = house.landed()
    assert len(landed) == len(set(landed)) == len(rows)
    for key in "ABCDEF":
        own = [number for number in landed if number.startswith(key)]
        assert own == sorted(own)
    assert calls.most > 1


def test_two_lanes_share_the_slots_of_one_connection(make_house):
    calls = Calls()
    house = make_house(target_act=calls, limits=limits(sessions=1), second_target=True)
    workspace = house.workspace()
    first, second = workspace.send_routes.values()
    object.__setattr__(second, "connection", first.connection)
    house.workspace = lambda: workspace
    house.put_orders("a.txt", *[str(number) for number in range(10)])
    with house.ledger() as ledger:
        summary = house.engine(ledger).run_pass()
    assert summary.deliveries == {State.SENT: 20}
    assert calls.most == 1


def test_a_rate_is_kept_and_a_pass_waits_for_it(make_house):
    house = make_house(limits=limits(rate="20/s", burst=2))
    house.put_orders("a.txt", *[str(number) for number in range(8)])
    with house.ledger() as ledger:
        began = time.monotonic()
        summary = house.engine(ledger).run_pass()
        took = time.monotonic() - began
    assert summary.deliveries == {State.SENT: 8}
    assert took >= 6 / 20 - 0.01  # two at once, then one each twentieth of a second


def test_a_lane_that_waits_long_for_its_rate_rests(make_house, hands):
    house = make_house(limits=limits(rate="30/min"))
    house.put_orders("a.txt", "1", "2")
    with house.ledger() as ledger:
        began = time.monotonic()
        house.engine(ledger).run_pass()
        assert time.monotonic() - began > 1.5
        assert house.landed() == ["1", "2"]
        with ledger.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM lanes WHERE wait_until IS NOT NULL").scalar() == 1


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 12)), min_size=1, max_size=60),
    st.integers(1, 20),
)
def test_a_bucket_never_gives_more_than_its_rate(rates, asked, burst):
    """In any span: at most ``burst`` calls and those that the span pays for."""
    interval, now, given_out = timedelta(milliseconds=50), NOW, []
    name = f"c{rates.number()}"
    for pause, most in asked:
        now += timedelta(milliseconds=pause)
        granted, wait = rates.take(name, most, interval=interval, burst=burst, now=now)
        assert 0 <= granted <= most
        assert granted == most or wait > 0
        given_out += [now] * granted
    for i, begin in enumerate(given_out):
        for j in range(i, len(given_out)):
            assert j - i + 1 <= burst + (given_out[j] - begin) // interval


@pytest.fixture(scope="module")
def rates(tmp_path_factory):
    from transload.runner.ledger import Ledger

    with Ledger(f"sqlite:///{tmp_path_factory.mktemp('rates')}/ledger.db") as ledger:
        found, numbers = ledger.rates, iter(range(10_000))
        found.number = lambda: next(numbers)
        yield found


def test_a_clock_that_was_ahead_has_not_paid_for_hours(rates):
    interval = timedelta(seconds=1)
    rates.take("ahead", 5, interval=interval, burst=5, now=NOW + timedelta(hours=3))
    assert rates.take("ahead", 1, interval=interval, burst=5, now=NOW) == (0, 1.0)
    assert rates.take("ahead", 1, interval=interval, burst=5, now=NOW + timedelta(seconds=1))[0] == 1


def test_nothing_is_asked_while_a_connection_is_closed(make_house, hands):
    closed = limits(closed=["Mon 02:00-12:00"])
    assert closed.closed_until(hands.now)  # it is a Monday, at nine
    house = make_house(limits=closed)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        assert house.landed() == []
        assert house.offered == ["a.txt"]
        assert summary.exit_code == 3
        assert [finding.code for finding in summary.findings] == ["W-CLOSED"]
        hands.turn(hours=6)
        assert house.engine(ledger, clock=hands).run_pass().exit_code == 0
    assert house.landed() == ["1"]


@pytest.mark.parametrize(
    ("written", "moment", "until"),
    [
        (["Sun 02:00-04:00"], "2026-03-01 02:30", "2026-03-01 04:00"),
        (["Sun 02:00-04:00"], "2026-03-02 02:30", None),
        (["Fri-Mon 22:00-01:00"], "2026-03-03 00:30", "2026-03-03 01:00"),  # Monday's, which ends on Tuesday
        (["Fri-Mon 22:00-01:00"], "2026-03-04 00:30", None),
        (["22:00-24:00", "00:00-00:30"], "2026-03-04 23:00", "2026-03-05 00:30"),  # one follows the other
        (["sat,sun 00:00-24:00"], "2026-03-07 12:00", "2026-03-09 00:00"),
        (["Sun 02:00-04:00"], "2026-03-29 03:30", "2026-03-29 04:00"),  # clocks go forward at two
    ],
)
def test_closed_times_of_the_week(written, moment, until):
    closings = WrittenWindows.model_validate({"closed": written}).closed
    at = datetime.fromisoformat(moment).replace(tzinfo=BERLIN)
    found = closed_until(closings, at.astimezone(UTC), BERLIN)
    assert (found and found.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M")) == until


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ({"rate": "fast"}, "'fast' is no rate; write it like 20/s"),
        ({"rate": "0/s"}, "'0/s' is no rate"),
        ({"in_flight": 0}, "greater than or equal to 1"),
    ],
)
def test_limits_that_are_none(written, text):
    with pytest.raises(ValueError, match=text):
        WrittenLimits.model_validate(written)


@pytest.mark.parametrize(
    ("written", "text"),
    [("Sunday-ish", "no time of day"), ("Foo 02:00-04:00", "'Foo' is no weekday"), ("Sun 02:00-02:00", "begins where")],
)
def test_windows_that_are_none(written, text):
    with pytest.raises(ValueError, match=text):
        WrittenWindows.model_validate({"closed": [written]})


def test_defaults():
    assert limits() == Limits()
    assert limits(rate="100/min").burst == 1
    assert limits(rate="20/s").burst == 20
    assert (limits(sessions=2).slots, limits(sessions=2).at_once) == (2, 1)
    assert (limits(sessions=2, in_flight=4).slots, limits(sessions=2, in_flight=4).at_once) == (2, 2)
