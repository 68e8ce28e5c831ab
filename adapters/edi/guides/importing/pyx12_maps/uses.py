"""The uses of segments and composites in one map, and the names by which a guide tells them apart.

A map describes every use of a segment by itself: NM1 of the billing provider, NM1 of the subscriber.
Uses that say the same become one; where a tag has several, the guide holds each as a variant
(``NM1.2010AA``) beside the plain tag, which allows what any of them allows.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from transload.adapters.edi.guides.importing.pyx12_maps.records import MapComposite, MapElement, MapSegment, Shared
from transload.adapters.edi.guides.importing.writing import Body

_COUNTED = re.compile(r"\^?(?:\[0-9\]|\\d)\{(\d{1,2})\}\$?")
"""The one kind of pattern that a guide can say: so many digits."""

Codes = tuple[str, ...]


@dataclass(kw_only=True)
class Uses:
    """All uses of one map.  ``common`` are the code lists that hold wherever their element stands."""

    shared: Shared
    common: dict[str, Codes]
    elements: dict[str, str] = field(default_factory=dict)
    composites: dict[str, Body] = field(default_factory=dict)
    segments: dict[str, Body] = field(default_factory=dict)
    _names: dict[tuple[str, Body], str] = field(default_factory=dict)

    def segment(self, segment: MapSegment, label: str) -> str:
        """The name of this use: ``TAG.label``, or that of an earlier use which says the same."""
        body = Body(
            title=_title(segment.name),
            parts=tuple(self._part(part, segment, label) for part in segment.parts),
            conditions=conditions_of(segment.conditions, len(segment.parts)),
        )
        return self._named(self.segments, segment.tag, body, label)

    def _part(self, part: MapElement | MapComposite, segment: MapSegment, label: str) -> str:
        subject = _positions(segment.conditions)
        if isinstance(part, MapElement):
            return self._element(part, "X" if part.seq in subject else "O")
        # What may not be used needs no rules of its own.
        name = part.number if part.usage == "N" else self._composite(part, f"{label}-{part.seq:02}")
        if part.usage == "N":
            self.composites.setdefault(part.number, self._body(part))
        return f"{name} {_status(part.usage, 'X' if part.seq in subject else 'O')}{_repeats(part.repetitions)}"

    def _composite(self, part: MapComposite, label: str) -> str:
        return self._named(self.composites, part.number, self._body(part), label)

    def _body(self, part: MapComposite) -> Body:
        subject = _positions(part.conditions)
        return Body(
            title="",
            parts=tuple(self._element(each, "X" if each.seq in subject else "O") for each in part.parts),
            conditions=conditions_of(part.conditions, len(part.parts)),
        )

    def _element(self, element: MapElement, optional: str) -> str:
        known = self.shared.elements.get(element.number)
        if known is not None:
            self.elements[element.number] = f"{known.kind} {known.least}/{known.most} {_title(known.name)}"
        else:
            self.elements[element.number] = f"AN 1/99999 {_title(element.name)}"
        text = f"{element.number} {_status(element.usage, optional)}{_repeats(element.repetitions)}"
        if element.usage == "N":
            return text
        counted = _COUNTED.fullmatch(element.pattern or "")
        if counted:
            text += f" [N0 {int(counted[1])}/{int(counted[1])}]"
        codes = codes_of(element, self.shared)
        if codes and self.common.get(element.number) != codes:
            text += f" {{{'|'.join(codes)}}}"
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


def common_codes(elements: Iterable[MapElement], shared: Shared) -> dict[str, Codes]:
    """The code lists of the elements that have the same one wherever they are used."""
    lists: dict[str, set[Codes]] = {}
    for element in elements:
        if element.usage != "N":
            lists.setdefault(element.number, set()).add(codes_of(element, shared))
    alone = {number: next(iter(found)) for number, found in sorted(lists.items()) if len(found) == 1}
    return {number: codes for number, codes in alone.items() if codes and not any(" " in code for code in codes)}


def codes_of(element: MapElement, shared: Shared) -> Codes:
    """The codes that a use allows; none where any value will do."""
    more = shared.codes.get(element.external, ()) if element.external else ()
    return tuple(dict.fromkeys((*element.codes, *more)))


def conditions_of(said: tuple[str, ...], parts: int) -> tuple[str, ...]:
    """The conditions that a guide can hold: those between elements that the use has."""
    return tuple(text for text in dict.fromkeys(said) if is_condition(text, parts))


def is_condition(text: str, parts: int) -> bool:
    """Whether ``text`` is a condition of X12.6 between two or more of so many parts."""
    return bool(re.fullmatch(r"[PRECL](\d\d){2,}", text)) and all(1 <= number <= parts for number in _numbers(text))


def is_countable(pattern: str) -> bool:
    """Whether a guide can say a pattern, as a form of so many digits."""
    return _COUNTED.fullmatch(pattern) is not None


def widened(bodies: list[Body]) -> Body:
    """What any of several uses of one tag allows, for the plain tag."""
    parts = [_wider([body.parts[at] for body in bodies if at < len(body.parts)]) for at in range(_longest(bodies))]
    shared = [text for text in bodies[0].conditions if all(text in body.conditions for body in bodies)]
    return replace(bodies[0], title="", parts=tuple(parts), conditions=tuple(shared))


def _wider(texts: list[str]) -> str:
    rows = [re.match(r"(?P<code>[A-Z]?\d+)(?:\.\S+)? (?P<status>[MOXN])(?P<times> r\d+)?", text) for text in texts]
    found = [row for row in rows if row]
    statuses = {row["status"] for row in found}
    status = statuses.pop() if len(statuses) == 1 else "X" if "X" in statuses else "O"
    times = max((row["times"] or "" for row in found), key=lambda text: int(text[2:] or 1))
    return f"{found[0]['code']} {status}{times}"


def _longest(bodies: list[Body]) -> int:
    return max(len(body.parts) for body in bodies)


def _positions(conditions: tuple[str, ...]) -> set[int]:
    return {number for text in conditions for number in _numbers(text)}


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d\d", text)]


def _status(usage: str, optional: str) -> str:
    return {"R": "M", "S": optional, "N": "N"}[usage]


def _repeats(times: int) -> str:
    return f" r{times}" if times != 1 else ""


def _title(text: str) -> str:
    return " ".join(text.split()).lower()
