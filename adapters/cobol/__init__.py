"""COBOL: files of records whose fields a copybook describes, in EBCDIC or other code pages."""

from transload.adapters.base import Adapter
from transload.adapters.cobol.format import CobolFormat
from transload.adapters.cobol.options import CobolOptions

__all__ = ["ADAPTER", "CobolFormat", "CobolOptions"]

ADAPTER = Adapter(summary="COBOL records by a copybook: EBCDIC, packed, zoned and binary numbers", format=CobolFormat)
