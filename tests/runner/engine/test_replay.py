"""Replay: the same bytes again, or the same message through the mappings of now, linked to what was before."""

import pytest

from transload.runner.engine import Engine
from transload.runner.ledger import NotFound, Ref, State
from transload.runner.ledger.repeating import NotPossible


@pytest.fixture
def passes(make_house, hands):
    """A house, its open ledger, and a function that runs a pass."""

    def start(**options):
        house = make_house(**options)
        ledger = house.ledger().open()
        opened.append(ledger)
        return house, ledger, lambda: house.engine(ledger, clock=hands).run_pass()

    opened = []
    yield start
    for ledger in opened:
        ledger.close()


def test_the_same_bytes_are_sent_again_under_another_key(passes, hands):
    house, ledger, run = passes()
    house.put_orders("a.txt", "1")
    run()
    new = ledger.actions.redeliver(1, hands.now)
    assert ledger.queries.documents()[0]["state"] == "STAGED"
    assert run().deliveries == {State.SENT: 1}
    first, second = house.log()
    assert first[0] != second[0]
    assert first[1:] == second[1:]
    (delivery,) = ledger.queries.journey(Ref("delivery", new))["deliveries"]
    assert (delivery["origin_id"], delivery["documents"]) == (1, ["d1"])
    assert ledger.queries.documents()[0]["state"] == "SENT"


def test_a_dead_delivery_sent_again_makes_its_document_well(passes, hands, script):
    house, ledger, run = passes(target_act=script("before landing", ["reject"]))
    house.put_orders("a.txt", "1")
    run()
    assert ledger.queries.documents()[0]["state"] == "DEAD"
    ledger.actions.redeliver(1, hands.now)
    assert run().exit_code == 0
    assert ledger.queries.documents()[0]["state"] == "SENT"
    assert [row["state"] for row in ledger.queries.deliveries()] == ["SENT", "DEAD"]


def test_a_dead_document_is_mapped_again_for_the_target_that_lacks_it(passes, hands, script):
    house, ledger, run = passes(second_target=True, target_act=script("before landing", ["reject"]))
    house.put_orders("a.txt", "1")
    run()
    assert len(house.landed() + house.landed("box2")) == 1
    (cluster,) = ledger.failures.clusters()
    assert cluster.states == {"DEAD": 1}
    ledger.actions.remap(Ref("document", 1), hands.now)
    assert run().deliveries == {State.SENT: 1}
    assert (house.landed(), house.landed("box2")) == (["1"], ["1"])
    assert ledger.failures.clusters() == []  # made anew, it waits for nobody


def test_what_is_under_way_or_has_no_bytes_cannot_be_sent_again(passes, hands, script):
    house, ledger, run = passes(target_act=script("before landing", ["retry"]))
    house.put_orders("a.txt", "1", "NOT-WRITABLE")
    run()
    with pytest.raises(NotPossible, match="s1 is RETRY_AT"):
        ledger.actions.redeliver(1, hands.now)
    with pytest.raises(NotPossible, match="s2 is QUARANTINED"):
        ledger.actions.redeliver(2, hands.now)
    with pytest.raises(NotFound):
        ledger.actions.redeliver(99, hands.now)


def test_quarantined_messages_are_mapped_again_after_the_mapping_is_mended(passes, hands, house_module):
    house, ledger, run = passes(acknowledge=True)
    house.put_orders("a.txt", "1", "BAD", "3")
    run()
    house.mapping = house_module.LineMapping(fixed=True)
    ledger.actions.remap(Ref("receipt", 1), hands.now)
    summary = run()
    assert house.landed() == ["1", "3", "BAD"]
    assert summary.documents == {State.STAGED: 1}
    assert len(house.log("acks")) == 1
    new, third, old, _ = ledger.queries.documents()
    assert (new["origin_id"], new["state"]) == (old["id"], "SENT")
    assert old["state"] == "SUPPRESSED"
    assert third["state"] == "SENT"
    with pytest.raises(NotPossible, match="nothing of r1 is quarantined"):
        ledger.actions.remap(Ref("receipt", 1), hands.now)


def test_a_message_that_stays_wrong_stays_quarantined_once(passes, hands):
    house, ledger, run = passes()
    house.put_orders("a.txt", "BAD")
    run()
    ledger.actions.remap(Ref("receipt", 1), hands.now)
    assert run().exit_code == 1
    assert [row["state"] for row in ledger.queries.documents()] == ["QUARANTINED", "SUPPRESSED"]


def test_a_payload_that_could_not_be_read_is_read_again_as_a_whole(passes, hands):
    house, ledger, run = passes()
    house.put("a.txt", "H|a|b|1", "BOOM")
    run()
    assert ledger.actions.remap(Ref("receipt", 1), hands.now) == 1
    assert run().receipts == {State.QUARANTINED: 1}


def test_a_good_document_is_mapped_again_only_when_it_is_named(passes, hands):
    house, ledger, run = passes()
    house.put_orders("a.txt", "1", "2")
    run()
    ledger.actions.remap(Ref("document", 2), hands.now)
    run()
    assert house.landed() == ["1", "2", "2"]
    keys = [entry[0] for entry in house.log()]
    assert len(set(keys)) == 3
    assert [entry[2].splitlines()[0] for entry in house.log()] == ["H|us|erp|1", "H|us|erp|2", "H|us|erp|3"]


def test_a_target_that_was_served_gets_nothing_again(passes, hands, house_module):
    house, ledger, _ = passes(second_target=True)
    house.put_orders("a.txt", "NOT-ENCODABLE")
    workspace = house.workspace()
    copies = workspace.send_routes["erp/copies"]
    plain = house_module.LineMapping()
    plain.encode = lambda document, context: house_module.Encoded(kind="M", body=f"M|1|{document.number}|x")
    vars(copies)["mapping"] = plain
    first = Engine(workspace, ledger, clock=hands).run_pass()
    assert first.deliveries == {State.QUARANTINED: 1, State.SENT: 1}
    assert house.landed("box2") == ["NOT-ENCODABLE"]
    vars(workspace.send_routes["erp/sales-orders"])["mapping"] = plain
    ledger.actions.remap(Ref("receipt", 1), hands.now)
    Engine(workspace, ledger, clock=hands).run_pass()
    assert house.landed("box") == ["NOT-ENCODABLE"]
    assert house.landed("box2") == ["NOT-ENCODABLE"]


@pytest.mark.parametrize(("landed", "expected"), [(True, ["1"]), (False, ["1", "1"])])
def test_a_person_decides_about_an_unknown_delivery(passes, hands, script, landed, expected):
    house, ledger, run = passes(target_act=script("after landing", ["unknown"]), can_tell=False)
    house.put_orders("a.txt", "1")
    assert run().deliveries == {State.UNKNOWN: 1}
    ledger.actions.resolve(1, hands.now, landed=landed)
    assert run().exit_code == 0
    assert house.landed() == expected
    with pytest.raises(NotPossible, match="s1 is SENT, not UNKNOWN"):
        ledger.actions.resolve(1, hands.now, landed=True)


def test_an_unknown_delivery_sent_again_is_suppressed(passes, hands, script):
    house, ledger, run = passes(target_act=script("after landing", ["unknown"]), can_tell=False)
    house.put_orders("a.txt", "1")
    run()
    ledger.actions.redeliver(1, hands.now)
    assert run().exit_code == 0
    assert [row["state"] for row in ledger.queries.deliveries()] == ["SENT", "SUPPRESSED"]


def test_a_paused_lane_waits(passes, hands):
    house, ledger, run = passes()
    house.put_orders("a.txt", "1")
    run()
    lane = "acme/orders/erp/sales-orders"
    ledger.pauses.pause("lane", lane, hands.now, by="ann")
    house.put_orders("b.txt", "2", reference="2")
    assert run().exit_code == 3
    assert house.landed() == ["1"]
    assert [row["name"] for row in ledger.queries.counts()["paused"]] == [lane]
    ledger.pauses.resume("lane", lane, hands.now, by="ann")
    assert run().exit_code == 0
    assert house.landed() == ["1", "2"]
