"""The thread of a service that looks after the ledger; the runner never waits for it.

It seals the events, and lets go of payloads that their routes keep no longer.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from transload.runner.ledger import Ledger, LedgerError
from transload.runner.logs import get_logger

SECONDS = 300.0
"""How often a service looks: what happened since is shown by its own chains only."""
_STOP_SECONDS = 5.0
_log = get_logger("upkeep")


class Upkeep:
    """Looks after ``ledger`` each ``seconds``, and once when it is stopped.

    ``keep`` is how long each route keeps payloads; those that keep them for good are not named.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        keep: Mapping[str, timedelta],
        seconds: float = SECONDS,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._keep = keep
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after sealing a last time."""
        self._stopping.set()
        self._thread.join(_STOP_SECONDS)

    def look(self) -> None:
        """Do now what is due; a ledger that fails is written to the log, and looked after the next time."""
        self._tidy()
        self._seal()

    def _tidy(self) -> None:
        now, count = self._clock(), 0
        try:
            self._ledger.erasing.sweep()
            for route, kept in sorted(self._keep.items()):
                for _ in self._ledger.erasing.tidy(route, now - kept, now):
                    count += 1
                    if self._stopping.is_set():
                        return
        except LedgerError as error:
            _log.error("payloads could not be let go of", error=error.message)
        if count:
            _log.info("payloads were let go of", receipts=count)

    def _seal(self) -> None:
        try:
            self._ledger.seals.make(self._clock())
        except LedgerError as error:
            _log.error("the ledger could not be sealed", error=error.message)

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            self._guarded(self.look)
        self._guarded(self._seal)

    @staticmethod
    def _guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001  # one look that fails must not be the last
            _log.exception("the ledger could not be looked after: a fault of ours")
