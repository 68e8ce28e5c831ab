"""Messages made for a mapping: valid ones, and mutants with one fault each and the finding that it gives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transload.adapters.base.format import Identity, Message
from transload.canonical.documents import as_json
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding, Severity, errors_of
from transload.canonical.model import Model
from transload.mappings.laws.carrying import Carrying
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.outcome import FAST
from transload.mappings.laws.picks import Whole
from transload.mappings.laws.shapes import shape_of
from transload.mappings.laws.shrinking import shrink
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Mapping
from transload.mappings.views.faults import Fault, faults

_BORDERS = 6
_STEPS = 400
"""So many documents are tried to find the least one."""


@dataclass(frozen=True, kw_only=True)
class Generated:
    """One message: ``name`` and ``what`` say what it shows, ``document`` what a valid one says.

    A mutant has a ``fault``, and ``findings`` are what the mapping says of it, remarks left out: the one that was
    foretold, unless it is `unmet`.  ``guide`` is what the format and its guides say of the same fault.
    """

    name: str
    what: str
    payload: bytes
    document: dict[str, Any] | None = None
    fault: Fault | None = None
    findings: tuple[Finding, ...] = ()
    guide: tuple[Finding, ...] = ()

    @property
    def unmet(self) -> bool:
        """Whether a fault does not give the finding that it must give."""
        return self.fault is not None and not self.fault.foretells(list(self.findings))

    def complaint(self) -> Finding:
        """What an unmet one should have given, and does not."""
        assert self.fault is not None
        came = ", ".join(finding.code for finding in self.findings) or "nothing"
        message = f"{self.what}: {self.fault.code} must come alone, and reading gives {came}"
        hint = "look how the entry reads this value; the message is not among those that were made"
        return Finding(code="E-SAMPLE", message=message, hint=hint, field=self.fault.field or None)


def generated(mapping: Mapping, guides: Sequence[Path] = ()) -> Iterator[Generated]:
    """Minimal, maximal and border messages, then mutants of the fullest; the same each time.

    Valid ones are read without an error, by the mapping and by the message's guide, and give their document.
    """
    making = _Making(mapping, guides)
    best: Generated | None = None
    for made in making.valid():
        best = made if best is None or made.name == "maximal" else best
        yield made
    if best is not None:
        yield from making.mutants(best)


def fullest(mapping: Mapping, guides: Sequence[Path] = ()) -> Generated | None:
    """The message with every field; without one that can be written, the least."""
    found = {one.name: one for one in _Making(mapping, guides).valid()}
    return found.get("maximal") or found.get("minimal")


class _Making:
    def __init__(self, mapping: Mapping, guides: Sequence[Path]) -> None:
        self.mapping = mapping
        self.wire = Wire(mapping, guides)
        shape = shape_of(mapping.meaning)
        domains = Domains(mapping.meaning, shape)
        self.carrying = Carrying(self.wire, shape, domains, Documents(mapping.meaning, shape, domains), FAST)

    def valid(self) -> Iterator[Generated]:
        """See `generated`."""
        borders = range(1, _BORDERS + 1)
        full = self._first([Whole(full=True, items=2, number=number) for number in (0, *borders)])
        found = [
            ("minimal", "only what must be there", self._first([Whole(full=False)]) or self._shrunk(full)),
            ("maximal", "every field and list", full),
        ]
        for number in borders:
            what = f"the {number + 1}. value of each field's borders"
            found.append((f"border-{number}", what, self._first([Whole(full=True, number=number)])))
        seen: set[bytes] = set()
        for name, what, document in found:
            made = self._made(name, what, document) if document is not None else None
            if made is not None and made.payload not in seen:
                seen.add(made.payload)
                yield made

    def _first(self, picks: Sequence[Whole]) -> Model | None:
        """The document of the first pick that mapping and guide would have."""
        return next((one for one in map(self.carrying.valid, picks) if one is not None and self._is_good(one)), None)

    def _is_good(self, document: Model) -> bool:
        return self._made("", "", document) is not None

    def _shrunk(self, full: Model | None) -> Model | None:
        """The least that guide and mapping ask for, where it is more than the document itself needs."""
        if full is None:
            return None

        def is_good(document: Model) -> bool:
            return self.carrying.fault(document) is None and self._is_good(document)

        return shrink(full, is_good, _STEPS, lambda names: [])

    def _made(self, name: str, what: str, document: Model) -> Generated | None:
        """A message of a document; None where mapping or guide would not have it."""
        payload = self._payload(document)
        if payload is None:
            return None
        messages, guide = self._read(payload)
        if len(messages) != 1 or guide or not self.mapping.matches(messages[0]):
            return None
        decoded = self.mapping.decode(messages[0])
        if errors_of(decoded.findings) or len(decoded.documents) != 1:
            return None
        return Generated(name=name, what=what, payload=payload, document=as_json(decoded.documents[0]))

    def _payload(self, document: Model) -> bytes | None:
        """The document in an envelope that ``match:`` asks for."""
        match = self.mapping.meaning.match
        sender, receiver = match.get("sender", ("SENDER",))[0], match.get("receiver", ("RECEIVER",))[0]
        envelope: Any = self.wire.format.envelope(sender=Identity(id=sender), receiver=Identity(id=receiver))
        try:
            return self.wire.format.write([self.wire.encode(document)], envelope=envelope, context=self.wire.context)
        except Reject:
            return None

    def _read(self, payload: bytes) -> tuple[list[Message], list[Finding]]:
        """The messages, and the errors that format and guide find in them."""
        reading = self.wire.format.read(payload, file=None)
        messages = list(reading)
        return messages, errors_of([*reading.findings, *(one for message in messages for one in message.findings)])

    def mutants(self, valid: Generated) -> Iterator[Generated]:
        """Each entry's value made wrong, and what stands too often or is not known."""
        (message,) = self._read(valid.payload)[0]
        number = 0
        for fault in faults(self.mapping, message, valid.payload):
            messages, guide = self._read(fault.payload)
            findings = [one for message in messages for one in self.mapping.decode(message).findings]
            told = tuple(one for one in findings if one.severity is not Severity.REMARK)
            if not fault.certain and not fault.foretells(list(told)):
                continue
            number += 1
            where = fault.field or fault.place
            yield Generated(
                name=f"fault-{number:02}-{fault.code}", what=f"{where}: {fault.what}" if where else fault.what,
                payload=fault.payload, fault=fault, findings=told, guide=tuple(guide),
            )  # fmt: skip
