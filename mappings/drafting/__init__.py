"""First mappings, made from samples: what is sure is bound, what is not stands there as the sample has it."""

from transload.mappings.drafting.making import Drafted, Sample, draft
from transload.mappings.drafting.openings import open_points

__all__ = ["Drafted", "Sample", "draft", "open_points"]
