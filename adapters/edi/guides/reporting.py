"""The findings about one message: what is wrong with its structure and inside its segments, in words and with codes."""

from collections.abc import Sequence
from datetime import date

from transload.adapters.base.format import Records
from transload.adapters.edi.guides.contents import Fault
from transload.adapters.edi.guides.faults import FaultKind
from transload.adapters.edi.guides.model import Rules, Selector
from transload.adapters.edi.guides.positions import Positions
from transload.adapters.edi.guides.selecting import value_at
from transload.adapters.edi.guides.waivers import Spot, waive
from transload.canonical.findings import Finding
from transload.canonical.places import Place

MOST = 1000
"""So many findings are given for one message; a last one says how many more there are."""

_HEADERS = {"edifact": "UNH", "x12": "ST"}
_MISSING_ONE = "look for a segment terminator inside a text"


class Findings:
    """Collects the findings about one message, at most `MOST`."""

    def __init__(self, rules: Rules, positions: Positions, records: Records, today: date) -> None:
        self.rules = rules
        self.positions = positions
        self.records = records
        self.today = today
        self._found: list[Finding] = []
        self._more = 0

    def inside(self, index: int, fault: Fault, position: int | None) -> None:
        """Add a fault inside the segment at ``index``, which has a ``position`` where it is in its place."""
        self._add(
            fault.kind,
            self.records.place(index, fault.element or None, fault.repetition, fault.component),
            fault.message,
            self._spot(index, position, fault.element, fault.component),
            hint=fault.hint,
            value=fault.value,
            element=fault.number,
        )

    def displaced(self, index: int) -> None:
        """Add that the segment at ``index`` is out of its place."""
        self._add(
            FaultKind.MISPLACED,
            self.records.place(index),
            f"segment {self._tag(index)} has no place after {self._before(index)}",
            self._spot(index),
            hint=f"the order of segments is in {self.rules.file}",
            tag=self._tag(index),
        )

    def unknown(self, index: int) -> None:
        """Add that the guide does not have the segment at ``index``."""
        tag = self._tag(index)
        place = self.records.place(index)
        if self.rules.subset:
            self._add(
                FaultKind.UNCHARTED_SEGMENT,
                place,
                f"segment {tag} is not in the guide, which covers a part of {self.rules.message} only",
                self._spot(index),
                hint=f"add it to a guide of your own, from {self.rules.file}",
            )
            return
        known = tag in self.rules.segments
        self._add(
            FaultKind.FOREIGN_SEGMENT if known else FaultKind.UNKNOWN_SEGMENT,
            place,
            f"{self.rules.message} {self.rules.version} has no segment {tag!r}",
            self._spot(index),
            hint=None if known else _MISSING_ONE,
            tag=tag,
        )

    def too_many(self, index: int, counter: int) -> None:
        """Add that the segment at ``index`` makes one more than there may be of what ``counter`` counts."""
        entry, tag = self.positions.entry(counter), self._tag(index)
        what = f"the group {entry.name}" if entry.children else f"segment {tag}{_of(entry.selectors)}"
        self._add(
            FaultKind.MANY_GROUPS if entry.children else FaultKind.MANY_SEGMENTS,
            self.records.place(index),
            f"{what} stands more than {'once' if entry.most == 1 else f'{entry.most} times'}",
            self._spot(index, counter),
            tag=tag,
        )

    def missing(self, index: int, counter: int) -> None:
        """Add that what ``counter`` counts is mandatory and should have stood before the segment at ``index``."""
        entry = self.positions.entry(counter)
        place = self.records.place(index - 1)  # there CONTRL reports what is missing after it (0096)
        opens = f", which opens the group {entry.name}," if entry.children else ""
        self._add(
            FaultKind.MISSING_SEGMENT,
            place,
            f"the mandatory segment {entry.tag}{_of(entry.opener.selectors)}{opens} is missing "
            f"after {self._before(index)}",
            Spot(tag=entry.tag, path=self.positions.path(counter)),
            tag=entry.tag,
            position=None if place.segment is None else place.segment + 1,
        )

    def no_variant(self, index: int, possible: Sequence[int]) -> int:
        """Add that the code of the segment at ``index`` selects none of the positions ``possible`` there.

        Returns the number of the element that holds the code.
        """
        segment, tag = self.records.segments[index], self._tag(index)
        component, repetition = self.records.component, self.records.repetition

        def value_of(selector: Selector) -> str:
            return value_at(segment, selector.element, selector.component, component, repetition)

        wrong = [
            next(selector for selector in entry.selectors if value_of(selector) not in selector.codes)
            for entry in map(self.positions.entry, possible)
        ]
        first = wrong[0]
        codes = dict.fromkeys(
            code
            for selector in wrong
            if (selector.element, selector.component) == (first.element, first.component)
            for code in selector.codes
        )
        place = self.records.place(index, first.element, None, first.component)
        where = f"{first.element:02}" if first.component is None else f"{first.element:02}.{first.component}"
        part = self.rules.segments[tag].parts[first.element - 1 : first.element]
        number = part[0].element.code if part and first.component is None else ""
        value = value_of(first)
        said = f"says {value!r}" if value else "says nothing"
        self._add(
            FaultKind.NO_VARIANT,
            place,
            f"{tag} {where} {said}, which none of the uses of {tag} possible here has",
            self._spot(index, possible[0], first.element, first.component),
            hint=f"codes possible here: {', '.join(codes)}",
            value=value or None,
            element=number,
        )
        return first.element

    def close(self) -> list[Finding]:
        """All findings, the last of which says how many more there are."""
        if self._more:
            self._found.append(
                Finding(
                    code=FaultKind.MORE.code,
                    message=f"{self._more} more findings about this message are not listed one by one",
                    hint="mend the first ones, then look again",
                    place=self._found[-1].place,
                )
            )
        return self._found

    def _tag(self, index: int) -> str:
        return self.records.segments[index][0]

    def _before(self, index: int) -> str:
        return self.records.segments[index - 1][0] if index else _HEADERS[self.rules.standard]

    def _add(
        self,
        kind: FaultKind,
        place: Place,
        message: str,
        spot: Spot,
        *,
        hint: str | None = None,
        value: str | None = None,
        tag: str = "",
        position: int | None = None,
        element: str = "",
    ) -> None:
        if len(self._found) >= MOST:
            self._more += 1
            return
        ack = kind.ack(self.rules.standard, tag=tag, position=position, element=element)
        finding = Finding(
            code=kind.code, message=message, severity=kind.severity, hint=hint, value=value, place=place, ack=ack
        )
        self._found.append(waive(finding, spot, self.rules.waivers, self.today) if self.rules.waivers else finding)

    def _spot(self, index: int, position: int | None = None, element: int = 0, component: int | None = None) -> Spot:
        path = None if position is None else self.positions.path(position)
        return Spot(tag=self._tag(index), path=path, element=element, component=component)


def _of(selectors: Sequence[Selector]) -> str:
    """The codes of a use, in sentences."""
    return f" ({', '.join(str(selector) for selector in selectors)})" if selectors else ""
