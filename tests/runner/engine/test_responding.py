"""Partners who call us and wait: what mappings write of their messages, and that a repeat is told the same."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
import zeep.exceptions
from lxml import etree

# ruff: noqa: F811 - fixtures of another module are arguments here
from tests.runner.engine.test_doors import AUTH, eventually, port, served  # noqa: F401
from tests.runner.engine.test_soap_service import NS, order
from zeep.wsse.username import UsernameToken

from transload.canonical.errors import ConfigurationError
from transload.runner.demo.partners.soap_service import wsdl_text
from transload.runner.doors.responding import Responding
from transload.runner.ledger import Ref
from transload.runner.ledger.responses import Given, Responses
from transload.runner.workspace import load_workspace
from transload.runner.workspace.agreement import check_routes

ORDER = """\
mapping: acme-order
document: order/1
format: {type: soap, namespaces: {"": "urn:example:purchasing:1"}}
layout:
  - only: decode
    SubmitOrder:
      - Number: =number
      - Buyer: =buyer.name
      - each: lines
        Line: {"@number": =number, Item: =supplier_item, Quantity: =quantity}
      - Date: =issued_on | default(2026-11-26) | date(iso)
"""
TAKEN = """\
mapping: acme-taken
document: order/1
format: {type: soap, namespaces: {"": "urn:example:purchasing:1"}}
loses: ["*"]
layout:
  - only: encode
    SubmitOrderResponse: {Number: =number, Repeated: "false"}
"""
ADVICE = """\
mapping: acme-advice
document: application_advice/1
format: {type: soap, namespaces: {"": "urn:example:purchasing:1"}}
loses: ["*"]
layout:
  - only: encode
    SubmitOrderResponse: {Number: =number, Repeated: "true"}
"""
PARTNER = """\
partner: acme
connections:
  desk:
    adapter: soap-service
    path: /acme/orders
    wsdl: wsdl/orders.wsdl
    endpoint: http://127.0.0.1:{port}/acme/orders
    verify: {{username_token: {{username: acme, password: "${{env:NOW}}"}}}}
    rate: {{requests: 500}}
  hook:
    adapter: http
    path: /acme/json
    verify: {{bearer: {{token: "${{env:TOKEN}}"}}}}
receive:
  orders:
    from: {{connection: desk, operations: {{SubmitOrder: {{identity: [Number]}}}}}}
    format: {{type: soap}}
    mappings: [order.yaml]
    response: [taken.yaml]
    to: [erp/raw]
  more:
    from: {{connection: hook}}
    mappings: [json.yaml]
    response: [json-taken.yaml]
    to: [erp/raw]
"""
JSON = """\
mapping: acme-json
document: order/1
format: {type: json}
layout:
  - {only: decode, number: =number}
  - {only: decode, day: =issued_on | date(iso)}
"""
JSON_TAKEN = """\
mapping: acme-json-taken
document: order/1
format: {type: json}
loses: ["*"]
layout:
  - {only: encode, order: =number}
  - {only: encode, status: taken}
"""
ERP = """\
partner: erp
connections: {box: {adapter: files, root: box}}
send:
  raw: {take: {document: order/1}, mapping: erp.yaml, to: {connection: box, file: "{document.number}.json"}}
"""
TO_ERP = """\
mapping: erp-order
document: order/1
format: {type: json}
loses: ["*"]
layout:
  - only: encode
    number: =number
"""
FILES = {
    "order.yaml": ORDER, "taken.yaml": TAKEN, "advice.yaml": ADVICE, "json.yaml": JSON, "json-taken.yaml": JSON_TAKEN
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> Path:
    monkeypatch.setenv("NOW", "sesame")
    monkeypatch.setenv("TOKEN", "a-token")
    for name in ("mappings/acme", "mappings/erp", "box", "wsdl"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(f"workspace: shop\nhttp: {{listen: '127.0.0.1:{port}'}}\n")
    (tmp_path / "mappings/acme/partner.yaml").write_text(PARTNER.format(port=port))
    for name, text in FILES.items():
        (tmp_path / "mappings/acme" / name).write_text(text)
    (tmp_path / "mappings/erp/partner.yaml").write_text(ERP)
    (tmp_path / "mappings/erp/erp.yaml").write_text(TO_ERP)
    (tmp_path / "wsdl/orders.wsdl").write_text(wsdl_text())
    return tmp_path


def rewritten(folder: Path, before: str, after: str, name: str = "partner.yaml") -> None:
    file = folder / "mappings/acme" / name
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


def service(port: int, kind: str = "Soap11") -> Any:
    address = f"http://127.0.0.1:{port}/acme/orders?wsdl"
    return zeep.Client(address, wsse=UsernameToken("acme", "sesame"), port_name=kind).service


def boxed(folder: Path) -> list[str]:
    return sorted(path.stem for path in (folder / "box").iterdir() if path.suffix == ".json")


@pytest.mark.parametrize("kind", ["Soap11", "Soap12"])
def test_a_mapping_writes_what_the_sender_is_told(folder: Path, port: int, kind: str, eventually: Any) -> None:
    with served(folder) as ledger:
        told = service(port, kind).SubmitOrder(**order("PO-1"))
        assert (told.Number, told.Repeated) == ("PO-1", False)
        assert service(port, kind).SubmitOrder(**order("PO-1")).Number == "PO-1"
        assert len(ledger.queries.receipts()) == 1
        kept = ledger.queries.evidence(Ref("receipt", 1), "response")
        assert etree.fromstring(kept).findtext(f".//{{{NS}}}Number") == "PO-1"
        eventually(lambda: boxed(folder) == ["PO-1"])
        journey = ledger.queries.journey(Ref("receipt", 1))
        assert journey["receipt"][ "response"]["taken"] is True  # fmt: skip
        assert [event["what"] for event in journey["events"]].count("RESPONSE") == 1


def test_a_message_that_cannot_be_read_is_a_fault_that_says_why(folder: Path, port: int) -> None:
    bad = {"Number": "PO-1", "Buyer": "B", "Line": [{"number": 1, "Item": "A", "Quantity": "many"}]}
    for kind in ("Soap11", "Soap12"):
        with served(folder), pytest.raises(zeep.exceptions.Fault, match="The message was not taken: ") as caught:
            service(port, kind).SubmitOrder(**bad)
        assert caught.value.code in ("soap:Client", "soap:Sender")
        detail = etree.tostring(caught.value.detail).decode()
        assert "<code>E-" in detail
        assert "<place>" in detail
        assert "Quantity" in detail
        assert "acme-order" not in detail  # our files are nobody's business


def test_what_was_refused_and_is_mended_is_taken_when_it_comes_again(folder: Path, port: int, eventually: Any) -> None:
    mended = (folder / "mappings/acme/order.yaml").read_text()
    rewritten(folder, "Buyer: =buyer.name", "Buyer: =requested_on | date(iso)", "order.yaml")
    with served(folder) as ledger:
        with pytest.raises(zeep.exceptions.Fault, match="not taken"):
            service(port).SubmitOrder(**order("PO-1"))
        eventually(lambda: ledger.queries.receipts()[0]["state"] != "RECEIVED")
        with pytest.raises(zeep.exceptions.Fault, match="not taken"):
            service(port).SubmitOrder(**order("PO-1"))
    (folder / "mappings/acme/order.yaml").write_text(mended)
    with served(folder) as ledger:
        assert service(port).SubmitOrder(**order("PO-1")).Number == "PO-1"
        eventually(lambda: boxed(folder) == ["PO-1"])
        assert service(port).SubmitOrder(**order("PO-1")).Number == "PO-1"
        assert len(ledger.queries.receipts()) == 1
        given = [
            e["detail"]["taken"] for e in ledger.queries.journey(Ref("receipt", 1))["events"] if e["what"] == "RESPONSE"
        ]
        assert given == [False, False, True]
        assert ledger.verify() == []


def test_advice_is_written_where_a_mapping_is_for_it(folder: Path, port: int) -> None:
    rewritten(folder, "response: [taken.yaml]", "response: [taken.yaml, advice.yaml]")
    with served(folder) as ledger:
        bad = {"Number": "PO-1", "Buyer": "B", "Line": [{"number": 1, "Item": "A", "Quantity": "many"}]}
        told = service(port).SubmitOrder(**bad)
        assert (told.Number, told.Repeated) == ("r1", True)
        assert service(port).SubmitOrder(**order("PO-2")).Number == "PO-2"
        assert ledger.responses.of(1).taken is False  # type: ignore[union-attr]


def test_a_repeat_is_told_the_same_whatever_has_changed(folder: Path, port: int) -> None:
    with served(folder):
        first = post(port, soap("PO-1"))
    rewritten(folder, 'Repeated: "false"', 'Repeated: "true"', "taken.yaml")
    with served(folder):
        assert post(port, soap("PO-1")).content == first.content
        assert post(port, soap("PO-2")).content != first.content.replace(b"PO-1", b"PO-2")


def test_of_two_at_once_both_hear_what_is_kept(folder: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(2)
    keep = Responses.keep
    count = iter(range(100))

    def together(self: Responses, receipt: int, given: Given, now: Any, *, lane: str) -> Given:
        barrier.wait(10)
        other = Given(taken=True, content=(given.content or b"").replace(b"false", b"true"), content_type="x")
        return keep(self, receipt, other if next(count) else given, now, lane=lane)

    monkeypatch.setattr(Responses, "keep", together)
    with served(folder) as ledger:
        told: list[bytes] = []
        threads = [threading.Thread(target=lambda: told.append(post(port, soap("PO-1")).content)) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join(20) for thread in threads]
        assert len(told) == 2
        assert told[0] == told[1]
        assert len(ledger.queries.receipts()) == 1


def test_killed_before_the_response_it_is_given_to_the_repeat(
    folder: Path,
    port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The receipt is committed and its response is not: the sender hears nothing, comes again, and is answered."""
    with monkeypatch.context() as patched:
        patched.setattr(Responding, "result", lambda *_, **__: 1 / 0)
        with served(folder):
            assert post(port, soap("PO-1")).status_code == 500
    with served(folder) as ledger:
        assert b"<Number>PO-1</Number>" in post(port, soap("PO-1")).content
        assert len(ledger.queries.receipts()) == 1


@pytest.mark.parametrize("step", ["keep", "_read_again"])
def test_stopped_before_the_lane_was_told_it_hears_of_the_repeat(
    folder: Path, port: int, monkeypatch: pytest.MonkeyPatch, step: str, eventually: Any
) -> None:
    """Refused by the lane, mended, told "taken", and the process ends before the lane hears: nothing is left behind."""
    mended = (folder / "mappings/acme/order.yaml").read_text()
    rewritten(folder, "Buyer: =buyer.name", "Buyer: =requested_on | date(iso)", "order.yaml")
    with monkeypatch.context() as patched:
        patched.setattr(Responses, "keep", lambda *_, **__: 1 / 0)
        with served(folder) as ledger:
            assert post(port, soap("PO-1")).status_code == 500
            eventually(lambda: ledger.queries.receipts()[0]["state"] != "RECEIVED")
    (folder / "mappings/acme/order.yaml").write_text(mended)
    if step == "_read_again":
        with monkeypatch.context() as patched:
            patched.setattr(Responding, "_read_again", lambda *_: 1 / 0)
            with served(folder):
                assert post(port, soap("PO-1")).status_code == 500
    with served(folder):
        assert b"<Number>PO-1</Number>" in post(port, soap("PO-1")).content
        eventually(lambda: boxed(folder) == ["PO-1"])


def test_webhooks_are_answered_too(folder: Path, port: int, eventually: Any) -> None:
    url = f"http://127.0.0.1:{port}/acme/json"
    with served(folder):
        told = requests.post(url, json={"number": "7", "day": "2026-11-26"}, headers=AUTH, timeout=10)
        assert (told.status_code, told.json()) == (202, {"order": "7", "status": "taken"})
        assert told.headers["content-type"].startswith("application/json")
        refused = requests.post(url, json={"number": "8", "day": "tomorrow"}, headers=AUTH, timeout=10)
        assert (refused.status_code, refused.headers["content-type"]) == (422, "application/problem+json")
        (error, *_) = json.loads(refused.content)["errors"]
        assert error["code"].startswith("E-")
        assert error["pointer"] == "/day"
        eventually(lambda: boxed(folder) == ["7"])


WRONG = [
    (("response: [taken.yaml]\n", "\n"), "SubmitOrder is answered with {urn:example:purchasing:1}SubmitOrderResponse,"
     " and no mapping writes that"),
    (("response: [taken.yaml]", "response: [order.yaml]"), "no mapping writes that"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "message"), WRONG)
def test_serve_does_not_start_where_nothing_could_be_told(folder: Path, change: tuple[str, str], message: str) -> None:
    rewritten(folder, *change)
    with pytest.raises(ConfigurationError) as caught, served(folder):
        pass
    assert message in caught.value.message
    assert "response: of the route" in (caught.value.hint or "")


CHECKED = [
    (("partner: acme", "partner: acme"), "response: [taken.yaml]", "response: [json-taken.yaml]",
     "acme-json-taken writes json, and responses of acme/orders are soap or xml"),
    (("partner: acme", "partner: acme"), "response: [taken.yaml]", "response: [other.yaml]",
     "acme-other writes a response from invoice/1, and acme/orders reads order/1"),
    (("partner: acme", "partner: acme"), "response: [taken.yaml]", "response: [taken.yaml, again.yaml]",
     "acme-taken and acme-again both write SubmitOrderResponse from order/1"),
]  # fmt: skip


@pytest.mark.parametrize(("_", "before", "after", "message"), CHECKED)
def test_check_finds_responses_that_do_not_fit(folder: Path, _: Any, before: str, after: str, message: str) -> None:
    acme = folder / "mappings/acme"
    (acme / "other.yaml").write_text(TAKEN.replace("acme-taken", "acme-other").replace("order/1", "invoice/1"))
    (acme / "again.yaml").write_text(TAKEN.replace("acme-taken", "acme-again"))
    rewritten(folder, before, after)
    assert message in [finding.message for finding in check_routes(load_workspace(folder))]


def test_a_response_needs_somebody_who_waits(folder: Path) -> None:
    erp = folder / "mappings/erp/partner.yaml"
    erp.write_text(
        erp.read_text()
        + "receive:\n  back: {from: {connection: box, folder: .}, mappings: [erp.yaml], response: [erp.yaml], to: []}\n"
    )
    rewritten(folder, "  hook:\n    adapter: http\n", "  hook:\n    adapter: http\n    filters: [gzip]\n")
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    messages = [finding.message for finding in caught.value.findings]
    assert "the receive route 'back' has 'response', and nobody waits for one over erp/box" in messages
    assert "the receive route 'more' has 'response' and filters" in messages


def soap(number: str) -> bytes:
    wsse = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>'
        f'<w:Security xmlns:w="{wsse}"><w:UsernameToken><w:Username>acme</w:Username><w:Password>sesame</w:Password>'
        f'</w:UsernameToken></w:Security></s:Header><s:Body><SubmitOrder xmlns="{NS}"><Number>{number}</Number>'
        '<Buyer>B</Buyer><Line number="1"><Item>A</Item><Quantity>1</Quantity></Line></SubmitOrder></s:Body>'
        "</s:Envelope>"
    ).encode()


def post(port: int, content: bytes) -> requests.Response:
    headers = {"Content-Type": "text/xml"}
    return requests.post(f"http://127.0.0.1:{port}/acme/orders", data=content, headers=headers, timeout=20)
