"""The entries and nodes of a mapping by names that two versions of it share."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from transload.canonical.places import MappingPlace
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import AnyNode, Condition, Fill, Segment, Slot, below
from transload.mappings.views.outline import condition_text


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry: ``where`` is the node's name and the place, ``converters`` the right side after the first ``|``."""

    where: str
    at: MappingPlace
    content: str
    field: str
    converters: str
    literals: tuple[str, ...]
    reads: bool
    writes: bool
    required: bool


@dataclass(frozen=True, kw_only=True)
class Place:
    """One node: how often it comes, and under which conditions."""

    where: str
    at: MappingPlace
    items: str
    least: int
    most: int | None
    first: bool
    when: tuple[str, ...]
    only_if: str
    reads: bool
    writes: bool


@dataclass(kw_only=True)
class Inventory:
    """All entries and nodes by their names, in the order of the file."""

    entries: dict[str, Entry] = field(default_factory=dict)
    nodes: dict[str, Place] = field(default_factory=dict)


def inventory(meaning: Meaning) -> Inventory:
    """What a mapping consists of."""
    found = Inventory()
    roots: list[AnyNode] = [*meaning.segments, *meaning.elements]
    for node in roots:
        _take(node, "", found)
    return found


def _take(node: AnyNode, above: str, found: Inventory) -> None:
    where = _free(f"{above}{_name(node)}", found.nodes)
    found.nodes[where] = Place(
        where=where,
        at=node.at,
        items=node.items.text() if node.items is not None else "",
        least=node.least,
        most=node.most,
        first=node.first,
        when=tuple(_condition(condition) for condition in node.when),
        only_if=condition_text(node.only_if) if node.only_if is not None else "",
        reads=node.reads,
        writes=node.writes,
    )
    for slot in _slots(node):
        label = slot.name.removeprefix(f"{node.tag} ") or "text"
        name = _free(f"{where} {label}" if label != getattr(node, "label", None) else where, found.entries)
        found.entries[name] = _entry(name, slot)
    for inner in below(node):
        _take(inner, f"{where} / ", found)


def _slots(node: AnyNode) -> Iterator[Slot]:
    return (slot for slot in node.own() if not slot.guard)


def _entry(where: str, slot: Slot) -> Entry:
    rule = slot.rule
    for wrapping in ("=read(", "=write("):
        if rule.startswith(wrapping):
            rule = rule.removeprefix(wrapping).removesuffix(")")
    return Entry(
        where=where,
        at=slot.at,
        content=" or ".join(map(repr, slot.literals)) if slot.literals else slot.rule,
        field=slot.field.text() if slot.field is not None else "",
        converters=rule.partition("|")[2].strip() + _fills(slot.default, slot.elide),
        literals=slot.literals,
        reads=slot.reads,
        writes=slot.writes,
        required=slot.required,
    )


def _fills(*fills: Fill | None) -> str:
    """A default or elided value that is a field, by its full name; the rule has the others."""
    return "".join(f" {fill.field.text()}" for fill in fills if fill is not None and fill.field is not None)


def _name(node: AnyNode) -> str:
    """A segment by its tag with the case or the first literal; an element by its label."""
    if not isinstance(node, Segment):
        return node.label
    literals = node.literals
    told = node.case or (literals[0].literals[0] if literals else "")
    return f"{node.tag} {told}".strip()


def _condition(condition: Condition) -> str:
    return f"{condition.field.text()} is {condition.value}"


def _free(name: str, taken: dict[str, object] | dict[str, Entry] | dict[str, Place]) -> str:
    """The name, numbered where it is there already."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name} #{number}", number + 1
    return free
