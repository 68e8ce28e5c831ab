"""Taking a mail apart: attachments and text, however broken it is (MIME, RFC 2045 to 2049; names by RFC 2231, 2047).

Whatever a mail says of itself is data, and nothing in it raises: what cannot be had whole becomes a finding.
"""

import email
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import policy
from email.errors import (
    CloseBoundaryNotFoundDefect,
    InvalidBase64CharactersDefect,
    InvalidBase64LengthDefect,
    InvalidBase64PaddingDefect,
    MessageDefect,
)
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses
from hashlib import sha256

from transload.adapters.base import Finding
from transload.adapters.base.printable import printable

_MOST_PARTS = 1000
_MOST_MULTIPARTS = 50  # each line is compared with the boundaries of all that are open
_LONGEST_HEADER = 20_000  # the library takes time by the square of it
_LONGEST = 500
HEAD = 64 * 1024
"""Bytes of a mail's headers that are looked at."""
_MULTIPART = re.compile(rb"(?:\A|[\r\n])content-type:\s*multipart/", re.IGNORECASE)
_PARAMETERS = re.compile(
    rb"(?:\A|[\r\n])content-(?:type|disposition):([^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*)", re.IGNORECASE
)
_TORN: dict[type[MessageDefect], str] = {
    InvalidBase64CharactersDefect: "has signs in its base64 text that do not belong there",
    InvalidBase64LengthDefect: "has a base64 text of an impossible length",
    InvalidBase64PaddingDefect: "has a base64 text whose end is missing",
}
_ENCODINGS = ("", "7bit", "8bit", "binary", "quoted-printable", "base64")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")


@dataclass(frozen=True, kw_only=True)
class Headers:
    """What selects a mail, and what a person knows it by.  Texts are decoded, in one line, and of limited length."""

    senders: tuple[str, ...]
    subject: str
    message_id: str
    date: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a mail that holds bytes.

    ``path`` counts through the parts from 1 as IMAP does (``2.1``).  ``name`` is "" where the sender gave none;
    ``is_text`` says that it is what people read as the mail.
    """

    path: str
    name: str
    content_type: str
    charset: str
    content: bytes
    is_text: bool

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A mail taken apart.  ``identity`` is the same wherever the mail lies, and however often it is delivered."""

    headers: Headers
    identity: str
    parts: tuple[Part, ...]
    problems: tuple[Finding, ...]


def headers_of(raw: bytes) -> Headers:
    """The headers of a mail, or of its beginning; those beyond `HEAD` do not count."""
    try:
        message = email.message_from_bytes(raw[:HEAD], policy=policy.compat32)
        return Headers(
            # Undecoded: what an encoded word stands for is a name, and must not become an address.
            senders=tuple(
                address.lower()
                for _, address in getaddresses([str(value) for value in message.get_all("From", [])])
                if address
            ),
            subject=_line(" ".join(_texts(message, "Subject"))),
            message_id=_line(" ".join(_texts(message, "Message-ID"))),
            date=_line(" ".join(_texts(message, "Date"))),
        )
    except Exception:  # noqa: BLE001 - the library has no class for what a hostile mail makes it raise
        return Headers(senders=(), subject="", message_id="", date="")


def opened(raw: bytes, *, forwarded: bool = False) -> Opened:
    """Take a whole mail apart.

    Its identity is made of Message-ID and Date, which stay when a mail is moved, copied, restored or delivered
    again; of the whole mail where it has no Message-ID.
    """
    headers = headers_of(raw)
    if headers.message_id:
        identity = sha256(f"{headers.message_id}\0{headers.date}".encode("utf-8", "surrogateescape")).hexdigest()
    else:
        identity = sha256(raw).hexdigest()
    parts: list[Part] = []
    problems: list[Finding] = []
    try:
        _bear(raw)
        message = email.message_from_bytes(raw, _counted(_MOST_PARTS), policy=policy.compat32)
        for path, part in _leaves(message, "", forwarded=forwarded):
            found = _part(path, part)
            if isinstance(found, Finding):
                problems.append(found)
            else:
                parts.append(found)
    except _TooMuch as error:
        parts = []
        problems = [_problem("E-MAIL", f"the mail {error}", hint="ask the sender to send less in one mail")]
    except _CutOff:
        parts = []
        hint = "ask the sender to send the mail again"
        problems = [_problem("E-TORN", "the mail ends before its last boundary: something is missing", hint=hint)]
    except Exception as error:  # noqa: BLE001 - as above; recursion, for one
        parts = []
        problems = [_problem("E-MAIL", f"the mail cannot be taken apart: {type(error).__name__}")]
    return Opened(headers=headers, identity=identity, parts=tuple(parts), problems=tuple(problems))


class _TooMuch(Exception):
    """Taking the mail apart would take too long, or too much room."""


def _bear(raw: bytes) -> None:
    """Raise `_TooMuch` for what would hold the library up for minutes or hours."""
    if sum(1 for _ in _MULTIPART.finditer(raw)) > _MOST_MULTIPARTS:
        raise _TooMuch(f"has more than {_MOST_MULTIPARTS} parts that hold parts")
    if any(len(found[1]) > _LONGEST_HEADER for found in _PARAMETERS.finditer(raw)):
        raise _TooMuch(f"has a header of more than {_LONGEST_HEADER} bytes")


def _counted(most: int) -> Callable[..., Message]:
    """What makes the parts of a mail for the library, and no more of them than ``most``."""
    made = -2  # the library tries once whether this is of the kind that it calls, and the mail itself is one

    def make(policy: policy.Policy) -> Message:
        nonlocal made
        made += 1
        if made > most:
            raise _TooMuch(f"has more than {most} parts")
        return Message(policy=policy)

    return make


def _leaves(message: Message, path: str, *, forwarded: bool) -> Iterator[tuple[str, Message]]:
    """The parts that hold no parts, and mails within the mail unless they are to be looked into."""
    kind = message.get_content_type()
    inside = message.get_payload()
    if not isinstance(inside, list):
        if message.get_content_maintype() == "multipart":
            raise _CutOff  # before its first boundary, or it names none
        yield path or "1", message
        return
    if message.get_content_maintype() == "message":
        within = inside[0] if inside else None
        if forwarded and kind in ("message/rfc822", "message/global") and isinstance(within, Message):
            yield from _leaves(within, path or "1", forwarded=forwarded)
        else:
            yield path or "1", message
        return
    if any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in message.defects):
        raise _CutOff
    forwarded = forwarded and kind != "multipart/report"
    for number, part in enumerate(inside, start=1):
        if isinstance(part, Message):
            yield from _leaves(part, f"{path}.{number}" if path else str(number), forwarded=forwarded)


class _CutOff(Exception):
    """A multipart ends before its last boundary."""


def _part(path: str, part: Message) -> Part | Finding:
    name = _name(part)
    kind = _ascii(part.get_content_type())
    shown = f"the part {path} ({name or 'without a name'})"
    if kind in _TNEF or name.lower() == "winmail.dat":
        return _problem(
            "E-TNEF",
            f"{shown} is a packet that only Outlook opens, with the attachments in it",
            hint="ask the sender to write to us in HTML or plain text, not in Rich Text",
            value=name,
        )
    encoding = str(part.get("Content-Transfer-Encoding", "")).partition(";")[0].strip().lower()
    if encoding not in _ENCODINGS:
        return _problem("E-MAIL", f"{shown} is in an encoding that is not known: {_line(encoding)[:40]!r}")
    content = _content(part, encoding)
    if content is None:
        return _problem("E-MAIL", f"{shown} cannot be decoded")
    for defect in part.defects:
        if (why := _TORN.get(type(defect))) is not None:
            return _problem("E-TORN", f"{shown} {why}", hint="ask the sender to send the mail again", value=name)
    return Part(
        path=path,
        name=name,
        content_type=kind,
        charset=_ascii(str(part.get_content_charset() or "")),
        content=content,
        is_text=kind in ("text/plain", "text/html") and not name and part.get_content_disposition() != "attachment",
    )


def _content(part: Message, encoding: str) -> bytes | None:
    """The bytes of a part; those of a mail within the mail are its text."""
    inside = part.get_payload()
    if isinstance(inside, list):
        return b"".join(one.as_bytes() for one in inside if isinstance(one, Message))
    if encoding:  # the library knows it only without blanks and parameters around it
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = encoding
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else None


def _name(part: Message) -> str:
    """The name that the sender gave a part, decoded; encoded words stand in parameters against the rules, but often."""
    value = part.get_param("filename", None, "content-disposition")
    if value is None:
        value = part.get_param("name", None, "content-type")
    if value is None:
        return ""
    return _line(_decoded(collapse_rfc2231_value(value)))


def _texts(message: Message, header: str) -> list[str]:
    return [_decoded(str(value)) for value in message.get_all(header, [])]


def _decoded(text: str) -> str:
    """``text`` with its encoded words as what they stand for; as it is when they stand for nothing."""
    try:
        decoded = "".join(
            piece.decode(charset or "ascii", "replace") if isinstance(piece, bytes) else piece
            for piece, charset in decode_header(text)
        )
    except Exception:  # noqa: BLE001 - HeaderParseError, LookupError, ValueError, binascii.Error, and what comes next
        return text
    return decoded or text


def _line(text: str) -> str:
    """``text`` in one line that can be printed and stored, and not too long."""
    plain = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())[:_LONGEST]
    return printable(plain)


def _ascii(text: str) -> str:
    return "".join(sign for sign in text if "!" <= sign <= "~")[:100].lower()


def _problem(code: str, message: str, *, hint: str | None = None, value: str | None = None) -> Finding:
    return Finding(code=code, message=message, hint=hint, value=value or None)
