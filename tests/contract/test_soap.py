"""The soap adapter keeps to the contract: transports over a wire to a service, and the format of envelopes."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree
from starlette.responses import Response
from tests.contract.hurry import Hurried

from transload.adapters.base import Outbound, Wanted
from transload.adapters.base.endpoint import Request
from transload.adapters.base.soap import SOAP_12
from transload.adapters.contract import (
    EndpointContract,
    EndpointHarness,
    NotPossible,
    SourceContract,
    SourceHarness,
    TargetContract,
    TargetHarness,
    Wire,
)
from transload.adapters.contract.responses import ResponseCases
from transload.adapters.soap import (
    ADAPTER,
    SoapConnection,
    SoapSource,
    SoapSourceOptions,
    SoapTarget,
    SoapTargetOptions,
)
from transload.adapters.soap.security.headers import secure
from transload.adapters.soap.security.settings import Security
from transload.adapters.soap.service import ADAPTER as SERVICE
from transload.adapters.soap.service import SoapEndpoint, SoapServiceConnection, SoapServiceOptions
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

    @contextmanager
    def refusing(self, number: int) -> Iterator[Outbound]:
        """A second order with a number that is there is answered with the fault Client."""
        with closing(self.target()) as target:
            target.deliver(self.outbound(number))
        yield Outbound(key="another", content=self._order(number, "4000000000007"), content_type="application/xml")

    def arrived(self) -> Sequence[bytes]:
        return [
            etree.tostring(etree.fromstring(record["order"]), method="c14n", exclusive=True)
            for record in self.service.orders.all()
        ]

    def state(self) -> Mapping[str, bytes]:
        return {str(number): content for number, content in enumerate(self.arrived())}


class Called(EndpointHarness):
    """A partner that calls our service with a digest of his password."""

    adapter = SERVICE
    secrets = (PASSWORD, WRONG)
    tolerance = timedelta(minutes=5)
    denied = (400,)  # a fault of SOAP 1.2

    def __init__(self, folder: Path, *, mapped: bool = False) -> None:
        self.mapped = mapped
        self.wsdl = folder / "orders.wsdl"
        self.wsdl.write_text(wsdl_text(), encoding="utf-8")

    def endpoint(self) -> SoapEndpoint:
        token = {"username": "acme", "password": [WRONG + "!", PASSWORD]}
        given = {"path": "/acme/orders", "wsdl": self.wsdl, "verify": {"username_token": token}, "largest": 10_000}
        connection = SoapServiceConnection.model_validate({**given, "rate": {"requests": 1000}})
        answer = f'<SubmitOrderResponse xmlns="{NAMESPACE}"><Number>{{Number}}</Number></SubmitOrderResponse>'
        taken = {} if self.mapped else {"response": answer}
        options = SoapServiceOptions.model_validate({"operations": {"SubmitOrder": taken}})
        return SoapEndpoint(connection, options)

    @contextmanager
    def away(self) -> Iterator[None]:
        self.wsdl.rename(self.wsdl.with_suffix(".away"))
        try:
            yield
        finally:
            self.wsdl.with_suffix(".away").rename(self.wsdl)

    def request(self, number: int, *, content: bytes | None = None, moment: datetime | None = None) -> Request:
        if content is not None:
            raise NotPossible("a message is an envelope")
        return self._request(number, PASSWORD, moment or self.now)

    @staticmethod
    def _request(number: int, password: str, moment: datetime) -> Request:
        header = etree.Element(f"{{{SOAP_12}}}Envelope")
        etree.SubElement(header, f"{{{SOAP_12}}}Header")
        body = etree.SubElement(header, f"{{{SOAP_12}}}Body")
        body.append(etree.fromstring(Purchasing._order(number, "4000000000006")))
        token = {"username": "acme", "password": password, "digest": True}
        secure(header, Security.model_validate({"username_token": token}), now=moment)
        headers = {"content-type": "application/soap+xml"}
        content = etree.tostring(header)
        return Request(method="POST", path="/acme/orders", headers=headers, content=content, client="192.0.2.1")

    def written(self, wanted: Wanted, text: str) -> tuple[bytes, str]:
        assert (wanted.kind, wanted.version) == ("SubmitOrderResponse", NAMESPACE)
        body = f'<SubmitOrderResponse xmlns="{NAMESPACE}"><Number>{text}</Number></SubmitOrderResponse>'
        return body.encode(), "application/xml"

    def kept(self, request: Request) -> bytes:
        body = etree.fromstring(request.content).find(f"{{{SOAP_12}}}Body/*")
        assert body is not None
        return etree.tostring(body, encoding="utf-8")

    def forged(self, request: Request) -> Mapping[str, Request]:
        return {
            "another password": self._request(1, WRONG, self.now),
            "no header": replace(request, content=request.content.replace(b"UsernameToken", b"Token")),
            "another moment": replace(request, content=request.content.replace(b"T03:04:05", b"T03:04:06")),
        }


class TestEndpoint(EndpointContract):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> Called:
        return Called(tmp_path)


class TestResponses(ResponseCases):
    """Where mappings write what the partner is told."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Called:
        return Called(tmp_path, mapped=True)


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
