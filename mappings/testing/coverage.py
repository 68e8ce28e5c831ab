"""Which parts of a mapping its tests touch: nodes, entries and rows of code tables, when reading and when writing."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from transload.adapters.base.format import Message, Records
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding, Severity
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.compiler.levels import takes
from transload.mappings.language.converters.base import CodeTable
from transload.mappings.language.layout import AnyNode, Segment, below
from transload.mappings.language.terms import Slot
from transload.mappings.mapping import Mapping
from transload.mappings.reports.origins import Touch
from transload.mappings.testing.cases import Case, Failure, cases_of, checked
from transload.mappings.testing.comparing import expected
from transload.mappings.testing.samples import sample_of

_CODE = re.compile(r"\bcode\((\S+)")


class Direction(StrEnum):
    """Which of the two directions a part is used in."""

    READ = "read"
    WRITE = "written"


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a test can touch: ``kind`` is ``node``, ``entry``, ``choice`` (of a pair) or ``code``."""

    kind: str
    name: str
    at: MappingPlace
    direction: Direction


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """All parts of a mapping, and those that no test touches, in the order of the file."""

    parts: tuple[Part, ...]
    untouched: tuple[Part, ...]

    @property
    def percent(self) -> float:
        """How many of a hundred parts are touched; 100 for a mapping without any."""
        return 100 * (1 - len(self.untouched) / len(self.parts)) if self.parts else 100.0

    def findings(self) -> Iterator[Finding]:
        """A remark ``T-UNTOUCHED`` for each part that no test touches; one for both directions together."""
        ways: dict[tuple[str, str, MappingPlace], list[Direction]] = defaultdict(list)
        for part in self.untouched:
            ways[part.kind, part.name, part.at].append(part.direction)
        for (kind, name, at), directions in ways.items():
            how = " or ".join(directions)
            yield Finding(
                code="T-UNTOUCHED",
                severity=Severity.REMARK,
                message=f"no test has the {kind} {name} {how}",
                mapping=at,
            )


def coverage(mapping: Mapping) -> Coverage:
    """What the tests of a mapping touch.

    Cases that cannot be run touch nothing; what is wrong with them is said by `run_tests`.
    """
    seen = _Seen(mapping)
    for case in cases_of(mapping):
        try:
            seen.run(case)
        except (Failure, TransloadError):
            continue
    parts = tuple(dict.fromkeys(_parts(mapping)))
    touched = set(seen.parts())
    return Coverage(parts=parts, untouched=tuple(part for part in parts if part not in touched))


def table_of(mapping: Mapping, slot: Slot) -> CodeTable | None:
    """The code table that a slot's values go through."""
    found = _CODE.search(slot.rule)
    return mapping.meaning.codes.get(found[1].rstrip(")")) if found else None


class _Seen:
    """What the cases touched, by number of slot and node and by row of code table."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.slots: dict[Direction, set[int]] = {direction: set() for direction in Direction}
        self.codes: dict[Direction, set[tuple[str, str]]] = {direction: set() for direction in Direction}
        self.plain: set[int] = set()
        self.wrote = False

    def run(self, case: Case) -> None:
        """Take note of all that a case reads and writes."""
        table = checked(case)
        wire, canonical = table.get("wire"), table.get("canonical")
        if wire is None:
            assert canonical is not None
            for document in expected(self.mapping, canonical, case.folder):
                self._write(document)
            return
        for message in sample_of(self.mapping, wire, case.folder, table.get("edit")).messages:
            trace = self.mapping.trace(message)
            for touch in trace.touches:
                self._read(touch)
            self._literal_nodes(message)
            if canonical is not None:  # what is only read is not written by the test
                for document in trace.documents:
                    self._write(document)

    def _read(self, touch: Touch) -> None:
        slot = touch.slot
        self.slots[Direction.READ].add(slot.number)
        table = table_of(self.mapping, slot)
        code = _wire_code(slot, touch.raw) if table is not None else None
        if table is not None and code is not None and code in table.read:
            self.codes[Direction.READ].add((table.name, code))

    def _literal_nodes(self, message: Message) -> None:
        """Nodes without an entry of their own are touched where a segment fits them."""
        body = message.body
        for node in self.mapping.meaning.nodes():
            if not isinstance(node, Segment) or not isinstance(body, Records) or not node.reads:
                continue
            if not any(True for _ in _telling(node, Direction.READ)) and any(
                takes(node, record, body.component, body.repetition) for record in body.segments
            ):
                self.plain.add(node.number)

    def _write(self, document: Model) -> None:
        numbers = self.mapping.entries_written(document)
        self.wrote = True
        self.slots[Direction.WRITE] |= numbers
        for number in numbers:
            slot = self.mapping.meaning.slots[number]
            table = table_of(self.mapping, slot)
            if table is None or slot.field is None:
                continue
            for value in _values(document, slot):
                if isinstance(value, str) and value in table.write:
                    self.codes[Direction.WRITE].add((table.name, table.write[value]))

    def parts(self) -> Iterator[Part]:
        """The parts that were touched."""
        choices = _choices(self.mapping)
        for slot in self.mapping.meaning.slots:
            for direction in Direction:
                if slot.number in self.slots[direction]:
                    yield _entry(choices, slot, direction)
        for direction, rows in self.codes.items():
            for table, code in rows:
                yield _row(self.mapping.meaning.codes[table], code, direction)
        for direction in Direction:
            for node in self._nodes(direction):
                yield _node(node, direction)

    def _nodes(self, direction: Direction) -> Iterator[AnyNode]:
        def touched(node: AnyNode) -> bool:
            own = any(slot.number in self.slots[direction] for slot in node.own())
            if direction is Direction.WRITE and not list(_telling(node, direction)):
                own = self.wrote
            return own or node.number in self.plain or any(touched(inner) for inner in below(node))

        yield from (node for node in self.mapping.meaning.nodes() if touched(node))


def _parts(mapping: Mapping) -> Iterator[Part]:
    """Everything that a test can touch, in the order of the file."""
    found = [*_nodes_and_entries(mapping), *_rows(mapping)]
    yield from sorted(found, key=lambda part: (part.at.file, part.at.line, part.at.column))


def _nodes_and_entries(mapping: Mapping) -> Iterator[Part]:
    choices = _choices(mapping)
    for node in mapping.meaning.nodes():
        for direction in Direction:
            if node.reads if direction is Direction.READ else node.writes:
                if _is_shown(node, direction):
                    yield _node(node, direction)
                for slot in _telling(node, direction):
                    yield _entry(choices, slot, direction)


def _is_shown(node: AnyNode, direction: Direction) -> bool:
    """Whether a node is a part of its own: one with entries is seen by them, in a tree one without is only a name.

    A level of a hierarchy, and the count of levels, are seen by what stands in the levels.
    """
    numbered = any(slot.numbering is not None for slot in node.own())
    return isinstance(node, Segment) and not numbered and not any(True for _ in _telling(node, direction))


def _telling(node: AnyNode, direction: Direction) -> Iterator[Slot]:
    """The entries of a node that a value goes through."""
    for slot in node.own():
        goes = slot.reads if direction is Direction.READ else slot.writes
        if goes and not slot.guard and not slot.literals and slot.numbering is None:
            yield slot


def _rows(mapping: Mapping) -> Iterator[Part]:
    used: dict[str, set[Direction]] = defaultdict(set)
    for slot in mapping.meaning.slots:
        table = table_of(mapping, slot)
        if table is not None and not slot.guard:
            used[table.name] |= {Direction.READ} if slot.reads else set()
            used[table.name] |= {Direction.WRITE} if slot.writes else set()
    for name, directions in used.items():
        table = mapping.meaning.codes[name]
        for code, value in table.read.items():
            for direction in sorted(directions):
                if direction is Direction.READ or table.write.get(value) == code:
                    yield _row(table, code, direction)


def _node(node: AnyNode, direction: Direction) -> Part:
    return Part(kind="node", name=node.name, at=node.at, direction=direction)


def _entry(choices: frozenset[int], slot: Slot, direction: Direction) -> Part:
    choice = slot.number in choices
    field = f"={slot.field.text()}" if slot.field is not None else f"={slot.rule}"
    return Part(kind="choice" if choice else "entry", name=f"{slot.name} {field}", at=slot.at, direction=direction)


def _choices(mapping: Mapping) -> frozenset[int]:
    """The numbers of the slots that stand in pairs."""
    nodes = [node for node in mapping.meaning.nodes() if isinstance(node, Segment)]
    return frozenset(slot.number for node in nodes for pairs in node.pairs for _, slot in pairs.choices)


def _row(table: CodeTable, code: str, direction: Direction) -> Part:
    return Part(kind="code", name=f"{table.name} {code}: {table.read[code]}", at=table.at[code], direction=direction)


def _wire_code(slot: Slot, raw: Any) -> str | None:
    """What the code step of a slot's chain looks up when ``raw`` is read."""
    value = raw
    try:
        for step in reversed(slot.chain.steps if slot.chain else ()):
            if step.name == "code":
                return value if isinstance(value, str) else None
            value = step.read(value)
    except (ValueError, ArithmeticError, TypeError, AttributeError, LookupError):
        return None
    return None


def _values(document: Model, slot: Slot) -> Iterator[Any]:
    """All values of a slot's field in a document, in whatever items they stand."""
    assert slot.field is not None
    steps: list[tuple[tuple[str, ...], bool]] = [(slot.field.path, False)]
    scope = slot.field.scope
    while scope.parent is not None:
        if not scope.is_documents:  # a document is what is looked through already
            steps.insert(0, (scope.path, True))
        scope = scope.parent
    found: list[Any] = [document]
    for path, each in steps:
        for name in path:
            found = [getattr(value, name) for value in found if value is not None]
        if each:
            found = [item for value in found if value is not None for item in value]
    yield from found
