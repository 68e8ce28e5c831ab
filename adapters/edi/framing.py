"""Finding groups and messages in the bytes of one interchange, and checking its envelope.

One pass of a regular expression visits the service segments alone; what stands
between them is taken apart only when a message is read.
"""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from re import Pattern

from transload.adapters.edi.charsets import decode
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Dialect, Frame, Group, Interchange, Level, Service, states
from transload.adapters.edi.segments import BLANKS, after_terminator, split_elements
from transload.canonical.places import Place

_BINARY = re.compile(rb"(?:BIN|BDS.[^\W_]{0,3}).(\d{1,15}).", re.DOTALL)
_BLANK_RUN = re.compile(rb"[\r\n\t ]*")
_SHOWN = 60


@lru_cache(maxsize=64)
def _events(tags: tuple[str, ...], element: str, terminator: str) -> Pattern[bytes]:
    """Finds, after a terminator and blanks, one of the tags, or what begins another interchange."""
    own, end = re.escape(element.encode("latin-1")), re.escape(terminator.encode("latin-1"))
    known = "|".join(tags).encode()
    return re.compile(
        end + rb"\s*+(?:(" + known + rb")(?=" + own + rb"|" + end + rb")"
        rb"|(UNA)(?=.{6}\s*UN[BGH])|(UNB)(?=\+UNO[A-Z]:)|(ISA)(?=[^\w\s]\d\d[^\w\s]))",
        re.DOTALL,
    )


@dataclass(kw_only=True)
class _Open:
    """A group or message whose trailer is yet to come."""

    number: int
    header: Service
    messages: int = 0
    binary: bool = False
    repeats: int | None = None


@dataclass(kw_only=True)
class Framer:
    """Walks over one interchange; ``base`` holds what its beginning told."""

    payload: bytes
    dialect: Dialect
    base: Interchange
    reporter: Reporter
    groups: list[Group] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    outside: list[Service] = field(default_factory=list)
    group: _Open | None = None
    message: _Open | None = None
    after: int = 0
    """Where the last service segment outside of messages ended."""
    mixed: bool = False

    def __post_init__(self) -> None:
        self._message_references: dict[tuple[int, str], int] = {}
        self._group_references: dict[str, int] = {}
        self._release = self.base.separators.release.encode("latin-1")
        self._terminator = self.base.separators.terminator.encode("latin-1")
        self._levels = {tag: Level(level) for level, tag in enumerate(self.dialect.headers)}
        self._closing = {tag: Level(level) for level, tag in enumerate(self.dialect.trailers)}

    def run(self, pos: int) -> Interchange:
        """Frame what follows ``pos``, the end of the interchange's header.

        ``pos`` may also be the start of a first message or group, for an interchange without header.
        """
        self.after = pos
        tags = (*self.dialect.headers, *self.dialect.trailers, *sorted(self.dialect.outside))
        if self.dialect.standard == "x12":
            tags += ("BIN", "BDS")
        search = _events(tags, self.base.separators.element, self.base.separators.terminator).search
        payload = self.payload
        at = (pos if self.base.header else self._event(self._service(pos))) - 1
        while (match := search(payload, at)) is not None:
            start = match.start(match.lastindex or 0)
            if self._released(match.start()):
                at = match.start() + 1
                continue
            tag = payload[start : match.end()].decode("latin-1")
            if tag in ("BIN", "BDS"):
                at = self._skip_binary(start)
                continue
            if tag in ("UNA", "UNB", "ISA"):
                return self._finish(start, None)
            service = self._service(start)
            if tag == self.dialect.trailers[0]:
                return self._finish(service.start, service)
            at = self._event(service) - 1
        return self._finish(len(payload), None)

    def _released(self, terminator: int) -> bool:
        """Whether the terminator at that offset is ordinary text, released by an odd number of release characters."""
        if not self._release:
            return False
        before = terminator
        while before > self.base.start and self.payload[before - 1 : before] == self._release:
            before -= 1
        return (terminator - before) % 2 == 1

    def _service(self, start: int) -> Service:
        end = after_terminator(self.payload, start, self._terminator, self._release)
        stop = len(self.payload) if end is None else end - 1
        text, _ = decode(self.payload[start:stop], self.base.charset)
        tag, *elements = split_elements(text, self.base.separators)
        return Service(tag=tag, elements=tuple(elements), start=start, end=stop if end is None else end)

    def _skip_binary(self, start: int) -> int:
        """Where to go on after the BIN or BDS segment at ``start``, whose length element says how long its data are."""
        if self.message:
            self.message.binary = True
        match = _BINARY.match(self.payload, start, start + 30)
        if match and self.payload[(stop := match.end() + int(match[1])) : stop + 1] == self._terminator:
            return stop
        self.reporter.add(
            "E-BINARY",
            "the length that this segment gives for its binary data does not lead to a segment terminator",
            start,
            value=match[1].decode() if match else None,
            hint="the data are read up to the next terminator",
            ack=self.dialect.ack("value", Level.MESSAGE),
            where=self._where(self.payload[start : start + 3].decode("latin-1"), 1),
        )
        return start

    def _where(self, tag: str | None = None, element: int | None = None) -> Place:
        return Place(
            interchange=self.base.number,
            group=self.group.number if self.group else None,
            message=self.message.number if self.message else None,
            tag=tag,
            element=element,
        )

    def _event(self, service: Service) -> int:
        """Take a service segment in; gives the offset after it."""
        if self.message is None:
            self._check_outside(service.start)
        if service.tag in self._levels:
            self._open(self._levels[service.tag], service)
        elif service.tag in self._closing:
            self._close(self._closing[service.tag], service)
        elif self.message is None:
            self.outside.append(service)
        if self.message is None:
            self.after = service.end
        return service.end

    def _check_outside(self, before: int) -> None:
        """Report segments that stand between messages, groups or envelope segments."""
        stray = self.payload[self.after : before]
        if not stray.strip():
            return
        start = self.after + len(stray) - len(stray.lstrip())
        text = stray.strip().decode("latin-1")
        self.reporter.add(
            "E-OUTSIDE",
            "there are segments outside of any message",
            start,
            value=text if len(text) <= _SHOWN else text[:_SHOWN] + "...",
            hint=f"between messages only {' and '.join(self.dialect.headers[1:])} may begin",
            ack=self.dialect.ack("outside", Level.GROUP if self.group else Level.INTERCHANGE),
            where=self._where(re.split(r"\W", text[:9], maxsplit=1)[0] or None),
        )

    def _open(self, level: Level, service: Service) -> None:
        self._end_open(level, service.start)
        if level is Level.GROUP:
            self._open_group(service)
        else:
            self._open_message(service)

    def _open_group(self, service: Service) -> None:
        self.group = _Open(number=len(self.groups) + 1, header=service)
        reference = service.element(self.dialect.references[Level.GROUP])
        self._check_reference(Level.GROUP, service, reference)
        earlier = self._group_references.setdefault(reference, self.group.number)
        if reference and earlier != self.group.number:
            self._fault(
                "E-DUPLICATE",
                f"group {earlier} has the same reference",
                service,
                Level.GROUP,
                "duplicate",
                element=self.dialect.references[Level.GROUP],
                value=reference,
            )
        if self.frames and not self.groups:
            self._mix(service)

    def _open_message(self, service: Service) -> None:
        if self.group is None and (self.groups or self.dialect.groups_needed):
            self._mix(service)
        self.message = _Open(number=len(self.frames) + 1, header=service)
        if self.group:
            self.group.messages += 1
        reference = service.element(self.dialect.references[Level.MESSAGE])
        group = self.group.number if self.group else 0
        earlier = self._message_references.setdefault((group, reference), self.message.number)
        if reference and earlier != self.message.number:
            self.message.repeats = earlier

    def _mix(self, service: Service) -> None:
        if self.mixed:
            return
        self.mixed = True
        header, trailer = self.dialect.headers[1], self.dialect.trailers[1]
        self.reporter.add(
            "E-GROUP",
            f"a message stands outside of {header} and {trailer}"
            + ("" if self.dialect.groups_needed else ", though the interchange uses groups"),
            service.start,
            ack=self.dialect.ack("mixed", Level.INTERCHANGE),
            where=self._where(service.tag),
        )

    def _close(self, level: Level, service: Service) -> None:
        self._end_open(level + 1, service.start)
        if level is Level.MESSAGE and self.message:
            self._end_message(service.start, service)
        elif level is Level.GROUP and self.group:
            self._end_group(service)
        else:
            self.reporter.add(
                "E-HEADER",
                f"{service.tag} ends a {level.word} that no {self.dialect.headers[level]} began",
                service.start,
                ack=self.dialect.ack("header", level),
                where=self._where(service.tag),
            )

    def _end_open(self, level: int, before: int) -> None:
        """End what is open at ``level`` or deeper; its trailer is missing."""
        if self.message and level <= Level.MESSAGE:
            self._end_message(before, None)
            self.after = before
        if self.group and level <= Level.GROUP:
            self._missing_trailer(Level.GROUP, self.group.header, before)
            self._end_group(None)

    def _end_message(self, body_end: int, trailer: Service | None) -> None:
        assert self.message
        cut = False
        if trailer is None:
            stop = body_end
            tail = self.payload[max(self.message.header.end, stop - 4096) : stop].rstrip(BLANKS)
            cut = not tail.endswith(self._terminator) and len(tail) > 0
        self.frames.append(
            Frame(
                number=self.message.number,
                group=self.group.number if self.group else None,
                header=self.message.header,
                trailer=trailer,
                end=trailer.end if trailer else body_end,
                body_end=body_end,
                repeats=self.message.repeats,
                binary=self.message.binary,
                cut=cut,
            )
        )
        self.message = None

    def _end_group(self, trailer: Service | None) -> None:
        assert self.group
        group = Group(number=self.group.number, header=self.group.header, trailer=trailer, messages=self.group.messages)
        if trailer:
            self._check_count(Level.GROUP, trailer, group.messages, "messages")
            self._check_pair(Level.GROUP, group.header, trailer)
        self.groups.append(group)
        self.group = None

    def _missing_trailer(self, level: Level, header: Service | None, before: int) -> None:
        tag = self.dialect.trailers[level]
        begun = f" that {header.tag} began" if header else ""
        self.reporter.add(
            "E-TRAILER",
            f"the {level.word}{begun} has no {tag}",
            min(before, max(len(self.payload) - 1, 0)),
            allow="interchange-trailer" if level is Level.INTERCHANGE else None,
            ack=self.dialect.ack("trailer", level),
            where=self._where(tag),
        )

    def _finish(self, end: int, trailer: Service | None) -> Interchange:
        """End the interchange: at its trailer, or where something else begins, or with the payload."""
        header = self.base.header
        if self.message is None:
            self._check_outside(end)
        at_end = trailer is None and end == len(self.payload)
        if at_end and (self.message or self._unterminated()):
            self._truncated()
        self._end_open(Level.GROUP, end)
        if trailer and self.payload[trailer.end - 1 : trailer.end] != self._terminator:
            self._truncated()
        if trailer:
            count, unit = (len(self.groups), "groups") if self._counts_groups() else (len(self.frames), "messages")
            self._check_count(Level.INTERCHANGE, trailer, count, unit)
            if header:
                self._check_pair(Level.INTERCHANGE, header, trailer)
            if header and not self.frames and not self.outside:
                self._fault("E-EMPTY", "there is no message in this interchange", trailer, Level.INTERCHANGE, "empty")
        elif header:
            self._missing_trailer(Level.INTERCHANGE, header, end)
        stop = trailer.end if trailer else end
        return replace(
            self.base,
            newline=self._blanks(header.end) if header else "",
            end=stop,
            trailer=trailer,
            final=self._blanks(stop),
            groups=tuple(self.groups),
            frames=tuple(self.frames),
            outside=tuple(self.outside),
            findings=self.reporter.close(),
        )

    def _counts_groups(self) -> bool:
        return bool(self.groups) or self.dialect.groups_needed

    def _blanks(self, start: int) -> str:
        """The line ends and blanks that follow ``start``, as text."""
        match = _BLANK_RUN.match(self.payload, start)
        return match[0].decode() if match else ""

    def _unterminated(self) -> bool:
        tail = self.payload[-4096:].rstrip(BLANKS)
        return bool(tail) and not tail.endswith(self._terminator)

    def _truncated(self) -> None:
        place = max(len(self.payload) - 1, 0)
        ends = self.payload.count(b"\n", self.base.start)
        lines = ends > 1 and self._terminator != b"\n" and self.payload.count(self._terminator, self.base.start) < 2
        shown = self.base.separators.terminator
        self.reporter.add(
            "E-TRUNCATED",
            f"the file ends in the middle of a {'message' if self.message else 'segment'}",
            place,
            hint=f"segments seem to end with the line here; the interchange says that they end with {shown}"
            if lines
            else "ask the sender to send it again, whole",
            value=self.payload[-30:].decode("latin-1").strip() or None,
            ack=self.dialect.ack("truncated", Level.INTERCHANGE),
            where=self._where(),
        )

    def _check_reference(self, level: Level, header: Service, reference: str) -> None:
        if not reference.strip():
            element = self.dialect.references[level]
            message = f"the {level.word} has no reference"
            self._fault("E-ENVELOPE", message, header, level, "no-reference", element=element)

    def _check_count(self, level: Level, trailer: Service, found: int, unit: str) -> None:
        stated = trailer.element(1)
        if states(stated, found):
            return
        units = unit if found != 1 else unit.removesuffix("s")
        message = f"{trailer.tag} says {stated or 'nothing'}, but the {level.word} has {found} {units}"
        self._fault("E-COUNT", message, trailer, level, "count", element=1, value=stated)

    def _check_pair(self, level: Level, header: Service, trailer: Service) -> None:
        stated, wanted = trailer.element(2), header.element(self.dialect.references[level])
        if stated == wanted:
            return
        message = f"the reference in {trailer.tag} is not that in {header.tag}, which is {wanted!r}"
        self._fault("E-REFERENCE", message, trailer, level, "reference", element=2, value=stated)

    def _fault(
        self,
        code: str,
        message: str,
        service: Service,
        level: Level,
        fault: str,
        *,
        element: int | None = None,
        value: str | None = None,
    ) -> None:
        self.reporter.add(
            code,
            message,
            service.start,
            value=value,
            allow=fault if fault in ("count", "duplicate", "reference") else None,
            ack=self.dialect.ack(fault, level),
            where=self._where(service.tag, element),
        )


def frame(payload: bytes, dialect: Dialect, base: Interchange, reporter: Reporter, pos: int) -> Interchange:
    """The interchange ``base`` with its groups, messages and findings; ``pos`` is where its header ends."""
    return Framer(payload=payload, dialect=dialect, base=base, reporter=reporter).run(pos)
