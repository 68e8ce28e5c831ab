"""Claiming a file: one rename into a folder of ours, after which nobody else takes it or writes into it.

The new name holds what the file was when it was offered.  So whoever finds it there after a crash knows under which
key it was, or will be, committed: that of its original path.
"""

import logging
import re
from collections.abc import Iterator

from transload.adapters.base.folders.names import LONGEST_NAME, joined, shown
from transload.adapters.base.folders.options import Claim
from transload.adapters.base.folders.store import Entry, FileFault, FileStore, Missing

_log = logging.getLogger(__name__)
_CLAIMED = re.compile(r"(\d{1,20})-(\d{1,20})~(.+)", re.DOTALL)


def claim(store: FileStore, rule: Claim, entry: Entry) -> Entry | None:
    """The file where it lies now: in the folder of claims, or where it was if it cannot be renamed.

    None when it is gone: another one was faster.
    """
    name = f"{entry.changed}-{entry.size}~{entry.name}"
    if len(name.encode("utf-8", "surrogateescape")) > LONGEST_NAME:
        return entry
    path = joined(rule.into, name)
    try:
        # No other file has this name, so the rename that replaces is safe, and some servers know only that one.
        store.move(entry.path, path, replace=True)
    except Missing:
        return None if store.look(entry.path) is None else entry  # or the folder of claims is not there
    except FileFault as fault:
        _log.warning("%s cannot be claimed (%s); the ledger alone tells that it was taken", shown(entry.path), fault)
        return entry
    return store.look(path)


def release(store: FileStore, entry: Entry, now: Entry) -> None:
    """Put a claimed file back that is not what it was: its sender goes on writing."""
    try:
        store.move(now.path, entry.path)
    except FileFault as fault:
        _log.warning("%s changes although it was claimed, and cannot be put back: %s", shown(now.path), fault)


def make_room(store: FileStore, rule: Claim) -> None:
    """Make the folder of claims where it is missing; where it cannot be made, no file is claimed."""
    try:
        if not store.has_folder(rule.into):
            store.make_folder(rule.into)
    except FileFault as fault:
        _log.warning("the folder %s for claimed files cannot be made: %s", shown(rule.into), fault)


def claimed_before(store: FileStore, rule: Claim, folder: str) -> Iterator[tuple[Entry, Entry]]:
    """The files that were claimed and not cleared away: as they were offered, and as they lie there now."""
    try:
        found = store.list(rule.into)
    except FileFault:
        return
    for now in found:
        match = _CLAIMED.fullmatch(now.name)
        if match is None:
            continue
        changed, size, name = int(match[1]), int(match[2]), match[3]
        entry = Entry(path=joined(folder, name), name=name, size=size, changed=changed)
        if now.size == size:
            yield entry, now
        else:
            release(store, entry, now)
