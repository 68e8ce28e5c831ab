"""Threads of this process that do the work: one at a name at a time, several names at once."""

import threading
import time
from collections.abc import Callable, Iterable

from transload.runner.dispatch.failing import tell_failed
from transload.runner.logs import get_logger

_log = get_logger("dispatch")


class Threads:
    """Runs ``work`` for each name that is woken; when it gives seconds, the name goes round again after these.

    A name that is woken while its work runs is worked on once more afterwards, so that
    nothing is missed.  Names of one ``kin`` (a partner's) take turns with those of others.
    An error ends the work on that name, and is kept in ``errors``.
    """

    def __init__(
        self, work: Callable[[str], float | None], *, workers: int = 4, kin: Callable[[str], str] = str
    ) -> None:
        self._work = work
        self._workers = workers
        self._kin = kin
        self._condition = threading.Condition()
        self._waiting: dict[str, dict[str, None]] = {}  # by kin: each in the order of waking, each name once
        self._later: dict[str, float] = {}  # when each goes round again: one time for a name, or they would pile up
        self._running: set[str] = set()
        self._again: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._closed = False
        self.errors: list[BaseException] = []

    def start(self) -> None:
        """Start the threads."""
        self._threads = [
            threading.Thread(target=self._run, name=f"transload-{number}", daemon=True)
            for number in range(1, self._workers + 1)
        ]
        for thread in self._threads:
            thread.start()

    def wake(self, names: Iterable[str], *, after: float = 0.0) -> None:
        """Let the work on these names be done soon, or in so many seconds."""
        with self._condition:
            for name in names:
                if after > 0:
                    self._postpone(name, after)
                else:
                    self._enter(name)
            self._condition.notify_all()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until nothing is left to do, or for so many ``seconds``; gives whether nothing is."""
        with self._condition:
            return self._condition.wait_for(
                lambda: not self._waiting and not self._running and not self._later, seconds
            )

    def stop(self) -> None:
        """Let the threads finish the work that they are at, and end."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._later.clear()
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _run(self) -> None:
        while (name := self._next()) is not None:
            after: float | None = None
            try:
                after = self._work(name)
            except BaseException as error:  # noqa: BLE001  # a thread has nobody above it
                tell_failed(_log, name, error)
                self.errors.append(error)
            self._finished(name, after)

    def _enter(self, name: str) -> None:
        if name in self._running:
            self._again.add(name)
        elif not self._closed:
            self._waiting.setdefault(self._kin(name), {})[name] = None

    def _next(self) -> str | None:
        with self._condition:
            while not self._closed:
                now = time.monotonic()
                for name in [name for name, moment in self._later.items() if moment <= now]:
                    del self._later[name]
                    self._enter(name)
                if self._waiting:
                    return self._taken()
                self._condition.wait(max(0.0, min(self._later.values()) - now) if self._later else None)
            return None

    def _postpone(self, name: str, seconds: float) -> None:
        moment = time.monotonic() + seconds
        self._later[name] = min(moment, self._later.get(name, moment))

    def _taken(self) -> str:
        kin = next(iter(self._waiting))
        names = self._waiting.pop(kin)
        name = next(iter(names))
        del names[name]
        if names:
            self._waiting[kin] = names  # behind the others
        self._running.add(name)
        return name

    def _finished(self, name: str, after: float | None) -> None:
        with self._condition:
            self._running.discard(name)
            if not self._closed:
                if name in self._again or after == 0:
                    self._enter(name)
                elif after is not None:
                    self._postpone(name, after)
            self._again.discard(name)
            self._condition.notify_all()
