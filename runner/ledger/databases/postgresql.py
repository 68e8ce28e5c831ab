"""A ledger in a schema of a PostgreSQL database: many transactions write at the same time, also of several hosts.

Isolation: a transaction that writes is READ COMMITTED.  What two may both want is a row that they lock first: the
lane (`Journal`), then the delivery or the document, then the series of numbers; so each statement after the lock sees
what the one before committed.  SERIALIZABLE would prove the same by undoing work that touched the same pages of a
small table, and most transactions here touch the same small tables.  A transaction that reads is REPEATABLE READ and
READ ONLY, so that a journey is that of one moment.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.databases.session_lock import SessionLock, SessionMembership
from transload.runner.ledger.databases.wake_schema import WakeSchema
from transload.runner.ledger.errors import LedgerError, ledger_error
from transload.runner.ledger.store import Store, shown

APPLICATION = "transload"
_OURS = 0x7472_616E
"""The first number of our advisory locks; the second is the schema's."""
_WIRE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""libpq's: a server that is gone without a word is noticed in half a minute, not in two hours."""
_SESSION = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""The same for the server, which would hold the locks of a process whose machine is gone."""


class PostgresqlSchema:
    """The schema ``store.schema`` at ``url``."""

    several_write = True
    folder: Path | None = None
    blobs: Path | None = None

    def __init__(self, url: URL, store: Store) -> None:
        if find_spec("psycopg") is None:
            raise ConfigurationError(
                "a ledger on PostgreSQL needs psycopg, which is not installed",
                hint='install it with: pip install "transload[postgresql]"',
            )
        self._url = url
        self._store = store
        self.name = shown(url)
        self.disturbed = Event()
        self.scratch = store.base / "var" / "ledger.scratch"
        self.secrets: tuple[str, ...] = tuple(filter(None, [url.password, _text(url.query.get("password"))]))

    def exists(self) -> bool:
        """True: only the server can tell."""
        return True

    def engine(self) -> Engine:
        """An engine with a pool, whose connections are tried before they are used."""
        engine = create_engine(
            self._url,
            connect_args=self._connect_args(APPLICATION),
            isolation_level="READ COMMITTED",
            pool_size=self._store.pool,
            max_overflow=0,
            pool_timeout=_seconds(self._store.statement_timeout),
            pool_pre_ping=True,
            hide_parameters=True,
        )
        event.listen(engine, "connect", self._configure, insert=True)  # before SQLAlchemy asks for the schema's name
        event.listen(engine, "invalidate", lambda *_: self.disturbed.set())
        return engine

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Connection]:
        """A connection that sees one moment."""
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.execution_options(**options).connect() as connection:
            yield connection

    @contextmanager
    def asking(self, engine: Engine) -> Iterator[Connection]:
        """A connection for one statement that changes nothing."""
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            yield connection

    @contextmanager
    def writing(self, engine: Engine) -> Iterator[Connection]:
        """A transaction.  Raises `LedgerError` where the connection broke as it was committed."""
        with engine.connect() as connection:
            transaction = connection.begin()
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                cause = ledger_error(error, self.name, *self.secrets)
                raise LedgerError(
                    f"the connection broke while the ledger {self.name} was committing: {cause.message}",
                    hint="whether the change was kept is not known; a service looks for itself, and after a command see"
                    " with `transload show` before you give it again",
                ) from error

    @contextmanager
    def migrating(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that makes the schema where it is missing; others who want to change tables wait for it."""
        with self.writing(engine) as connection:
            connection.execute(text("SELECT set_config('statement_timeout', '0', true)"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:ours, :schema)"), self._key("tables"))
            encoding = connection.scalar(text("SHOW server_encoding"))
            if encoding != "UTF8":
                raise LedgerError(
                    f"the database of the ledger {self.name} holds texts in {encoding}",
                    hint="make one with: createdb --encoding UTF8 --template template0 DATABASE",
                )
            query = text("SELECT 1 FROM pg_namespace WHERE nspname = :schema")
            if connection.scalar(query, {"schema": self._store.schema}) is None:
                quoted = connection.dialect.identifier_preparer.quote(self._store.schema)
                connection.exec_driver_sql(f"CREATE SCHEMA {quoted}")
            yield connection

    def forget(self, engine: Engine) -> None:
        """Nothing: the server's vacuum frees old rows in time, and its log of writes is its own affair."""

    def tables(self, connection: Connection) -> list[str]:
        """The tables of the schema."""
        query = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema")
        return sorted(connection.scalars(query, {"schema": self._store.schema}))

    def lock(self, what: str) -> SessionLock:
        """A lock of a session of its own."""
        key = self._key("work")
        return SessionLock(self._single, (key["ours"], key["schema"]), what, self.name, self.secrets)

    def join(self, what: str) -> SessionMembership:
        """A lock of a session of its own that others share."""
        key = self._key("work")
        return SessionMembership(self._single, (key["ours"], key["schema"]), what, self.name, self.secrets)

    @property
    def wakes(self) -> WakeSchema | None:
        """A schema beside the ledger's."""
        key = self._key("wakes")
        engine = self._single(f"{APPLICATION} wakes").execution_options(isolation_level="READ COMMITTED")
        _, connect = engine.dialect.create_connect_args(self._url)
        return WakeSchema(
            name=self.name,
            schema=f"{self._store.schema}_wakes",
            engine=engine,
            key=(key["ours"], key["schema"]),
            connect={**connect, **self._connect_args(f"{APPLICATION} wakes")},
            hidden=self.secrets,
        )

    def _single(self, application: str) -> Engine:
        """An engine for one connection, each of whose statements is a transaction."""
        made = create_engine(
            self._url,
            connect_args=self._connect_args(application),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
        )
        event.listen(made, "connect", self._configure, insert=True)
        return made

    def _connect_args(self, application: str) -> dict[str, Any]:
        """What the address does not say itself."""
        seconds = max(2, _seconds(self._store.connect_timeout))  # libpq takes no less
        args: dict[str, Any] = {"connect_timeout": seconds, "application_name": application, **_WIRE}
        return {name: value for name, value in args.items() if name not in self._url.query}

    def _configure(self, connection: Any, record: Any) -> None:
        before, connection.autocommit = connection.autocommit, True
        quoted = '"' + self._store.schema.replace('"', '""') + '"'
        settings = {
            "search_path": quoted,
            "statement_timeout": _milliseconds(self._store.statement_timeout),
            "lock_timeout": _milliseconds(self._store.lock_timeout),
            **_SESSION,
        }
        calls = ", ".join(["set_config(%s, %s, false)"] * len(settings))
        # what is committed is on the server's disk, whatever was set for the role
        durable = "CASE WHEN current_setting('synchronous_commit') = 'off'"
        durable += " THEN set_config('synchronous_commit', 'on', false) END"
        values = [word for pair in settings.items() for word in pair]
        connection.execute(f"SELECT {calls}, {durable}", values)
        connection.autocommit = before

    def _key(self, purpose: str) -> Mapping[str, int]:
        digest = sha256(f"{purpose}:{self._store.schema}".encode()).digest()
        return {"ours": _OURS, "schema": int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF}


def _seconds(span: timedelta) -> int:
    return max(1, round(span.total_seconds()))


def _milliseconds(span: timedelta) -> str:
    return str(round(span.total_seconds() * 1000))


def _text(value: str | tuple[str, ...] | None) -> str | None:
    return value if isinstance(value, str) else None
