"""The baton: what is done on this machine alone is done by one thread at a time.

Python lets one thread run at a time.  Threads that read and write local files and a local database let go of that right
at each call, and must get it back each time: together they take half as long again as one after the other.  Threads
that wait for partners have no part in this.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident

PATIENCE = 1.0
"""After so many seconds without the baton one goes on without it: a folder that hangs holds up nobody else."""


class Baton:
    """Handed on in the order in which threads ask for it; where it is not ``used``, nobody waits.

    While a thread has it for longer than ``patience``, all others go on without.
    """

    def __init__(self, *, used: bool = True, patience: float = PATIENCE) -> None:
        self._used = used
        self._patience = patience
        self._guard = threading.Lock()
        self._waiting: deque[tuple[int, threading.Lock]] = deque()
        self._holder: int | None = None
        self._is_late = False

    @contextmanager
    def held(self, *, wanted: bool = True) -> Iterator[None]:
        """Have it meanwhile, if it is ``wanted`` at all; a thread that has it already keeps it."""
        taken = wanted and self._used and self._holder != get_ident() and self._take()
        try:
            yield
        finally:
            if taken:
                self._give()

    def offer(self) -> None:
        """Let those who wait have it first."""
        if self._waiting and self._holder == get_ident():
            self._give()
            self._take()  # where that takes too long, this thread goes on without, and `held` has nothing to give

    def _take(self) -> bool:
        """Wait for it; False where that took too long."""
        me = get_ident()
        with self._guard:
            if self._is_late:
                return False
            if self._holder is None:
                self._holder = me
                return True
            signal = threading.Lock()
            signal.acquire()
            self._waiting.append((me, signal))
        if signal.acquire(timeout=self._patience):
            return True
        with self._guard:
            if self._holder == me:
                return True  # it came at the last moment
            self._waiting.remove((me, signal))
            self._is_late = True
            return False

    def _give(self) -> None:
        with self._guard:
            if self._holder != get_ident():
                return
            self._is_late = False
            if self._waiting:
                self._holder, signal = self._waiting.popleft()
                signal.release()
            else:
                self._holder = None
