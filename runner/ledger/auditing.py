"""The audit: whether the ledger is as it was written, its events, its seals, its rows and its payloads.

Nothing is changed, and memory does not grow with the ledger.  All is read at one moment, so that a service may go on.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, exists, select, text

from transload.canonical.findings import Finding
from transload.runner.ledger.blobs import ERASED, ERASING, BlobStore
from transload.runner.ledger.chains import verify_events, verify_seals
from transload.runner.ledger.database import Database
from transload.runner.ledger.erasing import users_of
from transload.runner.ledger.errors import LedgerError
from transload.runner.ledger.references import Ref
from transload.runner.ledger.schema import blobs, contents, deliveries, documents, events, receipts
from transload.runner.ledger.seals import Seal
from transload.runner.ledger.states import State

_ROWS = 500
_BLOBS = 50
"""So many rows that hold payloads are fetched at once."""
_CHANGED = "compare the row with a backup of the ledger from before, and find out who can write to its database"


class Audit:
    """One look through the whole ledger.

    ``payloads`` False leaves out the bytes of payloads and documents.  ``against`` is a seal that was noted outside.
    ``counts`` says how much was looked at so far: events, rows, payloads.
    """

    def __init__(
        self, database: Database, store: BlobStore, *, payloads: bool = True, against: Seal | None = None
    ) -> None:
        self._database = database
        self._store = store
        self._payloads = payloads
        self._against = against
        self.counts = {"events": 0, "rows": 0, "payloads": 0}

    def findings(self) -> Iterator[Finding]:
        """What is wrong, as it is found: nothing where all is as it was written.  Raises `LedgerError`."""
        with self._database.read() as connection:
            if connection.dialect.name == "postgresql":  # a look through all takes as long as it takes
                connection.execute(text("SELECT set_config('statement_timeout', '0', true)"))
            yield from verify_events(connection, self._counting("events"))
            yield from verify_seals(connection, self._against)
            yield from self._rows(connection)
            if self._payloads:
                yield from self._contents(connection)
                yield from self._documents(connection)

    def _counting(self, what: str) -> Callable[[int], None]:
        def count(more: int) -> None:
            self.counts[what] += more

        return count

    def _rows(self, connection: Connection) -> Iterator[Finding]:
        """Rows whose digest is not that of the event which tells of their making, and rows that are gone."""
        received = events.c.what == State.RECEIVED.value
        yield from self._told(connection, receipts, receipts.c.digest, events.c.receipt_id, received)
        wanted = documents.c.digest.is_not(None)
        yield from self._told(connection, documents, documents.c.digest, events.c.document_id, of=wanted)
        staged = events.c.what == State.STAGED.value
        wanted = deliveries.c.body.is_not(None)
        yield from self._told(connection, deliveries, deliveries.c.body, events.c.delivery_id, staged, of=wanted)

    def _told(
        self,
        connection: Connection,
        table: Table,
        digest: ColumnElement[Any],
        event: ColumnElement[Any],
        *conditions: ColumnElement[bool],
        of: ColumnElement[bool] | None = None,
    ) -> Iterator[Finding]:
        kind = table.name.removesuffix("s") if table is not deliveries else "delivery"
        told = exists().where(event == table.c.id, events.c.digest == digest, *conditions)
        query = select(table.c.id, told.label("told")).order_by(table.c.id)
        if of is not None:
            query = query.where(of)
        for row in self._streamed(connection, query):
            self.counts["rows"] += 1
            if not row.told:
                message = f"{Ref(kind, row.id)}: no event tells of the digest that it has"  # type: ignore[arg-type]
                yield Finding(code="E-AUDIT-ROW", message=f"{message}; its row was changed", hint=_CHANGED)
        yield from self._erased(connection, table, kind, event)
        there = exists().where(table.c.id == event)
        gone = select(event.label("of"), events.c.lane, events.c.sequence, events.c.id)
        for row in self._streamed(connection, gone.where(event.is_not(None), *conditions, ~there).order_by(event)):
            message = f"{Ref(kind, row.of)}: its row was removed, of which event {row.sequence} of lane {row.lane}"  # type: ignore[arg-type]
            yield Finding(code="E-AUDIT-ROW", message=f"{message} (id {row.id}) tells", hint=_CHANGED)

    def _erased(self, connection: Connection, table: Table, kind: str, event: ColumnElement[Any]) -> Iterator[Finding]:
        """Rows that are marked as erased, and no event tells of it."""
        told: ColumnElement[bool] = exists().where(event == table.c.id, events.c.what == "ERASED")
        if table is not receipts:  # the event may be that of the whole receipt
            told = told | exists().where(events.c.receipt_id == table.c.receipt_id, events.c.what == "ERASED")
        query = select(table.c.id).where(table.c.erasure_id.is_not(None), ~told).order_by(table.c.id)
        for row in self._streamed(connection, query):
            message = f"{Ref(kind, row.id)}: it is marked as erased, and no event tells of that"  # type: ignore[arg-type]
            yield Finding(code="E-AUDIT-ROW", message=message, hint=_CHANGED)

    def _contents(self, connection: Connection) -> Iterator[Finding]:
        """Payloads that are not what their digest says, in the database or on their shelf."""
        query = select(blobs.c.digest, blobs.c.encoding, blobs.c.data).order_by(blobs.c.digest)
        for row in self._streamed(connection, query, _BLOBS):
            self.counts["payloads"] += 1
            if row.encoding in (ERASED, ERASING):
                if any(connection.scalar(select(condition)) for condition in users_of(row.digest)):
                    of = ", ".join(_users(connection, row.digest))
                    message = f"the payload {row.digest[:12]} is gone, and nobody erased it; it is that of {of}"
                    yield Finding(code="E-AUDIT-PAYLOAD", message=message, hint=_CHANGED)
                continue
            try:
                self._store.check(row.digest, row.encoding, row.data)
            except LedgerError as error:
                users = _users(connection, row.digest)
                message = f"{error.message}; it is that of {', '.join(users) or 'nothing any more'}"
                yield Finding(code="E-AUDIT-PAYLOAD", message=message, hint=error.hint)

    def _documents(self, connection: Connection) -> Iterator[Finding]:
        """Canonical documents that are not what their digest says, or are gone."""
        query = select(documents.c.id, contents.c.canonical, documents.c.digest)
        query = query.outerjoin_from(documents, contents)
        query = query.where(documents.c.digest.is_not(None), documents.c.erasure_id.is_(None)).order_by(documents.c.id)
        for row in self._streamed(connection, query):
            self.counts["payloads"] += 1
            if row.canonical is None or sha256(row.canonical.encode()).hexdigest() != row.digest:
                message = f"{Ref('document', row.id)}: its canonical document was changed"
                hint = "map it again from what was received, with `transload replay`; find out who can write"
                yield Finding(code="E-AUDIT-PAYLOAD", message=message, hint=f"{hint} to the ledger's database")

    @staticmethod
    def _streamed(connection: Connection, query: Any, rows: int = _ROWS) -> Iterator[Any]:
        with connection.execute(query.execution_options(yield_per=rows)) as result:
            yield from result


def _users(connection: Connection, digest: str) -> Sequence[str]:
    """The first receipts and deliveries that a payload belongs to."""
    found = [
        Ref("receipt", number)
        for number in connection.scalars(select(receipts.c.id).where(receipts.c.digest == digest).limit(3))
    ]
    found += [
        Ref("delivery", number)
        for number in connection.scalars(select(deliveries.c.id).where(deliveries.c.body == digest).limit(3))
    ]
    return [str(ref) for ref in found]
