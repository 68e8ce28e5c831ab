"""What a replay in bulk consists of: the chosen rows as items of a bulk, without those that cannot be done, and why."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from transload.runner.ledger import Ledger, NotFound, Ref, State
from transload.runner.ledger.bulks import Item, Way
from transload.runner.ledger.dialects import among
from transload.runner.ledger.following import replayed
from transload.runner.ledger.references import Kind
from transload.runner.ledger.repeating import FAILED, REPLAYABLE
from transload.runner.ledger.schema import deliveries, delivery_documents, documents, parts, receipts

SUBJECT: dict[Way, Kind] = {"redeliver": "delivery", "remap": "document", "reingest": "receipt"}
"""What each way is about, where it is looked for."""
_PAGE = 1000
_EXAMPLES = 3


@dataclass(kw_only=True)
class Blocked:
    """So many that cannot be done for one reason, with a few of them."""

    why: str
    count: int = 0
    examples: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"why": self.why, "count": self.count, "examples": self.examples}


@dataclass(kw_only=True)
class Chosen:
    """The items of a replay, and what was left out."""

    way: Way
    items: list[Item] = field(default_factory=list)
    documents: int = 0
    blocked: dict[str, Blocked] = field(default_factory=dict)

    def block(self, ref: Ref, why: str) -> None:
        """Leave out ``ref``."""
        found = self.blocked.setdefault(why, Blocked(why=why))
        found.count += 1
        if len(found.examples) < _EXAMPLES:
            found.examples.append(str(ref))


def chosen(ledger: Ledger, way: Way, kind: Kind, ids: Sequence[int]) -> Chosen:
    """The items that do ``ids`` of ``kind`` again, those left out that are under way or were done again already.

    Documents stand for their deliveries, receipts or messages, whatever ``way`` is about.
    """
    found = Chosen(way=way)
    for page in _pages(ids):
        with ledger.read() as connection:
            if way == "redeliver":
                _deliveries(connection, found, _as_deliveries(connection, kind, page))
            elif way == "reingest":
                _receipts(connection, found, _as_receipts(connection, kind, page))
            elif kind == "receipt":
                _whole(connection, found, page)
            else:
                _messages(connection, found, _as_documents(connection, kind, page))
    found.items = list(_together(found.items))
    return found


def _pages(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(ids), _PAGE):
        yield ids[begin : begin + _PAGE]


def _as_deliveries(connection: Connection, kind: Kind, page: Sequence[int]) -> list[int]:
    if kind == "delivery":
        return list(page)
    links = delivery_documents.c
    if kind == "document":
        query = select(links.delivery_id).where(among(connection, links.document_id, page))
        return sorted(set(connection.scalars(query)))
    own = select(deliveries.c.id).where(among(connection, deliveries.c.receipt_id, page))
    carrying = select(links.delivery_id).join(documents, documents.c.id == links.document_id)
    with_others = carrying.where(among(connection, documents.c.receipt_id, page))
    return sorted({*connection.scalars(own), *connection.scalars(with_others)})


def _as_documents(connection: Connection, kind: Kind, page: Sequence[int]) -> list[int]:
    if kind == "document":
        return list(page)
    links = delivery_documents.c
    return sorted(set(connection.scalars(select(links.document_id).where(among(connection, links.delivery_id, page)))))


def _as_receipts(connection: Connection, kind: Kind, page: Sequence[int]) -> list[int]:
    if kind == "receipt":
        found = list(page)
    else:
        table = documents if kind == "document" else deliveries
        found = list(connection.scalars(select(table.c.receipt_id).where(among(connection, table.c.id, page))))
    if kind == "delivery":
        links = delivery_documents.c
        carried = select(documents.c.receipt_id).join(delivery_documents, links.document_id == documents.c.id)
        found += connection.scalars(carried.where(among(connection, links.delivery_id, page)))
    outer = {
        row.receipt_id: row.parent_id
        for row in connection.execute(select(parts).where(among(connection, parts.c.receipt_id, found)))
    }
    return sorted({outer.get(number, number) for number in found if number is not None})


def _deliveries(connection: Connection, found: Chosen, page: Sequence[int]) -> None:
    columns = (deliveries.c.id, deliveries.c.state, deliveries.c.body, replayed().label("again"))
    query = select(*columns).where(among(connection, deliveries.c.id, page)).order_by(deliveries.c.id)
    for row in connection.execute(query):
        ref = Ref("delivery", row.id)
        if row.again:
            found.block(ref, "was sent again already")
        elif row.body is None:
            found.block(ref, "has no bytes: map it again")
        elif State(row.state) not in REPLAYABLE:
            found.block(ref, f"is {row.state}: it is under way")
        else:
            found.items.append(Item(subject=row.id))
            found.documents += 1


def _messages(connection: Connection, found: Chosen, page: Sequence[int]) -> None:
    newer = documents.alias("newer")
    again = select(newer.c.id).where(newer.c.origin_id == documents.c.id).exists()
    columns = (documents.c.id, documents.c.receipt_id, documents.c.message, documents.c.state)
    query = (
        select(*columns, receipts.c.finished_at, again.label("again"))
        .join(receipts, receipts.c.id == documents.c.receipt_id)
        .where(among(connection, documents.c.id, page))
        .order_by(documents.c.id)
    )
    for row in connection.execute(query):
        ref = Ref("document", row.id)
        if row.again or row.state == State.SUPPRESSED:
            found.block(ref, "was replaced already")
        elif row.finished_at is None:
            found.block(ref, "is of a receipt that is being read")
        elif row.state in (State.DUPLICATE, State.RECONCILED):
            found.block(ref, f"is {row.state}: nothing was made of it")
        else:
            force = row.state not in FAILED
            found.items.append(Item(subject=row.receipt_id, messages=(row.message,), force=force))
            found.documents += 1


def _whole(connection: Connection, found: Chosen, page: Sequence[int]) -> None:
    """Receipts to map again: what is quarantined in them."""
    columns = (receipts.c.id, receipts.c.state, receipts.c.finished_at)
    query = select(*columns).where(among(connection, receipts.c.id, page)).order_by(receipts.c.id)
    stuck: dict[int, list[int]] = {}
    waiting = select(documents.c.receipt_id, documents.c.message).where(
        among(connection, documents.c.receipt_id, page), documents.c.state == State.QUARANTINED.value
    )
    for one in connection.execute(waiting):
        stuck.setdefault(one.receipt_id, []).append(one.message)
    for row in connection.execute(query):
        ref = Ref("receipt", row.id)
        if row.finished_at is None:
            found.block(ref, "is being read")
        elif row.state == State.QUARANTINED:
            found.items.append(Item(subject=row.id))
            found.documents += 1
        elif row.id in stuck:
            found.items.append(Item(subject=row.id, messages=tuple(stuck[row.id])))
            found.documents += len(stuck[row.id])
        else:
            found.block(ref, "holds nothing that is quarantined: name documents")


def _receipts(connection: Connection, found: Chosen, page: Sequence[int]) -> None:
    newer = receipts.alias("newer")
    again = select(newer.c.id).where(newer.c.origin_id == receipts.c.id).exists()
    columns = (receipts.c.id, receipts.c.state, receipts.c.finished_at, again.label("again"))
    query = select(*columns).where(among(connection, receipts.c.id, page)).order_by(receipts.c.id)
    for row in connection.execute(query):
        ref = Ref("receipt", row.id)
        if row.again:
            found.block(ref, "was taken in again already")
        elif row.finished_at is None:
            found.block(ref, "is being read")
        elif row.state == State.RECONCILED:
            found.block(ref, "is an answer to a delivery of ours")
        else:
            found.items.append(Item(subject=row.id))
            found.documents += 1


def _together(items: Iterable[Item]) -> Iterator[Item]:
    """The messages of a receipt as one item, since it is read once; in the order of the first of each."""
    whole: dict[int, tuple[set[int] | None, bool]] = {}
    for item in items:
        messages, force = whole.get(item.subject, (set(), False))
        if item.messages is None or messages is None:
            messages = None
        else:
            messages |= set(item.messages)
        whole[item.subject] = messages, force or item.force
    for subject, (messages, force) in whole.items():
        yield Item(subject=subject, messages=None if messages is None else tuple(sorted(messages)), force=force)


def counterparts(ledger: Ledger, ref: Ref, kind: Kind) -> list[Ref]:
    """What ``ref`` is called as a thing of ``kind``: itself, or its receipt, its documents, its last deliveries.

    Raises `NotFound` where there is none.
    """
    if ref.kind == kind:
        return [ref]
    with ledger.read() as connection:
        if kind == "receipt":
            found = _as_receipts(connection, ref.kind, [ref.id])
        elif kind == "document":
            found = _as_documents(connection, ref.kind, [ref.id])
        else:
            numbers = _as_deliveries(connection, ref.kind, [ref.id])
            last = select(deliveries.c.id).where(among(connection, deliveries.c.id, numbers), ~replayed())
            found = sorted(connection.scalars(last))
    if not found:
        raise NotFound(f"there is no {kind} of {ref}", hint=f"transload show {ref}")
    return [Ref(kind, number) for number in found]
