"""The partner's REST API on loopback, and a memory for sources."""

from collections.abc import Callable, Iterator

import pytest
from tests.adapters.memory import Notes

from transload.adapters.rest import RestApiSource, RestApiTarget, RestConnection, RestSource, RestTarget
from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server


@pytest.fixture
def memory() -> Notes:
    return Notes()


@pytest.fixture
def api() -> RestApi:
    return RestApi()


@pytest.fixture
def url(api: RestApi) -> Iterator[str]:
    with http_server(api.app) as address:
        yield address


@pytest.fixture
def target(naps: list[float]) -> Iterator[Callable[..., RestApiTarget]]:
    """Makes targets: address, target options, then connection settings under ``connection``."""
    made: list[RestApiTarget] = []

    def make(base_url: str, connection: dict[str, object] | None = None, **options: object) -> RestApiTarget:
        settings = RestConnection.model_validate({"base_url": base_url, **(connection or {})})
        wanted = RestTarget.model_validate({"path": "/sales-orders", **options})
        made.append(RestApiTarget(settings, wanted, sleep=naps.append))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def source(naps: list[float]) -> Iterator[Callable[..., RestApiSource]]:
    """Makes sources: address, source options, then connection settings under ``connection``."""
    made: list[RestApiSource] = []

    def make(base_url: str, connection: dict[str, object] | None = None, **options: object) -> RestApiSource:
        settings = RestConnection.model_validate({"base_url": base_url, **(connection or {})})
        wanted = RestSource.model_validate({"path": "/order-confirmations", **options})
        made.append(RestApiSource(settings, wanted, sleep=naps.append))
        return made[-1]

    yield make
    for one in made:
        one.close()
