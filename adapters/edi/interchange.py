"""What framing finds in a payload: interchanges, their groups and messages, by byte offsets."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from transload.adapters.base.format import COMPONENT, Identity
from transload.adapters.edi.charsets import Charset
from transload.adapters.edi.separators import Separators
from transload.canonical.findings import Finding

NO_GROUP = ("TA1", "TA3")
"""Segments that acknowledge an interchange and stand outside of groups (X12.5)."""


class Level(IntEnum):
    """The three levels of an envelope, outermost first."""

    INTERCHANGE = 0
    GROUP = 1
    MESSAGE = 2

    @property
    def word(self) -> str:
        """The level's name, as places write it."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A service segment (UNB, GS, UNT, ...): ``elements[0]`` is element 1, components apart by ``COMPONENT``.

    ``end`` is the offset after its terminator.  Values are resolved: no release
    characters, control characters as separators.
    """

    tag: str
    elements: tuple[str, ...]
    start: int
    end: int

    def element(self, number: int, component: int | None = None) -> str:
        """The element from 1, or one of its components; "" where there is none."""
        if number > len(self.elements):
            return ""
        value = self.elements[number - 1]
        if component is None:
            return value
        parts = value.split(COMPONENT)
        return parts[component - 1] if component <= len(parts) else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """One message: where it stands, and its header and trailer as far as they exist.

    ``number`` counts from 1 in the interchange and ``group`` is the number of its group.
    The segments between header and trailer are the bytes ``body_start`` to ``body_end``.
    ``repeats`` is the number of an earlier message with the same reference.  ``binary``
    tells that BIN or BDS segments stand in it, ``cut`` that it ends in the middle of a segment.
    """

    number: int
    group: int | None
    header: Service
    trailer: Service | None
    end: int
    body_end: int
    repeats: int | None = None
    binary: bool = False
    cut: bool = False

    @property
    def start(self) -> int:
        """Where the header begins."""
        return self.header.start

    @property
    def body_start(self) -> int:
        """Where the first byte after the header's terminator is."""
        return self.header.end


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A functional group: its header and trailer, and how many messages it holds."""

    number: int
    header: Service
    trailer: Service | None
    messages: int


@dataclass(frozen=True, kw_only=True)
class Interchange:
    """One interchange of a payload, ``number`` counting all of them from 1.

    ``header`` is None for messages without UNB.  ``una`` is the UNA that
    precedes, as it stands.
    ``newline`` is what follows each terminator, ``una_end`` what follows UNA and ``final``
    what follows the last terminator.  ``outside`` holds the service segments outside of
    messages that X12 allows (TA1, ...).  ``findings`` concern interchange and groups.
    """

    standard: str
    number: int
    start: int
    end: int
    separators: Separators
    charset: Charset
    header: Service | None
    trailer: Service | None = None
    una: str = ""
    una_end: str = ""
    newline: str = ""
    final: str = ""
    groups: tuple[Group, ...] = ()
    frames: tuple[Frame, ...] = ()
    outside: tuple[Service, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def reference(self) -> str:
        """The interchange control reference: UNB 0020, ISA13."""
        return self.header.element(13 if self.standard == "x12" else 5) if self.header else ""

    @property
    def sender(self) -> Identity | None:
        """Who sent it: UNB S002, ISA05 and ISA06."""
        return self._party(2, 6)

    @property
    def receiver(self) -> Identity | None:
        """For whom it is: UNB S003, ISA07 and ISA08."""
        return self._party(3, 8)

    @property
    def test(self) -> bool:
        """Whether it is marked as a test: UNB 0035 is 1, ISA15 is T."""
        if self.header is None:
            return False
        return self.header.element(15) == "T" if self.standard == "x12" else self.header.element(11) == "1"

    @property
    def acknowledgement_requested(self) -> bool:
        """Whether the sender asks for an acknowledgement of the interchange: UNB 0031 is 1, ISA14 is 1."""
        return self.header is not None and self.header.element(14 if self.standard == "x12" else 9) == "1"

    def group(self, number: int | None) -> Group | None:
        """The group of that number, from 1; None for None."""
        return self.groups[number - 1] if number else None

    def _party(self, edifact: int, x12: int) -> Identity | None:
        if self.header is None:
            return None
        if self.standard == "x12":
            found, qualifier = self.header.element(x12).strip(), self.header.element(x12 - 1).strip()
        else:
            found, qualifier = self.header.element(edifact, 1), self.header.element(edifact, 2)
        return Identity(id=found, qualifier=qualifier or None)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What differs between the two standards while framing.

    ``headers`` and ``trailers`` are the tags of interchange, group and message,
    ``references`` the elements of the headers that hold their references; a trailer
    holds its count in element 1 and the header's reference in element 2.  ``outside``
    are the tags that may stand outside of messages.  ``acks`` gives, by kind of fault and
    level, the codes of acknowledgements.
    """

    standard: str
    headers: tuple[str, str, str]
    trailers: tuple[str, str, str]
    references: tuple[int, int, int]
    outside: frozenset[str]
    groups_needed: bool
    acks: Mapping[tuple[str, Level], Mapping[str, str]]

    def ack(self, fault: str, level: Level) -> Mapping[str, str]:
        """The acknowledgement codes of a kind of fault at a level; empty where the standard has none."""
        return self.acks.get((fault, level), {})


def states(count: str, found: int) -> bool:
    """Whether a control count is the number ``found``; leading zeros do not matter."""
    return count.isascii() and count.isdigit() and len(count) < 20 and int(count) == found
