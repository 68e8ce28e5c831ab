"""HTML by construction: every text is escaped, and only what was built here counts as markup."""

import re
from collections.abc import Iterable
from html import escape

_JOINTS = re.compile(r"(?<=[./:_\]),])(?=\w)")
VOID = frozenset(("meta", "br", "col", "wbr"))


class Html(str):
    """Markup.  Made by `element` and `joined` only."""

    __slots__ = ()


Child = str | None | Iterable["Child"]


def element(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Html:
    """``<name attribute="...">children</name>``; ``class_`` is class, ``aria_label`` is aria-label.

    An attribute that is None or False is left out.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_visible(key if value is True else str(value)), quote=True)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{shown}/>")
    return Html(f"<{name}{shown}>{joined(children)}</{name}>")


def broken(text: str) -> Child:
    """A long name, which may be broken behind its points, strokes, brackets and colons."""
    parts = _JOINTS.split(text)
    return [[element("wbr") if number else None, part] for number, part in enumerate(parts)]


def joined(children: Child) -> Html:
    """Children one after another; texts are escaped."""
    if children is None:
        return Html("")
    if isinstance(children, Html):
        return children
    if isinstance(children, str):
        return Html(escape(_visible(children), quote=False))
    return Html("".join(joined(child) for child in children))


def _visible(text: str) -> str:
    """Control characters, and marks that turn the text round, are spelled out: pages must not be steered by texts."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in "\n\t" else repr(sign)[1:-1] for sign in text)
