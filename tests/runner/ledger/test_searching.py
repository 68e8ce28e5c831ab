"""Searching: an index answers each criterion, on each database, and no plan reads all rows."""

import re
from datetime import timedelta
from itertools import product

from sqlalchemy import select, text
from tests.runner.ledger.samples import NOW

from transload.runner.ledger import State
from transload.runner.ledger.schema import deliveries, documents, receipts
from transload.runner.ledger.searching import Criteria
from transload.runner.reading.duplicates import before

TABLES = {"receipt": receipts, "document": documents, "delivery": deliveries}
CRITERIA = {
    "number": Criteria(number="PO-1"),
    "control": Criteria(control="4711"),
    "state": Criteria(states=(State.DEAD,)),
    "file": Criteria(file="orders.edi"),
    "file*": Criteria(file="orders-*"),
    "fingerprint": Criteria(fingerprint="0123456789ab"),
    "text": Criteria(text="unknown"),
    "time": Criteria(since=NOW, until=NOW + timedelta(minutes=5)),
    "partner": Criteria(partner="acme"),
    "route": Criteria(route="acme/orders"),
}
SLOW = {("document", "partner"), ("document", "route"), ("delivery", "route")}
"""From him or to him: PostgreSQL goes through the newest until there are enough."""


def test_an_index_answers_each_criterion(ledger):
    with ledger.read() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))  # the tables are empty: any plan is as cheap
        for (name, criteria), (kind, table) in product(CRITERIA.items(), TABLES.items()):
            query = ledger.searching.query(kind, criteria, select(table.c.id))
            compiled = (
                query.order_by(table.c.id.desc())
                .limit(50)
                .compile(connection.engine, compile_kwargs={"literal_binds": True})
            )
            explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
            sql = str(compiled).replace("%%", "%") if sqlite else str(compiled)
            plan = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + sql))
            if sqlite:
                assert not re.search(rf"^SCAN {table.name}$", plan, re.MULTILINE), (kind, name, plan)
            elif (kind, name) not in SLOW:
                assert "Seq Scan" not in plan, (kind, name, plan)


def test_the_messages_of_an_interchange_are_found_by_its_reference(ledger):
    """It is asked for each interchange: whatever other indexes there are, not all documents of its route are read."""
    with ledger.read() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        values = dict.fromkeys(("of_route", "of_interchange", "of_sender", "of_receiver"), "x") | {"of_receipt": 1}
        compiled = before.params(values).compile(connection.engine, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        sql = str(compiled).replace("%%", "%") if sqlite else str(compiled)
        plan = "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + sql))
    assert "documents_wire" in plan, plan
