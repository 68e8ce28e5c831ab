"""Letting go of payloads: since a route keeps them no longer, or since somebody asked for it.

What goes: the bytes that arrived and that were sent, documents, residues, answers, what attempts captured, and the
texts and values of findings.  What stays: that it happened, by names, numbers, states, times, digests and events, so
that every chain is still whole.  A payload that others have too stays until the last of them lets it go.

A payload on a shelf is taken away in two steps, since no transaction is over both: it is marked (`ERASING`) with all
else, and its file removed afterwards while the mark's row is locked (`sweep`).  A crash between leaves the mark, and
the next sweep goes on.  Who stores the same payload meanwhile waits for the row, and puts the file there once more.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, exists, func, or_, select

from transload.runner.ledger.blobs import ERASED, ERASING, BlobStore, erasing_only
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import among
from transload.runner.ledger.erased import see_whole
from transload.runner.ledger.errors import Erased
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.references import Kind, NotFound, Ref
from transload.runner.ledger.repeating import NotPossible
from transload.runner.ledger.schema import (
    attachments,
    attempts,
    blobs,
    contents,
    deliveries,
    delivery_documents,
    documents,
    erasures,
    gathered,
    incident_members,
    incidents,
    partner_verdicts,
    parts,
    receipts,
    responses,
    still_whole,
)

LANE = "keeping"
"""The lane of the events that tell what was let go of."""
RETENTION = "retention"
"""Who lets go of what a route keeps no longer."""
BATCH = 100
_SAID = ("code", "severity", "place", "field", "times")
"""What is kept of a finding."""


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What would go, or went: ``receipts`` lose their bytes, ``documents`` and ``deliveries`` all that they hold.

    ``bereft`` are documents that stay, and can be made anew no more, as the bytes of their receipt go.
    """

    receipts: tuple[int, ...]
    documents: tuple[int, ...]
    deliveries: tuple[int, ...]
    bereft: int = 0


class Erasing:
    """What lets go of payloads."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def look(self, ref: Ref) -> Erasure:
        """What `erase` would do.  Raises as it does."""
        with self._database.read() as connection:
            return _planned(connection, ref)[0]

    def erase(self, ref: Ref, now: datetime, *, by: str, reason: str) -> Erasure:
        """Let go of a receipt with all that was made of it, of a document, or of a delivery with its documents.

        Raises `NotFound`; `Erased` where it was done; `NotPossible` where something of it is under way, or an open
        incident is about it.
        """
        done = self._erased(ref, now, by=by, reason=reason)
        self.complete()
        return done

    def complete(self) -> None:
        """Do what is left to do of erasures, also of those that were broken off: nothing of them stays on disk."""
        self.sweep()
        self._database.forget()

    def _erased(self, ref: Ref, now: datetime, *, by: str, reason: str) -> Erasure:
        def work(connection: Connection) -> Erasure:
            journal = Journal(connection, LANE, now)
            found, whole = _planned(connection, ref)
            _lock(connection, found)
            found, whole = _planned(connection, ref)  # what came since
            _let_go(connection, journal, found, whole=whole, by=by, reason=reason)
            return found

        return self._database.write(work, lane=LANE)

    def due(self, route: str, before: datetime, *, after: int = 0, limit: int = BATCH) -> list[int]:
        """The next receipts of ``route`` from before then that still have something, from the oldest number on."""
        part = exists().where(parts.c.receipt_id == receipts.c.id)
        query = select(receipts.c.id).where(
            still_whole,
            receipts.c.route == route,
            receipts.c.received_at < before,
            receipts.c.finished_at.is_not(None),
            receipts.c.id > after,
            ~part,
        )
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(receipts.c.id).limit(limit)))

    def tidy(self, route: str, before: datetime, now: datetime, *, preview: bool = False) -> Iterator[Erasure]:
        """Let go of what ``route`` received before then, receipt by receipt, but not of what is under way or open."""
        last = count = 0
        reason = f"kept until {before:%Y-%m-%d}"
        while found := self.due(route, before, after=last):
            last = found[-1]
            for number in found:
                ref = Ref("receipt", number)
                try:
                    done = self.look(ref) if preview else self._erased(ref, now, by=RETENTION, reason=reason)
                except (NotPossible, Erased):  # not yet, or another host was faster
                    continue
                count += 1
                yield done
        if count and not preview:
            self.complete()

    def sweep(self) -> int:
        """Remove the files of payloads that nothing refers to any more, gives how many; and halves of files."""
        self._store.tidy()
        with self._database.read() as connection:
            marked = list(connection.scalars(select(blobs.c.digest).where(erasing_only)))

        def remove(connection: Connection, *, digest: str) -> bool:
            row = select(blobs.c.encoding).where(blobs.c.digest == digest).with_for_update()
            if connection.scalar(row) != ERASING:  # the same arrived again
                return False
            self._store.remove(digest)
            connection.execute(blobs.update().where(blobs.c.digest == digest).values(encoding=ERASED))
            return True

        return sum(self._database.write(partial(remove, digest=digest)) for digest in marked)


def _planned(connection: Connection, ref: Ref) -> tuple[Erasure, bool]:
    """What goes with ``ref``, and whether nothing is left then of the receipts that it names."""
    whole = ref.kind == "receipt"
    if whole:
        _there(connection, receipts, ref)
        if not connection.scalar(select(receipts.c.whole).where(receipts.c.id == ref.id)):
            see_whole(connection, ref)
        tree = _down(connection, _up(connection, [ref.id])[-1:])
        mine = set(connection.scalars(select(documents.c.id).where(among(connection, documents.c.receipt_id, tree))))
    else:
        see_whole(connection, ref)
        mine = _same_message(connection, _documents_of(connection, ref))
        of = select(documents.c.receipt_id).where(among(connection, documents.c.id, mine)).distinct()
        tree = _up(connection, list(connection.scalars(of)))
    sent = select(delivery_documents.c.delivery_id).where(among(connection, delivery_documents.c.document_id, mine))
    of_receipts = select(deliveries.c.id).where(among(connection, deliveries.c.receipt_id, tree))
    ours = set(connection.scalars(sent)) | (set(connection.scalars(of_receipts)) if whole else set())
    ours |= {ref.id} if ref.kind == "delivery" else set()
    of = select(documents.c.id).join(contents).where(among(connection, documents.c.receipt_id, tree))
    bereft = len(set(connection.scalars(of)) - mine)
    found = Erasure(
        receipts=tuple(sorted(tree)), documents=tuple(sorted(mine)), deliveries=tuple(sorted(ours)), bereft=bereft
    )
    _allowed(connection, ref, found)
    return found, whole


def _there(connection: Connection, table: Table, ref: Ref) -> None:
    if connection.scalar(select(table.c.id).where(table.c.id == ref.id)) is None:
        raise NotFound(f"the ledger holds no {ref.kind} {ref}")


def _documents_of(connection: Connection, ref: Ref) -> list[int]:
    if ref.kind == "document":
        _there(connection, documents, ref)
        return [ref.id]
    _there(connection, deliveries, ref)
    query = select(delivery_documents.c.document_id).where(delivery_documents.c.delivery_id == ref.id)
    return list(connection.scalars(query))


def _same_message(connection: Connection, of: Sequence[int]) -> set[int]:
    """The documents of the same messages, which have been mapped more than once, or gave several."""
    found = set(of)
    for row in connection.execute(select(documents.c.receipt_id, documents.c.message).where(documents.c.id.in_(of))):
        same = documents.c.receipt_id == row.receipt_id, documents.c.message == row.message
        found |= set(connection.scalars(select(documents.c.id).where(*same)))
    return found


def _up(connection: Connection, of: Sequence[int]) -> list[int]:
    """Receipts, and those that they were unpacked from, the outermost last."""
    found = list(of)
    for number in found:  # which grows
        parent = connection.scalar(select(parts.c.parent_id).where(parts.c.receipt_id == number))
        if parent is not None and parent not in found:
            found.append(parent)
    return found


def _down(connection: Connection, of: Sequence[int]) -> list[int]:
    """Receipts, and those that were unpacked from them."""
    found = list(of)
    for number in found:  # which grows
        found += connection.scalars(select(parts.c.receipt_id).where(parts.c.parent_id == number))
    return found


def _allowed(connection: Connection, ref: Ref, found: Erasure) -> None:
    """See that nothing of it is under way, and nobody looks into it.  Raises `NotPossible`."""
    kinds: tuple[tuple[Kind, Table, tuple[int, ...]], ...] = (
        ("receipt", receipts, found.receipts),
        ("delivery", deliveries, found.deliveries),
    )
    for kind, table, ids in kinds:
        query = select(table.c.id).where(among(connection, table.c.id, ids), table.c.finished_at.is_(None))
        busy = connection.scalar(query.limit(1))
        if busy is not None:
            hint = "let it come to its end, or decide on it with `transload resolve`"
            raise NotPossible(f"{ref} cannot be erased: {Ref(kind, busy)} is under way", hint=hint)
    waits = select(gathered.c.document_id, gathered.c.target).where(
        among(connection, gathered.c.document_id, found.documents)
    )
    waiting = connection.execute(waits.limit(1)).one_or_none()
    if waiting is not None:
        first = Ref("document", waiting.document_id)
        hint = f"`transload show {first}` says when that leaves"
        message = f"{ref} cannot be erased: {first} waits for a batch to {waiting.target}"
        raise NotPossible(message, hint=hint)
    members = incident_members.c
    about = or_(
        (members.source == "quarantined receipt") & among(connection, members.member, found.receipts),
        (members.source == "quarantined") & among(connection, members.member, found.documents),
        members.source.in_(("dead", "rejected", "unknown", "quarantined delivery"))
        & among(connection, members.member, found.deliveries),
    )
    joined = incident_members.join(incidents, incidents.c.id == members.incident_id)
    query = select(incidents.c.id).select_from(joined).where(about, incidents.c.closed_at.is_(None)).limit(1)
    incident = connection.scalar(query)
    if incident is not None:
        hint = f"close it first, with `transload incidents i{incident} --close`"
        raise NotPossible(f"{ref} cannot be erased: the incident i{incident} about it is open", hint=hint)


def _lock(connection: Connection, found: Erasure) -> None:
    """Let nobody send or map any of it again until the commit; in the order in which others lock."""
    for table, ids in (
        (deliveries, found.deliveries),
        (documents, found.documents),
        (receipts, found.receipts),
    ):
        query = select(table.c.id).where(among(connection, table.c.id, ids)).order_by(table.c.id)
        connection.execute(query.with_for_update(key_share=True)).all()


def _let_go(connection: Connection, journal: Journal, found: Erasure, *, whole: bool, by: str, reason: str) -> None:
    facts = {"at": journal.at, "by": by, "reason": reason}
    (number,) = connection.execute(erasures.insert(), facts).inserted_primary_key or (0,)
    news = connection.scalars(
        select(receipts.c.id).where(among(connection, receipts.c.id, found.receipts), receipts.c.erasure_id.is_(None))
    )
    told = found.receipts if whole else sorted(news)
    connection.execute(contents.delete().where(among(connection, contents.c.document_id, found.documents)))
    _blank(connection, documents, found.documents, number, {})
    _blank(connection, deliveries, found.deliveries, number, {"answer": None})
    _blank(connection, receipts, found.receipts, number, {"whole": False} if whole else {})
    of_attempts = among(connection, attempts.c.delivery_id, found.deliveries)
    connection.execute(attempts.update().where(of_attempts).values(detail=None))
    verdicts = or_(
        among(connection, partner_verdicts.c.delivery_id, found.deliveries),
        among(connection, partner_verdicts.c.document_id, found.documents),
    )
    connection.execute(partner_verdicts.update().where(verdicts).values(findings=[]))
    answered = among(connection, responses.c.receipt_id, found.receipts)
    connection.execute(responses.update().where(answered).values(findings=[]))
    digests = _digests(connection, found)
    beside = or_(
        among(connection, attachments.c.receipt_id, found.receipts),
        among(connection, attachments.c.delivery_id, found.deliveries),
    )
    connection.execute(attachments.delete().where(beside))
    for digest in sorted(digests):
        _release(connection, digest)
    detail = {"by": by, "reason": reason, "erasure": number}
    for receipt in told:
        journal.record("ERASED", receipt=receipt, detail=detail)
    for document in found.documents if not whole else ():
        journal.record("ERASED", document=document, detail=detail)
    query = select(deliveries.c.id).where(among(connection, deliveries.c.id, found.deliveries))
    if whole:  # of others the event of their receipt tells
        query = query.where(or_(deliveries.c.receipt_id.is_(None), ~among(connection, deliveries.c.receipt_id, told)))
    for delivery in sorted(connection.scalars(query)):
        journal.record("ERASED", delivery=delivery, detail=detail)
    journal.flush()


def _blank(connection: Connection, table: Table, ids: Sequence[int], number: int, values: dict[str, Any]) -> None:
    """Set ``values`` and the erasure's number, and leave of findings what cannot hold a value of the payload."""
    values = {**values, "erasure_id": func.coalesce(table.c.erasure_id, number)}
    connection.execute(table.update().where(among(connection, table.c.id, ids)).values(values))
    for row in connection.execute(select(table.c.id, table.c.findings).where(among(connection, table.c.id, ids))).all():
        if row.findings:
            bare = [
                {**{name: finding[name] for name in _SAID if name in finding}, "message": "erased"}
                for finding in row.findings
            ]
            connection.execute(table.update().where(table.c.id == row.id).values(findings=bare))


def _digests(connection: Connection, found: Erasure) -> set[str]:
    """Of the payloads that they have."""
    of_receipts, of_deliveries = found.receipts, found.deliveries
    queries = (
        select(receipts.c.digest).where(among(connection, receipts.c.id, of_receipts)),
        select(responses.c.digest).where(among(connection, responses.c.receipt_id, of_receipts)),
        select(deliveries.c.body).where(among(connection, deliveries.c.id, of_deliveries)),
        select(attachments.c.digest).where(among(connection, attachments.c.receipt_id, of_receipts)),
        select(attachments.c.digest).where(among(connection, attachments.c.delivery_id, of_deliveries)),
    )
    return {digest for query in queries for digest in connection.scalars(query) if digest is not None}


def users_of(digest: str) -> list[ColumnElement[bool]]:
    """Conditions that something still has the payload, one for each way."""
    told = exists().where(responses.c.digest == digest, responses.c.receipt_id == receipts.c.id)
    return [
        exists().where(receipts.c.digest == digest, receipts.c.erasure_id.is_(None)),
        exists().where(deliveries.c.body == digest, deliveries.c.erasure_id.is_(None)),
        exists().where(attachments.c.digest == digest),
        exists().where(told, receipts.c.erasure_id.is_(None)),
    ]


def _release(connection: Connection, digest: str) -> None:
    """Let a payload go that nobody has any more; whoever is about to have it is waited for."""
    locked = select(blobs.c.encoding).where(blobs.c.digest == digest).with_for_update()
    encoding = connection.scalar(locked)
    if encoding in (None, ERASED, ERASING):
        return
    if any(connection.scalar(select(condition)) for condition in users_of(digest)):
        return
    values = {"encoding": ERASING if encoding == "file" else ERASED, "data": None}
    connection.execute(blobs.update().where(blobs.c.digest == digest).values(values))
