"""Circuit breakers: a connection that is wrong (login, certificate, address) is left alone for a while."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from transload.canonical.findings import Finding
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import upsert
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.receipts import as_rows
from transload.runner.ledger.schema import breakers

FIRST_REST = timedelta(minutes=1)
LONGEST_REST = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Breaker:
    """An open breaker: nothing is tried at ``connection`` before ``open_until``, then one call (half-open)."""

    connection: str
    trips: int
    opened_at: datetime
    open_until: datetime
    settings: str
    findings: Sequence[Mapping[str, Any]]

    def holds(self, settings: str, now: datetime) -> bool:
        """Whether the connection with these settings is left alone; not when the clock was set back since."""
        return self.settings == settings and self.opened_at <= now < self.open_until


class Breakers:
    """The breakers that are open or half-open; a connection without one is well."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, connection: str) -> Breaker | None:
        """The breaker of a connection; None when it is closed."""
        return next((breaker for breaker in self.list() if breaker.connection == connection), None)

    def list(self) -> list[Breaker]:
        """All breakers that are not closed."""
        with self._database.read() as reading:
            return [
                Breaker(**row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
                for row in reading.execute(select(breakers).order_by(breakers.c.connection))
            ]

    def open(self, connection: str, *, settings: str, findings: Sequence[Finding], now: datetime, lane: str) -> Breaker:
        """Open the breaker, each time for twice as long, from a minute to an hour.

        ``settings`` is the digest of what describes the connection: when that has
        changed, a person has been at work, and the breaker no longer counts.
        """

        def work(writing: Connection) -> Breaker:
            journal = Journal(writing, lane, now)
            query = select(breakers.c.trips).where(breakers.c.connection == connection).with_for_update()
            trips = writing.scalar(query) or 0  # of two lanes that open a new one at once, both say so: it is one trip
            rest = min(FIRST_REST * 2 ** min(trips, 16), LONGEST_REST)
            row = {
                "connection": connection,
                "trips": trips + 1,
                "opened_at": now,
                "open_until": now + rest,
                "settings": settings,
                "findings": as_rows(findings),
            }
            upsert(writing, breakers, [row])
            journal.record("BREAKER_OPENED", detail={"connection": connection, "seconds": rest.total_seconds()})
            journal.flush()
            return Breaker(**row)

        return self._database.write(work, lane=lane)

    def close(self, connection: str, now: datetime, *, lane: str) -> None:
        """Close the breaker: the connection works again, or a person says so."""

        def work(writing: Connection) -> None:
            journal = Journal(writing, lane, now)
            if writing.execute(delete(breakers).where(breakers.c.connection == connection)).rowcount:
                journal.record("BREAKER_CLOSED", detail={"connection": connection})
                journal.flush()

        self._database.write(work, lane=lane)
