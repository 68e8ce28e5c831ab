"""The body of a CSV message: its rows, and the way back from a cell to its bytes."""

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from transload.adapters.base.format import Records
from transload.adapters.base.rows.text import RowText
from transload.adapters.csv.scanning import Dialect, Row, scanned
from transload.adapters.csv.scanning import rows as scanned_rows
from transload.canonical.places import Place


class CsvRecords(Records):
    """Rows as segments ``["row", cell, ...]``.  ``header`` has the names of the columns; it is empty without one."""

    component = ""
    repetition = ""

    def __init__(
        self,
        start: int,
        stop: int,
        *,
        header: tuple[str, ...],
        source: RowText,
        dialect: Dialect,
        number: int,
        header_at: int,
        trim: bool,
    ) -> None:
        self.header = header
        self._span = start, stop
        self._source = source
        self._dialect = dialect
        piece = source.text[start:stop]
        if dialect.quote and dialect.quote in piece:
            self.segments = [["row", *row.cells] for row in self.rows]
        else:
            if source.newline == "\n" and "\r" in piece:
                piece = piece.replace("\r\n", "\n").removesuffix("\r")
            lines, delimiter = piece.split(source.newline), dialect.delimiter
            self.segments = [["row", *line.split(delimiter)] for line in lines if line]
        if trim:
            self.segments = [[*map(str.strip, segment)] for segment in self.segments]
        self._number = number
        self._known: dict[int, list[int]] = {}
        self._header_at = header_at

    @cached_property
    def rows(self) -> Sequence[Row]:
        """The rows with their offsets: found when they are asked for."""
        return [*scanned_rows(self._source, self._dialect, *self._span)]

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        """Where a cell stands; ``element`` is its column from 1.  Segment -1 is the header."""
        del repetition, component
        source = self._source
        if segment < 0:
            return source.place(self._header_at)
        if segment >= len(self.rows):
            at = self.rows[-1].end if self.rows else self._header_at
            return source.place(at, self._number)
        row = self.rows[segment]
        if element is None:
            return source.place(row.start, self._number)
        starts = self._known.get(segment)
        if starts is None:
            quote = self._dialect.quote
            if quote and quote in source.text[row.start : row.end]:
                _, starts = scanned(source, self._dialect, row.start, row.after)
            else:
                starts = [*accumulate((len(cell) + 1 for cell in row.cells), initial=row.start)][:-1]
            self._known[segment] = starts
        at = starts[element - 1] if element <= len(starts) else row.end
        name = self.header[element - 1] if element <= len(self.header) else str(element)
        return source.place(at, self._number, element, name)
