"""The bytes of a payload by offset, in memory or in a file: what a format reads that can be larger than memory.

`Content` has the few operations that readers need of bytes: its length, slices, and forward searches.  Of a file
only a window is in memory at a time, so a payload of any size is read in constant memory.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from re import Match, Pattern

WINDOW = 1 << 20
"""So many bytes of a file are looked at together."""
REACH = 1 << 12
"""A pattern's match in a file has at most so many bytes, with all that it looks ahead at."""
BEHIND = 8
"""So many bytes before the place where a search begins are there for a pattern to look behind at."""


class Content(ABC):
    """A payload: ``content[start:stop]`` are bytes, ``len(content)`` is its size."""

    @staticmethod
    def of(payload: "bytes | Content") -> "Content":
        """``payload`` itself if it is a `Content`, else the bytes as one."""
        return payload if isinstance(payload, Content) else Bytes(payload)

    @staticmethod
    @contextmanager
    def open(path: Path) -> "Iterator[Content]":
        """The content of a file, open as long as the context lasts.

        Raises `OSError` when it cannot be opened.  A file that shrinks meanwhile reads as if it ended there.
        """
        descriptor = os.open(path, os.O_RDONLY)
        try:
            yield File(descriptor)
        finally:
            os.close(descriptor)

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def __getitem__(self, index: slice) -> bytes:
        """The bytes of a slice without a step; bounds are cut to the payload's, as for `bytes`."""

    @abstractmethod
    def find(self, needle: bytes, start: int = 0) -> int:
        """Where ``needle`` stands next from ``start`` on; -1 when it does not."""

    @abstractmethod
    def search(
        self, pattern: Pattern[bytes], start: int = 0, stop: int | None = None
    ) -> tuple[int, Match[bytes]] | None:
        """The next match from ``start`` on, and the offset to which its spans are relative; None when there is none.

        What begins at ``stop`` or later is not searched for.
        In a file, matches longer than `REACH` (what is looked ahead at included) may be missed.  A lookbehind sees
        what stands before ``start``, up to `BEHIND` bytes.
        """

    def startswith(self, prefix: bytes, start: int = 0) -> bool:
        """Whether ``prefix`` stands at ``start``."""
        return self[start : start + len(prefix)] == prefix


class Bytes(Content):
    """A payload in memory, all of it under ``whole``."""

    __slots__ = ("whole",)

    def __init__(self, payload: bytes) -> None:
        self.whole = payload

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, index: slice) -> bytes:
        return self.whole[index]

    def find(self, needle: bytes, start: int = 0) -> int:
        """Where ``needle`` stands next from ``start`` on; -1 when it does not."""
        return self.whole.find(needle, start)

    def search(
        self, pattern: Pattern[bytes], start: int = 0, stop: int | None = None
    ) -> tuple[int, Match[bytes]] | None:
        """The next match from ``start`` on, before ``stop``; its spans are offsets."""
        if stop is None:
            found = pattern.search(self.whole, start)
        else:
            found = pattern.search(self.whole, start, stop + REACH)
            found = found if found and found.start() < stop else None
        return (0, found) if found else None


class File(Content):
    """A payload in an open file, of which one window at a time is in memory."""

    __slots__ = ("_base", "_descriptor", "_size", "_window")

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._base = 0
        self._window = b""

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: slice) -> bytes:
        start, stop, _ = index.indices(self._size)
        if stop <= start:  # a stop before the window would count from its end
            return b""
        if start < self._base or stop > self._base + len(self._window):
            if stop - start > WINDOW:  # what is that large is read once, and not kept
                return self._read(start, stop - start)
            self._move(start)
        return self._window[start - self._base : stop - self._base]

    def find(self, needle: bytes, start: int = 0) -> int:
        """Where ``needle`` stands next from ``start`` on; -1 when it does not."""
        at = start
        while at < self._size:
            self._reach(at, len(needle))
            found = self._window.find(needle, at - self._base)
            if found >= 0:
                return self._base + found
            at = self._next(at, len(needle) - 1)
        return -1

    def search(
        self, pattern: Pattern[bytes], start: int = 0, stop: int | None = None
    ) -> tuple[int, Match[bytes]] | None:
        """The next match from ``start`` on, before ``stop``, and the offset that its spans are relative to."""
        at = start
        while at < (self._size if stop is None else min(stop, self._size)):
            self._reach(at, REACH)
            found = pattern.search(self._window, at - self._base)
            if found is not None:
                place = self._base + found.start()
                if stop is not None and place >= stop:
                    return None
                if self._whole or found.end() + REACH <= len(self._window):
                    return self._base, found
                if place > at:  # the window's end may have cut what the pattern looks at
                    at = place
                    self._move(max(at - BEHIND, 0))
                    continue
                return self._base, found
            at = self._next(at, REACH)
        return None

    @property
    def _whole(self) -> bool:
        """Whether the file ends in the window."""
        return self._base + len(self._window) >= self._size

    def _reach(self, start: int, least: int) -> None:
        """Have ``least`` bytes from ``start`` on in the window, if the file has so many."""
        stop = min(start + max(least, 1), self._size)
        first = max(start - BEHIND, 0)
        if first < self._base or stop > self._base + len(self._window):
            self._move(first)

    def _next(self, at: int, kept: int) -> int:
        """Where to look on after the window, the last ``kept`` bytes of which are looked at again."""
        if self._whole:
            return self._size
        return max(self._base + len(self._window) - kept, at + 1)

    def _move(self, start: int) -> None:
        self._window = self._read(start, WINDOW)
        self._base = start
        if len(self._window) < WINDOW:  # also where the file was cut meanwhile: it ends here
            self._size = start + len(self._window)

    def _read(self, start: int, size: int) -> bytes:
        parts = []
        while size > 0 and (part := os.pread(self._descriptor, size, start)):
            parts.append(part)
            start += len(part)
            size -= len(part)
        return b"".join(parts)
