"""Reading XML: one loop over the children of every element that the mapping knows."""

import ast

from transload.mappings.compiler.quotes import Statements, chain, constant, expression, statements, variable
from transload.mappings.compiler.reading import ranks_of
from transload.mappings.compiler.tree_reading import TreeReader
from transload.mappings.compiler.trees import TreeLevel, xml_text
from transload.mappings.language.layout import Element
from transload.mappings.language.terms import Slot


class XmlReader(TreeReader):
    """Reads lxml elements.  A place is ``(element, attribute or None)``."""

    xml = True

    def document(self) -> Statements:
        """The root element must be the one that the mapping means."""
        node = self.meaning.elements[0]
        level = self.level_of(None, [node], ())
        self.here = _where("root", None)
        wrong = self.trouble("stranger", self.bound(level), variable("root"))
        test: ast.expr = expression("root.tag == TAG", TAG=constant(node.tag))
        guard = self.guard(node, [node], "root")
        if guard is not None:
            test = expression("A and B", A=test, B=guard)
        return statements(
            "if T:\n    BODY\nelse:\n    WRONG", T=test, BODY=self.body(node, "root", (node.tag,)), WRONG=wrong
        )

    def body(self, node: Element, element: str, above: tuple[str, ...]) -> Statements:
        """Attributes, text, children."""
        level = self.level_of(node, node.children, above)
        body = self._attributes(node, level, element)
        text = node.text
        if text is not None and text.reads and not text.literals:
            taken = self._text(text, _where(element, None))
            if not level.nodes:
                return body + statements(
                    "r = L.leaf(E, X) if len(E) else E.text\nif r:\n    TAKE",
                    L=self.bound(level), E=element, TAKE=taken,
                )  # fmt: skip
            body += statements("r = TEXT(E)\nif r:\n    TAKE", TEXT=self.namer.bind(xml_text), E=element, TAKE=taken)
        elif not level.texted and not level.calm:
            remark = statements("X.append((KIND, L, E))", KIND=constant("text"), L=self.bound(level), E=element)
            body += statements("r = E.text\nif r is not None and not r.isspace():\n    R", E=element, R=remark)
        return body + self._children(level, element, above)

    def _attributes(self, node: Element, level: TreeLevel, element: str) -> Statements:
        """The values of attributes, and a look for others."""
        found: Statements = []
        for name, slot in node.attributes:
            if slot.reads and not slot.literals:
                taken = self._text(slot, _where(element, name))
                found += statements("r = E.get(N)\nif r:\n    TAKE", E=element, N=constant(name), TAKE=taken)
        if level.hushed:
            return found
        names = self.namer.fresh("k")
        found += statements(
            "if not KNOWN.issuperset(K):\n    X.append((KIND, L, E))",
            KNOWN=self.bound(level.attributes), K=names, KIND=constant("attributes"), L=self.bound(level), E=element,
        )  # fmt: skip
        return statements("K = E.keys()\nif K:\n    FOUND", K=names, E=element, FOUND=found)

    def _text(self, slot: Slot, where: ast.expr) -> Statements:
        """Blanks around a converted value mean nothing, as in XML Schema's collapse; blanks alone are no text."""
        take = self.take_many if slot.many else self.take
        body = take(slot, variable("r"), where)
        if slot.chain is not None and not slot.chain.bare:
            return statements("r = r.strip()\nif r:\n    TAKE", TAKE=body)
        return statements("if not r.isspace():\n    TAKE", TAKE=body)

    def _children(self, level: TreeLevel, element: str, above: tuple[str, ...]) -> Statements:
        if not level.nodes:
            return statements("if len(E):\n    L.leaf(E, X)", L=self.bound(level), E=element)
        seen = {child: self.namer.fresh("f") for child in level.nodes}
        body = [s for name in seen.values() for s in statements("F = 0", F=name)]
        level.ranks, level.position = ranks_of(level.nodes), self.namer.fresh("p")
        body += statements("P = 0", P=level.position) if self.meaning.ordered else []
        child, tag = self.namer.fresh("e"), self.namer.fresh("t")
        outside, self.here = self.here, _where(child, None)
        branches = [
            (expression("T == N", T=tag, N=constant(name)), self._tag(level, name, seen, child, above))
            for name in dict.fromkeys(n.tag for n in level.nodes)
        ]
        leave = statements("L.skip(C, X)", L=self.bound(level), C=child)
        body += statements(
            "for C in E[:]:\n    T = C.tag\n    CHAIN\n    TAIL",
            C=child, E=element, T=tag, CHAIN=chain(branches, leave), TAIL=self._tail(level, child, element),
        )  # fmt: skip
        self.here = outside
        for inner, name in seen.items():
            body += self.least(inner, name)
        return body

    def _tag(
        self, level: TreeLevel, tag: str, seen: dict[Element, str], child: str, above: tuple[str, ...]
    ) -> Statements:
        nodes = [node for node in level.nodes if node.tag == tag]
        leave = statements("L.skip(C, X)", L=self.bound(level), C=child)
        return self.choose(level, nodes, seen, child, above, leave)

    def _tail(self, level: TreeLevel, child: str, element: str) -> Statements:
        """A look for text after a child."""
        if level.calm:
            return []
        return statements(
            "r = C.tail\nif r is not None and not r.isspace():\n    L.after(C, E, X)",
            L=self.bound(level), C=child, E=element,
        )  # fmt: skip


def _where(element: str, attribute: str | None) -> ast.expr:
    return expression("(E, A)", E=element, A=constant(attribute))
