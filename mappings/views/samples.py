"""Messages made for a mapping: valid ones, and mutants with one fault each and the finding that it gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from lxml import etree

from transload.adapters.base.format import Message, Tree
from transload.canonical.documents import as_json
from transload.canonical.findings import Finding, errors_of
from transload.canonical.model import Model
from transload.mappings.language.fields import Kind
from transload.mappings.language.terms import Slot
from transload.mappings.laws.bodies import loose
from transload.mappings.laws.carrying import Carrying
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.outcome import FAST
from transload.mappings.laws.picks import Whole
from transload.mappings.laws.shapes import shape_of
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping
from transload.mappings.reports.origins import Lineage
from transload.mappings.views.origins import table_of

_BORDERS = 6
_MUTANTS = 60
_UNKNOWN = ("ZZQ", "Q7", "#")
_UNREAD = {
    Kind.DECIMAL: ("X",),
    Kind.INTEGER: ("X",),
    Kind.DATE: ("X", "99999999"),
    Kind.TIME: ("X", "9999"),
    Kind.INSTANT: ("X",),
    Kind.BOOLEAN: ("?",),
}
_FIXED = ("fixed", "cobol")


@dataclass(frozen=True, kw_only=True)
class Generated:
    """One message: ``name`` says what it shows, ``findings`` are the errors that it gives, ``document`` what it says.

    A valid one has no errors and a document; a mutant one error and none.
    """

    name: str
    what: str
    payload: bytes
    document: dict[str, Any] | None = None
    findings: tuple[Finding, ...] = ()


def generated(mapping: Mapping, guides: Sequence[Path] = ()) -> Iterator[Generated]:
    """Minimal, maximal and border messages, then mutants of the maximal one; each was read before it is given."""
    wire = Wire(mapping, guides)
    shape = shape_of(mapping.meaning)
    domains = Domains(mapping.meaning, shape)
    carrying = Carrying(wire, shape, domains, Documents(mapping.meaning, shape, domains), FAST)
    picks = [
        ("minimal", "only what must be there", Whole(full=False)),
        ("maximal", "every field and list", Whole(full=True, items=2)),
    ]
    for number in range(1, _BORDERS + 1):
        what = f"the {number + 1}. value of each field's borders"
        picks.append((f"border-{number}", what, Whole(full=True, number=number)))
    best: Model | None = None
    for name, what, pick in picks:
        document = carrying.valid(pick)
        payload = wire.write(document) if document is not None else b""
        if document is None or errors_of(_findings(wire, payload)):  # a guide may ask for more than the mapping
            continue
        if best is None or name == "maximal":
            best = document
        yield Generated(name=name, what=what, payload=payload, document=as_json(wire.read(payload).documents[0]))
    if best is not None:
        yield from _mutants(wire, best)


def _mutants(wire: Wire, document: Model) -> Iterator[Generated]:
    """Each entry's value made wrong once, where that gives exactly one error."""
    payload = wire.write(document)
    messages = wire.messages(payload)
    if len(messages) != 1:
        return
    body = messages[0].body
    if wire.mapping.format_type == "xml" and isinstance(body, Tree):
        edited: Edited = _EditedXml(wire, messages[0])
    else:
        edited = _EditedBytes(wire, payload, messages[0])
    made = 0
    tried: set[tuple[int, str]] = set()
    for row in edited.rows:
        for kind, value in _faults(row):
            slot = row.slot
            assert slot is not None
            if (slot.number, kind) in tried or made >= _MUTANTS:
                continue
            mutant = edited.replaced(row, value)
            findings = errors_of(_findings(wire, mutant)) if mutant is not None else []
            if mutant is not None and len(findings) == 1:
                tried.add((slot.number, kind))
                made += 1
                name = f"fault-{made:02}-{findings[0].code}"
                yield Generated(name=name, what=f"{row.field}: {kind}", payload=mutant, findings=tuple(findings))


class Edited(Protocol):
    """A message in which single values can be replaced."""

    rows: Sequence[Lineage]

    def replaced(self, row: Lineage, value: str) -> bytes | None:
        """The payload with ``value`` where the row's value stands; None where that cannot be told."""
        ...


class _EditedBytes:
    def __init__(self, wire: Wire, payload: bytes, message: Message) -> None:
        self.payload = payload
        self.rows: Sequence[Lineage] = wire.mapping.trace(message).lineage
        self.fixed = wire.mapping.format_type in _FIXED

    def replaced(self, row: Lineage, value: str) -> bytes | None:
        start = row.places[0].byte if len(row.places) == 1 else None
        raw = str(row.raw).encode()
        for skipped in (0, 1) if start is not None else ():  # a place of JSON or CSV may be the quotation mark
            begin = (start or 0) + skipped
            if self.payload[begin:].startswith(raw):
                new = value.encode()
                if self.fixed:
                    new = new[: len(raw)].ljust(len(raw))
                return self.payload[:begin] + new + self.payload[begin + len(raw) :]
        return None


class _EditedXml:
    def __init__(self, wire: Wire, message: Message) -> None:
        self.loose = loose(message.body)
        self.rows: Sequence[Lineage] = wire.mapping.trace(replace(message, body=self.loose.body)).lineage
        self.atoms = {atom.spot: atom for atom in self.loose.atoms()}

    def replaced(self, row: Lineage, value: str) -> bytes | None:
        atom = self.atoms.get(self.loose.spot(row.places[0])) if len(row.places) == 1 else None
        if atom is None or not isinstance(self.loose.body, Tree):
            return None
        atom.put(value)
        try:
            return etree.tostring(self.loose.body.root, xml_declaration=True, encoding="utf-8")
        finally:
            atom.put(atom.value)


def _faults(row: Lineage) -> Iterator[tuple[str, str]]:
    """What can be wrong with a value, with what to write instead, the best first."""
    slot = row.slot
    if slot is None or slot.field is None or not isinstance(row.raw, str) or not row.raw:
        return
    table = table_of(slot)
    if table is not None and _is_strict(slot):
        for code in _UNKNOWN:
            if code not in table.read:
                yield "a code that is not in the table", code
    for value in _UNREAD.get(slot.field.type.kind, ()):
        yield f"no {slot.field.type.kind.value}", value
    if slot.field.type.required:
        yield "nothing where a value must be", ""


def _is_strict(slot: Slot) -> bool:
    steps = slot.chain.steps if slot.chain is not None else ()
    return any(step.read_table is not None and not step.only for step in steps)


def _findings(wire: Wire, payload: bytes) -> list[Finding]:
    """All that reading a payload says."""
    reading = wire.format.read(payload, file=None)
    found: list[Finding] = []
    messages: list[Message] = list(reading)
    found += reading.findings
    for message in messages:
        found += message.findings
        found += wire.mapping.decode(message).findings
    return found
