"""The endpoint: a request is opened, proved and checked; what its body holds is committed, and then answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from urllib.parse import parse_qs

from lxml import etree

from transload.adapters.base import Inbound
from transload.adapters.base.callers import Callers, refused
from transload.adapters.base.endpoint import Refused, Request, Response
from transload.adapters.base.media import media_type
from transload.adapters.base.responding import RespondingEndpoint, Result, Wanted
from transload.adapters.base.soap import SOAP_11, SOAP_12, envelope_space
from transload.adapters.soap.envelope import Opened, OtherVersion, opened, parse_body
from transload.adapters.soap.paths import filled, text_at
from transload.adapters.soap.security.verification import Signed
from transload.adapters.soap.service.answering import Trouble, answered, fault
from transload.adapters.soap.service.headers import Blocks
from transload.adapters.soap.service.offer import Offer, Offered, offer_of
from transload.adapters.soap.service.proofs import Proofs, signed_message_id
from transload.adapters.soap.service.sealing import Seal
from transload.adapters.soap.service.settings import SoapServiceConnection, SoapServiceOptions
from transload.adapters.soap.service.tokens import Unproved
from transload.canonical.errors import Reject, Stop

_VERSIONS = {"text/xml": SOAP_11, "application/soap+xml": SOAP_12}
_MOST_PARTS = 100


class SoapEndpoint(RespondingEndpoint[SoapServiceConnection, SoapServiceOptions]):
    """Takes what a partner sends to an operation of ours.

    The content is the element that the body held; headers, which hold passwords, are not kept.  Findings in the log:
    ``W-CALL`` (refused, and why).  The sender is told a fault with a code; of a wrong login no more than that.
    """

    Options = SoapServiceOptions
    formats = frozenset({"soap", "xml"})

    def __init__(self, connection: SoapServiceConnection, options: SoapServiceOptions) -> None:
        super().__init__(connection, options)
        self._callers = Callers(connection)
        self._proofs = Proofs(connection)
        self._seal = Seal(connection.sign)
        self._offer: Offer | None = None

    @property
    def path(self) -> str:
        """See `Endpoint.path`."""
        return self.connection.path

    @property
    def largest(self) -> int:
        """See `Endpoint.largest`."""
        return self.connection.largest

    def prepare(self) -> None:
        """Read the WSDL, and what requests are checked and answers signed with.  Raises `Stop`."""
        self._proofs.prepare()
        self._seal.prepare()
        self._offer = offer_of(self.connection, self.options)

    def greet(self, request: Request) -> Response | None:
        """The WSDL, for GET with ``?wsdl``, and the files that it imports."""
        if request.method != "GET" or not self.connection.publish:
            return None
        self._callers.admit(request)
        asked = parse_qs(request.query, keep_blank_values=True)
        if "wsdl" in {name.lower() for name in asked}:
            return Response(status=200, content=self._offered.main, content_type="text/xml; charset=utf-8")
        file = self._offered.files.get(asked.get("file", [""])[0])
        if file is None:
            return Response(status=404, content=b"not found\n")
        return Response(status=200, content=file, content_type="text/xml; charset=utf-8")

    def accept(self, request: Request, now: datetime) -> Inbound:
        """What the body of the request holds; known by its identity, or by its content and MessageID."""
        self._callers.admit(request)
        if request.method != "POST":
            told = Response(status=405, content=b"only POST\n", headers={"Allow": "POST"})
            raise refused(told, f"the method is {request.method}", request)
        found = self._opened(request)
        space = str(envelope_space(found.envelope))
        blocks = Blocks(found.envelope, space)
        signed = self._proved(request, found, blocks, space, now)
        relates_to = blocks.message_id
        trouble = blocks.trouble(checked=self._proofs.understood)
        if trouble is not None:
            raise self._faulted(request, space, trouble, relates_to)
        try:
            offered, body = self._called(found)
            if signed is not None and not offered.taken.identity:
                _check_message_id(blocks, signed)
            content = _content(body)
            _response(offered, body)  # what cannot be answered is not taken
            key = self._key(offered, body, relates_to)
        except _Wrong as error:
            raise self._faulted(request, space, Trouble(code="Client", reason=str(error)), relates_to) from error
        known = {
            "client": request.client,
            "content_type": "application/xml",
            "operation": offered.operation.name,
            "soap": "1.1" if space == SOAP_11 else "1.2",
            "message_id": relates_to,
            "signed_by": signed.certificate if signed is not None else None,
        }
        return Inbound(
            key=key,
            content=content,
            origin=f"{request.method} {request.path} {offered.operation.name}",
            metadata={name: value for name, value in known.items() if value},
        )

    def respond(self, inbound: Inbound, *, earlier: Mapping[str, str] | None) -> Response:
        """The response that the options describe; the same for a repeat, whose sender may not have heard the first."""
        assert isinstance(inbound.content, bytes)
        offered = self._offered_to(inbound)
        body = _response(offered, parse_body(inbound.content))
        return Response(status=202) if body is None else self._answered(inbound, offered, body)

    def needed(self) -> Sequence[Wanted]:
        """The outputs of operations whose options write none."""
        return [_wanted(offered) for offered in self._offered.operations.values() if offered.needs_mapping]

    def wanted(self, inbound: Inbound) -> Wanted | None:
        """The output of the operation, where its options write none."""
        offered = self._offered_to(inbound)
        return _wanted(offered) if offered.needs_mapping else None

    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        """The body in an envelope; a fault with what is wrong where no mapping writes that."""
        offered = self._offered_to(inbound)
        if result.content is None:
            why = result.findings[0].message if result.findings else "it cannot be read"
            trouble = Trouble(code="Client", reason=f"The message was not taken: {why}", findings=result.findings)
            told = fault(_space(inbound), trouble, relates_to=inbound.metadata.get("message_id"))
            return self._seal.put_on(told)
        body = parse_body(result.content)
        if body.tag != offered.operation.output:
            message = f"{offered.operation.name} answers with {offered.operation.output}, and {body.tag} was written"
            raise Reject(message, hint="correct the mapping under response: of the route")
        return self._answered(inbound, offered, body)

    def _offered_to(self, inbound: Inbound) -> Offered:
        """The operation that was called."""
        name = inbound.metadata["operation"]
        return next(one for one in self._offered.operations.values() if one.operation.name == name)

    def _answered(self, inbound: Inbound, offered: Offered, body: "etree._Element") -> Response:
        relates_to = inbound.metadata.get("message_id")
        made = answered(_space(inbound), body, action=offered.response_action, relates_to=relates_to)
        return self._seal.put_on(made)

    @property
    def _offered(self) -> Offer:
        assert self._offer is not None, "prepare() comes first"
        return self._offer

    def _opened(self, request: Request) -> Opened:
        kind = media_type(request.header("content-type"))
        if kind not in (*_VERSIONS, "multipart/related"):
            told = Response(status=415, content=b"only text/xml, application/soap+xml, multipart/related\n")
            raise refused(told, f"the content type is {kind!r}", request)
        found = opened(
            request.content,
            request.header("content-type"),
            most_attachments=_MOST_PARTS,
            most_bytes=self.connection.largest,
        )
        if isinstance(found, str):
            code = "VersionMismatch" if isinstance(found, OtherVersion) else "Client"
            reason = f"No envelope of SOAP 1.1 or 1.2: {found}"
            trouble = Trouble(code=code, reason=reason)
            raise refused(fault(_VERSIONS.get(kind, SOAP_11), trouble), f"{code}: {reason}"[:500], request)
        return found

    def _proved(self, request: Request, found: Opened, blocks: Blocks, space: str, now: datetime) -> Signed | None:
        try:
            return self._proofs.check(found.envelope, blocks, request.content, now)
        except Unproved as error:
            raise refused(fault(space, error.told), str(error), request, hint=error.hint) from error

    def _faulted(self, request: Request, space: str, trouble: Trouble, relates_to: str | None) -> Refused:
        """A fault for somebody who has proved himself: nobody else gets our signature under what he wrote."""
        told = self._seal.put_on(fault(space, trouble, relates_to=relates_to))
        return refused(told, f"{trouble.code}: {trouble.reason}"[:500], request)

    def _called(self, found: Opened) -> "tuple[Offered, etree._Element]":
        if found.content is None or found.count != 1:
            raise _Wrong(f"The body holds {found.count} elements, and one is needed")
        offered = self._offered.operations.get(str(found.content.tag))
        if offered is None:
            raise _Wrong(f"{found.content.tag} is not taken here")
        if found.attachments:
            raise _Wrong("Parts that the body does not include are not taken")
        try:
            offered.operation.check(found.content)
        except Reject as error:
            raise _Wrong(error.message) from error
        return offered, found.content

    def _key(self, offered: Offered, body: "etree._Element", message_id: str | None) -> str:
        start = f"{self.path}|{offered.operation.name}"
        if not offered.taken.identity:
            digest = sha256(etree.tostring(body, method="c14n", exclusive=True, with_tail=False)).hexdigest()
            return f"{start}|sha256|{digest}" + (f"|{message_id}" if message_id else "")
        told = []
        for path in offered.taken.identity:
            value = text_at(body, path)
            if value is None:
                raise _Wrong(f"{path} is missing, which says which message it is")
            told.append(value)
        return f"{start}|id|{sha256(chr(10).join(told).encode()).hexdigest()}"


class _Wrong(Exception):
    """What a request has wrong, in words for its sender."""


def _check_message_id(blocks: Blocks, signed: Signed) -> None:
    if not signed_message_id(blocks, signed):
        raise _Wrong("The MessageID says which message it is, and the signature does not cover it")


def _content(body: "etree._Element") -> bytes:
    """The body as it is kept.  Raises `_Wrong` when it cannot be read again: a part in its place may be too large."""
    content = etree.tostring(body, encoding="utf-8", with_tail=False)
    try:
        parse_body(content)
    except Reject as error:
        raise _Wrong(error.message) from error
    return content


def _response(offered: Offered, body: "etree._Element") -> "etree._Element | None":
    """What the options write; None where they write nothing.  Raises `_Wrong` when it lacks what is repeated."""
    if offered.taken.response is None:
        return None
    try:
        return parse_body(filled(offered.taken.response, lambda path: text_at(body, path), setting="response"))
    except Stop as error:
        raise _Wrong(f"{error.message.partition(' ')[0].strip('{}')} is missing, which the answer repeats") from error


def _wanted(offered: Offered) -> Wanted:
    name = etree.QName(str(offered.operation.output))
    return Wanted(request=offered.operation.name, kind=name.localname, version=name.namespace or "")


def _space(inbound: Inbound) -> str:
    return SOAP_11 if inbound.metadata["soap"] == "1.1" else SOAP_12
