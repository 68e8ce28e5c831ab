"""SOAP, 1.1 and 1.2: services by an offline WSDL, and the envelope as a format."""

from transload.adapters.base import Adapter
from transload.adapters.soap.format import SoapFormat, SoapOptions
from transload.adapters.soap.settings import SoapConnection, SoapSourceOptions, SoapTargetOptions
from transload.adapters.soap.source import SoapSource
from transload.adapters.soap.target import SoapTarget

__all__ = [
    "ADAPTER",
    "SoapConnection",
    "SoapFormat",
    "SoapOptions",
    "SoapSource",
    "SoapSourceOptions",
    "SoapTarget",
    "SoapTargetOptions",
]

ADAPTER = Adapter(
    summary="SOAP 1.1 and 1.2: services by an offline WSDL, and envelopes as messages",
    connection=SoapConnection,
    source=SoapSource,
    target=SoapTarget,
    format=SoapFormat,
)
