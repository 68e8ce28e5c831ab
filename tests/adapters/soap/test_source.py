from collections.abc import Callable
from typing import Any

import pytest

from transload.adapters.base import Retry, Stop
from transload.adapters.soap import SoapSource
from transload.runner.demo.partners.soap_service import SoapService

Make = Callable[..., SoapSource]


class Seen(dict[str, str]):
    def __init__(self) -> None:
        super().__init__()
        self.arrived: set[str] = set()

    def seen(self, key: str) -> bool:
        return key in self.arrived

    def put(self, name: str, value: str | None) -> None: ...

    def names(self, prefix: str = "") -> list[str]:
        return []


def test_an_answer_arrives_when_it_has_changed(service: SoapService, endpoint: str, source: Make) -> None:
    memory = Seen()
    (inbound,) = source(endpoint).receive(memory)
    assert inbound.origin == f"{endpoint} GetStock"
    assert isinstance(inbound.content, bytes)
    assert inbound.content.startswith(b"<GetStockResponse")
    assert b"<Quantity>120</Quantity>" in inbound.content
    memory.arrived.add(inbound.key)
    assert list(source(endpoint).receive(memory)) == []
    service.stock["4000000000013"] = "119"
    assert len(list(source(endpoint).receive(memory))) == 1


def test_a_request_that_is_refused_stops_the_route(service: SoapService, endpoint: str, source: Make) -> None:
    with pytest.raises(Stop, match="takes") as caught:
        list(source(endpoint, request="<GetStock/>").receive(Seen()))
    assert caught.value.hint == "correct request: of the route; or say under faults: what this fault means"
    service.fault("Client", "no such item")
    with pytest.raises(Stop, match="no such item"):
        list(source(endpoint).receive(Seen()))


def test_a_server_that_is_away_is_a_retry(
    service: SoapService, endpoint: str, source: Make, raw_server: Callable[..., Any], reset: object
) -> None:
    service.mischief.plan(status=502, body="gateway", times=2)
    with pytest.raises(Retry):
        list(source(endpoint).receive(Seen()))
    assert service.counts["calls"] == 2
    with pytest.raises(Retry):
        list(source(raw_server(reset).url).receive(Seen()))
