"""Every construct of record layouts, read and written."""

import pytest

from transload.canonical.errors import Reject


def both_ways(bench, mapping, lines, more=()):
    """Read ``lines``, write them again the same, and give the document."""
    message = bench.x12(lines) if mapping.format_type == "x12" else bench.records(lines)
    decoded = mapping.decode(message)
    assert [finding.line() for finding in decoded.findings] == list(more)
    (document,) = decoded.documents
    value, _ = mapping._read(message.body)
    assert mapping.meaning.model.model_validate(value) == document, "the fast build read it"
    assert mapping._write(document, None) == mapping.encode(document, bench.context).body
    if not more:
        assert bench.lines(mapping, document) == [line for line in "\n".join(lines).split("\n") if line]
    return document


def test_each_with_then_and_nested_each(bench, order, minimal):
    mapping = bench.load(
        order("  - each: lines\n    LIN: {1: =number}\n    then:\n    - QTY: {6063: 21, 6060: =quantity}\n"
              "    - each: taxes\n      TAX: {5283: 7, 5153: =kind, 5278: =rate}\n")
    )  # fmt: skip
    document = both_ways(
        bench, mapping, [*minimal, "LIN+1", "QTY+21:5", "TAX+7+VAT+++:::19", "TAX+7+GST", "LIN+2", "QTY+21:0.5"]
    )
    assert [len(line.taxes) for line in document.lines] == [2, 0]
    assert str(document.lines[1].quantity) == "0.5"


def test_items_of_a_list_of_texts(bench, order, minimal):
    mapping = bench.load(order("  - each: notes\n    FTX: {4451: AAI, C108.4440: =.}\n"))
    assert both_ways(bench, mapping, [*minimal, "FTX+AAI+++one", "FTX+AAI+++two"]).notes == ("one", "two")


def test_an_overflowing_list_fills_one_segment_after_the_other(bench, order, minimal):
    mapping = bench.load(order("  - FTX: {4451: AAI, 4440*: =notes}\n    max: 2\n"))
    document = both_ways(bench, mapping, [*minimal, "FTX+AAI+++1:2:3:4:5", "FTX+AAI+++6"])
    assert document.notes == tuple("123456")
    short = mapping.decode(bench.records([*minimal, "FTX+AAI+++1:2", "FTX+AAI+++3"])).documents[0]
    assert bench.lines(mapping, short)[-1] == "FTX+AAI+++1:2:3"
    with pytest.raises(Reject) as caught:
        mapping.encode(document.model_copy(update={"notes": tuple("12345678901")}), bench.context)
    assert [finding.line() for finding in caught.value.findings] == [
        "map.yaml:10:22: error E-DOMAIN 11 texts do not fit: FTX 4440* has fewer places"
    ]


def test_more_texts_than_the_place_has_are_left_aside_with_a_finding(bench, order, minimal):
    mapping = bench.load(order("  - FTX: {4451: AAI, 4440*: =notes}\n    max: 2\n"))
    message = bench.records([*minimal, "FTX+AAI+++1:2:3:4:5:6::8", "FTX+AAI+++7"])
    for found in (mapping.decode(message), mapping.trace(message)):
        (document,) = found.documents
        assert document.notes == tuple("123457")
        assert [(f.line(), f.value, f.place.component) for f in found.findings] == [
            ("map.yaml:10:22: warning E-UNMAPPED '6' is left aside: FTX 4440* goes over 5 places, and this is one more "
             "(ask the partner to begin a new segment)", "6", 6),
            ("map.yaml:10:22: warning E-UNMAPPED '8' is left aside: FTX 4440* goes over 5 places, and this is one more "
             "(ask the partner to begin a new segment)", "8", 8),
        ]  # fmt: skip
    assert bench.lines(mapping, document)[-2:] == ["FTX+AAI+++1:2:3:4:5", "FTX+AAI+++7"]


def test_with_strict_more_texts_than_the_place_has_stop_the_document(bench, order, minimal):
    mapping = bench.load(order("  - FTX: {4451: AAI, 4440*: =notes}\n", "strict: true\n"))
    found = mapping.decode(bench.records([*minimal, "FTX+AAI+++1:2:3:4:5:6"]))
    assert (found.documents, [f.is_error for f in found.findings]) == ((), [True])


def test_what_stands_after_a_repeating_place_is_none_of_its_texts(bench, order, minimal):
    """3453, the language, is the component of C273 after its two 7008."""
    nodes = (
        "  - each: lines\n    LIN: {1: =number}\n    then:\n"
        "    - IMD: {7077: F, 7008*: =description | wrap(35 2)}\n    - QTY: {6063: 21, 6060: =quantity}\n"
    )
    mapping = bench.load(order(nodes))
    found = mapping.decode(bench.records([*minimal, "LIN+1", "IMD+F++:::Bolt::EN", "QTY+21:1"]))
    assert found.documents[0].lines[0].description == "Bolt"
    assert [f.line() for f in found.findings] == [
        "map.yaml:13:7: warning E-UNMAPPED IMD 3453 is left aside: 'EN' stands there, and IMD F does not name this place "
        "(bind it, or list it under ignores: [IMD/3453])"
    ]


def test_a_place_after_a_counted_one_is_its_own(bench, order, minimal):
    mapping = bench.load(order("  - FTX: {4451: AAI, 4.1*2: =notes, 4.3: =contract}\n"))
    document = both_ways(bench, mapping, [*minimal, "FTX+AAI+++1:2:3"])
    assert (document.notes, document.contract) == (("1", "2"), "3")
    document = both_ways(bench, mapping, [*minimal, "FTX+AAI+++1::3"])
    assert (document.notes, document.contract) == (("1",), "3")
    document = both_ways(bench, mapping, [*minimal, "FTX+AAI+++1"])
    assert (document.notes, document.contract) == (("1",), None)


def test_elements_after_repeating_ones_keep_their_places(bench):
    mapping = bench.load(X12.replace("pairs(06 07)", "06*2: =notes, pairs(08 09)"))
    head = ["BEG*00*SA*PO1**20260105", "N1*BY*ACME*92*7"]
    document = both_ways(bench, mapping, [*head, "PO1*1*5****a**UP*40000002", "PO1*2*5****a*b*VN*Y", "PO1*3*5****a*b"])
    assert [line.notes for line in document.lines] == [("a",), ("a", "b"), ("a", "b")]
    assert [line.supplier_item for line in document.lines] == [None, "Y", None]


def test_a_place_that_a_repeating_one_covers_is_taken(bench, order):
    assert bench.static(order("  - FTX: {4451: AAI, 4440*: =notes, 4.2: =contract}\n")) == [
        "map.yaml:10:37: error M-PLACE FTX 4.2 stands at 4.2, where another entry stands already"
    ]


def test_cases_are_one_object_for_each_qualifier(bench, order, minimal):
    mapping = bench.load(
        order("  - cases: {SU: seller, DP: ship_to}\n    NAD: {3035: =case, 3039: =gln, 3055: [9, 92]}\n"
              "    then:\n    - RFF: {1153: VA, 1154: =vat}\n")
    )  # fmt: skip
    document = both_ways(bench, mapping, [*minimal, "NAD+SU+4000000000009::9", "RFF+VA:DE1", "NAD+DP+4000000000016::9"])
    assert (document.seller.vat, document.ship_to.vat, document.ship_to.gln) == ("DE1", None, "4000000000016")
    other = mapping.decode(bench.records([*minimal, "NAD+SU+4000000000009::92"])).documents[0]
    assert bench.lines(mapping, other)[-1] == "NAD+SU+4000000000009::9"


def test_an_attached_literal_stands_only_beside_a_value(bench, order, minimal):
    mapping = bench.load(
        order("  - each: lines\n    LIN: {1: =number, 7140: =gtin, 7143: [EN, UP]}\n"
              "    then:\n    - QTY: {6063: 21, 6060: =quantity}\n")
    )  # fmt: skip
    document = both_ways(bench, mapping, [*minimal, "LIN+1++40000002:EN", "QTY+21:1", "LIN+2", "QTY+21:1"])
    assert [line.gtin for line in document.lines] == ["40000002", None]


def test_pairs_stand_in_any_order_and_without_gaps(bench, order, minimal):
    mapping = bench.load(
        order("  - each: lines\n    LIN: {1: =number}\n    then:\n"
              "    - PIA: {4347: 1, pairs(7143 7140): {SA: =supplier_item, IN: =buyer_item}}\n"
              "    - QTY: {6063: 21, 6060: =quantity}\n")
    )  # fmt: skip
    document = both_ways(bench, mapping, [*minimal, "LIN+1", "PIA+1+A:SA+B:IN", "QTY+21:1"])
    turned = mapping.decode(bench.records([*minimal, "LIN+1", "PIA+1+B:IN+A:SA", "QTY+21:1"]))
    assert turned.documents == (document,)
    both_ways(bench, mapping, [*minimal, "LIN+1", "PIA+1+B:IN", "QTY+21:1"])
    odd = mapping.decode(bench.records([*minimal, "LIN+1", "PIA+1+C:ZZZ+B:IN", "QTY+21:1"]))
    assert [finding.message for finding in odd.findings] == [
        "'C' is left aside: its qualifier 'ZZZ' is not one of SA, IN"
    ]
    clash = mapping.decode(bench.records([*minimal, "LIN+1", "PIA+1+A:SA+B:SA", "QTY+21:1"]))
    assert [finding.code for finding in clash.findings] == ["E-CLASH"]


X12 = """
mapping: small-x12
document: order/1
format: {type: x12, set: "850", version: "004010"}
layout:
  - BEG: {01: "00", 02: SA, 03: =number, 05: =issued_on | date(yyyyMMdd)}
  - cases: {BY: buyer, SE: seller}
    N1: {01: =case, 02: =name, pair(03 04): {UL: =gln, 92: =id}}
  - each: lines
    PO1: {01: =number, 02: =quantity, pairs(06 07): {UP: =gtin, VN: =supplier_item, BP: =buyer_item}}
"""


def test_x12_pairs_in_elements_side_by_side(bench):
    mapping = bench.load(X12)
    lines = [
        "BEG*00*SA*PO1**20260105",
        "N1*BY*ACME*92*7",
        "N1*SE**UL*4000000000009",
        "PO1*1*5****UP*40000002*BP*X",
        "PO1*2*6****VN*Y",
    ]
    document = both_ways(bench, mapping, lines)
    assert (document.buyer.id, document.seller.gln, document.lines[0].buyer_item) == ("7", "4000000000009", "X")


def test_two_rivals_for_one_pair_are_refused_and_not_dropped(bench):
    mapping = bench.load(X12)
    document = mapping.decode(bench.x12("BEG*00*SA*PO1**20260105\nN1*BY*ACME*92*7")).documents[0]
    both = document.model_copy(update={"buyer": document.buyer.model_copy(update={"gln": "4000000000009"})})
    with pytest.raises(Reject) as caught:
        mapping.encode(both, bench.context)
    assert [finding.line() for finding in caught.value.findings] == [
        "map.yaml:8:56: error E-DOMAIN the place is taken by the value of 'UL': only one of the two can be written"
    ]
    assert caught.value.findings[0].field == "buyer.id"


def test_when_stands_exactly_where_the_field_has_its_value(bench, order, minimal):
    mapping = bench.load(order("", early="  - when: {purpose: replace}\n    RFF: {1153: ON, 1154: =previous_order}\n"))
    replaced = both_ways(bench, mapping, [*minimal[:2], "RFF+ON:PO0", minimal[2]])
    assert (replaced.purpose, replaced.previous_order) == ("replace", "PO0")
    original = replaced.model_copy(update={"purpose": "original"})
    assert bench.lines(mapping, original) == list(minimal)


def test_when_contradicted_by_another_place_is_a_clash(bench, order, minimal):
    nodes = "  - when: {purpose: replace}\n    RFF: {1153: ON, 1154: =previous_order}\n"
    text = order("", "codes: {purpose: {9: original, 5: replace}}\n", early=nodes)
    mapping = bench.load(text.replace("1004: =number", "1004: =number, 1225: =purpose | code(purpose)"))
    rest = [minimal[1], "RFF+ON:PO0", minimal[2]]
    assert mapping.decode(bench.records(["BGM++PO1+5", *rest])).documents[0].purpose == "replace"
    found = mapping.decode(bench.records(["BGM++PO1+9", *rest]))
    assert found.documents == ()
    assert [(f.code, f.message) for f in found.findings] == [
        ("E-CLASH", "this stands only where purpose is 'replace', and it is 'original'")
    ]


def test_a_shared_value_is_written_everywhere_and_must_agree_when_read(bench, order, minimal):
    mapping = bench.load(
        order("  - each: lines\n    LIN: {1: =number}\n    then:\n    - QTY: {6063: 21, 6060: =quantity}\n"
              "    - MOA: {5025: 203, 5004: =amount, 6345: =order.currency}\n")
    )  # fmt: skip
    lines = [*minimal, "LIN+1", "QTY+21:1", "MOA+203:5:EUR", "LIN+2", "QTY+21:1", "MOA+203:6:EUR"]
    assert both_ways(bench, mapping, lines).currency == "EUR"
    lines[-1] = "MOA+203:6:USD"
    found = mapping.decode(bench.records(lines))
    assert [(f.code, f.message, f.place.segment) for f in found.findings] == [
        ("E-CLASH", "currency was 'EUR' before, and is 'USD' here", 10)
    ]


def test_computed_values_are_written_and_checked(bench, order, minimal):
    mapping = bench.load(
        order("  - each: lines\n    LIN: {1: =number}\n    then:\n    - QTY: {6063: 21, 6060: =quantity}\n"
              "    - MOA: {5025: 203, 5004: =quantity * price | round(2)}\n    - PRI: {5125: AAA, 5118: =price}\n"
              "  - UNS: {0081: S}\n  - MOA: {5025: 79, 5004: =sum(lines.quantity * lines.price) | round(2)}\n"
              "  - CNT: {6069: 2, 6066: =count(lines)}\n")
    )  # fmt: skip
    lines = [
        *minimal,
        "LIN+1",
        "QTY+21:3",
        "MOA+203:3.75",
        "PRI+AAA:1.25",
        "LIN+2",
        "QTY+21:1",
        "MOA+203:0.01",
        "PRI+AAA:0.005",
        "UNS+S",
        "MOA+79:3.76",
        "CNT+2:2",
    ]  # noqa: RUF100
    lines[-2] = "MOA+79:3.76"
    document = both_ways(bench, mapping, lines)
    wrong = [line.replace("203:3.75", "203:3.5").replace("CNT+2:2", "CNT+2:3") for line in lines]
    found = mapping.decode(bench.records(wrong))
    assert found.documents == (document,)
    assert [(f.code, f.severity.value, f.message, f.place.segment) for f in found.findings] == [
        ("W-SUM", "warning", "3.5 is stated, and 3.75 follows from the message", 7),
        ("W-COUNT", "warning", "3 is stated, and 2 follows from the message", 15),
    ]
    bare = mapping.decode(bench.records([*minimal, "LIN+1", "QTY+21:3", "MOA+203:3"]))
    assert [(f.code, f.severity.value) for f in bare.findings] == [("W-SUM", "remark")]
    assert "MOA" not in " ".join(bench.lines(mapping, bare.documents[0]))


def test_one_direction_only(bench, order, minimal):
    mapping = bench.load(
        order("", early="  - RFF: {1153: CT, 1154: =read(contract)}\n  - RFF: {1153: CR, 1154: =write(number)}\n"
              "  - only: decode\n    RFF: {1153: PL, 1154: =price_list}\n"
              "  - only: encode\n    RFF: {1153: AAG, 1154: ='NONE'}\n")
    )  # fmt: skip
    lines = [*minimal[:2], "RFF+CT:C1", "RFF+CR:anything", "RFF+PL:P1", minimal[2]]
    document = mapping.decode(bench.records(lines)).documents[0]
    assert (document.contract, document.price_list) == ("C1", "P1")
    assert bench.lines(mapping, document) == [*minimal[:2], "RFF+CR:PO1", "RFF+AAG:NONE", minimal[2]]


def test_codes_synonyms_keep_and_else(bench, order, minimal):
    header = "codes: {uom: {PCE: EA, C62: EA, KGM: KGM}, kind: {220: order}}\n"
    nodes = (
        "  - each: lines\n    LIN: {1: =number}\n    then:\n    - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}\n"  # noqa: E501
        "    - PRI: {5125: AAA, 5118: =price, 6411: =price_uom | code(uom keep)}\n"
    )
    text = order(nodes, header).replace("1004: =number", "1001: =kind | code(kind else call_off), 1004: =number")
    mapping = bench.load(text)
    lines = ["BGM+999+PO1", *minimal[1:], "LIN+1", "QTY+21:1:C62", "PRI+AAA:1::::XY"]
    (document,) = mapping.decode(bench.records(lines)).documents
    assert (document.kind, document.lines[0].uom, document.lines[0].price_uom) == ("call_off", "EA", "XY")
    with pytest.raises(Reject, match="no code for 'call_off'"):
        mapping.encode(document, bench.context)
    written = bench.lines(mapping, document.model_copy(update={"kind": "order"}))
    assert written[-2:] == ["QTY+21:1:PCE", "PRI+AAA:1::::XY"]


def test_default_and_elide_with_a_constant_and_with_a_field(bench, order, minimal):
    nodes = (
        "  - CUX: {C504.6347: 2, C504.6345: =currency | default(EUR) | elide(EUR)}\n"
        "  - each: lines\n    LIN: {1: =number}\n    then:\n    - QTY: {6063: 21, 6060: =quantity}\n"
        "    - DTM: {2005: 2, 2380: =requested_on | default(order.requested_on) | elide(order.requested_on) | date(yyyyMMdd)}\n"  # noqa: E501
    )
    text = order(nodes, early="  - DTM: {2005: 2, 2380+2379: =requested_on | dtm(102)}\n")
    mapping = bench.load(text)
    lines = [*minimal[:2], "DTM+2:20260201:102", minimal[2], "LIN+1", "QTY+21:1", "LIN+2", "QTY+21:1", "DTM+2:20260301"]
    document = both_ways(bench, mapping, lines)
    assert document.currency == "EUR"
    assert [str(line.requested_on) for line in document.lines] == ["2026-02-01", "2026-03-01"]


def test_min_and_max_of_items(bench, order, minimal):
    mapping = bench.load(
        order(
            "  - each: lines\n    LIN: {1: =number}\n    min: 1\n    max: 2\n    then:\n    - QTY: {6063: 21, 6060: =quantity}\n"  # noqa: E501
        )
    )
    none = mapping.decode(bench.records(minimal))
    assert [(f.code, f.message) for f in none.findings] == [
        ("E-MISSING", "LIN must come at least once before this place")
    ]
    lines = [*minimal, *["LIN+1", "QTY+21:1"] * 3]
    many = mapping.decode(bench.records(lines))
    assert [(f.code, f.message, f.place.segment) for f in many.findings] == [
        ("E-DUP", "LIN may come 2 times here, and this is one more", 9)
    ]
    two = mapping.decode(bench.records(lines[:-2])).documents[0]
    with pytest.raises(Reject, match="lines has 3 items, and LIN may come 2 times"):
        mapping.encode(two.model_copy(update={"lines": two.lines + two.lines[:1]}), bench.context)


def test_repetitions_of_an_element(bench, order, minimal):
    mapping = bench.load(order("", early="  - RFF: {1153: CT, 1154: =contract}\n"))
    message = bench.records([*minimal[:2], "RFF+CT:A^B", minimal[2]], repetition="^")
    (finding,) = mapping.decode(message).findings
    assert finding.line() == (
        "map.yaml:8:21: error E-VALUE the element repeats, and the mapping takes one value: ['A', 'B']"
    )


def test_a_composite_where_a_simple_element_is_expected_is_no_text(bench, order, minimal):
    mapping = bench.load(order(""))
    (finding,) = mapping.decode(bench.records(["BGM++PO1:2", *minimal[1:]])).findings
    assert finding.line() == (
        "map.yaml:6:11: error E-VALUE a composite stands where one value is expected: ['PO1', '2']"
    )


def test_long_texts_over_places(bench, order, minimal):
    mapping = bench.load(order("  - TOD: {4055: 3, 4052*: =delivery_terms.text | wrap(10 2)}\n"))
    document = both_ways(bench, mapping, [*minimal, "TOD+3++:::free of:charge"])
    assert document.delivery_terms.text == "free of charge"
    for text in ("a text that needs more than two places", "two  blanks", "incomprehensible"):
        changed = document.model_copy(
            update={"delivery_terms": document.delivery_terms.model_copy(update={"text": text})}
        )
        with pytest.raises(Reject) as caught:
            mapping.encode(changed, bench.context)
        assert caught.value.findings[0].field == "delivery_terms.text"


def test_a_value_with_a_control_character_is_refused(bench, order, minimal):
    mapping = bench.load(order(""))
    document = mapping.decode(bench.records(minimal)).documents[0]
    for number in ("a\x1db", "a\x1f", "\x1c"):
        with pytest.raises(Reject) as caught:
            mapping.encode(document.model_copy(update={"number": number}), bench.context)
        assert caught.value.findings[0].field == "number"
    assert bench.lines(mapping, document.model_copy(update={"number": "a\u00a0b"}))[0] == "BGM++a\u00a0b"


def test_another_document_is_refused(bench, order, minimal):
    mapping = bench.load(order(""))
    with pytest.raises(Reject, match="writes order/1"):
        mapping.encode(mapping.decode(bench.records(minimal)).documents[0].buyer, bench.context)
