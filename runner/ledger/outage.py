"""Whether the ledger fails this process: told at once, each minute while it lasts, and when it is over.

A look that reads may go well while nothing can be written (a full disk, a lock), so what is heard is the work itself.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from transload.runner.ledger.errors import Damaged, Erased, Fenced, LedgerError
from transload.runner.logs import get_logger

REPEAT_SECONDS = 60.0
TOLD_SECONDS = 60.0
"""What is over sooner is no incident."""
FORGOTTEN_SECONDS = 90.0
"""Work that failed and is not begun here again may have been done by another process."""
_log = get_logger("ledger")


@dataclass(frozen=True, kw_only=True)
class Lasted:
    """A time in which the ledger failed, with its last error."""

    since: datetime
    error: str
    over: bool


class Outage:
    """What fails now, by the name of the work.  ``tick`` gives seconds that only go forward, ``clock`` the time."""

    def __init__(
        self, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._tick = tick
        self._since: datetime | None = None
        self._past: Lasted | None = None
        self._lock = threading.Lock()
        self._failing: dict[str, float] = {}
        self._began = self._told = 0.0
        self._times = 0
        self._error = ""

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
                self._since = self._clock()
                _log.error("the ledger fails", work=what, error=error.message, hint=error.hint)
            else:
                self._times += 1
            self._failing[what] = now
            self._error = error.message
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
            for name, at in list(self._failing.items()):
                if now - at > FORGOTTEN_SECONDS:
                    del self._failing[name]
            if before and not self._failing:
                seconds = now - self._began
                _log.info("the ledger works again", seconds=round(seconds), times=self._times)
                if seconds >= TOLD_SECONDS and self._since is not None:
                    self._past = Lasted(since=self._since, error=self._error, over=True)

    def lasted(self) -> Lasted | None:
        """What has failed for a minute and still does, or did and is told here once; None where all is well."""
        with self._lock:
            past, self._past = self._past, None
            if self._failing and self._since is not None and self._tick() - self._began >= TOLD_SECONDS:
                return Lasted(since=self._since, error=self._error, over=False)
            return past

    def untold(self, lasted: Lasted) -> None:
        """What `lasted` gave could not be written down: it is given again."""
        with self._lock:
            if lasted.over:
                self._past = lasted

    @property
    def fault(self) -> str | None:
        """What the ledger said the last time that it failed; None where nothing fails now."""
        with self._lock:
            return self._error if self._failing else None
