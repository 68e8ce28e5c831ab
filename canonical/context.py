"""What encoding and rendering may know of the world besides the document: clock, numbers, partner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class Numbers(Protocol):
    """A source of control numbers.  The runner's are durable and gapless; a test's are fixed."""

    def next(self, series: str) -> int:
        """The next number of ``series``, from 1; each call uses one up."""
        ...


class CountingNumbers:
    """Control numbers kept in memory, each series starting at 1: for conversions and tests."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def next(self, series: str) -> int:
        """The next number of ``series``, from 1."""
        self._last[series] = number = self._last.get(series, 0) + 1
        return number


@dataclass(frozen=True, kw_only=True)
class Context:
    """The clock (an aware datetime, fixed for one encoding), the control numbers and the partner's facts.

    ``partner`` maps names to texts, such as ``gln``, ``edifact.id``; laws and tests use a
    fixed context, so that what they write is the same byte for byte.
    """

    now: datetime
    numbers: Numbers = field(default_factory=CountingNumbers)
    partner: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("Context.now needs a time zone")
