"""SOAP services, 1.1 and 1.2, by an offline WSDL: the mapping writes the body, this adapter everything around it."""

from transload.adapters.base import Adapter
from transload.adapters.soap.settings import SoapConnection, SoapSourceOptions, SoapTargetOptions
from transload.adapters.soap.source import SoapSource
from transload.adapters.soap.target import SoapTarget

__all__ = ["ADAPTER", "SoapConnection", "SoapSource", "SoapSourceOptions", "SoapTarget", "SoapTargetOptions"]

ADAPTER = Adapter(
    summary="SOAP 1.1 and 1.2 services, by an offline WSDL",
    connection=SoapConnection,
    source=SoapSource,
    target=SoapTarget,
)
