"""The adapters of this package, as their entry points name them."""

from transload.adapters.base import Adapter
from transload.adapters.edi.format import EdifactFormat, TradacomsFormat, X12Format

EDIFACT = Adapter(
    summary="EDIFACT interchanges (ISO 9735, syntax versions 1 to 4): reads, checks, writes, acknowledges with CONTRL",
    format=EdifactFormat,
)
X12 = Adapter(
    summary="X12 interchanges: reads, checks, writes, acknowledges with 997, 999 and TA1",
    format=X12Format,
)
TRADACOMS = Adapter(
    summary="TRADACOMS transmissions: reads, checks, writes",
    format=TradacomsFormat,
)
