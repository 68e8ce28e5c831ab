"""The tests beside a mapping, and what they find; samples come through the real formats."""

import json

import pytest

from transload.canonical.documents import as_json
from transload.canonical.errors import ConfigurationError
from transload.mappings import library_names, load_mapping
from transload.mappings.testing import has_sample, no_sample, run_tests

CASES = """mapping: acme
extends: library:edifact/orders-d96a
tests:
"""


@pytest.fixture
def folder(bench, fixtures):
    """A folder with a real sample and the document that it holds."""
    sample = bench.folder / "samples/orders.edi"
    sample.parent.mkdir()
    sample.write_bytes((fixtures / "edifact/orders.edi").read_bytes())
    mapping = bench.load("mapping: acme\nextends: library:edifact/orders-d96a\n")
    document = mapping.decode(message(bench, mapping)).documents[0]
    bench.file(json.dumps(as_json(document)), "samples/orders.json")
    return bench


def message(bench, mapping):
    from transload.adapters.base.registry import adapter

    found = adapter(mapping.format_type).format
    payload = (bench.folder / "samples/orders.edi").read_bytes()
    (only,) = found(found.Options(**mapping.format_options)).read(payload, file="orders.edi")
    return only


def results(bench, cases):
    return run_tests(bench.load(CASES + cases))


def lines(result):
    return [finding.line() for finding in result.findings]


GOOD = """
  - {name: the sample, wire: samples/orders.edi, canonical: samples/orders.json}
  - name: a letter in a quantity
    wire: samples/orders.edi
    edit: {"QTY 21 #3": "QTY+21:15O:PCE"}
    fails: [{code: E-VALUE, place: QTY 6060, field: lines.2.quantity}]
  - name: a segment that is not there
    wire: samples/orders.edi
    edit: {"DTM 137": remove}
    fails: [{code: E-MISSING, field: issued_on}]
  - name: an escaped value
    canonical: {extends: samples/orders.json, number: "A+B"}
    writes: ["BGM+220+A+B+9"]
  - name: a unit without a code
    canonical: {number: "1", issued_on: "2026-01-05", buyer: {name: X}, lines: [{number: "1", quantity: "1", uom: ZZZ}]}
    fails: [{code: E-DOMAIN, field: "lines[0].uom"}]
"""


def test_good_cases(folder):
    found = results(folder, GOOD)
    assert [(result.name, lines(result)) for result in found] == [
        ("the sample", []),
        ("a letter in a quantity", []),
        ("a segment that is not there", []),
        ("an escaped value", []),
        ("a unit without a code", []),
    ]
    assert [result.at.line for result in found] == [5, 6, 10, 14, 17]


BAD = {
    "  - {name: n, wire: samples/orders.edi, canonical: {extends: samples/orders.json, number: X}}": "map.yaml:4:52: error "  # noqa: E501
    "T-FAILED number is 'PO-2026-00417', expected 'X'",
    "  - {name: n, wire: samples/orders.edi, fails: [{code: E-VALUE}]}": "map.yaml:4:49: error T-FAILED there is no finding "  # noqa: E501
    '{"code": "E-VALUE"}',
    "  - {name: n, wire: gone.edi, canonical: samples/orders.json}": "map.yaml:4:21: error T-FAILED cannot read gone.edi: "  # noqa: E501
    "No such file or directory",
    "  - {name: n, wire: samples/orders.edi}": "map.yaml:4:5: error T-FAILED a case with wire: says what comes of it: "
    "canonical: or fails:",
    "  - {name: n, wire: samples/orders.edi, canonicl: x}": "map.yaml:4:41: error T-FAILED a case has no key 'canonicl': "  # noqa: E501
    "did you mean 'canonical'?",
    "  - {name: n, canonical: samples/orders.json, writes: [XYZ]}": "map.yaml:4:56: error T-FAILED 'XYZ' is not written",  # noqa: E501
    '  - {name: n, wire: samples/orders.edi, edit: {"QTY 21 #9": remove}, fails: [{code: E-MISSING}]}': "map.yaml:4:48: error "  # noqa: E501
    "T-FAILED the sample has 5 of QTY 21, not 9",
    '  - {name: n, wire: samples/orders.edi, canonical: {}, edit: {"QTY 21": "QTY+21:X"}}': "map.yaml:4:5: error T-FAILED "  # noqa: E501
    "an error that the case does not expect",
    "  - {name: n, canonical: {number: 1}, writes: [x]}": "map.yaml:4:26: error T-FAILED the expected document is no order/1: "  # noqa: E501
    "number: Input should be a valid string",
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_cases_fail_at_their_line(folder, case):
    (result,) = results(folder, case + "\n")
    assert not result.ok
    assert lines(result)[0] == BAD[case]


def test_cases_in_a_file_beside_the_mapping(folder):
    folder.file(
        "tests:\n  - {name: beside, wire: samples/orders.edi, canonical: samples/orders.json}\n", "map.test.yaml"
    )
    found = run_tests(folder.load("mapping: acme\nextends: library:edifact/orders-d96a\n"))
    assert [(result.name, lines(result)) for result in found] == [("beside", [])]


def test_a_mapping_without_cases_has_no_results(bench, order):
    assert run_tests(bench.load(order(""))) == []


@pytest.mark.parametrize("name", library_names())
def test_the_library_mappings_pass_their_own_cases(name):
    found = run_tests(load_mapping(name))
    assert found
    assert [line for result in found for line in lines(result)] == []


def test_match_by_type_party_and_place(bench, order, minimal):
    def matches(header, rows=minimal, kind="ORDERS", version="D:96A:UN:EAN008", sender="1"):
        from dataclasses import replace

        from transload.adapters.base.format import Identity

        mapping = bench.load(order("", header))
        return mapping.matches(replace(bench.records(rows), kind=kind, version=version, sender=Identity(id=sender)))

    assert matches("")
    assert not matches("", kind="ORDRSP")
    assert not matches("", version="D:01B:UN")
    assert matches("match: {sender: '1'}\n")
    assert not matches("match: {sender: ['2', '3']}\n")
    assert not matches("match: {receiver: '1'}\n")
    assert matches("match: {BGM 1004: [PO1, PO2]}\n")
    assert not matches("match: {BGM 1004: PO2}\n")
    assert matches("match: {version: 'D:01B:UN'}\n", version="D:01B:UN")


XML = """mapping: xml
document: order/1
format: {type: xml, namespaces: {"": "urn:o", p: "urn:p"}}
layout:
  Order:
    - "@number": =number
    - Date: =issued_on | date(iso)
    - in: buyer
      p:Party: {"@role": BY, p:Name: =name}
    - each: lines
      Line: {Quantity: {"@unit": =uom, text(): =quantity}}
tests:
"""
XML_SAMPLE = """<Order xmlns="urn:o" xmlns:q="urn:p" number="1">
  <Date>2026-01-05</Date>
  <q:Party role="BY"><q:Name>ACME</q:Name></q:Party>
  <Line><Quantity unit="EA">1</Quantity></Line>
  <Line><Quantity unit="EA">2</Quantity></Line>
</Order>
"""
XML_CASES = {
    "{wire: o.xml, canonical: o.json}": "",
    "{wire: o.xml, canonical: {extends: o.json, number: '2'}, edit: {'@number': '2'}}": "",
    "{wire: o.xml, edit: {'Line[2]/Quantity': X}, fails: [{code: E-VALUE, field: lines.1.quantity, line: 5, "
    "path: '/Order/Line[2]/Quantity', value: X}]}": "",
    "{wire: o.xml, edit: {'line 2': remove}, fails: [{code: E-MISSING, field: issued_on}]}": "",
    "{wire: o.xml, edit: {'p:Party/p:Name': remove}, canonical: {extends: o.json, buyer: {name: X}}}": "buyer is missing, "  # noqa: E501
    "expected {'name': 'X'}",
    "{wire: o.xml, edit: {'Line[3]': remove}, canonical: o.json}": "the sample has 2 of Line inside Order, not 3",
    "{wire: o.xml, edit: {'x:Line': remove}, canonical: o.json}": "the mapping has no prefix 'x'",
    "{wire: o.xml, edit: {'line 9': remove}, canonical: o.json}": "the sample has 6 lines, not 9",
    "{wire: o.xml, edit: {'Line': X}, canonical: o.json}": "Line holds elements, no text",
    "{wire: o.xml, canonical: o.json, writes: ['<Line>']}": "",
    "{wire: o.xml, canonical: o.json, warns: []}": "",
    "{wire: o.xml, edit: {'line 2': '<Date>2026-01-05</Date><Other/>'}, canonical: o.json, warns: []}": "a warning that "  # noqa: E501
    "the case does not expect",
    "{wire: o.xml, edit: {'line 2': '<Date>2026-01-05</Date><Other/>'}, canonical: o.json, warns: [{code: E-UNMAPPED}]}": "",  # noqa: E501
}  # fmt: skip
JSON = """mapping: portal
document: order/1
format: {type: json}
pages: {items: orders}
layout:
  - id: =number
  - date: =issued_on | date(iso)
  - each: lines
    positions: {amount: =quantity | number}
tests:
"""
JSON_SAMPLE = """{"page": 1, "orders": [
  {"id": "1", "date": "2026-01-05", "positions": [{"amount": 1.50}, {"amount": 2}]},
  {"id": "2", "date": "2026-01-06", "positions": []}
]}
"""
JSON_CASES = {
    "{wire: o.json, canonical: [a.json, b.json]}": "",
    "{wire: o.json, canonical: [a.json]}": "the result has 2 items, expected 1",
    "{wire: o.json, edit: {/orders/1: remove}, canonical: a.json}": "",
    "{wire: o.json, edit: {/orders/1: remove, /orders/0/id: '9'}, canonical: {extends: a.json, number: '9'}}": "",
    "{wire: o.json, edit: {/orders/0/positions/1/amount: X}, fails: [{code: E-VALUE, line: 2, "
    "path: /orders/0/positions/1/amount}]}": "",
    "{wire: o.json, edit: {/orders/7: X}, canonical: a.json}": "the sample has nothing at /orders/7: no '7'",
    "{wire: o.json, edit: {orders: X}, canonical: a.json}": "'orders' is no JSON pointer, such as /orders/0/id, and no "
    "line",
}  # fmt: skip


def told(bench, mapping, case):
    (result,) = run_tests(bench.load(f"{mapping}  - {case}\n"))
    return result.findings[0].message if result.findings else ""


@pytest.mark.parametrize("case", XML_CASES)
def test_cases_of_xml(bench, case):
    bench.file(XML_SAMPLE, "o.xml")
    lines = [{"quantity": "1", "uom": "EA"}, {"quantity": "2", "uom": "EA"}]
    bench.file(
        json.dumps({"number": "1", "issued_on": "2026-01-05", "buyer": {"name": "ACME"}, "lines": lines}), "o.json"
    )
    assert told(bench, XML, case) == XML_CASES[case]


@pytest.mark.parametrize("case", JSON_CASES)
def test_cases_of_json(bench, case):
    bench.file(JSON_SAMPLE, "o.json")
    one = {"number": "1", "issued_on": "2026-01-05", "lines": [{"quantity": "1.50"}, {"quantity": "2"}]}
    bench.file(json.dumps(one), "a.json")
    bench.file(json.dumps({"number": "2", "issued_on": "2026-01-06"}), "b.json")
    assert told(bench, JSON, case) == JSON_CASES[case]


BARE = """  - name: a message as people send it in a mail
    wire: |
      BGM+220+A?+B+9
      DTM+137:20260105:102
      NAD+BY+5412345000013::9
      LIN+1
      QTY+21:12:PCE
      UNS+S
      CNT+2:1
    canonical:
      number: A+B
      issued_on: "2026-01-05"
      buyer: {gln: "5412345000013"}
      lines: [{number: "1", quantity: "12", uom: EA}]
    writes: [BGM+220+A+B+9]
"""


@pytest.mark.parametrize("text", [BARE, BARE.replace("BGM+", "UNH+1+ORDERS:D:96A:UN'BGM+", 1).replace(":1\n", ":1'\n")])
def test_a_message_without_an_envelope(folder, text):
    (result,) = results(folder, text)
    assert lines(result) == []


def test_what_is_written_must_read_as_the_same_in_every_format(bench):
    """A mapping that reads a field and writes it elsewhere is caught by its first sample."""
    wrong = XML.replace('"@number": =number', '"@number": =read(number)')
    bench.file(XML_SAMPLE, "o.xml")
    bench.file(json.dumps({"number": "1", "issued_on": "2026-01-05", "buyer": {"name": "ACME"}, "lines": []}), "o.json")
    (result,) = run_tests(bench.load(f"{wrong}  - {{wire: o.xml, edit: {{'Line[2]': remove, Line: remove}}, "
                                     "canonical: o.json}\n"))  # fmt: skip
    assert result.findings[0].message == "what is written from the document is read as another one"
    assert [found.code for found in result.findings[1:]] == ["E-MISSING"]


def test_a_mapping_needs_a_sample_with_its_document(bench, order, folder):
    assert not has_sample(bench.load(order("")))
    fails = CASES + "  - {name: n, wire: samples/orders.edi, edit: {BGM: remove}, fails: [{code: E-MISSING}]}\n"
    assert no_sample(bench.load(order(""))).line() == (
        f"{bench.folder}/map.yaml:1:1: error T-NONE this mapping has no test (add one under tests: {{name: ..., wire: "
        "SAMPLE, canonical: EXPECTED.json}; transload test --update fills in the document)"
    )
    assert not has_sample(folder.load(fails))
    assert no_sample(folder.load(fails)).message == "no test of this mapping says which document a sample gives"
    assert has_sample(folder.load(CASES + "  - {wire: samples/orders.edi, canonical: samples/orders.json}\n"))


def test_guides_and_overlays_of_the_user_are_those_of_the_mapping_and_its_tests(bench):
    """An overlay that adds a segment makes its places known, and the sample right."""
    overlay = """overlay: acme
guide: edifact/d96a/orders
extend:
  - {after: BGM, entry: ZZZ C 9}
elements: {9999: an..5 ours}
segments:
  ZZZ: {title: ours, parts: [9999 M]}
"""
    source = bench.folder / "guides/overlays/acme.yaml"
    source.parent.mkdir(parents=True)
    source.write_text(overlay, encoding="utf-8")
    text = """mapping: m
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN", overlays: [acme]}
ignores: [NAD, LIN, UNS]
layout:
  - BGM: {1001: 220, 1004: =number}
  - ZZZ: {9999: =contract}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
tests:
  - name: the partner's own segment
    wire: |
      BGM+220+1
      ZZZ+C7
      DTM+137:20260105:102
      NAD+BY+1::9
      LIN+1
      UNS+S
    canonical: {number: "1", issued_on: "2026-01-05", contract: C7}
    warns: []
"""
    bench.file(text)
    (result,) = run_tests(load_mapping("map.yaml", base=bench.folder, guides=[bench.folder / "guides"]))
    assert lines(result) == []
    with pytest.raises(ConfigurationError) as caught:
        load_mapping("map.yaml", base=bench.folder)
    assert [finding.line() for finding in caught.value.findings][:1] == [
        "map.yaml:3:63: error E-CONFIG there is no overlay 'acme' (overlays lie in guides/overlays of the workspace)"
    ]
