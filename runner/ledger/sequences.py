"""Sequences: the deliveries of one order key in a lane, which leave one after the other.

Where the route says so, one that has failed for good holds those after it, until a person sends it again, which takes
its place, or lets it go.  What waits for a person so is marked with the number of what it waits behind: nobody who
looks for work passes over it again and again, and people see it.  The marks are made when the lane is taken, and go
with their reason, in the same transaction.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Index,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
)

from transload.runner.ledger.schema import deliveries, delivery_documents
from transload.runner.ledger.states import State

HOLDING = (State.DEAD, State.REJECTED, State.QUARANTINED)
"""The states of a delivery that hold those after it, where the route says so; an UNKNOWN one always does."""


def _holds(table: FromClause) -> ColumnElement[bool]:
    """Whether one has failed, and those after it wait.  All here is literal, for the partial indexes."""
    return and_(table.c.holds == literal_column("true"), _in_state(table, *HOLDING))


def _in_state(table: FromClause, *states: State) -> ColumnElement[bool]:
    literals: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in states]
    return table.c.state.in_(literals)


def _counts(table: FromClause) -> ColumnElement[bool]:
    """Whether one has a sequence and waits behind no other; one that does stands behind what that waits for."""
    return and_(table.c.order_key.is_not(None), table.c.behind == literal_column("0"))


def in_the_way(table: FromClause) -> ColumnElement[bool]:
    """Whether later deliveries of its order key have to wait."""
    return and_(_counts(table), or_(table.c.finished_at.is_(None), _holds(table)))


def _stuck(table: FromClause) -> ColumnElement[bool]:
    """Whether they have to wait until a person has decided."""
    return and_(_counts(table), or_(table.c.state == literal_column("'UNKNOWN'"), _holds(table)))


def _index(name: str, condition: ColumnElement[bool], *columns: Any) -> None:
    Index(name, *columns, sqlite_where=condition, postgresql_where=condition)


_columns = deliveries.c
_index("deliveries_order", in_the_way(deliveries), _columns.lane, _columns.order_key, _columns.place)
_index("deliveries_heads", _stuck(deliveries), _columns.lane, _columns.place)

_head, _later = deliveries.alias("head"), deliveries.alias("later")
_waiting = (State.STAGED, State.RETRY_AT)
_followed = (
    select(_later.c.id)
    .where(
        _later.c.lane == _head.c.lane,
        _later.c.order_key == _head.c.order_key,
        _later.c.place > _head.c.place,
        in_the_way(_later),
        _later.c.finished_at.is_(None),
        _in_state(_later, *_waiting),
    )
    .exists()
)
_heads = (
    select(_head.c.id, _head.c.order_key, _head.c.place)
    .where(_head.c.lane == bindparam("of_lane"), _stuck(_head), _followed)
    .order_by(_head.c.place)
    .with_for_update(read=True, of=_head, skip_locked=True)
)
"""Locked: a partner's verdict that ends the reason at the same time finds the marks.  What is locked is left."""
_mark = (
    deliveries.update()
    .where(
        deliveries.c.lane == bindparam("of_lane"),
        deliveries.c.order_key == bindparam("of_key"),
        deliveries.c.place > bindparam("after"),
        in_the_way(deliveries),
        deliveries.c.finished_at.is_(None),
        _in_state(deliveries, *_waiting),
    )
    .values(behind=bindparam("of_head"))
)


def mark_waiting(connection: Connection, lane: str) -> None:
    """Mark what waits for people in a lane whose row this transaction has locked."""
    found = [
        {"of_lane": lane, "of_key": row.order_key, "after": row.place, "of_head": row.id}
        for row in connection.execute(_heads, {"of_lane": lane}).all()
    ]
    if found:  # of two with one key the first has them all
        connection.execute(_mark, found)


def let_go(connection: Connection, lane: str, heads: Sequence[int]) -> None:
    """Let go on what waited behind these deliveries of a lane; what is still in the way of it is seen by itself."""
    if heads:
        behind = deliveries.update().where(deliveries.c.lane == lane, deliveries.c.behind.in_(heads))
        connection.execute(behind.where(deliveries.c.finished_at.is_(None)).values(behind=0))


def give_place(connection: Connection, delivery: Any, new: int) -> int:
    """The place in its sequence of the delivery ``new`` that a person has made of ``delivery``, a row that is locked.

    That of the old one where others wait behind it, which waits for it no longer; else one of its own.
    """
    held = delivery["holds"] and delivery["state"] in HOLDING
    if delivery["order_key"] is None or not (held or delivery["state"] == State.UNKNOWN):
        return new
    connection.execute(deliveries.update().where(deliveries.c.id == delivery["id"]).values(holds=False))
    let_go(connection, delivery["lane"], [delivery["id"]])
    return int(delivery["place"])


def held_by(connection: Connection, document: int, target: str) -> Any:
    """The delivery of a document to ``target`` that holds others, locked; None without one."""
    query = (
        select(deliveries)
        .join(delivery_documents, delivery_documents.c.delivery_id == deliveries.c.id)
        .where(
            delivery_documents.c.document_id == document,
            deliveries.c.target == target,
            _counts(deliveries),
            _holds(deliveries),
        )
        .order_by(deliveries.c.place)
        .limit(1)
        .with_for_update(key_share=True, of=deliveries)
    )
    return connection.execute(query).mappings().one_or_none()


def waiting_behind(connection: Connection, heads: Sequence[int] | None = None) -> dict[int, int]:
    """How many deliveries wait behind which, as far as that is marked; of ``heads`` alone where they are given."""
    query = (
        select(deliveries.c.behind, func.count().label("number"))
        .where(deliveries.c.finished_at.is_(None), deliveries.c.behind != 0)
        .group_by(deliveries.c.behind)
    )
    rows = connection.execute(query).all()
    wanted = None if heads is None else set(heads)
    return {row.behind: row.number for row in rows if wanted is None or row.behind in wanted}
