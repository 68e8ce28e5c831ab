"""One worker's turn at a name, where workers are in several processes: claimed first, looked at again afterwards."""

import time
from collections.abc import Callable, Iterable

from transload.runner.dispatch import Duties
from transload.runner.dispatch.failing import tell_failed
from transload.runner.dispatch.shards import is_shard, shard_of
from transload.runner.ledger import ProcessLock
from transload.runner.logs import get_logger

TURN_SECONDS = 5.0
"""How long a worker stays with a shard before others may have it."""
_log = get_logger("dispatch")


class Turns:
    """Does the work on names as they come from a queue; ``wake(names, after)`` puts them into it again."""

    def __init__(
        self,
        duties: Duties,
        lock: ProcessLock,
        wake: Callable[[Iterable[str], float], None],
        *,
        stopping: Callable[[], bool],
    ) -> None:
        self._duties = duties
        self._lock = lock
        self._wake = wake
        self._stopping = stopping
        self._again: set[str] = set()
        self.errors: list[BaseException] = []

    def take(self, name: str) -> None:
        """Do what is due under ``name``, or in that shard; raises nothing."""
        try:
            if is_shard(name):
                self._shard(name)
            else:
                self._single(name)
        except BaseException as error:  # noqa: BLE001  # a worker has nobody above it
            tell_failed(_log, name, error)
            self.errors.append(error)

    def _shard(self, shard: str) -> None:
        """A slice for each name of the shard, so that one with much to do holds up no other."""
        end = time.monotonic() + TURN_SECONDS
        for name in self._duties.due():
            if self._stopping():
                return
            if shard_of(name) == shard:
                self._single(name)
            if time.monotonic() > end:
                self._wake([shard], 0)
                return

    def _single(self, name: str) -> None:
        if self._stopping() or not self._lock.claim(name):
            return  # whoever has it looks again when he gives it back
        after = None
        try:
            after = self._duties.do(name)
        finally:
            self._lock.release(name)
        if after is None and self._came_meanwhile(name):
            after = 0
        if after is not None:
            self._wake([name], after)

    def _came_meanwhile(self, name: str) -> bool:
        """Whether something came while a turn ended.

        What is still due after another look waits for something else (a window, a pause, a slot): the sweep looks
        each second, and whoever looked at once, again and again, would do nothing else.
        """
        if not self._duties.is_due(name):
            self._again.discard(name)
            return False
        if name in self._again:
            return False
        self._again.add(name)
        return True
