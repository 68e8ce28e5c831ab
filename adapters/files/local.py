"""Local folders as a file store: nothing outside the root, nothing overwritten by chance, everything on the disk."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from time import monotonic

from transload.adapters.base.folders import Denied, Entry, Failed, FileStore, Missing, Taken

_PIECE = 1024 * 1024
_MOST_OPEN = 16
"""So many folders are kept open at a time."""
_FRESH = 0.02
"""So many seconds nobody looks whether an open folder is still the one at its path: each delivery asks ten times."""
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV}
"""What file systems without hard links answer (FAT, some network shares; Linux link(2))."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_STEP = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
"""To go through a folder on the way needs no right to read it."""
_Identity = tuple[int, int]


class LocalStore(FileStore):
    """The files below ``root``.  Paths are relative to it; one that leads out of it, also by a link, is refused.

    A folder's links are followed once, when it is opened; from then on everything is done within the open folder, so
    that no link that somebody lays meanwhile leads us elsewhere.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: dict[str, _Folder] = {}

    def list(self, folder: str) -> list[Entry]:
        """The regular files in ``folder``."""
        found = []
        with _translated(folder), os.scandir(self._folder(folder or ".")) as items:
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
                folder, name = self._place(path)
                facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except Missing:
            return None
        return _entry(path, facts) if S_ISREG(facts.st_mode) else None

    def has_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder below the root."""
        try:
            with _translated(path):
                self._folder(path or ".")
        except Missing:
            return False
        return True

    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes from ``start`` on, and at most one piece beyond ``size``."""
        with _translated(path):
            folder, name = self._place(path)
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        with os.fdopen(handle, "rb", buffering=0) as file:
            given = file.seek(start)
            while given <= size:
                with _translated(path):
                    piece = file.read(_PIECE)
                if not piece:
                    return
                given += len(piece)
                yield piece

    def write(self, path: str, content: bytes, *, passing: bool = False) -> None:
        """Write the file and wait until the disk has it, and its name in the folder where that is to stay."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with _translated(path):
            folder, name = self._place(path)
            with os.fdopen(os.open(name, flags, 0o666, dir_fd=folder), "wb", buffering=0) as file:
                left = memoryview(content)
                while left:
                    left = left[file.write(left) or 0 :]
                os.fsync(file.fileno())
            if not passing:
                os.fsync(folder)

    def move(self, old: str, new: str, *, replace: bool = False) -> None:
        """Rename by a second link where the file system has links, since a plain rename would overwrite.

        The disk has the new name when this returns.  After a power cut the old one may be there again, in another
        folder; then it is the same file.
        """
        with _translated(old, new):
            source, target = self._place(old), self._place(new)
            if replace:
                os.replace(source[1], target[1], src_dir_fd=source[0], dst_dir_fd=target[0])
                os.fsync(target[0])
            else:
                _link_over(source, target)

    def remove(self, path: str) -> None:
        """Remove the file, and wait until the folder on the disk knows."""
        with _translated(path):
            folder, name = self._place(path)
            os.unlink(name, dir_fd=folder)
            os.fsync(folder)

    def make_folder(self, path: str) -> None:
        """Make the folder, if it is not there."""
        with _translated(path):
            folder, name = self._place(path)
            try:
                os.mkdir(name, dir_fd=folder)
            except FileExistsError:
                if not self.has_folder(path):
                    raise
                return
            os.fsync(folder)

    def describe(self) -> str:
        """The root."""
        return str(self._root)

    def close(self) -> None:
        """Close the folders."""
        while self._open:
            os.close(self._open.popitem()[1].handle)

    def _place(self, path: str) -> tuple[int, str]:
        """The open folder of ``path``, and the last name in it, which is never followed where it is a link."""
        above, slash, name = path.rpartition("/")
        if name in ("", ".", ".."):
            return self._folder(path or "."), "."
        return self._folder(above or slash or "."), name

    def _folder(self, path: str) -> int:
        """The folder at ``path``, open: the one that is there now, or was a moment ago.

        Raises `Denied` when that is outside the root.
        """
        known = self._open.pop(path, None)
        if known is not None:
            if known.is_there():
                self._open[path] = known  # the last to be closed
                return known.handle
            os.close(known.handle)
        handle = self._opened(path)
        if len(self._open) == _MOST_OPEN:
            os.close(self._open.pop(next(iter(self._open))).handle)
        self._open[path] = _Folder(handle, self._root / path)
        return handle

    def _opened(self, path: str) -> int:
        """Open a folder step by step, so that it is the one that was found to be within the root."""
        root = self._root.resolve()
        place = (root / path).resolve()
        if not place.is_relative_to(root):
            raise Denied(path, f"it is outside {self._root}")
        steps = place.relative_to(root).parts
        handle = os.open(root, _STEP if steps else _FOLDER)
        for number, step in enumerate(steps, start=1):
            above = handle
            try:
                handle = os.open(step, (_STEP if number < len(steps) else _FOLDER) | os.O_NOFOLLOW, dir_fd=above)
            finally:
                os.close(above)
        return handle


class _Folder:
    """An open folder, and the path where it was found."""

    def __init__(self, handle: int, path: Path) -> None:
        self.handle = handle
        self._path = path
        self._identity = _identity(os.fstat(handle))
        self._looked = monotonic()

    def is_there(self) -> bool:
        """Whether it is at its path still, or was just now."""
        now = monotonic()
        if now - self._looked < _FRESH:
            return True
        self._looked = now
        with suppress(OSError):  # opening it says what is wrong
            return self._identity == _identity(self._path.stat())
        return False


def _identity(facts: os.stat_result) -> _Identity:
    return facts.st_dev, facts.st_ino


def _entry(path: str, facts: os.stat_result) -> Entry:
    return Entry(path=path, name=path.rpartition("/")[2], size=facts.st_size, changed=facts.st_mtime_ns)


def _link_over(source: tuple[int, str], target: tuple[int, str]) -> None:
    """Give the file its second name; the first goes once the disk has the other where that is in another folder."""
    (folder, name), (new_folder, new_name) = source, target
    try:
        os.link(name, new_name, src_dir_fd=folder, dst_dir_fd=new_folder, follow_symlinks=False)
    except FileExistsError:
        # The same file under both names: a rename that was cut in two by a crash.
        if _facts(name, folder) != _facts(new_name, new_folder):
            raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if _is_there(new_name, new_folder):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=new_folder)
        os.fsync(new_folder)
        return
    if folder == new_folder:
        os.unlink(name, dir_fd=folder)
        os.fsync(folder)
    else:
        os.fsync(new_folder)
        os.unlink(name, dir_fd=folder)


def _facts(name: str, folder: int) -> _Identity:
    return _identity(os.stat(name, dir_fd=folder, follow_symlinks=False))


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


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
