"""Lanes: the deliveries of one route to one target, taken in order by one worker at a time.

A worker takes a lane, which raises the lane's epoch; whatever an earlier worker would
still record is then refused (`Fenced`) and rolled back.  The order of writing is: the
attempt is announced (SENDING), the call is made, its outcome is recorded.  So after
a crash a delivery in SENDING may have landed, and any other has not been sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select

from transload.canonical.findings import Finding
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.database import Database
from transload.runner.ledger.errors import Damaged
from transload.runner.ledger.following import follow_news
from transload.runner.ledger.journal import Journal, add_lane
from transload.runner.ledger.receipts import Arrival, as_rows
from transload.runner.ledger.receiving import begin_first, insert_arrival, prepared
from transload.runner.ledger.reconciled import take_pending
from transload.runner.ledger.replies import LateReply, hasten, judged, waiting_replies
from transload.runner.ledger.schema import (
    attachments,
    attempts,
    blobs,
    deliveries,
    delivery_documents,
    documents,
    gathered,
    lanes,
    receipts,
)
from transload.runner.ledger.sequences import in_the_way, let_go, mark_waiting
from transload.runner.ledger.states import ACTIVE, FINAL, State

LONGEST_REST = timedelta(days=1)
"""A lane that is to rest longer than this was told so by a clock that has been set back since."""
_ACTIVE = [state.value for state in ACTIVE]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A delivery that is due: its frozen bytes, and what is known of earlier attempts.

    ``unsure``: an earlier attempt may have landed.  ``failures`` counts an attempt in whose
    midst the process ended, so that a delivery that ends it each time is given up.  ``documents`` are the ids of its
    documents, each with the number of deliveries made of it.  ``answer`` is what the target said last, as JSON values;
    ``late`` is what it said later and is not judged yet.  ``begun_at`` is when an attempt began whose end was not
    recorded; ``received_at`` when its receipt came, None for replays.  With ``holds`` what comes after it in its
    sequence waits for a person once it has failed.
    """

    id: int
    lane: str
    target: str
    connection: str
    kind: str
    state: State
    key: str
    order_key: str | None
    content: bytes = field(repr=False)
    content_type: str
    metadata: Mapping[str, str]
    digest: str
    tries: int
    failures: int
    unsure: bool
    staged_at: datetime
    receipt: int | None
    documents: tuple[tuple[int, int], ...] = ()
    answer: Mapping[str, Any] | None = None
    late: LateReply | None = field(default=None, repr=False)
    begun_at: datetime | None = None
    received_at: datetime | None = None
    holds: bool = False
    damage: Damaged | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an attempt.

    ``answer`` is what the target said, as JSON values, and ``answer_content`` the bytes that it gave.
    ``said`` is one or two words for the attempt's row (``sent``, ``retry``, ``verified``,
    ``not begun``).  ``next_at`` is given with RETRY_AT, AWAITING and STAGED.  ``counts`` says whether
    the attempt counts against the route's limit.
    """

    delivery: Delivery
    state: State
    said: str
    ended_at: datetime
    findings: tuple[Finding, ...] = ()
    answer: Mapping[str, Any] | None = None
    answer_content: bytes | None = field(default=None, repr=False)
    next_at: datetime | None = None
    counts: bool = False
    unsure: bool = False
    fingerprint: str | None = None


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
_conclude = (
    deliveries.update()
    .where(deliveries.c.id == bindparam("delivery"))
    .values(
        state=bindparam("new_state"),
        failures=deliveries.c.failures + bindparam("counted"),
        unsure=bindparam("still_unsure"),
        next_at=func.coalesce(bindparam("later", type_=deliveries.c.next_at.type), deliveries.c.next_at),
        finished_at=bindparam("finished", type_=deliveries.c.finished_at.type),
        findings=bindparam("found", type_=deliveries.c.findings.type),
        answer=bindparam("answered", type_=deliveries.c.answer.type),
        fingerprint=bindparam("clustered"),
    )
)
_end_attempt = (
    attempts.update()
    .where(attempts.c.delivery_id == bindparam("delivery"), attempts.c.number == bindparam("of_number"))
    .values(
        ended_at=bindparam("ended", type_=attempts.c.ended_at.type),
        outcome=bindparam("said"),
        detail=bindparam("details", type_=attempts.c.detail.type),
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
                connection.execute(_end_attempt, rows)
            connection.execute(
                attempts.insert(),
                [{"delivery_id": item.id, "number": item.tries + 1, "started_at": now} for item in due],
            )
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
            answered = [
                {"digest": sha256(outcome.answer_content).hexdigest(), "delivery_id": outcome.delivery.id}
                for outcome in outcomes
                if outcome.answer_content is not None
            ]
            if answered:
                connection.execute(attachments.insert(), answered)
            connection.execute(_conclude, [_changes(outcome) for outcome in outcomes])
            connection.execute(_end_attempt, [_ending(outcome) for outcome in outcomes])
            for outcome in outcomes:
                journal.record(outcome.state, delivery=outcome.delivery.id, detail=_detail(outcome))
            news = [(*document, outcome.state) for outcome in outcomes for document in outcome.delivery.documents]
            follow_news(connection, news)
            begun = [outcome for outcome in outcomes if outcome.said not in ("not begun", "stopped")]
            judged(
                connection, [outcome.delivery.late.receipt for outcome in begun if outcome.delivery.late is not None]
            )
            hasten(connection, [outcome.delivery.id for outcome in outcomes], now)
            take_pending(connection, journal, [outcome.delivery.id for outcome in outcomes])
            let_go(connection, lane, [outcome.delivery.id for outcome in outcomes if _lets_go(outcome)])
            if any(_is_stuck(outcome) for outcome in outcomes):
                mark_waiting(connection, lane)
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


def _is_stuck(outcome: Outcome) -> bool:
    """Whether what comes after it in its sequence waits for a person."""
    failed = outcome.state is State.DEAD and outcome.delivery.holds
    return outcome.delivery.order_key is not None and (failed or outcome.state is State.UNKNOWN)


def _lets_go(outcome: Outcome) -> bool:
    """Whether it was tried again after others were marked as waiting behind it, and is done."""
    return outcome.delivery.order_key is not None and outcome.state in FINAL and not _is_stuck(outcome)


def _changes(outcome: Outcome) -> dict[str, Any]:
    return {
        "delivery": outcome.delivery.id,
        "new_state": outcome.state.value,
        "counted": int(outcome.counts),
        "still_unsure": outcome.unsure,
        "later": outcome.next_at,
        "finished": outcome.ended_at if outcome.state in FINAL else None,
        "found": as_rows(outcome.findings),
        "answered": _answer(outcome),
        "clustered": outcome.fingerprint,
    }


def _answer(outcome: Outcome) -> dict[str, Any] | None:
    if outcome.answer is None:
        return None
    if outcome.answer_content is None:
        return dict(outcome.answer)
    content = outcome.answer_content
    return {**outcome.answer, "content": sha256(content).hexdigest(), "size": len(content)}


def _ending(outcome: Outcome) -> dict[str, Any]:
    return {
        "delivery": outcome.delivery.id,
        "of_number": outcome.delivery.tries + 1,
        "ended": outcome.ended_at,
        "said": outcome.said,
        "details": {"findings": as_rows(outcome.findings)} if outcome.findings else None,
    }


def _detail(outcome: Outcome) -> dict[str, Any]:
    detail: dict[str, Any] = {"attempt": outcome.delivery.tries + 1, "outcome": outcome.said}
    if outcome.findings:
        detail["findings"] = sorted({finding.code for finding in outcome.findings})
    if outcome.next_at is not None:
        detail["next_at"] = outcome.next_at.isoformat()
    return detail
