"""``each: documents``: several documents of one message, which share what stands outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.canonical.errors import Reject
from transload.canonical.order import Order

RECORDS = """mapping: places
document: order/1
format: {type: edifact, message: "ORDLOC:D:96A:UN"}
codes: {uom: {PCE: EA}}
layout:
  - BGM: {2: =number}
  - DTM: {1.1: 137, 1.2: =issued_on | date(yyyyMMdd)}
  - in: buyer
    NAD: {1: BY, 4: =name}
  - each: documents
    LOC: {1: 7, 2: =ship_to.id}
    then:
    - FTX: {4*3: =notes}
    - in: buyer
      CTA: {1: OC, 2: =contact}
    - each: lines
      LIN: {1: =number, 3: =order.number}
      then:
      - QTY: {1.1: 21, 1.2: =quantity, 1.3: =uom | code(uom)}
    - CNT: {1.1: 2, 1.2: =count(lines)}
  - UNS: {1: S}
  - CNT: {1.1: 9, 1.2: =count(documents)}
"""
LINES = """BGM++PO1
DTM+137:20260105
NAD+BY+++ACME
LOC+7+A
FTX++++one+two
CTA+OC+Jan
LIN+1++PO1
QTY+21:5:PCE
CNT+2:1
LOC+7+B
LIN+1++PO1
QTY+21:6
LIN+2++PO1
QTY+21:7
CNT+2:2
UNS+S
CNT+9:2"""


@pytest.fixture
def mapping(bench):
    return bench.load(RECORDS)


def read(bench, mapping, lines):
    message = bench.records(lines)
    decoded, traced = mapping.decode(message), mapping.trace(message)
    assert (decoded.documents, decoded.findings) == (traced.documents, traced.findings)
    return decoded.documents, decoded.findings


def test_each_place_is_an_order_and_they_are_written_as_one_message(bench, mapping):
    documents, findings = read(bench, mapping, LINES)
    assert findings == ()
    assert [(d.number, d.ship_to.id, d.buyer.name, d.buyer.contact, len(d.lines), d.notes) for d in documents] == [
        ("PO1", "A", "ACME", "Jan", 1, ("one", "two")),
        ("PO1", "B", "ACME", None, 2, ()),
    ]
    assert bench.lines(mapping, documents) == LINES.split("\n")
    single = bench.lines(mapping, documents[1])
    assert single == [*LINES.split("\n")[:3], *LINES.split("\n")[9:16], "CNT+9:1"]


def test_documents_of_one_message_agree_in_what_they_share(bench, mapping):
    documents, _ = read(bench, mapping, LINES)
    other = documents[1].model_copy(update={"number": "PO2", "buyer": None})
    with pytest.raises(Reject) as caught:
        mapping.encode((documents[0], other), bench.context)
    assert [(f.code, f.field, f.message, f.hint) for f in caught.value.findings] == [
        ("E-DOMAIN", f"documents[1].{name}",
         f"{name} stands once in the message, and documents 1 and 2 differ in it",
         "write them into a message each, or bind the field inside each: documents")
        for name in ("number", "buyer.name")
    ]  # fmt: skip
    with pytest.raises(Reject) as caught:
        mapping.encode((), bench.context)
    assert caught.value.message == "the mapping places writes one document into a message, and there are 0"


def test_one_message_for_several_documents_needs_a_mapping_for_it(bench, order):
    plain = bench.load(order(""))
    document = Order.model_validate({"number": "1", "issued_on": "2026-01-05", "buyer": {"name": "A"}})
    with pytest.raises(Reject) as caught:
        plain.encode((document, document), bench.context)
    assert caught.value.message == "the mapping small writes one document into a message, and there are 2"


FAULTS = {
    "a bad value names its document": (
        ("QTY+21:6", "QTY+21:x"),
        ("E-VALUE", "documents[1].lines[0].quantity", "'x' is no number"),
    ),
    "a missing value names its document": (
        ("QTY+21:6\n", ""),
        (
            "E-MISSING",
            "documents[1].lines[0].quantity",
            "documents[1].lines[0].quantity is required, and was not found",
        ),
    ),
    "a shared value has no number": (
        ("DTM+137:20260105\n", ""),
        ("E-MISSING", "documents[0].issued_on", "documents[0].issued_on is required, and was not found"),
    ),
    "a shared value that is not the same": (
        ("LIN+2++PO1", "LIN+2++PO7"),
        ("E-CLASH", "number", "number was 'PO1' before, and is 'PO7' here"),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_one_document(bench, mapping, fault):
    (old, new), expected = FAULTS[fault]
    assert old in LINES
    documents, findings = read(bench, mapping, LINES.replace(old, new))
    assert documents == ()
    assert (findings[0].code, findings[0].field, findings[0].message) == expected


def test_a_message_without_a_document(bench, mapping):
    documents, findings = read(bench, mapping, "BGM++PO1\nDTM+137:20260105\nNAD+BY+++ACME\nUNS+S\nCNT+9:0")
    assert documents == ()
    assert [(f.code, f.message) for f in findings] == [
        ("E-MISSING", "the message holds no document: LOC 7 does not stand in it")
    ]


TREE = """mapping: page
document: order/1
format: {type: json}
layout:
  - date: =issued_on | date(iso)
  - each: documents
    orders: {id: =number, customer: =buyer.name, notes*: =notes}
"""


@given(st.lists(st.tuples(st.sampled_from(["1", "2"]), st.lists(st.sampled_from(["x", "y"]), max_size=3)), min_size=1))
def test_documents_of_a_tree_are_read_as_they_were_written(workbench, orders):
    mapping = workbench.load(TREE, "several.yaml")
    documents = tuple(
        Order.model_validate({"number": number, "issued_on": "2026-01-05", "buyer": {"name": "A"}, "notes": notes})
        for number, notes in orders
    )
    decoded = mapping.decode(workbench.again(mapping, documents))
    assert (decoded.documents, decoded.findings) == (documents, ())


def test_a_field_is_shared_or_the_documents_own(bench):
    twice = TREE.replace("{id: =number,", "{id: =number, on: =issued_on | date(iso),")
    assert bench.static(twice) == [
        "map.yaml:5:5: error M-NODE issued_on is bound outside of each: documents, and inside "
        "(inside, write order.issued_on for the one outside)"
    ]
    lines = "  - each: lines\n    lines: {q: =quantity | number}\n"
    listed = TREE.replace("  - each: documents", f"{lines}  - each: documents")
    inner = listed.replace(
        "    orders: {", "    orders:\n    - each: lines\n      l: {q: =quantity | number}\n    - r: {"
    )
    assert bench.static(inner) == ["map.yaml:7:5: error M-NODE lines is bound outside of each: documents, and inside"]
