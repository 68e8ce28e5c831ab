"""Taking text apart into segments and elements, and finding segments and values in bytes again.

Reading is done on whole messages with few operations for each segment; `locate` and
`offset_in` walk byte by byte and are for places alone.
"""

import re

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION
from transload.adapters.edi.separators import SEGMENT, Separators

BLANKS = b" \t\r\n"
"""What may stand between a terminator and the next tag."""
_BLANKS = BLANKS.decode()
_SPLITS = {"BIN": 2, "BDS": 3}
_LENGTH = re.compile(r"(?:BIN|BDS.[^\W_]{0,3}).(\d{1,15}).", re.DOTALL)


def resolve(text: str, separators: Separators) -> str:
    """``text`` with release characters resolved and control characters for all separators.

    A release character at the very end, with nothing to release, stays as it is.
    """
    quick = _resolve_usual(text, separators)
    if quick is not None:
        return quick
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


def _resolve_usual(text: str, separators: Separators) -> str | None:
    """What `resolve` does, by a few replacements of the whole text; None where that would not be right.

    It is not where the text holds the control characters used for it, or releases a
    character that needs no release.
    """
    if (SEGMENT in text or ELEMENT in text or REPETITION in text or COMPONENT in text) or (
        "\x01" in text or "\x02" in text or "\x03" in text or "\x04" in text or "\x05" in text
    ):  # one by one: a loop would take longer than the search
        return None
    release = separators.release
    released = separators.releases if release and release in text else ()
    for pair, hidden, _ in released:
        if pair in text:
            text = text.replace(pair, hidden)
    if release and release in text:
        return None
    for own, control in separators.controls:
        text = text.replace(own, control)
    for _, hidden, own in released:
        if hidden in text:
            text = text.replace(hidden, own)
    return text


def split_elements(text: str, separators: Separators) -> list[str]:
    """One segment as its tag and elements; components and repetitions apart by control characters."""
    return resolve(text.strip(_BLANKS), separators).split(ELEMENT)


def split_body(text: str, separators: Separators, newline: str = "") -> tuple[list[list[str]], str, str, int]:
    """The segments of ``text``, the component and repetition separators in them, and how many were empty.

    ``newline`` is what usually follows a terminator.  Empty segments (a terminator after a
    terminator) are left out.  What stands after the last terminator is a segment, if it is not blank.
    """
    terminator, element = separators.terminator, separators.element
    component, repetition = separators.component, separators.repetition
    if separators.release and separators.release in text:
        text = resolve(text, separators)
        terminator, element = SEGMENT, ELEMENT
        component, repetition = COMPONENT, REPETITION if repetition else ""
    if newline:
        text = text.replace(terminator + newline, terminator)
    pieces = text.split(terminator)
    if "\n" in text or "\r" in text or f"{terminator} " in text or f"{terminator}\t" in text or text[:1] in _BLANKS:
        pieces = [piece.lstrip(_BLANKS) for piece in pieces]
    if not pieces[-1].strip(_BLANKS):
        pieces.pop()
    empty = pieces.count("")
    if empty:
        pieces = [piece for piece in pieces if piece]
    return [piece.split(element) for piece in pieces], component, repetition, empty


def after_terminator(payload: bytes, start: int, terminator: bytes, release: bytes) -> int | None:
    """The offset after the next terminator that is not released; None when there is none."""
    at = payload.find(terminator, start)
    while at >= 0:
        before = at
        while release and before > start and payload[before - 1 : before] == release:
            before -= 1
        if (at - before) % 2 == 0:
            return at + 1
        at = payload.find(terminator, at + 1)
    return None


def locate(payload: bytes, start: int, end: int, separators: Separators, *, binary: bool) -> list[tuple[int, int]]:
    """First byte and terminator of each segment in ``payload[start:end]``, empty ones left out.

    With ``binary`` the data of BIN and BDS segments are stepped over by the length that they state.
    """
    terminator, release = separators.terminator.encode("latin-1"), separators.release.encode("latin-1")
    found: list[tuple[int, int]] = []
    at = start
    while True:
        while at < end and payload[at] in BLANKS and payload[at : at + 1] != terminator:
            at += 1
        if at >= end:
            return found
        after = _after_binary(payload, at, terminator) if binary else None
        if after is None:
            after = after_terminator(payload, at, terminator, release)
        if after is None or after > end:
            found.append((at, end))
            return found
        if after - 1 > at:
            found.append((at, after - 1))
        at = after


def _after_binary(payload: bytes, at: int, terminator: bytes) -> int | None:
    match = _LENGTH.match(payload[at : at + 30].decode("latin-1"))
    if match is None:
        return None
    stop = at + match.end() + int(match[1])
    return stop + 1 if payload[stop : stop + 1] == terminator else None


def split_binary(payload: bytes, places: list[tuple[int, int]], separators: Separators, codec: str) -> list[list[str]]:
    """The segments at ``places``, where some are BIN or BDS: their last element is taken whole."""
    return [
        text.split(separators.element, _SPLITS.get(text[:3], -1))
        for text in (payload[start:stop].decode(codec, errors="replace") for start, stop in places)
    ]


def offset_in(
    payload: bytes,
    start: int,
    stop: int,
    separators: Separators,
    element: int,
    repetition: int | None = None,
    component: int | None = None,
) -> int:
    """Where a value begins in the segment ``payload[start:stop]``; ``stop`` where it is not there."""
    release = separators.release
    span = (start, stop)
    steps = ((separators.element, element + 1), (separators.repetition, repetition), (separators.component, component))
    for separator, number in steps:
        if number is None or not separator:
            continue
        spans = _spans(payload, *span, separator.encode("latin-1"), release.encode("latin-1"))
        if number > len(spans):
            return span[1]
        span = spans[number - 1]
    return span[0]


def _spans(payload: bytes, start: int, stop: int, separator: bytes, release: bytes) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = begin = start
    while at < stop:
        byte = payload[at : at + 1]
        if byte == release:
            at += 2
            continue
        if byte == separator:
            spans.append((begin, at))
            begin = at + 1
        at += 1
    spans.append((begin, stop))
    return spans
