"""AS2 (RFC 4130): signed and encrypted messages over HTTP, with receipts; needs the extra ``as2``."""

from transload.adapters.as2.endpoint import As2Endpoint
from transload.adapters.as2.files import FilesFilter
from transload.adapters.as2.settings import As2Connection, As2Options, As2Target
from transload.adapters.as2.target import As2Sender
from transload.adapters.base import Adapter

__all__ = ["ADAPTER", "As2Connection", "As2Endpoint", "As2Options", "As2Sender", "As2Target"]

ADAPTER = Adapter(
    summary="AS2: signed, encrypted and compressed messages over HTTP both ways, with receipts (MDN)",
    connection=As2Connection,
    target=As2Sender,
    endpoint=As2Endpoint,
    filter=FilesFilter,
)
