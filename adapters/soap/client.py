"""One SOAP connection in use: its session, its calls, and what is kept of them."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import requests
import tenacity
from lxml import etree

from transload.adapters.base import Finding, Severity
from transload.adapters.base.http import Reply, exchange
from transload.adapters.soap.answers import Called, Judging
from transload.adapters.soap.envelope import Request, build
from transload.adapters.soap.login import hidden_in, session_for
from transload.adapters.soap.security.verification import Verification
from transload.adapters.soap.settings import SoapConnection
from transload.adapters.soap.wsdl import Operation
from transload.canonical.errors import Retry, TransloadError

Clock = Callable[[], datetime]
_BUSY = (425, 429, 503)
"""Statuses that ask for peace; only the durable retry comes back after one."""
_ACCEPT = "application/soap+xml, text/xml, multipart/related"


def our_clock() -> datetime:
    """What time it is, UTC."""
    return datetime.now(UTC)


class Client:
    """Calls one service.  Nothing is opened before the first call; close it."""

    def __init__(
        self, connection: SoapConnection, *, sleep: Callable[[float], None] = time.sleep, clock: Clock = our_clock
    ) -> None:
        self._connection = connection
        self._sleep = sleep
        self._clock = clock
        self._session: requests.Session | None = None

    def close(self) -> None:
        """Close the session, if there is one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def call(
        self,
        operation: Operation,
        body: "etree._Element",
        *,
        key: str | None,
        repeatable: bool,
        missing: frozenset[str] = frozenset(),
    ) -> Called:
        """Call ``operation`` with ``body``; the MessageID is made of ``key``, or by chance.

        ``missing`` are names of faults that say that nothing is there, which is an answer as any other.
        Raises `Retry`, `Reject`, `Stop`, `Unknown`; their last finding tells what was sent.
        """
        if self._connection.security.verify is not None:
            Verification(settings=self._connection.security.verify).check_ready()
        busy = False
        judging = Judging(connection=self._connection, operation=operation, repeatable=repeatable, missing=missing)

        def once() -> Called:
            nonlocal busy
            request = build(operation, body, connection=self._connection, key=key, now=self._clock())
            try:
                reply = self._send(operation, request, repeatable)
                busy = reply.status in _BUSY
                return judging.judge(reply, request, self._clock())
            except TransloadError as error:
                error.findings = (*error.findings, _sent(request))
                raise

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._connection.tries if repeatable else 1),
            wait=tenacity.wait_random_exponential(multiplier=0.2, max=2),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, Retry) and not busy),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(once)

    def look(self, url: str) -> Reply:
        """Ask ``url`` with GET, whatever it answers.  Raises `Retry`, `Stop`."""
        return exchange(
            self._open(), "GET", url, settings=self._connection, repeatable=True, hidden=hidden_in(self._connection)
        )

    def _open(self) -> requests.Session:
        if self._session is None:
            self._session = session_for(self._connection)
        return self._session

    def _send(self, operation: Operation, request: Request, repeatable: bool) -> Reply:
        return exchange(
            self._open(),
            "POST",
            operation.address,
            settings=self._connection,
            repeatable=repeatable,
            body=request.content,
            headers={**request.headers, "Accept": _ACCEPT},
            hidden=(*request.hidden, *hidden_in(self._connection)),
        )


def _sent(request: Request) -> Finding:
    return Finding(
        code="S-SENT",
        severity=Severity.REMARK,
        message="the request, without its body and what is secret",
        value=request.captured,
    )
