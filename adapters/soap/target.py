"""Sending documents to a SOAP service."""

import time
from collections.abc import Callable

from transload.adapters.base import Answer, Outbound, Probe, Target
from transload.adapters.soap.client import Client
from transload.adapters.soap.envelope import parse_body
from transload.adapters.soap.settings import SoapConnection, SoapTargetOptions
from transload.adapters.soap.wsdl import find_operation


class SoapTarget(Target[SoapConnection, SoapTargetOptions]):
    """Calls one operation for each delivery, whose content is the XML of the operation's input element.

    The envelope, its security and its MessageID are made here, anew for each attempt,
    the MessageID always the same for one delivery.  The answer's content is the XML that
    the answer's body held.
    """

    Options = SoapTargetOptions

    def __init__(
        self, connection: SoapConnection, options: SoapTargetOptions, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(connection, options)
        self.idempotent = options.idempotent
        self._client = Client(connection, sleep=sleep)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def probe(self) -> Probe:
        """Read the WSDL, look for the operation, and see whether the address answers; nothing is called."""
        return self._client.probe(self.options.operation)

    def deliver(self, outbound: Outbound) -> Answer:
        """Call the operation; see `Target.deliver` for what is raised.  A fault is judged before anything else."""
        operation = find_operation(self.connection, self.options.operation)
        body = parse_body(outbound.content)
        operation.check(body)
        called = self._client.call(operation, body, key=outbound.key, repeatable=self.idempotent)
        return Answer(
            summary=called.summary,
            content=called.content,
            metadata={"status": str(called.status), "content_type": "application/xml"},
            findings=called.findings,
        )
