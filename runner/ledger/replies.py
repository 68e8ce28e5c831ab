"""What targets say later of deliveries: kept with its receipt, judged when the delivery is due, which it is at once.

A target's own receipt may come faster than the outcome of our call is committed, or after we gave it up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from transload.adapters.base import Outbound, Reply
from transload.canonical.findings import Finding
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.errors import Damaged
from transload.runner.ledger.following import follow
from transload.runner.ledger.journal import Journal, add_lane
from transload.runner.ledger.numbers import Ids
from transload.runner.ledger.schema import deliveries, receipts, replies
from transload.runner.ledger.states import State


@dataclass(frozen=True, kw_only=True)
class LateReply:
    """A reply to a delivery, in the receipt of that number; where its bytes are lost, why instead."""

    receipt: int
    reply: Reply | Damaged = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class OwnReply:
    """What we tell a partner later about what he brought: a delivery, staged together with the receipt."""

    lane: str
    target: str
    connection: str
    product: str
    outbound: Outbound = field(repr=False)


def take_reply(connection: Connection, journal: Journal, receipt: int, of: str, key: str) -> Finding | None:
    """Keep that ``receipt`` answers the delivery with ``key`` on the connection ``of``, and let that be judged at once.

    A finding where nothing was sent under that key.  One that is decided already keeps its state.
    """
    query = select(deliveries.c.id, deliveries.c.state).where(deliveries.c.key == key, deliveries.c.connection == of)
    query = query.with_for_update(key_share=True)  # an outcome that is being written is waited for, or sees this reply
    row = connection.execute(query).one_or_none()
    if row is None:
        return Finding(
            code="E-REPLY-UNKNOWN",
            message=f"it answers a delivery {key} of ours, and nothing was sent under that name",
            hint="ask the partner what it is about; nothing was changed",
            value=key,
        )
    state = State(row.state)
    waits = state in (State.STAGED, State.AWAITING, State.RETRY_AT, State.SENDING, State.UNKNOWN)
    connection.execute(replies.insert(), {"receipt_id": receipt, "delivery_id": row.id, "judged": not waits})
    if state is State.UNKNOWN:
        values = {"state": State.RETRY_AT.value, "next_at": journal.at}
        connection.execute(deliveries.update().where(deliveries.c.id == row.id).values(values))
        follow(connection, row.id)
    journal.record("REPLY", receipt=receipt, delivery=row.id, detail={"was": state.value})
    hasten(connection, [row.id], journal.at)
    return None


def hasten(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Let those of these deliveries be due now of which a reply is not judged yet."""
    waiting = select(replies.c.delivery_id).where(replies.c.delivery_id.in_(ids), replies.c.judged.is_(False))
    under_way = [state.value for state in (State.STAGED, State.AWAITING, State.RETRY_AT)]
    connection.execute(
        deliveries.update()
        .where(deliveries.c.id.in_(waiting), deliveries.c.state.in_(under_way), deliveries.c.next_at > now)
        .values(next_at=now)
    )


def waiting_replies(connection: Connection, store: BlobStore, ids: Sequence[int]) -> dict[int, LateReply]:
    """The first reply to each of these deliveries that is not judged yet."""
    query = (
        select(replies.c.delivery_id, receipts.c.id, receipts.c.digest, receipts.c.metadata)
        .join(receipts, receipts.c.id == replies.c.receipt_id)
        .where(replies.c.delivery_id.in_(ids), replies.c.judged.is_(False))
        .order_by(receipts.c.id)
    )
    found: dict[int, LateReply] = {}
    for row in connection.execute(query).all():
        if row.delivery_id not in found:
            found[row.delivery_id] = LateReply(receipt=row.id, reply=_reply(connection, store, row))
    return found


def _reply(connection: Connection, store: BlobStore, row: Any) -> Reply | Damaged:
    try:
        return Reply(content=store.load(connection, row.digest), metadata=row.metadata)
    except Damaged as error:
        return error


def judged(connection: Connection, numbers: Sequence[int]) -> None:
    """Note that the replies in these receipts have had their effect."""
    if numbers:
        connection.execute(replies.update().where(replies.c.receipt_id.in_(numbers)).values(judged=True))


def stage_reply(connection: Connection, store: BlobStore, journal: Journal, receipt: int, reply: OwnReply) -> None:
    """Let ``reply`` be delivered; where it was before, the sender asks again, so it is delivered once more.

    One that is still under way is hurried instead.
    """
    query = select(deliveries.c.id, deliveries.c.state).where(
        deliveries.c.receipt_id == receipt, deliveries.c.lane == reply.lane
    )
    earlier = connection.execute(query).all()
    open_ones = [row.id for row in earlier if row.state in (State.STAGED, State.RETRY_AT, State.SENDING)]
    if open_ones:
        waits = deliveries.c.state == State.RETRY_AT.value
        hurry = deliveries.update().where(deliveries.c.id.in_(open_ones), waits).values(next_at=journal.at)
        connection.execute(hurry)
        return
    blob = store.prepare(reply.outbound.content)
    store.insert(connection, blob)
    ids = Ids(connection)
    delivery = ids.next(deliveries)
    ids.flush()
    add_lane(connection, reply.lane)
    connection.execute(
        deliveries.insert(),
        {
            "id": delivery,
            "place": delivery,
            "lane": reply.lane,
            "target": reply.target,
            "connection": reply.connection,
            "kind": "reply",
            "state": State.STAGED.value,
            "key": f"{reply.outbound.key}#{len(earlier) + 1}",
            "body": blob.digest,
            "content_type": reply.outbound.content_type,
            "metadata": dict(reply.outbound.metadata),
            "tries": 0,
            "failures": 0,
            "unsure": False,
            "epoch": 0,
            "next_at": journal.at,
            "staged_at": journal.at,
            "findings": [],
            "product": reply.product,
            "receipt_id": receipt,
        },
    )
    detail: Mapping[str, str] = {"target": reply.target}
    journal.record(State.STAGED, receipt=receipt, delivery=delivery, detail=detail, digest=blob.digest)
