"""Understanding a message: whether it may be taken at all, which mapping reads it, and what documents it gives.

Nothing is written and nothing is made of the documents here.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from hashlib import sha256
from typing import TYPE_CHECKING

from transload.adapters.base import Message
from transload.canonical.errors import Retry, Stop, TransloadError
from transload.canonical.findings import Finding, Severity, errors_of, folded
from transload.canonical.model import Model
from transload.runner.ledger import State
from transload.runner.lines.guarding import guarded
from transload.runner.lines.lines import Line

if TYPE_CHECKING:
    from transload.mappings import Mapping as CompiledMapping
    from transload.mappings.mapping import Decoded
    from transload.mappings.residue import Residue


class Outcome(Enum):
    """What comes of a message."""

    TAKEN = "taken"
    """It has its documents; or no mapping reads it, and it is an acknowledgement, passed on, or refused for that."""
    REFUSED = "refused"
    REPEATED = "repeated"


@dataclass(frozen=True, kw_only=True)
class Understood:
    """What a message says: the ``documents`` that ``mapping`` read, both absent where no mapping is for it.

    ``passed`` are the states that it went through.
    """

    outcome: Outcome
    findings: tuple[Finding, ...]
    passed: tuple[State, ...] = (State.PARSED,)
    mapping: "CompiledMapping | None" = None
    documents: tuple[Model, ...] = ()
    residue: "Residue | None" = None


def understand(line: Line, message: Message, day: date, known: Finding | None = None) -> Understood:
    """What ``message`` says to the route of ``line`` on ``day``; ``known`` is what `Earlier` says of it.

    Raises `Retry` or `Stop` where something that mappings look up cannot be had.
    """
    findings = message.findings
    if errors_of(findings):
        return Understood(outcome=Outcome.REFUSED, findings=findings)
    if known is not None and not known.is_error:
        findings = (*findings, known)
        if known.code == "R-DUPLICATE":
            return Understood(outcome=Outcome.REPEATED, findings=findings)
    wrong = environment_fault(message, test=line.workspace.is_test)
    if wrong is not None:
        findings = (*findings, wrong)
        if wrong.is_error:
            return Understood(outcome=Outcome.REFUSED, findings=findings)
    passed = (State.PARSED, State.VALIDATED)
    mapping = mapping_for(line, message, day)
    if mapping is None:
        return Understood(outcome=Outcome.TAKEN, findings=findings, passed=passed)
    decoded = _decoded(mapping, message)
    if isinstance(decoded, TransloadError):
        return Understood(outcome=Outcome.REFUSED, findings=(*findings, *decoded.findings), passed=passed)
    findings = (*findings, *folded(decoded.findings))
    if not errors_of(decoded.findings) and not decoded.documents:
        findings = (*findings, _no_document(mapping))
    if errors_of(decoded.findings) or not decoded.documents:
        return Understood(outcome=Outcome.REFUSED, findings=findings, passed=passed)
    return Understood(
        outcome=Outcome.TAKEN,
        findings=findings,
        passed=passed,
        mapping=mapping,
        documents=decoded.documents,
        residue=getattr(decoded, "residue", None) if len(decoded.documents) == 1 else None,
    )


def mapping_for(line: Line, message: Message, day: date) -> "CompiledMapping | None":
    """The mapping of the route that is for ``message``, and in force on ``day``."""
    fitting = (found for mapping in line.route.mappings if (found := mapping.reader_of(message)) is not None)
    return next((mapping for mapping in fitting if in_force(mapping, day)), None)


def in_force(mapping: "CompiledMapping", day: date) -> bool:
    """Whether ``mapping`` holds on ``day``."""
    return mapping.valid is None or mapping.valid.holds(day)


def environment_fault(message: Message, *, test: bool) -> Finding | None:
    """Test messages stay out of production; the other way round is a warning, as partners often test unflagged."""
    if message.test and not test:
        return Finding(
            code="E-ENVIRONMENT",
            message="a message that is flagged as a test arrived in the production environment",
            hint="let the partner send it without the test flag, or receive it with --environment test",
        )
    if test and not message.test and message.sender is not None:
        return Finding(
            code="W-ENVIRONMENT",
            severity=Severity.WARNING,
            message="a message without the test flag arrived in the test environment",
        )
    return None


def wire_digest(message: Message, payload: bytes) -> str:
    """The digest of a message's own bytes, or of the payload's where the format does not know them."""
    whole = message.end <= message.start
    return sha256(payload if whole else payload[message.start : message.end]).hexdigest()


def _decoded(mapping: "CompiledMapping", message: Message) -> "Decoded | TransloadError":
    try:
        decoded: Decoded = guarded(f"the mapping {mapping.name}", lambda: mapping.decode(message))
    except (Retry, Stop):  # a table that cannot be asked now is no fault of the message
        raise
    except TransloadError as error:
        return error
    return decoded


def _no_document(mapping: "CompiledMapping") -> Finding:
    message = f"the mapping {mapping.name} made no document of the message"
    return Finding(code="E-NO-DOCUMENT", message=message, hint="see what the mapping reads")
