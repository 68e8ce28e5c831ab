"""What the tests of the ledger put into it, and how they look."""

from datetime import UTC, datetime

from sqlalchemy import select

from transload.runner.ledger.receipts import Arrival

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def arrival(key="k1", content=b"hello", **more):
    values = {"route": "a/b", "lane": "in:a/b", "connection": "a/c", "origin": "/out/x"}
    return Arrival(source_key=key, content=content, **(values | more))


def count(ledger, table):
    with ledger.read() as connection:
        return len(connection.execute(select(table)).all())


def tamper(ledger, statement):
    """Do ``statement`` as somebody who has the database, and takes away what keeps its events append-only."""

    def work(connection):
        if connection.dialect.name == "sqlite":
            names = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            for name in connection.exec_driver_sql(names).scalars().all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for table in ("events", "seals", "seal_heads"):
                connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        done = connection.execute(statement).rowcount
        if connection.dialect.name != "sqlite":
            for table in ("events", "seals", "seal_heads"):
                connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return done

    return ledger.database.write(work)
