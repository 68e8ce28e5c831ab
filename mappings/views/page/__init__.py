"""A partner guideline as one HTML page: what the mapping reads and writes, for people who do not read mappings."""

from transload.mappings.views.page.guideline import guideline

__all__ = ["guideline"]
