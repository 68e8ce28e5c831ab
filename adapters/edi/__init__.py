"""EDIFACT, X12 and TRADACOMS: reading and writing interchanges, guides, and acknowledgements."""

from typing import TYPE_CHECKING

from transload.adapters.base.deferred import deferred

if TYPE_CHECKING:
    from transload.adapters.edi.declared import EDIFACT, TRADACOMS, X12
    from transload.adapters.edi.format import EdifactFormat, TradacomsFormat, X12Format
else:
    __getattr__ = deferred(
        __name__,
        {
            "declared": ("EDIFACT", "TRADACOMS", "X12"),
            "format": ("EdifactFormat", "TradacomsFormat", "X12Format"),
        },
    )

__all__ = ["EDIFACT", "TRADACOMS", "X12", "EdifactFormat", "TradacomsFormat", "X12Format"]
