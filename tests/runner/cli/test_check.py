"""transload check."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def workspace(run: Run, tmp_path: Path) -> Path:
    assert run("init", tmp_path / "w").code == 0
    return tmp_path / "w"


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_good_workspace(run: Run, workspace: Path) -> None:
    ran = run("check", workspace, "--quick")
    assert (ran.code, ran.out, ran.err) == (0, "1 workspace and 2 mappings checked: no errors\n", "")


def test_the_worked_example_has_no_finding(run: Run, fixtures: Path) -> None:
    for environment in ("test", "production"):
        ran = run("check", fixtures / "workspace", "--environment", environment, "--quick")
        assert ran.code == 0
        assert ran.lines[-1] == "1 workspace and 4 mappings checked: no errors"


def test_all_is_told_at_once_and_each_once(run: Run, workspace: Path) -> None:
    change(workspace / "transload.yaml", "timezone: UTC", "timezone: UCT+1")
    change(workspace / "mappings/acme/partner.yaml", "every: 1m", "evry: 1m")
    change(workspace / "mappings/erp/order.yaml", "=currency", "=curency")
    ran = run("check", workspace, "--quick")
    assert ran.code == 1
    assert [line.split(" ")[2] for line in ran.lines[:-1]] == ["C-VALUE", "C-KEY", "M-FIELD"], ran.out
    assert ran.lines[0].startswith(f"{workspace}/transload.yaml:5:11: error C-VALUE there is no time zone 'UCT+1'")
    assert ran.lines[1].startswith(f"{workspace}/mappings/acme/partner.yaml:15:5: error C-KEY ")
    assert ran.lines[2].startswith(f"{workspace}/mappings/erp/order.yaml:")
    assert ran.lines[-1] == "1 workspace and 2 mappings checked: 3 errors"


def test_json(run: Run, workspace: Path) -> None:
    change(workspace / "mappings/acme/partner.yaml", "every: 1m", "evry: 1m")
    ran = run("check", workspace, "--json", "--quick")
    assert ran.code == 1
    assert ran.json["errors"] == 1
    assert ran.json["findings"] == [
        {
            "code": "C-KEY",
            "severity": "error",
            "message": "the receive route 'orders' has no key 'evry'",
            "hint": "did you mean 'every'?",
            "mapping": {"file": f"{workspace}/mappings/acme/partner.yaml", "line": 15, "column": 5},
        }
    ]


def test_one_mapping_file(run: Run, workspace: Path) -> None:
    ran = run("check", workspace / "mappings/erp/order.yaml")
    assert (ran.code, ran.out) == (0, "1 mapping checked: no errors\n")


def test_a_mapping_of_another_document(run: Run, workspace: Path) -> None:
    change(workspace / "mappings/erp/partner.yaml", "document: order/1", "document: order_response/1")
    change(workspace / "mappings/erp/partner.yaml", "order_by: [buyer.gln]", "order_by: [order_number]")
    ran = run("check", workspace, "--quick")
    assert ran.code == 1
    send, receive = (line for line in ran.lines if "C-DOCUMENT" in line)
    assert "error C-DOCUMENT erp/orders takes order_response/1, but its mapping writes order/1" in send
    assert "warning C-DOCUMENT acme/orders reads order/1 with acme-orders, and none of its 'to' takes that" in receive


def test_an_acknowledgement_that_the_mappings_format_does_not_make(run: Run, workspace: Path) -> None:
    change(workspace / "mappings/acme/partner.yaml", "with: contrl", 'with: "997"')
    ran = run("check", workspace, "--quick")
    assert ran.code == 1
    assert "error C-VALUE the format edifact makes no acknowledgement '997' (it makes: contrl)" in ran.out


def test_mappings_of_two_formats_in_one_route(run: Run, workspace: Path) -> None:
    change(
        workspace / "mappings/acme/partner.yaml",
        "mappings: [orders.yaml]",
        "mappings: [orders.yaml, ../erp/order.yaml]",
    )
    ran = run("check", workspace, "--quick")
    assert ran.code == 1
    assert "error C-FORMAT the route acme/orders would read several formats: edifact, json" in ran.out


def test_no_secret_is_looked_up(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    change(workspace / "mappings/erp/partner.yaml", "root: exchange/erp", 'root: "${env:NOT_SET}"')
    assert run("check", workspace).code == 0
    assert run("check", workspace / "mappings/erp/partner.yaml").code == 0


def test_a_broken_law_is_shown_with_a_small_counterexample(run: Run, workspace: Path) -> None:
    change(workspace / "mappings/erp/order.yaml", "currency: =currency", "currency: =currency | elide(EUR)")
    ran = run("check", workspace / "mappings/erp/order.yaml", "--quick")
    assert ran.code == 1
    head, *rest = ran.lines
    assert head == (
        f"{workspace}/mappings/erp/order.yaml:11:5: error L-CARRY a document is written and read, and is not the same: "
        "currency: before 'EUR', after nothing (it is not read from where it is written, or not written at all)"
    )
    document = '{"number": "Ab1", "kind": "order", "purpose": "original", "issued_on": "2026-02-03", "currency": "EUR"}'
    assert rest == [
        "    law      L1 carry",
        "    differs  currency: before 'EUR', after nothing",
        f"    document {document}",
        '    wire     {"orderNumber":"Ab1","orderDate":"2026-02-03","itemCount":0}',
        "1 mapping checked: 1 error",
    ]


def test_what_is_lost_and_which_equivalences_were_met(run: Run, workspace: Path) -> None:
    ran = run("check", workspace / "mappings/acme/orders.yaml", "--quick", "--explain")
    assert ran.code == 0
    assert ran.lines[:4] == [
        f"{workspace}/mappings/acme/orders.yaml: 40 documents made, 52 values of samples changed",
        "  equivalences met:",
        "    Q9 envelope, counters and computed values are made anew: the envelope is written from its options",
        "  lost:",
    ]
    assert ran.lines[4].startswith("    issued_at, transport.service, ")
    assert "    taxes[].kind takes GST, ST, EXC, ENV, OTH, VAT" in ran.lines


def test_the_laws_in_json(run: Run, workspace: Path) -> None:
    ran = run("check", workspace / "mappings/acme/orders.yaml", "--documents", 12, "--json")
    (laws,) = ran.json["laws"]
    assert laws["mapping"] == f"{workspace}/mappings/acme/orders.yaml"
    assert laws["documents"] == 12
    assert laws["counterexamples"] == []
    assert "transport.service" in laws["lost"]


def test_quick_and_thorough_exclude_each_other(run: Run, workspace: Path) -> None:
    ran = run("check", workspace, "--thorough", "--quick")
    assert ran.code == 2
    assert "exclude each other" in ran.err


def test_overlays_of_a_route_are_checked_and_a_guide_has_one_name(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(
        workspace / "mappings/acme/partner.yaml",
        "    every: 1m\n",
        "    every: 1m\n    format: {type: edifact, overlays: [acme]}\n",
    )
    monkeypatch.chdir(workspace)
    ran = run("check", ".", "--quick")
    assert ran.lines == [
        "mappings/acme/partner.yaml:13:3: error E-CONFIG there is no overlay 'acme'"
        " (overlays lie in guides/overlays of the workspace)",
        "1 workspace and 2 mappings checked: 1 error",
    ]
    overlays = workspace / "guides/overlays"
    overlays.mkdir(parents=True)
    told = "overlay: acme\nguide: edifact/d96a/orders\nsource: ACME\nnarrow:\n  - {at: SG99, most: 5}\n"
    (overlays / "acme.yaml").write_text(told)
    change(workspace / "mappings/acme/orders.yaml", "codes:", "format: {overlays: [acme]}\ncodes:")
    ran = run("check", ".", "--quick")
    assert [line.partition(" ")[0] for line in ran.lines[:-1]] == ["guides/overlays/acme.yaml:5:10:"], ran.out
