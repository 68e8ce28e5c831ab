"""Where elements and attributes stand in an XML payload: a second scan, made only when somebody asks.

The payload is known to be well-formed and without a document type declaration, so
tags can be told apart by a pattern; the parser itself gives only lines, and those of
the end of a start tag.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

_TAG = re.compile(
    r"<(?:!--.*?-->|!\[CDATA\[.*?\]\]>|\?.*?\?>|/(?P<end>[^>]*)>"
    r"|(?P<name>[^\s/>!?]+)(?P<rest>(?:[^>\"']|\"[^\"]*\"|'[^']*')*+)>)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=/]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_SINGLE_BYTES = ("utf-8", "us-ascii", "ascii", "iso-8859-", "windows-125", "koi8-")


@dataclass(frozen=True, kw_only=True)
class Text:
    """A payload as characters whose offsets can be turned into bytes."""

    text: str
    encoding: str | None
    """None where every character of ``text`` is one byte."""

    def byte(self, character: int) -> int:
        """The byte at which a character begins."""
        return character if self.encoding is None else len(self.text[:character].encode(self.encoding))

    def line(self, character: int) -> int:
        """The line, from 1, on which a character stands."""
        return self.text.count("\n", 0, character) + 1


def text_of(payload: bytes, encoding: str) -> Text:
    """``payload`` as text, for scanning; ``encoding`` is the one that the parser used.

    Where markup is plain ASCII, whatever the rest is, bytes serve as characters.
    """
    if payload[:2] == b"\xff\xfe":
        return Text(text=payload.decode("utf-16-le"), encoding="utf-16-le")
    if payload[:2] == b"\xfe\xff":
        return Text(text=payload.decode("utf-16-be"), encoding="utf-16-be")
    if encoding.lower().startswith(_SINGLE_BYTES) and payload[:1] != b"\0":
        return Text(text=payload.decode("latin-1"), encoding=None)
    try:
        return Text(text=payload.decode(encoding), encoding=encoding)
    except (LookupError, UnicodeDecodeError):  # the parser knows encodings that Python does not
        return Text(text=payload.decode("latin-1"), encoding=None)


def start_tags(text: str) -> Iterator[re.Match[str]]:
    """The start tags (and empty-element tags) of ``text``, in document order."""
    return (found for found in _TAG.finditer(text) if found["name"])


def attribute_start(tag: re.Match[str], local_name: str) -> int:
    """Where the attribute with that local name begins inside ``tag``, else where the tag does."""
    for found in _ATTRIBUTE.finditer(tag["rest"]):
        name = found[1]
        if name.rpartition(":")[2] == local_name and not name.startswith("xmlns"):
            return tag.start("rest") + found.start()
    return tag.start()


def number_of(element: "etree._Element") -> int:
    """How many elements begin before ``element`` in its document."""
    found: Any = element.xpath("count(preceding::*) + count(ancestor::*)")
    return int(found)


def span(text: str, number: int = 0) -> tuple[int, int]:
    """Start and end of the element before which ``number`` others begin; 0 is the root element."""
    start: int | None = None
    end = len(text)
    depth = seen = 0
    for found in _TAG.finditer(text):
        if found["name"]:
            seen += 1
            if seen <= number:
                continue
            start = found.start() if start is None else start
            depth += not found["rest"].endswith("/")
        elif found["end"] is not None and start is not None:
            depth -= 1
        else:
            continue
        if depth == 0:
            end = found.end()
            break
    return start or 0, end
