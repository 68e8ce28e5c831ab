"""A process that we supervise, as systemd supervises us: it tells us that it is ready and alive (`supervisor`)."""

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

LARGEST_TOLD = 4096
"""Bytes of one message."""
_MOST_AT_ONCE = 100


class Charge:
    """The socket at which one process finds us, through its `environment`.

    ``watchdog`` is after how many seconds without a sign of life it hangs, or None.  Use it inside ``with``, and `hear`
    it often; a process that is started again begins with `begin`.
    """

    def __init__(self, *, watchdog: float | None = None, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._watchdog = watchdog
        self._monotonic = monotonic
        self._socket: socket.socket | None = None
        self._folder: TemporaryDirectory[str] | None = None
        self._address = ""
        self._alive = 0.0
        self.ready = False
        self.status = ""

    def __enter__(self) -> Self:
        """Listen; on Linux at an abstract address that the system chooses: there is no file to be left over."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        if sys.platform == "linux":
            self._socket.bind("")
            self._address = "@" + os.fsdecode(self._socket.getsockname()[1:])
        else:
            self._folder = TemporaryDirectory(prefix="transload-")
            self._address = f"{self._folder.name}/notify"
            self._socket.bind(self._address)
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def environment(self, given: Mapping[str, str] = os.environ) -> dict[str, str]:
        """``given`` for the process: we are its supervisor, whoever is ours."""
        ours = {name: value for name, value in given.items() if not name.startswith("WATCHDOG_")}
        ours["NOTIFY_SOCKET"] = self._address
        if self._watchdog is not None:
            ours["WATCHDOG_USEC"] = str(round(self._watchdog * 1e6))
        return ours

    def begin(self) -> None:
        """A process is started: nothing is known of it."""
        self.hear()
        self.ready = False
        self.status = ""
        self._alive = self._monotonic()

    def hear(self) -> None:
        """Take in what it has told; never waits."""
        for _ in range(_MOST_AT_ONCE):
            try:
                told = self._socket.recv(LARGEST_TOLD) if self._socket is not None else b""
            except BlockingIOError:
                return
            for line in told.decode("utf-8", "replace").split("\n"):
                name, _, value = line.partition("=")
                if name == "READY":
                    self.ready = True
                    self._alive = self._monotonic()
                elif name == "WATCHDOG":
                    self._alive = self._monotonic()
                elif name == "STATUS":
                    self.status = value

    @property
    def hangs(self) -> bool:
        """Whether it was ready and has given no sign of life for too long."""
        return self.ready and self._watchdog is not None and self._monotonic() - self._alive > self._watchdog
