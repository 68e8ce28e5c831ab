"""A pass that was cut: what is kept of it in the memory, so that the next one goes on where it stopped.

The note is written with the last receipt of each page, so it never runs ahead of what is committed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from transload.adapters.base import Memory
from transload.adapters.rest.locations import same_server
from transload.adapters.rest.pages import Step
from transload.adapters.rest.settings import RestConnection, RestSource


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A pass under way: the ``step`` to the next page, ``number`` pages and ``seen`` items behind it.

    ``asked`` is the mark since which it asks, ``mark`` the newest that it met, ``begun`` its beginning.
    """

    step: Step
    begun: datetime
    number: int = 0
    seen: int = 0
    asked: str | None = None
    mark: str | None = None


class Passes:
    """The note of one source about its pass under way, named ``pass <path>``."""

    def __init__(self, connection: RestConnection, options: RestSource) -> None:
        self._connection = connection
        self._options = options
        self._name = f"pass {options.path}"
        # another query, other paging: another list
        settings = options.model_dump_json(include={"method", "path", "query", "body", "parameters", "pages", "since"})
        self._of = sha256(f"{connection.base_url}\n{settings}".encode()).hexdigest()[:16]

    def cut(self, memory: Memory, now: datetime) -> Pass | None:
        """The pass that was cut, if one is known, its settings are still the same and it is not too old."""
        try:
            found: Any = json.loads(memory.get(self._name) or "null")
            if found is None or found["of"] != self._of:
                return None
            begun = datetime.fromisoformat(found["begun"])
            if not begun <= now <= begun + self._options.pages.resume:
                return None
            step = found["step"]
            return Pass(
                step=self._whole(step) if isinstance(step, list) else dict(step),
                begun=begun,
                number=int(found["number"]),
                seen=int(found["seen"]),
                asked=found["asked"],
                mark=found["mark"],
            )
        except (ValueError, KeyError, TypeError):  # not as we write it
            return None

    def keep(self, memory: Memory, known: Pass) -> None:
        """Write the note, to become durable with the next receipt."""
        if not self._options.pages.resume:
            return
        note = {
            "of": self._of,
            "begun": known.begun.isoformat(),
            "step": self._bare(known.step) if isinstance(known.step, str) else known.step,
            "number": known.number,
            "seen": known.seen,
            "asked": known.asked,
            "mark": known.mark,
        }
        memory.put(self._name, json.dumps(note))

    def drop(self, memory: Memory) -> None:
        """Forget the pass."""
        if memory.get(self._name) is not None:
            memory.put(self._name, None)

    def _bare(self, url: str) -> list[Any]:
        """A next page's address without the server and without what is ours in its query: a key may be in it.

        Gives the names of what was left out, too.
        """
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        ours = [name for name, value in pairs if self._ours().get(name) == value]
        query = urlencode([pair for pair in pairs if pair[0] not in ours]) if ours else parts.query
        return [urlunsplit(("", "", parts.path, query, "")), ours]

    def _whole(self, kept: list[Any]) -> str:
        bare, names = str(kept[0]), kept[1]
        base, parts = urlsplit(self._connection.base_url), urlsplit(bare)
        left_out = urlencode({name: self._ours()[name] for name in names})
        url = urlunsplit((base.scheme, base.netloc, parts.path, "&".join(filter(None, (parts.query, left_out))), ""))
        if not same_server(self._connection.base_url, url):
            raise ValueError(url)
        return url

    def _ours(self) -> Mapping[str, str]:
        api_key = self._connection.auth.api_key
        login = {api_key.query: api_key.key.get_secret_value()} if api_key and api_key.query else {}
        return {**self._options.query, **login}
