"""What is added of a portion: the rows of its documents and deliveries, one after the other inside the transaction.

Control numbers are used here, so that one is used exactly when the bytes that carry it are kept.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from transload.canonical.context import Numbers
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.runner.ledger.artifacts import Artifact, keep
from transload.runner.ledger.blobs import Blob, BlobStore
from transload.runner.ledger.bundling import Bundling, Together
from transload.runner.ledger.drafts import AcknowledgementDraft, Draft, Frozen, Stored
from transload.runner.ledger.errors import LedgerError
from transload.runner.ledger.fingerprints import fingerprint_of
from transload.runner.ledger.following import follow
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.numbers import Ids, LedgerNumbers
from transload.runner.ledger.portions import Parsed, Portion, Staged
from transload.runner.ledger.receipts import Receipt, as_rows
from transload.runner.ledger.reconciled import PartnerVerdict, number_rows, take_verdict
from transload.runner.ledger.repeating import FAILED
from transload.runner.ledger.schema import deliveries, documents
from transload.runner.ledger.sequences import give_place, held_by
from transload.runner.ledger.states import State, of_document


class Shared:
    """What the portions of one transaction share."""

    def __init__(self, connection: Connection, store: BlobStore, journal: Journal, now: datetime, most: int) -> None:
        self.connection = connection
        self.store = store
        self.journal = journal
        self.now = now
        self.ids = Ids(connection, max(1, most))
        self.numbers = LedgerNumbers(connection)
        self._kept: dict[Artifact, str] = {}

    def keep(self, artifact: Artifact) -> str:
        """Store an artifact once a transaction."""
        if artifact not in self._kept:
            self._kept[artifact] = keep(self.connection, artifact, self.now)
        return self._kept[artifact]


class Additions:
    """The rows of one portion; without one, of what leaves together from several receipts."""

    def __init__(self, shared: Shared, portion: Portion | None) -> None:
        self.shared = shared
        self._portion = portion
        self.connection = shared.connection
        self.journal = shared.journal
        self.numbers = shared.numbers
        self.blobs: list[Blob] = []
        self.documents: list[dict[str, Any]] = []
        self.contents: list[dict[str, Any]] = []
        self.deliveries: list[dict[str, Any]] = []
        self.links: list[dict[str, Any]] = []
        receipt = portion.receipt if portion is not None else None
        self.bundling = Bundling(self.connection, receipt, self.numbers)
        self.acknowledgements: list[dict[str, Any]] = []
        self.control_numbers: list[dict[str, Any]] = []
        self.verdicts: list[tuple[int, PartnerVerdict]] = []
        self.replaced: list[tuple[int, int]] = []
        self.findings: list[Finding] = []
        self.left_out: tuple[Finding, ...] = ()
        self.unwritten: list[int] = []
        """The deliveries of several documents that could not be written: these follow them."""

    @property
    def portion(self) -> Portion:
        """The portion, where it is one."""
        assert self._portion is not None
        return self._portion

    @property
    def receipt(self) -> Receipt:
        """The receipt that is read."""
        return self.portion.receipt

    def add_all(self) -> None:
        """Add the portion's documents, and what is made at the end of its receipt."""
        for item in self.portion.parsed:
            self.add(item)
        closing = self.portion.closing
        if closing is None:
            return
        links = len(self.links)
        for together in self.bundling.write(closing, self._stored(), begins=self.portion.begins):
            self.deliver_together(together)
        if len(self.links) > links:
            self.left_out = self.bundling.left_out(self.documents)
        self.findings += self.left_out
        if closing.acknowledge is not None:
            self.acknowledge(closing.acknowledge)
        found = _codes((*closing.findings, *self.left_out))
        self.journal.record(closing.state, receipt=self.receipt.id, detail=found, digest=self.receipt.digest)

    def add(self, item: Parsed) -> None:
        """Add one document with its deliveries."""
        document = self.shared.ids.next(documents)
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
        kept = {artifact.kind: self.shared.keep(artifact) for artifact in item.artifacts}
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
                "digest": item.digest,
                "mapping": item.mapping,
                "mapping_digest": kept.get("mapping"),
                "partner_digest": kept.get("partner"),
                "product": item.product,
                "findings": as_rows(item.findings),
                "fingerprint": fingerprint_of(self.findings[wrong:]),
                "targets": len(item.drafts),
                "origin_id": item.replaces,
                "created_at": self.shared.now,
            }
        )
        if item.canonical is not None:
            self.contents.append({"document_id": document, "canonical": item.canonical, "residue": item.residue})

    def _stored(self) -> dict[int, Stored]:
        """What the documents that are added here say."""
        read = {row["id"]: row for row in self.documents}
        return {
            row["document_id"]: Stored(
                document=read[row["document_id"]]["document"],
                canonical=row["canonical"],
                residue=row["residue"],
                mapping=read[row["document_id"]]["mapping"],
            )
            for row in self.contents
        }

    def _joined(self, draft: Draft, document: int, detail: Mapping[str, Any]) -> tuple[int, State] | None:
        """The delivery that already carries the payload to the target of a shared draft, with its state.

        A replay joins what an earlier generation has delivered, or is about to, unless it is to be sent again.
        """
        if not draft.shared:
            return None
        wanted = draft.key()
        rows: list[tuple[int, str, State]] = [
            (row["id"], row["key"], State(row["state"])) for row in self.deliveries if row["key"] == wanted
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
            if key == wanted or not (self.receipt.force or state in FAILED)
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

    def deliver_together(self, together: Together) -> None:
        """Add the delivery of several documents."""
        members = together.members
        alone = members[0] if len(members) == 1 else None
        detail = {"documents": len(members)}
        delivery, state = self.deliver(together.draft, kind="document", document=alone, detail=detail)
        self.links += [
            {"delivery_id": delivery, "document_id": document, "position": position}
            for position, document in enumerate(members, start=1)
        ]
        if state is State.QUARANTINED:
            self.unwritten.append(delivery)

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
        receipt = self.receipt.id if self._portion is not None else None
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
        delivery = self.shared.ids.next(deliveries)
        held = held_by(self.connection, instead, draft.target) if instead is not None and draft.order_key else None
        place = delivery if held is None else give_place(self.connection, held, delivery)
        if held is not None:
            detail = {**detail, "in_place_of": held["id"]}
        blob = self.shared.store.prepare(frozen.content) if frozen else None
        if blob:
            self.blobs.append(blob)
        state = State.STAGED if frozen else State.QUARANTINED
        kept = {artifact.kind: self.shared.keep(artifact) for artifact in draft.artifacts}
        self.deliveries.append(
            {
                "id": delivery,
                "lane": draft.lane,
                "target": draft.target,
                "connection": draft.connection,
                "kind": kind,
                "state": state.value,
                "key": draft.key(),
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
                "next_at": self.shared.now,
                "staged_at": self.shared.now,
                "finished_at": None if frozen else self.shared.now,
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

    def finish(self) -> Staged:
        """Do what needs the rows to be there, and tell what came of the portion."""
        self.bundling.keep(self.shared.now)
        for delivery in self.unwritten:
            follow(self.connection, delivery)
        for old, new in self.replaced:
            self._replace(old, new)
        answered = [
            (verdict.delivery, state)
            for document, verdict in self.verdicts
            if (state := take_verdict(self.connection, self.journal, self.receipt.id, document, verdict)) is not None
        ]
        return Staged(
            documents=tuple(row["id"] for row in self.documents),
            states=tuple(State(row["state"]) for row in self.documents),
            deliveries=tuple(row["id"] for row in self.deliveries),
            delivery_states=tuple(State(row["state"]) for row in self.deliveries),
            answered=tuple(answered),
            lanes=frozenset(row["lane"] for row in self.deliveries if row["state"] == State.STAGED),
            findings=tuple(self.findings),
        )

    @property
    def step(self) -> dict[str, Any] | None:
        """How far its receipt is; None at the end of that."""
        portion = self._portion
        if portion is None or portion.closing is not None:
            return None
        return {"of": portion.receipt.id, "at": portion.position}

    @property
    def end(self) -> dict[str, Any] | None:
        """What the receipt's row says at its end; None while there is more of it."""
        closing = self._portion.closing if self._portion is not None else None
        if closing is None:
            return None
        found = (*closing.findings, *self.left_out)
        return {
            "of": self.receipt.id,
            "at": self.portion.position,
            "last": closing.state.value,
            "now": self.shared.now,
            "found": as_rows(found),
            "clustered": fingerprint_of(found),
        }

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
