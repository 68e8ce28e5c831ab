"""What writing is in every format: deciding what is there, turning values into text, going through lists."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from transload.mappings.compiler.computing import compute
from transload.mappings.compiler.conditions import condition
from transload.mappings.compiler.frames import held
from transload.mappings.compiler.loading import Loader
from transload.mappings.compiler.quotes import (
    Namer,
    Statements,
    attribute,
    both,
    constant,
    either,
    expression,
    statements,
    told,
    variable,
)
from transload.mappings.compiler.reading import TROUBLE
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.fields import Kind
from transload.mappings.language.layout import AnyNode, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Field, Fill, Length, Scope, Slot

_CONTROLS = frozenset("\x1c\x1d\x1e\x1f")


def clean(text: str) -> str:
    """The text, unless it holds a character that separates the parts of an encoded record."""
    if text.isprintable() or not _CONTROLS & set(text):
        return text
    raise DomainError(f"{text!r} holds a control character that no partner format can carry")


class Writer(Loader, ABC):
    """Makes statements for writing; with ``trace`` they report to ``X`` what cannot be written."""

    clean: Callable[[str], str] = staticmethod(clean)

    def __init__(self, meaning: Meaning, namer: Namer, *, trace: bool) -> None:
        super().__init__(namer, trace=trace)
        self.meaning = meaning
        self.counters: dict[int, str] = {}

    @abstractmethod
    def encode(self) -> ast.FunctionDef:
        """The function ``encode(o, X)``: from a document and a report to the body of an `Encoded`."""

    def bound(self, value: object) -> ast.expr:
        """A value of ours, as compiled code sees it."""
        return variable(self.namer.bind(value))

    def trouble(self, report: str, *arguments: ast.expr) -> Statements:
        """Give up the fast path, or report a fault to the trace."""
        if not self.trace:
            return statements("raise TROUBLE", TROUBLE=self.bound(TROUBLE))
        return told(report, arguments)

    def value(self, slot: Slot, body: Statements) -> str:
        """The variable with what the slot writes, before its converters; None for nothing."""
        if slot.computed is not None and not slot.literals:
            return self._computed(slot, body)
        if slot.parts is not None:
            return self._parts(slot, body)
        if slot.given is not None:
            return self._given(slot, body)
        assert slot.field is not None
        name = self.load(slot.field.scope, slot.field.path, body)
        if slot.default is not None:
            filled = self.namer.fresh("v")
            other = self._fill(slot.default, body)
            body += statements("E = X if V is None else V", E=filled, V=name, X=other)
            name = filled
        if slot.elide is not None:
            elided = self.namer.fresh("v")
            other = self._fill(slot.elide, body)
            body += statements("E = None if V == X else V", E=elided, V=name, X=other)
            name = elided
        return name

    def _parts(self, slot: Slot, body: Statements) -> str:
        """Several fields as one text; None where none of them has a value."""
        assert slot.parts is not None
        texts, tests = [], []
        for each in slot.parts.slots:
            name = self.value(each, body)
            tests.append(expression("V is not None", V=name))
            written = self.written(each, variable(name))
            texts.append(expression("W if V is not None else NO", W=written, V=name, NO=constant("")))
        parts = ast.Tuple(elts=texts, ctx=ast.Load(), lineno=1, col_offset=0)
        result = self.namer.fresh("v")
        if self.trace:
            joined = expression("X.joined(S, P)", S=self.bound(slot), P=parts)
        else:
            joined = expression("JOIN(P)", JOIN=self.bound(slot.parts.pattern.join), P=parts)
        body += statements("V = J if T else None", V=result, J=joined, T=either(tests))
        return result

    def _given(self, slot: Slot, body: Statements) -> str:
        """What comes from outside the document, or the number of the item."""
        assert slot.given is not None
        name = self.namer.fresh("v")
        if slot.given.word == "seq":
            body += statements("V = N", V=name, N=self.counters[slot.home.number])
        elif slot.given.stamp is not None:
            body += statements("V = F(X.now)", V=name, F=self.bound(slot.given.stamp))
        else:
            body += statements("V = X.number", V=name)
        return name

    def _fill(self, fill: Fill, body: Statements) -> ast.expr:
        if fill.field is not None:
            return variable(self.load(fill.field.scope, fill.field.path, body))
        return held(fill.value, self.namer)

    def _computed(self, slot: Slot, body: Statements) -> str:
        """Evaluated once where it is asked for first; in the trace a fault of computing is reported."""
        known = self.worked_out(slot)
        if known is not None:
            return known

        def load(field: Field) -> ast.expr:
            return variable(self.load(field.scope, field.path, body))

        evaluate, result = compute(slot, self.namer, load, load, _member)
        if self.trace:
            report = self.trouble("uncomputable", self.bound(slot))
            evaluate = statements(
                "try:\n    E\nexcept ERROR:\n    A = None\n    REPORT",
                E=evaluate, ERROR=self.bound(ArithmeticError), A=result, REPORT=report,
            )  # fmt: skip
        body += evaluate
        self.keep(slot, result)
        return result

    def written(self, slot: Slot, value: ast.expr) -> ast.expr:
        """``value``, which is not None, as it goes to the wire."""
        assert slot.chain is not None
        if self.trace:
            return expression("X.write(S, V)", S=self.bound(slot), V=value)
        steps = slot.chain.steps
        result = value
        for step in steps:
            if step.write_table is not None:
                result = expression("T[V]", T=self.namer.bind(step.write_table), V=result)
            else:
                result = expression("F(V)", F=self.namer.bind(step.write), V=result)
        if slot.parts is not None:
            return self.cleaned(result, plain=not steps)
        if slot.chain.gives is not Kind.TEXT or slot.field is None:
            return result  # several texts are made sure of when they are put side by side
        if slot.field.type.kind not in (Kind.TEXT, Kind.TEXTS) and not any(step.name == "py" for step in steps):
            return result  # our own converters make nothing else of numbers, days and words
        if steps and steps[-1].write_table is not None:
            return result
        return self.cleaned(result, plain=not steps)

    def cleaned(self, value: ast.expr, *, plain: bool) -> ast.expr:
        """A text, refused where it holds what the format cannot carry."""
        if plain:
            return expression("V if V.isprintable() else C(V)", V=value, C=self.namer.bind(self.clean))
        return expression("C(V)", V=value, C=self.namer.bind(self.clean))

    def conditions(self, node: AnyNode, body: Statements) -> list[ast.expr]:
        """The tests of ``when:`` and ``only_if:``."""
        tests = [
            expression("V == X", V=self.load(c.field.scope, c.field.path, body), X=held(c.value, self.namer))
            for c in node.when
        ]
        if node.only_if is not None:

            def load(field: Field) -> ast.expr:
                return variable(self.load(field.scope, field.path, body))

            tests.append(condition(node.only_if, load, self.namer))
        return tests

    def presence(self, node: AnyNode, body: Statements) -> ast.expr | None:
        """The test whether a node is there; None when it always is.

        It is there when a field of it, or of what belongs to it, has a value.  Fields of the
        item count; where a node has none, its computed values do; where it has none either,
        what it only writes or shares with its surroundings.  One with literals only is always there.
        """
        tests: list[ast.expr] = []
        if self._presence(node, body, tests) or not tests:
            return None
        return either(tests)

    def _presence(self, node: AnyNode, body: Statements, tests: list[ast.expr]) -> bool:
        """Whether the node is there in any case; else its tests are added."""
        slots = [slot for slot in node.own() if slot.writes]
        bound = [slot for slot in slots if slot.field is not None]
        own = [slot for slot in bound if not slot.aside and slot.field is not None and slot.field.scope is node.scope]
        computed = [slot for slot in slots if slot.computed is not None and not slot.literals]
        inner = [child for child in below(node) if child.writes and any(True for _ in _meaningful(child))]
        if not own and computed:
            if any(isinstance(slot.computed, Length) for slot in computed):
                return True
            tests += [expression("V is not None", V=self.value(slot, body)) for slot in computed]
        elif own or not inner:
            for slot in own or bound:
                if self._has_value(slot, body, tests):
                    return True
        for child in inner:
            if child.items is not None:
                tests.append(variable(self.load(child.items.scope, child.items.path, body)))
            elif not child.when and child.only_if is None and self._presence(child, body, tests):
                return True
        return False

    def _has_value(self, slot: Slot, body: Statements, tests: list[ast.expr]) -> bool:
        """Whether a bound slot always has a value; else its test is added."""
        field = slot.field
        assert field is not None
        texts = field.type.kind is Kind.TEXTS
        if self.never_none(field) and slot.elide is None and not texts:
            return True
        name = self.value(slot, body) if slot.elide is not None else self.load(field.scope, field.path, body)
        tests.append(variable(name) if texts else expression("V is not None", V=name))
        return False

    def common_object(self, node: AnyNode) -> tuple[Scope, tuple[str, ...]] | None:
        """The one object that all fields of a node, and of what belongs to it, are in."""
        slots = [slot for slot in _slots(node) if slot.field is not None and slot.writes]
        if not slots or any(slot.computed is not None for slot in _slots(node)) or list(_listed(node)):
            return None
        fields = [slot.field for slot in slots if slot.field is not None]
        prefix = fields[0].path[:-1]
        if not prefix or any(f.scope is not fields[0].scope or f.path[:-1] != prefix for f in fields):
            return None
        return fields[0].scope, prefix

    def repeated(self, node: AnyNode, inner: Callable[[], Statements]) -> Statements:
        """``inner`` for every item of the node's list."""
        assert node.items is not None
        body: Statements = []
        items = self.load(node.items.scope, node.items.path, body)
        item, index = self.namer.fresh("x"), self.namer.fresh("j")
        self.items[node.scope.number] = item
        counter = self._counter(node.scope)
        with self.block():
            setup: Statements = []
            tests = self.conditions(node, setup)
            each = setup + self.guarded(tests, inner())
        if counter is not None:
            body += statements("N = 0", N=counter)
            each = statements("N += 1", N=counter) + each
        if self.trace:
            each = statements("X.enter(S, J)", S=constant(node.scope.number), J=index) + each
            body += statements("for J, I in enumerate(L):\n    EACH", J=index, I=item, L=items, EACH=each)
        else:
            body += statements("for I in L:\n    EACH", I=item, L=items, EACH=each)
        if node.most is not None:
            many = self.trouble("many", self.bound(node), expression("len(L)", L=items))
            body += statements("if len(L) > MOST:\n    MANY", L=items, MOST=constant(node.most), MANY=many)
        return body

    def _counter(self, scope: Scope) -> str | None:
        """A variable that counts the items of a scope, where an entry writes their number."""
        if not any(s.given is not None and s.given.word == "seq" and s.home is scope for s in self.meaning.slots):
            return None
        self.counters[scope.number] = self.namer.fresh("n")
        return self.counters[scope.number]

    def guarded(self, tests: Sequence[ast.expr], body: Statements) -> Statements:
        """``body`` under all of ``tests``."""
        return statements("if T:\n    BODY", T=both(tests), BODY=body) if tests else body


def _slots(node: AnyNode) -> Iterator[Slot]:
    """The slots of a node and of what belongs to it once."""
    yield from node.own()
    for inner in below(node):
        if inner.items is None and inner.writes:
            yield from _slots(inner)


def _meaningful(node: AnyNode) -> Iterator[Slot]:
    """The slots of a node, and of all below it, that are more than literals."""
    if node.items is not None:
        yield from node.own()
    for slot in node.own():
        if slot.writes and not slot.literals and slot.numbering is None:
            yield slot
    for inner in below(node):
        if inner.writes:
            yield from _meaningful(inner)


def _listed(node: AnyNode) -> Iterator[AnyNode]:
    """The nodes below that repeat over a list."""
    for inner in below(node):
        if not inner.writes:
            continue
        if inner.items is not None:
            yield inner
        else:
            yield from _listed(inner)


def _member(item: str, path: tuple[str, ...]) -> ast.expr:
    """A field of an item of a list."""
    value: ast.expr = variable(item)
    for name in path[:-1]:
        value = attribute(value, name)
    return attribute(value, path[-1])


def texts_of(clean_text: Callable[[str], str]) -> Callable[[str, Sequence[Any]], str]:
    """A function that joins texts, each made sure of."""

    def join(separator: str, texts: Sequence[str]) -> str:
        return separator.join([text if text.isprintable() else clean_text(text) for text in texts])

    return join
