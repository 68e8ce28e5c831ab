"""What a page says: its items, and where the next page is."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin, urlsplit

from requests.utils import parse_header_links

from transload.adapters.base.http import Reply
from transload.adapters.rest.settings import Pages
from transload.canonical.errors import Retry, Stop
from transload.canonical.findings import Finding

Step = Mapping[str, str] | str
"""The next request: parameters to add to the query, or a whole address."""


def first_step(pages: Pages) -> dict[str, str]:
    """The parameters of the first request."""
    found = {pages.size_parameter: str(pages.size)} if pages.size else {}
    if pages.style == "offset":
        found[_parameter(pages)] = "0"
    elif pages.style == "page":
        found[_parameter(pages)] = str(pages.first)
    return found


def needs_body(pages: Pages) -> bool:
    """Whether the page has to be looked into."""
    return pages.items is not None or pages.style in ("cursor", "next")


def body_of(reply: Reply) -> Any:
    """The page as JSON values.

    Raises `Retry` when it is no JSON: servers that are down, and what stands before them,
    answer so with a good status; nothing is lost by asking again.
    """
    try:
        return json.loads(reply.content, parse_float=Decimal, parse_int=int)
    except (ValueError, RecursionError) as error:
        message = f"{reply.call} answered with {reply.status}, but the body is no JSON"
        finding = Finding(
            code="E-PAGE",
            message=message,
            hint="is this the API's address, and does it answer in JSON?",
            value=reply.beginning,
        )
        raise Retry(message, findings=[finding]) from error


def items_of(body: Any, pages: Pages, reply: Reply) -> list[Any] | None:
    """The items of a page; None where the settings do not say where they stand.

    Raises `Stop` when no list stands there.
    """
    if pages.items is None:
        return None
    found = at(body, pages.items)
    if isinstance(found, list):
        return found
    message = f"{reply.call} gave a page without a list at {pages.items!r}"
    finding = Finding(code="E-PAGE", message=message, hint="correct pages: items", value=reply.beginning)
    raise Stop(message, hint=finding.hint, findings=[finding])


def next_step(
    pages: Pages, reply: Reply, url: str, body: Any, items: list[Any] | None, number: int, seen: int
) -> Step | None:
    """How to get the page after ``number`` (from 1), ``seen`` items being known with it; None at the end.

    An empty page ends every style, a page shorter than ``size`` those that count.
    """
    if pages.style == "none" or items == []:
        return None
    if pages.style in ("offset", "page"):
        assert items is not None
        total = at(body, pages.total) if pages.total else None
        short = pages.size is not None and len(items) < pages.size
        if short or (isinstance(total, int) and seen >= total):
            return None
        value = seen if pages.style == "offset" else pages.first + number
        return {**first_step(pages), _parameter(pages): str(value)}
    if pages.style == "link":
        links = parse_header_links(reply.headers.get("link", ""))
        target = next((link["url"] for link in links if "next" in link.get("rel", "").lower().split()), None)
        return _same_origin(url, target)
    assert pages.next is not None
    value = at(body, pages.next)
    if value in (None, "", False):
        return None
    if not isinstance(value, (str, int)):
        raise Stop(f"{reply.call} names its next page by something that is neither text nor number at {pages.next!r}")
    if pages.style == "next":
        return _same_origin(url, str(value))
    return {**first_step(pages), _parameter(pages): str(value)}


def at(body: Any, path: str) -> Any:
    """The value at ``path`` (keys joined by points, ``$`` for all); None where nothing stands."""
    if path == "$":
        return body
    for key in path.split("."):
        if not isinstance(body, dict):
            return None
        body = body.get(key)
    return body


def _parameter(pages: Pages) -> str:
    return pages.parameter or pages.style


def _same_origin(url: str, target: str | None) -> str | None:
    """``target`` as a whole address.  Raises `Stop` when it leads to another server, which would get our login."""
    if not target:
        return None
    try:
        found = urljoin(url, target)
        ours, theirs = urlsplit(url), urlsplit(found)
    except ValueError as error:
        raise Stop(f"the next page has an address that is none: {target[:200]!r}", hint="tell the partner") from error
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
        raise Stop(
            f"the next page is on another server: {theirs.scheme}://{theirs.hostname}",
            hint="our login is not sent there; ask the partner, or make it the base_url",
        )
    return found
