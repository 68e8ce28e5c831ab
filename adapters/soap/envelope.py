"""The SOAP envelope: built anew for each attempt around the frozen body, and opened again."""

import copy
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from transload.adapters.base.media import charset_of
from transload.adapters.base.soap import envelope_space
from transload.adapters.base.xml import safe_parser
from transload.adapters.soap.capture import captured, secret_texts
from transload.adapters.soap.parts import (
    Attachment,
    NoParts,
    plain_base64,
    put_in,
    put_together,
    sent_beside,
    taken_apart,
)
from transload.adapters.soap.security.headers import secure
from transload.adapters.soap.settings import Addressing, SoapConnection
from transload.adapters.soap.wsdl import Operation
from transload.canonical.errors import Reject, Stop
from transload.canonical.findings import Finding

_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_ANONYMOUS = f"{_ADDRESSING}/anonymous"
_MESSAGES = uuid.UUID("b7c9a6a2-6b0e-5e0e-9a62-0d0c6e5f1a34")
"""Namespace of the MessageIDs that are made of delivery keys (UUID version 5)."""
_DEEPEST = 200
_BODY_HINT = "correct the mapping: it makes one element, which is the operation's input"


def parse_body(content: bytes) -> "etree._Element":
    """The element that ``content`` is, or that the body of an envelope holds, when it is one.

    The envelope itself is made anew for each call, so what it says beside the body would be lost.  Raises `Reject`
    when it is no XML, has a DOCTYPE, or is an envelope with header blocks or more than one element in its body.
    """
    root = _parse(content)
    if isinstance(root, str):
        raise _refused(f"the body is no XML: {root}", content)
    space = envelope_space(root)
    if space is None:
        return root
    header = root.find(f"{{{space}}}Header")
    if header is not None and len(header):
        raise _refused("the envelope to send has header blocks, and its headers are made by the connection", content)
    held = list(root.iterfind(f"{{{space}}}Body/*"))
    if len(held) != 1:
        raise _refused(f"the body of the envelope to send holds {len(held)} elements, and one is needed", content)
    return held[0]


def _refused(message: str, content: bytes) -> Reject:
    value = content[:200].decode("utf-8", "replace")
    finding = Finding(code="E-DOMAIN", message=message, hint=_BODY_HINT, value=value)
    return Reject(message, hint=_BODY_HINT, findings=[finding])


@dataclass(frozen=True, kw_only=True)
class Request:
    """One attempt as it is sent.

    ``captured`` is what may be kept of it, ``hidden`` what its answer might repeat and nobody should see.
    """

    content: bytes
    headers: dict[str, str]
    message_id: str | None
    captured: str
    hidden: tuple[str, ...] = field(repr=False)


def build(
    operation: Operation, body: "etree._Element", *, connection: SoapConnection, key: str | None, now: datetime
) -> Request:
    """A request around ``body``, with fresh nonce, time and signature; its MessageID is made of ``key``, or by chance.

    Raises `Stop` when what the settings want cannot be made.
    """
    space = operation.namespace
    envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    header = etree.SubElement(envelope, f"{{{space}}}Header")
    addressing = connection.addressing or (Addressing() if operation.addressing_action else None)
    message_id = message_id_for(key) if addressing is not None else None
    if addressing is not None and message_id is not None:
        _address(header, operation, addressing, message_id)
    held = etree.SubElement(envelope, f"{{{space}}}Body")
    held.append(copy.deepcopy(body))
    plain_base64(held, connection.xop)
    secure(envelope, connection.security, now=now)
    if len(header) == 0:
        envelope.remove(header)
    hidden = (*connection.security.secrets(), *secret_texts(envelope))
    shown = captured(envelope, hidden=hidden)
    kind = "application/soap+xml" if operation.is_12 else "text/xml"
    beside = sent_beside(held, connection.xop)
    content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    if beside:
        content, content_type = put_together(content, kind, operation.action, beside)
    else:
        named = f'; action="{operation.action}"' if operation.is_12 and operation.action else ""
        content_type = f"{kind}; charset=utf-8{named}"
    headers = {"Content-Type": content_type}
    if not operation.is_12:
        headers["SOAPAction"] = f'"{operation.action}"'
    return Request(content=content, headers=headers, message_id=message_id, captured=shown, hidden=hidden)


def _address(header: "etree._Element", operation: Operation, addressing: Addressing, message_id: str) -> None:
    action = operation.addressing_action or operation.action
    if not action:
        hint = (
            "ask the partner for it, and write it into the WSDL: soapAction of the operation, or wsam:Action of input"
        )
        raise Stop(f"the operation {operation.name} has no action, and WS-Addressing needs one", hint=hint)
    for name, text in (
        ("Action", action),
        ("MessageID", message_id),
        ("To", addressing.to or operation.address),
    ):
        etree.SubElement(header, f"{{{_ADDRESSING}}}{name}", nsmap={"wsa": _ADDRESSING}).text = text
    if addressing.reply_to:
        reply_to = etree.SubElement(header, f"{{{_ADDRESSING}}}ReplyTo", nsmap={"wsa": _ADDRESSING})
        etree.SubElement(reply_to, f"{{{_ADDRESSING}}}Address").text = _ANONYMOUS


def message_id_for(key: str | None) -> str:
    """The MessageID of a delivery: the same for the same key, so that a service can tell a repetition.

    Without a key it is a new one.
    """
    return f"urn:uuid:{uuid.uuid4() if key is None else uuid.uuid5(_MESSAGES, key)}"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The envelope of a message.

    ``content`` is what its body holds (None when empty), the first of ``count`` elements; ``attachments`` are the
    parts beside it that it does not include, ``relates_to`` the MessageIDs that it says it answers.
    """

    envelope: "etree._Element"
    content: "etree._Element | None"
    count: int
    attachments: tuple[Attachment, ...] = ()
    relates_to: tuple[str, ...] = ()


class OtherVersion(str):
    """Why there is no envelope: it is one of a version of SOAP that nobody knows."""


def opened(content: bytes, content_type: str, *, most_attachments: int, most_bytes: int) -> Opened | str:
    """The envelope in a message, or a sentence that says why there is none.

    What it includes by XOP is put in its place, as base64 text.
    """
    whole = content
    try:
        content, attachments = taken_apart(content, content_type, most=most_attachments)
        root = _parse(content, None if content is not whole else charset_of(content_type))
        if isinstance(root, str):
            return f"it is {_html(content)}" if _html(content) else f"it is no XML: {root}"
        if etree.QName(root).localname.lower() == "html":
            return f"it is {_html(content) or 'HTML'}"
        space = envelope_space(root)
        if space is None:
            why = f"its root element is {etree.QName(root).localname} and no SOAP envelope"
            return OtherVersion(why) if etree.QName(root).localname == "Envelope" else why
        etree.strip_tags(root, etree.Comment)  # they would part texts, and no signature covers them
        beside = put_in(root, attachments, most=most_bytes)
    except NoParts as error:
        return str(error)
    body = root.find(f"{{{space}}}Body")
    if body is None:
        return "its envelope has no body"
    held = list(body.iterchildren(tag=etree.Element))
    return Opened(
        envelope=root,
        content=held[0] if held else None,
        count=len(held),
        attachments=tuple(beside),
        relates_to=tuple(
            (one.text or "").strip() for one in root.iterfind(f"{{{space}}}Header/{{{_ADDRESSING}}}RelatesTo")
        ),
    )


def _html(content: bytes) -> str | None:
    """What page ``content`` is, when it is HTML."""
    beginning = content[:4096].decode("utf-8", "replace")
    if not beginning.lstrip("\ufeff \t\r\n").lower().startswith(("<!doctype html", "<html")):
        return None
    _, found, rest = beginning.partition("<title>")
    title = " ".join(rest.partition("</title>")[0].split())[:100]
    return f"an HTML page, titled {title!r}" if found and title else "an HTML page"


def _parse(content: bytes, charset: str | None = None) -> "etree._Element | str":
    """The root of ``content``, or why there is none; ``charset`` is HTTP's, which counts where the XML names none."""
    try:
        parser = safe_parser(None if _OWN_ENCODING.match(content) else charset)
    except LookupError:
        parser = safe_parser()
    try:
        root = etree.fromstring(content, parser)
    except (etree.LxmlError, ValueError) as error:
        return str(error) or "it is empty"
    about = root.getroottree().docinfo
    if getattr(about, "doctype", ""):
        return "it has a DOCTYPE"
    return f"its elements are nested deeper than {_DEEPEST}" if _TOO_DEEP(root) else root


_OWN_ENCODING = re.compile(rb"\xef\xbb\xbf|\xfe\xff|\xff\xfe|\s*<\?xml[^>]*\sencoding\s*=")
"""A byte order mark, or an XML declaration with an encoding: RFC 7303 section 3 wants HTTP's word first, which
frameworks write without having looked."""
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (_DEEPEST + 1)})")
