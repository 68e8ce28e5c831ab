"""Meaning hints: a field that stands at the usual place of another one, and not at its own.

No law sees a mapping that is wrong the same way in both directions.  Canonical fields know their usual
places (``known_at``: ``NAD 3251``, ``N4 03``, ``cbc:PostalZone``); a swap shows against them.
"""

from collections.abc import Iterator
from dataclasses import replace

from pydantic import BaseModel

from transload.canonical.findings import Finding, Severity
from transload.mappings.language.fields import FieldType, Kind, follow
from transload.mappings.language.layout import Element, Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot

Spot = tuple[str, frozenset[str]]
"""A place in the words of ``known_at``, and the qualifiers that stand beside it."""


def check_hints(meaning: Meaning) -> Iterator[Finding]:
    """``L-HINT``: one warning for each entry whose field has its usual places elsewhere."""
    spots = _spots(meaning)
    bound: dict[tuple[type[BaseModel], str], list[Spot]] = {}
    for slot, model, name, spot in spots:
        del slot
        bound.setdefault((model, name), []).append(spot)
    told: set[tuple[str, str, str, int, int]] = set()
    for slot, model, name, spot in spots:
        own = _known(model, name, meaning.format_type)
        if not own or any(_meets(known, spot) for known in own):
            continue
        for other in model.model_fields:
            usual = _known(model, other, meaning.format_type) if other != name else []
            exact = [known for known in usual if _meets(known, spot)]
            at_home = any(_meets(known, place) for place in bound.get((model, other), ()) for known in usual)
            entry = (slot.name, name, other, slot.at.line, slot.at.column)  # the same for each case of a node
            if exact and not at_home and entry not in told:
                told.add(entry)
                yield Finding(
                    code="L-HINT",
                    severity=Severity.WARNING,
                    message=f"{slot.name} is the usual place of {other}, and {name} is bound to it",
                    hint=f"{name} usually stands at {' or '.join(own)}; leave it so if the partner's guide says so",
                    mapping=slot.at,
                    field=slot.field.text() if slot.field is not None else None,
                )
                break


def _spots(meaning: Meaning) -> list[tuple[Slot, type[BaseModel], str, Spot]]:
    found = []
    for node in meaning.segments:
        found += [(slot, spot) for slot, spot in _of_segment(node)]
    for element in meaning.elements:
        found += [(slot, spot) for slot, spot in _of_element(element, "")]
    rows = []
    for slot, spot in found:
        field = slot.field
        if field is None or field.scope.model is None or not field.path or not slot.reads:
            continue
        kind, missing, _ = follow(field.scope.model, field.path[:-1])
        model = kind.model if len(field.path) > 1 else field.scope.model
        if missing is None and model is not None:
            rows.append((slot, model, field.path[-1], spot))
    return rows


def _of_segment(node: Segment) -> Iterator[tuple[Slot, Spot]]:
    literals = frozenset(text for slot in node.literals for text in slot.literals)
    party = _case(node)
    if party is not None:
        yield party
    for slot in node.slots:
        place = (slot.at.place or "").partition(" ")[2].partition("+")[0].partition("[")[0].rstrip("*")
        yield slot, (f"{node.tag} {place.rpartition('.')[2] if place[:1].isalpha() else place}", literals)
    for pairs in node.pairs:
        words = (pairs.at.place or "").rpartition("(")[2].rstrip(")").split()
        for qualifier, slot in pairs.choices:
            yield slot, (f"{node.tag} {words[-1] if words else ''}", frozenset({qualifier}))
    for inner in node.then:
        yield from _of_segment(inner)


def _case(node: Segment) -> tuple[Slot, Spot] | None:
    """The object of a case, as if it were bound to the place of its qualifier: ``NAD 3035[BY]``."""
    told = next((slot for slot in node.slots if slot.rule == "=case"), None)
    inside = next((slot.field for slot in node.own() if slot.field is not None and len(slot.field.path) > 1), None)
    if told is None or node.case is None or inside is None or told.field is not None:
        return None
    field = replace(inside, path=inside.path[:-1], type=FieldType(Kind.OBJECT))
    return replace(told, field=field, reads=True), ((told.at.place or "").replace("*", ""), frozenset({node.case}))


def _of_element(node: Element, above: str) -> Iterator[tuple[Slot, Spot]]:
    path = f"{above}/{node.label}"
    if node.text is not None:
        yield node.text, (path, frozenset())
    for child in node.children:
        yield from _of_element(child, path)


def _known(model: type[BaseModel], name: str, format_type: str) -> list[str]:
    """The usual places of a field in this format's words."""
    extra = model.model_fields[name].json_schema_extra
    places = extra.get("known_at", ()) if isinstance(extra, dict) else ()
    return [str(place) for place in places if _speaks(str(place), format_type)] if isinstance(places, list) else []


def _speaks(place: str, format_type: str) -> bool:
    tag, _, rest = place.partition(" ")
    number = rest.partition("[")[0]
    if format_type == "edifact":
        return tag.isalnum() and len(number) == 4 and number.isdigit()
    if format_type == "x12":
        return tag.isalnum() and len(number) == 2 and number.isdigit()
    return format_type in ("xml", "soap") and ":" in place


def _meets(known: str, spot: Spot) -> bool:
    """Whether a usual place is this one: the same words, and its qualifier is there."""
    place, literals = spot
    words, _, qualifier = known.partition("[")
    if "/" in place:
        return place.endswith(f"/{words}")
    return words == place and (not qualifier or qualifier.rstrip("]") in literals)
