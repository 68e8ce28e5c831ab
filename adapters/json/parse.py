"""A JSON text as values with exact numbers, and everything that is wrong with it."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn

from transload.adapters.json import positions
from transload.adapters.json.items import Span, read_page
from transload.adapters.json.text import Decoded
from transload.canonical.findings import Finding

LARGEST = 400
"""The largest power of ten (and its negative, the smallest) that a number may have; doubles end at 308."""
_LONG = 64
"""Numbers of more characters are not kept."""
_HABITS = (
    (("'",), "JSON wants double quotes"),
    (("//", "/*", "#"), "JSON has no comments"),
    (("None", "True", "False"), "JSON writes null, true and false"),
    (tuple(map(chr, range(32))), "a control character inside a text must be escaped, as in \\n or \\u0009"),
)
_TRAILING_COMMA = re.compile(r"^,\s*(?=[\]}])")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class _Unusual(ValueError):
    """A number that is none, has no measure or is very long: whoever reads the text once more tells which."""


@lru_cache(maxsize=8192)
def _number(text: str) -> Decimal:
    """An exact number; quantities and prices come again and again, so the last texts are kept with their numbers."""
    if len(text) > _LONG:
        raise _Unusual
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _Unusual from None
    if not _has_measure(number):
        raise _Unusual
    return number


def _has_measure(number: Decimal) -> bool:
    return -LARGEST <= number.adjusted() <= LARGEST


def _no_number(text: str) -> NoReturn:
    """NaN and Infinity, which Python's parser takes."""
    raise _Unusual


class _Flags:
    """What the parser met and only a second scan can place."""

    def __init__(self) -> None:
        self.raised = False

    def constant(self, text: str) -> None:
        self.raised = True

    def fraction(self, text: str) -> Decimal:
        try:
            number = Decimal(text)
        except InvalidOperation:
            self.raised = True
            return Decimal(0)
        if not _has_measure(number):
            self.raised = True
        return number


_USUAL = JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=_no_number)


def parse(
    source: Decoded, *, deepest: int, items: Sequence[str] | None = None
) -> tuple[Any, list[Finding], list[Span]]:
    """The value that ``source`` holds, numbers as Decimal, with the findings about it.

    ``items`` leads to the array of a page, and the spans are then those of its items, in characters; there are none
    where anything in the page is unusual.  After a finding with the code ``E-JSON`` or ``E-DEPTH`` the value is None.
    """
    flags = _Flags()
    text = source.text
    try:
        root, spans = _read(text, flags, items)
    except JSONDecodeError as error:
        return None, [_syntax(source, error)], []
    except RecursionError:
        return None, [_depth(source, deepest)], []
    texts = _texts(root, deepest)
    if texts is None:
        return None, [_depth(source, deepest)], []
    # each text has two quotes, so fewer texts than quotes are equal keys, of which the parser keeps the last only;
    # with two backslashes it is not so easy to tell which quotes belong to a text's value
    doubtful = 2 * texts != text.count('"')
    if "\\" in text:
        doubtful = "\\\\" in text or 2 * texts != text.count('"') - text.count('\\"')
        doubtful = doubtful or _ESCAPED_SURROGATE.search(text) is not None
    if flags.raised or doubtful:
        return root, list(_faults(source)), spans
    return root, [], spans


def _read(text: str, flags: _Flags, items: Sequence[str] | None) -> tuple[Any, list[Span]]:
    try:
        if items is not None:
            return read_page(text, items, _USUAL.raw_decode)
        return _USUAL.decode(text), []
    except ValueError:  # it is no page, or no JSON, or has an unusual number; the whole text is read to tell which
        decoder = JSONDecoder(parse_float=flags.fraction, parse_int=Decimal, parse_constant=flags.constant)
        return decoder.decode(text), []


def _texts(root: Any, most: int) -> int | None:
    """How many keys and texts ``root`` holds; None where it has more than ``most`` levels of objects and arrays."""
    found = 0
    level: list[Any] = [[root]]
    for _ in range(most + 1):
        below: list[Any] = []
        for container in level:
            values: Any = container
            if type(container) is dict:
                found += len(container)
                values = container.values()
            for value in values:
                kind = type(value)
                if kind is str:
                    found += 1
                elif kind is dict or kind is list:
                    below.append(value)
        if not below:
            return found
        level = below
    return None


def _faults(source: Decoded) -> Iterator[Finding]:
    """Equal keys, numbers that are none or beyond measure, and texts that are no Unicode, each with its place."""
    text = source.text
    for path, entry in positions.walk(text):
        first = text[entry.start]
        if first == "{":
            yield from _equal_keys(source, path, entry)
        elif first == '"':
            if _SURROGATE.search(positions.value(text, entry.start)):
                yield Finding(
                    code="E-ENCODING",
                    message="this text holds half of a surrogate pair, which is no character",
                    hint="the sender must write both halves of the pair, or the character itself in UTF-8",
                    value=text[entry.start : entry.end][:80],
                    place=source.place(entry.start, positions.pointer(path)),
                )
        elif first in "NI" or text.startswith("-I", entry.start):
            yield Finding(
                code="E-NUMBER",
                message=f"{text[entry.start : entry.end]} is no JSON number (RFC 8259 section 6)",
                hint="the sender must leave the value out, or write null",
                value=text[entry.start : entry.end],
                place=source.place(entry.start, positions.pointer(path)),
            )
        elif first in "-0123456789":
            number = text[entry.start : entry.end]
            if "." in number or "e" in number.lower():
                flags = _Flags()
                flags.fraction(number)
                if flags.raised:
                    yield Finding(
                        code="E-NUMBER",
                        message=f"this number is beyond 1E+{LARGEST} or below 1E-{LARGEST}",
                        hint="no quantity or amount is so large or small; ask the sender what is meant",
                        value=number[:80],
                        place=source.place(entry.start, positions.pointer(path)),
                    )


def _equal_keys(source: Decoded, path: tuple[str | int, ...], entry: positions.Entry) -> Iterator[Finding]:
    known: dict[str | int, int] = {}
    for child in positions.entries(source.text, entry.start):
        if child.key in known:
            first = source.line(known[child.key])
            yield Finding(
                code="E-DUPLICATE-KEY",
                message=f"the key {child.key!r} stands here a second time; the first is in line {first}",
                hint="which of the two is meant cannot be known: the sender must write it once",
                value=str(child.key),
                place=source.place(child.key_start, positions.pointer((*path, child.key))),
            )
        known.setdefault(child.key, child.key_start)


def _depth(source: Decoded, deepest: int) -> Finding:
    start = positions.too_deep(source.text, deepest)
    return Finding(
        code="E-DEPTH",
        message=f"objects and arrays are nested more than {deepest} deep",
        hint="no business document is so deep; if this one is, raise 'deepest' under format:",
        place=source.place(start) if start is not None else source.place(0),
    )


def _syntax(source: Decoded, error: JSONDecodeError) -> Finding:
    text = source.text
    at = _TRAILING_COMMA.sub("", text[error.pos :])  # newer Pythons point at the comma, older ones behind it
    position = len(text) - len(at)
    place = source.place(position)
    where = f"line {place.line}, column {source.column(position)}"
    if not text.strip():
        return Finding(code="E-JSON", message="the payload is empty", place=source.place(0))
    if error.msg.startswith("Unterminated"):
        message = f"the text that begins at {where} has no closing quote"
        hint: str | None = "the payload was probably cut off on its way; fetch it again"
    elif not at.strip():
        message = f"the JSON text ends too early, at {where}"
        hint = "the payload was probably cut off on its way; fetch it again"
    elif error.msg == "Extra data":
        message = f"something follows the end of the JSON value, at {where}"
        hint = "one payload holds one JSON value; several belong into an array"
    elif error.msg.startswith("Invalid \\"):
        message = f"a backslash begins no valid escape, at {where}"
        hint = "a backslash itself is written as two"
    else:
        message = f"{at[0]!a} is not expected at {where}"
        hint = _hint(text, position)
    return Finding(code="E-JSON", message=message, hint=hint, value=at[:40] or None, place=place)


def _hint(text: str, at: int) -> str | None:
    """The usual ways to get JSON wrong, each with what to do."""
    rest = text[at:]
    if text.lstrip().startswith("<"):
        return "this is HTML or XML; is the address right, and the format?"
    if rest[0] in "]}" and text[:at].rstrip().endswith(","):
        return "a comma must not stand before the closing bracket"
    return next((hint for starts, hint in _HABITS if rest.startswith(starts)), None)
