"""Nothing is dropped in silence (L6): what stands where no entry is told of, once for each kind of place."""

import pytest

EARLY = """  - FTX: {4451: AAI, 4440*: =notes}
  - RFF: {1153: CT, 1154: =contract}
"""
NODES = """  - each: lines
    LIN: {1: =number, 7140: =gtin, 7143: EN}
    then:
    - PIA: {4347: 1, pairs(7143 7140): {SA: =supplier_item, IN: =buyer_item}}
    - QTY: {6063: 21, 6060: =quantity}
"""
LINES = [
    "BGM++PO1",
    "DTM+137:20260105:102",
    "FTX+AAI+3+:x+one:two+DE",
    "RFF+CT:C1:7",
    "NAD+BY+++ACME",
    "LIN+1+5+4000862141404:EN:1:9+:2",
    "PIA+1+A1:SA:91:92+B1:IN",
    "QTY+21:5:KGM",
    "LIN+2+5",
    "QTY+21:6:KGM",
]


def found(bench, mapping, message):
    decoded, traced = mapping.decode(message), mapping.trace(message)
    assert (decoded.documents, decoded.findings) == (traced.documents, traced.findings)
    return decoded.documents, decoded.findings


def test_each_place_without_an_entry_is_told_of_once(bench, order):
    mapping = bench.load(order(NODES, early=EARLY))
    documents, findings = found(bench, mapping, bench.records(LINES))
    assert documents
    assert {f.code for f in findings} == {"E-UNMAPPED"}
    assert [(str(f.place.segment), f.place.element, f.place.component, f.message, f.hint) for f in findings] == [
        ("4", 2, None, "FTX 4453 is left aside: '3' stands there, and FTX AAI does not name this place",
         "bind it, or list it under ignores: [FTX/4453]"),
        ("4", 3, None, "FTX C107 is left aside: ':x' stands there, and FTX AAI does not name this place",
         "bind it, or list it under ignores: [FTX/C107]"),
        ("4", 5, None, "FTX 3453 is left aside: 'DE' stands there, and FTX AAI does not name this place",
         "bind it, or list it under ignores: [FTX/3453]"),
        ("5", 1, 3, "RFF 1156 is left aside: '7' stands there, and RFF CT does not name this place",
         "bind it, or list it under ignores: [RFF/1156]"),
        ("7", 2, None, "LIN 1229 is left aside: '5' stands there, and LIN EN does not name this place "
         "(and 1 more like it)", "bind it, or list it under ignores: [LIN/1229]"),
        ("7", 3, 3, "LIN 1131 is left aside: '1' stands there, and LIN EN does not name this place",
         "bind it, or list it under ignores: [LIN/1131]"),
        ("7", 3, 4, "LIN 3055 is left aside: '9' stands there, and LIN EN does not name this place",
         "bind it, or list it under ignores: [LIN/3055]"),
        ("7", 4, None, "LIN C829 is left aside: ':2' stands there, and LIN EN does not name this place",
         "bind it, or list it under ignores: [LIN/C829]"),
        ("8", 2, 3, "PIA C212.1131 is left aside: '91' stands there, and PIA 1 does not name this place",
         "bind it, or list it under ignores: [PIA/C212.1131]"),
        ("8", 2, 4, "PIA C212.3055 is left aside: '92' stands there, and PIA 1 does not name this place",
         "bind it, or list it under ignores: [PIA/C212.3055]"),
        ("9", 1, 3, "QTY 6411 is left aside: 'KGM' stands there, and QTY 21 does not name this place "
         "(and 1 more like it)", "bind it, or list it under ignores: [QTY/6411]"),
    ]  # fmt: skip


def test_with_strict_a_place_without_an_entry_stops_the_document(bench, order):
    mapping = bench.load(order(NODES, "strict: true\n", early=EARLY))
    documents, findings = found(bench, mapping, bench.records([*LINES[:2], "RFF+CT:C1:7", LINES[4]]))
    assert not documents
    assert [f.is_error for f in findings] == [True]


IGNORES = """ignores:
  - RFF CT/1156
  - FTX AAI/4453
  - FTX/C107
  - FTX/5
  - LIN/1229
  - LIN/C212.1131
  - LIN/3.4
  - LIN/C829
  - LIN / PIA/1131
  - LIN / PIA 1/3055
  - LIN / QTY 21/6411
"""


def test_ignores_names_places(bench, order):
    mapping = bench.load(order(NODES, IGNORES, early=EARLY))
    documents, findings = found(bench, mapping, bench.records(LINES))
    assert findings == ()
    assert documents
    assert [f.message for f in found(bench, mapping, bench.records([*LINES[:2], "RFF+CT:C1::8", LINES[4]]))[1]] == [
        "RFF 4000 is left aside: '8' stands there, and RFF CT does not name this place"
    ]


def test_a_segment_with_all_that_belongs_to_it_is_ignored(bench, order):
    mapping = bench.load(order(NODES, 'ignores: ["RFF/**", "FTX AAI/**", "LIN/**", "PIA/**", "QTY/**"]\n', early=EARLY))
    documents, findings = found(bench, mapping, bench.records(LINES))
    assert (len(documents), findings) == (1, ())


X12 = """mapping: m
document: order/1
format: {type: x12, set: "850", version: "004010"}
HEADlayout:
  - BEG: {01: "00", 02: SA, 03: =number, 05: =issued_on | date(yyyyMMdd)}
  - REF: {01: CT, 02: =contract}
  - in: buyer
    N1: {01: BY, 02: =name}
  - each: lines
    PO1: {01: =number, 02: =quantity, pairs(06 07): {VN: =supplier_item}}
"""
ORDER = """BEG*00*SA*PO1*7*20260105
REF*CT*C1*x
N1*BY*ACME*92*17
PO1*1*5*EA*1.5*PE*VN*A1"""


def test_places_of_x12_are_numbers(bench):
    mapping = bench.load(X12.replace("HEAD", ""))
    _, findings = found(bench, mapping, bench.x12(ORDER))
    hints = [finding.hint.partition("ignores: ")[2] for finding in findings]
    assert hints == ["[BEG/04]", "[REF/03]", "[N1/03]", "[N1/04]", "[PO1/03]", "[PO1/04]", "[PO1/05]"]
    quiet = ", ".join(hint.strip("[]") for hint in hints)
    again = bench.load(X12.replace("HEAD", f"ignores: [{quiet}]\n"))
    assert found(bench, again, bench.x12(ORDER))[1] == ()


XML = """mapping: m
document: order/1
format: {type: xml, namespaces: {"": "urn:o", p: "urn:p"}}
HEADlayout:
  Order:
    - "@number": =number
    - Date: =issued_on | date(iso)
    - in: buyer
      Party: {Name: =name}
    - each: lines
      Line: {Quantity: {"@unit": =uom, text(): =quantity}}
"""
TREE = """<Order xmlns="urn:o" xmlns:p="urn:p" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="urn:o o.xsd" number="1" version="2" p:kind="a">
  <Date>2026-01-05</Date> stray
  <Party id="7">loose<Name lang="en">AC<!-- is it? -->ME</Name><!-- here -->too</Party>
  <Line><Quantity unit="EA">5</Quantity></Line>
  <Line no="1"><Quantity unit="EA" exact="y">6</Quantity></Line>
  <Line no="2"><Quantity>7<Base/>8</Quantity></Line>
</Order>"""
TREE_FINDINGS = [
    ("@version", "Order/@version is left aside: '2' stands there, and the mapping does not name it",
     'bind it, or list it under ignores: ["Order/@version"]'),
    ("@{urn:p}kind", "Order/@p:kind is left aside: 'a' stands there, and the mapping does not name it",
     'bind it, or list it under ignores: ["Order/@p:kind"]'),
    ("", "Order/text() is left aside: 'stray' stands there, and the mapping takes no text there",
     'bind it, or list it under ignores: ["Order/text()"]'),
    ("{urn:o}Party/0/@id", "Party/@id is left aside: '7' stands there, and the mapping does not name it",
     'bind it, or list it under ignores: ["Party/@id"]'),
    ("{urn:o}Party/0", "Party/text() is left aside: 'loose too' stands there, and the mapping takes no text there",
     'bind it, or list it under ignores: ["Party/text()"]'),
    ("{urn:o}Party/0/{urn:o}Name/0/@lang",
     "Name/@lang is left aside: 'en' stands there, and the mapping does not name it",
     'bind it, or list it under ignores: ["Name/@lang"]'),
    ("{urn:o}Line/1/@no",
     "Line/@no is left aside: '1' stands there, and the mapping does not name it (and 1 more like it)",
     'bind it, or list it under ignores: ["Line/@no"]'),
    ("{urn:o}Line/1/{urn:o}Quantity/0/@exact",
     "Quantity/@exact is left aside: 'y' stands there, and the mapping does not name it",
     'bind it, or list it under ignores: ["Quantity/@exact"]'),
    ("{urn:o}Line/2/{urn:o}Quantity/0/{urn:o}Base/0",
     "Base is left aside: the mapping has nothing for it inside Quantity",
     "bind it, or list it under ignores: [Base]"),
    ("{urn:o}Line/2/{urn:o}Quantity/0",
     "Quantity/text() is left aside: '8' stands there, and the mapping takes no text there",
     'bind it, or list it under ignores: ["Quantity/text()"]'),
]  # fmt: skip


def test_attributes_and_texts_of_xml_that_nothing_takes(bench):
    mapping = bench.load(XML.replace("HEAD", ""))
    (document,), findings = found(bench, mapping, bench.xml(TREE))
    assert document.buyer.name == "ACME"
    rows = [((f.place.path or ""), f.message, f.hint) for f in findings]
    assert rows == TREE_FINDINGS


def test_ignores_names_attributes_and_texts(bench):
    quiet = (
        '["Order/@version", "Order/@kind", "Party/**", "Name/@lang", "Order/text()", "Line/@no", '
        '"Line / Quantity/@exact", Base, "Quantity/text()"]'
    )
    mapping = bench.load(XML.replace("HEAD", f"ignores: {quiet}\n"))
    assert found(bench, mapping, bench.xml(TREE))[1] == ()


STATIC = {
    "a code in the place of a qualifier": (
        "ignores: [LIN 1229]",
        "map.yaml:11:11: error M-VALUE '1229' is no qualifier (for a place in the segment write LIN/1229)",
    ),
    "a place that the segment does not have": (
        "ignores: [LIN/1230]",
        "map.yaml:11:11: error M-PLACE 'LIN/1230': segment LIN has no element 1230; it has 1082, 1229, 7140, 7143, "
        "1131, 3055, 5495, 1222, 7083",
    ),
    "no segment at all": (
        "ignores: [lin]",
        "map.yaml:11:11: error M-VALUE 'lin' names no segment (write PAI, DTM 64, LIN / PIA 5, NAD CN/** or LIN/1229)",
    ),
}


@pytest.mark.parametrize("case", STATIC)
def test_addresses_that_mean_nothing(bench, order, case):
    text, expected = STATIC[case]
    assert bench.static(order("") + text + "\n")[0].partition(": ")[2] == expected.partition(": ")[2]


def test_a_part_of_an_element_that_is_none(bench):
    (line,) = bench.static(XML.replace("HEAD", 'ignores: ["Party/Name"]\n'))
    assert line == (
        "map.yaml:4:11: error M-VALUE 'Party/Name' names no part of Party "
        "(write Party/@Name, Party/text(), or Party / Name for an element in it)"
    )
