"""Taking text apart into segments and elements, and finding segments and values in bytes again.

Reading is done on whole messages with few operations for each segment; `locate` and `offset_in` are for places alone.
"""

import re
from typing import NamedTuple

from transload.adapters.base.content import Content
from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION
from transload.adapters.edi.charsets import Charset, decode
from transload.adapters.edi.separators import SEGMENT, Separators

BLANKS = b" \t\r\n"
"""What may stand between a terminator and the next tag."""
_BLANKS = BLANKS.decode()
_CONTROLS = b"\x1c\x1d\x1e\x1f"
_SPLITS = {"BIN": 2, "BDS": 3}
_LENGTH = re.compile(r"(?:BIN|BDS.[^\W_]{0,3}).(\d{1,15}).", re.DOTALL)


def resolve(text: str, separators: Separators) -> str:
    """``text`` with release characters resolved and control characters for all separators.

    A release character at the very end, with nothing to release, stays as it is.
    """
    table = separators.taking_apart
    release = separators.release
    if not release or release not in text:
        return text.translate(table)
    first, *rest = text.split(release)
    parts = [first.translate(table)]
    active = True
    for piece in rest:
        if not active:
            parts.append(piece.translate(table))
            active = True
        elif piece:
            parts.append(piece[0].translate(separators.pictures))
            parts.append(piece[1:].translate(table))
        else:
            parts.append(release)
            active = False
    return "".join(parts)


def _resolve_bytes(raw: bytes, separators: Separators) -> bytes | None:
    """What `resolve` does, for the bytes of a message; None where they hold the control characters used for it.

    Every character set that we read has ASCII's bytes for the separators, and for nothing else.
    """
    if len(raw.translate(None, _CONTROLS)) != len(raw):
        return None
    table = separators.taking_bytes_apart
    first, *rest = raw.split(separators.ends[1])
    parts = [first.translate(table)]
    active = True
    for piece in rest:
        if not active:
            parts.append(piece.translate(table))
            active = True
        elif piece:
            parts += (piece[:1], piece[1:].translate(table))
        else:
            parts.append(separators.ends[1])
            active = False
    return b"".join(parts)


def split_elements(text: str, separators: Separators) -> list[str]:
    """One segment as its tag and elements; components and repetitions apart by control characters."""
    text = text.strip(_BLANKS)
    release = separators.release
    if text.isprintable() and not (release and release in text):
        text = text.replace(separators.element, ELEMENT)
        if separators.component:
            text = text.replace(separators.component, COMPONENT)
        if separators.repetition:
            text = text.replace(separators.repetition, REPETITION)
    else:
        text = resolve(text, separators)
    return (_untagged(text, separators.tag, ELEMENT) if separators.tag else text).split(ELEMENT)


class Split(NamedTuple):
    """A body taken apart: its segments as ``texts``, and the separators in them.

    The tag stands before the first ``element`` separator whatever the standard.  ``empty`` counts segments that were
    left out, as they had neither tag nor content.  ``undecodable`` is the offset of the first byte that the character
    set does not know.  Where there are ``binary`` data, the segments are there as lists, since data may
    hold separators.
    """

    texts: list[str]
    element: str
    component: str
    repetition: str
    empty: int = 0
    undecodable: int | None = None
    binary: list[list[str]] | None = None


NOTHING = Split([], ELEMENT, "", "")
"""A body that was not taken apart."""


def split_body(raw: bytes, separators: Separators, charset: Charset, newline: str = "") -> Split:
    """Take the bytes of a message's body apart.

    ``newline`` is what usually follows a terminator.  Empty segments (a terminator after a
    terminator) are left out.  What stands after the last terminator is a segment, if it is not blank.
    """
    terminator, element = separators.terminator, separators.element
    component, repetition = separators.component, separators.repetition
    if separators.release and separators.ends[1] in raw:
        resolved = _resolve_bytes(raw, separators)
        text, undecodable = decode(raw if resolved is None else resolved, charset)
        if resolved is None:
            text = resolve(text, separators)
        elif undecodable is not None:
            undecodable = decode(raw, charset)[1]
        terminator, element = SEGMENT, ELEMENT
        component, repetition = COMPONENT, REPETITION if repetition else ""
    else:
        text, undecodable = decode(raw, charset)
    if newline:
        text = text.replace(terminator + newline, terminator)
    pieces = text.split(terminator)
    if not pieces[-1].strip(_BLANKS):
        pieces.pop()
    empty = 0
    if pieces and min(pieces) < "!":  # blanks, and nothing at all, come before all that begins a segment
        pieces = [piece.lstrip(_BLANKS) for piece in pieces]
        empty = pieces.count("")
        pieces = [piece for piece in pieces if piece]
    if separators.tag:
        pieces = [_untagged(piece, separators.tag, element) for piece in pieces]
    return Split(pieces, element, component, repetition, empty, undecodable)


def _untagged(piece: str, sign: str, element: str) -> str:
    """A segment whose tag is followed by a sign of its own, with the element separator instead."""
    tag, found, rest = piece.partition(sign)
    return f"{tag}{element}{rest}" if found and element not in tag else piece


def after_terminator(content: Content, start: int, separators: Separators) -> int | None:
    """The offset after the next terminator that is not released; None when there is none."""
    terminator, release = separators.ends
    at = content.find(terminator, start)
    while at >= 0:
        before = at
        while release and before > start and content[before - 1 : before] == release:
            before -= 1
        if (at - before) % 2 == 0:
            return at + 1
        at = content.find(terminator, at + 1)
    return None


def locate(raw: bytes, separators: Separators, *, binary: bool) -> list[tuple[int, int]]:
    """First byte and terminator of each segment in ``raw``, the bytes of a message's body, empty ones left out.

    With ``binary`` the data of BIN and BDS segments are stepped over by the length that they state.
    """
    terminator, release = separators.ends
    found: list[tuple[int, int]] = []
    if not binary and not (release and release + terminator in raw):
        stop = -1
        for piece in raw.split(terminator):
            stop += 1 + len(piece)
            segment = piece.lstrip(BLANKS)
            if segment:
                found.append((stop - len(segment), stop))
        return found
    content = Content.of(raw)
    at, end = 0, len(raw)
    while True:
        while at < end and raw[at] in BLANKS and raw[at : at + 1] != terminator:
            at += 1
        if at >= end:
            return found
        after = _after_binary(raw, at, terminator) if binary else None
        if after is None:
            after = after_terminator(content, at, separators)
        if after is None:
            found.append((at, end))
            return found
        if after - 1 > at:
            found.append((at, after - 1))
        at = after


def _after_binary(raw: bytes, at: int, terminator: bytes) -> int | None:
    match = _LENGTH.match(raw[at : at + 30].decode("latin-1"))
    if match is None:
        return None
    stop = at + match.end() + int(match[1])
    return stop + 1 if raw[stop : stop + 1] == terminator else None


def split_binary(raw: bytes, separators: Separators, charset: Charset) -> Split:
    """Take the bytes of a body apart in which BIN or BDS segments are: their last element is taken whole."""
    _, undecodable = decode(raw, charset)
    codec = charset.codec if undecodable is None else "latin-1"
    segments = [
        text.split(separators.element, _SPLITS.get(text[:3], -1))
        for text in (raw[start:stop].decode(codec) for start, stop in locate(raw, separators, binary=True))
    ]
    texts = [separators.element.join(segment) for segment in segments]
    element, component, repetition = separators.element, separators.component, separators.repetition
    return Split(texts, element, component, repetition, undecodable=undecodable, binary=segments)


def whole(data: bytes) -> Split:
    """Data without segments as one segment of one text, each byte a character."""
    text = data.decode("latin-1")
    return Split([text], ELEMENT, "", "", binary=[[text]])


def offset_in(
    segment: bytes,
    separators: Separators,
    element: int,
    repetition: int | None = None,
    component: int | None = None,
) -> int:
    """Where a value begins in the bytes of a segment; the segment's length where it is not there."""
    release = separators.release.encode("latin-1")
    span = (0, len(segment))
    if separators.tag:
        span = (segment.find(separators.tag.encode("latin-1")) + 1, len(segment))
    steps = (
        (separators.element, element if separators.tag else element + 1),
        (separators.repetition, repetition),
        (separators.component, component),
    )
    for separator, number in steps:
        if number is None or not separator:
            continue
        found = _span(segment, *span, separator.encode("latin-1"), release, number)
        if found is None:
            return span[1]
        span = found
    return span[0]


def _span(
    segment: bytes, start: int, stop: int, separator: bytes, release: bytes, number: int
) -> tuple[int, int] | None:
    """The ``number``-th, from 1, of the parts between ``start`` and ``stop``; None where there are fewer."""
    released = release != b"" and release in segment
    begin = at = start
    while True:
        end = segment.find(separator, at, stop)
        if end >= 0 and released and _is_released(segment, begin, end, release):
            at = end + 1
            continue
        if number == 1:
            return begin, end if end >= 0 else stop
        if end < 0:
            return None
        number -= 1
        begin = at = end + 1


def _is_released(segment: bytes, start: int, at: int, release: bytes) -> bool:
    """Whether the byte at ``at`` is taken as text: an odd number of release characters stands before it."""
    before = segment[start:at]
    return (len(before) - len(before.rstrip(release))) % 2 == 1
