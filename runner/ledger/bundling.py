"""Bundling: documents that leave together are gathered while receipts are read, and written when they are due.

They are due when their receipt ends, or at a time, or once enough of them wait; that is settled when they are gathered.
What is gathered stands in a table, and its documents in theirs, so a process that ends in the midst loses nothing; what
is written has its rows in the transaction that takes it from there, so nothing is written twice.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from transload.adapters.base.format import Encoded
from transload.canonical.context import Numbers
from transload.canonical.errors import Retry, TransloadError
from transload.canonical.findings import Finding, Severity
from transload.runner.ledger.dialects import among, insert_rows
from transload.runner.ledger.drafts import Batch, Bundle, Closing, Draft, Frozen, Gathered, Member, Stored
from transload.runner.ledger.errors import LedgerError
from transload.runner.ledger.journal import add_lane
from transload.runner.ledger.numbers import LedgerNumbers
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.schema import contents, documents, gathered, receipts
from transload.runner.ledger.states import State

_columns = (documents.c.document, contents.c.canonical, contents.c.residue, documents.c.mapping)
_stored = select(*_columns).join_from(documents, contents).where(documents.c.id == bindparam("of"))
_NAMED = 10
"""How many of what is left out a finding names."""


@dataclass(frozen=True, kw_only=True)
class Together:
    """One delivery of several documents, those with the ids ``members`` in their order."""

    draft: Draft
    members: tuple[int, ...]


class Bundling:
    """The batches of one receipt, or of a lane, in one transaction."""

    def __init__(self, connection: Connection, receipt: Receipt | None, numbers: LedgerNumbers) -> None:
        self._connection = connection
        self._receipt = receipt
        self._numbers = numbers
        self._fresh: list[dict[str, Any]] = []
        self._later: list[dict[str, Any]] = []
        self._full: dict[str, int] = {}
        self._bodies: dict[tuple[int, str], Encoded | None] = {}

    def add(self, receipt: int, document: int, draft: Draft, body: Gathered) -> None:
        """Gather a document of this transaction."""
        row = {"document_id": document, "target": draft.target, "receipt_id": receipt, "lane": draft.lane}
        row["due_at"] = body.due
        if body.due is not None:
            self._later.append(row)
            if body.most is not None:
                self._full[draft.lane] = body.most
            return
        self._fresh.append(row)
        self._bodies[document, draft.target] = body.body

    def keep(self, now: datetime) -> None:
        """Keep what this transaction has gathered; its documents are there.  Where enough wait they are due ``now``."""
        insert_rows(self._connection, gathered, [*self._fresh, *self._later])
        for lane in sorted({row["lane"] for row in self._later}):
            add_lane(self._connection, lane)  # it is known, and can be held, before anything leaves
        for lane, most in self._full.items():
            here = gathered.c.lane == lane, gathered.c.due_at > now
            query = select(gathered.c.document_id).where(*here).order_by(gathered.c.document_id)
            ids = list(self._connection.scalars(query))
            if full := len(ids) // most * most:
                due = gathered.update().where(*here, gathered.c.document_id <= ids[full - 1])
                self._connection.execute(due.values(due_at=now))

    def write(self, closing: Closing, here: Mapping[int, Stored], *, begins: bool) -> Iterator[Together]:
        """What of all that was gathered leaves together, as ``closing`` says; ``here`` are the documents added here."""
        assert self._receipt is not None
        pairs = [] if begins else self._kept(self._receipt)
        pairs += [(row["target"], row["document_id"]) for row in self._fresh]
        self._fresh = []
        for target, group in groupby(sorted(pairs), key=lambda pair: pair[0]):
            ids = [document for _, document in group]
            batch = closing.batches.get(target)
            if batch is None:
                yield _lost(self._receipt.route, target, ids)
                continue
            size = batch.most or len(ids)
            bodies = {**closing.bodies, **self._bodies}
            for part, start in enumerate(range(0, len(ids), size), start=1):
                members = self._members(ids[start : start + size], target, bodies, here)
                yield from self._bundle(batch, part, ids[start : start + size], members)

    def _kept(self, receipt: Receipt) -> list[tuple[str, int]]:
        """Take out what earlier transactions have gathered of the receipt: targets and documents."""
        mine = gathered.c.receipt_id == receipt.id, gathered.c.due_at.is_(None)
        query = select(gathered.c.document_id, gathered.c.target).where(*mine)
        pairs = [(row.target, row.document_id) for row in self._connection.execute(query)]
        if pairs:
            self._connection.execute(gathered.delete().where(*mine))
        return pairs

    def write_due(self, batch: Batch, now: datetime) -> Iterator[Together]:
        """The first that leaves of what is due in the lane of ``batch`` now, with all before it: the order is kept."""
        here = gathered.c.lane == batch.lane, gathered.c.due_at.is_not(None)
        last = select(func.max(gathered.c.document_id)).where(*here, gathered.c.due_at <= now).scalar_subquery()
        query = select(gathered.c.document_id).where(*here, gathered.c.document_id <= last)
        ids = list(self._connection.scalars(query.order_by(gathered.c.document_id).limit(batch.most)))
        if ids:
            self._connection.execute(gathered.delete().where(*here, gathered.c.document_id <= ids[-1]))
            yield from self._bundle(batch, self._identity(ids), ids, self._members(ids, batch.target, {}, {}))

    def _identity(self, ids: Sequence[int]) -> str:
        """The digest of who the members of a batch are: another batch has another one, in other ledgers too."""
        query = (
            select(
                documents.c.id, receipts.c.connection, receipts.c.source_key, documents.c.message, documents.c.ordinal
            )
            .join(receipts, receipts.c.id == documents.c.receipt_id)
            .where(among(self._connection, documents.c.id, ids))
            .order_by(documents.c.id)
        )
        return sha256(json.dumps([list(row) for row in self._connection.execute(query)]).encode()).hexdigest()

    def _members(
        self,
        ids: Sequence[int],
        target: str,
        bodies: Mapping[tuple[int, str], Encoded | None],
        here: Mapping[int, Stored],
    ) -> Iterator[Member]:
        for number in ids:

            def stored(number: int = number) -> Stored:
                return here.get(number) or Stored(**self._connection.execute(_stored, {"of": number}).mappings().one())

            yield Member(document=number, body=bodies.get((number, target)), stored=stored)

    def _bundle(
        self, batch: Batch, part: int | str, ids: Sequence[int], members: Iterator[Member]
    ) -> Iterator[Together]:
        mark = self._numbers.mark()
        key = batch.key(part)
        try:
            bundle = batch.freeze(self._numbers, key, members)
        except (LedgerError, Retry):
            raise  # a table that the mapping asks may be there again soon
        except TransloadError as error:
            self._numbers.back(mark)
            yield _together(batch, key, ids, _raiser(error))
            return
        if bundle.frozen is None:
            self._numbers.back(mark)
        else:
            frozen = bundle.frozen
            yield _together(batch, key, bundle.members, lambda numbers: frozen)
        for document, findings in bundle.refused.items():
            refusal = TransloadError(findings[0].message, findings=list(findings))
            yield _together(batch, f"{key} without d{document}", (document,), _raiser(refusal))

    def left_out(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Finding, ...]:
        """The finding that documents of the receipt are quarantined, and in no batch; none of a replay.

        ``rows`` are the documents added here.
        """
        if self._receipt is None or self._receipt.generation:
            return ()
        wrong = (documents.c.receipt_id == self._receipt.id, documents.c.state == State.QUARANTINED.value)
        before = select(func.count()).select_from(documents).where(*wrong)
        first = select(documents.c.id).where(*wrong).order_by(documents.c.id).limit(_NAMED)
        count = int(self._connection.scalar(before) or 0)
        names = list(self._connection.scalars(first)) if count else []
        fresh = [row["id"] for row in rows if row["state"] == State.QUARANTINED]
        count, names = count + len(fresh), (names + fresh)[:_NAMED]
        if not count:
            return ()
        shown = ", ".join(f"d{number}" for number in names) + (", ..." if count > len(names) else "")
        many = "document is" if count == 1 else "documents are"
        message = f"of the receipt {count} {many} quarantined, and not in what leaves together"
        hint = f"they leave by themselves once they are mended and replayed: {shown}"
        return (Finding(code="W-BATCH", severity=Severity.WARNING, message=message, hint=hint),)


def _together(batch: Batch, key: str, members: Sequence[int], freeze: Callable[[Numbers], Frozen]) -> Together:
    draft = Draft(
        lane=batch.lane,
        target=batch.target,
        connection=batch.connection,
        key=lambda: key,
        freeze=freeze,
        artifacts=batch.artifacts,
        product=batch.product,
    )
    return Together(draft=draft, members=tuple(members))


def _lost(route: str, target: str, ids: Sequence[int]) -> Together:
    """What nobody can write: its route is gone, or the reading was given up."""
    lane = f"{route}/{target}"
    batch = Batch(lane=lane, target=target, connection="", key=lambda part: f"{lane} {ids[0]}", freeze=_never)
    many = f"{len(ids)} documents were" if len(ids) != 1 else "1 document was"
    finding = Finding(
        code="E-BATCH",
        message=f"{many} to leave for {target} in a batch, and could not be written",
        hint="see what the receipt says and whether the route is still there, then `transload replay` the receipt",
    )
    refusal = TransloadError(finding.message, findings=[finding])
    return _together(batch, batch.key(1), ids, _raiser(refusal))


def _raiser(error: TransloadError) -> Any:
    def freeze(numbers: Any) -> Frozen:
        raise error

    return freeze


def _never(numbers: Any, key: str, members: Any) -> Bundle:
    raise AssertionError("a batch that is lost is not written")
