"""Clearing files away at the partner, once their content is committed."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future

from transload.adapters.base.folders.hands import Hands
from transload.adapters.base.folders.names import archived, joined, shown
from transload.adapters.base.folders.offers import Offer
from transload.adapters.base.folders.options import Move
from transload.adapters.base.folders.store import Denied, Failed, FileFault, FileStore, Missing, Taken
from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_log = logging.getLogger(__name__)


class Clearing:
    """Work at the partner that is done behind, with as many hands as there are; with one hand it is done at once.

    So it is once the files were all given out, and nobody asks for the faults any more.
    """

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._begun: list[Future[None]] = []
        self._ended = False

    def begin(self, work: Callable[[FileStore], None]) -> None:
        """Do ``work``; with one hand, or after the end, what goes wrong is raised here, else by `faults`."""
        begun = self._hands.start(work)
        if self._ended or self._hands.most == 1:
            begun.result()
        else:
            self._begun.append(begun)

    def faults(self, *, all_of_them: bool = False) -> Iterator[Finding]:
        """What went wrong with single files in the work that is done by now, or in all of it.

        Raises `Retry` and `Stop`, which concern the connection.
        """
        open_ones: list[Future[None]] = []
        begun, self._begun = self._begun, open_ones
        for each in begun:
            if not (all_of_them or each.done()):
                open_ones.append(each)
                continue
            try:
                each.result()
            except Reject as error:
                yield from error.findings

    def end(self) -> None:
        """Wait for all work, where nobody can hear any more what went wrong: such files come again."""
        self._ended = True
        for each in self._begun:
            error = each.exception()
            if isinstance(error, TransloadError):
                _log.warning("not cleared away: %s", error.message)
            elif error is not None:
                _log.error("clearing away failed unexpectedly", exc_info=error)
        self._begun.clear()


def clear_away(store: FileStore, offer: Offer, digest: str, afterwards: Move | None) -> None:
    """Archive a file whose content is committed, or delete it; doing it twice does no harm.

    A file that is no longer there was cleared away before, by us or by another runner.
    One that has changed is a new arrival under the old name, and stays.  Raises `Reject` for what cannot be done.
    """
    try:
        if offer.now.same_as(store.look(offer.now.path)):
            if afterwards is None:
                store.remove(offer.now.path)
            else:
                _archive(store, afterwards.move, offer, digest)
        if offer.marker is not None and offer.marker.same_as(store.look(offer.marker.path)):
            store.remove(offer.marker.path)
    except FileFault as fault:
        if isinstance(fault, Missing) and fault.path in (offer.now.path, offer.marker.path if offer.marker else ""):
            return  # another runner was faster
        done = "deleted" if afterwards is None else "archived"
        problem = problem_with(fault, f"is safe with us but cannot be {done}", offer.entry.path)
        raise Reject(problem.message, findings=[problem]) from fault


def _archive(store: FileStore, folder: str, offer: Offer, digest: str) -> None:
    """Rename the file into the folder, which is looked for, and made, where the rename fails."""
    for name in archived(offer.entry.name, digest):
        target = joined(folder, name)
        try:
            try:
                store.move(offer.now.path, target)
            except (Missing, Failed):
                if not store.has_folder(folder):
                    store.make_folder(folder)
                store.move(offer.now.path, target)
        except Taken:
            continue
        return
    raise Taken(joined(folder, offer.entry.name), "too many files of this name")


def problem_with(fault: FileFault, what: str, path: str | None = None) -> Finding:
    """A finding about one file at the partner."""
    hints = {
        Denied: "ask who keeps the folder for the right to read, rename and delete in it",
        Missing: "the parent of the archive folder must exist",
    }
    file = shown(path or fault.path)
    return Finding(
        code="E-DENIED" if isinstance(fault, Denied) else "E-FILE",
        message=f"{file} {what}: {fault.reason or fault.said}",
        hint=hints.get(type(fault)),
        place=Place(file=file),
    )
