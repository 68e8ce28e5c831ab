"""The layout of record formats: segments with places, and what follows them."""

import re
from dataclasses import dataclass, replace

from transload.adapters.edi.guides import PlaceError, SegmentGuide, WirePlace, resolve_position
from transload.canonical.places import MappingPlace
from transload.mappings.language.converters.base import ConverterError
from transload.mappings.language.converters.plugged import chosen
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.modifiers import TAG, Modified, Modifiers
from transload.mappings.language.terms import Around, Handler, Pairs
from transload.mappings.language.values import Values
from transload.mappings.plugins.contract import NodePlugin, Site
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import Problems, named, suggest

_PAIRS = re.compile(r"(pairs?)\(\s*(\S+)\s+(\S+)\s*\)")
_USE = re.compile(r"py\(\s*([^()\s]+)\s*\)")
_COUNTED = re.compile(r"(?P<place>.+)\*(?P<count>\d{1,2})?")


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A resolved left side."""

    places: tuple[WirePlace, ...]
    many: bool


class RecordLayout:
    """Builds the segments of a mapping."""

    def __init__(self, meaning: Meaning, values: Values, problems: Problems) -> None:
        self.meaning = meaning
        self.values = values
        self.problems = problems
        self.modifiers = Modifiers(meaning, values, problems)
        self.count = 0

    def build(self, layout: Source, around: Around) -> list[Segment]:
        """The nodes of a layout in list form."""
        if not isinstance(layout, Rows):
            self.problems.add("M-NODE", layout.at, "a layout of segments is a list: begin each segment with -")
            return []
        return [
            segment
            for item in layout
            for modified in self.modifiers.expand(item, around)
            if (segment := self._segment(modified)) is not None
        ]

    def named(self, modified: Modified) -> tuple[str, SegmentGuide | None] | None:
        """The tag of a node and what the guide says of it, or None when it is wrong."""
        tag = modified.key.text
        if not TAG.fullmatch(tag):
            self.problems.add(
                "M-NODE",
                modified.key.at,
                f"{tag!r} is no segment",
                hint="segments are 2 or 3 capitals and digits, such as NAD or N1",
            )
            return None
        guide = self.meaning.guide
        known = guide.segment(tag) if guide else None
        if guide is not None and known is None:
            hint = suggest(tag, guide.tags, "correct the tag, or add the segment to a guide of the workspace")
            self.problems.add(
                "M-PLACE", modified.key.at, f"the guide of {guide.message} has no segment {tag}", hint=hint
            )
            return None
        return tag, known

    def _segment(self, modified: Modified) -> Segment | None:
        found = self.named(modified)
        if found is None:
            return None
        tag, known = found
        segment = Segment(
            number=self.count,
            at=modified.key.at,
            scope=modified.around.scope,
            items=modified.items,
            most=modified.most,
            least=modified.least,
            first=modified.first,
            when=modified.when,
            only_if=modified.only_if,
            note=modified.note,
            reads=modified.reads,
            writes=modified.writes,
            case=modified.around.case,
            tag=tag,
        )
        self.count += 1
        if not isinstance(modified.body, Table):
            self.problems.add("M-NODE", modified.body.at, f"{tag} needs a table of places", hint=f"{tag}: {{1: ...}}")
            return None
        for key, value in modified.body:
            self.entry(segment, known, key, value, modified.around)
        if modified.use is not None:
            self._use(segment, modified.use, modified.around)
        for slot in segment.own():
            slot.first = modified.first
        self._refuse_overlaps(segment)
        segment.at = named(segment.at, _label(segment))
        _attach(segment)
        if modified.then is not None:
            segment.then = self.build(modified.then, modified.around)
        segment.writes = segment.writes and _has_something_to_write(segment)
        return segment

    def _use(self, segment: Segment, value: Source, around: Around) -> None:
        """``use: py(name)``: a plug-in reads and writes the segment; the mapping says which segment by literals."""
        found = _USE.fullmatch(value.text) if isinstance(value, Text) else None
        if found is None:
            self.problems.add("M-NODE", value.at, "use: takes a plug-in, such as  py(freight)")
            return
        if found[1] in self.meaning.broken:
            return
        try:
            plugin = chosen(found[1], self.meaning.plugins)
        except ConverterError as error:
            self.problems.add("M-CONVERTER", value.at, str(error), hint=error.hint)
            return
        if not isinstance(plugin.code, NodePlugin):
            hint = f"write  =field | py({plugin.name})"
            self.problems.add("M-CONVERTER", value.at, f"the plug-in {plugin.name} is for values", hint=hint)
            return
        other = next((slot for slot in segment.own() if not slot.literals), None)
        if other is not None:
            message = f"{other.name} is for the plug-in {plugin.name}: in a node with use: only literals stand"
            self.problems.add("M-NODE", other.at, message)
            return
        if segment.items is not None and segment.scope.model is None:
            self.problems.add("M-NODE", value.at, "use: is for nodes of objects, and the items of this list are texts")
            return
        fields = [self.values.field(tuple(name.split(".")), around, value.at) for name in plugin.code.fields]
        if not fields:
            self.problems.add("M-CONVERTER", value.at, f"the plug-in {plugin.name} names no fields")
        slots = [self.values.handled(field, segment, value, around) for field in fields if field is not None]
        for slot in slots:
            slot.direct(reads=segment.reads, writes=segment.writes)
        site = Site(
            mapping=self.meaning.name, place=_label(segment), field=", ".join(plugin.code.fields),
            partner=self.meaning.partner,
        )  # fmt: skip
        if len(slots) == len(plugin.code.fields) > 0:
            segment.use = Handler(name=plugin.name, code=plugin.code, slots=tuple(slots), site=site)

    def entry(self, segment: Segment, guide: SegmentGuide | None, key: Text, value: Source, around: Around) -> None:
        """Add one entry of a node's table to ``segment``."""
        pairs = _PAIRS.fullmatch(key.text)
        if pairs:
            self._pairs(segment, guide, key, value, around, pairs)
            return
        words = f"{segment.tag} {key.text}"
        place = self.place(segment.tag, guide, key)
        if place is None:
            return
        slot = self.values.slot(key, value, around, words=words, places=place.places, many=place.many)
        if slot is None:
            return
        if place.many and slot.field is None:
            self.problems.add("M-VALUE", value.at, "a repeating place takes a list field")
            return
        if slot.numbering is not None and len(slot.places) > 1:
            self.problems.add("M-EXPRESSION", value.at, "a level's number stands in one place")
            return
        taken = {spot for other in segment.slots for p in other.places for spot in _spots(p)}
        for where in slot.places:
            if not taken.isdisjoint(_spots(where)):
                self.problems.add("M-PLACE", key.at, f"{words} stands at {where}, where another entry stands already")
                return
        slot.direct(reads=segment.reads, writes=segment.writes)
        segment.slots.append(slot)
        if slot.chain is not None and slot.chain.only and slot.reads:
            codes = (*slot.chain.only, *((slot.none, "") if slot.none is not None else ()))
            segment.slots.append(replace(slot, literals=codes, field=None, chain=None, writes=False, guard=True))

    def place(self, tag: str, guide: SegmentGuide | None, key: Text) -> Placed | None:
        """Resolve ``2380+2379``, ``4440*``, ``2.1*5`` or a single place."""
        text = key.text
        try:
            if "+" in text:
                parts = [part.strip() for part in text.split("+")]
                if len(parts) != 2:
                    self.problems.add(
                        "M-PLACE", key.at, "at most two places are bound together", hint="such as 2380+2379"
                    )
                    return None
                return Placed(places=tuple(_resolve(guide, part) for part in parts), many=False)
            counted = _COUNTED.fullmatch(text)
            if counted is None:
                return Placed(places=(_resolve(guide, text),), many=False)
            return self._repeating(tag, guide, key, counted)
        except PlaceError as error:
            self.problems.add("M-PLACE", key.at, error.message, hint=error.hint)
            return None

    def _repeating(self, tag: str, guide: SegmentGuide | None, key: Text, counted: "re.Match[str]") -> Placed | None:
        if guide is not None and guide.standard == "x12" and not counted["count"]:
            self.problems.add(
                "M-PLACE",
                key.at,
                f"{tag} {key.text}: say over how many elements it goes",
                hint=f"such as  {counted['place']}*2",
            )
            return None
        if counted["count"]:
            first, count = _resolve(guide, counted["place"]), int(counted["count"])
        elif guide is None:
            self.problems.add(
                "M-PLACE",
                key.at,
                f"{key.text}: without a guide the number of places is unknown",
                hint="write it: 4.1*5",
            )
            return None
        else:
            first = guide.resolve(key.text)
            count = first.repeats
        if count < 2 and counted["count"] != "1":  # *1: a list with one item in each segment
            self.problems.add("M-PLACE", key.at, f"{tag} {key.text} stands only once", hint=f"write {counted['place']}")
            return None
        place = WirePlace(element=first.element, component=first.component, repeats=count)
        return Placed(places=(place,), many=True)

    def _pairs(
        self,
        segment: Segment,
        guide: SegmentGuide | None,
        key: Text,
        value: Source,
        around: Around,
        found: "re.Match[str]",
    ) -> None:
        repeating = found[1] == "pairs"
        try:
            first, step, most = self.pair_places(guide, found[2], found[3], repeating=repeating)
        except PlaceError as error:
            self.problems.add("M-PLACE", key.at, error.message, hint=error.hint)
            return
        if not isinstance(value, Table):
            self.problems.add(
                "M-VALUE", value.at, f"{found[1]} takes a table of qualifiers, such as {{SA: =supplier_item}}"
            )
            return
        pairs = Pairs(
            at=named(key.at, key.text), first=first, step=step, most=most if repeating else 1, repeating=repeating
        )
        for qualifier, inner in value:
            words = f"{segment.tag} {found[3]}[{qualifier.text}]"
            slot = self.values.slot(qualifier, inner, around, words=words, places=(first[1],))
            if slot is None:
                continue
            if slot.field is None:
                self.problems.add("M-VALUE", inner.at, "in a pair only fields stand", hint="such as {EN: =gtin}")
                continue
            slot.direct(reads=segment.reads, writes=segment.writes)
            pairs.choices.append((qualifier.text, slot))
        segment.pairs.append(pairs)

    def pair_places(
        self, guide: SegmentGuide | None, qualifier: str, value: str, *, repeating: bool
    ) -> tuple[tuple[WirePlace, WirePlace], int, int | None]:
        """The first pair's places, the step in elements to the next, and how many pairs fit.  Raises `PlaceError`."""
        return _pair_places(guide, qualifier, value, repeating=repeating)

    def _refuse_overlaps(self, segment: Segment) -> None:
        """No place stands within a pair; ``pairs`` goes on to the end of its segment, in whatever order they come."""
        for pairs in segment.pairs:
            start = min(place.element for place in pairs.first)
            for slot in segment.slots:
                if slot.guard:
                    continue
                taken = pairs.first if not pairs.repeating else ()
                if any(where in taken for where in slot.places) or (
                    pairs.repeating and any(_last(where) >= start for where in slot.places)
                ):
                    self._inside(slot.at, slot.name, pairs, segment)
            for other in segment.pairs:
                before = pairs.at.line, pairs.at.column
                if other is pairs or (other.repeating and (other.at.line, other.at.column) < before):
                    continue
                if pairs.repeating and any(where.element >= start for where in other.first):
                    self._inside(other.at, f"{segment.tag} {other.at.place}", pairs, segment)

    def _inside(self, at: MappingPlace, words: str, pairs: Pairs, segment: Segment) -> None:
        reach = f", which goes on to the end of {segment.tag}" if pairs.repeating else ""
        hint = "bind it as one of the pairs, or leave it out" if pairs.repeating else None
        self.problems.add("M-PLACE", at, f"{words} stands within {pairs.at.place}{reach}", hint=hint)


def _resolve(guide: SegmentGuide | None, text: str) -> WirePlace:
    return guide.resolve(text) if guide is not None else resolve_position(text)


def _pair_places(
    guide: SegmentGuide | None, qualifier: str, value: str, *, repeating: bool
) -> tuple[tuple[WirePlace, WirePlace], int, int | None]:
    """The first pair's places, the step in elements to the next, and how many pairs fit."""
    if guide is None:
        first = (resolve_position(qualifier), resolve_position(value))
        return first, _step(first), None
    if not repeating:
        first = (guide.resolve(qualifier), guide.resolve(value))
        return first, _step(first), 1
    qualifiers, values = guide.resolve_all(qualifier), guide.resolve_all(value)
    first = (qualifiers[0], values[0])
    step = _step(first)
    count = 0
    for found, other in zip(qualifiers, values, strict=False):
        if (found.element, other.element) != (first[0].element + count * step, first[1].element + count * step):
            break
        count += 1
    return first, step, max(count, 1)


def _spots(where: WirePlace) -> list[tuple[int, int | None, int | None]]:
    """Element, component and repetition of all that a place covers."""
    if where.component is None:
        return [(where.element + n, None, where.repetition) for n in range(where.repeats)]
    return [(where.element, where.component + n, where.repetition) for n in range(where.repeats)]


def _last(where: WirePlace) -> int:
    """The last element that a place reaches."""
    return where.element + (where.repeats - 1 if where.component is None else 0)


def _step(pair: tuple[WirePlace, WirePlace]) -> int:
    """A pair inside one composite comes again in the next element, one of two elements two further on."""
    return 1 if pair[0].element == pair[1].element else 2


def _has_something_to_write(segment: Segment) -> bool:
    """Literals alone are written; but not where they only go with fields that are read."""
    values = [slot for slot in segment.own() if not slot.literals and slot.numbering is None]
    return any(slot.writes for slot in values) or any(inner.writes for inner in segment.then) or not values


def _label(segment: Segment) -> str:
    """The tag with what tells it from others: ``NAD BY``, ``DTM 137``."""
    if segment.case is not None and any(slot.rule == "=case" for slot in segment.slots):
        return f"{segment.tag} {segment.case}"
    first = next((slot.literals[0] for slot in segment.slots if slot.literals and not slot.guard), None)
    return f"{segment.tag} {first}" if first else segment.tag


def _attach(segment: Segment) -> None:
    """Mark the literals that count only where their composite holds a value.

    A literal within a composite past the first element, beside a field of the same
    composite, says what that field is (LIN 7143 beside 7140): without the field it says nothing.
    """
    holding = {
        where.element
        for slot in segment.slots
        if slot.field is not None or slot.computed is not None or slot.parts is not None
        for where in slot.places
        if where.component is not None
    }
    for slot in segment.slots:
        if slot.literals and slot.places:
            where = slot.places[0]
            slot.attached = where.component is not None and where.element > 1 and where.element in holding
