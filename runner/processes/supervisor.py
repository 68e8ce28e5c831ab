"""What systemd is told of a service that it started: that it is ready, what it does, and that it is alive.

The protocol is that of sd_notify(3): lines of ``NAME=value`` in one datagram to the socket that ``NOTIFY_SOCKET``
names.  Without one, nothing is told.

A watchdog starts a service again that does not say that it is alive, which mends what is wrong within the process: a
thread that hangs with a lock, connections to the database that were never given back.  It mends nothing outside: while
the database is away, a process that keeps asking is what will go on by itself, and one that is started again and again
is given up by systemd at last.  So a sweep that ended is a sign of life even where the ledger could not be reached, but
not where all connections of this process are in use, nor where something failed that nobody has foreseen.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Self

from transload.canonical.errors import TransloadError
from transload.runner.ledger.errors import NoConnection
from transload.runner.logs import get_logger

LONGEST_STATUS = 300
"""Characters of the line that ``systemctl status`` shows."""
_log = get_logger("supervisor")


class Fault(TransloadError):
    """What nobody has foreseen: a fault of the program, which may be gone once it is started again."""

    code = "E-INTERNAL"

    @classmethod
    def of(cls, error: Exception) -> Self:
        """The fault that ``error`` shows; its text, which nobody has written for people, is for the log alone."""
        return cls(f"a fault of ours ({type(error).__name__})", hint="report it with the log")


class Supervisor:
    """The other end of the socket at ``address`` (a path, or ``@`` and a name for an abstract one; None: nobody).

    ``watchdog`` is after how many seconds without a sign of life we are started again, or None.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        watchdog: float | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._watchdog = watchdog
        self._monotonic = monotonic
        self._told_alive: float | None = None
        self._well = self._status = ""

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> "Supervisor":
        """The one that started this process, as the environment names it."""
        microseconds = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        watched = ours and microseconds.isascii() and microseconds.isdigit() and int(microseconds) > 0
        return cls(environment.get("NOTIFY_SOCKET") or None, watchdog=int(microseconds) / 1e6 if watched else None)

    @property
    def watchdog(self) -> float | None:
        """After how many seconds without a sign of life we are started again, or None."""
        return self._watchdog

    def ready(self, status: str) -> None:
        """We serve from now on; ``status`` is one line for people, as long as all is well."""
        self._well = self._status = _line(status)
        self._tell("READY=1", f"STATUS={self._status}")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Inside, settings are read anew; after it we serve again, with new ones or with those before."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        try:
            yield
        finally:
            self._tell("READY=1")

    def stopping(self) -> None:
        """No new work is begun; what is under way ends."""
        self._tell("STOPPING=1", "STATUS=stopping: calls under way end and are recorded")

    def _say(self, line: str) -> None:
        """What we do now; the same line is told once."""
        if line != self._status:
            self._status = line
            self._tell(f"STATUS={line}")

    def swept(self, error: TransloadError | None = None) -> None:
        """A look at all lanes has ended, with this error; call it after each.

        That is the sign of life, told at half of the watchdog's time, but not where starting again may help: after a
        `Fault`, or where no connection is free.  What fails is told people, too.
        """
        what = "the sweep fails" if isinstance(error, Fault) else "the ledger fails"
        self._say(self._well if error is None else _line(f"{what}: {error.message}"))
        if self._watchdog is None or isinstance(error, NoConnection | Fault):
            return
        now = self._monotonic()
        if self._told_alive is None or now - self._told_alive >= self._watchdog / 2:
            self._told_alive = now
            self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        """Send them; nobody there, or too slow to read, is no reason for a service to fail."""
        if self._address is None:
            return
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(1)
                sender.sendto("\n".join(lines).encode(), name)
        except (OSError, ValueError) as error:  # ValueError: NUL within the name
            with suppress(Exception):
                _log.warning("systemd is not reached", socket=self._address, error=str(error))


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_STATUS]
