"""HTML that is made of elements, so that every text in it is escaped."""

from collections.abc import Iterable
from xml.etree import ElementTree

Node = ElementTree.Element


def tag(name: str, /, *content: str | Node | None, **attributes: str) -> Node:
    """An element; ``class_`` stands for the attribute ``class``, and ``_`` in names for ``-``.  None is left out."""
    made = Node(name, {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()})
    for item in content:
        if item is None:
            continue
        if isinstance(item, str):
            if len(made):
                made[-1].tail = (made[-1].tail or "") + visible(item)
            else:
                made.text = (made.text or "") + visible(item)
        else:
            made.append(item)
    return made


def visible(text: str) -> str:
    """``text`` with control characters and marks that turn text round spelled out."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else repr(sign)[1:-1] for sign in text)


def page(title: str, style: str, body: Iterable[Node], language: str = "en") -> str:
    """A whole page that asks nothing of the network and runs nothing."""
    root = tag("html", lang=language)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    sheet = Node("style")
    sheet.text = style
    root.append(
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", title),
            sheet,
        )
    )
    root.append(tag("body", *body))
    return f"<!doctype html>\n{ElementTree.tostring(root, encoding='unicode', method='html')}\n"
