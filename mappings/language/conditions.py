"""``only_if:`` conditions on fields of the document, for writing only.

The grammar, with the tightest binding last::

    condition  := all ("or" all)*
    all        := part ("and" part)*
    part       := "not" part | "(" condition ")" | comparison
    comparison := path [("=" | "!=" | "<" | "<=" | ">" | ">=") (NUMBER | 'text' | true | false | path)]

A path alone asks whether there is a value.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from transload.canonical.places import MappingPlace
from transload.mappings.language.fields import Kind
from transload.mappings.language.terms import Around, Comparison, Field, Junction, Negation, Test
from transload.mappings.source.nodes import Text
from transload.mappings.source.problems import Problems

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|(?P<text>'[^']*')|(?P<sign><=|>=|!=|[=<>()])|(?P<name>[A-Za-z_][\w.]*))"
)
_NUMBERS = (Kind.DECIMAL, Kind.INTEGER)
_DEEPEST = 20
FindField = Callable[[tuple[str, ...], Around, MappingPlace], Field | None]


class _ConditionError(ValueError):
    """The text is no condition."""


@dataclass
class Conditions:
    """Reads conditions; ``field`` finds a field by its names, noting a finding where there is none."""

    problems: Problems
    field: FindField

    def test(self, text: Text, around: Around) -> Test | None:
        """The condition, or None with a finding."""
        try:
            return _Parser(text, around, self).whole()
        except _ConditionError as error:
            hint = "such as  only_if: quantity > 0 and currency != 'EUR'"
            self.problems.add("M-EXPRESSION", text.at, str(error), hint=hint)
        except _UnknownField:
            pass  # a finding says so
        return None


class _UnknownField(Exception):
    pass


class _Parser:
    def __init__(self, text: Text, around: Around, conditions: Conditions) -> None:
        self.text, self.around, self.conditions = text, around, conditions
        self.tokens = self._tokens(text.text)
        self.position = 0
        self.depth = 0

    def _tokens(self, text: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise _ConditionError(f"{text[position:].strip()!r} is not understood in {text!r}")
            found.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        return found

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.position] if self.position < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.position += 1
        return token

    def whole(self) -> Test:
        test = self.condition()
        if self.peek()[0] != "end":
            raise _ConditionError(f"{self.peek()[1]!r} is not understood in {self.text.text!r}")
        return test

    def condition(self) -> Test:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _ConditionError("the condition is nested too deep")
        parts = [self.all()]
        while self.peek() == ("name", "or"):
            self.take()
            parts.append(self.all())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else Junction(every=False, parts=tuple(parts))

    def all(self) -> Test:
        parts = [self.part()]
        while self.peek() == ("name", "and"):
            self.take()
            parts.append(self.part())
        return parts[0] if len(parts) == 1 else Junction(every=True, parts=tuple(parts))

    def part(self) -> Test:
        kind, found = self.take()
        if (kind, found) == ("name", "not"):
            self.depth += 1
            if self.depth > _DEEPEST:
                raise _ConditionError("the condition is nested too deep")
            inner = self.part()
            self.depth -= 1
            return Negation(part=inner)
        if found == "(" and kind == "sign":
            inner = self.condition()
            if self.take() != ("sign", ")"):
                raise _ConditionError(f"')' is missing in {self.text.text!r}")
            return inner
        if kind != "name" or found in ("and", "or", "true", "false"):
            raise _ConditionError(f"{found!r} stands where a field should" if found else "the condition ends too early")
        return self.comparison(self.field(found))

    def comparison(self, left: Field) -> Test:
        kind, sign = self.peek()
        if kind != "sign" or sign in "()":
            return Comparison(field=left)
        self.take()
        kind, found = self.take()
        if kind == "name" and found not in ("true", "false"):
            right = self.field(found)
            if left.type.kind is not right.type.kind and not {left.type.kind, right.type.kind} <= set(_NUMBERS):
                raise _ConditionError(f"a {left.type.kind.value} and a {right.type.kind.value} cannot be compared")
            return Comparison(field=left, sign=sign, other=right)
        return Comparison(field=left, sign=sign, value=self.value(left, kind, found, sign))

    def value(self, left: Field, kind: str, found: str, sign: str) -> Any:
        wanted = left.type.kind
        if kind == "number" and wanted in _NUMBERS:
            return Decimal(found)
        if kind == "name" and wanted is Kind.BOOLEAN and sign in ("=", "!="):
            return found == "true"
        if kind == "text" and wanted is Kind.TEXT:
            text = found[1:-1]
            if left.type.choices and text not in left.type.choices:
                raise _ConditionError(f"{left.text()} is never {text!r}; it is {', '.join(left.type.choices)}")
            return text
        if kind == "text" and wanted is Kind.DATE:
            try:
                return date.fromisoformat(found[1:-1])
            except ValueError as error:
                raise _ConditionError(f"{found} is no date such as '2026-01-31'") from error
        if kind in ("end", "sign"):
            raise _ConditionError("the condition ends too early")
        raise _ConditionError(f"{left.text()} is a {wanted.value}, and {found} is none")

    def field(self, name: str) -> Field:
        found = self.conditions.field(tuple(name.split(".")), self.around, self.text.at)
        if found is None:
            raise _UnknownField
        return found
