"""The layout of rows: nodes ``row:`` or ``record:`` whose places are columns or ranges, and the shapes they give."""

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from transload.adapters.edi.guides import PlaceError, SegmentGuide, WirePlace
from transload.canonical.places import MappingPlace
from transload.mappings.language.layout import Segment, walk
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.modifiers import Modified
from transload.mappings.language.records import Placed, RecordLayout
from transload.mappings.language.shapes import ENDLESS, Column, Range, Shape, Shapes, Spot
from transload.mappings.language.terms import Around, Slot
from transload.mappings.language.values import Values
from transload.mappings.source.nodes import Source, Table, Text
from transload.mappings.source.problems import Problems, named

_RANGE = re.compile(r"(?P<first>[1-9]\d{0,5})(?:-(?P<last>[1-9]\d{0,5}))?(?:\*(?P<count>[1-9]\d?))?", re.ASCII)
_NUMBER = re.compile(r"(?P<number>[1-9]\d{0,3})(?:\*(?P<count>[1-9]\d?))?", re.ASCII)


class RowLayout(RecordLayout):
    """Builds the nodes of a row format as segments.

    While nodes are built, element n is the n-th spot of the whole mapping; `finish` gives each kind of row a tag and
    its own numbering, and leaves the `Shapes` in the meaning.
    """

    word: str
    """The key of a node."""
    shared = False
    """Whether rows of all kinds have the same spots."""

    def __init__(self, meaning: Meaning, values: Values, problems: Problems) -> None:
        super().__init__(meaning, values, problems)
        self.known: dict[Spot, int] = {}

    @abstractmethod
    def spots(self, text: str) -> tuple[Spot, ...]:
        """The spots that a left side means, several for a repeating one.  Raises `PlaceError`."""

    def conflict(self, one: Spot, other: Spot) -> bool:
        """Whether two spots of one node cannot stand beside each other."""
        return one == other

    def complaint(self, spot: Spot, literal: str) -> str | None:
        """Why a literal cannot stand at a spot."""
        del spot, literal
        return None

    def named(self, modified: Modified) -> tuple[str, SegmentGuide | None] | None:
        """All nodes have one name in the file; what tells them apart are literals."""
        if modified.key.text == self.word:
            return self.word, None
        hint = f"write {self.word}: {{...}}, and tell kinds of rows apart by a literal in it"
        self.problems.add("M-NODE", modified.key.at, f"{modified.key.text!r} is no node of this format", hint=hint)
        return None

    def place(self, tag: str, guide: SegmentGuide | None, key: Text) -> Placed | None:
        """A column or range, several of them with ``*n``, or two with a ``+``."""
        try:
            spots = self.spots(key.text)
            places = tuple(WirePlace(element=self._number(spot)) for spot in spots)
        except PlaceError as error:
            self.problems.add("M-PLACE", key.at, error.message, hint=error.hint)
            return None
        if "+" in key.text and len(spots) == 2 and self.pairs_with(key.text):
            return Placed(places=places, many=False)
        if len(spots) == 1:
            return Placed(places=places, many=False)
        return Placed(places=(replace(places[0], repeats=len(spots)),), many=True)

    def pairs_with(self, text: str) -> bool:
        """Whether a + in ``text`` binds two places together."""
        del text
        return False

    def pair_places(
        self, guide: SegmentGuide | None, qualifier: str, value: str, *, repeating: bool
    ) -> tuple[tuple[WirePlace, WirePlace], int, int | None]:
        """See `RecordLayout.pair_places`.  Rows have no end up to which pairs could repeat."""
        del guide
        if repeating:
            raise PlaceError("pairs(...) that repeat are for segments", hint="write pair(...) for each two places")
        first, second = self.spots(qualifier), self.spots(value)
        if len(first) != 1 or len(second) != 1:
            raise PlaceError("a pair takes two single places")
        places = WirePlace(element=self._number(first[0])), WirePlace(element=self._number(second[0]))
        return places, 1, 1

    def _number(self, spot: Spot) -> int:
        return self.known.setdefault(spot, len(self.known) + 1)

    def finish(self, segments: list[Segment]) -> Shapes:
        """Tag and number the records, and note what cannot be told apart or does not fit."""
        nodes = [node for node in walk(segments) if isinstance(node, Segment)]
        spots = dict(enumerate(self.known, 1))
        for node in nodes:
            self._check(node, spots)
        kind, tags = self._kinds(nodes, spots)
        for node in nodes:
            if kind is not None:
                node.tag = tags[_literals_at(node, self.known[kind])[0]]
        shapes: dict[str, Shape] = {}
        for tag in dict.fromkeys(node.tag for node in nodes):
            of_tag = [node for node in nodes if self.shared or node.tag == tag]
            found = self.order(list(dict.fromkeys(spots[n] for node in of_tag for n in _elements(node))))
            shapes[tag] = Shape(tag=tag, spots=tuple(found))
        for node in nodes:
            self._renumber(node, spots, shapes[node.tag], kind)
        ignored: dict[str, tuple[Spot, ...]] = {}
        for entry in self.meaning.ignores:
            if entry.part:
                tag = "" if entry.tag == self.word else entry.tag
                ignored[tag] = (*ignored.get(tag, ()), self.ignored(entry.part))
        self.meaning.ignores = tuple(entry for entry in self.meaning.ignores if not entry.part)
        return Shapes(word=self.word, kind=kind, tags=tags, shapes=shapes, ignored=ignored)

    def order(self, spots: list[Spot]) -> list[Spot]:
        """The order in which the spots of a row become elements."""
        return spots

    @abstractmethod
    def ignored(self, text: str) -> Spot:
        """The spot of an entry of ``ignores``, which need not be in the layout."""

    def _check(self, node: Segment, spots: Mapping[int, Spot]) -> None:
        """The places of a node do not touch each other, and its literals fit."""
        seen: list[tuple[Spot, Slot | None]] = []
        for numbers, slot in _uses(node):
            for number in numbers:
                spot = spots[number]
                rival = next((old for old, _ in seen if self.conflict(old, spot)), None)
                if rival is not None:
                    at = slot.at if slot is not None else node.at
                    self.problems.add("M-PLACE", at, f"{self.word} {spot} overlaps {rival}, which another entry has")
                seen.append((spot, slot))
        for slot in node.slots:
            if slot.guard:
                continue
            for literal in slot.literals:
                complaint = self.complaint(spots[slot.places[0].element], literal)
                if complaint is not None:
                    self.problems.add("M-VALUE", slot.at, complaint)

    def _kinds(self, nodes: Sequence[Segment], spots: Mapping[int, Spot]) -> tuple[Spot | None, dict[str, str]]:
        """The first spot where every node has a literal, and the tag for each of these literals.

        Nodes that share a literal there are of one kind.  With one kind only, it tells nothing.
        """
        first = nodes[0].slots if nodes else []
        for slot in first:
            number = slot.places[0].element
            texts = [_literals_at(node, number) for node in nodes]
            if not all(texts):
                continue
            tags: dict[str, str] = {}
            for found in texts:
                joined = {tags[text] for text in found if text in tags}
                tag = next((tags[text] for text in found if text in tags), found[0])
                tags = {text: tag if old in joined else old for text, old in tags.items()}
                tags.update(dict.fromkeys(found, tag))
            if len(set(tags.values())) > 1:
                return spots[number], tags
        return None, {}

    def _renumber(self, node: Segment, spots: Mapping[int, Spot], shape: Shape, kind: Spot | None) -> None:
        numbers = {spot: position for position, spot in enumerate(shape.spots, 1)}

        def moved(place: WirePlace, at: MappingPlace) -> WirePlace:
            found = [numbers[spots[place.element + n]] for n in range(place.repeats)]
            if found != list(range(found[0], found[0] + len(found))):
                self.problems.add("M-PLACE", at, "these places are cut otherwise in another node of this kind of row")
            return replace(place, element=found[0])

        for slot in node.slots:
            slot.spots = tuple(spots[p.element + n] for p in slot.places for n in range(p.repeats))
            slot.places = tuple(moved(place, slot.at) for place in slot.places)
            slot.at = self._retagged(slot.at, node.tag)
        for pairs in node.pairs:
            for _, slot in pairs.choices:
                slot.spots = tuple(spots[place.element] for place in slot.places)
                slot.places = tuple(moved(place, slot.at) for place in slot.places)
                slot.at = self._retagged(slot.at, node.tag)
            pairs.first = moved(pairs.first[0], pairs.at), moved(pairs.first[1], pairs.at)
            pairs.step = pairs.first[1].element - pairs.first[0].element
        node.at = named(node.at, self._label(node, numbers.get(kind) if kind is not None else None))

    def _retagged(self, at: MappingPlace, tag: str) -> MappingPlace:
        return named(at, f"{tag}{(at.place or '').removeprefix(self.word)}")

    def _label(self, node: Segment, kind: int | None) -> str:
        """The tag with what else tells the node from others."""
        slots = [slot for slot in node.slots if slot.literals and not slot.guard and slot.places[0].element != kind]
        if node.case is not None and any(slot.rule == "=case" for slot in slots):
            return f"{node.tag} {node.case}"
        return f"{node.tag} {slots[0].literals[0]}" if slots else node.tag


class ColumnLayout(RowLayout):
    """CSV: columns by the names of the header, or by numbers where there is none."""

    word = "row"
    shared = True

    def spots(self, text: str) -> tuple[Spot, ...]:
        """See `RowLayout.spots`."""
        if self.meaning.format_options.get("header", True):
            return (Column(text),)
        found = _NUMBER.fullmatch(text)
        if found is None:
            hint = "without a header columns are 1, 2, 3, and 5*3 is three of them from 5 on"
            raise PlaceError(f"{text!r} is no column number", hint=hint)
        first = int(found["number"])
        return tuple(Column(str(n), n) for n in range(first, first + int(found["count"] or 1)))

    def ignored(self, text: str) -> Spot:
        """See `RowLayout.ignored`."""
        return Column(text)

    def order(self, spots: list[Spot]) -> list[Spot]:
        """In the order of the file; by their numbers where there is no header."""
        return sorted(spots, key=lambda spot: (isinstance(spot, Column) and spot.number) or 0)


class RangeLayout(RowLayout):
    """Fixed width: ranges of characters, with what fills them up."""

    word = "record"

    def __init__(self, meaning: Meaning, values: Values, problems: Problems) -> None:
        super().__init__(meaning, values, problems)
        self.filling = " ", False

    def entry(self, segment: Segment, guide: SegmentGuide | None, key: Text, value: Source, around: Around) -> None:
        """An entry, which may say how its value is filled up: ``{value: =x, pad: "0", align: right}``."""
        self.filling = " ", False
        if isinstance(value, Table):
            self.filling = self._filling(value)
            value = value.without("pad", "align")
        super().entry(segment, guide, key, value, around)
        self.filling = " ", False

    def _filling(self, value: Table) -> tuple[str, bool]:
        pad, align = value.get("pad"), value.get("align")
        if pad is not None and not (isinstance(pad, Text) and len(pad.text) == 1 and pad.text.isprintable()):
            self.problems.add("M-VALUE", pad.at, "pad: is one character")
            pad = None
        if align is not None and not (isinstance(align, Text) and align.text in ("left", "right")):
            self.problems.add("M-VALUE", align.at, "align: is left or right")
            align = None
        return pad.text if isinstance(pad, Text) else " ", isinstance(align, Text) and align.text == "right"

    def spots(self, text: str) -> tuple[Spot, ...]:
        """See `RowLayout.spots`."""
        if "+" in text:
            return tuple(spot for part in text.split("+") for spot in self.spots(part.strip()))
        found = _RANGE.fullmatch(text)
        if found is None:
            hint = "write 4-18, 4 for one character, or 4-38*3 for three ranges of this width"
            raise PlaceError(f"{text!r} is no range of characters", hint=hint)
        first = int(found["first"])
        last = int(found["last"] or first)
        if last < first:
            raise PlaceError(f"the range {text} ends before it begins")
        width = last - first + 1
        length = self.meaning.format_options.get("length")
        count = int(found["count"] or 1)
        if isinstance(length, int) and first + count * width - 1 > length:
            raise PlaceError(f"the range {text} goes beyond the record's length of {length}")
        starts = range(first, first + count * width, width)
        pad, right = self.filling
        return tuple(Range(start, start + width - 1, pad, right) for start in starts)

    def ignored(self, text: str) -> Spot:
        """See `RowLayout.ignored`."""
        first, dash, last = text.partition("-")
        return Range(int(first), int(last) if last else ENDLESS if dash else int(first))

    def pairs_with(self, text: str) -> bool:
        """See `RowLayout.pairs_with`."""
        return "+" in text

    def conflict(self, one: Spot, other: Spot) -> bool:
        """See `RowLayout.conflict`."""
        return isinstance(one, Range) and isinstance(other, Range) and one.overlaps(other)

    def complaint(self, spot: Spot, literal: str) -> str | None:
        """See `RowLayout.complaint`."""
        if not isinstance(spot, Range):
            return None
        if len(literal) > spot.width:
            return f"{literal!r} has {len(literal)} characters, and the range {spot} has room for {spot.width}"
        if spot.strip(literal) != literal:
            side = "begins" if spot.right else "ends"
            return f"{literal!r} {side} with what fills the range up, and would never be read"
        return None

    def order(self, spots: list[Spot]) -> list[Spot]:
        """By their first characters, unless some overlap."""
        ranges = [spot for spot in spots if isinstance(spot, Range)]
        ranges.sort(key=lambda spot: (spot.first, spot.last))
        if any(one.last >= other.first for one, other in pairwise(ranges)):
            return spots
        return [*ranges]


def _uses(node: Segment) -> Iterator[tuple[list[int], Slot | None]]:
    """The provisional elements of each entry of a node."""
    for slot in node.slots:
        if not slot.guard:
            yield [place.element + n for place in slot.places for n in range(place.repeats)], slot
    for pairs in node.pairs:
        yield [place.element for place in pairs.first], None


def _elements(node: Segment) -> Iterator[int]:
    for numbers, _ in _uses(node):
        yield from numbers


def _literals_at(node: Segment, number: int) -> tuple[str, ...]:
    """What a node has as literals at a place."""
    return next((s.literals for s in node.slots if s.literals and not s.guard and s.places[0].element == number), ())
