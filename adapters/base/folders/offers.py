"""What a folder offers: the files that are wanted, those that were claimed before, and the markers beside them."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from transload.adapters.base.folders.claims import claimed_before
from transload.adapters.base.folders.names import fault_of, shown, split, wanted
from transload.adapters.base.folders.options import Marker, PickUp
from transload.adapters.base.folders.store import Denied, Entry, FileFault, FileStore, Missing
from transload.canonical.errors import Retry, Stop
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A file: ``entry`` as the partner offers it, ``now`` where it lies, which a claim changes, and its ``marker``."""

    entry: Entry
    now: Entry
    marker: Entry | None = None

    @property
    def claimed(self) -> bool:
        """Whether the file lies in our folder already."""
        return self.now.path != self.entry.path


@dataclass(frozen=True, kw_only=True, slots=True)
class Offered:
    """What a folder has: files that may be taken, in any order, and ``problems`` with files that never can be."""

    files: list[Offer]
    problems: list[Finding]


def offered(store: FileStore, options: PickUp) -> Offered:
    """All files that are wanted; whether they are complete is for others to say, but for markers.

    Raises `Stop` for a folder that is not there or may not be listed, `Retry` where it cannot be listed now.
    """
    found = _listed(store, options.folder)
    candidates = [entry for entry in found if _is_wanted(entry, options)]
    problems = [_nameless(entry, fault) for entry in candidates if (fault := fault_of(entry.name)) is not None]
    candidates = [entry for entry in candidates if fault_of(entry.name) is None]
    before = list(claimed_before(store, options.claim, options.folder)) if options.claim is not None else []
    rule = options.stable
    if not isinstance(rule, Marker):
        files = [
            *(Offer(entry=entry, now=now) for entry, now in before),
            *(Offer(entry=entry, now=entry) for entry in candidates),
        ]
        return Offered(files=files, problems=problems)
    named = {entry.name: entry for entry in found}
    if options.afterwards != "keep":
        claimed = [entry for entry, _ in before]
        left = _left_over(rule, found, claimed)
        if left:  # a file may have come while we looked; only what is left over in a second look is removed
            again = {entry.path: entry for entry in _left_over(rule, _listed(store, options.folder), claimed)}
            _remove(store, [entry for entry in left if entry.same_as(again.get(entry.path))])
    complete = [entry for entry in candidates if marker_of(entry.name, rule) in named]
    files = [
        Offer(entry=entry, now=now, marker=named.get(marker_of(entry.name, rule)))
        for entry, now in (*before, *zip(complete, complete, strict=True))
    ]
    return Offered(files=files, problems=problems)


def _listed(store: FileStore, folder: str) -> list[Entry]:
    try:
        return store.list(folder)
    except Missing as fault:
        raise Stop(f"there is no folder {shown(folder)}", hint="correct folder, or have the partner make it") from fault
    except Denied as fault:
        raise Stop(
            f"the folder {shown(folder)} may not be listed: {fault.reason or fault.said}",
            hint="ask who keeps the folder for the right to read it",
        ) from fault
    except FileFault as fault:
        raise Retry(f"the folder {shown(folder)} cannot be listed: {fault.reason or fault.said}") from fault


def _is_wanted(entry: Entry, options: PickUp) -> bool:
    return (
        not (isinstance(options.stable, Marker) and _is_marker(entry, options.stable))
        and entry.name not in ("", ".", "..")
        and wanted(entry.name, options.pattern, options.ignore)
        and (entry.size > 0 or options.empty == "take")
    )


def _nameless(entry: Entry, fault: str) -> Finding:
    return Finding(
        code="E-NAME",
        message=f"{shown(entry.path)} is not taken: its name cannot be used, as {fault}",
        hint="have the partner give it another name; or leave it out by ignore:",
        place=Place(file=shown(entry.path)),
    )


def _is_marker(entry: Entry, rule: Marker) -> bool:
    before, _, after = rule.marker.partition("*")
    return len(entry.name) > len(before + after) and entry.name.startswith(before) and entry.name.endswith(after)


def marker_of(name: str, rule: Marker) -> str:
    """The name of the file that tells that the file ``name`` is complete."""
    return rule.marker.replace("*", split(name)[0] if rule.of == "stem" else name)


def _left_over(rule: Marker, found: Sequence[Entry], claimed: Sequence[Entry]) -> list[Entry]:
    """The markers whose files are not there: we did not come to them when we cleared the files away."""
    markers = [entry for entry in found if _is_marker(entry, rule)]
    used = {marker_of(entry.name, rule) for entry in (*found, *claimed) if not _is_marker(entry, rule)}
    return [entry for entry in markers if entry.name not in used]


def _remove(store: FileStore, markers: Sequence[Entry]) -> None:
    """Remove markers without files: while one stands, the next file of that name seems complete before it is."""
    for marker in markers:
        try:
            store.remove(marker.path)
            _log.info("%s stood without its file and was removed", shown(marker.path))
        except FileFault as fault:
            _log.info("%s stands without its file and cannot be removed: %s", shown(marker.path), fault)
