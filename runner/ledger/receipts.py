"""What arrives and what it becomes: arrivals, and the receipts that are made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any

from sqlalchemy import Row

from transload.adapters.base.covered import Covered
from transload.canonical.findings import Finding
from transload.runner.ledger.replies import OwnReply

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
    packed: tuple[str, bytes] | None = field(default=None, repr=False, compare=False)
    """A small payload as it is kept, with its encoding, where it was fetched along."""


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


def file_of(origin: str) -> str:
    """The name by which people look for what came from ``origin``: its last part."""
    return PurePath(origin).name or origin


def as_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as they are kept."""
    return [finding.as_dict() for finding in findings]
