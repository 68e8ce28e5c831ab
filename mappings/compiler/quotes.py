"""Building Python syntax trees from fixed templates.

A template is Python text of ours with capital names as holes.  A hole is filled with an
expression (a tree), a variable's name (a text that `Namer` made), or a list of
statements where the hole stands alone on its line.  Values from mapping files enter only through
`constant`, as constants of the tree, and are never parsed as Python.
"""

import ast
import copy
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

Statements = list[ast.stmt]
Hole = ast.expr | str | Sequence[ast.stmt]


def constant(value: Any) -> ast.expr:
    """A text, number, None, or tuple of them as a constant."""
    return ast.Constant(value=value)


def variable(name: str) -> ast.expr:
    """The value of a local or bound variable."""
    return ast.Name(id=name, ctx=ast.Load())


def statements(template: str, **holes: Hole) -> Statements:
    """The statements of ``template`` with its holes filled."""
    return _Filler(holes).block(_parsed(template, "exec").body)


def expression(template: str, **holes: Hole) -> ast.expr:
    """The expression of ``template`` with its holes filled."""
    filled: ast.expr = _Filler(holes).visit(_parsed(template, "eval").body)
    return filled


def attribute(value: ast.expr, name: str) -> ast.expr:
    """``value.name``."""
    return ast.Attribute(value=value, attr=name, ctx=ast.Load())


def call(function: str, *arguments: ast.expr) -> ast.expr:
    """A call of a bound function."""
    return ast.Call(func=variable(function), args=list(arguments), keywords=[])


def both(conditions: Sequence[ast.expr]) -> ast.expr:
    """All of ``conditions``, which are not empty."""
    return conditions[0] if len(conditions) == 1 else ast.BoolOp(op=ast.And(), values=list(conditions))


def either(conditions: Sequence[ast.expr]) -> ast.expr:
    """Any of ``conditions``, which are not empty."""
    return conditions[0] if len(conditions) == 1 else ast.BoolOp(op=ast.Or(), values=list(conditions))


def joined(parts: Sequence[ast.expr]) -> ast.expr:
    """Texts put together: constants melt into each other, the rest becomes an f-string."""
    values: list[ast.expr] = []
    for part in parts:
        inner = part.values if isinstance(part, ast.JoinedStr) else [part]
        for value in inner:
            last = values[-1] if values else None
            if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
                values[-1] = constant(str(last.value) + str(value.value))
            elif isinstance(value, ast.Constant | ast.FormattedValue):
                values.append(value)
            else:
                values.append(ast.FormattedValue(value=value, conversion=-1, format_spec=None))
    if not values:
        return constant("")
    if len(values) == 1 and isinstance(values[0], ast.Constant):
        return values[0]
    return ast.JoinedStr(values=values)


def chain(branches: Sequence[tuple[ast.expr, Statements]], otherwise: Statements) -> Statements:
    """``if`` / ``elif`` / ``else``; without branches just ``otherwise``."""
    rest = otherwise
    for test, body in reversed(branches):
        rest = [ast.If(test=test, body=body or [ast.Pass()], orelse=rest)]
    return rest


def function(name: str, parameters: Sequence[str], body: Statements) -> ast.FunctionDef:
    """A function definition; parsed, since its fields differ between versions of Python."""
    made = copy.deepcopy(_parsed(f"def f({', '.join(parameters)}): pass", "exec").body[0])
    assert isinstance(made, ast.FunctionDef)
    made.name, made.body = name, body or [ast.Pass()]
    return made


def bind(functions: Sequence[ast.FunctionDef], namespace: Mapping[str, Any], label: str) -> dict[str, Any]:
    """Define the functions, with ``namespace`` as their only globals; the namespace with them in it."""
    module = ast.Module(body=list(functions), type_ignores=[])
    ast.fix_missing_locations(module)
    bound: dict[str, Any] = {"__builtins__": _BUILTINS, **namespace}
    exec(compile(module, f"<mapping {label}>", "exec"), bound)  # noqa: S102
    return bound


_BUILTINS: dict[str, Any] = {
    "len": len,
    "type": type,
    "range": range,
    "str": str,
    "enumerate": enumerate,
    "min": min,
    "list": list,
}
"""All that compiled mappings can reach of Python itself."""


@lru_cache(maxsize=512)
def _parsed(template: str, mode: str) -> Any:
    return ast.parse(template, mode=mode)


class _Filler(ast.NodeTransformer):
    """Copies a template; the cached original stays as it is."""

    def __init__(self, holes: Mapping[str, Hole]) -> None:
        self.holes = holes

    def block(self, body: Sequence[ast.stmt]) -> Statements:
        filled: Statements = []
        for statement in body:
            hole = self.holes.get(_lonely(statement))
            if hole is not None and not isinstance(hole, ast.expr | str):
                filled += hole
            else:
                filled.append(self.visit(statement))
        return filled

    def generic_visit(self, node: ast.AST) -> ast.AST:
        fields: dict[str, Any] = {}
        for name, value in ast.iter_fields(node):
            if name in ("body", "orelse", "finalbody") and isinstance(value, list):
                block = self.block(value)
                fields[name] = block or ([ast.Pass()] if value and name == "body" else [])
            elif isinstance(value, list):
                fields[name] = [self.visit(item) if isinstance(item, ast.AST) else item for item in value]
            elif isinstance(value, ast.AST):
                fields[name] = self.visit(value)
            else:
                fields[name] = value
        return type(node)(**fields)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        hole = self.holes.get(node.id)
        if hole is None:
            return ast.Name(id=node.id, ctx=node.ctx)
        if isinstance(hole, str):
            return ast.Name(id=hole, ctx=node.ctx)
        if not isinstance(hole, ast.expr):
            raise TypeError(f"the hole {node.id} stands in an expression and takes one")
        if isinstance(hole, ast.Name):
            return ast.Name(id=hole.id, ctx=node.ctx)
        return hole


def _lonely(statement: ast.stmt) -> str:
    """The name of a hole that is a statement by itself."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Name):
        return statement.value.id
    return ""


class Namer:
    """Names for variables and bound values; each is new, and none comes from a mapping file."""

    def __init__(self) -> None:
        self.count = 0
        self.bound: dict[str, Any] = {}
        self._known: dict[int, str] = {}

    def fresh(self, letter: str = "v") -> str:
        """A new variable."""
        self.count += 1
        return f"{letter}{self.count}"

    def bind(self, value: Any, letter: str = "g") -> str:
        """The name under which compiled code sees ``value``; the same object gets the same name."""
        known = self._known.get(id(value))
        if known is not None:
            return known
        name = self.fresh(letter.upper() + "_")
        self.bound[name] = value
        self._known[id(value)] = name
        return name
