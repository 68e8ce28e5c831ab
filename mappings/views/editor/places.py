"""The segments of a guide with their places: element codes, composites, positions, each with its title."""

from collections import Counter
from typing import Any

from transload.adapters.edi.guides import Guide, SegmentGuide
from transload.adapters.edi.guides.model import Composite, Element, Part
from transload.mappings.views.editor.values import VALUE, code_values

_SHOWN = 60
"""Of longer code lists only this many are offered."""
_POSITION = r"^[0-9]{1,2}(\[[0-9]+\])?(\.[0-9]{1,2})?(\*[0-9]{0,2})?$"
PAIRED: dict[str, Any] = {
    "type": "object",
    "description": "Qualifier and value side by side: {QUALIFIER: =field}",
    "additionalProperties": VALUE,
    "minProperties": 1,
}
"""What stands in a pair."""
PAIRS = r"^pairs?\(\s*\S+\s+\S+\s*\)$"
"""The names of pairs."""
_ANY: dict[str, Any] = {"anyOf": [VALUE]}
_TWO = r"^[^+ ]+\s*\+\s*[^+ ]+$"


def segments(guide: Guide) -> dict[str, Any]:
    """A schema for each segment of a message."""
    found = {}
    for tag in guide.tags:
        known = guide.segment(tag)
        assert known is not None
        found[tag] = segment(known)
    return found


def segment(known: SegmentGuide) -> dict[str, Any]:
    """The places of one segment; element codes that it does not have are refused."""
    edifact = known.standard == "edifact"
    properties: dict[str, Any] = {}
    for number, part in enumerate(known.parts, 1):
        _position(properties, part, f"{number:02}" if not edifact else str(number), offered=not edifact)
    patterns: dict[str, Any] = {_POSITION: VALUE, PAIRS: PAIRED, _TWO: VALUE}
    if edifact:
        for name, part in _codes(known):
            properties[name] = _place(part)
            _also_as_number(properties, name, part)
        codes = "|".join(sorted({part.element.code for part in _simple(known)}))
        patterns[rf"^(([CS][0-9]{{3}})(\[[0-9]+\])?\.)?({codes})(\[[0-9]+\])?(\*[0-9]{{0,2}})?$"] = VALUE
    return {
        "type": "object",
        "description": known.title or f"Segment {known.tag}",
        "properties": properties,
        "patternProperties": patterns,
        "additionalProperties": False,
    }


def unguided() -> dict[str, Any]:
    """The places of a segment that no guide knows: positions."""
    return {
        "type": "object",
        "patternProperties": {_POSITION: VALUE, PAIRS: PAIRED, _TWO: VALUE},
        "additionalProperties": False,
    }


def _simple(known: SegmentGuide) -> list[Part]:
    found: list[Part] = []
    for part in known.parts:
        found += part.element.parts if isinstance(part.element, Composite) else (part,)
    return found


def _codes(known: SegmentGuide) -> list[tuple[str, Part]]:
    """The ways to write each element: its code where that is enough, else with its composite; ``*`` for repeats."""
    holders: dict[str, set[int]] = {}
    for number, part in enumerate(known.parts):
        for inner in part.element.parts if isinstance(part.element, Composite) else (part,):
            holders.setdefault(inner.element.code, set()).add(number)
    found: list[tuple[str, Part]] = []
    for part in known.parts:
        parts = part.element.parts if isinstance(part.element, Composite) else (part,)
        often = Counter(inner.element.code for inner in parts)
        for inner in parts:
            code = inner.element.code
            prefix = f"{part.element.code}." if len(holders[code]) > 1 and isinstance(part.element, Composite) else ""
            found.append((prefix + code, inner))
            if often[code] > 1:
                found.append((f"{prefix}{code}*", inner))
    return found


def _position(properties: dict[str, Any], part: Part, name: str, *, offered: bool) -> None:
    hidden = {} if offered else {"doNotSuggest": True}
    if isinstance(part.element, Composite):
        for number, inner in enumerate(part.element.parts, 1):
            properties[f"{name}.{number}"] = {**_place(inner), **hidden}
        properties[name] = {"description": part.element.title, **_ANY, **hidden}
        return
    properties[name] = {**_place(part), **hidden}
    _also_as_number(properties, name, part)


def _also_as_number(properties: dict[str, Any], name: str, part: Part) -> None:
    """An editor reads the key 03 as the number 3."""
    bare = name.lstrip("0")
    if bare != name:
        properties[bare] = {**_place(part), "doNotSuggest": True}


def _place(part: Part) -> dict[str, Any]:
    element = part.element
    if not isinstance(element, Element):
        return {"description": element.title, **_ANY}
    status = {"M": "mandatory", "C": "conditional", "O": "optional", "X": "depends on others", "N": "not used"}
    about = f"{element.title or element.code} ({element.form}, {status.get(part.status, part.status)})"
    codes = list(element.codes)[:_SHOWN]
    return {"description": about, **(code_values(codes) if codes else _ANY)}
