"""The checks of one message that need no guide: its header and trailer, its characters, its tags."""

import re
from dataclasses import replace
from functools import lru_cache

from transload.adapters.edi.charsets import SYNTAX, decode
from transload.adapters.edi.edifact import EDIFACT_DIALECT
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Dialect, Frame, Interchange, Level, states
from transload.adapters.edi.records import EdiRecords
from transload.adapters.edi.x12 import X12_DIALECT
from transload.canonical.findings import Severity
from transload.canonical.places import Place

DIALECTS: dict[str, Dialect] = {"edifact": EDIFACT_DIALECT, "x12": X12_DIALECT}
_TAGS = {"edifact": re.compile(r"[A-Z][A-Z0-9]{2}"), "x12": re.compile(r"[A-Z][A-Z0-9]{1,2}")}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u241c-\u241f]")
_MOST_TAGS = 20
_ASCII = bytes(range(0x80))


@lru_cache(maxsize=4096)
def _is_tag(standard: str, text: str) -> bool:
    return _TAGS[standard].fullmatch(text) is not None


class MessageCheck:
    """Adds what is wrong with one message to ``reporter``, check by check."""

    def __init__(self, interchange: Interchange, frame: Frame, records: EdiRecords, reporter: Reporter) -> None:
        self.dialect = DIALECTS[interchange.standard]
        self.interchange = interchange
        self.frame = frame
        self.records = records
        self.reporter = reporter

    def _where(self, segment: int | None = None, tag: str | None = None, element: int | None = None) -> Place:
        return Place(
            interchange=self.interchange.number,
            group=self.frame.group,
            message=self.frame.number,
            segment=segment,
            tag=tag,
            element=element,
        )

    def header(self, kind: str) -> None:
        """Report a header without reference or type ``kind``, and a reference that an earlier message has."""
        header = self.frame.header
        element = self.dialect.references[Level.MESSAGE]
        where = self._where(1, header.tag, element)
        reference = header.element(element)
        if not reference.strip():
            self.reporter.add(
                "E-ENVELOPE",
                "the message has no reference",
                header.start,
                ack=self.dialect.ack("no-reference", Level.MESSAGE),
                where=where,
            )
        if not kind:
            self.reporter.add(
                "E-ENVELOPE",
                "the message does not say of what type it is",
                header.start,
                ack=self.dialect.ack("missing", Level.MESSAGE),
                where=replace(where, element=1 if self.dialect.standard == "x12" else 2),
            )
        if self.frame.repeats:
            self.reporter.add(
                "E-DUPLICATE",
                f"message {self.frame.repeats} has the same reference",
                header.start,
                value=reference,
                allow="duplicate",
                ack=self.dialect.ack("duplicate", Level.MESSAGE),
                where=where,
            )

    def undecodable(self, raw: bytes, offset: int) -> None:
        """Report the byte at ``offset`` of the body ``raw``, which the character set does not know."""
        byte = self.frame.body_start + offset
        title = self.interchange.charset.title
        self.reporter.add(
            "E-CHARSET",
            f"byte 0x{raw[offset]:02X} is no character of {title}, {self._why()}",
            byte,
            value=raw[max(offset - 10, 0) : offset + 10].decode("latin-1"),
            hint="name the character set that this partner really uses with charset: under format",
            allow="charset",
            ack=self.dialect.ack("charset", Level.MESSAGE),
            where=self._segment_at(byte),
        )

    def _why(self) -> str:
        return "which the format names" if self.dialect.standard == "x12" else "which the interchange announces"

    def undeclared(self, raw: bytes) -> None:
        """Report the first byte beyond ASCII where no character set is declared; it is an error if it is UTF-8."""
        offset = len(raw) - len(raw.lstrip(_ASCII))
        _, undecodable = decode(raw, SYNTAX["UNOW"])
        mixed_up = undecodable is None
        byte = self.frame.body_start + offset
        self.reporter.add(
            "E-CHARSET" if mixed_up else "W-CHARSET",
            "this is UTF-8, and X12 is read as ISO 8859-1 unless the format names a character set"
            if mixed_up
            else f"byte 0x{raw[offset]:02X} is beyond ASCII, and no character set is agreed on; read as ISO 8859-1",
            byte,
            severity=Severity.ERROR if mixed_up else Severity.WARNING,
            value=raw[max(offset - 10, 0) : offset + 10].decode("latin-1"),
            hint=f"add charset: {'utf-8' if mixed_up else 'latin-1, or what the partner uses,'} under format",
            allow="charset",
            ack=self.dialect.ack("charset", Level.MESSAGE) if mixed_up else {},
            where=self._segment_at(byte),
        )

    def repertoire(self, text: str) -> None:
        """Report, as a warning, the first character that a subset of ASCII does not hold."""
        charset = self.interchange.charset
        if charset.foreign is None:
            return
        service = self.interchange.separators.service
        for match in charset.foreign.finditer(text):
            if match[0] not in service:
                byte = self.frame.body_start + match.start()  # these character sets are ASCII: a byte a character
                self.reporter.add(
                    "W-CHARSET",
                    f"{match[0]!r} is outside {charset.title}, which the interchange announces",
                    byte,
                    severity=Severity.WARNING,
                    value=match[0],
                    hint="it is read as it stands; the sender should announce UNOC or another wider set",
                    ack=self.dialect.ack("charset", Level.MESSAGE),
                    where=self._segment_at(byte),
                )
                return

    def _segment_at(self, byte: int) -> Place:
        for index, (start, stop) in enumerate(self.records.spans[: len(self.records.segments)]):
            if start <= byte <= stop:
                return self._where(index + 2, self.records.segments[index][0])
        return self._where()

    def empty(self, count: int) -> None:
        """Report ``count`` empty segments at the first of them."""
        payload, terminator = self.records.payload, self.interchange.separators.terminator.encode("latin-1")
        double = re.compile(re.escape(terminator) + rb"[ \t\r\n]*" + re.escape(terminator))
        match = double.search(payload, self.frame.body_start - 1, self.frame.body_end)
        self.reporter.add(
            "E-EMPTY-SEGMENT",
            f"{count} empty segments stand in this message" if count > 1 else "an empty segment stands in this message",
            match.end() - 1 if match else self.frame.body_start,
            hint="a terminator follows a terminator, the first time here; add empty-segments to lenient: to skip them",
            allow="empty-segments",
            ack=self.dialect.ack("segment", Level.MESSAGE),
            where=self._where(),
        )

    def controls(self, raw: bytes, *, decoded: bool) -> None:
        """Report control characters inside values; those above 0x7F only where the text was ``decoded``."""
        separators = self.interchange.separators
        unwanted = self.interchange.charset.controls.translate(None, separators.service.encode("latin-1"))
        end = separators.terminator.encode("latin-1")
        clean = len(raw) == len(raw.translate(None, unwanted))
        if clean and ((b"\n" not in raw and b"\r" not in raw) or self._breaks_between_segments(end)):
            return
        found = [
            (index, number, value)
            for index, segment in enumerate(self.records.segments)
            for number, value in enumerate(segment)
            if self._has_control(value, decoded=decoded)
        ]
        if not found:
            return
        index, number, value = found[0]
        place = self.records.place(index, number or None)
        many = f"; {len(found)} values have some, the first is shown" if len(found) > 1 else ""
        self.reporter.add(
            "E-CONTROL",
            f"there is a control character or a line end inside a value{many}",
            place.byte or 0,
            value=value,
            allow="control-characters",
            ack=self.dialect.ack("control", Level.MESSAGE),
            where=place,
        )

    def _breaks_between_segments(self, end: bytes) -> bool:
        """Whether each line end of the body stands right after a terminator."""
        span = (self.frame.body_start - 1, self.frame.body_end)
        count = self.records.payload.count
        crlf, lf = count(b"\r\n", *span), count(b"\n", *span)
        return count(end + b"\r\n", *span) == crlf == count(b"\r", *span) and count(end + b"\n", *span) == lf - crlf

    def _has_control(self, value: str, *, decoded: bool) -> bool:
        known = {self.records.component, self.records.repetition}
        return any(
            match[0] not in known and (decoded or not "\x80" <= match[0] <= "\x9f")
            for match in _CONTROL.finditer(value)
        )

    def tags(self) -> None:
        """Report tags that cannot be any, where no guide says which are known."""
        standard = self.dialect.standard
        wrong = [tag for tag in {segment[0] for segment in self.records.segments} if not _is_tag(standard, tag)]
        if not wrong:
            return
        first = {segment[0]: index for index, segment in reversed(list(enumerate(self.records.segments)))}
        for tag in sorted(wrong, key=first.__getitem__)[:_MOST_TAGS]:
            place = self.records.place(first[tag])
            self.reporter.add(
                "E-TAG",
                f"{tag[:20]!r} cannot be the tag of a segment",
                place.byte or 0,
                value=tag[:60],
                ack=self.dialect.ack("segment", Level.MESSAGE),
                where=replace(place, tag=tag[:20]),
            )

    def trailer(self) -> None:
        """Report a missing trailer, or one whose count or reference does not fit."""
        header, trailer = self.frame.header, self.frame.trailer
        last = len(self.records.segments) + 2
        if trailer is None:
            tag = self.dialect.trailers[Level.MESSAGE]
            self.reporter.add(
                "E-TRAILER",
                f"the message has no {tag}" + (", and its last segment is cut" if self.frame.cut else ""),
                max(min(self.frame.body_end, len(self.records.payload) - 1), 0),
                ack=self.dialect.ack("trailer", Level.MESSAGE),
                where=self._where(last, tag),
            )
            return
        stated = trailer.element(1)
        if not states(stated, last):
            self.reporter.add(
                "E-COUNT",
                f"{trailer.tag} says {stated or 'nothing'}, but the message has {last} segments",
                trailer.start,
                value=stated,
                hint=f"{header.tag} and {trailer.tag} count; add count to lenient: if this partner counts otherwise",
                allow="count",
                ack=self.dialect.ack("count", Level.MESSAGE),
                where=self._where(last, trailer.tag, 1),
            )
        wanted = header.element(self.dialect.references[Level.MESSAGE])
        if trailer.element(2) != wanted:
            self.reporter.add(
                "E-REFERENCE",
                f"the reference in {trailer.tag} is not that in {header.tag}, which is {wanted!r}",
                trailer.start,
                value=trailer.element(2),
                allow="reference",
                ack=self.dialect.ack("reference", Level.MESSAGE),
                where=self._where(last, trailer.tag, 2),
            )
