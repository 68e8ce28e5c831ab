"""CSV payloads: rows of cells, with or without a header."""

from transload.adapters.base import Adapter
from transload.adapters.csv.format import CsvFormat
from transload.adapters.csv.options import CsvOptions

__all__ = ["ADAPTER", "CsvFormat", "CsvOptions"]

ADAPTER = Adapter(summary="CSV: rows of cells, one document or many", format=CsvFormat)
