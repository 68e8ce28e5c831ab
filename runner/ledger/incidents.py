"""Incidents: what is wrong and waits for somebody, opened once, changed, and closed by what comes late or by a person.

Two things see to it that many processes tell a thing once: what happened has a ``key``, which is never used again, and
what it is about, the ``subject``, has one open incident at a time.  Whoever inserts first has told it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_new, upsert
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.references import NotFound
from transload.runner.ledger.repeating import NotPossible
from transload.runner.ledger.schema import expectations, incident_members, incidents

LANE = "incidents"
"""The lane of their events."""
Severity = Literal["warning", "error"]
_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Opening:
    """An incident to be opened, unless its key is known or its subject has an open one.

    ``members`` are the ids of deliveries, documents or receipts (as the source has it) that belong to it.
    ``lasting`` ones end by themselves and cannot be closed by a person before.
    """

    source: str
    subject: str
    key: str
    severity: Severity
    partner: str | None
    about: str
    title: str
    hint: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    lasting: bool = False
    members: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """New values of an open incident; ``members`` are added."""

    incident: int
    title: str
    count: int
    detail: Mapping[str, Any] = field(default_factory=dict)
    members: Sequence[int] = ()


@dataclass(frozen=True, kw_only=True)
class Closing:
    """An incident that has ended; ``why`` in words."""

    incident: int
    why: str


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What one look came to: changes of incidents, and by name how far expectations are judged and what they know."""

    changes: Sequence[Opening | Change | Closing] = ()
    states: Mapping[str, tuple[datetime, Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Incident:
    """An incident as the ledger keeps it."""

    id: int
    key: str
    subject: str
    source: str
    severity: Severity
    partner: str | None
    about: str
    title: str
    hint: str
    detail: Mapping[str, Any]
    count: int
    lasting: bool
    opened_at: datetime
    changed_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    note: str | None

    @property
    def ref(self) -> str:
        """How people name it: ``i12``."""
        return f"i{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether it still waits."""
        return self.closed_at is None

    def as_dict(self) -> dict[str, Any]:
        """It as JSON values, moments as ISO texts in UTC."""
        values = {"ref": self.ref, **vars(self)}
        del values["key"], values["subject"]
        return {
            name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
            for name, value in values.items()
        }


class Incidents:
    """The incidents of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take_turn(self, name: str, now: datetime, span: timedelta) -> bool:
        """Whether it is this process's turn to do what ``name`` is: nobody else has done it within ``span``.

        A last look that lies in the future, since the clock was set back, does not count.
        """
        turn = _TURN + name
        row = {"name": turn, "judged_until": now, "state": {}}
        free = (expectations.c.judged_until <= now - span) | (expectations.c.judged_until > now)

        def work(connection: Connection) -> bool:
            if insert_new(connection, expectations, row) is not None:
                return True
            changing = expectations.update().where(expectations.c.name == turn, free).values(judged_until=now)
            return connection.execute(changing).rowcount == 1

        return self._database.write(work)

    def states(self) -> dict[str, tuple[datetime, dict[str, Any]]]:
        """By expectation, how far it is judged, and what it knows."""
        with self._database.read() as connection:
            return _states(connection)

    def seen(self) -> tuple[dict[str, tuple[datetime, dict[str, Any]]], list[Incident]]:
        """`states` and `waiting` at one moment: what is judged and what came of it belong together."""
        with self._database.read() as connection:
            rows = connection.execute(_open_ones().limit(_MOST))
            return _states(connection), [_incident(row) for row in rows]

    def apply(self, judged: Judged, now: datetime) -> list[Incident]:
        """Write what a look came to, in one transaction; gives the incidents that it opened or closed."""

        def work(connection: Connection) -> list[int]:
            told = []
            journal = Journal(connection, LANE, now) if judged.changes else None
            for change in judged.changes:
                assert journal is not None
                if isinstance(change, Opening):
                    told += _open(connection, journal, change)
                elif isinstance(change, Change):
                    _change(connection, journal, change)
                else:
                    told += _close(connection, journal, change)
            if journal is not None:
                journal.flush()
            rows = [
                {"name": name, "judged_until": until, "state": dict(state)}
                for name, (until, state) in judged.states.items()
            ]
            upsert(connection, expectations, rows)
            return told

        if not judged.changes and not judged.states:
            return []
        told = self._database.write(work, lane=LANE if judged.changes else None)
        return self.named(told)

    def named(self, ids: Sequence[int]) -> list[Incident]:
        """The incidents with these ids that there are."""
        with self._database.read() as connection:
            query = select(incidents).where(incidents.c.id.in_(ids)).order_by(incidents.c.id)
            return [_incident(row) for row in connection.execute(query)] if ids else []

    def get(self, incident: int) -> Incident:
        """The incident; raises `NotFound`."""
        found = self.named([incident])
        if not found:
            raise NotFound(f"the ledger holds no incident i{incident}", hint="transload incidents lists them")
        return found[0]

    def waiting(
        self, *, closed: bool = False, partner: str | None = None, source: str | None = None, limit: int = _MOST
    ) -> list[Incident]:
        """The incidents that are open, errors first; with ``closed`` all of them, the newest first."""
        query = (select(incidents).order_by(incidents.c.id.desc()) if closed else _open_ones()).limit(limit)
        if partner is not None:
            query = query.where(incidents.c.partner == partner)
        if source is not None:
            query = query.where(incidents.c.source == source)
        with self._database.read() as connection:
            return [_incident(row) for row in connection.execute(query)]

    def members(self, incident: int, limit: int = 1000) -> list[int]:
        """The ids of what belongs to it, in order."""
        query = select(incident_members.c.member).where(incident_members.c.incident_id == incident)
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(incident_members.c.member).limit(limit)))

    def acknowledge(self, incident: int, now: datetime, *, by: str, note: str | None = None) -> None:
        """Note that somebody looks after it: it is not told again.  Raises `NotFound`, `NotPossible` when closed."""
        values = {"acknowledged_at": now, "acknowledged_by": by}
        self._by_hand(incident, now, "INCIDENT_ACKNOWLEDGED", values, by=by, note=note)

    def close(self, incident: int, now: datetime, *, by: str, note: str | None = None) -> None:
        """Close it by hand.  Raises `NotFound`, and `NotPossible` when it is closed, or ends only by itself."""
        self._by_hand(incident, now, "INCIDENT_CLOSED", {"closed_at": now, "closed_by": by}, by=by, note=note)

    def _by_hand(
        self, incident: int, now: datetime, what: str, values: dict[str, Any], *, by: str, note: str | None
    ) -> None:
        found = self.get(incident)
        if "closed_at" in values and found.lasting and found.is_open:
            hint = f"it ends when that is over; acknowledge it ({found.ref} --acknowledge), and it is not told again"
            raise NotPossible(f"{found.ref} lasts: {found.title}", hint=hint)
        values = {**values, "changed_at": now, **({"note": note} if note is not None else {})}

        def work(connection: Connection) -> None:
            journal = Journal(connection, LANE, now)
            still = (incidents.c.id == incident, incidents.c.closed_at.is_(None))
            if not connection.execute(incidents.update().where(*still).values(values)).rowcount:
                raise NotPossible(f"{found.ref} is closed already")
            journal.record(what, detail={"incident": incident, "by": by, **({"note": note} if note else {})})
            journal.flush()

        self._database.write(work, lane=LANE)


_TURN = "turn "


def _states(connection: Connection) -> dict[str, tuple[datetime, dict[str, Any]]]:
    rows = connection.execute(select(expectations).where(~expectations.c.name.startswith(_TURN)))
    return {row.name: (row.judged_until, row.state) for row in rows}


def _open_ones() -> Select[Any]:
    return select(incidents).where(incidents.c.closed_at.is_(None)).order_by(incidents.c.severity, incidents.c.id)


def _open(connection: Connection, journal: Journal, opening: Opening) -> list[int]:
    row = {
        "key": opening.key,
        "subject": opening.subject,
        "source": opening.source,
        "severity": opening.severity,
        "partner": opening.partner,
        "about": opening.about,
        "title": opening.title,
        "hint": opening.hint,
        "detail": dict(opening.detail),
        "count": opening.count,
        "lasting": opening.lasting,
        "opened_at": journal.at,
        "changed_at": journal.at,
    }
    incident: int | None = insert_new(connection, incidents, row)
    if incident is None:
        return []
    _add_members(connection, opening.source, incident, opening.members)
    facts = {"incident": incident, "source": opening.source, "about": opening.about, "count": opening.count}
    journal.record("INCIDENT_OPENED", detail=facts)
    return [incident]


def _change(connection: Connection, journal: Journal, change: Change) -> None:
    values = {"title": change.title, "count": change.count, "detail": dict(change.detail), "changed_at": journal.at}
    still = (incidents.c.id == change.incident, incidents.c.closed_at.is_(None))
    if connection.execute(incidents.update().where(*still).values(values)).rowcount:
        source = connection.execute(select(incidents.c.source).where(incidents.c.id == change.incident)).scalar_one()
        _add_members(connection, source, change.incident, change.members)
        journal.record("INCIDENT_CHANGED", detail={"incident": change.incident, "count": change.count})


def _close(connection: Connection, journal: Journal, closing: Closing) -> list[int]:
    still = (incidents.c.id == closing.incident, incidents.c.closed_at.is_(None))
    values = {"closed_at": journal.at, "changed_at": journal.at, "note": closing.why}
    if not connection.execute(incidents.update().where(*still).values(values)).rowcount:
        return []
    journal.record("INCIDENT_CLOSED", detail={"incident": closing.incident, "why": closing.why})
    return [closing.incident]


def _add_members(connection: Connection, source: str, incident: int, members: Sequence[int]) -> None:
    """Let them belong to ``incident``, also those that belonged to one that has ended."""
    rows = [{"source": source, "member": member, "incident_id": incident} for member in members]
    upsert(connection, incident_members, rows)


def incident_of(values: Mapping[str, Any]) -> Incident:
    """The incident whose row has these values."""
    return Incident(**values)


def _incident(row: Row[Any]) -> Incident:
    return incident_of(dict(row._mapping))  # noqa: SLF001  # SQLAlchemy's public name for it
