"""The body of a fixed-width message: its lines, and the way back from a range to its bytes."""

from collections.abc import Sequence
from dataclasses import replace

from transload.adapters.base.format import Records
from transload.adapters.base.rows.text import RowText
from transload.adapters.fixed.width import Width
from transload.canonical.places import Place


class FixedRecords(Records):
    """Lines as segments ``["record", line]``: which ranges they have is known to the mapping alone."""

    component = ""
    repetition = ""

    def __init__(self, lines: Sequence[tuple[int, int]], *, source: RowText, width: Width, number: int) -> None:
        text = source.text
        self.segments = [["record", text[start:end]] for start, end in lines]
        self._lines = lines
        self._source = source
        self._width = width
        self._number = number

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        """Where a value stands; ``element`` is the first character (or byte) of its range, from 1."""
        del repetition, component
        source, lines = self._source, self._lines
        if not 0 <= segment < len(lines):
            at = lines[-1][1] if lines and segment > 0 else lines[0][0] if lines else 0
            return replace(source.place(at), message=self._number)
        start, end = lines[segment]
        found = replace(source.place(start), message=self._number)
        if element is None or found.byte is None:
            return found
        line = source.text[start:end]
        if self._width.wide:
            ahead = min(element - 1, self._width.length(line))
        else:
            ahead = len(line[: element - 1].encode(source.charset))
        return replace(found, byte=found.byte + ahead)
