"""What is fetched so far of large files: it outlives a broken connection and a crash, and is never trusted blindly.

A partial is one file in a folder of ours, and its name tells all that is known of it: which file it is a part of (where
that lies, its size and time of change, as a hash), how many bytes of it are good, and their SHA-256.  So one rename
brings both up to date, and a crash leaves at worst a few bytes behind the good ones, which are cut off.  Under a cover
its name ends so that it is told from others, and no byte of the file is ever on disk as it is.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import sha256
from pathlib import Path

from transload.adapters.base.covered import Cover, Covered
from transload.adapters.base.folders.held import Held, Plain, Sealed
from transload.adapters.base.folders.names import shown
from transload.adapters.base.folders.store import Entry
from transload.canonical.errors import Retry

_SEALED = ".sealed"
_NAME = re.compile(r"([0-9a-f]{32})-(\d{1,20})-([0-9a-f]{64})(\.sealed)?")
_STEP = 1024 * 1024
"""So many bytes more are named good at a time."""
_MOST = 16
_OLDEST = 7 * 86_400
"""Seconds after which nobody comes back for a partial."""


class NoRoom(Retry):
    """Our own disk takes no more: another connection to the partner would not help."""


class Partials:
    """The partials of one source in ``folder``, which is made when it is needed.

    ``where`` is what people call the store that an entry is from.  ``gained`` counts the bytes that were
    added to any of them.  With a ``cover`` none of them lies there in plain.
    """

    def __init__(self, folder: Path, cover: Cover | None = None) -> None:
        self._folder = folder
        self.cover = cover
        self.gained = 0

    def forget_all_but(self, where: str, entries: Iterable[Entry]) -> None:
        """Remove those that are a part of no file among ``entries``, that are old, or that are too many."""
        wanted = {_identity(where, entry) for entry in entries}
        oldest = time.time() - _OLDEST
        with suppress(OSError):  # where the folder cannot be used, a large file will say so
            found = sorted(((file.stat().st_mtime, file) for file in self._folder.iterdir()), reverse=True)
            kept = 0
            for changed, file in found:
                match = self._match(file)
                if match is not None and match[1] in wanted and changed >= oldest and kept < _MOST:
                    kept += 1
                else:
                    file.unlink(missing_ok=True)

    @contextmanager
    def of(self, where: str, entry: Entry) -> Iterator["Partial"]:
        """What there is of ``entry``, to be gone on with; it is kept at the end unless it was discarded.

        Raises `NoRoom` when it cannot be written.
        """
        identity = _identity(where, entry)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = [file for file in self._folder.glob(f"{identity}-*") if self._match(file) is not None]
            partial = Partial(self, self._folder / identity, found[0] if found else None)
        except OSError as error:
            raise _no_room(self._folder, error) from error
        try:
            yield partial
        finally:
            partial.close()

    def _match(self, file: Path) -> re.Match[str] | None:
        """The parts of a partial's name; None for one that lies there otherwise than it would now."""
        match = _NAME.fullmatch(file.name)
        return match if match is not None and bool(match[4]) is (self.cover is not None) else None


class Partial:
    """The beginning of a file: ``held`` bytes of it."""

    def __init__(self, owner: Partials, stem: Path, before: Path | None) -> None:
        self._owner = owner
        self._stem = stem
        self._hashed = sha256()
        self.held = self._named = 0
        self.path = before or self._name()
        self._file = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
        cover = owner.cover
        self._kept: Held = Plain(self._file) if cover is None else Sealed(self._file, cover, stem.name)
        try:
            flock(self._file, LOCK_EX | LOCK_NB)  # two who write into one would tear it; it is let go with the file
            match = _NAME.fullmatch(self.path.name)
            if match is not None and not self._proves(int(match[2]), match[3]):
                self.begin_anew()
        except BaseException:
            self._file.close()
            raise

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes held."""
        return self._hashed.hexdigest()

    @property
    def content(self) -> Path | Covered:
        """What is held, for who takes it over."""
        cover = self._owner.cover
        if cover is None:
            return self.path
        return Covered(path=self.path, size=self.held, name=self._stem.name, cover=cover)

    def end(self, size: int) -> bytes:
        """The last bytes held, at most ``size``."""
        return self._kept.end(size)

    def add(self, piece: bytes) -> None:
        """Hold ``piece`` too.  Raises `NoRoom`, and keeps nothing then: what fills the disk must not stay on it."""
        try:
            self._kept.add(piece)
            self._hashed.update(piece)
            self.held += len(piece)
            self._owner.gained += len(piece)
            if self.held - self._named >= _STEP:
                self.save()
        except OSError as error:
            self.discard()
            raise _no_room(self._stem.parent, error) from error

    def begin_anew(self) -> None:
        """Hold nothing."""
        self._kept.clear()
        self._hashed = sha256()
        self.held = 0
        self.save()

    def save(self) -> None:
        """Say by the name what is held.  Raises `OSError`."""
        self._kept.flush()
        self.path = self.path.replace(self._name())
        self._named = self.held

    def discard(self) -> None:
        """Remove it."""
        self.path.unlink(missing_ok=True)
        self.held = 0

    def close(self) -> None:
        """Keep what is held, if that is anything."""
        try:
            try:
                if self.held:
                    self.save()
                else:
                    self.path.unlink(missing_ok=True)
            finally:
                self._file.close()
        except OSError as error:
            raise _no_room(self._stem.parent, error) from error

    def _name(self) -> Path:
        ending = _SEALED if self._owner.cover is not None else ""
        return self._stem.with_name(f"{self._stem.name}-{self.held}-{self.digest}{ending}")

    def _proves(self, size: int, digest: str) -> bool:
        """Whether the file begins with ``size`` bytes that have this digest; then they are held, and no others."""
        for piece in self._kept.prove(size):
            self._hashed.update(piece)
            self.held += len(piece)
        self._named = self.held
        return (self.held, self.digest) == (size, digest)


def _identity(where: str, entry: Entry) -> str:
    parts = (shown(where), shown(entry.path), str(entry.size), str(entry.changed))
    return sha256("\n".join(parts).encode()).hexdigest()[:32]


def _no_room(folder: Path, error: OSError) -> NoRoom:
    """What to raise for ``error`` about a file of ours."""
    return NoRoom(f"no file can be written in {folder}: {error.strerror or error}", hint="make room there")
