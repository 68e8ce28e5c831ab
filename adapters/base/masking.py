"""Secrets as others may write them, so that none is shown for having been quoted, escaped or encoded."""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote, quote_plus

STARS = "***"
_SHORTEST = 6
"""What is encoded and shorter than this stands everywhere by chance."""


def forms_of(secrets: Iterable[str]) -> tuple[str, ...]:
    """``secrets`` as they are, and as others write them; longer ones first, since one may hold another.

    That is as XML, HTML, JSON and Python write them, quoted once more, in addresses and forms, in hexadecimal, and in
    base64, wherever they begin there: in a login they stand behind a name.
    """
    found: set[str] = set()
    for secret in secrets:
        quoted = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
        again = {json.dumps(form, ensure_ascii=False)[1:-1] for form in quoted}
        found |= {secret, escape(secret), escape(secret, quote=False), *quoted, *again}
        found |= {form.replace("\\", "\\\\") for form in quoted}
        found |= {form for form in _encoded(secret.encode("utf-8", "surrogatepass")) if len(form) >= _SHORTEST}
    return tuple(sorted(found - {""}, key=lambda form: (-len(form), form)))


def masked(text: str, *secrets: str) -> str:
    """``text`` with stars for ``secrets``, in all forms of theirs: some servers repeat what they were sent."""
    for form in forms_of(secrets):
        text = text.replace(form, STARS)
    return text


def _encoded(content: bytes) -> Iterator[str]:
    for form in (quote(content), quote(content, safe=""), quote_plus(content)):
        yield from (form, form.lower())
    yield from (content.hex(), content.hex().upper())
    alone = b64encode(content).decode()
    yield from (alone, alone.replace("+", "-").replace("/", "_"))
    for before in range(3):  # letters that hold bits of it alone; the first and last may hold some of what is around it
        letters = b64encode(bytes(before) + content).decode()
        inside = letters[-(-before * 8 // 6) : (before + len(content)) * 8 // 6]
        yield from (inside, inside.replace("+", "-").replace("/", "_"))
