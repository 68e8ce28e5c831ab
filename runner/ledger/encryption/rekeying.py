"""Bringing all that is kept under the key in use, or into plain where none is.

Batch by batch, each a short transaction, while a service goes on: what was changed meanwhile is left alone, and met
again.  What is done stays done, so it may be broken off and begun again at any time.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, and_, select, tuple_, type_coerce

from transload.runner.ledger.blobs import ERASED, ERASING, UNDER, BlobStore
from transload.runner.ledger.columns import Private, PrivateJson
from transload.runner.ledger.database import Database
from transload.runner.ledger.encryption.keys import TEXT
from transload.runner.ledger.encryption.proofs import PROOF
from transload.runner.ledger.errors import LedgerError
from transload.runner.ledger.schema import blobs, meta, metadata

BATCH = 200
"""Rows of one transaction."""
_EMPTY = ("[]", "{}")


class Rekeying:
    """One run over a ledger."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def run(self) -> Iterator[tuple[str, int]]:
        """Do it; gives the name of a table and how many of its values were brought over, batch by batch.

        In the end keys that nothing is under any more are forgotten.  Raises `LedgerError`, `KeyMissing`.
        """
        while True:
            changed = 0
            for table, count in self._once():
                changed += count
                yield table, count
            if not changed:
                break
        use = self._database.keys.use
        others = meta.delete().where(meta.c.name.startswith(PROOF), meta.c.name != f"{PROOF}{use or ''}")
        self._database.write(lambda connection: connection.execute(others).rowcount)
        self._database.forget()

    def _once(self) -> Iterator[tuple[str, int]]:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Private | PrivateJson):
                    yield from self._column(table, column)
        yield from self._blobs()

    def _column(self, table: Table, column: Column[Any]) -> Iterator[tuple[str, int]]:
        raw = type_coerce(column, Text)
        begun = f"{TEXT}{self._database.keys.use}:"
        other = ~raw.startswith(begun, autoescape=True) if self._database.keys.use else raw.startswith(TEXT)
        keys = list(table.primary_key)
        last: tuple[Any, ...] | None = None
        while True:
            query = select(*keys, raw.label("stored"), column.label("value"))
            query = query.where(column.is_not(None), raw.not_in(_EMPTY), other).order_by(*keys).limit(BATCH)
            if last is not None:
                query = query.where(tuple_(*keys) > tuple_(*last))
            with self._database.read() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            last = tuple(rows[-1][: len(keys)])
            yield table.name, self._database.write(partial(_texts, column=column, rows=rows))

    def _blobs(self) -> Iterator[tuple[str, int]]:
        use = self._database.keys.use
        under = blobs.c.encoding.endswith(f"{UNDER}{use}", autoescape=True)
        other = ~under if use else (blobs.c.encoding.contains(UNDER) | (blobs.c.encoding == "file"))
        other = other & blobs.c.encoding.not_in((ERASED, ERASING))
        last = ""
        while True:
            query = select(blobs.c.digest, blobs.c.encoding, blobs.c.data).where(other, blobs.c.digest > last)
            with self._database.read() as connection:
                rows = connection.execute(query.order_by(blobs.c.digest).limit(BATCH)).all()
            if not rows:
                return
            last = rows[-1].digest
            made = []
            for row in rows:
                try:
                    blob = self._store.again(row.digest, row.encoding, row.data)
                except LedgerError:
                    if self._gone(row.digest):  # it was let go of meanwhile
                        continue
                    raise
                if blob is not None:
                    made.append((row.encoding, blob))
            if made:
                yield blobs.name, self._database.write(partial(_payloads, made=made))

    def _gone(self, digest: str) -> bool:
        with self._database.read() as connection:
            return connection.scalar(select(blobs.c.digest).where(blobs.c.digest == digest)) is None


def _texts(connection: Connection, *, column: Column[Any], rows: Sequence[Any]) -> int:
    """Write the values of ``rows`` again, unless they were changed since."""
    keys = list(column.table.primary_key)
    changed = 0
    for row in rows:
        same: ColumnElement[bool] = and_(*(key == value for key, value in zip(keys, row, strict=False)))
        statement = column.table.update().where(same, type_coerce(column, Text) == row.stored)
        changed += connection.execute(statement.values({column: row.value})).rowcount
    return changed


def _payloads(connection: Connection, *, made: Sequence[Any]) -> int:
    """Write what became of payloads; those on a shelf are done already."""
    changed = 0
    for before, blob in made:
        if blob.data is None:
            changed += 1
            continue
        statement = blobs.update().where(blobs.c.digest == blob.digest, blobs.c.encoding == before)
        changed += connection.execute(statement.values(encoding=blob.encoding, data=blob.data)).rowcount
    return changed
