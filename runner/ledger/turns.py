"""Turns at a commit: whoever gets one does the work of all who wait for the same, and commits once for them.

A commit forced to disk costs the same for one as for many, and nobody starves on a lock.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from sqlalchemy import Connection

T = TypeVar("T")


class Turn(Generic[T]):
    """One caller's work, waiting for its commit."""

    def __init__(self, work: Callable[[Connection], T]) -> None:
        self.work = work
        self.done = False
        self.value: T | None = None
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        """Do the work; what it gives is kept."""
        self.value = self.work(connection)

    def result(self) -> T:
        """What the work gave; raises what was the matter."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value]  # set by `run`, or `error` is


class _Queue:
    """Those who wait for one turn."""

    def __init__(self) -> None:
        self.waiting: list[Turn[Any]] = []
        self.turn = threading.Lock()


class Turns:
    """Gathers work by a name: ``commit`` is called with all turns that wait under one, in one thread at a time.

    It must set ``done`` of each, and raises nothing that belongs to one of them.
    """

    def __init__(self, commit: Callable[[Sequence[Turn[Any]]], None]) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._queues: WeakValueDictionary[str, _Queue] = WeakValueDictionary()

    def take(self, name: str, work: Callable[[Connection], T]) -> Turn[T]:
        """Have ``work`` done; gives its turn, which is done."""
        turn = Turn(work)
        with self._lock:
            queue = self._queues.get(name) or _Queue()
            self._queues[name] = queue
            queue.waiting.append(turn)
        with queue.turn:
            if not turn.done:
                with self._lock:
                    turns, queue.waiting = queue.waiting, []
                self._commit(turns)
        return turn

    def waiting(self, name: str) -> int:
        """How many wait under a name, not counting those whose work is being done."""
        with self._lock:
            queue = self._queues.get(name)
            return len(queue.waiting) if queue is not None else 0
