"""What is wrong inside one segment: every element and component against its rule."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field

from transload.adapters.edi.guides.model import Composite, Condition, Element, Part, SegmentRule
from transload.canonical.findings import Severity

_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)?", re.ASCII)
_REAL = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:E-?\d+)?", re.ASCII)
_WHOLE = re.compile(r"-?\d+", re.ASCII)
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?)?", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing wrong inside a segment; ``ack`` as in `Finding`, positions from 1, ``element`` 0: the segment."""

    code: str
    message: str
    hint: str | None = None
    value: str | None = None
    element: int = 0
    repetition: int | None = None
    component: int | None = None
    ack: dict[str, str] = field(default_factory=dict)
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, kw_only=True, slots=True)
class _Spot:
    """A place inside the segment, and how it is called in sentences."""

    name: str
    element: int
    repetition: int | None
    component: int | None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Checks the elements of segments of one standard, with the message's own separators."""

    standard: str
    component: str
    repetition: str

    def faults(self, rule: SegmentRule, elements: list[str]) -> list[Fault]:
        """All faults of a segment: ``elements`` as `Records` has them, the tag first."""
        found: list[Fault] = []
        values = elements[1:]
        while values and not values[-1]:
            values.pop()
        if len(values) < len(elements) - 1:
            found.append(self._trailing(f"the segment {rule.tag}", "element"))
        for number, part in enumerate(rule.parts, 1):
            value = values[number - 1] if number <= len(values) else ""
            found += self._part(rule, part, value, number)
        if len(values) > len(rule.parts) and not rule.open:
            first = len(rule.parts) + 1
            ack = {"0085": "16"} if self.standard == "edifact" else {"723": "3"}
            found.append(
                Fault(
                    code="E-ELEMENT",
                    message=f"{rule.tag} has {len(values)} elements, the guide knows {len(rule.parts)}",
                    hint="look for a separator inside a text, or use the guide of the partner's version",
                    value=values[first - 1],
                    element=0 if self.standard == "edifact" else first,
                    ack=ack,
                )
            )
        found += self.unmet(rule, elements)
        return found

    def unmet(self, rule: SegmentRule, elements: list[str]) -> Iterator[Fault]:
        """The conditions between elements that do not hold (X12.6)."""
        for condition in rule.conditions:
            present = [number for number in condition.positions if number < len(elements) and elements[number]]
            wrong = _broken(condition, present)
            if wrong:
                excluded = condition.kind == "E"
                number = present[1] if excluded else next(n for n in condition.positions if n not in present)
                names = " and ".join(f"{position:02}" for position in condition.positions)
                yield Fault(
                    code="E-CONDITION",
                    message=f"{rule.tag} {names}: {wrong}",
                    hint=f"the rule is {condition} of segment {rule.tag}",
                    element=number,
                    ack={"723": "10" if excluded else "2", **self._reference(rule.parts[number - 1].element)},
                )

    def _part(self, rule: SegmentRule, part: Part, value: str, number: int) -> Iterator[Fault]:
        name = self._name(rule.tag, part.element, number)
        if not value:
            if part.mandatory:
                yield self._missing(
                    name, part.element, _Spot(name=name, element=number, repetition=None, component=None)
                )
            return
        repeats = value.split(self.repetition) if self.repetition else [value]
        if len(repeats) > part.repetitions:
            yield Fault(
                code="E-REPEAT",
                message=f"{name} stands {len(repeats)} times, at most {part.repetitions} are allowed",
                value=value,
                element=number,
                ack={"0085": "16"} if self.standard == "edifact" else {"723": "3", **self._reference(part.element)},
            )
        for time, one in enumerate(repeats, 1):
            which = time if len(repeats) > 1 else None
            if isinstance(part.element, Composite):
                yield from self._composite(rule.tag, part.element, one, number, which)
                continue
            spot = _Spot(name=name, element=number, repetition=which, component=None)
            if self.component and self.component in one:
                yield self._split(part.element, one, spot)
            elif one:
                yield from self._value(part.element, one, spot)

    def _split(self, element: Element, value: str, spot: _Spot) -> Fault:
        """A component separator inside a simple element.

        X12.6 forbids it, but many partners write it into texts; those are read whole, so it is a warning there.
        """
        text = self.standard == "x12" and element.form.kind == "AN"
        ack = {"0085": "16"} if self.standard == "edifact" else {"723": "6", **self._reference(element)}
        return Fault(
            code="W-SEPARATOR" if text else "E-ELEMENT",
            message=f"{spot.name} holds the component separator {self.component!r}, but is a simple element",
            hint="agree on another component separator" if text else "look for a component separator inside a text",
            value=value,
            element=spot.element,
            repetition=spot.repetition,
            ack={} if text else ack,
            severity=Severity.WARNING if text else Severity.ERROR,
        )

    def _composite(self, tag: str, composite: Composite, value: str, number: int, which: int | None) -> Iterator[Fault]:
        values = value.split(self.component) if self.component else [value]
        given = len(values)
        while values and not values[-1]:
            values.pop()
        if len(values) < given:
            yield self._trailing(f"{tag} {composite.code}", "component", element=number)
        for position, part in enumerate(composite.parts, 1):
            one = values[position - 1] if position <= len(values) else ""
            element = part.element
            assert isinstance(element, Element)  # a composite has no composites
            name = self._name(tag, element, number, position)
            spot = _Spot(name=name, element=number, repetition=which, component=position)
            if one:
                yield from self._value(element, one, spot)
            elif part.mandatory:
                yield self._missing(name, element, spot)
        if len(values) > len(composite.parts):
            yield Fault(
                code="E-ELEMENT",
                message=f"{tag} {composite.code} has {len(values)} components, the guide knows {len(composite.parts)}",
                hint="look for a separator inside a text, or use the guide of the partner's version",
                value=value,
                element=number,
                repetition=which,
                ack={"0085": "16"} if self.standard == "edifact" else {"723": "3"},
            )

    def _value(self, element: Element, value: str, spot: _Spot) -> Iterator[Fault]:
        wrong = self._kind(element, value)
        if wrong:
            yield self._fault("E-FORMAT", f"{spot.name} {wrong[0]}", wrong[1], element, value, spot)
            return
        form = element.form
        length = len(value) - sum(value.count(mark) for mark in "-.,E") if form.numeric else len(value)
        if length > form.most:
            message = f"{spot.name} is longer than {form}: {length} characters"
            yield self._fault("E-LENGTH", message, {"0085": "39", "723": "5"}, element, value, spot)
        elif length < form.least:
            message = f"{spot.name} is shorter than {form}: {length} characters"
            yield self._fault("E-LENGTH", message, {"0085": "40", "723": "4"}, element, value, spot)
        elif element.codes and value not in element.codes:
            message = f"{spot.name} has no code {value!r}"
            hint = element.codes.hint(value)
            yield self._fault("E-CODE", message, {"0085": "12", "723": "7"}, element, value, spot, hint)

    def _kind(self, element: Element, value: str) -> tuple[str, dict[str, str]] | None:
        """Why the characters of a value are not those of its form, and the codes for it."""
        kind = element.form.kind
        if kind == "a" and any(mark.isdigit() for mark in value):
            return f"must be letters, not {value!r}", {"0085": "37"}
        if kind == "n":
            return self._number(value)
        if kind == "R" and not _REAL.fullmatch(value):
            return f"must be a number, not {value!r}", {"723": "6"}
        if kind[0] == "N" and not _WHOLE.fullmatch(value):
            return f"must be a number without a decimal point, not {value!r}", {"723": "6"}
        if kind == "DT" and not _is_date(value):
            return f"must be a date, {'CCYYMMDD' if element.form.most == 8 else 'YYMMDD'}, not {value!r}", {"723": "8"}
        if kind == "TM" and not _TIME.fullmatch(value):
            return f"must be a time, HHMM or HHMMSS, not {value!r}", {"723": "9"}
        return None

    @staticmethod
    def _number(value: str) -> tuple[str, dict[str, str]] | None:
        """ISO 9735:1988, section 10: digits, a leading minus, one decimal mark (either) with digits on both sides."""
        if _NUMBER.fullmatch(value):
            return None
        if re.fullmatch(r"-?[.,]\d+", value, re.ASCII):
            return f"must have a digit before the decimal mark, not {value!r}", {"0085": "38"}
        if re.fullmatch(r"-?[\d.,]+", value, re.ASCII):
            return f"must be a number with one decimal mark between digits, not {value!r}", {"0085": "19"}
        return f"must be a number, not {value!r}", {"0085": "37"}

    def _fault(
        self,
        code: str,
        message: str,
        acks: dict[str, str],
        element: Element,
        value: str,
        spot: _Spot,
        hint: str | None = None,
    ) -> Fault:
        key = "0085" if self.standard == "edifact" else "723"
        return Fault(
            code=code,
            message=message,
            hint=hint,
            value=value,
            element=spot.element,
            repetition=spot.repetition,
            component=spot.component,
            ack={key: acks[key], **self._reference(element)},
        )

    def _missing(self, name: str, element: Element | Composite, spot: _Spot) -> Fault:
        return Fault(
            code="E-MANDATORY",
            message=f"{name} is mandatory and has no value",
            element=spot.element,
            repetition=spot.repetition,
            component=spot.component,
            ack={"0085": "13"} if self.standard == "edifact" else {"723": "1", **self._reference(element)},
        )

    def _reference(self, element: Element | Composite) -> dict[str, str]:
        """The element's number for AK402 (X12 725), which is numeric: composites have none."""
        return {"725": element.code} if self.standard == "x12" and element.code.isdigit() else {}

    def _name(self, tag: str, element: Element | Composite, number: int, component: int | None = None) -> str:
        title = f" ({element.title})" if element.title else ""
        if self.standard == "edifact":
            return f"{tag} {element.code}{title}"
        place = f"{number:02}.{component}" if component else f"{number:02}"
        return f"{tag} {place}{title}"

    @staticmethod
    def _trailing(what: str, kind: str, element: int = 0) -> Fault:
        message = f"{what} ends with {kind} separators that nothing follows"
        return Fault(code="R-TRAILING", message=message, element=element, severity=Severity.REMARK)


def _broken(condition: Condition, present: list[int]) -> str | None:
    """What a condition asks for in vain, or None where it holds."""
    first, all_of = condition.positions[0], len(condition.positions)
    if condition.kind == "P" and 0 < len(present) < all_of:
        return "if one has a value, all must have one"
    if condition.kind == "R" and not present:
        return "at least one must have a value"
    if condition.kind == "E" and len(present) > 1:
        return "at most one may have a value"
    if condition.kind == "C" and first in present and len(present) < all_of:
        return "if the first has a value, the others must have one"
    if condition.kind == "L" and present == [first]:
        return "if the first has a value, one of the others must have one"
    return None


def _is_date(value: str) -> bool:
    """Whether ``value`` is a day of the calendar: eight digits, or six in which years have no century."""
    if not (value.isascii() and value.isdigit() and len(value) in (6, 8)):
        return False
    year, month, day = int(value[:-4]), int(value[-4:-2]), int(value[-2:])
    if len(value) == 6:
        year += 2000
    return 1 <= month <= 12 and 1 <= year <= 9999 and 1 <= day <= monthrange(year, month)[1]
