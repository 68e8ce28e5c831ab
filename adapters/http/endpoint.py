"""The endpoint: who may call, whether it is proved, and what becomes of a repeat."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from transload.adapters.base import Inbound, Severity
from transload.adapters.base.callers import Callers, refused_plainly
from transload.adapters.base.endpoint import Request, Response
from transload.adapters.base.printable import printable
from transload.adapters.base.responding import RespondingEndpoint, Result, Wanted
from transload.adapters.http.settings import HttpConnection, HttpOptions
from transload.adapters.http.signatures import Unproved, number_of, proof_of

_LONGEST_KIND = 200
_NOT_TAKEN = 422
"""Unprocessable Content (RFC 9110, 15.5.21): well-formed, and of no use."""


class HttpEndpoint(RespondingEndpoint[HttpConnection, HttpOptions]):
    """Takes what a partner posts to an address of ours.

    Findings in the log: ``W-CALL`` (refused: address, method, proof, rate, size, content type).  Senders are told a
    status and few words; 401 says nothing about what was wrong.
    """

    Options = HttpOptions
    formats = frozenset({"json", "xml", "soap"})

    def __init__(self, connection: HttpConnection, options: HttpOptions) -> None:
        super().__init__(connection, options)
        self._callers = Callers(connection)

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
        self._callers.admit(request)
        if request.method != "POST":
            raise refused_plainly(
                405, "only POST", f"the method is {request.method}", request, headers={"Allow": "POST"}
            )
        try:
            proof = proof_of(request, self.connection, now)
        except Unproved as error:
            raise refused_plainly(401, "not authorised", str(error), request) from error
        kind = request.header("content-type").partition(";")[0].strip().lower()
        if self.options.content_types and kind not in self.options.content_types:
            raise refused_plainly(415, "this content type is not taken", f"the content type is {kind[:60]!r}", request)
        if not request.content:
            raise refused_plainly(400, "the request is empty", "the request has no body", request)
        ignore = self.options.ignore
        if ignore is not None and request.header(ignore.header) in ignore.values:
            ignored = f"{ignore.header} is {request.header(ignore.header)}, which is ignored"
            raise refused_plainly(204, "", ignored, request, severity=Severity.REMARK)
        digest = sha256(request.content).hexdigest()
        number = number_of(request.header(self.options.id_header)) if self.options.id_header else proof.id
        return Inbound(
            key=f"{self.path}|id|{number}" if number else f"{self.path}|sha256|{digest}",
            content=request.content,
            origin=f"{request.method} {request.path}" + (f" {number}" if number else ""),
            metadata={
                "client": request.client,
                "content_type": ascii(kind)[1:-1][:_LONGEST_KIND],
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

    def wanted(self, inbound: Inbound) -> Wanted | None:
        """Whatever the route's mappings write."""
        return Wanted(request=f"POST {self.path}")

    def respond_with(self, inbound: Inbound, result: Result) -> Response:
        """The body, with the status of the options; 422 and what is wrong (RFC 9457) for a message not taken."""
        if result.taken:
            assert result.content is not None  # without one the options alone say what is answered
            status = 200 if self.options.status == 204 else self.options.status
            return Response(status=status, content=result.content, content_type=result.content_type)
        if result.content is not None:
            return Response(status=_NOT_TAKEN, content=result.content, content_type=result.content_type)
        errors = [
            {
                "code": finding.code,
                "detail": printable(finding.message),
                **({"pointer": printable(finding.place.path)} if finding.place and finding.place.path else {}),
            }
            for finding in result.findings
        ]
        problem = {"title": "The message was not taken", "status": _NOT_TAKEN, "errors": errors}
        content = json.dumps(problem, ensure_ascii=False, indent=1).encode()
        return Response(status=_NOT_TAKEN, content=content, content_type="application/problem+json")
