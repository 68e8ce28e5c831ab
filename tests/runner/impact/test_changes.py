"""What is told of a change: exactly its effect, on the side of reading and on that of writing."""

import sqlite3

import pytest

from transload.canonical.errors import ConfigurationError
from transload.runner.impact.comparing import What

FIELD, PLACE = What.FIELD.value, What.PLACE.value


def pack(shop, unit="PK"):
    return shop.reads(shop.READS.replace("STK: EA", f"STK: {unit}"))


@pytest.mark.parametrize("against", [None, "now"])
def test_a_unit_code_names_exactly_the_orders_that_hold_it(shop, against):
    held = [f"PO{number}" for number in range(0, 500, 7)]
    orders = [shop.order(f"PO{n}", unit="STK" if n % 7 == 0 else "PCE") for n in range(500)]
    payloads = [shop.interchange(f"I{n}", *orders[n : n + 20]) for n in range(0, 60, 20)]
    shop.receive(*payloads, shop.interchange("I60", *orders[60:]))  # the last one is larger than a page
    pack(shop)
    found = shop.impact(against=against)
    assert shop.numbers(found) == sorted(held)
    assert (found.receipts, found.messages, found.differs) == (4, 500, len(held))
    assert shop.told(against=against) == [
        (FIELD, "lines[].uom", 72, [("EA", "PK", 72)]),
        (PLACE, "/items/*/unit", 72, [("EA", "PK", 72)]),
    ]


def test_samples_say_where_the_values_stand(shop):
    shop.orders(shop.order("A", unit="STK"), shop.order("B"), shop.order("C", unit="STK"))
    pack(shop)
    field, place = shop.impact(samples=1).as_dict()["differences"]
    assert (field["partner"], field["route"], field["target"]) == ("acme", "acme/orders", None)
    assert place["target"] == "erp/orders"
    assert field["samples"] == [
        {"receipt": "r3", "message": 1, "document": "d3", "exact": "lines[0].uom", "old": "EA", "new": "PK"}
    ]
    assert place["samples"][0]["exact"] == "/items/0/unit"


def test_nothing_is_written_sent_or_numbered(shop, tmp_path):
    shop.erp(mapping="library:edifact/orders-d96a", file="{number:05}.edi", more="format: {charset: utf-8}")
    shop.orders(shop.order("A", unit="STK"), shop.order("B"))
    pack(shop)
    before = dumped(tmp_path), sorted(path.name for path in (tmp_path / "out").iterdir())
    assert shop.impact().differs == 1
    assert shop.impact(against="now").differs == 1
    assert (dumped(tmp_path), sorted(path.name for path in (tmp_path / "out").iterdir())) == before


def dumped(folder):
    with sqlite3.connect(folder / "var/ledger.db") as connection:
        return list(connection.iterdump())


def test_documents_of_an_older_version_tell_no_old_news(shop):
    shop.orders(shop.order("OLD", unit="STK"))
    pack(shop, "BX")
    shop.orders(shop.order("NEW", unit="STK"))
    assert shop.told() == []
    pack(shop, "PK")
    assert shop.told()[0] == (FIELD, "lines[].uom", 2, [("BX", "PK", 2)])
    found = shop.impact()
    assert (shop.numbers(found), found.rebuilt) == (["NEW", "OLD"], 1)


def test_what_an_older_version_refused_tells_no_old_news(shop, hands):
    shop.orders(shop.order("REFUSED", unit="XXX"))
    shop.reads(shop.READS.replace("STK: EA", "STK: EA, XXX: EA"))
    assert [what for what, *_ in shop.told()] == [What.PASSES.value]
    hands.turn(hours=1)
    shop.orders(shop.order("NEW"))
    assert shop.told() == [], "the version in use reads it already"
    shop.reads(shop.READS)
    assert [(what, documents) for what, _, documents, _ in shop.told()] == [(What.QUARANTINED.value, 1)]


def test_a_change_back_to_an_older_version_concerns_what_that_one_made(shop):
    shop.orders(shop.order("OLD", unit="STK"))
    pack(shop, "BX")
    shop.orders(shop.order("NEW", unit="STK"))
    shop.reads()
    assert shop.told()[0] == (FIELD, "lines[].uom", 2, [("BX", "EA", 2)])


def test_a_version_by_its_digest_is_compared_with(shop):
    shop.orders(shop.order("OLD", unit="STK"))
    first = next(one.used for one in shop.impact().versions if one.name == "acme-orders")
    pack(shop, "BX")
    shop.orders(shop.order("NEW", unit="STK"))
    assert shop.told() == []
    assert shop.told(against=first[:8])[0] == (FIELD, "lines[].uom", 2, [("EA", "BX", 2)])
    with pytest.raises(ConfigurationError, match="keeps no version of a mapping or partner file 'abcdef'"):
        shop.impact(against="abcdef")
    with pytest.raises(ConfigurationError, match="keeps no version"):
        shop.impact(against="orders%")


def test_only_the_last_receipts_and_those_of_a_time(shop, hands):
    shop.orders(shop.order("A", unit="STK"))
    hands.turn(hours=1)
    first = hands.now
    shop.orders(shop.order("B", unit="STK"))
    hands.turn(hours=1)
    shop.orders(shop.order("C", unit="STK"))
    pack(shop)
    assert shop.numbers(shop.impact(last=2)) == ["B", "C"]
    assert shop.numbers(shop.impact(since=first)) == ["B", "C"]
    assert shop.numbers(shop.impact(since=first, until=hands.now)) == ["B"]
    assert shop.numbers(shop.impact(until=first)) == ["A"]


def test_a_message_that_would_be_refused_and_one_that_would_pass(shop):
    shop.orders(shop.order("A"), shop.order("B"), shop.order("C", quantity="many"))
    shop.reads(shop.READS + 'match: {sender: "0000000000000"}\n')
    (told,) = shop.impact().as_dict()["differences"]
    assert (told["what"], told["name"], told["documents"]) == (What.QUARANTINED.value, "E-NO-MAPPING", 2)
    assert told["samples"][0]["new"].startswith("E-NO-MAPPING no mapping of the route")
    shop.run()
    shop.orders(shop.order("D"))
    shop.reads()
    found = shop.impact(last=1).as_dict()["differences"]
    assert [(one["what"], one["name"]) for one in found] == [(What.PASSES.value, "E-NO-MAPPING")]


def test_another_target_is_chosen(shop):
    shop.orders(shop.order("A", buyer="one"), shop.order("B", buyer="other"))
    shop.erp(take="{document: order/1, when: {buyer.name: one}}")
    found = shop.impact().as_dict()["differences"]
    assert [(one["what"], one["name"], one["documents"]) for one in found] == [
        (What.QUARANTINED.value, "E-NOT-TAKEN", 1),
        (What.NO_TARGET.value, "erp/orders", 1),
    ]
    assert shop.numbers(shop.impact()) == ["B"]


def test_another_name_of_a_file_and_no_difference_by_number_and_key(shop):
    shop.erp(file="{key}_{document.number}_{number:04}.json")
    shop.orders(shop.order("A"), shop.order("B"))
    assert shop.told() == []
    shop.erp(file="{key}-{document.number}_{number:04}.json")
    (name,) = shop.impact().as_dict()["differences"]
    assert (name["what"], name["name"], name["documents"]) == (What.NAME.value, "file", 2)


def test_a_segment_more_and_an_element_that_differs(shop):
    shop.erp(mapping="order.yaml", file="{number}.edi")
    written = "mapping: erp-order\nextends: library:edifact/orders-d96a\nversion: 1\n"
    shop.writes(written)
    shop.orders(shop.order("A", unit="STK"), shop.order("B"))
    assert shop.told() == []
    pack(shop, "KGM")
    assert shop.told()[1:] == [(PLACE, "QTY 01.3", 1, [("PCE", "KGM", 1)])]
    assert shop.impact().as_dict()["differences"][1]["samples"][0]["exact"] == "QTY 01.3, segment 7"
    shop.reads()
    shop.writes(written + "codes: {uom: {EA: EA}}\n")
    assert shop.told() == [(PLACE, "QTY 01.3", 2, [("PCE", "EA", 2)])]


def test_what_could_not_be_written_any_more(shop):
    shop.orders(shop.order("A", buyer="Hagemann"), shop.order("B", buyer="Ha"))
    shop.writes(shop.WRITES + "limits: {buyer.name: {length: 4}}\n")
    found = shop.impact().as_dict()["differences"]
    assert [(one["what"], one["documents"]) for one in found] == [(What.UNWRITABLE.value, 1)]


def test_findings_that_come_and_go(shop):
    shop.orders([*shop.order("A")[:2], "PAI+::42", *shop.order("A")[2:]], shop.order("B"))
    shop.reads(shop.READS + "ignores: [PAI]\n")
    (goes,) = shop.impact().as_dict()["differences"]
    assert (goes["what"], goes["name"], goes["documents"]) == (What.GOES.value, "warning E-UNMAPPED PAI", 1)
    shop.writes(shop.WRITES.replace('loses: ["*"]\n', ""))
    comes = [one for one in shop.impact(against="now").as_dict()["differences"] if one["target"]]
    assert {one["what"] for one in comes} == {What.COMES.value}
    assert {one["name"].split()[1] for one in comes} == {"W-LOSES"}


def test_only_the_wanted_places_are_told(shop):
    shop.orders(shop.order("A", unit="STK"), shop.order("B"))
    pack(shop)
    shop.writes(shop.WRITES.replace("gtin: =gtin, ", ""))
    assert len(shop.told()) == 3
    assert [name for _, name, *_ in shop.told(fields=["lines"])] == ["lines[].uom"]
    assert [name for _, name, *_ in shop.told(fields=["lines[].uom"])] == ["lines[].uom"]
    assert [name for _, name, *_ in shop.told(fields=["/items/*/gtin"])] == ["/items/*/gtin"]
    assert shop.impact(fields=["line"]).differs == 0
