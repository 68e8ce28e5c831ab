"""Batching: documents of a receipt leave together, once, whatever ends in the midst; what is wrong is left out."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.runner.ledger.samples import NOW

from transload.adapters.base.acknowledgement import Verdict
from transload.canonical.errors import ConfigurationError, Reject, Retry
from transload.runner.ledger import LedgerError, Ref, State
from transload.runner.ledger.additions import Additions
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.lanes import Lanes
from transload.runner.ledger.reconciled import PartnerVerdict, take_verdict
from transload.runner.ledger.repeating import NotPossible
from transload.runner.ledger.schema import gathered
from transload.runner.ledger.searching import Criteria
from transload.runner.ledger.staging import Staging
from transload.runner.reading import receipt
from transload.runner.workspace.model import Batching, Every

FILE = "{receipt.name}_{number:02}.txt"
QUARTER = Every(interval=timedelta(minutes=15))
LATER = Batching(across=True, schedule=QUARTER)
LANE = "acme/orders/erp/sales-orders"


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
    monkeypatch.setattr(receipt, "MOST_MESSAGES", 2)
    monkeypatch.setattr(receipt, "MOST_HELD", held)
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
    monkeypatch.setattr(receipt, "MOST_MESSAGES", 1)
    house = make_house(batch=Batching(), file=FILE)
    house.put("a.txt", "H|acme|us|1", "M|1|1|A", "M|CRASH|CRASH|A", "T|2")
    monkeypatch.setattr(receipt.ReceiptWork, "_close", lambda *more: 1 / 0)
    run(house)
    assert states(house)["d1"] == "QUARANTINED"
    assert left(house) == []
    with house.ledger() as ledger:
        (row,) = ledger.queries.deliveries(states=[State.QUARANTINED])
    assert row["findings"] == [
        {
            "code": "E-BATCH",
            "severity": "error",
            "message": "1 document was to leave for erp/sales-orders in a batch, and could not be written",
            "hint": "see what the receipt says and whether the route is still there, then `transload replay` the"
            " receipt",
        }
    ]


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


def remarks(summary):
    return [finding.message for finding in summary.findings if finding.code in ("R-GATHERED", "W-NO-ROUTE")]


def test_what_several_receipts_bring_until_a_time_is_one_file(make_house, hands, run):
    """What comes later is in the next one, even where nobody was there at the time of the first."""
    house = make_house(batch=LATER, file="B_{number:02}.txt", at_most_waiting=2)
    house.put_orders("a.txt", "1", "BAD", "NOT-ENCODABLE")
    run(house)
    hands.turn(seconds=300)
    house.put_orders("b.txt", "2", "NUMBERED", reference="2")
    found = run(house)
    assert (house.log(), found.exit_code, found.waiting) == ([], 0, {})
    assert remarks(found) == [
        f"3 documents are gathered in {LANE} for a batch, which leaves at 2026-03-02 08:15:00 UTC"
    ]
    with house.ledger() as ledger:
        assert ledger.queries.journey(Ref("document", 1))["documents"][0]["gathers"] == {
            "erp/sales-orders": "2026-03-02T08:15:00Z"
        }
        assert ledger.queries.counts()["batches"] == [
            {"lane": LANE, "target": "erp/sales-orders", "documents": 3, "leaves_at": "2026-03-02T08:15:00Z"}
        ]
        with pytest.raises(NotPossible, match="r2 cannot be erased: d4 waits for a batch to erp/sales-orders"):
            ledger.erasing.erase(Ref("receipt", 2), hands(), by="ann", reason="asked")
    house.put_orders("c.txt", "4", reference="3")
    (crowd,) = [finding for finding in run(house).findings if "not asked" in finding.message]
    assert crowd.message == "the source of acme/orders is not asked, as more than 2 wait"
    house.at_most_waiting = None
    hands.turn(seconds=600)
    run(house)
    assert [numbers(content) for _, _, content in house.log()] == [(["1", "2", "NUMBERED"], "1")]
    hands.turn(seconds=7200)
    found = run(house)
    assert [numbers(content) for _, _, content in house.log()] == [(["1", "2", "NUMBERED"], "1"), (["4"], "2")]
    assert [metadata["file"] for _, metadata, _ in house.log()] == ["B_01.txt", "B_02.txt"]
    assert list(states(house).values()) == ["SENT", "QUARANTINED", "QUARANTINED", "SENT", "SENT", "SENT"]
    assert (left(house), remarks(found), run(house).deliveries) == ([], [], {})
    with house.ledger() as ledger:
        assert ledger.verify() == []
        told = ledger.queries.journey(Ref("receipt", 2))
        assert [(row["ref"], row["documents"]) for row in told["deliveries"]] == [("s2", ["d1", "d4", "d5"])]
        for wanted in (Criteria(file="b.txt"), Criteria(route="acme/orders", number="2")):
            assert [row["ref"] for row in ledger.searching.page("delivery", wanted, 10)] == ["s2"]
        ledger.erasing.erase(Ref("receipt", 2), hands(), by="ann", reason="asked")
        assert ledger.verify() == []
        ledger.erasing.erase(Ref("receipt", 3), hands(), by="ann", reason="asked")
        assert ledger.verify() == []
        assert [row["state"] for row in ledger.queries.deliveries()] == ["SENT", "SENT", "QUARANTINED"]


@pytest.mark.parametrize("schedule", [None, QUARTER])
def test_a_batch_leaves_once_there_are_enough(make_house, hands, run, schedule):
    house = make_house(batch=Batching(across=True, most=2, schedule=schedule), file="{number}.txt")
    house.put_orders("a.txt", "1")
    house.put_orders("b.txt", "2", "3", "4", "5", reference="2")
    found = run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["1", "2"], ["3", "4"]]
    when = "at 2026-03-02 08:15:00 UTC" if schedule else "once there are enough"
    assert remarks(found) == [f"1 document is gathered in {LANE} for a batch, which leaves {when}"]
    hands.turn(seconds=900)
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()[2:]] == ([["5"]] if schedule else [])


@pytest.mark.parametrize("moment", ["before it is fixed", "before it is sent"])
def test_a_batch_that_a_process_ended_over_is_the_same_one(make_house, hands, run, monkeypatch, moment):
    house = make_house(batch=LATER, file="{number}.txt")
    house.put_orders("a.txt", "1", "2")
    run(house)
    hands.turn(seconds=900)
    house.put_orders("b.txt", "3", reference="2")

    def ended(*more, **others):
        raise LedgerError("the power is gone")

    flushes = []

    def flush_of_batch(self, flush=Additions.finish):
        flushes.append(flush(self))
        return ended() if self._portion is None else flushes[-1]

    with monkeypatch.context() as broken:
        if moment == "before it is fixed":
            broken.setattr(Additions, "finish", flush_of_batch)
        else:
            broken.setattr(Lanes, "announce", ended)
        with pytest.raises(LedgerError, match="the power is gone"):
            run(house)
    assert house.log() == []
    fixed = {row.document_id for row in left(house)}.isdisjoint({1, 2})
    assert fixed is (moment == "before it is sent")
    hands.turn(seconds=60)
    run(house)
    assert [numbers(content) for _, _, content in house.log()] == [(["1", "2"], "1")]
    hands.turn(seconds=900)
    run(house)
    assert [numbers(content) for _, _, content in house.log()] == [(["1", "2"], "1"), (["3"], "2")]


def test_one_that_cannot_be_written_any_more_does_not_hold_up_its_batch(make_house, hands, run, monkeypatch):
    house = make_house(batch=LATER, file="{number}.txt")
    house.put_orders("a.txt", "1", "2", "3")
    run(house)
    hands.turn(seconds=900)
    encode = house.mapping.encode

    def stricter(document, context):
        if document.number == "2":
            raise Reject("the code 2 is not in the table any more")
        return encode(document, context)

    monkeypatch.setattr(house.mapping, "encode", stricter)
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["1", "3"]]
    assert list(states(house).values()) == ["SENT", "QUARANTINED", "SENT"]
    monkeypatch.undo()
    with house.ledger() as ledger:
        ledger.actions.remap(Ref("document", 2), hands())
    run(house)
    assert len(house.log()) == 1
    hands.turn(seconds=900)
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["1", "3"], ["2"]]
    assert list(states(house).values()) == ["SENT", "SUPPRESSED", "SENT", "SENT"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Retry("the database of codes cannot be reached"), "the database of codes cannot be reached"),
        (ConfigurationError("the table of codes is gone"), "the table of codes is gone"),
        (ZeroDivisionError("x"), "writing a batch failed unexpectedly: ZeroDivisionError: x"),
    ],
)
def test_a_batch_waits_while_it_cannot_be_written_and_what_arrives_is_read(
    make_house, hands, run, monkeypatch, error, told
):
    house = make_house(batch=LATER, file="{number}.txt")
    house.put_orders("a.txt", "1")
    run(house)
    hands.turn(seconds=900)
    house.put_orders("b.txt", "BAD", reference="2")

    def away():
        raise error

    monkeypatch.setattr(house.mapping, "refresh", away, raising=False)
    found = run(house)
    assert told in [finding.message for finding in found.findings]
    assert (house.log(), found.exit_code, list(states(house).values())) == ([], 1, ["STAGED", "QUARANTINED"])
    monkeypatch.undo()
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["1"]]


def test_a_batch_waits_for_a_route_that_is_gone(make_house, hands, run):
    house = make_house(batch=LATER, file="{number}.txt")
    house.put_orders("a.txt", "1")
    run(house)
    hands.turn(seconds=900)
    house.targets = False
    assert remarks(run(house)) == [f"1 documents wait for a batch in the lane {LANE}, which no route feeds any more"]
    house.targets, house.batch = True, None
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["1"]]


def test_a_document_waits_for_one_target_and_has_left_for_another(make_house, hands, run):
    """It is not SENT before all of its targets have it."""
    house = make_house(batch=LATER, file="{number}.txt", second_target=True)
    whole = house.workspace
    house.put_orders("a.txt", "1")

    def one_at_once():
        found = whole()
        object.__setattr__(found.send_routes["erp/copies"], "batch", None)
        return found

    house.workspace = one_at_once
    run(house)
    assert (len(house.log("box2")), house.log(), states(house)) == (1, [], {"d1": "STAGED"})
    hands.turn(seconds=900)
    run(house)
    assert (len(house.log("box2")), len(house.log()), states(house)) == (1, 1, {"d1": "SENT"})


def test_a_dry_run_shows_a_batch_of_its_receipt(make_house, hands):
    house = make_house(batch=LATER, file="B_{number}.txt")
    house.put_orders("a.txt", "1", "2")
    with house.ledger() as ledger:
        (receipt,) = house.engine(ledger, clock=hands).preview()["receipts"]
    assert receipt["documents"][0]["deliveries"][0]["documents"] == 2


@pytest.mark.parametrize(
    ("file", "many", "told"),
    [
        (
            "{document.number}_{receipt.name}.txt",
            True,
            [
                "C-TEMPLATE file: {document.number} cannot be filled, as a batch has many documents",
                "C-TEMPLATE file: {receipt.name} cannot be filled, as such a batch is of many receipts",
            ],
        ),
        ("{number}.txt", False, ["C-BATCH erp/sales-orders has 'batch', and its format writes one document a payload"]),
    ],
)
def test_a_batch_that_cannot_be_is_refused_before_anything_is_received(
    make_house, house_module, run, monkeypatch, file, many, told
):
    monkeypatch.setattr(house_module.LineFormat, "holds_many", many)
    house = make_house(batch=LATER, file=file)
    house.put_orders("a.txt", "1")
    with pytest.raises(ConfigurationError) as caught:
        run(house)
    assert [f"{finding.code} {finding.message}" for finding in caught.value.findings] == told
    assert house.offered == ["a.txt"]


def test_a_document_is_taken_out_of_its_batch_and_sent_after_all(make_house, hands, run):
    house = make_house(batch=LATER, file="{number}.txt")
    house.put_orders("a.txt", "1", "2")
    run(house)
    with house.ledger() as ledger:
        assert ledger.actions.leave_out(1, hands(), by="ann", reason="ordered twice") == ["erp/sales-orders"]
        with pytest.raises(NotPossible, match="d1 waits for no batch"):
            ledger.actions.leave_out(1, hands())
        (event,) = [one for one in ledger.queries.journey(Ref("document", 1))["events"] if one["what"] == "SUPPRESSED"]
        assert event["detail"] == {
            "by": "ann", "cancelled": True, "reason": "ordered twice", "targets": ["erp/sales-orders"]
        }  # fmt: skip
    hands.turn(seconds=900)
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["2"]]
    assert states(house) == {"d1": "SUPPRESSED", "d2": "SENT"}
    with house.ledger() as ledger:
        ledger.actions.remap(Ref("document", 1), hands())
        assert ledger.verify() == []
    run(house)
    hands.turn(seconds=900)
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["2"], ["1"]]


def test_what_waits_for_a_batch_is_not_gathered_twice(make_house, hands, run, house_module):
    """Since another target could not be written, and its document is mapped again, once that is mended."""
    house = make_house(batch=LATER, file="{number}.txt", second_target=True)
    whole, mended = house.workspace, []

    class Stricter(house_module.LineMapping):
        def encode(self, document, context):
            if not mended:
                raise Reject("no such unit")
            return super().encode(document, context)

    def workspace():
        found = whole()
        route = found.send_routes["erp/copies"]
        object.__setattr__(route, "batch", None)
        vars(route)["mapping"] = Stricter()
        return found

    house.workspace = workspace
    house.put_orders("a.txt", "1")
    run(house)
    assert states(house) == {"d1": "QUARANTINED"}
    mended.append(True)
    with house.ledger() as ledger:
        ledger.actions.remap(Ref("document", 1), hands())
    run(house)
    assert len(house.log("box2")) == 1
    hands.turn(seconds=900)
    run(house)
    assert [numbers(content)[0] for _, _, content in house.log()] == [["1"]]
