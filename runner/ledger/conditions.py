"""What the ledger shows to be wrong: deliveries and documents that wait for people, open breakers, lanes that stand.

Dead, rejected, unknown and quarantined things are found by their state; each belongs to one incident, once.  What was
done again (replayed, mapped again, resolved) needs nobody any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, FromClause, Table, and_, func, null, or_, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.decisions import pauses
from transload.runner.ledger.dialects import among
from transload.runner.ledger.following import replayed
from transload.runner.ledger.schema import (
    breakers,
    deliveries,
    delivery_documents,
    documents,
    incident_members,
    incidents,
    lanes,
    quarantined_receipt,
    receipts,
    ticks,
)
from transload.runner.ledger.sequences import waiting_behind
from transload.runner.ledger.states import State

_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class Bad:
    """Something in a state that waits for a person: ``about`` is its route, ``code`` what is wrong.

    Those with the same ``cluster`` have failed in the same way.  ``before`` is the incident that it belonged to, which
    ended by itself since: it was mended, and is wrong again; 0 without one.
    """

    id: int
    about: str
    code: str
    cluster: str
    before: int = 0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A lane with work that is due since ``since``; as long as ``sequence`` stays, nothing has happened on it."""

    lane: str
    count: int
    since: datetime
    paused: bool
    sequence: int


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A delivery behind which ``count`` others of its sequence wait for a person."""

    delivery: int
    route: str
    state: State
    count: int


@dataclass(frozen=True, kw_only=True)
class Vain:
    """A ``target`` (send route) or ``source`` (receive route) that has failed since then.

    ``count`` is how many deliveries wait, or how often the source was asked.
    """

    what: Literal["target", "source"]
    route: str
    since: datetime
    count: int


@dataclass(frozen=True, kw_only=True)
class Kinds:
    """Where things of one kind are found, and how those are told that still wait."""

    table: Table
    waiting: ColumnElement[bool]
    about: ColumnElement[str]
    fingerprint: ColumnElement[Any] | None = None


_carried = delivery_documents.c
_later = documents.alias("later")
_MAPPED_AGAIN = (
    select(_later.c.id)
    .join(delivery_documents, _carried.document_id == _later.c.origin_id)
    .where(_carried.delivery_id == deliveries.c.id)
    .exists()
)
"""Whether a document of a delivery was made anew, which then counts; of one that may have landed nobody knows still."""


def _delivery(state: State) -> Kinds:
    waiting = and_(deliveries.c.state == state.value, ~replayed())
    if state is not State.UNKNOWN:
        waiting = and_(waiting, ~_MAPPED_AGAIN)
    return Kinds(table=deliveries, waiting=waiting, about=deliveries.c.target, fingerprint=deliveries.c.fingerprint)


_newer = deliveries.alias("made_later")
_MADE_LATER = (
    select(_newer.c.id)
    .where(
        _newer.c.receipt_id == deliveries.c.receipt_id,
        _newer.c.target == deliveries.c.target,
        _newer.c.kind == deliveries.c.kind,
        _newer.c.id > deliveries.c.id,
    )
    .exists()
)
_OF_DOCUMENTS = select(delivery_documents.c.document_id).where(delivery_documents.c.delivery_id == deliveries.c.id)
_KINDS: dict[str, Kinds] = {
    "dead": _delivery(State.DEAD),
    "rejected": _delivery(State.REJECTED),
    "unknown": _delivery(State.UNKNOWN),
    "quarantined": Kinds(
        table=documents, waiting=documents.c.state == State.QUARANTINED.value, about=documents.c.route
    ),
    "quarantined receipt": Kinds(table=receipts, waiting=quarantined_receipt, about=receipts.c.route),
    # Those of documents have documents that are quarantined as well; these are acknowledgements.
    "quarantined delivery": Kinds(
        table=deliveries,
        waiting=and_(deliveries.c.state == State.QUARANTINED.value, ~_OF_DOCUMENTS.exists(), ~_MADE_LATER),
        about=deliveries.c.target,
    ),
}
KINDS = tuple(_KINDS)
"""The kinds of things that wait for people."""
FAILED = tuple(_KINDS.values())
"""Where they are found."""


class Conditions:
    """What is wrong now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def fresh(self, kind: str) -> list[Bad]:
        """The things of ``kind`` that belong to no incident, the first 10,000.

        One whose incident has ended by itself belongs to none any more; one that a person has closed still does.
        """
        found = _KINDS[kind]
        table, links = found.table, incident_members.c
        ended = and_(incidents.c.closed_at.is_not(None), incidents.c.closed_by.is_(None))
        query = (
            select(
                table.c.id,
                found.about.label("about"),
                table.c.findings,
                _or_null(found).label("fingerprint"),
                links.incident_id,
            )
            .outerjoin(incident_members, and_(links.source == kind, links.member == table.c.id))
            .outerjoin(incidents, incidents.c.id == links.incident_id)
            .where(found.waiting, or_(links.incident_id.is_(None), ended))
            .order_by(table.c.id)
            .limit(_MOST)
        )
        with self._database.read() as connection:
            return [
                Bad(
                    id=row.id,
                    about=row.about,
                    code=code,
                    cluster=row.fingerprint or code,
                    before=row.incident_id or 0,
                )
                for row in connection.execute(query)
                for code in [_code(row.findings)]
            ]

    def lasting(self, kind: str, incident: int) -> int:
        """How many of an incident's things still wait."""
        found = _KINDS[kind]
        joined: FromClause = incident_members.join(found.table, found.table.c.id == incident_members.c.member)
        query = (
            select(func.count())
            .select_from(joined)
            .where(incident_members.c.incident_id == incident, incident_members.c.source == kind, found.waiting)
        )
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def open_breakers(self) -> dict[str, dict[str, Any]]:
        """By connection, what is known of its open breaker."""
        with self._database.read() as connection:
            rows = connection.execute(select(breakers)).mappings()
            return {row["connection"]: dict(row) for row in rows}

    def holding(self) -> list[Holding]:
        """The deliveries behind which others of their sequences wait for a person, by number."""
        with self._database.read() as connection:
            behind = waiting_behind(connection)
            columns = (deliveries.c.id, deliveries.c.target, deliveries.c.state)
            query = select(*columns).where(among(connection, deliveries.c.id, behind)).order_by(deliveries.c.id)
            return [
                Holding(delivery=row.id, route=row.target, state=State(row.state), count=behind[row.id])
                for row in (connection.execute(query) if behind else ())
            ]

    def standing(self, due_before: datetime) -> list[Standing]:
        """The lanes with work due since before then that nobody does, by name; those with an open breaker left out."""
        active = (
            select(
                deliveries.c.lane,
                func.count().label("number"),
                func.min(deliveries.c.next_at).label("since"),
                func.min(deliveries.c.target).label("target"),
                func.min(deliveries.c.connection).label("connection"),
            )
            .where(deliveries.c.finished_at.is_(None), deliveries.c.next_at < due_before, deliveries.c.behind == 0)
            .where(deliveries.c.state.in_([state.value for state in (State.STAGED, State.RETRY_AT, State.SENDING)]))
            .where(deliveries.c.connection.not_in(select(breakers.c.connection)))
            .group_by(deliveries.c.lane)
        )
        reading = (
            select(receipts.c.route, func.count().label("number"), func.min(receipts.c.received_at).label("since"))
            .where(receipts.c.finished_at.is_(None), receipts.c.received_at < due_before)
            .group_by(receipts.c.route)
        )
        with self._database.read() as connection:
            stopped = {(row.kind, row.name) for row in connection.execute(select(pauses.c.kind, pauses.c.name))}
            found = [
                (row.lane, row.number, row.since, not stopped.isdisjoint(_stoppers(row.target, row.connection)))
                for row in connection.execute(active)
            ]
            found += [
                (f"in:{row.route}", row.number, row.since, not stopped.isdisjoint(_stoppers(row.route)))
                for row in connection.execute(reading)
            ]
            state = select(lanes.c.name, lanes.c.paused, lanes.c.sequence)
            known = {
                row.name: (row.paused, row.sequence)
                for row in connection.execute(state.where(lanes.c.name.in_([lane for lane, *_ in found])))
            }
        return [
            Standing(lane=lane, count=count, since=since, paused=paused or stands, sequence=sequence)
            for lane, count, since, stands in sorted(found)
            for paused, sequence in [known.get(lane, (False, 0))]
        ]

    def in_vain(self, before: datetime, *, least: int) -> list[Vain]:
        """The routes that wait for a target or source which has failed ``least`` times, since ``before`` or longer."""
        waiting = (
            select(deliveries.c.target, func.min(deliveries.c.staged_at), func.count())
            .where(deliveries.c.finished_at.is_(None), deliveries.c.state == State.RETRY_AT.value)
            .where(deliveries.c.failures >= least, deliveries.c.staged_at <= before)
            .where(deliveries.c.connection.not_in(select(breakers.c.connection)))
            .group_by(deliveries.c.target)
            .order_by(deliveries.c.target)
        )
        asked = (
            select(ticks.c.schedule, func.min(ticks.c.fired_at), func.max(ticks.c.tries))
            .where(ticks.c.finished_at.is_(None), ticks.c.tries >= least, ticks.c.fired_at <= before)
            .group_by(ticks.c.schedule)
            .order_by(ticks.c.schedule)
        )
        with self._database.read() as connection:
            found = [("target", *row) for row in connection.execute(waiting)]
            found += [("source", *row) for row in connection.execute(asked)]
        return [Vain(what=what, route=route, since=since, count=count) for what, route, since, count in found]


def _stoppers(route: str, connection: str | None = None) -> set[tuple[str, str]]:
    """The pauses that let a route stand still."""
    names = {("route", route), ("partner", route.partition("/")[0])}
    return names | ({("connection", connection), ("partner", connection.partition("/")[0])} if connection else set())


def _or_null(kind: Kinds) -> ColumnElement[Any]:
    return kind.fingerprint if kind.fingerprint is not None else null()


def _code(findings: Sequence[Any]) -> str:
    """What is wrong, in one code; findings are kept as JSON."""
    errors = [finding["code"] for finding in findings or () if finding.get("severity") == "error"]
    return errors[0] if errors else ""
