"""Local folders as a file store: nothing outside the root, nothing overwritten by chance, everything on the disk."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from transload.adapters.base.folders import Denied, Entry, Failed, FileStore, Missing, Taken

_PIECE = 1024 * 1024
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
"""What file systems without hard links answer (FAT, some network shares; Linux link(2))."""


class LocalStore(FileStore):
    """The files below ``root``.  Paths are relative to it; one that leads out of it, also by a link, is refused."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self, folder: str) -> list[Entry]:
        """The regular files in ``folder``."""
        found = []
        with _translated(folder), os.scandir(self._place(folder)) as items:
            for item in items:
                try:
                    facts = item.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue  # gone since it was listed
                if S_ISREG(facts.st_mode):
                    path = item.name if folder in ("", ".") else f"{folder.rstrip('/')}/{item.name}"
                    found.append(_entry(path, facts))
        return found

    def look(self, path: str) -> Entry | None:
        """The regular file at ``path``, or None."""
        try:
            with _translated(path):
                facts = self._place(path).lstat()
        except Missing:
            return None
        return _entry(path, facts) if S_ISREG(facts.st_mode) else None

    def has_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder below the root."""
        try:
            with _translated(path):
                return S_ISDIR(self._place(path).stat().st_mode)
        except Missing:
            return False

    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes from ``start`` on, and at most one piece beyond ``size``."""
        with _translated(path):
            file = os.fdopen(os.open(self._place(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
        with file:
            given = file.seek(start)
            while given <= size:
                with _translated(path):
                    piece = file.read(_PIECE)
                if not piece:
                    return
                given += len(piece)
                yield piece

    def write(self, path: str, content: bytes) -> None:
        """Write the file and wait until disk and folder have it."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with _translated(path):
            place = self._place(path)
            with os.fdopen(os.open(place, flags, 0o666), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(place.parent)

    def move(self, old: str, new: str, *, replace: bool = False) -> None:
        """Rename by a second link where the file system has links, since a plain rename would overwrite."""
        with _translated(old, new):
            source, target = self._place(old), self._place(new)
            if replace:
                source.replace(target)
            else:
                _link_over(source, target)
            _sync_folder(target.parent)
            if source.parent != target.parent:
                _sync_folder(source.parent)

    def remove(self, path: str) -> None:
        """Remove the file, and wait until the folder on the disk knows."""
        with _translated(path):
            place = self._place(path)
            place.unlink()
            _sync_folder(place.parent)

    def make_folder(self, path: str) -> None:
        """Make the folder, if it is not there."""
        with _translated(path):
            place = self._place(path)
            try:
                place.mkdir()
            except FileExistsError:
                if not place.is_dir():
                    raise
                return
            _sync_folder(place.parent)

    def describe(self) -> str:
        """The root."""
        return str(self._root)

    def _place(self, path: str) -> Path:
        """Where ``path`` is, its folder's links followed.  Raises `Denied` when that is outside the root."""
        root = self._root.resolve()
        place = root / path
        # The last name itself may be a link: it is looked at, never followed.
        folder = place.resolve() if place.name in ("", "..") else place.parent.resolve()
        inside = folder if place.name in ("", "..") else folder / place.name
        real = inside.resolve() if inside.is_dir() else inside
        if not real.is_relative_to(root):
            raise Denied(path, f"it is outside {self._root}")
        return inside


def _entry(path: str, facts: os.stat_result) -> Entry:
    return Entry(path=path, name=path.rpartition("/")[2], size=facts.st_size, changed=facts.st_mtime_ns)


def _link_over(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        # The same file under both names: a rename that was cut in two by a crash.
        if not source.samefile(target):
            raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        source.rename(target)
        return
    source.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _translated(path: str, new: str | None = None) -> Iterator[None]:
    """The operating system's errors as ours; ``new`` is the second name of a rename."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(path, error.strerror or "") from error
    except PermissionError as error:
        raise Denied(path, error.strerror or "") from error
    except FileExistsError as error:
        raise Taken(new or path, error.strerror or "") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise Failed(path, getattr(error, "strerror", None) or str(error)) from error
