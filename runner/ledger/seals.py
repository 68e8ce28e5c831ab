"""Seals: from time to time the heads of all lanes go into one chain of their own.

Whoever can write the database could compute the chain of a lane again from any event on.  A seal that was noted
outside of it shows that: the history up to the seal has been rewritten when its hash is another one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select

from transload.runner.ledger.columns import compact_json, microseconds
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_missing
from transload.runner.ledger.journal import NOTHING_BEFORE
from transload.runner.ledger.schema import lanes, meta, seal_heads, seals

SEALED = "sealed"
"""The name in `meta` of the number and hash of the last seal; its row is locked by who makes the next."""

_before = (
    select(func.coalesce(func.max(seal_heads.c.sequence), 0)).where(seal_heads.c.lane == lanes.c.name).scalar_subquery()
)
_changed = select(lanes.c.name, lanes.c.sequence, lanes.c.head).where(lanes.c.sequence > _before).order_by(lanes.c.name)
_last = select(seals).order_by(seals.c.number.desc()).limit(1)


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A seal: its number from 1, when it was made, of how many lanes it has new heads, and its hash."""

    number: int
    at: datetime
    lanes: int
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON values, to be kept outside of the ledger."""
        return {"seal": self.number, "at": self.at.isoformat(), "hash": self.hash}


class Seals:
    """The seals of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, now: datetime) -> Seal | None:
        """Seal what has happened since the last seal; gives the last one then, None while nothing ever happened.

        Of several who do it at the same time one makes a seal.  Where nothing has happened, nothing is written.
        """
        with self._database.read() as connection:
            if connection.execute(_changed.limit(1)).first() is None:
                return _seal(connection)
        return self._database.write(lambda connection: _make(connection, now))

    def last(self) -> Seal | None:
        """The last seal; None where there is none."""
        with self._database.read() as connection:
            return _seal(connection)


def seal_hash(before: str, number: int, at: datetime, heads: Iterable[tuple[str, int, str]]) -> tuple[str, int]:
    """The hash of a seal, and of how many lanes it is; ``heads`` are lane, sequence and hash, in the lanes' order."""
    checksum = sha256(f"{before}\n{compact_json([number, microseconds(at)])}".encode())
    count = 0
    for head in heads:
        checksum.update(f"\n{compact_json(list(head))}".encode())
        count += 1
    return checksum.hexdigest(), count


def _make(connection: Connection, now: datetime) -> Seal | None:
    insert_missing(connection, meta, [{"name": SEALED, "value": f"0 {NOTHING_BEFORE}"}])
    row = select(meta.c.value).where(meta.c.name == SEALED)
    number, before = connection.execute(row.with_for_update()).scalar_one().split()
    heads = [(head.name, head.sequence, head.head) for head in connection.execute(_changed)]
    if not heads:  # another one was faster
        return _seal(connection)
    made = int(number) + 1
    digest, count = seal_hash(before, made, now, heads)
    connection.execute(seals.insert(), {"number": made, "at": now, "lanes": count, "hash": digest})
    rows = [{"lane": lane, "sequence": sequence, "head": head, "seal": made} for lane, sequence, head in heads]
    connection.execute(seal_heads.insert(), rows)
    connection.execute(meta.update().where(meta.c.name == SEALED).values(value=f"{made} {digest}"))
    return Seal(number=made, at=now, lanes=count, hash=digest)


def _seal(connection: Connection) -> Seal | None:
    row = connection.execute(_last).one_or_none()
    return None if row is None else Seal(number=row.number, at=row.at, lanes=row.lanes, hash=row.hash)
