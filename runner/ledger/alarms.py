"""What is to be told of incidents, to whom: kept until it is sent, so that no restart and no dead server loses it.

A notice says that a channel is to tell that an incident was opened, is still there, or is over; each is made once.
An alarm is one message that tells several notices, its words frozen; it is tried until it is sent or given up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, and_, delete, func, or_, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_missing
from transload.runner.ledger.incidents import Incident, incident_of
from transload.runner.ledger.schema import alarm_notices, alarms, incidents

What = Literal["opened", "repeated", "closed"]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a channel has been given to tell of an incident: the last notice, and whether any has left."""

    incident: Incident
    what: What | None = None
    number: int = 0
    at: datetime | None = None
    left: bool = False


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A notice that has not left yet."""

    incident: Incident
    what: What
    number: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A message that is to be sent."""

    id: int
    channel: str
    made_at: datetime
    body: Mapping[str, Any] = field(repr=False)
    tries: int = 0


class Alarms:
    """Notices and messages."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self, channel: str) -> list[Told]:
        """What ``channel`` knows of each open incident, and of those closed ones of which it knows."""
        notices = alarm_notices.alias()
        query = (
            select(incidents, notices.c.what, notices.c.number, notices.c.at, notices.c.alarm_id)
            .outerjoin(notices, and_(notices.c.incident_id == incidents.c.id, notices.c.channel == channel))
            .where(or_(incidents.c.closed_at.is_(None), incidents.c.id.in_(_unended(channel))))
            .order_by(incidents.c.id)
        )
        found: dict[int, Told] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                values = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it
                what, number, at, alarm = (values.pop(name) for name in ("what", "number", "at", "alarm_id"))
                last = Told(incident=incident_of(values), what=what, number=number or 0, at=at, left=alarm is not None)
                found[row.id] = _later(found.get(row.id), last)
        return list(found.values())

    def note(self, channel: str, notices: Sequence[tuple[int, What, int]], now: datetime) -> None:
        """Make notices: incident, what, and number; those that there are stay as they are."""
        rows = [
            {"incident_id": incident, "channel": channel, "what": what, "number": number, "at": now}
            for incident, what, number in notices
        ]
        if rows:
            self._database.write(lambda connection: insert_missing(connection, alarm_notices, rows))

    def forget(self, channel: str, closed: Sequence[int]) -> None:
        """Drop the notices of incidents that are over, and of which nothing is to be told any more."""

        def work(connection: Connection) -> None:
            of = (alarm_notices.c.channel == channel, alarm_notices.c.incident_id.in_(closed))
            connection.execute(delete(alarm_notices).where(*of))

        if closed:
            self._database.write(work)

    def waiting(self, channel: str) -> list[Notice]:
        """The notices of ``channel`` that have not left, the oldest first."""
        query = (
            select(incidents, alarm_notices.c.what, alarm_notices.c.number, alarm_notices.c.at)
            .join(alarm_notices, alarm_notices.c.incident_id == incidents.c.id)
            .where(alarm_notices.c.channel == channel, alarm_notices.c.alarm_id.is_(None))
            .order_by(alarm_notices.c.at, incidents.c.id)
        )
        with self._database.read() as connection:
            found = []
            for row in connection.execute(query):
                values = dict(row._mapping)  # noqa: SLF001
                what, number, at = (values.pop(name) for name in ("what", "number", "at"))
                found.append(Notice(incident=incident_of(values), what=what, number=number, at=at))
            return found

    def made_since(self, channel: str, since: datetime) -> int:
        """How many messages of ``channel`` were made since then."""
        query = select(func.count()).where(alarms.c.channel == channel, alarms.c.made_at > since)
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def make(self, channel: str, notices: Sequence[Notice], body: Mapping[str, Any], now: datetime) -> None:
        """Make one message of ``notices``, which then have left."""
        row = {
            "channel": channel,
            "made_at": now,
            "body": dict(body),
            "tries": 0,
            "next_at": now,
            "sent": False,
        }

        def work(connection: Connection) -> None:
            (alarm,) = connection.execute(alarms.insert(), row).inserted_primary_key or (0,)
            for notice in notices:
                of = alarm_notices.c
                connection.execute(
                    alarm_notices.update()
                    .where(of.incident_id == notice.incident.id, of.channel == channel)
                    .where(of.what == notice.what, of.number == notice.number)
                    .values(alarm_id=alarm)
                )

        self._database.write(work)

    def due(self, now: datetime) -> list[Alarm]:
        """The messages to be sent now, the oldest first; one of the future, since the clock was set back, is due."""
        query = (
            select(alarms)
            .where(alarms.c.finished_at.is_(None), or_(alarms.c.next_at <= now, alarms.c.made_at > now))
            .order_by(alarms.c.id)
        )
        with self._database.read() as connection:
            return [
                Alarm(id=row.id, channel=row.channel, made_at=row.made_at, body=row.body, tries=row.tries)
                for row in connection.execute(query)
            ]

    def claim(self, alarm: Alarm, until: datetime) -> bool:
        """Whether it is ours to send, until then: False when another process has it."""
        mine = (alarms.c.id == alarm.id, alarms.c.tries == alarm.tries, alarms.c.finished_at.is_(None))
        values = {"tries": alarm.tries + 1, "next_at": until}

        def work(connection: Connection) -> bool:
            return connection.execute(alarms.update().where(*mine).values(values)).rowcount == 1

        return self._database.write(work)

    def sent(self, alarm: Alarm, now: datetime) -> None:
        """Note that it was sent."""
        self._set(alarm, {"finished_at": now, "sent": True, "error": None})

    def failed(self, alarm: Alarm, now: datetime, *, error: str, next_at: datetime | None) -> None:
        """Note that it could not be sent; without ``next_at`` it is given up."""
        later = {"finished_at": now} if next_at is None else {"next_at": next_at}
        self._set(alarm, {"error": error, **later})

    def unsent(self) -> list[dict[str, Any]]:
        """What waits to be sent, or was given up, the newest first: channel, tries, error."""
        query = select(alarms).where(alarms.c.sent.is_(False)).order_by(alarms.c.id.desc()).limit(100)
        with self._database.read() as connection:
            return [
                {
                    "channel": row.channel,
                    "made_at": row.made_at.isoformat(),
                    "tries": row.tries,
                    "given_up": row.finished_at is not None,
                    "error": row.error,
                }
                for row in connection.execute(query)
            ]

    def _set(self, alarm: Alarm, values: Mapping[str, Any]) -> None:
        self._database.write(lambda connection: connection.execute(_of(alarm).values(dict(values))))


def _later(before: Told | None, found: Told) -> Told:
    """The later of two notices of one incident."""
    if before is None:
        return found
    assert before.at is not None
    assert found.at is not None  # there is one row alone of an incident without notices
    last = found if (found.at, found.number) > (before.at, before.number) else before
    return replace(last, left=before.left or found.left)


def _of(alarm: Alarm) -> Any:
    return alarms.update().where(alarms.c.id == alarm.id)


def _unended(channel: str) -> Any:
    """Incidents of which a channel has a notice, and none that it is over."""
    notices, ended = alarm_notices.alias(), alarm_notices.alias()
    over = (
        select(ended.c.incident_id)
        .where(ended.c.incident_id == notices.c.incident_id, ended.c.channel == channel, ended.c.what == "closed")
        .exists()
    )
    return select(notices.c.incident_id).where(notices.c.channel == channel, ~over)
