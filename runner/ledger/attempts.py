"""Attempts to deliver: what is to be sent, what became of it, and how that is recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, func

from transload.canonical.findings import Finding
from transload.runner.ledger.errors import Damaged
from transload.runner.ledger.following import follow_news
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.receipts import as_rows
from transload.runner.ledger.reconciled import take_pending
from transload.runner.ledger.replies import LateReply, hasten, judged
from transload.runner.ledger.schema import attachments, attempts, deliveries
from transload.runner.ledger.sequences import let_go, mark_waiting
from transload.runner.ledger.states import FINAL, State


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A delivery that is due: its frozen bytes, and what is known of earlier attempts.

    ``unsure``: an earlier attempt may have landed.  ``failures`` counts an attempt in whose
    midst the process ended, so that a delivery that ends it each time is given up.  ``documents`` are the ids of its
    documents, each with the number of deliveries made of it.  ``answer`` is what the target said last, as JSON values;
    ``late`` is what it said later and is not judged yet.  ``begun_at`` is when an attempt began whose end was not
    recorded; ``received_at`` when its receipt came, None for replays.  With ``holds`` what comes after it in its
    sequence waits for a person once it has failed.
    """

    id: int
    lane: str
    target: str
    connection: str
    kind: str
    state: State
    key: str
    order_key: str | None
    content: bytes = field(repr=False)
    content_type: str
    metadata: Mapping[str, str]
    digest: str
    tries: int
    failures: int
    unsure: bool
    staged_at: datetime
    receipt: int | None
    documents: tuple[tuple[int, int], ...] = ()
    answer: Mapping[str, Any] | None = None
    late: LateReply | None = field(default=None, repr=False)
    begun_at: datetime | None = None
    received_at: datetime | None = None
    holds: bool = False
    damage: Damaged | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an attempt.

    ``answer`` is what the target said, as JSON values, and ``answer_content`` the bytes that it gave.
    ``said`` is one or two words for the attempt's row (``sent``, ``retry``, ``verified``,
    ``not begun``).  ``next_at`` is given with RETRY_AT, AWAITING and STAGED.  ``counts`` says whether
    the attempt counts against the route's limit.
    """

    delivery: Delivery
    state: State
    said: str
    ended_at: datetime
    findings: tuple[Finding, ...] = ()
    answer: Mapping[str, Any] | None = None
    answer_content: bytes | None = field(default=None, repr=False)
    next_at: datetime | None = None
    counts: bool = False
    unsure: bool = False
    fingerprint: str | None = None


_conclude = (
    deliveries.update()
    .where(deliveries.c.id == bindparam("delivery"))
    .values(
        state=bindparam("new_state"),
        failures=deliveries.c.failures + bindparam("counted"),
        unsure=bindparam("still_unsure"),
        next_at=func.coalesce(bindparam("later", type_=deliveries.c.next_at.type), deliveries.c.next_at),
        finished_at=bindparam("finished", type_=deliveries.c.finished_at.type),
        findings=bindparam("found", type_=deliveries.c.findings.type),
        answer=bindparam("answered", type_=deliveries.c.answer.type),
        fingerprint=bindparam("clustered"),
    )
)
end_attempt = (
    attempts.update()
    .where(attempts.c.delivery_id == bindparam("delivery"), attempts.c.number == bindparam("of_number"))
    .values(
        ended_at=bindparam("ended", type_=attempts.c.ended_at.type),
        outcome=bindparam("said"),
        detail=bindparam("details", type_=attempts.c.detail.type),
    )
)


def record(connection: Connection, journal: Journal, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Write what became of deliveries of the journal's lane, and let what depends on them follow."""
    answered = [
        {"digest": sha256(outcome.answer_content).hexdigest(), "delivery_id": outcome.delivery.id}
        for outcome in outcomes
        if outcome.answer_content is not None
    ]
    if answered:
        connection.execute(attachments.insert(), answered)
    connection.execute(_conclude, [_changes(outcome) for outcome in outcomes])
    connection.execute(end_attempt, [_ending(outcome) for outcome in outcomes])
    for outcome in outcomes:
        journal.record(outcome.state, delivery=outcome.delivery.id, detail=_detail(outcome))
    follow_news(connection, [(*document, one.state) for one in outcomes for document in one.delivery.documents])
    begun = [outcome for outcome in outcomes if outcome.said not in ("not begun", "stopped")]
    judged(connection, [outcome.delivery.late.receipt for outcome in begun if outcome.delivery.late is not None])
    hasten(connection, [outcome.delivery.id for outcome in outcomes], now)
    take_pending(connection, journal, [outcome.delivery.id for outcome in outcomes])
    let_go(connection, journal.lane, [outcome.delivery.id for outcome in outcomes if _lets_go(outcome)])
    if any(_is_stuck(outcome) for outcome in outcomes):
        mark_waiting(connection, journal.lane)


def _is_stuck(outcome: Outcome) -> bool:
    """Whether what comes after it in its sequence waits for a person."""
    failed = outcome.state is State.DEAD and outcome.delivery.holds
    return outcome.delivery.order_key is not None and (failed or outcome.state is State.UNKNOWN)


def _lets_go(outcome: Outcome) -> bool:
    """Whether it was tried again after others were marked as waiting behind it, and is done."""
    return outcome.delivery.order_key is not None and outcome.state in FINAL and not _is_stuck(outcome)


def _changes(outcome: Outcome) -> dict[str, Any]:
    return {
        "delivery": outcome.delivery.id,
        "new_state": outcome.state.value,
        "counted": int(outcome.counts),
        "still_unsure": outcome.unsure,
        "later": outcome.next_at,
        "finished": outcome.ended_at if outcome.state in FINAL else None,
        "found": as_rows(outcome.findings),
        "answered": _answer(outcome),
        "clustered": outcome.fingerprint,
    }


def _answer(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.answer is None:
        return None
    if outcome.answer_content is None:
        return dict(outcome.answer)
    content = outcome.answer_content
    return {**outcome.answer, "content": sha256(content).hexdigest(), "size": len(content)}


def _ending(outcome: Outcome) -> dict[str, Any]:
    return {
        "delivery": outcome.delivery.id,
        "of_number": outcome.delivery.tries + 1,
        "ended": outcome.ended_at,
        "said": outcome.said,
        "details": {"findings": as_rows(outcome.findings)} if outcome.findings else None,
    }


def _detail(outcome: Outcome) -> dict[str, Any]:
    detail: dict[str, Any] = {"attempt": outcome.delivery.tries + 1, "outcome": outcome.said}
    if outcome.findings:
        detail["findings"] = sorted({finding.code for finding in outcome.findings})
    if outcome.next_at is not None:
        detail["next_at"] = outcome.next_at.isoformat()
    return detail
