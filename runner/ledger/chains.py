"""Whether the events are as they were written: each lane's chain, and the chain of the seals, computed again.

The rows are read as the database holds them, not as values, so that any change of any column of an event is seen; and
one after the other, so that a ledger of any size takes little memory.  After a fault it goes on from what is stored:
one change is one finding, and a second one is found too.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Text, bindparam, func, select, type_coerce, union

from transload.canonical.findings import Finding
from transload.runner.ledger.journal import NOTHING_BEFORE, event_hash
from transload.runner.ledger.schema import events, lanes, meta, seal_heads, seals
from transload.runner.ledger.seals import SEALED, Seal, seal_hash

_ROWS = 2000
"""So many rows are fetched at once."""
_RESTORE = "compare with a backup of the ledger from before, and find out who can write to its database"
_raw = {"at": type_coerce(events.c.at, BigInteger), "detail": type_coerce(events.c.detail, Text)}
_columns: list[Any] = [_raw.get(column.name, column) for column in events.c]
_events = (
    select(*_columns)
    .where(events.c.lane == bindparam("of"))
    .order_by(events.c.sequence)
    .execution_options(yield_per=_ROWS)
)
_heads = (
    select(seal_heads.c.sequence, seal_heads.c.head, seal_heads.c.seal)
    .where(seal_heads.c.lane == bindparam("of"))
    .order_by(seal_heads.c.sequence)
    .execution_options(yield_per=_ROWS)
)
_lane = select(lanes.c.sequence, lanes.c.head).where(lanes.c.name == bindparam("of"))
_names = union(
    select(lanes.c.name.label("name")),
    select(events.c.lane.label("name")).distinct(),
    select(seal_heads.c.lane.label("name")).distinct(),
).order_by("name")
_seals = select(seals).order_by(seals.c.number).execution_options(yield_per=_ROWS)
_sealed = (
    select(seal_heads.c.lane, seal_heads.c.sequence, seal_heads.c.head)
    .where(seal_heads.c.seal == bindparam("of"))
    .order_by(seal_heads.c.lane)
    .execution_options(yield_per=_ROWS)
)


def verify_events(connection: Connection, seen: Callable[[int], None]) -> Iterator[Finding]:
    """The faults of all lanes' events; ``seen`` is told how many events were looked at, from time to time."""
    for name in connection.scalars(_names).all():
        yield from verify_lane(connection, name, seen)


def _ignored(count: int) -> None:
    """For who does not count."""


def verify_lane(connection: Connection, lane: str, seen: Callable[[int], None] = _ignored) -> Iterator[Finding]:
    """The faults of one lane's events: changed, removed, inserted, moved, cut off, or not those that were sealed."""
    head, sequence, count = NOTHING_BEFORE, 0, 0
    with connection.execute(_heads, {"of": lane}) as heads, connection.execute(_events, {"of": lane}) as rows:
        sealed = heads.fetchone()
        for row in rows:
            count += 1
            number, at, kept = row[0], row[2], row[-1]
            if at != sequence + 1:
                yield _gap(lane, sequence + 1, at, number)
            elif _hash(head, row) != kept:
                yield _changed(lane, at, number)
            if not isinstance(at, int):
                break  # nothing can be in order after it
            head, sequence = str(kept), at
            while sealed is not None and sealed.sequence <= sequence:
                if sealed.sequence != sequence or sealed.head != head:
                    yield _rewritten(lane, sealed, number)
                sealed = heads.fetchone()
            if count % _ROWS == 0:
                seen(_ROWS)
        seen(count % _ROWS)
        last = sealed
        while sealed is not None:
            last, sealed = sealed, heads.fetchone()
        if last is not None:
            yield _fault(
                "E-AUDIT-CUT",
                f"lane {lane}: events {sequence + 1} to {last.sequence} are missing, which seal {last.seal} is over",
                _RESTORE,
            )
    yield from _end(connection, lane, sequence, head, cut=last is not None)


def verify_seals(connection: Connection, against: Seal | None = None) -> Iterator[Finding]:
    """The faults of the chain of seals; ``against`` is one that was noted outside of the ledger."""
    before, number, found = NOTHING_BEFORE, 0, None
    with connection.execute(_seals) as rows:
        for row in rows:
            number += 1
            digest, count = seal_hash(before, row.number, row.at, _tuples(connection, row.number))
            if row.number != number:
                yield _fault("E-AUDIT-SEAL", f"seal {number} is missing: {row.number} comes next", _RESTORE)
            elif digest != row.hash or count != row.lanes:
                yield _fault(
                    "E-AUDIT-SEAL", f"seal {number}: it was changed, a head of it, or the seal before it", _RESTORE
                )
            before, number = row.hash, row.number
            if against is not None and row.number == against.number:
                found = row
    noted = connection.scalar(select(meta.c.value).where(meta.c.name == SEALED))
    if noted is not None and noted != f"{number} {before}":
        yield _fault("E-AUDIT-SEAL", f"seal {number} is not the last one that was made: seals were removed", _RESTORE)
    elif noted is None and number:
        yield _fault("E-AUDIT-SEAL", "the note of the last seal was removed", _RESTORE)
    if against is not None:
        yield from _compared(against, found)


def events_of(connection: Connection) -> int:
    """How many events there are."""
    return connection.scalar(select(func.count()).select_from(events)) or 0


def _tuples(connection: Connection, number: int) -> Iterator[tuple[str, int, str]]:
    with connection.execute(_sealed, {"of": number}) as rows:
        for row in rows:
            yield row.lane, row.sequence, row.head


def _compared(against: Seal, found: Row[Any] | None) -> Iterator[Finding]:
    when = against.at.isoformat()
    if found is None:
        message = f"the ledger has no seal {against.number}, which was noted outside of it at {when}"
    elif found.hash != against.hash or found.at != against.at:
        message = f"seal {against.number} of {when} is another one than was noted outside of the ledger"
    else:
        return
    hint = f"its history up to then was rewritten, or the file is of another ledger; {_RESTORE}"
    yield _fault("E-AUDIT-REWRITTEN", message, hint)


def _hash(head: str, row: Sequence[Any]) -> str | None:
    """The hash that the event of ``row`` should have; None where a column holds what none can."""
    number, lane, sequence, *facts = row[:-1]
    try:
        return event_hash(head, [lane, sequence, number, *facts])
    except (TypeError, ValueError):
        return None


def _gap(lane: str, wanted: int, at: Any, number: Any) -> Finding:
    if isinstance(at, int) and at > wanted:
        missing = f"event {wanted} is" if at == wanted + 1 else f"events {wanted} to {at - 1} are"
        return _fault("E-AUDIT-MISSING", f"lane {lane}: {missing} missing; {at} (id {number}) comes next", _RESTORE)
    return _fault("E-AUDIT-INSERTED", f"lane {lane}: event {at} (id {number}) was inserted", _RESTORE)


def _changed(lane: str, sequence: Any, number: Any) -> Finding:
    message = f"lane {lane}: event {sequence} (id {number}) was changed, or is not the one that followed the one before"
    return _fault("E-AUDIT-CHANGED", message, _RESTORE)


def _rewritten(lane: str, sealed: Any, number: Any) -> Finding:
    message = f"lane {lane}: event {sealed.sequence} (id {number}) has another hash than seal {sealed.seal} noted"
    return _fault("E-AUDIT-REWRITTEN", message, f"the lane's history up to it was rewritten; {_RESTORE}")


def _end(connection: Connection, lane: str, sequence: int, head: str, *, cut: bool) -> Iterator[Finding]:
    """What the lane's own row says of its last event."""
    stored = connection.execute(_lane, {"of": lane}).one_or_none()
    if stored is None:
        yield _fault("E-AUDIT-LANE", f"lane {lane}: its row was removed; its events end with {sequence}", _RESTORE)
    elif stored.sequence < sequence:
        message = f"lane {lane}: its row was set back to event {stored.sequence}, and its events end with {sequence}"
        yield _fault("E-AUDIT-LANE", message, _RESTORE)
    elif stored.sequence > sequence and not cut:
        message = f"lane {lane}: events {sequence + 1} to {stored.sequence} are missing at its end"
        yield _fault("E-AUDIT-CUT", message, _RESTORE)
    elif stored.sequence == sequence and stored.head != head:
        message = f"lane {lane}: its row names another hash of event {sequence} than the event has"
        yield _fault("E-AUDIT-LANE", message, _RESTORE)


def _fault(code: str, message: str, hint: str) -> Finding:
    return Finding(code=code, message=message, hint=hint)
