"""The rest adapter keeps to the contract, over a wire to HTTP servers."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.contract.hurry import Hurried

from transload.adapters.base import Outbound
from transload.adapters.contract import NotPossible, SourceContract, SourceHarness, TargetContract, TargetHarness, Wire
from transload.adapters.rest import ADAPTER, RestApiSource, RestApiTarget, RestConnection, RestSource, RestTarget
from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server

TOKEN = "Kaffee-und-Kuchen"
WRONG = "Wasser-und-Brot"


def wired(stack: ExitStack, app: Any) -> Wire:
    """A wire to a server for ``app``."""
    parts = urlsplit(stack.enter_context(http_server(app)))
    assert parts.hostname is not None
    assert parts.port is not None
    return stack.enter_context(Wire(parts.hostname, parts.port))


def connection(wire: Wire, token: str, waits: float) -> RestConnection:
    return RestConnection.model_validate(
        {
            "base_url": f"http://{wire.host}:{wire.port}",
            "auth": {"bearer": {"token": token}},
            "timeouts": {"connect": "2s", "read": f"{waits}s", "total": f"{waits}s"},
            "max_body": 1_000_000,
            "tries": 2,
        }
    )


class Sheets(Hurried, SourceHarness):
    """Pages of a list that leads from one to the next by Link headers; each page is one item."""

    adapter = ADAPTER
    secrets = (TOKEN, WRONG)
    copies = 3  # uvicorn, starlette and the API hold one each

    def __init__(self, stack: ExitStack) -> None:
        self.pages: dict[str, bytes] = {}
        self.wire = wired(stack, Starlette(routes=[Route("/{number:int}", self._page), Route("/", self._page)]))

    async def _page(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Response(status_code=401)
        contents = list(self.pages.values())
        number = request.path_params.get("number", 1)
        if number > len(contents):
            return Response(status_code=204)
        assert self.wire is not None
        link = f'<http://{self.wire.host}:{self.wire.port}/{number + 1}>; rel="next"'
        headers = {"Link": link} if number < len(contents) else {}
        return Response(contents[number - 1], media_type="application/json", headers=headers)

    def source(self) -> RestApiSource:
        return self._source(TOKEN)

    def stranger(self) -> RestApiSource:
        return self._source(WRONG)

    def _source(self, token: str) -> RestApiSource:
        assert self.wire is not None
        options = RestSource.model_validate({"path": "/", "pages": {"style": "link"}})
        return RestApiSource(connection(self.wire, token, self.waits), options, sleep=lambda _: None)

    def offer(self, name: str, content: bytes) -> None:
        self.pages[name] = content

    def content(self, number: int) -> bytes:
        return b'{"number": %d}\n' % number * 3

    def state(self) -> Mapping[str, bytes]:
        return dict(self.pages)


class Orders(Hurried, TargetHarness):
    """An API that takes orders, once for each Idempotency-Key or number."""

    adapter = ADAPTER
    secrets = (TOKEN, WRONG)
    copies = 3  # uvicorn, starlette and the API hold one each

    def __init__(self, stack: ExitStack, options: Mapping[str, object]) -> None:
        self.options = options
        self.api = RestApi(token=TOKEN)
        self.wire = wired(stack, self.api.app)

    def target(self) -> RestApiTarget:
        return self._target(TOKEN)

    def stranger(self) -> RestApiTarget:
        return self._target(WRONG)

    def _target(self, token: str) -> RestApiTarget:
        assert self.wire is not None
        options = RestTarget.model_validate({"path": "/sales-orders", **self.options})
        return RestApiTarget(connection(self.wire, token, self.waits), options, sleep=lambda _: None)

    def content(self, number: int) -> bytes:
        return json.dumps({"number": f"N{number}"}).encode()

    def large(self, number: int, size: int) -> bytes:
        return json.dumps({"number": f"N{number}", "note": "x" * size}).encode()

    def outbound(self, number: int, *, content: bytes | None = None, name: str | None = None) -> Outbound:
        if name is not None:
            raise NotPossible("an order has its number in its content and no other name")
        lookup = {"lookup": f"/sales-orders/N{number}"} if "lookup" in self.options else {}
        given = self.content(number) if content is None else content
        return Outbound(key=f"delivery-{number}", content=given, metadata=lookup)

    @contextmanager
    def refusing(self, number: int) -> Iterator[Outbound]:
        """An order without a number is answered with 422."""
        yield self.outbound(number, content=b'{"note": "x"}')

    def arrived(self) -> Sequence[bytes]:
        return [json.dumps(record["order"]).encode() for record in self.api.orders.all()]

    def state(self) -> Mapping[str, bytes]:
        return {str(number): content for number, content in enumerate(self.arrived())}


class TestSource(SourceContract):
    @pytest.fixture
    def harness(self) -> Iterator[Sheets]:
        with ExitStack() as stack:
            yield Sheets(stack)


class TestTarget(TargetContract):
    @pytest.fixture(params=[{"idempotency": "header"}, {"lookup": "/sales-orders/{document.number}"}], ids=str)
    def harness(self, request: pytest.FixtureRequest) -> Iterator[Orders]:
        with ExitStack() as stack:
            yield Orders(stack, request.param)
