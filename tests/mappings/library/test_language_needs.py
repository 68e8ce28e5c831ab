"""Parts of the language that the library leans on: guards by code table, a code for no value, pairs, presence."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from transload.canonical.errors import Reject
from transload.canonical.order import Order, OrderLine
from transload.canonical.parts import AllowanceCharge, Party, Reference

CODES = "codes: {reference: {AEP: project, PD: promotion}}\n"
REFERENCES = """  - RFF: {1153: CT, 1154: =contract}
  - each: references
    RFF: {1153: =kind | code(reference only), 1154: =number}
"""
X12 = """
mapping: small
document: order/1
format: {type: x12, set: "850", version: "004010"}
ignores: [PO1/03]
codes: {sign: {A: allowance, C: charge}, allowance: {C310: DI}}
layout:
  - BEG: {01: ='00', 02: ='SA', 03: =number, 05: =issued_on | date(yyyyMMdd)}
  - each: allowances_charges
    SAC: {01: =kind | code(sign), 02: =code | code(allowance) | none(ZZZZ), 05: =amount | implied(2)}
  - in: buyer
    N1: {01: BY, 02: =name}
  - each: lines
    PO1: {01: =number, 02: =quantity, pair(05 04): {PE: =price, "": =read(price)}}
"""


def an_order(**fields: Any) -> Order:
    return Order(number="PO1", issued_on=date(2026, 1, 5), buyer=Party(name="ACME"), **fields)


def test_a_list_stands_beside_single_records_of_its_tag(bench: Any, order: Callable[..., str], minimal: Any) -> None:
    mapping = bench.load(order("", CODES, early=REFERENCES))
    rows = [*minimal[:2], "RFF+PD:SPRING", "RFF+CT:RC-1", "RFF+AEP:P-1", "RFF+XX:77", minimal[2]]
    decoded = mapping.decode(bench.records(rows))
    (found,) = decoded.documents
    assert found.contract == "RC-1"
    assert [(item.kind, item.number) for item in found.references] == [("promotion", "SPRING"), ("project", "P-1")]
    (finding,) = decoded.findings
    assert finding.code == "E-UNMAPPED"
    assert finding.message.startswith("RFF XX is left aside")
    assert bench.lines(mapping, found)[2:5] == ["RFF+CT:RC-1", "RFF+PD:SPRING", "RFF+AEP:P-1"]


def test_a_kind_without_a_code_is_refused(bench: Any, order: Callable[..., str]) -> None:
    mapping = bench.load(order("", CODES, early=REFERENCES))
    with pytest.raises(Reject) as caught:
        mapping.encode(an_order(references=(Reference(kind="drawing", number="7"),)), bench.context)
    (finding,) = caught.value.findings
    assert (finding.code, finding.field) == ("E-DOMAIN", "references[0].kind")


def test_two_nodes_whose_tables_overlap_are_ambiguous(bench: Any, order: Callable[..., str]) -> None:
    codes = "codes: {reference: {AEP: project, CT: contract}}\n"
    (line,) = bench.static(order("", codes, early=REFERENCES))
    assert "M-AMBIGUOUS" in line


def test_a_guard_is_for_segments(bench: Any) -> None:
    text = """
mapping: small
document: order/1
format: {type: json}
codes: {kind: {A: order}}
layout: {number: =number, kind: =kind | code(kind only)}
"""
    assert "M-CONVERTER code(... only) is for segments" in "\n".join(bench.static(text))


def test_a_code_stands_for_no_value(bench: Any) -> None:
    mapping = bench.load(X12)
    charges = (AllowanceCharge(kind="charge", amount=Decimal("1.50")), AllowanceCharge(kind="allowance", code="DI"))
    made = an_order(allowances_charges=charges)
    assert bench.lines(mapping, made)[1:3] == ["SAC*C*ZZZZ***150", "SAC*A*C310"]
    assert mapping.decode(bench.again(mapping, made)).documents == (made,)
    traced = mapping.trace(bench.again(mapping, made))
    assert (traced.documents, traced.findings) == ((made,), ())


def test_a_code_for_no_value_belongs_to_the_codes_of_a_match(bench: Any, order: Callable[..., str]) -> None:
    codes = "codes: {agreed: {CT: contract}, sort: {AEP: project}}\n"
    early = """  - RFF: {1153: =contract | code(agreed only) | none(XX), 1154: =quotation}
  - each: references
    RFF: {1153: =kind | code(sort only), 1154: =number}
"""
    mapping = bench.load(order("", codes, early=early))
    for code, contract in (("CT", "contract"), ("XX", None), ("", None)):
        message = bench.records(
            ["BGM++PO1", "DTM+137:20260105:102", f"RFF+{code}:Q-1", "RFF+AEP:P-1", "NAD+BY+++ACME"],
        )
        (found,) = mapping.decode(message).documents
        assert (found.contract, found.quotation, found.references[0].number) == (contract, "Q-1", "P-1")
        assert f"RFF+{code or 'XX'}:Q-1" in bench.lines(mapping, found)


@pytest.mark.parametrize(
    ("pipes", "complaint"),
    [
        ("none(ZZZZ)", "none comes last, after a code table"),
        ("none(ZZZZ) | code(allowance)", "none comes last, after a code table"),
        ("code(allowance) | none", "none comes last, after a code table"),
        ("code(allowance) | none(C310)", "'C310' has a meaning in table 'allowance', so it cannot be no value"),
    ],
)
def test_a_code_for_no_value_must_mean_nothing_else(bench: Any, pipes: str, complaint: str) -> None:
    found = bench.static(X12.replace("code(allowance) | none(ZZZZ)", pipes))
    assert any(f"M-CONVERTER {complaint}" in line for line in found)


def test_a_value_before_its_qualifier_is_read_where_the_record_ends_early(bench: Any) -> None:
    mapping = bench.load(X12)
    message = bench.x12("BEG*00*SA*PO1**20260105\nN1*BY*ACME\nPO1*1*5*EA*9.80\nPO1*2*5*EA*9.90*PE")
    decoded = mapping.decode(message)
    assert [str(line.price) for line in decoded.documents[0].lines] == ["9.80", "9.90"]
    assert decoded.findings == ()


def test_pairs_may_be_spread_over_several_segments(bench: Any, order: Callable[..., str], minimal: Any) -> None:
    nodes = """  - each: lines
    LIN: {1: =number}
    then:
      - PIA: {4347: [1, 5], pairs(7143 7140): {SA: =supplier_item, IN: =buyer_item}}
        max: 25
      - QTY: {6063: 21, 6060: =quantity}
"""
    mapping = bench.load(order(nodes))
    rows = [*minimal, "LIN+1", "PIA+1+S-1:SA", "PIA+5+B-1:IN", "QTY+21:5"]
    decoded = mapping.decode(bench.records(rows))
    (line,) = decoded.documents[0].lines
    assert (line.supplier_item, line.buyer_item, decoded.findings) == ("S-1", "B-1", ())
    assert bench.lines(mapping, decoded.documents[0])[4] == "PIA+1+S-1:SA+B-1:IN"


def test_a_unit_that_is_only_written_is_no_reason_for_a_segment(bench: Any, order: Callable[..., str]) -> None:
    nodes = """  - each: lines
    LIN: {1: =number}
    then:
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom}
      - only: encode
        QTY: {6063: 52, 6060: =packaging.content, 6411: =write(uom)}
"""
    mapping = bench.load(order(nodes))
    made = an_order(lines=(OrderLine(number="1", quantity=Decimal(5), uom="EA"),))
    assert bench.lines(mapping, made)[3:] == ["LIN+1", "QTY+21:5:EA"]


def test_a_long_text_over_several_places_is_written_and_read(bench: Any, order: Callable[..., str]) -> None:
    nodes = """  - each: lines
    LIN: {1: =number}
    then:
      - IMD: {7077: F, 7008*: =description | wrap(35 4)}
        max: 2
      - QTY: {6063: 21, 6060: =quantity}
"""
    mapping = bench.load(order(nodes))
    text = "Flat gasket, NBR, inner diameter 20 mm, outer diameter 27 mm, thickness 1.5 mm"
    made = an_order(lines=(OrderLine(number="1", quantity=Decimal(5), description=text),))
    assert bench.lines(mapping, made)[4:6] == [
        "IMD+F++:::Flat gasket, NBR, inner diameter 20:mm, outer diameter 27 mm, thickness",
        "IMD+F++:::1.5 mm",
    ]
    assert mapping.decode(bench.again(mapping, made)).documents == (made,)


def test_a_list_below_may_be_spread_over_several_segments(bench: Any) -> None:
    nodes = """  - N9: {01: [L1, ZZ], 02: ='NOTES'}
    max: 3
    then:
      - each: notes
        MSG: {01: =.}
  - in: buyer
"""
    mapping = bench.load(X12.replace("  - in: buyer\n", nodes))
    message = bench.x12("BEG*00*SA*PO1**20260105\nN9*L1*A\nMSG*one\nN9*ZZ*B\nMSG*two\nMSG*three\nN1*BY*ACME")
    decoded = mapping.decode(message)
    assert decoded.findings == ()
    assert decoded.documents[0].notes == ("one", "two", "three")
    assert bench.lines(mapping, decoded.documents[0])[1:5] == ["N9*L1*NOTES", "MSG*one", "MSG*two", "MSG*three"]
    again = bench.x12("BEG*00*SA*PO1**20260105\n" + "N9*L1*A\nMSG*one\n" * 4 + "N1*BY*ACME")
    assert [finding.code for finding in mapping.decode(again).findings] == ["E-DUP"]
