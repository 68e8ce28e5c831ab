"""What stands around a root element: declaration, comments, blanks; and the options that XML formats share."""

from dataclasses import dataclass

from lxml import etree
from pydantic import Field, field_validator

from transload.adapters.base.settings import Settings
from transload.adapters.base.xml import positions
from transload.adapters.base.xml.parse import parse
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.canonical.places import Place

ENCODINGS = ("utf-8", "utf-16", "iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii")


class XmlOptions(Settings):
    """What an XML format takes."""

    encoding: str = Field(default="utf-8", description=f"Encoding to write: {', '.join(ENCODINGS)}.")
    declaration: bool = Field(default=True, description='Whether to write <?xml version="1.0" encoding="..."?> first.')
    deepest: int = Field(default=100, ge=1, le=250, description="How deep elements may be nested.")
    largest: int = Field(default=100_000_000, ge=1, description="Bytes that a payload may have.")

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        if value.lower() not in ENCODINGS:
            raise ValueError(f"{value!r} cannot be written; encodings are {', '.join(ENCODINGS)}")
        return value.lower()


@dataclass(frozen=True, kw_only=True)
class XmlEnvelope:
    """What stood before and after an element: declaration, comments, blanks; the SOAP envelope, where it has one."""

    before: str
    after: str
    encoding: str
    mark: bytes = b""

    @classmethod
    def new(cls, options: XmlOptions) -> "XmlEnvelope":
        """What the options say is written around a root element."""
        encoding = options.encoding
        before = f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n' if options.declaration else ""
        return cls(before=before, after="\n", encoding=encoding)

    @classmethod
    def around(cls, element: "etree._Element", payload: bytes) -> "XmlEnvelope":
        """What stands around ``element`` in the ``payload`` that it was parsed from."""
        encoding = element.getroottree().docinfo.encoding or "utf-8"
        scanned = positions.text_of(payload, encoding)
        start, end = positions.span(scanned.text, positions.number_of(element))
        mark = b"\xef\xbb\xbf" if payload.startswith(b"\xef\xbb\xbf") else b""
        real = scanned.encoding or encoding
        before = scanned.text[:start]
        after = scanned.text[end:]
        if scanned.encoding is None:  # bytes served as characters
            before = before.encode("latin-1")[len(mark) :].decode(real)
            after = after.encode("latin-1").decode(real)
        return cls(before=before, after=after, encoding=real, mark=mark)


def document(body: str, around: XmlEnvelope, *, deepest: int) -> tuple[bytes, "etree._Element"]:
    """The payload of ``body`` between what stands ``around`` it, and its root element.

    A character that the encoding lacks becomes its number (``&#8364;``).  Raises `Reject` when the text is not
    well-formed or holds a character that XML cannot carry (``E-DOMAIN``).
    """
    try:
        payload = around.mark + (around.before + body + around.after).encode(around.encoding, "xmlcharrefreplace")
    except UnicodeEncodeError as error:  # half of a surrogate pair, which no encoding has
        text = str(error.object)
        raise _outside(f"the text holds U+{ord(text[error.start]):04X}, which is no character") from error
    root = parse(payload, deepest=deepest, file=None)
    if isinstance(root, Finding):
        raise _outside(root.message, root)
    return payload, root


def too_large(payload: bytes, options: XmlOptions, file: str | None) -> Finding | None:
    """The finding of a payload that has more bytes than the options allow."""
    if len(payload) <= options.largest:
        return None
    return Finding(
        code="E-SIZE",
        message=f"the payload has {len(payload)} bytes, more than the {options.largest} that are allowed",
        hint="raise 'largest' under format: if such payloads are meant",
        place=Place(file=file),
    )


def _outside(message: str, cause: Finding | None = None) -> Reject:
    finding = Finding(
        code="E-DOMAIN",
        message=f"this cannot be written as XML: {message}",
        hint=cause.hint if cause else None,
        place=cause.place if cause else None,
    )
    return Reject(finding.message, findings=[finding])
