"""MIME parts as bytes: taken apart without changing one of them, since signatures and digests are over the bytes.

Only what AS2 needs: header fields with their parameters (RFC 2045, 2231), the parts of a multipart (RFC 2046),
Content-Transfer-Encoding.  The library's parser would give text back that is written anew.
"""

import base64
import binascii
import quopri
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import quote

MOST_HEADERS = 65_536
"""Bytes that the headers of a part may have."""
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_FOLD = re.compile(rb"\r?\n[ \t]+")
_END = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


class NotMime(ValueError):
    """The bytes are no such part; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part: ``headers`` by their names in small letters, and the ``body`` as it stands there, still encoded."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """Type and subtype in small letters; ``text/plain`` where the header is missing (RFC 2045, section 5.2)."""
        return self.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()

    def parameter(self, name: str, header: str = "content-type") -> str:
        """A parameter of a header; "" where it is absent."""
        holder = Message()
        holder[header] = self.headers.get(header, "")
        found = holder.get_param(name, "", header)
        if isinstance(found, tuple):
            try:
                return found[2].encode("latin-1", "replace").decode(found[0] or "ascii", "replace")
            except (LookupError, ValueError):
                return found[2]
        return str(found)

    @property
    def filename(self) -> str:
        """The file name that the sender gives, which is data and never a path of ours; "" where he gives none."""
        return self.parameter("filename", "content-disposition") or self.parameter("name")

    @property
    def content(self) -> bytes:
        """The body, decoded.  Raises `NotMime`."""
        encoding = self.headers.get("content-transfer-encoding", "binary").partition(";")[0].strip().lower()
        if encoding in ("binary", "7bit", "8bit", ""):
            return self.body
        try:
            if encoding == "base64":
                return base64.b64decode(re.sub(rb"\s+", b"", self.body), validate=True)
            if encoding == "quoted-printable":
                return quopri.decodestring(self.body)
        except (ValueError, binascii.Error):
            raise NotMime("the content is not written in base64, as its header says") from None
        raise NotMime(f"the Content-Transfer-Encoding {encoding[:40]!r} is unknown")


def parse(raw: bytes) -> Part:
    """The part in ``raw``: its headers, an empty line, its body.  Raises `NotMime`."""
    if raw.startswith((b"\r\n", b"\n")):
        return Part(headers={}, body=raw[2 if raw[:1] == b"\r" else 1 :])
    end = _END.search(raw, 0, MOST_HEADERS)
    if end is None:
        raise NotMime("no empty line ends the headers")
    headers: dict[str, str] = {}
    for line in re.split(rb"\r?\n", _FOLD.sub(b" ", raw[: end.start()])):
        found = _FIELD.fullmatch(line)
        if found is None:
            raise NotMime("a line of the headers is no header")
        name = found[1].decode("ascii").lower()
        if name.startswith("content-") and name in headers:
            raise NotMime(f"the header {name} is there twice")
        headers[name] = found[2].decode("utf-8", "replace").strip()
    return Part(headers=headers, body=raw[end.end() :])


def split(part: Part, *, most: int = 20) -> list[bytes]:
    """The parts of a multipart, each exactly as it stands between its boundaries.

    Nothing but white space may follow the last boundary: a message to which somebody appended something is none.
    Raises `NotMime`.
    """
    boundary = part.parameter("boundary")
    if not _BOUNDARY.fullmatch(boundary):
        raise NotMime("the multipart names no boundary")
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary.encode("ascii")) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    found: list[bytes] = []
    begin: int | None = None
    for match in line.finditer(part.body):
        if begin is not None:
            found.append(part.body[begin : max(begin, match.start())])
        if len(found) > most:
            raise NotMime(f"it has more than {most} parts")
        if match[1]:
            if part.body[match.end() :].strip():
                raise NotMime("something follows the last boundary")
            return found
        begin = match.end() + (2 if part.body[match.end() : match.end() + 2] == b"\r\n" else 1)
    raise NotMime("the last boundary is missing: it is cut off")


def render(headers: Mapping[str, str], body: bytes) -> bytes:
    """A part as bytes, lines ended by CRLF."""
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n" + body


_KEPT = (
    *("content-type", "content-transfer-encoding", "content-disposition", "content-description", "mime-version"),
    *("as2-from", "as2-to", "as2-version", "message-id", "subject", "date", "ediint-features"),
    *("disposition-notification-to", "disposition-notification-options", "receipt-delivery-option"),
)


def kept(part: Part) -> bytes:
    """A part as it came, with those of its headers that say what it is; no login is among them."""
    return render({name: part.headers[name] for name in _KEPT if name in part.headers}, part.body)


def multipart(parts: Sequence[bytes], boundary: str) -> bytes:
    """The body of a multipart."""
    dashes = b"--" + boundary.encode("ascii")
    return b"".join(dashes + b"\r\n" + part + b"\r\n" for part in parts) + dashes + b"--\r\n"


def new_boundary() -> str:
    """A boundary that stands in no part, by chance of 1 to 2**128."""
    return f"transload-{secrets.token_hex(16)}"


def canonical(raw: bytes) -> bytes:
    """``raw`` with its lines ended by CRLF, as text is signed (RFC 8551, section 3.1.1)."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def canonical_headers(raw: bytes) -> bytes:
    """A part whose headers are ended by CRLF, and its body as it is, for content that is not text."""
    end = _END.search(raw, 0, MOST_HEADERS)
    return raw if end is None else canonical(raw[: end.end()]) + raw[end.end() :]


def encoded(content: bytes) -> bytes:
    """``content`` in base64, in lines of 76 (RFC 2045, section 6.8)."""
    return base64.encodebytes(content).replace(b"\n", b"\r\n")


def named(file: str) -> str:
    """A file name as the parameter of a header (RFC 2231 where it is not ASCII)."""
    if not file.isascii():
        return f"filename*=utf-8''{quote(file, safe='')}"
    escaped = file.replace("\\", "\\\\").replace('"', '\\"')
    return f'filename="{escaped}"'
