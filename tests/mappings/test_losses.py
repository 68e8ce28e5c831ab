"""Writing drops nothing in silence: what a mapping has no place for is W-LOSES, unless ``loses:`` lists it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.canonical.order import Order
from transload.mappings.compiler.losing import losing_test
from transload.mappings.language.losses import losing, lost_values

NODES = """  - each: lines
    LIN: {1: =number}
    then:
    - QTY: {6063: 21, 6060: =quantity}
"""
WHOLE = {
    "number": "PO1",
    "issued_on": "2026-01-05",
    "kind": "call_off",
    "contract": "C1",
    "notes": ["one", "two"],
    "buyer": {"name": "ACME", "city": "Bremen"},
    "seller": {"name": "Hagemann"},
    "lines": [
        {"number": "1", "quantity": "5", "origin": "DE"},
        {"number": "2", "quantity": "6", "origin": "BE", "taxes": [{"rate": "19"}]},
    ],
}


def lost(bench, mapping, document):
    encoded = mapping.encode(document, bench.context)
    return [(f.code, str(f.severity), f.field, f.value, f.message, f.hint) for f in encoded.findings]


def test_each_field_that_is_not_written_is_named_once(bench, order):
    mapping = bench.load(order(NODES))
    document = Order.model_validate(WHOLE)
    why = "is not written: the mapping has no place for it"
    bind = "bind it, or list it under loses:"
    assert lost(bench, mapping, document) == [
        ("W-LOSES", "warning", "kind", "call_off", f"kind {why}", f"{bind} [kind]"),
        ("W-LOSES", "warning", "contract", "C1", f"contract {why}", f"{bind} [contract]"),
        ("W-LOSES", "warning", "notes", None, f"notes {why}", f"{bind} [notes]"),
        ("W-LOSES", "warning", "seller", None, f"seller {why}", f"{bind} [seller]"),
        ("W-LOSES", "warning", "buyer.city", "Bremen", f"buyer.city {why}", f"{bind} [buyer.city]"),
        ("W-LOSES", "warning", "lines[0].origin", "DE", f"lines[0].origin {why} (and 1 more like it)",
         f"{bind} [lines[].origin]"),
        ("W-LOSES", "warning", "lines[1].taxes", None, f"lines[1].taxes {why}", f"{bind} [lines[].taxes]"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "loses",
    [
        "[kind, contract, notes, seller, buyer.city, 'lines[].origin', lines.taxes]",
        "[kind, contract, notes, seller, buyer.*, 'lines[].*']",
        "['*']",
    ],
)
def test_what_is_listed_is_not_told_of(bench, order, loses):
    mapping = bench.load(order(NODES, f"loses: {loses}\n"))
    assert lost(bench, mapping, Order.model_validate(WHOLE)) == []


def test_a_star_stands_for_what_is_not_carried_both_ways(bench, order):
    nodes = "  - RFF: {1153: CT, 1154: =write(contract)}\n"
    mapping = bench.load(order("", "loses: [buyer.*, contract]\n", early=nodes))
    assert "buyer.name" not in mapping.loses
    assert "buyer.city" in mapping.loses
    assert mapping.loses[-1] == "contract"


def test_a_field_that_stands_only_in_when_is_carried_for_these_values(bench, order):
    mapping = bench.load(
        order("", "loses: [lines]\n", early="  - when: {purpose: replace}\n    RFF: {1153: CT, 1154: X}\n")
    )
    base = {key: WHOLE[key] for key in ("number", "issued_on")} | {"buyer": {"name": "ACME"}}
    for purpose, found in (("replace", 0), ("original", 0), ("cancel", 1)):
        assert len(lost(bench, mapping, Order.model_validate(base | {"purpose": purpose}))) == found


def test_a_mistake_in_a_star_is_told_of(bench, order):
    (line,) = bench.static(order("", "loses: [byer.*]\n"))
    assert "error M-FIELD loses: there is no field 'byer.*' (did you mean 'buyer'?)" in line


@given(data=st.data())
def test_the_quick_test_misses_nothing(workbench, generated, data):
    full = workbench.load('mapping: full\nextends: "library:edifact/orders-d96a"\ndocument: order/1\n', "full.yaml")
    small = workbench.load(
        "mapping: small\ndocument: order/1\nformat: {type: json}\nlayout:\n"
        "  - id: =number\n  - on: =issued_on | date(iso)\n  - buyer: {name: =buyer.name}\n"
        "  - each: lines\n    lines: {n: =number, q: =quantity | number}\n",
        "small.yaml",
    )
    document = data.draw(generated(full))
    plan = losing(small.meaning)
    assert losing_test(plan, "small")(document) >= bool(list(lost_values(plan, document)))


def test_a_document_without_a_loss_is_not_looked_at_closely(bench, order):
    plan = losing(bench.load(order(NODES)).meaning)
    test = losing_test(plan, "small")
    carried = {
        "number": "PO1", "issued_on": "2026-01-05", "buyer": {"name": "A"}, "lines": [{"number": "1", "quantity": "5"}],
    }  # fmt: skip
    assert not test(Order.model_validate(carried))
    assert not test(Order.model_validate({**carried, "kind": "order"}))
    assert test(Order.model_validate({**carried, "kind": "call_off"}))
    assert test(Order.model_validate({**carried, "lines": [{"number": "1", "quantity": "5", "origin": "DE"}]}))
