"""What ``edit:`` does to a sample: segments of EDI, elements of XML, members of JSON, lines of anything."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lxml import etree

from transload.adapters.base.format import COMPONENT, Message, Records
from transload.adapters.base.xml.parse import parse as parse_xml
from transload.adapters.json import positions
from transload.adapters.json.writer import Layout
from transload.adapters.json.writer import write as json_text
from transload.canonical.findings import Finding
from transload.canonical.places import Place
from transload.mappings.mapping import Mapping
from transload.mappings.source.nodes import Source, Table, Text, plain_value
from transload.mappings.testing.cases import Failure

SEGMENTED = ("edifact", "x12")
MARKS = {"edifact": ("+", ":", "?"), "x12": ("*", ":", "")}
"""The usual separators of elements and components, and the release character."""
_LINE = re.compile(r"line ([1-9]\d{0,8})")
_NUMBER = re.compile(r"#([0-9]{1,8})")
_STEP = re.compile(r"(?P<name>@?[^\[\]]+)(?:\[(?P<number>[1-9]\d{0,8})\])?")


def edited_payload(mapping: Mapping, payload: bytes, edit: Source | None) -> bytes:
    """The payload with the edits of a format without segments made.  Raises `Failure`."""
    if edit is None or mapping.format_type in SEGMENTED:
        return payload
    if not isinstance(edit, Table):
        raise Failure("edit: is a table of places and what is to stand there", at=edit.at)
    lines = [(key, value) for key, value in edit if _LINE.fullmatch(key.text)]
    for key, value in edit:
        if _LINE.fullmatch(key.text):
            continue
        if mapping.format_type == "json":
            payload = _json(payload, key, value)
        elif mapping.meaning.elements:
            payload = _xml(mapping, payload, key, value)
        else:
            raise Failure(f"{key.text!r} is no line", at=key.at)
    return _lines(payload, lines)


def _lines(payload: bytes, edits: Sequence[tuple[Text, Source]]) -> bytes:
    rows = payload.splitlines(keepends=True)
    removed: set[int] = set()
    for key, value in edits:
        found = _LINE.fullmatch(key.text)
        assert found is not None
        number = int(found[1])
        if not isinstance(value, Text):
            raise Failure("edit: replaces a line by a text", at=value.at)
        if number > len(rows):
            raise Failure(f"the sample has {len(rows)} lines, not {number}", at=key.at)
        if value.text == "remove" and value.plain:
            removed.add(number)
            continue
        row = rows[number - 1]
        rows[number - 1] = value.text.encode() + row[len(row.rstrip(b"\r\n")) :]
    return b"".join(row for number, row in enumerate(rows, 1) if number not in removed)


def _json(payload: bytes, key: Text, value: Source) -> bytes:
    """``/orders/0/id``: a JSON pointer (RFC 6901)."""
    try:
        text = payload.decode()
        json.loads(text, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise Failure(f"the sample is no JSON: {error}", at=key.at) from error
    start = positions.value_start(text)
    entry = None
    children: list[positions.Entry] = []
    if not key.text.startswith("/"):
        raise Failure(f"{key.text!r} is no JSON pointer, such as /orders/0/id, and no line", at=key.at)
    for step in key.text[1:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        children = list(positions.entries(text, start))
        entry = next((child for child in children if str(child.key) == name), None)
        if entry is None:
            raise Failure(f"the sample has nothing at {key.text}: no {name!r}", at=key.at)
        start = entry.start
    assert entry is not None
    if isinstance(value, Text) and value.text == "remove" and value.plain:
        return _without(text, entry, children).encode()
    return (text[: entry.start] + json_text(plain_value(value), Layout()) + text[entry.end :]).encode()


def _without(text: str, entry: positions.Entry, children: Sequence[positions.Entry]) -> str:
    """The text without a child of a container, and without the comma beside it."""
    index = children.index(entry)
    if index + 1 < len(children):
        return text[: entry.key_start] + text[children[index + 1].key_start :]
    start = children[index - 1].end if index else entry.key_start
    return text[:start] + text[entry.end :]


def _xml(mapping: Mapping, payload: bytes, key: Text, value: Source) -> bytes:
    """``cac:OrderLine[2]/cbc:ID``, ``cbc:Amount/@currencyID``: below the root element, by the mapping's prefixes."""
    if not isinstance(value, Text):
        raise Failure("edit: replaces an element's text by a text", at=value.at)
    root = parse_xml(payload, deepest=1000, file=None)
    if isinstance(root, Finding):
        raise Failure(f"the sample is no XML: {root.message}", at=key.at)
    element: Any = root
    attribute: str | None = None
    for step in key.text.strip("/").split("/"):
        found = _STEP.fullmatch(step.strip())
        if found is None or attribute is not None:
            raise Failure(f"{key.text!r} is no path of elements, and no line", at=key.at)
        name = _qualified(mapping, found["name"], key)
        if name.startswith("@"):
            attribute = name[1:]
            continue
        number = int(found["number"] or 1)
        same = list(element.iterchildren(tag=name))
        if number > len(same):
            inside = etree.QName(element).localname
            raise Failure(f"the sample has {len(same)} of {found['name']} inside {inside}, not {number}", at=key.at)
        element = same[number - 1]
    _set(element, attribute, value, key)
    encoding = root.getroottree().docinfo.encoding or "utf-8"
    declared = b"<?xml" in payload[:10]  # lines stay what they are
    written: Any = etree.tostring(root.getroottree(), encoding=encoding, xml_declaration=declared)
    return bytes(written)


def _qualified(mapping: Mapping, name: str, key: Text) -> str:
    mark = "@" if name.startswith("@") else ""
    prefix, colon, local = name.removeprefix("@").rpartition(":")
    spaces = mapping.meaning.namespaces
    if colon and prefix not in spaces:
        raise Failure(f"the mapping has no prefix {prefix!r}", at=key.at)
    space = spaces.get(prefix) if colon or not mark else None
    return f"{mark}{{{space}}}{local}" if space else f"{mark}{local}"


def _set(element: Any, attribute: str | None, value: Text, key: Text) -> None:
    remove = value.text == "remove" and value.plain
    if attribute is not None:
        if remove and attribute not in element.attrib:
            raise Failure(f"the sample has no attribute at {key.text}", at=key.at)
        if remove:
            del element.attrib[attribute]
        else:
            element.set(attribute, value.text)
    elif remove:
        before, parent = element.getprevious(), element.getparent()
        if element.tail and before is not None:
            before.tail = (before.tail or "") + element.tail
        elif element.tail:
            parent.text = (parent.text or "") + element.tail
        parent.remove(element)
    elif len(element):
        raise Failure(f"{key.text} holds elements, no text", at=key.at)
    else:
        element.text = value.text


def edited(mapping: Mapping, message: Message, edit: Source | None) -> Message:
    """The message with the segments of ``edit`` replaced.  Raises `Failure`."""
    if edit is None or mapping.format_type not in SEGMENTED:
        return message
    if not isinstance(edit, Table) or not isinstance(message.body, Records):
        raise Failure("edit: is a table of segments", at=edit.at)
    body = message.body
    segments = [list(segment) for segment in body.segments]
    removed: set[int] = set()
    for address, value in edit:
        index = _find(body, address)
        if not isinstance(value, Text):
            raise Failure("edit: replaces a segment by a text", at=value.at)
        if value.text == "remove" and value.plain:
            removed.add(index)
        else:
            segments[index] = segment_of(value.text, mapping.format_type, body.component)
    kept = [position for position in range(len(segments)) if position not in removed]
    return replace(message, body=_Edited(body, [segments[position] for position in kept], kept))


def _find(body: Records, address: Text) -> int:
    """The index of ``QTY 21 #3``: the third QTY whose first value is 21."""
    words = address.text.split()
    counted = _NUMBER.fullmatch(words[-1]) if words else None
    number = int(counted[1]) if counted else 1
    words = words[:-1] if counted else words
    found = [
        index
        for index, segment in enumerate(body.segments)
        if words
        and segment[0] == words[0]
        and (len(words) == 1 or (len(segment) > 1 and segment[1].split(body.component)[0] == words[1]))
    ]
    if not 0 < number <= len(found):
        raise Failure(f"the sample has {len(found)} of {' '.join(words)}, not {number}", at=address.at)
    return found[number - 1]


class _Edited(Records):
    """A body with other segments; ``kept`` says which of the original's places are theirs."""

    def __init__(self, body: Records, segments: list[list[str]], kept: list[int]) -> None:
        self.segments = segments
        self.component = body.component
        self.repetition = body.repetition
        self._body = body
        self._kept = kept

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        if not 0 <= segment < len(self._kept):
            return self._body.place(-1 if segment < 0 else len(self._body.segments))
        found = self._body.place(self._kept[segment])
        return replace(
            found, tag=self.segments[segment][0], element=element, repetition=repetition, component=component
        )


def segment_of(text: str, format_type: str, component: str = COMPONENT) -> list[str]:
    """A segment as a person writes it, with the usual separators of its standard: tag, then elements.

    Components of an element are apart by ``component``.
    """
    mark, part, release = MARKS[format_type]
    elements, current, escaped = [], "", False
    for character in text.rstrip("'~"):
        if escaped or character not in (mark, part, release):
            current, escaped = current + character, False
        elif character == mark:
            elements.append(current)
            current = ""
        elif character == part:
            current += component
        else:
            escaped = True
    return [*elements, current]
