"""CSV: the columns that a mapping names, picked out of each row by the header, and put together as a sheet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

from transload.adapters.base.format import ELEMENT, Records
from transload.adapters.base.rows.sheet import Sheet
from transload.canonical.findings import Finding
from transload.canonical.places import Place
from transload.mappings.compiler.cutting import Cut, Cutting
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.shapes import Column, Shapes
from transload.mappings.source.problems import suggest

Cells = Sequence[str]
_KEPT = 8
"""So many headers of different files are remembered."""


class ColumnCutting(Cutting):
    """Rows of cells.  A body's ``header`` holds the names of its columns; it has none where they are numbered."""

    def __init__(self, shapes: Shapes, options: Mapping[str, Any]) -> None:
        super().__init__(shapes)
        self._optional = frozenset(options.get("optional") or ())
        found = next(iter(shapes.shapes.values()))
        self._columns = [spot for spot in found.spots if isinstance(spot, Column)]
        self._numbered = any(column.number is not None for column in self._columns)
        self._quiet = {str(spot) for spots in shapes.ignored.values() for spot in spots}
        self._kind = found.spots.index(shapes.kind) + 1 if shapes.kind is not None else 0
        self._picks: dict[tuple[str, ...], _Pick] = {}

    def cut(self, body: Records) -> Cut:
        """See `Cutting.cut`."""
        header = tuple(getattr(body, "header", ()))
        rows = body.segments
        if self._numbered:
            width = max(map(len, rows), default=1) - 1
            pick = self._picks.get((f"{width}",)) or self._resolved((f"{width}",), width)
        else:
            pick = self._picks.get(header) or self._resolved(header, 0)
        segments = pick.records(rows, self.shapes.word)
        if self._kind:
            tags, kind = self.shapes.tags, self._kind
            for record in segments:
                text = record[kind]
                record[0] = tags.get(text) or text or self.shapes.word

        def locate(index: int, element: int | None) -> Place:
            if not 0 <= index < len(segments) or element is None:
                return body.place(index)
            column = pick.column(element)
            if column is None:
                return replace(body.place(index), path=pick.word(element))
            return body.place(index, column + 1)

        def word(tag: str, element: int) -> str:
            del tag
            return pick.word(element)

        findings = self._missing(pick, body) if pick.missing else ()
        return Cut(segments, locate=locate, word=word, findings=findings)

    def _missing(self, pick: "_Pick", body: Records) -> list[Finding]:
        """A column without which nothing is known about its field, and which may only be called otherwise."""
        return [
            Finding(
                code="E-COLUMN",
                message=f"there is no column {name!r}, which the mapping reads",
                hint=suggest(name, pick.others, "")
                or f"say aliases: {{{name}: [...]}} under format:, or optional: [{name}] if it need not be there",
                place=replace(body.place(-1), path=name),
            )
            for name in pick.missing
            if name not in self._optional
        ]

    def _resolved(self, header: tuple[str, ...], width: int) -> "_Pick":
        """Which cell is which element.  Numbered columns have no header, so how many there are differs by message."""
        names = [str(column) for column in self._columns]
        if self._numbered:
            wanted: list[int | None] = [(column.number or 1) - 1 for column in self._columns]
            there: Sequence[str] = [str(n) for n in range(1, width + 1)]
            pick = _Pick(names, wanted, there, self._quiet)
            pick.missing = []
        else:
            places = {name: position for position, name in reversed([*enumerate(header)])}
            pick = _Pick(names, [places.get(name) for name in names], header, self._quiet)
        if len(self._picks) >= _KEPT:
            self._picks.clear()
        self._picks[header] = pick
        return pick

    def join(self, records: Sequence[str]) -> Sheet:
        """See `Cutting.join`."""
        if not records:
            raise DomainError("nothing of the document can be written: no row of the mapping has a value")
        rows = [record.partition(ELEMENT)[2] for record in records]
        if self._numbered:
            rows = [self._spread(row) for row in rows]
            count = max(column.number or 1 for column in self._columns)
            return Sheet(columns=[str(n) for n in range(1, count + 1)], rows=rows)
        return Sheet(columns=[str(column) for column in self._columns], rows=rows)

    def _spread(self, row: str) -> str:
        """A row in which the columns that the mapping does not name are empty."""
        cells = [""] * max(column.number or 1 for column in self._columns)
        for column, value in zip(self._columns, row.split(ELEMENT), strict=False):
            cells[(column.number or 1) - 1] = value
        return ELEMENT.join(cells).rstrip(ELEMENT)


class _Pick:
    """Which cell of a row is which element, for one header; None for a column that the header does not have."""

    def __init__(
        self, names: Sequence[str], wanted: Sequence[int | None], there: Sequence[str], quiet: set[str]
    ) -> None:
        self.names = names
        self.wanted = wanted
        self.missing = [name for name, position in zip(names, wanted, strict=True) if position is None]
        taken = {position for position in wanted if position is not None}
        rest = [n for n, name in enumerate(there) if n not in taken and name not in quiet]
        self.others = [there[n] for n in rest]
        self._rest = rest
        self._width = max((*taken, *rest), default=-1) + 1
        known = [position for position in wanted if position is not None]
        self._complete = len(known) == len(wanted)
        self._take: Callable[[Cells], Any] = itemgetter(*(n + 1 for n in known)) if len(known) > 1 else self._one
        self._same = known == [*range(len(known))] and not rest

    def _one(self, row: Cells) -> tuple[str, ...]:
        return tuple(row[n + 1] if n is not None else "" for n in self.wanted)

    def word(self, element: int) -> str:
        """What a mapping file calls an element."""
        names = (*self.names, *self.others)
        return names[element - 1] if 0 < element <= len(names) else str(element)

    def column(self, element: int) -> int | None:
        """The position of an element's cell in its row."""
        if element <= len(self.wanted):
            return self.wanted[element - 1]
        other = element - len(self.wanted) - 1
        return self._rest[other] if other < len(self._rest) else None

    def records(self, rows: Sequence[list[str]], tag: str) -> list[list[str]]:
        """The rows as records; one with values in other columns has them behind its elements."""
        width = self._width + 1
        if any(len(row) < width for row in rows):
            rows = [row + [""] * (width - len(row)) for row in rows]
        take = self._take if self._complete else self._one
        records = [[tag, *take(row)] for row in rows]
        if self._rest:
            rest = [n + 1 for n in self._rest]
            for record, row in zip(records, rows, strict=True):
                others = [row[n] for n in rest]
                if any(others):
                    record += others
        return records
