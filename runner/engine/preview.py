"""A dry run: what a pass would receive, read and send, with nothing settled, stored or sent."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import func, select

from transload.adapters.base import Inbound, Payload
from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding, errors_of
from transload.runner.ledger import Ledger, State
from transload.runner.ledger.drafts import Batch, Draft, Frozen, Member, Stored
from transload.runner.ledger.portions import Parsed
from transload.runner.ledger.receipts import Arrival, Receipt
from transload.runner.ledger.references import Ref
from transload.runner.ledger.schema import numbers, receipts
from transload.runner.lines.filtering import named, unwrapped
from transload.runner.lines.lines import Line, Outlet
from transload.runner.lines.standing import standing
from transload.runner.masking.fields import Fields
from transload.runner.masking.veil import Veil
from transload.runner.reading.batching import batches
from transload.runner.reading.drafting import Origin, acknowledgements
from transload.runner.reading.duplicates import Earlier
from transload.runner.reading.reading import Reader
from transload.runner.reading.unwrapping import nothing_inside, origin_of


class _PreviewNumbers:
    """The numbers that would come next; none is used up."""

    def __init__(self, ledger: Ledger) -> None:
        with ledger.read() as connection:
            self._last: dict[str, int] = {row.series: row.last for row in connection.execute(select(numbers))}

    def next(self, series: str) -> int:
        self._last[series] = number = self._last.get(series, 0) + 1
        return number

    def mark(self) -> dict[str, int]:
        return dict(self._last)

    def back(self, mark: dict[str, int]) -> None:
        self._last = dict(mark)


class Preview:
    """Looks at what routes offer.

    The result is JSON values, without those of the fields of ``mask``; errors are findings in it.
    """

    def __init__(self, ledger: Ledger, *, clock: Callable[[], datetime], mask: Fields | None = None) -> None:
        self._veil = Veil(mask, ledger)
        self._ledger = ledger
        self._clock = clock
        self._numbers = _PreviewNumbers(ledger)

    def look(self, lines: Sequence[Line], outlets: Iterable[Outlet] = ()) -> dict[str, Any]:
        """What a pass of these lines would do, with what waits for ``outlets``.

        Keys: ``receipts``, each with its ``documents`` and ``acknowledgements``; ``unread``, how many receipts of
        which route arrived before and wait to be read; ``waiting``, how many deliveries are to be sent in each lane,
        and the pause that holds them; ``findings`` about connections; ``errors``, how many errors there are in all.
        """
        arrived: list[dict[str, Any]] = []
        findings: list[Finding] = []
        for line in lines:
            if not line.route.is_polled:
                continue  # nothing waits there: a partner that calls brings it when he calls, answers come with calls
            route, connection = line.route.ref, line.route.connection.ref
            paused = self._ledger.pauses.of(route=route, connection=connection)
            if paused:
                findings.append(standing(paused))
                continue
            try:
                # A folder of its own: the one beside the ledger may be in use by a service that runs meanwhile.
                with TemporaryDirectory(prefix="transload-") as folder, line.route.source() as source:
                    memory = self._ledger.memory(route=route, connection=connection, folder=Path(folder))
                    for inbound in source.receive(memory):
                        arrived.extend(self._receipts(line, inbound, known=memory.seen(inbound.key)))
            except TransloadError as error:
                findings += error.findings
        wrong = sum(receipt["errors"] for receipt in arrived) + len(errors_of(findings))
        return {
            "receipts": arrived,
            "unread": self._unread({line.route.ref for line in lines}),
            "waiting": self._waiting(outlets),
            "findings": [finding.as_dict() for finding in self._veil.findings(findings)],
            "errors": wrong,
        }

    def _unread(self, routes: Collection[str]) -> dict[str, int]:
        query = (
            select(receipts.c.route, func.count())
            .where(receipts.c.finished_at.is_(None), receipts.c.route.in_(routes))
            .group_by(receipts.c.route)
            .order_by(receipts.c.route)
        )
        with self._ledger.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _waiting(self, outlets: Iterable[Outlet]) -> list[dict[str, Any]]:
        counts, held = self._ledger.lanes.waiting(), {one.name: one for one in self._ledger.pauses.all()}
        found = []
        for outlet in sorted(outlets, key=lambda outlet: outlet.lane):
            states = counts.get(outlet.lane, {})
            pause = held.get(outlet.lane) or self._ledger.pauses.of(route=outlet.target, connection=outlet.connection)
            if states:
                by_state = {state.value: count for state, count in sorted(states.items())}
                told = pause.what if pause else None
                found.append({"lane": outlet.lane, "target": outlet.target, "states": by_state, "paused": told})
        return found

    def submitted(self, line: Line, arrivals: Sequence[Arrival]) -> dict[str, Any]:
        """What would become of ``arrivals``, as `look` tells it."""
        arrived: list[dict[str, Any]] = []
        for arrival in arrivals:
            content = arrival.content if isinstance(arrival.content, bytes) else arrival.content.read_bytes()
            inbound = Inbound(
                key=arrival.source_key,
                origin=arrival.origin,
                content=content,
                metadata=arrival.metadata,
            )
            with TemporaryDirectory(prefix="transload-") as folder:
                route, connection = line.route.ref, line.route.connection.ref
                memory = self._ledger.memory(route=route, connection=connection, folder=Path(folder))
                arrived.extend(self._receipts(line, inbound, known=memory.seen(inbound.key)))
        return {
            "receipts": arrived,
            "unread": {},
            "waiting": [],
            "findings": [],
            "errors": sum(receipt["errors"] for receipt in arrived),
        }

    def _receipts(self, line: Line, inbound: Inbound, *, known: bool) -> Iterator[dict[str, Any]]:
        """What would become of an item: one receipt, or those that filters find in it."""
        with ExitStack() as stack:
            content = inbound.content
            if not isinstance(content, bytes):
                stack.callback(content.unlink, missing_ok=True)
                content = content.read_bytes()
        receipt = _receipt(line, inbound, content, self._clock())
        if known:
            yield _found(receipt, known=True)
        else:
            yield from self.arriving(line, receipt, content)

    def arriving(self, line: Line, receipt: Receipt, content: bytes) -> Iterator[dict[str, Any]]:
        """What would become of ``content`` if it arrived as ``receipt`` now; the line must be ready."""
        if not line.route.filters:
            found = _found(receipt)
            self._read(line, receipt, content, found)
            yield found
            return
        origin = Origin(receipt=receipt, now=self._clock())
        remarks: list[Finding] = []
        parts: list[dict[str, Any]] = []
        try:
            payload = Payload(content=content, name=origin.file)
            for number, part in enumerate(unwrapped(line.route.filters, payload, remarks.append), start=1):
                key = json.dumps([receipt.source_key, number])
                inner = replace(receipt, origin=origin_of(origin, part), size=len(part.content), source_key=key)
                found = {**_found(inner), "filters": named(line.route.filters)}
                self._read(line, inner, part.content, found)
                parts.append(found)
            if not parts:
                raise nothing_inside(origin)
        except Reject as error:
            refused = _found(receipt)
            remarks += error.findings
            told = [finding.as_dict() for finding in self._veil.findings(remarks)]
            yield {**refused, "findings": told, "errors": 1}
        else:
            yield from parts

    def _read(self, line: Line, receipt: Receipt, content: bytes, found: dict[str, Any]) -> None:
        origin = Origin(receipt=receipt, now=self._clock())
        known, carriers = Earlier(self._ledger, origin.receipt).verdict, self._ledger.reconciled.carrier
        reader = Reader(line=line, known=known, carriers=carriers)
        findings: list[Finding] = []
        stopped: tuple[Finding, ...] = ()
        parsed: list[Parsed] = []
        try:
            reading, messages = reader.messages(content, origin)
            findings += reading.findings
            for number, message in messages:
                parsed += reader.parse(number, message, content, origin)
            make = acknowledgements(line, content, origin)
            for made in make(self._numbers) if make and any(p.state is not State.DUPLICATE for p in parsed) else ():
                shown = {"kind": made.kind, "reference": made.reference, "accepted": made.accepted}
                found["acknowledgements"].append({**shown, **self._delivery(made.draft)})
        except TransloadError as error:
            stopped = tuple(errors_of(error.findings))
            findings += error.findings
        shared: dict[str, dict[str, Any]] = self._batches(line, origin, parsed)
        found["documents"] = [self._document(item, shared) for item in parsed]
        origin.wrappings.close()
        found["findings"] = [finding.as_dict() for finding in findings]
        wrong = stopped if parsed else errors_of(findings)
        found["errors"] = len(wrong) + sum(item["state"] == State.QUARANTINED for item in found["documents"])
        values = {text for item in parsed for text in self._veil.made(item.document, item.canonical)}
        found.update(self._veil.shown(found, self._veil.values([], values)))

    def _batches(self, line: Line, origin: Origin, parsed: Sequence[Parsed]) -> dict[str, dict[str, Any]]:
        """The deliveries in which documents would leave together, by the keys of their drafts."""
        found: dict[str, dict[str, Any]] = {}
        for target, batch in batches(line, origin, across=True).items():
            waiting = [
                (draft, item) for item in parsed for draft in item.drafts if draft.target == target and draft.gathered
            ]
            size = batch.most or max(1, len(waiting))
            for start in range(0, len(waiting), size):
                chunk = waiting[start : start + size]
                found |= self._bundle(batch, start // size + 1, chunk)
        return found

    def _bundle(self, batch: Batch, part: int, chunk: Sequence[tuple[Draft, Parsed]]) -> dict[str, dict[str, Any]]:
        members = [
            Member(document=number, body=draft.gathered.body if draft.gathered else None, stored=partial(_stored, item))
            for number, (draft, item) in enumerate(chunk)
        ]
        try:
            bundle = batch.freeze(self._numbers, batch.key(part), members)
        except TransloadError as error:
            wrong = {"target": batch.target, "findings": [finding.as_dict() for finding in error.findings]}
            return {draft.key(): wrong for draft, _ in chunk}
        found: dict[str, dict[str, Any]] = {}
        if bundle.frozen is not None:
            told = {**_shown(batch.target, bundle.frozen), "documents": len(bundle.members)}
            found |= {chunk[number][0].key(): told for number in bundle.members}
        for number, findings in bundle.refused.items():
            refused = {"target": batch.target, "findings": [finding.as_dict() for finding in findings]}
            found[chunk[number][0].key()] = refused
        return found

    def _document(self, item: Parsed, shared: dict[str, dict[str, Any]]) -> dict[str, Any]:
        for draft in item.drafts:
            if draft.key() not in shared:
                shared[draft.key()] = self._delivery(draft)
        sent = [shared[draft.key()] for draft in item.drafts]
        refused = any("size" not in delivery for delivery in sent)
        return {
            "message": item.message,
            "document": item.document,
            "number": item.number,
            "state": (State.QUARANTINED if refused else item.state).value,
            "mapping": item.mapping,
            "findings": [finding.as_dict() for finding in item.findings],
            "deliveries": sent,
            "verdicts": [
                {
                    "delivery": str(Ref("delivery", verdict.delivery)),
                    "verdict": verdict.verdict.value if verdict.verdict else None,
                    "findings": [finding.as_dict() for finding in verdict.findings],
                }
                for verdict in item.verdicts
            ],
        }

    def _delivery(self, draft: Draft) -> dict[str, Any]:
        try:
            frozen = draft.freeze(self._numbers)
        except Reject as error:
            return {"target": draft.target, "findings": [finding.as_dict() for finding in error.findings]}
        return _shown(draft.target, frozen)


def _shown(target: str, frozen: Frozen) -> dict[str, Any]:
    return {
        "target": target,
        "metadata": dict(frozen.metadata),
        "size": len(frozen.content),
        "findings": [finding.as_dict() for finding in frozen.findings],
    }


def _stored(item: Parsed) -> Stored:
    assert item.document is not None
    assert item.canonical is not None
    return Stored(document=item.document, canonical=item.canonical, residue=item.residue, mapping=item.mapping or "")


def _found(receipt: Receipt, *, known: bool = False) -> dict[str, Any]:
    """What is told of a receipt, before it is read."""
    return {
        "route": receipt.route,
        "origin": receipt.origin,
        "size": receipt.size,
        "known": known,
        "documents": [],
        "acknowledgements": [],
        "findings": [],
        "errors": 0,
    }


def _receipt(line: Line, inbound: Inbound, content: bytes, now: datetime) -> Receipt:
    return Receipt(
        id=0,
        route=line.route.ref,
        connection=line.route.connection.ref,
        source_key=inbound.key,
        origin=inbound.origin,
        metadata=inbound.metadata,
        digest="",
        size=len(content),
        position=0,
        received_at=now,
    )
