"""What the ledger wants of a database."""

from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy import Connection, Engine

from transload.runner.ledger.databases.wake_schema import WakeSchema


class ProcessLock(Protocol):
    """The right to do the ledger's work, for the time inside ``with``: alone, or with others that share it.

    What one worker at a time may do is claimed by a name; a claim ends with its process, in whatever way that ends.
    """

    shared: bool
    """Whether other processes, of other hosts too, may be at work at the same time."""

    def __enter__(self) -> Self:
        """Raises `LedgerBusy`, naming who works on the ledger now."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def keep(self) -> None:
        """See that we still have it, and get it back where it was lost with a connection.

        Claims come back with it that nobody else has by then.
        Raises `LockLost` when another process has it now, `LedgerError` while nobody can tell.
        """
        ...

    def claim(self, name: str) -> bool:
        """Claim ``name``; False while it is claimed, here or elsewhere.  Raises `LedgerError` while nobody can tell."""
        ...

    def holds(self, name: str) -> bool:
        """Whether a claim of ours still stands, as far as this process knows."""
        ...

    def release(self, name: str) -> None:
        """Give a claim up."""
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

    @property
    def wakes(self) -> WakeSchema | None:
        """Where services that share the ledger wake each other; None where they do not."""
        ...

    def exists(self) -> bool:
        """Whether there may be a ledger; False where there is certainly none."""
        ...

    def engine(self) -> Engine:
        """An engine for the database, which is made where it is missing and can be."""
        ...

    def reading(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A connection that sees one moment of the database and cannot change it."""
        ...

    def asking(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A connection for one statement that changes nothing; without the cost of a transaction around it."""
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

    def join(self, what: str) -> ProcessLock:
        """The right to work together with others who join, where the database lets several; else alone."""
        ...
