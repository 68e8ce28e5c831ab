"""The canonical fields as expressions can name them, and the converters that fit each."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from transload.canonical.model import Model
from transload.mappings.language.converters.chains import FACTORIES, SPECIAL
from transload.mappings.language.fields import FieldType, Kind, field_type

CONVERTERS = tuple(sorted({*FACTORIES, *SPECIAL}))
"""The names of all converters."""
_DEEPEST = 6


@dataclass(frozen=True, kw_only=True)
class Known:
    """One field as it is named from the document or from an item of a list: ``buyer.name``, ``quantity``."""

    path: str
    kind: FieldType
    about: str


def fields_of(model: type[Model]) -> dict[str, Known]:
    """All fields, those of items and objects also by their name inside of these; of equal names the first."""
    found: dict[str, Known] = {}
    waiting: list[type[BaseModel]] = [model]
    seen: set[type[BaseModel]] = set()
    while waiting:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        for known in _below(current, "", 0):
            found.setdefault(known.path, known)
            if known.kind.model is not None:
                waiting.append(known.kind.model)
    return found


def _below(model: type[BaseModel], prefix: str, depth: int) -> Iterator[Known]:
    for name, declared in model.model_fields.items():
        kind = field_type(model, name)
        if kind is None:
            continue
        yield Known(path=f"{prefix}{name}", kind=kind, about=declared.description or "")
        if kind.kind is Kind.OBJECT and kind.model is not None and depth < _DEEPEST:
            yield from _below(kind.model, f"{prefix}{name}.", depth + 1)


def expressions_for(known: Known, format_type: str) -> list[str]:
    """The usual ways to write a field on the wire of a format, the likeliest first."""
    name = f"={known.path}"
    kind = known.kind.kind
    if kind is Kind.DATE:
        if format_type == "edifact":
            return [f"{name} | dtm(102)", f"{name} | date(yyyyMMdd)"]
        if format_type in ("x12", "fixed", "cobol"):
            return [f"{name} | date(yyyyMMdd)", f"{name} | date(yyMMdd)"]
        return [f"{name} | date(iso)", f"{name} | date(dd.MM.yyyy)"]
    if kind is Kind.INSTANT:
        return [f"{name} | dtm(203 UTC)" if format_type == "edifact" else f"{name} | datetime(iso)"]
    if kind is Kind.TIME:
        return [f"{name} | time(HHmm)"]
    if kind is Kind.BOOLEAN:
        return [f"{name} | yesno(Y N)"] if format_type != "json" else [name, f"{name} | yesno(Y N)"]
    if kind in (Kind.DECIMAL, Kind.INTEGER):
        more = {"fixed": f"{name} | implied(2)", "json": f"{name} | number", "csv": f"{name} | comma"}
        return [name, *([more[format_type]] if format_type in more else [])]
    if kind is Kind.TEXT:
        tables = known.kind.choices or known.path.rpartition(".")[2] in ("kind", "uom", "price_uom")
        return [name, f"{name} | code({known.path.rpartition('.')[2]})"] if tables else [name]
    return [name] if kind is Kind.TEXTS else []
