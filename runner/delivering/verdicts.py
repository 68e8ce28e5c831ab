"""What follows from a target's answer or error: the one place that turns consequences into states."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from transload.adapters.base import Answer, Landing
from transload.canonical.errors import ConfigurationError, Reject, Retry, Stop, TransloadError
from transload.canonical.findings import Finding, Severity
from transload.runner.ledger import Damaged, State
from transload.runner.ledger.attempts import Delivery, Outcome
from transload.runner.ledger.fingerprints import fingerprint
from transload.runner.lines.backoff import next_attempt
from transload.runner.workspace.model import RetryPolicy


def sent(delivery: Delivery, answer: Answer | object, now: datetime) -> Outcome:
    """The target has it, whatever its adapter returned."""
    if not isinstance(answer, Answer):
        wrong = Finding(
            code="W-ANSWER",
            severity=Severity.WARNING,
            message=f"the adapter took the delivery and returned no Answer but {type(answer).__name__}",
            hint="report it to the adapter's makers",
        )
        return Outcome(delivery=delivery, state=State.SENT, said="sent", ended_at=now, findings=(wrong,))
    metadata = {str(name): str(value) for name, value in answer.metadata.items()}
    said = {"summary": answer.summary, "reference": answer.reference, "metadata": metadata or None}
    waits = answer.awaiting is not None
    return Outcome(
        delivery=delivery,
        state=State.AWAITING if waits else State.SENT,
        said="awaiting" if waits else "sent",
        ended_at=now,
        answer={name: value for name, value in said.items() if value is not None},
        answer_content=answer.content,
        findings=answer.findings,
        next_at=now + answer.awaiting if answer.awaiting is not None else None,
        unsure=waits,
    )


def overdue(delivery: Delivery, policy: RetryPolicy, now: datetime) -> Outcome:
    """What becomes of a delivery that the target took, and whose own receipt for it has not come in time: sent again.

    Where attempts or time are used up it is UNKNOWN: the target has it, perhaps.
    """
    finding = Finding(
        code="E-OVERDUE",
        message="the target took it, and has not said in time what became of it",
        hint="it is sent again; ask the partner when it comes to this often",
    )
    outcome = _later(delivery, (finding,), policy, now, said="overdue", unsure=True)
    return replace(outcome, answer=delivery.answer)


def failed(delivery: Delivery, error: Exception, policy: RetryPolicy, now: datetime) -> Outcome:
    """What becomes of a delivery whose attempt ended with ``error``.

    Retry: later, or DEAD when attempts or time are used up.  Reject: DEAD.  Stop: it stays,
    and the attempt does not count.  Anything else: it may have landed (`Outcome.unsure`).
    """
    findings = error.findings if isinstance(error, TransloadError) else (_fault(error),)
    if isinstance(error, Reject):
        return _dead(delivery, findings, "rejected", now)
    if isinstance(error, Stop | ConfigurationError):
        return not_begun(delivery, now, said="stopped", findings=findings)
    if isinstance(error, Retry):
        return _later(delivery, findings, policy, now, said="retry", at_least=error.wait)
    return _later(delivery, findings, policy, now, said="unknown", unsure=True)


def damaged(delivery: Delivery, error: Damaged, now: datetime) -> Outcome:
    """DEAD for a delivery whose bytes are lost; UNKNOWN where an earlier attempt may have landed: nobody can ask."""
    finding = Finding(
        code=error.code,
        message=error.message,
        hint="restore it, then send it again with `transload replay`; or map its document again",
    )
    outcome = _dead(delivery, (finding,), "damaged", now)
    return replace(outcome, state=State.UNKNOWN, unsure=True) if delivery.unsure else outcome


def unread(delivery: Delivery, error: Damaged, now: datetime) -> Outcome:
    """UNKNOWN for a delivery of which the target said something later, in bytes that are lost: only it knows now."""
    finding = Finding(
        code=error.code,
        message=f"what the target said of it later cannot be read: {error.message}",
        hint="ask the partner whether he has it, then `transload resolve` it",
    )
    return replace(_dead(delivery, (finding,), "damaged", now), state=State.UNKNOWN, unsure=True)


def unfit(delivery: Delivery, lacking: Sequence[str], connection: str, now: datetime) -> Outcome:
    """DEAD for a delivery that was made ready for another target; UNKNOWN where it may have landed there."""
    finding = Finding(
        code="E-OTHER-TARGET",
        message=f"it was made ready before the route sent to {connection} as now, and has no {', '.join(lacking)}",
        hint="map its document again, with `transload replay` and its number, or cancel it",
    )
    outcome = _dead(delivery, (finding,), "unfit", now)
    return replace(outcome, state=State.UNKNOWN, unsure=True) if delivery.unsure else outcome


def given_up(delivery: Delivery, policy: RetryPolicy, now: datetime) -> Outcome | None:
    """DEAD for a delivery in whose attempts the process ended as often as the route allows attempts; else None."""
    if delivery.state is not State.SENDING or delivery.failures < policy.attempts:
        return None
    ended = Finding(code="E-INTERRUPTED", message="the process ended in the midst of the attempts")
    used_up = _used_up(delivery.failures, now - delivery.staged_at)
    return _dead(delivery, (ended, used_up), "given up", now, of=(ended,))


def waited_for(delivery: Delivery, patience: timedelta, now: datetime) -> Outcome | None:
    """Later, for a delivery whose last attempt another worker began less than ``patience`` ago; else None.

    He is gone for the ledger, but his call may still be under way: what is not there now may be there soon.
    """
    if delivery.begun_at is None or not delivery.begun_at <= now < delivery.begun_at + patience:
        return None
    finding = Finding(
        code="W-TAKEN-OVER",
        severity=Severity.WARNING,
        message="the worker that was sending it lost the ledger; the target has not got it, and might still get it",
        hint=f"nothing is to be done: the target is asked once more {patience} after that call began",
    )
    return Outcome(
        delivery=delivery,
        state=State.RETRY_AT,
        said="waiting",
        ended_at=now,
        findings=(finding,),
        next_at=delivery.begun_at + patience,
        unsure=True,
    )


def not_begun(
    delivery: Delivery, now: datetime, *, said: str = "not begun", findings: tuple[Finding, ...] = ()
) -> Outcome:
    """The delivery stands as it stood before it was announced."""
    waiting = delivery.failures > 0 or delivery.unsure
    return Outcome(
        delivery=delivery,
        state=_before(delivery, waiting=waiting),
        said=said,
        ended_at=now,
        findings=findings,
        unsure=delivery.unsure,
    )


def _before(delivery: Delivery, *, waiting: bool) -> State:
    if delivery.state is State.AWAITING:
        return State.AWAITING
    return State.RETRY_AT if waiting else State.STAGED


def after_verifying(
    delivery: Delivery,
    look: Callable[[], Landing],
    *,
    idempotent: bool,
    policy: RetryPolicy,
    now: datetime,
    why: tuple[Finding, ...] = (),
) -> Outcome | None:
    """What becomes of a delivery that may have landed, once ``look`` has asked the target; None: send it (again).

    Where the target cannot tell, it is sent again only if a second arrival has no effect
    there; else it is UNKNOWN, and a person decides.
    """
    try:
        landing = look()
    except (Stop, ConfigurationError):
        raise
    except Exception as error:  # noqa: BLE001  # whatever it was, the question is still open
        findings = error.findings if isinstance(error, TransloadError) else (_fault(error),)
        at_least = error.wait if isinstance(error, Retry) else None
        return _later(delivery, findings, policy, now, said="unknown", unsure=True, at_least=at_least)
    if landing is Landing.LANDED:
        summary = {"summary": "an earlier attempt had landed"}
        return Outcome(delivery=delivery, state=State.SENT, said="verified", ended_at=now, answer=summary)
    if landing is Landing.NOT_LANDED or idempotent:
        return None
    finding = Finding(
        code="E-UNKNOWN",
        message="it may have arrived at the target, and neither we nor the target can tell",
        hint="ask the partner, then say which: landed, or send again",
    )
    return Outcome(
        delivery=delivery,
        state=State.UNKNOWN,
        said="unknown",
        ended_at=now,
        findings=(finding, *why),
        unsure=True,
        fingerprint=fingerprint((finding,)),
    )


def _later(
    delivery: Delivery,
    findings: tuple[Finding, ...],
    policy: RetryPolicy,
    now: datetime,
    *,
    said: str,
    at_least: float | None = None,
    unsure: bool = False,
) -> Outcome:
    failures = delivery.failures + 1
    moment = next_attempt(policy, failures=failures, staged_at=delivery.staged_at, now=now, at_least=at_least)
    if moment is None:
        if unsure:  # it may be there: nobody but a person may call it dead
            outcome = _dead(delivery, findings, said, now)
            return replace(outcome, state=State.UNKNOWN, unsure=True, counts=True)
        used_up = _used_up(failures, now - delivery.staged_at)
        return replace(_dead(delivery, (*findings, used_up), said, now, of=findings), counts=True)
    return Outcome(
        delivery=delivery,
        state=State.RETRY_AT,
        said=said,
        ended_at=now,
        findings=findings,
        next_at=moment,
        counts=True,
        unsure=unsure,
    )


def _used_up(failures: int, time: timedelta) -> Finding:
    return Finding(
        code="E-GIVEN-UP",
        message=f"given up after {failures} failures in {time}",
        hint="when the cause is mended, send it again with `transload replay`",
    )


def _dead(
    delivery: Delivery,
    findings: tuple[Finding, ...],
    said: str,
    now: datetime,
    of: tuple[Finding, ...] | None = None,
) -> Outcome:
    return Outcome(
        delivery=delivery,
        state=State.DEAD,
        said=said,
        ended_at=now,
        findings=findings,
        fingerprint=fingerprint(of or findings),
    )


def _fault(error: Exception) -> Finding:
    return Finding(
        code="E-ADAPTER",
        message=f"the adapter failed unexpectedly: {type(error).__name__}: {error}",
        hint="whether the delivery arrived is found out first; report the fault to the adapter's makers",
    )
