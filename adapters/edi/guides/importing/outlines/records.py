"""A message as its source describes it: loops, and every use of a segment, composite and element by itself.

Usages are a guide's: ``M`` (mandatory), ``O`` (optional) and ``N`` (not used).  ``line`` is the line
of the source's file.
"""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """What tells a use of a segment from others of its tag: codes of the element at ``place`` (``01``, ``01.1``)."""

    place: str
    codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ElementUse:
    """A simple element at ``seq`` of its segment or composite.

    ``number`` is its data element, ``form`` that of this use, as guides write it (``AN 1/30``, ``an..35``).
    ``codes`` are all that this use allows, none where any value will do.
    """

    seq: int
    number: str
    title: str
    form: str
    usage: str
    line: int
    codes: tuple[str, ...] = ()
    repetitions: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CompositeUse:
    """A composite at ``seq`` of its segment."""

    seq: int
    number: str
    title: str
    usage: str
    line: int
    parts: tuple[ElementUse, ...]
    repetitions: int = 1
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentUse:
    """One use of a segment.

    ``most`` is 0 for any number of times, as in a guide.  Of the same ``position`` are those that may
    stand in any order.
    """

    tag: str
    title: str
    usage: str
    most: int
    position: int
    line: int
    parts: tuple[ElementUse | CompositeUse, ...]
    conditions: tuple[str, ...] = ()
    key: Key | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Loop:
    """A loop with its segments and loops in the order of their positions.

    A ``wrapper`` (HEADER, DETAIL, ...) is a part of the message rather than a loop of the standard; most hold loops,
    and no segment opens them.
    """

    name: str
    usage: str
    most: int
    position: int
    line: int
    children: "tuple[Loop | SegmentUse, ...]"
    wrapper: bool = False

    @property
    def opener(self) -> SegmentUse | None:
        """The segment that opens this loop; None where it holds loops alone."""
        first = self.children[0] if self.children else None
        return first if isinstance(first, SegmentUse) else None

    @property
    def transparent(self) -> bool:
        """Whether a message cannot show this loop, so that what it holds stands for itself.

        So are loops that no segment opens, and wrappers that stand once, or around one segment that may repeat.
        """
        opener = self.opener
        if opener is None:
            return True
        if not self.wrapper or (self.usage != "M" and opener.usage == "M"):
            return False
        return self.most == 1 or (len(self.children) == 1 and opener.most == 0)


@dataclass(frozen=True, kw_only=True)
class Outline:
    """One message: ``body`` is what stands between its header and its trailer.

    ``versions`` are those that the source names, as messages do: ``005010X222A1``, ``D:96A:UN``.
    """

    file: str
    standard: str
    title: str
    message: str
    versions: tuple[str, ...]
    body: tuple[Loop | SegmentUse, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How much an outline holds; ``elements`` are those of all uses, with their components."""

    loops: int
    segments: int
    elements: int


def walk(children: tuple[Loop | SegmentUse, ...]) -> Iterator[Loop | SegmentUse]:
    """All loops and segments in their order, each loop before what it holds."""
    for child in children:
        yield child
        if isinstance(child, Loop):
            yield from walk(child.children)


def segments_of(children: tuple[Loop | SegmentUse, ...]) -> Iterator[SegmentUse]:
    """All uses of segments in their order."""
    return (node for node in walk(children) if isinstance(node, SegmentUse))


def elements_of(segment: SegmentUse) -> Iterator[ElementUse]:
    """The simple elements of a segment, those inside its composites too."""
    for part in segment.parts:
        if isinstance(part, ElementUse):
            yield part
        else:
            yield from part.parts


def size_of(outline: Outline) -> Size:
    """The size of an outline, to compare it with what was made of it."""
    segments = list(segments_of(outline.body))
    return Size(
        loops=sum(isinstance(node, Loop) for node in walk(outline.body)),
        segments=len(segments),
        elements=sum(1 for segment in segments for _ in elements_of(segment)),
    )
