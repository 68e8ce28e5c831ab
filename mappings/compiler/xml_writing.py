"""Writing XML: text with control characters for the markup, escaped once for the whole document."""

import ast
import re

from transload.mappings.compiler.quotes import (
    Statements,
    constant,
    expression,
    function,
    joined,
    statements,
    variable,
)
from transload.mappings.compiler.writing import Writer
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.layout import Element
from transload.mappings.language.terms import Slot

OPEN, CLOSE, QUOTE = "\x02", "\x03", "\x04"
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = (
    ("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("\t", "&#9;"), ("\n", "&#10;"), ("\r", "&#13;"),
    (OPEN, "<"), (CLOSE, ">"), (QUOTE, '"'),
)  # fmt: skip


def clean(text: str) -> str:
    """The text, unless XML 1.0 cannot carry it (production 2, Char), or it is blanks only, which count as nothing."""
    if _REFUSED.search(text):
        raise DomainError(f"{text!r} holds a character that XML cannot carry")
    if text.isspace():
        raise DomainError(f"{text!r} is blanks only, which XML gives back as nothing")
    return text


def escape(text: str) -> str:
    """The finished text of a document: data escaped, control characters turned into markup."""
    for character, replacement in _ESCAPES:
        if character in text:
            text = text.replace(character, replacement)
    return text


class XmlWriter(Writer):
    """Makes ``encode(o, X)``: a document and a report; gives the root element as text."""

    clean = staticmethod(clean)

    def encode(self) -> ast.FunctionDef:
        """The function."""
        body = statements("out = []\nw = out.append")
        root = self.meaning.elements[0]
        with self.block():
            body += self._one(root, _namespaces(self.meaning.namespaces))
        body += statements("return ESCAPE(NO.join(out))", ESCAPE=self.bound(escape), NO=constant(""))
        return function("encode", ("o", "X"), body)

    def cleaned(self, value: ast.expr, *, plain: bool) -> ast.expr:
        """A text, refused where XML cannot carry it; a printable one with more than blanks needs no closer look."""
        if plain:
            return expression(
                "V if V.isprintable() and not V.isspace() else C(V)", V=value, C=self.namer.bind(self.clean)
            )
        return expression("C(V)", V=value, C=self.namer.bind(self.clean))

    def node(self, node: Element) -> Statements:
        """Write an element, for each item or once."""
        if not node.writes:
            return []
        if node.items is None:
            with self.block():
                return self._guarded(node)
        return self.repeated(node, lambda: self._one(node))

    def _guarded(self, node: Element) -> Statements:
        body: Statements = []
        common = self.common_object(node)
        if common is not None and not self._is_sure(*common):
            holder = self.load(*common, body)
            self.make_sure(*common)
            return body + statements("if H is not None:\n    INNER", H=holder, INNER=self._guarded(node))
        tests = self.conditions(node, body)
        presence = self.presence(node, body)
        if presence is not None:
            tests.append(presence)
        return body + self.guarded(tests, self._one(node))

    def _one(self, node: Element, declared: str = "") -> Statements:
        """One element, or for a repeating place one for each text."""
        body: Statements = []
        if node.many and node.items is None and node.text is not None and node.text.many:
            return self._texts(node, node.text)
        pieces: list[ast.expr] = [constant(f"{OPEN}{node.label}{declared}")]
        for name, slot in self._attributes(node):
            pieces += self._attribute(name, slot, body)
        pieces.append(constant(CLOSE))
        if node.text is not None and node.text.writes:
            pieces.append(self._value(node.text, body))
        children: Statements = []
        for child in node.children:
            children += self.node(child)
        end = constant(f"{OPEN}/{node.label}{CLOSE}")
        if not children:
            return body + statements("w(T)", T=joined([*pieces, end]))
        return body + statements("w(T)\nCHILDREN\nw(E)", T=joined(pieces), CHILDREN=children, E=end)

    def _attributes(self, node: Element) -> list[tuple[str, Slot]]:
        """Attributes under the names that they have in the file."""
        return [((slot.at.place or "").rpartition("/@")[2], slot) for _, slot in node.attributes if slot.writes]

    def _attribute(self, name: str, slot: Slot, body: Statements) -> list[ast.expr]:
        start, end = constant(f" {name}={QUOTE}"), constant(QUOTE)
        if slot.literals:
            return [start, constant(slot.literals[0]), end]
        value = self.value(slot, body)
        written = self.written(slot, variable(value))
        text = joined([start, written, end])
        if self._certain(slot):
            return [text]
        return [expression("T if V is not None else NO", T=text, V=value, NO=constant(""))]

    def _value(self, slot: Slot, body: Statements) -> ast.expr:
        if slot.literals:
            return constant(slot.literals[0])
        value = self.value(slot, body)
        written = self.written(slot, variable(value))
        if self._certain(slot):
            return written
        return expression("T if V is not None else NO", T=written, V=value, NO=constant(""))

    def _certain(self, slot: Slot) -> bool:
        return slot.field is not None and self.never_none(slot.field) and slot.elide is None

    def _texts(self, node: Element, slot: Slot) -> Statements:
        """A list of texts, an element for each."""
        body: Statements = []
        value = self.value(slot, body)
        item = self.namer.fresh("x")
        texts: ast.expr = variable(value)
        assert slot.chain is not None
        if slot.chain.steps:
            texts = expression(
                "NOTHING if V is None else W", NOTHING=constant(()), V=value, W=self.written(slot, variable(value))
            )
        clean_item = self.cleaned(variable(item), plain=True)
        if self.trace:
            clean_item = expression("X.text(S, I)", S=self.bound(slot), I=item)
        text = joined([constant(f"{OPEN}{node.label}{CLOSE}"), clean_item, constant(f"{OPEN}/{node.label}{CLOSE}")])
        body += statements("for I in L:\n    w(T)", I=item, L=texts, T=text)
        if node.most is not None:
            crowded = self.trouble("crowded", self.bound(slot), expression("len(V)", V=value))
            body += statements("if len(V) > MOST:\n    CROWDED", V=value, MOST=constant(node.most), CROWDED=crowded)
        return body


def _namespaces(namespaces: object) -> str:
    """The declarations of the root element.  Addresses are data of the mapping and are escaped with the rest."""
    assert isinstance(namespaces, dict)
    return "".join(
        f" xmlns{':' if prefix else ''}{prefix}={QUOTE}{address}{QUOTE}" for prefix, address in namespaces.items()
    )
