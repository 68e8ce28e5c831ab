"""What a page says: its items, and where the next page is."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urljoin, urlsplit

from transload.adapters.base.http import Reply
from transload.adapters.base.media import is_json
from transload.adapters.rest.bodies import at, read
from transload.adapters.rest.locations import same_server
from transload.adapters.rest.paging import Pages
from transload.canonical.errors import Retry, Stop
from transload.canonical.findings import Finding

Step = Mapping[str, str] | str
"""The next request: parameters to add to the query or body, or a whole address."""
MOST_EMPTY = 20
"""Empty pages in a row after which a list is taken for one that never ends."""
_NO = (None, "", False, 0, "false", "False", "0")


def first_step(pages: Pages) -> dict[str, str]:
    """The parameters of the first request."""
    found = {pages.size_parameter: str(pages.size)} if pages.size else {}
    if pages.style == "offset":
        found[pages.name] = "0"
    elif pages.style == "page":
        found[pages.name] = str(pages.first)
    return found


def needs_body(pages: Pages, reply: Reply) -> bool:
    """Whether the page has to be looked into: for what is in it, or since only so it can be known to be whole."""
    sized = "content-length" in reply.headers or "transfer-encoding" in reply.headers
    torn = not sized and is_json(reply.headers.get("content-type")) and bool(reply.content)
    return torn or pages.items is not None or pages.style in ("cursor", "next")


def body_of(reply: Reply) -> Any:
    """The page as JSON values.

    Raises `Retry` when it is no JSON: servers that are down, and what stands before them,
    answer so with a good status; nothing is lost by asking again.
    """
    try:
        return read(reply.content)
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


class Walk:
    """One pass through the pages: it knows how many came, and refuses to go in circles or without end.

    ``number`` pages are known with ``seen`` items; both may come from an earlier pass that was cut.
    """

    def __init__(self, pages: Pages, *, number: int = 0, seen: int = 0) -> None:
        self.pages = pages
        self.number = number
        self.seen = seen
        self.total: int | None = None
        self._asked: set[bytes] = set()
        self._full = False
        self._empty = 0
        self._before: bytes | None = None

    def ask(self, request: bytes, shown: str) -> None:
        """Note that ``request`` is about to be sent.  Raises `Stop` when it was sent before, or too many were."""
        mark = sha256(request).digest()
        if mark in self._asked:
            raise Stop(f"the partner's pages go in a circle at {shown}", hint="tell the partner")
        if self.number >= self.pages.max:
            message = f"there are more than {self.pages.max} pages"
            raise Stop(message, hint="raise pages: max if so many are meant")
        self._asked.add(mark)

    def after(self, step: Step, reply: Reply, url: str, body: Any, items: list[Any] | None) -> Step | None:
        """How to get the page after the one that ``step`` asked for, which is counted; None at the end.

        An empty page that names itself as the next one is the end, too.
        Raises `Stop` for a page that came before, a next page on another server, and empty pages without end.
        """
        self.number += 1
        self.seen += len(items or ())
        same = sha256(reply.content).digest()
        repeated = bool(items) and same == self._before
        self._before = same
        self._empty = self._empty + 1 if items == [] else 0
        if self.pages.style == "none":
            return None
        if self.pages.style in ("offset", "page"):
            assert items is not None
            if repeated:
                message = f"{reply.call} gave the same page twice: it does not heed the parameter {self.pages.name!r}"
                raise Stop(message, hint="correct pages: style and parameter")
            return self._counted(body, items)
        if items == [] and self.pages.empty == "end":
            return None
        if self._empty >= MOST_EMPTY:
            message = f"{reply.call} gave {MOST_EMPTY} empty pages in a row, each with a next one"
            raise Stop(message, hint="if an empty page is the end here, write pages: empty: end")
        found = self._named(reply, url, body)
        return None if items == [] and found in (step, url) else found

    def short_of(self) -> int:
        """How many items the list lacks of what it said to have; 0 where it did not say."""
        return max(0, (self.total or 0) - self.seen)

    def _counted(self, body: Any, items: list[Any]) -> Step | None:
        """A short page ends the list only where a full one shows that the server heeds our size.

        Some servers have a largest page of their own, and all of theirs are short.
        """
        pages = self.pages
        total = at(body, pages.total) if pages.total else None
        self.total = total if isinstance(total, int) and not isinstance(total, bool) else None
        if not items or (self.total is not None and self.seen >= self.total):
            return None
        short = pages.size is not None and len(items) < pages.size
        if short and self._full and self.total is None:
            return None
        if pages.more and at(body, pages.more) in _NO:
            return None
        self._full = self._full or not short
        value = self.seen if pages.style == "offset" else pages.first + self.number
        return {**first_step(pages), pages.name: str(value)}

    def _named(self, reply: Reply, url: str, body: Any) -> Step | None:
        pages = self.pages
        if pages.more and at(body, pages.more) in _NO:
            return None
        if pages.style == "link":
            return _next_page(url, linked(reply.headers.get("link", "")))
        assert pages.next is not None
        value = at(body, pages.next)
        if value in (None, "", False):
            return None
        if not isinstance(value, (str, int)):
            message = f"{reply.call} names its next page by something that is neither text nor number"
            raise Stop(f"{message} at {pages.next!r}", hint="correct pages: next")
        if pages.style == "next":
            return _next_page(url, str(value))
        return {**first_step(pages), pages.name: str(value)}


_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:\"(?:[^\"\\]|\\.)*\"|[^\s;,\"]*))?)*)")
_PARAMETER = re.compile(r";\s*([\w!#$&+.^`|~*-]+)\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]*))")


def linked(header: str) -> str | None:
    """The target of a Link header's relation ``next`` (RFC 8288); links about other resources do not count."""
    for target, rest in _LINK.findall(header):
        known: dict[str, str] = {}
        for name, quoted, plain in _PARAMETER.findall(rest):
            known.setdefault(name.lower(), quoted or plain)  # only the first of a name counts
        if "next" in known.get("rel", "").lower().split() and "anchor" not in known:
            return str(target).strip()
    return None


def _next_page(url: str, target: str | None) -> str | None:
    """``target`` as a whole address.  Raises `Stop` when it leads to another server, which would get our login."""
    if not target:
        return None
    try:
        found = urljoin(url, target)
        same = same_server(url, found)
        theirs = urlsplit(found)
    except ValueError as error:
        raise Stop(f"the next page has an address that is none: {target[:200]!r}", hint="tell the partner") from error
    if not same:
        raise Stop(
            f"the next page is on another server: {theirs.scheme}://{theirs.hostname}",
            hint="our login is not sent there; ask the partner, or make it the base_url",
        )
    return found
