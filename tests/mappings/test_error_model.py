"""Faults in a message: all at once, each with both places and the field; consequences are not said again."""

from typing import ClassVar

import pytest

from transload.canonical.documents import DOCUMENTS
from transload.canonical.errors import Reject
from transload.canonical.model import Model, Text, known
from transload.canonical.parts import Party

NODES = """  - each: lines
    LIN: {1: =number, 7140: =gtin, 7143: EN}
    then:
    - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}
    - PRI: {5125: AAA, 5118: =price}
  - CNT: {6069: 2, 6066: =count(lines)}
"""
CODES = "codes: {uom: {PCE: EA, KGM: KGM}}\n"
LINES = ("LIN+1++40000002:EN", "QTY+21:100:PCE", "PRI+AAA:1.5", "LIN+2", "QTY+21:5:KGM", "CNT+2:2")


def shown(findings):
    """Findings as a person reads them."""
    rows = []
    for finding in findings:
        rows.append(f"{finding.code} {finding.message}")
        rows += [
            f"    {name:8} {value}"
            for name, value in (
                ("value", finding.value), ("place", finding.place), ("mapping", finding.mapping), ("field", finding.field),  # noqa: E501
                ("hint", finding.hint),
            )
            if value is not None
        ]  # fmt: skip
    return "\n".join(rows)


GOLDEN = r"""E-VALUE '261305' is no day or time that exists: month must be in 1..12
    value    261305:101
    place    segment 3 DTM, element 1, component 2
    mapping  map.yaml:8:22 (DTM 2380+2379)
    field    issued_on
E-VALUE '1OO' is no number
    value    1OO
    place    segment 6 QTY, element 1, component 2
    mapping  map.yaml:14:23 (QTY 6060)
    field    lines[0].quantity
E-CODE code 'STK' is not in table 'uom'
    value    STK
    place    segment 6 QTY, element 1, component 3
    mapping  map.yaml:14:40 (QTY 6411)
    field    lines[0].uom
    hint     the table has PCE, KGM; add the code to it in the partner's mapping
E-VALUE lines[1].gtin does not have the form ^(\d{8}|\d{12,14})$
    value    4000
    place    segment 8 LIN, element 3, component 1
    mapping  map.yaml:12:23 (LIN 7140)
    field    lines[1].gtin
E-MISSING lines[1].quantity is required, and was not found
    place    segment 8 LIN
    mapping  map.yaml:14:23 (QTY 6060)
    field    lines[1].quantity
    hint     it is read from QTY 6060
W-COUNT 3 is stated, and 2 follows from the message
    value    3
    place    segment 10 CNT, element 1, component 2
    mapping  map.yaml:16:20 (CNT 6066)"""


def test_all_faults_of_a_message(bench, order, minimal):
    mapping = bench.load(order(NODES, CODES))
    lines = [
        minimal[0],
        "DTM+137:261305:101",
        minimal[2],
        "LIN+1",
        "QTY+21:1OO:STK",
        "PRI+AAA:1.5",
        "LIN+2++4000:EN",
        "PRI+AAA:-0",
        "CNT+2:3",
    ]
    found = mapping.decode(bench.records(lines))
    assert found.documents == ()
    assert shown(found.findings) == GOLDEN


class Parcel(Model):
    """A document that needs an object."""

    document: ClassVar[str] = "parcel/1"
    number: Text = known("Its number", required=True)
    sender: Party = known("Who sends it", required=True)


def test_an_object_is_missing_once_at_the_place_of_the_message(bench, monkeypatch):
    monkeypatch.setitem(DOCUMENTS, "parcel/1", Parcel)
    mapping = bench.load(
        """
mapping: parcel
version: 1
document: parcel/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
layout:
  - BGM: {1004: =number}
  - in: sender
    NAD: {3035: BY, 3036: =name, 3164: =city}
"""
    )
    found = mapping.decode(bench.records(["BGM++P1"]))
    assert shown(found.findings) == (
        "E-MISSING sender is required, and was not found\n"
        "    place    segment 1 UNH\n"
        "    mapping  map.yaml:9:21 (NAD 3036)\n"
        "    field    sender\n"
        "    hint     it is read from NAD 3036"
    )


def test_a_time_is_not_cut_from_a_date(bench, order, minimal):
    mapping = bench.load(order("", CODES))
    midnight = mapping.decode(bench.records([minimal[0], "DTM+137:202601050000:203", minimal[2]]))
    assert str(midnight.documents[0].issued_on) == "2026-01-05"
    found = mapping.decode(bench.records([minimal[0], "DTM+137:202601051030:203", minimal[2]]))
    assert [f.message for f in found.findings] == [
        "'202601051030' has a time, and the field is a date: dtm(102 day) would leave it aside"
    ]
    odd = mapping.decode(bench.records([minimal[0], "DTM+137:2026W01:616", minimal[2]]))
    assert [f.message for f in odd.findings] == ["date format '616' is not one of 2, 3, 101, 102, 201, 202, 203, 204"]


def test_lineage_names_place_rule_and_line_of_every_value(bench, order, minimal):
    mapping = bench.load(order(NODES, CODES))
    trace = mapping.trace(bench.records([*minimal, *LINES]))
    rows = [
        f"{entry.field} <- {entry.places[0]} = {entry.value} ({entry.rule}, {entry.mapping.line})"
        for entry in trace.lineage
    ]
    assert rows == [
        "number <- segment 2 BGM, element 2 = PO1 (=number, 7)",
        "issued_on <- segment 3 DTM, element 1, component 2 = 20260105:102 (=issued_on | dtm(102), 8)",
        "buyer.name <- segment 4 NAD, element 4, component 1 = ACME (=name, 10)",
        "lines[0].number <- segment 5 LIN, element 1 = 1 (=number, 12)",
        "lines[0].gtin <- segment 5 LIN, element 3, component 1 = 40000002 (=gtin, 12)",
        "lines[0].quantity <- segment 6 QTY, element 1, component 2 = 100 (=quantity, 14)",
        "lines[0].uom <- segment 6 QTY, element 1, component 3 = PCE (=uom | code(uom), 14)",
        "lines[0].price <- segment 7 PRI, element 1, component 2 = 1.5 (=price, 15)",
        "lines[1].number <- segment 8 LIN, element 1 = 2 (=number, 12)",
        "lines[1].quantity <- segment 9 QTY, element 1, component 2 = 5 (=quantity, 14)",
        "lines[1].uom <- segment 9 QTY, element 1, component 3 = KGM (=uom | code(uom), 14)",
    ]


def test_changing_one_value_changes_the_field_that_lineage_names_and_no_other(bench, order, minimal):
    mapping = bench.load(order(NODES, CODES))
    lines = [*minimal, *LINES]
    trace = mapping.trace(bench.records(lines))
    before = trace.documents[0].model_dump()
    for entry in trace.lineage:
        if entry.rule not in ("=number", "=name", "=quantity", "=price"):
            continue
        place = entry.places[0]
        message = bench.records(lines)
        segment = message.body.segments[place.segment - 2]
        parts = segment[place.element].split(":")
        parts[(place.component or 1) - 1] = "77"
        segment[place.element] = ":".join(parts)
        after = mapping.decode(message).documents[0].model_dump()
        assert list(changed(before, after)) == [entry.field]


def changed(before, after, path=""):
    if isinstance(before, dict):
        for key in before:
            yield from changed(before[key], after[key], f"{path}.{key}" if path else key)
    elif isinstance(before, tuple):
        for number, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from changed(one, other, f"{path}[{number}]")
    elif before != after:
        yield path


def test_what_cannot_be_written_names_field_and_line_and_comes_all_at_once(bench, order, minimal):
    mapping = bench.load(order(NODES, CODES))
    document = mapping.decode(bench.records([*minimal, *LINES])).documents[0]
    first, second = document.lines
    lines = (first.model_copy(update={"uom": "LTR"}), second.model_copy(update={"number": "a\x1db"}))
    with pytest.raises(Reject) as caught:
        mapping.encode(document.model_copy(update={"lines": lines}), bench.context)
    assert shown(caught.value.findings) == (
        "E-DOMAIN table 'uom' has no code for 'LTR'\n"
        "    value    LTR\n"
        "    mapping  map.yaml:14:40 (QTY 6411)\n"
        "    field    lines[0].uom\n"
        "E-DOMAIN 'a\\x1db' holds a control character that no partner format can carry\n"
        "    value    a\x1db\n"
        "    mapping  map.yaml:12:11 (LIN 1)\n"
        "    field    lines[1].number"
    )
    assert str(caught.value) == "table 'uom' has no code for 'LTR' (and 1 more)"
