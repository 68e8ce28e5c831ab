"""What a restored ledger must not do by itself.

It does not know what happened after its backup: what has been fetched and acknowledged since, and what has been sent.
So everything that would send is held, and whatever waits may have landed:

* the ledger belongs to nobody until a person has accepted it (`refuse_unaccepted`): nothing is fetched or sent;
* each lane that sends stays held until a person releases it, and what waits in it then is asked of its target first
  (`doubt`); where the target cannot tell and would take it twice, it becomes UNKNOWN;
* control numbers, ids of deliveries and epochs of lanes go on at a distance from where the backup has them: a number
  that a partner has seen since must not come again, an id stands in the keys of replays, and a worker of the lost
  ledger must not be taken for one of this.

All of it is one transaction of the restored ledger, with events.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, text

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.backup.manifest import BackupError, Manifest
from transload.runner.ledger.decisions import pauses
from transload.runner.ledger.dialects import insert_missing, upsert
from transload.runner.ledger.journal import Journal, add_lane
from transload.runner.ledger.schema import deliveries, documents, lanes, meta, metadata, numbers
from transload.runner.ledger.states import State

LANE = "people"
"""The chain of events that concern no lane."""
_RESTORED, _HELD = "restored", "restored:"
_IDS = "id:"
_LEAST_AHEAD = 10_000
_EPOCHS_AHEAD = 1_000_000
_sequence_ahead = text(
    "SELECT setval(CAST(:sequence AS regclass), last + greatest(last / 10, :least))"
    " FROM (SELECT coalesce(pg_sequence_last_value(CAST(:sequence AS regclass)), 0) AS last) AS known"
)
_MAY_HAVE_LANDED = (State.STAGED, State.RETRY_AT, State.SENDING)


class Unaccepted(ConfigurationError):
    """The ledger was restored from a backup, and nobody has accepted that yet."""

    code = "E-RESTORED"


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What was done to a restored ledger.

    ``held`` are lanes; ``doubtful`` is how many deliveries in each may have been sent since the backup; ``numbers`` are
    series of control numbers, each with the last number of the backup and the one that is taken for the last now.
    """

    held: tuple[str, ...]
    doubtful: Mapping[str, int]
    numbers: Mapping[str, tuple[int, int]]


def settle(
    connection: Connection, manifest: Manifest, more: Collection[str], now: datetime, *, by: str, skip: int
) -> Settled:
    """Hold the lanes of the ledger and ``more`` that its routes may come to have; ``skip`` control numbers."""
    for name in sorted(more):
        add_lane(connection, name)
    known = connection.scalars(select(lanes.c.name).order_by(lanes.c.name)).all()
    held = tuple(name for name in known if not name.startswith("in:") and name != LANE)
    reason = {"by": by, "restored": manifest.id}
    doubtful = {}
    for name in held:
        journal = Journal(connection, name, now)
        journal.record("PAUSED", detail=reason)
        journal.flush()
        count = _mark(connection, name)
        if count:
            doubtful[name] = count
    if held:
        connection.execute(lanes.update().where(lanes.c.name.in_(held)).values(paused=True))
        upsert(connection, meta, [{"name": f"{_HELD}{name}", "value": manifest.id} for name in held])
        why = f"restored from a backup of {manifest.made_at}"
        rows = [{"kind": "lane", "name": name, "by": by, "reason": why, "at": now} for name in held]
        insert_missing(connection, pauses, rows)
    connection.execute(lanes.update().values(epoch=lanes.c.epoch + _EPOCHS_AHEAD))
    moved = _numbers_ahead(connection, skip)
    _ids_ahead(connection)
    facts = {"backup": manifest.id, "made_at": manifest.made_at, "restored_at": now.isoformat()}
    upsert(connection, meta, [{"name": _RESTORED, "value": json.dumps(facts)}])
    journal = Journal(connection, LANE, now)
    journal.record("RESTORED", detail={**reason, **facts, "numbers": {name: new for name, (_, new) in moved.items()}})
    journal.flush()
    return Settled(held=held, doubtful=doubtful, numbers=moved)


def doubt(connection: Connection, lane: str) -> int:
    """A lane that was held since a restore is released: what waits in it is asked of its target before it is sent.

    Also what came in since: it may have come once before.  Gives how many deliveries these are.
    """
    name = f"{_HELD}{lane}"
    if not connection.execute(delete(meta).where(meta.c.name == name)).rowcount:
        return 0
    return _mark(connection, lane)


def held_since(connection: Connection) -> list[str]:
    """The lanes that are held since a restore, and that nobody has released yet."""
    names = connection.scalars(select(meta.c.name).where(meta.c.name.startswith(_HELD, autoescape=True)))
    return sorted(name.removeprefix(_HELD) for name in names)


def accept(connection: Connection, now: datetime, *, by: str) -> None:
    """A person knows that the ledger was restored, and lets it work; its lanes stay held until they are released.

    Raises `BackupError` where nothing is to be accepted.
    """
    journal = Journal(connection, LANE, now)  # of two who accept, the second waits here
    facts = unaccepted(connection)
    if facts is None:
        raise BackupError("the ledger was not restored from a backup, or that was accepted already")
    connection.execute(delete(meta).where(meta.c.name == _RESTORED))
    journal.record("RESTORE_ACCEPTED", detail={"by": by, **facts})
    journal.flush()


def unaccepted(connection: Connection) -> Mapping[str, str] | None:
    """``backup``, ``made_at`` and ``restored_at`` of a restore that nobody has accepted yet."""
    found = connection.scalar(select(meta.c.value).where(meta.c.name == _RESTORED))
    facts: Mapping[str, str] | None = None if found is None else json.loads(found)
    return facts


def refuse_unaccepted(connection: Connection, ledger: str) -> None:
    """Raises `Unaccepted` while a restore waits for a person."""
    facts = unaccepted(connection)
    if facts is not None:
        raise Unaccepted(
            f"the ledger {ledger} was restored from a backup of {facts['made_at']}, and nothing is fetched or sent yet",
            hint="what happened since then it does not know: see `transload ledger restore --help`, then say"
            " `transload ledger restore --accept`",
        )


def _mark(connection: Connection, lane: str) -> int:
    waiting = deliveries.c.state.in_([state.value for state in _MAY_HAVE_LANDED])
    change = deliveries.update().where(deliveries.c.lane == lane, deliveries.c.finished_at.is_(None), waiting)
    return connection.execute(change.values(unsure=True)).rowcount


def _numbers_ahead(connection: Connection, skip: int) -> dict[str, tuple[int, int]]:
    query = select(numbers).where(~numbers.c.series.startswith(_IDS, autoescape=True)).order_by(numbers.c.series)
    rows = connection.execute(query).all()
    upsert(connection, numbers, [{"series": row.series, "last": row.last + skip} for row in rows])
    return {row.series: (row.last, row.last + skip) for row in rows}


def _ids_ahead(connection: Connection) -> None:
    """A tenth of all that there ever were, but no fewer than some thousand; SQLite counts those of two tables only."""
    if connection.dialect.name != "postgresql":
        counted = {f"{_IDS}{table.name}": 0 for table in (documents, deliveries)}
        rows = connection.execute(select(numbers).where(numbers.c.series.startswith(_IDS, autoescape=True))).all()
        counted |= {row.series: row.last for row in rows}
        ahead = {series: last + max(last // 10, _LEAST_AHEAD) for series, last in counted.items()}
        upsert(connection, numbers, [{"series": series, "last": last} for series, last in ahead.items()])
        return
    for table in metadata.sorted_tables:
        sequence = "id" in table.c and connection.scalar(select(func.pg_get_serial_sequence(table.name, "id")))
        if sequence:
            connection.execute(_sequence_ahead, {"sequence": sequence, "least": _LEAST_AHEAD})
