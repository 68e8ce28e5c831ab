"""What a replay would do, before it is done: what would be sent where, what differs from the time before.

Nothing is written; of the items of a bulk one after the other is looked at, and only counts and a few are kept.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import errors_of
from transload.runner.engine.preview import Preview
from transload.runner.impact.numbers import NumbersOfThen
from transload.runner.impact.trees import differences
from transload.runner.ledger import Ledger, NotFound, Ref, State
from transload.runner.ledger.bulks import Item
from transload.runner.ledger.dialects import among
from transload.runner.ledger.portions import Parsed
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.schema import contents, control_numbers, deliveries, delivery_documents, documents
from transload.runner.lines.lines import Line, lines_of
from transload.runner.masking.veil import Veil
from transload.runner.reading.drafting import Origin
from transload.runner.reading.originals import originals
from transload.runner.reading.reading import Reader
from transload.runner.replays.chosen import Chosen
from transload.runner.workspace.model import Workspace

SHOWN = 20
"""How many items a preview shows one by one."""
_FIELDS = 5
_THERE = (State.SENT, State.ACKED, State.REJECTED)
_PAGE = 500


@dataclass(kw_only=True)
class Plan:
    """What would come of a replay: counts, and the first items one by one, as JSON values."""

    way: str
    items: int
    documents: int
    targets: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    blocked: list[dict[str, Any]] = field(default_factory=list)
    paused: list[str] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)

    @property
    def numbers(self) -> str:
        """Whether control numbers are those of before."""
        return "kept" if self.way == "redeliver" else "new"

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "way": self.way,
            "items": self.items,
            "documents": self.documents,
            "targets": dict(sorted(self.targets.items())),
            "outcomes": dict(sorted(self.outcomes.items())),
            "control_numbers": self.numbers,
            "known_to_targets": self.duplicates,
            "blocked": self.blocked,
            "paused": self.paused,
            "shown": self.shown,
        }


@dataclass(kw_only=True)
class _Before:
    """A document as it was made before, with its deliveries by target: the body's digest and the numbers it carried."""

    id: int
    state: State
    canonical: str | None
    created_at: datetime
    sent: dict[str, tuple[int, str | None, State]] = field(default_factory=dict)


class Planning:
    """Looks at what is chosen, with the ``workspace`` as it is now."""

    def __init__(self, workspace: Workspace, ledger: Ledger, *, clock: Callable[[], datetime]) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._clock = clock
        self._lines = lines_of(workspace)
        self._shared: set[str] = set()
        self._veil = Veil(workspace.mask, ledger)

    def plan(self, chosen: Chosen) -> Plan:
        """What would come of ``chosen``."""
        plan = Plan(way=chosen.way, items=len(chosen.items), documents=chosen.documents)
        plan.blocked = [blocked.as_dict() for blocked in chosen.blocked.values()]
        if chosen.way == "redeliver":
            self._redeliver(plan, chosen.items)
        elif chosen.way == "remap":
            for item in chosen.items:
                self._remap(plan, item)
        else:
            for item in chosen.items:
                self._reingest(plan, item)
        plan.paused = list(dict.fromkeys(what for target in plan.targets for what in self._standing(target)))
        return plan

    def _standing(self, target: str) -> Iterator[str]:
        """What lets deliveries to ``target`` wait."""
        send = self._workspace.send_routes.get(target)
        connection = send.connection.ref if send is not None else ""
        pause = self._ledger.pauses.of(route=target, connection=connection)
        if pause is not None:
            yield pause.what
        lanes = (one for one in self._ledger.pauses.all() if one.kind == "lane" and one.name.endswith(f"/{target}"))
        yield from (one.what for one in lanes)

    def _redeliver(self, plan: Plan, items: Sequence[Item]) -> None:
        targets = set(self._workspace.send_routes) | set(self._lines)
        for begin in range(0, len(items), _PAGE):
            ids = [item.subject for item in items[begin : begin + _PAGE]]
            columns = (deliveries.c.id, deliveries.c.target, deliveries.c.state, deliveries.c.metadata)
            with self._ledger.read() as connection:
                rows = connection.execute(
                    select(*columns).where(among(connection, deliveries.c.id, ids)).order_by(deliveries.c.id)
                ).all()
                numbers = _numbers(connection, ids)
            for row in rows:
                plan.targets[row.target] += 1
                plan.outcomes["the same bytes"] += 1
                known = row.state in _THERE and (row.id in numbers or bool(row.metadata))
                plan.duplicates += known
                if row.target not in targets:
                    plan.outcomes["waits: its route is no more"] += 1
                if len(plan.shown) < SHOWN:
                    ref = Ref("delivery", row.id)
                    told = {
                        "ref": str(ref),
                        "state": row.state,
                        "target": row.target,
                        "metadata": row.metadata,
                        "numbers": numbers.get(row.id, []),
                        "known_to_target": known,
                    }
                    plan.shown.append(self._veil.shown(told, self._veil.values([ref])))

    def _remap(self, plan: Plan, item: Item) -> None:
        receipt = self._ledger.arrivals.get(item.subject)
        line = self._lines.get(receipt.route)
        if line is None:
            self._lost(plan, Ref("receipt", receipt.id), f"waits: the route {receipt.route} is no more")
            return
        receipt = replace(receipt, generation=receipt.generation + 1, again=item.messages, force=item.force)
        try:
            for parsed, before in self._parsed(line, receipt):
                self._compared(plan, receipt, parsed, before)
        except TransloadError as error:
            self._lost(plan, Ref("receipt", receipt.id), f"cannot be read: {self._said(error)}")

    def _parsed(self, line: Line, receipt: Receipt) -> Iterator[tuple[Parsed, _Before | None]]:
        """The documents that would be made, each with the one before, as at the moment of that one."""
        content = self._ledger.arrivals.payload(receipt.digest)
        known = originals(self._ledger, receipt)
        stored = self._stored([original.id for original in known.values()])
        reader = Reader(line=line, carriers=self._ledger.reconciled.carrier)
        origin = Origin(receipt=receipt, now=self._clock(), again=known)
        if line.route.filters and not receipt.unpacked and not known:
            raise Reject("filters unwrap it first, and what is in it becomes receipts of their own")
        try:
            _, messages = reader.messages(content, origin)
            for number, message in messages:
                if receipt.again is not None and number not in receipt.again:
                    continue
                original = origin.original(number, 1)
                before = stored.get(original.id) if original else None
                mine = replace(origin, now=before.created_at) if before else origin
                for parsed in reader.parse(number, message, content, mine):
                    replaced = origin.original(number, parsed.ordinal)
                    yield parsed, stored.get(replaced.id) if replaced else None
        finally:
            origin.wrappings.close()

    def _stored(self, ids: Sequence[int]) -> dict[int, _Before]:
        found: dict[int, _Before] = {}
        columns = (documents.c.id, documents.c.state, contents.c.canonical, documents.c.created_at)
        query = select(*columns).outerjoin_from(documents, contents)
        links = delivery_documents.c
        sent = (
            select(links.document_id, deliveries.c.id, deliveries.c.target, deliveries.c.body, deliveries.c.state)
            .join(deliveries, deliveries.c.id == links.delivery_id)
            .order_by(deliveries.c.id)
        )
        with self._ledger.read() as connection:
            for row in connection.execute(query.where(among(connection, documents.c.id, ids))):
                found[row.id] = _Before(
                    id=row.id, state=State(row.state), canonical=row.canonical, created_at=row.created_at
                )
            for each in connection.execute(sent.where(among(connection, links.document_id, ids))):
                found[each.document_id].sent[each.target] = each.id, each.body, State(each.state)
        return found

    def _compared(self, plan: Plan, receipt: Receipt, parsed: Parsed, before: _Before | None) -> None:
        told: dict[str, Any] = {
            "ref": str(Ref("document", before.id) if before else Ref("receipt", receipt.id)),
            "message": parsed.message,
            "document": parsed.document,
            "number": parsed.number,
            "targets": {},
        }
        news = [draft for draft in parsed.drafts if not draft.shared or draft.key() not in self._shared]
        self._shared |= {draft.key() for draft in parsed.drafts if draft.shared}
        changed = _fields(before.canonical if before else None, parsed.canonical)
        sending = 0
        for draft in news:
            was = before.sent.get(draft.target) if before else None
            outcome, known = self._frozen(draft.freeze, was)
            if draft.gathered is not None and was is not None and not outcome.startswith("cannot"):
                alone = draft.gathered.due is None
                outcome = f"leaves with {'what else is mapped again of its receipt' if alone else 'the next batch'}"
            told["targets"][draft.target] = outcome
            if outcome.startswith("cannot"):
                continue
            sending += 1
            plan.targets[draft.target] += 1
            plan.duplicates += known
        if parsed.state is State.QUARANTINED or (news and not sending):
            outcome = "would be quarantined"
        elif before is None or before.canonical is None:
            outcome = "would give a document now" if parsed.document else "would be passed on or reconciled"
        else:
            outcome = "the document would differ" if changed else "the document is the same"
        plan.outcomes[outcome] += 1
        told |= {"outcome": outcome, "fields": changed[:_FIELDS], "differences": len(changed)}
        told["findings"] = [finding.as_dict() for finding in errors_of(parsed.findings)]
        if len(plan.shown) < SHOWN:
            values = self._veil.values([Ref("receipt", receipt.id)], self._veil.made(parsed.document, parsed.canonical))
            plan.shown.append(self._veil.shown(told, values))

    def _frozen(self, freeze: Callable[[Any], Any], was: tuple[int, str | None, State] | None) -> tuple[str, bool]:
        """How the bytes compare to those before, made with the control numbers of then; whether the target has them."""
        known: dict[str, int] = {}
        if was is not None:
            with self._ledger.read() as connection:
                for told in _numbers(connection, [was[0]]).get(was[0], []):
                    level, _, number = told.partition(" ")
                    if number.isdigit():
                        known[level] = int(number)
        try:
            frozen = freeze(NumbersOfThen(known))
        except TransloadError as error:
            return f"cannot be sent: {self._said(error)}", False
        if was is None or was[1] is None:
            return "was not sent before", False
        try:
            same = self._ledger.queries.payload(Ref("delivery", was[0])) == frozen.content
        except NotFound:
            same = False
        there = was[2] in _THERE
        return ("the same but for its control numbers" if same else "differs from what was sent before"), there

    def _reingest(self, plan: Plan, item: Item) -> None:
        receipt = self._ledger.arrivals.get(item.subject)
        ref = Ref("receipt", receipt.id)
        line = self._lines.get(receipt.route)
        if line is None:
            self._lost(plan, ref, f"waits: the route {receipt.route} is no more")
            return
        content = self._ledger.arrivals.payload(receipt.digest)
        # Its number is none that there is, so that what was read of it then is known as an earlier arrival.
        arriving = replace(receipt, id=0, generation=0, again=None, received_at=self._clock())
        for found in Preview(self._ledger, clock=self._clock, mask=self._workspace.mask).arriving(
            line, arriving, content
        ):
            for document in found["documents"]:
                plan.outcomes[f"would be {document['state']}"] += 1
                for delivery in document["deliveries"]:
                    plan.targets[delivery["target"]] += "size" in delivery
            for made in found["acknowledgements"]:
                plan.outcomes[f"would be acknowledged by {made['kind']}"] += 1
            if len(plan.shown) < SHOWN:
                plan.shown.append({"ref": str(ref), **found})

    def _said(self, error: TransloadError) -> str:
        """What an error says; its code alone where it may quote a masked value."""
        return error.findings[0].code if self._workspace.mask and error.findings else error.message

    def _lost(self, plan: Plan, ref: Ref, why: str) -> None:
        plan.outcomes[why] += 1
        if len(plan.shown) < SHOWN:
            plan.shown.append({"ref": str(ref), "outcome": why})


def _numbers(connection: Any, ids: Sequence[int]) -> dict[int, list[str]]:
    """The control numbers that deliveries carry: ``interchange 4711``."""
    found: dict[int, list[str]] = {}
    query = select(control_numbers).where(among(connection, control_numbers.c.delivery_id, ids))
    for row in connection.execute(query.order_by(control_numbers.c.delivery_id, control_numbers.c.level)):
        found.setdefault(row.delivery_id, []).append(f"{row.level} {row.number}")
    return found


def _fields(old: str | None, new: str | None) -> list[str]:
    """The fields that differ: ``lines[3].unit``."""
    if old is None or new is None:
        return []
    return [_path(steps) for steps, _, _ in differences(json.loads(old), json.loads(new))]


def _path(steps: Sequence[str | int]) -> str:
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
