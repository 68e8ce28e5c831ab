"""What went between us and a partner in a period, read as a stream: a large ledger takes time, and no more memory."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, and_, func, or_, select

from transload.runner.ledger.database import Database
from transload.runner.ledger.incidents import Incident, incident_of
from transload.runner.ledger.schema import (
    control_numbers,
    deliveries,
    delivery_documents,
    documents,
    incident_members,
    incidents,
)
from transload.runner.ledger.states import State

_BATCH = 500
_SLACK = timedelta(hours=2)
"""How far a clock may have been set back, so that ids and moments do not rise together."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """A message that came from the partner."""

    ref: str
    route: str
    type: str
    number: str | None
    sender: str
    receiver: str
    interchange: str
    reference: str
    state: State
    at: datetime

    def as_dict(self) -> dict[str, Any]:
        """It as JSON values."""
        return _plain(self)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A delivery to the partner: the ``numbers`` of its documents, and the control numbers of its envelopes."""

    ref: str
    route: str
    type: str
    numbers: tuple[str, ...]
    interchanges: tuple[str, ...]
    state: State
    overdue: bool
    at: datetime
    finished_at: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """It as JSON values."""
        return _plain(self)


class Statements:
    """Questions for statements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def received(self, partner: str, begin: datetime, end: datetime) -> Iterator[Received]:
        """The messages that came from ``partner`` from ``begin`` to before ``end``, in order."""
        query = (
            select(documents)
            .where(documents.c.partner == partner, documents.c.created_at >= begin, documents.c.created_at < end)
            .order_by(documents.c.id)
        )
        with self._database.read() as connection:
            query = query.where(_from(connection, documents, "created_at", begin))
            with connection.execute(query.execution_options(yield_per=_BATCH)) as rows:
                for row in rows:
                    yield Received(
                        ref=f"d{row.id}",
                        route=row.route,
                        type=row.document or row.kind,
                        number=row.number,
                        sender=row.sender,
                        receiver=row.receiver,
                        interchange=row.interchange,
                        reference=row.reference,
                        state=State(row.state),
                        at=row.created_at,
                    )

    def sent(self, partner: str, begin: datetime, end: datetime) -> Iterator[Sent]:
        """The deliveries to ``partner`` that were made from ``begin`` to before ``end``, in order."""
        query = (
            select(deliveries)
            .where(deliveries.c.target > f"{partner}/", deliveries.c.target < f"{partner}0")  # "0" follows "/"
            .where(deliveries.c.staged_at >= begin, deliveries.c.staged_at < end)
            .order_by(deliveries.c.id)
        )
        with self._database.read() as connection:
            query = query.where(_from(connection, deliveries, "staged_at", begin))
            with connection.execute(query.execution_options(yield_per=_BATCH)) as found:
                for rows in found.partitions(_BATCH):
                    yield from _sent(connection, rows)

    def incidents(self, partner: str, begin: datetime, end: datetime) -> list[Incident]:
        """The incidents about ``partner`` that were open at some time from ``begin`` to before ``end``."""
        open_then = and_(
            incidents.c.opened_at < end, or_(incidents.c.closed_at.is_(None), incidents.c.closed_at >= begin)
        )
        query = select(incidents).where(incidents.c.partner == partner, open_then).order_by(incidents.c.id).limit(1000)
        with self._database.read() as connection:
            return [incident_of(dict(row)) for row in connection.execute(query).mappings()]


def _sent(connection: Connection, rows: Sequence[Any]) -> Iterator[Sent]:
    ids = [row.id for row in rows]
    carried: dict[int, list[Any]] = defaultdict(list)
    query = (
        select(delivery_documents.c.delivery_id, documents.c.document, documents.c.kind, documents.c.number)
        .join(documents, documents.c.id == delivery_documents.c.document_id)
        .where(delivery_documents.c.delivery_id.in_(ids))
        .order_by(documents.c.id)
    )
    for link in connection.execute(query):
        carried[link.delivery_id].append(link)
    numbers: dict[int, list[str]] = defaultdict(list)
    of = control_numbers.c
    for used in connection.execute(
        select(of.delivery_id, of.number).where(of.delivery_id.in_(ids), of.level == "interchange").order_by(of.number)
    ):
        numbers[used.delivery_id].append(used.number)
    links = incident_members.c
    late = set(connection.scalars(select(links.member).where(links.source == "acknowledgement", links.member.in_(ids))))
    for row in rows:
        found, state = carried[row.id], State(row.state)
        types = dict.fromkeys(each.document or each.kind for each in found)
        yield Sent(
            ref=f"s{row.id}",
            route=row.target,
            type=", ".join(types) if row.kind == "document" else row.kind,
            numbers=tuple(each.number for each in found if each.number),
            interchanges=tuple(numbers[row.id]),
            state=state,
            overdue=row.id in late and state is State.SENT,
            at=row.staged_at,
            finished_at=row.finished_at,
        )


def _from(connection: Connection, table: Table, column: str, begin: datetime) -> Any:
    """The condition that spares what is older than ``begin``: ids rise with time, so its place is found by halving."""
    low, high = 0, int(connection.scalar(select(func.max(table.c.id))) or 0)
    wanted = begin - _SLACK
    while low < high:
        middle = (low + high) // 2
        query = select(table.c[column]).where(table.c.id > middle).order_by(table.c.id).limit(1)
        found = connection.scalar(query)
        if found is not None and found < wanted:
            low = middle + 1
        else:
            high = middle
    return table.c.id >= low


def _plain(row: Any) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in vars(row).items()
    }
