"""Remarks as findings: what nothing takes, with near misses; sums and counts that differ."""

from collections.abc import Iterator, Sequence
from typing import Any

from transload.adapters.base.format import Records
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place
from transload.mappings.compiler.levels import Level, fits, takes, value_at
from transload.mappings.language.coverage import covers
from transload.mappings.language.layout import Node, Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Length, Pairs, Slot
from transload.mappings.reports.unread import Unread


def record_remarks(meaning: Meaning, body: Records, remarks: Sequence[Any]) -> Iterator[Finding]:
    """The findings of a reading of records.

    A remark is ``("unmapped", level, index, None)``, ``("further", level, index, node)``,
    ``("inside", level, index, start)``, ``("another", slot, where, value)``,
    ``("rest", level, slot, where, value)`` for a part of a value,
    ``("quiet", level, index, start)`` for what is ignored and kept,
    ``("pair", pairs, index, (element, qualifier, value))``, ``("unread", level, node, index)``
    ``("hierarchy", slot, where, stated, expected)``, ``("finding", finding)``
    or ``("sum", slot, where, stated, computed)``.
    """
    severity = Severity.ERROR if meaning.strict else Severity.WARNING
    if meaning.keep:
        severity = Severity.REMARK  # nothing is dropped, so nothing is wrong
    unread = Unread(meaning, body, remarks, severity)
    further = {remark[2] for remark in remarks if remark[0] == "further"}
    for remark in remarks:
        kind = remark[0]
        if kind == "unmapped":
            yield _unmapped(meaning, body, remark[1], remark[2], severity)
        elif kind == "inside":
            yield _inside(body, remark[2], remark[3], severity, also=remark[3] in further)
        elif kind in ("further", "another", "rest"):
            yield from _beyond(meaning, body, remark, severity)
        elif kind == "pair":
            yield _pair(body, remark[1], remark[2], remark[3], severity)
        elif kind == "quiet":
            continue
        elif kind == "hierarchy":
            yield _hierarchy(body, *remark[1:])
        elif kind == "finding":
            yield remark[1]
        elif kind == "unread":
            yield from unread.findings(remark[3])
        else:
            index, element, component = remark[2]
            place = body.place(index, element=element, component=component)
            yield differing(remark[1], place, remark[3], remark[4])


def _beyond(meaning: Meaning, body: Records, remark: Any, severity: Severity) -> Iterator[Finding]:
    """What is too much: of segments, of values, or within a value."""
    if remark[0] == "further":
        yield further_one(remark[3], _words(body.segments[remark[2]], body), body.place(remark[2]), severity)
    elif remark[0] == "another":
        index, element, component = remark[2]
        place = body.place(index, element=element, component=component)
        yield another(remark[1], remark[3], place, strict=meaning.strict)
    else:
        yield from _rest(body, *remark[1:], strict=meaning.strict)


def further_one(node: Node, words: str, place: Place | None, severity: Severity) -> Finding:
    """One more than a node with ``first:`` takes."""
    often = f"{node.most} are" if (node.most or 1) > 1 else "one is"
    return Finding(
        code="E-UNMAPPED",
        severity=severity,
        message=f"{words} is left aside: {often} taken already, and {node.name} says that the first counts",
        hint=f"bind a list with each:, or list it under ignores: [{words}]",
        place=place,
        mapping=node.at,
    )


def another(slot: Slot, raw: Any, place: Place | None, *, strict: bool) -> Finding:
    """A value for a field that has another one, in a node with ``first:``."""
    assert slot.field is not None
    value = ":".join(raw) if isinstance(raw, tuple) else str(raw)
    return Finding(
        code="E-UNMAPPED",
        severity=Severity.ERROR if strict else Severity.WARNING,
        message=f"{value!r} is left aside: {slot.field.text()} has another value already, and the first counts",
        hint="bind the two to different fields, if both are needed",
        value=value,
        place=place,
        mapping=slot.at,
    )


def differing(slot: Slot, place: Place | None, stated: Any, computed: Any) -> Finding:
    """``W-SUM`` or ``W-COUNT``: what the message says of itself does not follow from it."""
    code = "W-COUNT" if isinstance(slot.computed, Length) else "W-SUM"
    if computed is None:
        message = f"{stated} is stated, and cannot be checked: a value to compute it from is missing"
        severity = Severity.REMARK
    else:
        message, severity = f"{stated} is stated, and {computed} follows from the message", Severity.WARNING
    return Finding(code=code, severity=severity, message=message, value=str(stated), place=place, mapping=slot.at)


def _hierarchy(body: Records, slot: Slot, where: tuple[int, int, int | None], stated: str, expected: str) -> Finding:
    """What a hierarchy says of itself does not follow from it."""
    assert slot.numbering is not None
    follows = {
        "level": f"the level's number is {stated}, and {expected} would be the next",
        "levels": f"{stated} levels are stated, and there are {expected}",
        "children": f"{stated!r} is stated, and what stands below this level makes it {expected!r}",
    }[slot.numbering.word]
    index, element, component = where
    place = body.place(index, element=element, component=component)
    return Finding(
        code="W-COUNT", severity=Severity.WARNING, message=follows, value=stated, place=place, mapping=slot.at
    )


def _unmapped(meaning: Meaning, body: Records, level: Level, index: int, severity: Severity) -> Finding:
    record = body.segments[index]
    words = _words(record, body)
    miss = near_miss(meaning, level, record, body.component, body.repetition)
    if miss is not None:
        return Finding(
            code="E-UNMAPPED",
            severity=severity,
            message=f"{words} is left aside: {miss[0]}",
            hint=miss[1],
            place=body.place(index),
            mapping=miss[2].at,
        )
    where = f"below {level.owner.name}" if level.owner is not None else "at this place of the message"
    return Finding(
        code="E-UNMAPPED",
        severity=severity,
        message=f"{words} is left aside: the mapping has nothing for it {where}",
        hint=f"bind it, or list it under ignores: [{words}]",
        place=body.place(index),
        mapping=level.owner.at if level.owner is not None else None,
    )


def _words(record: Sequence[str], body: Records) -> str:
    """The record's tag and qualifier."""
    first = record[1].split(body.component)[0] if len(record) > 1 else ""
    return f"{record[0]} {first}" if first and len(first) <= 3 and first != record[0] else record[0]


def near_miss(
    meaning: Meaning, level: Level, record: Sequence[str], component: str, repetition: str
) -> tuple[str, str, Segment] | None:
    """A node that would take the record but for one literal, or that stands elsewhere: message, hint, node."""
    candidates = [node for node in level.nodes if node.tag == record[0]]
    candidates += [node for node in level.outer.get(record[0], ()) if node not in candidates]
    best: tuple[int, Segment, Slot] | None = None
    for node in candidates:
        wrong = [slot for slot in node.literals if not fits(slot, record, component, repetition)]
        qualifier = next((slot for slot in node.literals if not slot.attached), None)
        right = len(node.literals) - len(wrong)
        if wrong and qualifier not in wrong and (best is None or right > best[0]):
            best = right, node, wrong[0]
    if best is not None:
        _, node, slot = best
        found = value_at(record, slot.places[0], component, repetition)
        stands = f"is {found!r}" if found else "is empty"
        accepts = " or ".join(repr(literal) for literal in slot.literals)
        return (
            f"{node.name} is meant, but {slot.name} {stands}, and the mapping accepts {accepts}",
            f"add {found!r} to the list of literals, if it means the same"
            if found
            else "ask the partner for the value",
            node,
        )
    readers = meaning.readers.get(record[0])
    elsewhere = readers.candidates(lambda place: value_at(record, place, component, repetition)) if readers else []
    for other in elsewhere:
        if other not in candidates and takes(other, record, component, repetition):
            return (
                f"the mapping has {other.name} in another place",
                "the order of the message differs from the mapping's: move or copy the node",
                other,
            )
    return None


def _rest(
    body: Records, level: Level, slot: Slot, where: tuple[int, int, int | None], rest: str, *, strict: bool
) -> Iterator[Finding]:
    """What a converter leaves aside of a value, unless its place is ignored."""
    index, element, component = where
    record = body.segments[index]
    names = frozenset(level.qualifiers(record, body.component, body.repetition))
    for entry in level.places:
        named = entry.qualifier is None or entry.qualifier in names
        if entry.tag == record[0] and named and covers(entry, slot.places[0]):
            return
    assert slot.field is not None
    yield Finding(
        code="E-UNMAPPED",
        severity=Severity.ERROR if strict else Severity.WARNING,
        message=f"{rest} is left aside: {slot.field.text()} is a day",
        hint=f"list its place under ignores: [{_words(record, body)}/{slot.name.rpartition(' ')[2].partition('+')[0]}]",
        value=rest,
        place=body.place(index, element=element, component=component),
        mapping=slot.at,
    )


def _inside(body: Records, index: int, start: int, severity: Severity, *, also: bool) -> Finding:
    words, owner = _words(body.segments[index], body), _words(body.segments[start], body)
    if also:
        return Finding(
            code="E-UNMAPPED",
            severity=severity,
            message=f"{words} is left aside: it belongs to {owner}, which is left aside as well",
            hint=f"ignore the group with ignores: [{owner}/**]",
            place=body.place(index),
        )
    return Finding(
        code="E-UNMAPPED",
        severity=severity,
        message=f"{words} is left aside: it belongs to {owner}, and the mapping has nothing for it there",
        hint=f"bind it under then: of {owner}, or ignore the group with ignores: [{owner}/**]",
        place=body.place(index),
    )


def _pair(body: Records, pairs: Pairs, index: int, found: tuple[int, str, str], severity: Severity) -> Finding:
    element, qualifier, value = found
    tag = body.segments[index][0]
    known = ", ".join(literal for literal, _ in pairs.choices)
    return Finding(
        code="E-UNMAPPED",
        severity=severity,
        message=f"{value!r} is left aside: its qualifier {qualifier!r} is not one of {known}",
        hint=f"bind the qualifier, or list it under ignores: [{tag} {qualifier}]",
        value=value,
        place=body.place(index, element=element),
        mapping=pairs.at,
    )
