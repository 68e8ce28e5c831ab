"""What framing finds in a payload: interchanges, their groups and messages, by byte offsets."""

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from enum import IntEnum, IntFlag
from functools import cached_property
from re import Pattern
from typing import NamedTuple

from transload.adapters.base.content import Content
from transload.adapters.base.format import Identity
from transload.adapters.edi.charsets import Charset
from transload.adapters.edi.reading.outline import Outline, Seen
from transload.adapters.edi.separators import Separators
from transload.adapters.edi.services import Service, service_between
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Dialect:
    """What differs between the standards while framing.

    ``headers`` and ``trailers`` are the tags of interchange, group and message,
    ``references`` the elements of the headers that hold their references; a trailer
    holds its count in element 1, and at the levels of ``paired`` the header's reference in
    element 2.  The interchange's trailer counts groups where there are any, with ``counts_messages`` always
    messages.  ``outside`` are the tags that may stand outside of messages, ``binary`` those of segments
    that hold binary data, ``package`` the header and trailer of an object that stands in a message's place.
    ``forms`` says what control references must look like, as an expression and in words.
    ``acks`` gives, by kind of fault and level, the codes of acknowledgements.
    """

    standard: str
    headers: tuple[str, str, str]
    trailers: tuple[str, str, str]
    references: tuple[int, int, int]
    paired: frozenset[Level] = frozenset(Level)
    outside: frozenset[str] = frozenset()
    binary: frozenset[str] = frozenset()
    package: tuple[str, str] | None = None
    groups_needed: bool = False
    counts_messages: bool = False
    forms: Mapping[Level, tuple[Pattern[str], str]] = field(default_factory=dict)
    acks: Mapping[tuple[str, Level], Mapping[str, str]]

    def ack(self, fault: str, level: Level) -> Mapping[str, str]:
        """The acknowledgement codes of a kind of fault at a level; empty where the standard has none."""
        return self.acks.get((fault, level), {})

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The tags that framing looks for."""
        return (*self.headers, *self.trailers, *sorted(self.outside | self.binary), *(self.package or ()))


class Mark(IntFlag):
    """What an outline remembers of a message or group beside its offsets."""

    TRAILER = 1
    BINARY = 2
    PACKAGE = 4
    CUT = 8
    HEADER_OPEN = 16
    """The header has no terminator: the payload ends in it."""
    TRAILER_OPEN = 32


class Frame(NamedTuple):
    """One message: where it stands, and its header and trailer as far as they exist.

    ``number`` counts from 1 in the interchange and ``group`` is the number of its group.
    The segments between header and trailer are the bytes ``body_start`` to ``body_end``.
    ``repeats`` is the number of an earlier message with the same reference.  ``binary``
    tells that BIN or BDS segments stand in it, ``package`` that it is no message but an object
    between UNO and UNP, and ``cut`` that it ends in the middle of a segment.
    """

    number: int
    group: int | None
    header: Service
    trailer: Service | None
    end: int
    body_end: int
    repeats: int | None = None
    binary: bool = False
    package: bool = False
    cut: bool = False

    @property
    def start(self) -> int:
        """Where the header begins."""
        return self.header.start

    @property
    def body_start(self) -> int:
        """Where the first byte after the header's terminator is."""
        return self.header.end


class Group(NamedTuple):
    """A functional group: its header and trailer, and how many messages it holds."""

    number: int
    header: Service
    trailer: Service | None
    messages: int


class Frames:
    """The messages of an interchange in their order, taken from the payload again each time they are gone through.

    ``rows`` has for each where its header, its body, its trailer and what follows it begin,
    its group's number (0 outside of groups) and its `Mark`.
    """

    WIDTH = 6

    def __init__(
        self, content: Content, reference: int, separators: Separators, charset: Charset, rows: Outline
    ) -> None:
        self._content = content
        self._reference = reference
        self._reading = (separators, charset)
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Frame]:
        content, wanted, (separators, charset) = self._content, self._reference - 1, self._reading
        seen, group = Seen(), 0
        trailer_mark, header_open, trailer_open = int(Mark.TRAILER), int(Mark.HEADER_OPEN), int(Mark.TRAILER_OPEN)
        binary, package, cut = int(Mark.BINARY), int(Mark.PACKAGE), int(Mark.CUT)  # plain numbers are much faster
        for number, (start, body, body_end, end, of, marks) in enumerate(self._rows, 1):
            header = service_between(content, start, None if marks & header_open else body, separators, charset)
            trailer = None
            if marks & trailer_mark:
                stop = None if marks & trailer_open else end
                trailer = service_between(content, body_end, stop, separators, charset)
            if of != group:
                group, seen = of, Seen()
            reference = header.elements[wanted] if len(header.elements) > wanted else ""
            first = seen.first(reference, number) if reference else number
            yield Frame(
                number,
                of or None,
                header,
                trailer,
                end,
                body_end,
                first if first != number else None,
                marks & binary > 0,
                marks & package > 0,
                marks & cut > 0,
            )


class Groups:
    """The groups of an interchange in their order, taken from the payload when they are asked for.

    ``rows`` has for each where its header begins and ends, where its trailer begins and ends, how many
    messages it holds, and its `Mark`.
    """

    WIDTH = 6

    def __init__(self, content: Content, separators: Separators, charset: Charset, rows: Outline) -> None:
        self._content = content
        self._reading = (separators, charset)
        self._rows = rows
        self._last: Group | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Group]:
        return (self[index] for index in range(len(self._rows)))

    def __getitem__(self, index: int) -> Group:
        """The group at that index, from 0."""
        last, number = self._last, index + 1
        if last is not None and last.number == number:
            return last
        start, body, trailer_start, end, messages, marks = self._rows[index]
        separators, charset = self._reading
        header = service_between(self._content, start, None if marks & Mark.HEADER_OPEN else body, separators, charset)
        trailer = None
        if marks & Mark.TRAILER:
            stop = None if marks & Mark.TRAILER_OPEN else end
            trailer = service_between(self._content, trailer_start, stop, separators, charset)
        self._last = Group(number, header, trailer, messages)
        return self._last


class Beginning(NamedTuple):
    """What the beginning of an interchange tells of the rest: the first fields of an `Interchange`."""

    standard: str
    number: int
    start: int
    separators: Separators
    charset: Charset
    header: Service | None
    una: str = ""
    una_end: str = ""


@dataclass(frozen=True)
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
    separators: Separators
    charset: Charset
    header: Service | None
    una: str
    una_end: str
    _: KW_ONLY
    end: int
    trailer: Service | None = None
    newline: str = ""
    final: str = ""
    groups: Groups | tuple[Group, ...] = ()
    frames: Frames | tuple[Frame, ...] = ()
    outside: tuple[Service, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def reference(self) -> str:
        """The interchange control reference: UNB 0020, ISA13, STX SNRF."""
        return self.header.element(13 if self.standard == "x12" else 5) if self.header else ""

    @cached_property
    def sender(self) -> Identity | None:
        """Who sent it: UNB S002, ISA05 and ISA06, STX FROM."""
        return self._party(2, 6)

    @cached_property
    def receiver(self) -> Identity | None:
        """For whom it is: UNB S003, ISA07 and ISA08, STX UNTO."""
        return self._party(3, 8)

    @property
    def test(self) -> bool:
        """Whether it is marked as a test: UNB 0035 is 1, ISA15 is T; TRADACOMS has no such mark."""
        if self.header is None or self.standard == "tradacoms":
            return False
        return self.header.element(15) == "T" if self.standard == "x12" else self.header.element(11) == "1"

    @property
    def acknowledgement_requested(self) -> bool:
        """Whether the sender asks for an acknowledgement of the interchange: UNB 0031 is 1, ISA14 is 1."""
        if self.header is None or self.standard == "tradacoms":
            return False
        return self.header.element(14 if self.standard == "x12" else 9) == "1"

    def group(self, number: int | None) -> Group | None:
        """The group of that number, from 1; None for None."""
        return self.groups[number - 1] if number and self.groups else None

    def _party(self, edifact: int, x12: int) -> Identity | None:
        if self.header is None:
            return None
        if self.standard == "x12":
            found, qualifier = self.header.element(x12).strip(), self.header.element(x12 - 1).strip()
        elif self.standard == "tradacoms":
            # a party is a code, or where it has none a name
            found, qualifier = self.header.element(edifact, 1) or self.header.element(edifact, 2), ""
        else:
            found, qualifier = self.header.element(edifact, 1), self.header.element(edifact, 2)
        return Identity(id=found, qualifier=qualifier or None)


def states(count: str, found: int) -> bool:
    """Whether a control count is the number ``found``; leading zeros do not matter."""
    return count.isascii() and count.isdigit() and len(count) < 20 and int(count) == found
