"""The source and the target of every adapter that keeps files in folders."""

import logging
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from transload.adapters.base.folders.handover import HandOver, hand_over, landed
from transload.adapters.base.folders.hands import Hands
from transload.adapters.base.folders.options import PickUp
from transload.adapters.base.folders.partials import NoRoom
from transload.adapters.base.folders.pickup import Pass
from transload.adapters.base.folders.probing import clearing, handing_over, probe, source_folders, waiting
from transload.adapters.base.folders.store import FileStore
from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Answer, Inbound, Landing, Memory, Outbound, Probe, Source, Target
from transload.canonical.errors import Retry, Stop, Unknown

C = TypeVar("C", bound=Settings)
T = TypeVar("T")

_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class FolderSource(Source[C, PickUp]):
    """Picks files up; a subclass says how the store is opened."""

    Options = PickUp
    settles_together = True
    pauses: Sequence[float] = (1.0, 2.0, 4.0)
    """Seconds before each attempt in the same pass to go on with a large file over a new connection."""
    _store: FileStore | None = None

    @abstractmethod
    def open_store(self) -> FileStore:
        """Open the files of ``self.connection``; called at first use, and after `close`.  Raises `Retry` or `Stop`."""

    @property
    def channels(self) -> int:
        """How many stores may be used at a time; see `another_store`."""
        return 1

    def another_store(self, first: FileStore) -> FileStore | None:
        """One more store of the connection of ``first``, None where there can be no more; called in other threads."""
        return None

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield the files that are ready, oldest first; see `Pass`.

        When the connection breaks after bytes of a large file were fetched, it is opened again and gone on with.
        """
        one = Pass(self.options, memory, _now)
        for pause in (*self.pauses, None):
            try:
                store = self._opened()
                yield from one.files(Hands(store, partial(self.another_store, store), self.channels))
                return
            except NoRoom:
                raise
            except Retry as error:
                if pause is None or not one.gained:
                    raise
                _log.warning("%s; it is opened again in %g seconds", error.message, pause)
            self.close()
            time.sleep(pause)

    def probe(self) -> Probe:
        """Connect, and look at the server, the folder with its files, and where an archive or claims would be made."""
        return probe(self._opened, source_folders(self.options), waiting(self.options))

    def rehearse(self) -> Probe:
        """What `probe` does; and write a file into the folder, move it as the partner's will be, and remove it."""
        return probe(self._opened, source_folders(self.options), waiting(self.options), clearing(self.options))

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
        """Connect, and look at the server and whether the folder is there."""
        return probe(self._opened, [self.options.folder])

    def rehearse(self) -> Probe:
        """What `probe` does; and write files into the folder, rename and replace them, and remove them."""
        return probe(self._opened, [self.options.folder], handing_over(self.options))

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
