"""The partner's reasons for a refusal, as findings that lead back to what we sent."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from transload.adapters.base.http import Reply
from transload.adapters.rest.bodies import Step, at, extent, steps_of, text_of
from transload.adapters.rest.response import Response
from transload.canonical.findings import Finding
from transload.canonical.places import Place

MOST = 50
"""Reasons of one answer that are told."""
_LONGEST = 500
_LOOKED_THROUGH = 50_000_000
"""Bytes that are read in all to find the places of reasons: what is huge is searched for few of them."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that the partner does not like: its code, words and field, as far as they are said."""

    code: str | None = None
    message: str | None = None
    field: str | None = None


def reasons_at(body: Any, path: str | None, response: Response, reply: Reply) -> list[Reason]:
    """The reasons that stand at ``path``: a list, one object, or plain texts; empty where nothing stands."""
    found = at(body, path) if path is not None else None
    several = found if isinstance(found, list) else [] if found in (None, "", {}) else [found]
    return [_reason(item, response, reply) for item in several[:MOST]]


def _reason(item: Any, response: Response, reply: Reply) -> Reason:
    if not isinstance(item, dict):
        return Reason(message=_words(item, reply))
    code, message, field = (_words(at(item, path), reply) for path in (response.code, response.message, response.field))
    return Reason(code=code, message=message, field=field)


def _words(value: Any, reply: Reply) -> str | None:
    if value is None or isinstance(value, (dict, list)):
        return None
    return reply.masked(_UNPRINTABLE.sub(" ", str(value)).strip())[:_LONGEST] or None


def findings_of(
    reasons: list[Reason], response: Response, sent: bytes, call: str, of: list[Step] | None = None
) -> Iterator[Finding]:
    """A finding for each reason: with its place and value in what was ``sent``, where that is JSON and holds the field.

    ``of`` are the steps to the item of what was sent that all reasons speak of.
    """
    try:
        text: str | None = text_of(sent)
    except ValueError:
        text = None
    for number, reason in enumerate(reasons, start=1):
        if number * len(sent) > _LOOKED_THROUGH:
            text = None
        words = ": ".join(part for part in (reason.code, reason.message) if part) or "no reason is given"
        steps = [*(of or []), *steps_of(reason.field)] if reason.field else list(of or [])
        place, value = _found(text, steps) if text is not None and steps else (None, None)
        if place is None and of and reason.field and text is not None:  # it may count from the top all the same
            place, value = _found(text, steps_of(reason.field))
        yield Finding(
            code="H-REASON",
            message=f"{call} says: {words}" + (f" ({reason.field})" if reason.field else ""),
            value=value,
            place=place or (Place(path=reason.field) if reason.field else None),
            field=_ours(steps_of(reason.field), response.fields) if reason.field else None,
        )


def _found(text: str, steps: list[Step]) -> tuple[Place | None, str | None]:
    """Where the field stands in the JSON that we sent, and what stands there."""
    try:
        found = extent(text, steps)
    except (ValueError, RecursionError):
        return None, None
    if found is None:
        return None, None
    start, end = found
    path = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
    place = Place(line=text.count("\n", 0, start) + 1, byte=len(text[:start].encode()), path=path)
    return place, text[start:end][:_LONGEST]


def _ours(steps: list[Step], fields: dict[str, str]) -> str | None:
    """The canonical field that the partner file names for ``steps``, the numbers of lines carried over."""
    theirs = ""
    numbers = [step for step in steps if isinstance(step, int)]
    for step in steps:
        theirs += "[]" if isinstance(step, int) else f".{step}"
    ours = fields.get(theirs.lstrip("."))
    if ours is None:
        return None
    for number in numbers:
        ours = ours.replace("[]", f"[{number}]", 1)
    return ours
