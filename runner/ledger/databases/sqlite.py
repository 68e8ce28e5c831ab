"""A ledger in a SQLite file: one writer at a time, which other processes wait for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect
from sqlalchemy.exc import IntegrityError

from transload.runner.ledger.databases.file_lock import FileLock
from transload.runner.ledger.databases.wake_schema import WakeSchema

BUSY_SECONDS = 10.0
"""How long a write waits for another process's lock on the database."""


class SqliteFile:
    """The file of ``url``, in WAL mode and forced to disk at each commit; large payloads and the lock lie beside it."""

    several_write = False
    secrets: tuple[str, ...] = ()
    wakes: WakeSchema | None = None

    def __init__(self, url: URL) -> None:
        self._url = url
        self.path = Path(str(url.database))
        self.name = str(self.path)
        self.disturbed = Event()
        self.folder: Path | None = self.path.parent
        self.scratch = self.path.with_name(self.path.name + ".scratch")
        self.blobs: Path | None = self.path.with_name(self.path.name + ".blobs")

    def exists(self) -> bool:
        """Whether there is a file."""
        return self.path.exists()

    def engine(self) -> Engine:
        """An engine; a new file is for its owner alone, and SQLite gives its other files the same rights."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.path.exists():
            self.path.touch(mode=0o600)
        connect = {"timeout": BUSY_SECONDS, "check_same_thread": False}
        engine = create_engine(self._url, connect_args=connect, hide_parameters=True)
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
        return engine

    @contextmanager
    def reading(self, engine: Engine) -> Iterator[Connection]:
        """A connection that sees one moment."""
        with engine.connect() as connection:
            yield connection

    @contextmanager
    def asking(self, engine: Engine) -> Iterator[Connection]:
        """A connection for one statement that changes nothing."""
        with engine.connect().execution_options(alone=True) as connection:
            yield connection

    @contextmanager
    def writing(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that holds the file's lock from its beginning."""
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def migrating(self, engine: Engine) -> Iterator[Connection]:
        """A transaction that may also replace tables which others refer to; at its end every reference must be good."""
        with engine.connect().execution_options(writes=True) as connection:
            own: Any = connection.connection.dbapi_connection
            own.execute("PRAGMA foreign_keys=OFF")  # inside a transaction it has no effect
            try:
                with connection.begin():
                    yield connection
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone()
                    if broken is not None:
                        message = f"a row of {broken[0]} refers to one of {broken[2]} that is not there"
                        raise IntegrityError("PRAGMA foreign_key_check", None, ValueError(message))
            finally:
                own.execute("PRAGMA foreign_keys=ON")

    def forget(self, engine: Engine) -> None:
        """Empty the log of writes, which holds old pages; nothing is left in the file itself (secure_delete)."""
        own = engine.raw_connection()
        try:
            cursor = own.cursor()
            cursor.execute("PRAGMA busy_timeout=100")  # while others read it does what it can, and holds nobody up
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            cursor.execute(f"PRAGMA busy_timeout={round(BUSY_SECONDS * 1000)}")
        finally:
            own.close()

    def tables(self, connection: Connection) -> list[str]:
        """The tables of the file."""
        return inspect(connection).get_table_names()

    def lock(self, what: str) -> FileLock:
        """A lock on a file beside the database."""
        return FileLock(self.path.with_name(self.path.name + ".lock"), what, self.disturbed)

    def join(self, what: str) -> FileLock:
        """The same lock: one process at a time works on a file."""
        return self.lock(what)


def _configure(connection: Any, record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not at the first change
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("alone"):
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")
