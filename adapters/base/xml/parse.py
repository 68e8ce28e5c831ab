"""XML bytes as a tree, read so that they can do no harm, and everything that is wrong with them."""

import re
from typing import Any

from lxml import etree

from transload.canonical.findings import Finding
from transload.canonical.places import Place

_PROLOG = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[ \t\r\n]|(?><\?.*?\?>)|(?><!--.*?-->))*+(?P<doctype><!DOCTYPE)", re.DOTALL | re.IGNORECASE
)
"""Atomic, since each of many comments could otherwise be tried in every length."""
_CODES = etree.ErrorTypes
_USUAL = 24
"""No deeper are nearly all documents."""
_UNUSUAL = etree.XPath(f"boolean({'/*' * (_USUAL + 1)})")
"""Whether an element is nested deeper than that."""
_TOO_SHORT = {_CODES.ERR_GT_REQUIRED, _CODES.ERR_TAG_NOT_FINISHED}
_HINTS = {
    _CODES.ERR_TAG_NAME_MISMATCH: "every element must be closed where it was opened, in the same spelling",
    _CODES.ERR_DOCUMENT_END: "one payload holds one root element",
    _CODES.ERR_UNDECLARED_ENTITY: "only &amp; &lt; &gt; &quot; &apos; and character numbers are known without a DTD",
    _CODES.ERR_NAME_REQUIRED: "an ampersand in a text is written &amp;",
    _CODES.ERR_ENTITYREF_SEMICOL_MISSING: "an ampersand in a text is written &amp;",
    _CODES.ERR_ATTRIBUTE_NOT_STARTED: "the value of an attribute stands in quotes",
    _CODES.ERR_INVALID_CHAR: "XML 1.0 allows no control characters but tab and line ends, not even as numbers",
    _CODES.ERR_RESERVED_XML_NAME: "nothing may stand before <?xml, not even a blank",
    _CODES.NS_ERR_UNDEFINED_NAMESPACE: "every prefix needs its xmlns: declaration on the element or around it",
    _CODES.ERR_TAG_NOT_FINISHED: "the payload was probably cut off on its way; fetch it again",
    _CODES.ERR_GT_REQUIRED: "the payload was probably cut off on its way; fetch it again",
}
_OF_ENCODING = {
    _CODES.ERR_INVALID_ENCODING,
    _CODES.ERR_UNSUPPORTED_ENCODING,
    _CODES.ERR_UNKNOWN_ENCODING,
    _CODES.ERR_ENCODING_NAME,
    _CODES.I18N_CONV_FAILED,
}


def safe_parser(encoding: str | None = None) -> etree.XMLParser:
    """A parser that loads no DTD, resolves no entity, opens no connection and keeps the library's size limits.

    ``encoding`` is taken instead of what the XML says.  Raises `LookupError` for one that nobody knows.
    """
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=False,
    )


def parse(payload: bytes, *, deepest: int, file: str | None) -> "etree._Element | Finding":
    """The root element of ``payload``, or the finding that says why there is none.

    A document type declaration is refused before the parser sees it: it can name files
    and addresses, and blow up by entities within entities.
    """
    declared = _PROLOG.match(payload)
    if declared:
        byte = declared.start("doctype")
        return _dtd(Place(file=file, line=payload.count(b"\n", 0, byte) + 1, byte=byte))
    try:
        root = etree.fromstring(payload, safe_parser())
    except etree.XMLSyntaxError as error:
        return _syntax(payload, error, file, deepest)
    except (etree.LxmlError, ValueError) as error:
        return Finding(code="E-XML", message=f"this is no valid XML: {error}", place=Place(file=file))
    about: Any = root.getroottree().docinfo
    if about.doctype:  # in an encoding where the look at the bytes could not see it
        return _dtd(Place(file=file, line=1))
    too_deep = _first_below(root, deepest)
    if too_deep is not None:
        line: Any = too_deep.sourceline
        return _depth(deepest, Place(file=file, line=line))
    return root


def _first_below(root: "etree._Element", deepest: int) -> "etree._Element | None":
    """An element that is nested more than ``deepest`` deep."""
    if deepest >= _USUAL and not _UNUSUAL(root):  # asked in C, without an object for each element
        return None
    level = [root]
    for _ in range(deepest):
        level = [child for element in level for child in element.iterchildren(tag=etree.Element)]
        if not level:
            return None
    return level[0]


def _dtd(place: Place) -> Finding:
    return Finding(
        code="E-DTD",
        message="the document has a DOCTYPE, which is refused",
        hint="it could read files and addresses through it; the sender must leave it out",
        place=place,
    )


def _depth(deepest: int, place: Place) -> Finding:
    return Finding(
        code="E-DEPTH",
        message=f"elements are nested more than {deepest} deep",
        hint="no business document is so deep; if this one is, raise 'deepest' under format:",
        place=place,
    )


def _syntax(payload: bytes, error: etree.XMLSyntaxError, file: str | None, deepest: int) -> Finding:
    line, column = error.position
    code: int = getattr(error, "code", 0)
    place = Place(file=file, line=max(line, 1), byte=_byte(payload, line, column))
    said = error.msg or ""
    said = re.sub(r", line \d+, column \d+$", "", said)
    if not payload.strip():
        return Finding(code="E-XML", message="the payload is empty", place=Place(file=file, line=1, byte=0))
    if code == _CODES.ERR_RESOURCE_LIMIT and "depth" in said:
        return _depth(deepest, place)
    if code == _CODES.ERR_RESOURCE_LIMIT:
        return Finding(
            code="E-SIZE",
            message=f"a part of this document is too large to be read: {said.split(',')[0]}",
            place=place,
        )
    if code in _OF_ENCODING:
        return Finding(
            code="E-ENCODING",
            message=f"the bytes are not in the document's encoding: {said}",
            hint='the encoding in <?xml ... encoding="..."?> must be the one that was really used',
            place=place,
        )
    if code == _CODES.ERR_DOCUMENT_EMPTY:
        return Finding(
            code="E-XML",
            message="this does not begin like XML",
            hint="is the address right, and the format?",
            value=payload[:40].decode("ascii", "backslashreplace"),
            place=place,
        )
    message = f"this is no valid XML: {said}, in column {column}"
    return Finding(code="E-XML", message=message, hint=_HINTS.get(code), place=place)


def _byte(payload: bytes, line: int, column: int) -> int | None:
    """The byte of a line and column; None where lines are not single bytes, or the line is not plain ASCII."""
    if payload[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in payload[:4]:
        return None
    start = 0
    for _ in range(line - 1):
        start = payload.find(b"\n", start) + 1
        if start == 0:
            return None
    before = payload[start : start + max(column - 1, 0)]
    return start + len(before) if before.isascii() else None
