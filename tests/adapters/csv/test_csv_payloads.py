"""Whole payloads: documents, places, findings, and rewriting byte for byte."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.format import ELEMENT, Encoded, Message
from transload.adapters.base.rows.documents import MOST_SPLIT
from transload.adapters.base.rows.sheet import Sheet
from transload.adapters.csv import CsvFormat, CsvOptions
from transload.canonical.context import Context
from transload.canonical.errors import Reject

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
BY = {"by": ["No"]}


def read(text: str | bytes, **options: Any) -> tuple[list[Message], list[str]]:
    """The messages, and all findings as lines."""
    payload = text.encode() if isinstance(text, str) else text
    reading = CsvFormat(CsvOptions(**options)).read(payload, file="f.csv")
    messages = list(reading)
    findings = [*reading.findings, *(finding for message in messages for finding in message.findings)]
    return messages, [f"{finding.place}: {finding.code} {finding.message}" for finding in findings]


def numbers(messages: list[Message]) -> list[list[str]]:
    return [[segment[1] for segment in message.body.segments] for message in messages]


def test_rows_fall_into_documents() -> None:
    text = "No,Item\n1,a\n1,b\n2,c\n"
    assert numbers(read(text)[0]) == [["1", "1", "2"]]
    assert numbers(read(text, **BY)[0]) == [["1", "1"], ["2"]]
    assert numbers(read(text, each=True)[0]) == [["1"], ["1"], ["2"]]
    assert numbers(read("T,x\nH,1\nL,2\nH,3\n", start={"T": ["H"]})[0]) == [["H", "L"], ["H"]]
    assert numbers(read("H,1\nL,2\nH,3\n", start={"1": ["H"]}, header=False)[0]) == [["H", "L"], ["H"]]


def test_a_file_in_no_order_at_all_is_refused_as_a_whole() -> None:
    split = MOST_SPLIT // 2
    text = "No,Item\n" + "1,a\n2,b\n" * (split + 1)
    messages, findings = read(text, **BY)
    assert (len(messages), len(findings)) == (2 * split + 2, 2 * split + 2 + MOST_SPLIT - 2)
    messages, findings = read(text + "1,c\n", **BY)
    assert messages == []
    assert findings == [
        "f.csv line 1004 byte 4016: E-SPLIT rows of one document do not stand together more than 1000 times; the "
        "rows with No '1' do not stand together: they begin in line 2, and again in line 1004"
    ]
    assert len(read("No,Item\n" + f"{'x' * 1000},a\n2,b\n" * 2, **BY)[1][0]) < 300


def test_messages_say_which_bytes_are_theirs() -> None:
    payload = "\ufeffNo,Item\nä,a\nä,b\n2,c\n".encode()
    messages, _ = read(payload, **BY)
    assert [payload[m.start : m.end].decode() for m in messages] == ["ä,a\nä,b\n", "2,c\n"]


FAULTS = {
    "a key that comes again": (
        ("No,Item\n1,a\n2,b\n1,c\n", BY),
        [
            "f.csv line 4 byte 16, message 1: E-SPLIT the rows with No '1' do not stand together: they begin in "
            "line 2, and again in line 4",
            "f.csv line 4 byte 16, message 3: E-SPLIT the rows with No '1' do not stand together: they begin in "
            "line 2, and again in line 4",
        ],
    ),
    "a row that is too short": (
        ("No,Item\n1\n", {}),
        ["f.csv line 2 byte 8, message 1: E-RAGGED the row has 1 cells, and the header 2 columns"],
    ),
    "a row that is too long": (
        ("No,Item\n1,a,,x\n", {}),
        ["f.csv line 2 byte 13, message 1, element 4, 4: E-RAGGED the row has 4 cells, and the header 2 columns"],
    ),
    "empty cells too many": (("No,Item\n1,a,,\n", {}), []),
    "a short row that is allowed": (("No,Item\n1\n", {"ragged": True}), []),
    "text after a closing quote": (
        ('No,Item\n"1"x,a\n', {}),
        ["f.csv line 2 byte 11, message 1: E-QUOTE text stands after the closing quote of a cell"],
    ),
    "a quote that is never closed": (
        ('No,Item\n1,"a\n2,b\n', {}),
        ["f.csv line 2 byte 10: E-QUOTE a quote is opened here and never closed"],
    ),
    "a quote in the header that is never closed": (
        ('No,"Item\n1,a\n', {}),
        ["f.csv line 1 byte 3: E-HEADER a quote is opened in the header and never closed"],
    ),
    "no header": (("", {}), ["f.csv line 1 byte 0: E-HEADER there is no header"]),
    "a header with one name twice": (
        ("No,No\n1,a\n", {}),
        ["f.csv line 1 byte 0: E-HEADER 2 columns of the header are called 'No'"],
    ),
    "a column of documents that is not there": (
        ("no,Item\n1,a\n", BY),
        ["f.csv line 1 byte 0: E-COLUMN there is no column 'No', which tells documents apart"],
    ),
    "a NUL": (
        ("No,Item\n1,a\0\n", {}),
        ["f.csv line 2 byte 11, message 1: E-CONTROL the control character U+0000 stands in a row"],
    ),
    "another character set": (
        (b"No,Item\n1,\xe4\n", {}),
        ["f.csv line 2 byte 10: E-CHARSET byte 10 (0xE4) is not valid utf-8"],
    ),
    "a mark of another character set": (
        ("\ufeffNo\n1\n".encode("utf-16-le"), {}),
        ["f.csv line 1 byte 0: E-CHARSET this is UTF-16, by its first bytes, and utf-8 was declared"],
    ),
    "too large": (
        ("No,Item\n1,a\n", {"largest": 5}),
        ["f.csv: E-SIZE the payload has 12 bytes, more than the 5 that are allowed"],
    ),
    "rows before the first document": (
        ("T\nx\nH\n", {"start": {"T": ["H"]}}),
        ["f.csv line 2 byte 2: E-STRAY 1 row(s) stand before the first one that begins a document (T H)"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_have_places_and_words(name: str) -> None:
    (text, options), expected = FAULTS[name]
    assert read(text, **options)[1] == expected


def test_the_header_is_found_after_lines_that_are_skipped_and_by_other_names() -> None:
    (message,), findings = read("report,x,y\n\nOrder;Item\n1;a\n", skip=2, delimiter=";", aliases={"No": ["Order"]})
    assert findings == []
    assert message.body.header == ("No", "Item")


FILE = {
    "file": {
        "header": [{"1": {"text": ["FHD"]}}],
        "trailer": [{"1": {"text": ["FTR"]}, "2": {"count": "documents", "digits": 3}, "3": {"count": "records"}}],
    },
    **BY,
}


def test_rows_around_all_documents_are_written_and_checked() -> None:
    good = "FHD\nNo,Item\n1,a\n1,b\n2,c\nFTR,002,3\n"
    messages, findings = read(good, **FILE)
    assert (numbers(messages), findings) == ([["1", "1"], ["2"]], [])
    ours = CsvFormat(CsvOptions(**FILE, newline="lf"))
    sheets = [Sheet(columns=["No", "Item"], rows=[ELEMENT.join(s[1:]) for s in m.body.segments]) for m in messages]
    assert ours.write([Encoded(kind="", body=sheet) for sheet in sheets], context=CONTEXT) == good.encode()
    assert read(good.replace("002,3", "004,3").replace("FHD", "XXX"), **FILE)[1] == [
        "f.csv line 1 byte 0, element 1: E-FILE 'XXX' stands where the file should have 'FHD'",
        "f.csv line 6 byte 24, element 2: E-FILE-COUNT the file says that it holds 004 documents, and there are 2",
    ]


@given(st.binary(max_size=60) | st.text(st.sampled_from('No,1;"\n\r\0ä'), max_size=40).map(str.encode), st.data())
def test_no_payload_makes_the_reader_raise(payload: bytes, data: st.DataObject) -> None:
    options = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "by": st.just(["1"]), "each": st.booleans(), "header": st.booleans(), "skip": st.integers(0, 2),
                "quote": st.sampled_from(['"', ""]), "charset": st.sampled_from(["utf-8", "windows-1252", "utf-16"]),
                "trim": st.booleans(), "ragged": st.booleans(), "start": st.just({"1": ["N"]}),
            },
        )
    )  # fmt: skip
    for message in CsvFormat(CsvOptions(**options)).read(payload, file="x"):
        for index, segment in enumerate(message.body.segments):
            for element in range(1, len(segment) + 1):
                message.body.place(index, element)


TABLE = st.lists(
    st.tuples(st.sampled_from("123"), st.text(st.sampled_from('ab ;"\nä'), max_size=4), st.booleans()),
    min_size=1,
    max_size=5,
    unique_by=lambda row: row[0] + row[1],
)


@given(TABLE, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans(), st.booleans())
def test_a_cell_is_where_its_place_says_and_a_rewrite_is_exact(
    table: list[tuple[str, str, bool]], newline: str, mark: bool, last: bool, blank: bool
) -> None:
    def cell(value: str, quoted: bool) -> str:
        return '"' + value.replace('"', '""') + '"' if quoted or any(c in value for c in ',;"\n') else value

    table.sort()
    lines = [f"{number},{cell(value, quoted)}" for number, value, quoted in table]
    text = "No,Item" + newline + (newline * 2 if blank else newline).join(lines) + (newline if last else "")
    payload = (("\ufeff" if mark else "") + text).encode()
    ours = CsvFormat(CsvOptions(by=["No"]))
    messages = list(ours.read(payload))
    for message in messages:
        for index, segment in enumerate(message.body.segments):
            place = message.body.place(index, 2)
            assert place.byte is not None
            rest = payload[place.byte :].decode()
            quoted = cell(segment[2], True)
            assert rest.startswith(quoted if rest.startswith('"') else segment[2])
            assert place.line == payload[: place.byte].decode().count("\n") + 1
    sheets = [
        Sheet(columns=["No", "Item"], rows=[ELEMENT.join(s[1:]).rstrip(ELEMENT) for s in m.body.segments])
        for m in messages
    ]
    encoded = [Encoded(kind="", body=sheet) for sheet in sheets]
    assert ours.write(encoded, envelope=[m.envelope for m in messages], context=CONTEXT) == payload


def test_a_row_is_written_into_the_columns_of_the_file_that_it_came_from() -> None:
    ours = CsvFormat(CsvOptions(newline="lf"))
    (message,) = ours.read(b"Item,Extra,No\na,x,1\n")
    sheet = Sheet(columns=["No", "Item"], rows=[f"2{ELEMENT}b"])
    made = ours.write([Encoded(kind="", body=sheet)], envelope=message.envelope, context=CONTEXT)
    assert made == b"Item,Extra,No\nb,,2\n"
    other = Encoded(kind="", body=Sheet(columns=["Nr"], rows=["2"]))
    with pytest.raises(Reject, match="the file that is written into has no column 'Nr'"):
        ours.write([other], envelope=message.envelope, context=CONTEXT)


def test_what_cannot_be_written_is_refused() -> None:
    def write(*sheets: Sheet, **options: Any) -> bytes:
        ours = CsvFormat(CsvOptions(**options))
        return ours.write([Encoded(kind="", body=sheet) for sheet in sheets], context=CONTEXT)

    one = Sheet(columns=["x", "y"], rows=[f"\u0416{ELEMENT}b"])
    with pytest.raises(Reject, match="the character U\\+0416 does not exist in windows-1252"):
        write(one, charset="windows-1252")
    with pytest.raises(Reject, match="a text holds NUL, which no row can carry"):
        write(Sheet(columns=["x", "y"], rows=["a\0"]))
    with pytest.raises(Reject, match="two mappings with different columns cannot write into one file"):
        write(one, Sheet(columns=["x"], rows=["1"]))
    with pytest.raises(Reject, match="a CSV file without a document has no columns"):
        write()
    with pytest.raises(Reject, match="' b' has blanks around it, which are taken off when it is read"):
        write(Sheet(columns=["x", "y"], rows=[f"a{ELEMENT} b"]), trim=True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"delimiter": ";", "quote": ";"}, "delimiter, quote and escape are different characters"),
        ({"delimiter": "\n"}, "delimiter, quote and escape are no line ends"),
        ({"quote": "", "escape": "\\"}, "escape stands inside quotes, and quote is empty"),
        ({"charset": "klingon"}, "there is no character set 'klingon'"),
        ({"charset": "cp037"}, "lines and columns are not found in the character set 'cp037'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CsvOptions(**options)
