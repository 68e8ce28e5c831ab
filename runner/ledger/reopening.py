"""Receipts that could not be read when they came: opened with the settings of now, or corrected by a person.

What is made of one is a receipt of its own.  One that is opened takes the place among all receipts that it would have
had then: the same thing sent again is known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, func, select

from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import among
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.receipts import Arrival, Receipt, receipt_from
from transload.runner.ledger.receiving import insert_arrival, prepared
from transload.runner.ledger.references import Ref
from transload.runner.ledger.repeating import NotPossible, Who, receipt_of
from transload.runner.ledger.schema import documents, parts, quarantined_receipt, receipts
from transload.runner.ledger.states import State


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """What waits for a correction: quarantined documents by their messages, or the ``whole`` receipt.

    ``good`` are the messages that something came of.
    """

    receipt: Receipt
    whole: bool
    wrong: Mapping[int, int]
    good: frozenset[int]


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
        arrival = replace(arrival, made_of=refused.id)
        packed = prepared(self._store, arrival)
        old = Ref("receipt", refused.id)
        who = Who(by=by, reason=reason)

        def work(connection: Connection) -> int:
            taken = receipts.update().where(receipts.c.id == refused.id, receipts.c.state == State.QUARANTINED.value)
            if not connection.execute(taken.values(state=State.SUPPRESSED.value)).rowcount:
                raise NotPossible(f"{old} is quarantined no more", hint=f"transload show {old} tells what became of it")
            made, new = insert_arrival(connection, self._store, packed, now)
            if not new:
                again = Ref("receipt", made)
                raise NotPossible(f"what is in {old} has come again since, as {again}", hint=f"transload show {again}")
            journal = Journal(connection, arrival.lane, now)
            journal.record(State.SUPPRESSED, receipt=refused.id, detail=who.detail(replaced_by=made))
            journal.record("REOPENED", receipt=made, detail={**who.detail(), "from": refused.id})
            journal.flush()
            return made

        return self._database.write(work, lane=arrival.lane)

    def stuck(self, ref: Ref) -> Stuck:
        """What of a receipt, or of a document's receipt, waits for a correction.  Raises `NotFound`, `NotPossible`."""
        with self._database.read() as connection:
            number = receipt_of(connection, ref)
            query = select(receipts, parts.c.parent_id).outerjoin(parts, parts.c.receipt_id == receipts.c.id)
            row = connection.execute(query.where(receipts.c.id == number)).one()
            columns = (documents.c.id, documents.c.message, documents.c.state)
            found = connection.execute(select(*columns).where(documents.c.receipt_id == number)).all()
        if row.finished_at is None:
            raise NotPossible(f"{Ref('receipt', number)} is still being read", hint="wait for it")
        whole = row.state == State.QUARANTINED
        wrong = {
            one.message: one.id
            for one in found
            if one.state == State.QUARANTINED and (ref.kind == "receipt" or one.id == ref.id)
        }
        if not wrong and not (whole and ref.kind == "receipt"):
            raise NotPossible(f"{ref} is not quarantined", hint=f"transload show {ref} tells what became of it")
        good = {one.message for one in found if one.state not in (State.QUARANTINED, State.SUPPRESSED)}
        return Stuck(receipt=receipt_from(row), whole=whole, wrong=wrong, good=frozenset(good - wrong.keys()))

    def correct(self, stuck: Stuck, arrival: Arrival, now: datetime, *, who: Who) -> int:
        """Make ``arrival``, a correction, a receipt in the place of what is stuck, which is SUPPRESSED; gives its id.

        The original's bytes stay as they are.  Raises `NotPossible` where somebody else was faster.
        """
        packed = prepared(self._store, arrival)
        old = Ref("receipt", stuck.receipt.id)
        assert arrival.correction is not None
        replaced = sorted(arrival.correction.replaces.values())

        def work(connection: Connection) -> int:
            made, new = insert_arrival(connection, self._store, packed, now)
            if not new:
                raise NotPossible(f"this correction of {old} was given before, as {Ref('receipt', made)}")
            journal = Journal(connection, arrival.lane, now)
            waits = documents.c.state == State.QUARANTINED.value
            taking = documents.update().where(among(connection, documents.c.id, replaced), waits)
            if connection.execute(taking.values(state=State.SUPPRESSED.value)).rowcount != len(replaced):
                raise NotPossible(
                    f"of {old} something is quarantined no more", hint=f"look again: transload show {old}"
                )
            if stuck.whole:
                ours = receipts.update().where(receipts.c.id == stuck.receipt.id, quarantined_receipt)
                if not connection.execute(ours.values(state=State.SUPPRESSED.value)).rowcount:
                    raise NotPossible(f"{old} is quarantined no more", hint=f"look again: transload show {old}")
                journal.record(State.SUPPRESSED, receipt=stuck.receipt.id, detail=who.detail(replaced_by=made))
            for document in replaced:
                detail = who.detail(replaced_by=made)
                journal.record(State.SUPPRESSED, receipt=stuck.receipt.id, document=document, detail=detail)
            detail = who.detail() | {"of": stuck.receipt.id}
            journal.record("CORRECTED", receipt=made, detail=detail, digest=packed.blob.digest)
            journal.flush()
            part = connection.execute(select(parts).where(parts.c.receipt_id == stuck.receipt.id)).one_or_none()
            if part is not None:  # its bytes are unwrapped already
                following = select(func.max(parts.c.number) + 1).where(parts.c.parent_id == part.parent_id)
                link = {"receipt_id": made, "parent_id": part.parent_id, "filters": part.filters}
                connection.execute(parts.insert(), link | {"number": connection.scalar(following)})
            return made

        return self._database.write(work, lane=arrival.lane)
