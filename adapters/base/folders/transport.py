"""The source and the target of every adapter that keeps files in folders."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from transload.adapters.base.folders.handover import HandOver, hand_over, landed
from transload.adapters.base.folders.hands import Hands
from transload.adapters.base.folders.names import parent, shown
from transload.adapters.base.folders.options import Move, PickUp
from transload.adapters.base.folders.pickup import missing_folders, pick_up
from transload.adapters.base.folders.store import FileFault, FileStore
from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Answer, Inbound, Landing, Memory, Outbound, Probe, Source, Target
from transload.canonical.errors import Retry, Stop, TransloadError, Unknown

C = TypeVar("C", bound=Settings)
T = TypeVar("T")


def _now() -> datetime:
    return datetime.now(UTC)


class FolderSource(Source[C, PickUp]):
    """Picks files up; a subclass says how the store is opened."""

    Options = PickUp
    _store: FileStore | None = None

    @abstractmethod
    def open_store(self) -> FileStore:
        """Open the files of ``self.connection``; called once, at first use.  Raises `Retry` or `Stop`."""

    @property
    def channels(self) -> int:
        """How many stores may be used at a time; see `another_store`."""
        return 1

    def another_store(self, first: FileStore) -> FileStore | None:
        """One more store of the connection of ``first``, None where there can be no more; called in other threads."""
        return None

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield the files that are ready, oldest first; see `pick_up`."""
        store = self._opened()
        yield from pick_up(
            store, self.options, memory, _now, lambda: Hands(store, partial(self.another_store, store), self.channels)
        )

    def probe(self) -> Probe:
        """Connect, and look whether the folder is there, and the one in which an archive would be made."""
        archive = self.options.afterwards
        folders = (self.options.folder, parent(archive.move)) if isinstance(archive, Move) else (self.options.folder,)
        return _probe(self._opened, *folders)

    def close(self) -> None:
        """Close the connection."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _opened(self) -> FileStore:
        if self._store is None:
            self._store = self.open_store()
        return self._store


class FolderTarget(Target[C, HandOver]):
    """Hands files over; a subclass says how the store is opened.

    A second delivery of the same bytes under the same name has no second effect as long
    as the first one lies there; with ``collected`` it may not, so then it is not idempotent.
    """

    Options = HandOver
    idempotent = True
    _store: FileStore | None = None

    def __init__(self, connection: C, options: HandOver) -> None:
        super().__init__(connection, options)
        self.idempotent = not options.collected

    @abstractmethod
    def open_store(self) -> FileStore:
        """Open the files of ``self.connection``; called once, at first use.  Raises `Retry` or `Stop`."""

    def deliver(self, outbound: Outbound) -> Answer:
        """Put the file into the folder; see `hand_over`."""
        return self._with_store(lambda store: hand_over(store, self.options, outbound))

    def verify(self, outbound: Outbound) -> Landing:
        """Look for the file of an earlier attempt; see `landed`."""
        return self._with_store(lambda store: landed(store, self.options, outbound))

    def probe(self) -> Probe:
        """Connect, and look whether the folder is there."""
        return _probe(self._opened, self.options.folder)

    def close(self) -> None:
        """Close the connection; the next call opens a new one."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _opened(self) -> FileStore:
        if self._store is None:
            self._store = self.open_store()
        return self._store

    def _with_store(self, work: Callable[[FileStore], T]) -> T:
        """Do ``work``; after an error that is not about the document alone, the next call gets a new connection."""
        try:
            return work(self._opened())
        except (Retry, Stop, Unknown):
            self.close()
            raise


def _probe(opened: Callable[[], FileStore], *folders: str) -> Probe:
    try:
        store = opened()
        missing = missing_folders(store, folders)
    except TransloadError as error:
        return Probe(ok=False, summary=error.message, findings=error.findings)
    except FileFault as fault:
        return Probe(ok=False, summary=str(fault))
    if missing:
        return Probe(ok=False, summary=missing[0].message, findings=tuple(missing))
    return Probe(ok=True, summary=f"{store.describe()}, folder {shown(folders[0])}")
