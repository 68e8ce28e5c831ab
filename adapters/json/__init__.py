"""JSON payloads (RFC 8259): one message, or one for each item of a page."""

from transload.adapters.base import Adapter
from transload.adapters.json.format import JsonFormat, JsonOptions

__all__ = ["ADAPTER", "JsonFormat", "JsonOptions"]

ADAPTER = Adapter(summary="JSON: one document, or the items of a page", format=JsonFormat)
