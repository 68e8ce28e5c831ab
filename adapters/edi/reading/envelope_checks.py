"""What is wrong with the envelope of an interchange and its groups: each kind of fault as a finding."""

import re

from transload.adapters.base.content import Content
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Beginning, Dialect, Level, states
from transload.adapters.edi.services import LONGEST, Service, odd_byte
from transload.canonical.places import Place

_SHOWN = 60
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_LOOKED_AT = 1 << 16


class EnvelopeCheck:
    """Adds what is wrong with one interchange's envelope to ``reporter``."""

    def __init__(self, content: Content, dialect: Dialect, base: Beginning, reporter: Reporter) -> None:
        self.content = content
        self.dialect = dialect
        self.base = base
        self.reporter = reporter
        self._mixed = False
        self._crowded = False

    def reference(self, level: Level, header: Service) -> str:
        """The reference that a header of ``level`` gives."""
        return header.element(self.dialect.references[level])

    def service(self, service: Service, where: Place) -> None:
        """Report a character that cannot stand in a service segment."""
        raw = self.content[service.start : min(service.end, service.start + LONGEST)]
        odd = odd_byte(raw, self.base.separators, self.base.charset)
        if odd is not None:
            self.reporter.add(
                odd.code,
                odd.message,
                service.start + odd.offset,
                value=raw[max(odd.offset - 10, 0) : odd.offset + 10].decode("latin-1"),
                allow="charset" if odd.code == "E-CHARSET" else "control-characters",
                ack=self.dialect.ack(odd.fault, Level.GROUP if where.group else Level.INTERCHANGE),
                where=Place(interchange=where.interchange, group=where.group, tag=service.tag),
            )

    def binary(self, start: int, where: Place, value: str | None) -> None:
        """Report a length of binary data that does not lead to the end of its segment or object."""
        package = self.dialect.package is not None
        self.reporter.add(
            "E-BINARY",
            "the length that this segment gives for its binary data does not lead to "
            + ("the trailer UNP" if package else "a segment terminator"),
            start,
            value=value,
            hint="the data are read up to the UNP with the same reference"
            if package
            else "the data are read up to the next terminator",
            ack=self.dialect.ack("value", Level.MESSAGE),
            where=where,
        )

    def outside(self, start: int, stop: int, where: Place) -> None:
        """Report segments between ``start`` and ``stop``, where no message is."""
        hit = self.content.search(_NOT_BLANK, start)
        if hit is None or (begin := hit[0] + hit[1].start()) >= stop:
            return
        text = self.content[begin : min(stop, begin + _SHOWN + 1)].strip().decode("latin-1")
        tag = re.split(r"\W", text[:9], maxsplit=1)[0] or None
        self.reporter.add(
            "E-OUTSIDE",
            "there are segments outside of any message",
            begin,
            value=text if len(text) <= _SHOWN else text[:_SHOWN] + "...",
            hint=f"between messages only {' and '.join(self.dialect.headers[1:])} may begin",
            ack=self.dialect.ack("outside", Level.GROUP if where.group else Level.INTERCHANGE),
            where=Place(interchange=where.interchange, group=where.group, message=where.message, tag=tag),
        )

    def too_many_outside(self, start: int, where: Place, most: int) -> None:
        """Report, once, that more segments stand outside of messages than are kept."""
        if not self._crowded:
            self._crowded = True
            self.reporter.add(
                "E-LIMIT",
                f"more than {most} segments stand outside of groups; the rest is not read",
                start,
                hint="ask the sender to send them in several interchanges",
                where=where,
            )

    def group_header(self, header: Service, where: Place, first: int) -> None:
        """Report a group without a reference, and one that has the reference of the group ``first``."""
        element = self.dialect.references[Level.GROUP]
        place = self._at(where, header, element)
        reference = self.reference(Level.GROUP, header)
        if not reference.strip():
            self.reporter.add(
                "E-ENVELOPE",
                "the group has no reference",
                header.start,
                ack=self.dialect.ack("no-reference", Level.GROUP),
                where=place,
            )
        elif first != where.group:
            self.reporter.add(
                "E-DUPLICATE",
                f"group {first} has the same reference",
                header.start,
                value=reference,
                allow="duplicate",
                ack=self.dialect.ack("duplicate", Level.GROUP),
                where=place,
            )
        if reference.strip():
            check_number(self.dialect, Level.GROUP, header, self.reporter, place)

    def mixed(self, start: int, where: Place) -> None:
        """Report, once, messages outside of groups where there are groups or must be."""
        if self._mixed:
            return
        self._mixed = True
        header, trailer = self.dialect.headers[1], self.dialect.trailers[1]
        self.reporter.add(
            "E-GROUP",
            f"a message stands outside of {header} and {trailer}"
            + ("" if self.dialect.groups_needed else ", though the interchange uses groups"),
            start,
            ack=self.dialect.ack("mixed", Level.INTERCHANGE),
            where=where,
        )

    def no_header(self, start: int, level: Level, where: Place) -> None:
        """Report a trailer whose header is missing."""
        self.reporter.add(
            "E-HEADER",
            f"{where.tag} ends a {level.word} that no {self.dialect.headers[level]} began",
            start,
            ack=self.dialect.ack("header", level),
            where=where,
        )

    def no_trailer(self, level: Level, header: Service | None, before: int, where: Place) -> None:
        """Report a missing trailer of a group or of the interchange, which should stand at ``before``."""
        tag = self.dialect.trailers[level]
        begun = f" that {header.tag} began" if header else ""
        self.reporter.add(
            "E-TRAILER",
            f"the {level.word}{begun} has no {tag}",
            min(before, max(len(self.content) - 1, 0)),
            allow="interchange-trailer" if level is Level.INTERCHANGE else None,
            ack=self.dialect.ack("trailer", level),
            where=Place(interchange=where.interchange, group=where.group, message=where.message, tag=tag),
        )

    def count(self, level: Level, trailer: Service, found: int, unit: str, where: Place) -> None:
        """Report a control count that is not the number of what was ``found``."""
        stated = trailer.element(1)
        if states(stated, found):
            return
        units = unit if found != 1 else unit.removesuffix("s")
        self.reporter.add(
            "E-COUNT",
            f"{trailer.tag} says {stated or 'nothing'}, but the {level.word} has {found} {units}",
            trailer.start,
            value=stated,
            allow="count",
            ack=self.dialect.ack("count", level),
            where=self._at(where, trailer, 1),
        )

    def pair(self, level: Level, header: Service, trailer: Service, where: Place) -> None:
        """Report a trailer whose reference is not that of its header."""
        stated, wanted = trailer.element(2), self.reference(level, header)
        if level not in self.dialect.paired or stated == wanted:
            return
        self.reporter.add(
            "E-REFERENCE",
            f"the reference in {trailer.tag} is not that in {header.tag}, which is {wanted!r}",
            trailer.start,
            value=stated,
            allow="reference",
            ack=self.dialect.ack("reference", level),
            where=self._at(where, trailer, 2),
        )

    def empty(self, level: Level, trailer: Service, where: Place) -> None:
        """Report an interchange or a group in which nothing stands."""
        self.reporter.add(
            "E-EMPTY",
            f"there is no message in this {level.word}",
            trailer.start,
            ack=self.dialect.ack("empty", level),
            where=where,
        )

    def within_group(self, start: int, where: Place) -> None:
        """Report a segment inside a group that belongs outside of groups."""
        tag = self.content[start : start + 3].decode("latin-1")
        self.reporter.add(
            "E-OUTSIDE",
            f"{tag} stands inside a group, and belongs before all groups",
            start,
            ack=self.dialect.ack("outside", Level.GROUP),
            where=Place(interchange=where.interchange, group=where.group, tag=tag),
        )

    def truncated(self, where: Place, *, within: bool) -> None:
        """Report that the payload ends ``within`` a message, or in the middle of a segment."""
        content, size, separators = self.content, len(self.content), self.base.separators
        head = content[self.base.start : self.base.start + _LOOKED_AT]
        terminator = separators.ends[0]
        lines = head.count(b"\n") > 1 and terminator != b"\n" and head.count(terminator) < 2
        self.reporter.add(
            "E-TRUNCATED",
            f"the file ends in the middle of a {'message' if within else 'segment'}",
            max(size - 1, 0),
            hint=f"segments seem to end with the line here; the interchange says that they end with"
            f" {separators.terminator}"
            if lines
            else "ask the sender to send it again, whole",
            value=content[max(size - 30, 0) : size].decode("latin-1").strip() or None,
            ack=self.dialect.ack("truncated", Level.INTERCHANGE),
            where=where,
        )

    @staticmethod
    def _at(where: Place, service: Service, element: int) -> Place:
        return Place(
            interchange=where.interchange, group=where.group, message=where.message, tag=service.tag, element=element
        )


def check_number(dialect: Dialect, level: Level, header: Service, reporter: Reporter, where: Place) -> None:
    """Report a control reference of a header that is not of the form that the standard gives it."""
    form = dialect.forms.get(level)
    reference = header.element(dialect.references[level])
    if form is not None and form[0].fullmatch(reference) is None:
        reporter.add(
            "E-NUMBER",
            f"the control reference must be {form[1]}",
            header.start,
            value=reference,
            allow="control-number",
            ack=dialect.ack("number", level),
            where=where,
        )
