"""How many bytes of a payload a value takes: from where it begins to where it ends, escapes and quotes included."""

import html
import re
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Any

from transload.adapters.cobol.tree import CobolTree
from transload.adapters.edi.reading.records import EdiRecords
from transload.mappings.reports.origins import Lineage

_CHARSETS = ("utf-8", "cp1252", "latin-1", "utf-16-le", "utf-16-be")
_LONGEST = 1 << 16
_FILLERS = b" 0"
_BREAKS = b"\r\n"
_TAG = re.compile(r"<[^>\"']*(?:\"[^\"]*\"[^>\"']*|'[^']*'[^>\"']*)*>")
_ATTRIBUTE = re.compile(r"[^\s=]+\s*=\s*([\"'])")


@dataclass(frozen=True, kw_only=True)
class Extent:
    """The bytes of a value in the payload: the first one, how many, and what they hold, escapes included."""

    offset: int
    length: int
    text: str

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        return {"offset": self.offset, "length": self.length, "text": self.text}


def extent_of(body: Any, payload: bytes, format_type: str, row: Lineage) -> Extent | None:
    """The bytes of what an entry read; of a value over two places those at the first one.

    None for what has no bytes of its own (it is derived, or a list), and where they cannot be told.
    """
    start = row.places[0].byte if row.places else None
    if start is None or isinstance(row.raw, list):
        return None
    charsets: tuple[str, ...] = ("utf-8", "latin-1")
    if isinstance(body, CobolTree):
        found, charsets = body.extent(row.where), ("ascii",)
    else:
        first = row.raw[0] if isinstance(row.raw, tuple) else row.raw
        release = body.release if isinstance(body, EdiRecords) else ""
        found = _extent(payload, start, str(first), format_type, release)
    if found is None:
        return None
    return Extent(offset=found[0], length=found[1] - found[0], text=_shown(payload[found[0] : found[1]], charsets))


def _shown(piece: bytes, charsets: tuple[str, ...]) -> str:
    """The bytes as text, else in hexadecimal."""
    for charset in charsets:
        try:
            text = piece.decode(charset)
        except UnicodeDecodeError:
            continue
        if text.isprintable():
            return text
    return piece.hex(" ")


def _extent(payload: bytes, start: int, value: str, format_type: str, release: str) -> tuple[int, int] | None:
    """First byte of a value and the byte behind it; None where what stands there is not the value.

    ``start`` is where the format says that it stands: the value, its quote, or the tag of its element.
    """
    if not value:
        return None
    if format_type in ("xml", "soap"):
        return _in_xml(payload, start, value)
    if format_type == "json":
        return _in_json(payload, start, value)
    escape = release.encode("latin-1", errors="ignore") if release else b""
    quote = b'"' if format_type == "csv" else b""
    for charset in _CHARSETS:
        try:
            wanted = value.encode(charset)
        except UnicodeEncodeError:
            continue
        found = _matched(payload, start, wanted, escape, quote, fillers=format_type == "fixed")
        if found is not None:
            return found
    return None


def _matched(
    payload: bytes, start: int, wanted: bytes, escape: bytes, quote: bytes, *, fillers: bool
) -> tuple[int, int] | None:
    at, size = start, len(payload)
    if quote and payload[at : at + 1] == quote:
        at += 1
    while fillers and at < size and payload[at] in _FILLERS and payload[at] != wanted[0]:
        at += 1
    first = at
    for byte in wanted:
        if (escape and payload[at : at + 1] == escape) or (quote and payload[at : at + 2] == quote * 2):
            at += 1
        while at < size and payload[at] != byte and payload[at] in _BREAKS:
            at += 1
        if at >= size or payload[at] != byte:
            return None
        at += 1
    return first, at


def _text(payload: bytes, start: int) -> tuple[str, str] | None:
    piece = payload[start : start + _LONGEST]
    charsets = _CHARSETS[3:] if b"\0" in piece[:2] else _CHARSETS[:3]
    for charset in charsets:
        for cut in range(4):  # the piece may end within a character
            try:
                return piece[: len(piece) - cut].decode(charset), charset
            except UnicodeDecodeError:
                continue
    return None


def _in_json(payload: bytes, start: int, value: str) -> tuple[int, int] | None:
    found = _text(payload, start)
    if found is None:
        return None
    text, charset = found
    try:
        read, end = JSONDecoder(parse_float=str, parse_int=str).raw_decode(text)
    except (JSONDecodeError, RecursionError):
        return None
    shown = {True: "True", False: "False"}.get(read, read) if isinstance(read, bool) else read
    if not isinstance(shown, str) or (shown != value and text[:1] == '"'):
        return None
    return start, start + len(text[:end].encode(charset))


def _in_xml(payload: bytes, start: int, value: str) -> tuple[int, int] | None:
    found = _text(payload, start)
    if found is None:
        return None
    text, charset = found
    if text.startswith("<"):
        tag = _TAG.match(text)
        if tag is None:
            return None
        begin = tag.end()
        end = text.find("<", begin)
        if text.startswith("<![CDATA[", begin):
            begin += len("<![CDATA[")
            end = text.find("]]>", begin)
            if text[begin:end].strip() != value.strip():
                return None
        elif html.unescape(text[begin:end]).strip() != value.strip():
            return None
    else:
        attribute = _ATTRIBUTE.match(text)
        if attribute is None:
            return None
        begin = attribute.end()
        end = text.find(attribute[1], begin)
        if html.unescape(text[begin:end]) != value:
            return None
    if end < 0:
        return None
    raw = text[begin:end]
    begin += len(raw) - len(raw.lstrip())
    end -= len(raw) - len(raw.rstrip())
    return start + len(text[:begin].encode(charset)), start + len(text[:end].encode(charset))
