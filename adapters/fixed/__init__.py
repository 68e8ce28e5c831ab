"""Fixed width: records whose values stand in ranges of characters."""

from transload.adapters.base import Adapter
from transload.adapters.fixed.format import FixedFormat
from transload.adapters.fixed.options import FixedOptions

__all__ = ["ADAPTER", "FixedFormat", "FixedOptions"]

ADAPTER = Adapter(summary="Fixed width: records with values in ranges of characters", format=FixedFormat)
