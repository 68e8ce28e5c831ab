"""Finding groups and messages in one interchange, and checking its envelope.

One pass of a regular expression visits the service segments alone; what stands
between them is taken apart only when a message is read.  Of the messages only
their offsets are remembered.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from transload.adapters.base.content import Content
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Beginning, Dialect, Frames, Groups, Interchange, Level, Mark
from transload.adapters.edi.reading.envelope_checks import EnvelopeCheck
from transload.adapters.edi.reading.events import events
from transload.adapters.edi.reading.outline import Outline, Seen
from transload.adapters.edi.reading.usual import usual
from transload.adapters.edi.segments import BLANKS, after_terminator
from transload.adapters.edi.services import Service, read_service
from transload.canonical.places import Place

_BINARY = re.compile(rb"(?:BIN|BDS.[^\W_]{0,3}).(\d{1,15}).", re.DOTALL)
_BLANK_RUN = re.compile(rb"[\r\n\t ]*")
_ANOTHER = re.compile(
    rb"(?<![A-Za-z0-9])(?:UNA(?=.{6}\s{0,9}UN[BGH])|UNB(?=\+UNO[A-Z]:)|ISA(?=[^\w\s]\d\d[^\w\s])|STX(?==ANAA?:))",
    re.DOTALL,
)
MOST_OUTSIDE = 10_000
"""So many segments outside of groups (TA1) are kept for one interchange."""


@dataclass(kw_only=True)
class _Open:
    """A group or message whose trailer is yet to come."""

    start: int
    body: int
    header_open: bool
    messages: int = 0
    binary: bool = False
    package: bool = False


@lru_cache(maxsize=64)
def _plain_marks(header_open: bool, binary: bool, package: bool, trailer: bool, closed: bool, cut: bool) -> int:
    marks = Mark.TRAILER if trailer else Mark(0)
    for mark, given in (
        (Mark.HEADER_OPEN, header_open),
        (Mark.BINARY, binary),
        (Mark.PACKAGE, package),
        (Mark.TRAILER_OPEN, trailer and not closed),
        (Mark.CUT, cut),
    ):
        marks |= mark if given else 0
    return int(marks)


@dataclass(kw_only=True)
class Framer:
    """Walks over one interchange; ``base`` holds what its beginning told."""

    content: Content
    dialect: Dialect
    base: Beginning
    reporter: Reporter
    messages: Outline = field(default_factory=lambda: Outline(Frames.WIDTH))
    groups: Outline = field(default_factory=lambda: Outline(Groups.WIDTH))
    outside: list[Service] = field(default_factory=list)
    group: _Open | None = None
    message: _Open | None = None
    after: int = 0
    """Where the last service segment outside of messages ended."""

    def __post_init__(self) -> None:
        self._group_header: Service | None = None
        self._separators = self.base.separators
        self._terminator, self._release = self.base.separators.ends
        self._check = EnvelopeCheck(self.content, self.dialect, self.base, self.reporter)
        self._group_references = Seen()
        self._levels = {tag: Level(level) for level, tag in enumerate(self.dialect.headers)}
        self._closing = {tag: Level(level) for level, tag in enumerate(self.dialect.trailers)}

    def run(self, pos: int) -> Interchange:
        """Frame what follows ``pos``, the end of the interchange's header.

        ``pos`` may also be the start of a first message or group, for an interchange without header.
        """
        content, release = self.content, self._release
        self.after = pos
        if self.base.header:
            self._check.service(self.base.header, self._where())
        pattern = events(self.dialect.tags, self._separators)
        begin, end = self.dialect.headers[2].encode(), self.dialect.trailers[2].encode()
        at = pos - 1
        if not self.base.header:
            at = self._event(content[pos : pos + 3].decode("latin-1"), pos) - 1
        while (hit := content.search(pattern, at)) is not None:
            offset, match = hit
            terminator = offset + match.start()
            if release and content[terminator - 1 : terminator] == release and self._released(terminator):
                at = terminator + 1
                continue
            start, tag = offset + match.start(1), match[1]
            stop = offset + match.end(2) if match[2] else None
            if tag == end and self.message is not None and not self.message.package:
                at = self._end_message(start, trailer=True, after=stop) - 1
            elif tag == begin and self.message is None and self._may_begin(start):
                at = self._begin_message(start, after=stop) - 1
            elif tag.decode("latin-1") in self.dialect.binary:
                at = self._skip_binary(start)
            elif (another := self._another_before(start)) < start:
                return self._finish(another, None)
            elif (place := self._other(tag.decode("latin-1"), start)) is None:
                return self._finish(start, None)
            elif place < 0:
                return self._finish(start, self._service(start))
            else:
                at = place - 1
        return self._finish(len(content), None)

    def _may_begin(self, start: int) -> bool:
        """Whether a message may begin at ``start`` without a further look, no message being open."""
        loose = self.group is None and (len(self.groups) > 0 or self.dialect.groups_needed)
        return not loose and (start == self.after or self.content[self.after : start].isspace())

    def _other(self, tag: str, start: int) -> int | None:
        """Take any segment in; gives where to go on: -1 at the interchange's trailer, None where another begins."""
        if tag in ("UNA", self.dialect.headers[0]):
            return None if tag != "UNA" or self._begins_with_una(start) else start + 3
        if tag == self.dialect.trailers[0]:
            return -1
        return self._event(tag, start)

    def _begins_with_una(self, start: int) -> bool:
        return _ANOTHER.match(self.content[start : start + 30]) is not None

    def _released(self, terminator: int) -> bool:
        """Whether the terminator at that offset is ordinary text, released by an odd number of release characters."""
        before = terminator
        while before > self.base.start and self.content[before - 1 : before] == self._release:
            before -= 1
        return (terminator - before) % 2 == 1

    def _service(self, start: int) -> Service:
        return read_service(self.content, start, self._separators, self.base.charset)

    def _end_of(self, start: int) -> tuple[int, bool]:
        """Where the segment at ``start`` ends, and whether it lacks its terminator."""
        end = after_terminator(self.content, start, self._separators)
        return (len(self.content), True) if end is None else (end, False)

    def _skip_binary(self, start: int) -> int:
        """Where to go on after the BIN or BDS segment at ``start``, whose length element says how long its data are."""
        if self.message:
            self.message.binary = True
        match = _BINARY.match(self.content[start : start + 30])
        if match and self.content.startswith(self._terminator, stop := start + match.end() + int(match[1])):
            return stop
        tag = self.content[start : start + 3].decode("latin-1")
        self._check.binary(start, self._where(tag, 1), match[1].decode() if match else None)
        return start

    def _where(self, tag: str | None = None, element: int | None = None) -> Place:
        return Place(
            interchange=self.base.number,
            group=len(self.groups) + 1 if self.group else None,
            message=len(self.messages) + 1 if self.message else None,
            tag=tag,
            element=element,
        )

    def _event(self, tag: str, start: int) -> int:
        """Take a service segment in; gives the offset after it."""
        if self.message is None:
            self._check_outside(start)
        package = self.dialect.package or ("", "")
        if tag == self.dialect.headers[2] or tag == package[0]:
            self._end_open(Level.MESSAGE, start)
            if self.group is None and (self.groups or self.dialect.groups_needed):
                self._check.mixed(start, self._where(tag))
            end = self._begin_message(start, package=tag == package[0])
        elif tag in self._levels:
            self._end_open(self._levels[tag], start)
            end = self._begin_group(start)
        elif tag in self._closing or tag == package[1]:
            end = self._close(tag, self._closing.get(tag, Level.MESSAGE), start)
        else:
            end = self._beside(start)
        if self.message is None:
            self.after = end
        return end

    def _beside(self, start: int) -> int:
        """Take in a segment that may stand outside of messages; inside of one it is none of ours."""
        end, _ = self._end_of(start)
        if self.message is None:
            if self.group is not None:
                self._check.within_group(start, self._where())
            if len(self.outside) < MOST_OUTSIDE:
                self.outside.append(service := self._service(start))
                self._check.service(service, self._where())
            else:
                self._check.too_many_outside(start, self._where(), MOST_OUTSIDE)
        return end

    def _check_outside(self, before: int) -> None:
        """Report segments that stand between messages, groups or envelope segments."""
        if self.after < before:
            self._check.outside(self.after, before, self._where())

    def _begin_group(self, start: int) -> int:
        service = self._service(start)
        first = self._group_references.first(self._check.reference(Level.GROUP, service), len(self.groups) + 1)
        _, header_open = self._end_of(start)
        self._group_header = service
        loose = len(self.messages) > 0 and not self.groups
        self.group = _Open(start=start, body=service.end, header_open=header_open)
        self._check.service(service, self._where())
        self._check.group_header(service, self._where(service.tag), first)
        if loose:
            self._check.mixed(start, self._where(service.tag))
        return service.end

    def _begin_message(self, start: int, *, package: bool = False, after: int | None = None) -> int:
        end, header_open = (after, False) if after is not None else self._end_of(start)
        self.message = _Open(start=start, body=end, header_open=header_open, package=package)
        if package:
            return self._over_object(end)
        return end

    def _over_object(self, start: int) -> int:
        """Take in the UNP of the object that begins at ``start``, the end of UNO; gives the offset after it."""
        assert self.message
        assert self.dialect.package
        header = self._service(self.message.start)
        stated = header.element(4, 1)
        stop = start + int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= 18 else -1
        closing = self.dialect.package[1].encode() + self._separators.element.encode("latin-1")
        if stop >= 0 and self.content.startswith(closing, stop):
            return self._end_message(stop, trailer=True)
        self._check.binary(self.message.start, self._where(header.tag, 4), stated or None)
        reference = re.escape(header.element(1).encode("latin-1", errors="replace"))
        own = re.escape(closing) + rb"\d{0,18}" + re.escape(self._separators.element.encode("latin-1")) + reference
        hit = self.content.search(re.compile(own + re.escape(self._terminator)), start)
        return self._end_message(hit[0] + hit[1].start(), trailer=True) if hit else start

    def _close(self, tag: str, level: Level, start: int) -> int:
        self._end_open(level + 1, start)
        if level is Level.MESSAGE and self.message:
            return self._end_message(start, trailer=True)
        if level is Level.GROUP and self.group:
            trailer = self._service(start)
            self._end_group(trailer)
            return trailer.end
        self._check.no_header(start, level, self._where(tag))
        return self._end_of(start)[0]

    def _end_open(self, level: int, before: int) -> None:
        """End what is open at ``level`` or deeper; its trailer is missing."""
        if self.message and level <= Level.MESSAGE:
            self._end_message(before, trailer=False)
            self.after = before
        if self.group and level <= Level.GROUP:
            self._check.no_trailer(Level.GROUP, self._group_header, before, self._where())
            self._end_group(None)

    def _end_message(self, body_end: int, *, trailer: bool, after: int | None = None) -> int:
        """End the open message, with the trailer at ``body_end`` if there is one; gives the offset after it.

        ``after`` is that offset, where it is known.
        """
        opened = self.message
        assert opened
        end, closed, cut = body_end, True, False
        if trailer:
            end, cut_off = (after, False) if after is not None else self._end_of(body_end)
            closed = not cut_off
        else:
            tail = self.content[max(opened.body, body_end - 4096) : body_end].rstrip(BLANKS)
            cut = len(tail) > 0 and not tail.endswith(self._terminator)
        group = len(self.groups) + 1 if self.group else 0
        marks = _plain_marks(opened.header_open, opened.binary, opened.package, trailer, closed, cut)
        self.messages.append((opened.start, opened.body, body_end, end, group, marks))
        if self.group:
            self.group.messages += 1
        self.message = None
        self.after = end
        return end

    def _end_group(self, trailer: Service | None) -> None:
        opened, header = self.group, self._group_header
        assert opened
        assert header
        start = end = opened.body
        closed = True
        if trailer:
            start, end = trailer.start, trailer.end
            closed = self.content.startswith(self._terminator, end - 1)
            where = self._where(trailer.tag)
            self._check.service(trailer, where)
            if not opened.messages:
                self._check.empty(Level.GROUP, trailer, where)
            self._check.count(Level.GROUP, trailer, opened.messages, "messages", where)
            self._check.pair(Level.GROUP, header, trailer, where)
        marks = _plain_marks(opened.header_open, opened.binary, opened.package, trailer is not None, closed, False)
        self.groups.append((opened.start, opened.body, start, end, opened.messages, marks))
        self.group = None

    def _finish(self, end: int, trailer: Service | None) -> Interchange:
        """End the interchange: at its trailer, or where something else begins, or with the payload."""
        header, check = self.base.header, self._check
        if trailer is None:
            end = self._another_before(end)
        if self.message is None:
            self._check_outside(end)
        if trailer is None and end == len(self.content) and (self.message or self._unterminated()):
            check.truncated(self._where(), within=self.message is not None)
        self._end_open(Level.GROUP, end)
        if trailer and not self.content.startswith(self._terminator, trailer.end - 1):
            check.truncated(self._where(), within=False)
        if trailer:
            check.service(trailer, self._where())
            grouped = (len(self.groups) > 0 or self.dialect.groups_needed) and not self.dialect.counts_messages
            count, unit = (len(self.groups), "groups") if grouped else (len(self.messages), "messages")
            check.count(Level.INTERCHANGE, trailer, count, unit, self._where(trailer.tag))
            if header:
                check.pair(Level.INTERCHANGE, header, trailer, self._where(trailer.tag))
            if header and not self.messages and not self.groups and not self.outside:
                check.empty(Level.INTERCHANGE, trailer, self._where(trailer.tag))
        elif header:
            check.no_trailer(Level.INTERCHANGE, header, end, self._where())
        stop = trailer.end if trailer else end
        separators, charset = self._separators, self.base.charset
        reference = self.dialect.references[Level.MESSAGE]
        return Interchange(
            *self.base,
            newline=self._blanks(header.end) if header else "",
            end=stop,
            trailer=trailer,
            final=self._blanks(stop),
            groups=Groups(self.content, separators, charset, self.groups),
            frames=Frames(self.content, reference, separators, charset, self.messages),
            outside=tuple(self.outside),
            findings=self.reporter.close(),
        )

    def _another_before(self, end: int) -> int:
        """Where, before ``end``, an interchange of another standard begins: the search for our tags passed it by."""
        start = self.message.body if self.message else self.after
        hit = self.content.search(_ANOTHER, start, end) if start < end else None
        if hit is None:
            return end
        place = hit[0] + hit[1].start()
        before = self.content[max(place - 200, start) : place].rstrip(BLANKS)
        return place if not before or before.endswith((self._terminator, b"~", b"'")) else end

    def _blanks(self, start: int) -> str:
        """The line ends and blanks that follow ``start``, as text."""
        match = _BLANK_RUN.match(self.content[start : start + 100])
        return match[0].decode() if match else ""

    def _unterminated(self) -> bool:
        size = len(self.content)
        tail = self.content[max(size - 4096, self.base.start) : size].rstrip(BLANKS)
        return bool(tail) and not tail.endswith(self._terminator)


def frame(content: Content, dialect: Dialect, base: Beginning, reporter: Reporter, pos: int) -> Interchange:
    """The interchange ``base`` with its groups, messages and findings; ``pos`` is where its header ends."""
    return usual(content, dialect, base, reporter) or Framer(
        content=content, dialect=dialect, base=base, reporter=reporter
    ).run(pos)
