"""Places inside a segment, as mapping files write them, and where they are on the wire.

EDIFACT: ``1004`` (an element's code, where it is unique in the segment), ``C519.3055``,
``C504[2].6345`` (the second composite), ``3036[2]`` or ``C080.3036[2]`` (the second of the same
element within a composite), ``4440*`` (all of them).  X12: ``05``, ``05.2`` (component),
``05[3]`` (repetition).  Positions such as ``2`` and ``2.1`` work for both, also without a guide.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from transload.adapters.edi.guides.model import Composite, Element, Part, SegmentRule
from transload.canonical.errors import ConfigurationError

_POSITION = re.compile(r"(?P<element>\d{1,2})(?:\[(?P<repetition>\d+)\])?(?:\.(?P<component>\d{1,2}))?")
_CODE = re.compile(
    r"(?:(?P<composite>[CS]\d{3})(?:\[(?P<which>\d+)\])?\.)?(?P<code>\d{4})(?:\[(?P<nth>\d+)\])?(?P<all>\*)?"
)
_COMPOSITE = re.compile(r"(?P<composite>[CS]\d{3})(?:\[(?P<which>\d+)\])?")


class PlaceError(ConfigurationError):
    """A place that the segment does not have, or that could be meant in more than one way."""

    code = "M-PLACE"


@dataclass(frozen=True, kw_only=True, slots=True)
class WirePlace:
    """A place inside a segment; all counts start at 1, the tag not counted.

    ``component`` is None for a whole element.  ``repeats`` is above 1 for a repeating place:
    so many values stand one after another from here, in successive components, or in
    successive elements where ``component`` is None.
    """

    element: int
    component: int | None = None
    repetition: int | None = None
    repeats: int = 1

    def __str__(self) -> str:
        repetition = f"[{self.repetition}]" if self.repetition is not None else ""
        component = f".{self.component}" if self.component is not None else ""
        return f"{self.element}{repetition}{component}"


def resolve_position(text: str) -> WirePlace:
    """The place that ``text`` gives by position alone: ``2``, ``2.1``, ``05[3]``, ``05[3].2``.

    Raises `PlaceError` when ``text`` is no position, or counts from 0.
    """
    found = _POSITION.fullmatch(text)
    if not found:
        hint = "write element.component, such as 2 or 2.1"
        if _CODE.fullmatch(text):
            hint = f"element codes need a guide of the message; {hint}"
        raise PlaceError(f"{text!r} is no position in a segment", hint=hint)
    numbers = {name: int(value) for name, value in found.groupdict().items() if value is not None}
    if 0 in numbers.values():
        raise PlaceError(f"the position {text!r} counts from 0", hint="positions count from 1")
    return WirePlace(
        element=numbers["element"], component=numbers.get("component"), repetition=numbers.get("repetition")
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class SegmentGuide:
    """What a guide knows of one segment: its parts, and how a place in it is found."""

    standard: str
    rule: SegmentRule

    @property
    def tag(self) -> str:
        """The segment's tag."""
        return self.rule.tag

    @property
    def title(self) -> str:
        """A few words on what the segment is for; empty where the guide has none."""
        return self.rule.title

    @property
    def parts(self) -> tuple[Part, ...]:
        """What stands at each position; ``parts[0]`` is element 1."""
        return self.rule.parts

    def part(self, place: WirePlace) -> Part | None:
        """What the guide says of ``place``, or None where the segment ends before it."""
        if place.element > len(self.parts):
            return None
        part = self.parts[place.element - 1]
        if place.component is None:
            return part
        if isinstance(part.element, Composite):
            return part.element.parts[place.component - 1] if place.component <= len(part.element.parts) else None
        return part if place.component == 1 else None

    def element(self, place: WirePlace) -> Element | Composite | None:
        """The element or composite at ``place``, with its code, title and form; None past the end."""
        part = self.part(place)
        return part.element if part else None

    def name(self, place: WirePlace) -> str:
        """How the field writes ``place``: ``QTY 6060``, ``PO1 07``."""
        element = self.element(place)
        if self.standard == "edifact" and element is not None:
            return f"{self.tag} {element.code}"
        component = f".{place.component}" if place.component is not None else ""
        return f"{self.tag} {place.element:02}{component}"

    def resolve(self, text: str) -> WirePlace:
        """Where ``text`` is on the wire.

        A code that stands several times within one composite (NAD C080: five times 3036)
        means the first of them; with ``*`` all of them.  A code that stands in several
        composites must name the composite; a composite that stands several times means
        its first, ``C504[2]`` its second.

        Raises `PlaceError` when the segment has no such place, or it is not the only one.
        """
        if _POSITION.fullmatch(text) or (self.standard == "x12" and _POSITION.fullmatch(text.rstrip("*"))):
            return self._by_position(text)
        if self.standard == "x12":
            raise PlaceError(
                f"{text!r} is no place in {self.tag}", hint="write an element's number, such as 03 or 03.2"
            )
        found = _CODE.fullmatch(text)
        if found:
            places = self._by_code(found)
            nth = int(found["nth"] or 1)
            if found["nth"] is None and found["composite"] is None:
                self._refuse_ambiguous(text, found["code"], places)
            if found["nth"] is None and found["which"] is None:
                places = [place for place in places if _same_holder(place, places[0])]
            if not 1 <= nth <= len(places):
                raise PlaceError(
                    f"segment {self.tag} has {len(places)} of element {found['code']}, not {nth}",
                    hint=f"write {found['code']}[1] to {found['code']}[{len(places)}]",
                )
            first = places[nth - 1]
            if found["all"]:
                return WirePlace(element=first.element, component=first.component, repeats=len(places) - nth + 1)
            return first
        found = _COMPOSITE.fullmatch(text)
        if found:
            return WirePlace(element=self._holders(found["composite"], found["which"])[0][0])
        raise PlaceError(
            f"{text!r} is no place in {self.tag}",
            hint="write an element's code (1004), a composite and a code (C519.3055) or a position (2.1)",
        )

    def resolve_all(self, text: str) -> tuple[WirePlace, ...]:
        """All places of the segment that hold the same data element as ``text``, from it on, in their order.

        For places that are meant to repeat across a segment: PIA ``7140`` stands in five
        composites; PO1 ``07`` is followed by 09, 11, ... to 25.

        Raises `PlaceError` like `resolve`, but not for a code that stands in several composites.
        """
        found = _CODE.fullmatch(text) if self.standard == "edifact" else None
        if found:
            return tuple(self._by_code(found)[int(found["nth"] or 1) - 1 :])
        first = self.resolve(text.rstrip("*"))
        element = self.element(first)
        if element is None:
            return (first,)
        return tuple(
            place
            for place, part in self._walk()
            if part.element.code == element.code
            and (place.element, place.component or 0) >= (first.element, first.component or 0)
        )

    def _walk(self) -> list[tuple[WirePlace, Part]]:
        rows: list[tuple[WirePlace, Part]] = []
        for number, part in enumerate(self.parts, 1):
            if isinstance(part.element, Composite):
                rows += [
                    (WirePlace(element=number, component=position), component)
                    for position, component in enumerate(part.element.parts, 1)
                ]
            else:
                rows.append((WirePlace(element=number), part))
        return rows

    def _by_position(self, text: str) -> WirePlace:
        repeating = text.endswith("*")
        place = resolve_position(text.rstrip("*"))
        part = self.part(place)
        if part is None:
            whole = self.part(WirePlace(element=place.element))
            if whole is None and self.rule.open:
                return place
            if whole is None:
                raise PlaceError(
                    f"segment {self.tag} has no element {place.element}; it has {len(self.parts)}",
                    hint=f"the last is {_described(self.parts[-1])}" if self.parts else None,
                )
            count = len(whole.element.parts) if isinstance(whole.element, Composite) else 1
            raise PlaceError(
                f"element {place.element} of {self.tag} has no component {place.component}; it has {count}",
                hint=f"element {place.element} is {_described(whole)}",
            )
        if (place.repetition or 1) > (limit := self.parts[place.element - 1].repetitions):
            raise PlaceError(
                f"element {place.element} of {self.tag} has no repetition {place.repetition}; "
                f"it may stand {_times(limit)}",
                hint=f"write {place.element:02}" if limit == 1 else None,
            )
        repeats = self.parts[place.element - 1].repetitions if repeating else 1
        return WirePlace(element=place.element, component=place.component, repetition=place.repetition, repeats=repeats)

    def _by_code(self, found: "re.Match[str]") -> list[WirePlace]:
        """All places of a code, within the named composite if one is named."""
        code = found["code"]
        rows = [(place, part) for place, part in self._walk() if part.element.code == code]
        if found["composite"]:
            holders = dict(self._holders(found["composite"], found["which"]))
            inside = [place for place, _ in rows if place.component is not None and place.element in holders]
            if not inside:
                composite = next(iter(holders.values()))
                raise self._unknown(
                    f"composite {composite.code} of {self.tag}", code, [p.element.code for p in composite.parts]
                )
            return inside
        if not rows:
            raise self._unknown(f"segment {self.tag}", code, [part.element.code for _, part in self._walk()])
        return [place for place, _ in rows]

    def _holders(self, composite: str, which: str | None) -> list[tuple[int, Composite]]:
        holders = [
            (number, part.element)
            for number, part in enumerate(self.parts, 1)
            if isinstance(part.element, Composite) and part.element.code == composite
        ]
        if not holders:
            known = [part.element.code for part in self.parts if isinstance(part.element, Composite)]
            raise self._unknown(f"segment {self.tag}", composite, known, "composite")
        if which is None:
            return holders
        if not 1 <= int(which) <= len(holders):
            raise PlaceError(f"segment {self.tag} has {len(holders)} of composite {composite}, not {which}")
        return [holders[int(which) - 1]]

    def _refuse_ambiguous(self, text: str, code: str, places: Sequence[WirePlace]) -> None:
        """Raise when a bare code could mean places in different composites."""
        names: list[str] = []
        for place in places:
            holder = self.parts[place.element - 1].element
            if isinstance(holder, Composite):
                same = [n for n, part in enumerate(self.parts, 1) if part.element.code == holder.code]
                which = f"[{same.index(place.element) + 1}]" if len(same) > 1 else ""
                name = f"{holder.code}{which}.{code}"
            else:
                name = str(place.element) if any(p.component for p in places) else "simple"
            if name not in names:
                names.append(name)
        if len(names) > 1:
            raise PlaceError(
                f"element {code} stands in more than one place of {self.tag}: {', '.join(names)}",
                hint=f"write the one that is meant, for example {names[0]}",
            )

    def _unknown(self, holder: str, code: str, known: Sequence[str], kind: str = "element") -> PlaceError:
        unique = list(dict.fromkeys(known))
        close = get_close_matches(code, unique, n=1, cutoff=0.7)
        listed = f"; it has {', '.join(unique)}" if unique else ""
        return PlaceError(
            f"{holder} has no {kind} {code}{listed}", hint=f"did you mean {close[0]!r}?" if close else None
        )


def _same_holder(place: WirePlace, first: WirePlace) -> bool:
    """Whether a place continues the run that ``first`` begins: its composite, or simple elements side by side."""
    if first.component is None:
        return place.component is None
    return place.element == first.element


def _described(part: Part) -> str:
    title = f" ({part.element.title})" if part.element.title else ""
    return f"{part.element.code}{title}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
