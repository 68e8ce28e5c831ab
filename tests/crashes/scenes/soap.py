"""Partners that speak SOAP, as services and as callers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests
from lxml import etree
from tests.crashes.scenes.calling import called
from tests.crashes.scenes.stage import HAND_OVER, PICK_UP, Stage, left, made, offered, taken

from transload.runner.demo.partners.servers import http_server
from transload.runner.demo.partners.soap_service import NAMESPACE, SoapService, wsdl_text

_SUBMIT = """\
<SubmitOrder xmlns="urn:example:purchasing:1"><Number>PO-{0}</Number><Buyer>us</Buyer>\
<Line number="1"><Item>bolt</Item><Quantity>{0}</Quantity></Line></SubmitOrder>"""


SUBMISSIONS = tuple(_SUBMIT.format(n).encode() for n in (1, 2))


_ORDER = """\
mapping: partner-order
document: order/1
format: {type: xml, namespaces: {"": "urn:example:purchasing:1"}}
loses: ["*"]
layout:
  SubmitOrder:
    - Number: =number
    - Buyer: =buyer.name
    - each: lines
      Line: {"@number": =number, Item: =supplier_item, Quantity: =quantity}
    - Day: =issued_on | default(2026-02-03) | elide(2026-02-03) | date(iso)
"""
_TAKEN = """\
mapping: partner-taken
document: order/1
format: {type: xml, namespaces: {"": "urn:example:purchasing:1"}}
loses: ["*"]
layout:
  - only: encode
    SubmitOrderResponse: {Number: =number, Repeated: "false"}
"""


@contextmanager
def soap_service(folder: Path) -> Iterator[Stage]:
    """A partner calls an operation of ours, and calls it again where our answer was lost."""
    text = (
        f'<SubmitOrderResponse xmlns="{NAMESPACE}"><Number>{{Number}}</Number><Repeated>false</Repeated>'
        "</SubmitOrderResponse>"
    )
    with _called_by_soap(folder, {"response": text, "identity": ["Number"]}) as stage:
        yield stage


@contextmanager
def soap_responding(folder: Path) -> Iterator[Stage]:
    """The same, but a mapping reads his message while he waits, and another writes what he is told."""

    def told(answer: requests.Response) -> bool:
        return answer.ok and etree.fromstring(answer.content).find(f".//{{{NAMESPACE}}}Number") is not None

    more = {"mappings": ["order.yaml"], "response": ["taken.yaml"]}
    sending = {"take": {"document": "order/1"}, "mapping": "order.yaml"}
    with _called_by_soap(folder, {"identity": ["Number"]}, confirmed=told, sending=sending, **more) as stage:
        for name, text in (("order.yaml", _ORDER), ("taken.yaml", _TAKEN)):
            (stage.folder / "mappings/partner" / name).write_text(text)
        yield stage


@contextmanager
def _called_by_soap(folder: Path, taken: dict[str, Any], **more: Any) -> Iterator[Stage]:
    connection = {
        "adapter": "soap-service",
        "path": "/in",
        "wsdl": "purchasing.wsdl",
        "port": "Soap11",
        "verify": {"username_token": {"username": "us", "password": "${file:keys/token}"}},
    }
    brought = [(_enveloped(body), {"Content-Type": "text/xml; charset=utf-8"}) for body in SUBMISSIONS]
    options = {"operations": {"SubmitOrder": taken}}
    with called(folder, connection, options, brought, format={"type": "xml"}, **more) as stage:
        (stage.folder / "purchasing.wsdl").write_text(wsdl_text())
        landed = stage.landed
        yield replace(
            stage, landed=lambda: [same_as(content, *SUBMISSIONS) for content in landed()], expected=SUBMISSIONS
        )


def _enveloped(body: bytes) -> bytes:
    space = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    token = (
        f'<w:Security xmlns:w="{space}"><w:UsernameToken><w:Username>us</w:Username><w:Password>secret</w:Password>'
        "</w:UsernameToken></w:Security>"
    ).encode()
    head, foot = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">', b"</s:Envelope>"
    return head + b"<s:Header>" + token + b"</s:Header><s:Body>" + body + b"</s:Body>" + foot


def same_as(content: bytes, *expected: bytes) -> bytes:
    """The one of ``expected`` that ``content`` is, however it is written; else itself."""
    return next((one for one in expected if _plain(one) == _plain(content)), content)


def _plain(content: bytes) -> bytes:
    return etree.tostring(etree.fromstring(content), method="c14n", exclusive=True)


@contextmanager
def soap_target(folder: Path, *, idempotent: bool) -> Iterator[Stage]:
    """From a folder to an operation of a SOAP service."""
    root = offered(folder / "partner")
    for number, content in enumerate(SUBMISSIONS, start=1):
        (root / f"out/PO-{number}.json").write_bytes(content)
    service = SoapService()
    with http_server(service.app) as address:
        connection = {
            "service": {"adapter": "soap", "wsdl": "purchasing.wsdl", "endpoint": f"{address}/purchasing"},
            "box": {"adapter": "files", "root": str(root)},
        }
        target = {"connection": "service", "operation": "SubmitOrder", "idempotent": idempotent}
        workspace = made(folder, connection, {"connection": "box", **PICK_UP}, target, format={"type": "xml"})
        (workspace / "purchasing.wsdl").write_text(wsdl_text())
        yield Stage(workspace, lambda: _submitted(service), lambda: left(root), expected=SUBMISSIONS)


def _submitted(service: SoapService) -> list[bytes]:
    numbers = [record["number"] for record in service.orders.all()]
    return [SUBMISSIONS[int(number.removeprefix("PO-")) - 1] for number in numbers]


@contextmanager
def soap_source(folder: Path) -> Iterator[Stage]:
    """What an operation of a SOAP service answers, into a folder."""
    root = offered(folder / "partner")
    service = SoapService()
    with http_server(service.app) as address:
        connection = {
            "service": {"adapter": "soap", "wsdl": "purchasing.wsdl", "endpoint": f"{address}/purchasing"},
            "box": {"adapter": "files", "root": str(root)},
        }
        request = f'<GetStock xmlns="{NAMESPACE}"/>'
        origin = {"connection": "service", "operation": "GetStock", "request": request}
        workspace = made(folder, connection, origin, {"connection": "box", **HAND_OVER}, format={"type": "xml"})
        (workspace / "purchasing.wsdl").write_text(wsdl_text())
        rows = "".join(f"<Stock><Item>{i}</Item><Quantity>{q}</Quantity></Stock>" for i, q in service.stock.items())
        expected = f'<GetStockResponse xmlns="{NAMESPACE}">{rows}</GetStockResponse>'.encode()
        yield Stage(workspace, lambda: [same_as(content, expected) for content in taken(root)], list, (expected,))


@contextmanager
def soap_repeatable(folder: Path) -> Iterator[Stage]:
    """An operation that may be repeated."""
    with soap_target(folder, idempotent=True) as stage:
        yield stage


@contextmanager
def soap_once(folder: Path) -> Iterator[Stage]:
    """An operation that must not be repeated, and no way to ask what became of a call."""
    with soap_target(folder, idempotent=False) as stage:
        yield stage
