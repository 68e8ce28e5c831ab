"""What a message's envelope leaves open: dates, times, types and references of its headers."""

from collections.abc import Sequence
from datetime import datetime

from transload.adapters.base.format import COMPONENT, Encoded
from transload.adapters.edi.envelope import Elements, Envelope
from transload.adapters.edi.reading.x12 import ISA_WIDTHS
from transload.adapters.edi.writing.carrier import Carrier
from transload.adapters.edi.writing.domain import refusal, segment_findings
from transload.adapters.edi.writing.functional import FUNCTIONAL_IDS
from transload.adapters.edi.writing.numbers import drawn
from transload.canonical.context import Context
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_PARTIES = {"edifact": (1, 2), "x12": (1, 2, 6), "tradacoms": (0,)}
"""The elements of a group's header, from 0, that hold for messages of another type too."""
_MOST = {
    "edifact": {(2, 1): 35, (2, 2): 4, (3, 1): 35, (3, 2): 4, (5, 1): 14, (7, 1): 14},
    "tradacoms": {(2, 1): 14, (2, 2): 35, (3, 1): 14, (3, 2): 35, (5, 1): 14, (6, 1): 14, (7, 1): 14, (8, 1): 1},
}
"""How many characters a component of UNB (ISO 9735) or STX (TRADACOMS) may have, by element and component."""


def filled_interchange(envelope: Envelope, context: Context) -> Elements:
    """The elements of UNB, ISA or STX, in a new one with date, time and reference; one with a reference is as it is."""
    if envelope.reference.strip():
        return envelope.interchange or ()
    elements = list(envelope.interchange or ())
    now = context.now
    if envelope.standard == "x12":
        for index, text in ((8, day_of(now)[2:]), (9, time_of(now))):
            elements[index] = elements[index] if elements[index].strip() else text
        elements[12] = f"{drawn(envelope, 'interchange', context):09}"
        return tuple(elements)
    elements += [""] * (5 - len(elements))
    if not elements[3]:
        elements[3] = _prepared(envelope, context)
    elements[4] = str(drawn(envelope, "interchange", context))
    return tuple(elements)


def _prepared(envelope: Envelope, context: Context) -> str:
    """Date and time: UNB and UNG S004 (the year has four digits from syntax version 4 on), STX TRDT (with seconds)."""
    now = context.now
    if envelope.standard == "tradacoms":
        return f"{day_of(now)[2:]}{COMPONENT}{time_of(now)}{now.second:02}"
    day = day_of(now) if envelope.element(1, 2) == "4" else day_of(now)[2:]
    return f"{day}{COMPONENT}{time_of(now)}"


def day_of(now: datetime) -> str:
    """The day as ``20260114``; formatting by a pattern takes several times as long."""
    return f"{now.year:04}{now.month:02}{now.day:02}"


def time_of(now: datetime) -> str:
    """The time of day as ``0915``."""
    return f"{now.hour:02}{now.minute:02}"


def named_group(elements: Elements, envelope: Envelope, message: Encoded, functional: str | None) -> Elements:
    """The elements of UNG, GS or BAT with all that the message tells: type, version and agency; the rest as it was."""
    if envelope.standard == "tradacoms":
        return elements
    found = list(elements)
    found += [""] * ((8 if envelope.standard == "x12" else 7) - len(found))
    if envelope.standard == "x12":
        wanted = {0: functional or "", 7: message.version}
    else:
        parts = [*message.version.split(":"), "", "", ""]
        version = COMPONENT.join((parts[0], parts[1], parts[3])).rstrip(COMPONENT)
        wanted = {0: message.kind, 5: parts[2], 6: version}
    return tuple(value or wanted.get(index, "") for index, value in enumerate(found))


def filled_group(elements: Elements, envelope: Envelope, context: Context) -> Elements:
    """A group's elements, in a new one, that `named_group` gave, with date, time and reference."""
    number = 5 if envelope.standard == "x12" else 4
    if envelope.standard == "tradacoms" or "".join(elements[number : number + 1]).strip():
        return elements
    found = [*elements, *[""] * (8 - len(elements))] if envelope.standard == "x12" else list(elements)
    found += [""] * (7 - len(found))
    if envelope.standard == "x12":
        day = day_of(context.now)[2 if found[7][:6] < "004010" else 0 :]
        wanted = {3: day, 4: time_of(context.now)}
    else:
        wanted = {3: _prepared(envelope, context)}
    for index, text in wanted.items():
        found[index] = found[index] or text
    found[number] = str(drawn(envelope, "group", context))
    return tuple(found)


def renewed_group(elements: Elements, standard: str) -> Elements:
    """A group's elements with its parties alone, for a message of another type."""
    return tuple(value if index in _PARTIES[standard] else "" for index, value in enumerate(elements))


def functional_id(kind: str, known: str | None) -> str:
    """GS01 for a transaction set.

    Raises `Reject` when it is not known.
    """
    found = known or FUNCTIONAL_IDS.get(kind)
    if found is None:
        hint = "name it with functional_id: under format"
        message = f"the functional identifier (GS01) of transaction set {kind} is not known"
        raise Reject(message, hint=hint, findings=[refusal(message, Place(tag="GS", element=1), kind, hint)])
    return found


def is_of(message: Encoded, header: Elements, group: Elements | None, standard: str) -> bool:
    """Whether a header that was read is that of a message of this kind and version."""
    if standard == "x12":
        version = header[2] if len(header) > 2 and header[2] else (group[7] if group and len(group) > 7 else "")
        return header[0] == message.kind and version in ("", message.version)
    if message.kind == "UNO":
        return True
    names = header[1].split(COMPONENT) if len(header) > 1 else [""]
    return names[0] == message.kind and ":".join(names[1:5]).rstrip(":") == message.version


def new_message(message: Encoded, reference: str, standard: str) -> Elements:
    """The elements of UNH, ST or MHD for a message that has none."""
    if standard != "x12":
        return (reference, COMPONENT.join((message.kind, *message.version.split(":"))).rstrip(COMPONENT))
    # ST03 names the implementation guide; it exists from 005010 on
    guided = message.version >= "005010" and len(message.version) > 6
    return (message.kind, reference, message.version) if guided else (message.kind, reference)


def interchange_findings(envelope: Envelope, carrier: Carrier, tag: str) -> list[Finding]:
    """What the header of an interchange cannot carry; ISA11 and ISA16 hold separators themselves."""
    elements = envelope.interchange or ()
    findings = segment_findings("\x1d".join((tag, *elements)), carrier, but=(11, 16) if tag == "ISA" else ())
    findings += [finding for request in envelope.requests for finding in segment_findings(request, carrier)]
    if tag == "ISA" or envelope.reference.strip():  # what was read has the length that it has
        return findings
    return findings + too_long(elements, envelope.standard, tag)


def too_long(elements: Sequence[str], standard: str, tag: str) -> list[Finding]:
    """A finding for each component of UNB or STX that has more characters than it may have."""
    found = []
    for (number, component), most in _MOST[standard].items():
        parts = elements[number - 1].split(COMPONENT) if number <= len(elements) else []
        value = parts[component - 1] if component <= len(parts) else ""
        if len(value) > most:
            place = Place(tag=tag, element=number, component=component if len(parts) > 1 else None)
            message = f"this component takes {most} characters, not {len(value)}"
            found.append(refusal(message, place, value, "shorten the identity of the partner, or the option"))
    return found


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
