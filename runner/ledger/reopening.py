"""Receipts that could not be read when they came, and can now: what is in one becomes a receipt of its own.

It takes the place among all receipts that it would have had then: the same thing sent again is known.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from transload.runner.ledger.arrivals import Arrival, Receipt, insert_arrival, receipt_from
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.references import Ref
from transload.runner.ledger.repeating import NotPossible, Who
from transload.runner.ledger.schema import parts, receipts
from transload.runner.ledger.states import State


class Reopening:
    """Writes what a person has decided about receipts that were refused."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def candidate(self, receipt: int) -> Receipt | None:
        """The receipt, where it is quarantined."""
        with self._database.read() as connection:
            query = select(receipts, parts.c.parent_id).outerjoin(parts, parts.c.receipt_id == receipts.c.id)
            row = connection.execute(query.where(receipts.c.id == receipt)).one_or_none()
        return receipt_from(row) if row is not None and row.state == State.QUARANTINED else None

    def reopen(self, refused: Receipt, arrival: Arrival, now: datetime, *, by: str, reason: str | None = None) -> int:
        """Make ``arrival`` a receipt in the place of ``refused``, which is SUPPRESSED then; gives its id.

        Raises `NotPossible` where the same has come again meanwhile, or somebody else was faster, and `LedgerError`.
        """
        blob = self._store.prepare(arrival.content)
        kept = {name: self._store.prepare(content) for name, content in arrival.evidence.items()}
        old = Ref("receipt", refused.id)
        arrival = replace(arrival, made_of=refused.id)
        who = Who(by=by, reason=reason)

        def work(connection: Connection) -> int:
            taken = receipts.update().where(receipts.c.id == refused.id, receipts.c.state == State.QUARANTINED.value)
            if not connection.execute(taken.values(state=State.SUPPRESSED.value)).rowcount:
                raise NotPossible(f"{old} is quarantined no more", hint=f"transload show {old} tells what became of it")
            made, new = insert_arrival(connection, self._store, arrival, blob, now, kept=kept)
            if not new:
                again = Ref("receipt", made)
                raise NotPossible(f"what is in {old} has come again since, as {again}", hint=f"transload show {again}")
            journal = Journal(connection, arrival.lane, now)
            journal.record(State.SUPPRESSED, receipt=refused.id, detail=who.detail(replaced_by=made))
            journal.record("REOPENED", receipt=made, detail={**who.detail(), "from": refused.id})
            journal.flush()
            return made

        return self._database.write(work, lane=arrival.lane)
