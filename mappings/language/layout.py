"""The layout of a mapping: its nodes, each a segment or an element with its slots and what belongs to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from transload.canonical.places import MappingPlace
from transload.mappings.language.terms import Condition, Field, Handler, Pairs, Scope, Slot, Test


@dataclass(eq=False, kw_only=True)
class Node:
    """What all nodes share.  ``items`` is the list that a node with ``each`` repeats over, ``scope`` its item's.

    With ``first`` one too many is for the next node that fits it, or is left aside, and is no error.
    """

    number: int
    at: MappingPlace
    scope: Scope
    items: Field | None = None
    most: int | None = None
    least: int = 0
    first: bool = False
    when: tuple[Condition, ...] = ()
    only_if: Test | None = None
    reads: bool = True
    writes: bool = True
    case: str | None = None
    note: str = ""

    @property
    def name(self) -> str:
        """What findings call it."""
        return self.at.place or ""

    @property
    def gives_way(self) -> bool:
        """Whether it takes so many only, and then another node may take what fits it."""
        return self.first and (self.items is None or self.most is not None)


@dataclass(eq=False, kw_only=True)
class Segment(Node):
    """A node of a record format."""

    tag: str
    slots: list[Slot] = field(default_factory=list)
    pairs: list[Pairs] = field(default_factory=list)
    then: "list[Segment]" = field(default_factory=list)
    use: Handler | None = None

    def own(self) -> Iterator[Slot]:
        """Its slots, those in pairs and compounds included."""
        for slot in self.slots:
            yield slot
            if slot.parts is not None:
                yield from slot.parts.slots
        if self.use is not None:
            yield from self.use.slots
        for pairs in self.pairs:
            for _, slot in pairs.choices:
                yield slot

    @property
    def literals(self) -> list[Slot]:
        """The slots that tell it from other nodes of its tag."""
        return [slot for slot in self.slots if slot.literals and slot.reads]

    def numbered(self, word: str) -> Slot | None:
        """The slot of ``level()``, ``parent()``, ``children(...)`` or ``levels()``."""
        return next((slot for slot in self.slots if slot.numbering is not None and slot.numbering.word == word), None)


@dataclass(eq=False, kw_only=True)
class Element(Node):
    """A node of a tree format: an XML element, or a JSON member.

    ``tag`` is the qualified name or the key; with ``many`` it repeats.  ``text`` is what it holds itself.
    ``alone`` is True for a node in list form, whose literals are its own affair; False for a
    place of the short form, whose literals belong to the match of the element around it.
    """

    tag: str
    label: str
    many: bool = False
    alone: bool = True
    text: Slot | None = None
    attributes: list[tuple[str, Slot]] = field(default_factory=list)
    children: "list[Element]" = field(default_factory=list)

    def own(self) -> Iterator[Slot]:
        """The slots of the element itself, those in compounds included."""
        for slot in ([self.text] if self.text is not None else []) + [slot for _, slot in self.attributes]:
            yield slot
            if slot.parts is not None:
                yield from slot.parts.slots


AnyNode = Segment | Element


def below(node: AnyNode) -> "list[Segment] | list[Element]":
    """The nodes that belong to ``node``."""
    return node.then if isinstance(node, Segment) else node.children


def walk(nodes: "list[Segment] | list[Element]") -> Iterator[AnyNode]:
    """All nodes, in the order of the file."""
    for node in nodes:
        yield node
        yield from walk(below(node))
