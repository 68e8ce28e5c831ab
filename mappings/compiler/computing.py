"""Computed values as code: over the finished item when reading, over the model when writing."""

import ast
from collections.abc import Callable
from decimal import Decimal

from transload.mappings.compiler.quotes import Namer, Statements, both, constant, expression, statements, variable
from transload.mappings.language.converters.numbers import MATH, round_to
from transload.mappings.language.terms import Computed, Constant, Field, Length, Operand, Slot, Total, operands

Load = Callable[[Field], ast.expr]
"""Gives the code that reads a field; a missing one is None."""
_SIGNS = {"+": MATH.add, "-": MATH.subtract, "*": MATH.multiply, "/": MATH.divide}


def compute(
    slot: Slot, namer: Namer, load: Load, items: Load, member: Callable[[str, tuple[str, ...]], ast.expr]
) -> tuple[Statements, str]:
    """Statements that set a variable to the slot's value, or to None when an operand is missing; and the variable.

    ``items`` gives the list of a list field, ``member`` a field of an item.
    """
    assert slot.computed is not None
    body: Statements = []
    builder = _Builder(namer, load, items, member, body)
    result = namer.fresh("a")
    value, needed = builder.value(slot.computed)
    if slot.rounds is not None:
        value = expression("R(V, N)", R=namer.bind(round_to), V=value, N=constant(slot.rounds))
    if needed:
        present = both([expression("V is not None", V=name) for name in needed])
        body += statements("A = V if P else None", A=result, V=value, P=present)
    else:
        body += statements("A = V", A=result, V=value)
    return body, result


class _Builder:
    def __init__(
        self,
        namer: Namer,
        load: Load,
        items: Load,
        member: Callable[[str, tuple[str, ...]], ast.expr],
        body: Statements,
    ) -> None:
        self.namer, self.load, self.items, self.member, self.body = namer, load, items, member, body

    def value(self, computed: Computed) -> tuple[ast.expr, list[str]]:
        """The expression, and the variables that must not be None for it."""
        if isinstance(computed, Constant):
            assert isinstance(computed.value, Decimal)
            return variable(self.namer.bind(computed.value)), []
        if isinstance(computed, Operand):
            name = self.namer.fresh("a")
            self.body += statements("A = V", A=name, V=self.load(computed.field))
            return variable(name), [name]
        if isinstance(computed, Length):
            return expression("len(L or NONE)", L=self.items(computed.list), NONE=constant(())), []
        if isinstance(computed, Total):
            name = self.total(computed)
            return variable(name), [name]
        left, missing = self.value(computed.left)
        right, more = self.value(computed.right)
        return expression("F(A, B)", F=self.namer.bind(_SIGNS[computed.sign]), A=left, B=right), missing + more

    def total(self, computed: Total) -> str:
        """A sum is missing when any item lacks an operand: a sum over some of the items would be a false one."""
        total, item = self.namer.fresh("a"), self.namer.fresh("y")
        inner: Statements = []
        builder = _Builder(self.namer, lambda field: self.member(item, field.path), self.items, self.member, inner)
        value, needed = builder.value(computed.inner)
        absent = (
            expression("not P", P=both([expression("V is not None", V=n) for n in needed]))
            if needed
            else constant(value=False)
        )
        inner += statements(
            "if ABSENT:\n    T = None\n    break\nT = F(T, V)",
            ABSENT=absent,
            T=total,
            F=self.namer.bind(MATH.add),
            V=value,
        )
        self.body += statements(
            "T = ZERO\nfor Y in L or NONE:\n    INNER",
            T=total, ZERO=variable(self.namer.bind(Decimal(0))), Y=item, L=self.items(computed.list),
            NONE=constant(()), INNER=inner,
        )  # fmt: skip
        return total


def needs(slot: Slot) -> list[Field]:
    """The fields without which the slot has no value."""
    return operands(slot.computed) if slot.computed is not None else []
