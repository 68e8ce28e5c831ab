"""What the ledger has to forget when the machine's clock was set back: waits that were counted from times to come.

What waits until a time does not tell how long it was to wait.  So all that was set after now, as the clock has it
again, is due at once: a retry that is too early costs a call, one that is an hour late costs an hour.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.schema import alarms, attempts, deliveries, events, lanes, ticks
from transload.runner.ledger.states import State

TOLERANCE = timedelta(seconds=10)
"""Clocks of machines that share a ledger may differ by so much; a smaller leap is none."""
_last_event = select(events.c.at).order_by(events.c.id.desc()).limit(1)
_last_tick = select(func.max(ticks.c.fired_at)).where(ticks.c.finished_at.is_(None))
"""Of those that are open: of all there may be millions."""


class Leaps:
    """Puts right what a ledger says of the time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_ahead(self, now: datetime) -> bool:
        """Whether something has happened later than ``now``: the clock was set back while nobody worked."""
        with self._database.read() as connection:
            moments = connection.scalar(_last_event), connection.scalar(_last_tick)
        return any(moment is not None and moment > now + TOLERANCE for moment in moments)

    def put_right(self, now: datetime) -> int:
        """Let be due what was put off after ``now``, as the clock is again; gives how many deliveries were."""
        late = now + TOLERANCE
        tried = (
            select(attempts.c.delivery_id)
            .where(attempts.c.delivery_id == deliveries.c.id, attempts.c.started_at > late)
            .exists()
        )
        waiting = (deliveries.c.finished_at.is_(None), deliveries.c.state == State.RETRY_AT.value)

        def work(connection: Connection) -> int:
            connection.execute(lanes.update().where(lanes.c.wait_until > now).values(wait_until=None))
            opened = ticks.update().where(ticks.c.finished_at.is_(None))
            connection.execute(opened.where(ticks.c.fired_at > now).values(fired_at=now))
            connection.execute(opened.where(ticks.c.next_at > now).values(next_at=now))
            connection.execute(
                alarms.update().where(alarms.c.finished_at.is_(None), alarms.c.next_at > now).values(next_at=now)
            )
            hastened = deliveries.update().where(*waiting, deliveries.c.next_at > late, tried).values(next_at=now)
            return connection.execute(hastened).rowcount

        return self._database.write(work)
