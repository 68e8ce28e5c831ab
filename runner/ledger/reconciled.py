"""What partners said of our deliveries: which delivery carries which control number, and the verdicts on them.

A verdict moves a delivery that is SENT, UNKNOWN or DEAD (it has landed after all) to ACKED or REJECTED.  One that is
under way keeps it pending until its outcome is known, since a partner may answer faster than we commit.  One that is
ACKED or REJECTED already stays as it is: what comes late or twice is kept and changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, select

from transload.adapters.base.acknowledgement import Reference, Verdict
from transload.canonical.findings import Finding
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.following import follow
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.receipts import as_rows
from transload.runner.ledger.schema import control_numbers, deliveries, delivery_documents, partner_verdicts
from transload.runner.ledger.sequences import let_go
from transload.runner.ledger.states import ACTIVE, State

_STATES = {
    Verdict.ACCEPTED: State.ACKED,
    Verdict.ACCEPTED_WITH_ERRORS: State.ACKED,
    Verdict.PARTIAL: State.REJECTED,
    Verdict.REJECTED: State.REJECTED,
}
"""What a verdict makes of a delivery; that it has arrived makes nothing of one that is SENT."""
_OPEN = (State.SENT, State.UNKNOWN, State.DEAD)

_carriers = (
    select(deliveries.c.id, deliveries.c.state, deliveries.c.body)
    .join(control_numbers, control_numbers.c.delivery_id == deliveries.c.id)
    .where(
        control_numbers.c.number == bindparam("of_number"),
        control_numbers.c.level == bindparam("of_level"),
        control_numbers.c.standard == bindparam("of_standard"),
        control_numbers.c.sender == bindparam("of_sender"),
        control_numbers.c.receiver == bindparam("of_receiver"),
    )
    .order_by(deliveries.c.id.desc())
    .limit(1)
)
_state = select(deliveries.c.state).where(deliveries.c.id == bindparam("of_delivery")).with_for_update(key_share=True)
"""Locked: an outcome that is being written is waited for, or finds the verdict pending."""
_apart = (
    delivery_documents.update()
    .where(
        delivery_documents.c.delivery_id == bindparam("of_delivery"),
        delivery_documents.c.position == bindparam("of_position"),
    )
    .values(state=bindparam("judged"))
)
_pending = (
    select(partner_verdicts)
    .where(partner_verdicts.c.delivery_id.in_(bindparam("of_deliveries", expanding=True)))
    .where(partner_verdicts.c.pending.is_(True))
    .order_by(partner_verdicts.c.id)
)


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """The delivery that carries a control number: the newest, where the same bytes were sent again."""

    delivery: int
    state: State
    content: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class PartnerVerdict:
    """What an acknowledgement says of one delivery; ``findings`` have their places in the delivery's bytes.

    ``apart`` has the verdicts on single messages of it, by position, where they are not all the same.
    """

    delivery: int
    kind: str
    verdict: Verdict | None
    findings: tuple[Finding, ...] = ()
    fingerprint: str | None = None
    apart: Mapping[int, Verdict] = field(default_factory=dict)


def state_after(verdict: Verdict | None) -> State | None:
    """The state to which a verdict brings a delivery that the target has; None where it brings it to no other."""
    return _STATES.get(verdict) if verdict is not None else None


class Reconciled:
    """What the ledger knows of the numbers that we sent."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def carrier(self, reference: Reference) -> Carrier | None:
        """The delivery that carries ``reference``, or None where nothing was sent with it."""
        values = {
            "of_number": reference.number,
            "of_level": reference.level,
            "of_standard": reference.standard,
            "of_sender": reference.sender,
            "of_receiver": reference.receiver,
        }
        with self._database.read() as connection:
            row = connection.execute(_carriers, values).one_or_none()
            if row is None or row.body is None:
                return None
            content = self._store.load(connection, row.body)
        return Carrier(delivery=row.id, state=State(row.state), content=content)


def number_rows(delivery: int, references: Sequence[Reference]) -> list[dict[str, Any]]:
    """The rows of the numbers that a delivery carries, each once."""
    rows = {
        (reference.level, reference.number): {
            "delivery_id": delivery,
            "standard": reference.standard,
            "level": reference.level,
            "sender": reference.sender,
            "receiver": reference.receiver,
            "number": reference.number,
        }
        for reference in references
    }
    return list(rows.values())


def copy_numbers(connection: Connection, old: int, new: int) -> None:
    """Let the delivery ``new``, which has the bytes of ``old``, be found by the same numbers."""
    columns = [column for column in control_numbers.c if column.name != "delivery_id"]
    rows = connection.execute(select(*columns).where(control_numbers.c.delivery_id == old)).all()
    if rows:
        copies = [{"delivery_id": new, **row._mapping} for row in rows]  # noqa: SLF001  # SQLAlchemy's public name
        connection.execute(control_numbers.insert(), copies)


def take_verdict(
    connection: Connection, journal: Journal, receipt: int, document: int, verdict: PartnerVerdict
) -> State | None:
    """Keep a verdict, and let the delivery's state follow; gives the new state where there is one."""
    state = State(connection.execute(_state, {"of_delivery": verdict.delivery}).scalar_one())
    wanted = state_after(verdict.verdict)
    pending = wanted is not None and state in ACTIVE
    found = as_rows(verdict.findings)
    connection.execute(
        partner_verdicts.insert(),
        {
            "receipt_id": receipt,
            "document_id": document,
            "delivery_id": verdict.delivery,
            "kind": verdict.kind,
            "verdict": verdict.verdict.value if verdict.verdict else None,
            "findings": found,
            "fingerprint": verdict.fingerprint,
            "pending": pending,
            "at": journal.at,
        },
    )
    if pending or (wanted is not None and state in _OPEN):
        _judge_apart(connection, verdict)
    moved = wanted if wanted is not None and state in _OPEN else None
    detail = _detail(verdict.kind, verdict.verdict, found) | {"was": state.value}
    what = moved or "ACKNOWLEDGED"
    journal.record(what, receipt=receipt, document=document, delivery=verdict.delivery, detail=detail)
    if moved is not None:
        _move(connection, journal, verdict.delivery, moved, found, verdict.fingerprint)
    return moved


def _judge_apart(connection: Connection, verdict: PartnerVerdict) -> None:
    """Keep what is said of single messages; it counts once the delivery's state is what the partner made of it."""
    rows = [
        {"of_position": position, "of_delivery": verdict.delivery, "judged": state.value}
        for position, one in verdict.apart.items()
        if (state := state_after(one)) is not None
    ]
    if rows:
        connection.execute(_apart, rows)


def take_pending(connection: Connection, journal: Journal, concluded: Sequence[int]) -> None:
    """Let verdicts take effect that came while these deliveries were under way, now that their outcomes are known."""
    for row in connection.execute(_pending, {"of_deliveries": list(concluded)}).all():
        state = State(connection.execute(_state, {"of_delivery": row.delivery_id}).scalar_one())
        if state in ACTIVE:
            continue  # it is to be sent again
        done = partner_verdicts.update().where(partner_verdicts.c.id == row.id).values(pending=False)
        connection.execute(done)
        wanted = state_after(Verdict(row.verdict))
        if wanted is not None and state in _OPEN:
            detail = _detail(row.kind, Verdict(row.verdict), row.findings) | {"was": state.value}
            ids = {"receipt": row.receipt_id, "document": row.document_id, "delivery": row.delivery_id}
            journal.record(wanted, **ids, detail=detail)
            _move(connection, journal, row.delivery_id, wanted, row.findings, row.fingerprint)


def _move(
    connection: Connection,
    journal: Journal,
    delivery: int,
    state: State,
    findings: Sequence[Mapping[str, Any]],
    fingerprint: str | None,
) -> None:
    values = {
        "state": state.value,
        "finished_at": journal.at,
        "unsure": False,
        "findings": findings,
        "fingerprint": fingerprint if state is State.REJECTED else None,
    }
    changed = deliveries.update().where(deliveries.c.id == delivery).values(values)
    lane = connection.execute(changed.returning(deliveries.c.lane)).scalar_one()
    if state is State.ACKED:
        let_go(connection, lane, [delivery])
    follow(connection, delivery)


def _detail(kind: str, verdict: Verdict | None, findings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What an event says of a verdict: codes and places, but no texts, which may hold values of the payload."""
    decoded = [{name: finding[name] for name in ("code", "ack", "place") if name in finding} for finding in findings]
    detail: dict[str, Any] = {"acknowledgement": kind, "verdict": verdict.value if verdict else None}
    return {**detail, "findings": decoded} if decoded else detail
