"""Replays in bulk: each item once, whatever ends them, on both databases; and what they are shown to do before."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from transload.runner.ledger import LedgerError, Ref, State
from transload.runner.ledger.bulks import Item
from transload.runner.ledger.database import Database
from transload.runner.ledger.repeating import NotPossible, Who
from transload.runner.ledger.searching import Criteria
from transload.runner.replays.chosen import SUBJECT, chosen
from transload.runner.replays.plan import Planning

WORKER = Path(__file__).with_name("bulk_worker.py")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANN = Who(by="ann", reason="a test")
ONE_DATABASE = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def killed(house, way, where, number):
    command = [sys.executable, str(WORKER), str(house.root), way, where, str(number)]
    return subprocess.run(command, check=False, timeout=60, capture_output=True).returncode == -9


def replay(ledger, way):
    """Call it again, as the command does."""
    bulk = ledger.bulks.left(way, {})
    if bulk is None:
        bulk = ledger.bulks.begin(way, {}, everything(ledger, way).items, NOW, who=ANN)
    while ledger.bulks.step(bulk.id, NOW, most=2):
        pass


def everything(ledger, way, **wanted):
    return chosen(ledger, way, SUBJECT[way], ledger.searching.ids(SUBJECT[way], Criteria(**wanted)))


@pytest.fixture
def sent(make_house):
    """A house that has sent five orders, of two files."""
    house = make_house()
    house.put_orders("a.txt", "1", "2", "3")
    house.put_orders("b.txt", "4", "5", reference="2")
    with house.ledger() as ledger:
        house.engine(ledger).run_pass()
    return house


# Commits: the bulk is written down (1), its items (2), it begins (3), steps of two items (4, 5, 6).


def test_killed_in_the_midst_and_called_again_nothing_is_sent_twice(sent):
    assert killed(sent, "redeliver", "before", 5)
    with sent.ledger() as ledger:
        assert ledger.bulks.get(1).position == 2
        replay(ledger, "redeliver")
        replay(ledger, "redeliver")  # once more, when nothing is left
        sent.engine(ledger).run_pass()
        assert ledger.verify() == []
        assert {bulk.state for bulk in ledger.bulks.newest()} == {"DONE"}
        assert {row["state"] for row in ledger.queries.deliveries()} == {"SENT"}
        assert {row["state"] for row in ledger.queries.documents()} == {"SENT"}
    assert sorted(sent.landed()) == sorted("12345" * 2)


@ONE_DATABASE
@pytest.mark.parametrize("where", ["items", "begun", "step"])
def test_what_fails_around_a_commit_is_done_once_when_it_is_called_again(sent, where, monkeypatch):
    """As a kill would: before the items are written down, before it begins, after a step."""
    write, count = Database.write, []

    def failing(self, work, **options):
        count.append(1)
        stop = {"items": 2, "begun": 3, "step": 4}[where] == len(count)
        if where == "step" or not stop:
            result = write(self, work, **options)
        if stop:
            raise LedgerError("the ledger failed: database or disk is full")
        return result

    with sent.ledger() as ledger:
        monkeypatch.setattr(Database, "write", failing)
        with pytest.raises(LedgerError):
            replay(ledger, "redeliver")
        monkeypatch.setattr(Database, "write", write)
        replay(ledger, "redeliver")
        states = [bulk.state for bulk in ledger.bulks.newest()]
        assert states == (["DONE"] if where == "step" else ["DONE", "PREPARING"])
        sent.engine(ledger).run_pass()
    assert sorted(sent.landed()) == sorted("12345" * 2)


@ONE_DATABASE
@pytest.mark.parametrize("way", ["remap", "reingest"])
def test_mapping_again_and_taking_in_again(sent, way):
    with sent.ledger() as ledger:
        replay(ledger, way)
        sent.engine(ledger).run_pass()
        assert ledger.verify() == []
        documents, receipts = ledger.queries.documents(), ledger.queries.receipts()
    if way == "remap":
        assert sorted(sent.landed()) == sorted("12345" * 2)
        assert all(row["origin_id"] == row["id"] - 5 for row in documents[:5])
    else:  # as if they had come now: they are known
        assert sorted(sent.landed()) == list("12345")
        assert [row["state"] for row in documents[:5]] == ["DUPLICATE"] * 5
        assert receipts[0]["origin_id"] == 2


def test_two_that_do_the_same_bulk_share_it(sent):
    with sent.ledger() as ledger, sent.ledger() as other:
        bulk = ledger.bulks.begin("redeliver", {"x": 1}, everything(ledger, "redeliver").items, NOW, who=ANN)

        def work(each):
            done = []
            while step := each.bulks.step(bulk.id, NOW, most=1):
                done += [one.subject for one in step]
            return done

        with ThreadPoolExecutor(2) as pool:
            one, two = pool.map(work, [ledger, other])
        assert sorted(one + two) == ["s1", "s2", "s3", "s4", "s5"]
        events = ledger.queries.journey(Ref("delivery", 6))["events"]
        (staged,) = [event["detail"] for event in events if event["delivery"] == "s6"]
        assert {"by": "ann", "reason": "a test", "bulk": 1}.items() <= staged.items()
        assert ledger.verify() == []


@ONE_DATABASE
def test_cancelling_loses_nothing(sent):
    with sent.ledger() as ledger:
        bulk = ledger.bulks.begin("redeliver", {}, everything(ledger, "redeliver").items, NOW, who=ANN)
        ledger.bulks.step(bulk.id, NOW, most=2)
        assert ledger.queries.documents()[-1]["state"] == "STAGED"
        assert ledger.bulks.cancel(bulk.id, NOW, who=ANN) == (3, 2)
        assert ledger.bulks.step(bulk.id, NOW, most=2) == []
        assert [row["state"] for row in ledger.queries.deliveries()[:2]] == ["SUPPRESSED", "SUPPRESSED"]
        assert {row["state"] for row in ledger.queries.documents()} == {"SENT"}  # as it was before
        with pytest.raises(NotPossible, match="b1 was cancelled before"):
            ledger.bulks.cancel(bulk.id, NOW, who=ANN)
        assert len(everything(ledger, "redeliver").items) == 7  # the cancelled ones too, each by itself
        sent.engine(ledger).run_pass()
        assert len(sent.landed()) == 5
        assert ledger.verify() == []


@ONE_DATABASE
def test_what_was_done_again_or_is_under_way_is_left_out(sent):
    with sent.ledger() as ledger:
        ledger.actions.redeliver(1, NOW)
        ledger.actions.remap(Ref("document", 5), NOW)
        found = everything(ledger, "redeliver")
        assert [item.subject for item in found.items] == [2, 3, 4, 5]
        assert {why: blocked.examples for why, blocked in found.blocked.items()} == {
            "was sent again already": ["s1"],
            "is STAGED: it is under way": ["s6"],
        }
        mapped = everything(ledger, "remap")
        assert mapped.items == [Item(subject=1, messages=(1, 2, 3), force=True)]
        assert [blocked.why for blocked in mapped.blocked.values()] == ["is of a receipt that is being read"]
        assert [item.subject for item in everything(ledger, "reingest").items] == [1]


@ONE_DATABASE
def test_an_item_that_cannot_be_done_is_noted_and_the_others_go_on(sent):
    with sent.ledger() as ledger:
        bulk = ledger.bulks.begin("redeliver", {}, everything(ledger, "redeliver").items, NOW, who=ANN)
        ledger.actions.redeliver(2, NOW)
        ledger.bulks.step(bulk.id, NOW, most=9)
        gone = ledger.bulks.begin("redeliver", {}, [Item(subject=6), Item(subject=99), Item(subject=1)], NOW, who=ANN)
        done = ledger.bulks.step(gone.id, NOW, most=9)
        assert [one.made for one in done] == [None, None, "s12"]
        assert [one.note for one in ledger.bulks.refused(gone.id)] == [
            "s6 is STAGED and cannot be sent again",
            "the ledger holds no delivery s99",
        ]


# previews


@ONE_DATABASE
def test_a_preview_tells_what_a_mended_mapping_would_change(make_house, house_module, hands):
    house = make_house()
    house.put_orders("a.txt", "1", "BAD", "3")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        before = ledger.queries.counts()
        house.mapping = house_module.LineMapping(fixed=True)
        plan = Planning(house.workspace(), ledger, clock=hands).plan(everything(ledger, "remap"))
        assert plan.targets == {"erp/sales-orders": 3}
        assert plan.outcomes == {"the document is the same": 2, "would give a document now": 1}
        assert (plan.numbers, plan.duplicates) == ("new", 2)
        same, mended, _ = plan.shown
        assert (mended["ref"], mended["targets"]) == ("d2", {"erp/sales-orders": "was not sent before"})
        assert (same["ref"], same["differences"]) == ("d1", 0)
        assert ledger.queries.counts() == before

        stuck = everything(ledger, "remap", states=(State.QUARANTINED,))
        bulk = ledger.bulks.begin("remap", {}, stuck.items, hands(), who=ANN)
        ledger.bulks.step(bulk.id, hands(), most=100)
        house.engine(ledger, clock=hands).run_pass()
        assert house.landed() == ["1", "3", "BAD"]


@ONE_DATABASE
def test_a_preview_of_the_same_bytes_tells_what_the_target_has(sent, hands):
    with sent.ledger() as ledger:
        ledger.pauses.pause("partner", "erp", hands(), by="ann")
        plan = Planning(sent.workspace(), ledger, clock=hands).plan(everything(ledger, "redeliver"))
        assert (plan.items, plan.numbers, plan.duplicates) == (5, "kept", 5)
        assert plan.paused == ["the partner erp is paused by ann"]
        again = Planning(sent.workspace(), ledger, clock=hands).plan(everything(ledger, "reingest"))
        assert again.outcomes == {"would be DUPLICATE": 5}


@ONE_DATABASE
def test_the_items_of_a_bulk_are_written_down_and_done_page_by_page(sent, monkeypatch):
    """However many there are, no more than a page of them is in memory."""
    taken, pages = [], []

    def everyone():
        for number in range(2500):
            taken.append(number)
            yield Item(subject=1 + number % 5)

    write = Database.write
    with sent.ledger() as ledger:
        counted = lambda self, work, **options: (pages.append(len(taken)), write(self, work, **options))[1]  # noqa: E731
        monkeypatch.setattr(Database, "write", counted)
        bulk = ledger.bulks.begin("redeliver", {}, everyone(), NOW, who=ANN)
        assert pages == [0, 1000, 2000, 2500, 2500]
        assert [len(ledger.bulks.step(bulk.id, NOW, most=most)) for most in (2, 3)] == [2, 3]
        assert ledger.bulks.get(bulk.id).position == 5
