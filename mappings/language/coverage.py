"""Which places of a segment a mapping names, so that what stands at others is told of."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from transload.adapters.edi.guides import WirePlace
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Ignored


@dataclass(eq=False, kw_only=True)
class Named:
    """The places of one node.

    ``whole`` are elements that are named as such, ``parts`` the named components of others, ``repetitions`` the
    named repetitions of elements that are named one by one.  From the element ``open`` on all are named, or if
    ``alike`` those components of each that are named in it.
    """

    whole: set[int] = field(default_factory=set)
    parts: dict[int, set[int]] = field(default_factory=dict)
    repetitions: dict[int, set[int]] = field(default_factory=dict)
    open: int | None = None
    alike: bool = False

    @property
    def last(self) -> int:
        """The last element that is named one by one."""
        return max((*self.whole, *self.parts), default=0)

    def gaps(self) -> list[int]:
        """The elements before the last that are not named at all."""
        end = self.last if self.open is None else max(self.last, self.open - 1)
        return [n for n in range(1, end + 1) if n not in self.whole and n not in self.parts]

    def add(self, place: WirePlace) -> None:
        """``place`` is named."""
        if place.repetition is not None:
            self.repetitions.setdefault(place.element, set()).add(place.repetition)
        if place.component is None:
            self.whole.update(range(place.element, place.element + place.repeats))
        else:
            found = self.parts.setdefault(place.element, set())
            found.update(range(place.component, place.component + place.repeats))

    def unread(self, record: Sequence[str], component: str, repetition: str) -> Iterator[tuple[WirePlace, str]]:
        """The values of a record at places that are not named."""
        for element, text in enumerate(record[1:], 1):
            if not text or (element in self.whole and element not in self.repetitions):
                continue
            if self.open is not None and element >= self.open:
                if self.alike:
                    yield from self._inside(element, text, component, repetition)
                continue
            if element not in self.whole and element not in self.parts:
                yield WirePlace(element=element), text
                continue
            yield from self._inside(element, text, component, repetition)

    def _inside(self, element: int, text: str, component: str, repetition: str) -> Iterator[tuple[WirePlace, str]]:
        """The values of an element of which some places are named."""
        repeated = text.split(repetition) if repetition else [text]
        named = self.repetitions.get(element)
        for number, one in enumerate(repeated, 1):
            which = number if len(repeated) > 1 else None
            if named is not None and number not in named:
                if one:
                    yield WirePlace(element=element, repetition=number), one
                continue
            if element in self.whole:
                continue
            known = self.parts[element if self.open is None else min(element, self.open)]
            for position, value in enumerate(one.split(component), 1):
                if value and position not in known:
                    yield WirePlace(element=element, component=position, repetition=which), value


def named_places(node: Segment, ignores: Sequence[Ignored]) -> Named:
    """The places of a node: those with an entry, and those that are ignored wherever the node is."""
    named = Named()
    for slot in node.slots:
        for place in slot.places:
            named.add(place)
    for pairs in node.pairs:
        inside = pairs.first[0].element == pairs.first[1].element
        if pairs.repeating:
            named.open, named.alike = min(place.element for place in pairs.first), inside
        if inside or not pairs.repeating:
            for place in pairs.first:
                named.add(place)
    for entry in ignores:
        if entry.tag != node.tag or (entry.qualifier is not None and not _always(node, entry.qualifier)):
            continue
        if entry.deep and not entry.places:
            return Named(open=1)
        for place in entry.places:
            named.add(place)
    return named


def _always(node: Segment, qualifier: str) -> bool:
    """Whether each record that the node takes has this qualifier."""
    return any(slot.literals == (qualifier,) and not slot.attached for slot in node.literals)


def covers(entry: Ignored, place: WirePlace) -> bool:
    """Whether an ignored place is this one, or holds it."""
    return entry.deep or any(
        known.element <= place.element < known.element + (known.repeats if known.component is None else 1)
        and known.component in (None, place.component)
        and known.repetition in (None, place.repetition)
        for known in entry.places
    )
