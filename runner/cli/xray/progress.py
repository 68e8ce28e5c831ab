"""How far reading has come: a bar on standard error, while nothing is written."""

import sys
import time
from collections.abc import Iterable, Iterator
from re import Match, Pattern
from typing import TYPE_CHECKING, TypeVar

from transload.adapters.base.content import Content
from transload.runner.cli.screen import console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

T = TypeVar("T")

PATIENCE = 0.7
"""So many seconds nothing is said."""
_STEP = 1 << 18


class Bar:
    """A bar for ``total`` bytes on a terminal.  It shows after `PATIENCE`, and leaves nothing behind."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._since = time.monotonic()
        self._shown: tuple[Progress, TaskID] | None = None

    def reach(self, byte: int) -> None:
        """Say that the bytes before ``byte`` are done."""
        if self._shown is None:
            if time.monotonic() - self._since < PATIENCE:
                return
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

            columns = (TextColumn("reading"), BarColumn(), DownloadColumn())
            bar = Progress(*columns, console=console(sys.stderr), transient=True)
            bar.start()
            self._shown = bar, bar.add_task("", total=self._total)
        bar, task = self._shown
        bar.update(task, completed=byte)

    def hide(self) -> None:
        """Take the bar away, since something is about to be written; it comes back after `PATIENCE`."""
        if self._shown is not None:
            self._shown[0].stop()
            self._shown = None
        self._since = time.monotonic()

    def around(self, items: Iterable[T]) -> Iterator[T]:
        """``items``, with the bar hidden while one of them is given out, and after them."""
        try:
            for each in items:
                self.hide()
                yield each
        finally:
            self.hide()


class Watched(Content):
    """A content that tells ``bar`` where it is read."""

    def __init__(self, content: Content, bar: Bar) -> None:
        self._content = content
        self._bar = bar
        self._told = 0

    def __len__(self) -> int:
        return len(self._content)

    def __getitem__(self, index: slice) -> bytes:
        self._tell(index.start or 0)
        return self._content[index]

    def find(self, needle: bytes, start: int = 0) -> int:
        """Where ``needle`` stands next from ``start`` on; -1 when it does not."""
        self._tell(start)
        return self._content.find(needle, start)

    def search(
        self, pattern: Pattern[bytes], start: int = 0, stop: int | None = None
    ) -> tuple[int, Match[bytes]] | None:
        """The next match from ``start`` on, before ``stop``, and the offset that its spans are relative to."""
        self._tell(start)
        return self._content.search(pattern, start, stop)

    def _tell(self, byte: int) -> None:
        if not 0 <= byte - self._told < _STEP:
            self._told = byte
            self._bar.reach(byte)
