"""Departures: what was gathered from several receipts leaves together, one batch in a transaction of its own.

Each is counted before it is written, so that one which ends the process each time is found and given up.
"""

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from transload.runner.ledger.additions import Additions, Shared
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.drafts import Batch
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.portions import Staged
from transload.runner.ledger.schema import gathered, lanes
from transload.runner.ledger.staging import write_all

_begin = lanes.update().where(lanes.c.name == bindparam("of")).values(begun=lanes.c.begun + 1).returning(lanes.c.begun)
_ended = lanes.update().where(lanes.c.name == bindparam("of")).values(begun=0)


class Departures:
    """Makes deliveries of what has been gathered and is due."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def lanes_due(self, now: datetime) -> list[str]:
        """The lanes that have gathered documents which are due."""
        query = select(gathered.c.lane).where(gathered.c.due_at <= now).distinct()
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def begin(self, lane: str) -> int:
        """Count that the first batch of ``lane`` is about to be written; gives how often it was, without an end."""

        def work(connection: Connection) -> int:
            begun: int = connection.execute(_begin, {"of": lane}).scalar_one()
            return begun

        return self._database.write(work)

    def spare(self, lane: str) -> None:
        """Forget how often it was begun: it was not the batch's fault that it was not written."""
        self._database.write(lambda connection: connection.execute(_ended, {"of": lane}))

    def depart(self, batch: Batch, now: datetime, *, lane: str, epoch: int) -> Staged:
        """Make a delivery of the first that is due in the lane of ``batch``; of nothing where nothing is due any more.

        What cannot be written of it becomes deliveries of its own, which are quarantined.  ``lane`` is the one that
        reads, and ``epoch`` its.  Raises as `Staging.stage` does, and `Retry` when a table that the mapping asks cannot
        be had.
        """

        def work(connection: Connection) -> Staged:
            journal = Journal(connection, lane, now, epoch=epoch)
            shared = Shared(connection, self._store, journal, now, 1)
            rows = Additions(shared, None)
            for together in rows.bundling.write_due(batch, now):
                rows.deliver_together(together)
            (staged,) = write_all(shared, [rows])
            connection.execute(_ended, {"of": batch.lane})
            return staged

        return self._database.write(work, lane=lane)
