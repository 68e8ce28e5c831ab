"""Making the mail that carries a document: addresses checked, headers of one line, one Message-ID for all attempts."""

import re
from dataclasses import dataclass
from email import policy
from email.encoders import encode_base64
from email.header import Header
from email.headerregistry import Address
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formatdate
from hashlib import sha256

from transload.adapters.base import Finding, Outbound, Reject
from transload.adapters.mail.settings import Send

_MAILBOX = re.compile(r"\s*(?:(?P<name>[^<>]*?)\s*<(?P<named>[^<>\s]+)>|(?P<bare>[^<>\s]+))\s*")
_LOCAL = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}")
_DOMAIN = re.compile(r"[^\s@<>(),;:\\\"\[\]_/]{1,255}")
_PLAIN = re.compile(r"[A-Za-z0-9._ -]+")
_LINE = 200
_LONGEST_NAME = 255
_TYPE = re.compile(r"([a-z0-9!#$&^_.+-]+)/([a-z0-9!#$&^_.+-]+)")


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail ready to be sent: the addresses of its envelope, its Message-ID, and its lines, ended by CR LF."""

    sender: str
    recipients: tuple[str, ...]
    message_id: str
    lines: bytes

    @property
    def needs_utf8(self) -> bool:
        """Whether an address is beyond ASCII, which not every server takes (RFC 6531)."""
        return not "".join((self.sender, *self.recipients)).isascii()


def composed(options: Send, outbound: Outbound) -> Mail:
    """The mail for a delivery.  Raises `Reject` for an address that is none, or a line break in a header."""
    fields = {name: _filled(options, outbound, name) for name in ("sender", "to", "cc", "reply_to", "subject", "file")}
    senders = _addresses("sender", fields["sender"])
    to, cc = _addresses("to", fields["to"]), _addresses("cc", fields["cc"])
    if len(senders) != 1 or not to:
        raise _reject("sender" if to else "to", fields["sender"] if to else fields["to"], "it is not one address")
    digest = sha256(outbound.key.encode()).hexdigest()
    message_id = f"<{digest[:40]}@{senders[0].domain}>"
    headers = [
        _of_addresses("From", senders),
        _of_addresses("To", to),
        *([_of_addresses("Cc", cc)] if cc else []),
        *([_of_addresses("Reply-To", _addresses("reply_to", fields["reply_to"]))] if fields["reply_to"] else []),
        _of_text("Subject", fields["subject"]),
        f"Date: {formatdate()}",
        f"Message-ID: {message_id}",
        "Auto-Submitted: auto-generated",  # RFC 3834: nobody's holiday notice comes back
    ]
    body = MIMEMultipart(boundary=f"=_{digest[:40]}")
    text = outbound.metadata.get("text", options.text).replace("\r\n", "\n").encode("utf-8", "replace").decode()
    body.attach(MIMEText(text + "\n", "plain", "utf-8"))
    body.attach(_attachment(outbound, options.content_type or outbound.content_type, fields["file"]))
    written = body.as_bytes(policy=policy.compat32.clone(linesep="\r\n", mangle_from_=False))
    return Mail(
        sender=senders[0].addr_spec,
        recipients=tuple(dict.fromkeys(address.addr_spec for address in (*to, *cc))),
        message_id=message_id,
        lines="".join(f"{header}\r\n" for header in headers).encode() + written,
    )


def _attachment(outbound: Outbound, content_type: str, name: str) -> MIMEBase:
    kind = _TYPE.match(content_type.lower())
    fits = kind is not None and kind[1] not in ("multipart", "message")
    part = MIMEBase(*(kind[1], kind[2]) if kind and fits else ("application", "octet-stream"))
    part.set_payload(outbound.content)
    encode_base64(part)
    # By RFC 2231 unless it is plain, so that no program finds an encoded word or the end of the name in it.
    part.add_header(
        "Content-Disposition", "attachment", filename=name if _PLAIN.fullmatch(name) else ("utf-8", "", name)
    )
    return part


def _of_text(name: str, value: str) -> str:
    """A header of free text.

    What looks like an encoded word is encoded itself: the header classes of some versions of the library take such a
    word for what it stands for, line breaks included (CVE-2024-6923).
    """
    if value.isascii() and "=?" not in value and len(value) < _LINE:
        return f"{name}: {value}"
    return f"{name}: {_words(value, len(name))}"


def _of_addresses(name: str, addresses: tuple[Address, ...]) -> str:
    return f"{name}: " + ",\r\n ".join(
        str(one)
        if one.display_name.isascii() and "=?" not in one.display_name and len(one.display_name) < _LINE
        else f"{_words(one.display_name, len(name))}\r\n <{one.addr_spec}>"
        for one in addresses
    )


def _words(value: str, used: int) -> str:
    return Header(value, "utf-8", header_name="x" * used).encode(linesep="\r\n")


def _filled(options: Send, outbound: Outbound, name: str) -> str:
    template = getattr(options, name)
    value = "" if template is None else outbound.metadata.get(name, template)
    if any(ord(sign) < 32 or ord(sign) == 127 or sign in "\u0085\u2028\u2029" for sign in value):
        raise _reject(name, value, "it has a line break or another control character in it")
    if name == "file" and not value.strip():
        raise _reject(name, value, "it is empty")
    if name == "file" and len(value.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        raise _reject(name, value, f"it is longer than {_LONGEST_NAME} bytes")
    if any("\ud800" <= sign <= "\udfff" for sign in value):
        raise _reject(name, value, "it has a sign in it that is no character")
    return value


def _addresses(name: str, text: str) -> tuple[Address, ...]:
    """The addresses in ``text``: ``a@b.example, Name <c@d.example>``, names also in quotes."""
    found = []
    for one in _split(text):
        match = _MAILBOX.fullmatch(one)
        spec = (match["named"] or match["bare"]) if match else ""
        local, _, domain = spec.rpartition("@")
        if match is None or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
            raise _reject(name, one, "it is no mail address")
        if not domain.isascii():
            try:
                domain = domain.encode("idna").decode()
            except UnicodeError:
                raise _reject(name, one, "its domain is none") from None
        label = (match["name"] or "").strip()
        label = label[1:-1].replace('\\"', '"') if len(label) > 1 and label[0] == label[-1] == '"' else label
        found.append(Address(display_name=label, username=local, domain=domain))
    return tuple(found)


def _split(text: str) -> list[str]:
    """``text`` at its commas, except for those in quotes."""
    pieces = re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^,"]|")+', text)
    return [piece for piece in pieces if piece.strip()]


def _reject(name: str, value: str, why: str) -> Reject:
    plain = value.encode("unicode_escape").decode()[:200]
    finding = Finding(
        code="E-ADDRESS" if name in ("sender", "to", "cc", "reply_to") else "E-HEADER",
        message=f"{name} of the mail cannot be {plain!r}: {why}",
        hint=f"correct the template {name}, or the field that it takes its value from",
        value=plain,
    )
    return Reject(finding.message, findings=[finding])
