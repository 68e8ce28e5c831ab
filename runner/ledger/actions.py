"""What a person may do to one piece of the ledger's work: do it again, decide on an unknown delivery, cancel one.

Each is an event in the lane it concerns.  None needs the engine: a service sees the
new work at its next sweep, a command at its next pass.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.following import follow, state_of
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.references import Ref
from transload.runner.ledger.repeating import (
    NotPossible,
    Who,
    finish,
    lane_of,
    locked_delivery,
    redeliver,
    reingest,
    remap,
    wanted,
)
from transload.runner.ledger.schema import deliveries, delivery_documents, documents, gathered
from transload.runner.ledger.sequences import HOLDING
from transload.runner.ledger.states import State

T = TypeVar("T")
_CANCELLABLE = (State.STAGED, State.RETRY_AT, State.DEAD, State.UNKNOWN)


class Actions:
    """The actions of people.  ``by`` names who acts and ``reason`` why, for the event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def redeliver(self, delivery: int, now: datetime, *, by: str = "operator", reason: str | None = None) -> int:
        """Send the same bytes again, as a new delivery with a key of its own; gives its id.

        The old one stays as it is, but an UNKNOWN one is then SUPPRESSED.
        Raises `NotFound`, and `NotPossible` when it is still under way or has no bytes.
        """
        who = Who(by=by, reason=reason)
        ref = Ref("delivery", delivery)
        return self._journalled(ref, now, lambda c, journal: redeliver(c, journal, delivery, who))

    def remap(self, ref: Ref, now: datetime, *, by: str = "operator", reason: str | None = None) -> int:
        """Read a receipt's raw bytes again with the mappings of now; gives the receipt's id.

        For a document, its message alone; for a receipt, all its quarantined messages, or
        all messages when none was read.  The work is done at the next pass; new documents
        are linked to those before them.  Raises `NotFound`, and `NotPossible` when the
        receipt is still being read or nothing in it is quarantined.
        """
        who = Who(by=by, reason=reason)

        def work(connection: Connection, journal: Journal) -> int:
            receipt, messages, force = wanted(connection, ref)
            return remap(connection, journal, receipt, messages, who, force=force)

        return self._journalled(ref, now, work)

    def reingest(self, receipt: int, now: datetime, *, by: str = "operator", reason: str | None = None) -> int:
        """Let a receipt's bytes arrive once more, as if they came now; gives the new receipt's id.

        Raises `NotFound`, and `NotPossible` when it never arrived by itself or is still being read.
        """
        who = Who(by=by, reason=reason)
        ref = Ref("receipt", receipt)
        return self._journalled(ref, now, lambda c, journal: reingest(c, journal, receipt, who))

    def resolve(
        self, delivery: int, now: datetime, *, landed: bool, by: str = "operator", reason: str | None = None
    ) -> None:
        """Decide about an UNKNOWN delivery: it landed (SENT), or it is to be sent again.

        Raises `NotFound`, and `NotPossible` when it is not UNKNOWN.
        """

        def work(connection: Connection, journal: Journal) -> None:
            row = locked_delivery(connection, delivery)
            if row["state"] != State.UNKNOWN:
                raise NotPossible(f"{Ref('delivery', delivery)} is {row['state']}, not UNKNOWN")
            if landed:
                finish(connection, delivery, State.SENT, journal)
            else:
                again = {"state": State.STAGED.value, "unsure": False, "failures": 0, "next_at": now, "staged_at": now}
                connection.execute(deliveries.update().where(deliveries.c.id == delivery).values(again))
            state = State.SENT if landed else State.STAGED
            detail = Who(by=by, reason=reason).detail(resolved=True)
            journal.record(state, delivery=delivery, detail=detail)
            follow(connection, delivery)

        self._journalled(Ref("delivery", delivery), now, work)

    def cancel(self, delivery: int, now: datetime, *, by: str = "operator", reason: str | None = None) -> None:
        """Let a delivery that waits, or waits for a person, not be sent: it is SUPPRESSED, and can be sent again later.

        One that has failed and holds others lets them go on.

        Raises `NotFound`, and `NotPossible` when it is under way, or the target has it.
        """
        who = Who(by=by, reason=reason)
        self._journalled(Ref("delivery", delivery), now, lambda c, journal: cancel(c, journal, delivery, who))

    def leave_out(self, document: int, now: datetime, *, by: str = "operator", reason: str | None = None) -> list[str]:
        """Let a document not leave with the batches that it waits for; gives for which targets these were.

        Where nothing else was made of it, it is SUPPRESSED.  Raises `NotFound`; `NotPossible` where it waits for none.
        """
        ref, who = Ref("document", document), Who(by=by, reason=reason)

        def work(connection: Connection, journal: Journal) -> list[str]:
            mine = gathered.c.document_id == document
            targets = sorted(connection.scalars(select(gathered.c.target).where(mine, gathered.c.due_at.is_not(None))))
            if not targets:
                hint = "what is on its way is a delivery, such as s1: `transload show` names those of a document"
                raise NotPossible(f"{ref} waits for no batch", hint=hint)
            connection.execute(gathered.delete().where(mine))
            sent = select(delivery_documents.c.delivery_id).where(delivery_documents.c.document_id == document).limit(1)
            alone = connection.scalar(sent) is None
            state = State.SUPPRESSED.value if alone else state_of(connection, document)
            connection.execute(documents.update().where(documents.c.id == document).values(state=state))
            detail = who.detail(cancelled=True, targets=targets)
            journal.record(State.SUPPRESSED, document=document, detail=detail)
            return targets

        return self._journalled(ref, now, work)

    def _journalled(self, ref: Ref, now: datetime, work: Callable[[Connection, Journal], T]) -> T:
        """Do ``work`` in a transaction, with the journal of the lane that ``ref`` belongs to, which is locked first."""

        def inside(connection: Connection) -> T:
            journal = Journal(connection, lane_of(connection, ref), now)
            found = work(connection, journal)
            journal.flush()
            return found

        return self._database.write(inside)


def cancel(connection: Connection, journal: Journal, delivery: int, who: Who) -> None:
    """Cancel one in a transaction under way; what waits behind it in its sequence goes on.

    Raises `NotPossible` where it is under way or there already.
    """
    row = locked_delivery(connection, delivery)
    state = State(row["state"])
    holding = row["holds"] and row["order_key"] is not None and state in HOLDING
    if state not in _CANCELLABLE and not holding:
        hint = {
            State.SENDING: "a call is under way; see what comes of it",
            State.AWAITING: "the target has it, and its own receipt is awaited",
        }.get(state, "there is nothing left to cancel")
        raise NotPossible(f"{Ref('delivery', delivery)} is {state} and cannot be cancelled", hint=hint)
    finish(connection, delivery, State.SUPPRESSED, journal)
    journal.record(State.SUPPRESSED, delivery=delivery, detail=who.detail(cancelled=True, was=state.value))
    follow(connection, delivery)
