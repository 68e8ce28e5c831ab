"""kill -9 at each step of a pass, then a restart: one copy at the target, one end of the story, no gap in numbers."""

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from transload.canonical.errors import Retry
from transload.runner.ledger import LedgerError, Ref
from transload.runner.ledger.departures import Departures
from transload.runner.ledger.staging import Staging
from transload.runner.ledger.states import State
from transload.runner.workspace.model import Batching

WORKER = Path(__file__).with_name("crash_worker.py")
ORDERS = ("1", "2", "3")
FILE_ONLY = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
"""For what starts many processes and asks nothing of the database that others do not."""


@pytest.fixture
def crash(forks):
    """Runs a pass in a process that is to end on the way; gives how it ended."""

    def run(house, where: str, what: str, **options) -> int:
        return forks.run(house.root, where, what, json.dumps(options), script=WORKER).returncode

    return run


def restart(house, hands):
    """Run passes until nothing is left, as a service would; gives the last summary and checks the chains."""
    with house.ledger() as ledger:
        for _ in range(5):
            summary = house.engine(ledger).run_pass()
            if not summary.waiting:
                break
        assert ledger.verify() == []
        states = {row["state"] for row in ledger.queries.deliveries()}
        documents = [(row["number"], row["state"]) for row in reversed(ledger.queries.documents())]
        receipts = [row["state"] for row in ledger.queries.receipts()]
    return summary, states, documents, receipts


@pytest.mark.parametrize(
    ("where", "what", "idempotent"),
    [
        ("source", "receive", False),
        ("source", "before settling", False),
        ("source", "after settling", False),
        ("source", "received", False),
        ("target", "before landing", False),
        ("target", "after landing", False),
        ("target", "before landing", True),
        ("target", "after landing", True),
    ],
)
def test_killed_inside_an_adapter(make_house, hands, where, what, idempotent, crash):
    house = make_house(idempotent=idempotent)
    house.put_orders("a.txt", *ORDERS)
    assert crash(house, where, what, idempotent=idempotent) == -9
    _, states, documents, receipts = restart(house, hands)
    assert sorted(house.landed()) == list(ORDERS)
    assert house.offered == []
    assert states == {"SENT"}
    assert documents == [(number, "SENT") for number in ORDERS]
    assert receipts == ["PARSED"]
    heads = sorted(content.splitlines()[0] for _, _, content in house.log())
    assert heads == ["H|us|erp|1", "H|us|erp|2", "H|us|erp|3"]


@FILE_ONLY
@pytest.mark.parametrize(
    ("where", "number"), [(where, number) for number in range(4, 10) for where in ("before commit", "after commit")]
)
def test_killed_around_the_commits_of_a_batch(make_house, where, number, crash):
    """Gathered, begun, fixed, announced, concluded: the same two leave together, once, with the first number."""
    batch = {"across": True, "most": 2}
    house = make_house(batch=Batching(**batch), file="{number}.txt", idempotent=True)
    house.put_orders("a.txt", *ORDERS)
    assert crash(house, where, str(number), batch=batch, file="{number}.txt", idempotent=True) == -9
    with house.ledger() as ledger:
        house.engine(ledger).run_pass()
        assert ledger.verify() == []
        assert [row["state"] for row in reversed(ledger.queries.documents())] == ["SENT", "SENT", "STAGED"]
    assert [content.splitlines() for _, _, content in house.log()] == [
        ["H|us|erp|1", "M|1|1|ACME", "M|1|2|ACME", "T|2"],
    ]


COMMITS = 11
"""The environment; received; staged (taken, written); two lanes: taken, announced, concluded; sealed."""


@pytest.mark.parametrize(
    ("where", "number"), [("before commit", 1), *(("after commit", number) for number in range(1, COMMITS + 1))]
)
def test_killed_around_a_commit(make_house, hands, where, number, crash):
    house = make_house(acknowledge=True)
    house.put_orders("a.txt", "1")
    assert crash(house, where, str(number), acknowledge=True) == -9
    _, states, documents, _ = restart(house, hands)
    assert house.landed() == ["1"]
    assert len(house.log("acks")) == 1
    assert house.offered == []
    assert states == {"SENT"}
    assert documents == [("1", "SENT")]


def test_these_are_all_commits(make_house, crash):
    house = make_house(acknowledge=True)
    house.put_orders("a.txt", "1")
    assert crash(house, "before commit", str(COMMITS + 1), acknowledge=True) == 0
    assert house.landed() == ["1"]


def test_killed_where_nobody_can_tell_leaves_at_most_the_one_in_flight(make_house, hands, crash):
    house = make_house(can_tell=False)
    house.put_orders("a.txt", *ORDERS)
    assert crash(house, "target", "after landing", can_tell=False) == -9
    summary, states, _, _ = restart(house, hands)
    assert house.landed() == list(ORDERS)
    assert states == {State.UNKNOWN, State.SENT}
    assert summary.waiting == {State.UNKNOWN: 1}
    assert summary.exit_code == 1


def test_killed_again_and_again(make_house, hands, crash):
    house = make_house()
    house.put_orders("a.txt", *ORDERS)
    for _ in range(3):
        assert crash(house, "target", "after landing") == -9
    restart(house, hands)
    assert sorted(house.landed()) == list(ORDERS)


@FILE_ONLY
def test_a_receipt_that_ends_the_process_each_time_is_quarantined(make_house, hands, crash):
    house = make_house(acknowledge=True)
    house.put("a.txt", "H|acme|us|1", "DIE|")
    house.put_orders("b.txt", "1", "2", reference="2")
    for _ in range(house.retry.attempts):
        assert crash(house, "none", "", acknowledge=True) == -9
    summary, _, _, _ = restart(house, hands)
    with house.ledger() as ledger:
        receipt = ledger.queries.journey(Ref("receipt", 1))["receipt"]
    assert receipt["state"] == "QUARANTINED"
    assert [finding["code"] for finding in receipt["findings"]] == ["E-INTERRUPTED"]
    assert f"ended {house.retry.attempts} times" in receipt["findings"][0]["message"]
    assert house.landed() == ["1", "2"]
    assert summary.exit_code == 1


@FILE_ONLY
def test_a_receipt_that_gets_on_is_not_given_up(make_house, hands, crash):
    """Each process stages a batch of it before it ends; only the last message ends it for good."""
    house = make_house()
    house.put_orders("a.txt", *map(str, range(450)))
    for _ in range(house.retry.attempts + 1):
        assert crash(house, "before staging", "") == -9
    _, states, documents, receipts = restart(house, hands)
    assert (states, receipts, {state for _, state in documents}) == ({"SENT"}, ["PARSED"], {"SENT"})
    assert sorted(map(int, house.landed())) == list(range(450))


@FILE_ONLY
def test_a_batch_that_ends_the_process_each_time_is_given_up_alone(make_house, crash):
    batch = {"across": True, "most": 2}
    options = {"batch": batch, "file": "{number}.txt", "idempotent": True}
    house = make_house(**{**options, "batch": Batching(**batch)})
    house.put_orders("a.txt", "1", "2", "3", "4")
    for _ in range(house.retry.attempts):
        assert crash(house, "departing", "", **options) == -9
    with house.ledger() as ledger:
        summary = house.engine(ledger).run_pass()
        assert [row["state"] for row in reversed(ledger.queries.documents())] == [*["QUARANTINED"] * 2, *["SENT"] * 2]
        assert ledger.verify() == []
        (found, *_) = ledger.queries.journey(Ref("delivery", 1))["deliveries"]
        assert [finding["code"] for finding in found["findings"]] == ["E-INTERRUPTED"]
        said = f"the batch for erp/sales-orders was begun {house.retry.attempts} times, and each time the process ended"
        assert found["findings"][0]["message"].startswith(said)
        assert summary.exit_code == 1
        house.put_orders("b.txt", "5", "6", reference="2")
        house.engine(ledger).run_pass()
    assert [content.splitlines()[1:-1] for _, _, content in house.log()] == [
        ["M|1|3|ACME", "M|1|4|ACME"],
        ["M|1|5|ACME", "M|1|6|ACME"],
    ]


@pytest.mark.parametrize("error", [LedgerError, Retry])
def test_a_batch_that_cannot_be_written_now_is_not_given_up(make_house, hands, monkeypatch, error):
    def fails(*arguments, **options):
        raise error("not now")

    house = make_house(batch=Batching(across=True, most=2), file="{number}.txt")
    house.put_orders("a.txt", "1", "2")
    with house.ledger() as ledger:
        monkeypatch.setattr(Departures, "depart", fails)
        for _ in range(house.retry.attempts + 3):
            with pytest.raises(LedgerError) if error is LedgerError else nullcontext():
                house.engine(ledger, clock=hands).run_pass()
        monkeypatch.undo()
        house.engine(ledger, clock=hands).run_pass()
    assert [content.splitlines()[1:-1] for _, _, content in house.log()] == [["M|1|1|ACME", "M|1|2|ACME"]]


def test_a_ledger_that_fails_is_not_the_receipts_fault(make_house, hands, monkeypatch):
    house = make_house()
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        monkeypatch.setattr(Staging, "stage", fails)
        for _ in range(house.retry.attempts + 3):
            with pytest.raises(LedgerError):
                house.engine(ledger, clock=hands).run_pass()
        monkeypatch.undo()
        house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["1"]


def fails(*arguments, **options):
    raise LedgerError("the disk is full")


def test_what_the_ledger_cannot_write_of_a_receipt_holds_up_nobody(make_house, hands, monkeypatch):
    house = make_house()
    house.put("a.txt", "H|acme|us|1", "M|1|A|ACME", "T|1")
    house.put_orders("b.txt", "B", reference="2")
    stage = Staging.stage

    def odd(self, portions, *arguments, **options):
        if any(each.receipt.id == 1 and each.parsed for each in portions):
            raise OverflowError("a number is too large")
        return stage(self, portions, *arguments, **options)

    monkeypatch.setattr(Staging, "stage", odd)
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        receipt = ledger.queries.journey(Ref("receipt", 1))["receipt"]
        monkeypatch.undo()
        ledger.actions.remap(Ref("receipt", 1), hands())
        house.engine(ledger, clock=hands).run_pass()
    assert summary.exit_code == 1
    assert receipt["state"] == "QUARANTINED"
    assert receipt["findings"][0]["message"] == "reading failed unexpectedly: OverflowError: a number is too large"
    assert house.landed() == ["B", "A"]


def test_half_a_character_in_a_finding_is_kept(make_house, hands):
    house = make_house()
    house.put("a.txt", "H|acme|us|1", "HALF|")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        receipt = ledger.queries.journey(Ref("receipt", 1))["receipt"]
        assert ledger.verify() == []
    assert (receipt["state"], receipt["findings"][0]["value"]) == ("QUARANTINED", "\ud800")
