"""Carets stand under the very value that a finding speaks of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from transload.adapters.base.format import COMPONENT, REPETITION
from transload.adapters.edi.reading.messages import EdiReading
from transload.adapters.edi.reading.scan import scan
from transload.adapters.edi.segments import resolve
from transload.canonical.findings import Finding
from transload.runner.cli.xray.drawing import Drawing, Wish
from transload.runner.cli.xray.glyphs import Glyphs
from transload.runner.cli.xray.lines import Line
from transload.runner.cli.xray.row import Mark, Row
from transload.runner.cli.xray.sheet import Sheet

ABOUT_VALUES = {"E-FORMAT", "E-LENGTH", "E-CODE", "E-COUNT", "E-REFERENCE", "E-ELEMENT", "W-SEPARATOR", "E-REPEAT"}
"""Findings whose value is the whole value that they speak of."""


@dataclass(frozen=True, kw_only=True)
class Watching(Sheet):
    """A sheet that remembers its rows."""

    rows: list[Row] = field(default_factory=list)

    def row(self, row: Row) -> Iterator[Line]:
        self.rows.append(row)
        yield from super().row(row)


def drawn(payload: bytes, **sheet: int) -> tuple[list[Row], list[str]]:
    reading = EdiReading(scan(payload, file="f"), None)
    watching = Watching(glyphs=Glyphs(), **sheet)
    lines = [line.text for line in Drawing(reading, watching, Wish(everything=True)).lines()]
    return watching.rows, lines


def meant(row: Row, mark: Mark) -> str:
    """The value under the carets, with control characters for separators."""
    assert mark.where is not None
    assert row.segment is not None
    return resolve(row.raw[slice(*mark.where)].decode(row.codec), row.segment.separators)


def plain(finding: Finding, row: Row) -> str:
    assert finding.value is not None
    assert row.segment is not None
    separators = row.segment.separators
    text = finding.value
    for own, control in ((separators.component, COMPONENT), (separators.repetition, REPETITION)):
        text = text.replace(own, control) if own and control not in text else text
    return text


@pytest.mark.parametrize("standard", ["edifact", "x12"])
def test_the_values_of_all_samples(shared: Path, standard: str) -> None:
    compared = 0
    for path in sorted((shared / "samples" / standard).iterdir()):
        rows, _ = drawn(path.read_bytes())
        for row in rows:
            for mark in row.marks:
                finding = mark.finding
                if finding.code not in ABOUT_VALUES or not finding.value or not finding.place:
                    continue
                if finding.place.element is None or mark.where is None or row.segment is None:
                    continue
                assert meant(row, mark) == plain(finding, row), (path, finding)
                compared += 1
    assert compared > 50


LONG = ":".join(f"{n}?+ {'Umbruch an der Kante? ' * 2}" for n in range(5)).replace("? ", "?? ")
FTX = (
    b"UNB+UNOC:3+A:14+B:14+260114:0915+7'UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'DTM+137:20260114:102'"
    b"FTX+AAI+++" + LONG.encode() + b"+xxxx'NAD+BY+9520001000003::9'UNS+S'UNT+7+1'UNZ+1+7'"
)


@pytest.mark.parametrize("width", [*range(40, 130), 1000])
def test_carets_stand_under_the_value_at_any_width(width: int) -> None:
    _, lines = drawn(FTX, width=width)
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("^"))
    assert lines[at].strip() == "^^^^"
    assert lines[at - 1][lines[at].index("^") : len(lines[at])] == "xxxx"
    assert "E-LENGTH FTX 3453" in " ".join(line.strip() for line in lines[at + 1 : at + 4])
    assert max(map(len, lines)) <= max(width, 60)
