"""Batching: documents of a receipt leave together, once, whatever ends in the midst; what is wrong is left out."""

import pytest
from sqlalchemy import select
from tests.runner.ledger.samples import NOW

from transload.adapters.base.acknowledgement import Verdict
from transload.runner.engine import processing
from transload.runner.ledger import LedgerError, Ref, State
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.reconciled import PartnerVerdict, take_verdict
from transload.runner.ledger.schema import gathered
from transload.runner.ledger.staging import Staging
from transload.runner.workspace.model import Batching

FILE = "{receipt.name}_{number:02}.txt"


@pytest.fixture
def run(hands):
    """Runs one pass of a house on a ledger of its own opening."""

    def one_pass(house, **options):
        with house.ledger() as ledger:
            return house.engine(ledger, clock=hands, **options).run_pass()

    return one_pass


def numbers(content):
    """The order numbers in a file that arrived, and its own number."""
    head, *rows, tail = content.splitlines()
    assert tail == f"T|{len(rows)}"
    return [row.split("|")[2] for row in rows], head.split("|")[3]


def states(house):
    with house.ledger() as ledger:
        return {row["ref"]: row["state"] for row in reversed(ledger.queries.documents())}


def left(house):
    with house.ledger() as ledger, ledger.read() as connection:
        return connection.execute(select(gathered)).all()


def test_the_good_documents_of_a_receipt_are_one_file_and_the_bad_are_left_out(make_house, run):
    house = make_house(batch=Batching(), file=FILE, acknowledge=True)
    house.put_orders("a.txt", "1", "BAD", "2", "NOT-ENCODABLE", "NUMBERED")
    house.put_orders("b.txt", "3")
    run(house)
    found = house.log()
    assert [numbers(content) for _, _, content in found] == [(["1", "2", "NUMBERED"], "1"), (["3"], "2")]
    assert [metadata["file"] for _, metadata, _ in found] == ["a.txt_01.txt", "b.txt_02.txt"]
    assert len({key for key, _, _ in found}) == 2
    assert list(states(house).values()) == ["SENT", "QUARANTINED", "SENT", "QUARANTINED", "SENT", "SENT"]
    with house.ledger() as ledger:
        (finding,) = ledger.queries.journey(Ref("receipt", 1))["receipt"]["findings"]
        assert finding["code"] == "W-BATCH"
        assert finding["message"] == "of the receipt 2 documents are quarantined, and not in what leaves together"
        assert finding["hint"] == "they leave by themselves once they are mended and replayed: d2, d4"
        assert ledger.verify() == []
    assert left(house) == []


@pytest.mark.parametrize(("held", "fails"), [(0, False), (3, False), (10_000, True)])
def test_a_receipt_that_is_read_in_several_goes_is_one_file(make_house, run, monkeypatch, held, fails):
    """What is not held any more, or was held by a process whose last commit failed, is encoded anew."""
    monkeypatch.setattr(processing, "MOST_MESSAGES", 2)
    monkeypatch.setattr(processing, "MOST_HELD", held)
    stage, refusals = Staging.stage, [True] * fails

    def full(self, portions, now, **more):
        if portions[0].closing is not None and refusals:
            refusals.pop()
            raise LedgerError("the disk is full")
        return stage(self, portions, now, **more)

    monkeypatch.setattr(Staging, "stage", full)
    house = make_house(batch=Batching(), file=FILE)
    house.put_orders("a.txt", "1", "2", "3", "NUMBERED", "5", "6", "7")
    if fails:
        with pytest.raises(LedgerError, match="the disk is full"):
            run(house)
        assert house.log() == []
        assert len(left(house)) == 6
    run(house)
    ((_, _, content),) = house.log()
    assert numbers(content) == (["1", "2", "3", "NUMBERED", "5", "6", "7"], "1")
    assert set(states(house).values()) == {"SENT"}
    assert left(house) == []
    assert run(house).deliveries == {}


def test_no_more_are_in_a_file_than_may_be(make_house, run):
    house = make_house(batch=Batching(most=2), file=FILE)
    house.put_orders("a.txt", "1", "2", "3", "4", "5")
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["1", "2"], ["3", "4"], ["5"]]


def test_a_dead_batch_is_sent_again_whole_and_one_document_of_it_alone(make_house, hands, script, run):
    house = make_house(batch=Batching(), file=FILE, target_act=script("before landing", ["reject"]))
    house.put_orders("a.txt", "1", "2", "3")
    run(house)
    assert set(states(house).values()) == {"DEAD"}
    with house.ledger() as ledger:
        ledger.actions.remap(Ref("document", 2), hands())
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["2"]]
    with house.ledger() as ledger:
        ledger.actions.redeliver(1, hands())
    run(house)
    assert [numbers(content) for _, _, content in house.log()] == [(["2"], "2"), (["1", "2", "3"], "1")]


def test_what_cannot_be_written_at_the_end_is_quarantined_with_all_its_documents(make_house, run):
    house = make_house(batch=Batching(), file=FILE)
    house.put("a.txt", "H|acme|us|1", "M|1|1|A", "M|2|2|NOT-WRITABLE", "T|2")
    run(house)
    house.put_orders("b.txt", "3")
    run(house)
    assert list(states(house).values()) == ["QUARANTINED", "QUARANTINED", "SENT"]
    assert [numbers(content) for _, _, content in house.log()] == [(["3"], "1")]


def test_what_was_gathered_of_a_receipt_that_is_given_up_is_quarantined(make_house, run, monkeypatch):
    monkeypatch.setattr(processing, "MOST_MESSAGES", 1)
    house = make_house(batch=Batching(), file=FILE)
    house.put("a.txt", "H|acme|us|1", "M|1|1|A", "M|CRASH|CRASH|A", "T|2")
    monkeypatch.setattr(processing._Reading, "_close", lambda *more: 1 / 0)
    run(house)
    assert states(house)["d1"] == "QUARANTINED"
    assert left(house) == []
    with house.ledger() as ledger:
        (row,) = ledger.queries.deliveries(states=[State.QUARANTINED])
    assert [finding["code"] for finding in row["findings"]] == ["E-BATCH"]


def test_what_a_partner_says_of_one_message_is_said_of_its_document(make_house, run):
    house = make_house(batch=Batching(), file=FILE)
    house.put_orders("a.txt", "1", "2", "3")
    run(house)
    verdict = PartnerVerdict(
        delivery=1,
        kind="CONTRL",
        verdict=Verdict.PARTIAL,
        apart={1: Verdict.ACCEPTED, 2: Verdict.REJECTED, 3: Verdict.ACCEPTED},
    )
    with house.ledger() as ledger:

        def work(connection):
            journal = Journal(connection, "in:acme/orders", NOW)
            moved = take_verdict(connection, journal, 1, 1, verdict)
            journal.flush()
            return moved

        assert ledger.database.write(work) is State.REJECTED
    assert states(house) == {"d1": "ACKED", "d2": "REJECTED", "d3": "ACKED"}


def test_a_dry_run_shows_one_delivery(make_house, hands):
    house = make_house(batch=Batching(), file=FILE)
    house.put_orders("a.txt", "1", "2")
    with house.ledger() as ledger:
        (receipt,) = house.engine(ledger, clock=hands).preview()["receipts"]
    shown = [document["deliveries"] for document in receipt["documents"]]
    assert shown[0] == shown[1]
    assert (shown[0][0]["documents"], shown[0][0]["metadata"]) == (2, {"file": "a.txt_01.txt"})
