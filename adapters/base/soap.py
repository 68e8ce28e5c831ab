"""The two versions of SOAP, and the parts of an envelope that both have."""

from lxml import etree

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
VERSIONS = {"1.1": SOAP_11, "1.2": SOAP_12}


def envelope_space(root: "etree._Element") -> str | None:
    """The namespace of the envelope that ``root`` is; None for any other element."""
    return next((space for space in VERSIONS.values() if root.tag == f"{{{space}}}Envelope"), None)


def fault_space(element: "etree._Element") -> str | None:
    """The namespace of the fault that ``element`` is; None for any other element."""
    return next((space for space in VERSIONS.values() if element.tag == f"{{{space}}}Fault"), None)


def fault_codes(element: "etree._Element", space: str) -> "list[etree._Element]":
    """The elements of a fault that hold its code and subcodes, outermost first: their texts are qualified names.

    Some services write the children of SOAP 1.1 with the envelope's namespace, some write those of 1.2 there.
    """
    written = list(element.iterfind("faultcode")) or list(element.iterfind(f"{{{space}}}faultcode"))
    return written or list(element.iterfind(f"{{{space}}}Code//{{{space}}}Value"))
