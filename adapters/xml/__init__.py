"""XML payloads: a payload is one message, its root element."""

from transload.adapters.base import Adapter
from transload.adapters.base.xml import XmlOptions
from transload.adapters.xml.format import XmlFormat

__all__ = ["ADAPTER", "XmlFormat", "XmlOptions"]

ADAPTER = Adapter(summary="XML: one document, read without DTD, entities or network", format=XmlFormat)
