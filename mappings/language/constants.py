"""Constants of a mapping as values of a field: of ``default``, ``elide``, ``when`` and ``limits``."""

from datetime import date
from decimal import Decimal

from transload.canonical.places import MappingPlace
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.converters.numbers import read_decimal, read_integer
from transload.mappings.language.fields import FieldType, Kind
from transload.mappings.source.problems import Problems, suggest

Constant = str | Decimal | int | bool | date
"""What may be given as a constant."""


def constant(text: str, field: FieldType, at: MappingPlace, problems: Problems) -> Constant | None:
    """``text`` as a value of the field's kind; None with a finding when it is none.  Dates are written 2026-01-31."""
    try:
        if field.kind is Kind.DECIMAL:
            return read_decimal(text)
        if field.kind is Kind.INTEGER:
            return read_integer(text)
    except DomainError as error:
        problems.add("M-VALUE", at, str(error))
        return None
    if field.kind is Kind.DATE:
        return _day(text, at, problems)
    if field.kind is Kind.BOOLEAN and text in ("true", "false"):
        return text == "true"
    if field.kind is not Kind.TEXT:
        hint = "write true or false" if field.kind is Kind.BOOLEAN else None
        problems.add("M-VALUE", at, f"a {field.kind.value} cannot be given as a constant", hint=hint)
        return None
    if field.choices and text not in field.choices:
        hint = suggest(text, field.choices, f"it takes {', '.join(field.choices)}")
        problems.add("M-VALUE", at, f"the field does not take {text!r}", hint=hint)
        return None
    return text


def _day(text: str, at: MappingPlace, problems: Problems) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        problems.add("M-VALUE", at, f"{text!r} is no date", hint="write the day as 2026-01-31")
        return None
    return found
