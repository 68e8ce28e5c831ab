"""What is wrong inside one segment: every element and component against its rule."""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from transload.adapters.edi.guides.faults import FaultKind
from transload.adapters.edi.guides.model import Composite, Condition, Element, Part, SegmentRule

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?", re.ASCII)
_REAL = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:E-?\d+)?", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?)?", re.ASCII)


_KNOW_BETTER = "look for a separator inside a text, or use the guide of the partner's version"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing wrong inside a segment; positions from 1, ``element`` 0: the segment.

    ``number`` is the number of the element in its directory.
    """

    kind: FaultKind
    message: str
    hint: str | None = None
    value: str | None = None
    element: int = 0
    repetition: int | None = None
    component: int | None = None
    number: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Spot:
    """A place inside the segment, and how it is called in sentences."""

    name: str
    element: int
    repetition: int | None
    component: int | None

    def fault(
        self,
        kind: FaultKind,
        wrong: str,
        element: Element | Composite,
        *,
        value: str | None = None,
        hint: str | None = None,
    ) -> Fault:
        return Fault(
            kind=kind,
            message=f"{self.name} {wrong}",
            hint=hint,
            value=value,
            element=self.element,
            repetition=self.repetition,
            component=self.component,
            number=element.code,
        )


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Checks the elements of segments of one standard, with the message's own separators.

    ``directory`` holds the elements as the directory has them, for codes that one use leaves out.
    With ``associated`` the messages are of an association that may have codes beyond the published lists.
    """

    standard: str
    component: str
    repetition: str
    directory: Mapping[str, Element] = field(default_factory=dict)
    associated: bool = False

    def faults(self, rule: SegmentRule, elements: Sequence[str]) -> list[Fault]:
        """All faults of a segment: ``elements`` as `Records` has them, the tag first."""
        found: list[Fault] = []
        values = list(elements[1:])
        while values and not values[-1]:
            values.pop()
        if len(values) < len(elements) - 1:
            found.append(_trailing(f"the segment {rule.tag}", "element"))
        for number, part in enumerate(rule.parts, 1):
            value = values[number - 1] if number <= len(values) else ""
            found += self._part(rule, part, value, number)
        if len(values) > len(rule.parts) and not rule.open:
            first = len(rule.parts) + 1
            found.append(
                Fault(
                    kind=FaultKind.MANY_ELEMENTS,
                    message=f"{rule.tag} has {len(values)} elements, the guide knows {len(rule.parts)}",
                    hint=_KNOW_BETTER,
                    value=values[first - 1],
                    element=0 if self.standard == "edifact" else first,
                )
            )
        present = [number for number, value in enumerate(values, 1) if value]
        missing = {fault.element for fault in found if fault.kind is FaultKind.MISSING_ELEMENT}
        for condition in rule.conditions:
            number, kind, wrong = _broken(condition, present)
            if wrong and number not in missing:
                spot = _Spot(
                    name=f"{rule.tag} {self._positions(condition, rule.parts)}:",
                    element=number,
                    repetition=None,
                    component=None,
                )
                hint = f"the rule is {condition} of segment {rule.tag}"
                found.append(spot.fault(kind, wrong, rule.parts[number - 1].element, hint=hint))
        return found

    def _part(self, rule: SegmentRule, part: Part, value: str, number: int) -> Iterator[Fault]:
        spot = _Spot(name=self._name(rule.tag, part.element, number), element=number, repetition=None, component=None)
        if not value:
            if part.mandatory:
                yield _missing(spot, part.element)
            return
        if not part.used:
            yield _unused(spot, part.element, value)
            return
        if isinstance(part.element, Element) and part.element.form.kind == "B":  # what looks like separators is data
            yield from self._value(part.element, value, spot)
            return
        repeats = value.split(self.repetition) if self.repetition else [value]
        if len(repeats) > part.repetitions:
            many = f"stands {len(repeats)} times, at most {part.repetitions} are allowed"
            yield spot.fault(FaultKind.MANY_REPETITIONS, many, part.element, value=value)
        for time, one in enumerate(repeats, 1):
            which = time if len(repeats) > 1 else None
            if isinstance(part.element, Composite):
                yield from self._composite(rule.tag, part.element, one, number, which)
                continue
            each = _Spot(name=spot.name, element=number, repetition=which, component=None)
            if self.component and self.component in one:
                yield self._split(part.element, one, each)
            elif one:
                yield from self._value(part.element, one, each)

    def _split(self, element: Element, value: str, spot: _Spot) -> Fault:
        """A component separator inside a simple element.

        X12.6 forbids it, but many partners write it into texts; those are read whole, so it is a warning there.
        """
        text = self.standard == "x12" and element.form.kind == "AN"
        return spot.fault(
            FaultKind.SPLIT_TEXT if text else FaultKind.SPLIT,
            f"holds the component separator {self.component!r}, but is a simple element",
            element,
            value=value,
            hint="agree on another component separator" if text else "look for a component separator inside a text",
        )

    def _composite(self, tag: str, composite: Composite, value: str, number: int, which: int | None) -> Iterator[Fault]:
        values = value.split(self.component) if self.component else [value]
        given = len(values)
        while values and not values[-1]:
            values.pop()
        if len(values) < given:
            yield _trailing(f"{tag} {composite.code}", "component", element=number)
        missing: set[int] = set()
        for position, part in enumerate(composite.parts, 1):
            one = values[position - 1] if position <= len(values) else ""
            element = part.element
            assert isinstance(element, Element)  # a composite has no composites
            name = self._name(tag, element, number, position)
            spot = _Spot(name=name, element=number, repetition=which, component=position)
            if one and not part.used:
                yield _unused(spot, element, one)
            elif one:
                foreign = self.standard == "edifact" and _is_of_another_list(composite, values, position)
                yield from self._value(element, one, spot, foreign=foreign)
            elif part.mandatory:
                missing.add(position)
                yield _missing(spot, element)
        if len(values) > len(composite.parts):
            yield Fault(
                kind=FaultKind.MANY_COMPONENTS,
                message=f"{tag} {composite.code} has {len(values)} components, the guide knows {len(composite.parts)}",
                hint=_KNOW_BETTER,
                value=value,
                element=number,
                repetition=which,
            )
        if values:
            yield from self._unmet(tag, composite, values, number, which, missing)

    def _unmet(
        self, tag: str, composite: Composite, values: list[str], number: int, which: int | None, missing: set[int]
    ) -> Iterator[Fault]:
        """The conditions between components that do not hold."""
        present = [position for position, one in enumerate(values, 1) if one]
        place = composite.code if self.standard == "edifact" else f"{number:02}"
        for condition in composite.conditions:
            position, kind, wrong = _broken(condition, present)
            if wrong and position not in missing:
                name = f"{tag} {place}, {self._positions(condition, composite.parts)}:"
                spot = _Spot(name=name, element=number, repetition=which, component=position)
                hint = f"the rule is {condition} of composite {composite.code}"
                yield spot.fault(kind, wrong, composite.parts[position - 1].element, hint=hint)

    def _value(self, element: Element, value: str, spot: _Spot, *, foreign: bool = False) -> Iterator[Fault]:
        """The faults of a value; a ``foreign`` code need not be in the directory's list, but in that of its use."""
        wrong = _misformed(element, value)
        if wrong:
            yield spot.fault(wrong[0], wrong[1], element, value=value)
            return
        form = element.form
        length = len(value) - sum(value.count(mark) for mark in "-.,E") if form.numeric else len(value)
        if length > form.most:
            wrong_length = f"is longer than {form}: {length} characters"
            yield spot.fault(FaultKind.TOO_LONG, wrong_length, element, value=value)
        elif length < form.least:
            wrong_length = f"is shorter than {form}: {length} characters"
            yield spot.fault(FaultKind.TOO_SHORT, wrong_length, element, value=value)
        elif element.codes and value not in element.codes:
            directory = self.directory.get(element.code, element)
            if foreign and directory is element:
                return
            elsewhere = directory is not element and (not directory.codes or value in directory.codes)
            kind = FaultKind.CODE_ELSEWHERE if elsewhere else FaultKind.NO_CODE
            hint = element.codes.hint(value)
            if self.associated and element.codes.published:
                kind, hint = FaultKind.ASSOCIATION_CODE, f"the association that UNH names may have it; {hint}"
            yield spot.fault(kind, f"has no code {value!r}", element, value=value, hint=hint)

    def _positions(self, condition: Condition, parts: Sequence[Part]) -> str:
        """The places that a condition ties together, as the standard's people name them."""
        names = [
            parts[position - 1].element.code if self.standard == "edifact" else f"{position:02}"
            for position in condition.positions
        ]
        return " and ".join(names)

    def _name(self, tag: str, element: Element | Composite, number: int, component: int | None = None) -> str:
        title = f" ({element.title})" if element.title else ""
        if self.standard == "edifact":
            return f"{tag} {element.code}{title}"
        place = f"{number:02}.{component}" if component else f"{number:02}"
        return f"{tag} {place}{title}"


def _is_of_another_list(composite: Composite, values: Sequence[str], position: int) -> bool:
    """Whether the code at ``position`` comes from another list than the directory's: 1131 and 3055 behind it say so.

    1131 names a code list, 3055 the agency that keeps it; 6 is UN/ECE, which keeps the directory's.
    """
    if composite.parts[position - 1].element.code == "3055":
        return False
    for part, value in zip(composite.parts[position:], values[position:], strict=False):
        if part.element.code == "1131" and value:
            return True
        if part.element.code == "3055":
            return value not in ("", "6")
    return False


def _missing(spot: _Spot, element: Element | Composite) -> Fault:
    return spot.fault(FaultKind.MISSING_ELEMENT, "is mandatory and has no value", element)


def _unused(spot: _Spot, element: Element | Composite, value: str) -> Fault:
    return spot.fault(FaultKind.UNUSED, "is not used here, but has a value", element, value=value, hint="leave it out")


def _trailing(what: str, kind: str, element: int = 0) -> Fault:
    message = f"{what} ends with {kind} separators that nothing follows"
    return Fault(kind=FaultKind.TRAILING, message=message, element=element)


def _broken(condition: Condition, present: Sequence[int]) -> tuple[int, FaultKind, str]:
    """The position at fault, the kind of fault and what the condition asks for in vain; no words where it holds."""
    if condition.holds(present):
        return 0, FaultKind.CONDITION_MISSING, ""
    here = [position for position in condition.positions if position in present]
    absent = [position for position in condition.positions if position not in present]
    match condition.kind:
        case "P" | "D2":
            wrong = "if one has a value, all must have one"
        case "R" | "D3":
            wrong = "at least one must have a value"
        case "C" | "D5":
            wrong = "if the first has a value, the others must have one"
        case "L" | "D6":
            wrong = "if the first has a value, one of the others must have one"
        case "D1" if not here:
            wrong = "one must have a value"
        case "D1":
            return here[1], FaultKind.CONDITION_EXCLUDED, "only one may have a value"
        case "D7":
            return here[1], FaultKind.CONDITION_EXCLUDED, "if the first has a value, the others must have none"
        case _:
            return here[1], FaultKind.CONDITION_EXCLUDED, "at most one may have a value"
    return absent[0], FaultKind.CONDITION_MISSING, wrong


def _misformed(element: Element, value: str) -> tuple[FaultKind, str] | None:
    """Why the characters of a value are not those of its form."""
    kind = element.form.kind
    if kind == "a" and any(mark in "0123456789" for mark in value):
        return FaultKind.WRONG_CHARACTERS, f"must be letters, not {value!r}"
    if kind == "n":
        return _misnumbered(value)
    if kind == "R" and not _REAL.fullmatch(value):
        return FaultKind.WRONG_CHARACTERS, f"must be a number, not {value!r}"
    if kind[0] == "N" and not _WHOLE.fullmatch(value):
        return FaultKind.WRONG_CHARACTERS, f"must be a number without a decimal point, not {value!r}"
    if kind == "DT" and not _is_date(value):
        return FaultKind.NO_DATE, f"must be a date, {'CCYYMMDD' if element.form.most == 8 else 'YYMMDD'}, not {value!r}"
    if kind == "TM" and not _TIME.fullmatch(value):
        return FaultKind.NO_TIME, f"must be a time, HHMM or HHMMSS, not {value!r}"
    return None


def _misnumbered(value: str) -> tuple[FaultKind, str] | None:
    """ISO 9735:1988, section 10: digits, a leading minus, one decimal mark (either) with digits on both sides."""
    if _NUMBER.fullmatch(value):
        return None
    if re.fullmatch(r"-?[.,]\d+", value, re.ASCII):
        return FaultKind.NO_DIGIT, f"must have a digit before the decimal mark, not {value!r}"
    if re.fullmatch(r"-?[\d.,]+", value, re.ASCII):
        return FaultKind.WRONG_DECIMAL, f"must be a number with one decimal mark between digits, not {value!r}"
    return FaultKind.WRONG_CHARACTERS, f"must be a number, not {value!r}"


def _is_date(value: str) -> bool:
    """Whether ``value`` is a day of the calendar: eight digits, or six in which years have no century."""
    if not (value.isascii() and value.isdigit() and len(value) in (6, 8)):
        return False
    year, month, day = int(value[:-4]), int(value[-4:-2]), int(value[-2:])
    if len(value) == 6:
        year += 2000
    return 1 <= month <= 12 and 1 <= year <= 9999 and 1 <= day <= monthrange(year, month)[1]
