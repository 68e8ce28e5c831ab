"""Paths of fields as people write them: ``/lines/2/quantity`` (JSON Pointer) or ``lines[2].quantity``."""

import re
from typing import Any

from pydantic import BaseModel

from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.canonical.model import Model
from transload.mappings.language.fields import Kind, field_type
from transload.mappings.reports.origins import Location, field_text
from transload.mappings.source.problems import suggest

_STEP = re.compile(r"(?P<name>[A-Za-z_]\w*)|\[(?P<index>\d{1,9})\]|(?P<number>\d{1,9})", re.ASCII)
_KEYED = re.compile(r"(?P<list>\w+)\[(?P<key>\w+)=(?P<value>.*)\]", re.DOTALL)


def parse_path(text: str) -> Location:
    """The steps of a path, items counted from 0; none for the whole document.

    Raises `TransloadError` (E-FIELD) for what is no path.
    """
    if text in ("", "/"):
        return ()
    if text.startswith("/"):
        steps = [step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/")]
        return tuple(int(step) if step.isascii() and step.isdigit() and len(step) < 10 else step for step in steps)
    found: list[str | int] = []
    position = 0
    while position < len(text):
        if found and text[position] == ".":
            position += 1
        step = _STEP.match(text, position)
        if step is None:
            raise refused(f"{text!r} is no path of a field", "write  /lines/2/quantity  or  lines[2].quantity")
        found.append(step["name"] or int(step["index"] or step["number"]))
        position = step.end()
    return tuple(found)


def check_path(model: type[Model], path: Location) -> None:
    """Raise `TransloadError` (E-FIELD) where documents of ``model`` can have no such path; the hint has a near miss."""
    inside: Any = model
    kind = Kind.OBJECT
    for number, step in enumerate(path):
        around = field_text(path[:number]) or "the document"
        if isinstance(step, int):
            if kind not in (Kind.ITEMS, Kind.TEXTS):
                raise refused(f"{around} is no list, so it has no item {step}", None)
            kind = Kind.TEXT if kind is Kind.TEXTS else Kind.OBJECT
            continue
        if kind in (Kind.ITEMS, Kind.TEXTS):
            raise refused(f"{around} is a list", f"name an item, counted from 0:  {field_text((*path[:number], 0))}")
        found = field_type(inside, step) if kind is Kind.OBJECT and inside is not None else None
        if found is None:
            known = inside.model_fields if kind is Kind.OBJECT and inside is not None else ()
            fields = f"it has: {', '.join(known)}" if known else "it is one value"
            raise refused(f"{around} has no field {step!r}", suggest(step, known, fields))
        kind, inside = found.kind, found.model


def parse_names(text: str, model: type[Model]) -> tuple[str, ...]:
    """The names in a path, with or without the numbers of items: ``lines.quantity``, ``lines[].quantity``.

    Raises `TransloadError` (E-FIELD) for what is no path, or none of documents of ``model``.
    """
    names = tuple(step for step in parse_path(text.replace("[]", "")) if isinstance(step, str))
    path: Location = ()
    inside: Any = model
    for name in names:
        check_path(model, (*path, name))
        kind = field_type(inside, name)
        assert kind is not None
        path = (*path, name, 0) if kind.kind is Kind.ITEMS else (*path, name)
        inside = kind.model
    return names


def refused(message: str, hint: str | None) -> TransloadError:
    """The error for a path that leads nowhere."""
    return TransloadError(message, hint=hint, findings=[Finding(code="E-FIELD", message=message, hint=hint)])


def described(name: str, model: type[Model]) -> str:
    """What the model says of the field ``name`` (``lines[].quantity``); empty where it says nothing."""
    steps = [step for step in name.replace("[]", "").split(".") if step]
    holder: type[BaseModel] | None = model
    for step in steps[:-1]:
        kind = field_type(holder, step) if holder is not None else None
        holder = kind.model if kind is not None else None
    known = holder.model_fields.get(steps[-1]) if holder is not None and steps else None
    return (known.description or "") if known is not None else ""


def value_at(document: Model | None, path: Location) -> Any:
    """What stands at ``path`` in a document, as `transload.canonical.documents.as_json` writes it; None for nothing."""
    value: Any = document
    around: BaseModel | None = None
    name = ""
    rest: tuple[int, ...] = ()
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, tuple | list) and step < len(value) else None
            rest = (*rest, step)
        else:
            around, name, rest = (value, step, ()) if isinstance(value, BaseModel) else (None, "", ())
            value = getattr(value, step, None) if around is not None else None
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if value is None or around is None:
        return None
    found = around.model_dump(mode="json", include={name}, exclude_none=True).get(name)
    for index in rest:
        found = found[index] if isinstance(found, list) else found
    return found


def count_at(document: Model | None, path: Location) -> int | None:
    """How many items the list at ``path`` has; None where there is no list."""
    items = _walked(document, path)
    return len(items) if isinstance(items, tuple | list) else None


def may_begin(location: Location, path: Location) -> bool:
    """Whether ``location``, as a reading names it, may lie at or below ``path``.

    A reading names an item that is chosen by its key by that key, ``references[kind=contract]``, and
    `plain_location` tells its number once the document is there.
    """
    position = 0
    for step in location:
        if position >= len(path):
            return True
        if step == path[position]:
            position += 1
        elif isinstance(step, str) and step.startswith(f"{path[position]}["):
            position += 2
        else:
            return False
    return position >= len(path)


def plain_location(location: Location, document: Model | None) -> Location:
    """``location`` with the number of each item that it names by a key."""
    found: Location = ()
    for step in location:
        keyed = _KEYED.fullmatch(step) if isinstance(step, str) else None
        if keyed is None:
            found = (*found, step)
            continue
        items = _walked(document, (*found, keyed["list"]))
        numbers = [
            number
            for number, item in enumerate(items if isinstance(items, tuple | list) else ())
            if str(getattr(item, keyed["key"], None)) == keyed["value"]
        ]
        found = (*found, keyed["list"], numbers[0]) if numbers else (*found, step)
    return found


def _walked(value: Any, path: Location) -> Any:
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, tuple | list) and step < len(value) else None
        else:
            value = getattr(value, step, None)
    return value
