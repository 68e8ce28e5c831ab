"""The control numbers of one sender and receiver as they arrive: which are missing.

A number beyond the next one leaves a hole, which a number that comes late makes smaller.  A number that is lower than
expected and no hole's is remembered: when its successor comes next the counter was set back, and goes on from there;
else it was a straggler.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_MOST_HOLES = 100
_LONGEST = 14


@dataclass(kw_only=True)
class Hole:
    """Numbers from ``first`` to ``last`` that are missing since ``since``; ``told``: an incident speaks of it."""

    first: int
    last: int
    since: datetime
    told: bool = False

    @property
    def text(self) -> str:
        """The numbers."""
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"

    @property
    def size(self) -> int:
        """How many numbers."""
        return self.last - self.first + 1


@dataclass(kw_only=True)
class Sequence:
    """The numbers so far: the ``highest``, one that was too ``low``, and the holes (the latest 100)."""

    highest: int
    low: int | None = None
    holes: list[Hole] = field(default_factory=list)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "Sequence":
        """A sequence from JSON values."""
        holes = [
            Hole(first=first, last=last, since=datetime.fromisoformat(since), told=told)
            for first, last, since, told in state["holes"]
        ]
        return cls(highest=state["highest"], low=state["low"], holes=holes)

    def as_dict(self) -> dict[str, Any]:
        """It as JSON values."""
        holes = [[hole.first, hole.last, hole.since.isoformat(), hole.told] for hole in self.holes]
        return {"highest": self.highest, "low": self.low, "holes": holes}

    def see(self, number: int, at: datetime) -> None:
        """Take in that ``number`` has come."""
        if number == self.highest or self._fills(number):
            return
        if self.low is not None and number in (self.low, self.low + 1):
            if number > self.low:
                self.highest, self.low = number, None
            return
        if number < self.highest:
            self.low = number
            return
        if number > self.highest + 1:
            self.holes.append(Hole(first=self.highest + 1, last=number - 1, since=at))
            self.holes = self.holes[-_MOST_HOLES:]
        self.highest, self.low = number, None

    def _fills(self, number: int) -> bool:
        for place, hole in enumerate(self.holes):
            if hole.first <= number <= hole.last:
                ends = ((hole.first, number - 1), (number + 1, hole.last))
                self.holes[place : place + 1] = [
                    Hole(first=first, last=last, since=hole.since, told=hole.told)
                    for first, last in ends
                    if first <= last
                ]
                return True
        return False


def number_of(reference: str) -> int | None:
    """The number that an interchange's reference is; None for one with other signs."""
    return int(reference) if reference.isascii() and reference.isdigit() and len(reference) <= _LONGEST else None
