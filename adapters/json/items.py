"""A page read item by item, so that where each item stands is known without a second look."""

from collections.abc import Callable, Sequence
from typing import Any

from transload.adapters.json.positions import value_start

Scan = Callable[[str, int], tuple[Any, int]]
"""The standard library's scanner: the value that begins at an offset, and where it ends."""
Span = tuple[int, int]


class NotAPage(ValueError):
    """The text is not the JSON of a page whose items stand where they should; reading it whole tells what it is."""


def read_page(text: str, path: Sequence[str], scan: Scan) -> tuple[Any, list[Span]]:
    """The value that ``text`` holds, and first character and end of each item of the array at ``path``.

    Raises `NotAPage` where anything is unusual, equal keys on the way to the array included, and `ValueError` where
    ``scan`` does.
    """
    try:
        value, spans, end = _value(text, value_start(text), path, scan)
    except IndexError:  # the text ends early
        raise NotAPage from None
    if spans is None or value_start(text, end) != len(text):
        raise NotAPage
    return value, spans


def _value(text: str, at: int, path: Sequence[str], scan: Scan) -> tuple[Any, list[Span] | None, int]:
    if not path:
        return _array(text, at, scan)
    _expect(text, at, "{")
    found: dict[str, Any] = {}
    spans: list[Span] | None = None
    at = value_start(text, at + 1)
    while text[at] == '"':
        key, at = scan(text, at)
        at = value_start(text, at)
        _expect(text, at, ":")
        at = value_start(text, at + 1)
        if key == path[0]:
            if key in found:
                raise NotAPage
            found[key], spans, at = _value(text, at, path[1:], scan)
        else:
            found[key], at = scan(text, at)
        at = value_start(text, at)
        if text[at] == "}":
            return found, spans, at + 1
        _expect(text, at, ",")
        at = value_start(text, at + 1)
    raise NotAPage  # nothing in it, or a comma before its end


def _array(text: str, at: int, scan: Scan) -> tuple[list[Any], list[Span], int]:
    _expect(text, at, "[")
    items: list[Any] = []
    spans: list[Span] = []
    at = value_start(text, at + 1)
    if text[at] == "]":
        return items, spans, at + 1
    while True:
        item, end = scan(text, at)
        items.append(item)
        spans.append((at, end))
        at = value_start(text, end)
        if text[at] == "]":
            return items, spans, at + 1
        _expect(text, at, ",")
        at = value_start(text, at + 1)


def _expect(text: str, at: int, sign: str) -> None:
    if text[at] != sign:
        raise NotAPage
