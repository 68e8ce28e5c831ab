"""Sending documents to a REST API."""

import time
from collections.abc import Callable
from urllib.parse import unquote

from transload.adapters.base import Answer, Finding, Landing, Outbound, Probe, Target
from transload.adapters.base.http import Reply, refusal
from transload.adapters.base.media import foreign
from transload.adapters.rest.address import escape
from transload.adapters.rest.answers import Answers
from transload.adapters.rest.bodies import at, read
from transload.adapters.rest.client import Client
from transload.adapters.rest.probe import probe
from transload.adapters.rest.settings import RestConnection, RestTarget
from transload.canonical.errors import Reject, TransloadError

_REPEATABLE = ("PUT", "DELETE")
"""Methods of which a repetition has no second effect (RFC 9110 section 9.2.2)."""


class RestApiTarget(Target[RestConnection, RestTarget]):
    """Sends each delivery as one request.

    Idempotent with ``idempotency: header``, and with PUT and DELETE unless they have a condition:
    a second one would fail for what the first has done.  The answer carries the body that came
    back, its status and content type, and as reference what the partner calls it, or the Location.
    """

    Options = RestTarget
    forgoes = frozenset({"lookup", "lookup_query"})

    def __init__(
        self, connection: RestConnection, options: RestTarget, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(connection, options)
        repeatable = options.method in _REPEATABLE and options.condition == "none"
        self.idempotent = options.idempotency == "header" or repeatable
        self._client = Client(connection, sleep=sleep)
        self._answers = Answers(connection=connection, options=options, idempotent=self.idempotent)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def probe(self) -> Probe:
        """Look at the server and try the login; nothing is sent."""
        return probe(self._client, self.connection)

    def deliver(self, outbound: Outbound) -> Answer:
        """Send ``outbound``; see `Target.deliver` for what is raised."""
        options = self.options
        url = self._url(outbound, "path", "query")
        headers = {"Accept": options.accept, **self._headers(outbound)}
        headers["Content-Type"] = options.content_type or outbound.content_type
        if options.idempotency == "header":
            headers[options.idempotency_header] = outbound.key
        if options.condition == "absent":
            headers["If-None-Match"] = "*"
        elif options.condition == "unchanged":
            headers["If-Match"] = self._etag(outbound, url)
        reply = self._client.call(
            options.method,
            url,
            judge=lambda reply: self._answers.judge(reply, outbound),
            repeatable=self.idempotent,
            body=outbound.content,
            headers=headers,
        )
        return self._answers.answer(reply)

    def verify(self, outbound: Outbound) -> Landing:
        """Ask at ``lookup`` whether the delivery is there: 200 yes, 404 and 410 no, anything else leaves it open.

        With ``lookup_items`` 200 with an empty list is a no, too.  Raises `Retry`, `Stop` when the
        question cannot be asked now.
        """
        options = self.options
        if options.lookup is None or not self._lookup_is_filled(outbound):
            return Landing.CANNOT_TELL
        try:
            reply = self._client.call(
                "GET",
                self._url(outbound, "lookup", "lookup_query"),
                judge=self._judge_lookup,
                repeatable=True,
                headers={"Accept": options.accept, **self._headers(outbound)},
            )
        except Reject:
            return Landing.CANNOT_TELL
        if reply.status in (404, 410):
            return Landing.NOT_LANDED
        if not reply.whole or foreign(reply, options.accept) is not None:
            return Landing.CANNOT_TELL
        return Landing.LANDED if options.lookup_items is None else self._listed(reply, options.lookup_items)

    def _lookup_is_filled(self, outbound: Outbound) -> bool:
        """False for what was staged before there was a lookup: a template as written asks for no document at all."""
        templates = {name: getattr(self.options, name) for name in self.forgoes}
        return all(name in outbound.metadata for name, text in templates.items() if "{" in (text or ""))

    @staticmethod
    def _listed(reply: Reply, path: str) -> Landing:
        try:
            found = at(read(reply.content), path)
        except (ValueError, RecursionError):
            return Landing.CANNOT_TELL
        if not isinstance(found, list):
            return Landing.CANNOT_TELL
        return Landing.LANDED if found else Landing.NOT_LANDED

    def _judge_lookup(self, reply: Reply) -> TransloadError | None:
        return None if reply.status in (200, 404, 410) else refusal(reply, self.connection, repeatable=True)

    def _etag(self, outbound: Outbound, url: str) -> str:
        """The ETag that the resource must still have.  Raises what asking for it means, and `Reject` without one."""
        if self.options.etag is not None:
            return self._header("etag", outbound.metadata.get("etag", self.options.etag))
        reply = self._client.call(
            "GET", url, judge=self._judge_current, repeatable=True, headers={"Accept": self.options.accept}
        )
        etag = reply.headers.get("etag")
        if etag is None:
            message = f"{reply.call} gave no ETag, so nobody can tell whether it was changed"
            hint = "ask the partner, or write condition: none"
            raise Reject(message, hint=hint, findings=[Finding(code="H-ETAG", message=message, hint=hint)])
        return etag

    def _judge_current(self, reply: Reply) -> TransloadError | None:
        return None if reply.status == 200 else refusal(reply, self.connection, repeatable=True)

    def _headers(self, outbound: Outbound) -> dict[str, str]:
        return {
            name: self._header(f"headers.{name}", outbound.metadata.get(f"headers.{name}", template))
            for name, template in self.options.headers.items()
        }

    @staticmethod
    def _header(setting: str, filled: str) -> str:
        """The value of a header: what was written as %XX when its holes were filled is taken back."""
        value = unquote(filled) if "%" in filled else filled
        if not value.isascii() or not value.isprintable():
            message = f"{setting} cannot be sent, since no header can carry {value[:80]!r}"
            raise Reject(message, findings=[Finding(code="E-HEADER", message=message, value=value)])
        return value.strip()

    def _url(self, outbound: Outbound, name: str, query: str) -> str:
        template: str = getattr(self.options, name)
        filled = outbound.metadata.get(name, template)
        path = escape(template, filled if filled.startswith("/") else f"/{filled}")
        asked: str | None = getattr(self.options, query)
        return self.connection.base_url + path + self._query(asked, outbound.metadata.get(query))

    @staticmethod
    def _query(template: str | None, filled: str | None) -> str:
        return "" if template is None else "?" + escape(template, filled or template, path=False)
