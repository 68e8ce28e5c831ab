"""What a syntax cannot carry: each value that does not fit is a finding, and nothing is cut or replaced."""

import re
from collections.abc import Iterator, Sequence

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION, Encoded
from transload.adapters.edi.charsets import Charset
from transload.adapters.edi.separators import SEGMENT, Separators
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_CONTROL = re.compile("[\x00-\x1c\x7f-\x9f]")
_BINARY = re.compile(f"(?:BIN{ELEMENT}|BDS{ELEMENT}[^{ELEMENT}]*{ELEMENT})([0-9]+){ELEMENT}(.*)", re.DOTALL)


def fits(text: str, separators: Separators, charset: Charset, *, any_character: bool = False) -> bool:
    """Whether ``text``, with control-character separators, can be written as it stands; a quick look at the whole.

    With ``any_character`` the narrower repertoire of levels A and B does not count, only what the codec can encode.
    """
    try:
        text.encode(charset.codec)
    except UnicodeEncodeError:
        return False
    if _CONTROL.search(text) or (REPETITION in text and not separators.repetition):
        return False
    if charset.foreign and not any_character and _outside(text, separators, charset):
        return False
    return bool(separators.release) or not any(own in text for own in separators.service)


def _outside(text: str, separators: Separators, charset: Charset) -> bool:
    assert charset.foreign
    return any(match[0] not in separators.service for match in charset.foreign.finditer(text))


def binary_of(segment: str) -> tuple[str, str] | None:
    """The stated length and the data of a BIN or BDS segment; None for other segments."""
    match = _BINARY.fullmatch(segment)
    return (match[1], match[2]) if match else None


def findings_of(
    messages: Sequence[Encoded], separators: Separators, charset: Charset, *, any_character: bool = False
) -> list[Finding]:
    """One ``E-DOMAIN`` finding for each value of ``messages`` that cannot be written."""
    found: list[Finding] = []
    for number, message in enumerate(messages, 1):
        for index, segment in enumerate(message.body):
            body = segment
            if binary := binary_of(segment):
                body = segment[: len(segment) - len(binary[1])]
            for place, value in _values(body):
                reason = _reason(value, separators, charset, any_character=any_character)
                if reason is None and place.repetition and not separators.repetition:
                    reason = "this syntax has no repetitions", "give the value once, or choose a later syntax version"
                if reason:
                    where = place.within(Place(message=number, segment=index + 2, tag=segment.split(ELEMENT, 1)[0]))
                    found.append(refusal(reason[0], where, value, reason[1]))
    return found


def refusal(message: str, place: Place, value: str, hint: str) -> Finding:
    """The finding for one value that cannot be written."""
    return Finding(code="E-DOMAIN", message=message, place=place, value=value, hint=hint)


def _values(segment: str) -> Iterator[tuple[Place, str]]:
    for number, element in enumerate(segment.split(ELEMENT)[1:], 1):
        repetitions = element.split(REPETITION)
        for repetition, repeated in enumerate(repetitions, 1):
            components = repeated.split(COMPONENT)
            for component, value in enumerate(components, 1):
                place = Place(
                    element=number,
                    repetition=repetition if len(repetitions) > 1 else None,
                    component=component if len(components) > 1 else None,
                )
                yield place, value


def _reason(value: str, separators: Separators, charset: Charset, *, any_character: bool) -> tuple[str, str] | None:
    """Why a value cannot be written, and what to do; None when it can."""
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
    if charset.foreign and not any_character:
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
    return None
