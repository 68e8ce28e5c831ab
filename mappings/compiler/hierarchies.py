"""Hierarchies as code: the number of each level, the level around it, whether others stand below it."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

from transload.adapters.edi.guides import WirePlace
from transload.mappings.compiler.quotes import Namer, Statements, constant, expression, statements, variable
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot

Raw = Callable[[WirePlace], ast.expr]
Where = Callable[[WirePlace | None], ast.expr]
Trouble = Callable[..., Statements]


class Levels:
    """The numbers of the levels of one message, while it is read."""

    def __init__(self) -> None:
        self._numbers: set[str] = set()
        self._following = "1"
        self._count = 0

    def take(self, number: str) -> str | None:
        """Note a number: None where it is the next one, else the one that is; an empty text for one that cannot be."""
        self._count += 1
        if not number or number in self._numbers:
            return ""
        self._numbers.add(number)
        expected, self._following = self._following, _following(number)
        return None if number == expected or not expected else expected

    def count(self, stated: str) -> str | None:
        """How many levels there are, where ``stated`` is another number."""
        there = str(self._count)
        return None if (stated.lstrip("0") or "0") == there else there


def _following(number: str) -> str:
    """The number after ``number``; HL01 may hold letters, which nothing follows."""
    return str(int(number) + 1) if number.isascii() and number.isdigit() else ""


def has_levels(segments: Sequence[list[Any]], start: int, end: int, tag: str) -> bool:
    """Whether a level begins among the segments from ``start`` to before ``end``."""
    return any(segments[index][0] == tag for index in range(start, end))


class ReadingHierarchy:
    """Statements for reading hierarchies.  ``trouble`` gives up the fast path, or reports to the trace."""

    def __init__(self, meaning: Meaning, namer: Namer, trouble: Trouble, where: Where) -> None:
        self.namer, self.trouble, self.where = namer, trouble, where
        self.used = any(slot.numbering is not None and slot.reads for slot in meaning.slots)
        self.levels = namer.fresh("h")
        self.open: list[str] = []
        self._stated: list[tuple[Slot, str, str]] = []
        for slot in meaning.slots:
            if slot.numbering is not None and slot.numbering.word == "levels" and slot.reads:
                self._stated.append((slot, namer.fresh("k"), namer.fresh("w")))

    def begin(self) -> Statements:
        """At the start of a message."""
        if not self.used:
            return []
        body = statements("H = LEVELS()", H=self.levels, LEVELS=self.namer.bind(Levels))
        for _, kept, _ in self._stated:
            body += statements("K = NO", K=kept, NO=constant(""))
        return body

    def fits(self, node: Segment, raw: Raw, closes: ast.expr | None) -> ast.expr | None:
        """The test whether a record of ``node`` belongs to the level that is open here, and not to an outer one."""
        slot = node.numbered("parent")
        if slot is None or closes is None:
            return None
        return expression("Q == P or not C", Q=raw(slot.places[0]), P=self._around(), C=closes)

    def _around(self) -> ast.expr:
        return variable(self.open[-1]) if self.open else constant("")

    def enter(self, node: Segment, raw: Raw) -> tuple[Statements, Statements]:
        """What comes before the rest of a node, and after it."""
        body: Statements = []
        after: Statements = []
        for slot, kept, place in self._stated:
            if slot in node.slots:
                where = self.where(slot.places[0])
                body += statements("K = V\nW = P", K=kept, V=raw(slot.places[0]), W=place, P=where)
        level, parent, children = (node.numbered(word) for word in ("level", "parent", "children"))
        if parent is not None:
            body += self._parent(parent, raw)
        if level is not None:
            body += self._level(level, raw)
        if children is not None:
            before, after = self._children(children, node.tag, raw)
            body += before
        return body, after

    def leave(self, node: Segment) -> None:
        """The node is complete."""
        if node.numbered("level") is not None:
            self.open.pop()

    def _parent(self, slot: Slot, raw: Raw) -> Statements:
        stated = self.namer.fresh("q")
        around = self._around()
        wrong = self.trouble("misplaced", self._bound(slot), variable(stated), around, self.where(slot.places[0]))
        test = expression("Q != P and P", Q=stated, P=around) if self.open else expression("Q", Q=stated)
        return statements("Q = V\nif T:\n    WRONG", Q=stated, V=raw(slot.places[0]), T=test, WRONG=wrong)

    def _level(self, slot: Slot, raw: Raw) -> Statements:
        number, expected = self.namer.fresh("n"), self.namer.fresh("a")
        self.open.append(number)
        where = self.where(slot.places[0])
        return statements(
            "N = V\nA = H.take(N)\nif A is not None:\n    if A:\n        REMARK\n    elif N:\n        TWICE\n"
            "    else:\n        MISSING",
            N=number, V=raw(slot.places[0]), A=expected, H=self.levels,
            MISSING=self.trouble("unnumbered", self._bound(slot), where),
            TWICE=self.trouble("twice", self._bound(slot), variable(number), where),
            REMARK=self._remark(slot, where, variable(number), variable(expected)),
        )  # fmt: skip

    def _children(self, slot: Slot, tag: str, raw: Raw) -> tuple[Statements, Statements]:
        stated, start, place = self.namer.fresh("q"), self.namer.fresh("j"), self.namer.fresh("w")
        yes, no = slot.numbering.codes if slot.numbering is not None else ("", "")
        before = statements(
            "Q = V\nJ = i + 1\nW = P", Q=stated, V=raw(slot.places[0]), J=start, W=place, P=self.where(slot.places[0])
        )
        expected = self.namer.fresh("a")
        after = statements(
            "if Q:\n    A = YES if HAS(S, J, i, TAG) else NO\n    if Q != A:\n        REMARK",
            Q=stated, A=expected, YES=constant(yes), NO=constant(no), HAS=self.namer.bind(has_levels), J=start,
            TAG=constant(tag), REMARK=self._remark(slot, variable(place), variable(stated), variable(expected)),
        )  # fmt: skip
        return before, after

    def end(self) -> Statements:
        """At the end of a message: what it says of the number of levels."""
        body: Statements = []
        for slot, kept, place in self._stated:
            there = self.namer.fresh("a")
            remark = self._remark(slot, variable(place), variable(kept), variable(there))
            body += statements(
                "if K:\n    A = H.count(K)\n    if A is not None:\n        REMARK",
                K=kept, A=there, H=self.levels, REMARK=remark,
            )  # fmt: skip
        return body

    def _remark(self, slot: Slot, where: ast.expr, stated: ast.expr, expected: ast.expr) -> Statements:
        return statements(
            "X.append((KIND, S, P, K, A))",
            KIND=constant("hierarchy"), S=self._bound(slot), P=where, K=stated, A=expected,
        )  # fmt: skip

    def _bound(self, value: object) -> ast.expr:
        return variable(self.namer.bind(value))


class WritingHierarchy:
    """Statements for writing hierarchies: levels are numbered in the order in which they are written."""

    def __init__(self, meaning: Meaning, namer: Namer) -> None:
        self.namer = namer
        self.used = any(slot.numbering is not None and slot.writes for slot in meaning.slots)
        self.count = namer.fresh("h")
        self._open: list[str] = []
        self._children: dict[Slot, str] = {}

    def begin(self) -> Statements:
        """At the start of a message."""
        return statements("H = 0", H=self.count) if self.used else []

    def enter(self, node: Segment) -> Statements:
        """Before a node."""
        if not node.numbered("level"):
            return []
        number = self.namer.fresh("n")
        self._open.append(number)
        return statements("H += 1\nN = H", H=self.count, N=number)

    def leave(self, node: Segment) -> None:
        """The node is complete, with all below it."""
        if node.numbered("level"):
            self._open.pop()

    def late(self, node: Segment, text: Statements, below: Statements, name: str) -> Statements:
        """A segment that says whether levels stand below it: its place is kept, and it is put there after them.

        ``text`` gives the segment's text to the variable ``name``.
        """
        slot = node.numbered("children")
        assert slot is not None
        assert slot.numbering is not None
        place = self.namer.fresh("j")
        yes, no = slot.numbering.codes
        return statements(
            "J = len(out)\nw(NO)\nBELOW\nC = YES if H > N else OTHER\nTEXT\nout[J] = T",
            J=place, NO=constant(""), BELOW=below, C=self.code(slot), YES=constant(yes), OTHER=constant(no),
            H=self.count, N=self._open[-1], TEXT=text, T=name,
        )  # fmt: skip

    def code(self, slot: Slot) -> str:
        """The variable with the code of ``children(...)``."""
        return self._children.setdefault(slot, self.namer.fresh("v"))

    def text(self, slot: Slot, node: Segment) -> tuple[ast.expr, bool]:
        """What a slot writes, and whether that is never empty."""
        assert slot.numbering is not None
        word = slot.numbering.word
        if word == "levels":
            return expression("str(H)", H=self.count), True
        if word == "children":
            return variable(self.code(slot)), True
        if word == "level":
            return expression("str(N)", N=self._open[-1]), True
        if len(self._open) < 2:
            return constant(""), False
        return expression("str(N)", N=self._open[-2]), True
