"""The databases that may hold a ledger, each with what it alone speaks: how it is opened, read, written and locked."""

from sqlalchemy import URL

from transload.runner.ledger.databases.backend import Backend
from transload.runner.ledger.store import SQLITE, Store


def backend_of(url: URL, store: Store) -> Backend:
    """What speaks to the database at ``url``, an address of ``store`` with its secrets.

    Raises `ConfigurationError` where the database's driver is not installed.
    """
    if url.get_backend_name() == SQLITE:
        from transload.runner.ledger.databases.sqlite import SqliteFile

        return SqliteFile(url)
    from transload.runner.ledger.databases.postgresql import PostgresqlSchema

    return PostgresqlSchema(url, store)


__all__ = ["Backend", "backend_of"]
