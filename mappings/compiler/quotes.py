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

_HERE: dict[str, Any] = {"lineno": 1, "col_offset": 0}
"""A place for each node that is made, which the compiler asks for; finding places for all at the end takes longer."""
_BLOCKS = frozenset({"body", "orelse", "finalbody"})
_LOAD = ast.Load()

Statements = list[ast.stmt]
Hole = ast.expr | str | Sequence[ast.stmt]


def constant(value: Any) -> ast.expr:
    """A text, number, None, or tuple of them as a constant."""
    return ast.Constant(value=value, **_HERE)


def variable(name: str) -> ast.expr:
    """The value of a local or bound variable."""
    return ast.Name(id=name, ctx=_LOAD, **_HERE)


def statements(template: str, **holes: Hole) -> Statements:
    """The statements of ``template`` with its holes filled."""
    return _Filler(holes).block(_parsed(template, "exec").body)


def expression(template: str, **holes: Hole) -> ast.expr:
    """The expression of ``template`` with its holes filled."""
    filled: ast.expr = _Filler(holes).fill(_parsed(template, "eval").body)
    return filled


def attribute(value: ast.expr, name: str) -> ast.expr:
    """``value.name``."""
    return ast.Attribute(value=value, attr=name, ctx=_LOAD, **_HERE)


def call(function: str, *arguments: ast.expr) -> ast.expr:
    """A call of a bound function."""
    return ast.Call(func=variable(function), args=list(arguments), keywords=[], **_HERE)


def told(report: str, arguments: Sequence[ast.expr]) -> Statements:
    """``X.report(...)`` as a statement: ``X`` is the report of a traced build."""
    method = attribute(variable("X"), report)
    call = ast.Call(func=method, args=list(arguments), keywords=[], **_HERE)
    return [ast.Expr(value=call, **_HERE)]


def leaving() -> Statements:
    """``break``."""
    return [ast.Break(**_HERE)]


def both(conditions: Sequence[ast.expr]) -> ast.expr:
    """All of ``conditions``, which are not empty."""
    return conditions[0] if len(conditions) == 1 else ast.BoolOp(op=ast.And(), values=list(conditions), **_HERE)


def either(conditions: Sequence[ast.expr]) -> ast.expr:
    """Any of ``conditions``, which are not empty."""
    return conditions[0] if len(conditions) == 1 else ast.BoolOp(op=ast.Or(), values=list(conditions), **_HERE)


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
                values.append(ast.FormattedValue(value=value, conversion=-1, format_spec=None, **_HERE))
    if not values:
        return constant("")
    if len(values) == 1 and isinstance(values[0], ast.Constant):
        return values[0]
    return ast.JoinedStr(values=values, **_HERE)


def chain(branches: Sequence[tuple[ast.expr, Statements]], otherwise: Statements) -> Statements:
    """``if`` / ``elif`` / ``else``; without branches just ``otherwise``."""
    rest = otherwise
    for test, body in reversed(branches):
        rest = [ast.If(test=test, body=body or [ast.Pass(**_HERE)], orelse=rest, **_HERE)]
    return rest


def function(name: str, parameters: Sequence[str], body: Statements) -> ast.FunctionDef:
    """A function definition; parsed, since its fields differ between versions of Python."""
    made = copy.deepcopy(_parsed(f"def f({', '.join(parameters)}): pass", "exec").body[0])
    assert isinstance(made, ast.FunctionDef)
    made.name, made.body = name, body or [ast.Pass(**_HERE)]
    return made


def bind(functions: Sequence[ast.FunctionDef], namespace: Mapping[str, Any], label: str) -> dict[str, Any]:
    """Define the functions, with ``namespace`` as their only globals; the namespace with them in it."""
    module = ast.Module(body=list(functions), type_ignores=[])
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
    tree = ast.parse(template, mode=mode)
    _find_holes(tree)
    return tree


def _find_holes(node: ast.AST) -> bool:
    """Whether there are holes in ``node``; notes at it in which of its fields, and how `_Filler` fills those."""
    if isinstance(node, ast.Name):
        return node.id[0].isupper()
    fields: list[tuple[str, bool, bool]] = []
    for name, value in ast.iter_fields(node):
        several = isinstance(value, list)
        inner = [item for item in (value if several else [value]) if isinstance(item, ast.AST)]
        if any([_find_holes(item) for item in inner]):  # noqa: C419  # each of them is to be looked at
            fields.append((name, several, several and name in _BLOCKS))
    node.holes = fields  # type: ignore[attr-defined]
    return bool(fields)


class _Filler:
    """Copies what has a hole in it; all else is shared with the cached template, which stays as it is."""

    def __init__(self, holes: Mapping[str, Hole]) -> None:
        self.holes = holes

    def block(self, body: Sequence[ast.stmt]) -> Statements:
        filled: Statements = []
        for statement in body:
            hole = self.holes.get(_lonely(statement))
            if hole is not None and not isinstance(hole, ast.expr | str):
                filled += hole
            else:
                filled.append(self.fill(statement))
        return filled

    def fill(self, node: Any) -> Any:
        """``node`` itself where it has no hole, else a copy with the holes filled."""
        if type(node) is ast.Name:
            return self._name(node)
        if not node.holes:
            return node
        kind: type[ast.AST] = type(node)
        made = kind.__new__(kind)
        made.__dict__.update(node.__dict__)
        for name, several, block in node.holes:
            value = getattr(node, name)
            if not several:
                filled: Any = self.fill(value)
            elif block:
                filled = self.block(value) or ([ast.Pass(**_HERE)] if name == "body" else [])
            else:
                filled = [self.fill(item) if isinstance(item, ast.AST) else item for item in value]
            setattr(made, name, filled)
        return made

    def _name(self, node: ast.Name) -> ast.expr:
        hole = self.holes.get(node.id)
        if hole is None:
            return node
        if isinstance(hole, str):
            return ast.Name(id=hole, ctx=node.ctx, **_HERE)
        if not isinstance(hole, ast.expr):
            raise TypeError(f"the hole {node.id} stands in an expression and takes one")
        if isinstance(hole, ast.Name):
            return ast.Name(id=hole.id, ctx=node.ctx, **_HERE)
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
