"""What judging expectations asks of the ledger: arrivals, control numbers, acknowledgements that are awaited."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.following import replayed
from transload.runner.ledger.schema import deliveries, documents, incident_members, partner_verdicts, receipts
from transload.runner.ledger.states import State

_NO_ARRIVAL = (State.DUPLICATE.value, State.UNPACKED.value)
"""Receipts that are no arrival of their own: repeats, and wrappings whose contents are receipts."""
_NO_DOCUMENT = tuple(state.value for state in (State.DUPLICATE, State.QUARANTINED, State.SUPPRESSED, State.RECONCILED))
_STREAM = 1000


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """A message with its interchange's reference; ``id`` is the document's."""

    id: int
    sender: str
    receiver: str
    interchange: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """A delivery that the target has, and whose acknowledgement has not come."""

    id: int
    sent_at: datetime


class Observed:
    """What the ledger saw."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def arrivals(self, route: str, begin: datetime, end: datetime, document: str | None = None) -> int:
        """How many receipts of ``route``, or documents of that name, arrived from ``begin`` to before ``end``."""
        within = and_(receipts.c.route == route, receipts.c.received_at >= begin, receipts.c.received_at < end)
        if document is None:
            query = select(func.count()).where(within, receipts.c.state.not_in(_NO_ARRIVAL))
        else:
            query = (
                select(func.count())
                .select_from(documents)
                .join(receipts, receipts.c.id == documents.c.receipt_id)
                .where(within, documents.c.state.not_in(_NO_DOCUMENT), documents.c.origin_id.is_(None))
                .where(or_(documents.c.document == document, documents.c.kind == document))
            )
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def first_arrival(self, route: str) -> datetime | None:
        """When the first receipt of ``route`` arrived."""
        return self._moment(select(func.min(receipts.c.received_at)).where(receipts.c.route == route))

    def last_arrival(self, route: str) -> datetime | None:
        """When the last receipt of ``route`` arrived; repeats count, as the partner is not silent."""
        return self._moment(select(func.max(receipts.c.received_at)).where(receipts.c.route == route))

    def moments(self, route: str, begin: datetime, most: int) -> list[datetime]:
        """When receipts of ``route`` arrived since ``begin``, in order; of more than ``most`` the latest."""
        query = (
            select(receipts.c.received_at)
            .where(receipts.c.route == route, receipts.c.received_at >= begin)
            .order_by(receipts.c.received_at.desc())
            .limit(most)
        )
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def newest_document(self) -> int:
        """The id of the newest document."""
        with self._database.read() as connection:
            return int(connection.scalar(select(func.max(documents.c.id))) or 0)

    def numbered(self, routes: Sequence[str], after: int, until: datetime) -> Iterator[Numbered]:
        """The messages of ``routes`` behind document ``after``, in order, to the first that came after ``until``."""
        query = (
            select(
                documents.c.id,
                documents.c.sender,
                documents.c.receiver,
                documents.c.interchange,
                documents.c.created_at,
            )
            .where(documents.c.id > after, documents.c.route.in_(routes), documents.c.origin_id.is_(None))
            .where(documents.c.state != State.DUPLICATE.value)
            .order_by(documents.c.id)
        )
        options = query.execution_options(yield_per=_STREAM)
        with self._database.read() as connection, connection.execute(options) as rows:
            for row in rows:
                if row.created_at > until:
                    return
                yield Numbered(
                    id=row.id,
                    sender=row.sender,
                    receiver=row.receiver,
                    interchange=row.interchange,
                    at=row.created_at,
                )

    def awaited(self, target: str, kind: str, after: int, most: int) -> list[Awaited]:
        """The deliveries of ``target`` behind ``after`` that were sent and not acknowledged, in order.

        ``kind`` is that of the acknowledgement, or ``any``.  Those that belong to an incident are left out, and so are
        those that were sent again by hand.
        """
        verdict = partner_verdicts.c.delivery_id == deliveries.c.id
        if kind != "any":
            verdict = and_(verdict, func.lower(partner_verdicts.c.kind) == kind)
        states = [State.SENT.value] if kind == "any" else [State.SENT.value, State.ACKED.value]
        query = (
            select(deliveries.c.id, deliveries.c.finished_at)
            .where(deliveries.c.target == target, deliveries.c.id > after, deliveries.c.kind == "document")
            .where(deliveries.c.state.in_(states), deliveries.c.finished_at.is_not(None))
            .where(~select(partner_verdicts.c.id).where(verdict).exists(), ~replayed(), ~member("acknowledgement"))
            .order_by(deliveries.c.id)
            .limit(most)
        )
        with self._database.read() as connection:
            return [Awaited(id=row.id, sent_at=row.finished_at) for row in connection.execute(query)]

    def unfinished(self, target: str, after: int) -> int | None:
        """The first delivery of ``target`` behind ``after`` that may still be sent; None when there is none."""
        query = select(func.min(deliveries.c.id)).where(
            deliveries.c.target == target,
            deliveries.c.id > after,
            or_(deliveries.c.finished_at.is_(None), deliveries.c.state == State.UNKNOWN.value),
        )
        with self._database.read() as connection:
            found: int | None = connection.scalar(query)
            return found

    def last_delivery(self, target: str) -> int:
        """The id of the newest delivery of ``target``; 0 without one."""
        with self._database.read() as connection:
            query = select(func.max(deliveries.c.id)).where(deliveries.c.target == target)
            return int(connection.scalar(query) or 0)

    def still_awaited(self, incident: int, kind: str) -> int:
        """How many deliveries of an incident have no acknowledgement yet."""
        verdict = partner_verdicts.c.delivery_id == deliveries.c.id
        if kind != "any":
            verdict = and_(verdict, func.lower(partner_verdicts.c.kind) == kind)
        query = (
            select(func.count())
            .select_from(incident_members)
            .join(deliveries, deliveries.c.id == incident_members.c.member)
            .where(incident_members.c.incident_id == incident)
            .where(deliveries.c.state.in_([State.SENT.value, State.ACKED.value]))
            .where(~select(partner_verdicts.c.id).where(verdict).exists(), ~replayed())
        )
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def _moment(self, query: Select[Any]) -> datetime | None:
        with self._database.read() as connection:
            found: datetime | None = connection.scalar(query)
            return found


def member(source: str, column: ColumnElement[int] = deliveries.c.id) -> ColumnElement[bool]:
    """Whether what stands in ``column`` belongs to an incident of ``source``."""
    links = incident_members.c
    return select(links.member).where(links.source == source, links.member == column).exists()
