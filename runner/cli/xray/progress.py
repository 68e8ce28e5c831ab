"""How far reading has come: a bar on standard error, while nothing is written to the terminal."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from transload.runner.cli.screen import console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

T = TypeVar("T")

PATIENCE = 0.7
"""So many seconds nothing is said."""


class Bar:
    """A bar for ``total`` bytes.  It shows on a terminal only, after `PATIENCE`, and leaves nothing behind."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._terminal = sys.stderr.isatty()
        self._since = time.monotonic()
        self._shown: tuple[Progress, TaskID] | None = None

    def reach(self, byte: int) -> None:
        """Say that the bytes before ``byte`` are done."""
        if not self._terminal:
            return
        if self._shown is None:
            if time.monotonic() - self._since < PATIENCE:
                return
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
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

    def around(self, lines: Iterable[T]) -> Iterator[T]:
        """``lines``, with the bar hidden whenever one of them is given out, and at their end."""
        try:
            for each in lines:
                if self._terminal:
                    self.hide()
                yield each
        finally:
            self.hide()
