"""Filling the templates of a target's settings: ``ORDRSP_{document.number}_{number:06}.edi``.

A hole is a dotted name, with a form after a colon for numbers (``06``: six digits) and
for moments (``%Y%m%d``).  ``{{`` and ``}}`` stand for braces.  A value comes from a
partner and ends up in a file name or an address; so what has a meaning there (slashes,
quotes, ``?``, ``#``, control characters, a leading dot) is written as %XX, reversibly.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from transload.canonical.errors import Reject
from transload.canonical.findings import Finding

_HOLE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\%?#&*"<>|]|^\.')
_NAME = re.compile(r"[a-z_]\w*(\.\w+)*")
_WIDTH = re.compile(r"0\d{1,2}")

Facts = Mapping[str, Any]
"""What holes may name: texts, numbers, moments, functions that give one, and mappings of these."""


NAMES = ("document", "message", "partner", "receipt", "number", "key", "now", "reference")
"""What the first part of a hole's name may be."""


@lru_cache(maxsize=1024)
def template_fault(text: str) -> str | None:
    """What is wrong with the form of a template, in a sentence; None when nothing is."""
    for match in _HOLE.finditer(text):
        if match[0] in ("{{", "}}"):
            continue
        if match[1] is None:
            return f"a brace stands alone in {text!r}; write it twice where it is meant"
        name, colon, form = match[1].partition(":")
        if not _NAME.fullmatch(name):
            return f"{match[0]} is no name in braces"
        if name.split(".")[0] not in NAMES:
            return f"{match[0]} is unknown; a template may name {', '.join(NAMES)}"
        if colon and not (_WIDTH.fullmatch(form) if name != "now" else "%" in form):
            return f"{match[0]} has a form that is not known; write {{number:06}} or {{now:%Y%m%d}}"
    return None


def holes(text: str) -> list[str]:
    """The names that a template without faults asks for, such as ``document.number``."""
    return [match[1].partition(":")[0] for match in _HOLE.finditer(text) if match[1] is not None]


def fill(name: str, text: str, facts: Facts) -> str:
    """``text`` with its holes filled; ``name`` is the setting's, for the finding.

    Raises `Reject` when a hole names something that this delivery does not have.
    """
    fault = template_fault(text)
    if fault:
        raise _reject(name, fault, "correct the route's template")

    def value_of(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        path, _, form = match[1].partition(":")
        return _UNSAFE.sub(_escape, _text(_find(name, path, facts), form))

    return _HOLE.sub(value_of, text)


def _find(setting: str, path: str, facts: Facts) -> Any:
    value: Any = facts
    whole = path
    while path:
        if callable(value):
            value = value()
        if not isinstance(value, Mapping):
            value = None
            break
        if path in value:  # names with dots: partner.edifact.id
            value, path = value[path], ""
            break
        step, _, path = path.partition(".")
        value = value.get(step)
    if callable(value):
        value = value()
    if value is None or isinstance(value, Mapping | list):
        state = "has no one text" if value is not None else "is not there"
        raise _reject(setting, f"{{{whole}}} {state} in this delivery", "name a field that every document has")
    return value


def _text(value: Any, form: str) -> str:
    if isinstance(value, datetime):
        return value.strftime(form or "%Y%m%dT%H%M%SZ")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).zfill(int(form)) if form else str(value)


def _escape(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _reject(setting: str, message: str, hint: str) -> Reject:
    text = f"the template {setting!r} cannot be filled: {message}"
    return Reject(text, findings=[Finding(code="E-TEMPLATE", message=text, hint=hint)])


def fill_all(templates: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """All templates of a target, filled, by the names of their settings."""
    return {name: fill(name, text, facts) for name, text in templates.items()}


def once(make: Callable[[], Any]) -> Callable[[], Any]:
    """A function that calls ``make`` at its first call and gives the same value again: one number a delivery."""
    made: list[Any] = []

    def value() -> Any:
        if not made:
            made.append(make())
        return made[0]

    return value
