"""EDIFACT and X12: reading and writing interchanges, guides, and acknowledgements."""

from typing import TYPE_CHECKING

from transload.adapters.base.deferred import deferred

if TYPE_CHECKING:
    from transload.adapters.edi.declared import EDIFACT, X12
    from transload.adapters.edi.format import EdifactFormat, X12Format
else:
    __getattr__ = deferred(
        __name__,
        {"EDIFACT": "declared", "X12": "declared", "EdifactFormat": "format", "X12Format": "format"},
    )

__all__ = ["EDIFACT", "X12", "EdifactFormat", "X12Format"]
