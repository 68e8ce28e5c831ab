"""SOAP services of our own: an address that a partner calls, by a WSDL that both sides know."""

from transload.adapters.base import Adapter
from transload.adapters.soap.service.endpoint import SoapEndpoint
from transload.adapters.soap.service.settings import SoapServiceConnection, SoapServiceOptions

ADAPTER = Adapter(
    summary="SOAP services of our own: a partner calls an operation, and is answered once its body is committed",
    connection=SoapServiceConnection,
    endpoint=SoapEndpoint,
)

__all__ = ["ADAPTER", "SoapEndpoint", "SoapServiceConnection", "SoapServiceOptions"]
