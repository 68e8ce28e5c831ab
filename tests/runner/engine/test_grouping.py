"""Small files in one commit: as many at a time as come, each by itself where something is wrong with one."""

import json
from pathlib import Path

import pytest

from transload.canonical.errors import Retry
from transload.runner.ledger import LedgerError, Ref
from transload.runner.ledger.arrivals import Arrivals
from transload.runner.ledger.staging import Staging
from transload.runner.reading import grouping
from transload.runner.receiving import intake

WORKER = Path(__file__).with_name("crash_worker.py")
FILE_ONLY = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def counted(monkeypatch):
    """How many each transaction holds: of receipts that arrive, and of receipts that are read."""
    found = {"arrived": [], "read": []}
    add_all, stage = Arrivals.add_all, Staging.stage

    def adding(self, arriving, *rest):
        found["arrived"].append(len(arriving))
        return add_all(self, arriving, *rest)

    def staging(self, portions, *rest, **named):
        found["read"].append(len(portions))
        return stage(self, portions, *rest, **named)

    monkeypatch.setattr(Arrivals, "add_all", adding)
    monkeypatch.setattr(Staging, "stage", staging)
    monkeypatch.setattr(intake, "SECONDS", 60)
    monkeypatch.setattr(grouping, "SECONDS", 60)
    return found


def put(house, *numbers):
    """Each order in a file of its own."""
    for place, number in enumerate(numbers, start=1):
        house.put_orders(f"{place:02}.txt", number, reference=str(place))


def read(house, engine, ledger):
    """Run a pass; gives the summary and the states of the documents in their order, by number."""
    summary = engine.run_pass()
    assert ledger.verify() == []
    return summary, [(row["number"], row["state"]) for row in reversed(ledger.queries.documents())]


def test_small_files_are_committed_together_and_keep_their_order(make_house, hands, counted):
    house = make_house(together=True)
    put(house, "1", "2", "3", "4", "5")
    with house.ledger() as ledger:
        _, documents = read(house, house.engine(ledger, clock=hands, workers=1), ledger)
        assert {row["state"] for row in ledger.queries.receipts()} == {"PARSED"}
    assert counted == {"arrived": [5], "read": [5]}
    assert documents == [(number, "SENT") for number in "12345"]
    assert house.landed() == list("12345")
    assert house.offered == []


def test_what_does_not_wait_is_committed_one_by_one(make_house, hands, counted, monkeypatch):
    monkeypatch.setattr(grouping, "MOST_BYTES", 1)
    house = make_house(together=False)
    put(house, "1", "2", "3")
    with house.ledger() as ledger:
        read(house, house.engine(ledger, clock=hands, workers=1), ledger)
    assert counted == {"arrived": [1, 1, 1], "read": [1, 1, 1]}
    assert house.landed() == ["1", "2", "3"]


def test_no_more_wait_than_one_transaction_may_hold(make_house, hands, counted, monkeypatch):
    monkeypatch.setattr(intake, "MOST", 2)
    house = make_house(together=True)
    put(house, "1", "2", "3", "4", "5")
    with house.ledger() as ledger:
        read(house, house.engine(ledger, clock=hands, workers=1), ledger)
    assert counted["arrived"] == [2, 2, 1]


def test_the_same_interchange_twice_in_a_group_is_a_duplicate(make_house, hands, counted):
    house = make_house(together=True)
    for name in ("1.txt", "2.txt"):
        house.put_orders(name, "A", reference="7")
    house.put_orders("3.txt", "B", reference="7")
    with house.ledger() as ledger:
        _, documents = read(house, house.engine(ledger, clock=hands, workers=1), ledger)
        codes = [{one["code"] for one in row["findings"]} for row in reversed(ledger.queries.documents())]
    assert documents == [("A", "SENT"), (None, "DUPLICATE"), ("B", "SENT")]
    assert codes == [set(), {"R-DUPLICATE"}, {"W-REFERENCE"}]
    assert house.landed() == ["A", "B"]


def test_one_that_cannot_be_kept_holds_up_no_other(make_house, hands, counted, monkeypatch):
    """A group that the ledger refuses is committed one by one; only what is refused then is left at the partner."""
    add_all = Arrivals.add_all

    def refusing(self, arriving, *rest):
        if any(each.origin.endswith("02.txt") for each in arriving):
            raise LedgerError("this one cannot be written")
        return add_all(self, arriving, *rest)

    monkeypatch.setattr(Arrivals, "add_all", refusing)
    house = make_house(together=True)
    put(house, "1", "2", "3")
    with house.ledger() as ledger:
        with pytest.raises(LedgerError, match="this one cannot be written"):
            house.engine(ledger, clock=hands, workers=1).run_pass()
        assert house.offered == ["02.txt", "03.txt"]
        monkeypatch.setattr(Arrivals, "add_all", add_all)
        read(house, house.engine(ledger, clock=hands, workers=1), ledger)
    assert house.landed() == ["1", "2", "3"]


def test_what_was_read_before_a_table_was_away_is_committed(make_house, hands, counted, monkeypatch):
    house = make_house(together=True)
    put(house, "1", "2", "AWAY", "4")
    decode = type(house.mapping).decode
    away = [True]

    def asking(self, message):
        if message.body.segments[0][2] == "AWAY" and away:
            raise Retry("the table cannot be asked")
        return decode(self, message)

    monkeypatch.setattr(type(house.mapping), "decode", asking)
    with house.ledger() as ledger:
        summary, documents = read(house, house.engine(ledger, clock=hands, workers=1), ledger)
        assert summary.exit_code != 0
        assert [number for number, _ in documents] == ["1", "2"]
        away.clear()
        _, documents = read(house, house.engine(ledger, clock=hands, workers=1), ledger)
    assert documents == [(number, "SENT") for number in ("1", "2", "AWAY", "4")]
    assert counted["read"] == [2, 2]


@FILE_ONLY
@pytest.mark.parametrize("moment", ["before settling", "after settling", "received"])
def test_a_kill_among_files_that_are_settled_together(make_house, forks, moment):
    house = make_house(together=True)
    put(house, "1", "2", "3")
    assert forks.run(house.root, "source", moment, json.dumps({"together": True}), script=WORKER).returncode == -9
    with house.ledger() as ledger:
        _, documents = read(house, house.engine(ledger), ledger)
        assert len(ledger.queries.receipts()) == 3
    assert documents == [(number, "SENT") for number in "123"]
    assert sorted(house.landed()) == ["1", "2", "3"]
    assert house.offered == []


@FILE_ONLY
def test_the_file_that_ends_the_process_is_found_among_others(make_house, forks):
    """It alone is quarantined, after as many kills as one by itself takes and two: those before it go their way."""
    house = make_house(together=True)
    house.put_orders("1.txt", "1", reference="1")
    house.put("2.txt", "H|acme|us|2", "DIE|")
    house.put_orders("3.txt", "3", reference="3")
    kills = 0
    while forks.run(house.root, "none", "", json.dumps({"together": True}), script=WORKER).returncode:
        kills += 1
        assert kills < 20
    assert kills <= house.retry.attempts + 2
    with house.ledger() as ledger:
        states = [row["state"] for row in reversed(ledger.queries.receipts())]
        codes = [one["code"] for one in ledger.queries.journey(Ref("receipt", 2))["receipt"]["findings"]]
    assert (states, codes) == (["PARSED", "QUARANTINED", "PARSED"], ["E-INTERRUPTED"])
    assert house.landed() == ["1", "3"]
