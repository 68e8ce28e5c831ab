"""Grouping: small receipts that are read one after another are committed together, as a commit takes longer than one.

What is read and not yet committed is due still: a process that ends in the midst reads it again.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from transload.runner.ledger import LedgerError
from transload.runner.ledger.portions import Portion

MOST_MESSAGES = 100
"""How many messages one transaction holds."""
MOST_BYTES = 4 * 1024 * 1024
"""How many bytes of receipts wait at most; a larger one does not wait."""
SECONDS = 0.25
"""How long a receipt that was read waits for others."""


@dataclass(frozen=True, kw_only=True)
class Timed(Portion):
    """A portion that was read from ``began`` on, at ``now`` by the clock that its bytes may tell."""

    began: datetime
    now: datetime


class Read(Protocol):
    """A receipt that was read to its end."""

    @property
    def portion(self) -> Timed:
        """What is to be committed of it."""
        ...

    def alone(self) -> None:
        """Commit it by itself, as far as that can be done."""
        ...


class Group:
    """The receipts of a line that wait for their commit; with ``most`` 1 none does.

    ``commit_all`` commits several together.  What is wrong with one of them must not hold up the others: where it
    fails, each is committed alone.
    """

    def __init__(self, commit_all: Callable[[Sequence[Timed]], object], *, most: int = MOST_MESSAGES) -> None:
        self.most = most
        self._commit_all = commit_all
        self._waiting: list[Read] = []
        self._messages = 0
        self._bytes = 0
        self._since = 0.0
        self._interchanges: set[tuple[str, str, str]] = set()

    def add(self, read: Read) -> None:
        """Let it wait for others, or commit it with those that wait.  Raises what `commit` raises."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting.append(read)
        portion = read.portion
        parsed = portion.parsed
        self._messages += max(1, len(parsed))
        self._bytes += portion.receipt.size
        self._interchanges |= {(item.interchange, item.sender, item.receiver) for item in parsed}
        full = self._messages >= self.most or self._bytes >= MOST_BYTES
        if full or time.monotonic() - self._since >= SECONDS:
            self.commit()

    def settle(self, interchange: tuple[str, str, str]) -> None:
        """Commit before the ledger is asked for the messages of an ``interchange`` (reference, sender, receiver)."""
        if interchange in self._interchanges:
            self.commit()

    def commit(self) -> None:
        """Commit all that wait.

        Raises `LedgerError` when nothing can be written, and what committing one of them alone raises.
        """
        waiting, self._waiting = self._waiting, []
        self._messages = self._bytes = 0
        self._interchanges = set()
        if len(waiting) > 1:
            try:
                self._commit_all([read.portion for read in waiting])
            except LedgerError:
                raise
            except Exception:  # noqa: BLE001, S110  # which of them it was shows when each is committed alone
                pass
            else:
                return
        for read in waiting:
            read.alone()
