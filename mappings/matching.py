"""Whether a mapping is for a message: the message's type, and ``match:``."""

from typing import Any

from transload.adapters.base.format import Identity, Message, Records
from transload.adapters.edi.guides import Guide, PlaceError, WirePlace, resolve_position
from transload.mappings.compiler.levels import value_at
from transload.mappings.compiler.trees import wrong_guard
from transload.mappings.language.checks import decisive
from transload.mappings.language.layout import Element
from transload.mappings.language.meaning import Meaning


def matches(meaning: Meaning, message: Message) -> bool:
    """Whether ``message`` is of the mapping's type and fits every entry of its ``match:``."""
    return _right_type(meaning, message) and all(
        fits(message, name, values, meaning.guide) for name, values in meaning.match.items()
    )


def _right_type(meaning: Meaning, message: Message) -> bool:
    """EDIFACT: message, version, release, agency; the association code is left to ``match:``.  X12: set, version."""
    if meaning.format_type == "cobol":
        return any(message.kind == element.tag for element in meaning.elements)
    if meaning.family == "json":
        return not isinstance(message.body, Records)
    if meaning.shapes is not None:
        return isinstance(message.body, Records)
    if message.kind != meaning.kind and "message" not in meaning.match:
        return False
    if "version" in meaning.match:
        return True
    if meaning.format_type == "edifact":
        return message.version.split(":")[:3] == meaning.message_version.split(":")[:3]
    if meaning.format_type == "x12":
        return message.version[:6] == meaning.message_version[:6]
    return message.version == meaning.message_version


def misfit(meaning: Meaning, root: Any) -> bool:
    """Whether a literal that says what kind of message this is does not hold in the element ``root``."""
    return any(_misfit(node, root) for node in meaning.elements)


def _misfit(node: Element, element: Any) -> bool:
    if wrong_guard(node, element, xml=True) is not None:
        return True
    return any(
        _misfit(child, found)
        for child in node.children
        if decisive(child, node.children) and (found := element.find(child.tag)) is not None
    )


FACTS = ("message", "version", "sender", "receiver")
"""What an entry may name besides places."""


def fits(message: Message, name: str, values: tuple[str, ...], guide: Guide | None) -> bool:
    """Whether ``message`` has one of ``values`` as its fact ``name``, or at the place that this names (``BGM 1001``).

    A place is found by the message's ``guide``; without one it counts elements (``BGM 01``).
    """
    if name == "message":
        return message.kind in values
    if name == "version":
        return message.version in values
    if name == "sender":
        return _party(message.sender, values)
    if name == "receiver":
        return _party(message.receiver, values)
    tag, _, text = name.partition(" ")
    body = message.body
    if not isinstance(body, Records):
        return False
    place = place_of(guide, tag, text)
    if place is None:
        return False
    return any(
        value_at(record, place, body.component, body.repetition) in values
        for record in body.segments
        if record[0] == tag
    )


def _party(identity: Identity | None, values: tuple[str, ...]) -> bool:
    return identity is not None and identity.id in values


def place_of(guide: Guide | None, tag: str, text: str) -> WirePlace | None:
    """The place of an entry such as ``BGM 1001``, or None when there is none."""
    segment = guide.segment(tag) if guide is not None else None
    try:
        return segment.resolve(text) if segment is not None else resolve_position(text)
    except PlaceError:
        return None
