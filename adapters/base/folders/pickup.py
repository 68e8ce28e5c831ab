"""Picking up files: list, wait until complete, fetch, give out, and clear away only what was committed.

The order is what keeps a file from being lost or read twice: its bytes are committed
before anything is changed at the partner (but for the name, where files are claimed), and a file that was committed
but not cleared away (a crash came between) is known by its key and only cleared away.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from functools import partial

from transload.adapters.base.folders.claims import claim, make_room, release
from transload.adapters.base.folders.clearing import Clearing, clear_away, problem_with
from transload.adapters.base.folders.fetching import Fetched, fetch
from transload.adapters.base.folders.hands import Hands
from transload.adapters.base.folders.names import shown
from transload.adapters.base.folders.offers import Offer, offered
from transload.adapters.base.folders.options import Move, PickUp
from transload.adapters.base.folders.partials import Partials
from transload.adapters.base.folders.stability import Quiet, Watch
from transload.adapters.base.folders.store import Entry, FileFault, FileStore
from transload.adapters.base.transport import Inbound, Memory
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_log = logging.getLogger(__name__)
_Taken = tuple[Offer, Fetched] | None


class Pass:
    """One look at a folder; what it has not given out when the connection breaks, it gives out by another one."""

    def __init__(self, options: PickUp, memory: Memory, now: Callable[[], datetime]) -> None:
        self._options = options
        self._memory = memory
        self._partials = Partials(memory.folder, memory.cover)
        stability = options.stable if isinstance(options.stable, Quiet) else Quiet(polls=1)
        self._watch = Watch(memory, stability, now())
        self._left: set[Entry] | None = None
        """What was ready and is not given out yet; None before the folder was listed."""
        self._given = 0
        self._clearing: Clearing | None = None
        self._problems: list[Finding] = []

    @property
    def gained(self) -> int:
        """How many bytes of large files were fetched, which nobody needs to fetch again."""
        return self._partials.gained

    def files(self, hands: Hands) -> Iterator[Inbound]:
        """Yield the files that are ready, oldest first, those that were claimed before at the beginning.

        With many ``hands`` files are fetched ahead and cleared away behind, and what goes wrong with clearing away is
        raised here instead of by `Inbound.settle`.
        A file that vanished or changed meanwhile is left for the next pass.  What is wrong
        with single files is raised at the end, as one `Reject`, after all others were given out.
        """
        with hands:
            self._clearing = Clearing(hands)
            try:
                yield from self._inbounds(self._ready(hands.first), hands, self._clearing)
            finally:
                self._clearing.end()

    def _ready(self, store: FileStore) -> list[Offer]:
        """What may be taken now, of what is offered."""
        if self._options.claim is not None:
            make_room(store, self._options.claim)
        found = offered(store, self._options)
        once = {offer.now.path: offer for offer in found.files}  # some servers list a file twice
        files = sorted(once.values(), key=_age)
        if self._left is not None:
            return [offer for offer in files if offer.entry in self._left]
        self._problems += found.problems
        self._watch.forget_all_but(offer.entry for offer in files)
        self._partials.forget_all_but(store.describe(), (offer.now for offer in files))
        new = [offer for offer in files if offer.claimed or not self._watch.taken(offer.entry)]
        ready = [offer for offer in new if offer.claimed or self._watch.ready(offer.entry)]
        if len(ready) < len(new):
            folder = shown(self._options.folder)
            _log.info("%d of %d files in %s are ready; the others must prove stable", len(ready), len(new), folder)
        self._left = {offer.entry for offer in ready}
        return ready

    def _inbounds(self, ready: Sequence[Offer], hands: Hands, clearing: Clearing) -> Iterator[Inbound]:
        assert self._left is not None
        taking = hands.ahead(ready, self._take, size=lambda offer: offer.now.size)
        with closing(taking):
            for number, (offer, result) in enumerate(taking):
                self._problems += clearing.faults()
                if self._given == self._options.at_most:
                    waiting = len(ready) - number
                    _log.info("%d files in %s wait for the next pass", waiting, shown(self._options.folder))
                    break
                try:
                    inbound = self._inbound(offer, result.result())
                except FileFault as fault:
                    self._problems.append(problem_with(fault, "cannot be read"))
                    inbound = None
                except Reject as error:
                    self._problems.extend(error.findings)
                    inbound = None
                self._left.discard(offer.entry)
                if inbound is not None:
                    self._given += 1
                    yield inbound
        self._problems += clearing.faults(all_of_them=True)
        if self._problems:
            count, folder = len(self._problems), shown(self._options.folder)
            raise Reject(f"{count} files in {folder} have problems", findings=self._problems)

    def _take(self, store: FileStore, offer: Offer) -> _Taken:
        """Claim and fetch one file; None when it is gone or not what it was."""
        rule = self._options.claim
        if rule is not None and not offer.claimed:
            if not offer.entry.same_as(store.look(offer.entry.path)):
                return None
            lying = claim(store, rule, offer.entry)
            if lying is None:
                return None
            offer = replace(offer, now=lying)
        fetched = fetch(store, offer.now, self._partials) if offer.now.size == offer.entry.size else None
        if fetched is None and offer.claimed:
            there = store.look(offer.now.path)
            if there is not None:
                release(store, offer.entry, there)
        return (offer, fetched) if fetched is not None else None

    def _inbound(self, offer: Offer, taken: _Taken) -> Inbound | None:
        """The file, unless it is committed already: then it is only cleared away."""
        entry = offer.entry
        if taken is None:
            _log.info("%s changed while it was read; it is left for the next pass", shown(entry.path))
            return None
        offer, fetched = taken
        key = f"{shown(entry.path)}|{entry.size}|{entry.changed}|{fetched.digest}"
        settle = partial(self._settle, offer, fetched.digest)
        if self._memory.seen(key):
            fetched.discard()
            settle()
            return None
        return Inbound(
            key=key,
            content=fetched.content,
            origin=shown(entry.path),
            metadata={"name": shown(entry.name), "size": str(entry.size), "sha256": fetched.digest},
            settle=settle,
        )

    def _settle(self, offer: Offer, digest: str) -> None:
        """Do what the route says about a file whose content is committed."""
        afterwards = self._options.afterwards
        if afterwards == "keep":
            self._watch.take(offer.entry)
            return
        archive = afterwards if isinstance(afterwards, Move) else None
        assert self._clearing is not None
        self._clearing.begin(lambda store: clear_away(store, offer, digest, archive))


def _age(offer: Offer) -> tuple[bool, int, str]:
    return not offer.claimed, offer.entry.changed, offer.entry.name


def missing_folders(store: FileStore, folders: Sequence[str]) -> list[Finding]:
    """A finding for each of ``folders`` that is not there."""
    return [
        Finding(
            code="E-FILE",
            message=f"there is no folder {shown(folder)}",
            hint="correct the name, or have the partner make it",
            place=Place(file=shown(folder)),
        )
        for folder in folders
        if not store.has_folder(folder)
    ]
