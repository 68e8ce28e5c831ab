"""Fetching one file: the whole of it, as it was listed, or nothing; a large one is gone on with where it broke off."""

import logging
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from transload.adapters.base.covered import Covered
from transload.adapters.base.folders.held import SEAM
from transload.adapters.base.folders.names import shown
from transload.adapters.base.folders.partials import Partial, Partials
from transload.adapters.base.folders.store import Entry, FileStore, Missing

_log = logging.getLogger(__name__)

LARGE = 8 * 1024 * 1024
"""Bytes from which on a file is kept on disk instead of in memory."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content of a file, in memory or in a file of ours, and its SHA-256."""

    content: bytes | Path | Covered
    digest: str

    def discard(self) -> None:
        """Remove what is on disk."""
        if not isinstance(self.content, bytes):
            self.content.unlink(missing_ok=True)


def fetch(store: FileStore, entry: Entry, partials: Partials) -> Fetched | None:
    """The content of ``entry`` if it has the size that was listed, and is what was listed after reading; else None."""
    if entry.size > LARGE:
        return _large(store, entry, partials)
    content = _small(store, entry)
    if content is None or not entry.same_as(store.look(entry.path)):
        return None
    return Fetched(content, sha256(content).hexdigest())


def _small(store: FileStore, entry: Entry) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in store.read(entry.path, entry.size):
            size += len(piece)
            if size > entry.size:
                return None
            pieces.append(piece)
    except Missing:
        return None
    return b"".join(pieces) if size == entry.size else None


def _large(store: FileStore, entry: Entry, partials: Partials) -> Fetched | None:
    """In a partial, which stays when the connection breaks; what is whole stays until the runner has it."""
    with partials.of(store.describe(), entry) as partial:
        # What we have of the file is a part of this one only if it is still what it was.
        if entry.same_as(store.look(entry.path)):
            if partial.held:
                _log.info("going on with %s at byte %d of %d", shown(entry.path), partial.held, entry.size)
            if _completed(store, entry, partial) and entry.same_as(store.look(entry.path)):
                partial.save()
                return Fetched(partial.content, partial.digest)
        partial.discard()
        return None


def _completed(store: FileStore, entry: Entry, partial: Partial) -> bool:
    """Add what is missing; False when the file is longer or shorter than listed."""
    seam = partial.end(SEAM)
    try:
        for piece in store.read(entry.path, entry.size, partial.held - len(seam)):
            known = min(len(seam), len(piece))
            if piece[:known] != seam[:known]:
                _log.warning("%s is not what it was, though its size and time are; it is begun anew", shown(entry.path))
                partial.begin_anew()
                return _completed(store, entry, partial)
            seam = seam[known:]
            if partial.held + len(piece) - known > entry.size:
                return False
            partial.add(piece[known:])
    except Missing:
        return False
    return not seam and partial.held == entry.size
