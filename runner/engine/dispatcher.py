"""Threads that drain lanes: one worker a lane at a time, several lanes at once."""

import threading
from collections.abc import Callable, Iterable

from transload.canonical.errors import TransloadError
from transload.runner.engine.logs import get_logger

_log = get_logger("dispatcher")


class Dispatcher:
    """Runs ``work`` for each name that is woken; when it gives True, the name goes round again.

    A name that is woken while its work runs is worked on once more afterwards, so that
    nothing is missed.  An error ends the work on that name, and is kept in ``errors``.
    """

    def __init__(self, work: Callable[[str], bool], *, workers: int = 4) -> None:
        self._work = work
        self._workers = workers
        self._condition = threading.Condition()
        self._waiting: dict[str, None] = {}  # in the order of waking, each once
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

    def wake(self, names: Iterable[str]) -> None:
        """Let the work on these names be done soon."""
        with self._condition:
            for name in names:
                if name in self._running:
                    self._again.add(name)
                else:
                    self._waiting[name] = None
            self._condition.notify_all()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until nothing is left to do, or for so many ``seconds``; gives whether nothing is."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._waiting and not self._running, seconds)

    def stop(self) -> None:
        """Let the threads finish the work that they are at, and end."""
        with self._condition:
            self._closed = True
            self._waiting.clear()
            self._condition.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _run(self) -> None:
        while (name := self._next()) is not None:
            again = False
            try:
                again = self._work(name)
            except BaseException as error:  # noqa: BLE001  # a thread has nobody above it
                unexpected = not isinstance(error, TransloadError)
                _log.error("work failed", work=name, error=str(error), exc_info=unexpected)
                self.errors.append(error)
            self._finished(name, again=again)

    def _next(self) -> str | None:
        with self._condition:
            self._condition.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            name = next(iter(self._waiting))
            del self._waiting[name]
            self._running.add(name)
            return name

    def _finished(self, name: str, *, again: bool) -> None:
        with self._condition:
            self._running.discard(name)
            if (again or name in self._again) and not self._closed:
                self._waiting[name] = None
            self._again.discard(name)
            self._condition.notify_all()
