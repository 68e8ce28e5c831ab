"""Fetching documents from a SOAP service: one operation, asked again and again with the same request."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256

from transload.adapters.base import Inbound, Memory, Probe, Source
from transload.adapters.soap.client import Client
from transload.adapters.soap.envelope import parse_body
from transload.adapters.soap.settings import SoapConnection, SoapSourceOptions
from transload.adapters.soap.wsdl import find_operation
from transload.canonical.errors import Reject, Stop


class SoapSource(Source[SoapConnection, SoapSourceOptions]):
    """Calls one operation; the XML that the answer's body holds is one inbound, known by its hash."""

    Options = SoapSourceOptions

    def __init__(
        self, connection: SoapConnection, options: SoapSourceOptions, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        super().__init__(connection, options)
        self._client = Client(connection, sleep=sleep)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def probe(self) -> Probe:
        """Read the WSDL, look for the operation, and see whether the address answers; nothing is called."""
        return self._client.probe(self.options.operation)

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield the answer if it is new.  Raises `Retry`, and `Stop` also for a request that the service refuses."""
        options = self.options
        operation = find_operation(self.connection, options.operation)
        try:
            body = parse_body(options.request.encode())
            operation.check(body)
            called = self._client.call(operation, body, key=None, repeatable=True)
        except Reject as error:  # it is our configured request that is wrong, not a document
            hint = "correct request: of the route"
            findings = [replace(finding, hint=hint) for finding in error.findings]
            raise Stop(error.message, hint=hint, findings=findings) from error
        if called.content is None:
            return
        key = f"{options.operation} {sha256(options.request.encode() + called.content).hexdigest()}"
        if memory.seen(key):
            return
        yield Inbound(
            key=key,
            content=called.content,
            origin=f"{operation.address} {options.operation}",
            metadata={"status": str(called.status), "content_type": "application/xml"},
        )
