"""Receipts that were made of a receipt: what filters unwrapped from the bytes that arrived.

The raw bytes stay as they are.  Each payload in them becomes a receipt of its own, with its own messages, findings and
acknowledgements; so whatever speaks of a byte speaks of one in the payload that the format has read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from transload.canonical.findings import Finding
from transload.runner.ledger.blobs import Blob, BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.receipts import Receipt, as_rows, file_of
from transload.runner.ledger.references import Ref
from transload.runner.ledger.schema import parts, receipts
from transload.runner.ledger.states import State


@dataclass(frozen=True, kw_only=True)
class Part:
    """One unwrapped payload, its bytes prepared by `Unpacking.prepare`; ``origin`` is what people call it."""

    blob: Blob
    origin: str
    metadata: Mapping[str, str] = field(default_factory=dict)


class Unpacking:
    """Writes the parts of receipts."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def prepare(self, content: bytes) -> Blob:
        """Compress ``content``, or put it into its file where it is large.  Raises `LedgerError`."""
        return self._store.prepare(content)

    def unpack(
        self,
        receipt: Receipt,
        unwrapped: Sequence[Part],
        now: datetime,
        *,
        lane: str,
        epoch: int,
        filters: str,
        findings: Sequence[Finding] = (),
    ) -> tuple[int, ...]:
        """Make a receipt of each part and close ``receipt`` as UNPACKED, in one transaction; gives their ids.

        Raises `Fenced` when another worker has taken over the lane, `LedgerError` when nothing could be written.
        """

        def work(connection: Connection) -> tuple[int, ...]:
            journal = Journal(connection, lane, now, epoch=epoch)
            self._store.insert(connection, *(part.blob for part in unwrapped))
            made = tuple(
                self._add(connection, journal, receipt, number, part, filters)
                for number, part in enumerate(unwrapped, start=1)
            )
            state = State.UNPACKED.value
            values = {"state": state, "finished_at": now, "findings": as_rows(findings), "again": None, "begun": 0}
            connection.execute(receipts.update().where(receipts.c.id == receipt.id).values(values))
            detail = {"parts": len(unwrapped), "by": filters}
            journal.record(State.UNPACKED, receipt=receipt.id, detail=detail, digest=receipt.digest)
            journal.flush()
            return made

        return self._database.write(work, lane=lane)

    def _add(
        self, connection: Connection, journal: Journal, receipt: Receipt, number: int, part: Part, filters: str
    ) -> int:
        row = {
            "connection": receipt.connection,
            "source_key": json.dumps([receipt.source_key, number]),
            "route": receipt.route,
            "origin": part.origin,
            "file": file_of(part.origin),
            "metadata": {**receipt.metadata, **part.metadata},
            "digest": part.blob.digest,
            "size": part.blob.size,
            "state": State.RECEIVED.value,
            "position": 0,
            "generation": 0,
            "findings": [],
            "received_at": receipt.received_at,
        }
        (made,) = connection.execute(receipts.insert(), row).inserted_primary_key or (0,)
        link = {"receipt_id": made, "parent_id": receipt.id, "number": number, "filters": filters}
        connection.execute(parts.insert(), link)
        detail = {"origin": part.origin, "size": part.blob.size, "unpacked_from": str(Ref("receipt", receipt.id))}
        journal.record(State.RECEIVED, receipt=made, detail=detail, digest=part.blob.digest)
        return int(made)


def parts_of(connection: Connection, receipt: int) -> list[Ref]:
    """The receipts that were made of ``receipt``, in their order."""
    query = select(parts.c.receipt_id).where(parts.c.parent_id == receipt).order_by(parts.c.number)
    return [Ref("receipt", found) for found in connection.scalars(query)]
