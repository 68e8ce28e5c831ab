"""One process at a time works on a ledger in a file; asking questions of it and replaying need no lock."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import IO, Self

from transload.runner.ledger.databases.claims import OwnClaims
from transload.runner.ledger.errors import LedgerBusy, LedgerError, translated


class FileLock(OwnClaims):
    """A lock on a file, which the operating system gives back when the process ends in whatever way."""

    def __init__(self, path: Path, what: str, disturbed: Event) -> None:
        super().__init__()
        self._disturbed = disturbed
        self._path = path
        self._what = what
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Raises `LedgerBusy`, naming who works on the ledger now."""
        with translated(str(self._path)):
            file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read(200).strip() or "another process"
            file.close()
            raise LedgerBusy(
                f"{holder} works on the ledger {self._path.with_suffix('')}",
                hint="one process at a time may; wait for it, or stop it",
            ) from None
        with suppress(OSError):  # a full disk: then others are not told who holds the lock
            file.truncate(0)
            file.write(f"{self._what} (process {os.getpid()})")
            file.flush()
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(0)
            with suppress(OSError):
                self._file.close()
            self._file = None

    def keep(self) -> None:
        """See that the file is where it was: who opens the one that stands there now would not meet our lock.

        What is open goes on being written in a folder that was moved, so each write asks again until it is back.
        """
        assert self._file is not None
        try:
            stays = os.path.samestat(self._path.stat(), os.fstat(self._file.fileno()))
        except OSError:
            stays = False
        if not stays:
            self._disturbed.set()
            raise LedgerError(
                f"the folder of the ledger {self._path.with_suffix('')} was moved or replaced, or its lock removed",
                hint="put it back as it was; else end the service and start it again",
            )
