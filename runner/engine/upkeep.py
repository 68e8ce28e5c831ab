"""The thread of a service that seals the ledger's events from time to time; the runner never waits for it."""

import threading
from collections.abc import Callable
from datetime import datetime

from transload.runner.engine.logs import get_logger
from transload.runner.ledger import Ledger, LedgerError

SECONDS = 300.0
"""How often a service seals: what happened since is shown by its own chains only."""
_STOP_SECONDS = 5.0
_log = get_logger("upkeep")


class Upkeep:
    """Looks after ``ledger`` each ``seconds``, and once when it is stopped."""

    def __init__(self, ledger: Ledger, *, clock: Callable[[], datetime], seconds: float = SECONDS) -> None:
        self._ledger = ledger
        self._clock = clock
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after a last time."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def look(self) -> None:
        """Do now what is due; a ledger that fails is written to the log, and looked after the next time."""
        try:
            self._ledger.seals.make(self._clock())
        except LedgerError as error:
            _log.error("the ledger could not be sealed", error=error.message)

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            self._guarded()
        self._guarded()

    def _guarded(self) -> None:
        try:
            self.look()
        except Exception:  # noqa: BLE001  # one look that fails must not be the last
            _log.exception("the ledger could not be looked after: a fault of ours")
