"""What is said of something whose payload was let go of."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Table, select

from transload.runner.ledger.errors import Erased
from transload.runner.ledger.references import Kind, Ref
from transload.runner.ledger.schema import deliveries, documents, erasures, receipts

_TABLES: dict[Kind, Table] = {"receipt": receipts, "document": documents, "delivery": deliveries}


def erasures_of(connection: Connection, numbers: Collection[int]) -> dict[int, dict[str, Any]]:
    """When, by whom and why, by the erasures' numbers."""
    if not numbers:
        return {}
    query = select(erasures).where(erasures.c.id.in_(numbers))
    return {row.id: {"at": row.at, "by": row.by, "reason": row.reason} for row in connection.execute(query)}


def see_whole(connection: Connection, ref: Ref) -> None:
    """Raises `Erased`, with when, by whom and why, where the payload of ``ref`` was let go of."""
    table = _TABLES[ref.kind]
    joined = table.join(erasures, erasures.c.id == table.c.erasure_id)
    query = select(erasures.c.at, erasures.c.by, erasures.c.reason).select_from(joined).where(table.c.id == ref.id)
    row = connection.execute(query).one_or_none()
    if row is not None:
        message = f"{ref} was erased on {row.at:%Y-%m-%d} by {row.by}: {row.reason}"
        raise Erased(message, hint=f"`transload show {ref}` tells what is left: names, numbers, states and events")
