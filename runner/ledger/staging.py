"""Staging: documents and the deliveries made of them, their bytes frozen, in one transaction a batch of messages.

The bodies were encoded before; what needs control numbers (envelopes, file names) is
done inside, so that a number is used exactly when the bytes that carry it are kept.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from transload.canonical.context import Numbers
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.runner.ledger.arrivals import Receipt, as_rows
from transload.runner.ledger.artifacts import Artifact, keep
from transload.runner.ledger.blobs import Blob, BlobStore
from transload.runner.ledger.bundling import Bundling
from transload.runner.ledger.database import Database
from transload.runner.ledger.drafts import AcknowledgementDraft, Batch, Closing, Draft, Frozen
from transload.runner.ledger.errors import LedgerError
from transload.runner.ledger.fingerprints import fingerprint_of
from transload.runner.ledger.following import follow
from transload.runner.ledger.journal import Journal, add_lane
from transload.runner.ledger.numbers import Ids, LedgerNumbers
from transload.runner.ledger.reconciled import PartnerVerdict, number_rows, take_verdict
from transload.runner.ledger.repeating import FAILED
from transload.runner.ledger.schema import (
    acknowledgements,
    control_numbers,
    deliveries,
    delivery_documents,
    documents,
    gathered,
    receipts,
)
from transload.runner.ledger.sequences import give_place, held_by
from transload.runner.ledger.states import State, of_document


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """One document of a message, or a message that gave none (``ordinal`` 0) and why.

    ``passed`` are the states it went through, for the events.  ``verdicts`` are what it says of deliveries of ours,
    where it is an acknowledgement.  ``replaces`` is the document before it, where this is a replay.
    """

    message: int
    ordinal: int
    state: State
    partner: str
    kind: str = ""
    version: str = ""
    sender: str = ""
    receiver: str = ""
    interchange: str = ""
    reference: str = ""
    wire_digest: str
    start: int = 0
    end: int = 0
    document: str | None = None
    number: str | None = None
    about: str | None = None
    canonical: str | None = field(default=None, repr=False)
    residue: Mapping[str, Any] | None = field(default=None, repr=False)
    digest: str | None = None
    mapping: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    product: str = ""
    findings: tuple[Finding, ...] = ()
    passed: tuple[State, ...] = ()
    drafts: tuple[Draft, ...] = ()
    verdicts: tuple[PartnerVerdict, ...] = ()
    replaces: int | None = None

    @property
    def shares(self) -> bool:
        """Whether it is delivered together with other messages."""
        return any(draft.shared for draft in self.drafts)


@dataclass(frozen=True, kw_only=True)
class Staged:
    """What a transaction staged: the documents' states in order, and the lanes that have new work.

    ``answered`` are deliveries that an acknowledgement has brought to another state.
    """

    documents: tuple[int, ...] = ()
    states: tuple[State, ...] = ()
    deliveries: tuple[int, ...] = ()
    delivery_states: tuple[State, ...] = ()
    answered: tuple[tuple[int, State], ...] = ()
    lanes: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


class Staging:
    """Writes batches of parsed messages."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def stage(
        self,
        receipt: Receipt,
        parsed: Sequence[Parsed],
        now: datetime,
        *,
        lane: str,
        epoch: int,
        position: int,
        closing: Closing | None = None,
    ) -> Staged:
        """Commit a batch of a receipt's messages; ``position`` is the number of the last one, ``closing`` ends it.

        Raises `Fenced` when another worker has taken over the lane, `LedgerError` when
        nothing could be written.
        """

        def work(connection: Connection) -> Staged:
            journal = Journal(connection, lane, now, epoch=epoch)
            batch = _Batch(connection, self._store, journal, receipt, now, max(1, len(parsed)))
            for item in parsed:
                batch.add(item)
            values: dict[str, Any] = {"position": position, "begun": 0}
            if closing is not None:
                found = (*closing.findings, *batch.bundle(closing))
                if closing.acknowledge is not None:
                    batch.acknowledge(closing.acknowledge)
                values |= {"state": closing.state.value, "finished_at": now, "again": None}
                values |= {"findings": as_rows(found), "fingerprint": fingerprint_of(found)}
                batch.journal.record(closing.state, receipt=receipt.id, detail=_codes(found), digest=receipt.digest)
            connection.execute(receipts.update().where(receipts.c.id == receipt.id).values(values))
            return batch.flush()

        return self._database.write(work, lane=lane)

    def lanes_due(self, now: datetime) -> list[str]:
        """The lanes that have gathered documents which are due."""
        query = select(gathered.c.lane).where(gathered.c.due_at <= now).distinct()
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def depart(self, batch: Batch, now: datetime, *, lane: str, epoch: int) -> Staged:
        """Make deliveries of what was gathered for the lane of ``batch`` and is due, as it says.

        Raises as `stage` does, and `Retry` when a table that the mapping asks cannot be had.
        """

        def work(connection: Connection) -> Staged:
            journal = Journal(connection, lane, now, epoch=epoch)
            rows = _Batch(connection, self._store, journal, None, now, 1)
            rows.bundling.write_due(batch, now)
            rows.links += rows.bundling.links
            return rows.flush()

        return self._database.write(work, lane=lane)


class _Batch:
    """The rows of one transaction."""

    def __init__(
        self,
        connection: Connection,
        store: BlobStore,
        journal: Journal,
        receipt: Receipt | None,
        now: datetime,
        most: int,
    ) -> None:
        self.connection = connection
        self.store = store
        self.journal = journal
        self._receipt = receipt
        self.now = now
        self.ids = Ids(connection, most)
        self.numbers = LedgerNumbers(connection)
        self.artifacts: dict[Artifact, str] = {}
        self.blobs: list[Blob] = []
        self.documents: list[dict[str, Any]] = []
        self.deliveries: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        self.bundling = Bundling(connection, receipt, self.numbers, self.deliver)
        self.acknowledgements: list[dict[str, Any]] = []
        self.control_numbers: list[dict[str, Any]] = []
        self.verdicts: list[tuple[int, PartnerVerdict]] = []
        self.replaced: list[tuple[int, int]] = []
        self.findings: list[Finding] = []

    @property
    def receipt(self) -> Receipt:
        """The receipt that is read, where one is."""
        assert self._receipt is not None
        return self._receipt

    def add(self, item: Parsed) -> None:
        """Add one document with its deliveries."""
        document = self.ids.next(documents)
        states: list[State] = []
        wrong = len(self.findings)
        for state in item.passed:
            digest = item.digest if state is State.MAPPED else item.wire_digest
            self.journal.record(state, receipt=self.receipt.id, document=document, digest=digest)
        detail = {"message": item.message, **_codes(item.findings)}
        if not item.drafts:
            digest = item.digest or item.wire_digest if item.state is State.MAPPED else item.wire_digest
            self.journal.record(item.state, receipt=self.receipt.id, document=document, detail=detail, digest=digest)
        for draft in item.drafts:
            if draft.gathered is not None:
                self.bundling.add(self.receipt.id, document, draft, draft.gathered)
                gathering = {**detail, "target": draft.target}
                self.journal.record("GATHERED", receipt=self.receipt.id, document=document, detail=gathering)
                states.append(State.STAGED)
                continue
            delivery, state = self._joined(draft, document, detail) or self.deliver(
                draft, kind="document", document=document, detail=detail, instead=item.replaces
            )
            self.links.append({"delivery_id": delivery, "document_id": document, "position": None})
            states.append(state)
        self.verdicts += [(document, verdict) for verdict in item.verdicts]
        if item.replaces is not None:
            self.replaced.append((item.replaces, document))
        self.findings += item.findings
        kept = {artifact.kind: self.keep(artifact) for artifact in item.artifacts}
        self.documents.append(
            {
                "id": document,
                "receipt_id": self.receipt.id,
                "message": item.message,
                "ordinal": item.ordinal,
                "route": self.receipt.route,
                "partner": item.partner,
                "state": (of_document(states) if states else item.state).value,
                "kind": item.kind,
                "version": item.version,
                "sender": item.sender,
                "receiver": item.receiver,
                "interchange": item.interchange,
                "reference": item.reference,
                "wire_digest": item.wire_digest,
                "start": item.start,
                "end": item.end,
                "document": item.document,
                "number": item.number,
                "about": item.about,
                "canonical": item.canonical,
                "residue": item.residue,
                "digest": item.digest,
                "mapping": item.mapping,
                "mapping_digest": kept.get("mapping"),
                "partner_digest": kept.get("partner"),
                "product": item.product,
                "findings": as_rows(item.findings),
                "fingerprint": fingerprint_of(self.findings[wrong:]),
                "targets": len(item.drafts),
                "origin_id": item.replaces,
                "created_at": self.now,
            }
        )

    def _joined(self, draft: Draft, document: int, detail: Mapping[str, Any]) -> tuple[int, State] | None:
        """The delivery that already carries the payload to the target of a shared draft, with its state.

        A replay joins what an earlier generation has delivered, or is about to, unless it is to be sent again.
        """
        if not draft.shared:
            return None
        rows: list[tuple[int, str, State]] = [
            (row["id"], row["key"], State(row["state"])) for row in self.deliveries if row["key"] == draft.key
        ]
        if not rows:
            query = select(deliveries.c.id, deliveries.c.key, deliveries.c.state).where(
                deliveries.c.receipt_id == self.receipt.id,
                deliveries.c.target == draft.target,
                deliveries.c.kind == "document",
            )
            rows = [(row.id, row.key, State(row.state)) for row in self.connection.execute(query)]
        found = [
            (delivery, state)
            for delivery, key, state in rows
            if key == draft.key or not (self.receipt.force or state in FAILED)
        ]
        if not found:
            return None
        delivery, state = max(found)
        self.journal.record(
            state,
            receipt=self.receipt.id,
            document=document,
            delivery=delivery,
            detail={**detail, "target": draft.target},
        )
        return delivery, state

    def bundle(self, closing: Closing) -> tuple[Finding, ...]:
        """Add the deliveries of what was gathered of the receipt; gives what is to be said of it there."""
        left_out = self.bundling.write(closing, self.documents)
        self.links += self.bundling.links
        self.findings += left_out
        return left_out

    def acknowledge(self, make: Callable[[Numbers], Sequence[AcknowledgementDraft]]) -> None:
        """Add the acknowledgements; when they cannot be made, none is, and their numbers are not used."""
        for made in make(self.numbers):
            detail = {"acknowledges": made.reference, "accepted": made.accepted}
            delivery, _ = self.deliver(made.draft, kind="acknowledgement", document=None, detail=detail)
            self.acknowledgements.append(
                {
                    "receipt_id": self.receipt.id,
                    "delivery_id": delivery,
                    "kind": made.kind,
                    "reference": made.reference,
                    "accepted": made.accepted,
                }
            )

    def deliver(
        self,
        draft: Draft,
        *,
        kind: str,
        document: int | None,
        detail: Mapping[str, Any],
        instead: int | None = None,
    ) -> tuple[int, State]:
        """Add one delivery: staged, or quarantined when its bytes cannot be made.

        It takes the place in its sequence of what of the document ``instead`` holds others there.
        """
        receipt = self._receipt.id if self._receipt is not None else None
        mark = self.numbers.mark()
        frozen: Frozen | None = None
        findings: tuple[Finding, ...] = ()
        try:
            frozen = draft.freeze(self.numbers)
            findings = frozen.findings
        except LedgerError:
            raise
        except TransloadError as error:  # also a fault of its configuration is the affair of this delivery alone
            self.numbers.back(mark)
            findings = error.findings
            self.findings += findings
        delivery = self.ids.next(deliveries)
        held = held_by(self.connection, instead, draft.target) if instead is not None and draft.order_key else None
        place = delivery if held is None else give_place(self.connection, held, delivery)
        if held is not None:
            detail = {**detail, "in_place_of": held["id"]}
        blob = self.store.prepare(frozen.content) if frozen else None
        if blob:
            self.blobs.append(blob)
        state = State.STAGED if frozen else State.QUARANTINED
        kept = {artifact.kind: self.keep(artifact) for artifact in draft.artifacts}
        self.deliveries.append(
            {
                "id": delivery,
                "lane": draft.lane,
                "target": draft.target,
                "connection": draft.connection,
                "kind": kind,
                "state": state.value,
                "key": draft.key,
                "order_key": draft.order_key,
                "place": place,
                "holds": draft.holds,
                "behind": 0,
                "body": blob.digest if blob else None,
                "content_type": frozen.content_type if frozen else "",
                "metadata": dict(frozen.metadata) if frozen else {},
                "tries": 0,
                "failures": 0,
                "unsure": False,
                "epoch": 0,
                "next_at": self.now,
                "staged_at": self.now,
                "finished_at": None if frozen else self.now,
                "findings": as_rows(findings),
                "fingerprint": fingerprint_of(findings),
                "mapping_digest": kept.get("mapping"),
                "partner_digest": kept.get("partner"),
                "product": draft.product,
                "receipt_id": receipt,
            }
        )
        if frozen:
            self.control_numbers += number_rows(delivery, frozen.references)
        self.journal.record(
            state,
            receipt=receipt,
            document=document,
            delivery=delivery,
            detail={**detail, "target": draft.target, **_codes(findings)},
            digest=blob.digest if blob else None,
        )
        return delivery, state

    def keep(self, artifact: Artifact) -> str:
        """Store an artifact once a transaction."""
        if artifact not in self.artifacts:
            self.artifacts[artifact] = keep(self.connection, artifact, self.now)
        return self.artifacts[artifact]

    def flush(self) -> Staged:
        """Write all rows."""
        self.store.insert(self.connection, *self.blobs)
        for table, rows in (
            (documents, self.documents),
            (deliveries, self.deliveries),
            (delivery_documents, self.links),
            (acknowledgements, self.acknowledgements),
            (control_numbers, self.control_numbers),
        ):
            if rows:
                self.connection.execute(table.insert(), rows)
        self.bundling.keep(self.now)
        for delivery in self.bundling.quarantined:
            follow(self.connection, delivery)
        for old, new in self.replaced:
            self._replace(old, new)
        answered = [
            (verdict.delivery, state)
            for document, verdict in self.verdicts
            if (state := take_verdict(self.connection, self.journal, self.receipt.id, document, verdict)) is not None
        ]
        lanes = frozenset(row["lane"] for row in self.deliveries if row["state"] == State.STAGED)
        for lane in sorted(lanes):
            add_lane(self.connection, lane)
        self.ids.flush()
        self.numbers.flush()
        self.journal.flush()
        return Staged(
            documents=tuple(row["id"] for row in self.documents),
            states=tuple(State(row["state"]) for row in self.documents),
            deliveries=tuple(row["id"] for row in self.deliveries),
            delivery_states=tuple(State(row["state"]) for row in self.deliveries),
            answered=tuple(answered),
            lanes=lanes,
            findings=tuple(self.findings),
        )

    def _replace(self, old: int, new: int) -> None:
        """A quarantined document that was processed again needs nobody's attention any more."""
        waiting = documents.c.state == State.QUARANTINED.value
        self.connection.execute(
            documents.update().where(documents.c.id == old, waiting).values(state=State.SUPPRESSED.value)
        )
        self.journal.record("REPLAYED", receipt=self.receipt.id, document=old, detail={"as": new})


def _codes(findings: Sequence[Finding]) -> dict[str, Any]:
    """What an event says of findings: their codes, since their texts may hold values of the payload."""
    codes = sorted({finding.code for finding in findings})
    return {"findings": codes} if codes else {}
