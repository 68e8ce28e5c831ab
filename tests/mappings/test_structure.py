"""Who owns a record: the innermost level first, groups that close, and what nothing takes."""

import pytest

NODES = """  - cases: {SU: seller, DP: ship_to}
    NAD: {3035: =case, 3039: =gln, 3055: [9, 92], 3036: =name}
    then:
    - RFF: {1153: VA, 1154: =vat}
    - CTA: {3139: OC, 3412: =contact}
      then:
      - COM: {3148: =email, 3155: EM}
  - each: lines
    LIN: {1: =number, 7140: =gtin, 7143: [EN, UP]}
    then:
    - QTY: {6063: 21, 6060: =quantity}
    - MOA: {5025: 203, 5004: =amount}
    - PRI: {5125: AAA, 5118: =price}
  - UNS: {0081: S}
  - MOA: {5025: [79, 124], 5004: =totals.lines_amount}
"""
EARLY = "  - RFF: {1153: CT, 1154: =contract}\n"


@pytest.fixture
def mapping(bench, order):
    return bench.load(order(NODES, early=EARLY))


def findings(bench, mapping, lines):
    message = bench.records(lines)
    decoded = mapping.decode(message)
    traced = mapping.trace(message)
    assert (decoded.documents, decoded.findings) == (traced.documents, traced.findings)
    return decoded.documents, [(f.code, f.place and f.place.segment, f.message) for f in decoded.findings]


def test_a_group_that_nothing_takes_keeps_what_belongs_to_it(bench, mapping, minimal):
    lines = [
        *minimal[:2],
        "RFF+CT:C1",
        minimal[2],
        "NAD+CN+++X",
        "RFF+CT:C2",
        "CTA+OC+:Y",
        "COM+jan@acme.example:EM",
        "NAD+SU+++Z",
    ]
    (document,), found = findings(bench, mapping, lines)
    assert (document.contract, document.buyer.contact, document.seller.name) == ("C1", None, "Z")
    assert found == [
        ("E-UNMAPPED", 6, "NAD CN is left aside: the mapping has nothing for it at this place of the message"),
        ("E-UNMAPPED", 7, "RFF CT is left aside: it belongs to NAD CN, and the mapping has nothing for it there"),
        ("E-UNMAPPED", 8, "CTA OC is left aside: it belongs to NAD CN, and the mapping has nothing for it there"),
        ("E-UNMAPPED", 9, "COM is left aside: it belongs to NAD CN, and the mapping has nothing for it there"),
    ]


def test_a_line_stays_open_for_an_amount_that_only_the_summary_knows(bench, mapping, minimal):
    lines = [*minimal, "LIN+1", "QTY+21:1", "MOA+124:19", "PRI+AAA:5", "UNS+S", "MOA+124:19"]
    (document,), found = findings(bench, mapping, lines)
    assert (str(document.lines[0].price), str(document.totals.lines_amount)) == ("5", "19")
    assert [(code, segment) for code, segment, _ in found] == [("E-UNMAPPED", 7)]


def test_a_group_that_is_nearly_right_closes_the_one_before(bench, mapping, minimal):
    lines = [*minimal, "LIN+1", "QTY+21:1", "LIN+2++5:XX", "QTY+21:2", "LIN+3", "QTY+21:3"]
    (document,), found = findings(bench, mapping, lines)
    assert [line.number for line in document.lines] == ["1", "3"]
    assert found == [
        (
            "E-UNMAPPED",
            7,
            "LIN 2 is left aside: LIN EN is meant, but LIN 7143 is 'XX', and the mapping accepts 'EN' or 'UP'",
        ),
        ("E-UNMAPPED", 8, "QTY 21 is left aside: it belongs to LIN 2, and the mapping has nothing for it there"),
    ]


def test_a_near_miss_says_what_is_wrong(bench, mapping, minimal):
    lines = [*minimal, "NAD+SU+4000000000009::91++X"]
    _, found = findings(bench, mapping, lines)
    assert found == [
        (
            "E-UNMAPPED",
            5,
            "NAD SU is left aside: NAD SU is meant, but NAD 3055 is '91', and the mapping accepts '9' or '92'",
        )
    ]


def test_a_segment_in_another_place_of_the_message_is_not_attached(bench, mapping, minimal):
    lines = [*minimal, "LIN+1", "QTY+21:1", "CTA+OC+:Jan"]
    (document,), found = findings(bench, mapping, lines)
    assert found == [("E-UNMAPPED", 7, "CTA OC is left aside: the mapping has CTA OC in another place")]
    assert document.buyer.contact is None


def test_what_belongs_to_a_segment_by_the_guide_is_not_taken_by_the_level(bench, mapping, minimal):
    """A date below RFF (group 1 of ORDERS) is the reference's date, not the order's."""
    lines = [minimal[0], "RFF+CT:C1", "DTM+137:20200101:102", minimal[1], minimal[2]]
    documents, found = findings(bench, mapping, lines)
    assert documents == ()
    assert found[0] == ("E-MISSING", 1, "issued_on is required, and was not found")
    assert [(code, segment) for code, segment, _ in found[1:]] == [("E-UNMAPPED", 4), ("E-UNMAPPED", 5)]


def test_twice_the_same_is_a_duplicate(bench, mapping, minimal):
    _, found = findings(bench, mapping, [*minimal, "NAD+SU+++X", "NAD+SU+++Y"])
    assert found == [("E-DUP", 6, "NAD SU may come once here, and this is one more")]


def test_order_within_a_level_is_free(bench, mapping, minimal):
    lines = ["DTM+137:20260105:102", "BGM++PO1", "NAD+BY+++ACME", "NAD+DP+++B", "NAD+SU+++A"]
    (document,), found = findings(bench, mapping, lines)
    assert (document.seller.name, document.ship_to.name, found) == ("A", "B", [])


@pytest.mark.parametrize(
    "lines", [[], [""], ["", "", "X"], ["BGM"], ["UNS", "LIN"], ["NAD+BY"], ["LIN+1++:"], ["QTY+21:5"] * 3]
)
def test_odd_messages_give_findings(bench, mapping, lines):
    documents, found = findings(bench, mapping, lines)
    assert documents == ()
    assert found


IGNORES = {
    "PAI": (["PAI+1"], 0),
    "DTM 64": (["DTM+64:20260101:102", "DTM+63:20260101:102"], 1),
    "NAD CN": (["NAD+CN", "RFF+VA:1"], 0),
    "LIN / PIA 5": (["LIN+1", "PIA+5+X:SA", "PIA+1+X:SA", "QTY+21:1"], 1),
    "LIN": (["LIN+1++1:ZZ", "QTY+21:1"], 0),
}


@pytest.mark.parametrize("ignored", IGNORES)
def test_ignores(bench, order, minimal, ignored):
    extra, left = IGNORES[ignored]
    deep = "/**" if ignored.startswith(("NAD", "LIN")) and "/" not in ignored else ""
    mapping = bench.load(order(NODES, f'ignores: ["{ignored}{deep}"]\n', early=EARLY))
    head = [*minimal[:2], *extra, minimal[2]] if not ignored.startswith(("NAD", "LIN")) else [*minimal, *extra]
    _, found = findings(bench, mapping, head)
    assert len(found) == left, found


def test_strict_makes_every_unmapped_record_an_error(bench, order, minimal):
    mapping = bench.load(order(NODES, "strict: true\n", early=EARLY))
    decoded = mapping.decode(bench.records([minimal[0], "PAI+1", *minimal[1:]]))
    assert decoded.documents == ()
    assert [f.severity.value for f in decoded.findings] == ["error"]
    assert mapping.decode(bench.records(minimal)).documents
