"""Fetching documents from a REST API, page by page."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from transload.adapters.base import Inbound, Memory, Probe, Source
from transload.adapters.base.http import Reply, refusal, shown
from transload.adapters.base.media import foreign
from transload.adapters.base.watermarks import stepped_back
from transload.adapters.rest.bodies import at, items_at, text_of
from transload.adapters.rest.client import Client
from transload.adapters.rest.pages import Step, Walk, body_of, first_step, items_of, needs_body
from transload.adapters.rest.passes import Pass, Passes
from transload.adapters.rest.probe import probe
from transload.adapters.rest.settings import RestConnection, RestSource
from transload.adapters.rest.watermark import newest
from transload.canonical.errors import Reject, Retry, Stop, TransloadError

_EXPIRED = (400, 404, 410, 422)
"""What servers say to a cursor that they no longer know."""


class _Expired(Exception):
    """The page at which a cut pass should go on is gone: it begins anew."""


class RestApiSource(Source[RestConnection, RestSource]):
    """Asks for a list, or one resource; each page that is not empty is one inbound, or each item of it.

    No query is shown or kept as it is: a partner's key may stand in it.
    A page is known by the route's path and the hash of its query and items (or bytes, where
    nothing says where its items are), so one that has not changed is the same arrival, also
    when it comes at another place or after another mark; an item by its ``identity``, or its hash.
    Notes in the memory: ``since <path>`` (written when a whole pass is through, so that a
    break in the middle skips nothing), ``pass <path>`` (a pass under way, `Passes`),
    ``etag <path> <hash of the address>`` and ``rest <path>`` (until when the partner wants peace).
    """

    Options = RestSource

    def __init__(
        self,
        connection: RestConnection,
        options: RestSource,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(connection, options)
        self._client = Client(connection, sleep=sleep)
        self._passes = Passes(connection, options)
        self._clock = clock

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def probe(self) -> Probe:
        """Look at the server, and ask for the first page; nothing is kept."""
        return probe(self._client, self.connection, self.options)

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield what is new.  Raises `Retry`, and `Stop` for paging that goes wrong."""
        self._keep_peace(memory)
        now = self._clock()
        cut = self._passes.cut(memory, now)
        mark = memory.get(self._mark_name) or (self.options.since.start if self.options.since else None)
        fresh = Pass(step=first_step(self.options.pages), begun=now, asked=mark, mark=mark)
        try:
            try:
                yield from self._pass(cut or fresh, memory, resumed=cut is not None)
            except _Expired:
                self._passes.drop(memory)
                yield from self._pass(fresh, memory, resumed=False)
        except Retry as error:
            if error.wait is not None:
                until = self._clock() + timedelta(seconds=error.wait)
                memory.put(self._rest_name, until.isoformat(timespec="seconds"))
            raise

    def _pass(self, under_way: Pass, memory: Memory, *, resumed: bool) -> Iterator[Inbound]:
        options, pages = self.options, self.options.pages
        walk = Walk(pages, number=under_way.number, seen=under_way.seen)
        step: Step | None = under_way.step
        while step is not None:
            url, content = self._request(step, under_way.asked)
            walk.ask(url.encode() + b"\n" + (content or b""), shown(url))
            reply = self._fetch(url, content, memory, expiring=resumed)
            resumed = False
            if reply.status in (204, 304):
                break
            body = body_of(reply) if needs_body(pages, reply) else None
            items = items_of(body, pages, reply)
            if options.since and items:
                under_way = replace(under_way, mark=newest(under_way.mark, items, options.since))
            step = walk.after(step, reply, url, body, items)
            if step is not None:
                under_way = replace(under_way, step=step, number=walk.number, seen=walk.seen)
            yield from self._new(reply, items, url, walk.number, memory, under_way if step is not None else None)
        self._end(walk, under_way, memory)

    def _end(self, walk: Walk, under_way: Pass, memory: Memory) -> None:
        """Close a pass that went through to its end."""
        self._passes.drop(memory)
        if missing := walk.short_of():
            raise Retry(
                f"the partner's list ended {missing} items short of the {walk.total} that it speaks of",
                hint="what came is kept, and the next pass asks for all again; if it stays so, correct pages: total",
            )
        if self.options.since and under_way.mark is not None:
            memory.put(self._mark_name, under_way.mark)

    def _new(
        self, reply: Reply, items: list[Any] | None, url: str, number: int, memory: Memory, going_on: Pass | None
    ) -> Iterator[Inbound]:
        """What of a page is new; the note of how to go on is written before the last piece: committed with it."""
        pages = self.options.pages
        pieces = list(self._pieces(reply, items)) if reply.content and items != [] else []
        pieces = [(key, content) for key, content in dict(pieces).items() if not memory.seen(key)]
        for position, (key, content) in enumerate(pieces, start=1):
            if position == len(pieces):
                self._note(reply, url, memory, going_on)
            facts: dict[str, Any] = {
                "status": reply.status,
                "page": number,
                "item": position if pages.each == "item" else None,
                "content_type": reply.headers.get("content-type"),
                "etag": reply.headers.get("etag"),
            }
            yield Inbound(
                key=key,
                content=content,
                origin=shown(url),
                metadata={name: str(value) for name, value in facts.items() if value is not None},
            )
        if not pieces:
            self._note(reply, url, memory, going_on)

    def _note(self, reply: Reply, url: str, memory: Memory, going_on: Pass | None) -> None:
        if self.options.pages.style == "none":
            memory.put(self._etag_name(url), reply.headers.get("etag"))
        if going_on is not None:
            self._passes.keep(memory, going_on)

    def _pieces(self, reply: Reply, items: list[Any] | None) -> Iterator[tuple[str, bytes]]:
        """Key and content of what a page brings: itself, or its items as they stand in it."""
        options, pages = self.options, self.options.pages
        query = urlencode(options.query) + (json.dumps(options.body, sort_keys=True) if options.body else "")
        start = f"{options.method} {options.path}"
        if pages.each == "page" or items is None or pages.items is None:
            content = reply.content if items is None else _canonical(items)
            yield f"{start} {_digest(query, content)}", reply.content
            return
        for item, text in zip(items, items_at(text_of(reply.content), pages.items), strict=True):
            version = [at(item, field) for field in pages.identity]
            if any(value is None for value in version):
                missing = pages.identity[version.index(None)]
                raise Stop(f"an item has no {missing!r}", hint="correct pages: identity, or leave it out")
            yield f"{start} item {_digest(query, _canonical(version or item))}", text.encode()

    def _request(self, step: Step, asked: str | None) -> tuple[str, bytes | None]:
        """Address and body of a request."""
        options = self.options
        base = self.connection.base_url + options.path
        more = {} if isinstance(step, str) else dict(step)
        if options.since and asked is not None:
            more = {options.since.parameter or options.since.field: stepped_back(asked, options.since.overlap), **more}
        in_query = {**options.query, **(more if options.parameters == "query" else {})}
        url = step if isinstance(step, str) else base + (f"?{urlencode(in_query)}" if in_query else "")
        if options.method == "GET":
            return url, None
        numbers = {name: int(value) if value.isdecimal() else value for name, value in more.items()}
        return url, json.dumps({**(options.body or {}), **(numbers if options.parameters == "body" else {})}).encode()

    def _fetch(self, url: str, content: bytes | None, memory: Memory, *, expiring: bool) -> Reply:
        """One page.  Raises `_Expired` where it ``expiring`` is an old one that is gone."""
        headers = {"Accept": self.options.accept, **self.options.headers}
        if content is not None:
            headers = {"Content-Type": "application/json", **headers}
        if self.options.pages.style == "none" and (etag := memory.get(self._etag_name(url))):
            headers["If-None-Match"] = etag

        def judge(reply: Reply) -> TransloadError | None:
            return None if expiring and reply.status in _EXPIRED else self._judge(reply)

        reply = self._client.call(
            self.options.method,
            url,
            judge=judge,
            repeatable=True,
            body=content,
            headers=headers,
            patience=self.options.patience.total_seconds(),
        )
        if reply.status in _EXPIRED:
            raise _Expired
        if not reply.whole:
            raise Stop(
                f"the answer to {reply.call} has more than {self.connection.max_body} bytes",
                hint="ask for smaller pages, or raise max_body of the connection",
            )
        return reply

    def _judge(self, reply: Reply) -> TransloadError | None:
        if reply.status in (200, 204, 304):
            other = foreign(reply, self.options.accept) if reply.status == 200 else None
            return Retry(other.message, hint=other.hint, findings=[other]) if other else None
        error = refusal(reply, self.connection, repeatable=True)
        if isinstance(error, Reject):  # there is no document yet that could be wrong: the address or query is
            return Stop(error.message, hint="correct path and query of the route", findings=error.findings)
        return error

    def _keep_peace(self, memory: Memory) -> None:
        """Raise `Retry` while the partner's Retry-After lasts, which an earlier pass got."""
        until = memory.get(self._rest_name)
        if until is None:
            return
        try:
            left = (datetime.fromisoformat(until) - self._clock()).total_seconds()
        except (ValueError, TypeError):
            left = 0
        if 0 < left <= self.connection.longest_wait.total_seconds():  # more: our clock was set back
            raise Retry(f"the partner asked to be left alone until {until}", wait=left, hint="nothing needs to be done")
        memory.put(self._rest_name, None)

    @property
    def _mark_name(self) -> str:
        return f"since {self.options.path}"

    @property
    def _rest_name(self) -> str:
        return f"rest {self.options.path}"

    def _etag_name(self, url: str) -> str:
        return f"etag {self.options.path} {sha256(self._below(url).encode()).hexdigest()[:16]}"

    def _below(self, url: str) -> str:
        """The address below the base, which may change (a test system, a new host) while the resource is the same."""
        return url.removeprefix(self.connection.base_url)


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()


def _digest(query: str, content: bytes) -> str:
    return sha256(f"{query}\n".encode() + content).hexdigest()
