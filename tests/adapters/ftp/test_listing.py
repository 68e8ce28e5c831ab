"""Lines of LIST from servers of all kinds, and facts; whatever a server sends, nothing raises."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.ftp.listing import Listed, facts_of, line_of, means_nothing, time_of

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 10**9  # type: ignore[arg-type, misc]


NINE = at(2026, 3, 9, 5, 10)
QUARTER = NINE + 10**9 // 4


@pytest.mark.parametrize(
    ("line", "name", "size", "changed"),
    [
        ("-rw-r--r--   1 owner    group        1024 Mar  9 05:10 order.edi", "order.edi", 1024, at(2026, 3, 9, 5, 10)),
        ("-rw-r--r-- 1 1000 1000 0 Nov 26  2025 a b  c", "a b  c", 0, at(2025, 11, 26)),
        ("-rw-r--r-- 1 1000 1000 7 Dec 31 23:59 x", "x", 7, at(2025, 12, 31, 23, 59)),
        ("-rw-r--r-- 1 o g 7 Mar 11 11:00 tomorrow", "tomorrow", 7, at(2026, 3, 11, 11)),
        ("-rw-r--r-- 1 o g 7 Mar 11 13:00 last year", "last year", 7, at(2025, 3, 11, 13)),
        ("-rw-r--r-- 1 o g 7 Feb 29 10:00 leap", "leap", 7, at(2024, 2, 29, 10)),
        ("-rw-r--r-- 1 o 7 Mar  9 05:10 no group", "no group", 7, at(2026, 3, 9, 5, 10)),
        ("-rw-r--r--+ 1 domain users 7 Mar  9 05:10 group with blank", "group with blank", 7, at(2026, 3, 9, 5, 10)),
        ("-rw-r--r--.   1 o g   7 9 Mar 05:10 day first", "day first", 7, at(2026, 3, 9, 5, 10)),
        ("-rw-r--r-- 1 o g 7 2026-03-09 05:10 iso", "iso", 7, at(2026, 3, 9, 5, 10)),
        ("-rwxrwxrwx   1 owner    group    7 Mar  9  5:10  leading", " leading", 7, at(2026, 3, 9, 5, 10)),
        ("-rw-r--r-- 1 o g 7 Mar  9 05:10 5 Mar 10 06:00 inside", "5 Mar 10 06:00 inside", 7, at(2026, 3, 9, 5, 10)),
        ("03-09-26  05:10AM                 1024 order.edi", "order.edi", 1024, at(2026, 3, 9, 5, 10)),
        ("03-09-2026  05:10PM   7 a b", "a b", 7, at(2026, 3, 9, 17, 10)),
        ("03-09-26  12:10AM   7 midnight", "midnight", 7, at(2026, 3, 9, 0, 10)),
        ("03-09-26  12:10PM   7 noon", "noon", 7, at(2026, 3, 9, 12, 10)),
        ("03-09-99  17:10   7 old", "old", 7, at(1999, 3, 9, 17, 10)),
    ],
)
def test_files(line: str, name: str, size: int, changed: int) -> None:
    assert line_of(line, NOW) == Listed(name=name, is_file=True, size=size, changed=changed)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("drwxr-xr-x   2 owner    group        4096 Mar  9 05:10 folder", "folder"),
        ("lrwxrwxrwx   1 owner    group           7 Mar  9 05:10 link -> target", "link -> target"),
        ("prw-r--r--   1 owner    group           0 Mar  9 05:10 pipe", "pipe"),
        ("03-09-26  05:10AM       <DIR>          folder", "folder"),
        ("03-09-26  05:10AM       <JUNCTION>     folder", "folder"),
    ],
)
def test_what_is_no_file(line: str, name: str) -> None:
    found = line_of(line, NOW)
    assert found is not None
    assert not found.is_file
    assert found.name == name


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Volume Unit    Referred Ext Used Recfm Lrecl BlkSz Dsorg Dsname",
        "-rw-r--r-- 1 o g 7 Mär  9 05:10 german",
        "-rw-r--r-- 1 o g 7 Feb 30  2025 no such day",
        "-rw-r--r-- 1 o g 7 Mar  9 25:10 no such hour",
        "-rw-r--r-- 1 o g Mar  9 05:10 no size",
        "13-09-26  05:10AM   7 no such month",
        "03-09-26  05:10AM   1,024 thousands",
    ],
)
def test_what_is_of_no_known_form(line: str) -> None:
    assert line_of(line, NOW) is None


@pytest.mark.parametrize(("line", "nothing"), [("total 12", True), ("", True), ("  ", True), ("totally.edi", False)])
def test_lines_that_speak_of_no_entry(line: str, nothing: bool) -> None:
    assert means_nothing(line) is nothing


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("type=file;size=5;modify=20260309051000; a b", Listed(name="a b", is_file=True, size=5, changed=NINE)),
        ("Type=File;Size=5;Modify=20260309051000.25;  x", Listed(name=" x", is_file=True, size=5, changed=QUARTER)),
        ("type=dir;modify=20260309051000; d", Listed(name="d", is_file=False, changed=NINE)),
        ("type=OS.unix=slink:/etc/passwd;size=5; l", Listed(name="l", is_file=False, size=5)),
        ("type=file; n", Listed(name="n", is_file=True)),
        ("type=file;size=-1;modify=soon; n", Listed(name="n", is_file=True)),
        ("type=file;size=" + "9" * 300 + "; n", Listed(name="n", is_file=True)),
        ("type=cdir; .", None),
        ("type=pdir; ..", None),
        ("type=file;size=5;", None),
        ("no facts", None),
        ("", None),
    ],
)  # fmt: skip
def test_facts(line: str, found: Listed | None) -> None:
    assert facts_of(line) == found


@pytest.mark.parametrize("text", ["", "20260309", "20261309051000", "2026030905100", "x" * 14, "19126030905100"])
def test_times_that_are_none(text: str) -> None:
    assert time_of(text) is None


@given(st.text(max_size=80))
def test_nothing_that_a_server_says_raises(line: str) -> None:
    line_of(line, NOW)
    facts_of(line)
    time_of(line)
    means_nothing(line)


@given(
    st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs",)), min_size=1, max_size=30),
    st.integers(0, 10**12),
    st.datetimes(datetime(2020, 1, 1), datetime(2026, 3, 9)),  # noqa: DTZ001 - hypothesis wants them without a zone
)
def test_what_is_written_as_servers_do_is_read_back(name: str, size: int, moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    changed = int(moment.replace(tzinfo=UTC).timestamp()) * 10**9
    expected = Listed(name=name, is_file=True, size=size, changed=changed)
    assert facts_of(f"type=file;size={size};modify={moment:%Y%m%d%H%M%S}; {name}") == expected
    assert line_of(f"{moment:%m-%d-%y}  {moment:%I:%M%p} {size:>20} {name}", NOW) == expected
    whole = moment.replace(hour=0, minute=0)
    found = line_of(f"-rw-r--r--   1 owner    group {size:>8} {whole:%b %d  %Y} {name}", NOW)
    assert found is not None
    assert (found.name, found.size) == (name, size)
