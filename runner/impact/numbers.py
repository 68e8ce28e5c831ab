"""Control numbers for making again what was sent: those of then, so that they make no difference, and none is used."""

from collections.abc import Mapping

LEVELS = ("interchange", "group")
NAMED = 31415926
"""Stands for the number of a delivery, which is seen in names of files only: it is found again there by its digits."""


class NumbersOfThen:
    """Gives the numbers that a payload carried, by level; any other is ``otherwise``.

    ``guessed`` tells whether one was asked for that is not known.
    """

    def __init__(self, known: Mapping[str, int], otherwise: int = 1) -> None:
        self._known = known
        self._otherwise = otherwise
        self.guessed = False

    def next(self, series: str) -> int:
        """The number of then for ``series``."""
        if series.startswith("delivery:"):
            return NAMED
        level = series.rpartition("/")[2]
        if level in self._known:
            return self._known[level]
        self.guessed = True
        return self._otherwise
