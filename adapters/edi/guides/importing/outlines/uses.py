"""The uses of segments and composites in one message, and the names by which a guide tells them apart.

Uses that say the same become one; where a tag has several, the guide holds each as a variant
(``NM1.2010AA``) beside the plain tag, which allows what any of them allows.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from transload.adapters.edi.guides.importing.outlines.records import CompositeUse, ElementUse, SegmentUse
from transload.adapters.edi.guides.importing.writing import Body

Codes = tuple[str, ...]
_CONDITIONS = {"x12": r"[PRECL](\d\d){2,}", "edifact": r"D[1-7]\(\d\d(,\d\d)+\)"}


@dataclass(kw_only=True)
class Uses:
    """All uses of one message.  ``common`` are the code lists that hold wherever their element stands."""

    standard: str
    common: dict[str, Codes]
    elements: dict[str, str] = field(default_factory=dict)
    composites: dict[str, Body] = field(default_factory=dict)
    segments: dict[str, Body] = field(default_factory=dict)
    _forms: dict[str, str] = field(default_factory=dict)
    _names: dict[tuple[str, Body], str] = field(default_factory=dict)

    def segment(self, segment: SegmentUse, label: str) -> str:
        """The name of this use: ``TAG.label``, or that of an earlier use which says the same."""
        subject = _positions(segment.conditions)
        body = Body(
            title=segment.title,
            parts=tuple(self._part(part, self._optional(part.seq in subject), label) for part in segment.parts),
            conditions=self._conditions(segment.conditions, len(segment.parts)),
        )
        return self._named(self.segments, segment.tag, body, label)

    def _part(self, part: ElementUse | CompositeUse, optional: str, label: str) -> str:
        if isinstance(part, ElementUse):
            return self._element(part, optional)
        body = self._body(part)
        if part.usage == "N":  # what may not be used needs no rules of its own
            name = part.number
            self.composites.setdefault(name, body)
        else:
            name = self._named(self.composites, part.number, body, f"{label}-{part.seq:02}")
        return f"{name} {_status(part.usage, optional)}{self._repeats(part.repetitions)}"

    def _body(self, part: CompositeUse) -> Body:
        subject = _positions(part.conditions)
        return Body(
            title=part.title,
            parts=tuple(self._element(each, self._optional(each.seq in subject)) for each in part.parts),
            conditions=self._conditions(part.conditions, len(part.parts)),
        )

    def _element(self, element: ElementUse, optional: str) -> str:
        form = self._forms.setdefault(element.number, element.form)
        self.elements.setdefault(element.number, f"{form} {element.title}".strip())
        text = f"{element.number} {_status(element.usage, optional)}{self._repeats(element.repetitions)}"
        if element.usage == "N":
            return text
        if element.form != form:
            text += f" [{element.form}]"
        if element.codes and self.common.get(element.number) != element.codes:
            text += f" {{{'|'.join(element.codes)}}}"
        return text

    def _named(self, known: dict[str, Body], plain: str, body: Body, label: str) -> str:
        name = self._names.get((plain, body))
        if name is None:
            name, number = f"{plain}.{label}", 1
            while name in known:
                number += 1
                name = f"{plain}.{label}-{number}"
            known[name] = body
            self._names[(plain, body)] = name
        return name

    def _conditions(self, said: tuple[str, ...], parts: int) -> tuple[str, ...]:
        return tuple(text for text in dict.fromkeys(said) if is_condition(self.standard, text, parts))

    def _optional(self, subject: bool) -> str:
        """The status of what need not be there; X12 says of some that conditions decide."""
        return "C" if self.standard == "edifact" else "X" if subject else "O"

    def _repeats(self, times: int) -> str:
        """EDIFACT's syntax 3 repeats at successive positions, X12 in place."""
        return "" if times == 1 else f" x{times}" if self.standard == "edifact" else f" r{times or 99999}"


def common_codes(elements: Iterable[ElementUse]) -> dict[str, Codes]:
    """The code lists of the elements that have the same one wherever they are used."""
    lists: dict[str, set[Codes]] = {}
    for element in elements:
        if element.usage != "N":
            lists.setdefault(element.number, set()).add(element.codes)
    alone = {number: next(iter(found)) for number, found in sorted(lists.items()) if len(found) == 1}
    return {number: codes for number, codes in alone.items() if codes and not any(" " in code for code in codes)}


def is_condition(standard: str, text: str, parts: int) -> bool:
    """Whether ``text`` is a condition of its standard between two or more of so many parts."""
    numbers = _numbers(text)
    fitting = all(1 <= number <= parts for number in numbers) and len(set(numbers)) == len(numbers)
    return fitting and bool(re.fullmatch(_CONDITIONS[standard], text))


def widened(bodies: list[Body]) -> Body:
    """What any of several uses of one tag allows, for the plain tag."""
    longest = max(len(body.parts) for body in bodies)
    parts = [_wider([body.parts[at] for body in bodies if at < len(body.parts)]) for at in range(longest)]
    shared = [text for text in bodies[0].conditions if all(text in body.conditions for body in bodies)]
    titles = {body.title for body in bodies}
    title = bodies[0].title if len(titles) == 1 else ""
    return replace(bodies[0], title=title, parts=tuple(parts), conditions=tuple(shared))


def _wider(texts: list[str]) -> str:
    rows = [re.match(r"(?P<code>[A-Z]?\d+)(?:\.\S+)? (?P<status>[MOXCN])(?P<times> [rx]\d+)?", text) for text in texts]
    found = [row for row in rows if row]
    statuses = {row["status"] for row in found}
    status = statuses.pop() if len(statuses) == 1 else next(mark for mark in "XCO" if mark in {*statuses, "O"})
    times = max((row["times"] or "" for row in found), key=lambda text: int(text[2:] or 1))
    return f"{found[0]['code']} {status}{times}"


def _positions(conditions: tuple[str, ...]) -> set[int]:
    """What X12 marks with X: the elements whose presence others decide; the first of C and L decides itself."""
    return {number for text in conditions for number in _numbers(text)[1 if text[:1] in ("C", "L") else 0 :]}


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d\d", text)]


def _status(usage: str, optional: str) -> str:
    return optional if usage == "O" else usage
