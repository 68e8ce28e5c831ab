"""The tests beside a mapping, and what they find; samples come through the real formats."""

import json

import pytest

from transload.canonical.documents import as_json
from transload.mappings import library_names, load_mapping
from transload.mappings.testing import run_tests

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
    "1 errors that the case does not expect",
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
