"""The audit: whatever is changed behind the ledger's back is named; what happened of itself is not."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from tests.runner.ledger.samples import NOW, arrival, count, tamper

from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.blobs import SMALL
from transload.runner.ledger.portions import Parsed, Portion
from transload.runner.ledger.schema import (
    blobs,
    contents,
    events,
    lanes,
    meta,
    receipts,
    seal_heads,
    seals,
)
from transload.runner.ledger.seals import Seal
from transload.runner.ledger.states import State


@pytest.fixture
def ledger(store):
    """A ledger with two lanes, sealed in the middle and at the end."""
    with Ledger(store) as opened:
        fill(opened)
        yield opened


def fill(ledger):
    for number in range(4):
        ledger.arrivals.add(arrival(f"k{number}", f"content {number}".encode()), NOW)
    ledger.seals.make(NOW)
    ledger.arrivals.add(arrival("k9", b"other", route="c/d", lane="in:c/d", connection="c/e"), NOW)
    ledger.arrivals.add(arrival("k10", b"more"), NOW)
    ledger.seals.make(NOW + timedelta(minutes=5))


def codes(ledger, **options):
    return [finding.code for finding in ledger.audit(**options).findings()]


def messages(ledger, **options):
    return [finding.message for finding in ledger.audit(**options).findings()]


def test_what_is_as_it_was_written_has_no_findings(ledger):
    audit = ledger.audit()
    assert list(audit.findings()) == []
    assert audit.counts == {"events": 6, "rows": 6, "payloads": 6}
    assert ledger.seals.last().number == 2


@pytest.mark.parametrize("table", ["events", "seals", "seal_heads"])
def test_the_database_refuses_to_change_what_is_append_only(ledger, table):
    column = "hash" if table != "seal_heads" else "head"
    for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
        with pytest.raises((LedgerError, Exception), match=f"{table} are append-only"):
            ledger.database.write(lambda c, statement=statement: c.execute(text(statement)).rowcount)
    assert codes(ledger) == []


def test_each_way_of_tampering_with_a_lane_is_named(ledger):
    tamper(ledger, events.update().where(events.c.lane == "in:a/b", events.c.sequence == 2).values(what="SENT"))
    (found,) = ledger.verify()[:1]
    assert found.message == "lane in:a/b: event 2 (id 2) was changed, or is not the one that followed the one before"
    tamper(ledger, events.delete().where(events.c.lane == "in:a/b", events.c.sequence == 2))
    assert messages(ledger)[0] == "lane in:a/b: event 2 is missing; 3 (id 3) comes next"
    tamper(ledger, events.delete().where(events.c.lane == "in:a/b", events.c.sequence >= 4))
    assert messages(ledger)[1] == "lane in:a/b: events 4 to 5 are missing, which seal 2 is over"


def test_events_of_a_lane_that_are_swapped_are_named(ledger):
    for of, to in ((1, 99), (2, 1), (99, 2)):
        tamper(ledger, events.update().where(events.c.sequence == of, events.c.lane == "in:a/b").values(sequence=to))
    assert codes(ledger)[:2] == ["E-AUDIT-CHANGED", "E-AUDIT-CHANGED"]


def test_an_event_before_the_first_is_named(ledger):
    row = {"id": 99, "lane": "in:c/d", "sequence": 0, "at": NOW, "what": "SENT", "hash": "0" * 64}
    tamper(ledger, events.insert().values(row))
    assert messages(ledger)[0] == "lane in:c/d: event 0 (id 99) was inserted"


def test_a_row_of_a_lane_that_is_set_back_or_removed_is_named(ledger):
    tamper(ledger, lanes.update().where(lanes.c.name == "in:a/b").values(sequence=4))
    tamper(ledger, lanes.delete().where(lanes.c.name == "in:c/d"))
    assert messages(ledger) == [
        "lane in:a/b: its row was set back to event 4, and its events end with 5",
        "lane in:c/d: its row was removed; its events end with 1",
    ]


def test_events_after_the_last_seal_that_are_cut_off_are_named(ledger):
    for number in range(3):
        ledger.arrivals.add(arrival(f"later{number}"), NOW)
    tamper(ledger, events.delete().where(events.c.lane == "in:a/b", events.c.sequence > 6))
    assert messages(ledger)[0] == "lane in:a/b: events 7 to 8 are missing at its end"
    assert messages(ledger)[1].startswith("r8: no event tells of the digest that it has")


def test_a_lane_that_is_removed_with_all_its_rows_is_named(ledger):
    tamper(ledger, events.delete().where(events.c.lane == "in:c/d"))
    tamper(ledger, lanes.delete().where(lanes.c.name == "in:c/d"))
    tamper(ledger, receipts.delete().where(receipts.c.route == "c/d"))
    assert messages(ledger) == [
        "lane in:c/d: events 1 to 1 are missing, which seal 2 is over",
        "lane in:c/d: its row was removed; its events end with 0",
    ]
    tamper(ledger, seal_heads.delete().where(seal_heads.c.lane == "in:c/d"))
    assert messages(ledger) == ["seal 2: it was changed, a head of it, or the seal before it"]


def rewrite(ledger, lane):
    """Write another history of ``lane``, its chain computed anew; gives its new head."""
    with ledger.read() as connection:
        rows = connection.execute(select(events).where(events.c.lane == lane).order_by(events.c.sequence)).all()
    tamper(ledger, events.delete().where(events.c.lane == lane))
    tamper(ledger, lanes.update().where(lanes.c.name == lane).values(sequence=0, head="0" * 64))
    from transload.runner.ledger.journal import Journal

    def work(connection):
        journal = Journal(connection, lane, NOW + timedelta(seconds=1))
        for row in rows:
            journal.record(row.what, receipt=row.receipt_id, detail=row.detail, digest=row.digest)
        journal.flush()

    ledger.database.write(work)


def test_a_lane_that_is_written_anew_differs_from_the_seals(ledger):
    rewrite(ledger, "in:a/b")
    assert [re.sub(r" \(id \d+\)", "", message) for message in messages(ledger)] == [
        "lane in:a/b: event 4 has another hash than seal 1 noted",
        "lane in:a/b: event 5 has another hash than seal 2 noted",
    ]


def test_a_history_that_is_written_anew_with_its_seals_differs_from_a_seal_outside(ledger):
    outside = ledger.seals.last()
    assert codes(ledger, against=outside) == []
    for lane in ("in:a/b", "in:c/d"):
        rewrite(ledger, lane)
    for table in (seal_heads, seals):
        tamper(ledger, table.delete())
    tamper(ledger, meta.delete().where(meta.c.name == "sealed"))
    ledger.seals.make(NOW)
    assert codes(ledger) == []
    assert messages(ledger, against=outside) == [
        "the ledger has no seal 2, which was noted outside of it at 2026-03-02T08:05:00+00:00"
    ]
    ledger.arrivals.add(arrival("one more"), NOW)
    ledger.seals.make(outside.at)
    assert messages(ledger, against=outside) == [
        "seal 2 of 2026-03-02T08:05:00+00:00 is another one than was noted outside of the ledger"
    ]


def test_seals_that_are_removed_or_changed_are_named(ledger):
    tamper(ledger, seals.update().where(seals.c.number == 1).values(at=NOW + timedelta(1)))
    assert messages(ledger) == ["seal 1: it was changed, a head of it, or the seal before it"]
    tamper(ledger, seal_heads.delete())
    tamper(ledger, seals.delete().where(seals.c.number == 2))
    assert codes(ledger) == ["E-AUDIT-SEAL", "E-AUDIT-SEAL"]
    tamper(ledger, seals.delete())
    assert messages(ledger) == ["seal 0 is not the last one that was made: seals were removed"]


def test_rows_and_payloads_that_were_changed_are_named(ledger):
    epoch = ledger.lanes.take("in:a/b", NOW)
    receipt = ledger.arrivals.due("a/b")[0]
    parsed = Parsed(
        message=1,
        ordinal=1,
        state=State.MAPPED,
        partner="a",
        wire_digest="0" * 64,
        **dict.fromkeys(("kind", "version", "sender", "receiver", "interchange", "reference"), ""),
        document="order/1",
        canonical="{}",
        digest="44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    )
    ledger.staging.stage([Portion(receipt=receipt, parsed=[parsed], position=1)], NOW, lane="in:a/b", epoch=epoch)
    assert codes(ledger) == []
    with ledger.read() as connection:
        digests = dict(connection.execute(select(receipts.c.id, receipts.c.digest)).all())
    tamper(ledger, receipts.update().where(receipts.c.id == 2).values(digest=digests[3]))
    tamper(ledger, blobs.update().where(blobs.c.digest == digests[1]).values(data=b"other"))
    tamper(ledger, contents.update().values(canonical='{"a":1}'))
    tamper(ledger, receipts.delete().where(receipts.c.id == 4))
    found = messages(ledger)
    assert sorted(found) == sorted(
        [
            "r2: no event tells of the digest that it has; its row was changed",
            "r4: its row was removed, of which event 4 of lane in:a/b (id 4) tells",
            f"the payload {digests[1][:12]} was changed in the ledger's database; it is that of r1",
            "d1: its canonical document was changed",
        ]
    )
    assert all(finding.hint for finding in ledger.verify())


def test_a_large_payload_that_was_changed_or_lost_is_named(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/l.db") as ledger:
        for number in range(2):
            ledger.arrivals.add(arrival(f"k{number}", bytes([number]) * (SMALL + 1)), NOW)
        assert codes(ledger) == []
        first, second = sorted(path for path in (tmp_path / "l.db.blobs").rglob("*") if path.is_file())
        first.write_bytes(b"\x00" * (SMALL + 1) + b"!")
        second.unlink()
        assert [message.partition(" payload ")[2].split(" ", 1)[1] for message in messages(ledger)] == [
            "was changed; it is that of r1" if "r1" in messages(ledger)[0] else "was changed; it is that of r2",
            "is missing; it is that of r2" if "r2" in messages(ledger)[1] else "is missing; it is that of r1",
        ]
        assert codes(ledger, payloads=False) == []


def test_of_several_who_seal_at_once_one_does(ledger):
    ledger.arrivals.add(arrival("another"), NOW)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: ledger.seals.make(NOW), range(8)))
    assert {seal.number for seal in made} == {3}
    assert count(ledger, seals) == 3
    assert codes(ledger) == []


def test_a_ledger_in_which_nothing_happened_is_not_sealed(tmp_path):
    with Ledger(f"sqlite:///{tmp_path}/l.db") as ledger:
        assert ledger.seals.make(NOW) is None
        assert ledger.verify() == []
        assert codes(ledger, against=Seal(number=1, at=NOW, lanes=1, hash="0" * 64)) == ["E-AUDIT-REWRITTEN"]


_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
_OTHER = {
    "id": st.integers(-5, 500),
    "lane": _TEXTS,
    "sequence": st.integers(-5, 500),
    "at": st.integers(0, 2**60),
    "what": _TEXTS,
    "detail": st.none() | _TEXTS | st.sampled_from(["null", "{}", '{"origin": "/out/x","size":9}']),
    "digest": st.none() | _TEXTS,
    "hash": _TEXTS,
    **dict.fromkeys(("receipt_id", "document_id", "delivery_id"), st.none() | st.integers(-5, 500)),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    with Ledger(f"sqlite:///{tmp_path_factory.mktemp('kept')}/l.db") as opened:
        fill(opened)
        tamper(opened, select(1))
        yield opened


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), column=st.sampled_from(sorted(_OTHER)), number=st.integers(1, 6))
def test_any_change_of_any_column_of_any_event_is_noticed(kept, data, column, number):
    """The law of the chain; on SQLite, whose columns take anything."""
    assert set(_OTHER) == set(events.c.keys())
    value = data.draw(_OTHER[column])
    engine = kept.database._engine  # its own connection, whose transaction is undone
    with engine.connect().execution_options(writes=True) as connection:
        before = connection.exec_driver_sql(f"SELECT {column} FROM events WHERE id = ?", (number,)).scalar()
        taken = f"SELECT 1 FROM events WHERE {column} = ? AND id <> ?"
        clash = connection.exec_driver_sql(taken, (value, number)).first() if column == "id" else None
        if before != value and clash is None:
            statement = f"UPDATE OR IGNORE events SET {column} = ? WHERE id = ?"
            if connection.exec_driver_sql(statement, (value, number)).rowcount:
                from transload.runner.ledger.chains import verify_events

                assert list(verify_events(connection, lambda count: None)) != []
        connection.rollback()
    assert kept.verify() == []
