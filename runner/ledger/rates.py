"""How often connections may be called: a token bucket for each, shared by all who work on the ledger.

It is kept as the one moment up to which calls are paid for (the generic cell rate algorithm of ATM Forum TM 4.0): a
call pays for an interval, and may be ahead of the clock by as many intervals as may follow each other at once.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_missing
from transload.runner.ledger.schema import rates


class Rates:
    """The buckets of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, connection: str, most: int, *, interval: timedelta, burst: int, now: datetime) -> tuple[int, float]:
        """Up to ``most`` calls: gives how many may be made now, and in how many seconds the next may be."""

        def work(writing: Connection) -> tuple[int, float]:
            insert_missing(writing, rates, [{"connection": connection, "paid_until": now}])
            row = rates.c.connection == connection
            ahead = interval * burst
            paid = writing.scalar(select(rates.c.paid_until).where(row).with_for_update())
            assert paid is not None
            paid = min(max(paid, now), now + ahead)  # a clock that was ahead has not paid for hours
            granted = min(most, (now + ahead - paid) // interval)
            paid += granted * interval
            writing.execute(rates.update().where(row).values(paid_until=paid))
            wait = (paid + interval - now - ahead).total_seconds()
            return granted, max(0.0, wait)

        return self._database.write(work)
