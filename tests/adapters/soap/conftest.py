"""The partner's SOAP service on loopback, called by its WSDL on disk."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from transload.adapters.soap import SoapConnection, SoapSource, SoapSourceOptions, SoapTarget, SoapTargetOptions
from transload.runner.demo.partners.servers import http_server
from transload.runner.demo.partners.soap_service import SoapService, wsdl_text


@pytest.fixture
def service() -> SoapService:
    return SoapService()


@pytest.fixture
def endpoint(service: SoapService) -> Iterator[str]:
    with http_server(service.app) as url:
        yield f"{url}/purchasing"


@pytest.fixture
def wsdl(tmp_path: Path) -> Path:
    """The service's WSDL as a file, with the address that its makers wrote: nobody listens there."""
    path = tmp_path / "orders.wsdl"
    path.write_text(wsdl_text(), encoding="utf-8")
    return path


@pytest.fixture
def target(wsdl: Path, naps: list[float]) -> Iterator[Callable[..., SoapTarget]]:
    """Makes targets: address, target options, then connection settings under ``connection``."""
    made: list[SoapTarget] = []

    def make(
        endpoint: str, connection: dict[str, object] | None = None, operation: str = "SubmitOrder", **options: object
    ) -> SoapTarget:
        settings = SoapConnection.model_validate({"wsdl": wsdl, "endpoint": endpoint, **(connection or {})})
        wanted = SoapTargetOptions.model_validate({"operation": operation, **options})
        made.append(SoapTarget(settings, wanted, sleep=naps.append))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def source(wsdl: Path, naps: list[float]) -> Iterator[Callable[..., SoapSource]]:
    """Makes sources that ask for the stock: address, source options."""
    made: list[SoapSource] = []

    def make(endpoint: str, **options: object) -> SoapSource:
        settings = SoapConnection.model_validate({"wsdl": wsdl, "endpoint": endpoint})
        request = '<GetStock xmlns="urn:example:purchasing:1"/>'
        wanted = SoapSourceOptions.model_validate({"operation": "GetStock", "request": request, **options})
        made.append(SoapSource(settings, wanted, sleep=naps.append))
        return made[-1]

    yield make
    for one in made:
        one.close()
