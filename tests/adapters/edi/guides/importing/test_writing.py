"""Imported guides as files: what is written is what the loader reads; nothing is overwritten unasked."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.positioned import Scalar, parse, typed
from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.guides.importing.writing import (
    Body,
    Directory,
    Line,
    MessageFile,
    Release,
    quoted,
    write_release,
)
from transload.canonical.errors import TransloadError

DAY = date(2026, 11, 25)

RELEASE = Release(
    standard="edifact",
    folder="d99z",
    source="A directory of one message, made for a test.",
    directory=Directory(
        elements={"0081": "a1 Section", "1004": "an..35 Number: of a thing, or two", "1001": "an..3"},
        composites={"C002": Body(title="Name", parts=("1001 C", "1004 C x2"))},
        segments={
            "BGM": Body(title="Begin", parts=("C002 C", "1004 C")),
            "UNS": Body(title="Section control", parts=("0081 M",)),
            "TXT": Body(title="Many", parts=tuple(f"100{n % 2 * 3 + 1} C" for n in range(40))),
        },
    ),
    messages=(
        MessageFile(
            folder="d99z",
            message="TOYORD",
            version="D:99Z:UN",
            source="TOYORD_D.99Z",
            title="A toy order",
            structure=(
                Line(text="BGM M 1"),
                Line(text="SG1 C 9", children=(Line(text="TXT M 1"), Line(text="BGM C 5"))),
                Line(
                    text="SG2 C 9",
                    children=(
                        Line(text="BGM M 1"),
                        Line(text="SG3 M 5", children=(Line(text="TXT M 1"),)),
                    ),
                ),
                Line(text="UNS M 1"),
            ),
        ),
    ),
)


def test_what_is_written_is_what_the_loader_reads(tmp_path: Path) -> None:
    written = write_release(RELEASE, tmp_path, day=DAY)
    assert [path.relative_to(tmp_path).as_posix() for path in written.new] == [
        "edifact/d99z/segments.yaml",
        "edifact/d99z/toyord.yaml",
    ]
    guide = find_guide("edifact", "TOYORD", "D:99Z:UN", [tmp_path])
    assert guide is not None
    assert guide.version == "D:99Z:UN"
    assert [(entry.name, entry.status, entry.most) for entry in guide.structure] == [
        ("BGM", "M", 1),
        ("SG1", "C", 9),
        ("SG2", "C", 9),
        ("UNS", "M", 1),
    ]
    assert guide.structure[2].children[1].children[0].name == "TXT"
    begin = guide.rules.segments["BGM"]
    assert begin.parts[1].element.title == "Number: of a thing, or two"
    assert len(guide.rules.segments["TXT"].parts) == 40


def test_the_file_of_a_message(tmp_path: Path) -> None:
    write_release(RELEASE, tmp_path, day=DAY)
    assert (tmp_path / "edifact/d99z/toyord.yaml").read_text() == (
        "# Imported by transload on 2026-11-25.\n"
        "# A toy order\n"
        "standard: edifact\n"
        "message: TOYORD\n"
        'version: "D:99Z:UN"\n'
        "source: >-\n"
        "  TOYORD_D.99Z\n"
        "\n"
        "structure:\n"
        "  - BGM M 1\n"
        "  - SG1 C 9: [TXT M 1, BGM C 5]\n"
        "  - SG2 C 9:\n"
        "      - BGM M 1\n"
        "      - SG3 M 5: [TXT M 1]\n"
        "  - UNS M 1\n"
    )


def test_codes_stand_in_a_file_of_their_own_one_text_each(tmp_path: Path) -> None:
    assert RELEASE.directory is not None
    held = replace(RELEASE.directory, codes={"1001": [str(number) for number in range(220)], "0081": ["D", "S"]})
    write_release(replace(RELEASE, directory=held), tmp_path, day=DAY)
    content: Any = typed(parse((tmp_path / "edifact/d99z/codes.yaml").read_text(), "codes.yaml"))
    assert content["codes"]["0081"] == "D S"
    assert content["codes"]["1001"].split() == held.codes["1001"]
    assert "codes" not in (tmp_path / "edifact/d99z/segments.yaml").read_text()


def test_the_same_again_changes_nothing_whatever_the_day(tmp_path: Path) -> None:
    first = write_release(RELEASE, tmp_path, day=DAY)
    again = write_release(RELEASE, tmp_path, day=date(2027, 1, 1))
    assert again.unchanged == first.new
    assert not again.new
    assert not again.replaced
    assert "2026-11-25" in first.new[0].read_text()


def test_another_file_in_the_way_stops_all_before_anything_is_written(tmp_path: Path) -> None:
    mine = tmp_path / "edifact/d99z/toyord.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(TransloadError) as caught:
        write_release(RELEASE, tmp_path, day=DAY)
    assert caught.value.findings[0].line() == (
        f"error E-FILE {mine} is there already and holds something else "
        "(write over them with --replace, or name another folder with --into)"
    )
    assert [path.name for path in mine.parent.iterdir()] == ["toyord.yaml"]
    (mine.parent / "segments.yaml").write_text("mine too")
    with pytest.raises(TransloadError, match="2 files stand in") as several:
        write_release(RELEASE, tmp_path, day=DAY)
    assert several.value.findings[0].value == "segments.yaml, toyord.yaml"
    written = write_release(RELEASE, tmp_path, day=DAY, replace=True)
    assert [path.name for path in written.replaced] == ["segments.yaml", "toyord.yaml"]
    assert mine.read_text().startswith("# Imported")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "edifact").write_text("a file where a folder should be")
    with pytest.raises(TransloadError, match=r"segments\.yaml cannot be written: Not a directory"):
        write_release(RELEASE, tmp_path, day=DAY)


@pytest.mark.parametrize("folder", ["../up", "", "a/b", ".hidden"])
def test_no_name_climbs_out_of_the_folder(tmp_path: Path, folder: str) -> None:
    with pytest.raises(TransloadError, match="is no name for a guide"):
        write_release(replace(RELEASE, folder=folder), tmp_path / "in", day=DAY)
    message = replace(RELEASE.messages[0], message="../../UP")
    with pytest.raises(TransloadError, match="is no name for a guide"):
        write_release(replace(RELEASE, messages=(message,)), tmp_path / "in", day=DAY)
    assert not list(tmp_path.iterdir())


@given(st.text(max_size=30))
def test_any_text_is_one_scalar_alone_and_in_a_list(text: str) -> None:
    written = quoted(text)
    assert isinstance(yaml.safe_load(f"a: [{written}, x]")["a"][0], str | int | float)
    node = parse(f"[{written}, x]", "t")
    first = node.values[0]  # type: ignore[union-attr]
    assert isinstance(first, Scalar)
    if all(sign.isprintable() for sign in text):
        assert first.text == text


@pytest.mark.parametrize("text", ["null", "NO", "0081", "1e5", "12:30", "2026-01-01", "0x1F", "on", "~", "", " a"])
def test_what_other_readers_would_take_for_no_text_is_quoted(text: str) -> None:
    assert quoted(text) == f'"{text}"'
    assert yaml.safe_load(f"[{quoted(text)}]") == [text]


@pytest.mark.parametrize("text", ["DTM C 35", "an..35 document number", "2000A M >1", "C002", "N1.billing"])
def test_plain_texts_stay_plain(text: str) -> None:
    assert quoted(text) == text
    assert yaml.safe_load(f"[{text}]") == [text]
