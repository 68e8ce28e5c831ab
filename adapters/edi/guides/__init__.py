"""Guides: the structure rules of EDI messages as data, for resolving places and for validation."""

from transload.adapters.edi.guides.guide import Guide
from transload.adapters.edi.guides.lookup import check_overlays, find_guide
from transload.adapters.edi.guides.places import PlaceError, SegmentGuide, WirePlace, resolve_position

__all__ = ["Guide", "PlaceError", "SegmentGuide", "WirePlace", "check_overlays", "find_guide", "resolve_position"]
