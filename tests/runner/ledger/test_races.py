"""Several processes at one ledger at the same time: what a single writer hides must hold without one.

Each ledger opened here stands for a process.  On SQLite one waits for the other; the laws are the same.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from tests.runner.ledger.samples import NOW, arrival

from transload.adapters.base.acknowledgement import Verdict
from transload.canonical.context import Numbers
from transload.runner.ledger import Ledger, LedgerBusy, LedgerError, State
from transload.runner.ledger import attempts as attempts_module
from transload.runner.ledger import database as database_module
from transload.runner.ledger.attempts import Outcome
from transload.runner.ledger.drafts import Draft, Frozen
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.numbers import LedgerNumbers
from transload.runner.ledger.portions import Parsed, Portion
from transload.runner.ledger.reconciled import PartnerVerdict
from transload.runner.ledger.schema import deliveries, documents, events, partner_verdicts

LANES = ("a/b/erp", "a/b/copies")


@pytest.fixture
def processes(store):
    """Opens as many ledgers as are wanted."""
    with ExitStack() as stack:
        yield lambda count: [stack.enter_context(Ledger(store)) for _ in range(count)]


def draft(lane, key):
    def freeze(numbers: Numbers) -> Frozen:
        return Frozen(content=f"{key} {numbers.next('series')}".encode())

    return Draft(lane=lane, target=lane, connection=f"{lane}/c", key=lambda: key, freeze=freeze)


def parsed(message, drafts=(), verdicts=(), state=State.MAPPED):
    return Parsed(
        message=message,
        ordinal=1,
        state=state,
        partner="a",
        wire_digest="0" * 64,
        drafts=tuple(drafts),
        verdicts=tuple(verdicts),
    )


def receive(ledger, route="a/b", key="k1"):
    """A receipt and the epoch in which it is read."""
    lane = f"in:{route}"
    ledger.arrivals.add(arrival(key, route=route, lane=lane), NOW)
    epoch = ledger.lanes.take(lane, NOW)
    return ledger.arrivals.due(route)[0], lane, epoch


def stage(ledger, route, key, *items):
    receipt, lane, epoch = receive(ledger, route, key)
    (staged,) = ledger.staging.stage(
        [Portion(receipt=receipt, parsed=items, position=len(items))], NOW, lane=lane, epoch=epoch
    )
    return staged


def announced(ledger, lane):
    """The lane's one delivery, about to be sent; with the epoch."""
    epoch = ledger.lanes.take(lane, NOW)
    (delivery,) = ledger.lanes.due(lane, epoch, NOW, most=10)
    ledger.lanes.announce(lane, epoch, [delivery], NOW)
    return delivery, epoch


def conclude(ledger, lane, delivery, epoch, state=State.SENT):
    outcome = Outcome(delivery=delivery, state=state, said="sent", ended_at=NOW)
    ledger.lanes.conclude(lane, epoch, [outcome], NOW)


def every(ledger, column, *where):
    with ledger.read() as connection:
        return list(connection.scalars(select(column).where(*where).order_by(column.table.primary_key.columns[0])))


# arrivals


def test_the_same_arrival_at_several_processes_is_one_receipt(processes):
    """Two routes read the same connection, so that not even a lane is common to them."""
    ledgers = processes(4)
    at_once = threading.Barrier(4)

    def add(number):
        found = []
        for key in range(15):
            at_once.wait(20)
            route = f"a/r{number}"
            found.append(ledgers[number].arrivals.add(arrival(f"k{key}", route=route, lane=f"in:{route}"), NOW))
        return found

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(add, range(4)))
    for same in zip(*found, strict=True):
        assert len({number for number, _ in same}) == 1
        assert sum(new for _, new in same) == 1
    assert ledgers[0].verify() == []
    assert len(every(ledgers[0], events.c.id)) == 15


def test_one_lane_is_written_by_several_processes_without_a_gap(processes):
    ledgers = processes(3)
    with ThreadPoolExecutor(9) as pool:
        list(pool.map(lambda n: ledgers[n % 3].arrivals.add(arrival(f"k{n}"), NOW), range(60)))
    assert ledgers[0].verify() == []
    assert every(ledgers[0], events.c.sequence) == list(range(1, 61))


# numbers


def test_control_numbers_are_given_once_and_without_gaps_from_the_first_on(processes):
    ledgers = processes(4)
    at_once = threading.Barrier(4)

    def take(ledger):
        def work(connection):
            numbers = LedgerNumbers(connection)
            found = [numbers.next("s"), numbers.next("s")]
            numbers.flush()
            return found

        at_once.wait(20)  # nobody has made the series yet
        return [number for _ in range(10) for number in ledger.database.write(work)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(take, ledgers))
    assert sorted(number for numbers in found for number in numbers) == list(range(1, 81))


def test_processes_that_stage_at_once_number_everything_once(processes):
    ledgers = processes(3)

    def work(number):
        for key in range(4):
            items = [parsed(n, [draft(lane, f"{number} {key} {n} {lane}") for lane in LANES]) for n in (1, 2)]
            stage(ledgers[number], f"a/r{number}", f"{number} {key}", *items)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    with ledgers[0].read() as connection:
        rows = connection.execute(select(deliveries.c.id, deliveries.c.body).order_by(deliveries.c.id)).all()
        contents = [ledgers[0].store.load(connection, row.body).split()[-1] for row in rows]
    assert sorted(map(int, contents)) == list(range(1, 49))
    assert len(every(ledgers[0], documents.c.id)) == 24
    assert ledgers[0].verify() == []


# states


def held_before_commit(monkeypatch, name, other_done, begun):
    """Let the function ``name`` of `attempts` be followed by a wait for the other process, or half a second."""
    original = getattr(attempts_module, name)

    def slow(*arguments):
        original(*arguments)
        begun.set()
        other_done.wait(0.5)

    monkeypatch.setattr(attempts_module, name, slow)


def test_a_verdict_that_comes_while_the_outcome_is_written_takes_effect(processes, monkeypatch):
    one, two = processes(2)
    stage(one, "a/b", "k1", parsed(1, [draft(LANES[0], "d1")]))
    delivery, epoch = announced(one, LANES[0])
    receipt, lane, mine = receive(two, "a/acks", "k2")
    begun, done = threading.Event(), threading.Event()
    held_before_commit(monkeypatch, "take_pending", done, begun)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(conclude, one, LANES[0], delivery, epoch)
        assert begun.wait(10)
        verdict = PartnerVerdict(delivery=delivery.id, kind="997", verdict=Verdict.ACCEPTED)
        item = parsed(1, verdicts=[verdict], state=State.RECONCILED)
        two.staging.stage([Portion(receipt=receipt, parsed=[item], position=1)], NOW, lane=lane, epoch=mine)
        done.set()
        outcome.result()
    assert every(one, deliveries.c.state) == [State.ACKED]
    assert every(one, partner_verdicts.c.pending) == [False]
    assert every(one, documents.c.state)[0] == State.ACKED


def test_a_document_of_two_lanes_that_end_at_once_is_sent(processes, monkeypatch):
    one, two = processes(2)
    stage(one, "a/b", "k1", parsed(1, [draft(lane, lane) for lane in LANES]))
    first, second = announced(one, LANES[0]), announced(two, LANES[1])
    begun, done = threading.Event(), threading.Event()
    held_before_commit(monkeypatch, "follow_news", done, begun)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(conclude, one, LANES[0], *first)
        assert begun.wait(10)
        conclude(two, LANES[1], *second)
        done.set()
        outcome.result()
    assert every(one, deliveries.c.state) == [State.SENT, State.SENT]
    assert every(one, documents.c.state) == [State.SENT]


def test_two_people_who_decide_at_once_decide_once(processes):
    one, two = processes(2)
    stage(one, "a/b", "k1", parsed(1, [draft(LANES[0], "d1")]))
    delivery, epoch = announced(one, LANES[0])
    conclude(one, LANES[0], delivery, epoch, State.UNKNOWN)
    at_once = threading.Barrier(2)

    def resolve(ledger):
        at_once.wait(10)
        try:
            ledger.actions.resolve(delivery.id, NOW, landed=False)
        except Exception as error:  # noqa: BLE001  # the test looks at it
            return str(error)
        return None

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(resolve, (one, two)))
    assert set(found) == {None, f"s{delivery.id} is STAGED, not UNKNOWN"}


def test_a_worker_that_lost_its_lane_to_another_process_cannot_write(processes):
    one, two = processes(2)
    stage(one, "a/b", "k1", parsed(1, [draft(LANES[0], "d1")]))
    delivery, epoch = announced(one, LANES[0])
    two.lanes.take(LANES[0], NOW)
    with pytest.raises(LedgerError, match="another worker has taken over the lane"):
        conclude(one, LANES[0], delivery, epoch)
    assert every(two, deliveries.c.state) == [State.SENDING]


def test_a_tick_is_claimed_by_one_process(processes):
    ledgers = processes(4)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda ledger: ledger.ticks.fire("s", NOW, NOW), ledgers))
    assert sorted(found) == [False, False, False, True]


# locks in two orders


def test_a_deadlock_is_undone_and_done_again(processes, store):
    one, two = processes(2)
    tries = []
    met = threading.Barrier(2)

    def work(first, second):
        def inside(connection):
            tries.append(first)
            Journal(connection, first, NOW)
            if len(tries) <= 2 and not store.url.startswith("sqlite"):
                met.wait(10)
            journal = Journal(connection, second, NOW)
            journal.record("SENT")
            journal.flush()

        return inside

    for lane in ("x", "y"):
        one.lanes.take(lane, NOW)
    with ThreadPoolExecutor(2) as pool:
        both = [
            pool.submit(one.database.write, work("x", "y")),
            pool.submit(two.database.write, work("y", "x")),
        ]
        for each in both:
            each.result()
    assert len(tries) == (2 if store.url.startswith("sqlite") else 3)
    assert sorted(every(one, events.c.lane)) == ["x", "y"]
    assert one.verify() == []


def test_a_deadlock_without_end_is_given_up(ledger):
    class Deadlock(Exception):
        sqlstate = "40P01"

    tries = []

    def deadlock(connection):
        tries.append(1)
        raise OperationalError("UPDATE lanes", {}, Deadlock("deadlock detected"))

    with pytest.raises(LedgerBusy, match="is locked by another process"):
        ledger.database.write(deadlock)
    assert len(tries) == database_module.ATTEMPTS
