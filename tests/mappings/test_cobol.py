"""Mappings of COBOL: fields by name, records by literals, tables, views, and what is refused."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.base import Message
from transload.adapters.cobol import CobolFormat, CobolOptions
from transload.canonical.documents import document_model
from transload.canonical.errors import Reject
from transload.mappings import Mapping

BOOK = """\
       01  ORDER-HDR.
           05  REC-TYPE        PIC X.
           05  ORDER-NO        PIC 9(8).
           05  ORDER-DATE      PIC 9(6).
           05  CUST.
               10  CUST-NAME   PIC X(20).
               10  CITY        PIC X(15).
           05  SUPPLIER.
               10  SUPP-NAME   PIC X(20).
               10  CITY        PIC X(15).
           05  NOTE            PIC X(30) OCCURS 3.
           05  PHONE           PIC X(10) OCCURS 2.
       01  ORDER-LINE.
           05  REC-TYPE        PIC X.
           05  LINE-NO         PIC 9(4) COMP.
           05  ITEM-NO         PIC X(10).
           05  ITEM-NUM REDEFINES ITEM-NO PIC 9(10).
           05  QTY             PIC S9(7)V99 COMP-3.
           05  PRICE           PIC S9(5)V9(4).
       01  LINE-TEXT.
           05  REC-TYPE        PIC X.
           05  TEXT            PIC X(40).
       01  ORDER-TRL.
           05  REC-TYPE        PIC X.
           05  LINES           PIC 9(4) COMP-3.
"""
HEAD = """
mapping: orders
document: order/1
format: {type: cobol, copybook: book.cpy, codepage: cp037, records: rdw}
documents: {start: ORDER-HDR, within: {LINE-TEXT: ORDER-LINE}}
layout:
  - ORDER-HDR:
      - REC-TYPE: H
      - ORDER-NO: =number | zeros(8)
      - order-date: =issued_on | date(yyMMdd)
      - CUST: {CUST-NAME: =buyer.name, CITY: =buyer.city}
"""
REST = """
      - in: seller
        SUPPLIER: {SUPP-NAME: =name, CITY: =city}
      - NOTE*: =notes
      - PHONE[1]: =buyer.phone
      - PHONE[2]: =seller.phone
  - each: lines
    ORDER-LINE:
      - REC-TYPE: L
      - LINE-NO: =number | zeros(4) | none(0)
      - ITEM-NO: =buyer_item
      - QTY: =quantity
      - PRICE: =price | none(0)
      - each: notes
        LINE-TEXT: {REC-TYPE: T, TEXT: =.}
  - ORDER-TRL: {REC-TYPE: Z, LINES: =count(lines)}
"""
ORDER = document_model("order/1").model_validate(
    {
        "number": "4711", "issued_on": "2005-01-01", "notes": ["a", "b"],
        "buyer": {"name": "ACME", "city": "Köln", "phone": "1"}, "seller": {"name": "Bolt", "phone": "2"},
        "lines": [
            {"number": "1", "quantity": "12.5", "price": "0.035", "notes": ["x", "y"]},
            {"number": "2", "quantity": "3", "price": "1", "buyer_item": "I-2"},
        ],
    }
)  # fmt: skip


@pytest.fixture
def mapping(bench) -> Mapping:
    bench.file(BOOK, "book.cpy")
    return bench.load(HEAD + REST)


def form_of(mapping: Mapping) -> CobolFormat:
    return CobolFormat(CobolOptions.model_validate(mapping.format_options))


def wire(mapping: Mapping, bench, *documents) -> bytes:
    return form_of(mapping).write([mapping.encode(one, bench.context) for one in documents], context=bench.context)


def messages(mapping: Mapping, payload: bytes) -> list[Message]:
    return list(form_of(mapping).read(payload, file="in.dat"))


def test_both_ways(bench, mapping):
    payload = wire(mapping, bench, ORDER, ORDER)
    assert payload[4:19].decode("cp037") == "H00004711050101"
    found = messages(mapping, payload)
    assert len(found) == 2
    for message in found:
        assert mapping.matches(message)
        decoded = mapping.decode(message)
        assert (decoded.documents, decoded.findings) == ((ORDER,), ())
    again = form_of(mapping).write(
        [mapping.encode(ORDER, bench.context)] * 2,
        envelope=[message.envelope for message in found],
        context=bench.context,
    )
    assert again == payload


def test_what_cannot_be_read_has_both_places(bench, mapping):
    payload = bytearray(wire(mapping, bench, ORDER))
    at = payload.index(bytes.fromhex("00012 50C".replace(" ", "")))
    payload[at] = 0xAA
    (message,) = messages(mapping, bytes(payload))
    (finding,) = mapping.decode(message).findings
    assert finding.code == "E-VALUE"
    assert finding.message == (
        "QTY (PIC S9(7)V99 COMP-3): X'AA0001250C' is no packed number: a half before the last is no digit"
    ) or finding.message.startswith("QTY (PIC S9(7)V99 COMP-3): X'")
    assert finding.field == "lines[0].quantity"
    assert (finding.place.byte, finding.place.path) == (at - (at - finding.place.byte), "record 2 ORDER-LINE / QTY")
    assert finding.mapping.place == "QTY"
    (lineage,) = [
        one for one in mapping.trace(messages(mapping, wire(mapping, bench, ORDER))[0]).lineage if one.field == "number"
    ]
    assert (lineage.value, lineage.places[0].byte) == ("00004711", 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"number": "123456789"}, "'123456789' has more than 8 digits"),
        ({"notes": ("a", "b", "c", "d")}, "4 items do not fit NOTE, which holds 3"),
        ({"notes": ("x" * 31,)}, f"'{'x' * 31}' is longer than 30 characters"),
        ({"notes": ("€",)}, "the character '€' (U+20AC) does not exist in cp037"),
    ],
)
def test_what_cannot_be_written(bench, mapping, change, message):
    with pytest.raises(Reject) as caught:
        wire(mapping, bench, ORDER.model_copy(update=change))
    assert caught.value.findings[0].code == "E-DOMAIN"
    assert caught.value.findings[0].message == message


def test_numbers_that_do_not_fit_name_field_and_line(bench, mapping):
    line = ORDER.lines[0].model_copy(update={"quantity": Decimal(10**7)})
    with pytest.raises(Reject) as caught:
        mapping.encode(ORDER.model_copy(update={"lines": (line,)}), bench.context)
    (finding,) = caught.value.findings
    assert finding.message == "10000000 does not fit PIC S9(7)V99 COMP-3"
    assert (finding.field, finding.mapping.place) == ("lines[0].quantity", "QTY")


def test_zero_may_stand_for_no_value(bench, mapping):
    lines = (ORDER.lines[0].model_copy(update={"price": None}),)
    document = ORDER.model_copy(update={"lines": lines})
    (message,) = messages(mapping, wire(mapping, bench, document))
    assert mapping.decode(message).documents == (document,)
    lines = (ORDER.lines[0].model_copy(update={"price": Decimal("0.0")}),)
    with pytest.raises(Reject, match=r"0\.0 stands for no value here"):
        wire(mapping, bench, ORDER.model_copy(update={"lines": lines}))


def test_a_text_that_would_come_back_otherwise_is_refused(bench):
    bench.file(BOOK, "book.cpy")
    mapping = bench.load((HEAD + REST).replace(" | zeros(8)", ""))
    with pytest.raises(Reject, match=r"'4711' would be read back as '00004711'; write \| zeros\(8\)"):
        mapping.encode(ORDER, bench.context)


TYPES = """
mapping: companies
document: order/1
format:
  type: cobol
  codepage: ascii
  copybook: |
    01 COMPANY.
      05 SEGMENT PIC X.
      05 NO PIC 9(3).
      05 DETAILS.
        10 NAME PIC X(8).
        10 DAY PIC 9(8).
      05 CONTACT REDEFINES DETAILS.
        10 PERSON PIC X(16).
documents: {by: [NO]}
layout:
  - COMPANY: {SEGMENT: C, NO: =number, NAME: =contract, DAY: =issued_on | date(yyyyMMdd)}
  - in: buyer
    COMPANY: {SEGMENT: P, NO: =order.number, PERSON: =contact}
"""


def test_views_of_one_record_are_told_apart_by_a_literal(bench):
    mapping = bench.load(TYPES)
    payload = b"C001Bolt    20260105" + b"P001Jan             " + b"C002Nut     20260106" + b"P002Jo              "
    found = messages(mapping, payload)
    decoded = [mapping.decode(message) for message in found]
    assert [one.findings for one in decoded] == [(), ()]
    assert [one.documents[0].number for one in decoded] == ["001", "002"]
    assert decoded[0].documents[0].buyer.contact == "Jan"
    assert wire(mapping, bench, *(one.documents[0] for one in decoded)) == payload


WIDE = (
    BOOK.replace("PIC 9(8).", "PIC X(12).").replace("PIC 9(6)", "PIC 9(8)").replace("PIC 9(4) COMP.", "PIC X(12).")
    .replace("X(10)", "X(12)").replace("9(10)", "9(12)").replace("S9(7)V99", "S9(14)V9(4)")
    .replace("S9(5)V9(4)", "S9(14)V9(4) COMP").replace("OCCURS 3", "OCCURS 8")
)  # fmt: skip
"""Fields in which all generated values have room."""


@settings(max_examples=100)
@given(data=st.data())
def test_what_is_written_is_read_as_the_same(workbench, generated, data):
    workbench.file(WIDE, "book.cpy")
    text = (HEAD + REST).replace(" | zeros(8)", "").replace(" | zeros(4) | none(0)", "").replace("yyMMdd", "yyyyMMdd")
    mapping = workbench.load(text)
    document = data.draw(generated(mapping))
    payload = wire(mapping, workbench, document)
    (message,) = messages(mapping, payload)
    decoded = mapping.decode(message)
    assert (decoded.documents, decoded.findings) == ((document,), ())
    assert wire(mapping, workbench, document) == payload


GOLDEN = [
    ("CUST-NAM", "      - CUST-NAM: =contract", "M-PLACE the copybook has no field CUST-NAM here (did you mean 'CUST-NAME'?)"),  # noqa: E501
    ("CITY", "      - CITY: =contract", "M-PLACE CITY is not clear: CUST.CITY, SUPPLIER.CITY (write the group before the name)"),  # noqa: E501
    ("NOTE", "      - NOTE: =contract", "M-NODE NOTE is a table with 3 items (each: LIST beside it, NOTE* for a list of texts, or NOTE[1] for one of it)"),  # noqa: E501
    ("CUST-NAME*", "      - CUST-NAME*: =notes", "M-NODE CUST-NAME is no table (a table has OCCURS in the copybook)"),
    ("SUPPLIER", "      - SUPPLIER: =contract", "M-NODE SUPPLIER is no field; bind the fields in it (SUPPLIER: {...})"),
    ("SUPPLIER", "      - when: {purpose: replace}\n        SUPPLIER: {SUPP-NAME: =contract}", "M-NODE SUPPLIER is a group, which is always there, and once (put the modifier at a record, a table or a field)"),  # noqa: E501
    ("ROW", "  - ROW: {A: =contract}", "M-PLACE the copybook has no record ROW here (there are: ORDER-HDR, ORDER-LINE, LINE-TEXT, ORDER-TRL)"),  # noqa: E501
    ("ORDER-TRL", "  - ORDER-TRL: {LINES: =count(lines)}", "M-NODE nothing tells ORDER-TRL from the other records of the copybook (give it a literal, such as  REC-TYPE: H)"),  # noqa: E501
    ("SUPP-NAME", f"      - SUPP-NAME: {'x' * 21}", f"M-VALUE SUPP-NAME cannot hold '{'x' * 21}': '{'x' * 21}' is longer than 20 characters"),  # noqa: E501
    ("PRICE", "  - each: lines\n    ORDER-LINE: {REC-TYPE: L, PRICE: =price}", "M-CONVERTER lines[].price may have no value, and PIC S9(5)V9(4) has no form for that (write | none(0), so that zero is no value, or | default(0))"),  # noqa: E501
    ("SUPP-NAME", "      - SUPP-NAME: =contract | none(0)", "M-CONVERTER none is for numbers here, and is none(0) (leave it out)"),  # noqa: E501
    ("ORDER-HDR", "  - ORDER-HDR: =contract", "M-NODE ORDER-HDR is no field; bind the fields in it (ORDER-HDR: {...})"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "node", "text"), GOLDEN)
def test_static_findings(bench, place, node, text):
    bench.file(BOOK, "book.cpy")
    found = bench.static(HEAD + node + "\n")
    assert any(line.endswith(f"error {text}") for line in found), found


def test_the_copybook_is_a_part_of_the_mapping(bench):
    bench.file(BOOK, "book.cpy")
    first = bench.load(HEAD)
    assert "ORDER-TRL" in first.resolved
    bench.file(BOOK.replace("PIC X(20)", "PIC X(21)"), "book.cpy")
    assert bench.load(HEAD).digest != first.digest


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("none.cpy", "the copybook 'none.cpy' cannot be read: No such file or directory"),
        ("../secret.cpy", "the copybook ../secret.cpy lies outside of the mapping's folder"),
        ("/etc/hostname", "the copybook /etc/hostname lies outside of the mapping's folder"),
        ("map.yaml", "format: line 2: ':' is not closed"),
    ],
)
def test_only_copybooks_beside_the_mapping_are_read(bench, name, text):
    bench.file("x", "../secret.cpy")
    assert any(text in line for line in bench.static(HEAD.replace("book.cpy", name))) or name == "map.yaml"


def test_a_link_that_leads_outside_is_refused(bench, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "book.cpy"
    outside.write_text(BOOK)
    (bench.folder / "book.cpy").symlink_to(outside)
    assert any("lies outside" in line for line in bench.static(HEAD))


def test_documents_are_checked(bench):
    bench.file(BOOK, "book.cpy")
    for text, message in (
        (
            "{start: ROW}",
            "error M-VALUE the copybook has no record ROW; it has ORDER-HDR, ORDER-LINE, LINE-TEXT, ORDER-TRL",
        ),
        ("{begin: X}", "documents: begin: extra inputs are not permitted"),
        ("{start: ORDER-HDR, by: [X]}", "documents: has start or by, not both"),
    ):
        found = bench.static(HEAD.replace("{start: ORDER-HDR, within: {LINE-TEXT: ORDER-LINE}}", text))
        assert any(message.lower() in line.lower() for line in found), found


def test_a_mapping_may_stand_beside_its_samples(bench, tmp_path: Path):
    bench.file(BOOK, "books/book.cpy")
    assert bench.load(HEAD.replace("book.cpy", "books/book.cpy")).format_type == "cobol"
