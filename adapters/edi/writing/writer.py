"""Putting one message after the other into interchange and group."""

from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from transload.adapters.base.format import COMPONENT, ELEMENT, Encoded, Writing
from transload.adapters.edi.charsets import Charset
from transload.adapters.edi.envelope import Elements, Envelope
from transload.adapters.edi.interchange import NO_GROUP, Level, states
from transload.adapters.edi.reading.scan import DIALECTS
from transload.adapters.edi.writing.carrier import carrier
from transload.adapters.edi.writing.domain import findings_of, refusal, segment_findings
from transload.adapters.edi.writing.headers import (
    filled_group,
    filled_interchange,
    functional_id,
    interchange_findings,
    is_of,
    named_group,
    new_message,
    renewed_group,
)
from transload.adapters.edi.writing.numbers import References
from transload.adapters.edi.writing.opened import OpenGroup, OpenInterchange, identity_of
from transload.adapters.edi.writing.packages import PACKAGE, TRAILER, object_of, package_findings, with_length
from transload.adapters.edi.writing.rendering import gap_after, layout_of, render, render_service
from transload.canonical.context import Context
from transload.canonical.errors import ConfigurationError, Reject
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_WIDTH = {"edifact": 1, "x12": 4, "tradacoms": 1}
"""How many digits a message's reference has at least; ST02 has 4 to 9."""


class _Part(NamedTuple):
    """A message that can be carried, before anything of it is written."""

    content: bytes
    reference: str = ""
    made: bool = False


class Writer(Writing):
    """Writes messages of one standard, in as many interchanges as their envelopes tell apart.

    ``first`` gives the envelope of messages that come without one; the first of them gets its header
    too.  ``charset_of`` tells the character set of an envelope's interchange, ``functional`` overrides the usual
    GS01 of transaction sets, and ``lenient`` names the deviations that the partner is granted.
    """

    def __init__(
        self,
        *,
        standard: str,
        first: Callable[[], Envelope],
        charset_of: Callable[[Envelope], Charset],
        context: Context,
        functional: str | None = None,
        lenient: Collection[str] = (),
    ) -> None:
        self._standard = standard
        self._dialect = DIALECTS[standard]
        self._first = first
        self._charset_of = charset_of
        self._context = context
        self._functional = functional
        self._lenient = frozenset(lenient)
        self._usual: Envelope | None = None
        """The envelope of messages that come without one, from the second on."""
        self._interchange: OpenInterchange | None = None
        self._group: OpenGroup | None = None
        self._ended: set[int] = set()
        """Hashes of the interchanges that were read and are written."""
        self._last: Envelope | None = None
        """The envelope of the last message that was written: trailers are as it says."""
        self._grouped: tuple[Envelope, str, str, tuple[Elements, Hashable]] | None = None
        """The group of the last message whose group had to be made out, with what told it."""
        self._number = 0

    def add(self, message: Encoded, envelope: Envelope | None = None) -> bytes:
        """The next bytes: the message, before it the headers that it needs, and trailers of what ends before it."""
        return self.put(message, envelope, self._number + 1)

    def put(self, message: Encoded, envelope: Envelope | None, number: int) -> bytes:
        """Like `add`; ``number`` is what findings call the message."""
        self._number = max(self._number, number)
        given = self._given(envelope)
        opened = self._interchange if self._interchange and self._interchange.holds(given) else None
        interchange = opened or self._new_interchange(given)
        elements, key = self._group_of(message, given, opened)
        same_group = opened is not None and key == (self._group.key if self._group else None)
        group = self._group if same_group else None
        references = interchange.references
        if elements is not None:
            references = group.references if group else self._new_references(interchange)
        findings: list[Finding] = []
        if not opened and hash(identity_of(given)) in self._ended:
            findings.append(_ended("interchange", self._dialect.headers[0], given.reference, number))
        if opened and not same_group and hash(key) in opened.ended:
            findings.append(_ended("group", self._dialect.headers[1], "", number))
        part = self._part(message, given, interchange, references, number, findings)
        if not opened:
            findings += interchange_findings(given, interchange.carrier, self._dialect.headers[0])
        if elements is not None and not same_group:
            findings += segment_findings(ELEMENT.join((self._dialect.headers[1], *elements)), interchange.carrier)
        if findings:
            raise refused(findings)
        pieces = []
        if not opened:
            pieces += [*self._end_interchange(), *self._begin_interchange(interchange)]
        elif not same_group:
            pieces += self._end_group()
        if elements is not None and not same_group:
            pieces.append(self._begin_group(elements, key, given, references))
        self._count(message, part, references)
        self._last = given
        pieces.append(part.content)
        return b"".join(pieces)

    def close(self) -> bytes:
        """The trailers of what is still open."""
        if self._interchange is None:
            raise Reject("there is no message to write", hint="an interchange holds at least one")
        pieces = []
        if reconciliation := self._reconciliation(self._interchange):
            beside = replace(self._plain(self._interchange.envelope), group=None)
            pieces = [*self._end_group(), self.add(reconciliation, beside)]
        return b"".join((*pieces, *self._end_interchange()))

    def key(self, message: Encoded, envelope: Envelope | None) -> Hashable:
        """What tells apart the groups that are still to be made; None where nothing does."""
        _, key = self._group_of(message, self._given(envelope), None)
        return key if isinstance(key, tuple) and key[0] == "new" else None

    def _given(self, envelope: Envelope | None) -> Envelope:
        if envelope is None:
            if self._usual is None:
                first = self._first()
                self._usual = self._plain(first)
                return first
            return self._usual
        if envelope.standard != self._standard:
            raise ConfigurationError(f"an envelope of {self._standard} is needed to write {self._standard}")
        if self._usual is None:
            self._usual = self._plain(envelope)
        return envelope

    @staticmethod
    def _plain(envelope: Envelope) -> Envelope:
        """An envelope for new messages in the same interchange."""
        if envelope.message is None and envelope.layout is None:
            return envelope
        return replace(envelope, message=None, layout=None)

    def _new_interchange(self, given: Envelope) -> OpenInterchange:
        # what was read with a character outside levels A and B is written as it was
        any_character = "charset" in self._lenient or bool(given.reference.strip())
        return OpenInterchange(
            envelope=given,
            carrier=carrier(given.separators, self._charset_of(given), any_character),
            header=None,
            references=References(_WIDTH[self._standard]),
        )

    def _new_references(self, interchange: OpenInterchange) -> References:
        """The references of another group: X12 counts its sets again in each, EDIFACT goes on."""
        last = 0 if self._standard == "x12" else interchange.references.last
        return References(_WIDTH[self._standard], last=last)

    def _group_of(
        self, message: Encoded, given: Envelope, opened: OpenInterchange | None
    ) -> tuple[Elements | None, Hashable]:
        """The elements of the message's group as far as they are known, and what tells the group from others."""
        elements = given.group
        if elements is None or message.kind in NO_GROUP:
            return None, None
        read = (elements, ("read", given.position, elements))
        if self._standard == "tradacoms":
            return read
        named = elements[:1] not in ((), ("",))
        if named and given.message and is_of(message, given.message, elements, self._standard):
            return read
        if message.kind == PACKAGE and self._standard == "edifact":
            return (self._group.header, self._group.key) if self._group and opened else read
        last = self._grouped
        if last is not None and last[0] is given and last[1:3] == (message.kind, message.version):
            return last[3]
        functional = functional_id(message.kind, self._functional) if self._standard == "x12" else None
        blank = renewed_group(elements, self._standard) if named else elements
        wanted = named_group(blank, given, message, functional)
        typed = (0, 7) if self._standard == "x12" else (0, 5, 6)
        if named and given.message is None and all(wanted[at] == elements[at] for at in typed if at < len(elements)):
            found: tuple[Elements, Hashable] = read
        else:
            found = wanted, ("new", wanted)
        self._grouped = given, message.kind, message.version, found
        return found

    def _part(
        self,
        message: Encoded,
        given: Envelope,
        interchange: OpenInterchange,
        references: References,
        number: int,
        findings: list[Finding],
    ) -> _Part:
        """The message as bytes, or ``findings`` that say why it cannot be carried."""
        if message.kind in NO_GROUP:
            return _Part(self._rendered(message.body, given, interchange, number, findings))
        known = given.message
        if known is not None and not is_of(message, known, given.group, self._standard):
            known = None
        if message.kind == PACKAGE and self._standard == "edifact":
            return self._package(message, known, given, interchange, number, findings)
        at = self._dialect.references[2] - 1
        header = known or new_message(message, "", self._standard)
        reference, made = self._reference(header, at, interchange, references)
        header = _with(header, at, reference)
        if not made and references.given(reference) and "duplicate" not in self._lenient:
            place = Place(message=number, segment=1, tag=self._dialect.headers[2], element=at + 1)
            hint = "give each message its own envelope, or none: it then gets a free reference"
            findings.append(refusal("a message before it has the same reference", place, reference, hint))
        count = f"{len(message.body) + 2:0{given.digits[2]}}"
        begin = ELEMENT.join((self._dialect.headers[2], *header))
        segments = [begin, *message.body, self._trailer(Level.MESSAGE, count, reference)]
        return _Part(self._rendered(segments, given, interchange, number, findings), reference, made)

    def _reference(
        self, header: Elements, at: int, interchange: OpenInterchange, references: References
    ) -> tuple[str, bool]:
        """The message's reference, and whether it is a new one."""
        found = header[at] if len(header) > at else ""
        if self._standard == "tradacoms":  # the count of messages so far, always
            number = interchange.messages + 1
            return (found if states(found, number) else str(number)), True
        made = not found or references.made(found)
        return (references.new() if made else found), made

    def _trailer(self, level: Level, count: str, reference: str) -> str:
        elements = (self._dialect.trailers[level], count, reference)
        return ELEMENT.join(elements if level in self._dialect.paired else elements[:2])

    def _rendered(
        self,
        segments: Sequence[str],
        given: Envelope,
        interchange: OpenInterchange,
        number: int,
        findings: list[Finding],
    ) -> bytes:
        content = render(segments, given, interchange.carrier)
        if content is None:
            findings += findings_of(segments, interchange.carrier, number)
        return content or b""

    def _package(
        self,
        message: Encoded,
        known: Elements | None,
        given: Envelope,
        interchange: OpenInterchange,
        number: int,
        findings: list[Finding],
    ) -> _Part:
        """An object between UNO and UNP, each of which follows without a line end."""
        content, wrong = object_of(message, number)
        findings += wrong + package_findings(known, number)
        if known is None:
            return _Part(b"")
        packages = interchange.packages
        reference, made = self._reference(known, 0, interchange, packages)
        header = with_length(_with(known, 0, reference), len(content))
        length = f"{len(content):0{given.digits[2]}}"
        segments = [ELEMENT.join((PACKAGE, *header)), ELEMENT.join((TRAILER, length, reference))]
        if not made and packages.given(reference) and "duplicate" not in self._lenient:
            place = Place(message=number, segment=1, tag=PACKAGE, element=1)
            findings.append(refusal("a package before it has the same reference", place, reference, "give it another"))
        unfit = findings_of(segments[:1], interchange.carrier, number)
        findings += unfit
        if unfit:
            return _Part(b"", reference, made)
        head = render_service(segments[0], given, interchange.carrier, after="")
        tail = render_service(segments[1], given, interchange.carrier)
        return _Part(head + content + tail, reference, made)

    def _count(self, message: Encoded, part: _Part, references: References) -> None:
        """Note that a message is written."""
        interchange = self._interchange
        assert interchange
        interchange.last_kind = message.kind
        if message.kind in NO_GROUP:
            return
        interchange.messages += 1
        if self._group:
            self._group.messages += 1
        if self._standard != "tradacoms":
            package = message.kind == PACKAGE and self._standard == "edifact"
            (interchange.packages if package else references).take(part.reference, made=part.made)
            interchange.references.last = references.last

    def _begin_interchange(self, interchange: OpenInterchange) -> Iterator[bytes]:
        envelope, carry = interchange.envelope, interchange.carrier
        self._interchange, self._group = interchange, None
        yield (layout_of(envelope).before + envelope.una + (envelope.una_end if envelope.una else "")).encode("latin-1")
        if envelope.interchange is None:
            return
        interchange.header = header = filled_interchange(envelope, self._context)
        tag = self._dialect.headers[0]
        if tag == "ISA":
            gap = gap_after(tag, envelope)
            text = envelope.separators.element.join((tag, *header))
            if text.isascii():
                raw = text.encode("ascii")
            else:  # the separator is one byte, whatever the character set of the values
                element = envelope.separators.element.encode("latin-1")
                raw = element.join(value.encode(carry.charset.codec) for value in (tag, *header))
            yield raw + carry.terminator + gap.encode("latin-1")
        else:
            yield render_service(ELEMENT.join((tag, *header)), envelope, carry)
        for request in envelope.requests:
            yield render_service(request, envelope, carry)

    def _end_interchange(self) -> Iterator[bytes]:
        yield from self._end_group()
        interchange, last = self._interchange, self._last
        if interchange is None or last is None:
            return
        self._interchange = None
        if interchange.header is None:
            return
        if interchange.envelope.reference.strip():
            self._ended.add(hash(identity_of(interchange.envelope)))
        grouped = not self._dialect.counts_messages and (interchange.groups or self._standard == "x12")
        count = f"{interchange.groups if grouped else interchange.messages:0{last.digits[0]}}"
        reference = interchange.header[self._dialect.references[0] - 1]
        trailer = self._trailer(Level.INTERCHANGE, count, reference)
        yield render_service(trailer, last, interchange.carrier, after=last.final)

    def _begin_group(self, elements: Elements, key: Hashable, given: Envelope, references: References) -> bytes:
        interchange = self._interchange
        assert interchange
        header = filled_group(elements, given, self._context)
        self._group = OpenGroup(header=header, key=key, references=references)
        interchange.groups += 1
        return render_service(ELEMENT.join((self._dialect.headers[1], *header)), given, interchange.carrier)

    def _end_group(self) -> Iterator[bytes]:
        group, interchange, last = self._group, self._interchange, self._last
        if group is None or interchange is None or last is None:
            return
        self._group = None
        if isinstance(group.key, tuple) and group.key[0] == "read":
            interchange.ended.add(hash(group.key))
        at = self._dialect.references[1] - 1
        reference = group.header[at] if len(group.header) > at else ""
        trailer = self._trailer(Level.GROUP, f"{group.messages:0{last.digits[1]}}", reference)
        yield render_service(trailer, last, interchange.carrier)

    def _reconciliation(self, interchange: OpenInterchange) -> Encoded | None:
        """The message that must end a new TRADACOMS transmission whose STX says ``ANAA``, unless it is there."""
        header = interchange.header
        if self._standard != "tradacoms" or not header or interchange.envelope.reference.strip():
            return None
        if header[0].split(COMPONENT)[0] != "ANAA" or interchange.last_kind == "RSGRSG":
            return None
        body = ELEMENT.join(("RSG", header[4], header[2].split(COMPONENT)[0]))
        return Encoded(kind="RSGRSG", version="2", body=[body])


def _ended(what: str, tag: str, reference: str, number: int) -> Finding:
    message = f"the {what} that this message comes from has ended already"
    hint = f"give all messages of one {what} after each other, or envelopes for new messages: Envelope.again()"
    return refusal(message, Place(message=number, tag=tag), reference, hint)


def refused(findings: Sequence[Finding]) -> Reject:
    """The error for values that cannot be written."""
    many = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return Reject(f"the interchange cannot be written: {findings[0].message}{many}", findings=findings)


def _with(elements: Elements, at: int, value: str) -> Elements:
    found = [*elements, *[""] * (at + 1 - len(elements))]
    found[at] = value
    return tuple(found)
