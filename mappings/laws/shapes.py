"""What a mapping carries both ways: fields, lists and rivals, by scope."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field

from transload.mappings.language.fields import Kind
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import AnyNode, Condition, Field, Pairs, Scope, Segment, Slot, below

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A place that a field is both read from and written to: its node, and the conditions around it."""

    slot: Slot
    node: AnyNode
    when: tuple[Condition, ...]


@dataclass(kw_only=True)
class Carried:
    """A field that goes both ways; ``needs`` are lists of which an item must be there, since only items hold it."""

    field: Field
    bindings: list[Binding] = dataclasses.field(default_factory=list)

    @property
    def required(self) -> bool:
        """Whether the model asks for it, or an entry with ``required: yes`` wherever its object is."""
        return self.field.type.required or any(binding.slot.required for binding in self.bindings)

    @property
    def needs(self) -> tuple[Path, ...]:
        """The lists of the field's own scope that must have an item."""
        found: list[Path] = []
        for binding in self.bindings:
            scope: Scope | None = binding.slot.home
            if scope is self.field.scope or self.field.path == ():
                return ()
            while scope is not None and scope.parent is not self.field.scope:
                scope = scope.parent
            if scope is not None:
                found.append(scope.path)
        return tuple(dict.fromkeys(found))


@dataclass(kw_only=True)
class Shape:
    """The document, or the items that one node with ``each:`` makes of a list.

    ``rivals`` are groups of fields of which only one can be written, with how many of them fit.
    """

    scope: Scope
    node: AnyNode | None = None
    fields: dict[Path, Carried] = field(default_factory=dict)
    lists: dict[Path, "list[Shape]"] = field(default_factory=dict)
    rivals: list[tuple[list[Path], int]] = field(default_factory=list)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What is true of each of its items."""
        return tuple(c for c in self.node.when if c.field.scope is self.scope) if self.node is not None else ()

    def all(self) -> Iterator["Shape"]:
        """This one and all below."""
        yield self
        for shapes in self.lists.values():
            for shape in shapes:
                yield from shape.all()

    def paths(self) -> set[str]:
        """All that is carried, as findings write it: ``lines[].quantity``."""
        found: set[str] = set()
        for shape in self.all():
            for carried in shape.fields.values():
                text = carried.field.text().rstrip(".")
                found.add(f"{text}[]" if carried.field.type.kind is Kind.TEXTS else text)
            for condition in shape.conditions:
                found.add(condition.field.text())
        return found


def shape_of(meaning: Meaning) -> Shape:
    """The document's shape; fields that go one way only are not in it."""
    shapes = {0: Shape(scope=meaning.root)}
    for scope in meaning.scopes:
        shapes.setdefault(scope.number, Shape(scope=scope))
    nodes: list[AnyNode] = [*meaning.segments, *meaning.elements]
    for node in nodes:
        _visit(node, (), shapes)
    return shapes[meaning.root.number]


def _visit(node: AnyNode, when: tuple[Condition, ...], shapes: dict[int, Shape]) -> None:
    if not (node.reads and node.writes):
        return
    if node.items is not None:
        shape = shapes[node.scope.number]
        if shape.node is None:
            shape.node = node
            shapes[node.items.scope.number].lists.setdefault(node.items.path, []).append(shape)
    when = (*when, *node.when)
    for slot in node.own():
        if slot.field is not None and slot.reads and slot.writes and not slot.guard:
            carried = shapes[slot.field.scope.number].fields.setdefault(slot.field.path, Carried(field=slot.field))
            carried.bindings.append(Binding(slot=slot, node=node, when=when))
    if isinstance(node, Segment):
        for pairs in node.pairs:
            _rivals(pairs, shapes)
    for inner in below(node):
        _visit(inner, when, shapes)


def _rivals(pairs: Pairs, shapes: dict[int, Shape]) -> None:
    groups: dict[int, list[Path]] = {}
    for _, slot in pairs.choices:
        if slot.field is not None and slot.writes:
            groups.setdefault(slot.field.scope.number, []).append(slot.field.path)
    most = 1 if not pairs.repeating else pairs.most
    for number, paths in groups.items():
        if most is not None and len(paths) > most:
            shapes[number].rivals.append((list(dict.fromkeys(paths)), most))
