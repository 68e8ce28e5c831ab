"""JSON values as text: exact numbers, and the layout that a partner's own text had."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

from transload.adapters.json.parse import LARGEST
from transload.adapters.json.positions import pointer
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_FIRST_INDENT = re.compile(r"[\[{]\r?\n([ \t]*)\S")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a JSON text is laid out; ``indent`` None means one line."""

    indent: str | None = None
    comma: str = ","
    colon: str = ":"
    ascii: bool = False
    end: str = ""


def layouts_of(text: str) -> Iterator[Layout]:
    """The layouts that ``text`` may have been written with, likeliest first."""
    end = text[len(text.rstrip()) :]
    first = _FIRST_INDENT.search(text)
    ascii_first = (True, False) if "\\u" in text else (False, True)
    for ascii_only in ascii_first:
        if first:
            yield Layout(indent=first[1], colon=": ", ascii=ascii_only, end=end)
            yield Layout(indent=first[1], ascii=ascii_only, end=end)
        else:
            yield Layout(ascii=ascii_only, end=end)
            yield Layout(comma=", ", colon=": ", ascii=ascii_only, end=end)
            yield Layout(colon=": ", ascii=ascii_only, end=end)


class Ready(str):
    """The text of a JSON value, which stands for it in others: it is written as it is."""

    __slots__ = ()


def write(value: Any, layout: Layout) -> str:
    """``value`` as JSON text.  Raises `Reject` with an ``E-DOMAIN`` finding for each value that JSON cannot carry."""
    return _text(value, layout) + layout.end


def ready(value: Any, layout: Layout, depth: int) -> Ready:
    """``value`` as it stands inside so many objects and lists.  Raises as `write` does."""
    return Ready(_text(value, layout, depth))


def _text(value: Any, layout: Layout, depth: int = 0) -> str:
    if layout.indent is None:
        try:
            text = _plain(value, layout, encode_basestring_ascii if layout.ascii else encode_basestring)
            text.encode()
        except (ValueError, TypeError):  # something in it cannot be carried, or is rare; the writer tells which
            pass
        else:
            return text
    writer = _Writer(layout)
    writer.value(value, (), "\n" + (layout.indent or "") * depth)
    if writer.findings:
        count = len(writer.findings)
        message = writer.findings[0].message if count == 1 else f"{count} values cannot be written as JSON"
        raise Reject(message, findings=writer.findings)
    return "".join(writer.parts)


def _plain(value: Any, layout: Layout, quoted: Callable[[str], str]) -> str:
    """``value`` on one line, and far faster than by `_Writer`; `ValueError` or `TypeError` for what is not usual."""
    kind = type(value)
    if kind is str:
        return quoted(value)
    if kind is Decimal:
        return _number(value)
    if kind is dict:
        parts = []
        for key, child in value.items():
            kind = type(child)  # texts and numbers are most of all values, and a call each is most of their time
            if kind is str:
                text = quoted(child)
            else:
                text = _number(child) if kind is Decimal else _plain(child, layout, quoted)
            parts.append(f"{quoted(key)}{layout.colon}{text}")
        return "{" + layout.comma.join(parts) + "}"
    if kind is list:
        return "[" + layout.comma.join([_plain(child, layout, quoted) for child in value]) + "]"
    if value is None:
        return "null"
    if kind is Ready:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return int.__repr__(value)
    raise ValueError


def _number(value: Decimal) -> str:
    """`ValueError` for what is not usual."""
    text = str(value)
    if "E" in text or len(text) > LARGEST or not text[-1:].isdigit() or "N" in text:
        raise ValueError
    return text


class _Writer:
    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.text = encode_basestring_ascii if layout.ascii else encode_basestring
        self.parts: list[str] = []
        self.findings: list[Finding] = []

    def value(self, value: Any, path: Sequence[str | int], margin: str) -> None:
        put = self.parts.append
        if isinstance(value, Ready):
            put(value)
        elif isinstance(value, str):
            if value.isascii() or self.carries(value, path):
                put(self.text(value))
        elif value is None:
            put("null")
        elif value is True or value is False:
            put("true" if value else "false")
        elif isinstance(value, Decimal):
            put(self.number(value, path))
        elif isinstance(value, int):
            put(int.__repr__(value))
        elif isinstance(value, dict):
            self.mapping(value, path, margin)
        elif isinstance(value, (list, tuple)):
            self.items(value, path, margin)
        else:
            self.refuse(f"a {type(value).__name__} cannot be written as JSON", value, path)

    def mapping(self, value: dict[Any, Any], path: Sequence[str | int], margin: str) -> None:
        if not value:
            self.parts.append("{}")
            return
        inner, between = self.between(margin)
        lead = "{" + inner if self.layout.indent is not None else "{"
        for key, child in value.items():
            if not isinstance(key, str):
                self.refuse(f"a key must be text, not {type(key).__name__}", key, path)
                continue
            self.carries(key, path)
            self.parts += (lead, self.text(key), self.layout.colon)
            self.value(child, (*path, key), inner)
            lead = between
        self.parts.append(margin + "}" if self.layout.indent is not None else "}")

    def items(self, value: Sequence[Any], path: Sequence[str | int], margin: str) -> None:
        if not value:
            self.parts.append("[]")
            return
        inner, between = self.between(margin)
        lead = "[" + inner if self.layout.indent is not None else "["
        for index, child in enumerate(value):
            self.parts.append(lead)
            self.value(child, (*path, index), inner)
            lead = between
        self.parts.append(margin + "]" if self.layout.indent is not None else "]")

    def between(self, margin: str) -> tuple[str, str]:
        if self.layout.indent is None:
            return margin, self.layout.comma
        inner = margin + self.layout.indent
        return inner, self.layout.comma + inner

    def number(self, value: Decimal, path: Sequence[str | int]) -> str:
        if not value.is_finite():
            self.refuse(f"{value} is no JSON number (RFC 8259 section 6)", value, path)
            return ""
        if not -LARGEST <= value.adjusted() <= LARGEST:
            self.refuse(f"this number is beyond 1E+{LARGEST} or below 1E-{LARGEST}", value, path)
            return ""
        return format(value, "f")

    def carries(self, value: str, path: Sequence[str | int]) -> bool:
        try:
            value.encode()
        except UnicodeEncodeError:
            self.refuse("this text holds half of a surrogate pair, which is no character", value, path)
            return False
        return True

    def refuse(self, message: str, value: Any, path: Sequence[str | int]) -> None:
        shown = ascii(value)[:80]
        self.findings.append(Finding(code="E-DOMAIN", message=message, value=shown, place=Place(path=pointer(path))))
