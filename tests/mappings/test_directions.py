"""``only:`` holds for a whole node, and a file that only writes need not be able to read."""

from datetime import UTC, datetime

import pytest

from transload.canonical.order import Order

ORDER = Order.model_validate(
    {
        "number": "PO-1",
        "issued_on": "2026-01-05",
        "buyer": {"name": "ACME"},
        "lines": [{"number": "1", "supplier_item": "A-1", "quantity": "2"}],
    }
)

SMALL = """
mapping: small
document: order/1
version: 1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
layout:
  - BGM: {1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
EXTRA  - in: buyer
    NAD: {3035: BY, 3036: =name}
"""
PICKING = """
mapping: picking
version: 1
document: order/1
format: {type: FORMAT}
layout:
  - only: encode
    Pick:
      - Number: =number
      - in: buyer
        Buyer: =name
      - each: lines
        Line: {Item: =supplier_item, Quantity: =quantity}
"""


def test_what_stands_in_a_node_for_one_direction_is_for_that_direction(bench):
    body = bench.load(PICKING.replace("FORMAT", "xml")).encode(ORDER, bench.context).body
    assert body == (
        "<Pick><Number>PO-1</Number><Buyer>ACME</Buyer><Line><Item>A-1</Item><Quantity>2</Quantity></Line></Pick>"
    )
    assert bench.load(PICKING.replace("FORMAT", "json")).encode(ORDER, bench.context).body == {
        "Pick": {"Number": "PO-1", "Buyer": "ACME", "Line": [{"Item": "A-1", "Quantity": "2"}]}
    }


def test_such_a_file_reads_nothing_and_says_so(bench):
    decoded = bench.load(PICKING.replace("FORMAT", "xml")).decode(bench.xml("<Pick><Number>PO-1</Number></Pick>"))
    assert decoded.documents == ()
    assert decoded.findings


def test_a_segment_and_what_belongs_to_it_for_one_direction(bench):
    extra = (
        "  - only: encode\n    RFF: {1153: CT, 1154: =contract}\n    then:\n"
        "      - DTM: {2005: 171, 2380+2379: =requested_on | dtm(102)}\n"
    )
    mapping = bench.load(SMALL.replace("EXTRA", extra))
    document = ORDER.model_copy(update={"contract": "C-1", "requested_on": ORDER.issued_on})
    assert "RFF+CT:C-1" in bench.lines(mapping, document)
    (read,) = mapping.decode(bench.again(mapping, document)).documents
    assert (read.contract, read.requested_on) == (None, None)


def test_a_time_is_dropped_where_the_mapping_says_so_and_nowhere_else(bench):
    layout = "  - DTM: {2005: 2, 2380+2379: =requested_on | dtm(102#)}\n"
    lines = ["BGM++PO-1", "DTM+137:20260105:102", "DTM+2:202601201430:203", "NAD+BY+++ACME"]
    (finding,) = bench.load(SMALL.replace("EXTRA", layout.replace("#", ""))).decode(bench.records(lines)).findings
    assert finding.message == "'202601201430' has a time, and the field is a date: dtm(102 day) would leave it aside"
    mapping = bench.load(SMALL.replace("EXTRA", layout.replace("#", " day")))
    decoded = mapping.decode(bench.records(lines))
    assert mapping.trace(bench.records(lines)).findings == decoded.findings
    (left,) = decoded.findings
    assert left.line() == (
        "map.yaml:9:20: warning E-UNMAPPED 14:30:00 is left aside: requested_on is a day "
        "(list its place under ignores: [DTM 2/2380])"
    )
    (read,) = decoded.documents
    assert read.requested_on == datetime(2026, 1, 20, tzinfo=UTC).date()
    assert "DTM+2:20260120:102" in bench.lines(mapping, read)
    for time, ignores in (("0000", ""), ("1430", "ignores: [DTM 2/2380]"), ("1430", "ignores: [DTM/2380]")):
        text = SMALL.replace("EXTRA", layout.replace("#", " day"))
        quiet = bench.load(text.replace("layout:", f"{ignores}\nlayout:"))
        message = bench.records([*lines[:2], f"DTM+2:20260120{time}:203", lines[3]])
        assert (quiet.decode(message).findings, quiet.trace(message).findings) == ((), ())


def test_other_words_after_the_format_of_a_day_are_refused(bench):
    extra = "  - DTM: {2005: 2, 2380+2379: =requested_on | dtm(102 Europe/Berlin)}\n"
    (line,) = bench.static(SMALL.replace("EXTRA", extra))
    assert "'Europe/Berlin' is not understood, and the field is a date (dtm(102) or dtm(102 day))" in line


@pytest.mark.parametrize("direction", ["read", "both"])
def test_other_directions_do_not_exist(bench, direction):
    (line,) = bench.static(PICKING.replace("FORMAT", "xml").replace("only: encode", f"only: {direction}"))
    assert "only: is decode or encode" in line
