"""The body of a fixed-width message: its lines, and the way back from a range to its bytes."""

from collections.abc import Callable, Sequence
from functools import cached_property

from transload.adapters.base.format import Records
from transload.adapters.base.rows.text import RowText
from transload.adapters.fixed.width import Width
from transload.canonical.places import Place


class FixedRecords(Records):
    """Lines as segments ``["record", line]``: which ranges they have is known to the mapping alone."""

    component = ""
    repetition = ""

    def __init__(
        self,
        lines: Sequence[str],
        spans: Callable[[], Sequence[tuple[int, int]]],
        *,
        source: RowText,
        width: Width,
        number: int,
    ) -> None:
        self.lines = lines
        self._spans = spans
        self._source = source
        self._width = width
        self._number = number

    @cached_property
    def segments(self) -> list[list[str]]:  # type: ignore[override]
        """The lines as segments, for who knows no ranges."""
        return [["record", line] for line in self.lines]

    @cached_property
    def spans(self) -> Sequence[tuple[int, int]]:
        """The offsets of each line: found when they are asked for."""
        return self._spans()

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        """Where a value stands; ``element`` is the first character (or byte) of its range, from 1."""
        del repetition, component
        source, lines = self._source, self.spans
        if not 0 <= segment < len(lines):
            at = lines[-1][1] if lines and segment > 0 else lines[0][0] if lines else 0
            return source.place(at, self._number)
        start, end = lines[segment]
        if element is None:
            return source.place(start, self._number)
        if not self._width.wide:
            return source.place(min(start + element - 1, end), self._number)
        ahead = min(element - 1, self._width.length(source.text[start:end]))
        line, byte = source.line(start), source.byte(start) + ahead
        return Place(file=source.file, line=line, byte=byte, message=self._number)
