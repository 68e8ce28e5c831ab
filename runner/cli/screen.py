"""Output for people and for programs: colours and tables on a terminal, plain lines in a pipe, JSON where asked."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from transload.canonical.findings import Finding, Severity

if TYPE_CHECKING:  # Rich is loaded for a terminal only: a short command in a pipe would spend most of its time on it
    from rich.console import Console

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.REMARK: "cyan"}


_UNSEEN = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""What JSON lets stand and a terminal obeys: C1 control characters, line ends, and marks that turn the text round."""


def visible(text: str) -> str:
    """``text`` with its control characters spelled out, since partners' data must not steer a terminal."""
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text)


def say(text: str = "", *, to_error: bool = False, style: str | None = None) -> None:
    """Print a line as it is; ``style`` (Rich's words) shows on a terminal only."""
    stream = sys.stderr if to_error else sys.stdout
    if stream.isatty():
        from rich.text import Text

        console(stream).print(Text(visible(text), style=style or ""), soft_wrap=True)
    else:
        stream.write(visible(text) + "\n")


def say_json(value: Any, *, to_error: bool = False, indent: int | None = 2) -> None:
    """Print ``value`` as JSON; ``indent`` None puts it on one line."""
    stream = sys.stderr if to_error else sys.stdout
    stream.write(json_text(value, indent=indent) + "\n")


def json_text(value: Any, *, indent: int | None = 2) -> str:
    """``value`` as JSON that no terminal obeys."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return _UNSEEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)


def say_bytes(content: bytes) -> None:
    """Write ``content`` to standard output, byte for byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def say_findings(findings: Iterable[Finding], *, to_error: bool = False, of_files: bool = False) -> None:
    """Print findings: one of a configuration file in one line, one of a message or document with its places below.

    With ``of_files`` all are of configuration files.
    """
    stream = sys.stderr if to_error else sys.stdout
    for finding in findings:
        of_data = (finding.place or finding.field) and not of_files
        text = str(finding) if of_data else finding.line()
        if stream.isatty():
            from rich.text import Text

            marked = Text(visible(text))
            marked.highlight_words([finding.severity.value], style=_STYLES[finding.severity])
            marked.highlight_words([finding.code], style="bold")
            console(stream).print(marked, soft_wrap=True)
        else:
            say(text, to_error=to_error)


def say_findings_json(findings: Iterable[Finding], *, to_error: bool = False) -> None:
    """Print findings as JSON, one object a line."""
    for finding in findings:
        say_json(finding.as_dict(), to_error=to_error, indent=None)


def say_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: framed and fitted on a terminal, in a pipe columns that are never cut."""
    if sys.stdout.isatty():
        from rich.table import Table
        from rich.text import Text

        table = Table(*heads, header_style="bold")
        for row in rows:
            table.add_row(*(Text(visible(cell)) for cell in row))
        console(sys.stdout).print(table)
        return
    widths = [max(len(visible(row[column])) for row in [heads, *rows]) for column in range(len(heads))]
    for row in [heads, *rows]:
        cells = [visible(cell).ljust(width) for cell, width in zip(row, widths, strict=True)]
        say("  ".join(cells).rstrip())


def counted(number: int, one: str, many: str | None = None) -> str:
    """``number`` with its noun: ``1 error``, ``2 errors``, ``no errors``."""
    return f"{number or 'no'} {one if number == 1 else many or one + 's'}"


def summary(findings: Sequence[Finding]) -> str:
    """How many errors, warnings and remarks there are, in words."""
    parts = [
        counted(sum(finding.severity is severity for finding in findings), severity.value)
        for severity in Severity
        if severity is Severity.ERROR or any(finding.severity is severity for finding in findings)
    ]
    return ", ".join(parts)


def console(stream: TextIO) -> "Console":
    """Rich's console for a terminal, which takes every text as it is."""
    from rich.console import Console

    return Console(file=stream, highlight=False, markup=False, emoji=False)
