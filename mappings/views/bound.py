"""The entries of a mapping one by one, each with the nodes that it stands in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transload.mappings.language.layout import AnyNode, Element, Segment, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Pairs, Slot


@dataclass(frozen=True, kw_only=True)
class Bound:
    """One entry: ``nodes`` are those around it, the outermost first; ``qualifier`` is that of its pair.

    ``whole`` is the entry that it is a part of, for one of several fields in one text.
    """

    slot: Slot
    nodes: tuple[AnyNode, ...]
    pairs: Pairs | None = None
    qualifier: str | None = None
    whole: Slot | None = None

    @property
    def node(self) -> AnyNode:
        """The node itself."""
        return self.nodes[-1]

    @property
    def inside(self) -> str:
        """The nodes in words: ``LIN > QTY 21``, ``Order/cac:OrderLine``."""
        return inside(self.nodes)

    @property
    def place(self) -> str:
        """Its place in the node, in the words of the file: ``QTY 6060``, ``@unitCode``, ``OrderNo``."""
        if isinstance(self.node, Element):
            return self.slot.name.rpartition("/")[2] if "/" in self.slot.name else ""
        name = self.slot.name
        return name.removeprefix(f"{self.node.tag} ") if self.node.tag in ("row", "record") else name

    @property
    def where(self) -> str:
        """Nodes and place together: one line for people."""
        if isinstance(self.node, Element):
            return f"{self.inside}/{self.place}" if self.place else self.inside
        if self.inside == self.node.tag and self.place.startswith(f"{self.node.tag} "):
            return self.place
        return f"{self.inside}, {self.place}"


def inside(nodes: Sequence[AnyNode]) -> str:
    """Nodes in words, the outermost first."""
    if nodes and isinstance(nodes[0], Element):
        return "/".join(node.label for node in nodes if isinstance(node, Element))
    return " > ".join(node.name for node in nodes)


def entries(meaning: Meaning, *, guards: bool = False) -> Iterator[Bound]:
    """All entries in the order of the file; those that only guard a code list are left out."""
    nodes: list[AnyNode] = [*meaning.segments, *meaning.elements]
    for node in nodes:
        yield from entries_below(node, (), guards=guards)


def entries_below(node: AnyNode, above: tuple[AnyNode, ...], *, guards: bool = False) -> Iterator[Bound]:
    """The entries of a node, and of the nodes that belong to it."""
    nodes = (*above, node)
    yield from own_entries(node, nodes, guards=guards)
    for inner in below(node):
        yield from entries_below(inner, nodes, guards=guards)


def own_entries(node: AnyNode, nodes: tuple[AnyNode, ...], *, guards: bool = False) -> Iterator[Bound]:
    """The entries of a node itself."""
    paired = {
        slot.number: (pairs, qualifier)
        for pairs in (node.pairs if isinstance(node, Segment) else ())
        for qualifier, slot in pairs.choices
    }
    whole: Slot | None = None
    for slot in node.own():
        if slot.guard and not guards:
            continue
        pairs, qualifier = paired.get(slot.number, (None, None))
        part = whole is not None and whole.parts is not None and slot in whole.parts.slots
        yield Bound(slot=slot, nodes=nodes, pairs=pairs, qualifier=qualifier, whole=whole if part else None)
        whole = slot if slot.parts is not None else whole
