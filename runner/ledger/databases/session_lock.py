"""Who works on a ledger on PostgreSQL, on whatever host: advisory locks of sessions say it.

A process that works alone has the ledger's lock for itself; services share it, and claim by further locks of the
same session what one of them at a time may do.  Locks end with their session, in whatever way that ends.  Whoever has
lost one with its connection, and gets it back before anybody else, goes on: nobody has worked meanwhile.  A session
of our own that the server has not noticed to be gone is ended by us.
"""

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from transload.runner.ledger.databases.claims import OwnClaims
from transload.runner.ledger.errors import LedgerBusy, LedgerError, LockLost, translated

_TRY_ALONE = text("SELECT pg_try_advisory_lock(:ours, :schema)")
_TRY_SHARED = text("SELECT pg_try_advisory_lock_shared(:ours, :schema)")
_HOLDERS = text(
    "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid = :ours AND l.objid = :schema AND l.objsubid = 2"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY l.pid"
)
_END_OWN = text(
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
    " WHERE application_name = :session AND pid <> pg_backend_pid()"
)
_ALIVE = text("SELECT 1")
_WHICH = text("SELECT pg_backend_pid()")
_CLAIM = text("SELECT pg_try_advisory_lock(:number)")
_RELEASE = text("SELECT pg_advisory_unlock(:number)")
_RELEASE_ALL = text("SELECT pg_advisory_unlock_all()")
OWN_SECONDS = 2.0
"""How long the server may take to end a session of ours."""


class SessionLock(OwnClaims):
    """The lock with the two numbers ``key``, on a connection of ``engine_of(name of the session)``."""

    _try = _TRY_ALONE
    _busy = "one process at a time may; wait for it, or stop it"

    def __init__(
        self,
        engine_of: Callable[[str], Engine],
        key: tuple[int, int],
        what: str,
        ledger: str,
        hidden: tuple[str, ...],
    ) -> None:
        super().__init__()
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
            lent = holder is None and self._is_lent()
        if lent:
            self._give_back()
            raise LedgerError(
                f"before the ledger {self._ledger} is a pooler that lends connections for a transaction at a time",
                hint="locks are those of sessions: let the pooler give each session a connection of its own"
                " (PgBouncer: pool_mode = session), or leave it out",
            )
        if holder is not None:
            self._close()
            raise LedgerBusy(
                f"{holder} works on the ledger {self._ledger}",
                hint=self._busy,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

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
            while self._connection.scalar(_END_OWN, {"session": self._session}) and time.monotonic() < end:
                time.sleep(0.02)
            while not self._connection.scalar(self._try, self._key):
                names = [str(name or "") for name in self._connection.scalars(_HOLDERS, self._key)]
                others = [name for name in names if not name.endswith(self._mark)]
                if others or time.monotonic() > end:
                    return _named(others)
                time.sleep(0.05)  # it is being ended, or was given back since we asked
        except BaseException:
            self._close()
            raise
        return None

    def _is_lent(self) -> bool:
        """Whether another session of ours is in the same server process: a lock of the one would be the other's too.

        Poolers give the next the connection that was used last, while those of the server itself all differ.
        """
        assert self._engine is not None
        assert self._connection is not None
        with self._engine.connect() as other:
            ours = self._connection.scalar(_WHICH)
            return bool(other.scalar(_WHICH) == ours)

    def _give_back(self) -> None:
        """Give it back now, and not when the server, or a pooler before it, comes to end the session."""
        with suppress(SQLAlchemyError):
            if self._connection is not None:
                self._connection.execute(_RELEASE_ALL)
        self._close()

    def _close(self) -> None:
        """Give it back: the session ends."""
        with suppress(SQLAlchemyError):
            if self._connection is not None:
                self._connection.close()
        with suppress(SQLAlchemyError):
            if self._engine is not None:
                self._engine.dispose()
        self._connection = self._engine = None


class SessionMembership(SessionLock):
    """The lock shared with other services, and their claims: locks of the same session by 64 bits of a name's hash."""

    shared = True
    _try = _TRY_SHARED
    _busy = "it works alone; wait for it, or stop it"

    def claim(self, name: str) -> bool:
        """Claim ``name``; False while it is claimed, here or elsewhere.  Raises `LedgerError` while nobody can tell."""
        with self._one_at_a_time, translated(self._ledger, *self._hidden):
            if name in self._claims:
                return False
            if self._connection is None:
                raise LedgerError(f"the connection to the ledger {self._ledger} is lost", hint="it is made again soon")
            try:
                if not self._connection.scalar(_CLAIM, {"number": self._number(name)}):
                    return False
            except SQLAlchemyError:
                self._close()
                raise
            self._claims.add(name)
            return True

    def release(self, name: str) -> None:
        """Give a claim up."""
        with self._one_at_a_time:
            if name not in self._claims:
                return
            self._claims.discard(name)
            if self._connection is not None:
                try:
                    self._connection.execute(_RELEASE, {"number": self._number(name)})
                except SQLAlchemyError:
                    self._close()  # which gives it up as well; `keep` gets the others back

    def _take(self) -> str | None:
        holder = super()._take()
        if holder is None and self._connection is not None:
            try:
                for name in sorted(self._claims):
                    if not self._connection.scalar(_CLAIM, {"number": self._number(name)}):
                        self._claims.discard(name)  # somebody else has it now, and its lane's epoch
            except BaseException:
                self._close()
                raise
        return holder

    def _number(self, name: str) -> int:
        digest = sha256(f"{self._key['schema']} {name}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)


def _named(sessions: list[str]) -> str:
    """Who holds a lock, by the names of their sessions."""
    names = [name.rpartition(" #")[0] or name for name in sessions if name] or ["another process"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
