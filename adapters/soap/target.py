"""Sending documents to a SOAP service."""

import time
from collections.abc import Callable

from transload.adapters.base import Answer, Finding, Landing, Outbound, Probe, Severity, Target
from transload.adapters.soap.answers import Called
from transload.adapters.soap.client import Client, Clock, our_clock
from transload.adapters.soap.envelope import parse_body
from transload.adapters.soap.paths import holds_something, text_at, unescaped
from transload.adapters.soap.probe import probe
from transload.adapters.soap.settings import SoapConnection, SoapTargetOptions
from transload.adapters.soap.wsdl import find_operation
from transload.canonical.errors import Reject


class SoapTarget(Target[SoapConnection, SoapTargetOptions]):
    """Calls one operation for each delivery, whose content is the XML of the operation's input element.

    The envelope, its security and its MessageID are made here, anew for each attempt,
    the MessageID always the same for one delivery.  The answer's content is the XML that
    the answer's body held.
    """

    Options = SoapTargetOptions

    def __init__(
        self,
        connection: SoapConnection,
        options: SoapTargetOptions,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = our_clock,
    ) -> None:
        super().__init__(connection, options)
        self.idempotent = options.idempotent
        self._client = Client(connection, sleep=sleep, clock=clock)
        self._clock = clock

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def probe(self) -> Probe:
        """Read the WSDL, look for the operations, and look at the service's address; nothing is called."""
        named = [self.options.operation, *([self.options.lookup] if self.options.lookup else [])]
        return probe(self._client, self.connection, named, clock=self._clock)

    def deliver(self, outbound: Outbound) -> Answer:
        """Call the operation; see `Target.deliver` for what is raised.  A fault is judged before anything else."""
        operation = find_operation(self.connection, self.options.operation)
        body = parse_body(outbound.content)
        operation.check(body)
        called = self._client.call(operation, body, key=outbound.key, repeatable=self.idempotent)
        element, path = called.element, self.options.reference
        reference = text_at(element, path) if element is not None and path is not None else None
        metadata = _metadata(called)
        if self.options.answer == "message" and called.reply is not None:
            metadata["content_type"] = called.reply.headers.get("content-type", "application/octet-stream")
            content: bytes | None = called.reply.content
            findings = called.findings
        else:
            content = called.content
            findings = (*called.findings, *_lost_attachments(called))
        return Answer(
            summary=called.summary,
            reference=None if reference is None else reference[:200],
            content=content,
            metadata=metadata,
            findings=findings,
        )

    def verify(self, outbound: Outbound) -> Landing:
        """Ask by the operation under ``lookup:`` whether the document is there.

        An answer that holds something at ``lookup_found`` says yes; an answer of the operation's own
        element that holds nothing there, or a fault of ``lookup_missing``, says no; anything else leaves
        it open.  Raises `Retry`, `Stop` when the question cannot be asked now.
        """
        options = self.options
        if options.lookup is None or options.lookup_request is None or options.lookup_found is None:
            return Landing.CANNOT_TELL
        operation = find_operation(self.connection, options.lookup)
        request = outbound.metadata.get("lookup_request")
        if request is None:  # it was staged before there was a lookup: the template asks for no document at all
            return Landing.CANNOT_TELL
        try:
            body = parse_body(unescaped(request))
            operation.check(body)
            called = self._client.call(
                operation, body, key=None, repeatable=True, missing=frozenset(options.lookup_missing)
            )
        except Reject:
            return Landing.CANNOT_TELL
        if called.missing:
            return Landing.NOT_LANDED
        if called.element is None:
            return Landing.CANNOT_TELL
        if holds_something(called.element, options.lookup_found):
            return Landing.LANDED
        return Landing.NOT_LANDED if called.element.tag == operation.output else Landing.CANNOT_TELL


def _metadata(called: Called) -> dict[str, str]:
    known = {
        "status": str(called.status),
        "content_type": "application/xml",
        "message_id": called.message_id,
        "header": called.header,
        "attachments": "; ".join(f"{one.words} sha256 {one.digest}" for one in called.attachments) or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _lost_attachments(called: Called) -> list[Finding]:
    if not called.attachments:
        return []
    names = "; ".join(one.words for one in called.attachments)
    message = f"the answer has parts that its body does not include, and that were not kept: {names}"
    hint = "answer: message of the route keeps the whole answer"
    return [Finding(code="S-ATTACHMENT", severity=Severity.WARNING, message=message, hint=hint)]
