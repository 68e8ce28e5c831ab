"""A file store that fails as its script says."""

from collections.abc import Iterator

from transload.adapters.base.folders import Entry, FileStore
from transload.adapters.faulty.script import Script


class FaultyStore(FileStore):
    """The files of ``inner``; each operation is a step of its name, and so is each ``piece`` that is read.

    Writing has two steps, ``half`` and ``write``, so that a cut between them leaves the first half.  A torn
    ``write`` leaves the first bytes in the file, and a torn ``piece`` is a short read.
    """

    def __init__(self, inner: FileStore, script: Script) -> None:
        self.inner = inner
        self._script = script

    def list(self, folder: str) -> list[Entry]:
        """The files in ``folder``; repeated, each twice."""
        with self._script.step("list") as fault:
            found = self.inner.list(folder)
            return found * 2 if fault.repeat else found

    def look(self, path: str) -> Entry | None:
        """The file at ``path``."""
        with self._script.step("look"):
            return self.inner.look(path)

    def has_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder."""
        with self._script.step("has_folder"):
            return self.inner.has_folder(path)

    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes, piece by piece; repeated, a piece comes twice."""
        with self._script.step("read"):
            pieces = self.inner.read(path, size, start)
        for piece in pieces:
            with self._script.step("piece") as fault:
                given = piece[: fault.keep]
                self._script.carry(len(given))
            yield given
            if fault.repeat:
                yield given

    def write(self, path: str, content: bytes, *, passing: bool = False) -> None:
        """Write the file."""
        with self._script.step("half"):
            self.inner.write(path, content[: len(content) // 2], passing=passing)
        with self._script.step("write") as fault:
            self.inner.write(path, content[: fault.keep], passing=passing)

    def move(self, old: str, new: str, *, replace: bool = False) -> None:
        """Rename a file."""
        with self._script.step("move"):
            self.inner.move(old, new, replace=replace)

    def remove(self, path: str) -> None:
        """Remove a file."""
        with self._script.step("remove"):
            self.inner.remove(path)

    def make_folder(self, path: str) -> None:
        """Make a folder."""
        with self._script.step("make_folder"):
            self.inner.make_folder(path)

    def describe(self) -> str:
        """What the inner store is called."""
        return self.inner.describe()

    def close(self) -> None:
        """Close the inner store; closing is never made to fail."""
        self.inner.close()
