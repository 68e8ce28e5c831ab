"""The structure rules of one message as records: which segments in which order, and what stands in each.

Words: a *part* is what stands at one position of a segment or composite; a
*composite* is an element made of components.  Statuses are those of the standards:
EDIFACT ``M`` (mandatory) and ``C`` (conditional); X12 ``M``, ``O`` (optional) and
``X`` (subject to a condition on other elements of the segment).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

UNLIMITED = 0
"""The ``most`` of an entry that may stand any number of times (X12 writes ``>1``)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a value is represented: ``kind`` and the least and most characters.

    Kinds are EDIFACT's ``a``, ``n`` and ``an`` (ISO 9735:1988, section 10) and X12's
    ``AN``, ``ID``, ``N0``..``N9``, ``R``, ``DT``, ``TM`` and ``B`` (X12.6).  In numbers neither
    the sign nor the decimal mark counts as a character.
    """

    kind: str
    least: int
    most: int

    @property
    def numeric(self) -> bool:
        """Whether values are numbers."""
        return self.kind in ("n", "R") or self.kind[0] == "N"

    def __str__(self) -> str:
        if not self.kind.islower():
            return f"{self.kind} {self.least}/{self.most}"
        return f"{self.kind}{self.most}" if self.least == self.most else f"{self.kind}..{self.most}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """A simple data element: its number in the directory, a title, its form, and its codes where they are few."""

    code: str
    title: str
    form: Form
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What stands at one position.  ``repetitions`` is how often it may repeat there (X12 00402 and later; else 1)."""

    element: "Element | Composite"
    status: str
    repetitions: int = 1

    @property
    def mandatory(self) -> bool:
        """Whether there must be a value."""
        return self.status == "M"


@dataclass(frozen=True, kw_only=True, slots=True)
class Composite:
    """A data element made of components, in their order."""

    code: str
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A rule between elements of a segment, as X12.6 writes them: ``kind`` and the positions from 1.

    ``P`` all or none, ``R`` at least one, ``E`` at most one, ``C`` if the first then all others,
    ``L`` if the first then at least one other.
    """

    kind: str
    positions: tuple[int, ...]

    def __str__(self) -> str:
        return self.kind + "".join(f"{position:02}" for position in self.positions)


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentRule:
    """The parts of a segment, in their order: ``parts[0]`` is element 1.

    An ``open`` segment may have more elements than the guide declares.
    """

    tag: str
    title: str
    parts: tuple[Part, ...]
    conditions: tuple[Condition, ...] = ()
    open: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A segment's or a group's place in the structure of a message.

    A group has ``children``, whose first is the segment that opens it.  ``most`` is the
    highest number of times, `UNLIMITED` for any.
    """

    name: str
    status: str
    most: int
    children: "tuple[Entry, ...]" = ()

    @property
    def mandatory(self) -> bool:
        """Whether it must stand at least once."""
        return self.status == "M"

    @property
    def tag(self) -> str:
        """The tag of the segment, or of the segment that opens the group."""
        return self.children[0].name if self.children else self.name


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All that a guide's files say: the message's structure and the segments of its directory.

    ``segments`` may hold more segments than the structure uses.  With ``subset`` the
    guide declares only part of the standard's message, so what it does not know is no fault.
    """

    standard: str
    message: str
    version: str
    source: str
    file: str
    subset: bool
    structure: tuple[Entry, ...]
    segments: Mapping[str, SegmentRule] = field(default_factory=dict)

    @cached_property
    def tags(self) -> frozenset[str]:
        """The tags that the structure uses."""
        found: set[str] = set()
        waiting = list(self.structure)
        while waiting:
            entry = waiting.pop()
            if entry.children:
                waiting += entry.children
            else:
                found.add(entry.name)
        return frozenset(found)
