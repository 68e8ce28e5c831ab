"""XML for every adapter that reads it: the hardened parser, places, and what stands around a root element.

Decision of the house: no other parser ever sees bytes that a partner sent.
"""

from transload.adapters.base.xml.parse import parse, safe_parser
from transload.adapters.base.xml.surroundings import ENCODINGS, XmlEnvelope, XmlOptions, document, too_large
from transload.adapters.base.xml.tree import XmlTree, shown

__all__ = [
    "ENCODINGS",
    "XmlEnvelope",
    "XmlOptions",
    "XmlTree",
    "document",
    "parse",
    "safe_parser",
    "shown",
    "too_large",
]
