"""The entries of a copybook, as a tree: groups, fields and tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from transload.adapters.cobol.pictures import Picture

Usage = Literal["display", "packed", "binary", "native", "float", "double"]


@dataclass(eq=False, kw_only=True)
class Item:
    """One entry: a group, which has ``children``, or a field, which has a picture or is a float.

    ``name`` is in capitals, and empty for a FILLER.  A table has ``most`` above 0; ``least`` is less where its
    size depends on ``depending``.  ``redefines`` is the entry whose bytes it has.  ``size`` is the number of
    bytes of one occurrence, with all tables at their largest.  ``sign`` says where the sign of a zoned number
    stands, ``apart`` that it has a byte of its own.
    """

    level: int
    name: str
    line: int
    parent: "Item | None" = None
    children: "list[Item]" = field(default_factory=list)
    picture: Picture | None = None
    usage: Usage = "display"
    sign: Literal["leading", "trailing"] = "trailing"
    apart: bool = False
    right: bool = False
    least: int = 0
    most: int = 0
    depending: "Item | None" = None
    redefines: "Item | None" = None
    size: int = 0

    @property
    def is_group(self) -> bool:
        """Whether other entries stand below it."""
        return self.picture is None and self.usage not in ("float", "double")

    @property
    def is_numeric(self) -> bool:
        """Whether it holds a number."""
        return self.usage in ("float", "double") or (self.picture is not None and self.picture.numeric)

    @property
    def room(self) -> int:
        """The bytes of all its occurrences."""
        return self.size * max(self.most, 1)

    @property
    def path(self) -> tuple[str, ...]:
        """Its names, from the record inwards."""
        above = self.parent.path if self.parent is not None else ()
        return (*above, self.name) if self.name else above

    @property
    def kind(self) -> str:
        """What a person calls it: ``PIC S9(5)V99 COMP-3``."""
        words = {"packed": " COMP-3", "binary": " COMP", "native": " COMP-5", "float": "COMP-1", "double": "COMP-2"}
        return (f"PIC {self.picture.text}" if self.picture else "") + words.get(self.usage, "")

    def walk(self) -> "Iterator[Item]":
        """The entry and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()
