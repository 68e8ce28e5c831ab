"""Copybooks: what is understood, how large it is, and what is refused."""

import pytest

from transload.adapters.cobol.copybook import parse
from transload.adapters.cobol.lines import CopybookError
from transload.adapters.cobol.names import names_of


def sizes(text: str) -> dict[str, int]:
    return {item.name: item.size for item in parse(text, "free").records[0].walk() if item.name}


@pytest.mark.parametrize(
    ("clause", "size"),
    [
        ("PIC X(10)", 10), ("PIC A(3)", 3), ("PIC 9(5)", 5), ("PIC S9(5)V99", 7), ("PIC S9(4) COMP", 2),
        ("PIC S9(9) COMP-4", 4), ("PIC 9(10) BINARY", 8), ("PIC 9(19) BINARY", 9), ("PIC 9(37) COMP-5", 16),
        ("PIC S9(7)V99 COMP-3", 5), ("PIC 9(4) USAGE IS PACKED-DECIMAL", 3), ("COMP-1", 4), ("COMP-2", 8),
        ("PIC S9(5) SIGN IS LEADING SEPARATE CHARACTER", 6), ("PIC S9(5) TRAILING", 5), ("PIC 9(3)PPP", 3),
        ("PIC 9(8).99", 11), ("PIC ZZ,ZZ9.99-", 10), ("PIC N(4)", 8), ("PIC X(3) JUSTIFIED RIGHT", 3),
        ("PIC 9(3) BLANK WHEN ZERO VALUE ZERO", 3), ("PICTURE IS X(02) VALUE 'a.b'", 2),
    ],
)  # fmt: skip
def test_sizes(clause: str, size: int) -> None:
    assert sizes(f"01 R. 05 F {clause}.")["F"] == size


def test_groups_tables_and_views() -> None:
    text = """01 R. 05 N PIC 9(2). 05 A OCCURS 3 TIMES INDEXED BY I. 10 B PIC X(2). 10 C PIC 9(3) COMP-3.
    05 V1 PIC X(4). 05 V2 REDEFINES V1. 10 D PIC 9(2). 10 E PIC 9(2). 88 NONE VALUE 0 THRU 9. 66 G RENAMES D THRU E.
    05 T PIC X OCCURS 1 TO 9 TIMES DEPENDING ON N. 05 FILLER PIC X. 05 PIC X."""
    found = sizes(text)
    assert (found["A"], found["V2"], found["R"]) == (4, 4, 2 + 12 + 4 + 9 + 2)


FIXED = """\
000100 01  REC.                                                         IDENT
000200*    a comment
      * another
000300     05  A        PIC X(10)
000400         VALUE 'it is
000500-    'n''t'.
       SKIP1
           05  B        PIC 9(2). *> the rest
\x1a"""


def test_columns_comments_and_continued_lines() -> None:
    record = parse(FIXED).records[0]
    assert [(item.name, item.size, item.line) for item in record.children] == [("A", 10, 4), ("B", 2, 8)]


def test_entries_outside_of_a_record_are_one() -> None:
    assert [record.name for record in parse("05 A PIC X.\n05 B PIC X.\n").records] == ["RECORD"]


def test_sign_and_usage_of_a_group_hold_below_it() -> None:
    text = "01 R. 05 G SIGN LEADING SEPARATE. 10 A PIC S9(3). 10 B PIC 9(3). 05 H COMP-3. 10 C PIC S9(3)."
    found = sizes(text)
    assert (found["A"], found["B"], found["C"]) == (4, 3, 2)


def test_fields_have_the_shortest_name_that_tells_them_apart() -> None:
    text = "01 R. 05 A. 10 X PIC X. 10 Y PIC X. 05 B. 10 X PIC X. 05 T OCCURS 2. 10 X PIC X. 10 Z PIC X OCCURS 2."
    record = parse(text, "free").records[0]
    names = names_of(record)
    assert list(names.keys.values()) == ["A.X", "Y", "B.X", "T"]
    assert list(names.inner["T"].keys.values()) == ["X", "Z"]
    single = frozenset(item for item in record.walk() if item.name == "T")
    assert list(names_of(record, single).keys.values())[3:] == ["T[1].X", "T[1].Z", "T[2].X", "T[2].Z"]


GOLDEN = {
    "": "line 1: there is no entry in this copybook",
    "01 R": "line 1: this entry has no period at its end",
    "01 R.": "line 1: R has neither a picture nor entries below it",
    "01 R.\n05 A PIC Q(3).": "line 2: PIC Q(3) is no picture",
    "01 R.\n05 A PIC X(9999999).": "line 2: PIC X(9999999) stands for more than 1000000 characters",
    "01 R.\n05 A PIC 9(39).": "line 2: PIC 9(39) has 39 digits, and 38 are the most",
    "01 R.\nXX A PIC X.": "line 2: 'XX' is no level number",
    "01 R.\n55 A PIC X.": "line 2: there is no level 55",
    "01 R.\nCOPY OTHER.": "line 2: COPY is not followed; put the text of the other copybook here",
    "01 R.\n05 :TAG:-A PIC X.": "line 2: ':TAG:-A' is no name; replace what stands between colons",
    "01 R.\n05 A PIC X SYNC.": "line 2: SYNC is not supported; its slack bytes depend on the compiler; add them as FILLER",  # noqa: E501
    "01 R.\n05 A POINTER.": "line 2: USAGE POINTER is not supported",
    "01 R.\n05 A PIC X(3) COMP-3.": "line 2: A is PIC X(3) COMP-3, and only whole pictures of 9 can be",
    "01 R.\n05 A PIC X BLINKING.": "line 2: 'BLINKING' is not understood",
    "01 R.\n05 A PIC X.\n10 B PIC X.": "line 3: B stands below A, which has a picture",
    "01 R.\n05 A REDEFINES Z PIC X.": "line 2: there is no Z before A in R to redefine",
    "01 R.\n05 A PIC X OCCURS 0.": "line 2: OCCURS 0 TO 0 is no range",
    "01 R.\n05 A PIC X OCCURS 1 TO 5.": "line 2: OCCURS with a range needs DEPENDING ON",
    "01 R.\n05 A PIC X OCCURS 5 DEPENDING ON N.": "line 2: OCCURS depends on N, which is not before it",
    "01 R.\n05 N PIC X.\n05 A PIC X OCCURS 5 DEPENDING ON N.": (
        "line 3: OCCURS depends on N, which is no whole number"
    ),
    "01 R.\n05 N PIC 9.\n05 T OCCURS 2.\n10 A PIC X OCCURS 5 DEPENDING ON N.": (
        "line 4: a table of changing size cannot stand inside another table"
    ),
    "01 R.\n05 A OCCURS 9999.\n10 B PIC X OCCURS 9999.": "line 2: A has more than 4000000 bytes",
    "01 R.\n05 A OCCURS 999.\n10 B COMP-1 OCCURS 999.": "line 2: A has more than 200000 fields",
    "01 R.\n05 A PIC X VALUE 'abc.": "line 2: a literal is not closed",
    "01 R. 05 A PIC X.\n01 R. 05 A PIC X.": "line 2: there are two records R",
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), GOLDEN.items())
def test_golden_findings(text: str, message: str) -> None:
    with pytest.raises(CopybookError) as caught:
        parse(text, "free")
    assert str(caught.value) == message


def test_a_hostile_copybook_is_refused_soon() -> None:
    for text in ("01 R.\n" + "05 A PIC X.\n" * 100_000, "x" * 1_000_001, "01 R. 05 A PIC " + "X(999999999)" * 50 + "."):
        with pytest.raises(CopybookError):
            parse(text, "free")
