"""Fetching documents from a REST API, page by page."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from transload.adapters.base import Inbound, Memory, Probe, Source
from transload.adapters.base.http import Reply, refusal, shown
from transload.adapters.rest.client import Client
from transload.adapters.rest.pages import Step, body_of, first_step, items_of, needs_body, next_step
from transload.adapters.rest.probe import probe
from transload.adapters.rest.settings import RestConnection, RestSource
from transload.adapters.rest.watermark import newest, stepped_back
from transload.canonical.errors import Reject, Stop, TransloadError


class RestApiSource(Source[RestConnection, RestSource]):
    """Asks for a list, or one resource; each page that is not empty is one inbound.

    No query is shown or kept as it is: a partner's key may stand in it.
    A page is known by the route's path and the hash of its query and items (or bytes, where
    nothing says where its items are), so one that has not changed is the same arrival, also
    when it comes at another place or after another mark.
    Notes in the memory: ``since <path>`` (written when a whole pass is through, so that a
    break in the middle skips nothing) and ``etag <path> <hash of the address>``.
    """

    Options = RestSource

    def __init__(
        self, connection: RestConnection, options: RestSource, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(connection, options)
        self._client = Client(connection, sleep=sleep)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def probe(self) -> Probe:
        """Ask for the connection's ``probe`` path; nothing is fetched."""
        return probe(self._client, self.connection)

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield the pages that are new.  Raises `Retry`, and `Stop` for paging that goes wrong."""
        options, pages = self.options, self.options.pages
        mark_name = f"since {options.path}"
        mark = memory.get(mark_name) or (options.since.start if options.since else None)
        asked = self._asked(mark)
        step: Step | None = first_step(pages)
        known: set[str] = set()
        number = seen = 0
        while step is not None:
            url = step if isinstance(step, str) else self._url({**asked, **step})
            if url in known:
                raise Stop(f"the partner's pages go in a circle at {shown(url)}", hint="tell the partner")
            if number == pages.max:
                raise Stop(f"there are more than {pages.max} pages", hint="raise pages: max if so many are meant")
            known.add(url)
            number += 1
            reply = self._get(url, memory)
            if reply.status in (204, 304):
                break
            body = body_of(reply) if needs_body(pages) else None
            items = items_of(body, pages, reply)
            seen += len(items or ())
            if options.since and items:
                mark = newest(mark, items, options.since)
            step = next_step(pages, reply, url, body, items, number, seen)
            if reply.content and items != []:
                yield from self._new(reply, items, url, number, memory)
        if options.since and mark is not None:
            memory.put(mark_name, mark)

    def _new(self, reply: Reply, items: list[Any] | None, url: str, number: int, memory: Memory) -> Iterator[Inbound]:
        key = f"GET {self.options.path} {_digest(urlencode(self.options.query), reply, items)}"
        if self.options.pages.style == "none":
            memory.put(self._etag_name(url), reply.headers.get("etag"))
        if memory.seen(key):
            return
        facts: dict[str, Any] = {
            "status": reply.status,
            "page": number,
            "content_type": reply.headers.get("content-type"),
            "etag": reply.headers.get("etag"),
        }
        yield Inbound(
            key=key,
            content=reply.content,
            origin=shown(url),
            metadata={name: str(value) for name, value in facts.items() if value is not None},
        )

    def _get(self, url: str, memory: Memory) -> Reply:
        headers = {"Accept": self.options.accept, **self.options.headers}
        if self.options.pages.style == "none" and (etag := memory.get(self._etag_name(url))):
            headers["If-None-Match"] = etag
        reply = self._client.call("GET", url, judge=self._judge, repeatable=True, headers=headers)
        if not reply.whole:
            raise Stop(
                f"the answer to {reply.call} has more than {self.connection.max_body} bytes",
                hint="ask for smaller pages, or raise max_body of the connection",
            )
        return reply

    def _judge(self, reply: Reply) -> TransloadError | None:
        if reply.status in (200, 204, 304):
            return None
        error = refusal(reply, self.connection, repeatable=True)
        if isinstance(error, Reject):  # there is no document yet that could be wrong: the address or query is
            return Stop(error.message, hint="correct path and query of the route", findings=error.findings)
        return error

    def _asked(self, mark: str | None) -> dict[str, str]:
        asked = dict(self.options.query)
        if self.options.since and mark is not None:
            parameter = self.options.since.parameter or self.options.since.field
            asked[parameter] = stepped_back(mark, self.options.since.overlap)
        return asked

    def _url(self, query: Mapping[str, str]) -> str:
        return self.connection.base_url + self.options.path + (f"?{urlencode(query)}" if query else "")

    def _etag_name(self, url: str) -> str:
        return f"etag {self.options.path} {sha256(self._shown(url).encode()).hexdigest()[:16]}"

    def _shown(self, url: str) -> str:
        """The address below the base, which may change (a test system, a new host) while the resource is the same."""
        return url.removeprefix(self.connection.base_url)


def _digest(query: str, reply: Reply, items: list[Any] | None) -> str:
    content = reply.content if items is None else json.dumps(items, sort_keys=True, default=str).encode()
    return sha256(f"{query}\n".encode() + content).hexdigest()
