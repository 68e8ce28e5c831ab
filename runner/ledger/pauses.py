"""What people let stand still: partners, connections, routes and lanes.

A pause is looked at before each poll, each receipt and each batch of a lane; calls under way end.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete, select

from transload.runner.ledger.backup.settling import doubt
from transload.runner.ledger.database import Database
from transload.runner.ledger.decisions import pauses
from transload.runner.ledger.dialects import insert_new
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.references import NotFound
from transload.runner.ledger.schema import lanes

Paused = Literal["partner", "connection", "route", "lane"]
KINDS: tuple[str, ...] = get_args(Paused)
PEOPLE = "people"
"""The chain of events that concern no lane."""


@dataclass(frozen=True, kw_only=True)
class Pause:
    """What stands still since ``at``: its ``kind`` and name, who said so, and why."""

    kind: str
    name: str
    by: str
    reason: str | None
    at: datetime

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "kind": self.kind,
            "name": self.name,
            "by": self.by,
            "reason": self.reason,
            "at": self.at.isoformat().replace("+00:00", "Z"),
        }

    @property
    def what(self) -> str:
        """As a sentence goes on: ``the partner acme is paused by ann: they move``."""
        return f"the {self.kind} {self.name} is paused by {self.by}{f': {self.reason}' if self.reason else ''}"


class Pauses:
    """The pauses of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Pause]:
        """All that stands still, by kind and name."""
        with self._database.read() as connection:
            rows = connection.execute(select(pauses).order_by(pauses.c.kind, pauses.c.name)).mappings()
            return [Pause(**row) for row in rows]

    def of(self, *, route: str, connection: str) -> Pause | None:
        """The pause of a route, of its connection, or of a partner of either; None where it goes on."""
        partners = {route.partition("/")[0], connection.partition("/")[0]}
        return self._first([("route", route), ("connection", connection), *(("partner", one) for one in partners)])

    def of_reading(self, route: str) -> Pause | None:
        """The pause of a receive route or its partner, for which what has arrived waits too."""
        return self._first([("route", route), ("partner", route.partition("/")[0])])

    def _first(self, wanted: Collection[tuple[str, str]]) -> Pause | None:
        return next((one for one in self.all() if (one.kind, one.name) in wanted), None)

    def pause(self, kind: Paused, name: str, now: datetime, *, by: str, reason: str | None = None) -> bool:
        """Let it stand still; gives whether it went on before.  Raises `NotFound` for a lane that there is not."""

        def work(connection: Connection) -> bool:
            if kind == "lane" and connection.scalar(select(lanes.c.name).where(lanes.c.name == name)) is None:
                hint = "transload pause --lanes lists them"
                raise NotFound(f"the ledger holds no lane {name!r}", hint=hint)
            journal = Journal(connection, _chain(kind, name), now)
            row = {"kind": kind, "name": name, "by": by, "reason": reason, "at": now}
            new = insert_new(connection, pauses, row) is not None
            if new:
                _hold(connection, kind, name, held=True)
                journal.record("PAUSED", detail=_detail(kind, name, by, reason))
                journal.flush()
            return new

        return self._database.write(work)

    def resume(self, kind: Paused, name: str, now: datetime, *, by: str, reason: str | None = None) -> None:
        """Let it go on.  Raises `NotFound` where it is not paused."""

        def work(connection: Connection) -> None:
            journal = Journal(connection, _chain(kind, name), now)
            gone = delete(pauses).where(pauses.c.kind == kind, pauses.c.name == name)
            if not connection.execute(gone).rowcount:
                raise NotFound(f"the {kind} {name} is not paused", hint="transload pause lists what is")
            _hold(connection, kind, name, held=False)
            asked = doubt(connection, name) if kind == "lane" else 0
            detail = _detail(kind, name, by, reason) | ({"asked_first": asked} if asked else {})
            journal.record("RELEASED", detail=detail)
            journal.flush()

        self._database.write(work)

    def lanes(self) -> list[str]:
        """The names of all lanes that something was ever staged on or read in."""
        with self._database.read() as connection:
            return sorted(connection.scalars(select(lanes.c.name).where(lanes.c.name != PEOPLE)))


def _chain(kind: str, name: str) -> str:
    return name if kind == "lane" else PEOPLE


def _hold(connection: Connection, kind: str, name: str, *, held: bool) -> None:
    if kind == "lane":
        connection.execute(lanes.update().where(lanes.c.name == name).values(paused=held))


def _detail(kind: str, name: str, by: str, reason: str | None) -> dict[str, Any]:
    return {"kind": kind, "name": name, "by": by, **({"reason": reason} if reason else {})}
