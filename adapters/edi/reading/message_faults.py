"""A close look at one message: each kind of fault of header, trailer, characters and tags as a finding."""

import re
from dataclasses import replace

from transload.adapters.edi.charsets import SYNTAX, UNDECLARED, decode
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Dialect, Frame, Interchange, Level
from transload.adapters.edi.reading.envelope_checks import check_number
from transload.adapters.edi.reading.records import EdiRecords
from transload.adapters.edi.services import OddByte, Service
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

TAGS = {
    "edifact": re.compile(r"[A-Z][A-Z0-9]{2}"),
    "x12": re.compile(r"[A-Z][A-Z0-9]{1,2}"),
    "tradacoms": re.compile(r"[A-Z][A-Z0-9]{2}"),
}
"""What can be the tag of a segment."""
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u241c-\u241f]")
_MOST_TAGS = 20
_ASCII = bytes(range(0x80))
_LATIN = ("iso8859-1", "iso8859-9", "iso8859-15")
"""Where the bytes of a UTF-8 letter are a capital with an accent and a sign, which no word has."""


class MessageFaults:
    """Collects what is wrong with one message."""

    __slots__ = ("_fresh", "_reporter", "dialect", "frame", "interchange", "records")

    def __init__(
        self, dialect: Dialect, interchange: Interchange, frame: Frame, records: EdiRecords, reporter: Reporter
    ) -> None:
        self.dialect = dialect
        self.interchange = interchange
        self.frame = frame
        self.records = records
        self._fresh = reporter
        self._reporter: Reporter | None = None

    @property
    def reporter(self) -> Reporter:
        """Where findings go: made when there is a first one."""
        if self._reporter is None:
            self._reporter = self._fresh.fresh()
        return self._reporter

    def close(self) -> tuple[Finding, ...]:
        """All findings."""
        return self._reporter.close() if self._reporter else ()

    def _where(self, segment: int | None = None, tag: str | None = None, element: int | None = None) -> Place:
        return Place(
            interchange=self.interchange.number,
            group=self.frame.group,
            message=self.frame.number,
            segment=segment,
            tag=tag,
            element=element,
        )

    def header(self, kind: str, reference: str) -> None:
        """Report a header without type ``kind``, and a reference that is none, of another form, or not the first."""
        header = self.frame.header
        element = self.dialect.references[Level.MESSAGE]
        where = self._where(1, header.tag, element)
        if not reference.strip():
            self.reporter.add(
                "E-ENVELOPE",
                "the message has no reference",
                header.start,
                ack=self.dialect.ack("no-reference", Level.MESSAGE),
                where=where,
            )
        else:
            check_number(self.dialect, Level.MESSAGE, header, self.reporter, where)
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

    def service(self, service: Service, segment: int | None, odd: OddByte) -> None:
        """Report a character that cannot stand in the message's header or trailer."""
        position = segment or len(self.records.texts[0]) + 2
        raw = self.records.content[service.start : service.end]
        self.reporter.add(
            odd.code,
            odd.message,
            service.start + odd.offset,
            value=raw[max(odd.offset - 10, 0) : odd.offset + 10].decode("latin-1"),
            allow="charset" if odd.code == "E-CHARSET" else "control-characters",
            ack=self.dialect.ack(odd.fault, Level.MESSAGE),
            where=self._where(position, service.tag),
        )

    def number(self) -> None:
        """Report a TRADACOMS message that does not have the number at which it stands."""
        header = self.frame.header
        self.reporter.add(
            "E-NUMBER",
            f"the message reference must be {self.frame.number}: messages of a transmission are counted from 1",
            header.start,
            value=header.element(1),
            allow="control-number",
            where=self._where(1, header.tag, 1),
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
        return "which the format names" if self.dialect.standard != "edifact" else "which the interchange announces"

    def beyond_ascii(self, raw: bytes) -> bool:
        """Report the first byte beyond ASCII where the text is UTF-8 that nobody declared; gives if it surely is.

        Reading UTF-8 as something else goes unnoticed until a person meets the text.  In the Latin sets its pairs of
        bytes mean nothing, so it is an error; in others two letters may look like one of UTF-8 by chance: a warning.
        Where no character set is declared at all, other bytes give a warning too.
        """
        _, not_utf8 = decode(raw, SYNTAX["UNOW"])
        charset = self.interchange.charset
        declared = charset is not UNDECLARED
        if not_utf8 is not None and declared:
            return False
        offset = len(raw) - len(raw.lstrip(_ASCII))
        title = charset.title
        surely = not_utf8 is None and charset.codec in _LATIN
        if not_utf8 is not None:
            message = f"byte 0x{raw[offset]:02X} is beyond ASCII, and no character set is agreed on; read as {title}"
        elif declared:
            message = f"this {'is' if surely else 'may be'} UTF-8, and {self._why_eight_bits(title)}"
        else:
            message = f"this is UTF-8, and {self._why_none()}"
        byte = self.frame.body_start + offset
        self.reporter.add(
            "E-CHARSET" if surely else "W-CHARSET",
            message,
            byte,
            severity=Severity.ERROR if surely else Severity.WARNING,
            value=raw[max(offset - 10, 0) : offset + 10].decode("latin-1"),
            hint=f"add charset: {'utf-8' if not_utf8 is None else 'latin-1, or what the partner uses,'} under format",
            allow="charset",
            ack=self.dialect.ack("charset", Level.MESSAGE) if surely else {},
            where=self._segment_at(byte),
        )
        return surely

    def _why_eight_bits(self, title: str) -> str:
        given = "the format names" if self.interchange.standard != "edifact" else "the interchange announces"
        return f"{given} {title}"

    def _why_none(self) -> str:
        standard = self.interchange.standard.upper()
        return f"{standard} is read as ISO 8859-1 unless the format names a character set"

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
        terminator = self.interchange.separators.ends[0]
        double = re.compile(re.escape(terminator) + rb"[ \t\r\n]*" + re.escape(terminator))
        start = self.frame.body_start - 1
        match = double.search(self.records.content[start : self.frame.body_end])
        self.reporter.add(
            "E-EMPTY-SEGMENT",
            f"{count} empty segments stand in this message" if count > 1 else "an empty segment stands in this message",
            start + match.end() - 1 if match else self.frame.body_start,
            hint="a terminator follows a terminator, the first time here; add empty-segments to lenient: to skip them",
            allow="empty-segments",
            ack=self.dialect.ack("segment", Level.MESSAGE),
            where=self._where(),
        )

    def controls(self, raw: bytes, unwanted: bytes, *, decoded: bool) -> None:
        """Report control characters inside values; those above 0x7F only where the text was ``decoded``."""
        end = self.interchange.separators.ends[0]
        clean = len(raw) == len(raw.translate(None, unwanted))
        if clean and self._breaks_between_segments(end):
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
        count = self.records.content[self.frame.body_start - 1 : self.frame.body_end].count
        crlf, lf = count(b"\r\n"), count(b"\n")
        return count(end + b"\r\n") == crlf == count(b"\r") and count(end + b"\n") == lf - crlf

    def _has_control(self, value: str, *, decoded: bool) -> bool:
        known = {self.records.component, self.records.repetition}
        return any(
            match[0] not in known and (decoded or not "\x80" <= match[0] <= "\x9f")
            for match in _CONTROL.finditer(value)
        )

    def tags(self) -> None:
        """Report tags that cannot be any, where no guide says which are known."""
        pattern = TAGS[self.dialect.standard]
        texts, element = self.records.texts
        wrong = [tag for tag in {text.split(element, 1)[0] for text in texts} if pattern.fullmatch(tag) is None]
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

    def trailer(self, last: int) -> None:
        """Report a missing trailer, or one whose count is not ``last``, the number of its own segment."""
        header, trailer = self.frame.header, self.frame.trailer
        if trailer is None:
            tag = self.dialect.package[1] if self.frame.package and self.dialect.package else self.dialect.trailers[2]
            self.reporter.add(
                "E-TRAILER",
                f"the message has no {tag}" + (", and its last segment is cut" if self.frame.cut else ""),
                max(min(self.frame.body_end, len(self.records.content) - 1), 0),
                ack=self.dialect.ack("trailer", Level.MESSAGE),
                where=self._where(last, tag),
            )
            return
        stated = trailer.element(1)
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

    def trailer_reference(self, last: int, wanted: str) -> None:
        """Report a trailer, the segment number ``last``, whose reference is not the header's."""
        header, trailer = self.frame.header, self.frame.trailer
        assert trailer
        self.reporter.add(
            "E-REFERENCE",
            f"the reference in {trailer.tag} is not that in {header.tag}, which is {wanted!r}",
            trailer.start,
            value=trailer.element(2),
            allow="reference",
            ack=self.dialect.ack("reference", Level.MESSAGE),
            where=self._where(last, trailer.tag, 2),
        )

    def object_length(self) -> None:
        """Report a UNP that gives another length than UNO, which framing compares with the object's."""
        header, trailer = self.frame.header, self.frame.trailer
        assert trailer
        stated = header.element(4, 1)
        if trailer.element(1) != stated:
            self.reporter.add(
                "E-COUNT",
                f"{trailer.tag} says {trailer.element(1) or 'nothing'}, but {header.tag} says {stated} bytes",
                trailer.start,
                value=trailer.element(1),
                allow="count",
                ack=self.dialect.ack("count", Level.MESSAGE),
                where=self._where(2, trailer.tag, 1),
            )
