"""Failures in clusters: what waits for a person, by the fault that it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from transload.runner.ledger.conditions import FAILED, Kinds
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import among
from transload.runner.ledger.references import Kind, Ref
from transload.runner.ledger.schema import deliveries, documents, receipts
from transload.runner.ledger.sequences import waiting_behind

_WAYS: dict[str, tuple[Kind, Any]] = {
    "deliveries": ("delivery", deliveries.c.staged_at),
    "documents": ("document", documents.c.created_at),
    "receipts": ("receipt", receipts.c.received_at),
}


@dataclass(kw_only=True)
class Cluster:
    """Things with the same fault that wait: how many in which states, since when, on which routes, and the newest.

    ``holds_back`` is how many deliveries of their sequences wait behind them.
    """

    fingerprint: str
    count: int
    states: dict[str, int]
    first: datetime
    last: datetime
    routes: dict[str, int]
    example: Ref
    findings: list[dict[str, Any]]
    holds_back: int = 0

    @property
    def partners(self) -> list[str]:
        """The partners of its routes, in their order."""
        return sorted({route.partition("/")[0] for route in self.routes})

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "fingerprint": self.fingerprint,
            "count": self.count,
            "states": self.states,
            "first": _text(self.first),
            "last": _text(self.last),
            "partners": self.partners,
            "routes": self.routes,
            "example": str(self.example),
            "findings": self.findings,
            "holds_back": self.holds_back,
        }


class Failures:
    """What failed and waits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def clusters(self, fingerprint: str | None = None, *, partner: str | None = None) -> list[Cluster]:
        """The clusters, those with the most first; only the one of ``fingerprint``, or those of a partner's routes."""
        found: dict[str, Cluster] = {}
        with self._database.read() as connection:
            for kind in FAILED:
                for row in connection.execute(_counted(kind, fingerprint)):
                    if partner is None or row.about.partition("/")[0] == partner:
                        _add(found, kind, row)
            for cluster in found.values():
                table = _tables[cluster.example.kind]
                query = select(table.c.findings).where(table.c.id == cluster.example.id)
                cluster.findings = list(connection.scalar(query) or [])
            _count_held(connection, found)
        return sorted(found.values(), key=lambda cluster: (-cluster.count, cluster.first))

    def members(self, fingerprint: str) -> dict[Kind, list[int]]:
        """The numbers of the things of a cluster, the oldest first."""
        found: dict[Kind, list[int]] = {}
        with self._database.read() as connection:
            for kind in FAILED:
                query = select(kind.table.c.id).where(kind.waiting, kind.table.c.fingerprint == fingerprint)
                name, _ = _WAYS[kind.table.name]
                found.setdefault(name, []).extend(connection.scalars(query))
        return {name: sorted(set(ids)) for name, ids in found.items() if ids}


_tables = {"delivery": deliveries, "document": documents, "receipt": receipts}


def _counted(kind: Kinds, fingerprint: str | None) -> Any:
    table = kind.table
    _, moment = _WAYS[table.name]
    query = (
        select(
            table.c.fingerprint,
            kind.about.label("about"),
            table.c.state,
            func.count().label("number"),
            func.min(moment, type_=moment.type).label("first"),
            func.max(moment, type_=moment.type).label("last"),
            func.max(table.c.id).label("newest"),
        )
        .where(kind.waiting, table.c.fingerprint.is_not(None))
        .group_by(table.c.fingerprint, kind.about, table.c.state)
        .order_by(table.c.fingerprint, kind.about, table.c.state)
    )
    return query if fingerprint is None else query.where(table.c.fingerprint == fingerprint)


def _count_held(connection: Connection, found: Mapping[str, Cluster]) -> None:
    behind = waiting_behind(connection)
    query = select(deliveries.c.id, deliveries.c.fingerprint).where(among(connection, deliveries.c.id, behind))
    for row in connection.execute(query) if behind else ():
        if row.fingerprint in found:
            found[row.fingerprint].holds_back += behind[row.id]


def _add(found: dict[str, Cluster], kind: Kinds, row: Any) -> None:
    name, _ = _WAYS[kind.table.name]
    known = found.get(row.fingerprint)
    if known is None:
        known = found[row.fingerprint] = Cluster(
            fingerprint=row.fingerprint,
            count=0,
            states={},
            first=row.first,
            last=row.last,
            routes={},
            example=Ref(name, row.newest),
            findings=[],
        )
    if row.last > known.last:
        known.example = Ref(name, row.newest)
    known.count += row.number
    known.states[row.state] = known.states.get(row.state, 0) + row.number
    known.routes[row.about] = known.routes.get(row.about, 0) + row.number
    known.first, known.last = min(known.first, row.first), max(known.last, row.last)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
