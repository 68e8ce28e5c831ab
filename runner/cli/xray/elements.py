"""The elements of one segment, each on a line of its own: number, code, name, form, value, and what its code is."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from transload.adapters.edi.guides import SegmentGuide
from transload.adapters.edi.guides.model import Composite, Element, Part
from transload.adapters.edi.tokens import Token
from transload.runner.cli.xray.lines import FAINT, Line, fold, line
from transload.runner.cli.xray.row import Row
from transload.runner.cli.xray.sheet import Sheet

_NAME_WIDTH = 26


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The values of the segment in ``row``; ``guide`` is what is known of it, if anything."""

    row: Row
    guide: SegmentGuide | None
    sheet: Sheet

    def lines(self, indent: int) -> Iterator[Line]:
        """A line for each element and component that has a value, and for each mandatory one that has none."""
        inside = (token for token in self.row.tokens if token.kind in ("value", "release", "binary"))
        for number, element in groupby(inside, key=lambda token: token.element):
            repetitions = [list(group) for _, group in groupby(element, key=lambda token: token.repetition)]
            part = self.guide.parts[number - 1] if self.guide and number <= len(self.guide.parts) else None
            for time, tokens in enumerate(repetitions, 1):
                which = f"{number:02}[{time}]" if len(repetitions) > 1 else f"{number:02}"
                yield from self._element(which, part, tokens, indent)

    def _element(self, number: str, part: Part | None, tokens: list[Token], indent: int) -> Iterator[Line]:
        """One repetition of an element."""
        values = [self._value(list(group)) for _, group in groupby(tokens, key=lambda token: token.component)]
        whole = part.element if part is not None else None
        if isinstance(whole, Composite):
            if part is None or not (any(values) or part.mandatory):
                return
            yield line(_head(indent, number, whole.code, whole.title, part.status), FAINT)
            for place in range(1, max(len(values), len(whole.parts)) + 1):
                inner = whole.parts[place - 1] if place <= len(whole.parts) else None
                yield from self._line(
                    f"{number}.{place}", inner, values[place - 1] if place <= len(values) else "", indent
                )
        elif len(values) > 1:
            for place, value in enumerate(values, 1):
                yield from self._line(f"{number}.{place}", part if place == 1 else None, value, indent)
        else:
            yield from self._line(number, part, values[0], indent)

    def _line(self, number: str, part: Part | None, value: str, indent: int) -> Iterator[Line]:
        element = part.element if part is not None else None
        if not value and not (part is not None and part.mandatory):
            return
        note = ""
        if isinstance(element, Element):
            head = _head(indent, number, element.code, element.title, f"{element.form} {part.status if part else ''}")
            if element.codes and value:
                note = "  known code" if value in element.codes else "  not in the code list"
        else:
            head = _head(indent, number, "", "not in the guide" if self.guide else "", "")
        text = f"{head}  {value or 'no value'}{note}"
        width = self.sheet.width
        if width is None or len(text) <= width:
            spans = ((0, len(head), FAINT), (len(text) - len(note), len(text), FAINT))
            yield Line(text=text, spans=spans)
        else:
            yield line(head.rstrip(), FAINT)
            yield from fold(f"{value}{note}", width, indent=indent + 8, hang=0)

    def _value(self, tokens: list[Token]) -> str:
        """A value with its release characters taken away, made visible."""
        if tokens[0].kind == "binary":
            return f"{tokens[0].stop - tokens[0].start:,} bytes of binary data"
        plain = b"".join(self.row.raw[token.start : token.stop] for token in tokens if token.kind == "value")
        return self.sheet.glyphs.show(plain, self.row.codec).text


def _head(indent: int, number: str, code: str, title: str, form: str) -> str:
    name = title if len(title) <= _NAME_WIDTH else f"{title[: _NAME_WIDTH - 3]}..."
    if not code and not name:
        return f"{' ' * indent}{number:<7}"
    return f"{' ' * indent}{number:<7}{code:<5}{name:<{_NAME_WIDTH}} {form:<9}".rstrip()
