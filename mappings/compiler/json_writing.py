"""Writing JSON: nested dicts and lists, with exact numbers; members without a value are left out."""

import ast
from collections.abc import Sequence
from decimal import Decimal

from transload.mappings.compiler.quotes import Statements, constant, expression, function, statements, variable
from transload.mappings.compiler.trees import json_literal
from transload.mappings.compiler.writing import Writer
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.layout import Element
from transload.mappings.language.terms import Slot


def clean(text: str) -> str:
    """The text, unless it holds half of a surrogate pair, which no encoding can carry."""
    if text.isprintable() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    raise DomainError(f"{text!r} holds half of a surrogate pair")


class JsonWriter(Writer):
    """Makes ``encode(o, X)``: a document and a report; gives a JSON value."""

    clean = staticmethod(clean)

    def encode(self) -> ast.FunctionDef:
        """The function."""
        body = statements("d0 = {}")
        body += self.members(self.meaning.elements, "d0")
        return function("encode", ("o", "X"), body + statements("return d0"))

    def members(self, nodes: Sequence[Element], holder: str) -> Statements:
        """Put the members into the dict ``holder``."""
        body: Statements = []
        for node in nodes:
            if node.writes:
                body += self.node(node, holder)
        return body

    def node(self, node: Element, holder: str) -> Statements:
        """One member, or for items a list."""
        if node.items is None:
            with self.block():
                return self._guarded(node, holder)
        found = self.namer.fresh("l")
        body = statements("L = []", L=found)
        body += self.repeated(node, lambda: self._one(node, found, listed=True))
        key = constant(node.tag)
        return body + statements("if L:\n    D.setdefault(K, []).extend(L)", L=found, D=holder, K=key)

    def _guarded(self, node: Element, holder: str) -> Statements:
        body: Statements = []
        common = self.common_object(node)
        if common is not None and not self._is_sure(*common):
            owner = self.load(*common, body)
            self.make_sure(*common)
            return body + statements("if H is not None:\n    INNER", H=owner, INNER=self._guarded(node, holder))
        tests = self.conditions(node, body)
        presence = self.presence(node, body)
        if presence is not None:
            tests.append(presence)
        return body + self.guarded(tests, self._one(node, holder, listed=False))

    def _one(self, node: Element, holder: str, *, listed: bool) -> Statements:
        """Set the member, or append to the list ``holder``."""
        body: Statements = []
        if node.text is not None:
            if node.text.many:
                return self._texts(node, node.text, holder)
            value = self._value(node.text, body)
        else:
            inner = self.namer.fresh("d")
            body += statements("D = {}", D=inner) + self.members(node.children, inner)
            value = variable(inner)
        key = constant(node.tag)
        if listed:
            return body + statements("L.append(V)", L=holder, V=value)
        if node.many:
            return body + statements("D.setdefault(K, []).append(V)", D=holder, K=key, V=value)
        return body + statements("D[K] = V", D=holder, K=key, V=value)

    def _value(self, slot: Slot, body: Statements) -> ast.expr:
        if slot.literals:
            value = json_literal(slot.literals[0]) if slot.computed is None else slot.literals[0]
            return self.bound(value) if isinstance(value, Decimal) else constant(value)
        return self.written(slot, variable(self.value(slot, body)))

    def _texts(self, node: Element, slot: Slot, holder: str) -> Statements:
        """A list of texts as an array."""
        body: Statements = []
        value = self.value(slot, body)
        assert slot.chain is not None
        texts: ast.expr = expression("list(V)", V=value)
        if slot.chain.steps:
            texts = expression("[] if V is None else W", V=value, W=self.written(slot, variable(value)))
        elif self.trace:
            texts = expression("[X.text(S, I) for I in V]", S=self.bound(slot), I=self.namer.fresh("x"), V=value)
        else:
            texts = expression("[C(I) for I in V]", C=self.namer.bind(self.clean), I=self.namer.fresh("x"), V=value)
        name = self.namer.fresh("l")
        body += statements("L = T", L=name, T=texts)
        if node.most is not None:
            crowded = self.trouble("crowded", self.bound(slot), expression("len(L)", L=name))
            body += statements("if len(L) > MOST:\n    CROWDED", L=name, MOST=constant(node.most), CROWDED=crowded)
        return body + statements("if L:\n    D[K] = L", L=name, D=holder, K=constant(node.tag))
