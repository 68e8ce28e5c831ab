"""Hierarchies: numbered levels that say which level they stand below (X12 HL, EDIFACT CPS)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.canonical.order import Order

SHIPMENT = """mapping: ship
document: order/1
format: {type: x12, set: "8ZZ", version: "004010"}
layout:
  - BSN: {02: =number, 03: =issued_on | date(yyyyMMdd)}
  - HL: {01: =level(), 03: S, 04: =children(1 0)}
    then:
    - in: buyer
      N1: {01: BY, 02: =name}
    - in: seller
      N1: {01: SU, 02: =name}
    - HL: {01: =level(), 02: =parent(), 03: O, 04: =children(1 0)}
      then:
      - PRF: {01: =contract}
      - each: lines
        HL: {01: =level(), 02: =parent(), 03: I, 04: =children(1 0)}
        then:
        - LIN: {01: =number}
        - SN1: {02: =quantity}
        - each: references
          HL: {01: =level(), 02: =parent(), 03: P, 04: =children(1 0)}
          then:
          - MAN: {01: =kind, 02: =number}
  - CTT: {01: =levels()}
"""
WIRE = """BSN**S1*20260105
HL*1**S*1
N1*BY*ACME
HL*2*1*O*1
PRF*C1
HL*3*2*I*1
LIN*1
SN1**5
HL*4*3*P*0
MAN*GM*P1
HL*5*3*P*0
MAN*GM*P2
HL*6*2*I*0
LIN*2
SN1**7
CTT*6"""


@pytest.fixture
def mapping(bench):
    return bench.load(SHIPMENT)


def read(bench, mapping, wire):
    """What the fast build and the trace agree on."""
    message = bench.x12(wire)
    decoded, traced = mapping.decode(message), mapping.trace(message)
    assert (decoded.documents, decoded.findings) == (traced.documents, traced.findings)
    return decoded.documents, [shown(finding) for finding in decoded.findings]


def shown(finding):
    hint = f" ({finding.hint})" if finding.hint else ""
    where = f"{finding.place.segment} {finding.place.element} line {finding.mapping.line}"
    return f"{where}: {finding.severity} {finding.code} {finding.message}{hint}"


def test_levels_are_read_into_nested_lists_and_written_as_they_were(bench, mapping):
    (document,), found = read(bench, mapping, WIRE)
    assert found == []
    assert [(line.quantity, [r.number for r in line.references]) for line in document.lines] == [
        (Decimal(5), ["P1", "P2"]),
        (Decimal(7), []),
    ]
    assert bench.lines(mapping, document) == WIRE.split("\n")


def test_a_level_without_others_below_it_says_so(bench, mapping):
    (document,), _ = read(bench, mapping, "BSN**S1*20260105\nHL*1**S*0\nN1*BY*ACME\nCTT*1")
    assert bench.lines(mapping, document) == ["BSN**S1*20260105", "HL*1**S*0", "N1*BY*ACME", "CTT*1"]


HINT = (
    "levels come depth first, each right below the one that it names: ask the partner, "
    "or look for a level in between that nothing takes"
)
FAULTS = {
    "a level below one that is closed": (
        ("HL*6*2*I*0", "HL*6*4*I*0"),
        f"14 2 line 16: error E-ORDER HL 02 names level '4', and this level stands below level '2' ({HINT})",
    ),
    "a level that names none": (
        ("HL*2*1*O*1", "HL*2**O*1"),
        f"5 2 line 12: error E-ORDER HL 02 names no level, and this level stands below level '1' ({HINT})",
    ),
    "a number that stands twice": (
        ("HL*6*2*I*0", "HL*3*2*I*0"),
        "14 1 line 16: error E-DUP a level before this one has the number '3'",
    ),
    "a level without a number": (
        ("HL*6*2*I*0", "HL**2*I*0"),
        "14 1 line 16: error E-MISSING HL 01 is empty, and a level needs a number",
    ),
    "a number that is left out": (
        ("HL*6*2*I*0", "HL*7*2*I*0"),
        "14 1 line 16: warning W-COUNT the level's number is 7, and 6 would be the next",
    ),
    "a code that promises levels": (
        ("HL*6*2*I*0", "HL*6*2*I*1"),
        "14 4 line 16: warning W-COUNT '1' is stated, and what stands below this level makes it '0'",
    ),
    "a number of levels": (
        ("CTT*6", "CTT*9"),
        "17 1 line 24: warning W-COUNT 9 levels are stated, and there are 6",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_a_hierarchy_has_its_finding(bench, mapping, fault):
    (old, new), expected = FAULTS[fault]
    documents, found = read(bench, mapping, WIRE.replace(old, new))
    assert found == [expected]
    assert bool(documents) == (" warning " in expected)


def test_a_level_that_nothing_takes_does_not_give_its_own_to_others(bench, mapping):
    wire = WIRE.replace("HL*4*3*P*0\nMAN*GM*P1\n", "HL*4*3*T*1\nHL*4A*4*P*0\nMAN*GM*P1\n")
    documents, found = read(bench, mapping, wire)
    assert not documents
    assert [line.split(" (")[0] for line in found if " error " in line] == [
        "11 2 line 21: error E-ORDER HL 02 names level '4', and this level stands below level '3'"
    ]


PALLETS = """mapping: pallets
document: order/1
format: {type: edifact, message: "DESZZZ:D:96A:UN"}
layout:
  - BGM: {2: =number}
  - DTM: {1.1: 137, 1.2: =issued_on | date(yyyyMMdd)}
  - in: buyer
    NAD: {1: BY, 4: =name}
  - each: lines
    CPS: {1: =level(), 2: =parent()}
    then:
    - QTY: {1.1: 21, 1.2: =quantity}
    - each: references
      CPS: {1: =level(), 2: =parent()}
      then:
      - PAC: {1: =kind, 2: =number}
"""


def test_levels_of_one_look_are_told_apart_by_what_they_name(bench):
    mapping = bench.load(PALLETS)
    lines = [
        "BGM++S1", "DTM+137:20260105", "NAD+BY+++ACME",
        "CPS+1", "QTY+21:5", "CPS+2+1", "PAC+CT+A", "CPS+3+1", "PAC+CT+B", "CPS+4", "QTY+21:6", "CPS+5+4", "PAC+CT+C",
    ]  # fmt: skip
    decoded = mapping.decode(bench.records(lines))
    (document,) = decoded.documents
    assert decoded.findings == ()
    assert [[r.number for r in line.references] for line in document.lines] == [["A", "B"], ["C"]]
    assert bench.lines(mapping, document) == lines


@given(
    st.lists(
        st.tuples(
            st.integers(1, 99),
            st.lists(st.tuples(st.sampled_from(["GM", "CA"]), st.integers(1, 999)), max_size=3),
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_what_is_written_is_read_back_without_a_remark(workbench, lines, contract):
    mapping = workbench.load(SHIPMENT, "hierarchy.yaml")
    document = Order(
        number="1",
        issued_on="2026-01-05",
        buyer={"name": "ACME"},
        contract="C" if contract else None,
        lines=[
            {"quantity": str(quantity), "references": [{"kind": kind, "number": str(n)} for kind, n in references]}
            for quantity, references in lines
        ],
    )
    decoded = mapping.decode(workbench.again(mapping, document))
    assert decoded.findings == ()
    assert decoded.documents == (document,)
    assert workbench.lines(mapping, decoded.documents[0]) == workbench.lines(mapping, document)


HEAD = 'mapping: m\ndocument: order/1\nformat: {type: x12, set: "8ZZ", version: "004010"}\nlayout:\n'
READ = "  - BSN: {02: =number, 03: =issued_on | date(yyyyMMdd)}\n  - in: buyer\n    N1: {01: BY, 02: =name}\n"
STATIC = {
    "a parent without a level": (
        "  - HL: {02: =parent(), 03: S}",
        "map.yaml:5:10: error M-NODE parent() goes with level() in one segment "
        "(such as  HL: {01: =level(), 02: =parent()})",
    ),
    "two numbers": (
        "  - HL: {01: =level(), 02: =level()}",
        "map.yaml:5:24: error M-NODE level() stands twice in one HL",
    ),
    "a count before its levels": (
        "  - CTT: {01: =levels()}\n  - HL: {01: =level(), 03: S}",
        "map.yaml:6:10: error M-ORDER CTT has counted the levels before this one (move levels() below)",
    ),
    "a level and a list": (
        "  - HL: {01: =level(), 03*5: =notes}\n    max: 3",
        "map.yaml:5:10: error M-NODE a level has one HL, and this one may need several",
    ),
    "children without codes": (
        "  - HL: {01: =level(), 04: =children()}",
        "map.yaml:5:28: error M-EXPRESSION children takes two codes, such as children(1 0) in '=children()'",
    ),
    "children with one code twice": (
        "  - HL: {01: =level(), 04: =children(1 1)}",
        "map.yaml:5:28: error M-EXPRESSION children() takes two different codes",
    ),
    "a level with an argument": (
        "  - HL: {01: =level(1), 03: S}",
        "map.yaml:5:14: error M-EXPRESSION write level() in '=level(1)'",
    ),
    "a level with a converter": (
        "  - HL: {01: =level() | zeros(3), 03: S}",
        "map.yaml:5:14: error M-EXPRESSION level(...) stands alone in '=level() | zeros(3)'",
    ),
    "a level in two places": (
        "  - HL: {01+02: =level(), 03: S}",
        "map.yaml:5:17: error M-EXPRESSION a level's number stands in one place",
    ),
}


@pytest.mark.parametrize("case", STATIC)
def test_a_hierarchy_that_makes_no_sense_is_refused(bench, case):
    text, expected = STATIC[case]
    assert bench.static(HEAD + text + "\n" + READ) == [expected]


def test_a_tree_has_no_levels(bench):
    text = "mapping: m\ndocument: order/1\nformat: {type: json}\nlayout:\n  - id: =level()\n"
    assert bench.static(text)[0] == ("map.yaml:5:9: error M-EXPRESSION level() is for segments of EDIFACT and X12")
