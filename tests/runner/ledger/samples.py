"""What the tests of the ledger put into it, and how they look."""

from datetime import UTC, datetime

from sqlalchemy import select

from transload.runner.ledger.arrivals import Arrival

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def arrival(key="k1", content=b"hello", **more):
    values = {"route": "a/b", "lane": "in:a/b", "connection": "a/c", "origin": "/out/x"}
    return Arrival(source_key=key, content=content, **(values | more))


def count(ledger, table):
    with ledger.read() as connection:
        return len(connection.execute(select(table)).all())
