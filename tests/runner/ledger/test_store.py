"""The ledger as a store: what is committed stays, what fails leaves nothing, and what is wrong is said clearly."""

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, OperationalError

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger import Fenced, Ledger, LedgerBusy, LedgerError, State
from transload.runner.ledger.arrivals import Arrival
from transload.runner.ledger.blobs import SMALL, BlobStore
from transload.runner.ledger.errors import ledger_error
from transload.runner.ledger.journal import BrokenChain, Journal, verify_chain
from transload.runner.ledger.numbers import LedgerNumbers
from transload.runner.ledger.schema import (
    VERSION,
    blobs,
    control_numbers,
    events,
    meta,
    microseconds,
    partner_verdicts,
    parts,
    receipts,
)
from transload.runner.ledger.states import FINAL, GOOD, of_document

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def arrival(key="k1", content=b"hello", **more):
    values = {"route": "a/b", "lane": "in:a/b", "connection": "a/c", "origin": "/out/x"}
    return Arrival(source_key=key, content=content, **(values | more))


def count(ledger, table):
    with ledger.read() as connection:
        return len(connection.execute(select(table)).all())


# receipts


def test_an_arrival_is_stored_with_its_event_and_bytes(ledger):
    number, new = ledger.arrivals.add(arrival(metadata={"size": "5"}), NOW)
    assert (number, new) == (1, True)
    receipt = ledger.arrivals.due("a/b")
    assert receipt.metadata == {"size": "5"}
    assert receipt.received_at == NOW
    assert ledger.arrivals.payload(receipt.digest) == b"hello"
    assert ledger.arrivals.routes_due() == ["a/b"]


def test_the_same_key_at_the_same_connection_is_the_same_arrival(ledger):
    assert ledger.arrivals.add(arrival(), NOW) == (1, True)
    assert ledger.arrivals.add(arrival(content=b"other"), NOW) == (1, False)
    assert ledger.arrivals.add(arrival(connection="a/d"), NOW) == (2, True)
    assert count(ledger, events) == 2


def test_what_was_committed_is_there_for_the_next_process(tmp_path):
    url = f"sqlite:///{tmp_path}/l.db"
    with Ledger(url) as first:
        first.arrivals.add(arrival(), NOW)
    with Ledger(url) as second:
        assert second.arrivals.due("a/b").origin == "/out/x"


def test_many_threads_write_at_once(ledger):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: ledger.arrivals.add(arrival(f"k{n % 50}"), NOW), range(200)))
    assert sorted({number for number, _ in found}) == list(range(1, 51))
    assert sum(new for _, new in found) == 50
    with ledger.read() as connection:
        assert verify_chain(connection, "in:a/b") is None


# transactions


def test_work_that_fails_leaves_nothing_and_its_neighbours_stay(ledger):
    together = threading.Barrier(6)

    def work(number):
        def inside(connection):
            connection.execute(meta.insert(), [{"name": f"n{number}", "value": "x"}])
            if number % 2:
                raise ValueError(f"fault {number}")

        together.wait(10)
        try:
            ledger.database.write(inside)
        except ValueError as error:
            return str(error)
        return None

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(work, range(6)))
    assert found == [None, "fault 1", None, "fault 3", None, "fault 5"]
    with ledger.read() as connection:
        names = set(connection.scalars(select(meta.c.name)))
    assert names == {"schema", "n0", "n2", "n4"}


def test_a_group_shares_one_commit(ledger, monkeypatch):
    groups = []
    commit = type(ledger.database)._commit
    monkeypatch.setattr(
        type(ledger.database), "_commit", lambda self, turns: (groups.append(len(turns)), commit(self, turns))[1]
    )
    held, go = threading.Event(), threading.Event()

    def slow(connection):
        held.set()
        go.wait(10)

    with ThreadPoolExecutor(10) as pool:
        first = pool.submit(ledger.database.write, slow)
        held.wait(10)
        others = [pool.submit(ledger.arrivals.add, arrival(f"k{n}"), NOW) for n in range(8)]
        while len(ledger.database._queue) < 8:
            pass
        go.set()
        first.result()
        assert all(other.result()[1] for other in others)
    assert groups == [1, 8]


def test_a_broken_rule_of_the_schema_is_the_fault_of_its_own_work(ledger):
    def work(connection):
        connection.execute(receipts.update().values(digest="not there"))

    ledger.arrivals.add(arrival(), NOW)
    with pytest.raises(LedgerError, match="FOREIGN KEY"):
        ledger.database.write(work)


def test_a_full_disk_fails_closed_and_is_said_clearly(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/l.db") as ledger:
        with ledger.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
        stored, caught = 0, None
        for number in range(2000):
            try:
                ledger.arrivals.add(arrival(f"k{number}", content=f"{number}".encode() * 300), NOW)
                stored += 1
            except LedgerError as error:
                caught = error
                break
        assert caught is not None
        assert caught.message.endswith("failed: database or disk is full")
        assert caught.hint == "free some space; nothing was acknowledged or deleted at a partner meanwhile"
        assert count(ledger, receipts) == stored == count(ledger, events)


def test_a_full_disk_spares_nobody_in_the_group_and_keeps_nothing(ledger, monkeypatch):
    def full(connection):
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    held, go = threading.Event(), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(ledger.database.write, lambda connection: (held.set(), go.wait(10)))
        held.wait(10)
        works = [
            pool.submit(ledger.arrivals.add, arrival("k1"), NOW),
            pool.submit(ledger.database.write, full),
        ]
        while len(ledger.database._queue) < 2:
            pass
        go.set()
        first.result()
        for work in works:
            with pytest.raises(LedgerError, match="disk is full"):
                work.result()
    assert count(ledger, receipts) == 0
    assert ledger.arrivals.add(arrival("k1"), NOW) == (1, True)


def test_a_locked_database_is_said_to_be_locked(tmp_path, monkeypatch):
    monkeypatch.setattr("transload.runner.ledger.database.BUSY_SECONDS", 0.05)
    with Ledger(f"sqlite:///{tmp_path}/l.db") as ledger:
        other = sqlite3.connect(tmp_path / "l.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusy) as caught:
            ledger.arrivals.add(arrival(), NOW)
        other.execute("ROLLBACK")
        other.close()
        assert caught.value.message == f"the ledger {tmp_path}/l.db is locked by another process"
        assert ledger.arrivals.add(arrival(), NOW) == (1, True)


def test_what_the_database_raises_becomes_ours():
    lost = IntegrityError("INSERT", {}, sqlite3.IntegrityError("UNIQUE constraint failed: a.b"))
    assert ledger_error(lost, "l.db").message == "the ledger l.db failed: UNIQUE constraint failed: a.b"
    assert isinstance(ledger_error(sqlite3.OperationalError("database is locked"), "l.db"), LedgerBusy)


# opening


def test_a_ledger_of_a_newer_version_is_refused(tmp_path):
    url = f"sqlite:///{tmp_path}/l.db"
    with Ledger(url) as ledger:
        ledger.database.write(lambda c: c.execute(meta.update().values(value=str(VERSION + 1))).rowcount)
    with pytest.raises(LedgerError) as caught:
        Ledger(url).open()
    assert caught.value.message.endswith(f"has schema {VERSION + 1}, and this version of Transload knows {VERSION}")


def test_a_ledger_of_schema_1_gets_the_tables_that_later_ones_have_more(tmp_path):
    url = f"sqlite:///{tmp_path}/l.db"
    with Ledger(url) as ledger:
        ledger.database.write(lambda c: c.execute(meta.update().values(value="1")).rowcount)
    old = sqlite3.connect(tmp_path / "l.db")
    for table in ("partner_verdicts", "control_numbers", "parts"):
        old.execute(f"DROP TABLE {table}")
    old.commit()
    old.close()
    with Ledger(url) as ledger, ledger.read() as connection:
        assert connection.execute(control_numbers.select()).all() == []
        assert connection.execute(partner_verdicts.select()).all() == []
        assert connection.execute(parts.select()).all() == []
        assert connection.scalar(meta.select().with_only_columns(meta.c.value)) == str(VERSION)


def test_another_database_is_not_made_a_ledger(tmp_path):
    other = sqlite3.connect(tmp_path / "l.db")
    other.execute("CREATE TABLE mine (x)")
    other.close()
    with pytest.raises(LedgerError, match="is no ledger: it holds other tables"):
        Ledger(f"sqlite:///{tmp_path}/l.db").open()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "l.db").write_bytes(b"some text that is no database at all, for sure" * 50)
    with pytest.raises(LedgerError, match="file is not a database") as caught:
        Ledger(f"sqlite:///{tmp_path}/l.db").open()
    assert caught.value.hint == "the file is damaged or no ledger; restore it from its last copy"


def test_a_ledger_that_is_only_asked_is_not_made(tmp_path):
    with pytest.raises(LedgerError, match="there is no ledger"):
        Ledger(f"sqlite:///{tmp_path}/l.db").open(create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["postgresql://localhost/x", "sqlite://", "sqlite:///:memory:", "what is this"])
def test_a_store_that_is_no_file_is_refused(url):
    with pytest.raises(ConfigurationError):
        Ledger(url)


def test_a_closed_ledger_says_so(tmp_path):
    ledger = Ledger(f"sqlite:///{tmp_path}/l.db")
    with pytest.raises(LedgerError, match="is not open"):
        ledger.arrivals.due("a/b")


def test_durability_is_set_as_promised(ledger):
    with ledger.read() as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert found == ["wal", 2, 1]


def test_the_lock_of_a_process_ends_with_it(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/l.db") as ledger:
        code = (
            "import os, signal, sys\n"
            "from transload.runner.ledger import Ledger\n"
            "with Ledger(sys.argv[1]) as ledger, ledger.exclusively('transload serve'):\n"
            "    print('held', flush=True)\n"
            "    sys.stdin.read()\n"
        )
        command = [sys.executable, "-c", code, f"sqlite:///{tmp_path}/l.db"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"held\n"
            with pytest.raises(LedgerBusy, match=rf"transload serve \(process {process.pid}\)"):
                ledger.exclusively("transload run").__enter__()
            process.kill()
        with ledger.exclusively("transload run"):
            pass


# payloads


@given(st.binary(max_size=4 * 1024))
def test_every_payload_comes_back(tmp_path_factory, content):
    store = BlobStore(tmp_path_factory.mktemp("blobs"))
    prepared = store.prepare(content)
    assert store.unpack(prepared.digest, prepared.encoding, prepared.data) == content


@pytest.mark.parametrize("size", [SMALL, SMALL + 1])
def test_large_payloads_lie_beside_the_database(ledger, tmp_path, size):
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    ledger.arrivals.add(arrival(content=content), NOW)
    receipt = ledger.arrivals.due("a/b")
    files = [path for path in ledger.store.folder.rglob("*") if path.is_file()]
    assert len(files) == (size > SMALL)
    assert ledger.arrivals.payload(receipt.digest) == content


def test_a_file_is_taken_over_whole(ledger, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"0123456789" * 100_000)
    ledger.arrivals.add(arrival(content=path), NOW)
    receipt = ledger.arrivals.due("a/b")
    assert receipt.size == 1_000_000
    assert ledger.arrivals.payload(receipt.digest) == path.read_bytes()


def test_the_same_payload_is_stored_once(ledger):
    for number in range(3):
        ledger.arrivals.add(arrival(f"k{number}", content=b"x" * (SMALL + 1)), NOW)
    assert count(ledger, blobs) == 1
    assert len([path for path in ledger.store.folder.rglob("*") if path.is_file()]) == 1


def test_a_payload_that_was_changed_or_lost_is_noticed(ledger):
    ledger.arrivals.add(arrival(content=b"x" * (SMALL + 1)), NOW)
    digest = ledger.arrivals.due("a/b").digest
    (file,) = [path for path in ledger.store.folder.rglob("*") if path.is_file()]
    file.write_bytes(b"y" * (SMALL + 1))
    with pytest.raises(LedgerError, match="was changed"):
        ledger.arrivals.payload(digest)
    file.unlink()
    with pytest.raises(LedgerError, match="No such file"):
        ledger.arrivals.payload(digest)


def test_no_half_written_file_is_left_when_the_disk_is_full(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    store = BlobStore(tmp_path / "blobs")
    monkeypatch.setattr("transload.runner.ledger.blobs.os.fsync", full)
    with pytest.raises(LedgerError, match="No space left on device"):
        store.prepare(b"x" * (SMALL + 1))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# memory and numbers


def test_notes_wait_for_the_next_receipt(ledger):
    memory = ledger.memory(route="a/b", connection="a/c")
    memory.put("cursor", "17")
    assert ledger.memory(route="a/b", connection="a/c").get("cursor") is None
    assert memory.get("cursor") == "17"
    ledger.arrivals.add(arrival(), NOW, memory)
    fresh = ledger.memory(route="a/b", connection="a/c")
    assert (fresh.get("cursor"), fresh.seen("k1"), fresh.seen("k2")) == ("17", True, False)
    assert ledger.memory(route="a/other", connection="a/c").get("cursor") is None


def test_notes_are_kept_when_their_commit_fails(ledger, monkeypatch):
    memory = ledger.memory(route="a/b", connection="a/c")
    memory.put("cursor", "17")
    with monkeypatch.context() as patch:
        patch.setattr(type(ledger.database), "write", lambda self, work: (_ for _ in ()).throw(LedgerError("full")))
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


# events


def test_a_chain_shows_what_was_changed_or_cut_off(ledger):
    for number in range(4):
        ledger.arrivals.add(arrival(f"k{number}"), NOW)
    with ledger.read() as connection:
        assert verify_chain(connection, "in:a/b") is None
    ledger.database.write(
        lambda c: c.execute(events.update().where(events.c.sequence == 2).values(what="SENT")).rowcount
    )
    with ledger.read() as connection:
        assert verify_chain(connection, "in:a/b") == BrokenChain(lane="in:a/b", sequence=2)
    ledger.database.write(lambda c: c.execute(events.delete().where(events.c.sequence > 1)).rowcount)
    with ledger.read() as connection:
        assert verify_chain(connection, "in:a/b") == BrokenChain(lane="in:a/b", sequence=0)


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
    with pytest.raises(LedgerError):
        ledger.arrivals.add(arrival(), datetime(2026, 3, 2))  # noqa: DTZ001  # that is the point


def test_the_state_of_a_document_is_what_most_needs_attention():
    assert of_document([State.SENT, State.DEAD, State.STAGED]) is State.DEAD
    assert of_document([State.SENT, State.RETRY_AT]) is State.RETRY_AT
    assert of_document([State.SENT, State.SENT]) is State.SENT
    assert of_document([]) is State.MAPPED


def test_good_states_are_final():
    assert set(GOOD) < set(FINAL)
    assert State.UNKNOWN not in FINAL


def test_nothing_is_left_open(tmp_path):
    path = Path(f"{tmp_path}/l.db")
    with Ledger(f"sqlite:///{path}") as ledger:
        ledger.arrivals.add(arrival(), NOW)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["l.db"]


def mode(path):
    return path.stat().st_mode & 0o777


def test_what_is_kept_is_for_its_owner_alone(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/var/ledger.db") as ledger:
        ledger.arrivals.add(arrival(content=bytes(SMALL + 1)), NOW)
        with ledger.exclusively("a test"):
            found = {path.name if path.is_file() else "folder": mode(path) for path in (tmp_path / "var").rglob("*")}
    assert mode(tmp_path / "var") == 0o700
    assert found.pop("folder") == 0o700
    assert len(found) == 5  # the database, two files beside it, the lock, and the large payload
    assert set(found.values()) == {0o600}


def test_the_rights_that_an_operator_has_given_stay(tmp_path):
    for _ in range(2):
        with Ledger(f"sqlite:///{tmp_path}/ledger.db"):
            pass
        (tmp_path / "ledger.db").chmod(0o640)
    assert mode(tmp_path / "ledger.db") == 0o640


def test_a_damaged_large_payload_is_made_good_when_it_comes_again(ledger):
    content = bytes(SMALL + 1)
    ledger.arrivals.add(arrival(content=content), NOW)
    (file,) = (path for path in ledger.store.folder.rglob("*") if path.is_file())
    file.write_bytes(b"damaged")
    ledger.arrivals.add(arrival("k2", content=content), NOW)
    assert ledger.arrivals.payload(file.parent.name + file.name) == content


def test_the_lock_is_had_on_a_full_disk(ledger, monkeypatch):
    lock = ledger.exclusively("a test")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transload.runner.ledger.process_lock.os.getpid", full)
    with lock, pytest.raises(LedgerBusy, match="another process works"), ledger.exclusively("another"):
        pass


def test_more_notes_are_forgotten_at_once_than_a_statement_takes(ledger):
    memory = ledger.memory(route="a/b", connection="a/c")
    names = [f"file:{number}" for number in range(300_000)]
    for value in ("seen", None):
        for name in names:
            memory.put(name, value)
        ledger.arrivals.remember(memory, "a/b")
    assert memory.names() == []
