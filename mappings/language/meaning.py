"""What a mapping file means, once it is read and checked: the input of the compiler."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from transload.adapters.edi.guides import Guide, WirePlace
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.language.converters.base import CodeTable, Xref
from transload.mappings.language.layout import Element, Segment, walk
from transload.mappings.language.limits import Limit
from transload.mappings.language.shapes import Shapes
from transload.mappings.language.terms import Derived, Scope, Slot
from transload.mappings.language.validity import Validity
from transload.mappings.plugins.finding import Plugin
from transload.mappings.source.nodes import Rows, Text

FAMILIES = {
    "edifact": "records", "x12": "records", "csv": "rows", "fixed": "rows",
    "xml": "xml", "soap": "xml", "json": "json", "cobol": "json",
}  # fmt: skip
"""The form of the bodies of each format: segments; rows, which the mapping's own layout cuts into records; an element;
or an object, as the bodies of formats that plug-ins bring are."""


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """One entry of ``ignores``: records of ``tag`` (with ``qualifier``, where given) are left aside quietly.

    ``above`` are the tags of the groups around it (empty: anywhere), ``deep`` whether what
    belongs to the record is left aside as well.  With ``places`` it speaks of these places in records that a
    node takes, and of no whole record.  In trees ``tag`` is the name of an element and ``part`` what of it is
    meant: ``@name``, ``text()``, or the whole.
    """

    tag: str
    qualifier: str | None = None
    above: tuple[str, ...] = ()
    deep: bool = False
    places: tuple[WirePlace, ...] = ()
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class Readers:
    """Nodes of one tag: ``told`` by one of their literals, at its place and by its values, and ``others``."""

    nodes: Sequence[Segment]
    told: Mapping[WirePlace, Mapping[str, Sequence[int]]]
    others: Sequence[int]

    @classmethod
    def of(cls, nodes: Sequence[Segment]) -> "Readers":
        """Sort ``nodes``; an attached literal tells none, as it holds in an empty composite too."""
        told: dict[WirePlace, dict[str, list[int]]] = {}
        others = []
        for number, node in enumerate(nodes):
            slot = next((slot for slot in node.literals if not slot.attached), None)
            if slot is None:
                others.append(number)
                continue
            for literal in slot.literals:
                told.setdefault(slot.places[0], {}).setdefault(literal, []).append(number)
        return cls(nodes=nodes, told=told, others=others)

    def candidates(self, value: Callable[[WirePlace], str]) -> list[Segment]:
        """Those that may take a record which holds ``value`` at a place, in the order of the file."""
        found = [number for place, by_value in self.told.items() for number in by_value.get(value(place), ())]
        return [self.nodes[number] for number in sorted({*found, *self.others})]


@dataclass(eq=False, kw_only=True)
class Meaning:
    """A mapping, checked.  ``kind`` and ``version_of_message`` are what it writes as the message's type.

    ``remarks`` are the static findings that are no errors.
    ``faults`` are the files of ``format: faults:``, whose mappings read what is no result.
    """

    name: str
    version: int
    document: str
    model: type[Model]
    format_type: str
    format_options: dict[str, Any]
    kind: str
    message_version: str
    namespaces: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, CodeTable] = field(default_factory=dict)
    root: Scope
    scopes: list[Scope] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    ignores: tuple[Ignored, ...] = ()
    loses: tuple[str, ...] = ()
    match: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    match_at: Mapping[str, MappingPlace] = field(default_factory=dict)
    strict: bool = False
    draft: bool = False
    remarks: tuple[Finding, ...] = ()
    ordered: bool = False
    keep: bool = False
    tests: Rows | None = None
    guide: Guide | None = None
    shapes: Shapes | None = None
    xrefs: Mapping[str, Xref] = field(default_factory=dict)
    plugins: Mapping[str, Plugin] = field(default_factory=dict)
    partner: Mapping[str, str] = field(default_factory=dict)
    broken: Set[str] = frozenset()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    derived: tuple[Derived, ...] = ()
    valid: Validity | None = None
    faults: tuple[Text, ...] = ()

    @property
    def family(self) -> str:
        """``records``, ``rows``, ``xml`` or ``json``: the form of the bodies that the format has."""
        return FAMILIES.get(self.format_type, "json" if self.format_type else "records")

    @property
    def has_records(self) -> bool:
        """Whether its messages are lists of records; all others are trees."""
        return self.family in ("records", "rows")

    @property
    def word(self) -> str:
        """The name by which expressions speak of the document: ``order`` for ``order/1``."""
        return self.document.partition("/")[0]

    @cached_property
    def segments_by_tag(self) -> Mapping[str, Sequence[Segment]]:
        """All segment nodes, of all levels, by their tag; asked for when the mapping is complete."""
        found: dict[str, list[Segment]] = {}
        for node in walk(self.segments):
            assert isinstance(node, Segment)
            found.setdefault(node.tag, []).append(node)
        return found

    @cached_property
    def readers(self) -> "Mapping[str, Readers]":
        """The segment nodes that read, by their tag, so that those for one record are found among many."""
        return {tag: Readers.of([node for node in nodes if node.reads]) for tag, nodes in self.segments_by_tag.items()}

    @property
    def several(self) -> Scope | None:
        """The scope of ``each: documents``, where one message holds several documents."""
        return next((scope for scope in self.scopes if scope.is_documents), None)

    def nodes(self) -> Iterator[Segment | Element]:
        """All nodes."""
        yield from walk(self.segments)
        yield from walk(self.elements)
