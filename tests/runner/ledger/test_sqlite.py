"""A ledger in a SQLite file: its files, its lock, and what goes wrong with a file."""

import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError
from tests.runner.ledger.samples import NOW, arrival, count

from transload.runner.ledger import Ledger, LedgerBusy, LedgerError, NoLedger
from transload.runner.ledger.blobs import SMALL
from transload.runner.ledger.errors import ledger_error
from transload.runner.ledger.schema import events, receipts


@pytest.fixture
def ledger(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/var/ledger.db") as opened:
        yield opened


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
        while ledger.database._turns.waiting("") < 2:
            time.sleep(0.001)
        go.set()
        first.result()
        for work in works:
            with pytest.raises(LedgerError, match="disk is full"):
                work.result()
    assert count(ledger, receipts) == 0
    assert ledger.arrivals.add(arrival("k1"), NOW) == (1, True)


def test_a_locked_database_is_said_to_be_locked(tmp_path, monkeypatch):
    monkeypatch.setattr("transload.runner.ledger.databases.sqlite.BUSY_SECONDS", 0.05)
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
    with pytest.raises(NoLedger, match="there is no ledger"):
        Ledger(f"sqlite:///{tmp_path}/l.db").open(create=False)
    assert list(tmp_path.iterdir()) == []


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


def test_the_lock_is_had_on_a_full_disk(ledger, monkeypatch):
    lock = ledger.exclusively("a test")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transload.runner.ledger.databases.file_lock.os.getpid", full)
    with lock, pytest.raises(LedgerBusy, match="another process works"), ledger.exclusively("another"):
        pass
