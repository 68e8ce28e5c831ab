"""One process at a time works on a ledger on PostgreSQL, on whatever host: a session's advisory lock says which.

The lock ends with its session, in whatever way that ends.  Whoever has lost it with its connection, and gets it back
before anybody else, goes on: nobody has worked meanwhile.  A session of our own that the server has not noticed to
be gone is ended by us.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from transload.runner.ledger.errors import LedgerBusy, LockLost, translated

_TRY = text("SELECT pg_try_advisory_lock(:ours, :schema)")
_HOLDER = text(
    "SELECT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :ours AND l.objid = :schema AND l.objsubid = 2"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_END = text("SELECT pg_terminate_backend(:pid)")
_ALIVE = text("SELECT 1")
OWN_SECONDS = 2.0
"""How long the server may take to end a session of ours."""


class SessionLock:
    """The lock with the two numbers ``key``, on a connection of ``engine_of(name of the session)``."""

    def __init__(
        self,
        engine_of: Callable[[str], Engine],
        key: tuple[int, int],
        what: str,
        ledger: str,
        hidden: tuple[str, ...],
    ) -> None:
        # PostgreSQL shows 63 characters of a session's name; the mark at its end tells our sessions from others
        self._mark = f"#{secrets.token_hex(3)}"
        host = socket.gethostname().split(".")[0]
        self._session = f"{what} (process {os.getpid()} on {host})"[: 62 - len(self._mark)] + f" {self._mark}"
        self._engine_of = engine_of
        self._key = {"ours": key[0], "schema": key[1]}
        self._ledger = ledger
        self._hidden = hidden
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._one_at_a_time = threading.Lock()

    def __enter__(self) -> Self:
        """Raises `LedgerBusy`, naming who works on the ledger now, `LedgerError` when nobody can tell."""
        with translated(self._ledger, *self._hidden):
            holder = self._take()
        if holder is not None:
            self._close()
            raise LedgerBusy(
                f"{holder} works on the ledger {self._ledger}",
                hint="one process at a time may; wait for it, or stop it",
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def keep(self) -> None:
        """See that we still have it, and get it back where it was lost with a connection.

        Raises `LockLost` when another process has it now, `LedgerError` while nobody can tell.
        """
        with self._one_at_a_time:
            if self._is_alive():
                return
            with translated(self._ledger, *self._hidden):
                holder = self._take()
            if holder is not None:
                self._close()
                raise LockLost(
                    f"{holder} works on the ledger {self._ledger} now, since our connection to it broke",
                    hint="one process at a time may; start this one again when that one has ended",
                )

    def _is_alive(self) -> bool:
        if self._connection is None:
            return False
        try:
            self._connection.execute(_ALIVE)
        except SQLAlchemyError:
            self._close()
            return False
        return True

    def _take(self) -> str | None:
        """Connect and take the lock; gives who has it where it cannot be had."""
        self._engine = self._engine_of(self._session)
        try:
            self._connection = self._engine.connect()
            end = time.monotonic() + OWN_SECONDS
            while not self._connection.scalar(_TRY, self._key):
                holder = self._connection.execute(_HOLDER, self._key).one_or_none()
                name = (holder.application_name if holder is not None else None) or ""
                if holder is not None and not name.endswith(self._mark):
                    return name.rpartition(" #")[0] or name or "another process"
                if holder is not None:
                    self._connection.execute(_END, {"pid": holder.pid})
                if time.monotonic() > end:
                    return "another process"
                time.sleep(0.05)  # it is being ended, or was given back since we asked
        except BaseException:
            self._close()
            raise
        return None

    def _close(self) -> None:
        """Give it back: the session ends."""
        with suppress(SQLAlchemyError):
            if self._connection is not None:
                self._connection.close()
        with suppress(SQLAlchemyError):
            if self._engine is not None:
                self._engine.dispose()
        self._connection = self._engine = None
