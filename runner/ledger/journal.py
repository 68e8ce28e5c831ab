"""The events: what happened, append-only, each carrying the hash of the one before it in its lane.

An event holds facts and the digest of a payload, never the payload, so that the
chain stays valid when a payload is erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, select

from transload.runner.ledger.columns import compact_json, microseconds
from transload.runner.ledger.dialects import insert_missing
from transload.runner.ledger.errors import Fenced
from transload.runner.ledger.schema import events, lanes

NOTHING_BEFORE = "0" * 64
"""The hash before a lane's first event."""

_select_lane = select(lanes.c.epoch, lanes.c.sequence, lanes.c.head).where(lanes.c.name == bindparam("lane"))
_lock_lane = _select_lane.with_for_update()
_insert_events = events.insert()
_update_lane = (
    lanes.update()
    .where(lanes.c.name == bindparam("lane"))
    .values(sequence=bindparam("last"), head=bindparam("new_head"))
)


class Journal:
    """The events of one transaction in one ``lane``; `flush` writes them.

    The lane is locked for the transaction: begin with it, and look at what the lane's transactions change afterwards.
    With ``epoch`` the lane must still be in it: raises `Fenced` when another worker has taken it over.
    """

    def __init__(self, connection: Connection, lane: str, at: datetime, *, epoch: int | None = None) -> None:
        self.connection = connection
        self.lane = lane
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
        self._rows: list[dict[str, Any]] = []

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
        self._sequence += 1
        facts = [self.lane, self._sequence, self._at, what, receipt, document, delivery, detail, digest]
        self._head = event_hash(self._head, facts)
        self._rows.append(
            {
                "lane": self.lane,
                "sequence": self._sequence,
                "at": self.at,
                "what": what,
                "receipt_id": receipt,
                "document_id": document,
                "delivery_id": delivery,
                "detail": detail,
                "digest": digest,
                "hash": self._head,
            }
        )

    def flush(self) -> None:
        """Write the events; call it once, at the end of the transaction."""
        if self._rows:
            self.connection.execute(_insert_events, self._rows)
            self.connection.execute(_update_lane, {"lane": self.lane, "last": self._sequence, "new_head": self._head})


def add_lane(connection: Connection, lane: str) -> None:
    """Make the lane's row where it is missing."""
    row = {"name": lane, "epoch": 0, "paused": False, "sequence": 0, "head": NOTHING_BEFORE}
    insert_missing(connection, lanes, [row])


def event_hash(before: str, facts: list[Any]) -> str:
    """SHA-256 over the hash of the event before and the facts of this one as compact JSON."""
    return sha256(f"{before}\n{compact_json(facts)}".encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class BrokenChain:
    """The first event of a lane that does not follow from the one before: ``sequence`` 0 means its end is missing."""

    lane: str
    sequence: int


def verify_chain(connection: Connection, lane: str) -> BrokenChain | None:
    """Compute the lane's chain again; None when every event is as it was written and none is missing."""
    head, sequence = NOTHING_BEFORE, 0
    query = select(events).where(events.c.lane == lane).order_by(events.c.sequence)
    with connection.execute(query.execution_options(yield_per=1000)) as rows:
        for row in rows:
            sequence += 1
            facts = [row.lane, sequence, microseconds(row.at), row.what]
            facts += [row.receipt_id, row.document_id, row.delivery_id, row.detail, row.digest]
            head = event_hash(head, facts)
            if row.sequence != sequence or row.hash != head:
                return BrokenChain(lane=lane, sequence=sequence)
    stored = connection.execute(_select_lane, {"lane": lane}).one_or_none()
    if stored is not None and (stored.sequence, stored.head) != (sequence, head):
        return BrokenChain(lane=lane, sequence=0)
    return None
