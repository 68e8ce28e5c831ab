"""``derive:``: fields that follow from others when a message is read, and are not written."""

from transload.mappings.language import expressions
from transload.mappings.language.computed import Computing, divides
from transload.mappings.language.constants import constant
from transload.mappings.language.converters.base import ConverterError, whole_argument
from transload.mappings.language.expressions import ExpressionError
from transload.mappings.language.fields import Kind, field_type
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Around, Computed, Constant, Derived, Field, Operand, Scope, operands
from transload.mappings.language.values import Values
from transload.mappings.source.nodes import Table, Text
from transload.mappings.source.problems import Problems, named


def derive(table: Table, meaning: Meaning, values: Values, problems: Problems) -> tuple[Derived, ...]:
    """The entries of ``derive:`` in their order.  The layout is read before, so that its lists are known."""
    entries = table.get("derive")
    if entries is None:
        return ()
    if not isinstance(entries, Table):
        problems.add("M-VALUE", entries.at, "derive: is a table", hint="derive: {lines.amount: =quantity * price}")
        return ()
    found: list[Derived] = []
    for key, value in entries:
        if not isinstance(value, Text) or not value.text:
            problems.add("M-VALUE", value.at, "a derived field has a value, such as  =quantity * price")
            continue
        field = _target(key, meaning, values)
        made = _derived(field, value, key, meaning, values, problems) if field is not None else None
        if made is not None:
            found.append(made)
    return tuple(found)


def _target(key: Text, meaning: Meaning, values: Values) -> Field | None:
    """The field on the left, in the scope of the list that it is in."""
    scope, names = meaning.root, tuple(key.text.replace("[]", "").split("."))
    model, taken = scope.model, 0
    for position, name in enumerate(names[:-1], start=1):
        kind = field_type(model, name) if model is not None else None
        if kind is None:
            break
        model = kind.model
        if kind.kind is Kind.ITEMS:
            path = names[taken:position]
            scope = next(
                (s for s in meaning.scopes if s.parent is scope and s.path == path and s.key is None),
                Scope(number=-1, model=model, parent=scope, path=path),
            )
            taken = position
    return values.field(names[taken:], Around(scope=scope), key.at)


def _derived(
    field: Field, value: Text, key: Text, meaning: Meaning, values: Values, problems: Problems
) -> Derived | None:
    reader = next((s for s in meaning.slots if s.field is not None and s.reads and s.field.key == field.key), None)
    if reader is not None and field.scope.number >= 0:
        message = f"{field.text()} is read from {reader.name} in line {reader.at.line}, and cannot be derived as well"
        problems.add("M-FIELD", key.at, message, hint="take one of the two out")
        return None
    try:
        parsed = expressions.parse(value.text.removeprefix("="))
        pipes = list(parsed.pipes)
        rounds = whole_argument("round", pipes.pop(0).argument) if pipes and pipes[0].name == "round" else None
    except ExpressionError as error:
        problems.add("M-EXPRESSION", value.at, str(error), hint=error.hint)
        return None
    except ConverterError as error:
        problems.add("M-CONVERTER", value.at, str(error), hint=error.hint)
        return None
    if pipes or parsed.base is None or parsed.direction != "both":
        hint = "such as  =quantity * price | round(2)"
        problems.add("M-EXPRESSION", value.at, "a derived field is computed, or takes another field's value", hint=hint)
        return None
    computed = _computed(parsed.base, field, value, values, problems, meaning)
    if computed is None:
        return None
    if any(not _near(other, field) for other in operands(computed)):
        hint = "it takes fields of the same item, and of the document"
        problems.add("M-EXPRESSION", value.at, "a field of another list cannot be taken here", hint=hint)
        return None
    if divides(computed) and rounds is None:
        problems.add("M-EXPRESSION", value.at, "a division may have no end", hint="add | round(2)")
        return None
    at = named(key.at, f"derive {key.text}")
    return Derived(field=field, value=computed, rounds=rounds, rule=value.text, at=at)


def _near(other: Field, field: Field) -> bool:
    """Whether a field is in the same item, or in the document, or in an item chosen by key of one of these."""
    scope = other.scope.parent if other.scope.key is not None else other.scope
    return scope is None or scope is field.scope or scope.parent is None


def _computed(
    base: expressions.Expression, field: Field, value: Text, values: Values, problems: Problems, meaning: Meaning
) -> Computed | None:
    around = Around(scope=field.scope)
    if isinstance(base, expressions.Quoted):
        given = constant(base.text, field.type, value.at, problems)
        return Constant(given) if isinstance(given, str) else None
    if isinstance(base, expressions.Path):
        other = values.path(base, around, value.at)
        if other is None:
            return None
        if other.type.kind is not field.type.kind:
            message = f"{base} is a {other.type.kind.value}, not a {field.type.kind.value}"
            problems.add("M-EXPRESSION", value.at, message)
            return None
        return Operand(other)
    if field.type.kind not in (Kind.DECIMAL, Kind.INTEGER):
        message = f"{field.text()} is a {field.type.kind.value}, and what is computed is a number"
        problems.add("M-EXPRESSION", value.at, message)
        return None
    return Computing(meaning, problems, values.field).resolve(base, around, value.at)
