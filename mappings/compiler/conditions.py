"""``only_if:`` conditions as code."""

import ast
from collections.abc import Callable

from transload.mappings.compiler.quotes import Namer, both, constant, either, expression, variable
from transload.mappings.language.fields import Kind
from transload.mappings.language.terms import Comparison, Field, Negation, Test

_SIGNS = {"<": "L < R", "<=": "L <= R", ">": "L > R", ">=": "L >= R"}


def condition(test: Test, load: Callable[[Field], ast.expr], namer: Namer) -> ast.expr:
    """The test; a missing value is equal to nothing, and neither less nor more than anything."""
    if isinstance(test, Negation):
        return expression("not T", T=condition(test.part, load, namer))
    if isinstance(test, Comparison):
        return _comparison(test, load, namer)
    parts = [condition(part, load, namer) for part in test.parts]
    return both(parts) if test.every else either(parts)


def _comparison(test: Comparison, load: Callable[[Field], ast.expr], namer: Namer) -> ast.expr:
    left = load(test.field)
    if not test.sign:
        many = test.field.type.kind in (Kind.ITEMS, Kind.TEXTS)
        return left if many else expression("L is not None", L=left)
    if test.other is not None:
        right = load(test.other)
    elif isinstance(test.value, str | bool):
        right = constant(test.value)
    else:
        right = variable(namer.bind(test.value))
    if test.sign in ("=", "!="):
        equal = expression("L is not None and L == R", L=left, R=right)
        return equal if test.sign == "=" else expression("not E", E=equal)
    present = "L is not None and R is not None and " if test.other is not None else "L is not None and "
    return expression(present + _SIGNS[test.sign], L=left, R=right)
