"""The XML format: a payload is one message, and its body the root element."""

from collections.abc import Iterator, Sequence
from typing import Any

from lxml import etree

from transload.adapters.base import Encoded, Finding, Format, Message, Reading, Reject
from transload.adapters.base.xml import XmlEnvelope, XmlOptions, XmlTree, document, parse, too_large
from transload.canonical.context import Context


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
        finding = too_large(payload, self.options, file)
        if finding is not None:
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
            enveloped=lambda: XmlEnvelope.around(root, payload),
        )
        return XmlReading((message,), ())

    @property
    def holds_many(self) -> bool:
        """A payload is one message."""
        return False

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
        around = envelope if isinstance(envelope, XmlEnvelope) else XmlEnvelope.new(self.options)
        body: str = messages[0].body
        payload, _ = document(body, around, deepest=self.options.deepest)
        return payload
