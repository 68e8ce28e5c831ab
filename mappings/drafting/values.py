"""What converter the values of the samples ask for, by the kind of the field."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from transload.mappings.drafting.knowledge import Field, code_meanings
from transload.mappings.language.converters.dates import DTM_FORMATS
from transload.mappings.language.fields import Kind

_DATES = (
    (re.compile(r"\d{4}(0[1-9]|1[0-2])([0-2]\d|3[01])"), "yyyyMMdd"),
    (re.compile(r"\d{4}-\d{2}-\d{2}"), "iso"),
    (re.compile(r"\d{2}(0[1-9]|1[0-2])([0-2]\d|3[01])"), "yyMMdd"),
    (re.compile(r"([0-2]\d|3[01])\.(0[1-9]|1[0-2])\.\d{4}"), "dd.MM.yyyy"),
    (re.compile(r"([0-2]\d|3[01])\.(0[1-9]|1[0-2])\.\d{2}"), "dd.MM.yy"),
    (re.compile(r"([0-2]\d|3[01])/(0[1-9]|1[0-2])/\d{4}"), "dd/MM/yyyy"),
    (re.compile(r"(0[1-9]|1[0-2])/([0-2]\d|3[01])/\d{4}"), "MM/dd/yyyy"),
    (re.compile(r"([0-2]\d|3[01])-(0[1-9]|1[0-2])-\d{4}"), "dd-MM-yyyy"),
    (re.compile(r"([0-2]\d|3[01])(0[1-9]|1[0-2])\d{4}"), "ddMMyyyy"),
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_COMMA = re.compile(r"-?\d+(,\d+)?")


class Codes:
    """The code tables of a mapping as far as the samples need them; ``unknown`` are the rows without a meaning."""

    def __init__(self, format_type: str) -> None:
        self.format_type = format_type
        self.tables: dict[str, dict[str, str]] = {}
        self.unknown: dict[str, set[str]] = {}

    def table(self, field: Field, values: Sequence[str], tag: str = "") -> str | None:
        """The name of a table that gives all of ``values`` a meaning for ``field``; None where none can.

        A code without a known meaning gets a likely one, and is noted.
        """
        name = field.path[-1]
        if tag and name in ("kind", "code", "status"):
            name = f"{tag.lower()}_{name}"
        meanings = {
            **code_meanings(self.format_type, field.path[-1]),
            **code_meanings(self.format_type, f"{tag} {field.path[-1]}"),
        }
        rows = self.tables.get(name, {})
        added: dict[str, str] = {}
        for value in dict.fromkeys(values):
            if value in rows:
                continue
            meaning, sure = _meaning(field, value, meanings)
            if meaning is None or (field.form.kind is Kind.TEXT and not field.accepts([meaning])):
                return None
            added[value] = meaning
            if not sure:
                self.unknown.setdefault(name, set()).add(value)
        self.tables.setdefault(name, {}).update(added)
        return name


def _meaning(field: Field, value: str, meanings: Mapping[str, str]) -> tuple[str | None, bool]:
    choices = field.form.choices
    proposed = meanings.get(value)
    if proposed is not None and (not choices or proposed in choices):
        return proposed, True
    if choices:
        words = value.strip().lower().replace(" ", "_").replace("-", "_")
        same = next((choice for choice in choices if choice == words), None)
        return (same, True) if same else (choices[0], False)
    if re.fullmatch(r"[A-Za-z0-9]{1,6}", value):
        return (value, False) if value.isupper() or value.isdigit() else (value.upper(), False)
    return None, False


def pipes(field: Field, values: Sequence[str], format_type: str, codes: Codes, tag: str = "") -> str | None:
    """The converters that read ``values`` into ``field``, as ``" | date(yyyyMMdd)"``; None where none does."""
    kind = field.form.kind
    if kind is Kind.TEXT and (field.form.choices or (field.path[-1] in _CODED and code_meanings(format_type, "uom"))):
        table = codes.table(field, values, tag)
        return None if table is None else f" | code({table})"
    if kind is Kind.TEXT:
        meanings = code_meanings(format_type, f"{tag} {field.path[-1]}") if tag else {}
        if values and all(value in meanings for value in values):
            return f" | code({codes.table(field, values, tag)})"
        return "" if field.accepts(values) else None
    if kind is Kind.DATE:
        found = date_pattern(values)
        return f" | date({found})" if found else None
    if kind in (Kind.DECIMAL, Kind.INTEGER):
        return _number(values, format_type, whole=kind is Kind.INTEGER)
    if kind is Kind.TEXTS:
        return ""
    if kind is Kind.BOOLEAN:
        words = sorted(set(values))
        if set(words) <= {"true", "false"}:
            return " | yesno(true false)"
        return " | yesno(Y N)" if set(words) <= {"Y", "N"} else None
    return None


_CODED = frozenset(("uom", "price_uom", "content_uom", "weight_uom", "volume_uom"))


def _number(values: Sequence[str], format_type: str, *, whole: bool) -> str | None:
    if whole:
        return "" if all(re.fullmatch(r"\d+", value) for value in values) else None
    if all(_NUMBER.fullmatch(value) for value in values):
        return ""
    if all(_COMMA.fullmatch(value) for value in values):
        return "" if format_type == "edifact" else " | comma"
    if format_type == "edifact" and all(_NUMBER.fullmatch(value) or _COMMA.fullmatch(value) for value in values):
        return ""
    return None


def date_pattern(values: Sequence[str]) -> str | None:
    """The pattern of dates that all values have."""
    if not values:
        return None
    return next((pattern for form, pattern in _DATES if all(form.fullmatch(value) for value in values)), None)


def dtm_format(formats: Sequence[str], values: Sequence[str]) -> str | None:
    """The most frequent format of UNCL 2379, where the language reads all of them, and each value is a day."""
    if not formats or any(name not in DTM_FORMATS for name in formats):
        return None
    for name, value in zip(formats, values, strict=True):
        pattern = DTM_FORMATS[name]
        if len(value) != len(pattern) or not value.isdigit() or any(digit != "0" for digit in value[8:]):
            return None
    return Counter(formats).most_common(1)[0][0]
