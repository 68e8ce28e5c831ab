"""Sending over AS2: messages, and the receipts that partners want sent to them later."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

import requests

from transload.adapters.as2 import mime, names
from transload.adapters.as2.judging import answer_from, left_open, report_in
from transload.adapters.as2.keys import Keys, keys_of
from transload.adapters.as2.messages import MICALGS, Mic, measured, seal
from transload.adapters.as2.settings import As2Connection, As2Target
from transload.adapters.base import Answer, Finding, Outbound, Probe, Reply, Severity, Target
from transload.adapters.base.http import Reply as HttpReply
from transload.adapters.base.http import exchange, open_session, refusal, shown
from transload.canonical.errors import Reject, Stop

RECEIPT_TO = "receipt_to"
"""Names the address in the metadata of a delivery that is a receipt of ours; ``headers.NAME`` are its headers."""


class As2Sender(Target[As2Connection, As2Target]):
    """Sends each delivery as one message, and judges its receipt.

    The Message-ID comes from the delivery's key, so it is the same whenever the delivery is sent again; a partner who
    has it already gives its receipt again and does nothing (RFC 4130, section 5.5; `As2Connection.remembers`).
    """

    Options = As2Target

    def __init__(self, connection: As2Connection, options: As2Target) -> None:
        super().__init__(connection, options)
        self.idempotent = connection.remembers
        self._keys: Keys | None = None
        self._session: requests.Session | None = None

    @classmethod
    def answers_later(cls, written: Mapping[str, Any]) -> bool:
        """With ``mdn: {mode: async}``."""
        mdn = written.get("mdn")
        return isinstance(mdn, Mapping) and mdn.get("mode") == "async"

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def probe(self) -> Probe:
        """Look at the certificates of both sides, and how long they last; nothing is sent, so more is not known."""
        now = datetime.now(UTC)
        try:
            keys = self.keys
            if keys.own:
                keys.signing(now)
            if keys.theirs:
                keys.recipient(now)
        except Stop as error:
            return Probe(ok=False, summary=error.message, findings=error.findings)
        findings = []
        for whose, known in (("our", keys.own), ("the partner's", keys.theirs)):
            last = max((item.certificate.not_valid_after_utc for item in known), default=None)
            if last is not None and (last - now).days < 30:
                message = f"{whose} certificates end on {last:%Y-%m-%d}"
                hint = "exchange new ones now, and write them beside the old ones"
                findings.append(Finding(code="W-CERTIFICATE", severity=Severity.WARNING, message=message, hint=hint))
        summary = f"certificates are in order; {shown(self.connection.url)} was not called"
        return Probe(ok=None, summary=summary, findings=tuple(findings))

    @property
    def keys(self) -> Keys:
        """The certificates, read at the first use.  Raises `Stop`."""
        if self._keys is None:
            self._keys = keys_of(self.connection)
        return self._keys

    def deliver(self, outbound: Outbound) -> Answer:
        """Send a message or a receipt; see `Target.deliver` for what is raised.

        A time-out after it was sent is `Unknown`, and the runner sends it again with the same Message-ID, unless
        ``remembers`` is off.
        """
        if RECEIPT_TO in outbound.metadata:
            return self._send_receipt(outbound)
        connection, now = self.connection, datetime.now(UTC)
        message_id = names.message_id(outbound.key, connection.us)
        content_type, file = self._labels(outbound)
        sealed = seal(outbound.content, content_type, file, connection, self.keys, now)
        headers = {**self._headers(outbound, message_id, now), **sealed.headers}
        reply = self._post(connection.url, headers, sealed.body)
        mic = sealed.mic(self._digest)
        said = {"message_id": names.bare(message_id), "mic": str(mic)}
        if connection.mdn.mode == "async":
            return Answer(summary="sent; its receipt is awaited", metadata=said, awaiting=connection.mdn.wait)
        if connection.mdn.mode == "none":
            return Answer(summary=f"sent, and answered with {reply.status}; no receipt was asked for", metadata=said)
        part = mime.Part(headers=reply.headers, body=reply.content)
        return self._judged(part, message_id, lambda given: given == sealed.mic(given.digest), reply.call, now)

    def judge(self, outbound: Outbound, reply: Reply, said: Mapping[str, str]) -> Answer:
        """What an asynchronous receipt means; its digest is to be what we noted when it was sent, or the same anew."""
        content_type, file = self._labels(outbound)
        again = measured(outbound.content, content_type, file, self.connection)
        noted = Mic.read(said.get("mic", ""))
        message_id = names.message_id(outbound.key, self.connection.us)
        part = mime.parse(reply.content)

        def fits(given: Mic) -> bool:
            return given in (noted, Mic.of(again, given.digest))

        return self._judged(part, message_id, fits, "it was sent", datetime.now(UTC))

    def _judged(
        self, part: mime.Part, message_id: str, fits: Callable[[Mic], bool], call: str, now: datetime
    ) -> Answer:
        if not part.body.strip():
            hint = "the partner has not answered with a receipt; ask him, or write mdn: {mode: async} or none"
            raise left_open("E-MDN-MISSING", f"{call} was answered without a receipt for {message_id}", hint)
        for name, expected in (("as2-from", self.connection.them), ("as2-to", self.connection.us)):
            given = part.headers.get(name)
            if given is not None and not names.means(given, expected):
                message = f"{call}: the receipt for {message_id} has {name}: {given[:128]} and not {expected!r}"
                raise left_open("E-MDN-OTHER", message, "compare us: and them: with the names that you agreed on")
        try:
            report, doubts = report_in(part, self.connection, self.keys, now)
        except mime.NotMime as error:
            hint = "ask the partner what he answered; it is sent again with the same Message-ID"
            message = f"{call} was answered without a receipt for {message_id}: {error}"
            raise left_open("E-MDN-UNREADABLE", message, hint) from error
        for doubt in doubts:
            raise left_open(doubt.code, f"{call}: {doubt.message}", doubt.hint or "", report.disposition)
        answer = answer_from(report, message_id=message_id, fits=fits, call=call)
        return replace(answer, content=mime.kept(part))

    @property
    def _digest(self) -> str:
        return self.connection.sign if self.connection.sign != "none" else "sha256"

    def _labels(self, outbound: Outbound) -> tuple[str, str]:
        """Content type and file name, printable and without line ends."""
        file = unquote(outbound.metadata.get("file", ""))
        if not file.isprintable() or len(file.encode()) > 250:
            raise _unheard("file", file, "it must be printable, and of 250 bytes at most")
        return self.options.content_type or outbound.content_type, file

    def _headers(self, outbound: Outbound, message_id: str, now: datetime) -> dict[str, str]:
        connection = self.connection
        subject = unquote(outbound.metadata.get("subject", "")) or "EDI message"
        if not subject.isprintable() or not subject.isascii():
            raise _unheard("subject", subject, "it must be of printable ASCII characters")
        headers = {
            "AS2-Version": "1.2",
            "EDIINT-Features": "AS2-Reliability",
            "AS2-From": names.written(connection.us),
            "AS2-To": names.written(connection.them),
            "Message-ID": message_id,
            "Date": format_datetime(now, usegmt=True),
            "Subject": subject.strip(),
            "MIME-Version": "1.0",
        }
        wanted = connection.mdn
        if wanted.mode != "none":
            headers["Disposition-Notification-To"] = names.written(connection.us)
            algorithm = MICALGS[self._digest]
            options = f"signed-receipt-protocol=optional, pkcs7-signature; signed-receipt-micalg=optional, {algorithm}"
            if wanted.signed:
                headers["Disposition-Notification-Options"] = options
            if wanted.url is not None:
                headers["Receipt-Delivery-Option"] = wanted.url
        return headers

    def _send_receipt(self, outbound: Outbound) -> Answer:
        headers = {
            name.removeprefix("headers."): value
            for name, value in outbound.metadata.items()
            if name.startswith("headers.")
        }
        headers["Content-Type"] = outbound.content_type
        reply = self._post(outbound.metadata[RECEIPT_TO], headers, outbound.content, receipt=True)
        return Answer(summary=f"the partner took our receipt with {reply.status}")

    def _post(self, url: str, headers: Mapping[str, str], body: bytes, *, receipt: bool = False) -> HttpReply:
        """Send it; the answer with a status of 2xx.  A receipt may come twice without harm."""
        if self._session is None:
            self._session = open_session(self.connection)
        reply = exchange(
            self._session,
            "POST",
            url,
            settings=self.connection,
            repeatable=receipt,
            body=body,
            headers=headers,
        )
        if not 200 <= reply.status < 300:
            raise refusal(reply, self.connection, repeatable=receipt)
        if not reply.whole:
            raise left_open("E-MDN-UNREADABLE", f"{reply.call}: the answer is too large", "raise max_body:")
        return reply


def _unheard(setting: str, value: str, rule: str) -> Reject:
    """A refusal of what a template gave and no header can carry."""
    shown = value[:80].encode("ascii", "backslashreplace").decode()
    message, hint = f"no header can carry the {setting} {shown!r}", f"correct {setting}: of the route: {rule}"
    return Reject(message, hint=hint, findings=[Finding(code="E-HEADER", message=message, hint=hint, value=shown)])
