"""The text of one segment, put together from the texts of its elements and components."""

import ast
import functools
from collections.abc import Callable

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION
from transload.adapters.edi.guides import WirePlace
from transload.mappings.compiler.quotes import constant, expression, joined
from transload.mappings.language.terms import Pairs

NOTHING = constant("")
"""An empty text."""


class Elements:
    """The texts of a segment by element and component, each with whether it is never empty."""

    def __init__(self) -> None:
        self.values: dict[int, dict[int, tuple[ast.expr, bool]]] = {}
        self.repeats: dict[int, dict[int, dict[int, ast.expr]]] = {}
        self.wide: dict[tuple[int, int | None], tuple[int, Callable[[ast.expr], ast.expr]]] = {}
        self.last = 0

    def put(self, element: int, component: int | None, text: ast.expr, *, certain: bool) -> None:
        """Set a component of an element, the first for None; ``certain`` says that the text is never empty."""
        self.values.setdefault(element, {})[component or 1] = (text, certain)
        self.last = max(self.last, element)

    def widen(self, place: WirePlace, fill: str, separator: str) -> None:
        """What was put at a repeating place goes over several; those left empty are filled up, where more follows.

        ``fill`` is the variable with `filled`.
        """
        pad = functools.partial(_padded, fill, place.repeats, separator)
        self.wide[place.element, place.component] = place.repeats, pad

    def repeat(self, element: int, repetition: int, component: int | None, text: ast.expr) -> None:
        """Set a component of one repetition of an element."""
        self.repeats.setdefault(element, {}).setdefault(repetition, {})[component or 1] = text
        self.last = max(self.last, element)

    def stretch(self, last: int) -> None:
        """Let the text reach element ``last`` at least."""
        self.last = max(self.last, last)

    def text(self, tag: str) -> tuple[ast.expr, bool]:
        """The segment's text, and whether its last part is never empty."""
        parts: list[ast.expr] = [constant(tag)]
        certain = True
        element = 1
        while element <= self.last:
            text, certain = self._element(element, last=element == self.last)
            reach, pad = self.wide.get((element, None), (1, None))
            if pad is not None and element < self.last:
                text = pad(text)
            parts += [constant(ELEMENT), text]
            element += reach
        return joined(parts), certain

    def _element(self, element: int, *, last: bool) -> tuple[ast.expr, bool]:
        if element in self.repeats:
            return self._repeated(element), False
        components = self.values.get(element)
        if components is None:
            return NOTHING, False
        parts: list[ast.expr] = []
        position, final = 1, max(components)
        while position <= final:
            if position > 1:
                parts.append(constant(COMPONENT))
            text = components.get(position, (NOTHING, False))[0]
            reach, pad = self.wide.get((element, position), (1, None))
            parts.append(pad(text) if pad is not None and position < final else text)
            position += reach
        certain = components[final][1]
        text = joined(parts) if len(parts) > 1 else parts[0]
        if len(parts) > 1 and not certain and not last:
            text = expression("T.rstrip(SEPARATOR)", T=text, SEPARATOR=constant(COMPONENT))
        return text, certain

    def _repeated(self, element: int) -> ast.expr:
        rows = self.repeats[element]
        parts: list[ast.expr] = []
        for repetition in range(1, max(rows) + 1):
            if repetition > 1:
                parts.append(constant(REPETITION))
            components = rows.get(repetition, {})
            for position in range(1, max(components, default=0) + 1):
                parts += [constant(COMPONENT if position > 1 else ""), components.get(position, NOTHING)]
        return expression("T.rstrip(S)", T=joined(parts), S=constant(REPETITION + COMPONENT))


def pair_text(pairs: Pairs, qualifier: ast.expr, value: ast.expr) -> list[ast.expr]:
    """One pair with the separators before and within it."""
    first, second = pairs.first
    if first.element == second.element:
        places = {first.component or 1: qualifier, second.component or 1: value}
        parts: list[ast.expr] = [constant(ELEMENT)]
        for position in range(1, max(places) + 1):
            parts += [constant(COMPONENT if position > 1 else ""), places.get(position, NOTHING)]
        return parts
    low = min(first.element, second.element)
    elements = {first.element - low: qualifier, second.element - low: value}
    parts = []
    for position in range(pairs.step):
        parts += [constant(ELEMENT), elements.get(position, NOTHING)]
    return parts


def filled(text: str, count: int, separator: str) -> str:
    """``count`` places; values hold no separator."""
    return text + separator * (count - 1 - text.count(separator))


def _padded(fill: str, count: int, separator: str, text: ast.expr) -> ast.expr:
    return expression("FILL(T, N, S)", FILL=fill, T=text, N=constant(count), S=constant(separator))
