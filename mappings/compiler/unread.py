"""Tests whether a segment holds values at places that a mapping does not name: a few comparisons for each segment."""

import ast
from collections.abc import Mapping, Sequence

from transload.mappings.compiler.quotes import Namer, Statements, constant, either, expression, statements
from transload.mappings.language.coverage import Named
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Pairs


class UnreadTests:
    """The tests for one node; what they find is told of by `transload.mappings.reports.unread`.

    ``split`` are the elements that are split where their values are taken, and tested there.
    """

    def __init__(self, node: Segment, named: Named, remark: Statements) -> None:
        self.named = named
        self.remark = remark
        self.filled = max((slot.places[0].element for slot in node.literals if not slot.attached), default=0)
        self.split: set[int] = set()

    def of_pairs(self, pairs: Pairs) -> Statements:
        """The test of one composite with a qualifier and a value, split into ``c`` with ``m`` parts."""
        first = pairs.first[0].element
        self.split.add(first)
        return self.told(components(self.named.parts[first], "c", "m")) if first in self.named.parts else []

    def of_composite(self, element: int, parts: str, count: str) -> list[ast.expr]:
        """Whether an element that is split holds more than the named components."""
        known = self.named.parts.get(element)
        if known is None or element in self.named.whole:
            return []
        return components(known, parts, count)

    def inside(self, element: int, parts: str, count: str) -> Statements:
        """The test of an element where its values are taken."""
        self.split.add(element)
        return self.told(self.of_composite(element, parts, count))

    def told(self, tests: Sequence[ast.expr]) -> Statements:
        """The remark, if one of the tests holds."""
        return statements("if T:\n    REMARK", T=either(tests), REMARK=self.remark) if tests else []

    def rest(self, composites: Mapping[int, tuple[str, str]], namer: Namer) -> Statements:
        """What is not tested elsewhere: elements without an entry, and composites that are split by converters.

        ``composites`` are the elements that are split already, with the variables of their parts and their number.
        """
        named = self.named
        tests: list[ast.expr] = []
        if named.open is None:
            tests.append(expression("n > LAST", LAST=constant(named.last + 1)))
        for element in named.gaps():
            template = "e[E]" if element <= self.filled else "n > E and e[E]"
            tests.append(expression(template, E=constant(element)))
        for element in sorted(named.parts):
            if element in self.split or (named.open is not None and element >= named.open):
                continue
            if element in composites:
                tests += self.of_composite(element, *composites[element])
            elif element not in named.whole:
                known = constant(tuple(sorted(named.parts[element])))
                more = namer.bind(more_components)
                tests.append(expression("n > E and MORE(e[E], CS, KNOWN)", E=constant(element), MORE=more, KNOWN=known))
        return self.told(tests)


def components(known: set[int], parts: str, count: str) -> list[ast.expr]:
    """Whether a composite, split into the variable ``parts``, holds more than the ``known`` components."""
    last = max(known)
    tests = [expression("M > LAST", M=count, LAST=constant(last))]
    between = [position for position in range(1, last) if position not in known]
    return tests + [expression("M > K and C[K]", M=count, C=parts, K=constant(n - 1)) for n in between]


def more_components(text: str, separator: str, known: Sequence[int]) -> bool:
    """Whether a composite holds a value at a component that is not ``known``."""
    return any(value and position not in known for position, value in enumerate(text.split(separator), 1))


class QuietPairs:
    """Which qualifiers of pairs ``ignores`` leaves aside quietly: ``PO1 CB``."""

    def __init__(self, meaning: Meaning) -> None:
        self.quiet = {(entry.tag, entry.qualifier) for entry in meaning.ignores if entry.qualifier and not entry.places}

    def reports(self, record: Sequence[str], qualifier: str) -> bool:
        """Whether an unknown qualifier is worth a remark."""
        return (record[0], qualifier) not in self.quiet
