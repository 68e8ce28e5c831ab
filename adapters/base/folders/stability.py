"""When a file is complete: it has kept its size and time of change for some polls, or for some time on our clock.

The time of change alone says nothing: many senders set it to that of the original
file.  So what was seen is remembered between polls, and our own clock is used.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter, WithJsonSchema

from transload.adapters.base.folders.names import shown
from transload.adapters.base.folders.store import Entry
from transload.adapters.base.settings import Duration
from transload.adapters.base.transport import Memory

_POLLS = re.compile(r"(\d{1,4})\s*polls?")
_DURATION: TypeAdapter[timedelta] = TypeAdapter(Duration)
_NOTE = "file:"


@dataclass(frozen=True, slots=True)
class Quiet:
    """At least so many polls that found the file the same, over at least this time."""

    polls: int = 1
    quiet: timedelta = timedelta()

    def __str__(self) -> str:
        parts = [f"{self.polls} polls"] if self.polls > 1 else []
        parts += [f"{self.quiet.total_seconds():g}s"] if self.quiet else []
        return ", ".join(parts) or "none"


def _stability(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    polls, quiet = 1, timedelta()
    if value.strip() == "none":
        return Quiet(polls, quiet)
    for part in (part.strip() for part in value.split(",")):
        if found := _POLLS.fullmatch(part):
            polls = max(1, int(found[1]))
        else:
            try:
                quiet = _DURATION.validate_python(part)
            except ValueError:
                raise ValueError(f"{value!r} is not understood; write none, 2 polls, 30s or '2 polls, 30s'") from None
    return Quiet(polls, quiet)


Stability = Annotated[
    Quiet,
    BeforeValidator(_stability),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["none", "2 polls", "30s", "2 polls, 30s"]}),
]
"""How long a file must stay as it is before it is taken: ``none``, ``2 polls``, ``30s`` or ``2 polls, 30s``."""


class Watch:
    """What the polls before this one saw of each file, in a route's memory."""

    def __init__(self, memory: Memory, stability: Quiet, now: datetime) -> None:
        self._memory = memory
        self._stability = stability
        self._now = now

    def forget_all_but(self, listed: Iterable[Entry]) -> None:
        """Drop the notes on files that are no longer there."""
        kept = {_NOTE + shown(entry.path) for entry in listed}
        for name in self._memory.names(_NOTE):
            if name not in kept:
                self._memory.put(name, None)

    def taken(self, entry: Entry) -> bool:
        """Whether ``entry``, as it is now, was taken before."""
        return bool(self._note(entry).get("taken"))

    def ready(self, entry: Entry) -> bool:
        """Count this poll for ``entry``, which was not taken, and say whether it may be taken now."""
        note = self._note(entry)
        polls = min(note.get("polls", 0) + 1, self._stability.polls)
        since = self._since(note)
        if polls > 1 or self._stability.polls > 1 or self._stability.quiet:
            self._put(entry, note, {"polls": polls, "since": since.isoformat()})
        return polls >= self._stability.polls and self._now - since >= self._stability.quiet

    def take(self, entry: Entry) -> None:
        """Remember that ``entry``, as it is now, was taken and stays where it is."""
        self._put(entry, self._note(entry), {"taken": True})

    def _note(self, entry: Entry) -> dict[str, Any]:
        """The note on ``entry``; empty when the file is new or has changed."""
        try:
            note = json.loads(self._memory.get(_NOTE + shown(entry.path)) or "{}")
        except ValueError:
            return {}
        same = isinstance(note, dict) and (note.get("size"), note.get("changed")) == (entry.size, entry.changed)
        return note if same else {}

    def _put(self, entry: Entry, note: dict[str, Any], news: dict[str, Any]) -> None:
        said = {"size": entry.size, "changed": entry.changed, **news}
        if said != note:
            self._memory.put(_NOTE + shown(entry.path), json.dumps(said))

    def _since(self, note: dict[str, Any]) -> datetime:
        """Since when the file is as it is; a time ahead of our clock (it was set back) counts from now."""
        try:
            return min(datetime.fromisoformat(note["since"]), self._now)
        except (KeyError, TypeError, ValueError):
            return self._now
