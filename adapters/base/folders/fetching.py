"""Fetching one file: the whole of it, as it was listed, or nothing."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import IO

from transload.adapters.base.folders.store import Entry, FileStore, Missing
from transload.canonical.errors import Retry

LARGE = 8 * 1024 * 1024
"""Bytes from which on a file is kept on disk instead of in memory."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The content of a file, in memory or in a temporary file of ours, and its SHA-256."""

    content: bytes | Path
    digest: str

    def discard(self) -> None:
        """Remove what is on disk."""
        if isinstance(self.content, Path):
            self.content.unlink(missing_ok=True)


def fetch(store: FileStore, entry: Entry) -> Fetched | None:
    """The content of ``entry`` if it has the size that was listed, and is what was listed after reading; else None."""
    if entry.size > LARGE and not entry.same_as(store.look(entry.path)):
        return None  # the look afterwards decides; this one spares the time
    if entry.size <= LARGE:
        pieces: list[bytes] = []
        digest = _read(store, entry, pieces.append)
        fetched = Fetched(b"".join(pieces), digest) if digest else None
    else:
        fetched = _spool(store, entry)
    if fetched is not None and not entry.same_as(store.look(entry.path)):
        fetched.discard()
        return None
    return fetched


def _spool(store: FileStore, entry: Entry) -> Fetched | None:
    """The content in a temporary file, which is removed again unless all went well."""
    try:
        with tempfile.NamedTemporaryFile(prefix="transload-", delete=False) as file:
            path = Path(file.name)
            try:
                digest = _read(store, entry, partial(_store, file))
            except BaseException:
                path.unlink()
                raise
    except OSError as error:
        raise Retry(f"no temporary file can be written: {error.strerror or error}", hint="make room") from error
    if digest is None:
        path.unlink()
        return None
    return Fetched(path, digest)


def _store(file: IO[bytes], piece: bytes) -> None:
    file.write(piece)


def _read(store: FileStore, entry: Entry, keep: Callable[[bytes], None]) -> str | None:
    """Give every piece to ``keep``; the SHA-256 of all, or None when the file is longer or shorter than listed."""
    hashed = sha256()
    size = 0
    try:
        for piece in store.read(entry.path, entry.size):
            size += len(piece)
            if size > entry.size:
                return None
            hashed.update(piece)
            keep(piece)
    except Missing:
        return None
    return hashed.hexdigest() if size == entry.size else None
