"""Messages of segments as one tree: segments of the same kind at the same place are one shape with many instances."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Place = tuple[int, int | None]
"""Element and component, both from 1; None for a whole element."""


@dataclass(eq=False, kw_only=True)
class Piece:
    """A segment of a message: its values by place, and the segments that belong to it."""

    tag: str
    values: dict[Place, str]
    inside: "list[Piece]" = field(default_factory=list)

    @property
    def first(self) -> str:
        """The value of its first element."""
        return self.values.get((1, None)) or self.values.get((1, 1)) or ""


@dataclass(eq=False, kw_only=True)
class Shape:
    """Segments of one tag and qualifier below one parent.

    ``pieces`` are its instances; ``most`` is how often it stands below one parent at the most, ``always`` is
    whether each parent has one.
    """

    tag: str
    qualifier: str
    pieces: list[Piece] = field(default_factory=list)
    inside: "list[Shape]" = field(default_factory=list)
    most: int = 1
    always: bool = True

    def places(self) -> list[Place]:
        """The places that hold something in one of the instances, in their order."""
        found = {place for piece in self.pieces for place, value in piece.values.items() if value}
        return sorted(found, key=lambda place: (place[0], place[1] or 0))

    def values(self, place: Place) -> list[str]:
        """What stands at a place, instance by instance; "" where nothing does."""
        return [piece.values.get(place, "") for piece in self.pieces]

    def full(self, place: Place) -> list[str]:
        """What stands at a place where anything does."""
        return [value for value in self.values(place) if value]

    def walk(self) -> "Iterator[Shape]":
        """This shape and all inside it."""
        yield self
        for shape in self.inside:
            yield from shape.walk()


def merged(levels: Iterable[Sequence[Piece]], qualifiers: "Qualifiers") -> list[Shape]:
    """The shapes of what stands at one level, from all its instances: one sequence of pieces for each parent.

    Shapes stand in the order in which they come in the messages, as far as these agree.
    """
    levels = list(levels)
    order: list[tuple[str, str]] = []
    shapes: dict[tuple[str, str], Shape] = {}
    for pieces in levels:
        counts: dict[tuple[str, str], int] = {}
        at = -1
        for piece in pieces:
            key = piece.tag, qualifiers.of(piece)
            if key in shapes:
                at = max(at, order.index(key))
            else:
                at += 1
                order.insert(at, key)
                shapes[key] = Shape(tag=key[0], qualifier=key[1])
            shapes[key].pieces.append(piece)
            counts[key] = counts.get(key, 0) + 1
        for key, count in counts.items():
            shapes[key].most = max(shapes[key].most, count)
    for key, shape in shapes.items():
        shape.always = all(any((p.tag, qualifiers.of(p)) == key for p in pieces) for pieces in levels)
        shape.inside = merged([piece.inside for piece in shape.pieces], qualifiers)
    return [shapes[key] for key in order]


@dataclass(frozen=True, kw_only=True)
class Qualifiers:
    """Where the qualifier of a segment stands, by tag; a tag without one has nothing that tells its segments apart."""

    places: dict[str, Place]

    def of(self, piece: Piece) -> str:
        """The qualifier of a piece, "" where its tag has none."""
        place = self.places.get(piece.tag)
        if place is None:
            return ""
        return piece.values.get(place) or (piece.values.get((place[0], None), "") if place[1] == 1 else "")
