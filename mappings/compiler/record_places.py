"""Which composites of the current record are split already, and which literals are compared."""

import ast
from collections.abc import Sequence

from transload.adapters.edi.guides import WirePlace
from transload.mappings.compiler.quotes import Namer, Statements, constant, expression, statements, variable
from transload.mappings.language.terms import Slot


class Places:
    """Which composites of the current record are split already, and which literals are compared."""

    def __init__(self, namer: Namer) -> None:
        self.namer = namer
        self.composites: dict[int, tuple[str, str]] = {}
        self.texts: dict[WirePlace, str] = {}
        self.elements: dict[int, str] = {}

    def copy(self) -> "Places":
        """For one of several branches."""
        twin = Places(self.namer)
        twin.composites, twin.texts, twin.elements = dict(self.composites), dict(self.texts), dict(self.elements)
        return twin

    def prepare(self, literals: Sequence[Slot]) -> Statements:
        """Read the places of all literals of a tag once."""
        body: Statements = []
        for element in sorted({slot.places[0].element for slot in literals if slot.places[0].component is not None}):
            split, count = self.namer.fresh("c"), self.namer.fresh("m")
            self.composites[element] = (split, count)
            body += statements(
                "C = e[E].split(CS) if n > E else [NO]\nM = len(C)",
                C=split,
                M=count,
                E=constant(element),
                NO=constant(""),
            )
        for slot in literals:
            place = slot.places[0]
            if slot.attached and place.element not in self.elements:
                self.elements[place.element] = name = self.namer.fresh("x")
                body += statements("V = e[E] if n > E else NO", V=name, E=constant(place.element), NO=constant(""))
            if place not in self.texts:
                raw = self.raw(place, expression("NO", NO=constant("")))
                self.texts[place] = name = self.namer.fresh("q")
                body += statements("Q = V", Q=name, V=raw)
        return body

    def raw(self, place: WirePlace, otherwise: ast.expr) -> ast.expr:
        """What stands at a place, or an empty text; ``otherwise`` for what this class does not know."""
        if place.repetition is not None:
            return otherwise
        element, no = constant(place.element), constant("")
        if place.component is None:
            return expression("e[E] if n > E else NO", E=element, NO=no)
        known = self.composites.get(place.element)
        if known is None:
            return otherwise
        if place.component == 1:
            return expression("C[0]", C=known[0])
        return expression("C[K] if M > K else NO", C=known[0], M=known[1], K=constant(place.component - 1), NO=no)

    def holds(self, slot: Slot) -> ast.expr:
        """Whether a literal is there."""
        text = variable(self.texts[slot.places[0]])
        if len(slot.literals) == 1:
            test = expression("Q == L", Q=text, L=constant(slot.literals[0]))
        else:
            test = expression("Q in L", Q=text, L=constant(slot.literals))
        if slot.attached:
            return expression("not V or T", V=self.elements[slot.places[0].element], T=test)
        return test
