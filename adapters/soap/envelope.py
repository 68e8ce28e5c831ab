"""The SOAP envelope: built anew for each attempt around the frozen body, and opened again."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

from lxml import etree
from zeep.wsse import utils as wsse
from zeep.wsse.username import UsernameToken

from transload.adapters.base.http import Reply
from transload.adapters.base.soap import envelope_space
from transload.adapters.base.xml import safe_parser
from transload.adapters.soap.settings import Security
from transload.adapters.soap.wsdl import Operation
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding

_ADDRESSING = "http://www.w3.org/2005/08/addressing"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_MESSAGES = uuid.UUID("b7c9a6a2-6b0e-5e0e-9a62-0d0c6e5f1a34")
"""Namespace of the MessageIDs that are made of delivery keys (UUID version 5)."""

_TOKEN: Any = UsernameToken  # zeep declares no types here
_SECURITY_HEADER: Any = wsse.get_security_header
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


def build(
    operation: Operation, body: "etree._Element", *, security: Security, message_id: str | None
) -> tuple[bytes, dict[str, str]]:
    """The envelope's bytes and its HTTP headers, with a fresh nonce and time; ``message_id`` adds WS-Addressing."""
    space = operation.namespace
    envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    header = etree.SubElement(envelope, f"{{{space}}}Header")
    if message_id is not None:
        for name, text in (
            ("Action", operation.addressing_action or operation.action),
            ("MessageID", message_id),
            ("To", operation.address),
        ):
            etree.SubElement(header, f"{{{_ADDRESSING}}}{name}", nsmap={"wsa": _ADDRESSING}).text = text
    etree.SubElement(envelope, f"{{{space}}}Body").append(body)
    _secure(envelope, security)
    if len(header) == 0:
        envelope.remove(header)
    content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    if operation.is_12:
        return content, {"Content-Type": f'application/soap+xml; charset=utf-8; action="{operation.action}"'}
    return content, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation.action}"'}


def message_id_for(key: str | None) -> str:
    """The MessageID of a delivery: the same for the same key, so that a service can tell a repetition.

    Without a key it is a new one.
    """
    return f"urn:uuid:{uuid.uuid4() if key is None else uuid.uuid5(_MESSAGES, key)}"


def _secure(envelope: "etree._Element", security: Security) -> None:
    timestamp = None
    if security.timestamp is not None:
        now = datetime.now(UTC)
        timestamp = etree.Element(f"{{{_WSU}}}Timestamp", nsmap={"wsu": _WSU})
        for name, moment in (("Created", now), ("Expires", now + security.timestamp)):
            etree.SubElement(timestamp, f"{{{_WSU}}}{name}").text = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    token = security.username_token
    if token is not None:
        _TOKEN(
            token.username,
            token.password.get_secret_value(),
            use_digest=token.digest,
            timestamp_token=timestamp,
            zulu_timestamp=True,
        ).apply(envelope, {})
    elif timestamp is not None:
        _SECURITY_HEADER(envelope).append(timestamp)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """The envelope of an answer: what its body holds (None when empty), and the parts that came beside it."""

    content: "etree._Element | None"
    attachments: int


def open_answer(reply: Reply) -> Opened | str:
    """The envelope in ``reply``, or a sentence that says why there is none."""
    try:
        content, attachments = _root_part(reply)
    except RecursionError:
        return "its parts are nested too deep"
    root = _parse(content)
    if isinstance(root, str):
        return f"it is no XML: {root}"
    space = envelope_space(root)
    if space is None:
        return f"its root element is {etree.QName(root).localname} and no SOAP envelope"
    body = root.find(f"{{{space}}}Body")
    if body is None:
        return "its envelope has no body"
    return Opened(content=next(body.iterchildren(tag=etree.Element), None), attachments=attachments)


def _root_part(reply: Reply) -> tuple[bytes, int]:
    """The envelope's bytes and the number of parts beside it; these come as multipart/related (RFC 2387)."""
    content_type = reply.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/related"):
        return reply.content, 0
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + reply.content, policy=policy.HTTP)
    parts = list(message.iter_parts())
    start = message.get_param("start", header="content-type")
    root = next((part for part in parts if part.get("content-id") == start), parts[0] if parts else message)
    payload = root.get_payload(decode=True)
    return (payload if isinstance(payload, bytes) else b""), max(len(parts) - 1, 0)


def _parse(content: bytes) -> "etree._Element | str":
    try:
        root = etree.fromstring(content, safe_parser())
    except (etree.LxmlError, ValueError) as error:
        return str(error) or "it is empty"
    about = root.getroottree().docinfo
    return "it has a DOCTYPE" if getattr(about, "doctype", "") else root
