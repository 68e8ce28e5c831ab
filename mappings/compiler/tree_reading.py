"""What reading XML and JSON have in common: counting, items, and telling siblings apart."""

import ast
from abc import abstractmethod
from collections.abc import Sequence

from transload.mappings.compiler.quotes import (
    Namer,
    Statements,
    both,
    chain,
    constant,
    expression,
    function,
    statements,
    variable,
)
from transload.mappings.compiler.reading import Reader
from transload.mappings.compiler.trees import Guard, TreeLevel
from transload.mappings.language.layout import Element
from transload.mappings.language.meaning import Meaning


class TreeReader(Reader):
    """Makes ``decode(root, X)``: a tree and a report; gives a dict."""

    xml: bool

    def __init__(self, meaning: Meaning, namer: Namer, *, trace: bool) -> None:
        super().__init__(meaning, namer, trace=trace)
        self.here = constant(None)

    def decode(self) -> ast.FunctionDef:
        """The function."""
        frame = self.frame(self.meaning.root)
        body = self.opened(frame) + self.document() + self.close(frame)
        return function("decode", ("root", "X"), body + statements("return D", D=frame.item))

    @abstractmethod
    def document(self) -> Statements:
        """Read the whole tree, whose root is the variable ``root``."""

    @abstractmethod
    def body(self, node: Element, element: str, above: tuple[str, ...]) -> Statements:
        """Read what stands in the variable ``element`` by ``node``."""

    def guard(self, node: Element, siblings: Sequence[Element], element: str) -> ast.expr | None:
        """The test whether the element is the one that ``node`` means; None when its name says so."""
        guard = Guard(node, xml=self.xml, strict=sum(other.tag == node.tag for other in siblings) > 1)
        return expression("HOLDS(E)", HOLDS=self.bound(guard.test()), E=element) if guard else None

    def level_of(self, owner: Element | None, nodes: Sequence[Element], above: tuple[str, ...]) -> TreeLevel:
        """The run-time side of a level."""
        return TreeLevel(self.meaning, owner, nodes, above)

    def choose(
        self,
        level: TreeLevel,
        nodes: Sequence[Element],
        seen: dict[Element, str],
        element: str,
        above: tuple[str, ...],
        otherwise: Statements,
    ) -> Statements:
        """The first of ``nodes``, which have one name, whose literals hold takes the element; else ``otherwise``.

        One with ``first:`` that has taken enough gives way to the next.
        """
        branches: list[tuple[ast.expr, Statements]] = []
        further: list[tuple[ast.expr, Statements]] = []
        for node in nodes:
            taken = self.in_order(node, level.ranks, level.position, self.here) if self.xml else []
            taken += self._one(level, node, seen[node], element, above)
            test = self.guard(node, level.nodes, element)
            if node.gives_way:
                aside = statements(
                    "L.further(N, E, P, X)", L=self.bound(level), N=self.bound(node), E=element, P=self.here
                )
                further.append((test or constant(True), aside))
                free = expression("not T", T=self._count(level, node, seen[node])[0] or constant(False))
                test = both([test, free]) if test is not None else free
            if test is None:
                return chain(branches, taken)
            branches.append((test, taken))
        return chain([*branches, *further], otherwise)

    def _one(self, level: TreeLevel, node: Element, seen: str, element: str, above: tuple[str, ...]) -> Statements:
        """Take one element: count it, open its item, read it, finish its item."""
        crowded, taken = self._count(level, node, seen)
        taken += self.begin(node, self.here)
        taken += self.fulfil(node.when, self.here)
        taken += self.body(node, element, (*above, node.tag))
        taken += self.end(node)
        if crowded is None or node.first:
            return taken
        again = self.trouble("again", self.bound(node), self.here)
        return statements("if T:\n    AGAIN", T=crowded, AGAIN=again) + taken

    def comes_once(self, node: Element, siblings: Sequence[Element]) -> bool:
        """Whether the format itself lets no second element of this name stand beside the first."""
        return False

    def counts(self, node: Element, siblings: Sequence[Element]) -> bool:
        """Whether it is counted how many elements a node has taken."""
        return bool(node.least) or not self.comes_once(node, siblings)

    def _count(self, level: TreeLevel, node: Element, seen: str) -> tuple[ast.expr | None, Statements]:
        """The test whether this is one too many, None where there are never, and the counting of one that is not."""
        if self.comes_once(node, level.nodes):
            return None, statements("F = 1", F=seen) if node.least else []
        if node.items is not None:
            if node.most is None:
                return None, []
            return expression("len(L) >= MOST", L=self.list_of(node), MOST=constant(node.most)), []
        if node.many and node.most is None and not node.children:
            return None, statements("F += 1", F=seen) if node.least else []
        if node.many and node.most is not None:
            return expression("F >= MOST", F=seen, MOST=constant(node.most)), statements("F += 1", F=seen)
        return variable(seen), statements("F = 1", F=seen)  # with many: an object in a list of which it is one kind

    def least(self, node: Element, seen: str) -> Statements:
        """Refuse too few."""
        if not node.least:
            return []
        count = expression("len(L)", L=self.list_of(node)) if node.items is not None else variable(seen)
        few = self.trouble("few", self.bound(node), self.here)
        return statements("if COUNT < LEAST:\n    FEW", COUNT=count, LEAST=constant(node.least), FEW=few)
