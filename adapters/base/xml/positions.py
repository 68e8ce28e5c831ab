"""Where elements and attributes stand in an XML payload: a second scan, made only when somebody asks.

The payload is known to be well-formed and without a document type declaration, so
tags can be told apart by a pattern; the parser itself gives only lines, and those of
the end of a start tag.
"""

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from transload.adapters.base.ruler import Ruler

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


class Positions:
    """Where the elements of one payload stand.  The payload is scanned, and its elements counted, once.

    ``root`` is any element of the document that was parsed from ``payload``.
    """

    def __init__(self, root: "etree._Element", payload: bytes) -> None:
        tree = root.getroottree()
        text = text_of(payload, tree.docinfo.encoding or "utf-8")
        self._text = text.text
        self._ruler = Ruler(text.text, text.encoding)
        self._tags = [found.start() for found in _TAG.finditer(text.text) if found["name"]]
        self._numbers = {element: number for number, element in enumerate(tree.iter("*"))}

    def find(self, element: "etree._Element", attribute: str | None) -> tuple[int, int]:
        """Line and byte of an element's start tag, or of its attribute with that local name, if it is there."""
        start = self._tags[self._numbers[element]]
        if attribute is not None:
            start = self._attribute(start, attribute)
        return self._ruler.line(start), self._ruler.byte(start)

    def _attribute(self, start: int, local_name: str) -> int:
        tag = _TAG.match(self._text, start)
        assert tag is not None
        for found in _ATTRIBUTE.finditer(tag["rest"]):
            name = found[1]
            if name.rpartition(":")[2] == local_name and not name.startswith("xmlns"):
                return tag.start("rest") + found.start()
        return start


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
