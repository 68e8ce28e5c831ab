"""Doing much again: a bulk is a list of what is to be done, fixed when it begins, and how far it is.

Each step does some items and notes that they are done in one transaction, so that a bulk that was ended in its midst
goes on where it was, and does nothing twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, select

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.actions import cancel
from transload.runner.ledger.database import Database
from transload.runner.ledger.decisions import bulk_items, bulks
from transload.runner.ledger.dialects import insert_new
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.pauses import PEOPLE
from transload.runner.ledger.references import Kind, NotFound, Ref
from transload.runner.ledger.repeating import NotPossible, Who, lane_of, redeliver, reingest, remap
from transload.runner.ledger.schema import deliveries
from transload.runner.ledger.states import State

Way = Literal["redeliver", "remap", "reingest"]
_PREPARING, _RUNNING, _DONE, _CANCELLED = "PREPARING", "RUNNING", "DONE", "CANCELLED"
_AT_ONCE = 1000
_NO_BULK = "bulks are named b1, b2, ...; transload replay --bulks lists them"


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to do: a delivery to send again, or a receipt to take in again, or to map again with ``messages``.

    ``force`` makes the messages that went well again too.
    """

    subject: int
    messages: tuple[int, ...] | None = None
    force: bool = False


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of an item: the reference of what was made, or why nothing was."""

    subject: str
    made: str | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Bulk:
    """A bulk as it stands: its ``way``, and how many of its ``total`` items are done up to ``position``."""

    id: int
    way: Way
    state: str
    asked: Mapping[str, Any]
    by: str
    reason: str | None
    total: int
    position: int
    made_at: datetime

    @property
    def ref(self) -> str:
        """Its name."""
        return f"b{self.id}"

    @property
    def goes_on(self) -> bool:
        """Whether something of it is left to do."""
        return self.state == _RUNNING

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "ref": self.ref,
            "way": self.way,
            "state": self.state,
            "asked": dict(self.asked),
            "by": self.by,
            "reason": self.reason,
            "total": self.total,
            "done": self.position,
            "at": self.made_at.isoformat().replace("+00:00", "Z"),
        }


class Bulks:
    """The bulks of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, way: Way, asked: Mapping[str, Any], items: Iterable[Item], now: datetime, *, who: Who) -> Bulk:
        """Write down what is to be done, page by page, and only then let it be done.

        A bulk whose writing down was interrupted is never begun.
        """
        row: dict[str, Any] = {
            "kind": way,
            "state": _PREPARING,
            "asked": dict(asked),
            "by": who.by,
            "reason": who.reason,
        }
        row |= {"total": 0, "position": 0, "made_at": now}
        made: int = self._database.write(lambda connection: insert_new(connection, bulks, row))
        total = 0
        pending = iter(items)
        while page := list(islice(pending, _AT_ONCE)):
            rows = [
                {
                    "bulk_id": made,
                    "number": total + number,
                    "subject": item.subject,
                    "messages": None if item.messages is None else {"only": list(item.messages), "force": item.force},
                    "state": "WAITING",
                }
                for number, item in enumerate(page, start=1)
            ]
            self._database.write(lambda connection, rows=rows: connection.execute(bulk_items.insert(), rows).rowcount)  # type: ignore[misc]
            total += len(page)

        def work(connection: Connection) -> None:
            journal = Journal(connection, PEOPLE, now)
            values = {"state": _RUNNING, "total": total}
            connection.execute(bulks.update().where(bulks.c.id == made).values(values))
            journal.record("BULK", detail=Who(by=who.by, reason=who.reason, bulk=made).detail(way=way, items=total))
            journal.flush()

        self._database.write(work)
        return self.get(made)

    def get(self, number: int) -> Bulk:
        """The bulk of that number.  Raises `NotFound`."""
        with self._database.read() as connection:
            row = connection.execute(select(bulks).where(bulks.c.id == number)).one_or_none()
        if row is None:
            raise NotFound(f"the ledger holds no bulk b{number}", hint=_NO_BULK)
        return _bulk(row)

    def newest(self, limit: int = 100) -> list[Bulk]:
        """The newest first."""
        with self._database.read() as connection:
            return [_bulk(row) for row in connection.execute(select(bulks).order_by(bulks.c.id.desc()).limit(limit))]

    def left(self, way: Way, asked: Mapping[str, Any]) -> Bulk | None:
        """The bulk that was begun for the same and is not at its end."""
        running = select(bulks).where(bulks.c.state == _RUNNING, bulks.c.kind == way).order_by(bulks.c.id)
        with self._database.read() as connection:
            found = [_bulk(row) for row in connection.execute(running)]
        return next((bulk for bulk in found if bulk.asked == dict(asked)), None)

    def step(self, number: int, now: datetime, *, most: int) -> list[Done]:
        """Do the next items, ``most`` of them; gives what came of each, nothing when it is at its end or cancelled.

        Who does the same bulk at the same time waits, and does the items after them.
        """

        def work(connection: Connection) -> list[Done]:
            bulk = connection.execute(select(bulks).where(bulks.c.id == number).with_for_update()).one()
            if bulk.state != _RUNNING:
                return []
            following = (bulk_items.c.bulk_id == number) & (bulk_items.c.number > bulk.position)
            rows = connection.execute(
                select(bulk_items).where(following).order_by(bulk_items.c.number).limit(most)
            ).all()
            who = Who(by=bulk.by, reason=bulk.reason, bulk=number)
            done = _Step(connection, bulk.kind, who, now).do(rows)
            position = rows[-1].number if rows else bulk.position
            ended = position >= bulk.total
            values = {"position": position, **({"state": _DONE, "ended_at": now} if ended else {})}
            connection.execute(bulks.update().where(bulks.c.id == number).values(values))
            return done

        return self._database.write(work)

    def refused(self, number: int) -> Iterator[Done]:
        """The items of a bulk that could not be done, and why."""
        query = select(bulk_items).where(bulk_items.c.bulk_id == number, bulk_items.c.state == "REFUSED")
        kind = _subject(self.get(number).way)
        with self._database.read() as connection:
            for row in connection.execute(query.order_by(bulk_items.c.number)).yield_per(_AT_ONCE):
                yield Done(subject=str(Ref(kind, row.subject)), note=row.note)

    def cancel(self, number: int, now: datetime, *, who: Who) -> tuple[int, int]:
        """Do no more of it, and do not send what it has staged and is not sent; gives how many of each.

        What was there before stays as it is, and can be done again later.  Raises `NotFound`, and `NotPossible` where
        it was cancelled before.
        """
        bulk = self.get(number)

        def stop(connection: Connection) -> int:
            journal = Journal(connection, PEOPLE, now)
            row = connection.execute(select(bulks).where(bulks.c.id == number).with_for_update()).one()
            if row.state == _CANCELLED:
                raise NotPossible(f"{bulk.ref} was cancelled before", hint="transload replay --bulks tells by whom")
            connection.execute(bulks.update().where(bulks.c.id == number).values(state=_CANCELLED, ended_at=now))
            left = int(row.total - row.position)
            detail = Who(by=who.by, reason=who.reason, bulk=number).detail(cancelled=True, left=left)
            journal.record("BULK", detail=detail)
            journal.flush()
            return left

        left = self._database.write(stop)
        if bulk.way != "redeliver":
            return left, 0
        waiting = (
            select(deliveries.c.id)
            .join(bulk_items, bulk_items.c.made == deliveries.c.id)
            .where(bulk_items.c.bulk_id == number, deliveries.c.finished_at.is_(None))
            .where(deliveries.c.state.in_([State.STAGED.value, State.RETRY_AT.value]))
        )
        with self._database.read() as connection:
            found = list(connection.scalars(waiting.order_by(deliveries.c.id)))
        taken_back, mine = 0, Who(by=who.by, reason=who.reason, bulk=number)
        for begin in range(0, len(found), 100):
            page = found[begin : begin + 100]
            taken_back += self._database.write(lambda connection, page=page: _take_back(connection, page, mine, now))  # type: ignore[misc]
        return left, taken_back


class _Step:
    """The items of one transaction; the journals of their lanes are begun first, in one order for everybody."""

    def __init__(self, connection: Connection, way: Way, who: Who, now: datetime) -> None:
        self._connection = connection
        self._way = way
        self._who = who
        self._now = now

    def do(self, rows: Sequence[Any]) -> list[Done]:
        kind = _subject(self._way)
        lanes: dict[int, str] = {}
        found: list[Done] = []
        gone: dict[int, str] = {}
        for row in rows:
            try:
                lanes[row.subject] = lane_of(self._connection, Ref(kind, row.subject))
            except ConfigurationError as error:
                gone[row.subject] = error.message
        journals = {lane: Journal(self._connection, lane, self._now) for lane in sorted(set(lanes.values()))}
        for row in rows:
            made: int | None = None
            note = gone.get(row.subject)
            if note is None:
                try:
                    made = self._one(row, journals[lanes[row.subject]])
                except ConfigurationError as error:  # nothing of it is written: what is possible is asked first
                    note = error.message
            state = "DONE" if note is None else "REFUSED"
            mine = (bulk_items.c.bulk_id == row.bulk_id) & (bulk_items.c.number == row.number)
            values = {"state": state, "made": made, "note": note}
            self._connection.execute(bulk_items.update().where(mine).values(values))
            what = None if made is None else str(Ref(kind, made))
            found.append(Done(subject=str(Ref(kind, row.subject)), made=what, note=note))
        for journal in journals.values():
            journal.flush()
        return found

    def _one(self, row: Any, journal: Journal) -> int:
        if self._way == "redeliver":
            return redeliver(self._connection, journal, row.subject, self._who)
        if self._way == "reingest":
            return reingest(self._connection, journal, row.subject, self._who)
        chosen = row.messages or {"only": None, "force": False}
        return remap(self._connection, journal, row.subject, chosen["only"], self._who, force=chosen["force"])


def _take_back(connection: Connection, page: Sequence[int], who: Who, now: datetime) -> int:
    lanes = {number: lane_of(connection, Ref("delivery", number)) for number in page}
    journals = {lane: Journal(connection, lane, now) for lane in sorted(set(lanes.values()))}
    count = 0
    for number in page:
        try:
            cancel(connection, journals[lanes[number]], number, who)
            count += 1
        except NotPossible:
            continue  # it is under way, or there, by now
    for journal in journals.values():
        journal.flush()
    return count


def _subject(way: str) -> Kind:
    return "delivery" if way == "redeliver" else "receipt"


def _bulk(row: Any) -> Bulk:
    return Bulk(
        id=row.id,
        way=row.kind,
        state=row.state,
        asked=row.asked,
        by=row.by,
        reason=row.reason,
        total=row.total,
        position=row.position,
        made_at=row.made_at,
    )
