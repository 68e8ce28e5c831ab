"""Staging: documents and the deliveries made of them, their bytes frozen, in one transaction a batch of messages.

The bodies were encoded before; what needs control numbers (envelopes, file names) is
done inside, so that a number is used exactly when the bytes that carry it are kept.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, null

from transload.runner.ledger.additions import Additions, Shared
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_rows
from transload.runner.ledger.journal import Journal, add_lane
from transload.runner.ledger.portions import Portion, Staged
from transload.runner.ledger.schema import (
    acknowledgements,
    contents,
    control_numbers,
    deliveries,
    delivery_documents,
    documents,
    receipts,
)

_advance = receipts.update().where(receipts.c.id == bindparam("of")).values(position=bindparam("at"), begun=0)
_end = _advance.values(
    state=bindparam("last"),
    finished_at=bindparam("now", type_=receipts.c.finished_at.type),
    again=null(),
    findings=bindparam("found", type_=receipts.c.findings.type),
    fingerprint=bindparam("clustered"),
)


class Staging:
    """Writes batches of parsed messages."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def stage(self, portions: Sequence[Portion], now: datetime, *, lane: str, epoch: int) -> list[Staged]:
        """Commit portions of receipts of one ``lane``, all or none; gives what came of each.

        Raises `Fenced` when another worker has taken over the lane, `LedgerError` when nothing could be written, and
        what the making of acknowledgements or batches raises.
        """

        def work(connection: Connection) -> list[Staged]:
            journal = Journal(connection, lane, now, epoch=epoch)
            shared = Shared(connection, self._store, journal, now, sum(len(each.parsed) for each in portions))
            batches = [Additions(shared, portion) for portion in portions]
            for batch in batches:
                batch.add_all()
            return write_all(shared, batches)

        return self._database.write(work, lane=lane)


def write_all(shared: Shared, batches: Sequence[Additions]) -> list[Staged]:
    """Write all that was added; gives what came of each."""
    _insert(shared, batches)
    staged = [batch.finish() for batch in batches]
    for name in sorted({name for each in staged for name in each.lanes}):
        add_lane(shared.connection, name)
    shared.ids.flush()
    shared.numbers.flush()
    shared.journal.flush()
    return staged


def _insert(shared: Shared, batches: Sequence[Additions]) -> None:
    """Write the rows of all portions, and how far their receipts are."""
    connection = shared.connection
    shared.store.insert(connection, *(blob for batch in batches for blob in batch.blobs))
    for table, name in (
        (documents, "documents"),
        (contents, "contents"),
        (deliveries, "deliveries"),
        (delivery_documents, "links"),
        (acknowledgements, "acknowledgements"),
        (control_numbers, "control_numbers"),
    ):
        insert_rows(connection, table, [row for batch in batches for row in getattr(batch, name)])
    ends = [end for batch in batches if (end := batch.end) is not None]
    if ends:
        connection.execute(_end, ends)
    steps = [step for batch in batches if (step := batch.step) is not None]
    if steps:
        connection.execute(_advance, steps)
