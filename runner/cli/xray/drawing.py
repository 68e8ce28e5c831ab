"""A whole file drawn, interchange by interchange and message by message, as they are read."""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from transload.adapters.edi.guides import Guide, find_guide
from transload.adapters.edi.interchange import Frame, Group, Interchange
from transload.adapters.edi.reading.messages import EdiReading, message_type
from transload.adapters.edi.services import Service
from transload.canonical.findings import Finding
from transload.runner.cli.screen import counted
from transload.runner.cli.xray import facts
from transload.runner.cli.xray.lines import FAINT, HEAD, Line, fold, line
from transload.runner.cli.xray.message import SEVERE, Choice, Picture
from transload.runner.cli.xray.row import Row, Segment, Stretch, gutter
from transload.runner.cli.xray.sheet import Sheet
from transload.runner.cli.xray.tally import Tally

MOST_SEGMENTS = 1000
"""So many segments of a file are shown; of what follows only what has errors or warnings, unless all is wanted."""
_LOOKED_AT = 1 << 12
_MOST_SERVICE = 1 << 12
_MOST_TYPES = 1000
_MOST_BLANKS = 8
_BLANKS = b" \t\r\n"
_UNA = 9


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the user asked for.

    ``message`` is the number of an interchange, or None for any, and that of a message in it.  ``errors`` leaves out
    what has neither errors nor warnings.  ``limit`` is how many segments of each message are shown.
    """

    message: tuple[int | None, int] | None = None
    errors: bool = False
    elements: bool = False
    limit: int | None = None
    everything: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """A stretch of an interchange: a service segment, a message, or neither."""

    start: int
    end: int
    service: Service | None = None
    frame: Frame | None = None
    group: Group | None = None
    opens: bool = False
    """Whether the service segment is the header of ``group``."""


class Drawing:
    """The lines of a file; ``tally`` is complete when they have been taken."""

    def __init__(
        self,
        reading: EdiReading,
        sheet: Sheet,
        wish: Wish,
    ) -> None:
        self.reading = reading
        self.sheet = sheet
        self.wish = wish
        self.tally = Tally()
        self._content = reading.scan.content
        self._left = MOST_SEGMENTS
        self._guides: dict[tuple[str, str, str], Guide | None] = {}
        self._told = 0
        self._head: list[Line] = []
        """The lines about the interchange that are shown once something in it is; ``_group`` about its group."""
        self._group: list[Line] = []
        self._skipped = 0
        """How many messages of this interchange were left out since the last line."""
        self._unseen = 0
        """How many in interchanges of which nothing was shown."""

    def lines(self) -> Iterator[Line]:
        """All lines but the summary."""
        at = 0
        for interchange in self.reading.interchanges:
            yield from self._between(at, interchange.start)
            if self._wanted(interchange):
                yield from self._interchange(interchange)
            at = interchange.end
        yield from self._between(at, len(self._content))
        for finding in self._of_file(0, len(self._content) + 1):
            yield from self.sheet.finding(finding, 0)
        yield from self._left_out(self._unseen, 0)

    def _wanted(self, interchange: Interchange) -> bool:
        if self.wish.message is None:
            return True
        number, message = self.wish.message
        return number in (None, interchange.number) and message <= len(interchange.frames)

    @property
    def _quiet(self) -> bool:
        """Whether only what has errors or warnings is shown from here on."""
        if self.wish.message is not None:
            return False
        return self.wish.errors or (self._left <= 0 and not self.wish.everything)

    # What stands outside of interchanges

    def _of_file(self, start: int, stop: int) -> list[Finding]:
        """The findings about the file between two offsets, those not told yet."""
        found: list[Finding] = []
        for finding in self.reading.scan.findings[self._told :]:
            if not start <= _byte(finding) < stop:
                break
            found.append(finding)
        self._told += len(found)
        self.tally.add(found)
        return found

    def _between(self, start: int, stop: int) -> Iterator[Line]:
        found = self._of_file(start, stop) if start < stop else []
        bounds = [*sorted({_byte(finding) for finding in found}), stop]
        for begin, end in pairwise(bounds):
            here = [finding for finding in found if _byte(finding) == begin]
            stray = Stretch(start=begin, end=end, title="belongs to no interchange", codec="utf-8")
            yield from self.sheet.stretch(stray, self.reading.scan, here)

    # An interchange

    def _interchange(self, interchange: Interchange) -> Iterator[Line]:
        self.tally.standards[interchange.standard] += 1
        self._head, self._group = list(self._facts(interchange)), []
        if not self._quiet:
            yield from self._flush()
        waiting = deque(sorted(interchange.findings, key=_byte))
        for part, following in with_next(self._parts(interchange)):
            here: list[Finding] = []
            while waiting and (following is None or _byte(waiting[0]) < following.start):
                here.append(waiting.popleft())
            if part.frame is not None:
                yield from self._message(interchange, part.frame, here)
            else:
                yield from self._outside(interchange, part, here)
        if self._head:
            self._unseen += self._skipped
        else:
            yield from self._left_out(self._skipped, 2)
        self._head, self._group, self._skipped = [], [], 0

    def _facts(self, interchange: Interchange) -> Iterator[Line]:
        title = f"interchange {interchange.number}: {interchange.standard.upper()}"
        yield line()
        yield from fold(title, self.sheet.width, style=HEAD)
        for name, value in facts.of_interchange(interchange, self.sheet.glyphs):
            yield from fold(f"{name:<12}{value}", self.sheet.width, indent=2, hang=12)
        yield line(f"{'seg':>4} {'line':>5}", FAINT)

    def _parts(self, interchange: Interchange) -> Iterator[_Part]:
        """All stretches of an interchange in their order; blanks between them are left out."""
        at = interchange.start
        for part in heapq.merge(services_of(interchange), messages_of(interchange), key=lambda part: part.start):
            yield from self._stray(at, part.start)
            yield part
            at = part.end
        yield from self._stray(at, interchange.end)

    def _stray(self, start: int, end: int) -> Iterator[_Part]:
        beginning = self._content[start : min(end, start + _LOOKED_AT)]
        if beginning.strip():
            yield _Part(start=start + len(beginning) - len(beginning.lstrip()), end=end)

    def _outside(self, interchange: Interchange, part: _Part, findings: list[Finding]) -> Iterator[Line]:
        """A service segment outside of messages, or what is none."""
        if self.wish.message is not None:
            findings = [finding for finding in findings if finding.place is None or finding.place.message is None]
        self.tally.add(findings)
        lines = list(self._service(interchange, part, findings))
        severe = any(SEVERE.wants(finding) for finding in findings)
        if severe or (part.group is None and not self._quiet) or (self.wish.message is None and not self._quiet):
            yield from self._flush()
            yield from lines
        elif part.opens:
            self._group = lines
        elif part.group is not None and self._group:
            self._group = []  # nothing of this group was shown
        elif self._head:
            self._head += lines
        else:
            yield from lines

    def _service(self, interchange: Interchange, part: _Part, findings: list[Finding]) -> Iterator[Line]:
        service, codec = part.service, interchange.charset.codec
        if service is None:
            stray = Stretch(start=part.start, end=part.end, title="outside of any message", codec=codec)
            yield from self.sheet.stretch(stray, self.reading.scan, findings)
            return
        if part.opens and part.group is not None:
            title = facts.of_group(part.group, interchange, self.sheet.glyphs)
            yield from fold(title, self.sheet.width, indent=2, style=HEAD)
        after = self._content[part.end : part.end + _MOST_BLANKS]
        raw = self._content[part.start : min(part.end, part.start + _MOST_SERVICE)]
        more = part.end - part.start - len(raw)
        if not more:
            raw += after[: len(after) - len(after.lstrip(_BLANKS))]
        segment = None
        if service.tag != "UNA":
            end = part.end - part.start
            end -= raw[end - 1 : end] == interchange.separators.ends[0]
            segment = Segment(separators=interchange.separators, end=min(end, len(raw)))
        row = Row(
            start=part.start,
            raw=raw,
            codec=codec,
            segment=segment,
            lead=gutter(None, self.reading.scan.reporter.lines.line(part.start)),
            title=facts.of_service(service, interchange, part.group),
            findings=findings,
            more=more,
        )
        yield from self.sheet.row(row)

    def _message(self, interchange: Interchange, frame: Frame, outer: list[Finding]) -> Iterator[Line]:
        if self.wish.message is not None and frame.number != self.wish.message[1]:
            return
        message = self.reading.message(interchange, frame)
        after = [finding for finding in outer if _byte(finding) >= frame.end and not _within(finding, frame)]
        findings = [*(finding for finding in outer if finding not in after), *message.findings]
        self.tally.add((*findings, *after))
        kind = facts.plain(f"{message.kind} {message.version}".strip(), interchange.separators)
        self.tally.types[self.sheet.glyphs.text(kind) or "without a type"] += 1
        if self._quiet and not any(SEVERE.wants(finding) for finding in (*findings, *after)):
            self._skipped += 1
            return
        picture = Picture(
            sheet=self.sheet,
            reading=self.reading,
            interchange=interchange,
            frame=frame,
            message=message,
            findings=findings,
            guide=self._guide(interchange, frame),
        )
        yield from self._flush()
        choice = self._choice()
        self._left -= len(picture.spans)
        yield from picture.lines(choice)
        for finding in after:
            yield from self.sheet.finding(finding, 2)

    def _choice(self) -> Choice:
        most = self.wish.limit
        if self.wish.errors:
            most = 0
        elif not self.wish.everything and self.wish.message is None:
            most = max(self._left, 0) if most is None else min(most, max(self._left, 0))
        return Choice(most=most, severe=self._quiet, elements=self.wish.elements)

    def _guide(self, interchange: Interchange, frame: Frame) -> Guide | None:
        key = (interchange.standard, *message_type(interchange, frame))
        checking = self.reading.checking
        if key not in self._guides:
            if len(self._guides) > _MOST_TYPES:  # types come from partners
                self._guides.clear()
            self._guides[key] = find_guide(*key, checking.folders, checking.overlays)
        return self._guides[key]

    def _flush(self) -> Iterator[Line]:
        """What was held back of the interchange and the group, and what was left out before."""
        yield from self._head
        self._head = []
        yield from self._left_out(self._skipped, 2)
        self._skipped = 0
        yield from self._group
        self._group = []

    def _left_out(self, messages: int, indent: int) -> Iterator[Line]:
        if messages:
            text = f"... {counted(messages, 'message')} without errors and warnings not shown"
            yield from fold(text, self.sheet.width, indent=indent, style=FAINT)


def services_of(interchange: Interchange) -> Iterator[_Part]:
    """The service segments of an interchange outside of its messages, in their order."""
    return heapq.merge(_envelope(interchange), _groups(interchange), key=lambda part: part.start)


def _envelope(interchange: Interchange) -> Iterator[_Part]:
    if interchange.una:
        end = interchange.start + _UNA
        yield _part(Service("UNA", (), interchange.start, end))
    if interchange.header is not None:
        yield _part(interchange.header)
    for service in interchange.outside:
        yield _part(service)
    if interchange.trailer is not None:
        yield _part(interchange.trailer)


def _groups(interchange: Interchange) -> Iterator[_Part]:
    for group in interchange.groups:
        yield _part(group.header, group, opens=True)
        if group.trailer is not None:
            yield _part(group.trailer, group)


def _part(service: Service, group: Group | None = None, *, opens: bool = False) -> _Part:
    return _Part(start=service.start, end=service.end, service=service, group=group, opens=opens)


def messages_of(interchange: Interchange) -> Iterator[_Part]:
    """The messages of an interchange as stretches of it."""
    for frame in interchange.frames:
        yield _Part(start=frame.start, end=frame.end, frame=frame)


def with_next(parts: Iterable[_Part]) -> Iterator[tuple[_Part, _Part | None]]:
    """Each part together with the one after it."""
    waiting: _Part | None = None
    for part in parts:
        if waiting is not None:
            yield waiting, part
        waiting = part
    if waiting is not None:
        yield waiting, None


def _within(finding: Finding, frame: Frame) -> bool:
    """Whether a finding is one about the message ``frame``."""
    return finding.place is not None and finding.place.message == frame.number


def _byte(finding: Finding) -> int:
    return (finding.place.byte if finding.place else None) or 0
