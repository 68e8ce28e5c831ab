"""Which entries and codes of a mapping the generated documents reach, on their way to bytes and back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from transload.canonical.errors import Reject
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.outcome import FAST, Effort
from transload.mappings.laws.shapes import shape_of
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The entries that go both ways and are not reached, and by table the codes that are not written."""

    entries: tuple[MappingPlace, ...]
    codes: dict[str, tuple[str, ...]]


def reach(mapping: Mapping, effort: Effort = FAST, *, guides: Sequence[Path] = ()) -> Reach:
    """What the documents of ``effort`` do not reach.

    A synonym is never written, so only the first code of each meaning counts.
    """
    meaning = mapping.meaning
    shape = shape_of(meaning)
    documents = Documents(meaning, shape, Domains(meaning, shape))
    seed = mapping.digest if effort.seed is None else str(effort.seed)
    found, written = _reached(Wire(mapping, guides), documents.all(effort.documents, seed))
    bound = {b.slot.at: b.slot for one in shape.all() for c in one.fields.values() for b in c.bindings}
    entries = tuple(at for at in bound if at not in found)
    codes: dict[str, tuple[str, ...]] = {}
    for name, table in meaning.codes.items():
        places = {at for at, slot in bound.items() if f"code({name}" in slot.rule}
        missing = tuple(
            code for code in table.write.values() if places and not any((at, code) in written for at in places)
        )
        if missing:
            codes[name] = missing
    return Reach(entries=entries, codes=codes)


def _reached(wire: Wire, documents: Iterable[Model]) -> tuple[set[MappingPlace], set[tuple[MappingPlace, str]]]:
    found: set[MappingPlace] = set()
    written: set[tuple[MappingPlace, str]] = set()
    for document in documents:
        try:
            payload = wire.write(document)
        except Reject:
            continue
        for message in wire.messages(payload):
            for row in wire.mapping.trace(message).lineage:
                found.add(row.mapping)
                written.add((row.mapping, row.value))
    return found, written
