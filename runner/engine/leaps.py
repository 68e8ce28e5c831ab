"""Leaps of the machine's clock: it was set, by a person, by NTP after a long time, or the machine slept."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from transload.runner.ledger.leaps import TOLERANCE


class Leaps:
    """Compares ``wall``, the machine's clock, with one that nobody sets."""

    def __init__(self, wall: Callable[[], datetime], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._seen = wall(), monotonic()

    def look(self) -> timedelta | None:
        """By how much the clock was set since the look before, or this began; below zero: back.  None: it was not."""
        (wall, monotonic), self._seen = self._seen, (self._wall(), self._monotonic())
        leap = self._seen[0] - wall - timedelta(seconds=self._seen[1] - monotonic)
        return leap if abs(leap) > TOLERANCE else None
