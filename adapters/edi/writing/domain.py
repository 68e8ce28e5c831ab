"""What a syntax cannot carry: each value that does not fit is a finding, and nothing is cut or replaced."""

import re
from collections.abc import Iterator, Sequence

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION
from transload.adapters.edi.separators import SEGMENT
from transload.adapters.edi.writing.carrier import Carrier
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_CONTROL = re.compile("[\x00-\x1c\x7f-\x9f]")
_BINARY = re.compile(f"(?:BIN{ELEMENT}|BDS{ELEMENT}[^{ELEMENT}]*{ELEMENT})([0-9]+){ELEMENT}(.*)", re.DOTALL)


def binary_of(segment: str) -> tuple[str, str] | None:
    """The stated length and the data of a BIN or BDS segment; None for other segments."""
    match = _BINARY.fullmatch(segment)
    return (match[1], match[2]) if match else None


def findings_of(segments: Sequence[str], carrier: Carrier, message: int) -> list[Finding]:
    """One ``E-DOMAIN`` finding for each value that cannot be written.

    ``segments`` are those of a message with its header and trailer, ``message`` is its number.  Binary data may hold
    what other values may not, but must be as long as they say.
    """
    found: list[Finding] = []
    for index, segment in enumerate(segments, 1):
        head, where = segment, Place(message=message, segment=index, tag=segment.split(ELEMENT, 1)[0])
        if binary := binary_of(segment):
            head = segment[: len(segment) - len(binary[1])]
            found += _binary_findings(binary, where, carrier)
        found += [each.within(where) for each in segment_findings(head, carrier)]
    return found


def segment_findings(segment: str, carrier: Carrier, *, but: Sequence[int] = ()) -> list[Finding]:
    """The findings of one segment, with tag and element; the elements ``but`` are not looked at."""
    if carrier.encode([_without(segment, but)]) is not None:  # it can be carried, as nearly all can
        return []
    tag = segment.split(ELEMENT, 1)[0]
    found = []
    for place, value in _values(segment):
        if place.element not in but and (reason := _reason(value, place, carrier)):
            found.append(refusal(reason[0], place.within(Place(tag=tag)), value, reason[1]))
    return found


def _without(segment: str, but: Sequence[int]) -> str:
    if not but:
        return segment
    parts = segment.split(ELEMENT)
    for number in but:
        if number < len(parts):
            parts[number] = ""
    return ELEMENT.join(parts)


def refusal(message: str, place: Place, value: str, hint: str) -> Finding:
    """The finding for one value that cannot be written."""
    return Finding(code="E-DOMAIN", message=message, place=place, value=value, hint=hint)


def _binary_findings(binary: tuple[str, str], where: Place, carrier: Carrier) -> Iterator[Finding]:
    stated, data = binary
    try:
        size = len(data.encode(carrier.charset.codec))
    except UnicodeEncodeError as error:
        message = f"{data[error.start]!r} cannot stand in binary data that are {carrier.charset.title}"
        yield refusal(message, where, data[error.start], "give the data as one character of that set for each byte")
        return
    if int(stated) != size:
        message = f"the binary data have {size} bytes, and their length element says {stated}"
        yield refusal(message, where, stated, "give the number of bytes of the data")


def _values(segment: str) -> Iterator[tuple[Place, str]]:
    for number, element in enumerate(segment.split(ELEMENT)):
        repetitions = element.split(REPETITION)
        for repetition, repeated in enumerate(repetitions, 1):
            components = repeated.split(COMPONENT)
            for component, value in enumerate(components, 1):
                place = Place(
                    element=number or None,
                    repetition=repetition if len(repetitions) > 1 else None,
                    component=component if len(components) > 1 else None,
                )
                yield place, value


def _reason(value: str, place: Place, carrier: Carrier) -> tuple[str, str] | None:
    """Why a value cannot be written, and what to do; None when it can."""
    separators, charset = carrier.separators, carrier.charset
    if match := _CONTROL.search(value):
        what = "the segment separator" if match[0] == SEGMENT else f"the control character U+{ord(match[0]):04X}"
        return f"{what} cannot stand in a value", "remove line ends and control characters in the mapping"
    try:
        value.encode(charset.codec)
    except UnicodeEncodeError as error:
        return (
            f"{value[error.start]!r} is no character of {charset.title}",
            "choose a wider character set under format (syntax, charset), or replace it in the mapping",
        )
    if charset.foreign and not carrier.any_character:
        for found in charset.foreign.finditer(value):
            if found[0] not in separators.service:
                return (
                    f"{found[0]!r} is no character of {charset.title}",
                    "choose syntax UNOC or wider, or write upper case letters where only those are allowed",
                )
    own = next((own for own in separators.service if own in value), None) if not separators.release else None
    if own:
        return (
            f"{own!r} is a separator of this interchange and cannot stand in a value",
            "choose other separators under format, or replace the character in the mapping",
        )
    if place.repetition and not separators.repetition:
        return "this syntax has no repetitions", "give the value once, or choose a later syntax version"
    if place.component and not separators.component:
        return "this interchange has no separator of components", "give one value, or choose a component separator"
    return None
