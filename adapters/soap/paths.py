"""Elements by paths of local names, and requests whose holes are filled with texts."""

import re
from collections.abc import Callable
from xml.sax.saxutils import escape

from lxml import etree

from transload.canonical.errors import Stop

_HOLE = re.compile(r"\{([^{}\s]+)\}")
_TEXT = etree.XPath("string()")
_ESCAPED = re.compile(r"%([0-9A-F]{2})")


def elements_at(root: "etree._Element", path: str) -> "list[etree._Element]":
    """The elements below ``root`` that ``path`` leads to; a step names children, whatever their namespace."""
    found = [root]
    for step in path.split("/"):
        found = [
            child for one in found for child in one.iterchildren(tag=etree.Element) if step in ("*", _local(child))
        ]
    return found


def text_at(root: "etree._Element", path: str) -> str | None:
    """The text of the first element at ``path``; None when there is none, or it is empty."""
    return next((text for one in elements_at(root, path) if (text := str(_TEXT(one)).strip())), None)


def holds_something(root: "etree._Element", path: str) -> bool:
    """Whether an element at ``path`` has text or children."""
    return any(len(one) or (one.text or "").strip() for one in elements_at(root, path))


def filled(request: str, value_of: Callable[[str], str | None], *, setting: str) -> bytes:
    """``request`` with each ``{name}`` replaced by what ``value_of`` gives for it, as text that XML can hold.

    Raises `Stop` when it gives None.
    """

    def value(match: re.Match[str]) -> str:
        found = value_of(match[1])
        if found is None:
            raise Stop(f"{match[0]} in {setting} stands for nothing", hint=f"correct {setting}: of the route")
        return escape(found, {'"': "&quot;", "'": "&apos;"})

    return _HOLE.sub(value, request).encode()


def unescaped(filled_template: str) -> bytes:
    """A filled `Template` that is XML: what was written as %XX in its values is written as XML wants it."""
    return _ESCAPED.sub(lambda match: f"&#{int(match[1], 16)};", filled_template).encode()


def _local(element: "etree._Element") -> str:
    return etree.QName(element).localname
