"""Where values stand in a JSON text: a second scan, made only when somebody asks.

It walks from container to container and lets the standard library's scanner skip
what lies between, so finding one value costs about as much as parsing the text.
All offsets are in characters.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json import JSONDecoder
from typing import Any

_BLANKS = re.compile(r"[ \t\n\r]*")
_WHITE = " \t\n\r"
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
_MEMBER = re.compile(r'[ \t\n\r]*"([^"\\]*)"[ \t\n\r]*:[ \t\n\r]*("[^"\\]*"|[^"\[{,}\s]+)[ \t\n\r]*([,}])')
"""A member with a plain key and a plain value, and the comma or brace behind it: as nearly all are."""
_ITEM = re.compile(r'[ \t\n\r]*(\{[^{}\[\]"]*(?:"[^"\\]*"[^{}\[\]"]*)*\})[ \t\n\r]*([,\]])')
"""An object of such members alone, and the comma or bracket behind it."""
_VALUE = JSONDecoder(parse_int=str).raw_decode  # Python refuses numbers of thousands of digits


@dataclass(frozen=True, slots=True)
class Entry:
    """One child of a container: its key or index, where the key (or else the value) begins, and the value's ends."""

    key: str | int
    key_start: int
    start: int
    end: int


def value_start(text: str, position: int = 0) -> int:
    """The offset of the first character at or after ``position`` that is no white space."""
    if text[position : position + 1] not in _WHITE:
        return position
    found = _BLANKS.match(text, position)
    return found.end() if found else position


def entries(text: str, start: int) -> Iterator[Entry]:
    """The children of the object or array that begins at ``start``; nothing for any other value.

    ``text`` must be valid JSON.  Equal keys come as often as they stand there.
    """
    opening = text[start]
    if opening not in "[{":
        return
    closing = "]" if opening == "[" else "}"
    position = value_start(text, start + 1)
    index = 0
    while text[position] != closing:
        key: str | int = index
        key_start = position
        if opening == "{":
            key, after = _VALUE(text, position)
            position = value_start(text, value_start(text, after) + 1)
        _, end = _VALUE(text, position)
        yield Entry(key, key_start, position, end)
        index += 1
        position = value_start(text, end)
        if text[position] == ",":
            position = value_start(text, position + 1)


def locate(text: str, path: Sequence[str | int], start: int = 0) -> int:
    """The start of the value that ``path`` leads to, or of the deepest container on the way that exists.

    ``path`` begins at the value that stands at or after ``start``.  Of equal keys the last
    one counts, as it does for the parser.
    """
    return Positions(text).locate(path, start)


class Positions:
    """Finds values in one text.  The children of each container on the way are remembered: many may be asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._known: dict[int, dict[str | int, int]] = {}

    def locate(self, path: Sequence[str | int], start: int = 0) -> int:
        """See `locate`."""
        start = value_start(self._text, start)
        for step in path:
            children = self._known.get(start)
            if children is None:
                children = self._known[start] = _starts(self._text, start)
            found = children.get(step)
            if found is None:
                break
            start = found
        return start


def _starts(text: str, start: int) -> dict[str | int, int]:
    """Where each child of a container begins; of equal keys the last one counts, as it does for the parser."""
    found: dict[str | int, int] = {}
    position = start + 1
    if text[start] == "{":
        while member := _MEMBER.match(text, position):
            found[member[1]] = member.start(2)
            position = member.end()
            if member[3] == "}":
                return found
    elif text[start] == "[":
        while item := _ITEM.match(text, position):
            found[len(found)] = item.start(1)
            position = item.end()
            if item[2] == "]":
                return found
    return {entry.key: entry.start for entry in entries(text, start)}


def walk(text: str) -> Iterator[tuple[tuple[str | int, ...], Entry]]:
    """Every value of ``text`` with the path that leads to it, parents before their children."""
    start = value_start(text)
    _, end = _VALUE(text, start)
    pending: list[tuple[tuple[str | int, ...], Entry]] = [((), Entry("", start, start, end))]
    while pending:
        path, entry = pending.pop()
        yield path, entry
        children = [((*path, child.key), child) for child in entries(text, entry.start)]
        pending += reversed(children)


def value(text: str, start: int) -> Any:
    """The value that begins at ``start``."""
    return _VALUE(text, start)[0]


def too_deep(text: str, most: int) -> int | None:
    """The offset of the first bracket that opens more than ``most`` levels, or None."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        if found[0] in "[{":
            depth += 1
            if depth > most:
                return found.start()
        elif found[0] in "]}":
            depth -= 1
    return None


def pointer(path: Sequence[str | int]) -> str | None:
    """``path`` as a JSON pointer (RFC 6901); None for the whole document."""
    return None if not path else "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
