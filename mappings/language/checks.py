"""Static checks: what can be known to be wrong before any data is seen."""

from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel

from transload.adapters.edi.guides import WirePlace
from transload.adapters.edi.guides.model import Entry
from transload.canonical.findings import Severity
from transload.canonical.places import MappingPlace
from transload.mappings.language.fields import FieldType, Kind, field_type, follow
from transload.mappings.language.hierarchies import check_hierarchies
from transload.mappings.language.layout import AnyNode, Element, Segment, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Field, Scope, Slot
from transload.mappings.source.problems import Problems, suggest

_DEEPEST = 17
MOST_NODES = 2000
MOST_SLOTS = 20_000
"""So many nodes, each case counted, and entries may stand in a mapping."""


def check(meaning: Meaning, problems: Problems) -> None:
    """Note all that is wrong with ``meaning``, and mark the slots that share a field."""
    _check_size(meaning, problems)
    _mark_shared(meaning)
    for slot in meaning.slots:
        _check_codes(slot, meaning, problems)
    if not any(finding.is_error for finding in problems.findings):  # else a refused entry may be the missing one
        _check_required(meaning, problems)
    _check_loses(meaning, problems)
    _check_several(meaning, problems)
    _check_keyed(meaning, problems)
    if meaning.segments:
        _check_level(meaning.segments, problems)
        check_hierarchies(meaning.segments, problems)
        if meaning.guide is not None:
            _check_order(meaning.segments, meaning.guide.structure, problems)
    else:
        _check_elements(meaning.elements, problems, xml=meaning.family == "xml")
    _check_repeats(meaning, problems)
    _check_depth([*meaning.segments, *meaning.elements], problems)


def _check_size(meaning: Meaning, problems: Problems) -> None:
    """A mapping of a size that nobody means takes too long to be checked and compiled.  Raises for one."""
    count = sum(1 for _ in meaning.nodes())
    if count > MOST_NODES or len(meaning.slots) > MOST_SLOTS:
        at = meaning.slots[-1].at if meaning.slots else next(iter(meaning.nodes())).at
        message = f"the file has {count} nodes with {len(meaning.slots)} entries; {MOST_NODES} with {MOST_SLOTS}"
        problems.add("M-NODE", at, f"{message} are the most", hint="split it, or use a code table")
        problems.raise_errors()


def _mark_shared(meaning: Meaning) -> None:
    """A field that is bound at several places, or from inside a list, must agree wherever it is read."""
    bound: dict[tuple[int, tuple[str, ...]], list[Slot]] = {}
    for slot in meaning.slots:
        if slot.field is not None and slot.reads:
            bound.setdefault(slot.field.key, []).append(slot)
    for node in meaning.nodes():
        for condition in node.when:
            for slot in bound.get(condition.field.key, ()):
                slot.shared = not slot.many
    for slots in bound.values():
        for slot in slots:
            assert slot.field is not None
            if (len(slots) > 1 or slot.home is not slot.field.scope) and not slot.many:
                slot.shared = True


def _check_codes(slot: Slot, meaning: Meaning, problems: Problems) -> None:
    """A code table of a field with a closed list of values maps to those values only."""
    if slot.field is None or not slot.field.type.choices or slot.chain is None or not slot.chain.steps:
        return
    first = next((step for step in slot.chain.steps if not step.checks), slot.chain.steps[0])
    table = next((t for t in meaning.codes.values() if t.read is first.read_table), None)
    if table is None:
        return
    choices = slot.field.type.choices
    for wire, canonical in table.read.items():
        if canonical not in choices:
            hint = suggest(canonical, choices, f"it takes {', '.join(choices)}")
            problems.add(
                "M-CODE",
                table.at[wire],
                f"{slot.field.text()} does not take {canonical!r}",
                hint=hint,
                field=slot.field.text(),
            )


def _check_required(meaning: Meaning, problems: Problems) -> None:
    """Every required field of every object that the file reads has a place that it is read from."""
    read = [slot.field for slot in meaning.slots if slot.field is not None and slot.reads]
    if not read:
        return
    at = meaning.slots[0].at
    several = meaning.several
    for scope in meaning.scopes:
        if scope.model is None or (several is not None and scope is meaning.root):
            continue
        if scope.key is not None and not any(field.scope is scope for field in read):
            continue
        here = (scope, meaning.root) if scope is several else (scope,)
        paths = {field.path for field in read if field.scope in here}
        paths |= {c.field.path for node in meaning.nodes() for c in node.when if c.field.scope in here}
        paths |= {inner.path for inner in meaning.scopes if inner.parent in here and inner is not several}
        paths |= {derived.field.path for derived in meaning.derived if derived.field.scope in here}
        if scope.key is not None:
            paths.add((scope.key[0],))
        where = next((n.at for n in meaning.nodes() if n.items is not None and n.scope is scope), at)
        severity = Severity.WARNING if meaning.draft else Severity.ERROR
        _check_object(scope.model, (), paths, scope, where, problems, severity)


def _check_object(
    model: type[BaseModel],
    prefix: tuple[str, ...],
    paths: set[tuple[str, ...]],
    scope: Scope,
    at: MappingPlace,
    problems: Problems,
    severity: Severity,
) -> None:
    for name in model.model_fields:
        kind = field_type(model, name)
        assert kind is not None
        path = (*prefix, name)
        inside = any(other[: len(path)] == path for other in paths)
        if kind.required and not inside:
            field = Field(scope=scope, path=path, type=kind)
            problems.add(
                "M-REQUIRED",
                at,
                f"nothing in this file reads {field.text()}, which every {model.__name__} needs",
                hint="bind it to a place",
                field=field.text(),
                severity=severity,
            )
        elif inside and kind.kind is Kind.OBJECT and kind.model is not None:
            _check_object(kind.model, path, paths, scope, at, problems, severity)


def _check_several(meaning: Meaning, problems: Problems) -> None:
    """With ``each: documents`` a field is shared by all of them, or the document's own."""
    several = meaning.several
    if several is None:
        return
    own = {slot.field.path for slot in meaning.slots if slot.field is not None and slot.field.scope is several}
    own |= {scope.path for scope in meaning.scopes if scope.parent is several}
    shared = {scope.path: None for scope in meaning.scopes if scope.parent is meaning.root and scope is not several}
    for slot in meaning.slots:
        path = slot.field.path if slot.field is not None and slot.field.scope is meaning.root else None
        if path is not None and (path in own or path[:1] in own):
            name = ".".join(path)
            hint = f"inside, write {meaning.word}.{name} for the one outside"
            problems.add("M-NODE", slot.at, f"{name} is bound outside of each: documents, and inside", hint=hint)
    for path in shared.keys() & own:
        at = next(node.at for node in meaning.nodes() if node.items is not None and node.items.path == path)
        problems.add("M-NODE", at, f"{'.'.join(path)} is bound outside of each: documents, and inside")


def _check_keyed(meaning: Meaning, problems: Problems) -> None:
    """An item that is chosen by its key would be written twice where its list is repeated as well."""
    for slot in meaning.slots:
        scope = slot.field.scope if slot.field is not None else None
        if scope is None or scope.key is None:
            continue
        whole = next(
            (s for s in meaning.scopes if s.parent is scope.parent and s.path == scope.path and not s.key), None
        )
        if whole is not None:
            name = ".".join(scope.path)
            message = f"{name} is repeated with each: as well, which would take the item {scope.key[1]!r} again"
            hint = "choose all items by their keys, or none"
            problems.add("M-FIELD", slot.at, message, hint=hint)


def _check_loses(meaning: Meaning, problems: Problems) -> None:
    for path in meaning.loses:
        model: type[BaseModel] | None = meaning.model
        plain = path.replace("[]", "").removesuffix("*").removesuffix(".")
        for name in plain.split(".") if plain else ():
            found: FieldType | None = field_type(model, name) if model else None
            if found is None:
                known = list(model.model_fields) if model else []
                at = meaning.slots[0].at if meaning.slots else None
                if at is not None:
                    problems.add("M-FIELD", at, f"loses: there is no field {path!r}", hint=suggest(name, known))
                break
            model = found.model


def _check_level(nodes: Sequence[Segment], problems: Problems) -> None:
    """Two nodes of one level and tag must differ in a literal, so that no record can be taken by both (L0)."""
    readable = [(node, _told_apart_by(node)) for node in nodes if node.reads]
    for position, (node, mine) in enumerate(readable):
        for other, theirs in readable[position + 1 :]:
            told_apart = any(p in theirs and theirs[p].isdisjoint(mine[p]) for p in mine)
            if node.tag == other.tag and not told_apart and not node.gives_way:
                problems.add(
                    "M-AMBIGUOUS",
                    other.at,
                    f"a record {other.tag} can be taken by this node and by the one in {_line(node, other)}",
                    hint="give both a literal at the same place, with different values",
                )
    for node in nodes:
        _check_level(node.then, problems)


def _check_order(nodes: Sequence[Segment], entries: Sequence[Entry], problems: Problems) -> None:
    """A segment written after a group that may hold its like would be read as part of that group."""
    groups = {entry.tag: entry for entry in entries if entry.children}
    for position, node in enumerate(nodes):
        group = groups.get(node.tag)
        inside = set(_tags(group.children[1:])) if group is not None and node.writes else set()
        for later in nodes[position + 1 :]:
            if later.tag in inside and later.tag != node.tag and later.reads and later.writes:
                problems.add(
                    "M-ORDER",
                    later.at,
                    f"{later.name} is written after {node.name}, and would be read as a part of it",
                    hint=f"move it above {_line(node, later)}, or below {node.tag} with then:",
                )
            if later.tag not in inside and not later.when and all(slot.literals for slot in later.own()):
                break  # always there, so it ends the group
        _check_order(node.then, group.children[1:] if group is not None else (), problems)


def _line(node: AnyNode, seen_from: AnyNode) -> str:
    """The line of ``node``, with its file where it is another one."""
    return f"{'line ' if node.at.file == seen_from.at.file else f'{node.at.file}:'}{node.at.line}"


def _tags(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.children:
            yield from _tags(entry.children)
        else:
            yield entry.name


def _told_apart_by(node: Segment) -> dict[tuple[WirePlace, ...], frozenset[str]]:
    """The literals without which a record is not for the node, by their places."""
    return {slot.places: frozenset(slot.literals) for slot in node.literals if not slot.attached}


def guards(element: Element) -> dict[tuple[str, ...], Slot]:
    """The literals that an element must hold to be the one meant, by their path inside it.

    Its own attributes and text, and the places of its short form that hold literals only.
    A place that holds a field besides its literals is looked at by itself: where they do not
    fit, it alone is left aside.  Not so with ``first:``, where another node may take the element.
    """
    found: dict[tuple[str, ...], Slot] = {}
    for name, slot in element.attributes:
        if slot.literals and slot.reads:
            found["@" + name,] = slot
    if element.text is not None and element.text.literals and element.text.reads:
        found[()] = element.text
    for child in element.children:
        if child.alone or child.many or child.items is not None or not child.reads:
            continue
        if holds_value(child) and not element.first:
            continue
        for path, slot in guards(child).items():
            found[(child.tag, *path)] = slot
    return found


def holds_value(element: Element) -> bool:
    """Whether a field or computed value stands in the element, or anywhere inside it."""
    return any(not slot.literals for slot in element.own()) or any(holds_value(child) for child in element.children)


def decisive(node: Element, siblings: Sequence[Element]) -> bool:
    """Whether the literals of an element say what kind of message this is.

    It holds nothing else, comes once, and no sibling has its name: where they do not hold, no other entry would
    take it, and nothing would be told apart by it.
    """
    alone = sum(other.tag == node.tag and other.reads for other in siblings) == 1
    return alone and node.reads and not node.many and node.items is None and not holds_value(node)


def _check_elements(elements: Sequence[Element], problems: Problems, *, xml: bool) -> None:
    readable = [element for element in elements if element.reads]
    told = {id(element): guards(element) for element in readable}
    for position, element in enumerate(readable):
        for other in readable[position + 1 :]:
            if element.tag != other.tag or (element.gives_way and (xml or (element.many and other.many))):
                continue
            mine, theirs = told[id(element)], told[id(other)]
            if not any(
                path in theirs and not set(theirs[path].literals) & set(slot.literals) for path, slot in mine.items()
            ):
                problems.add(
                    "M-AMBIGUOUS",
                    other.at,
                    f"an element {other.label} can be taken by this node and by the one in {_line(element, other)}",
                    hint="give both a literal, in an attribute or a child, with different values",
                )
            elif not xml and not (element.many and other.many):
                problems.add(
                    "M-AMBIGUOUS", other.at, f"{other.label} stands twice", hint=f"write {other.label}* for a list"
                )
    for element in elements:
        _check_elements(element.children, problems, xml=xml)


def _check_depth(nodes: Sequence[AnyNode], problems: Problems, depth: int = 1) -> None:
    """Nested levels become nested loops, of which Python allows twenty."""
    for node in nodes:
        if depth > _DEEPEST:
            problems.add(
                "M-NODE", node.at, f"{node.name} stands more than {_DEEPEST} levels deep", hint="map a flatter part"
            )
        else:
            _check_depth(below(node), problems, depth + 1)


def _check_repeats(meaning: Meaning, problems: Problems) -> None:
    """A repeating node needs somewhere to put what it repeats."""
    for node in meaning.nodes():
        if node.most is not None and node.most > 1 and node.items is None and not _holds_list(node):
            problems.add(
                "M-NODE",
                node.at,
                f"{node.name} may come {node.most} times, but its fields hold one value",
                hint="add each: LIST, or bind a repeating place such as 4440*",
                severity=Severity.ERROR,
            )
        if node.least > 1 and node.items is None and not _holds_list(node):
            problems.add("M-NODE", node.at, "min: above 1 is for nodes with each:, or with a list place")


def _holds_list(node: AnyNode) -> bool:
    if isinstance(node, Segment):
        return (
            any(slot.many for slot in node.slots)
            or any(pairs.repeating for pairs in node.pairs)
            or any(inner.items is not None for inner in node.then)
        )
    return node.many or any(_holds_list(child) for child in below(node))


def covered(meaning: Meaning) -> set[str]:
    """The canonical fields that the mapping carries both ways, as ``lines[].quantity``."""
    return {slot.field.text() for slot in meaning.slots if slot.field is not None and slot.reads and slot.writes}


__all__ = ["check", "covered", "decisive", "follow", "guards", "holds_value"]
