"""Orders to a SOAP service by the engine: lost answers that are looked up, answers that become receipts, queues."""

import shutil
from importlib import resources
from pathlib import Path

import pytest
from lxml import etree
from tests.runner.engine.test_real_workspace import ACME, FIXTURES, WORKSPACE, run
from typer.testing import CliRunner

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.app import application
from transload.runner.demo.partners.servers import http_server
from transload.runner.demo.partners.soap_service import NAMESPACE, SoapService, wsdl_text
from transload.runner.ledger import Ledger, State
from transload.runner.workspace import load_workspace

ERP = """\
partner: erp
connections:
  service:
    adapter: soap
    wsdl: keys/orders.wsdl
    endpoint: {url}/purchasing
    tries: 1
  box: {{adapter: files, root: {root}}}
send:
  sales-orders:
    take: {{document: order/1}}
    mapping: order.yaml
    to:
      connection: service
      operation: SubmitOrder
      reference: Number
      lookup: GetStock
      lookup_request: <GetStock xmlns="urn:example:purchasing:1"><Item>{{document.number}}</Item></GetStock>
      lookup_found: Stock/Item
  answers:
    take: {{message: SubmitOrderResponse}}
    to: {{connection: box, folder: answers, file: "{{receipt.name}}.xml"}}
receive:
  order-answers:
    from: {{answers: sales-orders}}
    format: {{type: soap}}
    to: [erp/answers]
"""


@pytest.fixture
def service():
    return SoapService()


@pytest.fixture
def workspace(tmp_path, service):
    for folder in ("in", "done", "acks", "answers", "mappings/acme", "mappings/erp", "keys"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(WORKSPACE)
    acme = ACME.format(root=tmp_path, mapping="library:edifact/orders-d96a")
    (tmp_path / "mappings/acme/partner.yaml").write_text(acme)
    (tmp_path / "keys/orders.wsdl").write_text(wsdl_text())
    demo = resources.files("transload.runner.demo").joinpath("workspace/mappings/warehouse/picking.yaml")
    (tmp_path / "mappings/erp/order.yaml").write_text(demo.read_text().partition("tests:")[0])
    with http_server(service.app) as url:
        (tmp_path / "mappings/erp/partner.yaml").write_text(ERP.format(url=url, root=tmp_path))
        yield tmp_path


def edit(folder: Path, before: str, after: str) -> None:
    file = folder / "mappings/erp/partner.yaml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def test_the_answer_becomes_a_receipt_with_the_delivery_that_it_answers(workspace, service):
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    summary = run(workspace)
    assert [str(finding) for finding in summary.findings if finding.is_error] == []
    assert service.counts["orders"] == 1
    (file,) = (workspace / "answers").iterdir()
    assert etree.fromstring(file.read_bytes()).tag == f"{{{NAMESPACE}}}SubmitOrderResponse"
    _, answer = receipts(workspace)
    assert answer["route"] == "erp/order-answers"
    assert answer["metadata"] == {"status": "200", "content_type": "application/xml", "in_reply_to": "1"}
    assert answer["origin"] == "answer to delivery 1 of acme/orders/erp/sales-orders"
    run(workspace)
    assert len(receipts(workspace)) == 2
    assert len(list((workspace / "answers").iterdir())) == 1


def receipts(workspace):
    loaded = load_workspace(workspace)
    with Ledger(loaded.store) as ledger:
        return ledger.queries.receipts()[::-1]


@pytest.mark.parametrize(("lands", "states"), [(True, {State.SENT: 3}), (False, {State.SENT: 1, State.RETRY_AT: 1})])
def test_a_lost_answer_is_looked_up(workspace, service, lands, states):
    """The service fails once, with or without having taken the order; its stock plays the part of its orders."""
    service.stock = {"PO-2026-00417": "1"} if lands else {}
    service.mischief.plan(status=500, body="away")
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    summary = run(workspace)
    assert summary.deliveries == {**states, **({State.SENT: 2} if lands else {})}
    asked = [etree.QName(etree.fromstring(one)[-1][0]).localname for one in service.requests]
    assert asked == ["SubmitOrder", "GetStock"]


def command(*arguments):
    return CliRunner().invoke(application(["soap"]), ["soap", *arguments])


def test_a_wsdl_is_bundled_and_compared_as_a_connection_asks(workspace):
    text = (workspace / "mappings/erp/partner.yaml").read_text()
    url = next(line.split(": ", 1)[1] for line in text.splitlines() if "endpoint:" in line)
    edit(workspace, "keys/orders.wsdl", "wsdl/orders/purchasing.wsdl")
    into = ("--into", str(workspace / "wsdl/orders"))
    via = ("--connection", "erp/service", "--workspace", str(workspace))
    made = command("bundle", f"{url}?wsdl", *into, *via)
    assert made.exit_code == 0, made.output
    same = command("drift", "erp/service", "--workspace", str(workspace))
    assert (same.exit_code, "byte for byte" in same.output) == (0, True)
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    assert run(workspace).exit_code == 0
    other = command("drift", "erp/box", "--workspace", str(workspace))
    assert other.exit_code == 1
    assert "erp/box is a connection of files, and not of soap" in other.output
    unknown = command("drift", "erp/servise", "--workspace", str(workspace))
    assert "did you mean 'erp/service'" in unknown.output


WRONG = [
    ("answers: sales-orders", "answers: orders", "there is no send route 'erp/orders'"),
    ("{answers: sales-orders}", "{answers: [sales-orders]}", "'answers' of the receive route 'order-answers' names no"),
    ("{answers: sales-orders}", "{answers: sales-orders, operation: X}", "has 'answers', and nothing else beside it"),
    (
        "    from: {answers: sales-orders}\n",
        "    from: {answers: sales-orders}\n    every: 5m\n",
        "reads answers, so there is nothing to be fetched",
    ),
    (
        "receive:\n",
        "receive:\n  others:\n    from: {answers: erp/sales-orders}\n    format: {type: soap}\n    to: []\n",
        "the answers of erp/sales-orders are read by erp/others already",
    ),
]


@pytest.mark.parametrize(("before", "after", "words"), WRONG)
def test_what_is_wrong_with_reading_answers(workspace, before, after, words):
    edit(workspace, before, after)
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(workspace)
    assert [words in finding.message for finding in caught.value.findings] == [True]
