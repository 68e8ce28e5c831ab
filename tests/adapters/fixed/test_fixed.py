"""Fixed width: documents, lengths, what ranges count, places, and rewriting byte for byte."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.format import Encoded, Message
from transload.adapters.fixed import FixedFormat, FixedOptions
from transload.adapters.fixed.width import Width
from transload.canonical.context import Context
from transload.canonical.errors import Reject

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
START = {"start": {"1-3": ["HDR"]}}


def read(text: str | bytes, **options: Any) -> tuple[list[Message], list[str]]:
    """The messages, and all findings as lines."""
    payload = text.encode() if isinstance(text, str) else text
    reading = FixedFormat(FixedOptions(**options)).read(payload, file="f.txt")
    messages = list(reading)
    findings = [*reading.findings, *(finding for message in messages for finding in message.findings)]
    return messages, [f"{finding.place}: {finding.code} {finding.message}" for finding in findings]


def lines(messages: list[Message]) -> list[list[str]]:
    return [[segment[1] for segment in message.body.segments] for message in messages]


def test_records_fall_into_documents() -> None:
    text = "HDR1\nLINa\n\nLINb\nHDR2\n"
    assert lines(read(text)[0]) == [["HDR1", "LINa", "LINb", "HDR2"]]
    assert lines(read(text, **START)[0]) == [["HDR1", "LINa", "LINb"], ["HDR2"]]
    assert lines(read(text, each=True)[0]) == [["HDR1"], ["LINa"], ["LINb"], ["HDR2"]]
    assert lines(read("1a\n1b\n2c\n", by=["1"])[0]) == [["1a", "1b"], ["2c"]]
    assert lines(read("HDR1LINaHDR2", newline="none", length=4, **START)[0]) == [["HDR1", "LINa"], ["HDR2"]]


def test_tails_may_be_blank_or_left_out() -> None:
    assert read("ab   \nab\nab       \n", length=5)[1] == []
    assert read("ab   \nab\n", length=5, tails="padded")[1] == [
        "f.txt line 2 byte 6, message 1: E-LENGTH the record is 2 long, and should have 5"
    ]


FAULTS = {
    "a line that is too long": (
        ("ab\nabcdefg\n", {"length": 5}),
        ["f.txt line 2 byte 8, message 1: E-LENGTH the record is 7 long, and should have 5"],
    ),
    "a last record that is cut": (
        ("abcdef", {"length": 4, "newline": "none"}),
        ["f.txt line 1 byte 4, message 1: E-LENGTH the record is 2 long, and should have 4"],
    ),
    "a text whose width nobody knows": (
        ("HDR\nä\n", {}),
        ["f.txt line 2 byte 4, message 1: E-UNIT 'ä' has several bytes in utf-8, and what ranges count is not said"],
    ),
    "a key that comes again": (
        ("1\n2\n1\n", {"by": ["1"]}),
        [
            "f.txt line 3 byte 4, message 1: E-SPLIT the rows with 1 '1' do not stand together: they begin in line 1, "
            "and again in line 3",
            "f.txt line 3 byte 4, message 3: E-SPLIT the rows with 1 '1' do not stand together: they begin in line 1, "
            "and again in line 3",
        ],
    ),
    "records before the first document": (
        ("LIN\nHDR\n", START),
        ["f.txt line 1 byte 0: E-STRAY 1 row(s) stand before the first one that begins a document (1-3 HDR)"],
    ),
    "a control character": (
        ("a\x1fb\n", {}),
        ["f.txt line 1 byte 1, message 1: E-CONTROL the control character U+001F stands in a row"],
    ),
    "no records around the documents": (
        ("", {"file": {"header": [{"1-3": {"text": ["FHD"]}}]}}),
        ["f.txt line 1 byte 0: E-FILE the records around the documents are not all there"],
    ),
    "too large": (("abc", {"largest": 2}), ["f.txt: E-SIZE the payload has 3 bytes, more than the 2 that are allowed"]),
    "another character set": (
        (b"\xe4", {}),
        ["f.txt line 1 byte 0: E-CHARSET byte 0 (0xE4) is not valid utf-8"],
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_have_places_and_words(name: str) -> None:
    (text, options), expected = FAULTS[name]
    assert read(text, **options)[1] == expected


FILE = {
    "file": {
        "header": [{"1-3": {"text": ["FHD"]}}],
        "trailer": [{"1-3": {"text": ["FTR"]}, "4-6": {"count": "documents", "digits": 3}, "7": {"count": "lines"}}],
    },
    **START,
}


def test_records_around_all_documents_are_written_and_checked() -> None:
    good = "FHD    \nHDR1   \nLIN    \nHDR2   \nFTR0025\n"
    messages, findings = read(good, **FILE)
    assert (lines(messages), findings) == ([["HDR1   ", "LIN    "], ["HDR2   "]], [])
    ours = FixedFormat(FixedOptions(**FILE, newline="lf", length=7))
    encoded = [Encoded(kind="", body=body) for body in lines(messages)]
    assert ours.write(encoded, context=CONTEXT) == good.encode()
    assert read(good.replace("0025", "0035"), **FILE)[1] == [
        "f.txt line 5 byte 35: E-FILE-COUNT the file says that it holds 003 documents, and there are 2"
    ]
    many = [Encoded(kind="", body=["HDR    "] * 9)]
    with pytest.raises(Reject, match="'11' does not fit into the range 7 of the file's own records"):
        ours.write(many, context=CONTEXT)


def test_ranges_count_bytes_where_it_is_said() -> None:
    payload = "äbcdHDR1".encode()
    messages, findings = read(payload, newline="none", length=5, unit="bytes")
    assert lines(messages) == [["äbcd", "HDR1"]]
    assert findings == ["f.txt line 1 byte 5, message 1: E-LENGTH the record is 4 long, and should have 5"]
    assert messages[0].body.place(0, 3).byte == 2
    (message,) = FixedFormat(FixedOptions(unit="characters")).read(payload)
    assert message.body.place(0, 3).byte == 3


@given(st.text(st.sampled_from("aä€ "), max_size=8), st.integers(0, 6), st.integers(0, 6))
def test_a_slice_of_bytes_is_made_of_bytes(text: str, first: int, size: int) -> None:
    width = Width("utf-8", "bytes")
    found = width.slice(text, first, first + size)
    assert found.encode("utf-8", "surrogateescape") == text.encode()[first : first + size]


@given(
    st.lists(st.tuples(st.sampled_from(["HDR", "LIN"]), st.text(st.sampled_from("ab ä"), max_size=4)), max_size=5),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.booleans(),
)
def test_a_rewrite_is_exact(rows: list[tuple[str, str]], newline: str, padded: bool, last: bool) -> None:
    body = [f"{kind}{text}".ljust(8) if padded else f"{kind}{text}".rstrip() for kind, text in [("HDR", "x"), *rows]]
    payload = (newline.join(body) + (newline if last else "")).encode()
    ours = FixedFormat(FixedOptions(**START, unit="characters", length=8))
    messages = list(ours.read(payload))
    assert [line.rstrip() for found in lines(messages) for line in found] == [line.rstrip() for line in body]
    encoded = [Encoded(kind="", body=[line.ljust(8) for line in found]) for found in lines(messages)]
    assert ours.write(encoded, envelope=[m.envelope for m in messages], context=CONTEXT) == payload


@given(
    st.lists(st.sampled_from(["HDR", "LIN", "HD", "x", " ", "\n", "\r\n", "\r", "ä", "\x1a"]), max_size=12).map("".join)
)
def test_first_lines_found_at_once_and_line_by_line_are_the_same(text: str) -> None:
    """A text that is shorter than its range is looked for line by line."""
    whole, cut = {"start": {"1-3": ["HDR", "LIN"]}}, {"start": {"1-3": ["HDR", "LIN", "Q"]}}
    assert FixedOptions(**whole).begins is not None
    assert FixedOptions(**cut).begins is None

    def found(options: dict[str, Any]) -> Any:
        messages, findings = read(text, **options, unit="characters")
        return [(m.start, m.end) for m in messages], lines(messages), [found.split(" (")[0] for found in findings]

    assert found(whole) == found(cut)


@given(st.binary(max_size=40) | st.text(st.sampled_from("HDR1 \n\r\0ä"), max_size=40).map(str.encode), st.data())
def test_no_payload_makes_the_reader_raise(payload: bytes, data: st.DataObject) -> None:
    options = data.draw(
        st.sampled_from(
            [
                {}, START, {"by": ["1-2"]}, {"length": 4}, {"length": 4, "newline": "none"}, {"each": True, "skip": 1},
                {"length": 3, "newline": "none", "unit": "bytes"}, {"charset": "windows-1252", "tails": "padded"},
            ]
        )
    )  # fmt: skip
    for message in FixedFormat(FixedOptions(**options)).read(payload, file="x"):
        for index in range(len(message.body.segments) + 1):
            message.body.place(index, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"newline": "none"}, "records without line ends need their length"),
        ({"newline": "none", "length": 4, "tails": "trimmed"}, "records without line ends cannot be trimmed"),
        ({"by": ["OrderNo"]}, "'OrderNo' is no range of characters, such as 1-3"),
        ({"charset": "utf-16"}, "fixed width knows no utf-16"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FixedOptions(**options)
