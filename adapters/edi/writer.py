"""Putting messages into their envelopes and into bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from transload.adapters.base.format import COMPONENT, ELEMENT, Encoded
from transload.adapters.edi.charsets import Charset
from transload.adapters.edi.domain import binary_of, findings_of, fits, refusal
from transload.adapters.edi.envelope import Elements, Envelope
from transload.adapters.edi.functional import FUNCTIONAL_IDS
from transload.adapters.edi.interchange import NO_GROUP
from transload.adapters.edi.numbers import filled_group, filled_interchange
from transload.adapters.edi.separators import SEGMENT, Separators
from transload.adapters.edi.x12 import ISA_WIDTHS
from transload.canonical.context import Context
from transload.canonical.errors import Reject
from transload.canonical.places import Place


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A message with the header that it gets, and its group's elements (blank ones still to fill)."""

    message: Encoded
    header: Elements | None
    group: Elements | None


@dataclass(kw_only=True)
class Writer:
    """Writes one interchange; ``functional_id`` overrides the usual GS01 of a transaction set.

    With ``any_character`` the narrower repertoires of UNOA and UNOB do not count.
    """

    envelopes: Sequence[Envelope]
    charset: Charset
    context: Context
    functional_id: str | None = None
    any_character: bool = False
    _used: set[str] = field(default_factory=set)
    """Message references that are taken in the interchange, or in the X12 group."""
    _service: list[str] = field(default_factory=list)
    """The service segments, as far as they were made."""

    @property
    def envelope(self) -> Envelope:
        """The first message's envelope, from which the interchange is made."""
        return self.envelopes[0]

    @property
    def _x12(self) -> bool:
        return self.envelope.standard == "x12"

    def write(self, messages: Sequence[Encoded]) -> bytes:
        """The bytes of the interchange.

        Raises `Reject` with a finding for each value that cannot be written, and when there is
        nothing to write.
        """
        if not messages:
            raise Reject("there is no message to write", hint="an interchange holds at least one")
        envelope, separators = self.envelope, self.envelope.separators
        parts = [self._part(message, index) for index, message in enumerate(messages)]
        segments: list[str] = []
        groups = 0
        for (group, _), members in groupby(parts, key=lambda part: (part.group, self._group_key(part))):
            groups += group is not None
            segments += self._group(group, list(members))
        begin, end = self._interchange(groups if groups or self._x12 else len(messages))
        text = SEGMENT.join([*begin[1], *segments, *end])
        if self._must_look(text, len(begin[1]) + len(segments) + len(end)):
            self._refuse(messages, [*begin[1], *self._service, *end])
        return self._bytes(begin[0], segments, begin[1], end, separators, envelope)

    def _must_look(self, text: str, count: int) -> bool:
        """Whether something in ``text`` may not be written as it stands."""
        if text.count(SEGMENT) != count - 1:
            return True
        plain = text.replace(SEGMENT, "")
        return not fits(plain, self.envelope.separators, self.charset, any_character=self.any_character)

    def _made(self, tag: str, elements: Sequence[str]) -> str:
        """A service segment, remembered for the look at what may be written."""
        segment = ELEMENT.join((tag, *elements))
        self._service.append(segment)
        return segment

    def _refuse(self, messages: Sequence[Encoded], service: Sequence[str]) -> None:
        """Raise `Reject` if a value cannot be written; binary data may hold what others may not."""
        separators = self.envelope.separators
        bad = findings_of(messages, separators, self.charset, any_character=self.any_character)
        around = Encoded(kind="", body=list(service))
        bad += [
            replace(
                finding, place=Place(tag=finding.place.tag, element=finding.place.element) if finding.place else None
            )
            for finding in findings_of([around], separators, self.charset, any_character=self.any_character)
        ]
        if bad:
            first = bad[0].message
            many = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            raise Reject(f"the interchange cannot be written: {first}{many}", findings=bad)

    def _bytes(
        self,
        head: str,
        segments: Sequence[str],
        begin: Sequence[str],
        end: Sequence[str],
        separators: Separators,
        envelope: Envelope,
    ) -> bytes:
        joint = separators.terminator + envelope.newline
        whole = [*begin, *segments, *end]
        if any(segment.startswith(("BIN" + ELEMENT, "BDS" + ELEMENT)) for segment in segments):
            body = joint.join(_put_binary(segment, separators) for segment in whole)
        else:
            body = separators.put(SEGMENT.join(whole)).replace(SEGMENT, joint)
        text = head + body + (separators.terminator if whole else "") + envelope.final
        return text.encode(self.charset.codec)

    def _part(self, message: Encoded, index: int) -> _Part:
        envelope = self.envelopes[index] if index < len(self.envelopes) else replace(self.envelope, message=None)
        if message.kind in NO_GROUP:
            return _Part(message=message, header=None, group=None)
        header, group = envelope.message, envelope.group
        if header is not None and not self._is_of(message, header, group):
            header = None
            group = _renewed(group, envelope.standard)
        if header is not None:
            self._used.add(header[1 if self._x12 else 0] if len(header) > (1 if self._x12 else 0) else "")
        return _Part(message=message, header=header, group=group)

    def _is_of(self, message: Encoded, header: Elements, group: Elements | None) -> bool:
        """Whether a header that was read is that of a message of this kind and version."""
        if self._x12:
            version = header[2] if len(header) > 2 else (group[7] if group and len(group) > 7 else "")
            return header[0] == message.kind and version in ("", message.version)
        names = header[1].split(COMPONENT) if len(header) > 1 else [""]
        return names[0] == message.kind and ":".join(names[1:5]).rstrip(":") == message.version

    def _group_key(self, part: _Part) -> tuple[str, str] | None:
        """What tells groups apart whose elements are still to be filled."""
        if part.group is None or (part.group[0] and part.header):
            return None
        return (self._functional(part.message.kind) if self._x12 else part.message.kind), part.message.version

    def _functional(self, kind: str) -> str:
        found = self.functional_id or FUNCTIONAL_IDS.get(kind)
        if found is None:
            hint = "name it with functional_id: under format"
            place = Place(tag="GS", element=1)
            message = f"the functional identifier (GS01) of transaction set {kind} is not known"
            raise Reject(message, hint=hint, findings=[refusal(message, place, kind, hint)])
        return found

    def _group(self, group: Elements | None, parts: Sequence[_Part]) -> Iterator[str]:
        """The segments of messages that follow each other in one group, or in none."""
        header: Elements | None = None
        if group is not None:
            envelope = replace(self.envelope, group=group)
            first = parts[0].message
            functional = group[0] or (self._functional(first.kind) if self._x12 else "")
            header = filled_group(envelope, first.kind, first.version, functional, self.context)
            yield self._made("GS" if self._x12 else "UNG", header)
            if self._x12:
                self._used = {part.header[1] for part in parts if part.header and len(part.header) > 1}
        for part in parts:
            yield from part.message.body if part.message.kind in NO_GROUP else self._message(part)
        if header is not None:
            count = f"{len(parts):0{self.envelope.digits[1]}}"
            yield self._made("GE" if self._x12 else "UNE", (count, header[5 if self._x12 else 4]))

    def _message(self, part: _Part) -> Iterator[str]:
        header = part.header if part.header is not None else self._new_header(part.message)
        tags = ("ST", "SE") if self._x12 else ("UNH", "UNT")
        yield self._made(tags[0], header)
        yield from part.message.body
        at = 1 if self._x12 else 0
        count = f"{len(part.message.body) + 2:0{self.envelope.digits[2]}}"
        yield self._made(tags[1], (count, header[at] if len(header) > at else ""))

    def _new_header(self, message: Encoded) -> Elements:
        number = len(self._used) + 1
        while (reference := f"{number:04}" if self._x12 else str(number)) in self._used:
            number += 1
        self._used.add(reference)
        if not self._x12:
            return (reference, COMPONENT.join((message.kind, *message.version.split(":"))).rstrip(COMPONENT))
        # ST03 names the implementation guide; it exists from 005010 on
        guided = message.version >= "005010" and len(message.version) > 6
        return (message.kind, reference, message.version) if guided else (message.kind, reference)

    def _interchange(self, count: int) -> tuple[tuple[str, list[str]], list[str]]:
        """What stands before and after the messages: text that is final already, segments, segments."""
        envelope, separators = self.envelope, self.envelope.separators
        if envelope.interchange is None:
            return (self._una(), []), []
        header = filled_interchange(envelope, self.context)
        number = f"{count:0{envelope.digits[0]}}"
        if not self._x12:
            return (self._una(), [ELEMENT.join(("UNB", *header))]), [ELEMENT.join(("UNZ", number, header[4]))]
        _refuse_separators(header, separators)
        isa = separators.element.join(("ISA", *header)) + separators.terminator + envelope.newline
        return (isa, list(envelope.requests)), [ELEMENT.join(("IEA", number, header[12]))]

    def _una(self) -> str:
        return self.envelope.una + self.envelope.una_end if self.envelope.una else ""


def _renewed(group: Elements | None, standard: str) -> Elements | None:
    """A group's elements with its parties alone, for a message of another type."""
    if group is None:
        return None
    keep = (1, 2, 6) if standard == "x12" else (1, 2)
    return tuple(value if index in keep else "" for index, value in enumerate(group))


def _put_binary(segment: str, separators: Separators) -> str:
    binary = binary_of(segment)
    if binary is None:
        return separators.put(segment)
    head = segment[: len(segment) - len(binary[1])]
    return separators.put(head) + binary[1]


def _refuse_separators(isa: Elements, separators: Separators) -> None:
    """Raise `Reject` if an element of ISA holds a separator; ISA11 and ISA16 name them."""
    for number, value in enumerate(isa, 1):
        own = next((own for own in separators.service if own in value), None)
        if own and number not in (11, 16):
            message = f"{own!r} is a separator of this interchange and cannot stand in ISA{number:02}"
            finding = refusal(message, Place(tag="ISA", element=number), value, "choose other separators under format")
            raise Reject(message, findings=[finding])


def padded_isa(elements: Sequence[str]) -> Elements:
    """The sixteen elements of ISA at their fixed widths.

    Raises `Reject` for one that is longer: nothing is cut.
    """
    wrong = [
        refusal(
            f"ISA{number:02} takes {width} characters, not {len(value)}",
            Place(tag="ISA", element=number),
            value,
            "shorten the identity of the partner, or its qualifier",
        )
        for number, (value, width) in enumerate(zip(elements, ISA_WIDTHS, strict=True), 1)
        if len(value) > width
    ]
    if wrong:
        raise Reject(wrong[0].message, findings=wrong)
    return tuple(value.ljust(width) for value, width in zip(elements, ISA_WIDTHS, strict=True))
