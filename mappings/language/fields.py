"""The fields of canonical models as the language sees them: kinds of values, lists and objects."""

import types
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel


class Kind(StrEnum):
    """What a value is, on its way from a field to the wire."""

    TEXT = "text"
    TEXTS = "list of texts"
    DECIMAL = "number"
    INTEGER = "whole number"
    BOOLEAN = "yes or no"
    DATE = "date"
    TIME = "time"
    INSTANT = "moment"
    OBJECT = "object"
    ITEMS = "list of objects"
    JSON_NUMBER = "JSON number"
    DATED = "date and format"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FieldType:
    """The type of a field: ``choices`` are the only values of an enumeration, ``model`` the class of an object or item.

    ``optional`` is True where None is a value; ``required`` where the model has no default.
    """

    kind: Kind
    optional: bool = True
    required: bool = False
    choices: tuple[str, ...] = ()
    model: type[BaseModel] | None = None


_KINDS: dict[Any, Kind] = {
    str: Kind.TEXT,
    Decimal: Kind.DECIMAL,
    int: Kind.INTEGER,
    bool: Kind.BOOLEAN,
    date: Kind.DATE,
    time: Kind.TIME,
    datetime: Kind.INSTANT,
}


@lru_cache(maxsize=4096)
def field_type(model: type[BaseModel], name: str) -> FieldType | None:
    """The type of the field ``name`` of ``model``, or None when it has none."""
    found = model.model_fields.get(name)
    if found is None:
        return None
    annotation, optional = _strip(found.annotation)
    return _typed(annotation, optional=optional, required=found.is_required())


def follow(model: type[BaseModel], names: Iterable[str]) -> tuple[FieldType, str | None, tuple[str, ...]]:
    """The type at the end of a path of names, through objects.

    Gives the type, the name that does not exist (then the type is `Kind.OTHER`), and the
    names that stand where it does not.
    """
    current = FieldType(Kind.OBJECT, optional=False, required=True, model=model)
    optional = False
    for name in names:
        if current.kind is not Kind.OBJECT or current.model is None:
            return FieldType(Kind.OTHER), name, ()
        following = field_type(current.model, name)
        if following is None:
            return FieldType(Kind.OTHER), name, tuple(current.model.model_fields)
        current = following
        optional = optional or current.optional
    return current, None, ()


def _typed(annotation: Any, *, optional: bool, required: bool) -> FieldType:
    origin = get_origin(annotation)
    if origin is Literal:
        return FieldType(Kind.TEXT, optional, required, tuple(str(choice) for choice in get_args(annotation)))
    if origin in (tuple, list):
        item, _ = _strip(get_args(annotation)[0])
        if isinstance(item, type) and issubclass(item, BaseModel):
            return FieldType(Kind.ITEMS, optional, required, model=item)
        return FieldType(Kind.TEXTS if item is str else Kind.OTHER, optional, required)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return FieldType(Kind.OBJECT, optional, required, model=annotation)
    kind = _KINDS.get(annotation)
    if kind is None and getattr(annotation, "__name__", "") == "AwareDatetime":
        kind = Kind.INSTANT
    return FieldType(kind or Kind.OTHER, optional, required)


def _strip(annotation: Any) -> tuple[Any, bool]:
    """The annotation without ``Annotated`` and ``None``, and whether None was among it."""
    optional = False
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            members = [member for member in get_args(annotation) if member is not type(None)]
            optional = optional or len(members) < len(get_args(annotation))
            if len(members) != 1:
                return annotation, optional
            annotation = members[0]
        else:
            return annotation, optional
