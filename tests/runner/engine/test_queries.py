"""Questions to the ledger after real passes, and what is said of work that no route leads on."""

import pytest

from transload.runner.ledger import NotFound, Ref, State, parse_ref


@pytest.fixture
def filled(make_house, hands, script):
    """A ledger after a pass with one good, one bad and one refused order, acknowledged first."""
    house = make_house(target_act=script("before landing", ["", "", "reject"]), acknowledge=True)
    house.put_orders("a.txt", "1", "BAD", "3", reference="77")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands, workers=1).run_pass()
        yield ledger


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, [3, 2, 1]),
        ({"limit": 1}, [3]),
        ({"state": State.QUARANTINED}, [2]),
        ({"number": "3"}, [3]),
        ({"number": "77"}, [3, 2, 1]),
        ({"partner": "acme"}, [3, 2, 1]),
        ({"partner": "erp"}, [3, 1]),
        ({"partner": "er"}, []),
        ({"kind": "order/1"}, [3, 1]),
        ({"kind": "M"}, [3, 2, 1]),
    ],
)
def test_lists_of_documents(filled, asked, expected):
    assert [row["id"] for row in filled.queries.documents(**asked)] == expected


def test_lists_by_time(filled, hands):
    before = hands.now
    hands.turn(seconds=1)
    assert len(filled.queries.documents(since=before, until=hands.now)) == 3
    assert filled.queries.documents(since=hands.now) == []
    assert filled.queries.receipts(until=before) == []
    assert [row["ref"] for row in filled.queries.receipts(route="acme/orders", state=State.PARSED)] == ["r1"]


def test_a_row_is_json_without_what_concerns_only_the_ledger(filled):
    row = filled.queries.documents(number="1")[0]
    assert row["ref"] == "d1"
    assert row["created_at"] == "2026-03-02T08:00:00Z"
    assert not {"epoch", "again", "place"} & set(row)


def test_failed_deliveries_wait_for_people(filled):
    (row,) = filled.queries.deliveries(states=[State.DEAD, State.UNKNOWN], target="erp/sales-orders")
    assert row["ref"] == "s2"
    refused, dead = sorted(filled.failures.clusters(), key=lambda cluster: str(cluster.example))
    assert (dead.routes, dead.count, str(dead.example)) == ({"erp/sales-orders": 1}, 1, "s2")
    assert (refused.routes, refused.count, refused.states) == ({"acme/orders": 1}, 1, {"QUARANTINED": 1})


def test_counts(filled):
    assert filled.queries.counts() == {
        "receipts": {"PARSED": 1},
        "documents": {"DEAD": 1, "QUARANTINED": 1, "SENT": 1},
        "deliveries": {"DEAD": 1, "SENT": 2},
        "breakers": [],
        "paused": [],
        "batches": [],
    }


def test_the_journey_of_a_document_leaves_out_its_neighbours(filled):
    journey = filled.queries.journey(Ref("document", 2))
    assert [row["ref"] for row in journey["documents"]] == ["d2"]
    assert journey["deliveries"] == []
    assert {event["document"] for event in journey["events"]} == {"d2", None}


def test_the_journey_of_a_delivery_names_its_documents(filled):
    journey = filled.queries.journey(Ref("delivery", 1))
    assert (journey["receipt"]["ref"], journey["deliveries"][0]["documents"]) == ("r1", ["d1"])


def test_contents(filled):
    assert filled.queries.payload(Ref("receipt", 1)).startswith(b"H|acme|us|77")
    assert filled.queries.payload(Ref("delivery", 1)).startswith(b"H|us|erp|1")
    assert b'"number":"1"' in filled.queries.payload(Ref("document", 1))
    for ref in (Ref("document", 2), Ref("receipt", 9), Ref("delivery", 9)):
        with pytest.raises(NotFound):
            filled.queries.payload(ref)


@pytest.mark.parametrize("text", ["r1", "R1", " d1 ", "s1"])
def test_references(filled, text):
    (ref,) = filled.queries.find(text)
    assert str(ref) == text.strip().lower()


@pytest.mark.parametrize("text", ["r", "x1", "12", "r-1", "r1234567890123456789012"])
def test_what_is_no_reference(text):
    assert parse_ref(text) is None


def test_what_is_not_there(filled):
    with pytest.raises(NotFound) as caught:
        filled.queries.find("d99")
    assert caught.value.message == "the ledger holds nothing called 'd99'"
    with pytest.raises(NotFound):
        filled.queries.journey(Ref("delivery", 99))


def test_work_for_a_route_that_is_gone_is_told(make_house, hands, script):
    house = make_house(target_act=script("before landing", ["retry"]))
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        house.targets = False
        summary = house.engine(ledger, clock=hands).run_pass()
    (finding,) = summary.findings
    assert (finding.code, finding.severity) == ("W-NO-ROUTE", "warning")
    assert finding.message == (
        "1 deliveries wait in the lane acme/orders/erp/sales-orders, which no route feeds any more"
    )
