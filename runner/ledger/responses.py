"""Responses: what partners who call us and wait were told of their messages, kept beside the receipts.

Who was told that his message was taken is told the same again, whatever has changed since.  Who was told that it was
not may send it again once one of us has mended something, and gets the newer result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from transload.canonical.findings import Finding
from transload.runner.ledger.artifacts import Artifact, keep
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.receipts import as_rows
from transload.runner.ledger.schema import responses


@dataclass(frozen=True, kw_only=True)
class Given:
    """A response: whether the message was ``taken``, and its body, None where no mapping wrote one.

    ``artifacts`` is what was in force when it was made, the mapping that wrote it first.
    """

    taken: bool
    content: bytes | None = field(default=None, repr=False)
    content_type: str = ""
    findings: tuple[Finding, ...] = ()
    artifacts: Sequence[Artifact] = ()


class Responses:
    """The responses of a ledger."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def of(self, receipt: int) -> Given | None:
        """The response that the sender of ``receipt`` was given; its findings and artifacts are not loaded."""
        with self._database.read() as connection:
            return self._loaded(connection, receipt)

    def keep(self, receipt: int, given: Given, now: datetime, *, lane: str) -> Given:
        """Make a response durable; gives the one that holds, which is an earlier one where that says "taken".

        Raises `LedgerError`.
        """
        blob = self._store.prepare(given.content) if given.content is not None else None

        def work(connection: Connection) -> Given:
            journal = Journal(connection, lane, now)  # it locks the lane: whoever comes second sees the first
            earlier = self._loaded(connection, receipt)
            if earlier is not None and earlier.taken:
                return earlier
            if blob is not None:
                self._store.insert(connection, blob)
            digests = [keep(connection, artifact, now) for artifact in given.artifacts]
            row = {
                "receipt_id": receipt,
                "taken": given.taken,
                "digest": blob.digest if blob is not None else None,
                "content_type": given.content_type,
                "findings": as_rows(given.findings),
                "mapping_digest": digests[0] if digests else None,
                "at": now,
            }
            connection.execute(responses.delete().where(responses.c.receipt_id == receipt))
            connection.execute(responses.insert(), row)
            journal.record(
                "RESPONSE",
                receipt=receipt,
                detail={"taken": given.taken},
                digest=blob.digest if blob is not None else None,
            )
            journal.flush()
            return given

        return self._database.write(work, lane=lane)

    def _loaded(self, connection: Connection, receipt: int) -> Given | None:
        row = connection.execute(select(responses).where(responses.c.receipt_id == receipt)).one_or_none()
        if row is None:
            return None
        content = self._store.load(connection, row.digest) if row.digest is not None else None
        return Given(taken=row.taken, content=content, content_type=row.content_type)
