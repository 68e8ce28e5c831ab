"""Conditions of ``when:`` and ``only_if:`` on a document that is being made: a dict of the model's own values."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from operator import ge, gt, le, lt
from typing import Any

from pydantic import BaseModel

from transload.mappings.language.fields import Kind, field_type
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Comparison, Condition, Field, Junction, Negation, Scope, Test
from transload.mappings.laws.shapes import Asked

Items = Mapping[int, Any]
"""The document and the current items of its lists, by the number of their scope."""
_SIGNS = {"<": lt, "<=": le, ">": gt, ">=": ge}


def item_of(scope: Scope, items: Items) -> Any:
    """The item of a scope; None where there is none."""
    if scope.number in items:
        return items[scope.number]
    if scope.parent is None or scope.key is None:
        return None
    found: Any = item_of(scope.parent, items)
    for name in scope.path:
        found = found.get(name) if isinstance(found, dict) else None
    name, text = scope.key
    return next((item for item in found or () if item.get(name) == text), None)


def value_of(field: Field, items: Items) -> Any:
    """The value of a field as who writes sees it, the model's default where nothing is said; None for none."""
    value = item_of(field.scope, items)
    model = field.scope.model
    for name in field.path:
        if not isinstance(value, dict) or model is None:
            return None
        value = value[name] if value.get(name) is not None else _default(model, name)
        kind = field_type(model, name)
        model = kind.model if kind is not None else None
    return value


def _default(model: type[BaseModel], name: str) -> Any:
    known = model.model_fields[name]
    return None if known.is_required() else known.get_default(call_default_factory=True)


def holds(asked: Asked, items: Items) -> bool:
    """Whether a node with these conditions is written."""
    return all(is_so(one, items) for one in asked.when) and all(is_true(test, items) for test in asked.tests)


def is_so(condition: Condition, items: Items) -> bool:
    """Whether the field of a ``when:`` has its value."""
    return bool(value_of(condition.field, items) == condition.value)


def is_true(test: Test, items: Items) -> bool:
    """Whether a condition of ``only_if:`` holds; a missing value is equal to nothing, and neither less nor more."""
    if isinstance(test, Negation):
        return not is_true(test.part, items)
    if isinstance(test, Junction):
        found = (is_true(part, items) for part in test.parts)
        return all(found) if test.every else any(found)
    other = value_of(test.other, items) if test.other is not None else test.value
    return compared(test, value_of(test.field, items), other)


def compared(test: Comparison, value: Any, other: Any) -> bool:
    """One comparison with values in their places."""
    if not test.sign:
        return bool(value) if test.field.type.kind in (Kind.ITEMS, Kind.TEXTS) else value is not None
    if test.sign in ("=", "!="):
        return (value is not None and value == other) is (test.sign == "=")
    return value is not None and other is not None and bool(_SIGNS[test.sign](value, other))


def comparisons(tests: Sequence[Test]) -> Iterator[Comparison]:
    """All comparisons of some conditions."""
    for test in tests:
        if isinstance(test, Comparison):
            yield test
        else:
            yield from comparisons([test.part] if isinstance(test, Negation) else test.parts)


def borders(meaning: Meaning) -> dict[tuple[int, tuple[str, ...]], list[Any]]:
    """The values that conditions and limits speak of, by field, with those right beside them."""
    found: dict[tuple[int, tuple[str, ...]], list[Any]] = {}
    tests = [node.only_if for node in meaning.nodes() if node.only_if is not None]
    for one in comparisons(tests):
        if one.value is not None:
            found.setdefault(one.field.key, []).extend(around(one.value))
    return found


def around(value: Any) -> list[Any]:
    """A value and those next to it."""
    if isinstance(value, bool | str):
        return [value]
    if isinstance(value, Decimal | int):
        return [value, value + 1, value - 1]
    if isinstance(value, date):
        return [value, value + timedelta(days=1), value - timedelta(days=1)]
    return [value]
