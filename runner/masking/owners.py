"""Whose a document is: the partner that it came from, and those that it goes to."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, select

from transload.runner.ledger.dialects import among
from transload.runner.ledger.references import Kind, Ref
from transload.runner.ledger.schema import deliveries, delivery_documents, documents, gathered, receipts

_PAGE = 500


def owners_of(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, frozenset[str]]:
    """The partners of each document; of a receipt or delivery also those of all documents that it gave or carries."""
    found: dict[Ref, set[str]] = {ref: set() for ref in refs}
    for kind in ("receipt", "document", "delivery"):
        ids = [ref.id for ref in found if ref.kind == kind]
        for begin in range(0, len(ids), _PAGE):
            for query in _ways(connection, kind, ids[begin : begin + _PAGE]):
                for number, way in connection.execute(query):
                    found[Ref(kind, number)].add(way.partition("/")[0])
    return {ref: frozenset(partners) for ref, partners in found.items()}


def of_documents(connection: Connection, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The partners of documents, by their numbers."""
    return {ref.id: partners for ref, partners in owners_of(connection, [Ref("document", one) for one in ids]).items()}


def _ways(connection: Connection, kind: Kind, ids: Sequence[int]) -> list[Select[Any]]:
    """Queries for the routes by which these came and leave, each beside the number of which it is."""
    links = delivery_documents.c
    if kind == "document":
        sent = select(links.document_id, deliveries.c.target).join_from(delivery_documents, deliveries)
        return [
            select(documents.c.id, documents.c.route).where(among(connection, documents.c.id, ids)),
            sent.where(among(connection, links.document_id, ids)),
            select(gathered.c.document_id, gathered.c.target).where(among(connection, gathered.c.document_id, ids)),
        ]
    if kind == "receipt":
        mine = among(connection, documents.c.receipt_id, ids)
        sent = select(documents.c.receipt_id, deliveries.c.target).join_from(documents, delivery_documents)
        waiting = select(gathered.c.receipt_id, gathered.c.target)
        return [
            select(receipts.c.id, receipts.c.route).where(among(connection, receipts.c.id, ids)),
            sent.join(deliveries).where(mine).distinct(),
            waiting.where(among(connection, gathered.c.receipt_id, ids)).distinct(),
        ]
    mine = among(connection, deliveries.c.id, ids)
    came = select(links.delivery_id, documents.c.route).join_from(delivery_documents, documents)
    return [
        select(deliveries.c.id, deliveries.c.target).where(mine),
        came.where(among(connection, links.delivery_id, ids)).distinct(),
    ]
