"""What a person may do to the ledger's work: replay, decide on an unknown delivery, hold and release a lane.

Each is an event in the lane it concerns.  None needs the engine: a service sees the
new work at its next sweep, a command at its next pass.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, select

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.backup.settling import doubt
from transload.runner.ledger.database import Database
from transload.runner.ledger.erased import see_whole
from transload.runner.ledger.following import documents_of, follow
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.numbers import Ids
from transload.runner.ledger.reconciled import copy_numbers
from transload.runner.ledger.references import NotFound, Ref
from transload.runner.ledger.schema import deliveries, delivery_documents, documents, lanes, receipts
from transload.runner.ledger.states import State
from transload.runner.ledger.unpacking import parts_of

_KEYS = UUID("0e0c2c5d-8a2e-5d0f-a3f1-6f2d9c7b4e21")
_REPLAYABLE = (State.SENT, State.ACKED, State.REJECTED, State.DEAD, State.UNKNOWN, State.SUPPRESSED)


class NotPossible(ConfigurationError):
    """The action does not fit the state of what it is asked for."""

    code = "E-NOT-POSSIBLE"


class Actions:
    """The actions of people.  ``by`` names who acts, for the event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def redeliver(self, delivery: int, now: datetime, *, by: str = "operator") -> int:
        """Send the same bytes again, as a new delivery with a key of its own; gives its id.

        The old one stays as it is, but an UNKNOWN one is then SUPPRESSED.
        Raises `NotFound`, `NotPossible` when it is still under way or has no bytes, `Erased` when they were let go of.
        """

        def work(connection: Connection) -> int:
            old, journal = _held(connection, delivery, now)
            see_whole(connection, Ref("delivery", delivery))
            if State(old["state"]) not in _REPLAYABLE or old["body"] is None:
                hint = "map it again: there are no bytes to send" if old["body"] is None else "it is still under way"
                raise NotPossible(f"{Ref('delivery', delivery)} is {old['state']} and cannot be sent again", hint=hint)
            ids = Ids(connection)
            new = ids.next(deliveries)
            ids.flush()
            row = dict(old)
            row |= {
                "id": new,
                "state": State.STAGED.value,
                "key": str(uuid5(_KEYS, f"{old['key']} {new}")),
                "tries": 0,
                "failures": 0,
                "unsure": False,
                "epoch": 0,
                "next_at": now,
                "staged_at": now,
                "finished_at": None,
                "findings": [],
                "fingerprint": None,
                "answer": None,
                "origin_id": delivery,
            }
            connection.execute(deliveries.insert(), row)
            for document in documents_of(connection, delivery):
                link = {"delivery_id": new, "document_id": document}
                connection.execute(delivery_documents.insert(), link)
                more = {"targets": documents.c.targets + 1}
                connection.execute(documents.update().where(documents.c.id == document).values(more))
            copy_numbers(connection, delivery, new)
            if old["state"] == State.UNKNOWN:
                _finish(connection, delivery, State.SUPPRESSED, now)
                journal.record(State.SUPPRESSED, delivery=delivery, detail={"by": by, "replaced_by": new})
            journal.record(
                State.STAGED,
                receipt=old["receipt_id"],
                delivery=new,
                detail={"by": by, "redelivers": delivery},
                digest=old["body"],
            )
            journal.flush()
            follow(connection, new)
            return int(new)

        return self._database.write(work)

    def remap(self, ref: Ref, now: datetime, *, by: str = "operator") -> int:
        """Read a receipt's raw bytes again with the mappings of now; gives the receipt's id.

        For a document, its message alone; for a receipt, all its quarantined messages, or
        all messages when none was read.  The work is done at the next pass; new documents
        are linked to those before them.  Raises `NotFound`, and `NotPossible` when the
        receipt is still being read or nothing in it is quarantined.
        """

        def work(connection: Connection) -> int:
            route = connection.scalar(select(receipts.c.route).where(receipts.c.id == _receipt_of(connection, ref)))
            journal = Journal(connection, f"in:{route}", now)  # who reads the receipt has ended, or has not begun
            receipt, messages, force = _messages(connection, ref)
            query = select(receipts).where(receipts.c.id == receipt).with_for_update(key_share=True)
            row = connection.execute(query).one()
            see_whole(connection, Ref("receipt", receipt))
            if row.finished_at is None:
                raise NotPossible(f"{Ref('receipt', receipt)} is still being read", hint="wait for it")
            again = {"messages": messages, "force": force}
            values: dict[str, Any] = {"state": State.RECEIVED.value, "finished_at": None, "position": 0}
            values |= {"findings": [], "again": again, "begun": 0}
            more = {"generation": receipts.c.generation + 1}
            connection.execute(receipts.update().where(receipts.c.id == receipt).values(values | more))
            journal.record("REMAP", receipt=receipt, detail={"by": by, "messages": messages}, digest=row.digest)
            journal.flush()
            return receipt

        return self._database.write(work)

    def resolve(self, delivery: int, now: datetime, *, landed: bool, by: str = "operator") -> None:
        """Decide about an UNKNOWN delivery: it landed (SENT), or it is to be sent again.

        Raises `NotFound`, and `NotPossible` when it is not UNKNOWN.
        """

        def work(connection: Connection) -> None:
            row, journal = _held(connection, delivery, now)
            if row["state"] != State.UNKNOWN:
                raise NotPossible(f"{Ref('delivery', delivery)} is {row['state']}, not UNKNOWN")
            if landed:
                _finish(connection, delivery, State.SENT, now)
            else:
                again = {"state": State.STAGED.value, "unsure": False, "failures": 0, "next_at": now, "staged_at": now}
                connection.execute(deliveries.update().where(deliveries.c.id == delivery).values(again))
            state = State.SENT if landed else State.STAGED
            journal.record(state, delivery=delivery, detail={"by": by, "resolved": True})
            journal.flush()
            follow(connection, delivery)

        self._database.write(work)

    def pause(self, lane: str, now: datetime, *, paused: bool = True, by: str = "operator") -> None:
        """Hold a lane, or release it; deliveries are staged on a held lane, and wait.  Raises `NotFound`."""

        def work(connection: Connection) -> None:
            changed = connection.execute(lanes.update().where(lanes.c.name == lane).values(paused=paused)).rowcount
            if not changed:
                raise NotFound(f"the ledger holds no lane {lane!r}")
            journal = Journal(connection, lane, now)
            detail: dict[str, Any] = {"by": by}
            if not paused and (count := doubt(connection, lane)):
                detail["asked_first"] = count
            journal.record("PAUSED" if paused else "RELEASED", detail=detail)
            journal.flush()

        self._database.write(work)


def _held(connection: Connection, delivery: int, now: datetime) -> tuple[dict[str, Any], Journal]:
    """A delivery as it is, while nobody else can change it, and the journal of its lane, which is locked first."""
    lane = connection.scalar(select(deliveries.c.lane).where(deliveries.c.id == delivery))
    if lane is None:
        raise NotFound(f"the ledger holds no delivery {Ref('delivery', delivery)}")
    journal = Journal(connection, lane, now)
    query = select(deliveries).where(deliveries.c.id == delivery).with_for_update(key_share=True)
    return dict(connection.execute(query).mappings().one()), journal


def _receipt_of(connection: Connection, ref: Ref) -> int:
    """The receipt to read again.  Raises `NotFound` and `NotPossible`."""
    if ref.kind == "delivery":
        raise NotPossible(f"{ref} is a delivery", hint="map its document again, or send the delivery again")
    table = documents if ref.kind == "document" else receipts
    column = documents.c.receipt_id if ref.kind == "document" else receipts.c.id
    found = connection.scalar(select(column).where(table.c.id == ref.id))
    if found is None:
        raise NotFound(f"the ledger holds no {ref.kind} {ref}")
    return int(found)


def _messages(connection: Connection, ref: Ref) -> tuple[int, list[int] | None, bool]:
    """The receipt to read again, which of its messages (None: all), and whether good documents are made again too."""
    if ref.kind == "document":
        row = connection.execute(select(documents).where(documents.c.id == ref.id)).one()
        return row.receipt_id, [row.message], row.state != State.QUARANTINED
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


def _finish(connection: Connection, delivery: int, state: State, now: datetime) -> None:
    values = {"state": state.value, "finished_at": now, "unsure": False}
    connection.execute(deliveries.update().where(deliveries.c.id == delivery).values(values))
