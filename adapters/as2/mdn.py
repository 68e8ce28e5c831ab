"""Receipts (MDN): made for what we receive, read for what we sent (RFC 4130, sections 7.3 to 7.5; RFC 8098)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from uuid import uuid4

from transload.adapters.as2 import mime, names
from transload.adapters.as2.cms import Kind
from transload.adapters.as2.keys import Keys
from transload.adapters.as2.messages import Mic, digest_named, sign_part
from transload.adapters.as2.settings import As2Connection
from transload.adapters.base.printable import printable

_DISPOSITION = re.compile(r"[^;]*;\s*([a-z]+)\s*(?:/\s*([a-z]+)\s*)?(?::\s*(.*))?", re.IGNORECASE | re.DOTALL)
_WORDS = {
    Kind.DECRYPTION: "The message could not be decrypted.",
    Kind.AUTHENTICATION: "The sender of the message could not be authenticated.",
    Kind.INTEGRITY: "The content of the message is not what was signed.",
    Kind.DECOMPRESSION: "The message could not be decompressed.",
    Kind.SECURITY: "The message is not signed or encrypted as agreed.",
    Kind.UNEXPECTED: "The message could not be taken.",
}
_UNSUPPORTED_MIC = "failed/Failure: unsupported MIC-algorithms"
_UNSUPPORTED_FORMAT = "failed/Failure: unsupported format"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The receipt that a message asks for: none where ``asked`` is False.

    ``about`` is the message's own Message-ID, as it is written: some compare it letter by letter.
    ``url`` is where an asynchronous one goes, "" for the answer itself.  ``digest`` is that of its MIC; None leaves it
    to us.  ``failure`` is the disposition where what is asked for cannot be done.
    """

    asked: bool = False
    about: str = ""
    signed: bool = False
    url: str = ""
    digest: str | None = None
    failure: str = ""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Wanted":
        """What the headers of a message ask for."""
        if "disposition-notification-to" not in headers:
            return cls()
        options: dict[str, list[str]] = {}
        for item in headers.get("disposition-notification-options", "").split(";"):
            name, _, values = item.partition("=")
            options[name.strip().lower()] = [value.strip().lower() for value in values.split(",") if value.strip()]
        protocol = options.get("signed-receipt-protocol", [])
        algorithms = options.get("signed-receipt-micalg", [])
        known = [digest for name in algorithms[1:] if (digest := digest_named(name))]
        failure = ""
        if protocol[:1] == ["required"] and not any("pkcs7-signature" in name for name in protocol[1:]):
            failure = _UNSUPPORTED_FORMAT
        elif algorithms[:1] == ["required"] and not known:
            failure = _UNSUPPORTED_MIC
        return cls(
            asked=True,
            about=headers.get("message-id", "").strip(),
            signed=any("pkcs7-signature" in name for name in protocol[1:]),
            url=headers.get("receipt-delivery-option", headers.get("receipt-delivery-options", "")).strip(),
            digest=known[0] if known else None,
            failure=failure,
        )


def disposition_of(kind: Kind | None) -> str:
    """What a receipt says: that it is there, or the error in the words of the standard."""
    return "processed" if kind is None else f"processed/error: {kind}"


def make(
    wanted: Wanted,
    *,
    disposition: str,
    kind: Kind | None,
    mic: Mic | None,
    connection: As2Connection,
    keys: Keys,
    now: datetime,
    several: bool = False,
) -> tuple[dict[str, str], bytes]:
    """Headers and body of the receipt that is wanted; ``several`` files in a message are taken.  Raises `Stop`."""
    if kind is None and disposition == "processed":
        words = "The message was received and stored. This says nothing of whether its content is accepted."
    else:
        words = _WORDS[kind] if kind is not None else "The receipt that was asked for cannot be made."
    text = {"Content-Type": "text/plain; charset=us-ascii", "Content-Transfer-Encoding": "7bit"}
    fields = {
        "Reporting-UA": "transload",
        "Original-Recipient": f"rfc822; {names.written(connection.us)}",
        "Final-Recipient": f"rfc822; {names.written(connection.us)}",
        "Original-Message-ID": wanted.about,
        "Disposition": f"automatic-action/MDN-sent-automatically; {disposition}",
    }
    if mic is not None:
        fields["Received-content-MIC"] = str(mic)
    machine = {"Content-Type": "message/disposition-notification", "Content-Transfer-Encoding": "7bit"}
    boundary = mime.new_boundary()
    parts = [mime.render(text, f"{words}\r\n".encode()), mime.render(machine, mime.render(fields, b""))]
    content_type = f'multipart/report; report-type=disposition-notification; boundary="{boundary}"'
    body = mime.multipart(parts, boundary)
    if wanted.signed and keys.own:
        digest = wanted.digest if wanted.digest not in (None, "sha1") else "sha256"
        content_type, body = sign_part(mime.render({"Content-Type": content_type}, body), connection, keys, now, digest)
    headers = {
        "AS2-Version": "1.2",
        "EDIINT-Features": "multiple-attachments, AS2-Reliability" if several else "AS2-Reliability",
        "AS2-From": names.written(connection.us),
        "AS2-To": names.written(connection.them),
        "Message-ID": names.message_id(f"mdn-{uuid4()}", connection.us),
        "Date": format_datetime(now, usegmt=True),
        "Subject": "Message Disposition Notification",
        "MIME-Version": "1.0",
        "Content-Type": content_type,
    }
    return headers, body


@dataclass(frozen=True, kw_only=True)
class Report:
    """What a receipt says: of which message, what became of it, and over which content."""

    about: str
    outcome: str
    modifier: str = ""
    explanation: str = ""
    mic: Mic | None = None
    text: str = field(default="", repr=False)

    @property
    def disposition(self) -> str:
        """In one line, as the standard writes it."""
        outcome = f"{self.outcome}/{self.modifier}" if self.modifier else self.outcome
        return f"{outcome}: {self.explanation}" if self.explanation else outcome

    @property
    def positive(self) -> bool:
        """Whether it says that the message was processed: perhaps with a warning."""
        return self.outcome == "processed" and self.modifier in ("", "warning")


def read(part: mime.Part) -> Report:
    """The receipt in a multipart/report.  Raises `mime.NotMime`."""
    if part.media_type != "multipart/report":
        raise mime.NotMime(f"it is {part.media_type[:80]} and no multipart/report")
    text, fields = "", None
    for raw in mime.split(part):
        inside = mime.parse(raw)
        if inside.media_type == "message/disposition-notification":
            fields = mime.parse(inside.content.strip(b"\r\n") + b"\r\n\r\n").headers
        elif inside.media_type == "text/plain" and not text:
            text = inside.content.decode("utf-8", "replace").strip()[:500]
    if fields is None:
        raise mime.NotMime("it holds no disposition-notification")
    found = _DISPOSITION.fullmatch(fields.get("disposition", "").strip())
    about = names.bare(fields.get("original-message-id", ""))
    if found is None or not about:
        raise mime.NotMime("it names no message, or no disposition")
    modifier = (found[2] or "").lower()
    explanation = (found[3] or fields.get(modifier, "") if modifier else found[3] or "").strip()
    return Report(
        about=about,
        outcome=found[1].lower(),
        modifier=modifier,
        explanation=printable(" ".join(explanation.split())[:200]),
        mic=Mic.read(fields.get("received-content-mic", "")),
        text=text,
    )
