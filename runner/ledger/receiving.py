"""Receiving: arrivals become receipts in a transaction under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from transload.canonical.findings import errors_of
from transload.runner.ledger.blobs import Blob, BlobStore
from transload.runner.ledger.dialects import insert_new
from transload.runner.ledger.fingerprints import fingerprint_of
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.receipts import KEPT, Arrival, Correction, as_rows, file_of
from transload.runner.ledger.replies import stage_reply, take_reply
from transload.runner.ledger.schema import attachments, receipts
from transload.runner.ledger.states import State

_known = select(receipts.c.id, receipts.c.source_key, receipts.c.digest).where(
    receipts.c.connection == bindparam("of"), receipts.c.source_key.in_(bindparam("with_keys", expanding=True))
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


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """An arrival whose content and evidence are packed."""

    arrival: Arrival
    blob: Blob
    kept: Mapping[str, Blob] = field(default_factory=dict)


def prepared(store: BlobStore, arrival: Arrival) -> Prepared:
    """Pack what came with ``arrival``.  Raises `LedgerError` when the disk is full."""
    kept = {name: store.prepare(content) for name, content in arrival.evidence.items()}
    return Prepared(arrival=arrival, blob=store.prepare(arrival.content), kept=kept)


def insert_arrivals(
    connection: Connection, store: BlobStore, arriving: Sequence[Prepared], now: datetime
) -> list[tuple[int, bool]]:
    """Make arrivals of one lane and one connection receipts, in a transaction under way.

    Gives of each the receipt's id and whether it is new.
    """
    known = _known_ones(connection, arriving)
    journal = Journal(connection, arriving[0].arrival.lane, now)
    new = [each for each in arriving if each.arrival.source_key not in known]
    store.insert(connection, *(blob for each in new for blob in (each.blob, *each.kept.values())))
    made = []
    for each in arriving:
        arrival, key = each.arrival, each.arrival.source_key
        receipt = _insert(connection, journal, each, now) if key not in known else None
        if receipt is not None:
            known[key] = receipt, each.blob.digest
            if arrival.reply is not None:
                stage_reply(connection, store, journal, receipt, arrival.reply)
            made.append((receipt, True))
            continue
        if key not in known:  # it came over another route of the connection at the same time, which has committed it
            known |= _known_ones(connection, [each])
        number, digest = known[key]
        if arrival.reply is not None and digest == each.blob.digest:  # of another content it would be a lie
            stage_reply(connection, store, journal, number, arrival.reply)
        made.append((number, False))
    journal.flush()
    return made


def insert_arrival(connection: Connection, store: BlobStore, each: Prepared, now: datetime) -> tuple[int, bool]:
    """The same for one."""
    return insert_arrivals(connection, store, [each], now)[0]


def _known_ones(connection: Connection, arriving: Sequence[Prepared]) -> dict[str, tuple[int, str]]:
    """The receipts that arrivals are already, and the digests of their content, by the arrivals' keys."""
    keys = [each.arrival.source_key for each in arriving]
    rows = connection.execute(_known, {"of": arriving[0].arrival.connection, "with_keys": keys}).all()
    # a key may be kept in another form than it was given in, which shows when it is looked up alone
    return {keys[0] if len(keys) == 1 else row.source_key: (row.id, row.digest) for row in rows}


def _insert(connection: Connection, journal: Journal, each: Prepared, now: datetime) -> int | None:
    """Insert a receipt with what came beside it; None where there is one."""
    arrival, blob = each.arrival, each.blob
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
        "metadata": {**arrival.metadata, **{KEPT + name: item.digest for name, item in each.kept.items()}},
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
    receipt: int | None = insert_new(connection, receipts, row)
    if receipt is None:
        return None
    if each.kept:
        beside = [{"digest": item.digest, "receipt_id": receipt} for item in each.kept.values()]
        connection.execute(attachments.insert(), beside)
    detail = {**arrival.detail, "origin": arrival.origin, "size": blob.size}
    journal.record(State.RECEIVED, receipt=receipt, detail=detail, digest=blob.digest)
    if state is State.QUARANTINED:
        journal.record(state, receipt=receipt, detail={"findings": sorted({f.code for f in arrival.findings})})
    elif arrival.answers is not None:
        _answer(connection, journal, arrival, receipt)
    return receipt


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
