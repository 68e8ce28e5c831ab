"""The ledger as a store, on each database: what is committed stays, what fails leaves nothing and is said clearly."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import literal, literal_column, select, text
from tests.runner.ledger.samples import NOW, arrival, count

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.runner.ledger import Fenced, Ledger, LedgerError, Ref, State
from transload.runner.ledger.chains import verify_lane
from transload.runner.ledger.columns import microseconds
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.numbers import LedgerNumbers
from transload.runner.ledger.portions import Parsed, Portion
from transload.runner.ledger.schema import documents, events, meta, receipts
from transload.runner.ledger.searching import Criteria
from transload.runner.ledger.states import FINAL, GOOD, of_document

# receipts


def test_an_arrival_is_stored_with_its_event_and_bytes(ledger):
    number, new = ledger.arrivals.add(arrival(metadata={"size": "5"}), NOW)
    assert (number, new) == (1, True)
    receipt = ledger.arrivals.due("a/b")[0]
    assert receipt.metadata == {"size": "5"}
    assert receipt.received_at == NOW
    assert ledger.arrivals.payload(receipt.digest) == b"hello"
    assert ledger.arrivals.routes_due() == ["a/b"]


def test_the_same_key_at_the_same_connection_is_the_same_arrival(ledger):
    assert ledger.arrivals.add(arrival(), NOW) == (1, True)
    assert ledger.arrivals.add(arrival(content=b"other"), NOW) == (1, False)
    assert ledger.arrivals.add(arrival(connection="a/d"), NOW) == (2, True)
    assert count(ledger, events) == 2


def test_what_was_committed_is_there_for_the_next_process(store):
    with Ledger(store) as first:
        first.arrivals.add(arrival(), NOW)
    with Ledger(store) as second:
        assert second.arrivals.due("a/b")[0].origin == "/out/x"


def test_many_threads_write_at_once(ledger):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: ledger.arrivals.add(arrival(f"k{n % 50}"), NOW), range(200)))
    assert sorted({number for number, _ in found}) == list(range(1, 51))
    assert sum(new for _, new in found) == 50
    with ledger.read() as connection:
        assert list(verify_lane(connection, "in:a/b")) == []


# transactions


def test_a_broken_rule_of_the_schema_is_the_fault_of_its_own_work(ledger):
    def work(connection):
        connection.execute(receipts.update().values(digest="not there"))

    ledger.arrivals.add(arrival(), NOW)
    with pytest.raises(LedgerError, match=r"(?i)foreign key"):
        ledger.database.write(work)


def test_work_that_fails_leaves_nothing_and_its_neighbours_stay(ledger):
    together = threading.Barrier(6)

    def work(number):
        def inside(connection):
            connection.execute(meta.insert(), [{"name": f"n{number}", "value": "x"}])
            if number % 2:
                raise ValueError(f"fault {number}")

        together.wait(10)
        try:
            ledger.database.write(inside, lane="l")
        except ValueError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(work, range(6)))
    assert found == [None, "fault 1", None, "fault 3", None, "fault 5"]
    with ledger.read() as connection:
        names = set(connection.scalars(select(meta.c.name)))
    assert names == {"n0", "n2", "n4"}


def waiting(ledger, lane):
    """How many wait for the commit under way: of all lanes in SQLite, of one elsewhere."""
    return ledger.database._turns.waiting("") + ledger.database._turns.waiting(lane)


def test_a_group_shares_one_commit(ledger, monkeypatch):
    groups = []
    commit = ledger.database._turns._commit
    monkeypatch.setattr(ledger.database._turns, "_commit", lambda turns: (groups.append(len(turns)), commit(turns)))
    held, go = threading.Event(), threading.Event()

    def slow(connection):
        held.set()
        go.wait(10)

    with ThreadPoolExecutor(10) as pool:
        first = pool.submit(ledger.database.write, slow, lane="in:a/b")
        held.wait(10)
        others = [pool.submit(ledger.arrivals.add, arrival(f"k{n}"), NOW) for n in range(8)]
        while waiting(ledger, "in:a/b") < 8:
            time.sleep(0.001)
        go.set()
        first.result()
        assert all(other.result()[1] for other in others)
    assert groups == [1, 8]


# opening


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://localhost/x", "a ledger cannot be kept in 'mysql'"),
        ("postgresql://localhost", "store: names no database"),
        ("sqlite://", "store: names no database"),
        ("sqlite:///:memory:", "store: names no database"),
        ("what is this", "store: is no database address"),
        ("postgresql://host:port/x", "store: is no database address"),
    ],
)
def test_a_store_that_is_none_is_refused(url, said):
    with pytest.raises(ConfigurationError) as caught:
        Ledger(url).open()
    assert caught.value.message == said
    assert caught.value.hint == "write sqlite:///var/ledger.db, or postgresql://user@host/database"


def test_a_closed_ledger_says_so(store):
    ledger = Ledger(store)
    with pytest.raises(LedgerError, match="is not open"):
        ledger.arrivals.due("a/b")[0]


# memory and numbers


def test_questions_of_one_thread_share_a_connection_and_see_what_is_new(ledger):
    taken, asking = [], ledger.database._opened[0].asking

    def counted(engine):
        taken.append(engine)
        return asking(engine)

    ledger.database._backend.asking = counted
    memory = ledger.memory(route="a/b", connection="a/c")
    with ledger.database.asking_often():
        assert not memory.seen("k")
        ledger.arrivals.add(arrival("k"), NOW)
        assert memory.seen("k")
        assert len(taken) == 1
        with ThreadPoolExecutor(1) as other:
            assert other.submit(memory.seen, "k").result()
        assert len(taken) == 2
    assert memory.seen("k")
    assert len(taken) == 3


def test_a_question_that_fails_is_the_ledgers_fault_also_on_a_shared_connection(ledger):
    wrong = text("SELECT 1 FROM nowhere")
    with pytest.raises(LedgerError):
        ledger.database.rows(wrong, {})
    with ledger.database.asking_often():
        ledger.database.rows(select(literal(1)), {})
        with pytest.raises(LedgerError):
            ledger.database.rows(wrong, {})
    with pytest.raises(ZeroDivisionError), ledger.database.asking_often():
        raise ZeroDivisionError
    assert len(ledger.database.rows(select(literal(1)), {})) == 1


def test_notes_wait_for_the_next_receipt(ledger):
    memory = ledger.memory(route="a/b", connection="a/c")
    memory.put("cursor", "17")
    assert ledger.memory(route="a/b", connection="a/c").get("cursor") is None
    assert memory.get("cursor") == "17"
    ledger.arrivals.add(arrival(), NOW, memory)
    fresh = ledger.memory(route="a/b", connection="a/c")
    assert (fresh.get("cursor"), fresh.seen("k1"), fresh.seen("k2")) == ("17", True, False)
    assert ledger.memory(route="a/other", connection="a/c").get("cursor") is None


def fails(*arguments, **options):
    raise LedgerError("full")


def test_notes_are_kept_when_their_commit_fails(ledger, monkeypatch):
    memory = ledger.memory(route="a/b", connection="a/c")
    memory.put("cursor", "17")
    with monkeypatch.context() as patch:
        patch.setattr(type(ledger.database), "write", fails)
        with pytest.raises(LedgerError):
            ledger.arrivals.add(arrival(), NOW, memory)
    assert memory.get("cursor") == "17"
    ledger.arrivals.remember(memory, "a/b")
    assert ledger.memory(route="a/b", connection="a/c").get("cursor") == "17"


def test_names_of_notes_by_prefix(ledger):
    memory = ledger.memory(route="a/b", connection="a/c")
    for name in ("file:a", "file:b", "FILE:c", "file_d"):
        memory.put(name, "x")
    ledger.arrivals.remember(memory, "a/b")
    memory.put("file:a", None)
    memory.put("file:e", "x")
    assert memory.names("file:") == ["file:b", "file:e"]
    ledger.arrivals.remember(memory, "a/b")
    assert ledger.memory(route="a/b", connection="a/c").names() == ["FILE:c", "file:b", "file:e", "file_d"]


def test_numbers_are_gapless_over_transactions_that_fail(ledger):
    def take(connection, fail=False):
        numbers = LedgerNumbers(connection)
        found = [numbers.next("s"), numbers.next("s")]
        mark = numbers.mark()
        numbers.next("s")
        numbers.next("t")
        numbers.back(mark)
        numbers.flush()
        if fail:
            raise ValueError("no")
        return found

    assert ledger.database.write(take) == [1, 2]
    with pytest.raises(ValueError, match="no"):
        ledger.database.write(lambda connection: take(connection, fail=True))
    assert ledger.database.write(take) == [3, 4]


# what partners may write

ODD = {
    "not English": 'GRÖSSE größe % _ \\ "quoted"',
    "NUL": "a\x00b",
    "half a pair": "a\ud800b",
    "long": "x" * 5000,
    "long and far from ASCII": "".join(chr(0x10000 + 7919 * n % 60_000) for n in range(5000)),
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_whatever_a_partner_writes_is_kept_and_found(ledger, text):
    item = arrival(text, origin=text, metadata={text: text})
    assert ledger.arrivals.add(item, NOW) == (1, True)
    assert ledger.arrivals.add(item, NOW) == (1, False)
    assert ledger.arrivals.add(arrival(text + "!"), NOW) == (2, True)
    epoch = ledger.lanes.take("in:a/b", NOW)
    receipt = ledger.arrivals.due("a/b")[0]
    assert receipt.metadata == {text: text}
    parsed = Parsed(
        message=1,
        ordinal=1,
        state=State.MAPPED,
        partner="a",
        wire_digest="0" * 64,
        **dict.fromkeys(("kind", "version", "sender", "receiver", "interchange", "reference", "number", "about"), text),
        findings=(Finding(code="X", message=text, value=text),),
    )
    ledger.staging.stage([Portion(receipt=receipt, parsed=[parsed], position=1)], NOW, lane="in:a/b", epoch=epoch)
    (found,) = ledger.queries.documents(number=text)
    assert found["ref"] == "d1"
    assert found["findings"][0]["value"] == text
    assert ledger.queries.find(text) == [Ref("document", 1)]
    for wanted in (Criteria(number=text), Criteria(control=text), Criteria(kind=text), Criteria(text=text[:200])):
        assert [row["ref"] for row in ledger.searching.page("document", wanted, 9)] == ["d1"]
    assert [row["ref"] for row in ledger.searching.page("receipt", Criteria(file=text), 9)] == ["r1"]
    assert ledger.verify() == []
    memory = ledger.memory(route="a/b", connection="a/c")
    assert memory.seen(text)
    memory.put(f"file:{text}", text[:10])
    ledger.arrivals.remember(memory, "a/b")
    again = ledger.memory(route="a/b", connection="a/c")
    assert again.get(f"file:{text}") is not None
    assert len(again.names("file:")) == 1
    assert again.get(f"file:{text}") is not None
    again.put(f"file:{text}", None)
    assert again.names("file:") == []


def test_a_receipt_of_very_many_documents_can_be_shown(ledger):
    """Of more than a statement takes values; the rows are written as they would be, without the hours."""
    ledger.arrivals.add(arrival(), NOW)
    empty = dict.fromkeys(("route", "partner", "kind", "version", "sender", "receiver", "interchange", "reference"), "")
    row = {"receipt_id": 1, "ordinal": 1, "state": "MAPPED", "wire_digest": "", "start": 0, "end": 0, "product": ""}
    row |= {"findings": [], "targets": 0, "created_at": NOW, **empty}
    statement = documents.insert().from_select(
        ["message", *row],
        select(
            literal_column("n"), *(literal(value, documents.c[name].type) for name, value in row.items())
        ).select_from(
            text(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 70000) SELECT n FROM s) AS s"
            )
        ),
    )
    ledger.database.write(lambda connection: connection.execute(statement).rowcount)
    journey = ledger.queries.journey(Ref("receipt", 1))
    assert len(journey["documents"]) == 70_000
    assert [event["what"] for event in journey["events"]] == ["RECEIVED"]


# events


def test_an_event_holds_no_payload(ledger):
    ledger.arrivals.add(arrival(content=b"secret content"), NOW)
    with ledger.read() as connection:
        (row,) = connection.execute(select(events)).all()
    assert "secret" not in str(row)


# lanes


def test_who_lost_a_lane_cannot_write(ledger):
    first = ledger.lanes.take("l", NOW)
    second = ledger.lanes.take("l", NOW)
    assert (first, second) == (1, 2)

    def write(epoch):
        def work(connection):
            journal = Journal(connection, "l", NOW, epoch=epoch)
            journal.record("SENT")
            journal.flush()

        ledger.database.write(work)

    write(second)
    with pytest.raises(Fenced, match="another worker has taken over the lane l"):
        write(first)
    assert count(ledger, events) == 1


def test_a_lane_that_rests_is_not_taken(ledger):
    ledger.lanes.take("l", NOW)
    ledger.lanes.rest("l", NOW + timedelta(minutes=1))
    assert ledger.lanes.take("l", NOW) is None
    assert ledger.lanes.take("l", NOW + timedelta(minutes=1)) == 2


# values


@given(st.datetimes(timezones=st.timezones()))
def test_moments_are_exact(moment):
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds(moment)) == moment.astimezone(UTC)


def test_naive_moments_are_refused(ledger):
    with pytest.raises(ValueError, match="time zone"):
        microseconds(datetime(2026, 3, 2))  # noqa: DTZ001  # that is the point
    with pytest.raises(ValueError, match="time zone"):
        ledger.arrivals.add(arrival(), datetime(2026, 3, 2))  # noqa: DTZ001  # that is the point


def test_the_state_of_a_document_is_what_most_needs_attention():
    assert of_document([State.SENT, State.DEAD, State.STAGED]) is State.DEAD
    assert of_document([State.SENT, State.RETRY_AT]) is State.RETRY_AT
    assert of_document([State.SENT, State.SENT]) is State.SENT
    assert of_document([]) is State.MAPPED


def test_good_states_are_final():
    assert set(GOOD) < set(FINAL)
    assert State.UNKNOWN not in FINAL


def test_more_notes_are_forgotten_at_once_than_a_statement_takes(ledger):
    memory = ledger.memory(route="a/b", connection="a/c")
    most = 300_000 if ledger.database.store.url.startswith("sqlite") else 30_000  # more than it takes values at once
    names = [f"file:{number}" for number in range(most)]
    for value in ("seen", None):
        for name in names:
            memory.put(name, value)
        ledger.arrivals.remember(memory, "a/b")
    assert memory.names() == []
