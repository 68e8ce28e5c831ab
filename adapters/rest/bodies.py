"""JSON bodies: what stands at a place, and from where to where it reaches in the text."""

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
Step = str | int


def read(content: bytes) -> Any:
    """The values of a JSON body, numbers with a fraction exact.  Raises ValueError, RecursionError."""
    return json.loads(content, parse_float=Decimal)


def text_of(content: bytes) -> str:
    """The text of a JSON body (UTF-8, or UTF-16 and 32 as RFC 4627 knew them).  Raises ValueError."""
    return content.decode(json.detect_encoding(content)).removeprefix("\ufeff")


def at(body: Any, path: str) -> Any:
    """The value at ``path`` (keys joined by points, numbers for items, ``$`` for all); None where nothing stands.

    A key may have points itself, as ``@odata.nextLink`` has: the longest one that is there counts.
    """
    if path == "$":
        return body
    steps = path.removeprefix("$.").split(".")
    while steps:
        if isinstance(body, list):
            index = steps.pop(0)
            if not re.fullmatch(r"-?\d{1,9}", index) or not -len(body) <= int(index) < len(body):
                return None
            body = body[int(index)]
            continue
        if not isinstance(body, dict):
            return None
        length = next((n for n in range(len(steps), 0, -1) if ".".join(steps[:n]) in body), None)
        if length is None:
            return None
        body = body[".".join(steps[:length])]
        del steps[:length]
    return body


def steps_of(named: str) -> list[Step]:
    """The steps of a field as partners name it: ``/lines/2/qty`` (RFC 6901), ``$.lines[2].qty``, ``lines.2.qty``."""
    if named.startswith(("/", "#/")):
        parts = named.removeprefix("#")[1:].split("/")
        return [int(p) if p.isdecimal() else p.replace("~1", "/").replace("~0", "~") for p in parts]
    flat = re.sub(r"\[['\"]?([^\]'\"]*)['\"]?\]", r".\1", named.removeprefix("$"))
    return [int(part) if part.isdecimal() else part for part in flat.split(".") if part]


def extent(text: str, steps: Sequence[Step]) -> tuple[int, int] | None:
    """Where the value that ``steps`` lead to begins and ends in ``text``; None when there is none.

    Raises ValueError, RecursionError when the text is no JSON so far.
    """
    position = _skip(text, 0)
    for step in steps:
        found = next((start for key, start, _ in _members(text, position) if key == step), None)
        if found is None:
            return None
        position = found
    return position, _DECODER.raw_decode(text, position)[1]


def items_at(text: str, path: str) -> list[str]:
    """The texts of the items of the list at ``path``, each as it stands there; empty when no list stands there.

    Raises ValueError, RecursionError when the text is no JSON.
    """
    steps = _existing(text, path)
    found = extent(text, steps) if steps is not None else None
    if found is None or text[found[0]] != "[":
        return []
    return [text[start:end] for _, start, end in _members(text, found[0])]


def _existing(text: str, path: str) -> list[Step] | None:
    """The steps that `at` would take along ``path``."""
    if path == "$":
        return []
    names = path.removeprefix("$.").split(".")
    steps: list[Step] = []
    while names:
        found = extent(text, steps)
        if found is None:
            return None
        keys = [key for key, _, _ in _members(text, found[0])]
        if text[found[0]] == "[":
            index = int(names[0]) if re.fullmatch(r"-?\d{1,9}", names[0]) else len(keys)
            if not -len(keys) <= index < len(keys):
                return None
            steps.append(index % len(keys))
            del names[0]
            continue
        length = next((n for n in range(len(names), 0, -1) if ".".join(names[:n]) in keys), None)
        if length is None:
            return None
        steps.append(".".join(names[:length]))
        del names[:length]
    return steps


def _members(text: str, position: int) -> Iterator[tuple[Step, int, int]]:
    """Key or index, beginning and end of each member of the object or list that begins at ``position``."""
    opening = text[position : position + 1]
    if opening not in ("{", "["):
        return
    closing = "}" if opening == "{" else "]"
    position = _skip(text, position + 1)
    index = 0
    while text[position : position + 1] != closing:
        key: Step = index
        if opening == "{":
            key, position = scanstring(text, position + 1, True)
            position = _skip(text, _skip(text, position) + 1)
        _, end = _DECODER.raw_decode(text, position)
        yield key, position, end
        position = _skip(text, end)
        if text[position : position + 1] == ",":
            position = _skip(text, position + 1)
        index += 1


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
