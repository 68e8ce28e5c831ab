"""One SOAP connection in use: its session, one call, and what an answer means."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests
import tenacity
from lxml import etree
from requests.auth import HTTPBasicAuth

from transload.adapters.base import Finding, Probe, Severity
from transload.adapters.base.http import Reply, exchange, lost, open_session, refusal
from transload.adapters.soap.envelope import build, message_id_for, open_answer
from transload.adapters.soap.faults import consequence_of, error_of, fault_of
from transload.adapters.soap.settings import SoapConnection
from transload.adapters.soap.wsdl import Operation, find_operation
from transload.canonical.errors import Reject, Retry, Stop, TransloadError

_BUSY = (425, 429, 503)
"""Statuses that ask for peace; only the durable retry comes back after one."""


@dataclass(frozen=True, kw_only=True)
class Called:
    """A call that was taken: the XML that the body of the answer held, and what is to be said about it."""

    summary: str
    status: int
    content: bytes | None
    findings: tuple[Finding, ...] = ()


class Client:
    """Calls one service.  Nothing is opened before the first call; close it."""

    def __init__(self, connection: SoapConnection, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._connection = connection
        self._sleep = sleep
        self._session: requests.Session | None = None

    def close(self) -> None:
        """Close the session, if there is one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def call(self, operation: Operation, body: "etree._Element", *, key: str | None, repeatable: bool) -> Called:
        """Call ``operation`` with ``body``; the MessageID is made of ``key``, or by chance.

        Raises `Retry`, `Reject`, `Stop`, `Unknown`.
        """
        busy = False

        def once() -> Called:
            nonlocal busy
            reply = self._send(operation, body, key, repeatable)
            busy = reply.status in _BUSY
            return self._judge(operation, reply, repeatable)

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._connection.tries if repeatable else 1),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=2),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, Retry) and not busy),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(once)

    def probe(self, operation: str) -> Probe:
        """Read the WSDL, look for the operation, and ask the service's address with GET: anything below 500 is good."""
        try:
            found = find_operation(self._connection, operation)
            reply = exchange(self._open(), "GET", found.address, settings=self._connection, repeatable=True)
            if reply.status >= 500 or reply.status in (401, 403, 404, 407) or 300 <= reply.status < 400:
                raise refusal(reply, self._connection, repeatable=True)
        except TransloadError as error:
            return Probe(ok=False, summary=error.message, findings=error.findings)
        return Probe(ok=True, summary=f"the WSDL has {operation}, and {reply.address} answers ({reply.status})")

    def _open(self) -> requests.Session:
        if self._session is None:
            login = self._connection.login
            auth = HTTPBasicAuth(login.username.encode(), login.password.get_secret_value().encode()) if login else None
            self._session = open_session(self._connection, auth=auth)
        return self._session

    def _send(self, operation: Operation, body: "etree._Element", key: str | None, repeatable: bool) -> Reply:
        addressed = self._connection.addressing or operation.addressing_action
        content, headers = build(
            operation,
            copy.deepcopy(body),
            security=self._connection.security,
            message_id=message_id_for(key) if addressed else None,
        )
        return exchange(
            self._open(),
            "POST",
            operation.address,
            settings=self._connection,
            repeatable=repeatable,
            body=content,
            headers={**headers, "Accept": "application/soap+xml, text/xml, multipart/related"},
        )

    def _judge(self, operation: Operation, reply: Reply, repeatable: bool) -> Called:
        summary = f"{operation.name}: {reply.status} from {reply.address}"
        good = 200 <= reply.status < 300
        if not reply.whole:
            raise self._too_large(reply, repeatable)
        if good and not reply.content.strip():  # a one-way operation, or HTTP's own "accepted"
            return Called(summary=summary, status=reply.status, content=None)
        opened = open_answer(reply)
        if isinstance(opened, str):
            raise self._no_envelope(reply, opened, repeatable)
        fault = fault_of(opened.content)
        if fault is not None:
            consequence = consequence_of(fault, self._connection.faults)
            if consequence == "accepted":
                return Called(summary=f"{summary}, {fault.names[0]}: there already", status=reply.status, content=None)
            raise error_of(fault, consequence, f"{operation.name} at {reply.address}")
        if not good:
            raise refusal(reply, self._connection, repeatable=repeatable)
        content = opened.content
        return Called(
            summary=summary,
            status=reply.status,
            content=None if content is None else etree.tostring(content, encoding="utf-8", with_tail=False),
            findings=tuple(self._remarks(operation, content, opened.attachments)),
        )

    def _too_large(self, reply: Reply, repeatable: bool) -> TransloadError:
        message = f"{reply.call} was answered with more than {self._connection.max_body} bytes, which were not read"
        if not 200 <= reply.status < 300:
            return refusal(reply, self._connection, repeatable=repeatable)
        if not repeatable:
            return lost(message, repeatable=False)
        return Stop(message, hint="ask for less at once, or raise max_body of the connection")

    def _no_envelope(self, reply: Reply, why: str, repeatable: bool) -> TransloadError:
        if 200 <= reply.status < 300:
            message = f"{reply.call} was answered with {reply.status}, but the answer cannot be read: {why}"
            finding = Finding(code="S-ANSWER", message=message, value=reply.beginning)
            return lost(message, repeatable=repeatable, findings=(finding,))
        error = refusal(reply, self._connection, repeatable=repeatable)
        if isinstance(error, Reject) and reply.status in (404, 410):  # no service there that could judge a document
            return Stop(error.message, hint="correct endpoint: of the connection", findings=error.findings)
        return error

    @staticmethod
    def _remarks(operation: Operation, content: "etree._Element | None", attachments: int) -> list[Finding]:
        found = []
        if content is not None and operation.output is not None and content.tag != operation.output:
            message = f"{operation.name} answers with {operation.output} by the WSDL, and did with {content.tag}"
            found.append(Finding(code="S-ANSWER", severity=Severity.WARNING, message=message))
        if attachments:
            message = f"the answer has {attachments} attachments, which were not kept"
            found.append(Finding(code="S-ATTACHMENT", severity=Severity.WARNING, message=message))
        return found
