"""The right side of an entry after ``=``: paths, computed values and pipes, read by a small parser of its own.

The grammar, with the tightest binding last::

    value  := base ("|" NAME ["(" argument ")"])*
    base   := "case" | "." | read(sum) | write(sum) | write(GIVEN()) | parts("PATTERN")
              | level() | parent() | children(A B) | levels() | sum
    sum    := product (("+" | "-") product)*
    product:= factor (("*" | "/") factor)*
    factor := NUMBER | 'text' | "(" sum ")" | count(path) | sum(sum) | path
    path   := NAME ["[" NAME "=" word "]"] ("." NAME)*

An argument is the text up to the closing parenthesis, trimmed; in quotes it may hold
parentheses and blanks at its ends.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Path:
    """A field: names from the current item, the document or a named item.

    ``key`` chooses an item of the list that the first ``at`` names lead to: the field and value it has.
    """

    names: tuple[str, ...]
    key: tuple[str, str] | None = field(default=None, repr=False)
    at: int = field(default=0, repr=False)

    def __str__(self) -> str:
        if self.key is None:
            return ".".join(self.names)
        before, after = ".".join(self.names[: self.at]), ".".join(self.names[self.at :])
        return f"{before}[{self.key[0]}={self.key[1]}].{after}"


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
_KEY = re.compile(r"\s*\[\s*([A-Za-z_]\w*)\s*=\s*(?:'([^']+)'|([^\]'\s]+))\s*\]")
_GIVEN = re.compile(r"\s*\(\s*([a-z_]+)\s*\(\s*\)\s*\)")
_DEEPEST = 40
_LONGEST = 100
GIVEN = ("now", "control_number", "seq")
"""The functions of what comes from outside the document."""
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
        self.operations = 0

    def value(self) -> Value:
        found = _NAME.match(self.text)
        if found is not None and found[2]:
            if found[1] in HIERARCHY:
                return self.hierarchy(found[1], found.end())
            if found[1] == "parts":
                return self.compound(found.end())
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
        if kind == "name" and found == "write" and (given := self.given()) is not None:
            return None, given, "write"
        if kind == "name" and found in ("read", "write") and self.accept("("):
            inner = self.sum()
            self.expect(")")
            return inner, "", found
        self.position = start
        return self.sum(), "", "both"

    def hierarchy(self, name: str, position: int) -> Value:
        """``level()`` and its like, which stand alone; ``position`` is behind the parenthesis."""
        self.position = position
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

    def compound(self, position: int) -> Value:
        """``parts("{number}/{release}")``; ``position`` is behind the parenthesis."""
        self.position = position
        argument = _ARGUMENT.match(self.text, self.position)
        pattern = argument[1] or argument[2] if argument is not None else None
        if argument is None or not pattern:
            self.fail("parts takes a pattern in quotes", 'for example  parts("{number}/{release}")')
        self.position = argument.end()
        pipes = []
        while self.accept("|"):
            pipes.append(self.pipe())
        if self.text[self.position :].strip():
            self.fail(f"{self.text[self.position :].strip()!r} is not understood")
        return Value(None, "parts", "both", tuple(pipes), (pattern,))

    def given(self) -> str | None:
        """``(now())`` after ``write``."""
        found = _GIVEN.match(self.text, self.position)
        if found is None or found[1] not in GIVEN:
            return None
        self.position = found.end()
        return found[1]

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
        while self.peek() in ("+", "-"):
            left = self.operation(left, self.product)
        self.depth -= 1
        return left

    def product(self) -> Expression:
        left = self.factor()
        while self.peek() in ("*", "/"):
            left = self.operation(left, self.factor)
        return left

    def operation(self, left: Expression, right: Callable[[], Expression]) -> Expression:
        """What is next, a sign and what is ``right`` of it, joined to ``left``."""
        self.operations += 1
        if self.operations > _LONGEST:
            self.fail(f"more than {_LONGEST} signs stand")
        _, sign = self.take()
        return Operation(sign, left, right())

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
        if name in GIVEN:
            self.fail(f"{name}() is written only", f"write({name}())")
        if name == "parts":
            self.fail("parts(...) stands alone", 'for example  =parts("{number}/{release}")')
        raise ExpressionError(f"there is no function {name!r}", "functions are count(list) and sum(list.field)")

    def path(self, first: str) -> Path:
        names = [first]
        key, at = self.key(), 1
        while self.accept("."):
            kind, found = self.take()
            if kind != "name":
                self.fail("a field's name is missing after the point")
            names.append(found)
            another = self.key()
            if another is not None:
                if key is not None:
                    self.fail("one list item is chosen by its key, not two")
                key, at = another, len(names)
        if key is not None and at == len(names):
            self.fail("a field is missing after the item", f"for example  {names[-1]}[{key[0]}={key[1]}].number")
        return Path(tuple(names), key, at if key is not None else 0)

    def key(self) -> tuple[str, str] | None:
        """``[kind=contract]`` after a list."""
        if not self.text.startswith("[", self.position):
            return None
        found = _KEY.match(self.text, self.position)
        if found is None:
            self.fail("a list item is chosen by one field", "for example  references[kind=contract].number")
        self.position = found.end()
        return found[1], found[2] or found[3]

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


def paths(expression: Expression) -> list[Path]:
    """The paths of an expression, in their order."""
    if isinstance(expression, Path):
        return [expression]
    if isinstance(expression, Operation):
        return paths(expression.left) + paths(expression.right)
    if isinstance(expression, Count):
        return [expression.path]
    return paths(expression.inner) if isinstance(expression, Sum) else []
