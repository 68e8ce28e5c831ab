"""Taking text apart into segments and elements, and finding segments and values in bytes again.

Reading is done on whole messages with few operations for each segment; `locate` and
`offset_in` walk byte by byte and are for places alone.
"""

import re

from transload.adapters.base.content import Content
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
    return _split_tagged(text, separators.tag, ELEMENT) if separators.tag else text.split(ELEMENT)


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
    if separators.tag:
        return [_split_tagged(piece, separators.tag, element) for piece in pieces], component, repetition, empty
    return [piece.split(element) for piece in pieces], component, repetition, empty


def _split_tagged(piece: str, sign: str, element: str) -> list[str]:
    """A segment whose tag is followed by a sign of its own."""
    tag, found, rest = piece.partition(sign)
    return [tag, *rest.split(element)] if found and element not in tag else piece.split(element)


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
    terminator = separators.ends[0]
    content = Content.of(raw)
    found: list[tuple[int, int]] = []
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


def split_binary(raw: bytes, places: list[tuple[int, int]], separators: Separators, codec: str) -> list[list[str]]:
    """The segments of ``raw`` at ``places``, where some are BIN or BDS: their last element is taken whole."""
    return [
        text.split(separators.element, _SPLITS.get(text[:3], -1))
        for text in (raw[start:stop].decode(codec, errors="replace") for start, stop in places)
    ]


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
        spans = _spans(segment, *span, separator.encode("latin-1"), release)
        if number > len(spans):
            return span[1]
        span = spans[number - 1]
    return span[0]


def _spans(segment: bytes, start: int, stop: int, separator: bytes, release: bytes) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = begin = start
    while at < stop:
        byte = segment[at : at + 1]
        if byte == release:
            at += 2
            continue
        if byte == separator:
            spans.append((begin, at))
            begin = at + 1
        at += 1
    spans.append((begin, stop))
    return spans
