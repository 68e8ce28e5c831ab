"""How the beginning of a file lies on our disk: in plain, or sealed piece by piece."""

from collections.abc import Iterator
from typing import IO, Protocol

from transload.adapters.base.covered import Cover, opened, record

_BLOCK = 1024 * 1024
SEAM = 64 * 1024
"""So many of the last bytes can be asked for."""


class Held(Protocol):
    """The bytes in a file of ours; `OSError` is raised by all that touches it."""

    def prove(self, size: int) -> Iterator[bytes]:
        """The first ``size`` bytes from the beginning on, or fewer where there are no more that are good.

        When it ends, these are held, and what was behind them is cut off.
        """
        ...

    def add(self, piece: bytes) -> None:
        """Hold ``piece`` too; it is in the file after `flush`."""
        ...

    def flush(self) -> None:
        """Let all that was added be in the file."""
        ...

    def clear(self) -> None:
        """Hold nothing."""
        ...

    def end(self, size: int) -> bytes:
        """The last bytes held, at most ``size`` and `SEAM`."""
        ...


class Plain:
    """As it is."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._size = 0

    def prove(self, size: int) -> Iterator[bytes]:
        """Read the file."""
        while self._size < size and (piece := self._file.read(min(_BLOCK, size - self._size))):
            self._size += len(piece)
            yield piece
        self._file.truncate(self._size)

    def add(self, piece: bytes) -> None:
        """Write behind what is there."""
        self._file.write(piece)
        self._size += len(piece)

    def flush(self) -> None:
        """Empty the buffer."""
        self._file.flush()

    def clear(self) -> None:
        """Make the file empty."""
        self._file.seek(0)
        self._file.truncate()
        self._size = 0

    def end(self, size: int) -> bytes:
        """Read the file's end."""
        self._file.seek(max(0, self._size - min(size, SEAM)))
        return self._file.read()


class Sealed:
    """Records under ``cover``; what is not in the file yet is in memory only."""

    def __init__(self, file: IO[bytes], cover: Cover, name: str) -> None:
        self._file = file
        self._cover = cover
        self._name = name
        self._records = 0
        self._waiting = bytearray()
        self._tail = b""

    def prove(self, size: int) -> Iterator[bytes]:
        """Open records while they are good; one that ends beyond ``size`` is none of ours."""
        good = found = 0
        try:
            for piece in opened(self._file, self._cover, self._name):
                if found + len(piece) > size:
                    break
                found, good = found + len(piece), self._file.tell()
                self._records += 1
                self._tail = (self._tail + piece)[-SEAM:]
                yield piece
        except ValueError:
            pass  # what follows was not written by us, or its key is gone
        self._file.seek(good)
        self._file.truncate()

    def add(self, piece: bytes) -> None:
        """Keep it for the next record."""
        self._waiting += piece

    def flush(self) -> None:
        """Write what waits as one record."""
        if self._waiting:
            piece = bytes(self._waiting)
            self._file.write(record(piece, self._cover, self._name, self._records))
            self._records += 1
            self._tail = (self._tail + piece)[-SEAM:]
            self._waiting.clear()
        self._file.flush()

    def clear(self) -> None:
        """Make the file empty."""
        self._file.seek(0)
        self._file.truncate()
        self._records, self._tail = 0, b""
        self._waiting.clear()

    def end(self, size: int) -> bytes:
        """What was last added."""
        return (self._tail + bytes(self._waiting))[-min(size, SEAM) :]
