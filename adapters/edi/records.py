"""The body of an EDI message: its segments, and the way back from a value to its bytes."""

from functools import cached_property

from transload.adapters.base.content import Content
from transload.adapters.base.format import Records
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Frame, Interchange
from transload.adapters.edi.segments import locate, offset_in
from transload.canonical.places import Place


class EdiRecords(Records):
    """The segments between header and trailer.

    ``content`` is the whole payload.  ``decimal`` is the decimal mark that UNA announces, by default
    ``.``; EDIFACT allows both ``.`` and ``,`` whatever UNA says (ISO 9735:1988, 10.1).
    """

    def __init__(
        self,
        segments: list[list[str]],
        component: str,
        repetition: str,
        *,
        content: Content,
        interchange: Interchange,
        frame: Frame,
        reporter: Reporter,
    ) -> None:
        self.segments = segments
        self.component = component
        self.repetition = repetition
        self.decimal = interchange.separators.decimal
        self.content = content
        self._interchange = interchange
        self._frame = frame
        self._reporter = reporter

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
