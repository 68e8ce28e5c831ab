"""What a mapping carries both ways: fields, lists and rivals, by scope."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from transload.mappings.language.fields import FieldType, Kind
from transload.mappings.language.layout import AnyNode, Segment, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Condition, Field, Pairs, Scope, Slot, Test
from transload.mappings.laws.differences import general

Path = tuple[str, ...]
_KEY = re.compile(r"\[[^]]+\]")


def plain_name(field: Field) -> str:
    """The name of a field in any document: ``references[].number`` also for the item that is chosen by a key."""
    return _KEY.sub("[]", field.text().rstrip("."))


def plain_list(scope: Scope) -> str:
    """The name of the list that a scope is an item of, in any document: ``lines[].references``."""
    return plain_name(Field(scope=scope, path=("",), type=FieldType(Kind.TEXT))).removesuffix("[]")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked where something is written: the ``when:`` and ``only_if:`` of its node and of those around it."""

    when: tuple[Condition, ...] = ()
    tests: tuple[Test, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.when or self.tests)

    def also(self, node: AnyNode) -> "Asked":
        """The same inside ``node``."""
        tests = (*self.tests, node.only_if) if node.only_if is not None else self.tests
        return Asked(when=(*self.when, *node.when), tests=tests)


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A place that a field is both read from and written to: its node, and the conditions around it."""

    slot: Slot
    node: AnyNode
    asked: Asked


@dataclass(kw_only=True)
class Carried:
    """A field that goes both ways; ``needs`` are lists of which an item must be there, since only items hold it."""

    field: Field
    bindings: list[Binding] = dataclasses.field(default_factory=list)

    @property
    def required(self) -> bool:
        """Whether the model asks for it, or an entry with ``required: yes`` wherever its object is."""
        return self.field.type.required or any(binding.slot.required for binding in self.bindings)

    @cached_property
    def needs(self) -> tuple[Path, ...]:
        """The lists of the field's own scope that must have an item."""
        found: list[Path] = []
        own = self.field.scope
        while own.key is not None and own.parent is not None:
            own = own.parent
        for binding in self.bindings:
            scope: Scope | None = binding.slot.home
            if scope is None or scope is own or scope.is_documents or self.field.path == ():
                return ()
            while scope is not None and scope.parent is not own:
                scope = scope.parent
            if scope is not None:
                found.append(scope.path)
        return tuple(dict.fromkeys(found))


@dataclass(eq=False, kw_only=True)
class Shape:
    """The document, the items that one node with ``each:`` makes of a list, or the one item that a key chooses.

    ``rivals`` are groups of fields of which only one can be written, with how many of them fit.  ``handled`` are
    segments that a plug-in makes of its fields.
    """

    scope: Scope
    node: AnyNode | None = None
    asked: Asked = Asked()
    fields: dict[Path, Carried] = field(default_factory=dict)
    lists: dict[Path, "list[Shape]"] = field(default_factory=dict)
    rivals: list[tuple[list[Path], int]] = field(default_factory=list)
    handled: list[Segment] = field(default_factory=list)

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
                text = plain_name(carried.field)
                found.add(f"{text}[]" if carried.field.type.kind is Kind.TEXTS else text)
            for condition in shape.conditions:
                found.add(condition.field.text())
            if shape.scope.key is not None and shape.fields:
                found.add(f"{plain_list(shape.scope)}[].{shape.scope.key[0]}")
        return found


def is_of(path: str, carried: Carried) -> bool:
    """Whether a path in a document leads to a field: exactly, or to one of any item of its list."""
    name = general(path)
    return any(name in (text, f"{text}[]") for text in (carried.field.text().rstrip("."), plain_name(carried.field)))


def shape_of(meaning: Meaning) -> Shape:
    """The document's shape; fields that go one way only are not in it."""
    shapes = {0: Shape(scope=meaning.root)}
    for scope in meaning.scopes:
        shapes.setdefault(scope.number, Shape(scope=scope))
    nodes: list[AnyNode] = [*meaning.segments, *meaning.elements]
    for node in nodes:
        _visit(node, Asked(), shapes)
    root = shapes[meaning.root.number]
    several = meaning.several
    return _one_document(root, shapes[several.number]) if several is not None else root


def _visit(node: AnyNode, asked: Asked, shapes: dict[int, Shape]) -> None:
    if not (node.reads and node.writes):
        return
    asked = asked.also(node)
    if node.items is not None:
        shape = shapes[node.scope.number]
        if shape.node is None:
            shape.node, shape.asked = node, asked
            shapes[node.items.scope.number].lists.setdefault(node.items.path, []).append(shape)
    for slot in node.own():
        if slot.field is not None and slot.reads and slot.writes and not slot.guard:
            shape = _shape_with(slot.field.scope, shapes)
            carried = shape.fields.setdefault(slot.field.path, Carried(field=slot.field))
            carried.bindings.append(Binding(slot=slot, node=node, asked=asked))
    if isinstance(node, Segment):
        for pairs in node.pairs:
            _rivals(pairs, shapes)
        if node.use is not None and node.use.slots:
            holder = node.use.slots[0].field
            assert holder is not None
            shapes[holder.scope.number].handled.append(node)
    for inner in below(node):
        _visit(inner, asked, shapes)


def _shape_with(scope: Scope, shapes: dict[int, Shape]) -> Shape:
    """The shape of a scope; the item that a key chooses becomes one of its list with its first field."""
    shape = shapes[scope.number]
    if scope.key is not None and scope.parent is not None:
        beside = _shape_with(scope.parent, shapes).lists.setdefault(scope.path, [])
        if not any(one is shape for one in beside):
            beside.append(shape)
    return shape


def _one_document(root: Shape, inner: Shape) -> Shape:
    """Where a message holds several documents, each is what stands outside of all together with its own."""
    lists = {path: found for path, found in root.lists.items() if not any(one is inner for one in found)}
    return Shape(
        scope=root.scope,
        asked=inner.asked,
        fields={**root.fields, **inner.fields},
        lists={**lists, **inner.lists},
        rivals=[*root.rivals, *inner.rivals],
        handled=[*root.handled, *inner.handled],
    )


def _rivals(pairs: Pairs, shapes: dict[int, Shape]) -> None:
    groups: dict[int, list[Path]] = {}
    for _, slot in pairs.choices:
        if slot.field is not None and slot.writes:
            groups.setdefault(slot.field.scope.number, []).append(slot.field.path)
    most = 1 if not pairs.repeating else pairs.most
    for number, paths in groups.items():
        if most is not None and len(paths) > most:
            shapes[number].rivals.append((list(dict.fromkeys(paths)), most))
