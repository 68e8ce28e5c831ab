"""The XML format: a payload is one message, and its body the root element."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree
from pydantic import Field, field_validator

from transload.adapters.base import Encoded, Finding, Format, Message, Place, Reading, Reject, Settings, Tree
from transload.adapters.xml import positions
from transload.adapters.xml.parse import parse
from transload.canonical.context import Context

_WRITTEN = ("utf-8", "utf-16", "iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii")


class XmlOptions(Settings):
    """What an XML format takes."""

    encoding: str = Field(default="utf-8", description=f"Encoding to write: {', '.join(_WRITTEN)}.")
    declaration: bool = Field(default=True, description='Whether to write <?xml version="1.0" encoding="..."?> first.')
    deepest: int = Field(default=100, ge=1, le=250, description="How deep elements may be nested.")
    largest: int = Field(default=100_000_000, ge=1, description="Bytes that a payload may have.")

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str) -> str:
        if value.lower() not in _WRITTEN:
            raise ValueError(f"{value!r} cannot be written; encodings are {', '.join(_WRITTEN)}")
        return value.lower()


@dataclass(frozen=True, kw_only=True)
class XmlEnvelope:
    """What stood before and after the root element: declaration, comments, blanks."""

    before: str
    after: str
    encoding: str
    mark: bytes = b""


class XmlTree(Tree):
    """An lxml root element, and the payload that it was read from."""

    root: "etree._Element"

    def __init__(self, root: "etree._Element", payload: bytes, file: str | None) -> None:
        self.root = root
        self._payload = payload
        self._file = file

    def place(self, path: Sequence[str | int]) -> Place:
        """Where an element or attribute stands; for one that is absent, where its parent does.

        The path in the place is an XPath with the document's own prefixes.
        """
        element = self.root
        words = [_shown(element)]
        attribute: str | None = None
        steps = list(path)
        while steps:
            name = str(steps.pop(0))
            if name.startswith("@"):
                attribute = etree.QName(name[1:]).localname
                words.append(f"@{attribute}")
                break
            index = steps.pop(0) if steps and isinstance(steps[0], int) else 0
            assert isinstance(index, int)
            same = list(element.iterchildren(tag=name))
            if index >= len(same):
                rest = [_local(step) for step in (name, *steps) if isinstance(step, str)]
                words += rest
                break
            element = same[index]
            words.append(_shown(element) + (f"[{index + 1}]" if len(same) > 1 else ""))
        line, byte = self._find(element, attribute)
        return Place(file=self._file, line=line, byte=byte, path="/" + "/".join(words))

    def _find(self, element: "etree._Element", attribute: str | None) -> tuple[int, int]:
        before: Any = element.xpath("count(preceding::*) + count(ancestor::*)")
        text = positions.text_of(self._payload, self.root.getroottree().docinfo.encoding or "utf-8")
        tag = next(tag for number, tag in enumerate(positions.start_tags(text.text)) if number == int(before))
        start = positions.attribute_start(tag, attribute) if attribute else tag.start()
        return text.line(start), text.byte(start)


class XmlReading(Reading):
    """The one message of an XML payload, or the findings that say why there is none."""

    def __init__(self, messages: Sequence[Message], findings: Sequence[Finding]) -> None:
        self._messages = tuple(messages)
        self.findings = tuple(findings)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)


class XmlFormat(Format[XmlOptions]):
    """Reads and writes XML documents.

    Findings: ``E-XML`` (not well-formed), ``E-ENCODING``, ``E-DTD``, ``E-DEPTH``, ``E-SIZE``.
    """

    Options = XmlOptions
    content_type = "application/xml"

    def read(self, payload: bytes, *, file: str | None = None) -> XmlReading:
        """Read ``payload``; its message's kind is the root element's local name, its version the namespace."""
        if len(payload) > self.options.largest:
            finding = Finding(
                code="E-SIZE",
                message=f"the payload has {len(payload)} bytes, more than the {self.options.largest} that are allowed",
                hint="raise 'largest' under format: if such payloads are meant",
                place=Place(file=file),
            )
            return XmlReading((), [finding])
        root = parse(payload, deepest=self.options.deepest, file=file)
        if isinstance(root, Finding):
            return XmlReading((), [root])
        name = etree.QName(root)
        message = Message(
            kind=name.localname,
            version=name.namespace or "",
            end=len(payload),
            body=XmlTree(root, payload, file),
            enveloped=lambda: _surroundings(root, payload),
        )
        return XmlReading((message,), ())

    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        """The root element's text as a document, after its declaration.

        With the envelope of a message that was read, what stood around its root element is
        written again.  A character that the encoding lacks becomes its number (``&#8364;``).

        Raises `Reject` when the text is not well-formed or holds a character that XML cannot
        carry (``E-DOMAIN``), and for more or less than one message (``E-ROOT``).
        """
        if len(messages) != 1:
            message = f"an XML payload has one root element, not {len(messages)}"
            finding = Finding(code="E-ROOT", message=message, hint="write one payload for each document")
            raise Reject(message, findings=[finding])
        around = envelope if isinstance(envelope, XmlEnvelope) else self._around()
        body: str = messages[0].body
        try:
            payload = around.mark + (around.before + body + around.after).encode(around.encoding, "xmlcharrefreplace")
        except UnicodeEncodeError as error:  # half of a surrogate pair, which no encoding has
            raise _outside(f"the text holds U+{ord(body[error.start]):04X}, which is no character") from error
        root = parse(payload, deepest=self.options.deepest, file=None)
        if isinstance(root, Finding):
            raise _outside(root.message, root)
        return payload

    def _around(self) -> XmlEnvelope:
        encoding = self.options.encoding
        before = f'<?xml version="1.0" encoding="{encoding.upper()}"?>\n' if self.options.declaration else ""
        return XmlEnvelope(before=before, after="\n", encoding=encoding)


def _surroundings(root: "etree._Element", payload: bytes) -> XmlEnvelope:
    """What stands around the root element of a payload."""
    encoding = root.getroottree().docinfo.encoding or "utf-8"
    scanned = positions.text_of(payload, encoding)
    start, end = positions.root_span(scanned.text)
    mark = b"\xef\xbb\xbf" if payload.startswith(b"\xef\xbb\xbf") else b""
    real = scanned.encoding or encoding
    before = scanned.text[:start]
    after = scanned.text[end:]
    if scanned.encoding is None:  # bytes served as characters
        before = before.encode("latin-1")[len(mark) :].decode(real)
        after = after.encode("latin-1").decode(real)
    return XmlEnvelope(before=before, after=after, encoding=real, mark=mark)


def _outside(message: str, cause: Finding | None = None) -> Reject:
    finding = Finding(
        code="E-DOMAIN",
        message=f"this cannot be written as XML: {message}",
        hint=cause.hint if cause else None,
        place=cause.place if cause else None,
    )
    return Reject(finding.message, findings=[finding])


def _shown(element: "etree._Element") -> str:
    name = etree.QName(element).localname
    return f"{element.prefix}:{name}" if element.prefix else name


def _local(name: str) -> str:
    return "@" + etree.QName(name[1:]).localname if name.startswith("@") else etree.QName(name).localname
