"""Whether a document holds what a mapping has no place for, as code: one test of sets for each object."""

import ast
from collections.abc import Callable
from typing import Any

from transload.mappings.compiler.quotes import Namer, Statements, bind, constant, expression, function, statements
from transload.mappings.language.losses import Losing

Loses = Callable[[Any], bool]


def losing_test(plan: Losing, label: str) -> Loses:
    """A function from a document to whether something of it may be lost; `lost_values` says what, if anything is."""
    namer = Namer()
    body = _model(plan, "o", namer) + statements("return V", V=constant(value=False))
    found: Loses = bind([function("loses", ("o",), body)], namer.bound, f"{label} losing")["loses"]
    return found


def _model(plan: Losing, model: str, namer: Namer) -> Statements:
    """The tests of one object.  A field that was never set has its default; others are looked at by value."""
    found = statements("return V", V=constant(value=True))
    silent = frozenset(name for name, default in plan.lost.items() if default in (None, ()))
    body: Statements = []
    if silent:
        known = ast.Name(id=namer.bind(silent), ctx=ast.Load())
        body += statements(
            "if not KNOWN.isdisjoint(O.__pydantic_fields_set__):\n    FOUND", KNOWN=known, O=model, FOUND=found
        )
    if len(silent) == len(plan.lost) and not (plan.only or plan.objects or plan.items):
        return body
    values = namer.fresh("d")
    body += statements("D = O.__dict__", D=values, O=model)
    for name, default in plan.lost.items():
        if name not in silent:
            test = expression("D[K] != DEFAULT", D=values, K=constant(name), DEFAULT=_constant(default, namer))
            body += statements("if T:\n    FOUND", T=test, FOUND=found)
    for name, known_values in plan.only.items():
        kept = ast.Name(id=namer.bind(known_values), ctx=ast.Load())
        body += statements("if D[K] not in KEPT:\n    FOUND", D=values, K=constant(name), KEPT=kept, FOUND=found)
    for name, inner in plan.objects.items():
        inside = namer.fresh("o")
        body += statements(
            "V = D[K]\nif V is not None:\n    INNER",
            V=inside, D=values, K=constant(name), INNER=_model(inner, inside, namer),
        )  # fmt: skip
    for name, inner in plan.items.items():
        item = namer.fresh("x")
        body += statements(
            "for X in D[K]:\n    INNER", X=item, D=values, K=constant(name), INNER=_model(inner, item, namer)
        )
    return body


def _constant(value: Any, namer: Namer) -> ast.expr:
    return constant(value) if isinstance(value, str) else ast.Name(id=namer.bind(value), ctx=ast.Load())
