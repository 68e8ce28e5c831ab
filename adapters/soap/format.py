"""The SOAP format: an envelope is one message, whose body is the element that the SOAP body holds.

What the transports of this adapter hand over has no envelope any more, and is read the
same way.  A fault is a message of the kind ``Fault``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from lxml import etree
from pydantic import Field

from transload.adapters.base import Encoded, Finding, Format, Message, Place, Reading, Reject, Severity
from transload.adapters.base.soap import VERSIONS, envelope_space, fault_codes, fault_space
from transload.adapters.base.xml import XmlEnvelope, XmlOptions, XmlTree, document, parse, too_large
from transload.adapters.soap.faults import fault_of
from transload.canonical.context import Context

_SHOWN = 300
_MOST = 500


class SoapOptions(XmlOptions):
    """What a SOAP format takes."""

    version: Literal["1.1", "1.2", "none"] = Field(
        default="1.1",
        description="Envelope to write; none is the body's element alone. Both versions are read, and so is a body "
        "without an envelope. A SOAP target takes all three, and makes the envelope itself.",
    )
    headers: Literal["report", "ignore"] = Field(
        default="report", description="Whether header blocks, which are left aside, are reported."
    )


class SoapReading(Reading):
    """The message of one envelope, or the findings that say why there is none."""

    def __init__(self, messages: Sequence[Message], findings: Sequence[Finding]) -> None:
        self._messages = tuple(messages)
        self.findings = tuple(findings)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)


class SoapFormat(Format[SoapOptions]):
    """Reads and writes SOAP envelopes, 1.1 and 1.2, with one element in the body (document/literal).

    Findings: those of XML, ``E-SOAP`` (no usable envelope), ``W-FAULT`` (the message is a fault),
    ``R-HEADER`` and ``W-HEADER`` (a header block was left aside; W when it must be understood).
    """

    Options = SoapOptions
    content_type = "application/xml"

    def read(self, payload: bytes, *, file: str | None = None) -> SoapReading:
        """Read ``payload``; its message's kind is the name of the element in the body, its version the namespace."""
        finding = too_large(payload, self.options, file)
        if finding is not None:
            return SoapReading((), [finding])
        root = parse(payload, deepest=self.options.deepest, file=file)
        if isinstance(root, Finding):
            return SoapReading((), [root])
        space = envelope_space(root)
        if space is None:
            if etree.QName(root).localname == "Envelope":
                return SoapReading((), [_strange_envelope(root, XmlTree(root, payload, file))])
            return SoapReading([self._message(root, payload, file, [])], ())
        whole = XmlTree(root, payload, file)
        body = root.find(f"{{{space}}}Body")
        held = [] if body is None else list(body.iterchildren(tag=etree.Element))
        if len(held) != 1:
            said = "has no Body" if body is None else "holds nothing" if not held else f"holds {len(held)} elements"
            hint = "the service must answer with one element in the Body (document/literal)"
            message = f"the envelope {said}" if body is None else f"the Body of the envelope {said}"
            place = whole.place(() if body is None else (body.tag, 0))
            return SoapReading((), [Finding(code="E-SOAP", message=message, hint=hint, place=place)])
        remarks = [] if self.options.headers == "ignore" else list(_headers(root, space, whole))
        return SoapReading([self._message(held[0], payload, file, remarks)], ())

    def _message(self, element: "etree._Element", payload: bytes, file: str | None, findings: list[Finding]) -> Message:
        tree = XmlTree(element, payload, file)
        space = fault_space(element)
        if space is not None:
            findings.append(self._fault(element, tree))
            for code in fault_codes(element, space):  # its prefix is the sender's choice and says nothing
                code.text = (code.text or "").strip().rpartition(":")[2]
        name = etree.QName(element)
        return Message(
            kind=name.localname,
            version=name.namespace or "",
            end=len(payload),
            body=tree,
            findings=tuple(findings),
            enveloped=lambda: XmlEnvelope.around(element, payload),
        )

    @staticmethod
    def _fault(element: "etree._Element", tree: XmlTree) -> Finding:
        fault = fault_of(element)
        assert fault is not None
        codes = "/".join((fault.code, *fault.subcodes)) or "no code"
        reason = " ".join(fault.reason.split())[:_SHOWN] or "no reason given"
        by = f", from {fault.actor}" if fault.actor else ""
        return Finding(
            code="W-FAULT",
            severity=Severity.WARNING,
            message=f"the service gave a fault and no result: {codes}{by}: {reason}",
            hint="a mapping for it can be named under format: faults:",
            value=fault.detail[:_MOST] if fault.detail else None,
            place=tree.place(()),
        )

    @property
    def holds_many(self) -> bool:
        """A payload is one message."""
        return False

    def write(self, messages: Sequence[Encoded], *, envelope: Any = None, context: Context) -> bytes:
        """The element's text in an envelope of the version that the options name.

        With the envelope of a message that was read, what stood around its element is written again.  The code
        of a fault gets the fault's own prefix where it has none.

        Raises `Reject` when the text is not well-formed or holds what XML cannot carry (``E-DOMAIN``), and for more
        or less than one message (``E-ROOT``).
        """
        if len(messages) != 1:
            message = f"a SOAP envelope holds one message, not {len(messages)}"
            finding = Finding(code="E-ROOT", message=message, hint="write one envelope for each document")
            raise Reject(message, findings=[finding])
        around = envelope if isinstance(envelope, XmlEnvelope) else self._around()
        body: str = messages[0].body
        if messages[0].kind == "Fault":
            body = _with_qualified_codes(body, self.options)
        payload, _ = document(body, around, deepest=self.options.deepest)
        return payload

    def _around(self) -> XmlEnvelope:
        new = XmlEnvelope.new(self.options)
        space = VERSIONS.get(self.options.version)
        if space is None:
            return new
        before = f'{new.before}<soap:Envelope xmlns:soap="{space}"><soap:Body>'
        return XmlEnvelope(before=before, after=f"</soap:Body></soap:Envelope>{new.after}", encoding=new.encoding)


def _strange_envelope(root: "etree._Element", tree: XmlTree) -> Finding:
    space = etree.QName(root).namespace or "none"
    return Finding(
        code="E-SOAP",
        message="this envelope is of no version of SOAP that there is",
        hint=f"its namespace must be {' or '.join(VERSIONS.values())}",
        value=space,
        place=tree.place(()),
    )


def _headers(root: "etree._Element", space: str, whole: XmlTree) -> Iterator[Finding]:
    """A finding for each header block: they belong to the transport, and no mapping reads them."""
    header = root.find(f"{{{space}}}Header")
    if header is None:
        return
    seen: dict[Any, int] = {}
    for block in header.iterchildren(tag=etree.Element):
        name = etree.QName(block)
        must = (block.get(f"{{{space}}}mustUnderstand") or "").strip() in ("1", "true")
        place = whole.place((header.tag, 0, block.tag, seen.get(block.tag, 0)))
        seen[block.tag] = seen.get(block.tag, 0) + 1
        yield Finding(
            code="W-HEADER" if must else "R-HEADER",
            severity=Severity.WARNING if must else Severity.REMARK,
            message=f"the header block {name.localname} was left aside"
            + (", which the sender wants to be understood" if must else ""),
            hint="headers: ignore under format: keeps these remarks away",
            value=name.namespace,
            place=Place(file=place.file, line=place.line, byte=place.byte, path=place.path),
        )


def _with_qualified_codes(body: str, options: SoapOptions) -> str:
    """A fault's text whose codes have the prefix of the fault element, which is bound to the envelope's namespace."""
    _, root = document(body, XmlEnvelope(before="", after="", encoding="utf-8"), deepest=options.deepest)
    space = fault_space(root)
    if space is None or root.prefix is None:
        return body
    first, *_ = [*fault_codes(root, space), None]
    if first is None or not first.text or ":" in first.text:
        return body
    first.text = f"{root.prefix}:{first.text}"
    return etree.tostring(root, encoding="unicode")
