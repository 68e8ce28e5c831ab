"""The events: what happened, append-only, each carrying the hash of the one before it in its lane.

An event holds facts and the digest of a payload, never the payload, so that the
chain stays valid when a payload is erased.  `transload.runner.ledger.chains` looks whether all is as it was written.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from transload.runner.ledger.columns import compact_json, fitted, microseconds
from transload.runner.ledger.dialects import insert_missing, insert_plain
from transload.runner.ledger.errors import Fenced
from transload.runner.ledger.schema import events, lanes

NOTHING_BEFORE = "0" * 64
"""The hash before a lane's first event."""

_select_lane = select(lanes.c.epoch, lanes.c.sequence, lanes.c.head).where(lanes.c.name == bindparam("lane"))
_lock_lane = _select_lane.with_for_update()
_COLUMNS = tuple(column.name for column in events.columns)
_update_lane = (
    lanes.update()
    .where(lanes.c.name == bindparam("lane"))
    .values(sequence=bindparam("last"), head=bindparam("new_head"))
)
_last_number = select(func.max(events.c.id))
_next_numbers = select(func.nextval(func.pg_get_serial_sequence("events", "id"))).select_from(
    func.generate_series(1, bindparam("most")).table_valued("number")
)


class Journal:
    """The events of one transaction in one ``lane``; `flush` writes them.

    The lane is locked for the transaction: begin with it, and look at what the lane's transactions change afterwards.
    With ``epoch`` the lane must still be in it: raises `Fenced` when another worker has taken it over.
    """

    def __init__(self, connection: Connection, lane: str, at: datetime, *, epoch: int | None = None) -> None:
        self.connection = connection
        self.lane = lane = fitted(lane)
        self.at = at
        row = connection.execute(_lock_lane, {"lane": lane}).one_or_none()
        if row is None:
            add_lane(connection, lane)
            row = connection.execute(_lock_lane, {"lane": lane}).one()
        if epoch is not None and row.epoch != epoch:
            raise Fenced(f"another worker has taken over the lane {lane}")
        self._sequence: int = row.sequence
        self._head: str = row.head
        self._at = microseconds(at)
        self._noted: list[tuple[str, int | None, int | None, int | None, Mapping[str, Any] | None, str | None]] = []

    def record(
        self,
        what: str,
        *,
        receipt: int | None = None,
        document: int | None = None,
        delivery: int | None = None,
        detail: Mapping[str, Any] | None = None,
        digest: str | None = None,
    ) -> None:
        """Note that ``what`` (a state, or an action) happened to a receipt, document or delivery."""
        self._noted.append((str(what), receipt, document, delivery, detail, digest))

    def flush(self) -> None:
        """Write the events; call it once, at the end of the transaction."""
        if not self._noted:
            return
        rows: list[tuple[Any, ...]] = []
        numbers = _numbers(self.connection, len(self._noted))
        for (what, receipt, document, delivery, detail, digest), number in zip(self._noted, numbers, strict=True):
            self._sequence += 1
            text = None if detail is None else compact_json(detail)
            tail = (self._at, what, receipt, document, delivery, text, digest)
            self._head = event_hash(self._head, [self.lane, self._sequence, number, *tail])
            rows.append((number, self.lane, self._sequence, *tail, self._head))
        insert_plain(self.connection, events, _COLUMNS, rows)
        self.connection.execute(_update_lane, {"lane": self.lane, "last": self._sequence, "new_head": self._head})
        self._noted = []


def _numbers(connection: Connection, count: int) -> Iterable[int]:
    """The ids of the next events, which their hashes cover: on SQLite nobody else writes until our commit."""
    if connection.dialect.name == "postgresql":
        return sorted(connection.scalars(_next_numbers, {"most": count}))
    last = connection.scalar(_last_number) or 0
    return range(last + 1, last + count + 1)


def add_lane(connection: Connection, lane: str) -> None:
    """Make the lane's row where it is missing."""
    row = {"name": lane, "epoch": 0, "paused": False, "begun": 0, "sequence": 0, "head": NOTHING_BEFORE}
    insert_missing(connection, lanes, [row])


def event_hash(before: str, facts: list[Any]) -> str:
    """SHA-256 over the hash of the event before and the facts of this one as compact JSON.

    These are its columns in their order, the detail as the text that is stored, and all but the hash itself.
    """
    return sha256(f"{before}\n{compact_json(facts)}".encode()).hexdigest()
