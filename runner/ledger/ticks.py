"""Ticks: a schedule fires once at each of its times, whoever is there to fire it."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_new
from transload.runner.ledger.schema import ticks


class Ticks:
    """The times at which schedules have fired."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fire(self, schedule: str, fire_time: datetime, now: datetime, *, missed: int = 0) -> bool:
        """Claim a time; False when another process was first.  ``missed`` counts the times that passed unattended."""
        row = {"schedule": schedule, "fire_time": fire_time, "fired_at": now, "missed": missed}

        def work(connection: Connection) -> bool:
            return insert_new(connection, ticks, row) is not None

        return self._database.write(work)

    def last(self, schedule: str) -> datetime | None:
        """The last time at which the schedule fired."""
        with self._database.read() as connection:
            query = select(func.max(ticks.c.fire_time)).where(ticks.c.schedule == schedule)
            last: datetime | None = connection.scalar(query)
            return last
