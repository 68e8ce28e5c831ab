"""The body of an EDI message: its segments, and the way back from a value to its bytes."""

from functools import cached_property

from transload.adapters.base.content import Content
from transload.adapters.base.format import Records
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Frame, Interchange
from transload.adapters.edi.segments import Split, locate, offset_in
from transload.canonical.places import Place


class EdiRecords(Records):
    """The segments between header and trailer.

    ``content`` is the whole payload.  ``decimal`` is the decimal mark that UNA announces, by default
    ``.``; EDIFACT allows both ``.`` and ``,`` whatever UNA says (ISO 9735:1988, 10.1).
    """

    def __init__(
        self, split: Split, *, content: Content, interchange: Interchange, frame: Frame, reporter: Reporter
    ) -> None:
        self._split = split
        self.component = split.component
        self.repetition = split.repetition
        self.content = content
        self._interchange = interchange
        self._frame = frame
        self._reporter = reporter

    @cached_property
    def segments(self) -> list[list[str]]:  # type: ignore[override]
        """The segments as lists, made when they are asked for."""
        split = self._split
        if split.binary is not None:
            return split.binary
        element = split.element
        return [text.split(element) for text in split.texts]

    @property
    def texts(self) -> tuple[list[str], str]:
        """The segments as texts, tag first, and what separates the elements in them."""
        if self._split.binary is not None:  # data may hold the separator of the message
            return super().texts
        return self._split.texts, self._split.element

    @property
    def decimal(self) -> str:
        """The decimal mark that the interchange announces."""
        return self._interchange.separators.decimal

    @property
    def release(self) -> str:
        """The release character of the interchange; empty where it has none."""
        return self._interchange.separators.release

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """First byte and terminator of each segment."""
        frame = self._frame
        start = frame.body_start
        raw = self.content[start : frame.body_end]
        if frame.package:
            return [(start, start + len(raw))]
        places = locate(raw, self._interchange.separators, binary=frame.binary)
        return [(start + first, start + stop) for first, stop in places]

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        """Where a value stands, with line and byte; ``segment`` -1 is the header, one past the end the trailer.

        For an element that the segment does not have, the byte is where the segment ends.
        """
        frame = self._frame
        if segment < 0:
            start, stop, tag = frame.header.start, frame.header.end - 1, frame.header.tag
        elif segment < len(self.spans):
            start, stop = self.spans[segment]
            tag = self.segments[segment][0]
        elif frame.trailer:
            start, stop, tag = frame.trailer.start, frame.trailer.end - 1, frame.trailer.tag
        else:
            start = stop = frame.body_end
            tag = None
        byte = start
        if element is not None:
            separators = self._interchange.separators
            byte += offset_in(self.content[start:stop], separators, element, repetition, component)
        where = Place(
            interchange=self._interchange.number,
            group=frame.group,
            message=frame.number,
            segment=segment + 2,
            tag=tag,
            element=element,
            repetition=repetition,
            component=component,
        )
        return self._reporter.place(min(byte, len(self.content) - 1), where)
