"""Fetching documents from a SOAP service: one operation, asked again and again."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256

from lxml import etree

from transload.adapters.base import Inbound, Memory, Probe, Source
from transload.adapters.base.watermarks import later, stepped_back
from transload.adapters.soap.answers import Called
from transload.adapters.soap.client import Client, Clock, our_clock
from transload.adapters.soap.envelope import parse_body
from transload.adapters.soap.parts import Attachment
from transload.adapters.soap.paths import elements_at, filled, text_at
from transload.adapters.soap.probe import probe
from transload.adapters.soap.settings import SoapConnection, SoapSince, SoapSourceOptions
from transload.adapters.soap.wsdl import Operation, find_operation
from transload.canonical.errors import Reject, Stop


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """What becomes a receipt: the answer, an item of it, or a part beside it, which nobody acknowledges alone."""

    key: str
    content: bytes
    element: "etree._Element | None" = None
    attachment: Attachment | None = None


class SoapSource(Source[SoapConnection, SoapSourceOptions]):
    """Calls one operation; the XML that the answer's body holds is one inbound, or each item of it.

    Parts beside the envelope that it does not include are inbounds of their own, and come first.  An item is known by
    its ``identity``, or its hash; an answer by the hash of request and content.  Note in the memory:
    ``since <operation>``, written with the last item of an answer.

    Where there is an operation to acknowledge, all items come again until it was called for them: those
    that are known are acknowledged only.
    """

    Options = SoapSourceOptions

    def __init__(
        self,
        connection: SoapConnection,
        options: SoapSourceOptions,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Clock = our_clock,
    ) -> None:
        super().__init__(connection, options)
        self._client = Client(connection, sleep=sleep, clock=clock)
        self._clock = clock

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def probe(self) -> Probe:
        """Read the WSDL, look for the operations, and look at the service's address; nothing is called."""
        acknowledge = self.options.acknowledge
        named = [self.options.operation, *([acknowledge.operation] if acknowledge else [])]
        return probe(self._client, self.connection, named, clock=self._clock)

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield what is new.  Raises `Retry`, and `Stop` also for a request that the service refuses."""
        operation = find_operation(self.connection, self.options.operation)
        acknowledge = self.options.acknowledge
        if acknowledge is not None:  # before anything is received that could not be acknowledged
            find_operation(self.connection, acknowledge.operation)
        told: set[str] = set()
        for _ in range(self.options.calls):
            mark = memory.get(self._mark_name) or (self.options.since.start if self.options.since else None)
            called = self._ask(operation, mark)
            pieces = list(self._pieces(called))
            offered = [piece for piece in pieces if acknowledge is not None or not memory.seen(piece.key)]
            offered = [piece for piece in offered if piece.key not in told]  # what a service keeps offering
            moved = self._newest(mark, pieces)
            for position, piece in enumerate(offered, start=1):
                if position == len(offered):
                    memory.put(self._mark_name, moved)
                told.add(piece.key)
                yield self._inbound(operation, called, piece)
            if not offered:
                memory.put(self._mark_name, moved)
                return

    def _ask(self, operation: Operation, mark: str | None) -> Called:
        options = self.options
        text = options.request
        request = text.encode()
        if options.since is not None and mark is not None:
            asked = stepped_back(mark, options.since.overlap)
            request = filled(text, lambda name: asked if name == "since" else None, setting="request")
        return self._call(operation, request, "request")

    def _call(self, operation: Operation, request: bytes, setting: str) -> Called:
        """A call of ours; a refused one is the configuration's fault, since no document could be wrong."""
        try:
            body = parse_body(request)
            operation.check(body)
            return self._client.call(operation, body, key=None, repeatable=True)
        except Reject as error:
            hint = f"correct {setting}: of the route; or say under faults: what this fault means"
            findings = [replace(finding, hint=hint) for finding in error.findings]
            raise Stop(error.message, hint=hint, findings=findings) from error

    def _pieces(self, called: Called) -> Iterator[_Piece]:
        """What an answer brings; parts come first, since nothing is acknowledged before all of it is committed."""
        options = self.options
        for attachment in called.attachments:
            digest = sha256(f"{attachment.kind}\n{attachment.name}\n{attachment.digest}".encode()).hexdigest()
            yield _Piece(key=f"{options.operation} part {digest}", content=attachment.content, attachment=attachment)
        if called.element is not None and options.items is None:
            content = called.content or b""
            yield _Piece(key=self._key(options.request.encode() + content), content=content, element=called.element)
        elif called.element is not None and options.items is not None:
            known = set()
            for item in elements_at(called.element, options.items):
                content = etree.tostring(item, encoding="utf-8", with_tail=False)
                key = self._item_key(item)
                if key not in known:
                    yield _Piece(key=key, content=content, element=item)
                known.add(key)

    def _key(self, content: bytes) -> str:
        return f"{self.options.operation} {sha256(content).hexdigest()}"

    def _item_key(self, item: "etree._Element") -> str:
        version = []
        for path in self.options.identity:
            value = text_at(item, path)
            if value is None:
                raise Stop(f"an item has no {path!r}", hint="correct identity:, or leave it out")
            version.append(value)
        told = "\n".join(version).encode() or etree.tostring(item, method="c14n", exclusive=True, with_tail=False)
        return f"{self.options.operation} item {sha256(told).hexdigest()}"

    def _newest(self, mark: str | None, pieces: list[_Piece]) -> str | None:
        since = self.options.since
        if since is None:
            return None
        for piece in pieces:
            if piece.element is not None:
                found = _mark(piece.element, since)
                mark = found if mark is None or later(found, mark) else mark
        return mark

    def _inbound(self, operation: Operation, called: Called, piece: _Piece) -> Inbound:
        metadata = {"status": str(called.status), "content_type": "application/xml"}
        if piece.attachment is not None:
            part = piece.attachment
            metadata |= {"content_type": part.kind, "content_id": part.identity, "name": part.name or ""}
        return Inbound(
            key=piece.key,
            content=piece.content,
            origin=f"{operation.address} {operation.name}",
            metadata={name: value for name, value in metadata.items() if value},
            settle=lambda: self._acknowledge(piece),
        )

    def _acknowledge(self, piece: _Piece) -> None:
        acknowledge, element = self.options.acknowledge, piece.element
        if acknowledge is None or element is None:
            return
        request = filled(acknowledge.request, lambda path: text_at(element, path), setting="request of acknowledge")
        self._call(find_operation(self.connection, acknowledge.operation), request, "acknowledge: request")

    @property
    def _mark_name(self) -> str:
        return f"since {self.options.operation}"


def _mark(item: "etree._Element", since: SoapSince) -> str:
    found = text_at(item, since.field)
    if found is None:
        raise Stop(f"an item has no {since.field!r}", hint="correct since: field, or leave since out")
    return found
