"""Content types: whether an answer is of the kind that was asked for."""

import re

from transload.adapters.base.http import Reply
from transload.canonical.findings import Finding

_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^\s;"']+)""", re.IGNORECASE)
_FAMILIES = ("json", "xml")
_HTML = ("text/html", "application/xhtml+xml")


def media_type(value: str | None) -> str:
    """The type and subtype of a Content-Type header, in lower case; empty without one."""
    return (value or "").partition(";")[0].strip().lower()


def charset_of(value: str | None) -> str | None:
    """The charset that a Content-Type header names; None without one."""
    found = _CHARSET.search(value or "")
    return found[1] if found else None


def foreign(reply: Reply, accept: str) -> Finding | None:
    """A finding when ``reply`` is not of the kind that ``accept`` asks for; None when it is, or nobody can tell.

    Login pages and the error pages of what stands before a server come as HTML, with any
    status.  Other wrong labels are common and harmless (JSON as text/plain), so only what
    cannot be meant counts: HTML, unless it was asked for, and XML or JSON instead of each other.
    An empty body is of every kind.
    """
    wanted = [media_type(item) for item in accept.split(",")]
    if not reply.content.strip() or any(item in ("*/*", "") or item in _HTML for item in wanted):
        return None
    given = media_type(reply.headers.get("content-type"))
    beginning = reply.content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    html = given in _HTML or beginning.startswith((b"<!doctype html", b"<html"))
    families = {_family(item) for item in wanted}
    if not html and (given in wanted or _family(given) is None or families & {None, _family(given)}):
        return None
    name = "HTML" if html else given
    return Finding(
        code="H-CONTENT",
        message=f"{reply.call} answered with {reply.status} and {name} instead of {' or '.join(wanted)}",
        hint="a login or maintenance page? look at its beginning, at the address, at the login and at accept:",
        value=reply.beginning,
    )


def is_json(content_type: str | None) -> bool:
    """Whether a Content-Type header speaks of JSON, or a format based on it."""
    return _family(media_type(content_type)) == "json"


def _family(kind: str) -> str | None:
    ending = kind.rpartition("/")[2].rpartition("+")[2]
    return ending if ending in _FAMILIES else None
