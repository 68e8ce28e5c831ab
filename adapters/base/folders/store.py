"""The few operations on files that picking up and handing over are made of."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transload.canonical.findings import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A regular file as its folder lists it.

    ``path`` leads to it, with ``/`` between names; ``size`` is in bytes; ``changed`` is
    the time of its last change in nanoseconds, by the clock of who keeps the file: it
    is compared with itself and never with our own clock.
    """

    path: str
    name: str
    size: int
    changed: int

    def same_as(self, other: "Entry | None") -> bool:
        """Whether ``other`` exists and has this size and time of change."""
        return other is not None and (self.size, self.changed) == (other.size, other.changed)


class FileFault(Exception):
    """Something about one path; the connection still works.  ``reason`` is what the other side said, or ""."""

    said = "failed"

    def __init__(self, path: str, reason: str = "") -> None:
        super().__init__(f"{path}: {reason or self.said}")
        self.path = path
        self.reason = reason


class Missing(FileFault):
    """No file or folder is there."""

    said = "no such file or folder"


class Denied(FileFault):
    """The rights of our login do not reach so far."""

    said = "permission denied"


class Taken(FileFault):
    """The new name is already in use."""

    said = "the name is already in use"


class Failed(FileFault):
    """Any other refusal: no room, a name that is not allowed, or no reason given."""


class FileStore(ABC):
    """Files at one place.  Paths are text with ``/``; bytes of a name that are no UTF-8 are surrogates (PEP 383).

    Every method raises `FileFault` for what concerns the path, and `Retry` or `Stop` for
    what concerns the whole connection.
    """

    @abstractmethod
    def list(self, folder: str) -> list[Entry]:
        """The regular files in ``folder``, in any order; links and folders left out.  Raises `Missing`, `Denied`."""

    @abstractmethod
    def look(self, path: str) -> Entry | None:
        """The file at ``path`` as it is now, or None when no file is there."""

    @abstractmethod
    def has_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder."""

    @abstractmethod
    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes from the ``start``-th on, in pieces of at most a megabyte.

        ``size`` is what the whole file is expected to have.  A longer file gives at least one
        byte more and may end there; a shorter one gives what there is.  Where the other side cannot begin in the
        middle, it is read from its beginning, and what comes before ``start`` is dropped.
        """

    @abstractmethod
    def write(self, path: str, content: bytes, *, passing: bool = False) -> None:
        """Make the file at ``path`` hold ``content``, whatever it held; durable on return where the other side can.

        ``passing``: the name is one that the file has until a `move` only, so it need not be durable.
        """

    @abstractmethod
    def move(self, old: str, new: str, *, replace: bool = False) -> None:
        """Rename a file.  Raises `Taken` when ``new`` exists and ``replace`` is not set."""

    @abstractmethod
    def remove(self, path: str) -> None:
        """Remove a file.  Raises `Missing` when there is none."""

    @abstractmethod
    def make_folder(self, path: str) -> None:
        """Make the folder ``path``; its parent must exist.  Nothing happens when it is there."""

    def describe(self) -> str:
        """What a person calls this store (address and login, or the folder)."""
        return type(self).__name__

    def abilities(self) -> Sequence[Finding]:
        """What a probe tells of the other side: remarks about what it can do, warnings about what will fail soon."""
        return ()

    def close(self) -> None:  # noqa: B027 - a store without a connection has nothing to do
        """Give back the connection; the store is not used after."""
