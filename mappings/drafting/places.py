"""How places of a segment are called: by the codes of a guide where the mapping will have one, else by position."""

from functools import lru_cache

from transload.adapters.edi.guides import Guide, PlaceError, SegmentGuide, WirePlace, find_guide
from transload.adapters.edi.guides.model import Element
from transload.mappings.drafting.shapes import Place

_NEIGHBOURS = {
    "edifact": (
        ("INVOIC", "D:01B:UN"), ("INVOIC", "D:96A:UN"), ("ORDERS", "D:96A:UN"), ("DESADV", "D:96A:UN"),
        ("ORDRSP", "D:96A:UN"),
    ),
    "x12": (("850", "004010"), ("810", "004010"), ("855", "004010"), ("856", "004010")),
}  # fmt: skip
"""Messages whose guides know the segments of others: a segment has been nearly the same for decades."""


class Places:
    """The places of one message's segments.

    ``code`` is what a place is called in the canonical model's hints, ``key`` what the mapping writes.
    """

    def __init__(self, format_type: str, guide: Guide | None) -> None:
        self._format_type = format_type
        self._guide = guide

    def code(self, tag: str, place: Place) -> str:
        """EDIFACT: the element's code, "" where it is not known.  X12: the element's number."""
        if self._format_type == "x12":
            return f"{place[0]:02}"
        rules = self._rules(tag)
        element = rules.element(WirePlace(element=place[0], component=place[1])) if rules else None
        return element.code if element is not None and element.code.isdigit() else ""

    def find(self, tag: str, code: str) -> list[Place]:
        """The places with an element's code, in their order."""
        rules = self._rules(tag)
        if rules is None or self._format_type == "x12":
            return [(int(code), None)] if self._format_type == "x12" else []
        found: list[Place] = []
        for number, part in enumerate(rules.parts, 1):
            inner = getattr(part.element, "parts", None)
            if inner is None and part.element.code == code:
                found.append((number, None))
            for component, one in enumerate(inner or (), 1):
                if one.element.code == code:
                    found.append((number, component))
        return found

    def key(self, tag: str, place: Place) -> str:
        """The place as the mapping writes it: ``1004``, ``C519.3055``, ``3036[2]``; ``2.1`` without a guide."""
        element, component = place
        if self._format_type == "x12":
            return f"{element:02}" if component is None else f"{element:02}.{component}"
        position = str(element) if component is None else f"{element}.{component}"
        rules = self._guide.segment(tag) if self._guide is not None else None
        wanted = WirePlace(element=element, component=component)
        part = rules.part(wanted) if rules is not None else None
        if rules is None or part is None:
            return position
        holder = rules.parts[element - 1].element.code
        code = part.element.code
        nth = [one for one in self.find(tag, code) if one[0] == element and (one[1] or 0) <= (component or 0)]
        names = [code, f"{holder}.{code}"] if component is not None else [code, position]
        if len(nth) > 1:
            names += [f"{code}[{len(nth)}]", f"{holder}.{code}[{len(nth)}]"]
        same = [number for number, one in enumerate(rules.parts, 1) if one.element.code == holder]
        if len(same) > 1:
            names.append(f"{holder}[{same.index(element) + 1}].{code}")
        return next((name for name in names if _resolves(rules, name, wanted)), position)

    def pair(self, tag: str, codes: tuple[str, str], first: tuple[Place, Place], *, repeating: bool) -> str:
        """The places of a pair; where it repeats a bare code means its first place."""
        guided = self._format_type == "edifact" and self._guide is not None and self._guide.segment(tag) is not None
        if guided and repeating:
            return " ".join(codes)
        return " ".join(self.key(tag, place) for place in first)

    def repeats(self, tag: str, place: Place) -> str | None:
        """The place with ``*``, where what stands there stands several times from there on."""
        key = self.key(tag, place)
        rules = self._guide.segment(tag) if self._guide is not None else None
        if rules is None or self._format_type == "x12":
            return None
        try:
            found = rules.resolve(f"{key}*")
        except PlaceError:
            return None
        return f"{key}*" if found.repeats > 1 else None

    def title(self, tag: str, place: Place) -> str:
        """A few words on what stands there, from the guide; "" where it has none."""
        rules = self._rules(tag)
        element = rules.element(WirePlace(element=place[0], component=place[1])) if rules else None
        return element.title if element is not None else ""

    def composite(self, tag: str, element: int) -> bool:
        """Whether an element is known to have components."""
        rules = self._rules(tag)
        if rules is None or element > len(rules.parts):
            return False
        return not isinstance(rules.parts[element - 1].element, Element)

    def numeric(self, tag: str, place: Place) -> bool:
        """Whether what stands there is a number by its form, and no code."""
        rules = self._rules(tag)
        part = rules.part(WirePlace(element=place[0], component=place[1])) if rules else None
        element = part.element if part is not None else None
        return isinstance(element, Element) and element.form.numeric and not element.codes

    def _rules(self, tag: str) -> SegmentGuide | None:
        rules = self._guide.segment(tag) if self._guide is not None else None
        if rules is not None:
            return rules
        return next((found for guide in _neighbours(self._format_type) if (found := guide.segment(tag))), None)


def _resolves(rules: SegmentGuide, name: str, wanted: WirePlace) -> bool:
    try:
        found = rules.resolve(name)
    except PlaceError:
        return False
    return (found.element, found.component, found.repetition) == (wanted.element, wanted.component, None)


@lru_cache(maxsize=2)
def _neighbours(format_type: str) -> tuple[Guide, ...]:
    """The shipped guides that know most segments of trade."""
    found = (find_guide(format_type, message, version) for message, version in _NEIGHBOURS[format_type])
    return tuple(guide for guide in found if guide is not None)
