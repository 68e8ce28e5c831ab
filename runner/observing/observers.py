"""Several observers as one; a fault of theirs is told, and never reaches the work."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from transload.runner.ledger.attempts import Outcome
from transload.runner.ledger.drafts import Closing
from transload.runner.ledger.portions import Parsed, Staged
from transload.runner.ledger.receipts import Receipt
from transload.runner.lines.lines import Line, Outlet
from transload.runner.lines.observer import Observer
from transload.runner.logs import get_logger

_log = get_logger("observing")


class Observers(Observer):
    """Tells each of ``observers`` what it hears."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def polled(self, line: Line, outcome: str, began: datetime, ended: datetime) -> None:
        """See `Observer.polled`."""
        self._tell(lambda one: one.polled(line, outcome, began, ended))

    def received(self, line: Line, receipt: int, began: datetime, ended: datetime, *, new: bool) -> None:
        """See `Observer.received`."""
        self._tell(lambda one: one.received(line, receipt, began, ended, new=new))

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
        """See `Observer.staged`."""
        self._tell(lambda one: one.staged(line, receipt, batch, staged, began, ended, closing))

    def unpacked(self, line: Line, receipt: Receipt, began: datetime, ended: datetime) -> None:
        """See `Observer.unpacked`."""
        self._tell(lambda one: one.unpacked(line, receipt, began, ended))

    def attempted(self, outlet: Outlet, outcomes: Sequence[Outcome], began: Mapping[int, datetime]) -> None:
        """See `Observer.attempted`."""
        self._tell(lambda one: one.attempted(outlet, outcomes, began))

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        for one in self._observers:
            try:
                tell(one)
            except Exception:  # noqa: BLE001  # a figure that is missing is no reason to hold up a document
                _log.exception("what happened could not be observed: a fault of ours")
