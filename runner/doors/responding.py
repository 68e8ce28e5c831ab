"""Responding: a partner who calls us and waits is told by a mapping what came of his message.

His message is read at once, as its lane reads it, and nothing is made of it here.  What is written of it is kept with
the receipt before he hears it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from transload.adapters.base import Context, Encoded, Message
from transload.adapters.base.printable import printable
from transload.adapters.base.responding import Result, Wanted
from transload.canonical.application_advice import ApplicationAdvice, ApplicationError
from transload.canonical.documents import document_name
from transload.canonical.errors import ConfigurationError, Reject
from transload.canonical.findings import Finding, errors_of
from transload.canonical.model import Model
from transload.runner.ledger import Ledger, Ref
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.repeating import NotPossible
from transload.runner.ledger.responses import Given
from transload.runner.lines.guarding import NoNumbers, NumbersLater, guarded
from transload.runner.lines.lines import Line, Respondent, mapping_artifacts
from transload.runner.reading.drafting import Origin
from transload.runner.reading.duplicates import Earlier
from transload.runner.reading.reading import Reader
from transload.runner.reading.understanding import Outcome, in_force, understand, wire_digest

ADVICE = ApplicationAdvice.document
"""The document that says whether a message was taken, made here for the mappings that write it."""
MOST_ERRORS = 50
"""How many errors a sender is told; our record has them all."""
_LONGEST = 500


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What came of reading a receipt: its one message and document, where there is one of each, and what is wrong."""

    message: Message | None = None
    document: Model | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def taken(self) -> bool:
        return not errors_of(self.findings)


@dataclass(frozen=True, kw_only=True)
class Responding:
    """Makes the responses of one line.  ``again`` hears that a receipt is to be read once more."""

    ledger: Ledger
    line: Line
    clock: Callable[[], datetime]
    again: Callable[[], None] = field(repr=False)

    def check(self, needed: Sequence[Wanted]) -> None:
        """Raise `ConfigurationError` where a body is needed that no mapping of the route writes."""
        for wanted in needed:
            if any(True for _ in self._writing(wanted)):
                continue
            body = f"{{{wanted.version}}}{wanted.kind}" if wanted.version else wanted.kind
            there = ", ".join(f"{one.mapping.name} writes {one.mapping.kind}" for one in self.line.respondents)
            message = f"{self.line.route.ref}: {wanted.request} is answered with {body}, and no mapping writes that"
            hint = f"name one under response: of the route, or the text under operations:{there and '; '}{there}"
            finding = Finding(code="C-RESPONSE", message=message, hint=hint, mapping=self.line.route.at)
            raise ConfigurationError(message, hint=hint, findings=[finding])

    def result(self, number: int, wanted: Wanted, *, new: bool) -> Result:
        """What the sender of the receipt with that ``number`` is told; committed when this returns.

        Where it is not ``new`` and is taken, and the lane had refused it, the lane reads it again.

        Raises `Retry` or `Stop` where something that mappings look up cannot be had, `Reject` where the response
        cannot be written, and `LedgerError`.
        """
        result = None if new else self._earlier(number)
        if result is None:
            receipt = self.ledger.arrivals.get(number)
            read = self._read(receipt)
            given = self._given(receipt, read, wanted)
            given = self.ledger.responses.keep(number, given, self.clock(), lane=self.line.lane)
            result = _result(given, read.findings)
        if result.taken and not new:
            self._read_again(number)
        return result

    def _earlier(self, number: int) -> Result | None:
        """What he was told before, unless that was that his message was not taken."""
        earlier = self.ledger.responses.of(number)
        return _result(earlier) if earlier is not None and earlier.taken else None

    def _read_again(self, receipt: int) -> None:
        """Let the lane read what it had refused, since its sender is told that it is taken."""
        try:
            self.ledger.actions.remap(Ref("receipt", receipt), self.clock(), by="sender")
        except NotPossible:
            return  # it was not refused, or is still to be read
        self.again()

    def _read(self, receipt: Receipt) -> _Read:
        payload = self.ledger.arrivals.payload(receipt.digest)
        origin = Origin(receipt=receipt, now=receipt.received_at)
        earlier = Earlier(self.ledger, receipt)
        reader = Reader(line=self.line, known=earlier.verdict, carriers=self.ledger.reconciled.carrier)
        messages: list[Message] = []
        documents: list[Model] = []
        findings: list[Finding] = []
        try:
            reading, counted = reader.messages(payload, origin)
            for _, message in counted:
                known = earlier.verdict(message, wire_digest(message, payload))
                if known is not None and known.code == "R-DUPLICATE":
                    known = None  # its sender did not hear what became of it, and the lane does nothing twice
                understood = understand(self.line, message, self.line.day(receipt.received_at), known)
                messages.append(message)
                documents += understood.documents
                findings += understood.findings
                if understood.outcome is Outcome.TAKEN and understood.mapping is None:
                    findings += reader.complaints(message, payload, origin)
            findings += [finding for finding in reading.findings if finding not in findings]
        except Reject as error:
            findings += error.findings
        if not messages and not errors_of(findings):
            findings.append(Finding(code="E-EMPTY", message="no message was found in what was sent"))
        return _Read(
            message=messages[0] if len(messages) == 1 else None,
            document=documents[0] if len(documents) == 1 else None,
            findings=tuple(findings),
        )

    def _given(self, receipt: Receipt, read: _Read, wanted: Wanted) -> Given:
        """The response to what was read: written of its document where it was taken, else of what we say about it."""
        writing = [one for one in self._writing(wanted) if in_force(one.mapping, self.line.day(receipt.received_at))]
        if read.taken and read.document is not None:
            name = document_name(read.document)
            of_it = next((one for one in writing if one.mapping.document == name), None)
            if of_it is not None:
                return self._written(of_it, read.document, receipt, taken=True)
        of_ours = next((one for one in writing if one.mapping.document == ADVICE), None)
        if of_ours is not None:
            advice = _advice(receipt, read, self.line.day(receipt.received_at))
            return self._written(of_ours, advice, receipt, taken=read.taken)
        if read.taken and wanted.kind:
            raise _unanswerable(
                f"{Ref('receipt', receipt.id)} was taken, and no mapping of the route writes a response of it",
                f"let one under response: write {wanted.kind} from {ADVICE}",
            )
        return Given(taken=read.taken, findings=tuple(errors_of(read.findings)))

    def _writing(self, wanted: Wanted) -> Iterator[Respondent]:
        """The mappings that write what is wanted."""
        for one in self.line.respondents:
            if not wanted.kind or (one.mapping.kind, one.mapping.message_version) == (wanted.kind, wanted.version):
                yield one

    def _written(self, by: Respondent, document: Model, receipt: Receipt, *, taken: bool) -> Given:
        context = Context(now=receipt.received_at, numbers=NoNumbers(), partner=self.line.partner.facts)

        def write() -> tuple[bytes, Encoded]:
            encoded = by.mapping.encode(document, context)
            envelope = by.format.envelope(**by.envelope)
            return by.format.write([encoded], envelope=envelope, context=context), encoded

        try:
            content, encoded = guarded(f"the mapping {by.mapping.name}", write)
        except NumbersLater:
            raise _unanswerable(
                f"the response by {by.mapping.name} has a control number, which only deliveries get",
                "leave it out of the mapping",
            ) from None
        return Given(
            taken=taken,
            content=content,
            content_type=by.format.content_type,
            findings=tuple(encoded.findings),
            artifacts=(*mapping_artifacts(by.mapping), self.line.partner_artifact),
        )


def _unanswerable(message: str, hint: str) -> Reject:
    return Reject(message, hint=hint, findings=[Finding(code="E-RESPONSE", message=message, hint=hint)])


def _advice(receipt: Receipt, read: _Read, day: date) -> ApplicationAdvice:
    """What we say of a message, as a document; its number is the receipt's, by which our people find it."""
    message = read.message
    return ApplicationAdvice(
        number=str(Ref("receipt", receipt.id)),
        issued_on=day,
        issued_at=receipt.received_at,
        status="accepted" if read.taken else "rejected",
        about=_text(message.kind) if message else None,
        about_number=_text(getattr(read.document, "number", None)),
        interchange=_text(message.interchange) if message else None,
        message=_text(message.reference) if message else None,
        errors=tuple(_error(finding) for finding in errors_of(read.findings)[:MOST_ERRORS]),
    )


def _error(finding: Finding) -> ApplicationError:
    place = finding.place
    return ApplicationError(
        code=finding.code,
        text=_text(finding.message),
        segment=_text(place.tag) if place else None,
        segment_number=str(place.segment) if place and place.segment is not None else None,
        element=_text(place.path or place.element) if place else None,
        value=_text(finding.value),
    )


def _text(value: object) -> str | None:
    """A value as a text that any format can carry; None where there is nothing."""
    return printable(str(value), longest=_LONGEST) or None if value is not None else None


def _result(given: Given, findings: Sequence[Finding] = ()) -> Result:
    return Result(
        taken=given.taken,
        content=given.content,
        content_type=given.content_type,
        findings=() if given.taken else tuple(errors_of(findings)[:MOST_ERRORS]),
    )
