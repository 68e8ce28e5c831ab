"""Pages of JSON: what a page says of itself beside its items, read, checked and written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transload.adapters.json import positions
from transload.adapters.json.options import JsonOptions, steps
from transload.adapters.json.text import Decoded
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding, Severity

_MOST = 10**18
"""No page counts further."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page says of itself, for whoever fetches the others; what it does not say is None.

    ``items`` is how many it holds.  ``next`` is the address or token of the next page, None on the last one;
    ``number`` its own number, ``total`` how many items all pages have, ``size`` the most that one may have.
    """

    items: int
    next: str | None = None
    number: int | None = None
    total: int | None = None
    size: int | None = None


def page_of(root: Any, items: int, options: JsonOptions) -> Page:
    """The facts of a page that was read; one that is none of its kind counts as not said."""
    following = _at(root, options.next)
    token = str(following) if _is_token(following) else None
    return Page(
        items=items,
        next=token or None,
        number=_whole(_at(root, options.page)),
        total=_whole(_at(root, options.total)),
        size=options.size,
    )


def contradictions(root: Any, items: int, source: Decoded, options: JsonOptions) -> Iterator[Finding]:
    """What a page says of itself and is not so: warnings, since its items are there all the same."""

    def finding(path: str, message: str) -> Finding:
        start = positions.locate(source.text, steps(path))
        value = str(_at(root, path))[:80]
        place = source.place(start, positions.pointer(steps(path)))
        return Finding(code="W-PAGE", severity=Severity.WARNING, message=message, value=value, place=place)

    for path, what in ((options.count, "count"), (options.total, "total"), (options.page, "page")):
        if path is not None and _at(root, path) is not None and _whole(_at(root, path)) is None:
            yield finding(path, f"the page's {what} is no whole number")
    if (
        options.next is not None
        and not _is_token(_at(root, options.next))
        and _at(root, options.next) not in (None, False)
    ):
        yield finding(options.next, "the page's next is neither a text nor a number")
    count, total = _whole(_at(root, options.count)), _whole(_at(root, options.total))
    if options.count is not None and count is not None and count != items:
        yield finding(options.count, f"the page says that it has {count} items, and has {items}")
    if options.total is not None and total is not None and total < items:
        yield finding(options.total, f"the page says that there are {total} items in all, and has {items} itself")
    if options.size is not None and options.items is not None and items > options.size:
        yield finding(options.items, f"the page has {items} items, and {options.size} are the most")


def filled(root: Any, values: Sequence[Any], options: JsonOptions) -> Any:
    """A page of ``values``: the page ``root`` with these as its items, or a new one, the first and last, for None.

    ``count`` is what the page holds; ``total``, ``page`` and ``next`` stay what they are in a page that was read, and
    are the number of items, 1 and null in a new one.  Raises `Reject` for more items than ``size``: they belong into
    several payloads.
    """
    if options.size is not None and len(values) > options.size:
        message = f"a page holds {options.size} documents, and these are {len(values)}"
        hint = "write them into several payloads, or raise size: under pages:"
        raise Reject(message, findings=[Finding(code="E-DOMAIN", message=message, hint=hint)])
    assert options.items is not None
    page = _put(root, steps(options.items), list(values))
    if options.count is not None:
        page = _put(page, steps(options.count), len(values))
    if root is None:
        for path, value in ((options.total, len(values)), (options.page, 1), (options.next, None)):
            if path is not None:
                page = _put(page, steps(path), value)
    return page


def _at(root: Any, path: str | None) -> Any:
    if path is None:
        return None
    for step in steps(path):
        if not isinstance(root, dict):
            return None
        root = root.get(step)
    return root


def _is_token(value: Any) -> bool:
    return isinstance(value, str | int | Decimal) and not isinstance(value, bool)


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    if not 0 <= value < _MOST:  # int() of 1e999999999 would fill the memory; NaN is none either
        return None
    return int(value) if value == int(value) else None


def _put(root: Any, path: Sequence[str], value: Any) -> Any:
    """``root`` with ``value`` at ``path``; nothing that was given is changed."""
    if not path:
        return value
    outer = dict(root) if isinstance(root, dict) else {}
    outer[path[0]] = _put(outer.get(path[0]), path[1:], value)
    return outer
