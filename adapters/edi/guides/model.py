"""The structure rules of one message as records: which segments in which order, and what stands in each.

Words: a *part* is what stands at one position of a segment or composite; a
*composite* is an element made of components.  Statuses are those of the standards:
EDIFACT ``M`` (mandatory) and ``C`` (conditional); X12 ``M``, ``O`` (optional) and
``X`` (subject to a condition on other elements of the segment); in both a guide may
say ``N`` (not used).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from transload.adapters.edi.guides.codes import NO_CODES, CodeBook, Codes
from transload.adapters.edi.guides.waivers import Waiver

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
    """A simple data element: its number in the directory, a title, its form, and its codes where they are known.

    Where one use is narrower than the directory, that use's part holds an element of its own.
    """

    code: str
    title: str
    form: Form
    codes: Codes = NO_CODES


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

    @property
    def used(self) -> bool:
        """Whether there may be a value."""
        return self.status != "N"


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """A rule between the elements of a segment or the components of a composite: ``kind`` and the positions from 1.

    X12.6: ``P`` all or none, ``R`` at least one, ``E`` at most one, ``C`` if the first then all others, ``L`` if the
    first then at least one other.  EDIFACT's dependency notes (ISO 9735-1:2002, 11.5): ``D1`` exactly one, ``D2`` all
    or none, ``D3`` at least one, ``D4`` at most one, ``D5`` if the first then all others, ``D6`` if the first then at
    least one other, ``D7`` if the first then none of the others.
    """

    kind: str
    positions: tuple[int, ...]

    def holds(self, present: Collection[int]) -> bool:
        """Whether the rule holds where the positions ``present`` have values, and no others."""
        first = self.positions[0]
        count = sum(position in present for position in self.positions)
        match self.kind:
            case "P" | "D2":
                return count in (0, len(self.positions))
            case "R" | "D3":
                return count > 0
            case "E" | "D4":
                return count < 2
            case "C" | "D5":
                return first not in present or count == len(self.positions)
            case "L" | "D6":
                return first not in present or count > 1
            case "D1":
                return count == 1
            case "D7":
                return first not in present or count == 1
        raise ValueError(f"there is no condition of kind {self.kind!r}")

    def __str__(self) -> str:
        numbers = [f"{position:02}" for position in self.positions]
        return f"{self.kind}({','.join(numbers)})" if self.kind[0] == "D" else self.kind + "".join(numbers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Composite:
    """A data element made of components, in their order."""

    code: str
    title: str
    parts: tuple[Part, ...]
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentRule:
    """The parts of a segment, in their order: ``parts[0]`` is element 1.

    An ``open`` segment may have more elements than the guide declares.  ``variant`` names the use that the rule is
    for, where a message uses one tag in several ways.
    """

    tag: str
    title: str
    parts: tuple[Part, ...]
    conditions: tuple[Condition, ...] = ()
    open: bool = False
    variant: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Selector:
    """By which code a segment is known to be meant: what stands at ``element`` (and ``component``) is one of ``codes``.

    Of an element that repeats, the first repetition counts.
    """

    element: int
    component: int | None = None
    codes: tuple[str, ...]

    def __str__(self) -> str:
        component = f".{self.component}" if self.component is not None else ""
        return f"{self.element:02}{component}={'|'.join(self.codes)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A segment's or a group's place in the structure of a message.

    A group has ``children``, whose first is the segment that opens it.  ``most`` is the
    highest number of times, `UNLIMITED` for any.  ``variant`` names the segment's rules for
    this use, and all of ``selectors`` must hold for a segment to be meant: of a segment
    only, so a group has those of the segment that opens it.
    """

    name: str
    status: str
    most: int
    children: "tuple[Entry, ...]" = ()
    variant: str = ""
    selectors: tuple[Selector, ...] = ()

    @property
    def mandatory(self) -> bool:
        """Whether it must stand at least once."""
        return self.status == "M"

    @property
    def tag(self) -> str:
        """The tag of the segment, or of the segment that opens the group."""
        return self.opener.name

    @property
    def opener(self) -> "Entry":
        """The segment that opens the group, or the segment itself."""
        return self.children[0] if self.children else self

    @property
    def rule(self) -> str:
        """The key of the segment's rules: its tag, or ``TAG.variant``."""
        return f"{self.name}.{self.variant}" if self.variant else self.name


@dataclass(frozen=True, kw_only=True)
class Rules:
    """All that a guide's files say: the message's structure and the segments of its directory.

    ``segments`` may hold more segments than the structure uses; its keys are tags, and ``TAG.variant`` for the rules of
    one use.  With ``subset`` the guide declares only part of the standard's message, so what it does not know is no
    fault.  ``elements`` and ``composites`` are those that new segments can be made of; ``code_book`` holds the long
    code lists of the directory.  With ``associated`` the messages are those of an association (UNH 0057) for which the
    guide was not written, so published code lists may lack codes of its own.  ``waivers`` are what overlays grant a
    partner.
    """

    standard: str
    message: str
    version: str
    source: str
    file: str
    subset: bool
    structure: tuple[Entry, ...]
    segments: Mapping[str, SegmentRule] = field(default_factory=dict)
    elements: Mapping[str, Element] = field(default_factory=dict)
    composites: Mapping[str, Composite] = field(default_factory=dict)
    code_book: CodeBook | None = None
    associated: bool = False
    waivers: tuple[Waiver, ...] = ()

    def read_codes(self) -> None:
        """Read the long code lists now, if there are any.

        Raises `ConfigurationError` with a finding (``C-GUIDE``) for every fault of their file.
        """
        if self.code_book is not None:
            _ = self.code_book.lists

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
