"""The service: schedules fire once, due retries are found, and a signal ends it cleanly."""

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from transload.canonical.errors import ConfigurationError
from transload.runner.calendar import Calendar
from transload.runner.dispatch.threads import Threads
from transload.runner.engine import Engine
from transload.runner.engine.work import Work
from transload.runner.ledger import LedgerBusy, LedgerError, LockLost
from transload.runner.ledger.arrivals import Arrivals
from transload.runner.lines.schedule import Clock, fires_at, missed_times, trigger_of
from transload.runner.processes.supervisor import Supervisor
from transload.runner.workspace.expectations import Expectation
from transload.runner.workspace.model import Batching, Cron, Every

WORKER = Path(__file__).with_name("serve_worker.py")


def until(condition, seconds=20.0):
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_a_service_polls_at_its_start_and_at_each_interval(make_house, serving):
    house = make_house(schedule=Every(interval=timedelta(seconds=1)))
    house.put_orders("a.txt", "1")
    serving(house)
    until(lambda: house.landed() == ["1"])
    house.put_orders("b.txt", "2", reference="2")
    until(lambda: house.landed() == ["1", "2"])


def test_a_service_finds_due_retries(make_house, serving, script):
    house = make_house(schedule=Every(interval=timedelta(hours=1)), target_act=script("before landing", ["retry"]))
    house.retry = type(house.retry)(first=timedelta(milliseconds=10), longest=timedelta(milliseconds=10))
    house.put_orders("a.txt", "1")
    serving(house)
    until(lambda: house.landed() == ["1"])


def test_a_service_works_off_what_a_person_replays(make_house, serving):
    house = make_house(schedule=Every(interval=timedelta(hours=1)))
    house.put_orders("a.txt", "1")
    _, ledger = serving(house)
    until(lambda: house.landed() == ["1"])
    until(lambda: ledger.queries.deliveries()[0]["state"] == "SENT")
    with house.ledger() as other:
        other.actions.redeliver(1, datetime.now(UTC))
    until(lambda: house.landed() == ["1", "1"])


def test_a_service_notices_what_is_paused_and_what_goes_on(make_house, serving):
    house = make_house(schedule=Every(interval=timedelta(seconds=1)))
    _, ledger = serving(house)
    with house.ledger() as other:
        now = datetime.now(UTC)
        other.pauses.pause("connection", "erp/box", now, by="ann")
        house.put_orders("a.txt", "1")
        until(lambda: house.offered == [])
        until(lambda: [row["state"] for row in ledger.queries.deliveries()] == ["STAGED"])
        other.pauses.pause("partner", "acme", now, by="ann")
        house.put_orders("b.txt", "2", reference="2")
        fired = ledger.ticks.last("acme/orders")
        until(
            lambda: ledger.ticks.last("acme/orders") > fired + timedelta(seconds=1)
        )  # it was time to fetch, and it did not
        assert (house.offered, house.landed()) == (["b.txt"], [])
        other.pauses.resume("connection", "erp/box", now, by="ann")
        until(lambda: house.landed() == ["1"])
        other.pauses.resume("partner", "acme", now, by="ann")
    until(lambda: house.landed() == ["1", "2"])


def test_a_fault_of_the_ledger_does_not_end_a_service(make_house, serving, monkeypatch):
    house = make_house(schedule=Every(interval=timedelta(seconds=1)))
    house.put_orders("a.txt", "1")
    add, failures = Arrivals.add_all, []

    def sometimes(self, *arguments, **more):
        if len(failures) < 2:
            failures.append(1)
            raise LedgerError("the ledger failed: database or disk is full")
        return add(self, *arguments, **more)

    monkeypatch.setattr(Arrivals, "add_all", sometimes)
    serving(house)
    until(lambda: house.landed() == ["1"])
    assert len(failures) == 2


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_two_services_on_one_file_are_refused(make_house, serving):
    house = make_house()
    serving(house)
    with house.ledger() as ledger:
        with pytest.raises(LedgerBusy, match="transload serve"):
            house.engine(ledger).serve(handle_signals=False)
        with pytest.raises(LedgerBusy, match="transload serve"):
            house.engine(ledger).run_pass()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_database_that_is_killed_and_comes_back_ends_no_service(make_house, serving, postgresql):
    """It is gone while a call is under way, so that its outcome cannot be written, and something arrives meanwhile."""
    calling, answer = threading.Event(), threading.Event()

    def slow(moment):
        if moment == "after landing":
            calling.set()
            answer.wait(20)

    house = make_house(schedule=Every(interval=timedelta(seconds=1)), target_act=slow)
    house.put_orders("a.txt", "1", "2")
    _, ledger = serving(house)
    assert calling.wait(20)
    postgresql.stop("immediate")
    answer.set()
    house.put_orders("b.txt", "3", reference="2")
    time.sleep(1.5)
    postgresql.start()
    until(lambda: sorted(house.landed()) == ["1", "2", "3"], 60)
    until(lambda: {row["state"] for row in ledger.queries.deliveries()} == {"SENT"}, 60)
    assert house.offered == []
    assert ledger.verify() == []
    with house.ledger() as other, pytest.raises(LedgerBusy, match="transload serve"):
        other.exclusively("transload run").__enter__()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("way", ["serve", "run"])
def test_who_lost_the_ledger_to_another_process_ends(make_house, postgresql, way):
    house = make_house(target_act=lambda moment: time.sleep(3) if moment == "before landing" else None)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger, house.ledger() as other, ThreadPoolExecutor(1) as pool:
        engine = house.engine(ledger)
        started = threading.Event()
        if way == "serve":
            work = pool.submit(engine.serve, handle_signals=False, started=started.set)
            assert started.wait(20)
        else:
            work = pool.submit(engine.run_pass)
            until(lambda: [row["state"] for row in other.queries.deliveries()] == ["SENDING"])
        with postgresql.connect(house.store.address().database) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'transload %'"
            )
        with other.exclusively("transload run"), pytest.raises(LockLost, match="since our connection to it broke"):
            work.result(20)


def process(house, *arguments):
    command = [sys.executable, str(WORKER), str(house.root), *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_call_under_way_end(make_house, number):
    house = make_house()
    house.put_orders("a.txt", "1", "2")
    worker = process(house, "0.7")
    until(lambda: (house.root / "calling").exists())
    worker.send_signal(number)
    _, log = worker.communicate(timeout=20)
    assert worker.returncode == 0, log
    assert house.landed() == ["1"]
    with house.ledger() as ledger:
        second, first = ledger.queries.deliveries()
        assert (first["state"], second["state"]) == ("SENT", "STAGED")
    events = [json.loads(line) for line in log.splitlines()]
    assert [event["event"] for event in events][-1] == "stopped"
    assert all(event["timestamp"] for event in events)


def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(make_house):
    house = make_house()
    house.put_orders("a.txt", "1")
    worker = process(house, "30")
    until(lambda: (house.root / "calling").exists())
    worker.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=10)
    assert worker.returncode == 128 + signal.SIGTERM
    with house.ledger() as ledger:
        assert house.engine(ledger).run_pass().exit_code == 0
    assert house.landed() == ["1"]


# schedules


MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_missed_times_of_an_interval():
    every = Every(interval=timedelta(minutes=5))
    assert missed_times(every, MONDAY, MONDAY + timedelta(minutes=4)) == (None, 0)
    assert missed_times(every, MONDAY, MONDAY + timedelta(minutes=16)) == (MONDAY + timedelta(minutes=15), 3)


def test_missed_times_of_a_crontab_follow_its_time_zone():
    cron = Cron(expression="30 8 * * *", timezone=ZoneInfo("Europe/Berlin"))
    saturday = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)  # the clocks go forward on 29 March 2026
    latest, count = missed_times(cron, saturday, saturday + timedelta(days=2))
    assert (latest, count) == (datetime(2026, 3, 30, 6, 30, tzinfo=UTC), 2)


def test_intervals_have_the_same_times_in_every_process():
    trigger = trigger_of(Every(interval=timedelta(minutes=5)))
    moment = trigger.get_next_fire_time(None, MONDAY + timedelta(seconds=1))
    assert moment == MONDAY + timedelta(minutes=5)


def test_a_time_is_claimed_once(ledger):
    assert ledger.ticks.fire("acme/orders", MONDAY, MONDAY)
    assert not ledger.ticks.fire("acme/orders", MONDAY, MONDAY)
    assert ledger.ticks.last("acme/orders") == MONDAY


def test_times_that_passed_unattended_are_made_up_for_once(ledger, hands):
    woken = []
    every = Every(interval=timedelta(hours=1))
    ledger.ticks.fire("a/b", hands.now - timedelta(hours=5), hands.now)
    for _ in range(2):
        clock = Clock(ledger, {"a/b": every}, woken.append, now=hands)
        clock.start()
        clock.stop()
    assert woken == ["a/b"]
    with ledger.read() as connection:
        rows = connection.exec_driver_sql("SELECT missed FROM ticks ORDER BY fire_time").all()
    assert [row[0] for row in rows] == [0, 4]


def test_a_crontab_does_not_fire_at_the_first_start(ledger, hands):
    woken = []
    clock = Clock(ledger, {"a/b": Cron(expression="0 3 * * *", timezone=ZoneInfo("UTC"))}, woken.append, now=hands)
    clock.start()
    clock.stop()
    assert woken == []


def test_the_clock_keeps_firing(ledger):
    woken = []
    every = Every(interval=timedelta(milliseconds=100))
    clock = Clock(ledger, {"a/b": every}, woken.append, now=lambda: datetime.now(UTC))
    clock.start()
    until(lambda: len(woken) >= 4)
    clock.stop()
    count = len(woken)
    time.sleep(0.25)
    assert len(woken) == count


def test_two_processes_fire_each_time_once(make_house, ledger):
    woken = []
    every = Every(interval=timedelta(milliseconds=100))
    with make_house().ledger() as other:
        clocks = [Clock(each, {"a/b": every}, woken.append, now=lambda: datetime.now(UTC)) for each in (ledger, other)]
        for clock in clocks:
            clock.start()
        until(lambda: len(woken) >= 5)
        for clock in clocks:
            clock.stop()
        with ledger.read() as connection:
            times = connection.exec_driver_sql("SELECT count(*) FROM ticks").scalar()
    assert times == len(woken)


# the dispatcher


def test_a_name_is_worked_on_by_one_at_a_time_and_never_missed():
    busy, most, done = set(), [0], []

    def work(name):
        assert name not in busy
        busy.add(name)
        most[0] = max(most[0], len(busy))
        time.sleep(0.002)
        busy.discard(name)
        done.append(name)
        return

    dispatcher = Threads(work, workers=4)
    dispatcher.start()
    for _ in range(20):
        dispatcher.wake(["a", "b", "c"])
        time.sleep(0.001)
    dispatcher.join()
    dispatcher.stop()
    assert dispatcher.errors == []
    assert most[0] > 1
    assert set(done) == {"a", "b", "c"}


def test_one_time_for_a_name_that_comes_again_later():
    """Each sweep wakes it as well; what it wants each time must not add up."""
    done = []

    def work(name):
        done.append(name)
        return 0.3

    dispatcher = Threads(work, workers=2)
    dispatcher.start()
    for _ in range(30):
        dispatcher.wake(["a"])
        time.sleep(0.002)
    early = len(done)
    time.sleep(1.1)
    dispatcher.stop()
    assert 3 <= len(done) - early <= 4


def test_partners_take_turns():
    done, go = [], threading.Event()

    def work(name):
        go.wait(10)
        done.append(name)

    dispatcher = Threads(work, workers=1, kin=lambda name: name[0])
    dispatcher.start()
    dispatcher.wake(["x", "a1", "a2", "a3", "b1", "c1"])
    go.set()
    dispatcher.join()
    dispatcher.stop()
    assert done == ["x", "a1", "b1", "c1", "a2", "a3"]


def test_a_wake_during_the_work_is_kept():
    started, go, done = threading.Event(), threading.Event(), []

    def work(name):
        started.set()
        go.wait(10)
        done.append(name)
        return

    dispatcher = Threads(work, workers=2)
    dispatcher.start()
    dispatcher.wake(["a"])
    started.wait(10)
    dispatcher.wake(["a"])
    dispatcher.wake(["a"])
    go.set()
    dispatcher.join()
    dispatcher.stop()
    assert done == ["a", "a"]


def test_an_error_ends_the_work_on_its_name_alone():
    done = []

    def work(name):
        if name == "bad":
            raise ConfigurationError("no")
        done.append(name)
        return

    dispatcher = Threads(work, workers=1)
    dispatcher.start()
    dispatcher.wake(["bad", "good"])
    dispatcher.join()
    dispatcher.stop()
    assert done == ["good"]
    assert [str(error) for error in dispatcher.errors] == ["no"]


def test_times_that_passed_are_counted_over_the_hour_that_comes_twice():
    hourly = Cron(expression="0 * * * *", timezone=ZoneInfo("Europe/Berlin"))
    last, now = datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 6, 30, tzinfo=UTC)
    assert missed_times(hourly, last, now) == (datetime(2026, 10, 25, 6, tzinfo=UTC), 8)


def test_an_interval_on_working_days_fires_on_no_other(ledger):
    berlin = Calendar(timezone=ZoneInfo("Europe/Berlin"), country="DE")
    schedule = Every(interval=timedelta(hours=1), calendar=berlin)
    assert not fires_at(schedule, datetime(2026, 4, 6, 8, tzinfo=UTC))  # Easter Monday
    assert fires_at(schedule, datetime(2026, 4, 7, 8, tzinfo=UTC))
    assert not fires_at(schedule, datetime(2026, 4, 5, 22, 30, tzinfo=UTC))  # it is Monday in Berlin
    woken = []
    for day in (6, 7):
        now = datetime(2026, 4, day, 8, 30, tzinfo=UTC)
        clock = Clock(ledger, {"acme/orders": schedule}, woken.append, now=lambda now=now: now)
        clock.start()
        clock.stop()
    assert woken == ["acme/orders"]
    assert ledger.ticks.last("acme/orders") == datetime(2026, 4, 7, 8, tzinfo=UTC)


def test_a_service_finds_what_was_due_while_it_was_down_once_it_has_fetched(make_house, serving, hands):
    house = make_house(schedule=Every(interval=timedelta(hours=1)))
    late = make_workspace_expect(house, {"by": "18:00"}, {"by": "18:00", "document": "invoice/1"})
    with house.ledger() as ledger:
        Engine(late, ledger, clock=hands).run_pass()
    hands.turn(hours=13)
    house.put_orders("a.txt", "1")
    house.workspace = lambda: late
    _, ledger = serving(house, clock=hands, looks=(4.0, 0.1))
    until(lambda: ledger.incidents.waiting())
    titles = [one.title for one in ledger.incidents.waiting()]
    assert titles == ["no invoice/1 on acme/orders by 2026-03-02 18:00 UTC"]


def make_workspace_expect(house, *settings):
    workspace = house.workspace()
    found = tuple(Expectation.model_validate(each) for each in settings)
    object.__setattr__(workspace.receive_route("acme/orders"), "expect", found)
    return workspace


# a workspace that is loaded anew


class Reload:
    """What `Engine.reload` gives, one after the other."""

    def __init__(self, *given):
        self.given = list(given)
        self.asked = 0

    def __call__(self):
        self.asked += 1
        found = self.given.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


def test_a_workspace_is_loaded_anew_and_a_wrong_one_leaves_the_last_at_work(make_house, serving):
    house = make_house(schedule=Every(interval=timedelta(seconds=1)))
    later = make_house(schedule=Every(interval=timedelta(seconds=1)), second_target=True)
    reload = Reload(ConfigurationError("a file is wrong"), later.workspace())
    house.put_orders("a.txt", "1")
    engine, _ = serving(house, reload=reload)
    until(lambda: house.landed() == ["1"])
    before = engine.workspace
    engine.renew()
    until(lambda: reload.asked == 1)
    house.put_orders("b.txt", "2", reference="2")
    until(lambda: house.landed() == ["1", "2"])
    assert engine.workspace is before
    engine.renew()
    until(lambda: reload.asked == 2 and engine.workspace is not before)
    house.put_orders("c.txt", "3", reference="3")
    until(lambda: house.landed("box2") == ["3"] and house.landed() == ["1", "2", "3"])


def test_another_ledger_is_not_loaded(make_house, serving):
    house = make_house(schedule=Every(interval=timedelta(hours=1)))
    other = replace(house.workspace(), environment="test")
    reload = Reload(other)
    engine, _ = serving(house, reload=reload)
    engine.renew()
    until(lambda: reload.asked == 1)
    time.sleep(0.1)
    assert engine.workspace.environment == "production"


def test_sighup_reaches_a_service(make_house):
    """A real signal, in a process of its own: one without a way to load ends by nothing but SIGTERM."""
    house = make_house()
    house.put_orders("a.txt", "1")
    worker = process(house, "0")
    until(lambda: house.landed() == ["1"])
    worker.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    assert worker.poll() is None
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=20)
    assert worker.returncode == 0


# ticks


def test_a_source_that_is_not_reached_is_asked_again_before_its_next_time(make_house, serving, script):
    house = make_house(schedule=Every(interval=timedelta(hours=1)), source_act=script("receive", ["retry", "retry"]))
    house.retry = type(house.retry)(first=timedelta(milliseconds=10), longest=timedelta(milliseconds=10))
    house.put_orders("a.txt", "1")
    _, ledger = serving(house)
    until(lambda: house.landed() == ["1"])
    until(lambda: ledger.ticks.due(datetime.now(UTC) + timedelta(hours=2)) == [])


def test_a_tick_is_open_until_it_is_done_tried_again_or_given_up(ledger):
    now = MONDAY
    ledger.ticks.fire("a", now, now)
    ledger.ticks.fire("b", now, now)
    assert ledger.ticks.due(now) == ["a", "b"]
    assert ledger.ticks.due(now, "b") == ["b"]
    ledger.ticks.again("a", now, now + timedelta(minutes=1), now)
    assert ledger.ticks.tries("a") == (1, now)
    assert ledger.ticks.due(now) == ["b"]
    assert ledger.ticks.due(now + timedelta(minutes=1)) == ["a", "b"]
    ledger.ticks.done("b", now - timedelta(seconds=1), now)  # it was asked before this tick
    assert ledger.ticks.due(now) == ["b"]
    ledger.ticks.done("b", now, now)
    ledger.ticks.again("a", now, None, now)
    assert ledger.ticks.due(now + timedelta(days=1)) == []
    ledger.ticks.fire("a", now + timedelta(hours=1), now + timedelta(hours=1))
    assert ledger.ticks.tries("a") == (0, now + timedelta(hours=1))
    ledger.ticks.wait("a", now + timedelta(hours=3))
    assert ledger.ticks.due(now + timedelta(hours=2)) == []
    assert ledger.ticks.due(now + timedelta(minutes=10)) == ["a"]  # a clock that was set back


def test_old_ticks_are_forgotten(ledger):
    first = MONDAY
    ledger.ticks.fire("a", first, first)
    ledger.ticks.done("a", first, first)
    later = first + timedelta(days=100)
    ledger.ticks.fire("a", later, later)
    with ledger.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ticks").scalar() == 1


def test_a_batch_leaves_when_its_time_comes(serving, make_house):
    """Nobody wakes the lane for it, and nothing arrives meanwhile."""
    batch = Batching(across=True, schedule=Every(interval=timedelta(seconds=1)))
    house = make_house(batch=batch, file="{number}.txt", schedule=Every(interval=timedelta(hours=1)))
    house.put_orders("a.txt", "1", "2")
    serving(house)
    until(lambda: [len(content.splitlines()) for _, _, content in house.log()] == [4])


def test_an_unforeseen_fault_in_a_sweep_ends_no_service(serving, make_house, monkeypatch, caplog):
    """What was woken goes on; it is told, and is no sign of life, so that a supervisor starts the service again."""
    signs, faults = [], ["KANARI"]
    due = Work.due

    def faulty(self):
        if faults:
            raise ZeroDivisionError(faults[0])
        return due(self)

    monkeypatch.setattr(Work, "due", faulty)
    monkeypatch.setattr(Supervisor, "_tell", lambda self, *lines: signs.extend(lines))
    house = make_house(schedule=Every(interval=timedelta(hours=1)))
    house.put_orders("a.txt", "1")
    engine, _ = serving(house, supervisor=Supervisor("/nowhere", watchdog=0.01))
    until(lambda: house.landed() == ["1"])
    pulse = engine.observing.pulse
    until(lambda: pulse.readiness()[1].get("why") == ["sweep: a fault of ours (ZeroDivisionError)"])
    assert "last_sweep_seconds_ago" in pulse.health()[1]
    assert pulse.health()[1]["starting"], "no sweep has ended"
    assert "WATCHDOG=1" not in signs
    assert "STATUS=the sweep fails: a fault of ours (ZeroDivisionError)" in signs
    assert "sweep failed: a fault of ours" in caplog.text
    faults.clear()
    until(lambda: "WATCHDOG=1" in signs)
    assert pulse.readiness() == (True, {"ready": True})


def test_a_fault_while_a_workspace_is_loaded_leaves_the_last_at_work(serving, make_house):
    house = make_house(schedule=Every(interval=timedelta(hours=1)))
    asked = []

    def reload():
        asked.append(1)
        raise ZeroDivisionError

    engine, _ = serving(house, reload=reload)
    engine.renew()
    until(lambda: asked)
    until(
        lambda: (
            "workspace: it was not loaded anew: a fault of ours (ZeroDivisionError)"
            in engine.observing.pulse.readiness()[1].get("why", [])
        )
    )
