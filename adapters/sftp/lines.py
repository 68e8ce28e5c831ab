"""Connections that are shared: who uses the same account at the same time, or soon after, needs no login of its own.

A login is the dearest part of a short visit, and partners allow few connections for an account.  So all routes of a
connection share one, each with a channel of its own; where the server allows no more channels in it, there is another
one, up to a number.  Idle ones are kept for a while.
"""

import atexit
import threading
from collections.abc import Callable, Sequence
from weakref import WeakValueDictionary

import paramiko

from transload.adapters.sftp.settings import SftpConnection

_all: "WeakValueDictionary[SftpConnection, Lines]" = WeakValueDictionary()
"""Each for as long as one of its connections is open, or somebody looks for one."""
_all_lock = threading.Lock()


class Line:
    """One connection: its ``clients``, the server's first, then the gate's; closed when it was idle so many seconds.

    ``left`` is called when somebody uses it no more, and ``closed`` when it is.
    """

    def __init__(
        self,
        clients: Sequence[paramiko.SSHClient],
        keep: float,
        left: Callable[[], None],
        closed: Callable[["Line"], None],
    ) -> None:
        self._clients = clients
        self._keep = keep
        self._told = left
        self._closed = closed
        self._lock = threading.Lock()
        self._users = 0
        self._over = False
        self._doubted = False
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

    @property
    def is_open(self) -> bool:
        """Whether it takes one more user."""
        return self.is_alive and not self._doubted

    def doubt(self) -> None:
        """Let nobody else in, and do not keep it: an answer did not come, and it may be gone without a word."""
        self._doubted = True

    def entered(self) -> None:
        """Somebody uses it."""
        with self._lock:
            self._users += 1
            self._stay()

    def left(self) -> None:
        """Somebody uses it no more."""
        with self._lock:
            self._users -= 1
            idle = not self._users and not self._over
            kept = idle and self._keep and self.is_open
            if kept:
                self._timer = threading.Timer(self._keep, self._end_if_idle)
                self._timer.daemon = True
                self._timer.start()
        if idle and not kept:
            self.close()
        self._told()

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
    """The connections of one account; ``turn`` is held while one is looked for or opened, so that many share one.

    Who finds no place waits without it, as another one may find a place meanwhile.  ``news`` changes with each place
    that is left.
    """

    def __init__(self, settings: SftpConnection) -> None:
        self.turn = threading.Lock()
        self.news = 0
        self._settings = settings
        self._lines: list[Line] = []
        self._left = threading.Condition()

    def open_ones(self) -> list[Line]:
        """Those that take one more user; those that are gone are forgotten."""
        for line in list(self._lines):
            if not line.is_alive:
                line.close()
        return [line for line in self._lines if line.is_open]

    def new(self, reach: Callable[[], Sequence[paramiko.SSHClient]]) -> Line | None:
        """One more, which ``reach`` opens; None when there are as many as there may be.  Called by who has the turn."""
        if len(self._lines) >= self._settings.connections:
            return None
        line = Line(reach(), self._settings.keep.total_seconds(), self._tell, self._forget)
        self._lines.append(line)
        return line

    def wait(self, news: int, seconds: float) -> None:
        """Wait until somebody leaves a place after ``news``, and no longer than so many seconds."""
        with self._left:
            self._left.wait_for(lambda: self.news != news, seconds)

    def close(self) -> None:
        """Close all of them."""
        for line in list(self._lines):
            line.close()

    def _forget(self, line: Line) -> None:
        if line in self._lines:
            self._lines.remove(line)
        self._tell()

    def _tell(self) -> None:
        with self._left:
            self.news += 1
            self._left.notify_all()


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
