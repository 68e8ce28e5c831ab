"""Receipts: what arrived, its bytes committed before any work is done on it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, case, select

from transload.runner.ledger.blobs import SMALL, BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.memory import LedgerMemory, write_notes
from transload.runner.ledger.receipts import Arrival, Receipt, receipt_from
from transload.runner.ledger.receiving import begin_first, insert_arrivals, prepared
from transload.runner.ledger.schema import blobs, parts, receipts

_whole = select(receipts, parts.c.parent_id).outerjoin(parts, parts.c.receipt_id == receipts.c.id)
_one = _whole.where(receipts.c.id == bindparam("of"))
_small = case((blobs.c.size <= SMALL, blobs.c.data)).label("small")
_due = (
    _whole.add_columns(blobs.c.encoding, _small)
    .outerjoin(blobs, blobs.c.digest == receipts.c.digest)
    .where(receipts.c.route == bindparam("of"), receipts.c.finished_at.is_(None), receipts.c.id > bindparam("after"))
    .order_by(receipts.c.id)
    .limit(bindparam("most"))
)


class Arrivals:
    """The receipts of a ledger."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def add(self, arrival: Arrival, now: datetime, memory: LedgerMemory | None = None) -> tuple[int, bool]:
        """Make ``arrival`` and the memory's waiting notes durable; gives the receipt's id and whether it is new.

        A second arrival with the same source key at the same connection is the same receipt.
        When this returns, the sender may be told that we have it.  Raises `LedgerError`.
        """
        return self.add_all([arrival], now, memory)[0]

    def add_all(
        self, arriving: Sequence[Arrival], now: datetime, memory: LedgerMemory | None = None
    ) -> list[tuple[int, bool]]:
        """The same for some of one lane and one connection, all or none of them."""
        packed = [prepared(self._store, arrival) for arrival in arriving]
        notes = memory.take() if memory else {}

        def work(connection: Connection) -> list[tuple[int, bool]]:
            if notes:
                write_notes(connection, arriving[0].route, dict(notes))
            return insert_arrivals(connection, self._store, packed, now)

        try:
            return self._database.write(work, lane=arriving[0].lane)
        except BaseException:
            if memory:
                memory.back(notes)
            raise

    def remember(self, memory: LedgerMemory, scope: str) -> None:
        """Make the memory's waiting notes durable, at the end of a pass."""
        notes = memory.take()
        if not notes:
            return
        try:
            self._database.write(lambda connection: write_notes(connection, scope, notes))
        except BaseException:
            memory.back(notes)
            raise

    def due(self, route: str, *, after: int = 0, most: int = 1) -> list[Receipt]:
        """The first receipts of ``route``, ``after`` that of this number, whose messages are not all dealt with.

        Small payloads come with them, since each is read next.
        """
        rows = self._database.rows(_due, {"of": route, "after": after, "most": most})
        return [
            replace(receipt_from(row), packed=None if row.small is None else (row.encoding, row.small)) for row in rows
        ]

    def get(self, receipt: int) -> Receipt:
        """The receipt of that number, which there must be."""
        with self._database.read() as connection:
            return receipt_from(connection.execute(_one, {"of": receipt}).one())

    def spare(self, route: str) -> None:
        """Take back that the first due receipt of ``route`` was begun: it was not its fault that it was not read."""
        self._database.write(lambda connection: begin_first(connection, route, -1))

    def routes_due(self, route: str | None = None) -> list[str]:
        """The routes (``route`` alone) that have receipts to deal with."""
        query = select(receipts.c.route).where(receipts.c.finished_at.is_(None)).distinct()
        if route is not None:
            query = query.where(receipts.c.route == route)
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def content(self, receipt: Receipt) -> bytes:
        """The bytes of a receipt."""
        if receipt.packed is None:
            return self.payload(receipt.digest)
        return self._store.unpack(receipt.digest, *receipt.packed)

    def payload(self, digest: str) -> bytes:
        """The bytes of a receipt or delivery."""
        with self._database.asking() as connection:
            return self._store.load(connection, digest)
