"""The parts of an envelope that can be signed, where they are used, and the form that a signature sees of them."""

from lxml import etree

from transload.adapters.base.xml import safe_parser

DS = "http://www.w3.org/2000/09/xmldsig#"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


def parts_of(envelope: "etree._Element") -> "dict[str, list[etree._Element]]":
    """The parts of an envelope that can be signed, at the places where they are used, by their names."""
    space = etree.QName(envelope).namespace
    header = envelope.find(f"{{{space}}}Header")
    blocks = list(header.iterchildren(tag=etree.Element)) if header is not None else []
    inner = [child for block in blocks if block.tag == f"{{{WSSE}}}Security" for child in block.iterchildren()]
    return {
        "body": envelope.findall(f"{{{space}}}Body"),
        "timestamp": [one for one in inner if one.tag == f"{{{WSU}}}Timestamp"],
        "token": [one for one in inner if one.tag == f"{{{WSSE}}}UsernameToken"],
        "addressing": [one for one in blocks if isinstance(one.tag, str) and one.tag.startswith(f"{{{ADDRESSING}}}")],
    }


def canonical(element: "etree._Element") -> bytes:
    """Exclusive canonical form, without comments: the same for the same content, wherever it stands."""
    alone = etree.fromstring(etree.tostring(element, with_tail=False), safe_parser())
    return etree.tostring(alone, method="c14n", exclusive=True, with_comments=False)
