"""Rows: what a mapping names in the lines or records of a format that knows no segments, such as CSV and fixed width.

Such a format gives whole rows.  A mapping's layout says which *spots* of them it names (columns, ranges of
characters), and what kinds of rows there are.  A step before reading cuts each row into a record ``[tag, element...]``
whose elements are these spots, and a step after writing joins records into rows, so that all else is the same as for
segments: see `transload.mappings.compiler.cutting`.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

ENDLESS = 9_999_999
"""The last character of a range that goes on to the end of its record."""


class Spot(Hashable, Protocol):
    """A place in a row: a column, a range.  Its text is what a mapping file writes."""

    def __str__(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its exact name, or by its number (from 1) where there is no header."""

    name: str
    number: int | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Range:
    """The characters ``first`` to ``last`` of a record, counted from 1, both included.

    A value that is shorter is filled up with ``pad``: behind it, or with ``right`` in front of it.
    """

    first: int
    last: int
    pad: str = " "
    right: bool = False

    def __str__(self) -> str:
        if self.last == ENDLESS:
            return f"{self.first}-"
        return f"{self.first}-{self.last}" if self.last > self.first else str(self.first)

    @property
    def width(self) -> int:
        """How many characters it has."""
        return self.last - self.first + 1

    @property
    def strips(self) -> str:
        """What is taken off a value when it is read: blanks too, since a range without a value may be blank."""
        return self.pad if self.pad == " " else f"{self.pad} "

    def strip(self, text: str) -> str:
        """The value in the text of this range."""
        return text.lstrip(self.strips) if self.right else text.rstrip(self.strips)

    def fill(self, text: str) -> str:
        """The text of this range with a value that is not too long."""
        return text.rjust(self.width, self.pad) if self.right else text.ljust(self.width, self.pad)

    def overlaps(self, other: "Range") -> bool:
        """Whether the two have a character in common."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The records of one ``tag``: element n of such a record is ``spots[n - 1]``."""

    tag: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True, kw_only=True)
class Shapes:
    """All kinds of rows of a mapping.

    What stands at the spot ``kind`` tells a row's tag: ``tags`` has it for each text that a node names there, and a
    row with another text is tagged by that text.  Without ``kind`` all rows are of the one tag ``word``, which is
    also the key of nodes in the layout: ``row`` or ``record``.  ``ignored`` are spots that are left aside quietly,
    by the tag of their rows; those of all rows have the tag "".
    """

    word: str
    kind: Spot | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    ignored: Mapping[str, tuple[Spot, ...]] = field(default_factory=dict)

    def spot(self, tag: str, element: int) -> Spot | None:
        """What element ``element`` of a record is; None for one that no node names."""
        shape = self.shapes.get(tag)
        return shape.spots[element - 1] if shape is not None and 0 < element <= len(shape.spots) else None
