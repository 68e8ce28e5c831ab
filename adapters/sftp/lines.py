"""Connections that are shared: who uses the same account at the same time, or soon after, needs no login of its own.

A login is the dearest part of a short visit, and partners allow few connections for an account.  So all routes of a
connection share one, each with a channel of its own; where the server allows no more channels in it, there is another
one, up to a number.  Idle ones are kept for a while.
"""

import atexit
import threading
from collections.abc import Callable, Sequence

import paramiko

from transload.adapters.sftp.settings import SftpConnection

_all: "dict[SftpConnection, Lines]" = {}
_all_lock = threading.Lock()


class Line:
    """One connection: its ``clients``, the server's first, then the gate's; closed when it was idle so many seconds."""

    def __init__(self, clients: Sequence[paramiko.SSHClient], keep: float, closed: Callable[["Line"], None]) -> None:
        self._clients = clients
        self._keep = keep
        self._closed = closed
        self._lock = threading.Lock()
        self._users = 0
        self._over = False
        self._timer: threading.Timer | None = None

    @property
    def transport(self) -> paramiko.Transport | None:
        """What channels are opened in; None once it is closed."""
        return None if self._over else self._clients[0].get_transport()

    @property
    def is_alive(self) -> bool:
        """Whether it is open, as far as we have heard."""
        transport = self.transport
        return transport is not None and transport.is_active()

    def entered(self) -> None:
        """Somebody uses it."""
        with self._lock:
            self._users += 1
            self._stay()

    def left(self) -> None:
        """Somebody uses it no more."""
        with self._lock:
            self._users -= 1
            if self._users or self._over:
                return
            if self._keep and self.is_alive:
                self._timer = threading.Timer(self._keep, self._end_if_idle)
                self._timer.daemon = True
                self._timer.start()
                return
        self.close()

    def close(self) -> None:
        """Close it, whoever uses it."""
        with self._lock:
            self._stay()
            if self._over:
                return
            self._over = True
        for client in self._clients:
            client.close()
        self._closed(self)

    def _stay(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end_if_idle(self) -> None:
        with self._lock:
            if self._users:
                return
        self.close()


class Lines:
    """The connections of one account; ``turn`` is held while one is looked for or opened, so that many share one."""

    def __init__(self, settings: SftpConnection) -> None:
        self.turn = threading.Lock()
        self._settings = settings
        self._lines: list[Line] = []
        self._free = threading.BoundedSemaphore(settings.connections)

    def open_ones(self) -> list[Line]:
        """Those that are alive; others are forgotten."""
        for line in list(self._lines):
            if not line.is_alive:
                line.close()
        return list(self._lines)

    def new(self, reach: Callable[[], Sequence[paramiko.SSHClient]], wait: float) -> Line | None:
        """One more, which ``reach`` opens; None when there are as many as there may be for ``wait`` seconds."""
        if not self._free.acquire(timeout=wait):
            return None
        try:
            line = Line(reach(), self._settings.keep.total_seconds(), self._forget)
        except BaseException:
            self._free.release()
            raise
        self._lines.append(line)
        return line

    def close(self) -> None:
        """Close all of them."""
        for line in list(self._lines):
            line.close()

    def _forget(self, line: Line) -> None:
        if line in self._lines:
            self._lines.remove(line)
        self._free.release()


def lines_of(settings: SftpConnection) -> Lines:
    """The connections of everybody in this process who has these settings."""
    with _all_lock:
        return _all.setdefault(settings, Lines(settings))


@atexit.register
def close_all() -> None:
    """Close what is kept."""
    with _all_lock:
        known = list(_all.values())
    for lines in known:
        lines.close()
