"""Doing again what was done, inside a transaction: the same bytes, the same message, or the whole arrival once more.

What is made is linked to what was before, which stays as it is.  The caller has the lane's journal, and flushes it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, func, select

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.dialects import insert_new
from transload.runner.ledger.erased import see_whole
from transload.runner.ledger.following import documents_of, follow
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.numbers import Ids
from transload.runner.ledger.receipts import KEPT
from transload.runner.ledger.reconciled import copy_numbers
from transload.runner.ledger.references import NotFound, Ref
from transload.runner.ledger.schema import deliveries, delivery_documents, documents, parts, receipts
from transload.runner.ledger.sequences import give_place, let_go
from transload.runner.ledger.states import State
from transload.runner.ledger.unpacking import parts_of

_KEYS = UUID("0e0c2c5d-8a2e-5d0f-a3f1-6f2d9c7b4e21")
REPLAYABLE = (State.SENT, State.ACKED, State.REJECTED, State.DEAD, State.UNKNOWN, State.SUPPRESSED)
"""The states of a delivery from which its bytes can be sent again."""


FAILED = (State.QUARANTINED, State.DEAD, State.REJECTED)
"""The states of what did not get to its target, or was not taken there: it is made again for that target alone."""


class NotPossible(ConfigurationError):
    """The action does not fit the state of what it is asked for."""

    code = "E-NOT-POSSIBLE"


@dataclass(frozen=True, kw_only=True)
class Who:
    """Who does something by hand, and why; ``bulk`` is the number of the bulk that it belongs to."""

    by: str = "operator"
    reason: str | None = None
    bulk: int | None = None

    def detail(self, **more: Any) -> dict[str, Any]:
        """What an event tells of it."""
        known = {"by": self.by, "reason": self.reason, "bulk": self.bulk}
        return {name: value for name, value in known.items() if value is not None} | more


def lane_of(connection: Connection, ref: Ref) -> str:
    """The lane in whose journal an action on a delivery, or on a receipt or a document, stands.  Raises `NotFound`."""
    lane: str | None
    if ref.kind == "delivery":
        lane = connection.scalar(select(deliveries.c.lane).where(deliveries.c.id == ref.id))
    else:
        query = select(receipts.c.route).where(receipts.c.id == receipt_of(connection, ref))
        lane = f"in:{connection.execute(query).scalar_one()}"
    if lane is None:
        raise NotFound(f"the ledger holds no delivery {ref}")
    return lane


def locked_delivery(connection: Connection, delivery: int) -> dict[str, Any]:
    """A delivery as it is, while nobody else can change it; its lane's journal must have been begun before."""
    query = select(deliveries).where(deliveries.c.id == delivery).with_for_update(key_share=True)
    return dict(connection.execute(query).mappings().one())


def finish(connection: Connection, delivery: int, state: State, journal: Journal) -> None:
    """Bring a delivery to a final state by hand; what waited behind it in its sequence goes on."""
    values = {"state": state.value, "finished_at": journal.at, "unsure": False, "behind": 0}
    change = deliveries.update().where(deliveries.c.id == delivery).values(values).returning(deliveries.c.lane)
    let_go(connection, connection.execute(change).scalar_one(), [delivery])


def redeliver(connection: Connection, journal: Journal, delivery: int, who: Who) -> int:
    """Send the same bytes again, as a new delivery with a key of its own; gives its id.

    An UNKNOWN one is then SUPPRESSED.  Where others wait behind the old one in its sequence, the new one takes its
    place.  Raises `NotPossible` when it is still under way or has no bytes.
    """
    old = locked_delivery(connection, delivery)
    see_whole(connection, Ref("delivery", delivery))
    if State(old["state"]) not in REPLAYABLE or old["body"] is None:
        hint = "map it again: there are no bytes to send" if old["body"] is None else "it is still under way"
        raise NotPossible(f"{Ref('delivery', delivery)} is {old['state']} and cannot be sent again", hint=hint)
    ids = Ids(connection)
    new = ids.next(deliveries)
    ids.flush()
    row = old | {
        "id": new,
        "state": State.STAGED.value,
        "key": str(uuid5(_KEYS, f"{old['key']} {new}")),
        "tries": 0,
        "failures": 0,
        "unsure": False,
        "epoch": 0,
        "next_at": journal.at,
        "staged_at": journal.at,
        "finished_at": None,
        "findings": [],
        "fingerprint": None,
        "answer": None,
        "origin_id": delivery,
        "place": give_place(connection, old, new),
        "behind": 0,
    }
    connection.execute(deliveries.insert(), row)
    carried = documents_of(connection, delivery)
    if carried:
        columns = delivery_documents.c
        old_links = select(columns.document_id, columns.position).where(columns.delivery_id == delivery)
        links = [
            {"delivery_id": new, "document_id": row.document_id, "position": row.position}
            for row in connection.execute(old_links).all()
        ]
        connection.execute(delivery_documents.insert(), links)
        more = {"targets": documents.c.targets + 1}
        for document in carried:
            connection.execute(documents.update().where(documents.c.id == document).values(more))
    copy_numbers(connection, delivery, new)
    if old["state"] == State.UNKNOWN:
        finish(connection, delivery, State.SUPPRESSED, journal)
        journal.record(State.SUPPRESSED, delivery=delivery, detail=who.detail(replaced_by=new))
    journal.record(
        State.STAGED,
        receipt=old["receipt_id"],
        delivery=new,
        detail=who.detail(redelivers=delivery),
        digest=old["body"],
    )
    follow(connection, new)
    return int(new)


def remap(
    connection: Connection, journal: Journal, receipt: int, messages: Sequence[int] | None, who: Who, *, force: bool
) -> int:
    """Have a receipt's raw bytes read again with the mappings of now; gives the receipt's id.

    ``messages`` None stands for all; with ``force`` those that went well are made and delivered again too.
    Raises `NotPossible` while it is still being read.
    """
    row = _receipt(connection, receipt)
    see_whole(connection, Ref("receipt", receipt))
    if row["finished_at"] is None:
        raise NotPossible(f"{Ref('receipt', receipt)} is still being read", hint="wait for it")
    numbers = None if messages is None else sorted(set(messages))
    values: dict[str, Any] = {"state": State.RECEIVED.value, "finished_at": None, "position": 0, "begun": 0}
    values |= {"findings": [], "fingerprint": None, "again": {"messages": numbers, "force": force}}
    more = {"generation": receipts.c.generation + 1}
    connection.execute(receipts.update().where(receipts.c.id == receipt).values(values | more))
    journal.record("REMAP", receipt=receipt, detail=who.detail(messages=numbers), digest=row["digest"])
    return receipt


def reingest(connection: Connection, journal: Journal, receipt: int, who: Who) -> int:
    """Let the bytes of a receipt arrive once more, as if they came now; gives the new receipt's id.

    They are unwrapped, looked up among the duplicates, mapped and acknowledged as anything that arrives.
    Raises `NotPossible` for what never arrived by itself, and while it is still being read.
    """
    row = _receipt(connection, receipt)
    ref = Ref("receipt", receipt)
    see_whole(connection, ref)
    if row["finished_at"] is None:
        raise NotPossible(f"{ref} is still being read", hint="wait for it")
    if row["state"] == State.RECONCILED:
        raise NotPossible(f"{ref} is an answer to a delivery of ours, which it is for once", hint="nothing to be done")
    parent = connection.scalar(select(parts.c.parent_id).where(parts.c.receipt_id == receipt))
    if parent is not None:
        outer = Ref("receipt", parent)
        raise NotPossible(f"{ref} was unpacked from {outer}, and never arrived by itself", hint=f"name {outer}")
    times = connection.scalar(select(func.count()).select_from(receipts).where(receipts.c.origin_id == receipt)) or 0
    kept = ("connection", "route", "origin", "file", "digest", "size")
    new = {
        **{name: row[name] for name in kept},
        "source_key": json.dumps(["again", receipt, times + 1]),
        "metadata": {name: value for name, value in row["metadata"].items() if not name.startswith(KEPT)},
        "state": State.RECEIVED.value,
        "position": 0,
        "generation": 0,
        "findings": [],
        "origin_id": receipt,
        "received_at": journal.at,
    }
    made = insert_new(connection, receipts, new)
    if made is None:
        raise NotPossible(f"{ref} is taken in again by somebody else right now", hint="look at it with transload show")
    detail = who.detail(origin=row["origin"], size=row["size"], reingests=receipt)
    journal.record(State.RECEIVED, receipt=made, detail=detail, digest=row["digest"])
    return int(made)


def _receipt(connection: Connection, receipt: int) -> dict[str, Any]:
    row = connection.execute(select(receipts).where(receipts.c.id == receipt).with_for_update()).mappings()
    found = row.one_or_none()
    if found is None:
        raise NotFound(f"the ledger holds no receipt {Ref('receipt', receipt)}")
    return dict(found)


def receipt_of(connection: Connection, ref: Ref) -> int:
    """The receipt that a receipt or document is, or was read from.  Raises `NotFound` and `NotPossible`."""
    if ref.kind == "delivery":
        raise NotPossible(f"{ref} is a delivery", hint="map its document again, or send the delivery again")
    table = documents if ref.kind == "document" else receipts
    column = documents.c.receipt_id if ref.kind == "document" else receipts.c.id
    found = connection.scalar(select(column).where(table.c.id == ref.id))
    if found is None:
        raise NotFound(f"the ledger holds no {ref.kind} {ref}")
    return int(found)


def wanted(connection: Connection, ref: Ref) -> tuple[int, list[int] | None, bool]:
    """The receipt to map again, which of its messages (None: all), and whether good documents are made again too.

    Of a receipt that is what is quarantined in it.  Raises `NotPossible` where nothing is.
    """
    if ref.kind == "document":
        row = connection.execute(select(documents).where(documents.c.id == ref.id)).one()
        return row.receipt_id, [row.message], row.state not in FAILED
    row = connection.execute(select(receipts.c.state).where(receipts.c.id == ref.id)).one()
    if row.state == State.UNPACKED:
        names = ", ".join(map(str, parts_of(connection, ref.id)))
        raise NotPossible(f"{ref} was unpacked, and has no messages itself", hint=f"name one of its parts: {names}")
    if row.state == State.QUARANTINED:  # perhaps it was not read to its end
        return ref.id, None, False
    quarantined = select(documents.c.message).where(
        documents.c.receipt_id == ref.id, documents.c.state == State.QUARANTINED.value
    )
    messages = sorted(set(connection.scalars(quarantined)))
    if not messages:
        raise NotPossible(f"nothing of {ref} is quarantined", hint="name a document to map that one again")
    return ref.id, messages, False
