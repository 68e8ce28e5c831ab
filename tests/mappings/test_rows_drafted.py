"""First mappings from CSV and fixed width, tests beside them, and masked tests of them."""

from random import Random

import pytest

from transload.canonical.documents import as_json
from transload.mappings import load_mapping
from transload.mappings.drafting import Sample, draft, open_points
from transload.mappings.drafting.rows import borders, rows_of
from transload.mappings.language import headers
from transload.mappings.testing import run_tests
from transload.mappings.testing.masking import mask
from transload.mappings.testing.masks import Masks
from transload.mappings.testing.samples import format_of

ROWS = pytest.mark.skipif("csv" not in headers.FORMATS, reason="mappings of rows are not there")
CSV = """OrderNo;OrderDate;Currency;BuyerGLN;BuyerName;ShipTo City;Pos;EAN;Item No;Description;Qty;Unit;Price;Flag
PO-1;05.01.2026;EUR;9520001000003;ACME;Hull;1;9520002001016;A-1;Bolt;2,5;KGM;1,50;X
PO-1;05.01.2026;EUR;9520001000003;ACME;Hull;2;9520002001023;A-2;Nut;10;EA;0,10;Y
PO-2;06.01.2026;EUR;9520001000003;ACME;Leeds;1;9520002001016;A-1;Bolt;3;KGM;1,50;X
"""
FIXED = """HDRPO-1      20260105ACME
LIN00019520002001016 BOLT      0002
LIN00029520002001023 NUT       0010
TRL0002
"""


def drafted(bench, payload):
    made = draft([Sample(name="sample.txt", payload=payload.encode())], name="rows", document="order/1")
    bench.file(made.text, "rows.yaml")
    bench.file(payload, "sample.txt")
    return made, load_mapping("rows.yaml", base=bench.folder)


def read(mapping, payload):
    return [mapping.decode(message) for message in format_of(mapping).read(payload.encode(), file="sample.txt")]


@pytest.mark.parametrize(
    ("text", "delimiter", "columns"),
    [
        ("a,b\n1,2\n", ",", ("a", "b")),
        ("a;b\n1;2,5\n", ";", ("a", "b")),
        ("1\t2\n3\t4\n", "\t", ("1", "2")),
        ('name|x\n"a|b"|c\n', "|", ("name", "x")),
    ],
)
def test_csv_is_known_by_its_delimiter_and_header(text, delimiter, columns):
    found = rows_of(text.encode())
    assert (found.delimiter, found.columns) == (delimiter, columns)


def test_other_texts_are_fixed_width_or_nothing():
    assert rows_of(FIXED.encode()).delimiter == ""
    assert rows_of(b"one line") is None
    assert rows_of(b"") is None
    assert rows_of(b"\x00\x01\x02\n\x03") is None


def test_borders_are_where_all_lines_have_a_blank():
    assert borders(["AB  12 X", "A   3  Y"]) == [(0, 4), (4, 7), (7, 8)]


@ROWS
def test_csv(bench):
    made, mapping = drafted(bench, CSV)
    assert made.messages == 2
    assert 'format: {type: csv, delimiter: ";"}\ndocuments: {by: [OrderNo]}\n' in made.text
    first, second = (as_json(document) for one in read(mapping, CSV) for document in one.documents)
    assert (first["number"], first["issued_on"], first["ship_to"]) == ("PO-1", "2026-01-05", {"city": "Hull"})
    assert first["lines"][0] == {
        "number": "1",
        "gtin": "9520002001016",
        "supplier_item": "A-1",
        "description": "Bolt",
        "quantity": "2.5",
        "uom": "KGM",
        "price": "1.50",
    }
    assert (second["number"], len(second["lines"])) == ("PO-2", 1)
    assert [finding.message for finding in open_points(bench.folder / "rows.yaml")] == [
        "open: which field?, also 'Y'  [Flag: ='X']"
    ]


@ROWS
def test_fixed_width(bench):
    made, mapping = drafted(bench, FIXED)
    assert "documents: {start: HDR}\n" in made.text
    (document,) = (document for one in read(mapping, FIXED) for document in one.documents)
    found = as_json(document)
    assert (found["number"], found["issued_on"]) == ("PO-1", "2026-01-05")
    assert [(line["gtin"], line["quantity"]) for line in found["lines"]] == [
        ("9520002001016", "2"),
        ("9520002001023", "10"),
    ]
    messages = [finding.message for finding in open_points(bench.folder / "rows.yaml")]
    assert messages[0].startswith("open: is this the document's number?")
    assert any("is this the quantity?" in message for message in messages)


@ROWS
@pytest.mark.parametrize(
    ("case", "failure"),
    [
        ("edit: {'line 4': 'PO-1;05.01.2026;EUR;9520001000003;ACME;Hull;3;;;;1;EA;;X'}, fails: [{code: E-VALUE}]",
         "there is no finding {\"code\": \"E-VALUE\"}"),
        ("edit: {'line 2': 'PO-1;05.01.2026;EUR;9520001000003;ACME;Hull;1;;;;X;EA;;X'}, "
         "fails: [{code: E-VALUE, field: lines.0.quantity, line: 2}]", ""),
        ("edit: {'line 2': remove, 'line 9': remove}, canonical: {}", "the sample has 4 lines, not 9"),
        ("edit: {'OrderNo': X}, canonical: {}", "'OrderNo' is no line"),
    ],
)  # fmt: skip
def test_cases_of_csv(bench, case, failure):
    made, _ = drafted(bench, CSV)
    bench.file(made.text.partition("tests:")[0] + f"tests:\n  - {{name: n, wire: sample.txt, {case}}}\n", "rows.yaml")
    (result,) = run_tests(load_mapping("rows.yaml", base=bench.folder))
    assert (result.findings[0].message if result.findings else "") == failure


@ROWS
def test_rows_are_masked_by_writing_the_masked_document(bench):
    _, mapping = drafted(bench, CSV)
    message = next(iter(format_of(mapping).read(CSV.encode(), file="sample.txt")))
    masked = mask(mapping, message, Masks(Random(2)))
    assert masked.rewritten
    text = masked.wire.decode()
    assert not [value for value in ("ACME", "PO-1", "9520001000003", "Bolt", "1,50") if value in text]
    assert "05.01.2026" in text
    (document,) = masked.documents
    assert [str(line.quantity) for line in document.lines] == ["2.5", "10"]
