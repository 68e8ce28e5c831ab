"""A line of output: its text, and which stretches of it have a style on a terminal."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from transload.canonical.findings import Severity

STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.REMARK: "cyan"}
FAINT = "dim"
HEAD = "bold"

_LEAST = 30
"""Room for text that is taken whatever the width of the terminal."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line without its end; ``spans`` are start, end and style (in Rich's words)."""

    text: str
    spans: tuple[tuple[int, int, str], ...] = ()


def line(text: str = "", style: str | None = None) -> Line:
    """A line in one style."""
    return Line(text=text, spans=((0, len(text), style),) if style and text else ())


def fold(text: str, width: int | None, *, indent: int = 0, hang: int = 2, style: str | None = None) -> Iterator[Line]:
    """``text`` behind ``indent`` blanks, in as many lines as ``width`` asks for; all but the first ``hang`` deeper."""
    lead = " " * indent
    if width is None or indent + len(text) <= width:
        yield line(lead + text, style)
        return
    pieces = textwrap.wrap(
        text,
        max(width - indent - hang, _LEAST),
        break_on_hyphens=False,
        drop_whitespace=True,
        initial_indent="",
    )
    for number, piece in enumerate(pieces):
        yield line(lead + " " * (hang if number else 0) + piece, style)
