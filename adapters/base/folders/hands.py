"""Several hands on one partner's files: some fetch ahead, others clear away behind.

A small file on a distant server costs little but waiting for answers.  So the work on single files is done by several
stores of one connection at a time, as many as the partner's server lets us have.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TypeVar

from transload.adapters.base.folders.store import FileStore
from transload.canonical.errors import TransloadError

T = TypeVar("T")
E = TypeVar("E")

_AHEAD = 2
"""So many files for each hand are fetched before they are asked for."""
_HELD = 32 * 1024 * 1024
"""So many bytes of them, as they are listed; a larger file is fetched alone."""


class Hands:
    """Does work with up to ``most`` stores: ``first``, and those that ``more`` opens, which gives None where it cannot.

    With one hand everything is done at once and in the caller's thread.  What a work raises is raised where its result
    is taken.  Used as a context manager; at its end all that was begun is done, and ``first`` is still open.
    """

    def __init__(self, first: FileStore, more: Callable[[], FileStore | None] = lambda: None, most: int = 1) -> None:
        self.first = first
        self._more = more
        self._most = most
        self._free: SimpleQueue[FileStore] = SimpleQueue()
        self._free.put(first)
        self._others: list[FileStore] = []
        self._opening = Lock()
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="transload-files") if most > 1 else None

    def __enter__(self) -> "Hands":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None
        for store in self._others:
            with suppress(TransloadError):
                store.close()

    @property
    def most(self) -> int:
        """How many there can be."""
        return self._most

    def start(self, work: Callable[[FileStore], T]) -> "Future[T]":
        """Do ``work`` with a store that nobody else uses meanwhile."""
        if self._pool is not None:
            return self._pool.submit(self._with_store, work)
        done: Future[T] = Future()
        try:
            done.set_result(work(self.first))
        except Exception as error:  # noqa: BLE001 - raised again where the result is taken
            done.set_exception(error)
        return done

    def ahead(
        self,
        entries: Iterable[E],
        work: Callable[[FileStore, E], T],
        *,
        size: Callable[[E], int],
    ) -> Generator[tuple[E, "Future[T]"], None, None]:
        """Each of ``entries`` in its turn with the result of ``work`` on it, of which some is done in advance."""
        room = _AHEAD * self._most if self._pool is not None else 1
        coming = iter(entries)
        pending: deque[tuple[E, Future[T]]] = deque()
        following = next(coming, None)
        held = 0
        try:
            while pending or following is not None:
                while following is not None and (
                    not pending or (len(pending) < room and held + size(following) <= _HELD)
                ):
                    pending.append((following, self.start(_on(work, following))))
                    held += size(following)
                    following = next(coming, None)
                entry, result = pending.popleft()
                held -= size(entry)
                yield entry, result
        finally:
            for _, result in pending:
                result.cancel()

    def _with_store(self, work: Callable[[FileStore], T]) -> T:
        store = self._store()
        try:
            return work(store)
        finally:
            self._free.put(store)

    def _store(self) -> FileStore:
        """A free store, or one more, or else the next that becomes free."""
        with suppress(Empty):
            return self._free.get_nowait()
        if len(self._others) + 1 < self._most and self._opening.acquire(blocking=False):
            try:
                found = self._more()
                if found is not None:
                    self._others.append(found)
                    return found
                self._most = len(self._others) + 1  # the partner allows no more; nobody asks again
            finally:
                self._opening.release()
        return self._free.get()


def _on(work: Callable[[FileStore, E], T], entry: E) -> Callable[[FileStore], T]:
    return lambda store: work(store, entry)
