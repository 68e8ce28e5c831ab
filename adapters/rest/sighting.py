"""Paging as a first page shows it, and how the partner file would say it."""

import json
from collections.abc import Iterator
from typing import Any

from transload.adapters.base import Finding, Severity
from transload.adapters.base.http import Reply
from transload.adapters.rest.bodies import at, read
from transload.adapters.rest.pages import linked
from transload.adapters.rest.settings import RestSource

_NEXT = ("next", "nextlink", "next_link", "nexturl", "next_url", "@odata.nextlink", "next_page_url")
_CURSOR = (
    "cursor",
    "nextcursor",
    "next_cursor",
    "nexttoken",
    "next_token",
    "continuation",
    "pagetoken",
    "nextpagetoken",
)
_TOTAL = ("total", "count", "total_count", "totalcount", "total_items", "totalitems", "totalresults", "@odata.count")
_DEPTH = 3


def seen_paging(reply: Reply, source: RestSource) -> Iterator[Finding]:
    """Remarks about where the items of a first page stand and what leads to the next; an error where settings miss."""
    if linked(reply.headers.get("link", "")):
        yield _said("the Link header names a next page", source, {"style": "link"})
    try:
        body: Any = read(reply.content)
    except (ValueError, RecursionError):
        return
    lists = [(path, value) for path, value in _walk(body) if isinstance(value, list)]
    items = max(lists, key=lambda pair: len(pair[1]), default=None)
    where = {"items": items[0]} if items else {}
    if source.pages.items is not None:
        found = at(body, source.pages.items)
        if not isinstance(found, list):
            message = f"no list stands at pages: items: {source.pages.items}"
            hint = f"a list stands at {items[0]}" if items else "the answer holds no list at all"
            yield Finding(code="P-PAGES", message=message, hint=hint, value=reply.beginning)
        else:
            yield _remark(f"the first page has {len(found)} items at {source.pages.items}")
    elif items is not None:
        yield _said(f"a list of {len(items[1])} stands at {items[0]}", source, {**where})
    for path, value in _walk(body):
        name = path.rpartition(".")[2].lower() if not path.lower().endswith(("@odata.nextlink", "@odata.count")) else ""
        name = name or path.lower()[path.lower().index("@odata") :]
        if name in _TOTAL and isinstance(value, int) and not isinstance(value, bool):
            yield _remark(f"{path} says {value}: the number of all items?", f"pages: {{total: {_quoted(path)}}}")
        elif (
            isinstance(value, (str, int)) and not isinstance(value, bool) and value != "" and name in (*_NEXT, *_CURSOR)
        ):
            style = "next" if isinstance(value, str) and value.startswith(("http://", "https://", "/")) else "cursor"
            yield _said(f"{path} leads to a next page", source, {"style": style, **where, "next": path})


def _walk(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The values of an answer's upper levels with their paths; lists are not entered."""
    if path or isinstance(value, list):
        yield path or "$", value
    if isinstance(value, dict) and depth < _DEPTH:
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}" if path else key, depth + 1)


def _said(message: str, source: RestSource, pages: dict[str, str]) -> Finding:
    """A remark with what to write, where it is not written yet."""
    known = source.pages
    if all(getattr(known, name) == value for name, value in pages.items()):
        return _remark(message)
    written = ", ".join(f"{name}: {_quoted(value)}" for name, value in pages.items())
    return _remark(message, f"to follow it: pages: {{{written}}}")


def _quoted(text: str) -> str:
    return text if text.replace(".", "").replace("_", "").isalnum() else json.dumps(text)


def _remark(message: str, hint: str | None = None) -> Finding:
    return Finding(code="P-PAGES", message=message, hint=hint, severity=Severity.REMARK)
