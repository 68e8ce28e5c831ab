"""The schema beside a ledger's in which wakes wait for workers; nothing in it is worth keeping."""

from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from sqlalchemy import Engine, text

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.errors import translated

_LOCK = text("SELECT pg_advisory_xact_lock(:ours, :schema)")
_MADE_BY = text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :schema")


class WakeSchema:
    """The queue's tables in the schema ``schema``, made by procrastinate of the version that is installed.

    ``engine`` is for making them, under the two numbers ``key`` of an advisory lock; ``connect`` are psycopg's
    arguments for all other connections.
    """

    def __init__(
        self,
        *,
        name: str,
        schema: str,
        engine: Engine,
        key: tuple[int, int],
        connect: dict[str, Any],
        hidden: tuple[str, ...],
    ) -> None:
        self.name = f"{name}, schema {schema}"
        self.schema = schema
        self.connect = connect
        self._engine = engine
        self._key = key
        self._hidden = hidden

    def prepare(self) -> None:
        """Make the tables where they are missing, or were made by another version: what waits is woken again.

        Raises `LedgerError`, or `ConfigurationError` where procrastinate is not installed.
        """
        if find_spec("procrastinate") is None:
            raise ConfigurationError(
                "a service on a ledger in PostgreSQL needs procrastinate, which is not installed",
                hint='install it with: pip install "transload[postgresql]"',
            )
        from procrastinate.schema import SchemaManager

        ours = f"procrastinate {version('procrastinate')}"
        with translated(self.name, *self._hidden), self._engine.connect() as connection, connection.begin():
            connection.execute(_LOCK, {"ours": self._key[0], "schema": self._key[1]})
            if connection.scalar(_MADE_BY, {"schema": self.schema}) == ours:
                return
            quoted = connection.dialect.identifier_preparer.quote(self.schema)
            own: Any = connection.connection.dbapi_connection
            own.execute(f"DROP SCHEMA IF EXISTS {quoted} CASCADE")
            own.execute(f"CREATE SCHEMA {quoted}")
            own.execute(f"SET LOCAL search_path TO {quoted}")
            own.execute(SchemaManager.get_schema())
            own.execute(f"COMMENT ON SCHEMA {quoted} IS '{ours}'")

    async def configure(self, connection: Any) -> None:
        """Let a new connection see the tables; its commits need not be forced, as what is lost is woken again."""
        quoted = '"' + self.schema.replace('"', '""') + '"'
        await connection.execute(
            "SELECT set_config('search_path', %s, false), set_config('synchronous_commit', 'off', false)", [quoted]
        )
        await connection.commit()
