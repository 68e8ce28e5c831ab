"""What is remembered of an interchange's messages and groups between two passes: rows of offsets, and references.

Both grow with the number of messages, and a file may hold millions: what goes beyond a bound is kept in a
temporary file that nobody else can see.
"""

from array import array
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

MOST_ROWS = 1 << 14
"""So many rows of an `Outline` are in memory."""
_BLOCK = 1 << 10
MOST_REFERENCES = 1 << 16
"""So many references of a `Seen` are in memory."""


class Outline:
    """Rows of ``width`` whole numbers, appended and never changed."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._size = 0
        self._rows = array("q")
        self._first = 0
        """The number of the first row in memory; those before it are in the file."""
        self._file: IO[bytes] | None = None
        self._block, self._block_first = array("q"), 0

    def append(self, row: tuple[int, ...]) -> None:
        """Add a row of ``width`` numbers."""
        self._rows.extend(row)
        self._size += 1
        if self._size - self._first > MOST_ROWS:
            if self._file is None:
                from tempfile import TemporaryFile  # here, since most files are small, and it takes long to import

                self._file = TemporaryFile()  # noqa: SIM115 - as long as the outline
            self._file.seek(0, 2)
            self._rows.tofile(self._file)
            self._rows = array("q")
            self._first = self._size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> tuple[int, ...]:
        """The row of that number, from 0."""
        if not 0 <= index < self._size:
            raise IndexError(index)
        rows, first = (self._rows, self._first) if index >= self._first else self._from_file(index)
        start = (index - first) * self.width
        return tuple(rows[start : start + self.width])

    def __iter__(self) -> Iterator[tuple[int, ...]]:
        at = 0
        while at < self._first:
            rows, first = self._from_file(at)
            values = iter(rows[(at - first) * self.width :])
            for row in zip(*[values] * self.width, strict=True):
                yield row
                at += 1
        values = iter(self._rows)
        yield from zip(*[values] * self.width, strict=True)

    def _from_file(self, index: int) -> "tuple[array[int], int]":
        """A block of rows in the file with the row ``index`` in it, and the number of the block's first."""
        if not 0 <= index - self._block_first < len(self._block) // self.width:
            assert self._file
            self._file.seek(index * self.width * 8)
            self._block, self._block_first = array("q"), index
            self._block.fromfile(self._file, min(_BLOCK, self._first - index) * self.width)
        return self._block, self._block_first

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()


class Seen:
    """Which references have stood before, and in which message or group: the first of each."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._older: sqlite3.Connection | None = None

    def first(self, reference: str, number: int) -> int:
        """The number with which ``reference`` was first given here: ``number`` if that is now."""
        found = self._known.get(reference)
        if found is None and self._older is not None:
            row = self._older.execute("SELECT number FROM seen WHERE reference = ?", (reference,)).fetchone()
            found = int(row[0]) if row else None
        if found is not None:
            return found
        self._known[reference] = number
        if len(self._known) > MOST_REFERENCES:
            self._put_away()
        return number

    def _put_away(self) -> None:
        if self._older is None:
            import sqlite3

            self._older = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # a private temporary file
            self._older.execute("PRAGMA journal_mode = OFF")
            self._older.execute("PRAGMA synchronous = OFF")
            self._older.execute("PRAGMA cache_size = -4096")
            self._older.execute("CREATE TABLE seen (reference TEXT PRIMARY KEY, number INTEGER) WITHOUT ROWID")
        self._older.execute("BEGIN")
        self._older.executemany("INSERT INTO seen VALUES (?, ?)", self._known.items())
        self._older.execute("COMMIT")
        self._known.clear()

    def __del__(self) -> None:
        if self._older is not None:
            self._older.close()
