"""Counts and sums: values that follow from the lines of the samples, found by computing them."""

from decimal import Decimal, InvalidOperation

from transload.mappings.drafting.knowledge import Field
from transload.mappings.drafting.shapes import Piece, Place, Shape

_FACTORS = ("lines.amount", "lines.quantity * lines.price", "lines.quantity")


class Sums:
    """``lines`` is the shape of the lines once it is known; ``messages`` are the pieces of each sample message."""

    def __init__(self, messages: list[list[Piece]]) -> None:
        self.messages = messages
        self.lines: Shape | None = None
        self._bound: dict[str, tuple[Shape, Place]] = {}

    def bind(self, field: Field, shape: Shape, place: Place) -> None:
        """Remember where a field of a line stands."""
        if self.lines is not None and any(shape is one for one in self.lines.walk()):
            self._bound.setdefault(field.text, (shape, place))

    def computed(self, shape: Shape, place: Place) -> str | None:
        """The expression whose result stands at ``place`` in every message, where there is one."""
        if self.lines is None or shape.most > 1:
            return None
        stated = [self._stated(pieces, shape, place) for pieces in self.messages]
        if not stated or any(value is None for value in stated):
            return None
        counts = [Decimal(len(self._lines(pieces))) for pieces in self.messages]
        if stated == counts and all(counts):
            return "count(lines)"
        for factors in _FACTORS:
            results = [self._sum(pieces, factors) for pieces in self.messages]
            if all(result is not None and result != 0 for result in results):
                if results == stated:
                    return f"sum({factors})"
                if [round(result, 2) for result in results if result is not None] == stated:
                    return f"sum({factors}) | round(2)"
        return None

    def _stated(self, pieces: list[Piece], shape: Shape, place: Place) -> Decimal | None:
        mine = [piece for piece in pieces if any(piece is one for one in shape.pieces)]
        return _number(mine[0].values.get(place, "")) if len(mine) == 1 else None

    def _lines(self, pieces: list[Piece]) -> list[Piece]:
        assert self.lines is not None
        known = {id(piece) for piece in self.lines.pieces}
        return [piece for piece in _all(pieces) if id(piece) in known]

    def _sum(self, pieces: list[Piece], factors: str) -> Decimal | None:
        total = Decimal(0)
        for line in self._lines(pieces):
            product = Decimal(1)
            for factor in factors.split(" * "):
                value = self._value(line, factor.removeprefix("lines."))
                if value is None:
                    return None
                product *= value
            total += product
        return total

    def _value(self, line: Piece, field: str) -> Decimal | None:
        bound = self._bound.get(field)
        if bound is None:
            return None
        shape, place = bound
        known = {id(piece) for piece in shape.pieces}
        found = next((piece for piece in _all([line]) if id(piece) in known), None)
        return _number(found.values.get(place, "")) if found is not None else None


def _all(pieces: list[Piece]) -> list[Piece]:
    return [one for piece in pieces for one in (piece, *_all(piece.inside))]


def _number(text: str) -> Decimal | None:
    try:
        value = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return value if value.is_finite() else None
