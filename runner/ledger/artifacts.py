"""What was in force when a document was processed: mappings and partner files, each version kept once by its hash."""

import zlib
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, select

from transload.runner.ledger.dialects import insert_missing
from transload.runner.ledger.schema import artifacts


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """One version of a file that steers processing.

    ``kind`` is ``mapping``, ``partner``, ``xref NAME`` or ``codes NAME``.
    """

    kind: str
    name: str
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content).hexdigest()


def keep(connection: Connection, artifact: Artifact, now: datetime) -> str:
    """Store the artifact unless it is there; gives its digest."""
    digest = artifact.digest
    if connection.scalar(select(artifacts.c.digest).where(artifacts.c.digest == digest)) is None:
        row = {
            "digest": digest,
            "kind": artifact.kind,
            "name": artifact.name,
            "content": zlib.compress(artifact.content),
            "stored_at": now,
        }
        insert_missing(connection, artifacts, [row])
    return digest


def content(connection: Connection, digest: str) -> bytes | None:
    """The text of an artifact, or None when it is not kept."""
    packed = connection.scalar(select(artifacts.c.content).where(artifacts.c.digest == digest))
    return None if packed is None else zlib.decompress(packed)
