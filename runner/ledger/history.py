"""What arrived and what was made of it, page by page from the newest to the oldest, for who makes it once more.

Nothing here changes the ledger, and no more than one page of it is in memory.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select

from transload.runner.ledger import artifacts as kept
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.receipts import Receipt, receipt_from
from transload.runner.ledger.schema import (
    artifacts,
    blobs,
    contents,
    deliveries,
    delivery_documents,
    documents,
    parts,
    receipts,
)
from transload.runner.ledger.states import State

RECEIPTS = 100
"""How many receipts a page has at most."""
MESSAGES = 400
"""How many messages the receipts of a page have at most; a receipt that has more is a page by itself."""
_A_MESSAGE = 1500
"""Bytes of a payload that count as a message at least: a receipt that was mapped again has forgotten its number."""
_READ = (State.PARSED.value, State.QUARANTINED.value, State.DUPLICATE.value)
_payload = blobs.c.encoding, blobs.c.data


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A delivery of a document as it was staged; ``body`` gives its frozen bytes, None where there are none.

    Of one that was ``erased`` they are gone.
    """

    id: int
    target: str
    key: str
    state: State
    metadata: Mapping[str, str]
    findings: Sequence[Mapping[str, Any]]
    mapping_digest: str | None
    partner_digest: str | None
    product: str
    staged_at: datetime
    erased: bool = False
    body: Callable[[], bytes] | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A document, or a message that gave none (``ordinal`` 0), with its deliveries by target, the latest of each."""

    id: int
    message: int
    ordinal: int
    state: State
    document: str | None
    number: str | None
    canonical: str | None = field(repr=False)
    mapping: str | None
    mapping_digest: str | None
    partner_digest: str | None
    product: str
    findings: Sequence[Mapping[str, Any]]
    created_at: datetime
    sent: Mapping[str, Sent] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A receipt whose messages were dealt with; ``payload`` gives its bytes.

    ``stored`` gives the documents in force of messages ``first`` to ``last``: for each message and ordinal the latest
    one, without those that a replay or a person has put out of force.
    Both raise `LedgerError` where the bytes are gone or damaged.
    """

    receipt: Receipt
    state: State
    findings: Sequence[Mapping[str, Any]]
    payload: Callable[[], bytes] = field(repr=False)
    stored: Callable[[int, int], dict[int, list[Stored]]] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A version of a mapping or partner file, of ``kind`` mapping or partner, first in force at ``since``."""

    digest: str
    kind: str
    name: str
    content: bytes = field(repr=False)
    since: datetime


class History:
    """The past of a ledger."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def arrived(
        self,
        route: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        kinds: Sequence[str] = (),
        last: int | None = None,
    ) -> Iterator[Arrived]:
        """The receipts of ``route`` that were read, the newest first, ``last`` at most.

        ``kinds`` leaves only those that have a message of one of these types.
        """
        bound: int | None = None
        left = last
        while left is None or left > 0:
            size = RECEIPTS if left is None else min(RECEIPTS, left)
            rows = self._page(route, bound, since, until, kinds, size)
            if not rows:
                return
            rows = _bounded(rows)
            yield from self._opened(rows)
            bound = rows[-1].id
            left = None if left is None else left - len(rows)

    def last_used(self, route: str, mapping: str) -> str | None:
        """The digest of the mapping of that name that read the latest document of ``route``."""
        if not self._known("mapping", mapping):
            return None
        query = (
            select(documents.c.mapping_digest)
            .where(documents.c.route == route, documents.c.mapping == mapping, documents.c.mapping_digest.is_not(None))
            .order_by(documents.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def last_written(self, target: str) -> str | None:
        """The digest of the mapping with which the latest delivery to ``target`` was written."""
        query = (
            select(deliveries.c.mapping_digest)
            .where(deliveries.c.target == target, deliveries.c.mapping_digest.is_not(None))
            .order_by(deliveries.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def last_partner(self, partner: str) -> str | None:
        """The digest of the partner's file with which the latest message from it was read, or written to it."""
        if not self._known("partner", partner):
            return None
        read = (
            select(documents.c.partner_digest, documents.c.created_at)
            .where(documents.c.partner == partner, documents.c.partner_digest.is_not(None))
            .order_by(documents.c.id.desc())
            .limit(1)
        )
        written = (
            select(deliveries.c.partner_digest, deliveries.c.staged_at)
            .where(deliveries.c.target.startswith(f"{partner}/", autoescape=True), deliveries.c.kind == "document")
            .order_by(deliveries.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            found = [tuple(row) for query in (read, written) for row in connection.execute(query)]
        return max(found, key=lambda row: row[1])[0] if found else None

    def version(self, digest: str) -> Kept | None:
        """A version by its digest; None when it is not kept."""
        found = self.versions(digest)
        return found[0] if len(found) == 1 else None

    def versions(self, beginning: str) -> list[Kept]:
        """The versions whose digest begins so; two at most, as one is what is looked for."""
        query = select(artifacts).where(artifacts.c.digest.startswith(beginning, autoescape=True)).limit(2)
        with self._database.read() as connection:
            return [
                Kept(
                    digest=row.digest,
                    kind=row.kind,
                    name=row.name,
                    content=kept.content(connection, row.digest) or b"",
                    since=row.stored_at,
                )
                for row in connection.execute(query)
            ]

    def _known(self, kind: str, name: str) -> bool:
        """Whether any version is kept: without one, looking for the latest would go through all documents."""
        query = select(artifacts.c.digest).where(artifacts.c.kind == kind, artifacts.c.name == name).limit(1)
        with self._database.read() as connection:
            return connection.scalar(query) is not None

    def _page(
        self,
        route: str,
        bound: int | None,
        since: datetime | None,
        until: datetime | None,
        kinds: Sequence[str],
        size: int,
    ) -> list[Row[Any]]:
        query = (
            select(receipts, parts.c.parent_id)
            .outerjoin(parts, parts.c.receipt_id == receipts.c.id)
            .where(receipts.c.route == route, receipts.c.state.in_(_READ), receipts.c.finished_at.is_not(None))
            .order_by(receipts.c.id.desc())
            .limit(size)
        )
        if bound is not None:
            query = query.where(receipts.c.id < bound)
        if since is not None:
            query = query.where(receipts.c.received_at >= since)
        if until is not None:
            query = query.where(receipts.c.received_at < until)
        if kinds:
            of_kind = select(documents.c.receipt_id).where(
                documents.c.receipt_id == receipts.c.id, documents.c.kind.in_(kinds)
            )
            query = query.where(of_kind.exists())
        with self._database.read() as connection:
            return list(connection.execute(query))

    def _opened(self, rows: Sequence[Row[Any]]) -> Iterator[Arrived]:
        """The receipts of a page with what belongs to them, fetched for all together unless they are large."""
        small = [row for row in rows if _weight(row) <= MESSAGES]
        whole: dict[int, dict[int, list[Stored]]] = {}
        packed: dict[str, tuple[str, bytes | None]] = {}
        if small:
            with self._database.read() as connection:
                for item, of in self._stored(connection, documents.c.receipt_id.in_([row.id for row in small])):
                    whole.setdefault(of, {}).setdefault(item.message, []).append(item)
                query = select(blobs.c.digest, *_payload).where(blobs.c.digest.in_({row.digest for row in small}))
                packed = {row.digest: (row.encoding, row.data) for row in connection.execute(query)}
        for row in rows:
            receipt = receipt_from(row)
            yield Arrived(
                receipt=receipt,
                state=State(row.state),
                findings=row.findings,
                payload=self._content(row.digest, packed.get(row.digest)),
                stored=_part(whole.get(row.id, {})) if _weight(row) <= MESSAGES else self._window(row.id),
            )

    def _content(self, digest: str, packed: tuple[str, bytes | None] | None) -> Callable[[], bytes]:
        def content() -> bytes:
            if packed is not None:
                return self._store.unpack(digest, *packed)
            with self._database.read() as connection:
                return self._store.load(connection, digest)

        return content

    def _window(self, receipt: int) -> Callable[[int, int], dict[int, list[Stored]]]:
        """The documents of a large receipt: their numbers are looked up once, as there may be a million of them."""
        numbers, messages = array("q"), array("q")

        def stored(first: int, last: int) -> dict[int, list[Stored]]:
            found: dict[int, list[Stored]] = {}
            with self._database.read() as connection:
                if not numbers:
                    query = select(documents.c.id, documents.c.message).where(documents.c.receipt_id == receipt)
                    for row in connection.execute(query.order_by(documents.c.message, documents.c.id)):
                        numbers.append(row.id)
                        messages.append(row.message)
                wanted = numbers[bisect_left(messages, first) : bisect_right(messages, last)].tolist()
                pieces = (wanted[begin : begin + MESSAGES] for begin in range(0, len(wanted), MESSAGES))
                for item, _ in self._stored(connection, *(documents.c.id.in_(part) for part in pieces)):
                    found.setdefault(item.message, []).append(item)
            return found

        return stored

    def _stored(self, connection: Connection, *chosen: ColumnElement[bool]) -> Iterator[tuple[Stored, int]]:
        """The documents in force among those chosen by one of the conditions, with their receipt."""
        query = select(documents, contents.c.canonical).outerjoin(contents, contents.c.document_id == documents.c.id)
        rows = [row for each in chosen for row in connection.execute(query.where(each))]
        rows.sort(key=lambda row: row.id)
        sent = self._sent(connection, [row.id for row in rows])
        latest: dict[tuple[int, int, int], Row[Any]] = {}
        ways: dict[tuple[int, int, int], dict[str, Sent]] = {}
        for row in rows:  # in the order of their numbers, so that later ones win
            place = (row.receipt_id, row.message, row.ordinal)
            ways.setdefault(place, {}).update(sent.get(row.id, {}))
            if row.state != State.SUPPRESSED.value:
                latest[place] = row
        for place, row in latest.items():
            yield _stored(row, ways[place]), row.receipt_id

    def _sent(self, connection: Connection, of: Sequence[int]) -> dict[int, dict[str, Sent]]:
        found: dict[int, dict[str, Sent]] = {}
        bodies: dict[tuple[int, str], str | None] = {}
        for begin in range(0, len(of), MESSAGES):
            query: Select[Any] = (
                select(deliveries, delivery_documents.c.document_id, *_payload)
                .join(delivery_documents, delivery_documents.c.delivery_id == deliveries.c.id)
                .outerjoin(blobs, blobs.c.digest == deliveries.c.body)
                .where(
                    delivery_documents.c.document_id.in_(of[begin : begin + MESSAGES]), deliveries.c.kind == "document"
                )
                .order_by(deliveries.c.id)
            )
            for row in connection.execute(query):
                known = bodies.get((row.document_id, row.target))
                bodies[row.document_id, row.target] = row.body
                if row.origin_id is not None and known == row.body:
                    continue  # the same bytes were sent again, and were made at the time of the first
                packed = (row.encoding, row.data) if row.encoding is not None else None
                body = self._content(row.body, packed) if row.body is not None else None
                found.setdefault(row.document_id, {})[row.target] = _sent(row, body)
        return found


def _weight(row: Row[Any]) -> int:
    """How many messages a receipt has, or may have."""
    return max(int(row.position), int(row.size) // _A_MESSAGE)


def _bounded(rows: list[Row[Any]]) -> list[Row[Any]]:
    """The first of the receipts, so many that they have no more messages than a page may; one at least."""
    total = 0
    for count, row in enumerate(rows):
        total += _weight(row)
        if count and total > MESSAGES:
            return rows[:count]
    return rows


def _part(whole: dict[int, list[Stored]]) -> Callable[[int, int], dict[int, list[Stored]]]:
    return lambda first, last: {message: items for message, items in whole.items() if first <= message <= last}


def _stored(row: Row[Any], sent: Mapping[str, Sent]) -> Stored:
    return Stored(
        id=row.id,
        message=row.message,
        ordinal=row.ordinal,
        state=State(row.state),
        document=row.document,
        number=row.number,
        canonical=row.canonical,
        mapping=row.mapping,
        mapping_digest=row.mapping_digest,
        partner_digest=row.partner_digest,
        product=row.product,
        findings=row.findings,
        created_at=row.created_at,
        sent=sent,
    )


def _sent(row: Row[Any], body: Callable[[], bytes] | None) -> Sent:
    return Sent(
        id=row.id,
        target=row.target,
        key=row.key,
        state=State(row.state),
        metadata=row.metadata,
        findings=row.findings,
        mapping_digest=row.mapping_digest,
        partner_digest=row.partner_digest,
        product=row.product,
        staged_at=row.staged_at,
        erased=row.erasure_id is not None,
        body=body,
    )
