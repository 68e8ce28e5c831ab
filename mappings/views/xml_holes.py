"""The sample with holes of an XML mapping."""

from collections.abc import Callable, Iterator
from xml.sax.saxutils import escape, quoteattr

from transload.canonical.places import MappingPlace
from transload.mappings.language.layout import AnyNode, Element
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot

Told = tuple[str, str, int, MappingPlace]
"""A line: its text, what is said of it, how deep it stands, and its place in the mapping."""


def xml_holes(
    meaning: Meaning, hole: Callable[[Slot, AnyNode], str], note: Callable[[AnyNode, AnyNode | None], str]
) -> Iterator[Told]:
    """The elements in the order of the file, with the prefixes of the mapping."""
    for node in meaning.elements:
        spaces = {prefix: uri for prefix, uri in meaning.namespaces.items() if prefix != "xml"}
        declared = "".join(f" xmlns{f':{p}' if p else ''}={quoteattr(uri)}" for p, uri in spaces.items())
        yield from _element(node, None, 0, declared, hole, note)


def _element(
    node: Element,
    above: Element | None,
    depth: int,
    declared: str,
    hole: Callable[[Slot, AnyNode], str],
    note: Callable[[AnyNode, AnyNode | None], str],
) -> Iterator[Told]:
    attributes = declared
    for name, slot in node.attributes:
        label = slot.name.rpartition("@")[2] or name
        attributes += f" {label}={quoteattr(hole(slot, node))}"
    opening = f"<{node.label}{attributes}"
    text = escape(hole(node.text, node)) if node.text is not None else ""
    if not node.children:
        line = f"{opening}>{text}</{node.label}>" if text else f"{opening}/>"
        yield line, note(node, above), depth, node.at
        return
    yield f"{opening}>{text}", note(node, above), depth, node.at
    for child in node.children:
        yield from _element(child, node, depth + 1, "", hole, note)
    yield f"</{node.label}>", "", depth, node.at
