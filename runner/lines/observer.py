"""Who hears what the runner does, while it does it: metrics and traces are made of it, and nothing depends on it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from transload.runner.ledger.attempts import Outcome
from transload.runner.ledger.drafts import Closing
from transload.runner.ledger.portions import Parsed, Staged
from transload.runner.ledger.receipts import Receipt
from transload.runner.lines.lines import Line, Outlet


class Observer:
    """Hears everything and does nothing.  What it is told is committed already; it must not raise, nor take long."""

    def polled(self, line: Line, outcome: str, began: datetime, ended: datetime) -> None:
        """A source was asked; ``outcome`` is ``ok``, ``later`` (it may work then) or ``failed``."""

    def received(self, line: Line, receipt: int, began: datetime, ended: datetime, *, new: bool) -> None:
        """Something arrived, and was committed from ``began`` to ``ended``; not ``new``: it was there already."""

    def staged(
        self,
        line: Line,
        receipt: Receipt,
        batch: Sequence[Parsed],
        staged: Staged,
        began: datetime,
        ended: datetime,
        closing: Closing | None,
    ) -> None:
        """The documents of ``batch`` were read and mapped from ``began`` to ``ended``; ``closing`` ends the receipt."""

    def unpacked(self, line: Line, receipt: Receipt, began: datetime, ended: datetime) -> None:
        """Filters made receipts of ``receipt``."""

    def attempted(self, outlet: Outlet, outcomes: Sequence[Outcome], began: Mapping[int, datetime]) -> None:
        """Targets were called; ``began`` is when, by delivery."""
