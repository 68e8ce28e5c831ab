"""An incoming acknowledgement and the deliveries that it speaks of: nothing is written here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transload.adapters.base import Format, Message
from transload.adapters.base.acknowledgement import Reconciliation, Reference, Verdict
from transload.canonical.findings import Finding, errors_of
from transload.runner.ledger import State
from transload.runner.ledger.fingerprints import fingerprint
from transload.runner.ledger.reconciled import Carrier, PartnerVerdict, state_after
from transload.runner.ledger.references import Ref

Carriers = Callable[[Reference], Carrier | None]
"""Finds the delivery that carries a control number."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What an acknowledgement comes to.

    ``verdicts`` are about deliveries of ours; ``findings`` are doubts about the acknowledgement itself, which a person
    has to look at when one of them is an error.
    """

    verdicts: tuple[PartnerVerdict, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def state(self) -> State:
        """The state of the acknowledgement as a document."""
        return State.QUARANTINED if errors_of(self.findings) else State.RECONCILED


def answered(format_: Format[Any], message: Message, references: tuple[Reference, ...], carriers: Carriers) -> Answered:
    """Bring ``message``, an acknowledgement of ``references``, together with the deliveries that carry those."""
    found: dict[int, Carrier] = {}
    nobody = format_.reconcile(message, b"")
    findings: list[Finding] = list(nobody.findings)
    for reference in references:
        carrier = carriers(reference)
        if carrier is None:
            findings.append(nobody.unknown[reference])
        else:
            found.setdefault(carrier.delivery, carrier)
    verdicts = []
    for carrier in found.values():
        made = format_.reconcile(message, carrier.content, file=str(Ref("delivery", carrier.delivery)))
        findings += [finding for finding in made.findings if finding not in findings]
        if not made.outcomes:  # the number is right, and what it is said of is something else
            findings += [finding for finding in made.unknown.values() if finding not in findings]
            continue
        verdict = _verdict(carrier, made)
        findings += _contradiction(carrier, verdict, message)
        verdicts.append(verdict)
    return Answered(verdicts=tuple(verdicts), findings=tuple(findings))


def _verdict(carrier: Carrier, made: Reconciliation) -> PartnerVerdict:
    inside = (finding for outcome in made.outcomes for finding in outcome.findings)
    findings = (*made.complaints, *inside)
    rejected = state_after(made.verdict) is State.REJECTED
    return PartnerVerdict(
        delivery=carrier.delivery,
        kind=made.kind,
        verdict=made.verdict,
        findings=findings,
        fingerprint=fingerprint(tuple(errors_of(findings))) if rejected else None,
        apart=_apart(made),
    )


def _apart(made: Reconciliation) -> dict[int, Verdict]:
    """The verdicts on single messages of a delivery, which is one interchange, where not all are the same."""
    said = {one.message: one.verdict for one in made.outcomes if one.verdict is not None}
    return said if len({state_after(verdict) for verdict in said.values()}) > 1 else {}


def _contradiction(carrier: Carrier, verdict: PartnerVerdict, message: Message) -> list[Finding]:
    """The finding that an earlier acknowledgement has said something else; the first one holds."""
    after = state_after(verdict.verdict)
    if after is None or carrier.state not in (State.ACKED, State.REJECTED) or carrier.state is after:
        return []
    ref = Ref("delivery", carrier.delivery)
    was = "accepted" if carrier.state is State.ACKED else "rejected"
    said = verdict.verdict.value if verdict.verdict else ""
    return [
        Finding(
            code="E-ACK-CONTRADICTION",
            message=f"the {message.kind} says that delivery {ref} is {said}, and an earlier one said {was}",
            hint=f"the delivery stays {carrier.state}; ask the partner which of them holds",
            value=said or None,
        )
    ]
