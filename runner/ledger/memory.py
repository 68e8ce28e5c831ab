"""What a source remembers between polls, kept in the ledger (`transload.adapters.base.transport.Memory`)."""

from pathlib import Path

from sqlalchemy import Connection, bindparam, delete, select

from transload.adapters.base.covered import Cover
from transload.runner.ledger.columns import fitted
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import upsert
from transload.runner.ledger.schema import LONGEST_NAME, memory, receipts

_seen = select(receipts.c.id).where(
    receipts.c.connection == bindparam("of"), receipts.c.source_key == bindparam("with_key")
)
_remove = delete(memory).where(memory.c.scope == bindparam("of"), memory.c.name == bindparam("removed"))


class LedgerMemory:
    """The notes of one route (``scope``), the source keys of its ``connection``, and a ``folder`` for its source alone.

    Under a ``cover`` nothing lies in that folder in plain.

    Notes are held here until the runner takes them and writes them, in the transaction of the receipt
    that they belong to or at the end of the pass.
    """

    def __init__(
        self, database: Database, *, scope: str, connection: str, folder: Path, cover: Cover | None = None
    ) -> None:
        self.folder = folder
        self.cover = cover
        self._database = database
        self._scope = scope
        self._connection = connection
        self._changed: dict[str, str | None] = {}
        self._known: dict[str, dict[str, str]] = {}
        """What is written of notes that were listed, by their prefix: of a folder all are asked for, one by one."""

    def seen(self, key: str) -> bool:
        """Whether a receipt with this source key is committed."""
        return bool(self._database.rows(_seen, {"of": self._connection, "with_key": key}))

    def get(self, name: str) -> str | None:
        """The note under ``name``, or None."""
        name = fitted(name, LONGEST_NAME)
        if name in self._changed:
            return self._changed[name]
        for prefix, known in self._known.items():
            if name.startswith(prefix):
                return known.get(name)
        query = select(memory.c.value).where(memory.c.scope == self._scope, memory.c.name == name)
        with self._database.read() as connection:
            return connection.scalar(query)

    def put(self, name: str, value: str | None) -> None:
        """Set the note under ``name``; None removes it."""
        self._changed[fitted(name, LONGEST_NAME)] = value

    def names(self, prefix: str = "") -> list[str]:
        """The names of the notes that begin with ``prefix``, sorted."""
        if prefix not in self._known:
            query = select(memory.c.name, memory.c.value).where(
                memory.c.scope == self._scope, memory.c.name.startswith(prefix, autoescape=True)
            )
            with self._database.read() as connection:
                found = {row.name: row.value for row in connection.execute(query)}
            self._known[prefix] = {name: value for name, value in found.items() if name.startswith(prefix)}
        known = set(self._known[prefix])
        for name, value in self._changed.items():
            if value is None:
                known.discard(name)
            elif name.startswith(prefix):
                known.add(name)
        return sorted(known)

    @property
    def changed(self) -> bool:
        """Whether notes wait to be written."""
        return bool(self._changed)

    def take(self) -> dict[str, str | None]:
        """The notes that wait, which are then no longer kept here; give them `back` when their commit fails."""
        changed, self._changed = self._changed, {}
        self._learn(changed)
        return changed

    def back(self, changed: dict[str, str | None]) -> None:
        """Keep ``changed`` again, where no newer note took its place."""
        self._changed = {**changed, **self._changed}

    def _learn(self, changed: dict[str, str | None]) -> None:
        """Notes are being written; where that fails they are given `back`, and count more than what is known."""
        for prefix, known in self._known.items():
            for name, value in changed.items():
                if value is None:
                    known.pop(name, None)
                elif name.startswith(prefix):
                    known[name] = value


def write_notes(connection: Connection, scope: str, notes: dict[str, str | None]) -> None:
    """Write the notes of a route; None removes one."""
    ordered = sorted(notes.items())  # two that write the same ones wait for each other in one order
    removed = [{"of": scope, "removed": name} for name, value in ordered if value is None]
    if removed:  # row by row: how many values one statement may hold depends on the database
        connection.execute(_remove, removed)
    rows = [{"scope": scope, "name": name, "value": value} for name, value in ordered if value is not None]
    upsert(connection, memory, rows)
