"""Requests and answers as they may be kept: what is secret in their headers is masked.

The body of a request is the delivery's content, and that of an answer the answer's, so
both are kept where those are.
"""

import copy
from typing import Any

from lxml import etree

from transload.adapters.base.masking import STARS, masked
from transload.adapters.base.soap import envelope_space

LONGEST = 4_000
"""Characters of a captured header at most."""
_SECRET = frozenset(
    {"Password", "Nonce", "BinarySecurityToken", "KeyIdentifier", "CipherValue", "AttributeValue", "NameID"}
)
_WHOLE = frozenset({"Assertion", "EncryptedData", "EncryptedKey", "BinarySecret"})
"""Elements whose content is a token as a whole."""


def captured(envelope: "etree._Element", *, hidden: tuple[str, ...] = ()) -> str:
    """``envelope`` as text with its header blocks, but without what its body holds."""
    space = envelope_space(envelope)
    spaces: Any = envelope.nsmap  # None is the default namespace's prefix
    kept = etree.Element(envelope.tag, nsmap=spaces)
    header = envelope.find(f"{{{space}}}Header")
    if header is not None:
        kept.append(_masked(copy.deepcopy(header)))
    body = envelope.find(f"{{{space}}}Body")
    if body is not None:
        first = next(body.iterchildren(tag=etree.Element), None)
        shown = etree.SubElement(kept, body.tag)
        for name, value in body.attrib.items():
            shown.set(name, value)
        shown.append(etree.Comment(" empty " if first is None else f" {etree.QName(first).localname} "))
    text = masked(etree.tostring(kept, encoding="unicode"), *hidden)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def secret_texts(envelope: "etree._Element") -> tuple[str, ...]:
    """The texts in the header of a request that its answer might repeat, and nobody should see."""
    space = envelope_space(envelope)
    header = envelope.find(f"{{{space}}}Header")
    if header is None:
        return ()
    found = [
        one.text or "" for one in header.iter(tag=etree.Element) if etree.QName(one).localname in ("Password", "Nonce")
    ]
    return tuple(text for text in found if text)


def _masked(header: "etree._Element") -> "etree._Element":
    header.tail = None
    for element in list(header.iter(tag=etree.Element)):
        name = etree.QName(element).localname
        if name in _WHOLE:
            for child in list(element):
                element.remove(child)
            element.text = STARS
        elif name in _SECRET:
            element.text = STARS
    return header
