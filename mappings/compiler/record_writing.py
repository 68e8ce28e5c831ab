"""Writing record formats: one text a segment, with control characters as separators, tails trimmed."""

import ast

from transload.adapters.base.format import COMPONENT, ELEMENT
from transload.mappings.compiler.elements import NOTHING, Elements, filled, pair_text
from transload.mappings.compiler.handling import Handling
from transload.mappings.compiler.hierarchies import WritingHierarchy
from transload.mappings.compiler.quotes import (
    Namer,
    Statements,
    constant,
    either,
    expression,
    function,
    joined,
    statements,
    variable,
)
from transload.mappings.compiler.writing import Writer, texts_of
from transload.mappings.language.fields import Kind
from transload.mappings.language.layout import Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Pairs, Slot


class RecordWriter(Writer):
    """Makes ``encode(o, X)``: a document and a report; gives the list of segments."""

    def __init__(self, meaning: Meaning, namer: Namer, *, trace: bool) -> None:
        super().__init__(meaning, namer, trace=trace)
        self.join = texts_of(self.clean)
        self.hierarchy = WritingHierarchy(meaning, namer)
        self._made: dict[Slot, tuple[str, bool]] = {}

    def encode(self) -> ast.FunctionDef:
        """The function."""
        body = statements("out = []\nw = out.append") + self.hierarchy.begin()
        for node in self.meaning.segments:
            body += self.node(node)
        return function("encode", ("o", "X"), body + statements("return out"))

    def node(self, node: Segment) -> Statements:
        """Write a segment and what belongs to it, for each item or once."""
        if not node.writes:
            return []
        if node.items is None:
            with self.block():
                return self._once(node)
        body = self._shared(node)
        return body + self.repeated(node, lambda: self._segment_and_then(node, None))

    def _shared(self, node: Segment) -> Statements:
        """In a table each row repeats what belongs to the document: such texts are made once, before the rows."""
        body: Statements = []
        if self.trace or self.meaning.shapes is None:
            return body
        for slot in node.slots:
            if slot.field is None or slot.field.scope is node.scope or slot.literals or not slot.writes:
                continue
            if slot.many or len(slot.places) > 1 or slot.default is not None or slot.elide is not None:
                continue
            text, sure = self._single(slot, self.value(slot, body), sure=self.never_none(slot.field))
            self._made[slot] = name, _ = self.namer.fresh("v"), sure
            body += statements("T = W", T=name, W=text)
        return body

    def _single(self, slot: Slot, value: str, *, sure: bool) -> tuple[ast.expr, bool]:
        """The text of a slot with one place, and whether it is there in any case."""
        written = self.written(slot, variable(value))
        nothing = NOTHING if slot.none is None else constant(slot.none)
        if slot.field is not None and slot.field.type.kind is Kind.TEXTS:  # an empty list is no text
            return expression("W if V else NO", NO=nothing, V=value, W=written), False
        return written if sure else expression("NO if V is None else W", NO=nothing, V=value, W=written), sure

    def _once(self, node: Segment) -> Statements:
        body: Statements = []
        common = self.common_object(node)
        if common is not None and not self._is_sure(*common):
            holder = self.load(*common, body)
            self.make_sure(*common)
            return body + statements("if H is not None:\n    INNER", H=holder, INNER=self._present(node))
        return self._present(node)

    def _present(self, node: Segment) -> Statements:
        body: Statements = []
        tests = self.conditions(node, body)
        presence = self.presence(node, body)
        if presence is not None:
            tests.append(presence)
        return body + self.guarded(tests, self._segment_and_then(node, _sole(node) if presence is not None else None))

    def _segment_and_then(self, node: Segment, sole: Slot | None) -> Statements:
        body = self.hierarchy.enter(node)
        below: Statements = []
        if node.numbered("children") is None:
            body += self._segment(node, sole)
            for child in node.then:
                body += self.node(child)
        else:
            name = self.namer.fresh("v")
            for child in node.then:
                below += self.node(child)
            body += self.hierarchy.late(node, self._text(node, sole, None, name), below, name)
        self.hierarchy.leave(node)
        return body

    def _segment(self, node: Segment, sole: Slot | None) -> Statements:
        """One segment, or as many as an overflowing list needs.  ``sole`` is a slot that has a value for sure."""
        many = next((slot for slot in node.slots if slot.many and slot.writes), None)
        if many is None or (node.most or 1) == 1:
            return self._text(node, sole, None)
        body: Statements = []
        name = self._list(many, body)
        count = many.places[0].repeats
        index, part = self.namer.fresh("j"), self.namer.fresh("v")
        inner = self._text(node, sole, part)
        body += statements(
            "for J in range(0, len(L) or 1, N):\n    P = L[J:M]\n    INNER",
            J=index, L=name, N=constant(count), P=part, M=expression("J + N", J=index, N=constant(count)), INNER=inner,
        )  # fmt: skip
        crowded = self.trouble("crowded", self.bound(many), expression("len(L)", L=name))
        return body + statements(
            "if len(L) > MOST:\n    CROWDED", L=name, MOST=constant(count * (node.most or 1)), CROWDED=crowded
        )

    def _list(self, slot: Slot, body: Statements) -> str:
        """The variable with the texts of a repeating place."""
        assert slot.field is not None
        assert slot.chain is not None
        value = self.value(slot, body)
        if not slot.chain.steps:
            return value
        name = self.namer.fresh("v")
        body += statements(
            "L = NOTHING if V is None else W",
            L=name,
            NOTHING=constant(()),
            V=value,
            W=self.written(slot, variable(value)),
        )
        return name

    def _text(self, node: Segment, sole: Slot | None, part: str | None, name: str | None = None) -> Statements:
        """The statements that put together one segment's text, and write it, or give it to the variable ``name``."""
        body: Statements = []
        if node.use is not None:
            return self._handled(node)
        elements = Elements()
        for slot in node.slots:
            if slot.writes and slot.numbering is not None:
                number, sure = self.hierarchy.text(slot, node)
                elements.put(slot.places[0].element, slot.places[0].component, number, certain=sure)
            elif slot.writes and not slot.literals:
                self._put(slot, elements, body, sole, part)
        for slot in node.slots:
            if slot.writes and slot.literals:
                self._literal(slot, node, elements, body)
        tail = None
        for pairs in node.pairs:
            if pairs.repeating:
                tail = self._pairs(pairs, body)
                elements.stretch(pairs.first[0].element - 1)
            else:
                self._pair(pairs, elements, body)
        text, certain = elements.text(node.tag)
        if tail is not None:
            text, certain = joined([text, variable(tail)]), False
        if not certain:
            text = expression("T.rstrip(SEPARATORS)", T=text, SEPARATORS=constant(ELEMENT + COMPONENT))
        if name is not None:
            return body + statements("V = T", V=name, T=text)
        return body + statements("w(T)", T=text)

    def _handled(self, node: Segment) -> Statements:
        """A segment that a plug-in writes."""
        assert node.use is not None
        body: Statements = []
        values = [variable(self.value(slot, body)) for slot in node.use.slots]
        given = ast.Tuple(elts=values, ctx=ast.Load(), lineno=1, col_offset=0)
        write = self.bound(Handling(node, self.clean).write)
        if self.trace:
            return body + statements("w(X.handled(N, WRITE, V))", N=self.bound(node), WRITE=write, V=given)
        return body + statements("w(WRITE(V))", WRITE=write, V=given)

    def _put(self, slot: Slot, elements: Elements, body: Statements, sole: Slot | None, part: str | None) -> None:
        place = slot.places[0]
        if slot.many:
            name = part or self._list(slot, body)
            if self.trace and self.meaning.shapes is not None and slot.chain and slot.chain.steps:
                each = statements("X.text(S, Y)", S=self.bound(slot), Y=(one := self.namer.fresh("y")))
                body += statements("for Y in L or NONE:\n    EACH", Y=one, L=name, NONE=constant(()), EACH=each)
            separator = COMPONENT if place.component is not None else ELEMENT
            text = self._joined(slot, separator, name)
            if part is None:
                crowded = self.trouble("crowded", self.bound(slot), expression("len(L)", L=name))
                body += statements("if len(L) > N:\n    CROWDED", L=name, N=constant(place.repeats), CROWDED=crowded)
            elements.put(place.element, place.component, text, certain=False)
            elements.widen(place, self.namer.bind(filled), separator)
            return
        if slot in self._made:
            name, sure = self._made[slot]
            elements.put(place.element, place.component, variable(name), certain=sure)
            return
        value = self.value(slot, body)
        sure = slot is sole or (slot.field is not None and self.never_none(slot.field) and slot.elide is None)
        written = self.written(slot, variable(value))
        usual = slot.chain.steps[0].usual if slot.chain is not None and len(slot.chain.steps) == 1 else None
        if len(slot.places) == 2 and usual is not None and not self.trace:
            text = expression("W(V)", W=self.namer.bind(usual.write), V=value)
            for where, part_text in zip(slot.places, (text, constant(usual.second)), strict=True):
                shown = part_text if sure else expression("NO if V is None else T", NO=NOTHING, V=value, T=part_text)
                elements.put(where.element, where.component, shown, certain=sure)
            return
        if len(slot.places) == 2:
            both_places = self.namer.fresh("v")
            body += statements(
                "P = W if V is not None else NOTHING", P=both_places, W=written, V=value, NOTHING=constant(("", ""))
            )
            for position, where in enumerate(slot.places):
                text = expression("P[N]", P=both_places, N=constant(position))
                elements.put(where.element, where.component, text, certain=sure)
            return
        text, sure = self._single(slot, value, sure=sure)
        flag = slot.chain is not None and any(step.name == "flag" for step in slot.chain.steps)
        if place.repetition is not None:
            elements.repeat(place.element, place.repetition, place.component, text)
        else:
            elements.put(place.element, place.component, text, certain=sure and not flag and not self.trace)

    def _joined(self, slot: Slot, separator: str, texts: str) -> ast.expr:
        """The texts of a list side by side, each made sure of; in the trace a converter has reported its own."""
        if not self.trace:
            return expression("JOIN(SEP, L)", JOIN=self.namer.bind(self.join), SEP=constant(separator), L=texts)
        item = self.namer.fresh("x")
        template = "SEP.join([X.text(S, I) for I in L])" if not slot.chain or not slot.chain.steps else "SEP.join(L)"
        return expression(template, SEP=constant(separator), S=self.bound(slot), I=item, L=texts)

    def _literal(self, slot: Slot, node: Segment, elements: Elements, body: Statements) -> None:
        """A literal; an attached one only where its composite holds a value."""
        place = slot.places[0]
        text: ast.expr = constant(slot.literals[0])
        certain = True
        if slot.attached:
            tests: list[ast.expr] = []
            for other in node.slots:
                if not other.writes or other.literals or other.places[0].element != place.element:
                    continue
                if other.field is not None and self.never_none(other.field) and other.elide is None:
                    tests = []
                    break
                tests.append(expression("V is not None", V=self.value(other, body)))
            if tests:
                certain = False
                text = expression("T if C else NO", T=text, C=either(tests), NO=NOTHING)
        if place.repetition is not None:
            elements.repeat(place.element, place.repetition, place.component, text)
        else:
            elements.put(place.element, place.component, text, certain=certain)

    def _pair(self, pairs: Pairs, elements: Elements, body: Statements) -> None:
        """One qualifier and value: of several fields only one can have a value."""
        qualifier, value = self.namer.fresh("q"), self.namer.fresh("v")
        body += statements("Q = V = NO", Q=qualifier, V=value, NO=NOTHING)
        for literal, slot in pairs.choices:
            if not slot.writes:
                continue
            loaded = self.value(slot, body)
            taken = self.trouble("rivals", self.bound(slot), variable(qualifier))
            body += statements(
                "if L is not None:\n    if Q:\n        TAKEN\n    Q = NAME\n    V = W",
                L=loaded, Q=qualifier, TAKEN=taken, NAME=constant(literal), V=value,
                W=self.written(slot, variable(loaded)),
            )  # fmt: skip
        for where, name in zip(pairs.first, (qualifier, value), strict=True):
            elements.put(where.element, where.component, variable(name), certain=False)

    def _pairs(self, pairs: Pairs, body: Statements) -> str:
        """All pairs that have a value, in the order of the file, without gaps; the variable with their text."""
        tail, count = self.namer.fresh("v"), self.namer.fresh("n")
        body += statements("T = NO", T=tail, NO=NOTHING)
        limited = pairs.most is not None and len(pairs.choices) > pairs.most
        if limited:
            body += statements("N = 0", N=count)
        for literal, slot in pairs.choices:
            if not slot.writes:
                continue
            loaded = self.value(slot, body)
            text = joined(pair_text(pairs, constant(literal), self.written(slot, variable(loaded))))
            add = statements("T += P", T=tail, P=text)
            if limited:
                full = self.trouble("full", self.bound(slot), constant(pairs.most))
                add = statements(
                    "if N >= MOST:\n    FULL\nN += 1\nADD", N=count, MOST=constant(pairs.most), FULL=full, ADD=add
                )
            body += statements("if V is not None:\n    ADD", V=loaded, ADD=add)
        return tail


def _sole(node: Segment) -> Slot | None:
    """The one slot on which the presence of a node hangs, so that it has a value when the node is there."""
    bound = [slot for slot in node.own() if slot.field is not None and slot.writes]
    if len(bound) == 1 and not node.then and not bound[0].many:
        return bound[0]
    return None
