"""Webhooks: partners that call an address of ours."""

from transload.adapters.base import Adapter
from transload.adapters.http.endpoint import HttpEndpoint
from transload.adapters.http.settings import HttpConnection

ADAPTER = Adapter(
    summary="Webhooks: an address of ours that a partner calls, signatures checked, repeats known",
    connection=HttpConnection,
    endpoint=HttpEndpoint,
)

__all__ = ["ADAPTER", "HttpConnection", "HttpEndpoint"]
