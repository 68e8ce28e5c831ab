"""Fixed width: lines cut into ranges, and joined from them, by compiled functions and templates, one for each tag."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import repeat, zip_longest
from operator import itemgetter
from typing import Any

from transload.adapters.base.format import ELEMENT, Records
from transload.adapters.fixed.records import FixedRecords
from transload.adapters.fixed.width import Width
from transload.canonical.places import Place
from transload.mappings.compiler.cutting import Cut, Cutting
from transload.mappings.compiler.quotes import Hole, bind, constant, either, expression, function, statements
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.shapes import ENDLESS, Range, Shapes
from transload.mappings.language.terms import Slot

CutLine = Callable[[str], list[str]]
_LINE_ENDS = ("\n", "\r")


class RangeCutting(Cutting):
    """Lines of characters, or of bytes where ``options`` say so."""

    def __init__(self, shapes: Shapes, options: Mapping[str, Any]) -> None:
        super().__init__(shapes)
        self._width = Width.of(options)
        length = options.get("length")
        quiet = shapes.ignored
        self._rows: dict[str, _Row] = {}
        for tag, shape in shapes.shapes.items():
            ranges = [spot for spot in shape.spots if isinstance(spot, Range)]
            ignored = [spot for spot in (*quiet.get(tag, ()), *quiet.get("", ())) if isinstance(spot, Range)]
            self._rows[tag] = _Row(tag, ranges, ignored, length)
        kind = shapes.kind if isinstance(shapes.kind, Range) else None
        self._kind = kind
        self._only = self._rows[shapes.word].cut if shapes.word in self._rows else self._unknown
        self._by_text: dict[str, CutLine] = {}
        if kind is not None:
            for text, tag in shapes.tags.items():
                self._by_text[kind.fill(text)] = self._by_text[text] = self._rows[tag].cut

    def cut(self, body: Records) -> Cut:
        """See `Cutting.cut`."""
        lines = body.lines if isinstance(body, FixedRecords) else [segment[1] for segment in body.segments]
        if self._width.wide and not all(map(str.isascii, lines)):
            segments = [self._cut_wide(line) for line in lines]
        elif self._kind is not None:
            first, last, find, other = self._kind.first - 1, self._kind.last, self._by_text.get, self._unknown
            segments = [find(line[first:last], other)(line) for line in lines]
        else:
            segments = [*map(self._only, lines)]

        def locate(index: int, element: int | None) -> Place:
            if not 0 <= index < len(segments):
                return body.place(index)
            tag = segments[index][0]
            row = self._rows.get(tag)
            spot = row.spot(element) if row is not None and element is not None else None
            if spot is None:
                return replace(body.place(index), tag=tag)
            found = body.place(index, spot.first)
            return Place(
                file=found.file, line=found.line, byte=found.byte, message=found.message, tag=tag, path=str(spot)
            )

        return Cut(segments, locate=locate, word=self._word)

    def _word(self, tag: str, element: int) -> str:
        row = self._rows.get(tag)
        return str((row.spot(element) if row is not None else None) or element)

    def _unknown(self, line: str) -> list[str]:
        """A line of a kind that the mapping does not have: it stays whole."""
        text = self._kind.strip(line[self._kind.first - 1 : self._kind.last]) if self._kind is not None else ""
        return [text or self.shapes.word, line.rstrip()]

    def _cut_wide(self, line: str) -> list[str]:
        """A line whose ranges count bytes, and that has characters of several bytes."""
        take = self._width.slice
        tag = self.shapes.word
        if self._kind is not None:
            text = self._kind.strip(take(line, self._kind.first - 1, self._kind.last))
            tag = self.shapes.tags.get(text, "")
        if tag not in self._rows:
            return self._unknown(line)
        row = self._rows[tag]
        record = [tag, *(spot.strip(take(line, spot.first - 1, spot.last)) for spot in row.ranges)]
        rest = [take(line, gap.first - 1, gap.last).strip() for gap in row.gaps]
        return [*record, *rest] if any(rest) else record

    def join(self, records: Sequence[str]) -> list[str]:
        """See `Cutting.join`: whole lines."""
        if not records:
            raise DomainError("nothing of the document can be written: no record of the mapping has a value")
        whole = "\n".join(records)
        usual = (
            whole.isascii()
            and f" {ELEMENT}" not in whole
            and " \n" not in whole
            and whole[-1] != " "
            and whole.count("\n") < len(records)
            and "\r" not in whole
        )
        return [self._joined(record.split(ELEMENT), usual=usual) for record in records]

    def _joined(self, parts: list[str], *, usual: bool) -> str:
        """One line.  ``usual`` says that no value of the document ends with a blank, or needs to be looked at."""
        row = self._rows[parts[0]]
        if usual and row.template is not None:
            missing = row.count - len(parts)
            if missing:
                parts += [""] * missing
            line: str = row.template % tuple(parts)
            if len(line) == row.length:
                return line
        return self._carefully(row, parts[1:])

    def _carefully(self, row: "_Row", values: Sequence[str]) -> str:
        """Each value is looked at by itself."""
        parts = [" "] * row.length
        for spot, value in zip_longest(row.ranges, values, fillvalue=""):
            assert isinstance(spot, Range)
            complaint = self._misfit(spot, value)
            if complaint is not None:
                raise DomainError(complaint)
            if value or not row.overlapping:
                missing = spot.width - self._width.length(value)
                filled = [spot.pad] * missing + [*value] if spot.right else [*value] + [spot.pad] * missing
                wider = len(value) - self._width.length(value)  # characters of several bytes take the room of several
                parts[spot.first - 1 : spot.last] = [*filled, *[""] * -wider]
        return "".join(parts)

    def refused(self, slot: Slot, text: str) -> str | None:
        """See `Cutting.refused`."""
        spot = slot.spots[0] if slot.spots else None
        return self._misfit(spot, text) if isinstance(spot, Range) else None

    def _misfit(self, spot: Range, value: str) -> str | None:
        """Why a value does not go into a range, or would be read as another one."""
        if not value.isascii() and self._width.unsaid:
            charset = self._width.charset.upper()
            return f"{value!r} is not ASCII, and in {charset} it must be said whether ranges count characters or bytes"
        length = self._width.length(value)
        if length > spot.width:
            return f"{value!r} has {length} {self._width.unit or 'characters'}, and the range {spot} has {spot.width}"
        if spot.strip(value) != value:
            side = "begins" if spot.right else "ends"
            return f"{value!r} {side} with what fills the range {spot} up, and would be read without it"
        if not value.isprintable() and any(mark in value for mark in _LINE_ENDS):
            return f"{value!r} holds a line end, and a record is one line"
        return None


class _Row:
    """One kind of record: its ranges, the gaps between them, how it is cut and put together."""

    def __init__(self, tag: str, ranges: list[Range], ignored: Sequence[Range], length: int | None) -> None:
        self.tag = tag
        self.ranges = ranges
        self.count = len(ranges) + 1
        self.gaps = _gaps(ranges, ignored, length)
        self.length = length or max((spot.last for spot in ranges), default=0)
        self.overlapping = any(one.overlaps(other) for n, one in enumerate(ranges) for other in ranges[:n])
        plain = not self.overlapping and all(spot.pad == " " and not spot.right for spot in ranges)
        self.template = _template(ranges, self.length) if plain else None
        self.cut = self._cutter()

    def spot(self, element: int) -> Range | None:
        """The range of an element, also of one that stands for a gap."""
        all_spots = (*self.ranges, *self.gaps)
        return all_spots[element - 1] if 0 < element <= len(all_spots) else None

    def _cutter(self) -> CutLine:
        """``cut(s)``: the record of one line, with the values of all gaps behind it where one of them has any."""
        names: dict[str, Any] = {}
        sides = {("lstrip" if spot.right else "rstrip", spot.strips) for spot in self.ranges}
        if len(sides) == 1 and len(self.ranges) > 1:  # all are filled up alike: no byte code for each range
            ((side, fill),) = sides
            slices = [slice(spot.first - 1, spot.last) for spot in self.ranges]
            names = {"MAP": map, "GET": itemgetter(*slices), "STRIP": getattr(str, side), "FILL": repeat(fill)}
            body = statements("e = [TAG, *MAP(STRIP, GET(s), FILL)]", TAG=constant(self.tag))
        else:
            holes: dict[str, Hole] = {"E0": constant(self.tag)}
            for number, spot in enumerate(self.ranges, 1):
                side = "lstrip" if spot.right else "rstrip"
                holes[f"E{number}"] = expression(
                    f"s[A:B].{side}(P)", A=constant(spot.first - 1), B=constant(spot.last), P=constant(spot.strips)
                )
            body = statements(f"e = [{', '.join(holes)}]", **holes)
        if self.gaps:
            rest = {f"G{n}": _text(gap) for n, gap in enumerate(self.gaps)}
            more = statements(f"e += [{', '.join(rest)}]", **rest)
            body += statements("if T:\n    MORE", T=either([_text(gap) for gap in self.gaps]), MORE=more)
        made: CutLine = bind([function("cut", ("s",), body + statements("return e"))], names, f"row {self.tag}")["cut"]
        return made


def _text(gap: Range) -> ast.expr:
    return expression("s[A:B].strip()", A=constant(gap.first - 1), B=constant(gap.last))


def _gaps(ranges: Sequence[Range], ignored: Sequence[Range], length: int | None) -> list[Range]:
    """What no entry and no ``ignores`` names, up to the end of the record, or of whatever line there is."""
    found = []
    start = 1
    for spot in sorted((*ranges, *ignored), key=lambda spot: spot.first):
        if spot.first > start:
            found.append(Range(start, spot.first - 1))
        start = max(start, spot.last + 1)
    end = length or ENDLESS
    return [*found, Range(start, end)] if start <= end else found


def _template(ranges: Sequence[Range], length: int) -> str:
    """The line with a place for each value, which is filled up with blanks."""
    parts = ["%.0s"]  # the tag
    start = 1
    for spot in ranges:
        parts.append(" " * (spot.first - start))
        parts.append(f"%-{spot.width}s")
        start = spot.last + 1
    return "".join(parts) + " " * (length - start + 1)
