"""Searching the ledger: receipts, documents and deliveries by what people know of them.

Each criterion has an index (`decisions` and `schema`); the newest come first, page by page from the one below a number.
"""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select, union

from transload.runner.ledger.columns import Words, compact_json
from transload.runner.ledger.database import Database
from transload.runner.ledger.decisions import with_findings
from transload.runner.ledger.queries import shown
from transload.runner.ledger.references import Kind
from transload.runner.ledger.schema import control_numbers, deliveries, delivery_documents, documents, receipts
from transload.runner.ledger.states import State

_TABLES: dict[Kind, Table] = {"receipt": receipts, "document": documents, "delivery": deliveries}
_LONG = 200
_STREAM = 5000
_EVENTUALLY: dict[Kind, Any] = {
    "receipt": receipts.c.received_at,
    "document": documents.c.created_at,
    "delivery": deliveries.c.staged_at,
}


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What is looked for; None leaves it open, and all that is said must hold.

    ``number`` is a document's own, or that of the order that it is about; ``control`` a control number of an
    interchange, group or message; ``partner`` whom it came from or goes to; ``route`` a receive or send route;
    ``kind`` a model (``order/1``) or message type; ``file`` the name under which it arrived, ``*`` at its end stands
    for anything; ``text`` a part of what was found wrong.  ``before`` is the number below which to go on.
    """

    number: str | None = None
    control: str | None = None
    partner: str | None = None
    route: str | None = None
    states: tuple[State, ...] = ()
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    file: str | None = None
    fingerprint: str | None = None
    text: str | None = None
    before: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """What is looked for, as JSON values; what is open is left out."""
        found: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, datetime):
                value = value.astimezone(UTC).isoformat()
            elif isinstance(value, tuple):
                value = [state.value for state in value]
            if value not in (None, []):
                found[each.name] = value
        return found


class Searching:
    """Looks for rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, kind: Kind, wanted: Criteria, limit: int) -> list[dict[str, Any]]:
        """The newest rows of ``kind`` that fit, ``limit`` at most, as JSON values; see `Queries`."""
        table = _TABLES[kind]
        query = self.query(kind, wanted, select(table)).order_by(table.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [shown(kind, row) for row in connection.execute(query)]

    def ids(self, kind: Kind, wanted: Criteria) -> "array[int]":
        """The numbers of all rows that fit, the oldest first; 8 bytes of memory for each."""
        table = _TABLES[kind]
        found = array("q")
        query = self.query(kind, wanted, select(table.c.id)).order_by(table.c.id)
        with self._database.read() as connection:
            for row in connection.execution_options(yield_per=_STREAM).execute(query):
                found.append(row.id)
        return found

    def count(self, kind: Kind, wanted: Criteria) -> int:
        """How many rows fit."""
        table = _TABLES[kind]
        with self._database.read() as connection:
            return int(connection.scalar(self.query(kind, wanted, select(func.count(table.c.id)))) or 0)

    def query(self, kind: Kind, wanted: Criteria, query: Select[Any]) -> Select[Any]:
        """``query`` with the conditions of ``wanted``; the ledger is asked which of them there are for a route."""
        table = _TABLES[kind]
        found = [*_ways[kind](wanted), *_general(kind, table, wanted)]
        if kind == "document" and wanted.route is not None:
            found.append(or_(*self._of_route(wanted.route)))
        return query.where(*found)

    def _of_route(self, route: str) -> list[ColumnElement[bool]]:
        """How documents are those of a route: received on it, sent on it, seldom both.

        Of an ``or`` no index gives the newest: they all would be gathered and sorted.
        """
        received, sent = documents.c.route == route, deliveries.c.target == route
        with self._database.asking() as connection:
            sends = connection.execute(select(deliveries.c.id).where(sent).limit(1)).first() is not None
        with self._database.asking() as connection:
            receives = connection.execute(select(documents.c.id).where(received).limit(1)).first() is not None
        found: list[ColumnElement[bool]] = [received] if receives or not sends else []
        return [*found, documents.c.id.in_(_sent().where(sent))] if sends else found


def _general(kind: Kind, table: Table, wanted: Criteria) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    moment = _EVENTUALLY[kind]
    if wanted.states:
        found.append(table.c.state.in_([state.value for state in wanted.states]))
    if wanted.since is not None:
        found.append(moment >= wanted.since)
    if wanted.until is not None:
        found.append(moment < wanted.until)
    if wanted.fingerprint is not None:
        found.append(table.c.fingerprint == wanted.fingerprint)
    if wanted.text is not None:
        found += [with_findings[table.name], _holds(table.c.findings, wanted.text)]
    if wanted.before is not None:
        found.append(table.c.id < wanted.before)
    return found


def _holds(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether the findings hold ``text``, whatever its case, as their JSON writes it."""
    pattern = compact_json(text)[1:-1]
    for special in ("/", "%", "_"):
        pattern = pattern.replace(special, f"/{special}")
    # The database lowers both, as each knows other letters.
    return func.lower(column, type_=Words()).like(func.lower(f"%{pattern}%", type_=Words()), escape="/")


def _receipts(wanted: Criteria) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.file is not None:
        found.append(_file(wanted.file))
    if wanted.route is not None:
        found.append(receipts.c.route == wanted.route)
    if wanted.partner is not None:
        found.append(_of_partner(receipts.c.route, wanted.partner))
    known = _through_documents(wanted)
    return [*found, *(receipts.c.id.in_(select(documents.c.receipt_id).where(inner)) for inner in known)]


def _documents(wanted: Criteria) -> list[ColumnElement[bool]]:
    found = _through_documents(wanted)
    if wanted.file is not None:
        found.append(documents.c.receipt_id.in_(select(receipts.c.id).where(_file(wanted.file))))
    if wanted.partner is not None:
        to_him = _sent().where(_of_partner(deliveries.c.target, wanted.partner))
        found.append(or_(documents.c.partner == wanted.partner, documents.c.id.in_(to_him)))
    return found


def _sent() -> Select[Any]:
    """The documents of deliveries, which are to be narrowed down."""
    links = delivery_documents.c
    return select(links.document_id).join(deliveries, deliveries.c.id == links.delivery_id)


def _made_of(of: Select[Any]) -> Any:
    """The deliveries of receipts: their own, and batches in which documents of theirs have left with others."""
    links = delivery_documents.c
    carrying = select(links.delivery_id).join(documents, documents.c.id == links.document_id)
    return union(
        select(deliveries.c.id).where(deliveries.c.receipt_id.in_(of)), carrying.where(documents.c.receipt_id.in_(of))
    )


def _deliveries(wanted: Criteria) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    links = delivery_documents.c
    carrying = select(links.delivery_id).join(documents, documents.c.id == links.document_id)
    if wanted.file is not None:
        found.append(deliveries.c.id.in_(_made_of(select(receipts.c.id).where(_file(wanted.file)))))
    if wanted.route is not None:
        of_receipts = select(receipts.c.id).where(receipts.c.route == wanted.route)
        found.append(or_(deliveries.c.target == wanted.route, deliveries.c.id.in_(_made_of(of_receipts))))
    if wanted.partner is not None:
        found.append(_of_partner(deliveries.c.target, wanted.partner))
    if wanted.control is not None:
        carried = select(control_numbers.c.delivery_id).where(control_numbers.c.number == wanted.control)
        inner = carrying.where(documents.c.id.in_(_with_reference(wanted.control)))
        found.append(deliveries.c.id.in_(union(carried, inner)))
    known = _through_documents(replace(wanted, control=None))
    return [*found, *(deliveries.c.id.in_(carrying.where(inner)) for inner in known)]


_ways: Mapping[Kind, Callable[[Criteria], list[ColumnElement[bool]]]] = {
    "receipt": _receipts,
    "document": _documents,
    "delivery": _deliveries,
}


def _through_documents(wanted: Criteria) -> list[ColumnElement[bool]]:
    """What is known of documents only."""
    found: list[ColumnElement[bool]] = []
    if wanted.number is not None:
        found.append(or_(documents.c.number == wanted.number, documents.c.about == wanted.number))
    if wanted.control is not None:
        links = delivery_documents.c
        sent = (
            select(links.document_id)
            .join(control_numbers, control_numbers.c.delivery_id == links.delivery_id)
            .where(control_numbers.c.number == wanted.control)
        )
        found.append(documents.c.id.in_(union(_with_reference(wanted.control), sent)))
    if wanted.kind is not None:
        found.append(or_(documents.c.document == wanted.kind, documents.c.kind == wanted.kind))
    return found


def _with_reference(number: str) -> Select[Any]:
    """The documents that came with a control number.

    Where it is one of several ways, they are a union: of an ``or`` with a list PostgreSQL makes a look at all rows.
    """
    named = documents.alias("named")
    return select(named.c.id).where(or_(named.c.interchange == number, named.c.reference == number))


def _of_partner(column: ColumnElement[Any], partner: str) -> ColumnElement[bool]:
    """Whether a route is one of the partner's; as a range, which an index answers."""
    return and_(column >= f"{partner}/", column < f"{partner}0")  # 0 is the sign after /


def _file(name: str) -> ColumnElement[bool]:
    column = receipts.c.file
    head = name.removesuffix("*")
    if head == name or len(head) > _LONG - 70:
        return column == name
    return and_(column >= head, column < head + "\U0010ffff")
