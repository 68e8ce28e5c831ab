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
from transload.adapters.base.folders.offers import Offer, offers
from transload.adapters.base.folders.options import Claim, Move, PickUp
from transload.adapters.base.folders.stability import Quiet, Watch
from transload.adapters.base.folders.store import FileFault, FileStore
from transload.adapters.base.transport import Inbound, Memory
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_log = logging.getLogger(__name__)
_Taken = tuple[Offer, Fetched] | None


def pick_up(
    store: FileStore,
    options: PickUp,
    memory: Memory,
    now: Callable[[], datetime],
    hands: Callable[[], Hands] | None = None,
) -> Iterator[Inbound]:
    """Yield the files that are ready, oldest first, those that were claimed before at the beginning.

    ``hands`` gives more stores beside ``store``; then files are fetched ahead and cleared away behind, and what goes
    wrong with clearing away is raised here instead of by `Inbound.settle`.
    A file that vanished or changed meanwhile is left for the next pass.  What is wrong
    with single files is raised at the end, as one `Reject`, after all others were given out.
    """
    if options.claim is not None:
        make_room(store, options.claim)
    offered = offers(store, options)
    stability = options.stable if isinstance(options.stable, Quiet) else Quiet(polls=1)
    watch = Watch(memory, stability, now())
    watch.forget_all_but(offer.entry for offer in offered)
    new = [offer for offer in sorted(offered, key=_age) if offer.claimed or not watch.taken(offer.entry)]
    ready = [offer for offer in new if offer.claimed or watch.ready(offer.entry)]
    if len(ready) < len(new):
        folder = shown(options.folder)
        _log.info("%d of %d files in %s are ready; the others must prove stable", len(ready), len(new), folder)
    with hands() if hands is not None else Hands(store) as all_hands:
        clearing = Clearing(all_hands)
        try:
            yield from _Pass(options, memory, watch, all_hands, clearing).files(ready)
        finally:
            clearing.end()


def _age(offer: Offer) -> tuple[bool, int, str]:
    return not offer.claimed, offer.entry.changed, offer.entry.name


class _Pass:
    """One look at a folder."""

    def __init__(self, options: PickUp, memory: Memory, watch: Watch, hands: Hands, clearing: Clearing) -> None:
        self._options = options
        self._memory = memory
        self._watch = watch
        self._hands = hands
        self._clearing = clearing
        self._problems: list[Finding] = []

    def files(self, ready: Sequence[Offer]) -> Iterator[Inbound]:
        """Those that are ready, as inbounds."""
        given = 0
        taking = self._hands.ahead(
            ready, partial(_take, self._options.claim), size=lambda offer: offer.now.size, discard=_discard
        )
        with closing(taking):
            for number, (offer, result) in enumerate(taking):
                self._problems += self._clearing.faults()
                if given == self._options.at_most:
                    waiting = len(ready) - number
                    _log.info("%d files in %s wait for the next pass", waiting, shown(self._options.folder))
                    break
                try:
                    inbound = self._inbound(offer, result.result())
                except FileFault as fault:
                    self._problems.append(problem_with(fault, "cannot be read"))
                    continue
                except Reject as error:
                    self._problems.extend(error.findings)
                    continue
                if inbound is not None:
                    given += 1
                    yield inbound
        self._problems += self._clearing.faults(all_of_them=True)
        if self._problems:
            count, folder = len(self._problems), shown(self._options.folder)
            raise Reject(f"{count} files in {folder} have problems", findings=self._problems)

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
        self._clearing.begin(lambda store: clear_away(store, offer, digest, archive))


def _take(rule: Claim | None, store: FileStore, offer: Offer) -> _Taken:
    """Claim and fetch one file; None when it is gone or not what it was."""
    if rule is not None and not offer.claimed:
        if not offer.entry.same_as(store.look(offer.entry.path)):
            return None
        lying = claim(store, rule, offer.entry)
        if lying is None:
            return None
        offer = replace(offer, now=lying)
    fetched = fetch(store, offer.now) if offer.now.size == offer.entry.size else None
    if fetched is None and offer.claimed:
        there = store.look(offer.now.path)
        if there is not None:
            release(store, offer.entry, there)
    return (offer, fetched) if fetched is not None else None


def _discard(taken: _Taken) -> None:
    if taken is not None:
        taken[1].discard()


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
