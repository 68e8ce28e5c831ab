"""Drafting deliveries: what is needed to freeze their bytes, names and keys when they are staged.

Nothing is written here.  A body is encoded at once; what carries a control number
(envelope, file name, acknowledgement) waits for the transaction that stages it.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial
from pathlib import PurePath
from typing import Any
from uuid import UUID, uuid5

from transload.adapters.base import Context, Message
from transload.adapters.base.format import Acknowledgement, Encoded
from transload.canonical.context import Numbers
from transload.canonical.documents import field_as_json
from transload.canonical.errors import Reject
from transload.canonical.model import Model
from transload.mappings.residue import Residue
from transload.runner.ledger.columns import compact_json
from transload.runner.ledger.drafts import NEVER, AcknowledgementDraft, Draft, Frozen, Gathered
from transload.runner.ledger.receipts import Receipt
from transload.runner.lines.filtering import Wrapping, Wrappings
from transload.runner.lines.guarding import NoNumbers, NumbersLater, guarded
from transload.runner.lines.lines import Line, Outlet, Writer
from transload.runner.lines.schedule import next_time
from transload.runner.templates import fill_all, once
from transload.runner.workspace.model import Acknowledge
from transload.runner.workspace.take import field_texts

Later = Callable[[Numbers], Encoded]
"""What encodes a document inside the transaction that stages it, since its body holds a control number."""
KEYS = UUID("6f1f1c8e-31a4-5c0b-9d0e-0d6a3b8c5a11")
"""The namespace of our idempotency keys."""


@dataclass(frozen=True, kw_only=True)
class Original:
    """What a message gave before, where this is a replay: a ``good`` document is not made again.

    ``served`` are the targets that have what it gave, and get nothing again.
    """

    id: int
    good: bool = False
    served: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The receipt that messages are read from, and what is known of it for templates and keys.

    ``again`` holds the documents before, by message and ordinal, where this is a replay.  ``wrappings`` are the filters
    of the ways out, whose secrets are resolved once for each receipt.
    """

    receipt: Receipt
    now: datetime
    again: Mapping[tuple[int, int], Original] = field(default_factory=dict)
    wrappings: Wrappings = field(default_factory=Wrappings, repr=False, compare=False)

    @property
    def generation(self) -> int:
        """How many replays there were."""
        return self.receipt.generation

    @cached_property
    def file(self) -> str:
        """The name that places carry."""
        return PurePath(self.receipt.origin).name or self.receipt.origin

    def original(self, message: int, ordinal: int) -> Original | None:
        """The document before: at the same place, else what the message as a whole had given."""
        return self.again.get((message, ordinal)) or self.again.get((message, 0))

    @cached_property
    def facts(self) -> Mapping[str, str]:
        """What templates may say of the receipt."""
        name = PurePath(self.file)
        return {"origin": self.receipt.origin, "name": name.name, "stem": name.stem, "id": str(self.receipt.id)}

    def key(self, *parts: object) -> str:
        """An idempotency key: the same for the same arrival, message, document and target, whatever happens here."""
        texts = [self.receipt.connection, self.receipt.source_key, *map(str, parts)]
        if self.generation:
            texts.append(f"replay {self.generation}")
        return str(uuid5(KEYS, compact_json(texts)))


def draft(
    writer: Writer,
    document: Model,
    message: Message,
    origin: Origin,
    number: int,
    ordinal: int,
    *,
    residue: Residue | None = None,
) -> Draft:
    """The delivery of ``document``, read from message ``number``, to one target.

    ``residue`` is what else the message holds, where the mapping that writes is the one that has read.
    Raises `Stop` or `Retry` when a secret of the way out's filters cannot be had.
    """
    outlet = writer.outlet
    wrapping = origin.wrappings.of(outlet.lane, writer.route.filters)
    key = once(lambda: origin.key(number, ordinal, outlet.target))  # what leaves with others has the key of all
    body = _body(writer, document, origin.now, residue)
    facts = {
        "document": _named(document, writer.named),
        "message": {"reference": message.reference, "kind": message.kind},
        "receipt": origin.facts,
        "key": key,
        "reference": message.reference,
    }
    return Draft(
        lane=outlet.lane,
        target=outlet.target,
        connection=outlet.connection,
        key=key,
        order_key=_order_key(document, writer.route.order_by),
        holds=writer.route.holds and bool(writer.route.order_by),
        freeze=_freezer(writer, body, facts, origin.now, wrapping),
        gathered=None if isinstance(body, Reject) else _gathered(writer, body, origin.now),
        artifacts=writer.artifacts,
        product=writer.product,
    )


def acknowledgements(
    line: Line, payload: bytes, origin: Origin
) -> Callable[[Numbers], list[AcknowledgementDraft]] | None:
    """Makes the acknowledgements that the route owes for a payload; None where it owes none.

    Raises `Stop` or `Retry` when a secret of the filters on their way cannot be had.
    """
    outlet, way = line.acknowledging, line.route.acknowledge
    if outlet is None or way is None or origin.generation:
        return None
    wrapping = origin.wrappings.of(outlet.lane, way.filters)

    def make(numbers: Numbers) -> list[AcknowledgementDraft]:
        context = Context(now=origin.now, numbers=numbers, partner=line.partner.facts)

        def each_kind() -> list[Acknowledgement]:
            return [
                each
                for kind in way.kinds
                for each in line.format.acknowledge(payload, kind=kind, context=context, file=origin.file)
            ]

        made: list[Acknowledgement] = guarded("the format", each_kind)
        return [
            AcknowledgementDraft(
                kind=item.kind,
                reference=item.reference,
                accepted=item.accepted,
                draft=_acknowledgement(
                    line, outlet, way, item, once(partial(origin.key, "acknowledgement", position)), origin, wrapping
                ),
            )
            for position, item in enumerate(made, start=1)
        ]

    return make


def _acknowledgement(
    line: Line,
    outlet: Outlet,
    way: Acknowledge,
    made: Acknowledgement,
    key: Callable[[], str],
    origin: Origin,
    wrapping: Wrapping,
) -> Draft:
    facts = {
        "reference": made.reference,
        "receipt": origin.facts,
        "partner": line.partner.facts,
        "key": key,
        "now": origin.now,
    }

    def freeze(numbers: Numbers) -> Frozen:
        counter = once(lambda: numbers.next(f"delivery:{outlet.lane}"))
        known = {**facts, "number": counter}
        metadata = fill_all(way.templates, known)
        content, content_type = wrapping.wrap(made.content, line.format.content_type, known)
        return Frozen(content=content, content_type=content_type, metadata=metadata)

    return Draft(
        lane=outlet.lane,
        target=outlet.target,
        connection=outlet.connection,
        key=key,
        freeze=freeze,
        artifacts=(line.partner_artifact,),
        product=line.product,
    )


def _body(writer: Writer, document: Model, now: datetime, residue: Residue | None) -> Encoded | Reject | Later:
    """A document's body, encoded before the transaction; why it cannot be; or, where it holds a number, what will.

    But for the last, nothing of the document is held on to: many wait for one commit.
    """
    partner = writer.route.partner.facts
    name = f"the mapping {writer.mapping.name}"

    def encode(numbers: Numbers) -> Encoded:
        context = Context(now=now, numbers=numbers, partner=partner)
        kept = {"residue": residue} if residue is not None else {}
        encoded: Encoded = guarded(name, lambda: writer.mapping.encode(document, context, **kept))
        return encoded

    try:
        if writer.mapping.valid is not None:
            writer.mapping.check_day(now.astimezone(writer.timezone).date())
        return encode(NoNumbers())
    except NumbersLater:
        writer.mapping.refresh()  # so that nothing is asked of a database inside the transaction
        return encode
    except Reject as error:
        return error


def _freezer(
    writer: Writer, body: Encoded | Reject | Later, facts: Mapping[str, Any], now: datetime, wrapping: Wrapping
) -> Callable[[Numbers], Frozen]:
    """What freezes a document's bytes."""
    partner = writer.route.partner.facts

    def freeze(numbers: Numbers) -> Frozen:
        if isinstance(body, Reject):
            raise body
        encoded = body if isinstance(body, Encoded) else body(numbers)
        context = Context(now=now, numbers=numbers, partner=partner)

        def write() -> bytes:
            envelope = writer.format.envelope(**writer.envelope)
            return writer.format.write([encoded], envelope=envelope, context=context)

        content = guarded("the format", write)
        counter = once(lambda: numbers.next(f"delivery:{writer.outlet.target}"))
        known = {**facts, "partner": partner, "now": now, "number": counter}
        metadata = fill_all(writer.route.templates, known)
        references = guarded("the format", lambda: writer.format.references(content))
        wrapped, content_type = wrapping.wrap(content, writer.format.content_type, known)
        return Frozen(
            content=wrapped,
            content_type=content_type,
            metadata=metadata,
            references=references,
            findings=encoded.findings,
        )

    return freeze


def _named(document: Model, names: Iterable[str]) -> dict[str, Any]:
    """The fields of a document that templates name, as JSON values."""
    return {name: value for name in names if (value := field_as_json(document, name)) is not None}


def _gathered(writer: Writer, body: Encoded | Later, now: datetime) -> Gathered | None:
    """How the document waits for others; None where it leaves alone."""
    batch = writer.route.batch
    if batch is None:
        return None
    if not batch.across:
        return Gathered(body=_held(writer, body) if isinstance(body, Encoded) else None)
    due = NEVER if batch.schedule is None else next_time(batch.schedule, now)
    return Gathered(body=None, due=due, most=batch.most)


def _held(writer: Writer, body: Encoded) -> Encoded:
    try:
        held: Encoded = guarded("the format", lambda: writer.format.held(body))
    except Reject:
        return body  # it is refused where the batch is written, and the others leave
    return held


def _order_key(document: Model, order_by: tuple[str, ...]) -> str | None:
    """The values of the field, so that all that share them keep their sequence."""
    return json.dumps(field_texts(document, order_by[0])) if order_by else None
