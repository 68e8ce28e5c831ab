"""Figures of the ledger as a whole, for those who watch it: how much waits and since when, and how much there is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, func, select

from transload.runner.ledger.breakers import Breaker
from transload.runner.ledger.database import Database
from transload.runner.ledger.gathering import GATHERED, gatherings
from transload.runner.ledger.schema import alarms, breakers, deliveries, documents, incidents, lanes, receipts, ticks

READING = "in:"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits at one moment; it is found by indexes of unfinished rows, whatever the ledger holds besides.

    ``lanes`` are numbers by lane and state, ``oldest`` the moments since when the first of each lane waits.
    ``incidents`` are numbers by source, severity and partner; ``ticks`` are the last time that each schedule fired,
    and when it did.
    """

    lanes: Mapping[tuple[str, str], int]
    oldest: Mapping[str, datetime]
    paused: frozenset[str]
    breakers: Mapping[str, Breaker]
    incidents: Mapping[tuple[str, str, str | None], int]
    unacknowledged: Mapping[str, int]
    alarms: int
    ticks: Mapping[str, tuple[datetime, datetime]]


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How much there is of everything, by route and state: all rows are counted, so ask seldom."""

    receipts: Mapping[tuple[str, str], int]
    documents: Mapping[tuple[str, str], int]
    deliveries: Mapping[tuple[str, str], int]
    mapped_again: int
    sent_again: int


class Figures:
    """Counts what is in a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, schedules: Iterable[str] = ()) -> Waiting:
        """What waits now, and when each of ``schedules`` fired.  Raises `LedgerError`."""
        with self._database.read() as connection:
            numbers, oldest = _lanes(connection)
            opened = select(incidents.c.source, incidents.c.severity, incidents.c.partner, func.count()).where(
                incidents.c.closed_at.is_(None)
            )
            alone = select(incidents.c.severity, func.count()).where(
                incidents.c.closed_at.is_(None), incidents.c.acknowledged_at.is_(None)
            )
            unsent = select(func.count()).select_from(alarms).where(alarms.c.finished_at.is_(None))
            return Waiting(
                lanes=numbers,
                oldest=oldest,
                paused=frozenset(connection.scalars(select(lanes.c.name).where(lanes.c.paused.is_(True)))),
                breakers={
                    row.connection: Breaker(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
                    for row in connection.execute(select(breakers))
                },
                incidents={
                    (row[0], row[1], row[2]): row[3]
                    for row in connection.execute(opened.group_by(*opened.selected_columns[:3]))
                },
                unacknowledged={row[0]: row[1] for row in connection.execute(alone.group_by(incidents.c.severity))},
                alarms=connection.scalar(unsent) or 0,
                ticks=_ticks(connection, schedules),
            )

    def totals(self) -> Totals:
        """How much there is.  Raises `LedgerError`."""
        with self._database.read() as connection:
            return Totals(
                receipts=_by_state(connection, receipts, "route"),
                documents=_by_state(connection, documents, "route"),
                deliveries=_by_state(connection, deliveries, "target"),
                mapped_again=_replays(connection, documents),
                sent_again=_replays(connection, deliveries),
            )


def _lanes(connection: Connection) -> tuple[dict[tuple[str, str], int], dict[str, datetime]]:
    numbers: dict[tuple[str, str], int] = {}
    oldest: dict[str, datetime] = {}
    reading = (
        select(receipts.c.route, receipts.c.state, func.count(), func.min(receipts.c.received_at))
        .where(receipts.c.finished_at.is_(None))
        .group_by(receipts.c.route, receipts.c.state)
    )
    leaving = (
        select(deliveries.c.lane, deliveries.c.state, func.count(), func.min(deliveries.c.staged_at))
        .where(deliveries.c.finished_at.is_(None))
        .group_by(deliveries.c.lane, deliveries.c.state)
    )
    for batch in gatherings(connection):
        numbers[batch.lane, GATHERED] = batch.documents
        if batch.leaves_at is not None:
            oldest[batch.lane] = batch.leaves_at  # they have waited too long from then on
    for begin, query in ((READING, reading), ("", leaving)):
        for name, state, count, since in connection.execute(query):
            lane = f"{begin}{name}"
            numbers[lane, state] = count
            oldest[lane] = min(since, oldest.get(lane, since))
    return numbers, oldest


def _ticks(connection: Connection, schedules: Iterable[str]) -> dict[str, tuple[datetime, datetime]]:
    found = {}
    for name in schedules:  # one seek in the index for each, however many ticks there are
        query = select(ticks.c.fire_time, ticks.c.fired_at).where(ticks.c.schedule == name)
        row = connection.execute(query.order_by(ticks.c.fire_time.desc()).limit(1)).one_or_none()
        if row is not None:
            found[name] = (row.fire_time, row.fired_at)
    return found


def _by_state(connection: Connection, table: Table, way: str) -> dict[tuple[str, str], int]:
    query = select(table.c[way], table.c.state, func.count()).group_by(table.c[way], table.c.state)
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def _replays(connection: Connection, table: Table) -> int:
    query = select(func.count()).select_from(table).where(table.c.origin_id.is_not(None))
    return connection.scalar(query) or 0
