"""Questions to the ledger: lists, journeys and counts, as JSON values.

Moments are ISO texts in UTC; a row's ``ref`` is how people name it (``d12``).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, or_, select

from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.decisions import pauses
from transload.runner.ledger.dialects import among
from transload.runner.ledger.erased import erasures_of, see_whole
from transload.runner.ledger.gathering import gatherings, waits_of
from transload.runner.ledger.receipts import KEPT
from transload.runner.ledger.references import Kind, NotFound, Ref, parse_ref
from transload.runner.ledger.schema import (
    acknowledgements,
    attempts,
    breakers,
    contents,
    deliveries,
    delivery_documents,
    documents,
    events,
    partner_verdicts,
    parts,
    receipts,
    responses,
)
from transload.runner.ledger.sequences import waiting_behind
from transload.runner.ledger.states import State
from transload.runner.ledger.unpacking import parts_of

_TABLES: dict[Kind, Table] = {"receipt": receipts, "document": documents, "delivery": deliveries}
HIDDEN = {"file", "epoch", "again", "begun", "source_key", "whole", "place", "holds", "behind"}
"""Columns that nobody is shown."""


class Queries:
    """What the ledger is asked; nothing here changes it."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def documents(
        self,
        *,
        partner: str | None = None,
        state: State | None = None,
        number: str | None = None,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """The newest documents first, and the messages that gave none.

        ``partner`` is whom it came from or goes to; ``number`` is the document's own, or the
        reference of its message or interchange; ``kind`` the model (``order/1``) or the message type.
        """
        query = select(documents).order_by(documents.c.id.desc()).limit(limit)
        if partner is not None:
            query = query.where(or_(documents.c.partner == partner, documents.c.id.in_(_sent_to(partner))))
        if state is not None:
            query = query.where(documents.c.state == state.value)
        if number is not None:
            columns = (documents.c.number, documents.c.reference, documents.c.interchange)
            query = query.where(or_(*(column == number for column in columns)))
        if kind is not None:
            query = query.where(or_(documents.c.document == kind, documents.c.kind == kind))
        query = _between(query, documents.c.created_at, since, until)
        with self._database.read() as connection:
            return _told(connection, "document", query)

    def receipts(
        self,
        *,
        route: str | None = None,
        state: State | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """The newest receipts first."""
        query = select(receipts).order_by(receipts.c.id.desc()).limit(limit)
        if route is not None:
            query = query.where(receipts.c.route == route)
        if state is not None:
            query = query.where(receipts.c.state == state.value)
        query = _between(query, receipts.c.received_at, since, until)
        with self._database.read() as connection:
            return _told(connection, "receipt", query)

    def deliveries(
        self, *, target: str | None = None, states: Sequence[State] = (), limit: int = 100
    ) -> list[dict[str, Any]]:
        """The newest deliveries first: DEAD and UNKNOWN ones are what waits for people."""
        query = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
        if target is not None:
            query = query.where(deliveries.c.target == target)
        if states:
            query = query.where(deliveries.c.state.in_([state.value for state in states]))
        with self._database.read() as connection:
            return _told(connection, "delivery", query)

    def find(self, text: str) -> list[Ref]:
        """What ``text`` names: a reference, else the documents whose own number it is, the newest first.

        Raises `NotFound` when there is nothing.
        """
        ref = parse_ref(text)
        with self._database.read() as connection:
            if ref is not None:
                table = _TABLES[ref.kind]
                if connection.scalar(select(table.c.id).where(table.c.id == ref.id)) is not None:
                    return [ref]
            query = select(documents.c.id).where(documents.c.number == text).order_by(documents.c.id.desc())
            found = [Ref("document", number) for number in connection.scalars(query)]
        if not found:
            raise NotFound(
                f"the ledger holds nothing called {text!r}",
                hint="name a receipt (r12), a document (d12), a delivery (s12) or a document's own number",
            )
        return found

    def journey(self, ref: Ref) -> dict[str, Any]:
        """All that is known of a receipt, document or delivery, and of what it was made of and became.

        Keys: ``ref``; ``receipt`` (with ``unpacked_from`` and ``filters``, or ``parts``, where filters have unwrapped
        it, ``made_again``, the receipts that a person has made of it, and ``response`` where its sender waited for
        one); ``documents``, each with the targets for which it ``gathers`` others, and when that leaves, None for
        once there are enough; ``deliveries``, each with its ``attempts``, what it ``waits_behind``
        and how many it ``holds_back`` in its sequence; ``acknowledgements`` that we made;
        ``verdicts`` that partners gave; ``events`` in the order of happening.
        Raises `NotFound`.
        """
        with self._database.read() as connection:
            receipt, document_ids, delivery_ids = _related(connection, ref)
            found_receipt = _rows(connection, "receipt", [receipt] if receipt else [])
            for found in found_receipt:
                found |= _unpacking(connection, found["id"]) | _response(connection, found["id"])
            behind = waiting_behind(connection, delivery_ids)
            return {
                "ref": str(ref),
                "receipt": found_receipt[0] if found_receipt else None,
                "documents": _waiting(connection, _rows(connection, "document", document_ids)),
                "deliveries": [
                    {
                        **row,
                        "holds_back": behind.get(row["id"], 0),
                        "attempts": _attempts(connection, row["id"]),
                        "documents": _documents_of(connection, row["id"]),
                    }
                    for row in _rows(connection, "delivery", delivery_ids)
                ],
                "acknowledgements": [
                    {
                        "kind": row.kind,
                        "reference": row.reference,
                        "accepted": row.accepted,
                        "delivery": str(Ref("delivery", row.delivery_id)),
                    }
                    for row in connection.execute(
                        select(acknowledgements).where(among(connection, acknowledgements.c.delivery_id, delivery_ids))
                    )
                ],
                "verdicts": _verdicts(connection, ref, document_ids, delivery_ids),
                "events": _events(connection, ref, receipt, document_ids, delivery_ids),
            }

    def payload(self, ref: Ref) -> bytes:
        """The raw bytes of a receipt, a delivery's frozen bytes, or a document's canonical JSON.

        Raises `NotFound` when there are none, `Erased` when they were let go of.
        """
        with self._database.read() as connection:
            see_whole(connection, ref)
            if ref.kind == "document":
                text = connection.scalar(select(contents.c.canonical).where(contents.c.document_id == ref.id))
                if text is not None:
                    return str(text).encode()
            else:
                column = receipts.c.digest if ref.kind == "receipt" else deliveries.c.body
                digest = connection.scalar(select(column).where(_TABLES[ref.kind].c.id == ref.id))
                if digest is not None:
                    return self._store.load(connection, digest)
        raise NotFound(f"{ref} has no content in the ledger")

    def evidence(self, ref: Ref, name: str) -> bytes:
        """The bytes that were kept beside a receipt under ``name``, its ``response``, or a delivery's ``answer``.

        Raises `NotFound`, with the names that there are.
        """
        found: dict[str, str] = {}
        with self._database.read() as connection:
            if ref.kind == "receipt":
                facts = connection.scalar(select(receipts.c.metadata).where(receipts.c.id == ref.id)) or {}
                found = {key.removeprefix(KEPT): digest for key, digest in facts.items() if key.startswith(KEPT)}
                response = connection.scalar(select(responses.c.digest).where(responses.c.receipt_id == ref.id))
                found |= {"response": response} if response is not None else {}
            elif ref.kind == "delivery":
                answer = connection.scalar(select(deliveries.c.answer).where(deliveries.c.id == ref.id)) or {}
                found = {"answer": answer["content"]} if "content" in answer else {}
            if name in found:
                see_whole(connection, ref)
                return self._store.load(connection, found[name])
        hint = f"there is: {', '.join(found)}" if found else None
        raise NotFound(f"nothing was kept beside {ref} as {name!r}", hint=hint)

    def counts(self) -> dict[str, Any]:
        """How much there is of everything by state, and what waits: batches, open breakers, pauses."""
        with self._database.read() as connection:
            by_state = {
                name: _by_state(connection, table)
                for name, table in (("receipts", receipts), ("documents", documents), ("deliveries", deliveries))
            }
            open_breakers = [plain(row) for row in connection.execute(select(breakers))]
            standing = [plain(row) for row in connection.execute(select(pauses).order_by(pauses.c.kind, pauses.c.name))]
            batches = [
                {"lane": one.lane, "target": one.target, "documents": one.documents, "leaves_at": _value(one.leaves_at)}
                for one in gatherings(connection)
            ]
        return {**by_state, "batches": batches, "breakers": open_breakers, "paused": standing}


def _by_state(connection: Connection, table: Table) -> dict[str, int]:
    query = select(table.c.state, func.count()).group_by(table.c.state).order_by(table.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def _sent_to(partner: str) -> Select[Any]:
    return (
        select(delivery_documents.c.document_id)
        .join(deliveries, deliveries.c.id == delivery_documents.c.delivery_id)
        .where(deliveries.c.target.startswith(f"{partner}/", autoescape=True))
    )


def _between(query: Select[Any], column: Any, since: datetime | None, until: datetime | None) -> Select[Any]:
    if since is not None:
        query = query.where(column >= since)
    return query.where(column < until) if until is not None else query


def _related(connection: Connection, ref: Ref) -> tuple[int | None, list[int], list[int]]:
    table = _TABLES[ref.kind]
    row = connection.execute(select(table).where(table.c.id == ref.id)).one_or_none()
    if row is None:
        raise NotFound(f"the ledger holds no {ref.kind} {ref}")
    links = delivery_documents.c
    if ref.kind == "delivery":
        of_delivery = select(links.document_id).where(links.delivery_id == ref.id)
        return row.receipt_id, list(connection.scalars(of_delivery)), [ref.id]
    if ref.kind == "document":
        of_document = select(links.delivery_id).where(links.document_id == ref.id)
        return row.receipt_id, [ref.id], list(connection.scalars(of_document))
    of_receipt = select(documents.c.id).where(documents.c.receipt_id == ref.id)
    own = select(deliveries.c.id).where(deliveries.c.receipt_id == ref.id)
    carrying = select(links.delivery_id).join(documents, documents.c.id == links.document_id)
    with_others = carrying.where(documents.c.receipt_id == ref.id)
    sent = set(connection.scalars(own)) | set(connection.scalars(with_others))
    return ref.id, list(connection.scalars(of_receipt)), sorted(sent)


def _rows(connection: Connection, kind: Kind, ids: Sequence[int]) -> list[dict[str, Any]]:
    table = _TABLES[kind]
    query = select(table).where(among(connection, table.c.id, ids)).order_by(table.c.id)
    return _told(connection, kind, query)


def _waiting(connection: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents, with the batches that they wait for where there are any."""
    waits = waits_of(connection, [row["id"] for row in rows])
    for row in rows:
        if row["id"] in waits:
            row["gathers"] = {target: _value(due) for target, due in waits[row["id"]].items()}
    return rows


def _told(connection: Connection, kind: Kind, query: Select[Any]) -> list[dict[str, Any]]:
    """Rows as they are shown; ``erased`` says when, by whom and why what one held was let go of, where it was."""
    found = [shown(kind, row) for row in connection.execute(query)]
    known = erasures_of(connection, {row["erasure_id"] for row in found if row["erasure_id"] is not None})
    for row in found:
        number = row.pop("erasure_id")
        if number is not None:
            row["erased"] = {name: _value(value) for name, value in known[number].items()}
    return found


def _unpacking(connection: Connection, receipt: int) -> dict[str, Any]:
    """What a receipt was unpacked from and by which filters, and what it was unpacked to; empty for most."""
    row = connection.execute(select(parts).where(parts.c.receipt_id == receipt)).one_or_none()
    of = {} if row is None else {"unpacked_from": str(Ref("receipt", row.parent_id)), "filters": row.filters}
    made = select(receipts.c.id).where(receipts.c.origin_id == receipt).order_by(receipts.c.id)
    if again := [str(Ref("receipt", number)) for number in connection.scalars(made)]:
        of["made_again"] = again
    into = [str(ref) for ref in parts_of(connection, receipt)]
    return {**of, "parts": into} if into else of


def _response(connection: Connection, receipt: int) -> dict[str, Any]:
    """What the sender of a receipt was told while he waited; empty where nobody waits."""
    row = connection.execute(select(responses).where(responses.c.receipt_id == receipt)).one_or_none()
    return {} if row is None else {"response": plain(row, "receipt_id", "mapping_digest")}


def _attempts(connection: Connection, delivery: int) -> list[dict[str, Any]]:
    query = select(attempts).where(attempts.c.delivery_id == delivery).order_by(attempts.c.number)
    return [plain(row, "delivery_id") for row in connection.execute(query)]


def _documents_of(connection: Connection, delivery: int) -> list[str]:
    query = select(delivery_documents.c.document_id).where(delivery_documents.c.delivery_id == delivery)
    return [str(Ref("document", number)) for number in connection.scalars(query.order_by("document_id"))]


def _verdicts(
    connection: Connection, ref: Ref, document_ids: Sequence[int], delivery_ids: Sequence[int]
) -> list[dict[str, Any]]:
    """What partners said of these deliveries, and what these receipts and documents, if acknowledgements, said."""
    columns = partner_verdicts.c
    mine = [
        among(connection, columns.delivery_id, delivery_ids),
        among(connection, columns.document_id, document_ids),
    ]
    if ref.kind == "receipt":
        mine.append(columns.receipt_id == ref.id)
    return [
        {
            "at": _value(row.at),
            "kind": row.kind,
            "verdict": row.verdict,
            "pending": row.pending,
            "receipt": str(Ref("receipt", row.receipt_id)),
            "document": str(Ref("document", row.document_id)),
            "delivery": str(Ref("delivery", row.delivery_id)),
            "findings": row.findings,
        }
        for row in connection.execute(select(partner_verdicts).where(or_(*mine)).order_by(columns.id))
    ]


def _events(
    connection: Connection, ref: Ref, receipt: int | None, document_ids: Sequence[int], delivery_ids: Sequence[int]
) -> list[dict[str, Any]]:
    """The events of these rows; of the receipt's own only those that speak of none of its other documents."""
    mine = [
        among(connection, events.c.delivery_id, delivery_ids),
        among(connection, events.c.document_id, document_ids),
    ]
    if ref.kind == "receipt":
        mine.append(events.c.receipt_id == ref.id)
    else:
        alone = events.c.document_id.is_(None) & events.c.delivery_id.is_(None)
        mine.append((events.c.receipt_id == receipt) & alone)
    query = select(events).where(or_(*mine)).order_by(events.c.at, events.c.id)
    return [
        {
            "at": _value(row.at),
            "what": row.what,
            "lane": row.lane,
            "receipt": str(Ref("receipt", row.receipt_id)) if row.receipt_id else None,
            "document": str(Ref("document", row.document_id)) if row.document_id else None,
            "delivery": str(Ref("delivery", row.delivery_id)) if row.delivery_id else None,
            "detail": row.detail or {},
        }
        for row in connection.execute(query)
    ]


def shown(kind: Kind, row: Row[Any]) -> dict[str, Any]:
    """A row of the table of ``kind`` as it is shown; a delivery with ``waits_behind``, where it waits for another."""
    found = {"ref": str(Ref(kind, row.id)), **plain(row, *HIDDEN)}
    if kind == "delivery":
        found["waits_behind"] = str(Ref("delivery", row.behind)) if row.behind else None
    return found


def plain(row: Row[Any], *left_out: str) -> dict[str, Any]:
    """A row as JSON values."""
    mapping = row._mapping  # noqa: SLF001  # SQLAlchemy's public name for it
    return {name: _value(value) for name, value in mapping.items() if name not in left_out}


def _value(value: Any) -> Any:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
