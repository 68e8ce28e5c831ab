"""Service segments: the headers and trailers of interchanges, groups and messages."""

from typing import NamedTuple

from transload.adapters.base.content import Content
from transload.adapters.base.format import COMPONENT, ELEMENT
from transload.adapters.edi.charsets import Charset, decode
from transload.adapters.edi.segments import BLANKS, after_terminator, split_elements
from transload.adapters.edi.separators import Separators

LONGEST = 1 << 14
"""No service segment has so many bytes; what is longer is not looked at further."""
PRINTABLE = bytes(range(0x20, 0x7F))
"""The printable characters of ASCII."""


class Service(NamedTuple):
    """A service segment (UNB, GS, UNT, ...): ``elements[0]`` is element 1, components apart by ``COMPONENT``.

    ``end`` is the offset after its terminator.  Values are resolved: no release
    characters, control characters as separators.
    """

    tag: str
    elements: tuple[str, ...]
    start: int
    end: int

    def element(self, number: int, component: int | None = None) -> str:
        """The element from 1, or one of its components; "" where there is none."""
        if number > len(self.elements):
            return ""
        value = self.elements[number - 1]
        if component is None or (component == 1 and COMPONENT not in value):
            return value
        parts = value.split(COMPONENT)
        return parts[component - 1] if component <= len(parts) else ""


def read_service(content: Content, start: int, separators: Separators, charset: Charset) -> Service:
    """The service segment at ``start``, which ends at the next terminator or with the payload."""
    end = after_terminator(content, start, separators)
    return service_between(content, start, end, separators, charset)


def service_between(content: Content, start: int, end: int | None, separators: Separators, charset: Charset) -> Service:
    """The service segment from ``start`` to ``end``, the offset after its terminator; None where it has none."""
    stop = len(content) if end is None else end - 1
    raw = content[start : min(stop, start + LONGEST)]
    end = stop if end is None else end
    if not (raw.translate(None, PRINTABLE) or (separators.release and separators.ends[1] in raw) or separators.tag):
        return plain_service(raw, start, end, separators)
    tag, *elements = split_elements(decode(raw, charset)[0], separators)
    return Service(tag, tuple(elements), start, end)


def plain_service(raw: bytes, start: int, end: int, separators: Separators) -> Service:
    """The service segment of which ``raw`` is all but the terminator: printable ASCII without release characters."""
    tag, *elements = raw.strip().translate(separators.taking_bytes_apart).decode().split(ELEMENT)
    return Service(tag, tuple(elements), start, end)


class OddByte(NamedTuple):
    """A byte of a service segment that has no place there: the finding's code, where it is, and what is wrong."""

    code: str
    offset: int
    fault: str
    message: str


def odd_byte(raw: bytes, separators: Separators, charset: Charset) -> OddByte | None:
    """The first byte of a service segment that is a control character, or none of the character set; else None."""
    if raw.translate(None, PRINTABLE) in (b"", separators.ends[0]):
        return None
    end = raw.rstrip(BLANKS).removesuffix(separators.ends[0]).rstrip(BLANKS)
    _, undecodable = decode(end, charset)
    if undecodable is not None:
        message = f"byte 0x{end[undecodable]:02X} is no character of {charset.title}"
        return OddByte("E-CHARSET", undecodable, "charset", message)
    service = separators.service.encode("latin-1")
    unwanted = (*charset.controls, *b"\r\n")
    found = next((at for at, byte in enumerate(end) if byte in unwanted and byte not in service), None)
    if found is None:
        return None
    return OddByte("E-CONTROL", found, "control", "there is a control character or a line end inside a service segment")
