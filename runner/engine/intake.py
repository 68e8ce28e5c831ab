"""Taking in: what a source gives out becomes receipts, several in one commit where the source allows that.

Nothing is settled at the partner before it is committed; what was given out and not committed comes again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from transload.adapters.base import Inbound
from transload.runner.engine.arriving import arrival_of
from transload.runner.engine.lines import Line
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.memory import LedgerMemory

MOST = 50
"""How many items one transaction holds."""
MOST_BYTES = 4 * 1024 * 1024
"""How many bytes wait at most; a larger item does not wait."""
SECONDS = 0.05
"""How long an item waits for others."""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An item that is committed: its receipt, whether that is ``new``, and when the work on it began and ended."""

    inbound: Inbound
    receipt: int
    new: bool
    began: datetime
    ended: datetime


class Intake:
    """The items of one poll that wait for their commit; ``taken`` is told of those that were committed together.

    Where ``together`` is False none waits.
    """

    def __init__(
        self,
        line: Line,
        ledger: Ledger,
        memory: LedgerMemory,
        *,
        together: bool,
        clock: Callable[[], datetime],
        taken: Callable[[Sequence[Taken]], None],
    ) -> None:
        self._line = line
        self._ledger = ledger
        self._memory = memory
        self._most = MOST if together else 1
        self._clock = clock
        self._taken = taken
        self._waiting: list[tuple[Inbound, datetime]] = []
        self._bytes = 0
        self._since = 0.0

    def add(self, inbound: Inbound) -> None:
        """Let it wait for others, or commit it with those that wait.  Raises `LedgerError`, and what ``taken`` does."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append((inbound, self._clock()))
        self._bytes += _size(inbound)
        full = len(self._waiting) >= self._most or self._bytes >= MOST_BYTES
        if full or time.monotonic() - self._since >= SECONDS:
            self.commit()

    def commit(self) -> None:
        """Commit all that wait: where that cannot be done together, one by one as far as it goes."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        try:
            if len(waiting) > 1:
                try:
                    self._commit(waiting, self._memory)
                except LedgerError:  # it may be one of them; the notes then wait for the end: they may be of any
                    for each in waiting:
                        self._commit([each], None)
            elif waiting:
                self._commit(waiting, self._memory)
        finally:
            for inbound, _ in waiting:
                if not isinstance(inbound.content, bytes):
                    inbound.content.unlink(missing_ok=True)

    def _commit(self, waiting: Sequence[tuple[Inbound, datetime]], memory: LedgerMemory | None) -> None:
        arriving = [arrival_of(self._line, inbound) for inbound, _ in waiting]
        made = self._ledger.arrivals.add_all(arriving, waiting[-1][1], memory)
        ended = self._clock()
        self._taken(
            [
                Taken(inbound=inbound, receipt=receipt, new=new, began=began, ended=ended)
                for (inbound, began), (receipt, new) in zip(waiting, made, strict=True)
            ]
        )


def _size(inbound: Inbound) -> int:
    content = inbound.content
    if isinstance(content, bytes):
        return len(content)
    return content.stat().st_size if isinstance(content, Path) else content.size
