"""Messages of several parts: SOAP with attachments and MTOM (multipart/related, RFC 2387), both ways."""

import re
import uuid
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from email import errors, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from hashlib import sha256
from itertools import pairwise
from urllib.parse import unquote

from lxml import etree

XOP = "http://www.w3.org/2004/08/xop/include"
_INCLUDE = f"{{{XOP}}}Include"
_SPOILED = (
    errors.InvalidBase64CharactersDefect,
    errors.InvalidBase64LengthDefect,
    errors.InvalidBase64PaddingDefect,
)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
_LINE_END = re.compile(rb"\A\r?\n")
_BLANK_LINE = re.compile(rb"(?:\A|\r?\n)\r?\n")
_LONGEST = 200
_LONGEST_HEAD = 4_000
_FOREIGN = (RecursionError, LookupError, ValueError, TypeError, AttributeError)
"""What headers of a stranger's can bring the library to."""


class NoParts(Exception):
    """A message of several parts cannot be taken apart; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A part beside the envelope.  ``identity``, ``kind`` and ``name`` are the sender's words, cut and printable."""

    identity: str
    kind: str
    name: str | None
    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return sha256(self.content).hexdigest()

    @property
    def words(self) -> str:
        """The part in words, for people."""
        return f"{self.name or self.identity or 'unnamed'} ({self.kind}, {len(self.content)} bytes)"


def taken_apart(content: bytes, content_type: str, *, most: int) -> tuple[bytes, list[Attachment]]:
    """The envelope's bytes in a message, and the parts beside it.

    Raises `NoParts` when the parts cannot be told, or are more than ``most``.
    """
    if not content_type.strip().lower().startswith("multipart/related"):
        return content, []
    about = _headers(b"Content-Type: " + " ".join(content_type.split()).encode("ascii", "replace"))
    try:
        boundary = about.get_boundary()
        start = about.get_param("start", header="content-type")
    except _FOREIGN as error:
        raise NoParts("its parts cannot be told") from error
    read = [_attachment(part) for part in _split(content, boundary or "", most=most)]
    wanted = _bare(start) if isinstance(start, str) else None
    root = next((one for one in read if wanted is not None and one.identity == wanted), read[0])
    return root.content, [one for one in read if one is not root]


def _split(content: bytes, boundary: str, *, most: int) -> list[bytes]:
    """What stands between the boundaries (RFC 2046 section 5.1.1), headers included; lines may end with LF alone.

    They are counted before anything is made of them.
    """
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("ascii", "replace")) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    found: list[re.Match[bytes]] = []
    for match in line.finditer(content) if boundary else ():
        found.append(match)
        if match[1]:
            break
        if len(found) > most + 1:
            raise NoParts(f"it has more than {most} parts beside the envelope; most_attachments: could allow more")
    if not found or not found[-1][1]:
        raise NoParts("its parts have no beginning or no end")
    if len(found) == 1:
        raise NoParts("it says that it has several parts, and has none")
    return [_LINE_END.sub(b"", content[one.end() : other.start()], count=1) for one, other in pairwise(found)]


def _attachment(part: bytes) -> Attachment:
    end = _BLANK_LINE.search(part)
    head, content = (part[: end.start()], part[end.end() :]) if end else (part, b"")
    headers = _headers(head)
    try:
        if headers.get_content_maintype() == "multipart":
            raise NoParts("a part holds parts itself")
        headers.set_payload(content.decode("ascii", "surrogateescape"))
        payload = headers.get_payload(decode=True)
        name = headers.get_filename() or _header(headers, "content-location") or None
        kind = headers.get_content_type()
    except _FOREIGN as error:
        raise NoParts("the headers of a part cannot be read") from error
    assert isinstance(payload, bytes)
    if any(isinstance(defect, _SPOILED) for defect in headers.defects):
        raise NoParts("the base64 of a part is broken")
    return Attachment(
        identity=_bare(_header(headers, "content-id")),
        kind=_plain(kind),
        name=_plain(name) if name else None,
        content=payload,
    )


def _headers(head: bytes) -> EmailMessage:
    """Headers as the library reads them, which takes long for long ones."""
    if len(head) > _LONGEST_HEAD:
        raise NoParts(f"its headers have more than {_LONGEST_HEAD} bytes")
    read = BytesHeaderParser(policy=policy.HTTP).parsebytes(head + b"\r\n\r\n")
    assert isinstance(read, EmailMessage)
    return read


def _header(part: EmailMessage, name: str) -> str:
    return str(part.get(name) or "")


def _bare(identity: str) -> str:
    """A Content-ID without its brackets, or what follows cid: in an address (RFC 2392)."""
    return _plain(identity.strip().removeprefix("<").removesuffix(">"))


def _plain(text: str) -> str:
    return _UNPRINTABLE.sub("?", text)[:_LONGEST]


def put_in(root: "etree._Element", attachments: list[Attachment], *, most: int) -> list[Attachment]:
    """Put what ``root`` includes by XOP in its place, as base64 text; the attachments that nothing includes.

    Raises `NoParts` when an included part is missing, or all together have more than ``most`` bytes.
    """
    known = {one.identity: one for one in attachments}
    used: set[str] = set()
    size = 0
    for include in list(root.iter(_INCLUDE)):
        address = (include.get("href") or "").strip()
        identity = _bare(unquote(address.removeprefix("cid:")))
        part = known.get(identity)
        holder = include.getparent()
        if not address.startswith("cid:") or part is None or holder is None:
            raise NoParts(f"it includes {_plain(address) or 'a part without a name'}, which is not there")
        if len(holder) != 1 or (holder.text or "").strip() or (include.tail or "").strip():
            raise NoParts("an included part does not stand alone in its element")
        size += len(part.content)
        if size > most:
            raise NoParts(f"its included parts have more than {most} bytes")
        holder.remove(include)
        holder.text = b64encode(part.content).decode()
        used.add(identity)
    return [one for one in attachments if one.identity not in used]


def plain_base64(body: "etree._Element", names: tuple[str, ...]) -> None:
    """Write the base64 texts of elements called ``names`` in their one form, without blanks.

    What receives them puts them together so (XOP 1.0 section 3.1), and a signature is over that.
    """
    for element in _named(body, names):
        content = _decoded(element)
        if content is not None:
            element.text = b64encode(content).decode()


def sent_beside(envelope: "etree._Element", names: tuple[str, ...]) -> list[tuple[str, bytes]]:
    """Replace the base64 texts of elements called ``names`` by inclusions: Content-ID and content of each."""
    parts = []
    for element in _named(envelope, names):
        content = _decoded(element)
        if content is None:
            continue
        identity = f"{uuid.uuid4()}@transload"
        element.text = None
        etree.SubElement(element, _INCLUDE, nsmap={"xop": XOP}).set("href", f"cid:{identity}")
        parts.append((identity, content))
    return parts


def put_together(envelope: bytes, kind: str, action: str, parts: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    """The message of an ``envelope`` of the content type ``kind`` with its parts (MTOM), and its content type."""
    boundary = f"transload-{uuid.uuid4()}"
    start = f"{uuid.uuid4()}@transload"
    pieces = [_piece(boundary, start, f'application/xop+xml; charset=UTF-8; type="{kind}"', envelope)]
    pieces += [_piece(boundary, identity, "application/octet-stream", content) for identity, content in parts]
    named = f'; action="{action}"' if kind == "application/soap+xml" and action else ""
    content_type = (
        f'multipart/related; type="application/xop+xml"; boundary="{boundary}"; start="<{start}>"; '
        f'start-info="{kind}"{named}'
    )
    return b"".join(pieces) + f"--{boundary}--\r\n".encode(), content_type


def _piece(boundary: str, identity: str, kind: str, content: bytes) -> bytes:
    head = (
        f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <{identity}>\r\n\r\n"
    )
    return head.encode() + content + b"\r\n"


def _named(root: "etree._Element", names: tuple[str, ...]) -> "list[etree._Element]":
    return [one for one in root.iter(tag=etree.Element) if etree.QName(one).localname in names and len(one) == 0]


def _decoded(element: "etree._Element") -> bytes | None:
    """The bytes of a base64 text; None when it is none, or empty."""
    try:
        return b64decode("".join((element.text or "").split()), validate=True) or None
    except (NotBase64, ValueError):
        return None
