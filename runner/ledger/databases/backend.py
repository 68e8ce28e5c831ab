"""What the ledger wants of a database."""

from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy import Connection, Engine


class ProcessLock(Protocol):
    """The right to do the ledger's work in this process alone, for the time inside ``with``."""

    def __enter__(self) -> Self:
        """Raises `LedgerBusy`, naming who works on the ledger now."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def keep(self) -> None:
        """See that we still have it, and get it back where it was lost with a connection.

        Raises `LockLost` when another process has it now, `LedgerError` while nobody can tell.
        """
        ...


class Backend(Protocol):
    """One kind of database, at one address.  What it raises are the database's own exceptions (`errors.translated`)."""

    name: str
    """What people call the ledger."""
    secrets: tuple[str, ...]
    """What no error may say."""
    several_write: bool
    """Whether transactions of several threads and processes may write at the same time."""
    blobs: Path | None
    """The folder for large payloads where the workspace names no other; None: the database itself."""
    folder: Path | None
    """The folder of this machine in which the database is; None: its server looks after its disk."""
    disturbed: Event
    """Set when a connection was lost: that of the lock perhaps too, which is looked at before anything is written."""
    scratch: Path
    """A folder of this machine for what may be lost."""

    def exists(self) -> bool:
        """Whether there may be a ledger; False where there is certainly none."""
        ...

    def engine(self) -> Engine:
        """An engine for the database, which is made where it is missing and can be."""
        ...

    def reading(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A connection that sees one moment of the database and cannot change it."""
        ...

    def writing(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A connection in a transaction that is on disk when this ends without an error, and undone otherwise."""
        ...

    def migrating(self, engine: Engine) -> AbstractContextManager[Connection]:
        """As `writing`, for changing tables, by one process at a time."""
        ...

    def forget(self, engine: Engine) -> None:
        """Overwrite what was overwritten or removed in rows, where the database leaves that to us."""
        ...

    def tables(self, connection: Connection) -> list[str]:
        """The tables where the ledger's are, or would be."""
        ...

    def lock(self, what: str) -> ProcessLock:
        """The right to work alone; ``what`` is named to who asks for it meanwhile.  `exists` must be true."""
        ...
