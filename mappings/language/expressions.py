"""The right side of an entry after ``=``: paths, computed values and pipes, read by a small parser of its own.

The grammar, with the tightest binding last::

    value  := base ("|" NAME ["(" argument ")"])*
    base   := "case" | "." | read(sum) | write(sum) | level() | parent() | children(A B) | levels() | sum
    sum    := product (("+" | "-") product)*
    product:= factor (("*" | "/") factor)*
    factor := NUMBER | 'text' | "(" sum ")" | count(path) | sum(sum) | path
    path   := NAME ("." NAME)*

An argument is the text up to the closing parenthesis, trimmed; in quotes it may hold
parentheses and blanks at its ends.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Path:
    """A field: names from the current item, the document or a named item."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True, slots=True)
class Number:
    """A number that stands in the file."""

    value: Decimal


@dataclass(frozen=True, slots=True)
class Quoted:
    """A text in single quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """``left`` and ``right`` joined by one of + - * /."""

    sign: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Count:
    """How many items a list has."""

    path: Path


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of an expression over the items of the one list that its paths begin with."""

    inner: "Expression"


Expression = Path | Number | Quoted | Operation | Count | Sum


@dataclass(frozen=True, slots=True)
class Pipe:
    """One converter and the text between its parentheses, None without any."""

    name: str
    argument: str | None


@dataclass(frozen=True, slots=True)
class Value:
    """A parsed right side.  ``base`` is None for ``case``, for the item itself (``.``) and in hierarchies.

    ``direction`` is ``both``, ``read`` or ``write``; ``arguments`` are those of ``children``.
    """

    base: Expression | None
    word: str
    direction: str
    pipes: tuple[Pipe, ...]
    arguments: tuple[str, ...] = ()


class ExpressionError(ValueError):
    """The text is no expression; ``hint`` says what would be one."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<text>'[^']*')|(?P<sign>[-+*/().|,\[\]=]))"
)
_ARGUMENT = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([^()"']*))\s*\)""")
_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*(\()?")
_DEEPEST = 40
HIERARCHY = {"level": 0, "parent": 0, "levels": 0, "children": 2}
"""The words of hierarchies, and how many arguments they take."""


def parse(text: str) -> Value:
    """Parse what stands after the ``=``.  Raises `ExpressionError`."""
    return _Parser(text).value()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def value(self) -> Value:
        if (hierarchy := self.hierarchy()) is not None:
            return hierarchy
        base, word, direction = self.base()
        pipes = []
        while self.accept("|"):
            pipes.append(self.pipe())
        if self.text[self.position :].strip():
            self.fail(f"{self.text[self.position :].strip()!r} is not understood")
        return Value(base, word, direction, tuple(pipes))

    def base(self) -> tuple[Expression | None, str, str]:
        start = self.position
        kind, found = self.take()
        if (kind, found) == ("sign", "."):
            return None, ".", "both"
        if kind == "name" and found == "case" and self.peek() not in ("(", "."):
            return None, "case", "both"
        if kind == "name" and found in ("read", "write") and self.accept("("):
            inner = self.sum()
            self.expect(")")
            return inner, "", found
        self.position = start
        return self.sum(), "", "both"

    def hierarchy(self) -> Value | None:
        """``level()`` and its like, which stand alone."""
        found = _NAME.match(self.text)
        if found is None or found[1] not in HIERARCHY or not found[2]:
            return None
        name, self.position = found[1], found.end()
        arguments: list[str] = []
        while not self.accept(")"):
            kind, text = self.take()
            if kind not in ("number", "name"):
                self.fail(f"{name} takes two codes, such as {name}(1 0)" if HIERARCHY[name] else f"write {name}()")
            arguments.append(text)
        if len(arguments) != HIERARCHY[name]:
            self.fail(f"{name} takes two codes, such as {name}(1 0)" if HIERARCHY[name] else f"write {name}()")
        if self.text[self.position :].strip():
            self.fail(f"{name}(...) stands alone")
        return Value(None, name, "both", (), tuple(arguments))

    def pipe(self) -> Pipe:
        found = _NAME.match(self.text, self.position)
        if not found:
            self.fail("a converter's name is missing after |")
        self.position = found.end()
        if not found[2]:
            return Pipe(found[1], None)
        argument = _ARGUMENT.match(self.text, self.position)
        if not argument:
            self.fail(f"the argument of {found[1]} has no end", "close it with ), and quote parentheses inside it")
        self.position = argument.end()
        quoted = argument[1] if argument[1] is not None else argument[2]
        return Pipe(found[1], quoted if quoted is not None else argument[3].strip())

    def sum(self) -> Expression:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail("the parentheses are nested too deep")
        left = self.product()
        while (sign := self.peek()) in ("+", "-"):
            self.take()
            left = Operation(sign, left, self.product())
        self.depth -= 1
        return left

    def product(self) -> Expression:
        left = self.factor()
        while (sign := self.peek()) in ("*", "/"):
            self.take()
            left = Operation(sign, left, self.factor())
        return left

    def factor(self) -> Expression:
        kind, found = self.take()
        if kind == "number":
            return Number(Decimal(found))
        if kind == "text":
            return Quoted(found[1:-1])
        if found == "(":
            inner = self.sum()
            self.expect(")")
            return inner
        if kind != "name":
            self.fail(f"{found!r} stands where a field should" if found else "the expression ends too early")
        if self.accept("("):
            return self.call(found)
        return self.path(found)

    def call(self, name: str) -> Expression:
        if name == "count":
            path = self.factor()
            self.expect(")")
            if not isinstance(path, Path):
                self.fail("count takes a list, such as count(lines)")
            return Count(path)
        if name == "sum":
            inner = self.sum()
            self.expect(")")
            return Sum(inner)
        if name in ("read", "write"):
            self.fail(f"{name}(...) stands alone, before the pipes")
        if name in ("now", "seq", "control_number", "segments"):
            raise UnavailableError(f"{name}()")
        raise ExpressionError(f"there is no function {name!r}", "functions are count(list) and sum(list.field)")

    def path(self, first: str) -> Path:
        names = [first]
        while self.accept("."):
            kind, found = self.take()
            if kind != "name":
                self.fail("a field's name is missing after the point")
            names.append(found)
        if self.peek() == "[":
            raise UnavailableError("choosing a list item by key ([key=...])")
        return Path(tuple(names))

    def take(self) -> tuple[str, str]:
        found = _TOKEN.match(self.text, self.position)
        if not found:
            rest = self.text[self.position :].strip()
            if rest:
                self.fail(f"{rest!r} is not understood")
            return "end", ""
        self.position = found.end()
        assert found.lastgroup is not None
        return found.lastgroup, found[found.lastgroup]

    def peek(self) -> str:
        found = _TOKEN.match(self.text, self.position)
        return found[found.lastgroup] if found and found.lastgroup == "sign" else ""

    def accept(self, sign: str) -> bool:
        if self.peek() != sign:
            return False
        self.take()
        return True

    def expect(self, sign: str) -> None:
        if not self.accept(sign):
            rest = self.text[self.position :].strip()
            self.fail(f"{sign!r} is missing" + (f" before {rest!r}" if rest else " at the end"))

    def fail(self, message: str, hint: str | None = None) -> NoReturn:
        raise ExpressionError(f"{message} in {'=' + self.text.strip()!r}", hint)


class UnavailableError(Exception):
    """The text uses a part of the language that this version does not have."""


def paths(expression: Expression) -> list[Path]:
    """The paths of an expression, in their order."""
    if isinstance(expression, Path):
        return [expression]
    if isinstance(expression, Operation):
        return paths(expression.left) + paths(expression.right)
    if isinstance(expression, Count):
        return [expression.path]
    return paths(expression.inner) if isinstance(expression, Sum) else []
