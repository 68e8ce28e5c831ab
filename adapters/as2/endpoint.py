"""Receiving over AS2: messages, whose receipt is given once they are committed, and receipts for what we sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import urlsplit

from transload.adapters.as2 import files, mdn, mime, names
from transload.adapters.as2.cms import CmsFault, Kind
from transload.adapters.as2.judging import report_in
from transload.adapters.as2.keys import keys_of
from transload.adapters.as2.mdn import Wanted
from transload.adapters.as2.messages import Mic, Opened, unseal
from transload.adapters.as2.settings import As2Connection, As2Options
from transload.adapters.as2.target import RECEIPT_TO
from transload.adapters.base import Finding, Inbound, Outbound, Request, Response
from transload.adapters.base.callers import Callers, refused_plainly
from transload.adapters.base.endpoint import Endpoint, Refused
from transload.adapters.base.http import is_here
from transload.adapters.base.printable import printable
from transload.canonical.errors import Reject

REFUSED = "refused"
"""Names in a receipt's metadata what the sender was told of a message that could not be read."""


@dataclass(frozen=True, kw_only=True)
class _Message(Inbound):
    """A message that came, good or bad, and the receipt that is asked for."""

    wanted: Wanted
    receipt: bytes = b""
    """What the sender is told, headers and body; empty where he wants no receipt."""


@dataclass(frozen=True, kw_only=True)
class _Receipt(Inbound):
    """A receipt for what we sent."""


class As2Endpoint(Endpoint[As2Connection, As2Options]):
    """Takes what the partner posts to our address.

    Findings: ``W-CALL`` (refused and not kept: address, names, rate, size), ``E-AS2`` (kept, but it cannot be read; its
    value is the word that the receipt has for it), ``E-MDN-SIGNATURE`` and ``E-MDN-UNREADABLE`` (a receipt that counts
    for nothing).
    """

    Options = As2Options

    def __init__(self, connection: As2Connection, options: As2Options) -> None:
        super().__init__(connection, options)
        self._keys = keys_of(connection)
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
        """The message without its layers, or as it came where that cannot be done; or a receipt for what we sent."""
        self._may_call(request)
        message_id = names.bare(request.header("message-id"))
        part = mime.Part(headers=request.headers, body=request.content)
        if _is_receipt(part):
            return self._receipt(request, part, now)
        if not message_id:
            raise refused_plainly(400, "no Message-ID", "it has no Message-ID", request)
        wanted = Wanted.of(request.headers)
        self._may_be_sent(wanted, request)
        try:
            return self._message(request, part, wanted, message_id, now)
        except CmsFault as fault:
            return self._failed(request, fault, wanted, message_id, now)

    def respond(self, inbound: Inbound, *, earlier: Mapping[str, str] | None) -> Response:
        """The receipt, where it is to come in the answer; what else is said is a status."""
        if isinstance(inbound, _Receipt):
            return Response(status=400, content=b"not taken\n") if inbound.findings else Response(status=200)
        assert isinstance(inbound, _Message)
        if earlier is not None and earlier.get("sha256") != inbound.metadata["sha256"]:
            return self._other(inbound)
        if inbound.receipt and not inbound.wanted.url:
            return _answer(inbound.receipt)
        failed = bool(inbound.findings) and not inbound.wanted.asked
        return Response(status=400, content=b"not taken\n") if failed else Response(status=200)

    def reopen(self, content: bytes, facts: Mapping[str, str], received: datetime) -> Inbound | None:
        """A message that could not be read when it came, as it would have been taken with the certificates of now.

        Certificates must have been valid when it came.  What it is known by is its Message-ID, so it is the same
        message as one that the partner has sent again since.
        """
        if REFUSED not in facts:
            return None
        part = mime.parse(content)
        request = Request(method="POST", path=self.path, headers=part.headers, content=part.body)
        message_id = names.bare(request.header("message-id"))
        try:
            self._are_they(request)
            wanted = replace(Wanted.of(request.headers), asked=False)
            return self._message(request, part, wanted, message_id, received)
        except Refused as refusal:
            raise Reject(refusal.finding.message, hint=refusal.finding.hint) from None
        except CmsFault as fault:
            raise Reject(f"the message <{message_id}> cannot be read: {fault.message}", hint=fault.hint) from None

    def _other(self, inbound: _Message) -> Response:
        """Another message came with the Message-ID of an earlier one: it is not kept, and its sender must know."""
        if not inbound.wanted.asked or inbound.wanted.url:
            return Response(status=409, content=b"another message had this Message-ID\n")
        kind, now = Kind.UNEXPECTED, datetime.now(UTC)
        headers, body = self._made(inbound.wanted, mdn.disposition_of(kind), kind, None, now)
        return _answer(mime.render(headers, body))

    def _may_call(self, request: Request) -> None:
        self._callers.admit(request)
        if request.method != "POST":
            raise refused_plainly(
                405, "only POST", f"the method is {request.method}", request, headers={"Allow": "POST"}
            )
        if not request.content:
            raise refused_plainly(400, "the request is empty", "the request has no body", request)
        self._are_they(request)

    def _are_they(self, request: Request) -> None:
        connection = self.connection
        sender, receiver = request.header("as2-from"), request.header("as2-to")
        if not names.means(sender, connection.them) or not names.means(receiver, connection.us):
            why = f"it is from {sender[:128]!r} to {receiver[:128]!r}"
            hint = f"it should be from {connection.them!r} to {connection.us!r}: compare us: and them: with the partner"
            raise refused_plainly(403, "unknown AS2-From or AS2-To", why, request, hint=hint)

    def _may_be_sent(self, wanted: Wanted, request: Request) -> None:
        """Refuse a message whose receipt is to go where the partner is not: we call no address that others choose."""
        if not wanted.url:
            return
        try:
            parts = urlsplit(wanted.url)
            host, scheme = (parts.hostname or "").lower(), parts.scheme.lower()
            plain = scheme == "http" and not is_here(host) and not self.connection.plain_http
            good = scheme in ("http", "https") and not plain and parts.username is None and (parts.port or 1) > 0
        except ValueError:
            host, good = "", False
        if not good or host not in self.connection.hosts or not wanted.url.isprintable() or " " in wanted.url:
            why = f"its receipt is to go to {wanted.url[:200]!r}"
            hint = "if that is the partner's, add its host under receipt_hosts: (and plain_http: true for http://)"
            raise refused_plainly(400, "this Receipt-Delivery-Option is not taken", why, request, hint=hint)

    def _message(self, request: Request, part: mime.Part, wanted: Wanted, message_id: str, now: datetime) -> Inbound:
        """A good message.  Raises `CmsFault`."""
        opened = unseal(part, self.connection, self._keys, now)
        self._is_secure(opened)
        try:
            content, kinds = self._content(opened.part)
        except mime.NotMime as error:
            raise CmsFault(Kind.UNEXPECTED, str(error), "ask the partner to send it again") from error
        strange = [kind for kind in kinds if self.options.content_types and kind not in self.options.content_types]
        if strange:
            hint = "add it under content_types: of the route, or tell the partner"
            raise CmsFault(Kind.UNEXPECTED, f"its content type is {strange[0][:80]!r}", hint)
        mic = opened.mic(wanted.digest or opened.digest or "sha256")
        disposition = wanted.failure or "processed"
        made = self._receipt_for(wanted, disposition, None, None if wanted.failure else mic, now)
        facts = {
            "sha256": sha256(content).hexdigest(),
            "content_type": opened.part.headers.get("content-type", "")[:200],
            "filename": opened.part.filename[:250],
            "mic": str(mic),
            "signed_by": opened.signer,
            "encrypted": "yes" if opened.encrypted else "",
            "compressed": "yes" if opened.compressed else "",
        }
        return self._inbound(request, wanted, message_id, made, key=f"id|{message_id}", content=content, facts=facts)

    def _content(self, part: mime.Part) -> tuple[bytes, list[str]]:
        """What is kept, and the media types of its files.  Raises `CmsFault`, `mime.NotMime`."""
        if not part.media_type.startswith("multipart/"):
            return part.content, [part.media_type]
        if part.media_type not in files.MULTIPARTS or self.options.files == 1:
            hint = "ask the partner for one file a message; or write files: 10 and filters: [as2] for the route"
            raise CmsFault(Kind.UNEXPECTED, f"its content is {part.media_type[:80]}", hint)
        kept = files.whole(part)  # and that is what must be readable
        inside = files.files_in(mime.parse(kept), most=self.options.files)
        return kept, [mime.parse(one).media_type for one in inside]

    def _failed(self, request: Request, fault: CmsFault, wanted: Wanted, message_id: str, now: datetime) -> Inbound:
        """A message that cannot be read: kept as it came, under a name that leaves its Message-ID free."""
        made = self._receipt_for(wanted, mdn.disposition_of(fault.kind), fault.kind, None, now)
        finding = Finding(
            code="E-AS2",
            message=f"the message <{message_id}> cannot be read: {fault.message}",
            hint=fault.hint,
            value=fault.kind.value,
        )
        raw = mime.kept(mime.Part(headers=request.headers, body=request.content))
        digest = sha256(request.content).hexdigest()
        return self._inbound(
            request,
            wanted,
            message_id,
            made,
            key=f"failed|{message_id}|{digest}",
            content=raw,
            facts={"sha256": digest, REFUSED: fault.kind.value},
            findings=(finding,),
        )

    def _inbound(
        self,
        request: Request,
        wanted: Wanted,
        message_id: str,
        made: tuple[dict[str, str], bytes] | None,
        *,
        key: str,
        content: bytes,
        facts: Mapping[str, str],
        findings: tuple[Finding, ...] = (),
    ) -> Inbound:
        told = {"client": request.client, "message_id": message_id, "subject": request.header("subject")[:200], **facts}
        receipt = mime.render(*made) if made else b""
        raw = mime.kept(mime.Part(headers=request.headers, body=request.content))
        evidence = {} if findings else {"request": raw}
        key = f"{self.path}|{key}"
        return _Message(
            key=key,
            content=content,
            origin=f"POST {request.path} {message_id}",
            metadata={name: printable(value) for name, value in told.items() if value},
            evidence={**evidence, "mdn": receipt} if receipt else evidence,
            findings=findings,
            reply=_later(key, wanted.url, made) if made and wanted.url else None,
            wanted=wanted,
            receipt=receipt,
        )

    def _is_secure(self, opened: Opened) -> None:
        wanted = self.connection.accept
        for missing, name in (
            (wanted.signed and not opened.signer, "signed"),
            (wanted.encrypted and not opened.encrypted, "encrypted"),
        ):
            if missing:
                hint = f"ask the partner; or write accept: {{{name}: false}}, where that is agreed"
                raise CmsFault(Kind.SECURITY, f"it is not {name}", hint)

    def _receipt_for(
        self, wanted: Wanted, disposition: str, kind: Kind | None, mic: Mic | None, now: datetime
    ) -> tuple[dict[str, str], bytes] | None:
        return self._made(wanted, disposition, kind, mic, now) if wanted.asked else None

    def _made(
        self, wanted: Wanted, disposition: str, kind: Kind | None, mic: Mic | None, now: datetime
    ) -> tuple[dict[str, str], bytes]:
        return mdn.make(
            wanted,
            disposition=disposition,
            kind=kind,
            mic=mic,
            connection=self.connection,
            keys=self._keys,
            now=now,
            several=self.options.files > 1,
        )

    def _receipt(self, request: Request, part: mime.Part, now: datetime) -> Inbound:
        """A receipt for what we sent; one that is not proved changes nothing, and is kept for a person."""
        digest = sha256(request.content).hexdigest()
        findings: tuple[Finding, ...] = ()
        about, disposition = "", ""
        try:
            report, doubts = report_in(part, self.connection, self._keys, now)
            about, disposition, findings = report.about, report.disposition, tuple(doubts)
        except mime.NotMime as error:
            hint = "ask the partner what it is; nothing was changed"
            findings = (Finding(code="E-MDN-UNREADABLE", message=f"a receipt cannot be read: {error}", hint=hint),)
        facts = {"client": request.client, "sha256": digest, "about": about, "disposition": disposition}
        return _Receipt(
            key=f"{self.path}|mdn|{about}|{digest}",
            content=mime.kept(part),
            origin=f"POST {request.path} receipt for {about or 'nothing'}",
            metadata={name: value for name, value in facts.items() if value},
            findings=findings,
            answers=None if findings else names.key_of(about),
        )


def _is_receipt(part: mime.Part) -> bool:
    """Whether it is a receipt, which asks for none itself."""
    if "disposition-notification-to" in part.headers:
        return False
    if part.media_type == "multipart/report":
        return True
    if part.media_type != "multipart/signed":
        return False
    try:
        return mime.parse(mime.split(part, most=2)[0]).media_type == "multipart/report"
    except (mime.NotMime, IndexError):
        return False


def _later(key: str, url: str, made: tuple[dict[str, str], bytes]) -> Outbound:
    headers, body = made
    named = {f"headers.{name}": value for name, value in headers.items() if name != "Content-Type"}
    return Outbound(
        key=f"mdn|{key}", content=body, content_type=headers["Content-Type"], metadata={RECEIPT_TO: url, **named}
    )


def _answer(receipt: bytes) -> Response:
    part = mime.parse(receipt)
    headers = {name: value for name, value in part.headers.items() if name not in ("content-type", "date")}
    return Response(status=200, content=part.body, content_type=part.headers["content-type"], headers=headers)
