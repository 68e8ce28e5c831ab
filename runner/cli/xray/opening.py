"""The first lines: what is told of the file itself."""

from collections.abc import Iterator

from transload.adapters.edi.reading.messages import EdiReading
from transload.runner.cli.xray.facts import of_file
from transload.runner.cli.xray.lines import HEAD, Line, fold
from transload.runner.cli.xray.sheet import Sheet


def opening(name: str, reading: EdiReading, sheet: Sheet) -> Iterator[Line]:
    """The file's name, size, line ends, characters, and the standards found in it."""
    yield from fold(sheet.glyphs.text(name), sheet.width, style=HEAD)
    standards = list(dict.fromkeys(standard.upper() for _, standard in reading.scan.beginnings()))
    found = " and ".join(standards) if standards else "no EDI"
    yield from fold(", ".join((found, *of_file(reading.scan.content))), sheet.width, indent=2)
