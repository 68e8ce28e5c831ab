"""Computed values: from parsed expressions to terms whose fields are checked against the model."""

from collections.abc import Callable
from dataclasses import dataclass

from transload.canonical.places import MappingPlace
from transload.mappings.language import expressions
from transload.mappings.language.fields import Kind, field_type
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import (
    Around,
    Computed,
    Constant,
    Field,
    Length,
    Operand,
    Operation,
    Scope,
    Total,
)
from transload.mappings.source.problems import Problems


@dataclass(frozen=True)
class Computing:
    """Resolves expressions; ``field`` finds a field by its names, noting a finding where there is none."""

    meaning: Meaning
    problems: Problems
    field: Callable[[tuple[str, ...], Around, MappingPlace], Field | None]

    def resolve(self, base: expressions.Expression, around: Around, at: MappingPlace) -> Computed | None:
        """The computed value, or None with a finding where it is wrong."""
        if any(path.key is not None for path in expressions.paths(base)):
            self.problems.add("M-EXPRESSION", at, "a list item that is chosen by key is not computed with")
            return None
        if isinstance(base, expressions.Number):
            return Constant(base.value)
        if isinstance(base, expressions.Quoted):
            self.problems.add("M-EXPRESSION", at, "texts cannot be computed with")
            return None
        if isinstance(base, expressions.Operation):
            left, right = self.resolve(base.left, around, at), self.resolve(base.right, around, at)
            return Operation(base.sign, left, right) if left is not None and right is not None else None
        if isinstance(base, expressions.Count):
            found = self.field(base.path.names, around, at)
            if found and found.type.kind not in (Kind.ITEMS, Kind.TEXTS):
                self.problems.add(
                    "M-EXPRESSION", at, f"count takes a list, and {base.path} is a {found.type.kind.value}"
                )
                return None
            return Length(found) if found else None
        if isinstance(base, expressions.Sum):
            return self._total(base, around, at)
        found = self.field(base.names, around, at)
        if found is None:
            return None
        if found.type.kind not in (Kind.DECIMAL, Kind.INTEGER):
            self.problems.add("M-EXPRESSION", at, f"{base} is a {found.type.kind.value}, and computing needs a number")
            return None
        return Operand(found)

    def _total(self, base: expressions.Sum, around: Around, at: MappingPlace) -> Computed | None:
        """``sum(lines.quantity * lines.price)``: all paths begin with the same list."""
        heads = {self._list_of(path.names, around) for path in expressions.paths(base.inner)}
        if len(heads) != 1 or None in heads:
            self.problems.add(
                "M-EXPRESSION",
                at,
                "sum adds up fields of one list",
                hint="for example  sum(lines.quantity * lines.price)",
            )
            return None
        (head,) = heads
        assert head is not None
        items = self.field(head, around, at)
        assert items is not None
        item = Scope(number=-1, model=items.type.model, parent=items.scope, path=items.path)
        inner = self.resolve(_strip(base.inner, len(head)), Around(scope=item), at)
        return Total(items, item, inner) if inner is not None else None

    def _list_of(self, names: tuple[str, ...], around: Around) -> tuple[str, ...] | None:
        """The leading names that lead to a list of objects, or None."""
        scope, start = around.scope, 0
        if names[0] == self.meaning.word and len(names) > 1:
            scope, start = self.meaning.root, 1
        model = scope.model
        for name in around.prefix if start == 0 else ():
            found = field_type(model, name) if model else None
            model = found.model if found else None
        for position in range(start, len(names)):
            found = field_type(model, names[position]) if model else None
            if found is None:
                return None
            if found.kind is Kind.ITEMS:
                return names[: position + 1]
            model = found.model
        return None


def _strip(expression: expressions.Expression, count: int) -> expressions.Expression:
    """The expression with the first ``count`` names taken off every path."""
    if isinstance(expression, expressions.Path):
        return expressions.Path(expression.names[count:] or expression.names)
    if isinstance(expression, expressions.Operation):
        return expressions.Operation(expression.sign, _strip(expression.left, count), _strip(expression.right, count))
    return expression


def divides(computed: Computed) -> bool:
    """Whether a division stands in it, whose result may have no end."""
    if isinstance(computed, Operation):
        return computed.sign == "/" or divides(computed.left) or divides(computed.right)
    return isinstance(computed, Total) and divides(computed.inner)
