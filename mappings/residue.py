"""``keep: true``: what a mapping does not take of a message travels beside its document, and is put back when written.

The residue remembers the segments that were taken, so that what was between them finds its
place again, also where the document has changed in between (the complement of a symmetric lens).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION, Records
from transload.adapters.edi.guides import WirePlace
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace
from transload.mappings.language.coverage import named_places

_MOST = 4_000_000
"""So many pairs of segments are compared to find what has become of those that were taken."""


@dataclass(frozen=True, kw_only=True)
class Residue:
    """What one message holds beside its documents.

    ``taken`` are the segments that nodes took, as texts with the separators of an encoded record; ``kept`` the others,
    each after so many taken ones; ``values`` those at places without an entry: the taken segment's number from 0,
    element, repetition and component (0 for none), and the value.
    """

    taken: tuple[str, ...] = ()
    kept: tuple[tuple[int, str], ...] = ()
    values: tuple[tuple[int, int, int, int, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.kept or self.values)

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        return {
            "taken": list(self.taken),
            "kept": [list(one) for one in self.kept],
            "values": [*map(list, self.values)],
        }

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Residue":
        """From the shape in JSON."""
        return cls(
            taken=tuple(value["taken"]),
            kept=tuple((number, text) for number, text in value["kept"]),
            values=tuple(tuple(one) for one in value["values"]),
        )


def residue_of(body: Records, remarks: Sequence[Any]) -> Residue:
    """What the remarks of a reading say was left aside."""
    aside = {remark[2] for remark in remarks if remark[0] in ("unmapped", "further", "inside", "quiet")}
    unread: dict[int, dict[WirePlace, str]] = {}
    for remark in remarks:
        if remark[0] == "unread":
            _, _, node, index = remark
            places = named_places(node, ()).unread(body.segments[index], body.component, body.repetition)
            unread[index] = dict(places)
    taken: list[str] = []
    kept: list[tuple[int, str]] = []
    values: list[tuple[int, int, int, int, str]] = []
    for index, segment in enumerate(body.segments):
        text = _encoded(ELEMENT.join(segment), body)
        if index in aside:
            kept.append((len(taken), text))
            continue
        for place, value in unread.get(index, {}).items():
            where = place.element, place.repetition or 0, place.component or 0
            values.append((len(taken), *where, _encoded(value, body)))
            text = _changed(text, *where, None)
        taken.append(text)
    return Residue(taken=tuple(taken), kept=tuple(kept), values=tuple(values))


def _encoded(text: str, body: Records) -> str:
    """A text of a message with the separators of an encoded record."""
    if body.component:
        text = text.replace(body.component, COMPONENT)
    return text.replace(body.repetition, REPETITION) if body.repetition else text


def put_back(residue: Residue, written: Sequence[str], at: MappingPlace) -> tuple[list[str], list[Finding]]:
    """The written segments with what was kept, and a finding for each part whose place is gone (``W-LOSES``)."""
    found = _matches(residue.taken, written)
    texts = list(written)
    lost: list[Finding] = []
    for number, element, repetition, component, value in residue.values:
        if number not in found:
            lost.append(_gone(_shown(value), residue.taken[number], at))
        else:
            texts[found[number]] = _changed(texts[found[number]], element, repetition, component, value)
    after: dict[int, list[str]] = {}
    for count, text in residue.kept:
        if count and count - 1 not in found:
            lost.append(_gone(_shown(text), residue.taken[count - 1], at))
        else:
            after.setdefault(found[count - 1] if count else -1, []).append(text)
    result = list(after.get(-1, ()))
    for index, text in enumerate(texts):
        result.append(text)
        result += after.get(index, ())
    return result, lost


def _gone(what: str, neighbour: str, at: MappingPlace) -> Finding:
    return Finding(
        code="W-LOSES",
        severity=Severity.WARNING,
        message=f"{what} was kept, and is not written: {_shown(neighbour)}, with which it stood, is not there any more",
        mapping=at,
    )


def _shown(text: str) -> str:
    short = text.replace(ELEMENT, "+").replace(COMPONENT, ":").replace(REPETITION, "*")
    return short if len(short) <= 40 else f"{short[:37]}..."


def _matches(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """The place in ``new`` of each segment of ``old`` that is still there: by tag and first value, in their order."""
    left, right = [_key(text) for text in old], [_key(text) for text in new]
    start = 0
    while start < len(left) and start < len(right) and left[start] == right[start]:
        start += 1
    end = 0
    while end < min(len(left), len(right)) - start and left[-1 - end] == right[-1 - end]:
        end += 1
    found = {n: n for n in range(start)}
    found |= {len(left) - 1 - n: len(right) - 1 - n for n in range(end)}
    found |= dict(_between(left, right, start, end))
    return found


def _between(left: Sequence[str], right: Sequence[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    one, other = left[start : len(left) - end], right[start : len(right) - end]
    if not one or not other or len(one) * len(other) > _MOST:
        return
    for block in SequenceMatcher(a=one, b=other, autojunk=False).get_matching_blocks():
        for n in range(block.size):
            yield start + block.a + n, start + block.b + n


def _key(text: str) -> str:
    tag, _, rest = text.partition(ELEMENT)
    first = rest.partition(ELEMENT)[0].partition(COMPONENT)[0]
    return f"{tag}{ELEMENT}{first}"


def _changed(text: str, element: int, repetition: int, component: int, value: str | None) -> str:
    """A segment with ``value`` at a place that is empty, or with None without what is there; no empty ends."""

    def change(old: str) -> str:
        return "" if value is None else old or value

    elements = text.split(ELEMENT)
    elements += [""] * (element + 1 - len(elements))
    repeated = elements[element].split(REPETITION) if repetition or component else [elements[element]]
    which = max(repetition, 1)
    repeated += [""] * (which - len(repeated))
    if component:
        parts = repeated[which - 1].split(COMPONENT)
        parts += [""] * (component - len(parts))
        parts[component - 1] = change(parts[component - 1])
        repeated[which - 1] = COMPONENT.join(parts).rstrip(COMPONENT)
    else:
        repeated[which - 1] = change(repeated[which - 1])
    elements[element] = REPETITION.join(repeated)
    return ELEMENT.join(elements).rstrip(ELEMENT)
