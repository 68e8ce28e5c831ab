"""Values to try, by kind of field: plain ones first, then borders and what formats and converters stumble over."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from transload.mappings.language.fields import FieldType, Kind

MARKS = "+:?'*~^|>\"<&;,./\\#!=-_()%{}[]@$`"
"""Separators, release characters and quotes of all formats."""
FOREIGN = "äßéÅñŁЖ€漢☃"
LONG = 200
_WORDS = ("Ab1", "A", "x y", "Zz9 -/.")
_DIGITS = "40123450000091234567"
_CAPITALS = ("DE", "EUR", "EA", "KGM", "VAT", "S", "ABCD")
_ODD = (
    "0", "00", "007", "-0", "1E5", "=x", "null", "None", " a", "a ", " a ", "a  b", "a\tb", "a\nb", "\na", "a\n",
    "a\r\nb", "true", "N", "''", '""', "\u00a0a", "e\u0301", "a\x1cb", "a\x1db", "a\x1eb", "a\x1fb", "a\x02b", "a\x85b",
)  # fmt: skip
_NUMBERS = (
    "7.25", "3", "1", "0", "0.5", "12.50", "100.00", "0.001", "0.0001", "0.000001", "1E+3", "-0", "-1", "-7.25",
    "99999.99", "123456789", "999999999999999", "12345678901234567890.123456789", "-12345678901234.5",
)  # fmt: skip
_DAYS = (
    date(2026, 2, 3), date(2024, 2, 29), date(2025, 12, 31), date(2000, 1, 1), date(1999, 12, 31), date(1970, 1, 1),
    date(1969, 1, 1), date(1968, 12, 31), date(2068, 12, 31), date(2069, 1, 1), date(1900, 3, 1), date(9999, 12, 31),
    date(1, 1, 1),
)  # fmt: skip
_TIMES = (time(7, 5), time(0, 0), time(23, 59), time(12, 0, 1), time(6, 7, 8, 9000), time(6, 7, 8, 9))
_MOMENTS = (
    datetime(2026, 2, 3, 4, 5, tzinfo=UTC),
    datetime(2026, 7, 8, 9, 10, 11, tzinfo=timezone(timedelta(hours=2))),
    datetime(2025, 12, 31, 23, 59, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # one of two half past twos in Berlin
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC),
    datetime(1969, 12, 31, 12, 0, tzinfo=UTC),
)


def texts(limit: int | None = None) -> list[str]:
    """Texts, the plainest first; ``limit`` is how many characters the place takes, where that is known."""
    found = [*_WORDS, *(_DIGITS[:count] for count in range(1, 21)), *_CAPITALS, *_ODD]
    found += [f"a{mark}b" for mark in MARKS + FOREIGN]
    found += list(MARKS) + [f"{mark}a" for mark in "+:?'*\"<=;"] + [f"a{mark}" for mark in "+:?'*\"<;\\"]
    lengths = {LONG, 35, 70, 71} if limit is None else {limit - 1, limit, limit + 1}
    found += [_long(length) for length in sorted(lengths) if length > 0]
    return list(dict.fromkeys(found))


def _long(length: int) -> str:
    """Words that make up exactly ``length`` characters."""
    text = ("Abc defg hijkl " * (length // 15 + 1))[:length]
    return text[:-1] + "x" if text.endswith(" ") else text


def candidates(kind: FieldType, limit: int | None = None) -> list[Any]:
    """Values of a kind, before the model's constraints are looked at; for lists of texts, the texts."""
    if kind.choices:
        return list(kind.choices)
    match kind.kind:
        case Kind.TEXT | Kind.TEXTS:
            return list(texts(limit))
        case Kind.DECIMAL:
            return [Decimal(text) for text in _NUMBERS]
        case Kind.INTEGER:
            return [3, 1, 2, 0, 7, 10, 99, 12345, 999999999, -1]
        case Kind.BOOLEAN:
            return [True, False]
        case Kind.DATE:
            return list(_DAYS)
        case Kind.TIME:
            return list(_TIMES)
        case Kind.INSTANT:
            return list(_MOMENTS)
        case _:
            return []


@lru_cache(maxsize=4096)
def _adapter(model: type[BaseModel], name: str) -> TypeAdapter[Any]:
    info = model.model_fields[name]
    kind: Any = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    return TypeAdapter(kind)


def allowed(model: type[BaseModel] | None, path: Sequence[str], value: Any) -> bool:
    """Whether the model takes ``value`` at ``path``."""
    for name in path[:-1]:
        inner = model.model_fields[name].annotation if model is not None else None
        model = _model(inner)
    if model is None or not path:
        return bool(value != "")
    try:
        return bool(_adapter(model, path[-1]).validate_python(value) == value)
    except ValidationError:
        return False


def _model(annotation: Any) -> type[BaseModel] | None:
    for part in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(part, type) and issubclass(part, BaseModel):
            return part
    return None
