"""Ticks: a schedule fires once at each of its times, whoever fires it, and what it asks for is done for sure.

A tick stays open until its route was asked.  So a worker that ends in the midst of it is followed by another, and a
partner who cannot be reached is asked again.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, or_, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_new
from transload.runner.ledger.schema import ticks

KEPT = timedelta(days=90)
"""How long ticks are kept that are done with."""


class Ticks:
    """The times at which schedules have fired."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fire(self, schedule: str, fire_time: datetime, now: datetime, *, missed: int = 0) -> bool:
        """Claim a time; False when another process was first.  ``missed`` counts the times that passed unattended."""
        row = {
            "schedule": schedule,
            "fire_time": fire_time,
            "fired_at": now,
            "missed": missed,
            "tries": 0,
            "next_at": now,
        }
        old = delete(ticks).where(
            ticks.c.schedule == schedule, ticks.c.finished_at.is_not(None), ticks.c.fire_time < fire_time - KEPT
        )

        def work(connection: Connection) -> bool:
            if insert_new(connection, ticks, row) is None:
                return False
            connection.execute(old)
            return True

        return self._database.write(work)

    def last(self, schedule: str) -> datetime | None:
        """The last time at which the schedule fired."""
        with self._database.read() as connection:
            query = select(func.max(ticks.c.fire_time)).where(ticks.c.schedule == schedule)
            last: datetime | None = connection.scalar(query)
            return last

    def forget_ahead(self, schedule: str, moment: datetime, *, least: int) -> int:
        """Forget the times after ``moment``, where the schedule has fired at as many: they come again.

        Gives how many.  What one of them asked for and is not done stays.
        """
        ahead = (ticks.c.schedule == schedule, ticks.c.fire_time > moment)

        def work(connection: Connection) -> int:
            count = connection.scalar(select(func.count()).select_from(ticks).where(*ahead)) or 0
            if count < least:
                return 0
            connection.execute(delete(ticks).where(*ahead, ticks.c.finished_at.is_not(None)))
            return count

        return self._database.write(work)

    def due(self, now: datetime, schedule: str | None = None) -> list[str]:
        """The schedules (of ``schedule`` alone) whose ticks ask for something now."""
        query = (
            select(ticks.c.schedule)
            .where(ticks.c.finished_at.is_(None), or_(ticks.c.next_at <= now, ticks.c.fired_at > now))
            .distinct()
        )
        if schedule is not None:
            query = query.where(ticks.c.schedule == schedule)
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def done(self, schedule: str, began: datetime, now: datetime) -> None:
        """What was asked for up to ``began`` is done."""
        open_ones = (ticks.c.schedule == schedule, ticks.c.finished_at.is_(None))
        with self._database.read() as connection:
            if connection.scalar(select(func.count()).select_from(ticks).where(*open_ones)) == 0:
                return
        past = or_(ticks.c.fired_at <= began, ticks.c.fired_at > now)  # the clock was ahead then
        self._database.write(lambda connection: _count(connection, *open_ones, past, finished_at=now))

    def again(self, schedule: str, began: datetime, next_at: datetime | None, now: datetime) -> None:
        """What was asked for up to ``began`` could not be done: it is tried at ``next_at``; None gives it up."""
        open_ones = (ticks.c.schedule == schedule, ticks.c.finished_at.is_(None), ticks.c.fired_at <= began)
        values = {"finished_at": now} if next_at is None else {"next_at": next_at}
        self._database.write(lambda connection: _count(connection, *open_ones, tries=ticks.c.tries + 1, **values))

    def wait(self, schedule: str, until: datetime) -> None:
        """What is asked for is not to be tried before ``until``; that is no failure."""
        open_ones = (ticks.c.schedule == schedule, ticks.c.finished_at.is_(None))
        self._database.write(lambda connection: _count(connection, *open_ones, next_at=until))

    def tries(self, schedule: str) -> tuple[int, datetime | None]:
        """How often what is asked for now was tried in vain, and since when it has been asked for."""
        query = select(func.max(ticks.c.tries), func.min(ticks.c.fired_at)).where(
            ticks.c.schedule == schedule, ticks.c.finished_at.is_(None)
        )
        with self._database.read() as connection:
            tries, since = connection.execute(query).one()
        return tries or 0, since


def _count(connection: Connection, *conditions: ColumnElement[bool], **values: Any) -> int:
    return connection.execute(ticks.update().where(*conditions).values(**values)).rowcount
