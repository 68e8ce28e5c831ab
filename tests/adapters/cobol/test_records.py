"""Records: numbers in all their forms, tables, views; and files of them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base import Encoded, Reject
from transload.adapters.cobol import CobolFormat, CobolOptions
from transload.adapters.cobol.codepages import code_page
from transload.adapters.cobol.copybook import parse
from transload.adapters.cobol.records import RecordType
from transload.adapters.cobol.values import Machine, Unreadable


def record(text: str, page: str = "cp037", *, full: bool = True, **machine: Any) -> RecordType:
    return RecordType(parse(text, "free").records[0], Machine(page=code_page(page), **machine), full=full)


def field(clause: str, page: str = "cp037", **machine: Any) -> RecordType:
    return record(f"01 R. 05 F {clause}.", page, **machine)


@pytest.mark.parametrize(
    ("clause", "page", "content", "value"),
    [
        ("PIC X(5)", "cp037", "C1C24040 40", "AB"), ("PIC X(3)", "cp273", "C0D0A1", "äüß"),
        ("PIC X(1)", "cp1140", "9F", "€"), ("PIC X(1)", "cp1141", "9F", "€"), ("PIC X(1)", "cp273", "9F", "¤"),
        ("PIC X(4) JUST RIGHT", "cp037", "4040C1C2", "AB"), ("PIC N(3)", "cp037", "0041 0042 0020", "AB"),
        ("PIC 9(5)", "cp037", "F0F0F0F1F2", "00012"), ("PIC S9(3)", "cp037", "F0F1C2", "012"),
        ("PIC S9(3)", "cp037", "F0F1D2", "-012"), ("PIC S9(3) LEADING", "cp037", "D0F1F2", "-012"),
        ("PIC S9(3)", "ascii", "30314B", "-012"), ("PIC S9(3)", "ascii", "303142", "012"),
        ("PIC S9(3)V99", "cp037", "F0F1F2F3C4", "012.34"), ("PIC S9(3) SIGN TRAILING SEPARATE", "cp037", "F0F1F260", "-012"),  # noqa: E501
        ("PIC S9(3) SIGN LEADING SEPARATE", "ascii", "2B303132", "012"),
        ("PIC S9(5)V99 COMP-3", "cp037", "0012345D", "-00123.45"), ("PIC 9(4) COMP-3", "cp037", "01234F", "1234"),
        ("PIC S9(4) COMP", "cp037", "FFFE", "-0002"), ("PIC 9(4) COMP", "cp037", "0102", "0258"),
        ("PIC S9(4)V99 COMP", "cp037", "000004D2", "0012.34"), ("PIC 9(4) COMP-5", "cp037", "FFFF", "65535"),
        ("PIC 9(3)PPP", "cp037", "F1F2F3", "123000"), ("PIC PPP9(3)", "cp037", "F1F2F3", "0.000123"),
        ("COMP-1", "cp037", "42640000", "100"), ("COMP-2", "cp037", "C0A0000000000000", "-0.625"),
        ("COMP-2", "cp037", "401999999999999A", "0.1"),
        ("PIC 9(3).99", "cp037", "F0F1F24BF3F4", "012.34"), ("PIC ZZ9-", "cp037", "40F1F260", " 12-"),
    ],
)  # fmt: skip
def test_values_and_their_bytes(clause: str, page: str, content: str, value: str) -> None:
    kept = field(clause, page)
    assert kept.read(bytes.fromhex(content)) == {"F": value}
    assert kept.write({"F": value}) == (bytes.fromhex(content), [])


def test_little_endian_and_ieee() -> None:
    assert field("PIC S9(4) COMP", little=True).read(b"\x02\x01") == {"F": "0258"}
    kept = field("COMP-2", ibm_floats=False)
    assert kept.read(bytes.fromhex("3FB999999999999A")) == {"F": "0.1"}
    assert kept.write({"F": Decimal("0.1")}) == (bytes.fromhex("3FB999999999999A"), [])


@pytest.mark.parametrize(
    ("clause", "content"),
    [("PIC X(3)", "404040"), ("PIC X(3)", "000000"), ("PIC 9(3)", "404040"), ("PIC S9(5) COMP-3", "000000"), ("PIC 9(3)", "000000")],  # noqa: E501
)  # fmt: skip
def test_blanks_and_low_values_are_no_value_and_stay_what_they_are(clause: str, content: str) -> None:
    kept, held = field(clause), bytes.fromhex(content)
    assert kept.read(held) == {}
    assert kept.write({}, held) == (held, [])


UNREADABLE = {
    ("PIC S9(5) COMP-3", "12A45C"): "X'12A45C' is no packed number: a half before the last is no digit",
    ("PIC S9(5) COMP-3", "123451"): "X'123451' is no packed number: its last half 1 is no sign",
    ("PIC 9(5) COMP-3", "12345D"): "X'12345D' is negative, and the field has no sign",
    ("PIC 9(4) COMP-3", "12345F"): "X'12345F' has more than 4 digits",
    ("PIC 9(3)", "F1C1F3"): "'1A3' is no number of digits",
    ("PIC 9(3)", "F1F1D3"): "'11L' is negative, and the field has no sign",
    ("PIC S9(2) SIGN LEADING SEPARATE", "F1F1F3"): "'113' is no number with its sign in front",
    ("PIC 9(2).9", "F1F14BC1"): "'11.A' is no number with a point",
}


@pytest.mark.parametrize(("case", "message"), UNREADABLE.items())
def test_what_cannot_be_read_says_why(case: tuple[str, str], message: str) -> None:
    clause, content = case
    (found,) = field(clause).read(bytes.fromhex(content)).values()
    assert isinstance(found, Unreadable)
    assert found.reason.endswith(f"): {message}")
    assert str(found) == f"X'{content}'"


REFUSED = [
    ("PIC X(2)", "abc", "F: 'abc' is longer than 2 characters"),
    ("PIC X(5)", "a ", "F: 'a ' would be read back as 'a'"),
    ("PIC X(2)", "€", "F: the character '€' (U+20AC) does not exist in cp037"),
    ("PIC 9(3)", "12", "F: '12' would be read back as '012'"),
    ("PIC 9(3)", "x", "F: 'x' is no number"),
    ("PIC 9(3)", Decimal(1000), "F: 1000 does not fit PIC 9(3)"),
    ("PIC 9(3)", Decimal(-1), "F: -1 is negative, and PIC 9(3) has no sign"),
    ("PIC 9(3)V9", Decimal("1.25"), "F: 1.25 has more decimals than PIC 9(3)V9"),
    ("PIC S9(4) COMP", Decimal(10000), "F: 10000 does not fit PIC S9(4) COMP"),
    ("PIC S9(4) COMP-5", Decimal(32768), "F: 32768 does not fit PIC S9(4) COMP-5"),
    ("COMP-1", Decimal("0.123456789"), "F: 0.123456789 has more digits than a float of 4 bytes"),
    ("PIC 9(3)", Decimal("1E+999999"), "F: 1E+999999 does not fit PIC 9(3)"),
    ("PIC X(3) OCCURS 2", ["a", "b", "c"], "3 items do not fit F, which holds 2"),
]


@pytest.mark.parametrize(("clause", "value", "message"), REFUSED)
def test_what_does_not_fit_is_refused(clause: str, value: Any, message: str) -> None:
    _, faults = field(clause).write({"F": value})
    assert [fault.message for fault in faults] == [message]


@given(st.sampled_from(["", "COMP", "COMP-3", "COMP-5", "SIGN LEADING SEPARATE", "SIGN LEADING"]), st.integers(1, 18),
       st.integers(0, 9), st.booleans(), st.data())  # fmt: skip
def test_every_number_that_fits_comes_back(
    usage: str, digits: int, scale: int, signed: bool, data: st.DataObject
) -> None:
    scale = min(scale, digits - 1)
    picture = f"PIC {'S' if signed or 'SIGN' in usage else ''}9({digits - scale})" + (f"V9({scale})" if scale else "")
    kept = field(f"{picture} {usage}")
    value = data.draw(st.integers(-(10**digits) + 1 if "S" in picture else 0, 10**digits - 1))
    number = Decimal(value).scaleb(-scale)
    content, faults = kept.write({"F": number})
    assert faults == []
    text = kept.read(content)["F"]
    assert Decimal(text) == number
    assert kept.write({"F": text}) == (content, [])


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-1_000_000, max_value=1_000_000),
    st.booleans(),
)
def test_doubles_come_back(number: Decimal, ibm: bool) -> None:
    kept = field("COMP-2", ibm_floats=ibm)
    content, faults = kept.write({"F": number})
    assert faults == []
    assert Decimal(kept.read(content)["F"]) == number


@given(st.binary(min_size=12, max_size=12))
def test_any_bytes_are_read_and_stay_what_they_are(content: bytes) -> None:
    kept = record(
        "01 R. 05 A PIC X(2). 05 B PIC S9(3) COMP-3. 05 C REDEFINES B PIC X(2). 05 D COMP-1. 05 E PIC S9(2). 05 F PIC 9(2) COMP."  # noqa: E501
    )
    assert kept.write(kept.read(content), content) == (content, [])


ORDER = """01 R. 05 N PIC 9(2). 05 HEAD PIC X(3). 05 T OCCURS 0 TO 5 DEPENDING ON N. 10 A PIC X(2). 10 B PIC 9(2) COMP-3.
05 TAIL PIC X(2)."""  # noqa: E501


def test_a_table_of_changing_size_moves_what_follows() -> None:
    kept = record(ORDER, "ascii", full=False)
    content, faults = kept.write({"HEAD": "abc", "T": [{"A": "x", "B": "01"}, {"A": "y"}], "TAIL": "zz"})
    assert (content, faults) == (b"02abcx \x00\x1fy \x00\x0fzz", [])
    assert kept.read(content) == {
        "N": "02",
        "HEAD": "abc",
        "T": [{"A": "x", "B": "01"}, {"A": "y", "B": "00"}],
        "TAIL": "zz",
    }
    assert kept.offset(content, ("T", 1, "B")) == 11
    assert kept.offset(content, ("TAIL",)) == 13
    full = record(ORDER, "ascii")
    assert len(full.write({"HEAD": "abc"})[0]) == 27


def test_the_size_that_is_stated_must_hold_the_items() -> None:
    kept = record(ORDER, "ascii", full=False)
    assert kept.write({"N": "01", "T": [{"A": "x"}, {"A": "y"}]})[1][0].message == (
        "N is 01, and the table that depends on it has 2 items"
    )
    assert kept.write({"T": [{"A": "x"}] * 6})[1][0].message == "6 items do not fit T, which holds 5"


def test_a_size_beyond_the_table_is_told_and_kept() -> None:
    kept = record(ORDER, "ascii")
    content = b"77abc" + kept.write({})[0][5:]
    table = kept.read(content)["T"]
    assert isinstance(table, Unreadable)
    assert table.reason == "N says that T has 77 items, and it holds 5"
    assert kept.write(kept.read(content), content) == (content, [])


def test_of_an_original_only_what_changed_is_written() -> None:
    kept = record("01 R. 05 A PIC X(2). 05 FILLER PIC X(3). 05 P PIC S9(3) COMP-3. 05 T PIC X(2) OCCURS 3.", "ascii")
    before = b"a junk"[:2] + b"#!?" + b"\x12\x3f" + b"p\0q   "
    values = kept.read(before)
    assert values == {"A": "a", "P": "123", "T": ["p", "q"]}
    assert kept.write({**values, "A": "bb"}, before) == (b"bb#!?\x12\x3fp\0q   ", [])
    assert kept.write({"A": "a", "T": ["q"]}, before) == (b"a #!?\x00\x0cq     ", [])


def test_two_views_of_the_same_bytes_cannot_both_be_written() -> None:
    kept = record("01 R. 05 A PIC X(4). 05 B REDEFINES A. 10 C PIC 9(2). 10 D PIC 9(2) COMP-3.", "ascii")
    assert kept.write({"C": "12", "D": "03"}) == (b"12\x00\x3f", [])
    assert kept.write({"C": "12"})[0] == b"12\x00\x0f"
    assert kept.write({"A": "abcd", "C": "12"})[1][0].message == "C has bytes of another field that is written as well"


BOOK = """       01  HEAD.
           05  T PIC X.
           05  NO PIC 9(3).
       01  LINE.
           05  T PIC X.
           05  ITEM PIC X(5).
       01  TEXT.
           05  T PIC X.
           05  S PIC X(8).
"""
SELECT = {"HEAD": {"T": "H"}, "LINE": {"T": "L"}, "TEXT": {"T": "X"}}
DOCUMENTS = {"start": "HEAD", "within": {"TEXT": "LINE"}}


def form(**options: Any) -> CobolFormat:
    given = {"copybook": BOOK, "select": SELECT, "documents": DOCUMENTS, "codepage": "ascii", **options}
    return CobolFormat(CobolOptions.model_validate(given))


BODY = {
    "HEAD": [{"T": "H", "NO": "001"}],
    "LINE": [{"T": "L", "ITEM": "a", "TEXT": [{"T": "X", "S": "b"}, {"T": "X", "S": "c"}]}, {"T": "L", "ITEM": "d"}],
}


@pytest.mark.parametrize(
    ("options", "payload"),
    [
        ({"records": "fixed"}, b"H001     La       Xb       Xc       Ld       "),
        ({"records": "lines"}, b"H001\nLa\nXb\nXc\nLd\n"),
        ({"records": "rdw"}, b"\0\x08\0\0H001\0\x0a\0\0La    \0\x0d\0\0Xb       \0\x0d\0\0Xc       \0\x0a\0\0Ld    "),
        ({"records": "rdw", "words": "little"}, b"\0\0\x08\0H001\0\0\x0a\0La    \0\0\x0d\0Xb       \0\0\x0d\0Xc       \0\0\x0a\0Ld    "),  # noqa: E501
    ],
)  # fmt: skip
def test_records_of_several_kinds_make_documents(options: dict[str, Any], payload: bytes) -> None:
    kept = form(**options)
    written = kept.write([Encoded(kind="HEAD", body=BODY)] * 2, context=None)  # type: ignore[arg-type]
    assert written == payload * 2
    messages = list(kept.read(written, file="in"))
    assert [(message.kind, message.body.root, message.findings) for message in messages] == [("HEAD", BODY, ())] * 2  # type: ignore[union-attr]
    assert payload[messages[0].start : messages[0].end].lstrip(b"\0\x08").startswith(b"H001")
    place = messages[1].body.place(("LINE", 0, "TEXT", 1, "S"))  # type: ignore[arg-type]
    assert place.byte is not None
    assert written[place.byte :].startswith(b"c")
    assert place.path == "record 9 TEXT / S"
    assert place.message == 2


def test_neighbours_with_the_same_values_are_one_document() -> None:
    book = "       01 R.\n           05 NO PIC 9.\n           05 A PIC X.\n"
    kept = form(copybook=book, select={}, documents={"by": ["no"]}, records="lines")
    messages = list(kept.read(b"1a\n1b\n2c\n3d\n"))
    assert [[row["A"] for row in message.body.root["R"]] for message in messages] == [["a", "b"], ["c"], ["d"]]  # type: ignore[union-attr]
    assert not any(message.findings for message in messages)
    first, between, last = kept.read(b"1a\n2b\n1c\n")
    assert between.findings == ()
    for message in (first, last):
        (finding,) = message.findings
        assert finding.code == "E-SPLIT"
        assert finding.message == "the records with no '1' do not stand together: they begin in records 1, 3"
    many = list(kept.read(b"1a\n2b\n" * 13))
    assert many[-1].findings[0].message == (
        "the records with no '2' do not stand together: they begin in records 2, 4, 6, 8, 10, 12, 14, 16, 18, 20"
        " and 3 others"
    )


GOLDEN = [
    ({}, b"H001     La", "E-LENGTH the last record has 2 bytes, and 9 are expected @ in byte 9, message 1, record 2"),
    ({}, b"?001     ", "E-RECORD this is no record HEAD or LINE or TEXT: T is '?' @ in byte 0, message 1, record 1"),
    ({}, b"La       ", "E-RECORD LINE stands before the first HEAD, which begins a document @ in byte 0, message 1, record 1"),  # noqa: E501
    ({"records": "rdw"}, b"\0\x01\0\0", "E-LENGTH X'00010000' is no record descriptor word; is records: rdw right, and words:? @ in byte 0, message 1, record 1"),  # noqa: E501
    ({"records": "rdw"}, b"\0\x09\0\0H001", "E-LENGTH the payload ends after 4 of the record's 5 bytes @ in byte 4, message 1, record 1"),  # noqa: E501
    ({"records": "rdw"}, b"\0\x09\0\0H0011", "E-LENGTH the record HEAD has 5 bytes, 1 more than it should @ in byte 4, message 1, record 1"),  # noqa: E501
    ({"records": "rdw"}, b"\0\x07\0\0H00", "E-LENGTH the record HEAD has 3 bytes, and 4 are expected @ in byte 4, message 1, record 1"),  # noqa: E501
    ({"records": "lines"}, b"H001\nXaaaaaaaaa\n", "E-LENGTH the line has 10 bytes, and 9 are the most @ in byte 5, message 1, record 2"),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("options", "payload", "finding"), GOLDEN)
def test_golden_findings(options: dict[str, Any], payload: bytes, finding: str) -> None:
    found = [finding for message in form(**options).read(payload, file="in") for finding in message.findings]
    assert [f"{one.code} {one.message} @ {one.place}" for one in found] == [finding]


OPTIONS = [
    ({"codepage": "utf-8"}, "'utf-8' is no code page with one byte a character"),
    ({"codepage": "cp9"}, "there is no code page 'cp9'; such are cp037, cp273, cp500, cp1140, cp1141, ascii"),
    ({"select": {"ROW": {}}}, "the copybook has no record ROW; it has HEAD, LINE, TEXT"),
    ({"select": {"HEAD": {"Q": "1"}}}, "the record HEAD has no field Q"),
    ({"documents": {"start": "ROW"}}, "the copybook has no record ROW; it has HEAD, LINE, TEXT"),
    ({"documents": {"by": ["Q"]}}, "no record has a field Q"),
    ({"documents": {"by": ["NO"], "start": "HEAD"}}, "documents: has start or by, not both"),
    ({"single": ["LINE.Q"]}, "the copybook has no table LINE.Q"),
    ({"length": 5}, "records of the copybook have up to 9 bytes, and length: is 5"),
    ({"copybook": "       01 R.\n           05 A PIC Q.\n"}, "line 2: PIC Q is no picture"),
    ({"copybook": "       01 R.\n           05 A COMP-1.\n", "select": {}, "documents": {}, "records": "lines"}, "A is COMP-1, whose bytes may be line ends"),  # noqa: E501
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), OPTIONS)
def test_options_are_checked_against_the_copybook(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match="Value error") as caught:
        form(**options)
    assert message in str(caught.value)


def test_what_cannot_be_written_is_refused_with_its_record() -> None:
    with pytest.raises(Reject) as caught:
        form().write([Encoded(kind="", body={"HEAD": [{"NO": "1"}], "LINE": [{"ITEM": "toolong"}]})], context=None)  # type: ignore[arg-type]
    assert [f"{one.code} {one.message} @ {one.place}" for one in caught.value.findings] == [
        "E-DOMAIN NO: '1' would be read back as '001' @ record 1 HEAD / NO",
        "E-DOMAIN ITEM: 'toolong' is longer than 5 characters @ record 2 LINE / ITEM",
    ]
