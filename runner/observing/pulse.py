"""Whether a service is alive and ready, from what it says of itself: no question to the database, no secret."""

import threading
import time
from collections.abc import Callable
from typing import Any

ALIVE_SECONDS = 180.0
"""A service whose last sweep ended longer ago hangs: one may wait for a database for a minute."""
READY_SECONDS = 60.0
"""A service whose last sweep that went well is older does not work, whatever it says."""


class Pulse:
    """What a service did last.  ``stopping`` is asked whether it ends; ``tick`` gives seconds that only go forward."""

    def __init__(self, *, stopping: Callable[[], bool], tick: Callable[[], float] = time.monotonic) -> None:
        self._stopping = stopping
        self._tick = tick
        self._lock = threading.Lock()
        self._begun = tick()
        self._ended: float | None = None
        self._well: float | None = None
        self._fault: str | None = None
        self._notes: dict[str, str] = {}

    def swept(self, fault: str | None = None, *, alive: bool = True) -> None:
        """Say that a sweep ended, and what was wrong with the ledger, if anything was.

        One that is not ``alive`` ended by a fault of ours: it counts as if it had not ended.
        """
        with self._lock:
            if alive:
                self._ended = self._tick()
            self._fault = fault and f"{'ledger' if alive else 'sweep'}: {fault}"
            if fault is None:
                self._well = self._ended

    def note(self, what: str, fault: str | None) -> None:
        """Say what else stands in the way of work, such as a ``workspace`` that could not be loaded; None: no more."""
        with self._lock:
            self._notes.pop(what, None)
            if fault is not None:
                self._notes[what] = fault

    @property
    def since_sweep(self) -> float | None:
        """Seconds since the last sweep that went well; None before it."""
        with self._lock:
            return None if self._well is None else self._tick() - self._well

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether it is alive, and why not, as JSON values.

        It is while sweeps go on, also those that find the ledger out of reach: to start it again would not mend that.
        """
        with self._lock:
            idle = self._tick() - (self._begun if self._ended is None else self._ended)
            alive = idle <= ALIVE_SECONDS
            told: dict[str, Any] = {"alive": alive, "last_sweep_seconds_ago": round(idle, 1)}
            if self._ended is None:
                told["starting"] = True
            if not alive:
                told["why"] = [f"no sweep has ended for {idle:.0f} seconds: the service hangs"]
        return alive, told

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Whether it can take and deliver, and all that stands against it, as JSON values."""
        since = self.since_sweep
        with self._lock:
            why = [f"{what}: {fault}" for what, fault in self._notes.items()]
            if self._ended is None and self._fault is None:
                why.append("it is starting: the doors are not open and nothing was swept yet")
            elif self._fault is not None:
                why.append(self._fault)
            elif since is None or since > READY_SECONDS:
                why.append(f"no sweep went well for {since or 0:.0f} seconds")
        if self._stopping():
            why.append("it is stopping")
        return not why, {"ready": not why, **({"why": why} if why else {})}
