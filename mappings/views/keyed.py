"""Entries and nodes of a mapping by keys that stay the same from one version to the next."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field

from transload.mappings.language.layout import AnyNode, Element, Segment, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.views.bound import Bound, own_entries

Key = tuple[str, ...]


@dataclass(kw_only=True)
class Keyed:
    """``nodes`` by their names from the outermost on, ``entries`` by node, place and qualifier."""

    nodes: dict[Key, tuple[AnyNode, ...]] = field(default_factory=dict)
    entries: dict[Key, Bound] = field(default_factory=dict)


def keyed(meaning: Meaning, like: Keyed | None = None) -> Keyed:
    """All nodes and entries of ``meaning``.  What has the same name as one before gets a number.

    A segment whose literals are others than those of any in ``like``, but have one in common with those of one
    that is not there any more, is taken for that one.
    """
    found = Keyed()
    nodes: list[AnyNode] = [*meaning.segments, *meaning.elements]
    _visit_all(nodes, (), (), found, like)
    return found


def _visit_all(
    nodes: Sequence[AnyNode], key: Key, above: tuple[AnyNode, ...], found: Keyed, like: Keyed | None
) -> None:
    names = {_name(node) for node in nodes}
    for node in nodes:
        name = _name(node)
        if like is not None and (*key, name) not in like.nodes and isinstance(node, Segment):
            gone = [other for other in like.nodes if other[:-1] == key and other[-1] not in names]
            name = next((other[-1] for other in gone if _alike(like.nodes[other][-1], node)), name)
        _visit(node, _free((*key, name), found.nodes), above, found, like)


def _alike(old: AnyNode, new: Segment) -> bool:
    if not isinstance(old, Segment) or old.tag != new.tag or not old.literals or not new.literals:
        return False
    return not set(old.literals[0].literals).isdisjoint(new.literals[0].literals)


def _visit(node: AnyNode, here: Key, above: tuple[AnyNode, ...], found: Keyed, like: Keyed | None) -> None:
    nodes = (*above, node)
    found.nodes[here] = nodes
    for bound in own_entries(node, nodes):
        place = (*here, bound.place, bound.qualifier or "", _part(bound))
        found.entries[_free(place, found.entries)] = bound
    _visit_all(below(node), here, nodes, found, like)


def _part(bound: Bound) -> str:
    return bound.slot.field.text() if bound.whole is not None and bound.slot.field is not None else ""


def _name(node: AnyNode) -> str:
    """The name with what tells it from others: its case, in trees the literals in it."""
    parts = [node.label if isinstance(node, Element) else node.name]
    if isinstance(node, Element):
        parts += [node.case or "", *_literals(node)]
    return " ".join(part for part in parts if part)


def _literals(node: Element) -> Iterator[str]:
    for slot in node.own():
        yield from slot.literals[:1]
    for child in node.children:
        if not child.alone:
            yield from _literals(child)


def _free(key: Key, taken: Container[Key]) -> Key:
    number = 2
    tried = key
    while tried in taken:
        tried = (*key, f"#{number}")
        number += 1
    return tried
