"""Reading JSON: one look-up for every member that the mapping knows, then a look for others."""

import ast
from collections.abc import Sequence

from transload.mappings.compiler.quotes import Statements, constant, expression, statements, variable
from transload.mappings.compiler.tree_reading import TreeReader
from transload.mappings.compiler.trees import TreeLevel
from transload.mappings.language.layout import Element


class JsonReader(TreeReader):
    """Reads JSON values.  A place is the path of keys and indexes; only the traced build knows it.

    ``listed`` says whether the value at hand is an item of a list, where null may stand.
    """

    xml = False
    listed = False

    def document(self) -> Statements:
        """The members of the root object."""
        self.here = constant(())
        inner = self.members(None, self.meaning.elements, "root", ())
        return self._object("root", inner)

    def _object(self, element: str, inner: Statements) -> Statements:
        """``inner``, if the variable holds an object."""
        wrong = self.trouble("misshapen", variable(element), constant("an object"), self.here)
        return statements(
            "if type(E) is DICT:\n    INNER\nelse:\n    WRONG",
            E=element,
            DICT=self.bound(dict),
            INNER=inner,
            WRONG=wrong,
        )

    def body(self, node: Element, element: str, above: tuple[str, ...]) -> Statements:
        """A member's value: a value of a field, or an object."""
        if node.text is None:
            return self._object(element, self.members(node, node.children, element, above))
        if not node.text.reads or node.text.literals:
            return []
        take = self.take_many if node.text.many else self.take
        test = "E or (E is not None and E != NO)" if self.listed else "E or E != NO"  # nearly all are true
        there = expression(test, E=element, NO=constant(""))
        return statements("if T:\n    TAKE", T=there, TAKE=take(node.text, variable(element), self.here))

    def members(
        self, owner: Element | None, nodes: Sequence[Element], element: str, above: tuple[str, ...]
    ) -> Statements:
        """The members of an object."""
        level = self.level_of(owner, nodes, above)
        seen = {node: self.namer.fresh("f") for node in level.nodes}
        body = [s for node in level.nodes if self.counts(node, level.nodes) for s in statements("F = 0", F=seen[node])]
        for key in dict.fromkeys(node.tag for node in level.nodes):
            body += self._member(level, key, seen, element, above)
        remark = statements(
            "X.append((KIND, L, E, P))", KIND=constant("keys"), L=self.bound(level), E=element, P=self.here
        )
        body += statements(
            "if not KNOWN.issuperset(E):\n    REMARK",
            KNOWN=self.bound(level.tags | level.quiet),
            E=element,
            REMARK=remark,
        )
        for node, name in seen.items():
            body += self.least(node, name)
        return body

    def comes_once(self, node: Element, siblings: Sequence[Element]) -> bool:
        """A member comes once, but for the items of its list."""
        return not any(other.many or other.items is not None for other in siblings if other.tag == node.tag)

    def _member(
        self, level: TreeLevel, key: str, seen: dict[Element, str], element: str, above: tuple[str, ...]
    ) -> Statements:
        nodes = [node for node in level.nodes if node.tag == key]
        value = self.namer.fresh("e")
        outside = self.here
        path: Statements = []
        inside, path = self._step(outside, constant(key))
        around, self.listed = self.listed, not self.comes_once(nodes[0], nodes)
        if not self.listed:
            self.here = inside
            taken = path + self._choose(level, nodes, seen, value, above)
        else:
            item, index = self.namer.fresh("e"), self.namer.fresh("j")
            self.here = inside
            wrong = self.trouble("misshapen", variable(value), constant("a list"), inside)
            self.here, step = self._step(inside, variable(index))
            chosen = step + self._choose(level, nodes, seen, item, above)
            loop = "for J, C in enumerate(V):\n    CHOSEN" if self.trace else "for C in V:\n    CHOSEN"
            taken = path + statements(
                f"if type(V) is LIST:\n    {loop.replace(chr(10), chr(10) + '    ')}\nelse:\n    WRONG",
                V=value, LIST=self.bound(list), J=index, C=item, CHOSEN=chosen, WRONG=wrong,
            )  # fmt: skip
        self.here, self.listed = outside, around
        return statements(
            "V = E.get(K)\nif V is not None:\n    TAKEN", V=value, E=element, K=constant(key), TAKEN=taken
        )

    def _step(self, path: ast.expr, step: ast.expr) -> tuple[ast.expr, Statements]:
        """The place one step further in, and the statements that make it."""
        if not self.trace:
            return constant(None), []
        name = self.namer.fresh("w")
        return variable(name), statements("W = (*P, S)", W=name, P=path, S=step)

    def _choose(
        self, level: TreeLevel, nodes: Sequence[Element], seen: dict[Element, str], value: str, above: tuple[str, ...]
    ) -> Statements:
        """The node whose literals hold takes the value; else it is left aside."""
        remark = statements(
            "X.append((KIND, L, V, P))", KIND=constant("value"), L=self.bound(level), V=value, P=self.here
        )
        return self.choose(level, nodes, seen, value, above, remark)
