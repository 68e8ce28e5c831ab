"""The rows of a cross-reference: the partner's word and ours, one to one in both directions."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from itertools import islice

Row = tuple[str, str, int]
"""The partner's word, ours, and the line (of a file) or number (of a query's row)."""
_SEEN = 50_000
_CLOSE = 2000
"""So many words at most are looked at for a hint, and compared letter by letter."""


@dataclass(frozen=True)
class Clash:
    """Two rows that contradict each other: ``word`` stands in both, with another partner."""

    word: str
    ours: bool
    first: int
    second: int

    def text(self) -> str:
        """In words, without the lines."""
        side = "our" if self.ours else "the partner's"
        return f"{side} {self.word!r} stands for two"


class Rows:
    """A table that is complete: ``read`` from the partner's word to ours, ``write`` back."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.read: dict[str, str] = {}
        self.write: dict[str, str] = {}
        self.clashes: list[Clash] = []
        read, write = self.read, self.write
        lines: dict[str, int] = {}
        for theirs, ours, line in rows:
            before = read.setdefault(theirs, ours)
            back = write.setdefault(ours, theirs)
            if before != ours:
                self.clashes.append(Clash(theirs, False, lines[theirs], line))
            elif back != theirs:
                self.clashes.append(Clash(ours, True, lines[back], line))
            else:
                lines.setdefault(theirs, line)

    def __len__(self) -> int:
        return len(self.read)

    @cached_property
    def content(self) -> bytes:
        """All rows as text, sorted: what is kept beside a document that was read or written with them."""
        return "".join(f"{theirs}\t{ours}\n" for theirs, ours in sorted(self.read.items())).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content).hexdigest()

    def near(self, word: str, *, ours: bool) -> str | None:
        """A word of the table that is nearly ``word``: but for case, marks and leading zeros, or a letter or two."""
        index = self._our_index if ours else self._their_index
        found = index.get(_bare(word))
        if found is not None:
            return found
        side = self.write if ours else self.read
        close = get_close_matches(word, list(_some(side, word[:3])), n=1, cutoff=0.75)
        return close[0] if close else None

    @cached_property
    def _their_index(self) -> dict[str, str]:
        return {_bare(word): word for word in self.read}

    @cached_property
    def _our_index(self) -> dict[str, str]:
        return {_bare(word): word for word in self.write}


@dataclass(frozen=True, kw_only=True)
class UsedTable:
    """A cross-reference of a mapping, for the record of what was in force."""

    name: str
    rows: Rows
    live: bool


def _some(words: Iterable[str], beginning: str) -> Iterator[str]:
    count = 0
    for word in islice(words, _SEEN):
        if word.startswith(beginning):
            yield word
            count += 1
            if count == _CLOSE:
                return


def _bare(word: str) -> str:
    return "".join(filter(str.isalnum, word.casefold())).lstrip("0")
