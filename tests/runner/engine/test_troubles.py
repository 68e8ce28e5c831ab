"""Bad days of a service: nothing is settled at the partner, somebody is told, and it goes on by itself.

See docs/troubles.md for what was seen with real processes.
"""

import os
import random
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from transload.adapters.csv import CsvFormat, CsvOptions
from transload.adapters.fixed import FixedFormat, FixedOptions
from transload.runner.expectations.watch import Watch
from transload.runner.ledger import Damaged, Encryption, Fenced, Ledger, LedgerError, Ref
from transload.runner.ledger.databases import sqlite
from transload.runner.ledger.outage import Outage
from transload.runner.ledger.receipts import Arrival
from transload.runner.workspace.model import Every

EVERY = Every(interval=timedelta(milliseconds=100))


WAITING = "times of schedules wait for the ledger"
"""It is told when the next time comes."""


def until(condition, seconds=20.0):
    """Wait for something that another thread does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def why(engine):
    """What stands against work."""
    return engine.observing.pulse.readiness()[1].get("why")


def looked(engine, house, log, settling=0.0):
    """Let the service look for a while; gives the lines of its log that tell of trouble."""
    house.put("b.txt", "H|acme|us|2", f"M|1|2|{'A' * 70_000}", "T|1")
    until(lambda: why(engine))
    time.sleep(settling)
    said = why(engine)
    begun = len(log.lines)
    time.sleep(0.6)
    assert house.offered == ["b.txt"]  # nothing is taken away that is not kept
    assert house.landed() == ["1"]
    since = [line["event"] for line in log.lines[begun:]]
    assert since in ([], [WAITING])  # all is told once, then each minute
    assert [line["event"] for line in log.lines].count(WAITING) <= 1
    return said


def recovered(engine, ledger, house, log):
    until(lambda: house.landed() == ["1", "2"])
    until(lambda: why(engine) is None)
    until(lambda: {row["state"] for row in ledger.queries.deliveries()} == {"SENT"})
    assert log.told("error").count("the ledger fails") == 1
    assert "the ledger works again" in log.told("info")
    assert ledger.verify() == []


def begun(house, serving):
    house.put_orders("a.txt", "1")
    engine, ledger = serving(house)
    until(lambda: house.landed() == ["1"])
    until(lambda: [row["state"] for row in ledger.queries.deliveries()] == ["SENT"])
    return engine, ledger


def test_a_lock_that_another_process_keeps(make_house, serving, log, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    house = make_house(schedule=EVERY)
    engine, ledger = begun(house, serving)
    other = sqlite3.connect(house.root / "var/ledger.db", isolation_level=None)
    until(lambda: _locked(other))
    name = ledger.database.name
    assert looked(engine, house, log) == [f"ledger: the ledger {name} is locked by another process"]
    other.execute("ROLLBACK")
    other.close()
    recovered(engine, ledger, house, log)


def _locked(connection):
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    return True


def test_a_folder_that_was_moved_away(make_house, serving, log):
    """What is open could be written on, where nobody looks for it."""
    house = make_house(schedule=EVERY)
    engine, ledger = begun(house, serving)
    (house.root / "var").rename(house.root / "away")
    said = looked(engine, house, log, settling=1.2)  # the next look sees it
    moved = f"the folder of the ledger {ledger.database.name} was moved or replaced, or its lock removed"
    assert said == [f"ledger: {moved}"]
    assert not (house.root / "var").exists()
    (house.root / "away").rename(house.root / "var")
    recovered(engine, ledger, house, log)


@pytest.fixture
def small_disk(make_house, tmp_path, request):
    """A disk of a few megabytes at a folder of the house, where the ledger or its payloads are."""
    folder = tmp_path / request.param
    folder.mkdir(parents=True, exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if sys.platform != "linux" or subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted: that needs root on Linux")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder):
    """Leave no byte on a disk."""
    file = os.open(folder / "filling", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for size in (65536, 4096, 1):
        with suppress(OSError):
            while os.write(file, b"x" * size):
                pass
    os.close(file)


@pytest.mark.parametrize("small_disk", ["var", "var/ledger.db.blobs"], indirect=True)
def test_a_disk_that_is_full(make_house, small_disk, serving, log):
    house = make_house(schedule=EVERY)
    engine, ledger = begun(house, serving)
    fill(small_disk)
    said = looked(engine, house, log)
    database = f"the ledger {ledger.database.name} failed: database or disk is full"
    shelf = f"the ledger {small_disk} cannot be written: No space left on device"
    assert said == [f"ledger: {database if small_disk.name == 'var' else shelf}"]
    (small_disk / "filling").unlink()
    recovered(engine, ledger, house, log)


# one payload that is not what it was


@pytest.fixture(params=["plain", "encrypted"])
def kept(request, make_house, hands):
    """A house, and its ledger with receipts that nobody has read: a large one, then a small one."""
    house = make_house()
    keys = Encryption(use="k", keys={"k": "11" * 32}) if request.param == "encrypted" else None
    with Ledger(replace(house.store, encryption=keys) if keys else house.store) as ledger:
        lines = [random.Random(1).randbytes(60_000).hex(), "ACME"]
        for number, name in enumerate(lines, start=1):
            content = f"H|acme|us|{number}\nM|1|{number}|{name}\nT|1\n".encode()
            add(ledger, f"{number}", content, hands())
        yield house, ledger


def add(ledger, key, content, now):
    """Let something arrive."""
    arrival = Arrival(
        route="acme/orders",
        lane="in:acme/orders",
        connection="acme/mailbox",
        source_key=key,
        origin=f"/out/{key}.txt",
        content=content,
    )
    return ledger.arrivals.add(arrival, now)


def states(ledger, table):
    with ledger.read() as connection:
        return [*connection.exec_driver_sql(f"SELECT state FROM {table} ORDER BY id").scalars()]


def told(engine):
    """The kinds of incidents that are opened or over, in order."""
    return [(one.source, one.is_open) for one in engine.watch().look(in_turn=False)]


@pytest.mark.parametrize("how", ["flipped", "cut", "missing"])
def test_a_damaged_payload_holds_up_no_other_and_is_read_when_it_is_restored(kept, hands, how):
    house, ledger = kept
    (file,) = (path for path in ledger.database.shelf.folder.rglob("*") if path.is_file())
    whole = file.read_bytes()
    if how == "missing":
        file.unlink()
    else:
        end = b"" if how == "cut" else bytes([whole[-20] ^ 1]) + whole[-19:]
        file.write_bytes(whole[:-20] + end)
    engine = house.engine(ledger, clock=hands)
    summary = engine.run_pass()
    assert states(ledger, "receipts") == ["QUARANTINED", "PARSED"]
    assert house.landed() == ["2"]
    (finding,) = [found for found in summary.findings if found.code == "E-DAMAGED"]
    assert finding.message == f"the payload {file} {'is missing' if how == 'missing' else 'was changed'}"
    assert finding.hint is not None
    assert finding.hint.startswith("restore it from a copy under that name")
    assert ("quarantined receipt", True) in [(one.source, one.is_open) for one in ledger.incidents.seen()[1]]
    file.write_bytes(whole)
    ledger.actions.remap(Ref("receipt", 1), hands())
    engine.run_pass()
    assert house.landed() == ["2", "1"]
    assert [one.source for one in ledger.incidents.seen()[1] if one.is_open] == []
    assert ledger.verify() == []


def test_payloads_that_are_all_gone_are_waited_for(kept, hands):
    """Their disk is not mounted: nothing is wrong with any of them."""
    house, ledger = kept
    shelf = ledger.database.shelf.folder
    shelf.rename(shelf.with_name("away"))
    shelf.mkdir()
    engine = house.engine(ledger, clock=hands)
    with pytest.raises(LedgerError, match=f"the folder for payloads {shelf} is empty or gone, and the payload"):
        engine.run_pass()
    assert set(states(ledger, "receipts")) == {"RECEIVED"}
    shelf.rmdir()
    shelf.with_name("away").rename(shelf)
    engine.run_pass()
    assert house.landed() == ["1", "2"]


@pytest.mark.parametrize("unsure", [False, True])
def test_damaged_bytes_are_not_sent_and_hold_up_no_other(make_house, script, hands, unsure):
    house = make_house(target_act=script("before landing", ["retry", "retry"]))
    house.put_orders("a.txt", "1", "2")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        assert states(ledger, "deliveries") == ["RETRY_AT", "RETRY_AT"]
        with sqlite3.connect(house.root / "var/ledger.db") as own:
            damaged = "UPDATE blobs SET data = zeroblob(9) WHERE digest = (SELECT body FROM deliveries WHERE id = 1)"
            own.execute(damaged)
            own.execute(f"UPDATE deliveries SET unsure = {unsure:d} WHERE id = 1")
        own.close()
        hands.turn(minutes=5)
        engine = house.engine(ledger, clock=hands)
        engine.run_pass()
        assert states(ledger, "deliveries") == ["UNKNOWN" if unsure else "DEAD", "SENT"]
        assert house.landed() == ["2"]
        assert ("unknown" if unsure else "dead") in [one.source for one in ledger.incidents.seen()[1]]


def test_what_was_said_later_in_damaged_bytes_holds_up_no_other(make_house, script, hands):
    house = make_house(target_act=script("before landing", ["retry", "retry"]))
    house.put_orders("a.txt", "1", "2")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        digest = "(SELECT digest FROM receipts WHERE id = 1)"
        with sqlite3.connect(house.root / "var/ledger.db") as own:
            own.execute("INSERT INTO replies (receipt_id, delivery_id, judged) VALUES (1, 1, 0)")
            own.execute(f"UPDATE blobs SET data = zeroblob(9) WHERE digest = {digest}")
        own.close()
        hands.turn(minutes=5)
        summary = house.engine(ledger, clock=hands).run_pass()
        assert states(ledger, "deliveries") == ["UNKNOWN", "SENT"]
        assert house.landed() == ["2"]
        (found,) = [one for one in summary.findings if one.message.startswith("what the target said")]
        assert found.hint == "ask the partner whether he has it, then `transload resolve` it"
        ledger.actions.resolve(1, hands(), landed=False)
        house.engine(ledger, clock=hands).run_pass()
        assert house.landed() == ["2", "1"]


# a route that is another one now


def test_what_was_made_for_another_target_is_not_sent_under_a_template(make_house, script, hands):
    house = make_house(target_act=script("before landing", ["retry"]))
    house.put_orders("a.txt", "1")
    file, house.file = house.file, None
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        house.file = file
        hands.turn(minutes=5)
        summary = house.engine(ledger, clock=hands).run_pass()
        assert states(ledger, "deliveries") == ["DEAD"]
        assert house.landed() == []
        (found,) = [one for one in summary.findings if one.code == "E-OTHER-TARGET"]
        assert found.message == "it was made ready before the route sent to erp/box as now, and has no file"
        ledger.actions.remap(Ref("document", 1), hands())
        house.engine(ledger, clock=hands).run_pass()
        assert house.landed() == ["1"]


# what fails again and again


def test_a_target_and_a_source_that_fail_for_long_are_told_and_it_ends_by_itself(make_house, script, hands):
    house = make_house(target_act=script("before landing", ["retry"] * 4))
    house.retry = type(house.retry)(attempts=99, first=timedelta(seconds=1), longest=timedelta(seconds=1))
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands)
        ledger.ticks.fire("acme/orders", hands(), hands())
        for _ in range(4):
            engine.run_pass()
            ledger.ticks.again("acme/orders", hands(), hands(), hands())
            assert told(engine) == []
            hands.turn(minutes=4)
        titles = [one.title for one in engine.watch().look(in_turn=False)]
        assert titles == [
            "erp/sales-orders is tried in vain: 1 delivery waits, the oldest since 2026-03-02 08:00 UTC",
            "acme/orders has been asked in vain since 2026-03-02 08:00 UTC, 4 times",
        ]
        ledger.ticks.done("acme/orders", hands(), hands())
        engine.run_pass()
        assert house.landed() == ["1"]
        assert [one.source for one in ledger.incidents.seen()[1] if one.is_open] == []


def test_a_ledger_that_fails_is_told_once_a_minute_and_afterwards(make_house, hands, log):
    seconds = [0.0]
    outage = Outage(clock=hands, tick=lambda: seconds[0])

    def fails(what, error):
        with pytest.raises(type(error)), outage.heard(what):
            raise error

    for error in (Fenced("taken over"), Damaged("one payload")):
        fails("lane", error)
    assert outage.fault is None
    for _ in range(150):
        fails("sweep", LedgerError("the ledger failed: disk is full", hint="free some space"))
        fails("lane", LedgerError("the ledger is locked"))
        seconds[0] += 1
    assert outage.fault == "the ledger is locked"
    assert log.told("error") == ["the ledger fails", "the ledger still fails", "the ledger still fails"]
    assert [line.get("seconds") for line in log.lines] == [None, 60, 120]
    assert log.lines[0]["hint"] == "free some space"
    with outage.heard("sweep"):
        pass
    assert outage.fault == "the ledger is locked"  # which is not over for the lane
    seconds[0] += 91
    with outage.heard("sweep"):
        pass  # another process may have the lane
    assert outage.fault is None
    assert log.lines[-1]["event"] == "the ledger works again"
    house = make_house()
    with house.ledger() as ledger:
        watch = partial(Watch, house.workspace(), ledger, clock=hands, outage=outage, process="process 1 of a")
        opened = watch().look(in_turn=False)
        assert [(one.source, one.is_open, one.title) for one in opened] == [
            ("ledger", True, "the ledger failed from 2026-03-02 08:00:00 UTC on: the ledger is locked")
        ]
        assert [(one.source, one.is_open) for one in watch().look(in_turn=False)] == [("ledger", False)]


# a payload of too much


def test_rows_of_one_document_are_bounded_and_the_others_are_read():
    rows = [f"{number};{item}" for number, items in (("1", 2), ("2", 60), ("3", 1)) for item in range(items)]
    payload = "\n".join(["number;item", *rows, ""]).encode()
    for reading in (
        CsvFormat(CsvOptions(delimiter=";", by=["number"], largest_document=200)).read(payload),
        FixedFormat(FixedOptions(by=["1-1"], largest_document=200)).read(payload.partition(b"\n")[2]),
    ):
        one, two, three = reading
        assert [len(each.body.segments) for each in (one, two, three)] == [2, 0, 1]
        assert one.findings == three.findings == ()
        (found,) = two.findings
        assert found.code == "E-LIMIT"
        assert found.message.startswith("the rows of a document have 290 characters, more than the 200 that are")
