"""Lanes: the deliveries of one route to one target, taken in order by one worker at a time.

A worker takes a lane, which raises the lane's epoch; whatever an earlier worker would
still record is then refused (`Fenced`) and rolled back.  The order of writing is: the
attempt is announced (SENDING), the call is made, its outcome is recorded.  So after
a crash a delivery in SENDING may have landed, and any other has not been sent.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select

from transload.runner.ledger.attempts import Delivery, Outcome, end_attempt, record
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_rows
from transload.runner.ledger.errors import Damaged
from transload.runner.ledger.journal import Journal, add_lane
from transload.runner.ledger.receipts import Arrival
from transload.runner.ledger.receiving import begin_first, insert_arrival, prepared
from transload.runner.ledger.replies import waiting_replies
from transload.runner.ledger.schema import (
    attempts,
    blobs,
    deliveries,
    delivery_documents,
    documents,
    gathered,
    lanes,
    receipts,
)
from transload.runner.ledger.sequences import in_the_way, mark_waiting
from transload.runner.ledger.states import ACTIVE, State

LONGEST_REST = timedelta(days=1)
"""A lane that is to rest longer than this was told so by a clock that has been set back since."""
_ACTIVE = [state.value for state in ACTIVE]


_moment = lanes.c.wait_until.type


def _rested(now: Any, horizon: Any) -> ColumnElement[bool]:
    return or_(lanes.c.wait_until.is_(None), lanes.c.wait_until <= now, lanes.c.wait_until > horizon)


_take = (
    lanes.update()
    .where(
        lanes.c.name == bindparam("lane"),
        lanes.c.paused.is_(False),
        _rested(bindparam("now", type_=_moment), bindparam("horizon", type_=_moment)),
    )
    .values(epoch=lanes.c.epoch + 1)
    .returning(lanes.c.epoch)
)
_put_right = (
    deliveries.update()
    .where(
        deliveries.c.lane == bindparam("of_lane"),
        deliveries.c.finished_at.is_(None),
        deliveries.c.behind == 0,
        deliveries.c.staged_at > bindparam("now", type_=_moment),
    )
    .values(staged_at=bindparam("now", type_=_moment), next_at=bindparam("now", type_=_moment))
)
_ended = select(deliveries.c.id).where(
    deliveries.c.id.in_(bindparam("of", expanding=True)), deliveries.c.finished_at.is_not(None)
)
_announce = (
    deliveries.update()
    .where(deliveries.c.id == bindparam("delivery"))
    .values(
        state=State.SENDING.value,
        failures=deliveries.c.failures + case((deliveries.c.state == State.SENDING.value, 1), else_=0),
        tries=deliveries.c.tries + 1,
        unsure=True,
        epoch=bindparam("now_epoch"),
    )
)


def _due_query(*, hold: bool) -> Any:
    earlier = deliveries.alias("earlier")
    query = (
        select(deliveries, blobs.c.encoding, blobs.c.data, receipts.c.received_at, receipts.c.generation)
        .join(blobs, blobs.c.digest == deliveries.c.body)
        .outerjoin(receipts, receipts.c.id == deliveries.c.receipt_id)
        .where(
            deliveries.c.lane == bindparam("lane"),
            deliveries.c.finished_at.is_(None),
            deliveries.c.behind == 0,
            deliveries.c.state.in_(_ACTIVE),
            deliveries.c.next_at <= bindparam("now", type_=deliveries.c.next_at.type),
            or_(deliveries.c.state != State.SENDING.value, deliveries.c.epoch < bindparam("mine")),
        )
        .order_by(deliveries.c.place)
        .limit(bindparam("most"))
    )
    if hold:
        blocked = select(earlier.c.id).where(
            earlier.c.lane == deliveries.c.lane,
            earlier.c.order_key == deliveries.c.order_key,
            earlier.c.place < deliveries.c.place,
            in_the_way(earlier),
        )
        query = query.where(~blocked.exists())
    return query


def _begun(ids: Sequence[int]) -> Any:
    """When the last attempts of deliveries began."""
    return (
        select(attempts.c.delivery_id, func.max(attempts.c.started_at))
        .where(attempts.c.delivery_id.in_(ids))
        .group_by(attempts.c.delivery_id)
    )


_due = {hold: _due_query(hold=hold) for hold in (False, True)}


class Lanes:
    """The lanes of a ledger."""

    def __init__(self, database: Database, store: BlobStore) -> None:
        self._database = database
        self._store = store

    def take(self, lane: str, now: datetime, *, reading: str | None = None) -> int | None:
        """Take over ``lane``: gives its new epoch, or None while it rests or a person has paused it.

        Deliveries that were staged after ``now`` are due now: the clock was ahead then.
        With ``reading``, a route, its first due receipt counts as begun.
        """

        def work(connection: Connection) -> int | None:
            add_lane(connection, lane)
            epoch: int | None = connection.scalar(_take, {"lane": lane, "now": now, "horizon": now + LONGEST_REST})
            if epoch is not None:
                connection.execute(_put_right, {"of_lane": lane, "now": now})
                if reading is None:
                    mark_waiting(connection, lane)
            if reading is not None and epoch is not None:
                begin_first(connection, reading)
            return epoch

        return self._database.write(work, lane=lane)

    def due(self, lane: str, epoch: int, now: datetime, *, most: int, hold: bool = False) -> list[Delivery]:
        """Up to ``most`` deliveries whose time has come, in their order.

        Those that an earlier epoch left in SENDING are among them, marked unsure; those whose bytes are damaged say so
        in ``damage``, and must not be sent.  With ``hold`` a delivery waits while
        an earlier one with the same order key is unfinished, or has failed and holds those after it.
        """
        with self._database.read() as connection:
            values = {"lane": lane, "now": now, "mine": epoch, "most": most}
            rows = connection.execute(_due[hold], values).all()
            links: dict[int, list[tuple[int, int]]] = {}
            query = (
                select(delivery_documents.c.delivery_id, documents.c.id, documents.c.targets)
                .join(documents, documents.c.id == delivery_documents.c.document_id)
                .where(delivery_documents.c.delivery_id.in_([row.id for row in rows]))
            )
            for delivery, document, targets in connection.execute(query) if rows else ():
                links.setdefault(delivery, []).append((document, targets))
            late = waiting_replies(connection, self._store, [row.id for row in rows]) if rows else {}
            left = [row.id for row in rows if row.state == State.SENDING]
            begun = {row[0]: row[1] for row in connection.execute(_begun(left))} if left else {}
        return [
            Delivery(
                id=row.id,
                lane=row.lane,
                target=row.target,
                connection=row.connection,
                kind=row.kind,
                state=State(row.state),
                key=row.key,
                order_key=row.order_key,
                content=content,
                damage=damage,
                content_type=row.content_type,
                metadata=row.metadata,
                digest=row.body,
                tries=row.tries,
                failures=row.failures + (row.state == State.SENDING),
                unsure=row.unsure,
                staged_at=row.staged_at,
                receipt=row.receipt_id,
                documents=tuple(links.get(row.id, ())),
                answer=row.answer,
                late=late.get(row.id),
                begun_at=begun.get(row.id),
                received_at=row.received_at if row.origin_id is None and not row.generation else None,
                holds=row.holds,
            )
            for row in rows
            for content, damage in [self._body(row)]
        ]

    def _body(self, row: Any) -> tuple[bytes, Damaged | None]:
        """The bytes to send; none, and why, where they are not what was staged."""
        try:
            return self._store.unpack(row.body, row.encoding, row.data), None
        except Damaged as error:
            return b"", error

    def announce(self, lane: str, epoch: int, chunk: Sequence[Delivery], now: datetime) -> list[Delivery]:
        """Commit that these deliveries are about to be sent; gives them without what a person has cancelled since.

        Raises `Fenced`.
        """

        def work(connection: Connection) -> list[Delivery]:
            journal = Journal(connection, lane, now, epoch=epoch)
            cancelled = set(connection.scalars(_ended, {"of": [item.id for item in chunk]}))
            due = [item for item in chunk if item.id not in cancelled]
            if not due:
                return []
            connection.execute(_announce, [{"delivery": item.id, "now_epoch": epoch} for item in due])
            left = [item for item in due if item.state is State.SENDING]
            if left:  # the process that announced them is gone
                rows = [
                    {"delivery": item.id, "of_number": item.tries, "ended": now, "said": "interrupted", "details": None}
                    for item in left
                ]
                connection.execute(end_attempt, rows)
            rows = [{"delivery_id": item.id, "number": item.tries + 1, "started_at": now} for item in due]
            insert_rows(connection, attempts, rows)
            for item in due:
                journal.record(State.SENDING, delivery=item.id, detail={"attempt": item.tries + 1}, digest=item.digest)
            journal.flush()
            return due

        return self._database.write(work, lane=lane)

    def conclude(
        self, lane: str, epoch: int, outcomes: Sequence[Outcome], now: datetime, answers: Sequence[Arrival] = ()
    ) -> None:
        """Commit what became of announced deliveries, and ``answers`` as receipts.  Raises `Fenced`."""
        contents = [self._store.prepare(item.answer_content) for item in outcomes if item.answer_content is not None]
        arriving = [prepared(self._store, answer) for answer in answers]

        def work(connection: Connection) -> None:
            journal = Journal(connection, lane, now, epoch=epoch)
            self._store.insert(connection, *contents)
            record(connection, journal, outcomes, now)
            journal.flush()
            for answer in arriving:
                insert_arrival(connection, self._store, answer, now)

        self._database.write(work, lane=lane)

    def rest(self, lane: str, until: datetime | None) -> None:
        """Let the lane wait until then; None lets it go on."""
        self._database.write(
            lambda connection: (
                connection.execute(lanes.update().where(lanes.c.name == lane).values(wait_until=until)).rowcount
            )
        )

    def ready(self, now: datetime, lane: str | None = None) -> list[str]:
        """The lanes (``lane`` alone) that have due deliveries and neither rest nor are paused."""
        query = (
            select(deliveries.c.lane)
            .join(lanes, lanes.c.name == deliveries.c.lane)
            .where(
                deliveries.c.finished_at.is_(None),
                deliveries.c.behind == 0,
                deliveries.c.state.in_(_ACTIVE),
                or_(deliveries.c.next_at <= now, deliveries.c.staged_at > now),
                lanes.c.paused.is_(False),
                _rested(now, now + LONGEST_REST),
            )
            .distinct()
        )
        if lane is not None:
            query = query.where(deliveries.c.lane == lane)
        with self._database.read() as connection:
            return sorted(connection.scalars(query))

    def crowd(self, route: str, names: Sequence[str], most: int) -> int:
        """How many receipts of ``route`` wait to be read, documents for their batch, and deliveries to be sent.

        ``names`` are the lanes of these.

        Not counted on beyond ``most`` and one of each kind.
        """
        unsent = select(deliveries.c.id).where(deliveries.c.lane.in_(names), deliveries.c.finished_at.is_(None))
        gathering = select(gathered.c.document_id).where(gathered.c.lane.in_(names), gathered.c.due_at.is_not(None))
        unread = select(receipts.c.id).where(receipts.c.route == route, receipts.c.finished_at.is_(None))
        with self._database.read() as connection:
            counts = [
                connection.scalar(select(func.count()).select_from(query.limit(most + 1).subquery()))
                for query in (unsent, gathering, unread)
            ]
        return sum(count or 0 for count in counts)

    def waiting(self) -> dict[str, dict[State, int]]:
        """How many unfinished deliveries there are by lane and state."""
        query = (
            select(deliveries.c.lane, deliveries.c.state, func.count())
            .where(deliveries.c.finished_at.is_(None))
            .group_by(deliveries.c.lane, deliveries.c.state)
        )
        counts: dict[str, dict[State, int]] = {}
        with self._database.read() as connection:
            for lane, state, count in connection.execute(query):
                counts.setdefault(lane, {})[State(state)] = count
        return counts
