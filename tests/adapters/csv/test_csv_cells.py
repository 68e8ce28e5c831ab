"""Rows and cells: the same as the standard library finds, and written so that it finds them again."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.format import ELEMENT, Encoded
from transload.adapters.base.rows.sheet import Sheet
from transload.adapters.base.rows.text import RowText
from transload.adapters.csv import CsvFormat, CsvOptions
from transload.adapters.csv.scanning import Dialect, rows
from transload.canonical.context import Context
from transload.canonical.errors import Reject

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
CELL = st.text(st.sampled_from('ab ";,\n\r\\ä'), max_size=6)


def cells(text: str, **marks: str) -> tuple[list[list[str]], bool]:
    """All rows, and whether something is wrong with the quotes of one of them."""
    source = RowText(text=text, charset="utf-8", mark=0, file=None)
    found = [*rows(source, Dialect(**{"delimiter": ";", **marks}), 0, len(text))]
    return [row.cells for row in found], any(row.fault >= 0 or row.unclosed >= 0 for row in found)


def peer(text: str) -> list[list[str]] | None:
    """What the standard library's reader makes of a text; None where it refuses it."""
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True) if row]
    except csv.Error:
        return None


@given(st.text(st.sampled_from('ab";\n '), max_size=24) | st.text(st.sampled_from('a";'), max_size=12))
def test_rows_are_those_of_the_standard_library_and_what_it_refuses_is_a_fault(text: str) -> None:
    found, faulty = cells(text)
    expected = peer(text)
    assert faulty == (expected is None)
    if expected is not None:
        assert found == expected


@given(st.text(st.sampled_from('ab";\n '), max_size=20))
def test_line_ends_make_no_difference(text: str) -> None:
    found, faulty = cells(text)
    if not faulty:
        windows, _ = cells(text.replace("\n", "\r\n"))
        assert [[cell.replace("\r\n", "\n") for cell in row] for row in windows] == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a;"b;c"\n', [["a", "b;c"]]),
        ('"a ""b""";""\r\n', [['a "b"', ""]]),
        ('"two\nlines";x\n', [["two\nlines", "x"]]),
        ('5" pipe;x\n', [['5" pipe', "x"]]),
        ("\n\na;b", [["a", "b"]]),
        ("a\rb", [["a"], ["b"]]),
        (";\n", [["", ""]]),
    ],
)
def test_cells_by_hand(text: str, expected: list[list[str]]) -> None:
    assert cells(text) == (expected, False)


def test_an_escape_stands_for_what_follows_it() -> None:
    assert cells('"a\\"b";"c\\\\";"d"\n', escape="\\") == ([['a"b', "c\\", "d"]], False)


@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=4),
    st.sampled_from(["needed", "always"]),
    st.sampled_from(["lf", "crlf"]),
    st.sampled_from(["", "\\"]),
    st.booleans(),
)
def test_what_is_written_is_read_the_same_by_us_and_by_others(
    table: list[list[str]], quoting: str, newline: str, escape: str, bom: bool
) -> None:
    options = CsvOptions(delimiter=";", quoting=quoting, newline=newline, escape=escape, bom=bom)
    ours = CsvFormat(options)
    sheet = Sheet(columns=["x", "y", "z"], rows=[ELEMENT.join(row).rstrip(ELEMENT) for row in table])
    payload = ours.write([Encoded(kind="", body=sheet)], context=CONTEXT)
    (message,) = ours.read(payload)
    assert message.findings == ()
    assert [segment[1:] for segment in message.body.segments] == table
    if not escape:
        reader = csv.reader(io.StringIO(payload.decode("utf-8-sig"), newline=""), delimiter=";", strict=True)
        assert [*reader][1:] == table


def test_without_quotes_a_delimiter_in_a_value_is_refused() -> None:
    ours = CsvFormat(CsvOptions(quote=""))
    with pytest.raises(Reject, match="'a,b' holds a delimiter or a line end, and there are no quotes to put it in"):
        ours.write([Encoded(kind="", body=Sheet(columns=["x", "y"], rows=["a,b"]))], context=CONTEXT)
