"""One pass: what arrives is stored, read, staged and delivered, and what is wrong is kept aside."""

import time
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger import LedgerBusy, NotFound, Ref, State, artifacts
from transload.runner.ledger.schema import blobs
from transload.runner.reading.reading import MOST_OF_INTERCHANGE, Reader


def codes(findings):
    return [finding["code"] if isinstance(finding, dict) else finding.code for finding in findings]


def test_orders_travel_from_partner_to_target(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "4711", "4712")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["4711", "4712"]
    assert house.offered == []
    assert summary.exit_code == 0
    assert summary.received == 1
    assert summary.receipts == {State.PARSED: 1}
    assert summary.documents == {State.STAGED: 2}
    assert summary.deliveries == {State.SENT: 2}
    assert [entry[1] for entry in house.log()] == [{"file": "4711_0001.txt"}, {"file": "4712_0002.txt"}]


def test_nothing_to_do_is_good(make_house, hands):
    house = make_house()
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert (summary.exit_code, summary.received, summary.findings) == (0, 0, ())


def test_control_numbers_have_no_gap_where_a_document_cannot_be_written(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "1", "NOT-WRITABLE", "NOT-ENCODABLE", "NUMBERED", "5")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        stuck = ledger.queries.documents(state=State.QUARANTINED)
    heads = [content.splitlines()[0] for _, _, content in house.log()]
    assert [head.split("|")[3] for head in heads] == ["1", "2", "3"]
    assert house.landed() == ["1", "NUMBERED", "5"]
    assert house.log()[1][2].splitlines()[1] == "M|1|NUMBERED|x"
    assert summary.deliveries == {State.SENT: 3, State.QUARANTINED: 2}
    assert summary.exit_code == 1
    assert [row["number"] for row in stuck] == ["NOT-ENCODABLE", "NOT-WRITABLE"]
    assert codes(summary.findings) == ["E-DOMAIN", "E-DOMAIN"]


@pytest.mark.parametrize(("number", "code"), [("BROKEN", "E-TEST"), ("BAD", "E-VALUE"), ("CRASH", "E-INTERNAL")])
def test_a_bad_message_is_quarantined_and_its_neighbours_go_on(make_house, hands, number, code):
    house = make_house()
    house.put_orders("a.txt", "1", number, "3")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        (stuck,) = ledger.queries.documents(state=State.QUARANTINED)
    assert house.landed() == ["1", "3"]
    assert summary.documents == {State.STAGED: 2, State.QUARANTINED: 1}
    assert summary.exit_code == 1
    assert stuck["message"] == 2
    assert codes(stuck["findings"]) == [code]
    assert "Traceback" not in str(stuck["findings"])


def test_a_message_that_no_mapping_matches_is_quarantined(make_house, hands):
    house = make_house()
    house.put("a.txt", "H|acme|us|1", "M|NOBODY|5|x", "T|1")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    (finding,) = summary.findings
    assert finding.code == "E-NO-MAPPING"
    assert finding.message == "no mapping of the route acme/orders matches the message M from acme"
    assert finding.hint == "tried: lines; see their match:"


def test_a_document_that_no_target_takes_is_quarantined_not_lost(make_house, hands):
    house = make_house(when={"buyer.name": ("OTHER",)})
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert codes(summary.findings) == ["E-NOT-TAKEN"]
    assert summary.documents == {State.QUARANTINED: 1}


def test_a_route_without_targets_keeps_its_documents(make_house, hands):
    house = make_house(targets=False)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        (row,) = ledger.queries.documents()
        assert ledger.queries.payload(Ref("document", row["id"])).startswith(b'{"buyer":')
    assert summary.documents == {State.MAPPED: 1}
    assert summary.exit_code == 0


@pytest.mark.parametrize(
    ("lines", "code"), [([], "E-EMPTY"), (["rubbish"], "E-JUNK"), (["H|a|b|1", "BOOM"], "E-INTERNAL")]
)
def test_a_payload_without_a_readable_message_is_quarantined(make_house, hands, lines, code):
    house = make_house()
    house.put("a.txt", *lines)
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        (row,) = ledger.queries.receipts()
        assert ledger.queries.payload(Ref("receipt", row["id"])) == "".join(f"{x}\n" for x in lines).encode()
    assert summary.receipts == {State.QUARANTINED: 1}
    assert codes(summary.findings) == [code]
    assert summary.exit_code == 1
    assert house.offered == []


def test_a_fault_of_one_interchange_holds_back_its_messages_alone(make_house, hands):
    house = make_house()
    house.put("a.txt", "H|acme|us|1", "M|1|A|x", "T|9", "H|acme|us|2", "M|1|B|x", "T|1")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["B"]
    assert summary.documents == {State.QUARANTINED: 1, State.STAGED: 1}


def test_junk_that_belongs_to_no_interchange_holds_back_all(make_house, hands):
    house = make_house()
    house.put("a.txt", "rubbish", "H|acme|us|1", "M|1|A|x", "T|1")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == []
    assert summary.documents == {State.QUARANTINED: 1}


def test_the_same_interchange_again_is_a_duplicate(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "1", "2")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        house.put_orders("again.txt", "1", "2")
        summary = house.engine(ledger, clock=hands).run_pass()
        rows = ledger.queries.documents(state=State.DUPLICATE)
    assert house.landed() == ["1", "2"]
    assert summary.receipts == {State.DUPLICATE: 1}
    assert summary.documents == {State.DUPLICATE: 2}
    assert summary.exit_code == 0
    assert codes(rows[0]["findings"]) == ["R-DUPLICATE"]


def test_the_same_reference_with_other_bytes_goes_on_with_a_warning(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        house.put_orders("b.txt", "2")
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["1", "2"]
    assert codes(summary.findings) == ["W-REFERENCE"]
    assert summary.exit_code == 0


def test_a_quarantined_message_does_not_block_its_correction(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "BAD")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        house.put_orders("b.txt", "GOOD")
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["GOOD"]
    assert summary.findings == ()


@pytest.mark.parametrize(("step", "code"), [("fault", "E-ADAPTER"), ("stop", "E-STOP"), ("reject", "E-REJECT")])
def test_an_error_in_settling_loses_nothing(make_house, hands, script, step, code):
    house = make_house(source_act=script("before settling", [step]))
    house.put_orders("a.txt", "1")
    house.put_orders("b.txt", "2", reference="2")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        assert codes(summary.findings) == [code]
        assert summary.exit_code == 1
        hands.turn(seconds=61)
        assert house.engine(ledger, clock=hands).run_pass().exit_code == 0
    assert sorted(house.landed()) == ["1", "2"]
    assert house.offered == []


def test_the_database_of_an_adapter_is_not_the_ledger(make_house, house_module, hands, monkeypatch):
    def receive(self, memory):
        assert not memory.seen("k")  # a question to the ledger in between
        raise OperationalError("SELECT 1", None, Exception("their database is away"))
        yield

    house = make_house()
    with house.ledger() as ledger:
        monkeypatch.setattr(house_module.FolderSource, "receive", receive)
        summary = house.engine(ledger, clock=hands).run_pass()
        assert (codes(summary.findings), summary.exit_code) == (["E-ADAPTER"], 1)
        monkeypatch.undo()
        house.put_orders("a.txt", "1")
        house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["1"]


def test_a_file_on_disk_is_taken_over(make_house, house_module, hands, tmp_path, monkeypatch):
    large = tmp_path / "large"
    rows = [f"M|{number}|{number}|{'x' * 2000}" for number in range(1, 101)]
    size = large.write_text("\n".join(["H|acme|us|1", *rows, "T|100"]))

    def receive(self, memory):
        yield house_module.Inbound(key="k", content=large, origin="/out/large")

    monkeypatch.setattr(house_module.FolderSource, "receive", receive)
    house = make_house()
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        with ledger.read() as connection:
            largest = connection.scalar(select(func.max(blobs.c.size)))
        assert largest == size
    assert summary.deliveries == {State.SENT: 100}
    assert not large.exists()


def test_acknowledgements_that_cannot_be_made_hold_no_document_back(make_house, house_module, hands, monkeypatch):
    def acknowledge(self, payload, *, kind, context, file=None):
        context.numbers.next("acks")
        raise ZeroDivisionError("a fault in the format")

    house = make_house(acknowledge=True)
    house.put_orders("a.txt", "1")
    with monkeypatch.context() as patch, house.ledger() as ledger:
        patch.setattr(house_module.LineFormat, "acknowledge", acknowledge)
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["1"]
    assert codes(summary.findings) == ["E-INTERNAL"]
    assert summary.exit_code == 1
    house.put_orders("b.txt", "2", reference="2")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
    assert house.log("acks")[0][2].startswith("A|1|2|")


def test_a_file_that_could_not_be_cleared_away_is_known_when_it_comes_again(make_house, hands, script):
    act = script("before settling", ["retry"])
    house = make_house(source_act=act)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        first = house.engine(ledger, clock=hands).run_pass()
        assert (first.exit_code, first.received, house.offered) == (3, 1, ["a.txt"])
        second = house.engine(ledger, clock=hands).run_pass()
    assert (second.exit_code, second.received, second.repeated) == (0, 0, 1)
    assert house.landed() == ["1"]
    assert house.offered == []


def test_every_target_gets_its_own_delivery(make_house, hands):
    house = make_house(second_target=True)
    house.put_orders("a.txt", "1", "2")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        rows = ledger.queries.documents()
    assert house.landed("box") == house.landed("box2") == ["1", "2"]
    assert summary.deliveries == {State.SENT: 4}
    assert [row["state"] for row in rows] == ["SENT", "SENT"]


def test_acknowledgements_are_deliveries_of_the_same_transaction(make_house, hands):
    house = make_house(acknowledge=True)
    house.put_orders("a.txt", "1", "BAD", reference="77")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        journey = ledger.queries.journey(Ref("receipt", 1))
    (entry,) = house.log("acks")
    assert entry[1] == {"file": "ACK_1_77.txt"}
    assert entry[2] == "A|1|77|True\n"
    assert journey["acknowledgements"] == [{"kind": "ack", "reference": "77", "accepted": True, "delivery": "s2"}]
    assert summary.deliveries == {State.SENT: 2}


def test_a_duplicate_is_not_acknowledged_again(make_house, hands):
    house = make_house(acknowledge=True)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        house.put_orders("b.txt", "1")
        house.engine(ledger, clock=hands).run_pass()
    assert len(house.log("acks")) == 1


def test_test_messages_stay_out_of_production(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "1", flag="|test")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == []
    assert codes(summary.findings) == ["E-ENVIRONMENT"]


def test_unflagged_messages_in_the_test_environment_are_warned_of(make_house, hands):
    house = make_house(environment="test")
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["1"]
    assert codes(summary.findings) == ["W-ENVIRONMENT"]
    assert summary.exit_code == 0


def test_a_source_out_of_reach_is_tried_later(make_house, hands, script):
    house = make_house(source_act=script("receive", ["retry"]))
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert summary.exit_code == 3
    assert [finding.message for finding in summary.findings] == ["not reachable"]


def test_a_refused_item_is_an_error_and_hides_no_other(make_house, hands, script):
    house = make_house(source_act=script("received", ["reject"]))
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == ["1"]
    assert summary.exit_code == 1


def test_a_source_with_a_fault_ends_without_a_traceback(make_house, hands, script):
    house = make_house(source_act=script("receive", ["fault"]))
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    (finding,) = summary.findings
    assert finding.message == "the adapter 'files' failed unexpectedly: ValueError: a plug-in's fault"
    assert summary.exit_code == 1


def test_notes_of_a_source_last(make_house, hands):
    house = make_house()
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        house.put_orders("a.txt", "1")
        house.engine(ledger, clock=hands).run_pass()
        assert ledger.memory(route="acme/orders", connection="acme/mailbox").get("polls") == "2"


def test_only_the_routes_asked_for_run(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands)
        assert engine.run_pass(["erp/sales-orders"]).received == 0
        assert house.offered == ["a.txt"]
        with pytest.raises(ConfigurationError) as caught:
            engine.run_pass(["acme/order"])
    assert caught.value.hint == "did you mean 'acme/orders'?"


def test_a_second_process_is_refused_while_one_works(make_house, hands):
    house = make_house()
    with house.ledger() as ledger, ledger.exclusively("transload serve"), pytest.raises(LedgerBusy) as caught:
        house.engine(ledger, clock=hands).run_pass()
    assert "transload serve (process " in caught.value.message
    assert caught.value.hint == "one process at a time may; wait for it, or stop it"


def test_a_route_with_a_wrong_mapping_receives_nothing(make_house, hands):
    house = make_house(acknowledge=True)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands)
        object.__setattr__(engine.lines["acme/orders"].route.acknowledge, "kinds", ("ack", "contrl"))
        with pytest.raises(ConfigurationError) as caught:
            engine.run_pass()
    assert house.offered == ["a.txt"]
    assert [finding.hint for finding in caught.value.findings] == ["it makes: ack"]


@pytest.mark.parametrize(
    ("file", "message", "hint"),
    [
        ("{order}", "file: {order} is unknown; a template may name", None),
        ("{document.numbr}", "file: {document.numbr} cannot be filled, order/1 has no numbr", "did you mean 'number'?"),
        ("{document.buyer.glm}", "file: {document.buyer.glm} cannot be filled", "did you mean 'gln'?"),
    ],
)
def test_a_template_that_nothing_can_fill_is_told_before_anything_is_received(make_house, hands, file, message, hint):
    house = make_house(file=file)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger, pytest.raises(ConfigurationError) as caught:
        house.engine(ledger, clock=hands).run_pass()
    (finding,) = caught.value.findings
    assert (finding.code, finding.hint) == ("C-TEMPLATE", hint)
    assert finding.message.startswith(message)
    assert house.offered == ["a.txt"]


def test_what_a_target_is_not_told_stands_in_the_journey(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "LOSSY", "2")
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
        (ref,) = ledger.queries.find("LOSSY")
        journey = ledger.queries.journey(ref)
    assert (summary.exit_code, summary.deliveries) == (0, {State.SENT: 2})
    (detail,) = [event["detail"] for event in journey["events"] if "W-LOSES" in str(event["detail"])]
    assert detail["findings"] == ["W-LOSES"]


def test_the_journey_tells_everything_in_order(make_house, hands):
    house = make_house()
    house.put_orders("a.txt", "4711")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        (ref,) = ledger.queries.find("4711")
        journey = ledger.queries.journey(ref)
        with pytest.raises(NotFound):
            ledger.queries.find("no such")
    assert [event["what"] for event in journey["events"]] == [
        *("RECEIVED", "PARSED", "VALIDATED", "MAPPED", "STAGED", "PARSED", "SENDING", "SENT")
    ]
    assert journey["receipt"]["origin"] == "/out/a.txt"
    (document,) = journey["documents"]
    assert (document["state"], document["mapping"], document["partner"]) == ("SENT", "lines", "acme")
    (delivery,) = journey["deliveries"]
    assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["sent"]
    assert delivery["answer"] == {"summary": "taken", "reference": delivery["key"][:8]}
    assert delivery["mapping_digest"] == house.mapping.digest
    with house.ledger() as ledger, ledger.read() as connection:
        assert artifacts.content(connection, delivery["mapping_digest"]) == b"mapping: lines"
        assert artifacts.content(connection, document["partner_digest"]) == house.partner_file.read_bytes()
        assert artifacts.content(connection, "0" * 64) is None
    assert delivery["product"].startswith("transload ")


def test_the_pass_of_a_large_receipt_is_committed_in_batches(make_house, hands, monkeypatch):
    monkeypatch.setattr("transload.runner.reading.receipt.MOST_MESSAGES", 10)
    house = make_house()
    house.put_orders("a.txt", *(str(number) for number in range(1, 36)))
    with house.ledger() as ledger:
        summary = house.engine(ledger, clock=hands).run_pass()
    assert house.landed() == [str(number) for number in range(1, 36)]
    assert summary.documents == {State.STAGED: 35}


def test_a_ledger_serves_one_environment(make_house, hands):
    tried = make_house(environment="test")
    tried.put_orders("a.txt", "1")
    with tried.ledger() as ledger:
        tried.engine(ledger, clock=hands).run_pass()
    real = make_house(environment="production")
    real.put_orders("b.txt", "2")
    with real.ledger() as ledger:
        for go in (real.engine(ledger).run_pass, lambda: real.engine(ledger).serve(handle_signals=False)):
            with pytest.raises(ConfigurationError) as caught:
                go()
            assert codes(caught.value.findings) == ["C-ENVIRONMENT"]
            assert "is that of the environment 'test', not 'production'" in caught.value.message
    assert real.landed() == ["1"]
    assert real.offered == ["b.txt"]


def test_faults_of_many_interchanges_cost_their_messages_no_time(make_house, hands):
    count = 2000
    house = make_house()
    house.put("a.txt", *(line for n in range(count) for line in (f"H|acme|us|{n}", f"M|1|{n}|ACME", "T|9")))
    with house.ledger() as ledger:
        (line,) = house.engine(ledger, clock=hands).lines.values()
        payload = (house.root / "out" / "a.txt").read_bytes()
        began = time.process_time()
        _, messages = Reader(line=line).messages(payload, SimpleNamespace(file="a.txt"))
        found = [codes(message.findings) for _, message in messages]
        assert time.process_time() - began < 1.5  # each message with each finding: several times as long
    assert found == [["E-COUNT"]] * count


def test_of_many_faults_of_an_interchange_a_message_keeps_the_first(make_house, hands):
    house = make_house()
    house.put("a.txt", "H|acme|us|1", "M|1|A|ACME", "M|2|B|ACME", "T|2", *["?"] * 100)
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        documents = ledger.queries.documents()
        receipt = ledger.queries.journey(Ref("receipt", 1))["receipt"]
    assert [codes(row["findings"]) for row in documents] == [["E-JUNK"] * MOST_OF_INTERCHANGE + ["R-MORE"]] * 2
    assert codes(receipt["findings"]) == ["E-JUNK"] * 100
