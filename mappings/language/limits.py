"""``limits:``: what a mapping carries of a field, narrower than the canonical model; checked in both directions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from transload.canonical.places import MappingPlace
from transload.mappings.language.constants import Constant, constant
from transload.mappings.language.converters.base import Converter, DomainError
from transload.mappings.language.fields import FieldType, Kind, field_type
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import Problems, suggest

KEYS = ("length", "min", "max", "values", "decimals", "items", "note")
_ORDERED = (Kind.DECIMAL, Kind.INTEGER, Kind.DATE)
_FITS = {
    "length": (Kind.TEXT, Kind.TEXTS),
    "min": _ORDERED,
    "max": _ORDERED,
    "values": (Kind.TEXT, Kind.TEXTS, *_ORDERED),
    "decimals": (Kind.DECIMAL,),
    "items": (Kind.TEXTS, Kind.ITEMS),
}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The limits of one field; None and empty where there is none.

    ``length`` is the most characters of a text, ``items`` the most of a list, ``least`` and ``most`` the borders of a
    number or date (both inside), ``decimals`` the most digits after the point.
    """

    at: MappingPlace
    length: int | None = None
    least: Any = None
    most: Any = None
    values: tuple[Constant, ...] = ()
    decimals: int | None = None
    items: int | None = None

    def complaint(self, value: Any) -> str | None:
        """Why ``value``, one of a list's texts or a field's, is beyond the limits; None where it is not."""
        if self.values and value not in self.values:
            return f"{_shown(value)} is not one of {', '.join(map(str, self.values))}"
        if self.length is not None and len(value) > self.length:
            return f"{value!r} is longer than {self.length} characters"
        if self.least is not None and value < self.least:
            return f"{value} is less than {self.least}"
        if self.most is not None and value > self.most:
            return f"{value} is more than {self.most}"
        if self.decimals is not None and _decimals(value) > self.decimals:
            return f"{value} has more than {self.decimals} decimals"
        return None


def _decimals(value: Any) -> int:
    exponent = value.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _shown(value: Any) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def checking(limit: Limit) -> Converter:
    """A step that gives every value as it got it, or refuses it; lists are counted when a document is complete."""

    def check(value: Any) -> Any:
        for text in value if isinstance(value, list | tuple) else (value,):
            complaint = limit.complaint(text)
            if complaint is not None:
                raise DomainError(complaint)
        return value

    return Converter(name="limits", read=check, write=check, gives=Kind.OTHER, checks=True)


def at_most(count: int) -> Converter:
    """A step at the wire's end: each text has at most ``count`` characters."""

    def check(value: Any) -> Any:
        for text in value if isinstance(value, list | tuple) else (value,):
            if isinstance(text, str) and len(text) > count:
                raise DomainError(f"{text!r} is longer than {count} characters")
        return value

    return Converter(name="max", read=check, write=check, gives=Kind.OTHER, checks=True)


def limits_of(table: Table, model: type[BaseModel] | None, problems: Problems) -> dict[str, Limit]:
    """The limits by path, such as ``lines.uom``."""
    entries = table.get("limits")
    if entries is None or model is None:
        return {}
    if not isinstance(entries, Table):
        problems.add("M-VALUE", entries.at, "limits: is a table of fields", hint="limits: {lines.uom: {length: 3}}")
        return {}
    found: dict[str, Limit] = {}
    for key, value in entries:
        path = key.text.replace("[]", "")
        field = _typed(path, model, key, problems)
        if field is None:
            continue
        if not isinstance(value, Table):
            problems.add("M-VALUE", value.at, "the limits of a field are a table", hint=f"it takes {', '.join(KEYS)}")
            continue
        found[path] = _limit(value, field, key, problems)
    return found


def _typed(path: str, model: type[BaseModel], key: Text, problems: Problems) -> FieldType | None:
    field: FieldType | None = None
    inside: type[BaseModel] | None = model
    for name in path.split("."):
        field = field_type(inside, name) if inside is not None else None
        if field is None:
            known = list(inside.model_fields) if inside is not None else []
            hint = suggest(name, known, f"fields are: {', '.join(known)}" if known else None)
            problems.add("M-FIELD", key.at, f"limits: there is no field {key.text!r}", hint=hint)
            return None
        inside = field.model
    return field


def _limit(table: Table, field: FieldType, key: Text, problems: Problems) -> Limit:
    values: dict[str, Any] = {}
    item = FieldType(Kind.TEXT) if field.kind is Kind.TEXTS else field
    readers: dict[str, Callable[[Source], Any]] = {
        "length": lambda value: _count(value, problems),
        "items": lambda value: _count(value, problems),
        "decimals": lambda value: _count(value, problems),
        "min": lambda value: _border(value, item, problems),
        "max": lambda value: _border(value, item, problems),
        "values": lambda value: _choices(value, item, problems),
    }
    for name, value in table:
        if name.text not in KEYS:
            hint = suggest(name.text, KEYS, f"it takes {', '.join(KEYS)}")
            problems.add("M-KEY", name.at, f"a limit has no key {name.text!r}", hint=hint)
        elif name.text == "note":
            continue
        elif field.kind not in _FITS[name.text]:
            fits = " or a ".join(kind.value for kind in _FITS[name.text])
            message = f"{name.text}: is for a {fits}, and {key.text} is a {field.kind.value}"
            problems.add("M-VALUE", name.at, message)
        else:
            values[name.text] = readers[name.text](value)
    if values.get("min") is not None and values.get("max") is not None and values["min"] > values["max"]:
        problems.add("M-VALUE", key.at, f"{key.text}: min: is above max:")
    return Limit(
        at=key.at,
        length=values.get("length"),
        least=values.get("min"),
        most=values.get("max"),
        values=values.get("values") or (),
        decimals=values.get("decimals"),
        items=values.get("items"),
    )


def _count(value: Source, problems: Problems) -> int | None:
    if isinstance(value, Text) and value.text.isascii() and value.text.isdigit():
        return int(value.text)
    problems.add("M-VALUE", value.at, "a whole number is expected")
    return None


def _border(value: Source, field: FieldType, problems: Problems) -> Constant | None:
    if isinstance(value, Text):
        return constant(value.text, field, value.at, problems)
    problems.add("M-VALUE", value.at, "a value is expected")
    return None


def _choices(value: Source, field: FieldType, problems: Problems) -> tuple[Constant, ...]:
    if not isinstance(value, Rows) or not value.values or not all(isinstance(item, Text) for item in value):
        problems.add("M-VALUE", value.at, "values: is a list")
        return ()
    made = [constant(item.text, field, item.at, problems) for item in value if isinstance(item, Text)]
    return tuple(item for item in made if item is not None)
