"""A dry run shows what a pass would do, and does nothing."""

from transload.runner.ledger.receipts import Arrival


def test_a_dry_run_shows_what_would_be_sent_and_changes_nothing(make_house, hands):
    house = make_house(acknowledge=True)
    house.put_orders("a.txt", "1", "BAD", "NOT-WRITABLE", reference="7")
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands)
        first, second = engine.preview(), engine.preview()
        assert first == second
        assert ledger.queries.counts() == {
            "receipts": {},
            "documents": {},
            "deliveries": {},
            "breakers": [],
            "paused": [],
            "batches": [],
        }
        (receipt,) = first["receipts"]
        assert engine.run_pass().received == 1
    assert (receipt["origin"], receipt["known"], receipt["errors"]) == ("/out/a.txt", False, 2)
    good, bad, refused = receipt["documents"]
    assert good["deliveries"] == [
        {"target": "erp/sales-orders", "metadata": {"file": "1_0001.txt"}, "size": 26, "findings": []}
    ]
    assert (bad["state"], bad["document"], [f["code"] for f in bad["findings"]]) == ("QUARANTINED", None, ["E-VALUE"])
    assert (refused["state"], refused["deliveries"][0]["findings"][0]["code"]) == ("QUARANTINED", "E-DOMAIN")
    assert receipt["acknowledgements"][0]["metadata"] == {"file": "ACK_1_7.txt"}
    assert house.log()[0][1] == {"file": "1_0001.txt"}
    assert house.log("acks")[0][1] == {"file": "ACK_1_7.txt"}


def test_a_dry_run_knows_what_was_received_before(make_house, hands, script):
    house = make_house(source_act=script("before settling", ["retry"]))
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands)
        engine.run_pass()
        house.put_orders("b.txt", "1")
        known, duplicate = engine.preview()["receipts"]
    assert known["known"]
    assert duplicate["documents"][0]["state"] == "DUPLICATE"
    assert house.offered == ["a.txt", "b.txt"]


def test_a_source_out_of_reach_is_a_finding_of_the_dry_run(make_house, hands, script):
    house = make_house(source_act=script("receive", ["stop"]))
    with house.ledger() as ledger:
        found = house.engine(ledger, clock=hands).preview(["acme/orders"])
        assert ledger.breakers.list() == []
    assert (found["errors"], found["findings"][0]["code"]) == (1, "E-STOP")


def test_a_dry_run_tells_what_waits_and_leaves_alone_what_is_paused(make_house, hands, script):
    house = make_house(target_act=script("before landing", ["retry"]))
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands)
        engine.run_pass()
        ledger.arrivals.add(
            Arrival(route="acme/orders", lane="in:acme/orders", connection="acme/mailbox", source_key="k", origin="x",
                    content=b"H|acme|us|9\n"),
            hands(),
        )  # fmt: skip
        ledger.pauses.pause("partner", "acme", hands(), by="ann", reason="they move")
        ledger.pauses.pause("route", "erp/sales-orders", hands(), by="ann")
        house.put_orders("b.txt", "2", reference="2")
        found = engine.preview()
        assert (found["receipts"], found["unread"], found["errors"]) == ([], {"acme/orders": 1}, 0)
        assert [finding["message"] for finding in found["findings"]] == ["the partner acme is paused by ann: they move"]
        waiting = {"lane": "acme/orders/erp/sales-orders", "target": "erp/sales-orders", "states": {"RETRY_AT": 1}}
        assert found["waiting"] == [waiting | {"paused": "the route erp/sales-orders is paused by ann"}]
        assert engine.preview(["erp/sales-orders"])["waiting"] == found["waiting"]
