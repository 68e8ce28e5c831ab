"""The rules of a segment with one of its places changed: fewer or more codes, a narrower form, another status."""

from collections.abc import Callable
from dataclasses import replace

from transload.adapters.edi.guides.codes import Codes
from transload.adapters.edi.guides.model import Composite, Element, Form, Part, SegmentRule
from transload.adapters.edi.guides.places import SegmentGuide, WirePlace

Change = Callable[[Part], Part]

_WITHIN = {"an": ("an", "a", "n"), "AN": ("AN", "ID")}
"""Which kinds of form are within another, besides itself."""


class NarrowingError(Exception):
    """What an overlay asks for is no narrowing, or no extension, of what the guide has."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def change_rule(rule: SegmentRule, standard: str, place: str, change: Change) -> SegmentRule:
    """The rule with ``change`` made at a place, such as ``3035``, ``C082.3039`` or ``03.2``; with ``*`` at all of them.

    Raises `PlaceError` when the segment has no such place, `NarrowingError` when it refuses the change.
    """
    first = SegmentGuide(standard=standard, rule=rule).resolve(place)
    places = [first]
    if standard == "edifact" and first.component is not None:
        places = [replace(first, component=first.component + step) for step in range(first.repeats)]
    elif standard == "edifact":
        places = [replace(first, element=first.element + step) for step in range(first.repeats)]
    for each in places:
        rule = _changed(rule, each, change)
    return rule


def fewer_codes(codes: tuple[str, ...]) -> Change:
    """Only these codes, all of which must be codes already."""

    def change(part: Part) -> Part:
        element = _simple(part)
        unknown = [code for code in codes if element.codes and code not in element.codes]
        if unknown:
            raise NarrowingError(
                f"element {element.code} has no code {', '.join(unknown)} to begin with", "add codes with extend:"
            )
        return replace(part, element=replace(element, codes=Codes(codes)))

    return change


def more_codes(codes: tuple[str, ...]) -> Change:
    """These codes too."""

    def change(part: Part) -> Part:
        element = _simple(part)
        if not element.codes:
            raise NarrowingError(f"element {element.code} takes any code already", "name its only codes with narrow:")
        more = Codes([*element.codes, *codes], published=element.codes.published)
        return replace(part, element=replace(element, codes=more))

    return change


def narrower_form(form: Form) -> Change:
    """This form, which must lie within the one that the element has."""

    def change(part: Part) -> Part:
        element = _simple(part)
        own = element.form
        within = form.kind in _WITHIN.get(own.kind, (own.kind,))
        if not within or form.least < own.least or form.most > own.most:
            raise NarrowingError(f"{form} is not within {own}, the form of element {element.code}", "narrow it only")
        return replace(part, element=replace(element, form=form))

    return change


def stricter_status(status: str) -> Change:
    """Mandatory (``M``), or not used (``N``)."""

    def change(part: Part) -> Part:
        if status == "N" and part.mandatory:
            raise NarrowingError(f"{part.element.code} is mandatory, so it cannot be left out", "leave its status M")
        return replace(part, status=status)

    return change


def _simple(part: Part) -> Element:
    if isinstance(part.element, Composite):
        hint = f"name one of its components, such as {part.element.code}.{part.element.parts[0].element.code}"
        raise NarrowingError(f"{part.element.code} is a composite: it has no form and no codes", hint)
    return part.element


def _changed(rule: SegmentRule, place: WirePlace, change: Change) -> SegmentRule:
    index = place.element - 1
    if index >= len(rule.parts):
        raise NarrowingError(f"the guide does not declare element {place.element} of {rule.tag}", "declare it first")
    part = rule.parts[index]
    if place.component is not None and isinstance(part.element, Composite):
        inner = part.element.parts
        at = place.component - 1
        composite = replace(part.element, parts=(*inner[:at], change(inner[at]), *inner[at + 1 :]))
        part = replace(part, element=composite)
    else:
        part = change(part)
    return replace(rule, parts=(*rule.parts[:index], part, *rule.parts[index + 1 :]))
