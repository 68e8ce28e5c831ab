"""Values at places that a mapping does not name, as findings: one for each place, with how many there are."""

from collections.abc import Iterator, Sequence
from typing import Any

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import WirePlace
from transload.canonical.findings import Finding, Severity
from transload.mappings.compiler.cutting import Cut
from transload.mappings.compiler.levels import Level
from transload.mappings.language.coverage import covers, named_places
from transload.mappings.language.ignoring import place_word
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot

Kind = tuple[Segment, WirePlace]


class Unread:
    """The unread values of a message.  They are told of at the first of each kind, with the number of all."""

    def __init__(self, meaning: Meaning, body: Records, remarks: Sequence[Any], severity: Severity) -> None:
        self._meaning, self._body, self._severity = meaning, body, severity
        self._count: dict[Kind, int] = {}
        self._found: dict[int, list[tuple[Kind, str]]] = {}
        for remark in remarks:
            if remark[0] == "unread" and remark[3] not in self._found:
                self._look(*remark[1:])

    def _look(self, level: Level, node: Segment, index: int) -> None:
        body = self._body
        record = body.segments[index]
        found: list[tuple[Kind, str]] = []
        names = frozenset(level.qualifiers(record, body.component, body.repetition))
        quiet = [
            entry
            for entry in level.places
            if entry.tag == node.tag and (entry.qualifier is None or entry.qualifier in names)
        ]
        for place, value in named_places(node, ()).unread(record, body.component, body.repetition):
            if any(covers(entry, place) for entry in quiet):
                continue
            kind = node, place
            self._count[kind] = self._count.get(kind, 0) + 1
            if self._count[kind] == 1:
                found.append((kind, value))
        self._found[index] = found

    def findings(self, index: int) -> Iterator[Finding]:
        """What is first seen in the segment at ``index``; each is given once."""
        found, self._found[index] = self._found[index], []
        for (node, place), value in found:
            yield self._finding(node, place, value, index)

    def _finding(self, node: Segment, place: WirePlace, value: str, index: int) -> Finding:
        guide = self._meaning.guide.segment(node.tag) if self._meaning.guide is not None else None
        body = self._body
        word = body.word(node.tag, place.element) if isinstance(body, Cut) else place_word(guide, place)
        hint = f"bind it, or list it under ignores: [{node.tag}/{word}]"
        message = f"{node.tag} {word} is left aside: {value!r} stands there, and {node.name} does not name this place"
        at = node.at
        crowded = _crowded(node, place) if guide is None or guide.element(place) is None else None
        if crowded is not None:
            at = crowded.at
            places = crowded.places[0].repeats
            message = f"{value!r} is left aside: {crowded.name} goes over {places} places, and this is one more"
            hint = "ask the partner to begin a new segment"
        more = self._count[node, place] - 1
        also = f" (and {more} more like it)" if more else ""
        return Finding(
            code="E-UNMAPPED",
            severity=self._severity,
            message=message + also,
            hint=hint,
            value=value,
            place=self._body.place(
                index, element=place.element, repetition=place.repetition, component=place.component
            ),
            mapping=at,
        )


def _crowded(node: Segment, place: WirePlace) -> Slot | None:
    """The list in whose element, and after whose last place, a value stands."""
    for slot in node.slots:
        first = slot.places[0] if slot.many else None
        if first is not None and first.component is not None and first.element == place.element:
            return slot if (place.component or 0) >= first.component + first.repeats else None
    return None
