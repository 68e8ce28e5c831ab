"""Service segments: the headers and trailers of interchanges, groups and messages."""

from typing import NamedTuple

from transload.adapters.base.content import Content
from transload.adapters.base.format import COMPONENT
from transload.adapters.edi.charsets import Charset, decode
from transload.adapters.edi.segments import after_terminator, split_elements
from transload.adapters.edi.separators import Separators

LONGEST = 1 << 14
"""No service segment has so many bytes; what is longer is not looked at further."""


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
        if component is None:
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
    text, _ = decode(content[start : min(stop, start + LONGEST)], charset)
    tag, *elements = split_elements(text, separators)
    return Service(tag, tuple(elements), start, stop if end is None else end)
