"""Several service processes on one ledger in PostgreSQL: nothing lost, nothing twice, order kept, whoever dies."""

import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from transload.runner.dispatch.shards import COUNT, MANY, gathered, shard_of
from transload.runner.dispatch.turns import Turns
from transload.runner.ledger import LedgerBusy, LockLost

WORKER = Path(__file__).with_name("cluster_worker.py")
SHARED = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


BOTH = pytest.mark.parametrize("wakes", ["procrastinate", "celery"], indirect=True)
"""By which services wake each other."""


def until(condition, seconds=40.0, told=lambda: ""):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not happen {told()}"
        time.sleep(0.05)


def told(house):
    """How far a house has come, and what its services said last."""
    with house.ledger() as ledger:
        waiting = {lane: dict(states) for lane, states in ledger.lanes.waiting().items()}
        facts = waiting, ledger.arrivals.routes_due(), ledger.lanes.ready(datetime.now(UTC))
    return f"{len(house.landed())} landed, {facts}\n{(house.root / 'services.log').read_text()[-4000:]}"


@pytest.fixture
def wakes(request, tmp_path):
    """Lets the services of the house use this dispatch; gives the broker, where it has one."""
    if request.param == "procrastinate":
        return None
    broker = request.getfixturevalue("rabbitmq")
    (tmp_path / "broker").write_text(broker.url)
    return broker


@pytest.fixture
def crew(tmp_path):
    """Starts service processes over a house; they are ended after the test."""
    running = []

    def start(house, count=2, **options):
        command = [sys.executable, str(WORKER), str(house.root), json.dumps(options)]
        with (tmp_path / "services.log").open("a") as log:
            found = [subprocess.Popen(command, stderr=log) for _ in range(count)]
        running.extend(found)
        return found

    yield start
    for process in running:
        process.kill()
        process.wait()


def put_keys(house, name, keys, each, reference, begin=0):
    """An interchange in which the orders of each buyer are numbered from ``begin`` on."""
    rows = [f"M|{i}|{key}-{number:04}|{key}" for number in range(begin, begin + each) for i, key in enumerate(keys, 1)]
    house.put(name, f"H|acme|us|{reference}", *rows, f"T|{len(rows)}")
    return {row.split("|")[2] for row in rows}


def more_lands(house, expected):
    seen = len(house.landed())
    until(lambda: len(house.landed()) > seen or len(house.landed()) == len(expected))


def states_of(house):
    with house.ledger() as ledger:
        return {row["state"] for row in ledger.queries.deliveries(limit=10_000)}


@SHARED
@BOTH
def test_order_by_key_is_kept_through_retries_kills_and_takeovers(make_house, crew, wakes):
    """Two workers, one call in five fails, and each is killed and started again while they work.

    Where they have a broker it is, and one of them, who is not started again: the other takes over without it.
    """
    house = make_house()
    keys = [f"K{number}" for number in range(7)]
    expected = put_keys(house, "a.txt", keys, 12, "1")
    options = {"slow": 0.004, "fail": 5, "ordered": True, "idempotent": True}
    workers = crew(house, 2, **options)
    chance = random.Random(11)
    for _ in range(4 if wakes is None else 1):
        more_lands(house, expected)
        if wakes is not None:
            wakes.kill()
        victim = chance.randrange(2)
        workers[victim].kill()
        if wakes is None:
            workers[victim] = crew(house, 1, **options)[0]
    if wakes is not None:
        more_lands(house, expected)  # the work goes on without the broker
        wakes.start()
        with house.ledger() as ledger:
            identity = ledger.identity()
        until(lambda: wakes.asked(identity)[1] == 1)
    until(
        lambda: len(set(house.landed())) == len(expected) and states_of(house) == {"SENT"},
        100,
        told=lambda: told(house),
    )
    landed = house.landed()
    assert sorted(landed) == sorted(expected)  # each once: the target knows the key of each
    by_key = defaultdict(list)
    for number in landed:
        by_key[number.split("-")[0]].append(number)
    assert all(numbers == sorted(numbers) for numbers in by_key.values())
    with house.ledger() as ledger:
        assert ledger.verify() == []
        assert {row["state"] for row in ledger.queries.documents(limit=10_000)} == {"SENT"}


@SHARED
def test_a_dead_workers_lane_is_taken_over_at_once(make_house, crew):
    house = make_house()
    house.put_orders("a.txt", "1", "2", "3")
    first = crew(house, 1, slow=20)[0]
    until(lambda: (house.root / f"calling-{first.pid}").exists())
    crew(house, 1)
    time.sleep(1.5)  # it has the ledger, and keeps its hands off the lane
    assert house.landed() == []
    first.kill()
    until(lambda: sorted(house.landed()) == ["2", "3"], 10)
    with house.ledger() as ledger:
        waiting = ledger.queries.deliveries()[-1]
    assert waiting["state"] == "RETRY_AT"  # his call might still be under way, and the target would not know it again
    assert [finding["code"] for finding in waiting["findings"]] == ["W-TAKEN-OVER"]


@SHARED
@pytest.mark.parametrize("idempotent", [True, False])
def test_what_a_dead_worker_was_sending_is_sent_at_once_where_twice_is_once(make_house, crew, idempotent):
    house = make_house(idempotent=idempotent)
    house.put_orders("a.txt", "1")
    first = crew(house, 1, slow=20, idempotent=idempotent)[0]
    until(lambda: (house.root / f"calling-{first.pid}").exists())
    first.kill()
    crew(house, 1, idempotent=idempotent)
    until(lambda: states_of(house) in ({"SENT"}, {"RETRY_AT"}), 30)
    assert house.landed() == (["1"] if idempotent else [])


@SHARED
def test_a_poll_that_was_not_ended_is_made_again_by_another(make_house, crew):
    house = make_house()
    house.put_orders("a.txt", "1")
    first = crew(house, 1, wait_in_source="receive")[0]
    until(lambda: (house.root / f"fetching-{first.pid}").exists())
    crew(house, 1)
    time.sleep(1.5)
    assert house.landed() == []  # asked by one at a time
    first.kill()
    until(lambda: house.landed() == ["1"], 10)


@SHARED
def test_a_schedule_of_several_processes_asks_once_each_time(make_house, crew):
    house = make_house()
    crew(house, 3, every=1)
    until(lambda: (house.root / "polls").exists() and len((house.root / "polls").read_text().split()) >= 5)
    with house.ledger() as ledger, ledger.read() as connection:
        ticks = connection.exec_driver_sql("SELECT count(*) FROM ticks").scalar()
        open_ones = connection.exec_driver_sql("SELECT count(*) FROM ticks WHERE finished_at IS NULL").scalar()
    polls = len((house.root / "polls").read_text().split())
    assert polls <= ticks + 1
    assert ticks - open_ones <= polls + 2  # one that comes late is for all times before it
    assert open_ones <= 2


@SHARED
def test_who_wants_to_work_alone_is_told_who_is_there(make_house, crew, postgresql):
    house = make_house()
    crew(house, 2)
    here = (
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted AND application_name LIKE 'transload serve %'"
    )
    with postgresql.connect(house.store.address().database) as connection:
        until(lambda: connection.execute(here).fetchone()[0] == 2)
    with house.ledger() as ledger:
        with pytest.raises(LedgerBusy) as caught:
            house.engine(ledger).run_pass()
        assert caught.value.message.count("transload serve (process") == 2


@SHARED
def test_a_claim_is_one_of_all_and_comes_back_after_a_broken_connection(make_house, postgresql):
    house = make_house()
    with house.ledger() as one, house.ledger() as two, one.together("a") as mine, two.together("b") as others:
        assert mine.shared
        assert mine.claim("x")
        assert not mine.claim("x")
        assert not others.claim("x")
        assert others.claim("y")
        mine.release("x")
        assert others.claim("x")
        others.release("x")
        assert mine.claim("x")
        assert mine.claim("z")
        with postgresql.connect(house.store.address().database) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'a (process %'"
            )
        until(lambda: others.claim("z"))  # it was free for a moment: whoever is there first has it
        mine.keep()
        assert mine.holds("x")
        assert not mine.holds("z")
        assert not others.claim("x")


@SHARED
def test_services_give_way_to_one_that_came_to_work_alone(make_house, postgresql):
    house = make_house()
    with house.ledger() as one, house.ledger() as two, one.together("a service") as lock:
        with pytest.raises(LedgerBusy, match="a service"):
            two.exclusively("a pass").__enter__()
        with postgresql.connect(house.store.address().database) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'a service %'"
            )
        with two.exclusively("a pass"), pytest.raises(LockLost, match="a pass"):
            lock.keep()


# names and shards


def test_many_names_are_woken_by_their_shards():
    few = [f"a/b{number}" for number in range(MANY)]
    assert gathered([*few, "a/b0"]) == few
    many = gathered(f"a/b{number}" for number in range(3000))
    assert len(many) == COUNT
    assert {shard_of("a/b7")} <= set(many)


class Due:
    """Names with so much to do each, done one at a time."""

    def __init__(self, **left):
        self.left = left
        self.did = []

    def do(self, name):
        self.did.append(name)
        self.left[name] -= 1
        return 0 if self.left[name] > 0 and self.left[name] % 2 else None

    def due(self):
        return [name for name, count in self.left.items() if count > 0]

    def is_due(self, name):
        return self.left[name] > 0


class Lock:
    def __init__(self, *taken):
        self.taken = set(taken)

    def claim(self, name):
        if name in self.taken:
            return False
        self.taken.add(name)
        return True

    def release(self, name):
        self.taken.discard(name)


def test_a_shard_gives_each_of_its_names_a_turn_and_leaves_those_of_others():
    duties, lock, woken = Due(a=2, b=1, c=3), Lock("c"), []
    turns = Turns(duties, lock, lambda names, after: woken.append((list(names), after)), stopping=lambda: False)
    for shard in {shard_of(name) for name in "abc"}:
        turns.take(shard)
    assert sorted(duties.did) == ["a", "b"]
    assert woken == [(["a"], 0)]
    assert lock.taken == {"c"}
    assert turns.errors == []


def test_what_comes_while_a_turn_ends_is_looked_for_once_more():
    duties, woken = Due(a=3), []
    turns = Turns(duties, Lock(), lambda names, after: woken.append((list(names), after)), stopping=lambda: False)
    turns.take("a")
    assert woken == [(["a"], 0)]


def test_what_cannot_be_done_now_is_left_to_the_sweep():
    """A closed window, a pause: it stays due, and looking at it again and again would be all that a worker does."""

    class Closed(Due):
        def do(self, name):
            self.did.append(name)

    duties, woken = Closed(a=1), []
    turns = Turns(duties, Lock(), lambda names, after: woken.append((list(names), after)), stopping=lambda: False)
    for _ in range(5):
        turns.take("a")
    assert woken == [(["a"], 0)]
    duties.left["a"] = 0
    turns.take("a")
    duties.left["a"] = 1
    turns.take("a")  # something new has come since
    assert len(woken) == 2


def test_an_error_gives_the_claim_back_and_ends_no_worker():
    class Broken(Due):
        def do(self, name):
            raise ZeroDivisionError(name)

    lock = Lock()
    turns = Turns(Broken(a=1), lock, lambda names, after: None, stopping=lambda: False)
    turns.take("a")
    assert lock.taken == set()
    assert isinstance(turns.errors[0], ZeroDivisionError)
