"""One text made of several fields: ``=parts("{number}/{release}")``."""

import re
from collections.abc import Sequence
from typing import Any

from transload.mappings.language import expressions
from transload.mappings.language.converters.base import DomainError
from transload.mappings.language.expressions import ExpressionError, Value

_HOLE = re.compile(r"\{([^{}]*)\}")


def holes_of(pattern: str) -> tuple[list[Value], list[str]]:
    """The fields of a pattern, and the texts before, between and after them.

    Raises `ExpressionError`.
    """
    pieces = _HOLE.split(pattern)
    texts, holes = pieces[::2], pieces[1::2]
    if any("{" in text or "}" in text for text in texts):
        raise ExpressionError(f"a brace is open or empty in {pattern!r}", 'for example  parts("{number}/{release}")')
    if len(holes) < 2:
        raise ExpressionError(f"{pattern!r} has fewer than two fields", 'for example  parts("{number}/{release}")')
    if not all(texts[1:-1]):
        raise ExpressionError(f"nothing stands between two fields in {pattern!r}", "so they could not be told apart")
    values = [expressions.parse(hole) for hole in holes]
    for value, hole in zip(values, holes, strict=True):
        if not isinstance(value.base, expressions.Path) or value.direction != "both":
            raise ExpressionError(f"{hole!r} is no field", "in braces stand fields with their converters")
    return values, texts


class Pattern:
    """Takes a text apart and puts it together; a field without a value is an empty part."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.before, *self.between, self.after = texts
        self.form = "{}".join(texts)

    def split(self, text: Any) -> tuple[str, ...]:
        """The parts.  Raises `DomainError` where the text has not the form."""
        if not isinstance(text, str) or not text.startswith(self.before):
            raise DomainError(f"{text!r} does not have the form {self.form}")
        rest = text[len(self.before) :]
        parts = []
        for separator in self.between:
            part, found, rest = rest.partition(separator)
            if not found:
                raise DomainError(f"{text!r} does not have the form {self.form}")
            parts.append(part)
        if not rest.endswith(self.after):
            raise DomainError(f"{text!r} does not have the form {self.form}")
        return (*parts, rest[: len(rest) - len(self.after)])

    def unsplit(self, parts: Sequence[str]) -> int:
        """The number of the first part that holds what separates it from the next one, and so is no part; else 0."""
        texts = zip(parts, self.between, strict=False)
        return next((n for n, (part, separator) in enumerate(texts) if separator in part + separator[:-1]), 0)

    def join(self, parts: Sequence[str]) -> str:
        """The text.  Raises `DomainError` where the parts could not be told apart again."""
        text = self.before
        for part, following in zip(parts, (*self.between, self.after), strict=True):
            text += part + following
        if self.split(text) != tuple(parts):
            raise DomainError(f"{text!r} cannot be taken apart again: a part holds what separates them")
        return text
