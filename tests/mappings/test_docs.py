"""The page of the mapping language says what the code does: its examples compile, its lists are complete."""

import ast
import json
import re
from pathlib import Path

import pytest

from transload.canonical.documents import as_json
from transload.mappings import testing
from transload.mappings.language import entries, headers, limits, shelves
from transload.mappings.language.converters import chains
from transload.mappings.language.expressions import GIVEN, HIERARCHY
from transload.mappings.laws.wires import Wire
from transload.mappings.source import merging

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/mapping-language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
YAML = [body for language, body in BLOCKS if language == "yaml"]
WHOLE = [body for body in YAML if body.startswith("mapping:")]
PARTS = [body for body in YAML if not body.startswith("mapping:")]
CODE = re.compile(r"[EWMTL](?:-[A-Z]+)+")
NAME = re.compile(r"`([a-z_0-9]+)[`(]")


def rows(head):
    """The rows of the table whose first column is headed ``head``, as lists of cells."""
    found = re.search(rf"^\| {head} \|.*\n\| -.*\n((?:\|.*\n?)+)", PAGE, re.MULTILINE)
    assert found, f"the page has no table of {head}"
    return [[cell.strip() for cell in re.split(r" \| ", row.strip("| "))] for row in found[1].splitlines()]


def names(head):
    """The names in the first column of a table."""
    listed = [name for row in rows(head) for name in NAME.findall(row[0])]
    assert len(listed) == len(set(listed)), "a name stands twice"
    return set(listed)


def test_the_page_has_examples_of_every_format_and_no_other_yaml():
    assert len(WHOLE) + len(PARTS) == len(YAML)
    text = "\n".join(WHOLE)
    assert all(f"type: {name}" in text for name in headers.FORMATS)
    assert "extends: library:" in text


@pytest.mark.parametrize("text", WHOLE, ids=lambda text: text.split()[1])
def test_every_whole_mapping_loads_without_findings(bench, text):
    bench.file("partner,their_number,our_number\nacme,1,A\n", "items.csv")
    mapping = bench.load(text)
    assert mapping.name == text.split()[1]
    compiled = (mapping._read, mapping._trace, mapping._write, mapping._trace_writing)
    assert all(callable(function) for function in compiled)


@pytest.mark.parametrize("text", PARTS, ids=lambda text: text.splitlines()[0])
def test_every_part_is_a_list_of_nodes_that_loads(bench, order, text):
    nodes = "".join(f"  {line}\n" for line in text.splitlines())
    late = text.startswith("- each: lines")
    assert bench.load(order(nodes) if late else order("", early=nodes)).meaning.segments


def test_the_first_example_reads_and_writes_as_the_page_says(bench):
    (sample,) = [body for language, body in BLOCKS if language == "edifact"]
    (document,) = [json.loads(body) for language, body in BLOCKS if language == "json"]
    mapping = bench.load(WHOLE[0])
    decoded = mapping.decode(bench.records(sample))
    assert decoded.findings == ()
    assert [as_json(found) for found in decoded.documents] == [document]
    written = sample.replace(":EN", ":SRV").replace(":C62", ":PCE").splitlines()
    assert bench.lines(mapping, decoded.documents[0]) == written


def test_the_tests_of_the_example_pass_on_the_first_sample(bench):
    (sample,) = [body for language, body in BLOCKS if language == "edifact"]
    (document,) = [body for language, body in BLOCKS if language == "json"]
    segments = ["UNH+1+ORDERS:D:96A:UN:EAN008", *sample.splitlines()]
    rows = [
        "UNB+UNOC:3+5412345000013:14+4012345000009:14+260105:1030+1",
        *segments,
        f"UNT+{len(segments) + 1}+1",
        "UNZ+1+1",
    ]
    bench.file("".join(f"{row}'\n" for row in rows), "samples/order.edi")
    bench.file(document, "samples/order.json")
    (text,) = [body for body in WHOLE if "tests:" in body]
    results = testing.run_tests(bench.load(text))
    assert [finding.line() for result in results for finding in result.findings] == []
    assert len(results) == 4


def test_the_example_over_the_library_does_what_its_remarks_say(bench):
    (text,) = [body for body in WHOLE if "STK" in body]
    mapping = bench.load(text)
    table = mapping.meaning.codes["uom"]
    assert (table.read["STK"], table.read["PCE"], table.write["EA"]) == ("EA", "EA", "STK")
    labels = {node.name for node in mapping.meaning.nodes()}
    assert "RFF ACW" in labels
    assert not {"RFF PL", "ALI"} & labels


def test_the_rows_of_the_example_of_values_are_what_the_page_says(bench):
    (rows,) = [body for language, body in BLOCKS if language == "csv"]
    (text,) = [body for body in WHOLE if body.startswith("mapping: values-in-csv")]
    wire = Wire(bench.load(text))
    (message,) = wire.messages(rows.encode())
    decoded = wire.mapping.decode(message)
    assert decoded.findings == ()
    (document,) = [as_json(found) for found in decoded.documents]
    assert (document["number"], document["issued_on"], document["contract"]) == ("42", "2026-01-05", "FRAME-1")
    assert (document["notes"], document["buyer"]["phone"]) == (["by noon", "at gate 2"], "4930123")
    first = document["lines"][0]
    assert (first["supplier_item"], first["quantity"], first["uom"]) == ("A-1", "1.5", "ROL")
    assert (first["price"], first["gross_price"], first["price_quantity"]) == ("1234.5", "1300.75", "1.5")
    written = wire.write(decoded.documents[0])
    assert wire.read(written).documents == decoded.documents
    assert written.decode().splitlines()[1] == (
        "000042;05.01.26;202601051130;EUR;FRAME-1;;4930123;by noon / at gate 2;A-1;1500.0;ROL;1.234,5;1300,75;150.0;4"
    )


EXAMPLES = "\n".join(YAML) + (ROOT / "docs/mapping-plug-ins.md").read_text(encoding="utf-8")
WITHOUT_FIELDS = {"time", "yesno", "flag", "comp3"}
"""Converters for fields that no document has, and one that only says where such values stand."""


def test_every_word_stands_in_an_example_that_runs():
    """The plug-ins' words are in the example of their own page, which a test of plug-ins loads."""
    keys = {*headers.KEYS, *merging.MODIFIERS, *entries.OPTIONS, *limits.KEYS, *shelves.KEYS, *testing.KEYS}
    keys |= {*headers.MATCHES, *headers.PAGES} - {"message", "version"}
    assert {key for key in keys if not re.search(rf"(?<![\w-]){key}:", EXAMPLES)} == set()
    functions = {*GIVEN, *HIERARCHY, "count", "sum", "read", "write", "parts"}
    assert {name for name in functions if f"{name}(" not in EXAMPLES} == set()
    converters = {*chains.FACTORIES, *chains.SPECIAL}
    assert {name for name in converters if not re.search(rf"\| {name}\b", EXAMPLES)} == WITHOUT_FIELDS


def test_every_converter_is_listed_and_no_other():
    assert names("converter") == {*chains.FACTORIES, *chains.SPECIAL}


def test_every_converter_after_a_pipe_is_one_of_ours():
    piped = {found for body in YAML for found in re.findall(r"\| (\w+)", body)}
    assert piped <= {*chains.FACTORIES, *chains.SPECIAL}


def test_every_modifier_is_listed_and_no_other():
    assert names("modifier") == merging.MODIFIERS


def test_every_file_key_is_listed_and_no_other():
    assert names("key") == set(headers.KEYS)


def test_every_key_of_cross_references_and_limits_is_listed():
    assert names("key of `xrefs`") == set(shelves.KEYS)
    assert names("limit") == set(limits.KEYS)


def test_every_key_of_a_test_is_listed_and_no_other():
    assert names("test key") == set(testing.KEYS)


def test_every_entry_of_match_is_listed():
    section = PAGE.partition("## Matching")[2].partition("\n\n- ")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`", section)) == set(headers.MATCHES)


def test_every_function_of_what_is_written_only_is_listed():
    assert names("function") == set(GIVEN)


def raised():
    """Every finding code that stands in the code of the mappings."""
    files = (ROOT / "mappings").rglob("*.py")
    texts = (
        node.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return {text for text in texts if CODE.fullmatch(text)}


def test_every_finding_code_is_listed_and_no_other():
    codes = raised()
    assert {"E-VALUE", "W-SUM", "M-KEY", "T-FAILED"} <= codes
    listed = [code for row in rows("code") for code in row[0].split(", ")]
    assert len(listed) == len(set(listed))
    assert set(listed) == codes
    assert set(re.findall(rf"\b{CODE.pattern}\b", PAGE)) <= codes


def test_every_link_inside_the_page_has_its_heading():
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
