"""A line to a server on the loopback interface that can be cut at any exchange, silenced, or down."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self

from transload.adapters.faulty.script import Cut

_PIECE = 65536
_DIRECTIONS = 2
_AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset


class Wire:
    """Relays TCP to ``host`` and ``port``; use it as a context manager, and connect to its own ``host`` and ``port``.

    An exchange is one piece that one side sent and the other is to get.  A cut lets the first half of a piece
    through, then resets both sides and takes no more connections until the context of `cutting` ends.
    """

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._listener: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._lines: set[_Line] = set()
        self._pumps: list[threading.Thread] = []
        self._talk = threading.Event()
        self._over = False
        self._cutting: tuple[int, Cut] | None = None
        self.host = "127.0.0.1"
        self.port = 0

    def __enter__(self) -> Self:
        self._talk.set()
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._talk.set()
        self._hang_up()
        for pump in self._pumps:
            pump.join(5)

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse every connection, and drop those that there are."""
        self._hang_up()
        try:
            yield
        finally:
            self._listen()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Take connections, and let nothing through, in neither direction; they are dropped at the end."""
        self._talk.clear()
        try:
            yield
        finally:
            self._hang_up()
            self._talk.set()
            self._listen()

    @contextmanager
    def cutting(self, step: int) -> Iterator[Cut]:
        """Drop the connections at the ``step``-th exchange from now on, and refuse others until the context ends."""
        cut = Cut()
        self._cutting = (step, cut)
        try:
            yield cut
        finally:
            self._cutting = None
            if cut.happened:
                self._hang_up()
                self._listen()

    def _listen(self) -> None:
        listener = socket.create_server((self.host, self.port))
        self._listener, self.port = listener, listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, args=(listener,), name="wire", daemon=True)
        self._thread.start()

    def _hang_up(self) -> None:
        """Close the door and all lines; who waits on them hears a reset."""
        listener, thread = self._listener, self._thread
        self._listener = self._thread = None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept
            listener.close()
        if thread is not None and thread is not threading.current_thread():
            thread.join(5)
        self._drop()

    def _drop(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, set()
        for line in lines:
            line.reset()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._there, timeout=5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = _Line(near, far)
            with self._lock:
                refused = self._is_down()
                if not refused:
                    self._lines.add(line)
            if refused:  # it came while the connection was being cut
                line.reset()
                continue
            self._pumps = [pump for pump in self._pumps if pump.is_alive()]
            for one, other in ((near, far), (far, near)):
                pump = threading.Thread(target=self._relay, args=(line, one, other), name="wire", daemon=True)
                self._pumps.append(pump)
                pump.start()

    def _relay(self, line: "_Line", one: socket.socket, other: socket.socket) -> None:
        """Carry what ``one`` says to ``other``; the line is closed when both have said all, or one has gone."""
        try:
            while piece := one.recv(_PIECE):
                self._talk.wait()
                if self._over or self._is_down():
                    return
                if self._is_cut(len(piece)):
                    other.sendall(piece[: len(piece) // 2])
                    self._close_door()
                    self._drop()
                    return
                other.sendall(piece)
            if line in self._lines:  # else it is being reset, and must not look as if somebody had said all
                other.shutdown(socket.SHUT_WR)
        except OSError:
            gone = True
        else:
            gone = False
        with self._lock:
            line.ended += 1
            if line not in self._lines or not (gone or line.ended == _DIRECTIONS):
                return
            self._lines.discard(line)
        line.reset() if gone else line.close()

    def _is_down(self) -> bool:
        """Whether a cut happened whose context has not ended."""
        cutting = self._cutting
        return cutting is not None and cutting[1].happened

    def _is_cut(self, size: int) -> bool:
        """Count an exchange of so many bytes, and say whether it is the one to cut at."""
        with self._lock:
            if self._cutting is None:
                return False
            step, cut = self._cutting
            cut.steps += 1
            cut.carried += size
            if cut.steps == step:
                cut.happened = True
            return cut.steps == step

    def _close_door(self) -> None:
        listener = self._listener
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()


@dataclass(eq=False)
class _Line:
    """One connection: its two ends, and how many of its directions are over."""

    near: socket.socket
    far: socket.socket
    ended: int = 0

    def close(self) -> None:
        self.near.close()
        self.far.close()

    def reset(self) -> None:
        """Close both ends with a reset; who waits on one in another thread is woken first, as closing would not."""
        for end in (self.near, self.far):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                end.shutdown(socket.SHUT_RD)
        self.close()
