"""The filters between transport and format: gzip, zip, character sets; PGP stands in a folder of its own."""

from transload.adapters.base import Adapter
from transload.adapters.filters.charset import CharsetFilter
from transload.adapters.filters.gzip import GzipFilter
from transload.adapters.filters.zip import ZipFilter

GZIP = Adapter(summary="Filter: payloads compressed with gzip", filter=GzipFilter)
ZIP = Adapter(summary="Filter: payloads in zip archives, each entry one of its own", filter=ZipFilter)
CHARSET = Adapter(
    summary="Filter: payloads in a character set, such as EBCDIC, that is not the format's", filter=CharsetFilter
)

__all__ = ["CHARSET", "GZIP", "ZIP", "CharsetFilter", "GzipFilter", "ZipFilter"]
