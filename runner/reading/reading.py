"""Reading a receipt: messages to canonical documents, and documents to drafts of deliveries.

Nothing is written here.  What is wrong with a message becomes the findings of a
quarantined one; its neighbours go on.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any

from transload.adapters.base import Message, Records
from transload.adapters.base.format import Reading
from transload.canonical.documents import compact, document_name
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding, Severity, errors_of
from transload.canonical.model import Model
from transload.canonical.places import Place
from transload.runner.ledger import State
from transload.runner.ledger.drafts import Draft
from transload.runner.ledger.portions import Parsed
from transload.runner.ledger.reconciled import PartnerVerdict
from transload.runner.lines.guarding import guarded
from transload.runner.lines.lines import Line
from transload.runner.reading.drafting import Origin, draft
from transload.runner.reading.duplicates import party_text
from transload.runner.reading.passing import Passage
from transload.runner.reading.reconciliation import Answered, Carriers, answered
from transload.runner.reading.understanding import (
    Outcome,
    Understood,
    environment_fault,
    mapping_for,
    understand,
    wire_digest,
)

if TYPE_CHECKING:
    from transload.mappings import Mapping as CompiledMapping

MOST_OF_INTERCHANGE = 20
"""How many findings about its interchange are kept with each message; the receipt has them all."""
_STATES = {Outcome.REFUSED: State.QUARANTINED, Outcome.REPEATED: State.DUPLICATE}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads the receipts of one line.

    ``known`` tells, by message and digest, whether it was received before; ``carriers`` finds
    the delivery that an acknowledgement speaks of.
    """

    line: Line
    known: Callable[[Message, str], Finding | None] = lambda message, digest: None
    carriers: Carriers = lambda reference: None
    _passages: dict[tuple[str, str], Passage] = field(default_factory=dict, init=False, repr=False)

    def messages(self, payload: bytes, origin: Origin) -> tuple[Reading, Iterator[tuple[int, Message]]]:
        """The messages of a payload, counted from 1, with the findings about their interchange added to each."""
        reading = guarded("the format", lambda: self.line.format.read(payload, file=origin.file))
        return reading, self._counted(reading)

    def _counted(self, reading: Reading) -> Iterator[tuple[int, Message]]:
        errors: dict[int | None, list[Finding]] = {}
        for finding in errors_of(reading.findings):
            errors.setdefault(_interchange(finding.place), []).append(finding)
        everywhere = errors.get(None, [])
        messages = iter(reading)
        for number in count(1):
            message = guarded("the format", lambda: next(messages, None))
            if message is None:
                return
            if errors:
                mine = everywhere or errors.get(_interchange(_first_place(message)), [])
                if mine:
                    yield number, replace(message, findings=(*message.findings, *_shortened(mine)))
                    continue
            yield number, message

    def parse(self, number: int, message: Message, payload: bytes, origin: Origin) -> list[Parsed]:
        """The documents of one message with the deliveries to make of them, or why there is none."""
        digest = wire_digest(message, payload)
        facts: dict[str, Any] = {
            "message": number,
            "partner": self.line.partner.name,
            "kind": message.kind,
            "version": message.version,
            "sender": party_text(message.sender),
            "receiver": party_text(message.receiver),
            "interchange": message.interchange,
            "reference": message.reference,
            "wire_digest": digest,
            "start": message.start,
            "end": message.end,
            "product": self.line.product,
        }
        known = None if origin.generation else self.known(message, digest)
        understood = understand(self.line, message, self.line.day(origin.receipt.received_at), known)

        def without_document(
            state: State,
            *more: Finding,
            verdicts: tuple[PartnerVerdict, ...] = (),
            drafts: tuple[Draft, ...] = (),
        ) -> list[Parsed]:
            before = origin.original(number, 0) or origin.original(number, 1)
            return [
                Parsed(
                    ordinal=0,
                    state=state,
                    findings=(*understood.findings, *more),
                    passed=understood.passed,
                    artifacts=(self.line.partner_artifact,),
                    verdicts=verdicts,
                    drafts=drafts,
                    replaces=before.id if before else None,
                    **facts,
                )
            ]

        if understood.outcome is not Outcome.TAKEN:
            return without_document(_STATES[understood.outcome])
        mapping = understood.mapping
        if mapping is None:
            passed_on = self._passed_on(message, payload, origin)
            if not passed_on:
                found = self._unmapped(message)
                return without_document(found.state, *found.findings, verdicts=found.verdicts)
            before = origin.original(number, 0)
            return [] if before and before.good else without_document(State.STAGED, drafts=passed_on)
        return [
            self._document(document, ordinal, mapping, message, origin, facts, understood)
            for ordinal, document in enumerate(understood.documents, start=1)
            if not ((before := origin.original(number, ordinal)) and before.good)
        ]

    def complaints(self, message: Message, payload: bytes, origin: Origin) -> list[Finding]:
        """What is wrong with a message that no mapping reads; nothing where it is passed on, or acknowledges."""
        if self.line.passers and self._passage(payload, origin).takers(message):
            return []
        return errors_of(self._unmapped(message).findings)

    def _passed_on(self, message: Message, payload: bytes, origin: Origin) -> tuple[Draft, ...]:
        """The deliveries of the whole payload to the targets that take the message unread."""
        return self._passage(payload, origin).drafts(message) if self.line.passers else ()

    def _passage(self, payload: bytes, origin: Origin) -> Passage:
        """What of the payload is passed on; made once for each receipt."""
        key = (origin.receipt.connection, origin.receipt.source_key)
        if key not in self._passages:
            self._passages[key] = Passage(
                line=self.line,
                payload=payload,
                origin=origin,
                messages=lambda: self.messages(payload, origin),
                standing=lambda message: self._standing(message, payload, origin),
            )
        return self._passages[key]

    def _standing(self, message: Message, payload: bytes, origin: Origin) -> str | None:
        """Why a message cannot be passed on, whatever the target; None where it can."""
        errors = errors_of(message.findings)
        if errors:
            return f"has errors: {errors[0].message}"
        repeated = None if origin.generation else self.known(message, wire_digest(message, payload))
        if repeated is not None and repeated.code == "R-DUPLICATE":
            return "was received before"
        wrong = environment_fault(message, test=self.line.workspace.is_test)
        if wrong is not None and wrong.is_error:
            return "is flagged as a test"
        mapping = mapping_for(self.line, message, self.line.day(origin.receipt.received_at))
        return f"is read by the mapping {mapping.name}" if mapping is not None else None

    def _unmapped(self, message: Message) -> Answered:
        """What comes of a message that no mapping reads: an acknowledgement is reconciled, any other is refused."""
        try:
            references = guarded("the format", lambda: self.line.format.acknowledged(message))
            if references is None:
                return Answered(findings=(_no_mapping(message, self.line),))
            made: Answered = guarded(
                "the format", lambda: answered(self.line.format, message, references, self.carriers)
            )
        except TransloadError as error:
            return Answered(findings=error.findings)
        return made

    def _document(
        self,
        document: Model,
        ordinal: int,
        mapping: "CompiledMapping",
        message: Message,
        origin: Origin,
        facts: Mapping[str, Any],
        understood: Understood,
    ) -> Parsed:
        text = compact(document)
        findings, residue = understood.findings, understood.residue
        passed: tuple[State, ...] = (*understood.passed, State.MAPPED)
        takers = [writer for writer in self.line.writers if writer.take.takes(document)]
        before = origin.original(facts["message"], ordinal)
        state = State.STAGED if takers else State.MAPPED
        if self.line.writers and not takers:
            state = State.QUARANTINED
            findings = (*findings, _not_taken(document, self.line))
        if state is State.MAPPED:
            passed = passed[:-1]
        number = facts["message"]
        drafts = tuple(
            draft(
                writer,
                document,
                message,
                origin,
                number,
                ordinal,
                residue=residue if writer.mapping is mapping else None,
            )
            for writer in takers
            if before is None or writer.outlet.target not in before.served
        )
        return Parsed(
            ordinal=ordinal,
            state=state,
            document=document_name(document),
            number=getattr(document, "number", None),
            about=getattr(document, "order_number", None),
            canonical=text.decode(),
            residue=residue.as_dict() if residue is not None else None,
            digest=sha256(text).hexdigest(),
            mapping=mapping.name,
            artifacts=self.line.artifacts(mapping),
            findings=findings,
            passed=passed,
            drafts=drafts,
            replaces=before.id if before else None,
            **facts,
        )


def _first_place(message: Message) -> Place | None:
    return message.body.place(0) if isinstance(message.body, Records) else message.body.place(())


def _interchange(place: Place | None) -> int | None:
    return place.interchange if place else None


def _shortened(findings: list[Finding]) -> list[Finding]:
    """The first of an interchange's findings; with each of its messages all of them would be too much to keep."""
    left = len(findings) - MOST_OF_INTERCHANGE
    if left <= 0:
        return findings
    text = f"{left} more findings about the interchange are kept with the receipt"
    return [*findings[:MOST_OF_INTERCHANGE], Finding(code="R-MORE", severity=Severity.REMARK, message=text)]


def _no_mapping(message: Message, line: Line) -> Finding:
    tried = ", ".join(mapping.name for mapping in line.route.mappings)
    what = " ".join(part for part in (message.kind, message.version) if part) or "of unknown kind"
    sender = f" from {message.sender.id}" if message.sender else ""
    passers = ", ".join(passer.route.ref for passer in line.passers)
    passing = f"see take: of {passers}" if passers else ""
    return Finding(
        code="E-NO-MAPPING",
        message=f"no mapping of the route {line.route.ref} matches the message {what}{sender}",
        hint=f"tried: {tried}; see their match:{passing and '; '}{passing}"
        if tried
        else passing or "give the route mappings:",
        place=Place(byte=message.start),
    )


def _not_taken(document: Model, line: Line) -> Finding:
    names = ", ".join(writer.route.ref for writer in line.writers)
    return Finding(
        code="E-NOT-TAKEN",
        message=f"no target of the route {line.route.ref} takes this {document_name(document)}",
        hint=f"see take: of {names}",
    )
