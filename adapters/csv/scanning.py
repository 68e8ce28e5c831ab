"""Rows and cells of a CSV text (RFC 4180, and what partners make of it).

A line without quotes is split at once; only others are gone through mark by mark.  An empty line is no row.  A quote
counts only where it is the first character of a cell: elsewhere it stands for itself, as in ``5" pipe``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from transload.adapters.base.rows.text import RowText


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The marks of a CSV text."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = ""

    @cached_property
    def wholly(self) -> str:
        """What stands between two cells that are both in quotes."""
        return f"{self.quote}{self.delimiter}{self.quote}"

    @cached_property
    def ends(self) -> "re.Pattern[str]":
        """Where a cell without quotes ends: at a delimiter or a line end."""
        return re.compile(f"[{re.escape(self.delimiter)}\n\r]")


@dataclass(slots=True)
class Row:
    """The ``cells`` of a row; ``start`` and ``end`` are its offsets, line end not counted, ``after`` is what follows.

    ``fault`` is the offset of the first character after a closing quote, ``unclosed`` that of a quote without another.
    """

    cells: list[str]
    start: int
    end: int
    after: int
    fault: int = -1
    unclosed: int = -1


def rows(source: RowText, dialect: Dialect, start: int, stop: int) -> Iterator[Row]:
    """The rows between two offsets.  An unclosed quote ends them."""
    text, newline, delimiter, quote = source.text, source.newline, dialect.delimiter, dialect.quote
    wholly = dialect.wholly
    find = text.find
    while start < stop:
        end = find(newline, start, stop)
        after = end + 1 if end >= 0 else stop
        line = text[start:end] if end >= 0 else text[start:stop]
        if newline == "\n" and line and line[-1] == "\r":
            line = line[:-1]
        if not line:
            start = after
            continue
        if not quote or quote not in line:
            yield Row(line.split(delimiter), start, start + len(line), after)
        elif (
            len(line) > 1
            and line[0] == quote == line[-1]
            and not dialect.escape
            and line.count(quote) == 2 * len(cells := line[1:-1].split(wholly))
        ):
            yield Row(cells, start, start + len(line), after)
        else:
            row, _ = scanned(source, dialect, start, stop)
            yield row
            if row.unclosed >= 0:
                return
            after = row.after
        start = after


def scanned(source: RowText, dialect: Dialect, start: int, stop: int) -> tuple[Row, list[int]]:
    """One row mark by mark, and the offset at which each of its cells begins."""
    text, quote = source.text, dialect.quote
    row = Row([], start, stop, stop)
    starts: list[int] = []
    position = start
    while True:
        starts.append(position)
        value = ""
        if quote and text.startswith(quote, position) and position < stop:
            value, position = _quoted(text, dialect, position, stop, row)
            if row.unclosed >= 0:
                row.cells.append(value)
                return row, starts
        rest, position, ended = _plain(source, dialect, position, stop)
        if rest and row.fault < 0 and starts[-1] + 1 < position and text.startswith(quote or "\n", starts[-1]):
            row.fault = position - len(rest)
        row.cells.append(value + rest)
        if ended:
            row.end, row.after = position, _after(text, source.newline, position, stop)
            return row, starts
        position += 1


def _plain(source: RowText, dialect: Dialect, position: int, stop: int) -> tuple[str, int, bool]:
    """What follows up to a delimiter or the row's end, the offset of that, and whether the row ends there."""
    text, newline = source.text, source.newline
    start = position
    while True:
        found = dialect.ends.search(text, position, stop)
        if found is None:
            return text[start:stop], stop, True
        at = found.start()
        if found[0] == dialect.delimiter:
            return text[start:at], at, False
        if found[0] == newline or (found[0] == "\r" and text.startswith("\n", at + 1) and at + 1 < stop):
            return text[start:at], at, True
        position = at + 1  # a carriage return that ends no line


def _after(text: str, newline: str, position: int, stop: int) -> int:
    if position >= stop:
        return stop
    return position + (2 if newline == "\n" and text[position] == "\r" else 1)


def _quoted(text: str, dialect: Dialect, position: int, stop: int, row: Row) -> tuple[str, int]:
    """The value of a cell in quotes, and the offset after the closing one."""
    quote, escape = dialect.quote, dialect.escape
    parts = []
    start = at = position + 1
    while True:
        end = text.find(quote, at, stop)
        escaped = text.find(escape, at, end if end >= 0 else stop) if escape else -1
        if escaped >= 0 and escaped + 1 < stop:
            parts += [text[start:escaped], text[escaped + 1]]
            start = at = escaped + 2
        elif end < 0:
            row.unclosed = position
            return "".join([*parts, text[start:stop]]), stop
        elif text.startswith(quote, end + 1) and end + 1 < stop:
            parts.append(text[start : end + 1])
            start = at = end + 2
        else:
            return "".join([*parts, text[start:end]]), end + 1
