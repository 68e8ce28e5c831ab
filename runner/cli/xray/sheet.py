"""What rows are drawn on: raw bytes made visible and folded, carets under what findings speak of, and their texts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from transload.adapters.edi.reading.scan import Scan
from transload.canonical.findings import Finding
from transload.runner.cli.xray.glyphs import Glyphs, Shown
from transload.runner.cli.xray.lines import FAINT, STYLES, Line, fold
from transload.runner.cli.xray.row import Mark, Row, Stretch, gutter

MOST_BYTES = 2000
"""So much of one segment is shown; what follows is counted."""
MOST_BINARY = 48
"""So much of binary data."""
_MOST_STRAY = 480
_MOST_LINES = 6
"""So much of what is no segment."""
_TITLE_COLUMN = 52
_LEAST = 15
"""So many columns of a segment stand in a line at least."""
_SEPARATOR = "blue"
_TOKEN_STYLES = {"tag": "bold", "separator": _SEPARATOR, "release": _SEPARATOR, "terminator": _SEPARATOR}
_HIDDEN = "magenta"
_ACKNOWLEDGED = {"0085": "CONTRL", "716": "AK905", "718": "AK502", "720": "AK304", "723": "AK403", "I18": "TA105"}
"""Where an acknowledgement carries the code of a finding, by data element; the other elements repeat the place."""


class _Face(NamedTuple):
    """A row as text: its styles, where a line may well be broken, and from which byte on it is left out."""

    shown: Shown
    styles: list[tuple[int, int, str]]
    breaks: list[int]
    cut: int


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What rows are drawn on: its ``width`` in columns, None for lines of any length.

    Where it is not ``styled`` nobody looks at styles, so they are left out.
    """

    glyphs: Glyphs
    width: int | None = None
    styled: bool = True

    def row(self, row: Row) -> Iterator[Line]:
        """The lines of a row with all its marks."""
        face = self._face(row)
        shown = face.shown
        room = max(self.width - len(row.lead), 2 * _LEAST) if self.width is not None else None
        waiting = list(row.marks)
        begin, lead, title = 0, row.lead, row.title
        while True:
            stop = self._break(face, begin, room)
            padded = None
            if stop == len(shown.text) and title:
                padded = self._padding(shown.column(stop, begin), title, room)
                if padded is None and room is not None and room - len(title) - 2 >= _LEAST:
                    # the rest of the segment goes to the next line, where the title has room beside it
                    stop = self._break(face, begin, room - len(title) - 2)
            text = lead + shown.text[begin:stop]
            spans = [
                (max(a, begin) - begin + len(lead), min(b, stop) - begin + len(lead), style)
                for a, b, style in face.styles
                if a < stop and b > begin
            ]
            if padded is not None:
                spans.append((len(text) + padded, len(text) + padded + len(title), FAINT))
                text, title = text + " " * padded + title, ""
            yield Line(text=text, spans=tuple(spans))
            last, lead = stop == len(shown.text), " " * len(row.lead)
            while waiting and (last or self._starts(waiting[0], face) < stop):
                yield from self._marked(waiting.pop(0), face, begin, stop, lead)
            if last:
                break
            begin = stop
        if title:
            yield from fold(title, self.width, indent=len(lead) + 4, style=FAINT)

    def stretch(self, stretch: Stretch, scan: Scan, findings: Sequence[Finding]) -> Iterator[Line]:
        """The first lines of what is no segment, with the findings under the first; blanks alone are left out."""
        start, end = stretch.start, stretch.end
        raw = scan.content[start : min(end, start + _MOST_STRAY)]
        whole = start + len(raw) == end
        raw = raw.rstrip() if whole else raw
        lines = raw.splitlines(keepends=True)[:_MOST_LINES]
        more = 0 if whole and len(b"".join(lines)) == len(raw) else end - start - len(b"".join(lines))
        for number, each in enumerate(lines):
            row = Row(
                start=start,
                raw=each,
                codec=stretch.codec,
                lead=gutter(None, scan.reporter.lines.line(start)),
                title="" if number else stretch.title,
                findings=() if number else findings,
                more=0 if number < len(lines) - 1 else more,
            )
            yield from self.row(row)
            start += len(each)
        for finding in () if lines else findings:
            yield from self.finding(finding, 0)

    def finding(self, finding: Finding, indent: int, *, placed: bool = False) -> Iterator[Line]:
        """The lines of a finding; ``placed`` under what it speaks of."""
        style = STYLES[finding.severity]
        text = self.glyphs.text(f"{finding.severity} {finding.code} {finding.message}")
        yield from fold(text, self.width, indent=indent, style=style)
        place = finding.place
        words = []
        if place is not None:
            names = ("line", "byte", "interchange", "group", "message", "segment", "element", "repetition", "component")
            for name in names[:2] + (names[6:] if placed else names[2:]):
                value = getattr(place, name)
                if value is not None:
                    words.append(f"{name} {value}")
            if not placed and place.tag:
                words.append(self.glyphs.text(place.tag))
        where = ", ".join(words)
        codes = acknowledged(finding.ack)
        if where or codes:
            yield from fold("; ".join(filter(None, (where, codes))), self.width, indent=indent + 2, style=FAINT)
        if finding.value is not None and not placed:
            yield from fold(f"value {self.glyphs.text(finding.value)!r}", self.width, indent=indent + 2)
        if finding.hint:
            yield from fold(self.glyphs.text(finding.hint), self.width, indent=indent + 2)

    def _face(self, row: Row) -> _Face:
        cut = min(len(row.raw), MOST_BYTES)
        binary = row.segment is not None and row.segment.binary
        tokens = row.tokens if binary or self.styled or self.width is not None else ()
        for token in tokens if binary else ():
            if token.kind == "binary" and token.stop - token.start > MOST_BINARY:
                cut = min(cut, token.start + MOST_BINARY)
        shown = self.glyphs.show(row.raw[:cut], row.codec)
        styles = [
            (shown.at[token.start], shown.at[min(token.stop, cut)], _TOKEN_STYLES[token.kind])
            for token in tokens
            if token.kind in _TOKEN_STYLES and token.start < cut
        ]
        styles += [(start, stop, _HIDDEN) for start, stop in shown.hidden]
        for mark in row.marks:
            if mark.where and mark.where[0] < mark.where[1]:
                start, stop = (shown.at[min(byte, cut)] for byte in mark.where)
                styles.append((start, stop, STYLES[mark.finding.severity]))
        left = len(row.raw) - cut + row.more
        if left:
            note = f"[... {left:,} more {'byte' if left == 1 else 'bytes'}]"
            widths = [*shown.widths, *[1] * len(note)] if shown.widths is not None else None
            styles.append((len(shown.text), len(shown.text) + len(note), FAINT))
            shown = Shown(text=shown.text + note, at=shown.at, widths=widths, hidden=shown.hidden)
        breaks = [shown.at[token.start] for token in tokens if token.kind == "separator" and token.start < cut]
        return _Face(shown, styles, breaks, cut)

    @staticmethod
    def _break(face: _Face, begin: int, room: int | None) -> int:
        """Where the line that begins at ``begin`` ends: before a separator, if one stands in its second half."""
        shown = face.shown
        if room is None:
            return len(shown.text)
        stop = shown.reach(begin, room)
        if stop == len(shown.text):
            return stop
        half = begin + (stop - begin) // 2
        return max((at for at in face.breaks if half < at <= stop), default=stop)

    @staticmethod
    def _padding(column: int, title: str, room: int | None) -> int | None:
        """How many blanks stand between the text and its title; None where both do not fit into one line."""
        if room is None:
            return max(_TITLE_COLUMN, column) - column + 2
        if column + 2 + len(title) > room:
            return None
        wanted = min(_TITLE_COLUMN, room * 3 // 5)
        return max(min(max(wanted, column), room - 2 - len(title)), column) - column + 2

    @staticmethod
    def _starts(mark: Mark, face: _Face) -> int:
        return face.shown.at[min(mark.where[0], face.cut)] if mark.where else len(face.shown.text)

    def _marked(self, mark: Mark, face: _Face, begin: int, stop: int, lead: str) -> Iterator[Line]:
        shown = face.shown
        if mark.where is not None:
            first, last = (shown.at[min(byte, face.cut)] for byte in mark.where)
            first, last = max(first, begin), min(last, stop)
            carets = "^" * max(shown.column(last, first), 1)
            text = lead + " " * shown.column(first, begin) + carets
            yield Line(text=text, spans=((len(text) - len(carets), len(text), STYLES[mark.finding.severity]),))
        yield from self.finding(mark.finding, len(lead), placed=mark.where is not None)


def acknowledged(ack: Mapping[str, str]) -> str:
    """With which codes an acknowledgement reports a finding: ``AK403 6``."""
    return ", ".join(f"{_ACKNOWLEDGED[element]} {code}" for element, code in ack.items() if element in _ACKNOWLEDGED)
