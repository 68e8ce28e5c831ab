"""What waits for a batch of several receipts: how many documents for which target, and when they leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from transload.runner.ledger.dialects import among
from transload.runner.ledger.drafts import NEVER
from transload.runner.ledger.schema import gathered

GATHERED = "GATHERED"
"""What is said of documents that wait for a batch, where numbers of deliveries are by their states."""


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """Documents that wait in ``lane`` for a batch to ``target``.

    ``leaves_at`` is None where it leaves once enough wait.
    """

    lane: str
    target: str
    documents: int
    leaves_at: datetime | None


def gatherings(connection: Connection) -> list[Gathering]:
    """All batches that are gathered now, by their lanes."""
    first = func.min(gathered.c.due_at, type_=gathered.c.due_at.type)
    query = (
        select(gathered.c.lane, gathered.c.target, func.count(), first)
        .where(gathered.c.due_at.is_not(None))
        .group_by(gathered.c.lane, gathered.c.target)
        .order_by(gathered.c.lane)
    )
    return [
        Gathering(lane=lane, target=target, documents=count, leaves_at=_known(due))
        for lane, target, count, due in connection.execute(query)
    ]


def waits_of(connection: Connection, of: Sequence[int]) -> dict[int, dict[str, datetime | None]]:
    """For which targets documents wait in a batch, and when that leaves."""
    query = select(gathered.c.document_id, gathered.c.target, gathered.c.due_at).where(
        among(connection, gathered.c.document_id, of), gathered.c.due_at.is_not(None)
    )
    found: dict[int, dict[str, datetime | None]] = {}
    for document, target, due in connection.execute(query.order_by(gathered.c.target)):
        found.setdefault(document, {})[target] = _known(due)
    return found


def _known(due: datetime) -> datetime | None:
    return due if due < NEVER else None
