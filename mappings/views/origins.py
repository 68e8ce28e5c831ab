"""Where the values of a document come from: place, bytes, rule, line of the mapping, row of the code table."""

from dataclasses import dataclass, replace
from typing import Any

from transload.adapters.base.format import Message
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace, Place
from transload.mappings.language.converters.base import CodeTable
from transload.mappings.language.terms import Slot
from transload.mappings.mapping import Mapping
from transload.mappings.reports.origins import Lineage, Location, field_text
from transload.mappings.views.bound import Bound, entries
from transload.mappings.views.codes import Row, rows_of
from transload.mappings.views.extents import Extent, extent_of
from transload.mappings.views.paths import check_path, may_begin, plain_location, value_at
from transload.mappings.views.reasons import reason_for


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The origin of one value: ``value`` is the canonical one, ``source`` what was read for it.

    ``places`` are all places that it takes, ``bytes`` those of the first one in the payload, where they can be told.
    ``inside`` names nodes and place in the words of the mapping, ``converters`` are those of the entry as they read,
    ``rows`` the rows of code tables and cross-references that the value went through, from the wire on.
    ``layer`` says which file of the chain that ``extends`` makes the entry stands in, from 1, the partner's first;
    ``layers`` how many there are.
    """

    field: str
    value: Any
    source: Lineage
    places: tuple[Place, ...]
    bytes: Extent | None
    inside: str
    converters: tuple[str, ...]
    rows: tuple[Row, ...]
    layer: int
    layers: int

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        found: dict[str, Any] = {
            "field": self.field,
            "value": self.value,
            "raw": self.source.value,
            "places": [place.as_dict() for place in self.places],
            "bytes": self.bytes.as_dict() if self.bytes is not None else None,
            "inside": self.inside,
            "rule": self.source.rule,
            "converters": list(self.converters),
            "rows": [row.as_dict() for row in self.rows],
            "mapping": self.source.mapping.as_dict(),
            "layer": self.layer,
            "layers": self.layers,
        }
        empty = ("bytes", "inside", "converters", "rows")
        return {key: value for key, value in found.items() if value or key not in empty}


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


def why(mapping: Mapping, message: Message, path: Location, ordinal: int = 1, payload: bytes = b"") -> Why:
    """Where the values at ``path`` and below it come from, in the document number ``ordinal`` of a message.

    ``payload`` is what the message was read from; without it no bytes are told.  Places are looked up for these values
    only.  Raises `TransloadError` (E-FIELD) for a path that no document has.
    """
    check_path(mapping.meaning.model, path)
    outer: Location = ("documents", ordinal - 1) if mapping.gathers else ()

    def wanted(location: Location) -> bool:
        return location[: len(outer)] == outer and may_begin(location[len(outer) :], path)

    trace = mapping.trace(message, lineage=wanted)
    document = trace.documents[ordinal - 1] if ordinal <= len(trace.documents) else None
    name = field_text(path)
    bound = {one.slot.number: one for one in entries(mapping.meaning)} if trace.lineage else {}
    origins = tuple(
        _origin(mapping, message, payload, source, location, document, bound)
        for source in trace.lineage
        if wanted(source.location)
        for location in [plain_location(source.location[len(outer) :], document)]
        if location[: len(path)] == path
    )
    value = value_at(document, path)
    if origins:
        return Why(field=name, value=value, origins=origins, findings=trace.findings)
    if value is not None and path and isinstance(path[-1], int):  # its list may be read as one, from several places
        whole = why(mapping, message, path[:-1], ordinal, payload)
        if whole.origins:
            return replace(whole, field=name, value=value)
    reason, at = reason_for(mapping.meaning, path, value, document)
    return Why(field=name, value=value, origins=(), reason=reason, mapping=at, findings=trace.findings)


def _origin(
    mapping: Mapping,
    message: Message,
    payload: bytes,
    source: Lineage,
    location: Location,
    document: Model | None,
    bounds: dict[int, Bound],
) -> Origin:
    files = mapping.files
    file = source.mapping.file
    slot = source.slot
    bound = bounds.get(slot.number) if slot is not None else None
    steps = slot.chain.steps if slot is not None and slot.chain is not None else ()
    return Origin(
        field=field_text(location),
        value=value_at(document, location),
        source=source,
        places=(*source.places, *source.beside),
        bytes=extent_of(message.body, payload, mapping.format_type, source),
        inside=bound.where if bound is not None else "",
        converters=tuple(step.name for step in reversed(steps)),
        rows=tuple(rows_of(mapping.meaning, slot, source.raw)) if slot is not None else (),
        layer=files.index(file) + 1 if file in files else 1,
        layers=len(files),
    )


def table_of(slot: Slot | None) -> CodeTable | None:
    """The code table of an entry, which is nearest to the wire where there are several."""
    steps = slot.chain.steps if slot is not None and slot.chain is not None else ()
    return next((step.table for step in reversed(steps) if step.table is not None), None)
