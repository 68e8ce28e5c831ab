"""A mapping as a list of nodes and entries in the order of the wire, the same for every format."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from transload.adapters.edi.guides.model import Element as GuideElement
from transload.adapters.edi.guides.places import SegmentGuide, WirePlace
from transload.mappings.language.converters.base import CodeTable
from transload.mappings.language.fields import field_type
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import AnyNode, Comparison, Field, Junction, Negation, Segment, Slot, Test, below
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.views.origins import table_of


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """An entry of a node: ``label`` is its place, ``content`` the right side in words.

    ``title``, ``form`` and ``status`` (M, C, O, X, N) are what the message's guide says, empty where there is none.
    """

    slot: Slot
    label: str
    content: str
    field: str = ""
    description: str = ""
    title: str = ""
    form: str = ""
    status: str = ""
    codes: CodeTable | None = None

    @property
    def direction(self) -> str:
        """``read`` or ``written`` for an entry that goes one way; empty for both."""
        return direction(reads=self.slot.reads, writes=self.slot.writes)


@dataclass(frozen=True, kw_only=True)
class Branch:
    """A node with its entries; ``depth`` is 0 for nodes of the message itself."""

    node: AnyNode
    depth: int
    label: str
    title: str
    repeats: str
    conditions: tuple[str, ...]
    note: str
    leaves: tuple[Leaf, ...]


def outline(meaning: Meaning, table: Table) -> Iterator[Branch]:
    """All nodes of a mapping; ``table`` is its merged file, which has the notes."""
    notes = dict(_notes(table))
    roots: list[AnyNode] = [*meaning.segments, *meaning.elements]
    for node in roots:
        yield from _branches(meaning, node, 0, notes)


def _branches(meaning: Meaning, node: AnyNode, depth: int, notes: dict[tuple[str, int], str]) -> Iterator[Branch]:
    known = meaning.guide.segment(node.tag) if meaning.guide is not None and isinstance(node, Segment) else None
    case = f" ({node.case})" if node.case is not None and isinstance(node, Segment) else ""
    yield Branch(
        node=node,
        depth=depth,
        label=f"{node.tag}{case}" if isinstance(node, Segment) else node.label,
        title=known.title if known is not None else "",
        repeats=_repeats(node),
        conditions=tuple(_conditions(node)),
        note=notes.get((node.at.file, node.at.line), ""),
        leaves=tuple(_leaf(meaning, node, slot, known) for slot in _in_order(node)),
    )
    for inner in below(node):
        yield from _branches(meaning, inner, depth + 1, notes)


def _in_order(node: AnyNode) -> list[Slot]:
    slots = [slot for slot in node.own() if not slot.guard]
    if not isinstance(node, Segment):
        return slots
    first = {id(slot): pairs.first[1] for pairs in node.pairs for _, slot in pairs.choices}

    def position(slot: Slot) -> tuple[int, int]:
        place = slot.places[0] if slot.places else first.get(id(slot))
        return (place.element, place.component or 0) if place is not None else (1 << 30, 0)

    return sorted(slots, key=position)


def _leaf(meaning: Meaning, node: AnyNode, slot: Slot, known: SegmentGuide | None) -> Leaf:
    element, status = _guided(node, slot, known)
    spot = str(slot.spots[0]) if slot.spots else ""
    del meaning
    return Leaf(
        slot=slot,
        label=spot or slot.name.removeprefix(f"{node.tag} ") or node.tag,
        content=content(slot),
        field=slot.field.text() if slot.field is not None else "",
        description=description(slot.field) if slot.field is not None else "",
        title=element.title if element is not None else "",
        form=str(element.form) if element is not None else "",
        status=status,
        codes=table_of(slot),
    )


def _guided(node: AnyNode, slot: Slot, known: SegmentGuide | None) -> tuple[GuideElement | None, str]:
    if known is None or not isinstance(node, Segment):
        return None, ""
    place: WirePlace | None = slot.places[0] if slot.places else None
    if place is None:
        place = next((p.first[1] for p in node.pairs if any(one is slot for _, one in p.choices)), None)
    part = known.part(place) if place is not None else None
    if part is None or not isinstance(part.element, GuideElement):
        return None, part.status if part is not None else ""
    return part.element, part.status


def content(slot: Slot) -> str:
    """What an entry is equal to, as the file says it."""
    if slot.literals:
        return " or ".join(repr(text) for text in slot.literals)
    return slot.rule


def description(field: Field) -> str:
    """What the canonical model says of a field."""
    model: type[BaseModel] | None = field.scope.model
    for name in field.path[:-1]:
        kind = field_type(model, name) if model is not None else None
        model = kind.model if kind is not None else None
    found = model.model_fields.get(field.path[-1]) if model is not None and field.path else None
    return (found.description or "") if found is not None else ""


def direction(*, reads: bool, writes: bool) -> str:
    """``read`` or ``written`` for what goes one way; empty for both."""
    if reads and writes:
        return ""
    return "read only" if reads else "written only"


def _repeats(node: AnyNode) -> str:
    if node.items is not None:
        name = f"{node.items.text()}[]"
        most = f", at most {node.most}" if node.most else ""
        least = f", at least {node.least}" if node.least else ""
        return f"one for each of {name}{least}{most}"
    if node.most is not None and node.most > 1:
        return f"up to {node.most} times"
    return "must be there" if node.least else ""


def _conditions(node: AnyNode) -> Iterator[str]:
    for condition in node.when:
        yield f"there exactly if {condition.field.text()} is {condition.value}"
    if node.only_if is not None:
        yield f"written only if {condition_text(node.only_if)}"
    if node.first:
        yield "the first counts, one more is left aside"
    one_way = direction(reads=node.reads, writes=node.writes)
    if one_way:
        yield one_way


def condition_text(test: Test) -> str:
    """A condition as it is written."""
    if isinstance(test, Negation):
        return f"not ({condition_text(test.part)})"
    if isinstance(test, Junction):
        return (" and " if test.every else " or ").join(
            f"({condition_text(part)})" if isinstance(part, Junction) else condition_text(part) for part in test.parts
        )
    assert isinstance(test, Comparison)
    if not test.sign:
        return f"{test.field.text()} has a value"
    right = test.other.text() if test.other is not None else repr(test.value) if isinstance(test.value, str) else ""
    return f"{test.field.text()} {test.sign} {right or test.value}"


def _notes(source: Source) -> Iterator[tuple[tuple[str, int], str]]:
    """The notes of nodes, by file and line of each key of the node."""
    if isinstance(source, Rows):
        for item in source:
            yield from _notes(item)
    elif isinstance(source, Table):
        note = source.get("note")
        for key, value in source:
            if isinstance(note, Text):
                yield (key.at.file, key.at.line), note.text
            yield from _notes(value)
