"""REST APIs over HTTP: documents are sent as requests and fetched page by page."""

from transload.adapters.base import Adapter
from transload.adapters.rest.settings import RestConnection, RestSource, RestTarget
from transload.adapters.rest.source import RestApiSource
from transload.adapters.rest.target import RestApiTarget

__all__ = ["ADAPTER", "RestApiSource", "RestApiTarget", "RestConnection", "RestSource", "RestTarget"]

ADAPTER = Adapter(
    summary="REST APIs: send documents as requests, fetch them page by page",
    connection=RestConnection,
    source=RestApiSource,
    target=RestApiTarget,
)
