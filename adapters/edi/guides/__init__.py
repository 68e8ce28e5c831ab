"""Guides: the structure rules of EDI messages as data, for resolving places and for validation."""

from transload.adapters.edi.guides.guide import Guide
from transload.adapters.edi.guides.lookup import find_guide
from transload.adapters.edi.guides.places import PlaceError, SegmentGuide, WirePlace, resolve_position

__all__ = ["Guide", "PlaceError", "SegmentGuide", "WirePlace", "find_guide", "resolve_position"]
