"""Envelopes of ours in answer to a request: with a body, or with a fault."""

from dataclasses import dataclass
from typing import Any

from lxml import etree

from transload.adapters.base.endpoint import Response
from transload.adapters.base.printable import printable
from transload.adapters.base.soap import SOAP_11, SOAP_12
from transload.adapters.soap.security.parts import WSSE
from transload.canonical.findings import Finding

WSA = "http://www.w3.org/2005/08/addressing"
ANONYMOUS = f"{WSA}/anonymous"
CONTENT_TYPES = {SOAP_11: "text/xml; charset=utf-8", SOAP_12: "application/soap+xml; charset=utf-8"}
_NAMES_12 = {"Client": "Sender", "Server": "Receiver"}
_PREFIXES = {WSA: "wsa", WSSE: "wsse"}
FINDINGS = "urn:transload:findings"
"""The namespace of what a fault says about a body."""
_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A fault: ``code`` by its name in SOAP 1.1, ``subcodes`` as qualified names, outermost first, and a reason.

    ``not_understood`` are the header blocks that SOAP 1.2 wants to be named with MustUnderstand, ``findings`` what is
    wrong with the body.
    """

    code: str
    reason: str
    subcodes: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def unproved() -> Trouble:
    """What a stranger is told (WS-Security 1.1 section 12)."""
    reason = "The security token could not be authenticated or authorized"
    return Trouble(code="Client", subcodes=(f"{{{WSSE}}}FailedAuthentication",), reason=reason)


def answered(space: str, body: "etree._Element", *, action: str, relates_to: str | None) -> Response:
    """The answer with ``body``, in the version of SOAP whose namespace is ``space``."""
    envelope, held = _envelope(space, action, relates_to)
    held.append(body)
    return _response(200, space, envelope)


def fault(space: str, trouble: Trouble, *, relates_to: str | None = None) -> Response:
    """The answer that is a fault: status 500, but 400 for what the sender did wrong in SOAP 1.2 (part 2, 7.5.2.2)."""
    ours = any(etree.QName(one).namespace == WSA for one in trouble.subcodes)
    envelope, held = _envelope(space, f"{WSA}/fault" if ours else f"{WSA}/soap/fault", relates_to)
    made = etree.SubElement(held, f"{{{space}}}Fault")
    if space == SOAP_11:
        code = etree.SubElement(made, "faultcode", nsmap=_spaces(trouble))
        code.text = _qualified(trouble.subcodes[-1]) if trouble.subcodes else f"soap:{trouble.code}"
        etree.SubElement(made, "faultstring").text = printable(trouble.reason)
        if trouble.findings:
            _describe(etree.SubElement(made, "detail"), trouble.findings)
        return _response(500, space, envelope)
    within = etree.SubElement(made, f"{{{space}}}Code")
    etree.SubElement(within, f"{{{space}}}Value").text = f"soap:{_NAMES_12.get(trouble.code, trouble.code)}"
    for subcode in trouble.subcodes:
        within = etree.SubElement(within, f"{{{space}}}Subcode")
        etree.SubElement(within, f"{{{space}}}Value", nsmap=_spaces(trouble)).text = _qualified(subcode)
    text = etree.SubElement(etree.SubElement(made, f"{{{space}}}Reason"), f"{{{space}}}Text")
    text.set(f"{{{_XML}}}lang", "en")
    text.text = printable(trouble.reason)
    if trouble.findings:
        _describe(etree.SubElement(made, f"{{{space}}}Detail"), trouble.findings)
    for name in trouble.not_understood:
        block = etree.QName(name)
        spaces: Any = {"b": block.namespace} if block.namespace else None
        header = envelope[0] if len(envelope) > 1 else _header_of(envelope, space)
        told = etree.SubElement(header, f"{{{space}}}NotUnderstood", nsmap=spaces)
        told.set("qname", f"b:{block.localname}" if block.namespace else block.localname)
    return _response(400 if trouble.code == "Client" else 500, space, envelope)


def _describe(detail: "etree._Element", findings: tuple[Finding, ...]) -> None:
    """What is wrong, for the sender's people and programs."""
    spaces: Any = {None: FINDINGS}
    made = etree.SubElement(detail, f"{{{FINDINGS}}}findings", nsmap=spaces)
    for finding in findings:
        one = etree.SubElement(made, f"{{{FINDINGS}}}finding")
        place = finding.place.path if finding.place is not None else None
        for name, text in (("code", finding.code), ("place", place), ("text", finding.message)):
            if text:
                etree.SubElement(one, f"{{{FINDINGS}}}{name}").text = printable(text)


def _envelope(space: str, action: str, relates_to: str | None) -> "tuple[etree._Element, etree._Element]":
    envelope = etree.Element(f"{{{space}}}Envelope", nsmap={"soap": space})
    if relates_to is not None:
        header = _header_of(envelope, space)
        for name, text in (("Action", action), ("RelatesTo", relates_to)):
            etree.SubElement(header, f"{{{WSA}}}{name}", nsmap={"wsa": WSA}).text = text
    return envelope, etree.SubElement(envelope, f"{{{space}}}Body")


def _header_of(envelope: "etree._Element", space: str) -> "etree._Element":
    header = etree.Element(f"{{{space}}}Header")
    envelope.insert(0, header)
    return header


def _response(status: int, space: str, envelope: "etree._Element") -> Response:
    content = etree.tostring(envelope, xml_declaration=True, encoding="utf-8")
    return Response(status=status, content=content, content_type=CONTENT_TYPES[space])


def _spaces(trouble: Trouble) -> Any:
    used = {str(etree.QName(one).namespace) for one in trouble.subcodes}
    return {_PREFIXES[space]: space for space in sorted(used)}


def _qualified(name: str) -> str:
    found = etree.QName(name)
    return f"{_PREFIXES[str(found.namespace)]}:{found.localname}"
