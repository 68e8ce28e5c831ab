"""JSON payloads (RFC 8259): one message, or one for each item of a page."""

from transload.adapters.base import Adapter
from transload.adapters.json.format import JsonFormat
from transload.adapters.json.options import JsonOptions
from transload.adapters.json.pages import Page

__all__ = ["ADAPTER", "JsonFormat", "JsonOptions", "Page"]

ADAPTER = Adapter(summary="JSON: one document, or the items of a page", format=JsonFormat)
