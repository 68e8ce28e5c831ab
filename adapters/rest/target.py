"""Sending documents to a REST API."""

import time
from collections.abc import Callable

from transload.adapters.base import Answer, Finding, Landing, Outbound, Probe, Severity, Target
from transload.adapters.base.http import Reply, refusal
from transload.adapters.rest.address import escape
from transload.adapters.rest.client import Client
from transload.adapters.rest.probe import probe
from transload.adapters.rest.settings import RestConnection, RestTarget
from transload.canonical.errors import Retry, TransloadError

_REPEATABLE = ("PUT", "DELETE")
"""Methods of which a repetition has no second effect (RFC 9110 section 9.2.2)."""


class RestApiTarget(Target[RestConnection, RestTarget]):
    """Sends each delivery as one request.

    Idempotent with ``idempotency: header``, and with PUT and DELETE.  The answer carries the
    body that came back, its status and content type, and as reference the Location.
    """

    Options = RestTarget

    def __init__(
        self, connection: RestConnection, options: RestTarget, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(connection, options)
        self.idempotent = options.idempotency == "header" or options.method in _REPEATABLE
        self._client = Client(connection, sleep=sleep)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def probe(self) -> Probe:
        """Ask for the connection's ``probe`` path; nothing is sent."""
        return probe(self._client, self.connection)

    def deliver(self, outbound: Outbound) -> Answer:
        """Send ``outbound``; see `Target.deliver` for what is raised."""
        options = self.options
        headers = {"Accept": options.accept, **options.headers}
        headers["Content-Type"] = options.content_type or outbound.content_type
        if options.idempotency == "header":
            headers[options.idempotency_header] = outbound.key
        reply = self._client.call(
            options.method,
            self._url(outbound, "path") + self._query(outbound),
            judge=self._judge,
            repeatable=self.idempotent,
            body=outbound.content,
            headers=headers,
        )
        return _answer(reply)

    def verify(self, outbound: Outbound) -> Landing:
        """Ask at ``lookup`` whether the delivery is there: 200 yes, 404 and 410 no, anything else leaves it open."""
        if self.options.lookup is None:
            return Landing.CANNOT_TELL
        try:
            reply = self._client.call(
                "GET",
                self._url(outbound, "lookup"),
                judge=self._judge_lookup,
                repeatable=True,
                headers={"Accept": self.options.accept},
            )
        except TransloadError:
            return Landing.CANNOT_TELL
        return Landing.LANDED if reply.status == 200 else Landing.NOT_LANDED

    def _judge(self, reply: Reply) -> TransloadError | None:
        if reply.status in self.options.accepted:
            return None
        error = refusal(reply, self.connection, repeatable=self.idempotent)
        if reply.status in self.options.retried:
            return Retry(error.message, findings=error.findings)
        return error

    def _judge_lookup(self, reply: Reply) -> TransloadError | None:
        return None if reply.status in (200, 404, 410) else refusal(reply, self.connection, repeatable=True)

    def _url(self, outbound: Outbound, name: str) -> str:
        template: str = getattr(self.options, name)
        filled = outbound.metadata.get(name, template)
        return self.connection.base_url + escape(template, filled if filled.startswith("/") else f"/{filled}")

    def _query(self, outbound: Outbound) -> str:
        template = self.options.query
        return "" if template is None else "?" + escape(template, outbound.metadata.get("query", template), path=False)


def _answer(reply: Reply) -> Answer:
    location = reply.headers.get("location")
    metadata = {"status": str(reply.status)}
    if content_type := reply.headers.get("content-type"):
        metadata["content_type"] = content_type
    if location:
        metadata["location"] = location
    findings: tuple[Finding, ...] = ()
    if not reply.whole:
        findings = (
            Finding(
                code="H-LARGE",
                severity=Severity.WARNING,
                message=f"the answer to {reply.call} is larger than max_body and was not kept",
                hint="raise max_body of the connection if the answer matters",
            ),
        )
    return Answer(
        summary=f"{reply.status} from {reply.call}",
        reference=location,
        content=reply.content if reply.content and reply.whole else None,
        metadata=metadata,
        findings=findings,
    )
