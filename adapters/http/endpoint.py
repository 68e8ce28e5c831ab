"""The endpoint: who may call, whether it is proved, and what becomes of a repeat."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from transload.adapters.base import Inbound, Severity
from transload.adapters.base.called import Gate, refused
from transload.adapters.base.endpoint import Endpoint, Request, Response
from transload.adapters.http.settings import HttpConnection, HttpOptions
from transload.adapters.http.signatures import Unproved, proof_of


class HttpEndpoint(Endpoint[HttpConnection, HttpOptions]):
    """Takes what a partner posts to an address of ours.

    Findings in the log: ``W-CALL`` (refused: address, method, proof, rate, size, content type).  Senders are told a
    status and few words; 401 says nothing about what was wrong.
    """

    Options = HttpOptions

    def __init__(self, connection: HttpConnection, options: HttpOptions) -> None:
        super().__init__(connection, options)
        self._gate = Gate(connection.allowed, connection.rate)

    @property
    def path(self) -> str:
        """See `Endpoint.path`."""
        return self.connection.path

    @property
    def largest(self) -> int:
        """See `Endpoint.largest`."""
        return self.connection.largest

    def accept(self, request: Request, now: datetime) -> Inbound:
        """The request's body, with its headers as metadata; its key is the message's own number, or its content."""
        self._gate.check(request)
        try:
            proof = proof_of(request, self.connection, now)
        except Unproved as error:
            raise refused(401, "not authorised", str(error), request) from error
        kind = request.header("content-type").partition(";")[0].strip().lower()
        if self.options.content_types and kind not in self.options.content_types:
            raise refused(415, "this content type is not taken", f"the content type is {kind!r}", request)
        if not request.content:
            raise refused(400, "the request is empty", "the request has no body", request)
        ignore = self.options.ignore
        if ignore is not None and request.header(ignore.header) in ignore.values:
            ignored = f"{ignore.header} is {request.header(ignore.header)}, which is ignored"
            raise refused(204, "", ignored, request, severity=Severity.REMARK)
        digest = sha256(request.content).hexdigest()
        number = request.header(self.options.id_header) if self.options.id_header else proof.id
        return Inbound(
            key=f"{self.path}|id|{number}" if number else f"{self.path}|sha256|{digest}",
            content=request.content,
            origin=f"{request.method} {request.path}" + (f" {number}" if number else ""),
            metadata={
                "client": request.client,
                "content_type": kind,
                "sha256": digest,
                **({"id": number} if number else {}),
            },
        )

    def respond(self, inbound: Inbound, *, earlier: Mapping[str, str] | None) -> Response:
        """The status that the options name; the same for a repeat, whose sender may not have heard the first."""
        status = self.options.status
        if status == 204:
            return Response(status=204)
        return Response(status=status, content=b"received\n" if earlier is None else b"received before\n")
