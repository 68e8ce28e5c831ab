"""One segment's bytes taken apart as they stand: tag, values, separators, release characters, terminator.

Reading gives values; this gives where they are, so that people can be shown a segment
with its own separators and the exact place of a fault in it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import Pattern

from transload.adapters.edi.separators import Separators

WHOLE = {"BIN": 2, "BDS": 3}
"""The X12 segments whose last element is binary data, and which one that is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A stretch of a segment's bytes; ``start`` and ``stop`` count from the segment's first byte.

    ``kind`` is ``tag``, ``value``, ``binary``, ``separator``, ``release``, ``terminator`` or ``after`` (what follows
    the terminator).  ``element``, ``repetition`` and ``component`` count from 1; a tag is element 0.
    Every value has a token, an empty one too.  A value with release characters has several.
    """

    kind: str
    start: int
    stop: int
    element: int = 0
    repetition: int = 1
    component: int = 1


def take_apart(raw: bytes, separators: Separators, *, end: int, binary: bool = False) -> list[Token]:
    """The tokens of the segment ``raw[:end]``; from ``end`` on stand its terminator, if any, and what follows it.

    With ``binary`` the data of BIN and BDS are one token, whatever bytes are in it.
    """
    element, component = separators.element.encode("latin-1"), separators.component.encode("latin-1")
    repetition, release = separators.repetition.encode("latin-1"), separators.release.encode("latin-1")
    sign = separators.tag.encode("latin-1")
    whole = WHOLE.get(raw[:3].decode("latin-1")) if binary else None
    found: list[Token] = []
    place = [0, 1, 1]
    begin = 0

    def value(stop: int, kind: str | None = None) -> None:
        found.append(
            Token(
                kind=kind or ("value" if place[0] else "tag"),
                start=begin,
                stop=stop,
                element=place[0],
                repetition=place[1],
                component=place[2],
            )
        )

    for match in _marks(element + component + repetition + sign, release).finditer(raw, 0, end):
        mark, at = match[0], match.start()
        if mark[:1] == release:
            if at > begin:
                value(at)
            begin = at
            value(at + 1, "release")
            begin = at + 1
            continue
        if mark not in ((element, sign) if not place[0] else (element, component, repetition)):
            continue  # before the first element there is only the tag, and its own sign stands nowhere else
        value(at)
        found.append(Token(kind="separator", start=at, stop=at + 1, element=place[0]))
        begin = at + 1
        if mark == element or not place[0]:
            place[:] = [place[0] + 1, 1, 1]
            if place[0] == whole:
                value(end, "binary")
                begin = end
                break
        elif mark == repetition:
            place[1:] = [place[1] + 1, 1]
        else:
            place[2] += 1
    if not found or found[-1].kind != "binary":
        value(end)
    if end < len(raw):
        found.append(Token(kind="terminator", start=end, stop=end + 1, element=-1))
    if end + 1 < len(raw):
        found.append(Token(kind="after", start=end + 1, stop=len(raw), element=-1))
    return found


def span(
    tokens: Sequence[Token], element: int, repetition: int | None = None, component: int | None = None
) -> tuple[int, int] | None:
    """First byte and end of a value in a segment, or of a whole element; None where the segment does not have it."""
    inside = [token for token in tokens if token.element == element and token.kind != "separator"]
    if repetition is not None or component is not None:
        inside = [token for token in inside if token.repetition == (repetition or 1)]
    if component is not None:
        inside = [token for token in inside if token.component == component]
    return (inside[0].start, inside[-1].stop) if inside else None


@lru_cache(maxsize=64)
def _marks(separators: bytes, release: bytes) -> Pattern[bytes]:
    """Finds separators, and release characters together with what they release."""
    released = re.escape(release) + b".|" if release else b""
    return re.compile(released + b"[" + re.escape(separators) + b"]", re.DOTALL)
