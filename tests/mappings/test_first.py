"""``first: true``: of several the first counts; one more, and another value for a field, are left aside and told of."""

from collections.abc import Callable
from typing import Any

import pytest

from transload.mappings import Mapping

LINES = """  - each: lines
    LIN: {{1: =number}}
    then:
      - PIA: {{4347: [1, 5], pairs(7143 7140): {{SRV: =gtin, UP: =read(gtin), SA: =supplier_item}}}}
        first: {first}
      - IMD: {{7077: F, 7008*: =description | wrap(35 2)}}
        first: true
      - QTY: {{6063: 21, 6060: =quantity}}
      - cases: {{DP: ship_to}}
        first: true
        NAD: {{3035: =case, 3036: =name}}
        then:
          - RFF: {{1153: VA, 1154: =vat}}
"""
LIN = ["LIN+1", "QTY+21:5"]
JSON = """
mapping: small
document: order/1
format: {type: json}
layout:
  - id: =number
  - date: =issued_on | date(iso)
  - cases: {customer: buyer, vendor: seller}
    first: true
    companies*: {role: =case, name: =name}
  - kinds: {other: =contract}
  - first: true
    agreement: =contract
"""
XML = """
mapping: small
document: order/1
format: {type: xml}
layout:
  Order:
    - Id: =number
    - Date: =issued_on | date(iso)
    - in: buyer
      first: true
      Party: {Name: =name, Vat: {"@old": =vat, text(): =vat}}
"""


def both(mapping: Mapping, message: Any) -> tuple[Any, list[str]]:
    """The document and its findings, which the fast and the traced build must agree on."""
    decoded, traced = mapping.decode(message), mapping.trace(message)
    assert decoded.documents == traced.documents
    lines = [finding.line() for finding in decoded.findings]
    assert [finding.line() for finding in traced.findings] == lines
    assert all(finding.place is not None for finding in decoded.findings)
    return (decoded.documents[0] if decoded.documents else None), [line.partition(": ")[2] for line in lines]


def message_of(names: str) -> str:
    parties = "".join(f"<Party><Name>{name}</Name></Party>" for name in names)
    return f"<Order><Id>1</Id><Date>2026-01-05</Date>{parties}</Order>"


def told(lines: list[str]) -> list[str]:
    """The findings from their code on."""
    return [line[line.index(" E-") + 1 :] for line in (f" {line}" for line in lines)]


@pytest.fixture
def mapping(bench: Any, order: Callable[..., str]) -> Mapping:
    found: Mapping = bench.load(order(LINES.format(first="true")))
    return found


def test_a_further_segment_is_left_aside_with_what_belongs_to_it(bench: Any, mapping: Mapping, minimal: Any) -> None:
    rows = [*minimal, *LIN, "NAD+DP+++A", "RFF+VA:1", "NAD+DP+++B", "RFF+VA:2", "LIN+2", "QTY+21:1", "NAD+DP+++C"]
    document, lines = both(mapping, bench.records(rows))
    assert [(line.ship_to.name, line.ship_to.vat) for line in document.lines] == [("A", "1"), ("C", None)]
    assert told(lines) == [
        "E-UNMAPPED NAD DP is left aside: one is taken already, and NAD DP says that the first counts "
        "(bind a list with each:, or list it under ignores: [NAD DP])",
        "E-UNMAPPED RFF VA is left aside: it belongs to NAD DP, which is left aside as well "
        "(ignore the group with ignores: [NAD DP/**])",
    ]


def test_another_value_for_a_field_is_left_aside_and_the_same_one_is_no_news(
    bench: Any, mapping: Mapping, minimal: Any
) -> None:
    rows = [*minimal, "LIN+1", "PIA+1+4000862141404:SRV+400086214140:UP+S-1:SA+S-1:SA+S-2:SA", "QTY+21:5"]
    document, lines = both(mapping, bench.records(rows))
    assert (document.lines[0].gtin, document.lines[0].supplier_item) == ("4000862141404", "S-1")
    assert told(lines) == [
        "E-UNMAPPED '400086214140' is left aside: lines[].gtin has another value already, and the first counts "
        "(bind the two to different fields, if both are needed)",
        "E-UNMAPPED 'S-2' is left aside: lines[].supplier_item has another value already, and the first counts "
        "(bind the two to different fields, if both are needed)",
    ]
    (lineage,) = [one for one in mapping.trace(bench.records(rows)).lineage if one.field == "lines[0].gtin"]
    assert lineage.value == "4000862141404"


def test_without_it_both_are_errors(bench: Any, order: Callable[..., str], minimal: Any) -> None:
    mapping = bench.load(order(LINES.format(first="false")))
    rows = [*minimal, "LIN+1", "PIA+1+4000862141404:SRV+400086214140:UP", "PIA+1", "QTY+21:5"]
    assert [finding.code for finding in mapping.decode(bench.records(rows)).findings] == ["E-CLASH", "E-DUP"]


def test_ignores_quiets_a_further_one(bench: Any, order: Callable[..., str], minimal: Any) -> None:
    mapping = bench.load(order(LINES.format(first="true"), 'ignores: ["NAD DP/**"]\n'))
    rows = [*minimal, *LIN, "NAD+DP+++A", "NAD+DP+++B", "RFF+VA:2"]
    document, lines = both(mapping, bench.records(rows))
    assert (document.lines[0].ship_to.name, lines) == ("A", [])


def test_what_is_beyond_max_is_left_aside(bench: Any, order: Callable[..., str], minimal: Any) -> None:
    nodes = "  - FTX: {4451: AAI, 4440*: =notes}\n    max: 2\n    first: true\n"
    mapping = bench.load(order("", early=nodes))
    rows = [*minimal[:2], "FTX+AAI+++a", "FTX+AAI+++b", "FTX+AAI+++c", minimal[2]]
    document, lines = both(mapping, bench.records(rows))
    assert document.notes == ("a", "b")
    assert "2 are taken already" in lines[0]


def test_it_is_written_once(bench: Any, mapping: Mapping, minimal: Any) -> None:
    document, _ = both(mapping, bench.records([*minimal, *LIN, "IMD+F++:::red", "IMD+F++:::blue"]))
    assert [line for line in bench.lines(mapping, document) if line.startswith("IMD")] == ["IMD+F++:::red"]


def test_strict_refuses_it(bench: Any, order: Callable[..., str], minimal: Any) -> None:
    mapping = bench.load(order(LINES.format(first="true"), "strict: true\n"))
    for rows in ([*LIN, "IMD+F++:::red", "IMD+F++:::blue"], ["LIN+1", "PIA+1+A:SA+B:SA", "QTY+21:5"]):
        decoded = mapping.decode(bench.records([*minimal, *rows]))
        assert [(finding.code, finding.is_error) for finding in decoded.findings] == [("E-UNMAPPED", True)]
        assert decoded.documents == ()


def test_with_keep_a_further_segment_is_put_back(bench: Any, order: Callable[..., str], minimal: Any) -> None:
    mapping = bench.load(order(LINES.format(first="true"), "keep: true\n"))
    rows = [*minimal, "LIN+1", "PIA+1+A:SA+B:SA", "IMD+F++:::red", "IMD+F++:::blue", "QTY+21:5"]
    decoded = mapping.decode(bench.records(rows))
    severities = [(finding.code, finding.severity.value) for finding in decoded.findings]
    assert severities == [("E-UNMAPPED", "warning"), ("E-UNMAPPED", "remark")]  # a value has no place to go back to
    assert [text for _, text in decoded.residue.kept] == ["IMD\x1dF\x1d\x1d\x1f\x1f\x1fblue"]


def test_in_json_it_speaks_of_the_items_of_a_list_and_of_values(bench: Any) -> None:
    mapping = bench.load(JSON)
    companies = [{"role": role, "name": name} for role, name in (("customer", "A"), ("vendor", "B"), ("customer", "C"))]
    value = {"id": "1", "date": "2026-01-05", "companies": companies, "kinds": {"other": "K-1"}, "agreement": "K-2"}
    document, lines = both(mapping, bench.json(value))
    assert (document.buyer.name, document.seller.name, document.contract) == ("A", "B", "K-1")
    assert told(lines) == [
        "E-UNMAPPED companies is left aside: one is taken already, and companies says that the first counts "
        "(bind a list with each:, or list it under ignores: [companies])",
        "E-UNMAPPED 'K-2' is left aside: contract has another value already, and the first counts "
        "(bind the two to different fields, if both are needed)",
    ]


def test_in_xml_it_speaks_of_the_element_and_what_stands_in_its_braces(bench: Any) -> None:
    mapping = bench.load(XML)
    parties = "<Party><Name>A</Name><Vat old='1'>2</Vat></Party><Party><Name>B</Name></Party>"
    message = bench.xml(f"<Order><Id>1</Id><Date>2026-01-05</Date>{parties}</Order>")
    document, lines = both(mapping, message)
    assert (document.buyer.name, document.buyer.vat) == ("A", "1")
    assert told(lines) == [
        "E-UNMAPPED '2' is left aside: buyer.vat has another value already, and the first counts "
        "(bind the two to different fields, if both are needed)",
        "E-UNMAPPED Party is left aside: one is taken already, and Party says that the first counts "
        "(bind a list with each:, or list it under ignores: [Party])",
    ]


def test_a_further_one_is_for_the_next_node_that_fits_it(bench: Any, order: Callable[..., str], minimal: Any) -> None:
    nodes = """  - first: true
    RFF: {1153: [CT, BO], 1154: =contract}
  - each: references
    RFF: {1153: =kind | code(sort only), 1154: =number}
"""
    mapping = bench.load(order("", "codes: {sort: {CT: contract, PD: promotion}}\n", early=nodes))
    rows = ["RFF+CT:C-1", "RFF+PD:P-1", "RFF+CT:C-2", "RFF+BO:B-1", "RFF+CT:C-3"]
    document, lines = both(mapping, bench.records([*minimal[:2], *rows, minimal[2]]))
    assert document.contract == "C-1"
    assert [(found.kind, found.number) for found in document.references] == [
        ("promotion", "P-1"),
        ("contract", "C-2"),
        ("contract", "C-3"),
    ]
    assert ["RFF BO is left aside: one is taken already" in line for line in lines] == [True]
    written = bench.lines(mapping, document)[2:-1]
    assert written == ["RFF+CT:C-1", "RFF+PD:P-1", "RFF+CT:C-2", "RFF+CT:C-3"]
    assert both(mapping, bench.again(mapping, document)) == (document, [])


def test_in_a_tree_as_well(bench: Any) -> None:
    mapping = bench.load(f"{XML}    - in: seller\n      Party: {{Name: =name}}\n")
    document, lines = both(mapping, bench.xml(message_of("AB")))
    assert (document.buyer.name, document.seller.name, lines) == ("A", "B", [])
    assert [finding.code for finding in mapping.decode(bench.xml(message_of("ABC"))).findings] == ["E-DUP"]


def test_it_is_true_or_false(bench: Any, order: Callable[..., str]) -> None:
    (line,) = bench.static(order("  - FTX: {4451: AAI, 4440*: =notes}\n    first: once\n"))
    assert "M-NODE first: is true or false" in line


def test_in_a_tree_literals_beside_fields_say_which_element_is_meant(bench: Any) -> None:
    nodes = """
    - in: buyer
      Party:
        - first: true
          Number: {Id: {"@of": bank, text(): =vat}}
        - Number: {Id: =id}
"""
    mapping = bench.load(XML[: XML.index("    - in: buyer")] + nodes.lstrip("\n"))
    for rows in (["7", "b1"], ["b1", "7"]):
        numbers = "".join(
            f"<Number><Id of='bank'>{row}</Id></Number>" if row == "b1" else f"<Number><Id>{row}</Id></Number>"
            for row in rows
        )
        message = bench.xml(f"<Order><Id>1</Id><Date>2026-01-05</Date><Party>{numbers}</Party></Order>")
        document, lines = both(mapping, message)
        assert (document.buyer.id, document.buyer.vat, lines) == ("7", "b1", [])
        assert both(mapping, bench.again(mapping, document)) == (document, [])
