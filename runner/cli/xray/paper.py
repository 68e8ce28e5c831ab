"""Where lines go: a terminal shows their styles, a pipe gets their texts, and both the same words."""

import shutil
import sys
from collections.abc import Iterable

from transload.runner.cli.screen import console
from transload.runner.cli.xray.glyphs import Glyphs
from transload.runner.cli.xray.lines import Line
from transload.runner.cli.xray.sheet import Sheet


def sheet() -> Sheet:
    """A sheet for standard output: as wide as the terminal, or of any width in a pipe."""
    terminal = sys.stdout.isatty()
    return Sheet(
        glyphs=Glyphs(encoding=getattr(sys.stdout, "encoding", None) or "utf-8"),
        width=shutil.get_terminal_size().columns if terminal else None,
        styled=terminal,
    )


def put(lines: Iterable[Line]) -> None:
    """Write lines to standard output."""
    if not sys.stdout.isatty():
        for each in lines:
            sys.stdout.write(each.text + "\n")
        return
    from rich.text import Text

    terminal = console(sys.stdout)
    for each in lines:
        text = Text(each.text)
        for start, end, style in each.spans:
            text.stylize(style, start, end)
        terminal.print(text, soft_wrap=True)
