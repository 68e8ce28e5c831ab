"""Addresses from templates: the values in them are escaped, so that no value can change the path it stands in."""

import re
from urllib.parse import quote, unquote

from transload.canonical.errors import Reject
from transload.canonical.findings import Finding

_HOLE = re.compile(r"\{[^{}]*\}")
_STEPS = re.compile(r"[/\\]")
_LITERAL = "/:@!$'()*+,;=~-._&%"


def escape(template: str, filled: str, *, path: bool = True) -> str:
    """``filled``, which was made of ``template``, with what came from its holes percent-encoded.

    What was written as %XX when the hole was filled is taken back first, so that the other side reads
    the value itself.  Raises `Reject` when a value cannot be told from the text around it, or in a
    ``path`` is empty or has a step to another folder (``..``).
    """
    pieces = _HOLE.split(template)
    if len(pieces) == 1:
        return quote(filled, safe=_LITERAL)
    pattern = "(.*?)".join(re.escape(piece) for piece in pieces)
    found = re.fullmatch(pattern, filled, re.DOTALL)
    if found is None:
        raise _refused(filled, f"it was not made of the template {template!r}")
    values = found.groups()
    between = pieces[1:-1]
    if any(not piece for piece in between) or any(piece in value for piece in between for value in values):
        raise _refused(filled, "its values cannot be told apart")
    values = tuple(map(unquote, values))
    if path and any(not value or {".", ".."} & set(_STEPS.split(value)) for value in values):
        raise _refused(filled, "one of its values is empty, or a step to another folder")
    parts = [quote(pieces[0], safe=_LITERAL)]
    for value, piece in zip(values, pieces[1:], strict=True):
        parts += (quote(value, safe=""), quote(piece, safe=_LITERAL))
    return "".join(parts)


def _refused(filled: str, why: str) -> Reject:
    message = f"no address can be made of {filled!r}: {why}"
    return Reject(message, findings=[Finding(code="E-ADDRESS", message=message, value=filled)])
