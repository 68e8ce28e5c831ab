"""The partner file of docs/rest.md, run: orders to an API with OAuth 2.0, confirmations from it, cut and resumed."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.adapters.servers import Asked, Say, TokenServer, serving
from tests.runner.engine.test_real_workspace import ACME, FIXTURES, WORKSPACE, run

from transload.runner.ledger import State

PAGE = (Path(__file__).parents[3] / "docs/rest.md").read_text()
PARTNER = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]


class Erp:
    """Takes orders, finds them again, lists confirmations; ``answers`` are given before anything else."""

    def __init__(self) -> None:
        self.tokens = TokenServer({"transload": "s3cret"})
        self.asked: list[Asked] = []
        self.orders: dict[str, Asked] = {}
        self.answers: list[Say] = []
        item = json.loads((FIXTURES / "workspace/mappings/erp/samples/confirmation.json").read_bytes())
        self.confirmations = [
            {**item, "confirmationNumber": f"C-{n}", "updated_at": f"2026-01-01T00:0{n}:00Z"} for n in range(6)
        ]
        self.broken = ""

    def handle(self, asked: Asked) -> Say:
        if asked.target == "/token":
            return self.tokens.handle(asked)
        if not self.tokens.lets_in(asked):
            return Say.json({}, 401)
        self.asked.append(asked)
        path, query = urlsplit(asked.target).path, dict(parse_qsl(urlsplit(asked.target).query))
        if path == "/api/order-confirmations":
            start = int(query.get("cursor", "0"))
            if str(start) == self.broken:
                return Say.json({}, 500)
            found = [item for item in self.confirmations if item["updated_at"] >= query.get("updated_at", "")]
            following = str(start + 2) if start + 2 < len(found) else None
            return Say.json({"data": found[start : start + 2], "meta": {"next": following}})
        if asked.method == "GET":
            return Say.json({"data": [1] if query["number"] in self.orders else []})
        if self.answers:
            return self.answers.pop(0)
        self.orders[asked.headers["x-order"]] = asked
        return Say.json({"id": "SO-17"}, 201)


@pytest.fixture
def erp():
    return Erp()


@pytest.fixture
def workspace(tmp_path, erp, monkeypatch):
    monkeypatch.setenv("ERP_SECRET", "s3cret")
    for folder in ("in", "done", "acks", "mappings/acme"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copytree(FIXTURES / "workspace/mappings/erp", tmp_path / "mappings/erp")
    (tmp_path / "transload.yaml").write_text(WORKSPACE)
    acme = ACME.format(root=tmp_path, mapping="library:edifact/orders-d96a")
    (tmp_path / "mappings/acme/partner.yaml").write_text(acme)
    with serving(erp.handle) as url:
        text = PARTNER.replace("https://login.bolt.example", url).replace("https://erp.bolt.example", url)
        (tmp_path / "mappings/erp/partner.yaml").write_text(text.replace("    probe:", "    tries: 1\n    probe:"))
        yield tmp_path


def test_an_order_arrives_with_its_key_and_headers(workspace, erp):
    erp.confirmations = []
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    summary = run(workspace)
    assert [str(finding) for finding in summary.findings if finding.is_error] == []
    assert list(erp.orders) == ["PO-2026-00417"]
    sent = erp.orders["PO-2026-00417"]
    assert sent.headers["idempotency-key"]
    assert summary.deliveries[State.SENT] == 2  # the CONTRL too


@pytest.mark.parametrize(("arrived", "states"), [(True, {State.SENT: 2}), (False, {State.SENT: 1, State.RETRY_AT: 1})])
def test_where_a_key_does_not_protect_a_lost_answer_is_looked_up(workspace, erp, arrived, states):
    erp.confirmations = []
    erp.answers = [Say.json({}, 500)]
    if arrived:
        erp.orders["PO-2026-00417"] = None
    file = workspace / "mappings/erp/partner.yaml"
    file.write_text(file.read_text().replace("idempotency: header", "idempotency: none"))
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    assert run(workspace).deliveries == states
    assert [f"{asked.method} {asked.target}" for asked in erp.asked if "orders" in asked.target] == [
        "POST /api/sales-orders",
        "GET /api/sales-orders?number=PO-2026-00417",
    ]


def test_a_refusal_names_the_place_in_what_was_sent_and_our_field(workspace, erp):
    erp.confirmations = []
    reason = {"code": "QTY", "message": "too many", "pointer": "/items/0/quantity"}
    erp.answers = [Say.json({"errors": [reason]}, 422)]
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    summary = run(workspace)
    assert summary.exit_code == 1
    finding = next(finding for finding in summary.findings if finding.code == "H-REASON")
    assert finding.message.endswith("says: QTY: too many (/items/0/quantity)")
    assert finding.field == "lines[0].quantity"
    assert finding.place is not None
    assert finding.place.path == "/items/0/quantity"
    assert finding.value is not None


def test_a_pass_that_was_cut_goes_on_with_the_next_page_after_a_restart(workspace, erp):
    erp.broken = "4"
    assert sum(run(workspace).documents.values()) == 4
    erp.asked.clear()
    erp.broken = ""
    assert sum(run(workspace).documents.values()) == 2
    assert [urlsplit(asked.target).query for asked in erp.asked] == ["limit=100&cursor=4"]
    erp.asked.clear()
    assert sum(run(workspace).documents.values()) == 0
    assert "updated_at=2025-12-31T23%3A55%3A00Z" in erp.asked[0].target
