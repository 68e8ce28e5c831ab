"""A map of pyx12 as records: loops, segments, composites and elements, as the map says them.

Usages are the implementation guides': ``R`` (required), ``S`` (situational), ``N`` (not used).
``line`` is the line of the map file.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class MapElement:
    """A simple element at ``seq`` of its segment or composite.

    ``number`` is its data element; ``codes`` are those of the map, ``external`` names a list of ``codes.xml``
    that holds more; ``pattern`` is a regular expression of Python that values must contain.
    """

    seq: int
    number: str
    name: str
    usage: str
    line: int
    codes: tuple[str, ...] = ()
    external: str | None = None
    pattern: str | None = None
    repetitions: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class MapComposite:
    """A composite at ``seq`` of its segment."""

    seq: int
    number: str
    name: str
    usage: str
    line: int
    repetitions: int
    parts: tuple[MapElement, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MapSegment:
    """One use of a segment.  ``most`` is 0 for any number of times, as in a guide; ``position`` is the standard's."""

    tag: str
    name: str
    usage: str
    most: int
    position: int
    line: int
    parts: tuple[MapElement | MapComposite, ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MapLoop:
    """A loop with its segments and loops in the order of their positions.

    A ``wrapper`` (HEADER, DETAIL, ...) is a part of the message rather than a loop of the standard; most hold loops,
    and no segment opens them.
    """

    name: str
    title: str
    usage: str
    most: int
    position: int
    line: int
    wrapper: bool
    children: "tuple[MapLoop | MapSegment, ...]"

    @property
    def opener(self) -> MapSegment | None:
        """The segment that opens this loop; None where it holds loops alone."""
        first = self.children[0] if self.children else None
        return first if isinstance(first, MapSegment) else None

    @property
    def transparent(self) -> bool:
        """Whether a message cannot show this loop, so that what it holds stands for itself.

        So are loops that no segment opens, and wrappers that stand once, or around one segment that may repeat.
        """
        opener = self.opener
        if opener is None:
            return True
        if not self.wrapper or (self.usage != "R" and opener.usage == "R"):
            return False
        return self.most == 1 or (len(self.children) == 1 and opener.most == 0)


@dataclass(frozen=True, kw_only=True)
class TransactionMap:
    """The map of one transaction set.

    ``message`` is ST01, ``versions`` are the values of GS08 that the map allows.  ``body`` is what
    stands between ST and SE.
    """

    file: str
    title: str
    message: str
    versions: tuple[str, ...]
    body: tuple[MapLoop | MapSegment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DataElement:
    """A data element of ``dataele.xml``: X12's type, least and most characters, and its name."""

    number: str
    kind: str
    least: int
    most: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What all maps of a folder share: data elements by number, and external code lists by name."""

    elements: dict[str, DataElement] = field(default_factory=dict)
    codes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def walk(children: "tuple[MapLoop | MapSegment, ...]") -> "Iterator[MapLoop | MapSegment]":
    """All loops and segments in their order, each loop before what it holds."""
    for child in children:
        yield child
        if isinstance(child, MapLoop):
            yield from walk(child.children)
