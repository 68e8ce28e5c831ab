"""``ignores``: what a mapping leaves aside quietly, as addresses of segments, elements, and places in them."""

import re
from collections.abc import Sequence

from transload.adapters.edi.guides import PlaceError, SegmentGuide, WirePlace, resolve_position
from transload.mappings.language.headers import texts_of
from transload.mappings.language.meaning import Ignored, Meaning
from transload.mappings.language.names import qualified
from transload.mappings.source.nodes import Table, Text
from transload.mappings.source.problems import Problems

_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
_CODE = re.compile(r"\d{4}|[CS]\d{3}(\..+)?")


def ignores_of(table: Table, meaning: Meaning, problems: Problems) -> tuple[Ignored, ...]:
    """``PAI``, ``DTM 64``, ``LIN / PIA 5``, ``NAD CN/**``, ``LIN/1229``; in trees names, ``cbc:ID/@schemeID``."""
    make = {"xml": _element, "json": _member}.get(meaning.format_type, _record)
    found: list[Ignored] = []
    for item in texts_of(table, "ignores", problems):
        text, deep = item.text.removesuffix("/**"), item.text.endswith("/**")
        *above, last = [step.strip() for step in text.split(" / ")]
        name, _, part = last.partition("/")
        entry = make(item, above, name, part, meaning, problems)
        if entry is not None:
            found.append(Ignored(**{**vars(entry), "deep": True}) if deep else entry)
    return tuple(found)


def _element(
    item: Text, above: Sequence[str], name: str, part: str, meaning: Meaning, problems: Problems
) -> Ignored | None:
    """A prefix is the mapping's own, and a name without one is in any namespace."""
    names = [qualified(step, meaning.namespaces, item.at, problems, default=False) for step in (*above, name)]
    steps = tuple(step for step in names if step is not None)
    if len(steps) < len(names):
        return None
    if part.startswith("@"):
        attribute = qualified(part[1:], meaning.namespaces, item.at, problems, default=False)
        return Ignored(tag=steps[-1], above=steps[:-1], part=f"@{attribute}") if attribute else None
    if part and part != "text()":
        hint = f"write {name}/@{part}, {name}/text(), or {name} / {part} for an element in it"
        problems.add("M-VALUE", item.at, f"{item.text!r} names no part of {name}", hint=hint)
        return None
    return Ignored(tag=steps[-1], above=steps[:-1], part=part, deep=not part)


def _member(
    item: Text, above: Sequence[str], name: str, part: str, meaning: Meaning, problems: Problems
) -> Ignored | None:
    del item, meaning, problems
    return Ignored(tag=f"{name}/{part}" if part else name, above=tuple(above), deep=True)


def _record(
    item: Text, above: Sequence[str], name: str, part: str, meaning: Meaning, problems: Problems
) -> Ignored | None:
    tag, _, qualifier = name.partition(" ")
    qualifier = qualifier.strip()
    if not _TAG.fullmatch(tag):
        hint = "write PAI, DTM 64, LIN / PIA 5, NAD CN/** or LIN/1229"
        problems.add("M-VALUE", item.at, f"{item.text!r} names no segment", hint=hint)
        return None
    if _CODE.fullmatch(qualifier) and meaning.format_type == "edifact":
        hint = f"for a place in the segment write {tag}/{qualifier}"
        problems.add("M-VALUE", item.at, f"{qualifier!r} is no qualifier", hint=hint)
        return None
    guide = meaning.guide.segment(tag) if meaning.guide is not None else None
    places: tuple[WirePlace, ...] = ()
    if part:
        try:
            places = _places(guide, part)
        except PlaceError as error:
            problems.add("M-PLACE", item.at, f"{item.text!r}: {error.message}", hint=error.hint)
            return None
    tags = tuple(step.partition(" ")[0] for step in above)
    return Ignored(tag=tag, qualifier=qualifier or None, above=tags, places=places)


def _places(guide: SegmentGuide | None, part: str) -> tuple[WirePlace, ...]:
    """All places that ``part`` may mean: a code that stands several times means each of them."""
    if guide is None:
        return (resolve_position(part),)
    try:
        return (guide.resolve(part),)
    except PlaceError:
        return guide.resolve_all(part)


def place_word(guide: SegmentGuide | None, place: WirePlace) -> str:
    """The shortest word that means ``place`` and no other: ``1229``, ``C212.1131``, ``06``, ``2.1``."""
    if guide is None:
        return str(place)
    if guide.standard == "x12":
        component = f".{place.component}" if place.component is not None else ""
        repetition = f"[{place.repetition}]" if place.repetition is not None else ""
        return f"{place.element:02}{repetition}{component}"
    element, whole = guide.element(place), guide.element(WirePlace(element=place.element))
    if element is None or whole is None:
        return str(place)
    same = [n for n, part in enumerate(guide.parts, 1) if part.element.code == whole.code]
    holder = f"{whole.code}[{same.index(place.element) + 1}]"
    words = (
        (element.code, f"{whole.code}.{element.code}", f"{holder}.{element.code}", f"{element.code}[{{}}]")
        if place.component is not None
        else (element.code, holder)
    )
    for word in words:
        try:
            if "{}" not in word and guide.resolve(word) == place:
                return word
        except PlaceError:
            continue
    return str(place)
