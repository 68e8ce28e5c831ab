"""Whether the ledger fails this process: told at once, each minute while it lasts, and when it is over.

A look that reads may go well while nothing can be written (a full disk, a lock), so what is heard is the work itself.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from transload.runner.ledger import Damaged, Erased, Fenced, LedgerError
from transload.runner.logs import get_logger

REPEAT_SECONDS = 60.0
FORGOTTEN_SECONDS = 90.0
"""Work that failed and is not begun here again may have been done by another process."""
_log = get_logger("engine")


class Outage:
    """What fails now, by the name of the work.  ``tick`` gives seconds that only go forward."""

    def __init__(self, *, tick: Callable[[], float] = time.monotonic) -> None:
        self._tick = tick
        self._lock = threading.Lock()
        self._failing: dict[str, tuple[str, float]] = {}
        self._began = self._told = 0.0
        self._times = 0

    @contextmanager
    def heard(self, what: str) -> Iterator[None]:
        """The work ``what`` inside: whether the ledger fails it; the error goes on."""
        try:
            yield
        except (Fenced, Erased, Damaged):
            raise
        except LedgerError as error:
            self.failed(what, error)
            raise
        self.well(what)

    def failed(self, what: str, error: LedgerError) -> None:
        """The ledger failed the work ``what``."""
        with self._lock:
            now = self._tick()
            if not self._failing:
                self._began, self._told, self._times = now, now, 1
                _log.error("the ledger fails", work=what, error=error.message, hint=error.hint)
            else:
                self._times += 1
            self._failing[what] = error.message, now
            if now - self._told >= REPEAT_SECONDS:
                self._told = now
                lasting = round(now - self._began)
                _log.error("the ledger still fails", error=error.message, seconds=lasting, times=self._times)

    def well(self, what: str) -> None:
        """The work ``what`` went well."""
        if not self._failing:
            return
        with self._lock:
            now = self._tick()
            before = bool(self._failing)
            self._failing.pop(what, None)
            for name, (_, at) in list(self._failing.items()):
                if now - at > FORGOTTEN_SECONDS:
                    del self._failing[name]
            if before and not self._failing:
                _log.info("the ledger works again", seconds=round(now - self._began), times=self._times)

    @property
    def fault(self) -> str | None:
        """What the ledger says of the last that failed; None where nothing does."""
        with self._lock:
            return max(self._failing.values(), key=lambda seen: seen[1])[0] if self._failing else None
