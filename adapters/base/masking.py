"""Secrets as others may write them, so that none is shown for having been quoted."""

import json
from collections.abc import Iterable
from html import escape

STARS = "***"


def forms_of(secrets: Iterable[str]) -> tuple[str, ...]:
    """``secrets`` as they are, and as XML, HTML and JSON write them; longer ones first, since one may hold another."""
    found = set()
    for secret in secrets:
        found |= {secret, escape(secret), escape(secret, quote=False)}
        found |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return tuple(sorted(found - {""}, key=lambda form: (-len(form), form)))


def masked(text: str, *secrets: str) -> str:
    """``text`` with stars for ``secrets``, in all forms of theirs: some servers repeat what they were sent."""
    for form in forms_of(secrets):
        text = text.replace(form, STARS)
    return text
