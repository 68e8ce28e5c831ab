"""Ways in and out: filters, payloads that are passed on, replays, several documents, pages of the past."""

import gzip
import sqlite3

import pytest

from transload.mappings import load_mapping
from transload.mappings.views.sources import sources
from transload.runner.demo import run_demo
from transload.runner.impact import Asked, impact_of, shadow
from transload.runner.impact.comparing import What
from transload.runner.ledger import Ledger, Ref, history
from transload.runner.workspace import load_workspace

FIELD, PLACE = What.FIELD.value, What.PLACE.value


def pack(shop, unit="PK"):
    return shop.reads(shop.READS.replace("STK: EA", f"STK: {unit}"))


def test_the_demo_has_no_impact_on_itself(tmp_path, capsys):
    assert run_demo(tmp_path / "demo", as_json=True) == 0
    workspace = load_workspace(tmp_path / "demo/workspace")
    with Ledger(workspace.store) as ledger:
        for against in (None, "now"):
            found = impact_of(workspace, ledger, Asked(against=against))
            assert (found.receipts, found.messages, found.differs, found.apart) == (3, 5, 0, {})
    assert capsys.readouterr().out


def test_filters_on_both_ways(shop):
    for file, there in ((shop.acme(), "stable: none"), (shop.erp(), "folder: out")):
        file.write_text(file.read_text().replace(there, f"{there}, filters: [gzip]"))
    shop.receive(gzip.compress(shop.interchange("I1", shop.order("A", unit="STK"), shop.order("B"))), b"no gzip")
    assert shop.told() == []
    found = shop.impact()
    assert (found.messages, found.apart) == (2, {"filters did not unwrap it": 1})
    pack(shop)
    assert shop.told() == [
        (FIELD, "lines[].uom", 1, [("EA", "PK", 1)]),
        (PLACE, "/items/*/unit", 1, [("EA", "PK", 1)]),
    ]


def test_what_is_passed_on_stays_what_it_is(shop):
    shop.acme(more="format: {type: edifact}")
    passing = "{message: INVOIC}"
    shop.erp(take=passing, mapping="order.yaml", file="{number}.edi")
    text = (shop.root / "mappings/erp/partner.yaml").read_text()
    (shop.root / "mappings/erp/partner.yaml").write_text(text.replace("    mapping: order.yaml\n", ""))
    (sample,) = load_mapping("library:edifact/invoic-d96a").file.parent.parent.glob("samples/invoic.edi")
    shop.receive(sample.read_bytes())
    found = shop.impact()
    assert (found.receipts, found.differs) == (1, 0)
    assert found.messages >= 1
    text = (shop.root / "mappings/erp/partner.yaml").read_text()
    (shop.root / "mappings/erp/partner.yaml").write_text(text.replace("INVOIC", "DESADV"))
    (first, *_) = shop.impact().as_dict()["differences"]
    assert (first["what"], first["name"]) == (What.QUARANTINED.value, "E-NO-MAPPING")


def test_a_corrected_document_is_compared_by_its_last_version(shop, hands):
    shop.reads(shop.READS.replace("STK: EA", "STX: EA"))
    shop.orders(shop.order("A", unit="STK"))
    assert shop.ledger.queries.documents()[0]["state"] == "QUARANTINED"
    shop.reads()
    (passes,) = shop.impact().as_dict()["differences"]
    assert passes["what"] == What.PASSES.value
    shop.ledger.actions.remap(Ref("receipt", 1), hands(), by="tester")
    shop.run()
    assert shop.told() == []
    pack(shop)
    found = shop.impact()
    assert (found.messages, found.as_dict()["changed"]) == (1, ["d2"])


def test_the_past_is_read_in_pages_and_windows(shop, monkeypatch):
    shop.receive(shop.interchange("I0", *(shop.order(f"L{n}", unit="STK") for n in range(7))))
    shop.orders(*(shop.order(f"S{n}", unit="STK") for n in range(5)))
    pack(shop)
    expected = shop.numbers(shop.impact())
    assert len(expected) == 12
    monkeypatch.setattr(history, "RECEIPTS", 2)
    monkeypatch.setattr(history, "MESSAGES", 3)
    monkeypatch.setattr(shadow, "MESSAGES", 3)
    found = shop.impact()
    assert (shop.numbers(found), found.receipts, found.messages) == (expected, 6, 12)
    assert shop.impact(last=3).receipts == 3


def test_messages_that_are_not_found_any_more(shop, monkeypatch):
    shop.receive(shop.interchange("I0", shop.order("A"), shop.order("B")))
    blob = shop.interchange("I0", shop.order("A"))
    monkeypatch.setattr(history.History, "_content", lambda self, digest, packed: lambda: blob)
    found = shop.impact(files=["mappings/acme/orders.yaml"]).as_dict()["differences"]
    gone = [one for one in found if one["name"] == "E-GONE"]
    assert [(one["what"], one["documents"]) for one in gone] == [(What.QUARANTINED.value, 1)]


def test_bytes_that_are_gone_are_said_to_be(shop):
    shop.orders(shop.order("A", unit="STK"), shop.order("B", unit="STK"))
    digest = shop.ledger.queries.receipts()[0]["digest"]
    with sqlite3.connect(shop.root / "var/ledger.db") as connection:
        connection.execute("DELETE FROM blobs WHERE digest = ?", [digest])
    pack(shop)
    found = shop.impact()
    assert (found.receipts, found.differs) == (1, 1)
    assert found.apart == {"its bytes are not there any more": 1}


def test_what_was_erased_is_said_to_be(shop):
    shop.orders(shop.order("A", unit="STK"), shop.order("B", unit="STK"))
    erased = shop.ledger.queries.find("A")[0]
    shop.ledger.erasing.erase(erased, shop.now(), by="anna", reason="asked for")
    pack(shop)
    found = shop.impact()
    assert (found.receipts, found.differs) == (1, 1)
    assert found.apart == {"its bytes were erased": 1}
    assert shop.ledger.verify() == []


def test_the_side_before_that_cannot_be_built_is_said_to_be(shop):
    shop.orders(shop.order("OLD", unit="STK"))
    pack(shop, "BX")
    shop.orders(shop.order("NEW", unit="STK"))
    new = shop.write("acme/renamed.yaml", shop.READS.replace("STK: EA", "STK: PK"))
    shop.acme(mapping="renamed.yaml")
    (shop.root / "mappings/acme/orders.yaml").unlink()
    found = shop.impact(files=[str(new)])
    assert shop.numbers(found) == ["NEW"]
    (reason,) = found.apart
    assert reason.startswith("the route acme/orders cannot be built as it was in use: there is no mapping file")
    assert str(shop.root / "mappings/acme/orders.yaml") in reason


def test_the_files_of_a_mapping(shop):
    shop.write("acme/units.csv", "wire,canonical\nSTK,EA\nPCE,EA\nKGM,KGM\n")
    shop.write("acme/items.csv", "wire,canonical\nA,B\n")
    file = shop.reads(
        "mapping: acme-orders\nextends: library:edifact/orders-d96a\nversion: 1\ncodes: {uom: {file: units.csv}}\n"
        "xrefs: {items: {file: items.csv, wire: wire, canonical: canonical}}\n"
    )
    found = sources(load_mapping(file))
    library = load_mapping("library:edifact/orders-d96a").file.resolve()
    assert found == {file, library, file.with_name("units.csv"), file.with_name("items.csv")}


@pytest.mark.parametrize("against", [None, "now"])
def test_several_documents_of_one_message(shop, against):
    name = "library:csv/orders"
    shop.acme(mapping=name)
    shop.erp(mapping=name, file="{number}.csv")
    (sample,) = load_mapping(name).file.parent.parent.glob("samples/orders.csv")
    shop.receive(sample.read_bytes())
    assert len(shop.ledger.queries.documents()) > 1
    assert shop.told(against=against) == []
    shop.erp(mapping="library:edifact/orders-d96a", file="{number}.edi", more="format: {charset: utf-8}")
    found = shop.impact(against=against)
    assert found.differs == len(shop.ledger.queries.documents())


def test_an_acknowledgement_that_came_too_early_is_no_difference(shop):
    shop.erp(mapping="library:edifact/orders-d96a", file="{number}.edi", more="format: {charset: utf-8}")
    contrl = (
        "UNB+UNOA:1+9520003000001:14+9520002000002:14+260110:0800+C1'UNH+1+CONTRL:D:3:UN'"
        "UCI+1+9520002000002:14+9520003000001:14+7'UNT+3+1'UNZ+1+C1'"
    )
    shop.receive(contrl.encode())
    (early,) = shop.ledger.queries.documents()
    assert (early["state"], early["findings"][0]["code"]) == ("QUARANTINED", "E-ACK-UNKNOWN")
    assert shop.impact().differs == 0
    shop.orders(shop.order("A"))
    assert shop.ledger.queries.documents()[0]["state"] == "SENT"
    for against in (None, "now"):
        found = shop.impact(against=against)
        assert (found.messages, found.as_dict()["differences"]) == (2, [])
