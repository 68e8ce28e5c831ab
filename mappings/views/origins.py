"""Where the values of a document come from: place, bytes, rule, line of the mapping, row of the code table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from transload.adapters.base.format import Message
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.language.converters.base import CodeTable
from transload.mappings.language.terms import Slot
from transload.mappings.mapping import Mapping
from transload.mappings.reports.origins import Lineage, Location, field_text
from transload.mappings.views.paths import check_path, count_at, may_begin, plain_location, value_at


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a code table: ``wire`` is read as ``canonical``; ``at`` is its line, None for a table in a file."""

    table: str
    wire: str
    canonical: str
    at: MappingPlace | None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin of one value: ``value`` is the canonical one, ``source`` what was read for it.

    ``layer`` says which file of the chain that ``extends`` makes the entry stands in, from 1, the partner's first;
    ``layers`` how many there are.
    """

    field: str
    value: Any
    source: Lineage
    row: Row | None
    layer: int
    layers: int

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        found: dict[str, Any] = {
            "field": self.field,
            "value": self.value,
            "raw": self.source.value,
            "places": [place.as_dict() for place in self.source.places],
            "rule": self.source.rule,
            "mapping": self.source.mapping.as_dict(),
            "layer": self.layer,
            "layers": self.layers,
        }
        if self.row is not None:
            at = {"at": self.row.at.as_dict()} if self.row.at is not None else {}
            row = {"table": self.row.table, "wire": self.row.wire, "canonical": self.row.canonical}
            found["row"] = {**row, **at}
        return found


@dataclass(frozen=True, kw_only=True)
class Why:
    """The answer: ``origins`` of the values asked for; where there are none, ``reason`` says why.

    ``findings`` is what is wrong with the message, ``mapping`` the entry that speaks of a value without an origin.
    """

    field: str
    value: Any
    origins: tuple[Origin, ...]
    reason: str | None = None
    mapping: MappingPlace | None = None
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        found: dict[str, Any] = {
            "field": self.field,
            "value": self.value,
            "origins": [origin.as_dict() for origin in self.origins],
        }
        if self.reason is not None:
            found["reason"] = self.reason
        if self.mapping is not None:
            found["mapping"] = self.mapping.as_dict()
        return found


def why(mapping: Mapping, message: Message, path: Location, ordinal: int = 1) -> Why:
    """Where the values at ``path`` and below it come from, in the document number ``ordinal`` of a message.

    Places are looked up for these values only.  Raises `TransloadError` (E-FIELD) for a path that no document has.
    """
    check_path(mapping.meaning.model, path)
    outer: Location = ("documents", ordinal - 1) if mapping.gathers else ()

    def wanted(location: Location) -> bool:
        return location[: len(outer)] == outer and may_begin(location[len(outer) :], path)

    trace = mapping.trace(message, lineage=wanted)
    document = trace.documents[ordinal - 1] if ordinal <= len(trace.documents) else None
    name = field_text(path)
    origins = tuple(
        _origin(mapping, source, location, document)
        for source in trace.lineage
        if wanted(source.location)
        for location in [plain_location(source.location[len(outer) :], document)]
        if location[: len(path)] == path
    )
    value = value_at(document, path)
    if origins:
        return Why(field=name, value=value, origins=origins, findings=trace.findings)
    reason, at = _reason(mapping, path, value, document)
    return Why(field=name, value=value, origins=(), reason=reason, mapping=at, findings=trace.findings)


def _origin(mapping: Mapping, source: Lineage, location: Location, document: Model | None) -> Origin:
    files = mapping.files
    file = source.mapping.file
    return Origin(
        field=field_text(location),
        value=value_at(document, location),
        source=source,
        row=_row(source),
        layer=files.index(file) + 1 if file in files else 1,
        layers=len(files),
    )


def _row(source: Lineage) -> Row | None:
    """The row of the code table that the value went through."""
    table = table_of(source.slot)
    if table is None or not isinstance(source.raw, str) or source.raw not in table.read:
        return None
    return Row(table=table.name, wire=source.raw, canonical=table.read[source.raw], at=table.at.get(source.raw))


def table_of(slot: Slot | None) -> CodeTable | None:
    """The code table of an entry, which is nearest to the wire where there are several."""
    steps = slot.chain.steps if slot is not None and slot.chain is not None else ()
    return next((step.table for step in reversed(steps) if step.table is not None), None)


def _reason(mapping: Mapping, path: Location, value: Any, document: Model | None) -> tuple[str, MappingPlace | None]:
    """Why there is no origin, and the entry that says so."""
    if document is None:
        return "the message has errors, so there is no document; nothing was read for this field", None
    for number, step in enumerate(path):
        count = count_at(document, path[:number]) or 0
        if isinstance(step, int) and step >= count:
            return f"{field_text(path[:number])} has {count or 'no'} item{'' if count == 1 else 's'}, from 0 on", None
    slots = list(_slots(mapping, path))
    if value is not None:
        given = next((slot for slot in slots if slot.default is not None), None)
        if given is not None:
            return "nothing stands in the message: the mapping's default", given.at
        return "nothing stands in the message: the default of the canonical model", None
    if slots:
        names = ", ".join(dict.fromkeys(slot.name for slot in slots if slot.name))
        return f"it is not in the message; it would stand in {names}", slots[0].at
    plain = ".".join(str(step) for step in path if not isinstance(step, int))
    if any(lost.replace("[]", "") == plain for lost in mapping.loses):
        return f"the mapping {mapping.name} does not carry it: it is listed under loses:", None
    return f"the mapping {mapping.name} has no entry that reads it", None


def _slots(mapping: Mapping, path: Location) -> Iterator[Slot]:
    """The entries that read the field at ``path``, or a field below it."""
    plain = ".".join(str(step) for step in path if not isinstance(step, int))
    for slot in mapping.meaning.slots:
        if slot.field is not None and slot.reads:
            name = slot.field.plain().removeprefix("documents.")
            if name == plain or name.startswith(f"{plain}."):
                yield slot
