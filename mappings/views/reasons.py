"""Why nothing in a message gave a field: it is not there, a default, a key, derived, or has no place in the mapping."""

from collections.abc import Iterator
from typing import Any

from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.language.losses import expanded, names_of
from transload.mappings.language.meaning import Meaning
from transload.mappings.reports.origins import Location, field_text
from transload.mappings.views.bound import Bound, entries
from transload.mappings.views.paths import count_at

Reason = tuple[str, MappingPlace | None]
"""In words, with the entry that says so."""
_SHOWN = 4


def reason_for(meaning: Meaning, path: Location, value: Any, document: Model | None) -> Reason:
    """Why the field at ``path`` has no origin.  ``value`` is what the document holds there, None for nothing."""
    missing = _beyond(path, document) if document is not None else None
    if missing is not None:
        return missing, None
    names = _names(path)
    bound = [one for one in entries(meaning) if one.slot.field is not None and _within(one, names)]
    reading = [one for one in bound if one.slot.reads]
    if value is not None:
        return _filled(meaning, names, reading, value)
    if document is None:
        return f"the message has errors, so it gives no document{_read_from(reading)}", _first(reading)
    derived = next((one for one in meaning.derived if names_of(one.field) == names), None)
    if derived is not None:
        return f"derived as {derived.rule}, and what it follows from is not in this message", derived.at
    if reading:
        return f"not in this message{_read_from(reading)}", _first(reading)
    writing = [one for one in bound if one.slot.writes]
    if writing:
        return f"the mapping only writes it, to {_told(writing)}", _first(writing)
    listed = [tuple(path.replace("[]", "").split(".")) for path in expanded(meaning)]
    if any(names[: len(lost)] == lost for lost in listed):
        return "the mapping has no place for it, and lists it under loses:", None
    return "the mapping has no place for it", None


def _filled(meaning: Meaning, names: tuple[str, ...], reading: list[Bound], value: Any) -> Reason:
    filling = next((one.slot for one in reading if one.slot.default is not None), None)
    if filling is not None:
        return f"not in this message; the mapping fills it in: {filling.rule}", filling.at
    for scope in meaning.scopes:
        if scope.key is not None and names and scope.key == (names[-1], str(value)) and scope.path[-1:] == names[-2:-1]:
            return f"the item was made for {scope.path[-1]}[{scope.key[0]}={scope.key[1]}], and this is its key", None
    whole = next((one for one in reading if one.whole is not None), None)
    if whole is not None:
        assert whole.whole is not None
        return f"it is a part of {whole.where}: {whole.whole.rule}", whole.slot.at
    if isinstance(value, dict | list):
        return "it was put together from several values of the message", None
    more = _read_from(reading) if reading else ", and the mapping does not read it"
    return f"not in this message: {value} is the default of {meaning.document}{more}", _first(reading)


def _beyond(path: Location, document: Model) -> str | None:
    """Why there is no such item."""
    for number, step in enumerate(path):
        count = count_at(document, path[:number]) or 0
        if isinstance(step, int) and step >= count:
            items = "1 item, number 0" if count == 1 else f"{count} items, 0 to {count - 1}" if count else "no items"
            return f"{field_text(path[:number])} has {items}"
    return None


def _names(path: Location) -> tuple[str, ...]:
    return tuple(step for step in path if isinstance(step, str))


def _within(one: Bound, names: tuple[str, ...]) -> bool:
    """Whether the entry is of the field, or of one in it."""
    assert one.slot.field is not None
    return names_of(one.slot.field)[: len(names)] == names


def _first(found: list[Bound]) -> MappingPlace | None:
    return found[0].slot.at if found else None


def _read_from(found: list[Bound]) -> str:
    return f"; it is read from {_told(found)}" if found else ""


def _told(found: list[Bound]) -> str:
    return " or ".join(_places(found))


def _places(found: list[Bound]) -> Iterator[str]:
    shown = list(dict.fromkeys(one.where for one in found))
    yield from shown[:_SHOWN]
    if len(shown) > _SHOWN:
        yield f"{len(shown) - _SHOWN} other places"
