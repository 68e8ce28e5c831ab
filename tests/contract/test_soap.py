"""The soap adapter keeps to the contract: transports over a wire to a service, and the format of envelopes."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree
from starlette.responses import Response
from tests.contract.hurry import Hurried

from transload.adapters.base import Outbound
from transload.adapters.contract import NotPossible, SourceContract, SourceHarness, TargetContract, TargetHarness, Wire
from transload.adapters.soap import (
    ADAPTER,
    SoapConnection,
    SoapSource,
    SoapSourceOptions,
    SoapTarget,
    SoapTargetOptions,
)
from transload.runner.demo.partners.servers import http_server
from transload.runner.demo.partners.soap_service import NAMESPACE, SoapService, wsdl_text

PASSWORD = "Kaffee-und-Kuchen"
WRONG = "Wasser-und-Brot"


def guarded(app: Any) -> Any:
    """``app`` behind a login by user name and password (RFC 7617)."""
    known = b"Basic " + b64encode(f"bolt:{PASSWORD}".encode())

    async def asked(scope: Any, receive: Any, send: Any) -> None:
        let_in = scope["type"] != "http" or dict(scope["headers"]).get(b"authorization") == known
        await (app if let_in else Response(status_code=401))(scope, receive, send)

    return asked


def wired(stack: ExitStack, service: SoapService, folder: Path) -> tuple[Wire, Path]:
    """A wire to the service, and its WSDL."""
    parts = urlsplit(stack.enter_context(http_server(guarded(service.app))))
    assert parts.hostname is not None
    assert parts.port is not None
    wire = stack.enter_context(Wire(parts.hostname, parts.port))
    wsdl = folder / "orders.wsdl"
    wsdl.write_text(wsdl_text(), encoding="utf-8")
    return wire, wsdl


def connection(wire: Wire, wsdl: Path, password: str, waits: float) -> SoapConnection:
    return SoapConnection.model_validate(
        {
            "wsdl": wsdl,
            "endpoint": f"http://{wire.host}:{wire.port}/purchasing",
            "login": {"username": "bolt", "password": password},
            "timeouts": {"connect": "2s", "read": f"{waits}s", "total": f"{waits}s"},
            "max_body": 1_000_000,
        }
    )


class Stock(Hurried, SourceHarness):
    """A service that is asked for its stock: one answer at a time."""

    adapter = ADAPTER
    secrets = (PASSWORD, WRONG)
    copies = 4  # uvicorn and starlette hold one each, the service its answer as text and as bytes
    at_once = 1

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.service = SoapService()
        self.wire, self.wsdl = wired(stack, self.service, folder)

    def source(self) -> SoapSource:
        return self._source(PASSWORD)

    def stranger(self) -> SoapSource:
        return self._source(WRONG)

    def _source(self, password: str) -> SoapSource:
        assert self.wire is not None
        options = {"operation": "GetStock", "request": f'<GetStock xmlns="{NAMESPACE}"/>'}
        made = connection(self.wire, self.wsdl, password, self.waits)
        return SoapSource(made, SoapSourceOptions.model_validate(options), sleep=lambda _: None)

    def offer(self, name: str, content: bytes) -> bytes:
        if not content:
            raise NotPossible("an answer is never empty")
        self.service.stock = {content.decode(): "1"}
        row = f"<Stock><Item>{content.decode()}</Item><Quantity>1</Quantity></Stock>"
        spaces = f'xmlns="{NAMESPACE}" xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        return f"<GetStockResponse {spaces}>{row}</GetStockResponse>".encode()

    def content(self, number: int) -> bytes:
        return b"item %d" % number

    def state(self) -> Mapping[str, bytes]:
        return {item: quantity.encode() for item, quantity in self.service.stock.items()}


class Purchasing(Hurried, TargetHarness):
    """A service that takes orders, each number once."""

    adapter = ADAPTER
    secrets = (PASSWORD, WRONG)
    copies = 3  # uvicorn, starlette and the service hold one each

    def __init__(self, stack: ExitStack, folder: Path, options: Mapping[str, object]) -> None:
        self.options = options
        self.service = SoapService()
        self.wire, self.wsdl = wired(stack, self.service, folder)

    def target(self) -> SoapTarget:
        return self._target(PASSWORD)

    def stranger(self) -> SoapTarget:
        return self._target(WRONG)

    def _target(self, password: str) -> SoapTarget:
        assert self.wire is not None
        options = SoapTargetOptions.model_validate({"operation": "SubmitOrder", **self.options})
        made = connection(self.wire, self.wsdl, password, self.waits)
        return SoapTarget(made, options, sleep=lambda _: None)

    def content(self, number: int) -> bytes:
        return self._order(number, "4000000000006")

    def large(self, number: int, size: int) -> bytes:
        return self._order(number, "x" * size)

    @staticmethod
    def _order(number: int, buyer: str) -> bytes:
        line = '<Line number="1"><Item>4000000000013</Item><Quantity>1</Quantity></Line>'
        return (
            f'<SubmitOrder xmlns="{NAMESPACE}"><Number>N{number}</Number><Buyer>{buyer}</Buyer>{line}</SubmitOrder>'
        ).encode()

    def outbound(self, number: int, *, content: bytes | None = None, name: str | None = None) -> Outbound:
        if name is not None:
            raise NotPossible("an order has its number in its content and no other name")
        given = self.content(number) if content is None else content
        return Outbound(key=f"delivery-{number}", content=given, content_type="application/xml")

    def arrived(self) -> Sequence[bytes]:
        return [
            etree.tostring(etree.fromstring(record["order"]), method="c14n", exclusive=True)
            for record in self.service.orders.all()
        ]

    def state(self) -> Mapping[str, bytes]:
        return {str(number): content for number, content in enumerate(self.arrived())}


class TestSource(SourceContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[Stock]:
        with ExitStack() as stack:
            yield Stock(stack, tmp_path)


class TestTarget(TargetContract):
    @pytest.fixture(params=[{"idempotent": True}, {}], ids=str)
    def harness(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Purchasing]:
        with ExitStack() as stack:
            yield Purchasing(stack, tmp_path, request.param)
