"""Receipts: what arrived, its bytes committed before any work is done on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from transload.adapters.base.covered import Covered
from transload.canonical.findings import Finding, errors_of
from transload.runner.ledger.blobs import Blob, BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_new
from transload.runner.ledger.fingerprints import fingerprint_of
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.memory import LedgerMemory, write_notes
from transload.runner.ledger.replies import OwnReply, stage_reply, take_reply
from transload.runner.ledger.schema import attachments, parts, receipts
from transload.runner.ledger.states import State

KEPT = "evidence."
"""What the names of evidence begin with in a receipt's metadata, where their digests stand."""


@dataclass(frozen=True, kw_only=True)
class Correction:
    """That a receipt takes the place of quarantined documents.

    ``messages`` are the only ones of it that are read, None for all.  ``replaces`` are the documents that its
    messages take the place of, by the messages' numbers.
    """

    messages: tuple[int, ...] | None
    replaces: Mapping[int, int]


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What is to become a receipt: its route, its identity at the connection, and its bytes or their file.

    ``evidence``, ``findings``, ``answers`` and ``reply`` are those of an `Inbound`.  ``detail`` goes into its event.
    ``made_of`` is the receipt of which a person made it, by a ``correction`` perhaps.
    """

    route: str
    lane: str
    connection: str
    source_key: str
    origin: str
    content: bytes | Path | Covered = field(repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    findings: tuple[Finding, ...] = ()
    answers: str | None = None
    reply: OwnReply | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    made_of: int | None = None
    correction: Correction | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """A receipt whose messages are to be dealt with, from number ``position + 1`` on.

    ``generation`` counts the replays; ``again`` limits the work of one to some messages, and
    ``force`` makes it map good documents again too; those that failed at a target are made again
    for that alone.  ``begun`` counts how often a worker began to read it since the last time that
    something of it was staged: this time included.
    ``unpacked`` tells that filters have made it of another receipt.  ``replaces`` are the documents that the
    messages of a correction take the place of, by their numbers.
    """

    id: int
    route: str
    connection: str
    source_key: str
    origin: str
    metadata: Mapping[str, str]
    digest: str
    size: int
    position: int
    received_at: datetime
    generation: int = 0
    again: tuple[int, ...] | None = None
    force: bool = False
    begun: int = 0
    unpacked: bool = False
    replaces: Mapping[int, int] = field(default_factory=dict)


_known = select(receipts.c.id, receipts.c.digest).where(
    receipts.c.connection == bindparam("of"), receipts.c.source_key == bindparam("with_key")
)
_whole = select(receipts, parts.c.parent_id).outerjoin(parts, parts.c.receipt_id == receipts.c.id)
_one = _whole.where(receipts.c.id == bindparam("of"))
_due = (
    _whole.where(receipts.c.route == bindparam("of"), receipts.c.finished_at.is_(None)).order_by(receipts.c.id).limit(1)
)
_begin = (
    receipts.update()
    .where(
        receipts.c.id
        == select(func.min(receipts.c.id))
        .where(receipts.c.route == bindparam("of"), receipts.c.finished_at.is_(None))
        .scalar_subquery()
    )
    .values(begun=receipts.c.begun + bindparam("more"))
)


def begin_first(connection: Connection, route: str, more: int = 1) -> None:
    """Count that the first due receipt of ``route`` is begun; -1 takes it back."""
    connection.execute(_begin, {"of": route, "more": more})


class Arrivals:
    """The receipts of a ledger."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def add(self, arrival: Arrival, now: datetime, memory: LedgerMemory | None = None) -> tuple[int, bool]:
        """Make ``arrival`` and the memory's waiting notes durable; gives the receipt's id and whether it is new.

        A second arrival with the same source key at the same connection is the same receipt.
        When this returns, the sender may be told that we have it.  Raises `LedgerError`.
        """
        blob = self._store.prepare(arrival.content)
        kept = {name: self._store.prepare(content) for name, content in arrival.evidence.items()}
        notes = memory.take() if memory else {}
        try:
            return self._database.write(
                lambda connection: insert_arrival(connection, self._store, arrival, blob, now, kept=kept, notes=notes),
                lane=arrival.lane,
            )
        except BaseException:
            if memory:
                memory.back(notes)
            raise

    def remember(self, memory: LedgerMemory, scope: str) -> None:
        """Make the memory's waiting notes durable, at the end of a pass."""
        notes = memory.take()
        if not notes:
            return
        try:
            self._database.write(lambda connection: write_notes(connection, scope, notes))
        except BaseException:
            memory.back(notes)
            raise

    def due(self, route: str) -> Receipt | None:
        """The first receipt of ``route`` whose messages are not all dealt with."""
        with self._database.read() as connection:
            row = connection.execute(_due, {"of": route}).one_or_none()
        return receipt_from(row) if row is not None else None

    def get(self, receipt: int) -> Receipt:
        """The receipt of that number, which there must be."""
        with self._database.read() as connection:
            return receipt_from(connection.execute(_one, {"of": receipt}).one())

    def spare(self, route: str) -> None:
        """Take back that the first due receipt of ``route`` was begun: it was not its fault that it was not read."""
        self._database.write(lambda connection: begin_first(connection, route, -1))

    def routes_due(self, route: str | None = None) -> list[str]:
        """The routes (``route`` alone) that have receipts to deal with."""
        query = select(receipts.c.route).where(receipts.c.finished_at.is_(None)).distinct()
        if route is not None:
            query = query.where(receipts.c.route == route)
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def payload(self, digest: str) -> bytes:
        """The bytes of a receipt or delivery."""
        with self._database.read() as connection:
            return self._store.load(connection, digest)


def receipt_from(row: Row[Any]) -> Receipt:
    """The receipt of a row of the receipts, with the ``parent_id`` of the part that it may be."""
    again = row.again or {}
    messages = again.get("messages")
    return Receipt(
        id=row.id,
        route=row.route,
        connection=row.connection,
        source_key=row.source_key,
        origin=row.origin,
        metadata=row.metadata,
        digest=row.digest,
        size=row.size,
        position=row.position,
        generation=row.generation,
        again=None if messages is None else tuple(messages),
        force=again.get("force", False),
        begun=row.begun,
        unpacked=row.parent_id is not None,
        replaces={int(message): document for message, document in again.get("replaces", {}).items()},
        received_at=row.received_at,
    )


def insert_arrival(
    connection: Connection,
    store: BlobStore,
    arrival: Arrival,
    blob: Blob,
    now: datetime,
    *,
    kept: Mapping[str, Blob] = MappingProxyType({}),
    notes: Mapping[str, str | None] = MappingProxyType({}),
) -> tuple[int, bool]:
    """Make ``arrival`` a receipt in a transaction under way; gives its id and whether it is new.

    ``blob`` and ``kept`` are its content and its evidence, prepared by ``store``.
    """
    if notes:
        write_notes(connection, arrival.route, dict(notes))
    known = _known_already(connection, store, arrival, blob, now)
    if known is not None:
        return known, False
    journal = Journal(connection, arrival.lane, now)
    store.insert(connection, blob, *kept.values())
    state = State.RECEIVED
    if errors_of(arrival.findings):
        state = State.QUARANTINED
    elif arrival.answers is not None:
        state = State.RECONCILED
    row = {
        "connection": arrival.connection,
        "source_key": arrival.source_key,
        "route": arrival.route,
        "origin": arrival.origin,
        "file": file_of(arrival.origin),
        "metadata": {**arrival.metadata, **{KEPT + name: item.digest for name, item in kept.items()}},
        "digest": blob.digest,
        "size": blob.size,
        "state": state.value,
        "position": 0,
        "generation": 0 if arrival.correction is None else 1,
        "again": _again(arrival.correction),
        "findings": as_rows(arrival.findings),
        "fingerprint": fingerprint_of(arrival.findings),
        "origin_id": arrival.made_of,
        "received_at": now,
        "finished_at": None if state is State.RECEIVED else now,
    }
    receipt = insert_new(connection, receipts, row)
    if receipt is None:  # it came over another route of the same connection at the same time, which has committed it
        known = _known_already(connection, store, arrival, blob, now)
        assert known is not None
        return known, False
    if kept:
        beside = [{"digest": item.digest, "receipt_id": receipt} for item in kept.values()]
        connection.execute(attachments.insert(), beside)
    journal.record(
        State.RECEIVED,
        receipt=receipt,
        detail={**arrival.detail, "origin": arrival.origin, "size": blob.size},
        digest=blob.digest,
    )
    if state is State.QUARANTINED:
        journal.record(state, receipt=receipt, detail={"findings": sorted({f.code for f in arrival.findings})})
    elif arrival.answers is not None:
        _answer(connection, journal, arrival, receipt)
    if arrival.reply is not None:
        stage_reply(connection, store, journal, receipt, arrival.reply)
    journal.flush()
    return receipt, True


def _known_already(connection: Connection, store: BlobStore, arrival: Arrival, blob: Blob, now: datetime) -> int | None:
    """The receipt that ``arrival`` is already, its reply staged once more; None when it is new."""
    known = connection.execute(_known, {"of": arrival.connection, "with_key": arrival.source_key}).one_or_none()
    if known is None:
        return None
    if arrival.reply is not None and known.digest == blob.digest:  # of another content it would be a lie
        journal = Journal(connection, arrival.lane, now)
        stage_reply(connection, store, journal, known.id, arrival.reply)
        journal.flush()
    return int(known.id)


def _answer(connection: Connection, journal: Journal, arrival: Arrival, receipt: int) -> None:
    """Bring an answer together with its delivery; where there is none, a person has to look at it."""
    assert arrival.answers is not None
    unknown = take_reply(connection, journal, receipt, arrival.connection, arrival.answers)
    if unknown is None:
        return
    findings = as_rows((*arrival.findings, unknown))
    marked = fingerprint_of((*arrival.findings, unknown))
    values = {"state": State.QUARANTINED.value, "findings": findings, "fingerprint": marked}
    connection.execute(receipts.update().where(receipts.c.id == receipt).values(values))
    journal.record(State.QUARANTINED, receipt=receipt, detail={"findings": [unknown.code]})


def _again(correction: Correction | None) -> dict[str, Any] | None:
    if correction is None:
        return None
    messages = None if correction.messages is None else list(correction.messages)
    replaces = {str(message): document for message, document in correction.replaces.items()}
    return {"messages": messages, "force": False, "replaces": replaces}


def file_of(origin: str) -> str:
    """The name by which people look for what came from ``origin``: its last part."""
    return PurePath(origin).name or origin


def as_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as they are kept."""
    return [finding.as_dict() for finding in findings]
