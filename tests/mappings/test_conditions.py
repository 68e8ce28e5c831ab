"""``only_if:``: conditions on fields, for writing only."""

import pytest

from transload.canonical.order import Order

NODES = """  - each: lines
    LIN: {1: =number}
    then:
    - QTY: {6063: 21, 6060: =quantity, 6411: =uom}
    - only_if: CONDITION
      PRI: {5125: AAA, 5118: =price}
"""
LINES = [
    {"number": "1", "quantity": "5", "price": "2.50", "uom": "EA", "requested_on": "2026-02-01"},
    {"number": "2", "quantity": "6", "price": "6"},
    {"number": "3", "quantity": "7", "price": "8", "uom": "KGM", "notes": ["x"]},
]
CONDITIONS = {
    "quantity > 5": "23",
    "quantity >= 5 and quantity < 7": "12",
    "price = quantity": "2",
    "price > quantity or uom = 'EA'": "13",
    "uom": "13",
    "not uom": "2",
    "uom != 'EA'": "23",
    "uom < 'F'": "1",
    "notes": "3",
    "not notes and (uom or price = 6)": "12",
    "order.currency = 'EUR'": "123",
    "order.buyer.city": "",
    "requested_on > '2026-01-31'": "1",
    "requested_on <= order.issued_on": "",
    "price != quantity and not (quantity = 5)": "3",
    "order.kind = 'order'": "123",
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_node_is_written_where_its_condition_holds(bench, order, condition):
    mapping = bench.load(order(NODES.replace("CONDITION", f'"{condition}"')))
    values = {"number": "1", "issued_on": "2026-01-05", "currency": "EUR", "buyer": {"name": "A"}, "lines": LINES}
    written = bench.lines(mapping, Order.model_validate(values))
    found, line = "", ""
    for text in written:
        line = text[4:] if text.startswith("LIN") else line
        found += line if text.startswith("PRI") else ""
    assert found == CONDITIONS[condition]


def test_a_condition_says_nothing_about_reading(bench, order, minimal):
    mapping = bench.load(order(NODES.replace("CONDITION", "quantity > 100")))
    decoded = mapping.decode(bench.records([*minimal, "LIN+1", "QTY+21:5", "PRI+AAA:7"]))
    assert (str(decoded.documents[0].lines[0].price), decoded.findings) == ("7", ())


HINT = " (such as  only_if: quantity > 0 and currency != 'EUR')"
STATIC = {
    "quantity >": f"M-EXPRESSION the condition ends too early{HINT}",
    "quantity > 'x'": f"M-EXPRESSION lines[].quantity is a number, and 'x' is none{HINT}",
    "uom > 5": f"M-EXPRESSION lines[].uom is a text, and 5 is none{HINT}",
    "quantity = uom": f"M-EXPRESSION a number and a text cannot be compared{HINT}",
    "order.kind = 'ordr'": "M-EXPRESSION kind is never 'ordr'; it is order, blanket_order, call_off, rush_order, "
    f"repair_order, consignment_order, sample_order{HINT}",
    "requested_on > 'soon'": f"M-EXPRESSION 'soon' is no date such as '2026-01-31'{HINT}",
    "quantiy > 0": "M-FIELD OrderLine: no field 'quantiy' (did you mean 'quantity'?)",
    "(uom": f"M-EXPRESSION ')' is missing in '(uom'{HINT}",
    "uom & price": f"M-EXPRESSION '& price' is not understood in 'uom & price'{HINT}",
    "uom price": f"M-EXPRESSION 'price' is not understood in 'uom price'{HINT}",
    "and uom": f"M-EXPRESSION 'and' stands where a field should{HINT}",
    "(" * 30 + "uom" + ")" * 30: f"M-EXPRESSION the condition is nested too deep{HINT}",
}


@pytest.mark.parametrize("condition", STATIC)
def test_a_condition_that_makes_no_sense_is_refused(bench, order, condition):
    (line,) = bench.static(order(NODES.replace("CONDITION", f'"{condition}"')))
    assert line == f"map.yaml:14:16: error {STATIC[condition]}"


def test_a_condition_is_a_text(bench, order):
    (line,) = bench.static(order(NODES.replace("CONDITION", "[a]")))
    assert line == "map.yaml:14:16: error M-NODE only_if: is a condition, such as  quantity > 0"
