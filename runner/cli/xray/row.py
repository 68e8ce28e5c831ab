"""One row of the picture: a stretch of the file as it stands, what it is, and which of its bytes findings speak of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from transload.adapters.edi.separators import Separators
from transload.adapters.edi.tokens import Token, span, take_apart
from transload.canonical.findings import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A finding about a row, and the bytes of the row that it means; None where it means none of them."""

    finding: Finding
    where: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """How the bytes of a row are a segment: its terminator stands at ``end``; ``binary`` as in `take_apart`."""

    separators: Separators
    end: int
    binary: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """A stretch of the file: ``raw`` are its bytes from offset ``start`` on, and ``more`` than that stand there.

    ``segment`` is None where they are no segment.  ``lead`` stands before it: position, line and indentation.
    ``title`` says what it is.
    """

    start: int
    raw: bytes
    codec: str
    segment: Segment | None = None
    lead: str = ""
    title: str = ""
    findings: Iterable[Finding] = field(default=())
    more: int = 0

    @cached_property
    def tokens(self) -> Sequence[Token]:
        """The parts of the segment; none where it is none."""
        if self.segment is None:
            return ()
        return take_apart(self.raw, self.segment.separators, end=self.segment.end, binary=self.segment.binary)

    @cached_property
    def marks(self) -> list[Mark]:
        """The findings with their bytes, in the order of those."""
        marks = [self._mark(finding) for finding in self.findings]
        return sorted(marks, key=lambda mark: mark.where[0] if mark.where else len(self.raw) + 1)

    def _mark(self, finding: Finding) -> Mark:
        place = finding.place
        if place is None or place.byte is None or not self.start <= place.byte <= self.start + len(self.raw):
            return Mark(finding=finding)
        at = place.byte - self.start
        if self.segment is None:
            return Mark(finding=finding, where=(at, at))
        tag = self.tokens[0]
        own = place.tag in (None, self.raw[tag.start : tag.stop].decode("latin-1"))
        if not own:
            return Mark(finding=finding)  # it speaks of what should stand here
        if place.element is not None:
            where = span(self.tokens, place.element, place.repetition, place.component)
            return Mark(finding=finding, where=where or (self.segment.end, self.segment.end))
        return Mark(finding=finding, where=(tag.start, tag.stop) if at <= tag.start else (at, at + 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """Bytes of a file that are no segment."""

    start: int
    end: int
    title: str
    codec: str


def gutter(position: int | None, line: int) -> str:
    """What stands before a stretch of the file: the segment's position in its message, and its line."""
    return f"{position if position is not None else '':>4} {line:>5}  "
