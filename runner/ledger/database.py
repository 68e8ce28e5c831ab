"""Transactions on the ledger's database, and all SQL that only one database speaks.

Many threads write, one commit at a time: whoever gets the turn runs the work of all
who wait and commits once for them.  A commit forced to disk costs the same for one
as for many, and no writer starves on the database's lock.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import URL, Connection, Engine, Executable, Table, create_engine, event, make_url, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.errors import LedgerError, translated
from transload.runner.ledger.schema import VERSION, meta, metadata

T = TypeVar("T")

BUSY_SECONDS = 10.0
"""How long a write waits for another process's lock on the database."""


class _Turn(Generic[T]):
    """One caller's work, waiting for its commit."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.done = False
        self.value: T | None = None
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        self.value = self.work(connection)

    def result(self) -> T:
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # set by `run`, or `error` is


class Database:
    """Reads and writes of one ledger.  ``url`` is SQLAlchemy's; this version keeps ledgers in SQLite files."""

    def __init__(self, url: str) -> None:
        try:
            self.url: URL = make_url(url)
        except ArgumentError:
            raise ConfigurationError(
                "store: is no database address", hint="write it like sqlite:///var/ledger.db"
            ) from None
        if self.url.get_backend_name() != "sqlite" or self.url.database in (None, "", ":memory:"):
            raise ConfigurationError(
                f"a ledger cannot be kept in {self.url.render_as_string()!r}",
                hint="this version keeps it in a file: sqlite:///var/ledger.db",
            )
        self.path = Path(str(self.url.database))
        self._engine: Engine | None = None
        self._queue: list[_Turn[Any]] = []
        self._queue_lock = threading.Lock()
        self._commit_lock = threading.Lock()

    @property
    def name(self) -> str:
        """What people call it: the path of the file."""
        return str(self.path)

    def open(self, *, create: bool = True) -> None:
        """Open the file, made with its tables where it is missing.

        Raises `LedgerError` when it cannot be opened, is no ledger, or was made by a newer version.
        """
        if not create and not self.path.exists():
            raise LedgerError(f"there is no ledger {self.name}", hint="nothing has run yet; `transload run` makes it")
        with translated(self.name):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self.path.exists():
                self.path.touch(mode=0o600)  # a new one is for its owner alone; SQLite gives its other files the same
            self._engine = _sqlite_engine(self.url)
        try:
            self.write(self._prepare)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the ledger; it must not write."""
        with translated(self.name), self._opened.connect() as connection:
            yield connection

    def write(self, work: Callable[[Connection], T]) -> T:
        """Do ``work`` in a transaction that is on disk when this returns, together with others' work.

        When ``work`` raises, nothing of it is kept, others' work is, and the error is raised
        here.  Raises `LedgerError` when the commit fails; then nothing of it is kept.
        """
        turn = _Turn(work)
        with self._queue_lock:
            self._queue.append(turn)
        with self._commit_lock:
            if not turn.done:
                with self._queue_lock:
                    turns, self._queue = self._queue, []
                self._commit(turns)
        with translated(self.name):
            return turn.result()

    def _commit(self, turns: Sequence[_Turn[Any]]) -> None:
        try:
            with translated(self.name), self._opened.connect() as connection:
                connection.execution_options(writes=True)
                with connection.begin():
                    if len(turns) == 1:
                        turns[0].run(connection)
                    else:
                        for turn in turns:
                            _run_apart(turn, connection)
        except Exception as error:  # noqa: BLE001  # everyone who waits for this commit must learn of it
            for turn in turns:
                turn.error = turn.error or error
        except BaseException:  # an interrupt is the affair of the thread that has the turn
            for turn in turns:
                turn.error = turn.error or LedgerError(f"a commit to the ledger {self.name} was interrupted")
            raise
        finally:
            for turn in turns:
                turn.done = True

    @property
    def _opened(self) -> Engine:
        if self._engine is None:
            raise LedgerError(f"the ledger {self.name} is not open", hint="use it inside `with ledger:`")
        return self._engine

    def _prepare(self, connection: Connection) -> None:
        if connection.dialect.has_table(connection, meta.name):
            found = connection.scalar(select(meta.c.value).where(meta.c.name == "schema"))
            if found is None or int(found) > VERSION:
                raise LedgerError(
                    f"the ledger {self.name} has schema {found}, and this version of Transload knows {VERSION}",
                    hint="install the version of Transload that wrote it, or a newer one",
                )
            if int(found) < VERSION:
                metadata.create_all(connection)
                connection.execute(meta.update().where(meta.c.name == "schema").values(value=str(VERSION)))
            return
        if connection.dialect.get_table_names(connection):
            raise LedgerError(
                f"the database {self.name} is no ledger: it holds other tables", hint="choose another file for store:"
            )
        metadata.create_all(connection)
        connection.execute(meta.insert(), [{"name": "schema", "value": str(VERSION)}])


def _run_apart(turn: _Turn[Any], connection: Connection) -> None:
    try:
        with connection.begin_nested():
            turn.run(connection)
    except IntegrityError as error:
        turn.error = error
    except SQLAlchemyError:
        raise  # a full disk, say: the database may have ended the whole transaction
    except Exception as error:  # noqa: BLE001  # it belongs to the caller of this turn alone
        turn.error = error


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def configure(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says, not at the first change
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def insert_missing(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows that no unique key of ``table`` holds already; gives how many were new."""
    if not rows:
        return 0
    return connection.execute(_insert_missing(table, connection.dialect.name), rows).rowcount


def upsert(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, or change those that have the same primary key."""
    if rows:
        connection.execute(_upsert(table, connection.dialect.name, tuple(rows[0])), rows)


# Statements are built once: building one and finding its compiled form costs more than running it.


@cache
def _insert_missing(table: Table, dialect: str) -> Executable:
    kind = postgresql if dialect == "postgresql" else sqlite
    statement: Executable = kind.insert(table).on_conflict_do_nothing()
    return statement


@cache
def _upsert(table: Table, dialect: str, names: tuple[str, ...]) -> Executable:
    kind = postgresql if dialect == "postgresql" else sqlite
    statement = kind.insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    changing: Executable = statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return changing
