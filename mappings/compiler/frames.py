"""The variables that hold a document, or an item, while it is read: dicts for objects, lists for lists."""

import ast
from dataclasses import dataclass, field
from typing import Any

from transload.mappings.compiler.quotes import Namer, Statements, constant, expression, statements, variable
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Field, Scope, Slot


@dataclass(eq=False)
class Frame:
    """One scope's variables.

    ``objects`` maps the path of an object to its dict, ``()`` being the item itself;
    ``lists`` the path of a list to its list; ``stated`` each computed slot to the
    variables that keep what the wire said, and where.
    """

    scope: Scope
    objects: dict[tuple[str, ...], str] = field(default_factory=dict)
    lists: dict[tuple[str, ...], str] = field(default_factory=dict)
    lists_of: dict[tuple[str, ...], Slot] = field(default_factory=dict)
    stated: dict[Slot, tuple[str, str]] = field(default_factory=dict)
    fills: list[Slot] = field(default_factory=list)

    @property
    def item(self) -> str:
        """The dict of the item itself, or the variable of its text."""
        return self.objects[()]


def frames(meaning: Meaning, namer: Namer) -> dict[int, Frame]:
    """The frames of all scopes that the mapping reads, by the scope's number."""
    found: dict[int, Frame] = {}
    for scope in meaning.scopes:
        found[scope.number] = Frame(scope, {(): namer.fresh("d")})
    for scope in meaning.scopes:
        if scope.parent is not None:
            _object(found[scope.parent.number], scope.path[:-1], namer)
            found[scope.parent.number].lists.setdefault(scope.path, namer.fresh("l"))
    for slot in meaning.slots:
        if not slot.reads:
            continue
        if slot.computed is not None:
            found[slot.home.number].stated[slot] = (namer.fresh("k"), namer.fresh("w"))
        elif slot.field is not None and slot.field.path:
            frame = found[slot.field.scope.number]
            _object(frame, slot.field.path[:-1], namer)
            if slot.many:
                frame.lists.setdefault(slot.field.path, namer.fresh("l"))
                frame.lists_of.setdefault(slot.field.path, slot)
            if slot.default is not None:
                frame.fills.append(slot)
    for node in meaning.nodes():
        for condition in node.when:
            _object(found[condition.field.scope.number], condition.field.path[:-1], namer)
    return found


def _object(frame: Frame, path: tuple[str, ...], namer: Namer) -> None:
    for length in range(1, len(path) + 1):
        frame.objects.setdefault(path[:length], namer.fresh("d"))


def opened(frame: Frame) -> Statements:
    """Give every variable of the frame its first value."""
    body: Statements = []
    if frame.scope.model is None:
        body += statements("D = None", D=frame.item)
    else:
        for name in frame.objects.values():
            body += statements("D = {}", D=name)
    for name in frame.lists.values():
        body += statements("L = []", L=name)
    for kept, _ in frame.stated.values():
        body += statements("K = None", K=kept)
    return body


def collected(frame: Frame, namer: Namer, *, trace: bool) -> Statements:
    """Put lists and objects that hold something into the object around them, the innermost first."""
    body: Statements = []
    for path, name in frame.lists.items():
        slot = frame.lists_of.get(path)
        holder = frame.objects[path[:-1]]
        value = variable(name)
        if slot is not None and slot.chain is not None and slot.chain.steps:
            convert = namer.bind(slot.chain.read)
            if trace:
                body += statements(
                    "if L:\n    R = X.whole(S, L)\n    if R is not FAILED:\n        D[K] = R",
                    L=name, R=namer.fresh("r"), S=variable(namer.bind(slot)), D=holder, K=constant(path[-1]),
                    FAILED=variable(namer.bind(FAILED)),
                )  # fmt: skip
                continue
            value = expression("C(L)", C=convert, L=name)
        body += statements("if L:\n    D[K] = V", L=name, D=holder, K=constant(path[-1]), V=value)
    for path, name in sorted(frame.objects.items(), key=lambda pair: -len(pair[0])):
        if path:
            holder = frame.objects[path[:-1]]
            body += statements("if D:\n    H[K] = D", D=name, H=holder, K=constant(path[-1]))
    return body


class _Failed:
    """What the traced build gets instead of a value that could not be read."""

    def __repr__(self) -> str:
        return "FAILED"


FAILED = _Failed()


def filled(frame: Frame, namer: Namer) -> Statements:
    """``default(X)`` with a constant: fill a field that no place gave, in an object that has other values."""
    body: Statements = []
    for slot in frame.fills:
        assert slot.field is not None
        assert slot.default is not None
        if slot.default.field is not None:
            continue
        path = slot.field.path
        alone = len(path) == 1 and frame.scope.key is None  # its item or the document is there in any case
        template = "if K not in D:\n    D[K] = V" if alone else "if D and K not in D:\n    D[K] = V"
        body += statements(
            template, D=frame.objects[path[:-1]], K=constant(path[-1]), V=held(slot.default.value, namer)
        )
    return body


def held(value: Any, namer: Namer) -> ast.expr:
    """A constant of any type: texts and the like stand in the tree, numbers are bound."""
    if value is None or isinstance(value, str | bool):
        return constant(value)
    return variable(namer.bind(value))


def late_fills(meaning: Meaning, document: dict[str, Any]) -> None:
    """``default(order.currency)``: fill from the finished document, in every item."""
    for slot in meaning.slots:
        if slot.default is None or slot.default.field is None or slot.field is None or not slot.reads:
            continue
        value = _get(document, slot.default.field.path)
        if value is not None:
            for item in _items(document, slot.field.scope):
                _fill(item, slot.field, value)


def _get(document: dict[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _items(document: dict[str, Any], scope: Scope) -> list[dict[str, Any]]:
    if scope.parent is None:
        return [document]
    found: list[dict[str, Any]] = []
    for item in _items(document, scope.parent):
        found += _get(item, scope.path) or []
    if scope.key is not None:
        name, text = scope.key
        return [item for item in found if item.get(name) == text]
    return found


def _fill(item: dict[str, Any], target: Field, value: Any) -> None:
    for name in target.path[:-1]:
        if not isinstance(item.get(name), dict):
            return
        item = item[name]
    item.setdefault(target.path[-1], value)


def has_late_fills(meaning: Meaning) -> bool:
    """Whether any field is filled from another when the document is complete."""
    return any(slot.default is not None and slot.default.field is not None and slot.reads for slot in meaning.slots)
