"""transload run and serve, and the commands about the ledger, on the workspace that init makes."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from time import sleep
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def workspace(run: Run, tmp_path: Path) -> Path:
    assert run("init", tmp_path / "w").code == 0
    return tmp_path / "w"


def arrive(workspace: Path, name: str, *changes: tuple[bytes, bytes]) -> None:
    content = (workspace / "mappings/acme/samples/orders.edi").read_bytes()
    for old, new in changes:
        assert old in content
        content = content.replace(old, new)
    (workspace / "exchange/acme/out" / name).write_bytes(content)


SECOND = ((b"AC000001", b"AC000002"), (b"PO-1001", b"PO-1002"))


def test_one_pass_moves_the_order(run: Run, workspace: Path) -> None:
    ran = run("run", "--workspace", workspace)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [
        "received 1 new, 0 known already",
        "receipts: 1 PARSED",
        "documents: 1 STAGED",
        "deliveries: 2 SENT",
    ]
    order = json.loads((workspace / "exchange/erp/in/PO-1001.json").read_bytes())
    assert (order["orderNumber"], order["itemCount"]) == ("PO-1001", 2)
    assert b"UCI+AC000001" in (workspace / "exchange/acme/in/CONTRL_1.edi").read_bytes()
    assert [path.name for path in (workspace / "exchange/acme/out").iterdir()] == ["done"]
    again = run("run", "--workspace", workspace)
    assert (again.code, again.lines) == (0, ["received 0 new, 0 known already"])


def test_the_summary_as_json(run: Run, workspace: Path) -> None:
    told = run("run", "--workspace", workspace, "--json").json
    assert (told["received"], told["deliveries"], told["exit_code"]) == (1, {"SENT": 2}, 0)


def test_why_a_file_is_not_taken_yet_is_said(run: Run, workspace: Path) -> None:
    partner = workspace / "mappings/acme/partner.yaml"
    partner.write_text(partner.read_text().replace("stable: none", "stable: 2 polls"))
    first = run("run", "--workspace", workspace)
    assert "0 of 1 files in out are ready; the others must prove stable\n" in first.err
    assert "are ready" not in run("run", "--workspace", workspace, "--json").err
    assert "PO-" in run("documents", "--workspace", workspace).out  # the second poll took it


def test_a_dry_run_changes_nothing(run: Run, workspace: Path) -> None:
    def state() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(workspace.rglob("*")) if path.is_file()}

    before = state()
    ran = run("run", "--dry-run", "--workspace", workspace)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0].startswith("acme/orders would receive out/orders-0001.edi, ")
    assert ran.lines[1] == "  message 1: order/1 PO-1001, STAGED"
    assert ran.lines[2].startswith("    would be sent to erp/orders (file PO-1001.json), ")
    assert ran.lines[3] == "  acknowledgement contrl accepts AC000001"
    assert ran.lines[-1] == "dry run: 1 receipt, no errors; nothing changed"
    assert state() == before
    told = run("run", "--dry-run", "--workspace", workspace, "--json").json
    assert [receipt["origin"] for receipt in told["receipts"]] == ["out/orders-0001.edi"]
    assert state() == before


def test_a_dry_run_tells_what_is_wrong(run: Run, workspace: Path) -> None:
    arrive(workspace, "orders-0001.edi", (b"25:BOX", b"25:CRT"))
    ran = run("run", "--dry-run", "--workspace", workspace)
    assert ran.code == 1
    assert "  message 1: no document, QUARANTINED" in ran.lines
    assert "error E-CODE " in ran.out


def test_the_workspace_may_come_from_the_environment(
    run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSLOAD_WORKSPACE", str(workspace))
    assert run("run").code == 0


def test_a_bad_order_is_quarantined_and_told(run: Run, workspace: Path) -> None:
    arrive(workspace, "orders-0002.edi", *SECOND, (b"25:BOX", b"25:CRT"))
    ran = run("run", "--workspace", workspace)
    assert ran.code == 1
    assert "error E-CODE code 'CRT' is not in table 'uom'" in ran.out
    assert (workspace / "exchange/erp/in/PO-1001.json").exists()
    rows = run("documents", "--workspace", workspace, "--state", "quarantined", "--json").json
    assert [(row["state"], row["kind"], row["findings"][0]["code"]) for row in rows] == [
        ("QUARANTINED", "ORDERS", "E-CODE")
    ]


def test_a_target_that_is_down_is_exit_3(run: Run, workspace: Path) -> None:
    partner = workspace / "mappings/erp/partner.yaml"
    partner.write_text(
        """\
partner: erp
connections:
  api: {adapter: rest, base_url: "http://127.0.0.1:9", tries: 1}
send:
  orders:
    take: {document: order/1}
    mapping: order.yaml
    to: {connection: api, path: /orders}
""",
        encoding="utf-8",
    )
    ran = run("run", "--workspace", workspace)
    assert ran.code == 3, ran.out
    assert "waiting: 1 RETRY_AT" in ran.out


def test_a_route_by_name(run: Run, workspace: Path) -> None:
    assert run("run", "acme/orders", "--workspace", workspace).code == 0
    ran = run("run", "acme/order", "--workspace", workspace)
    assert ran.code == 1
    assert ran.err == "error E-CONFIG there is no route 'acme/order' (did you mean 'acme/orders'?)\n"


def test_nothing_runs_with_a_mapping_that_has_errors(run: Run, workspace: Path) -> None:
    mapping = workspace / "mappings/erp/order.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("=currency", "=curency"), encoding="utf-8")
    ran = run("run", "--workspace", workspace)
    assert ran.code == 1
    assert f"{mapping}:" in ran.err
    assert (workspace / "exchange/acme/out/orders-0001.edi").exists()
    assert not (workspace / "var/ledger.db").exists()


def test_documents_and_their_journey(run: Run, workspace: Path) -> None:
    arrive(workspace, "orders-0002.edi", *SECOND)
    run("run", "--workspace", workspace)
    listed = run("documents", "--workspace", workspace)
    assert listed.lines[0].split()[:4] == ["ID", "STATE", "PARTNER", "DOCUMENT"]
    assert [line.split()[:5] for line in listed.lines[1:]] == [
        ["d2", "SENT", "acme", "order/1", "PO-1002"],
        ["d1", "SENT", "acme", "order/1", "PO-1001"],
    ]
    assert [
        row["number"] for row in run("documents", "--workspace", workspace, "--number", "PO-1001", "--json").json
    ] == ["PO-1001"]
    assert run("documents", "--workspace", workspace, "--partner", "nobody").out == "no documents\n"
    assert len(run("documents", "--workspace", workspace, "--since", "1h", "--json").json) == 2
    assert run("documents", "--workspace", workspace, "--until", "2020-01-01", "--json").json == []
    shown = run("show", "PO-1001", "--workspace", workspace)
    assert shown.code == 0
    assert shown.lines[0].startswith("receipt r1  PARSED  out/orders-0001.edi, ")
    assert (
        shown.lines[1]
        == "document d1  SENT  order/1 PO-1001, from message 1 (ORDERS D:96A:UN:EAN008 1), by mapping acme-orders"
    )
    assert shown.lines[2].startswith("delivery s1  SENT  document of d1 to erp/orders (file PO-1001.json), 1 attempt")
    assert any("SENDING" in line for line in shown.lines)
    assert run("show", "d1", "--workspace", workspace, "--json").json["ref"] == "d1"
    overview = run("show", "--workspace", workspace)
    assert overview.lines == ["receipts: 2 PARSED", "documents: 2 SENT", "deliveries: 4 SENT"]
    assert run("show", "--workspace", workspace, "--json").json["documents"] == {"SENT": 2}


def test_contents_come_as_they_were(run: Run, workspace: Path) -> None:
    sample = (workspace / "exchange/acme/out/orders-0001.edi").read_bytes()
    run("run", "--workspace", workspace)
    assert run("show", "r1", "--content", "--workspace", workspace).raw == sample
    written = (workspace / "exchange/erp/in/PO-1001.json").read_bytes()
    assert run("show", "s1", "--content", "--workspace", workspace).raw == written
    assert run("show", "d1", "--content", "--workspace", workspace).json["number"] == "PO-1001"


def test_replay_of_a_quarantined_receipt_after_the_mapping_was_mended(run: Run, workspace: Path) -> None:
    arrive(workspace, "orders-0001.edi", (b"25:BOX", b"25:CRT"))
    assert run("run", "--workspace", workspace).code == 1
    mapping = workspace / "mappings/acme/orders.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("BOX: BX", "BOX: BX, CRT: CR"), encoding="utf-8")
    ran = run("replay", "r1", "--workspace", workspace)
    assert (ran.code, ran.out) == (0, "r1 will be mapped again from r1\n")
    assert run("run", "--workspace", workspace).code == 0
    order = json.loads((workspace / "exchange/erp/in/PO-1001.json").read_bytes())
    assert order["items"][1]["unit"] == "CR"


def test_replay_of_a_delivery_sends_the_same_bytes(run: Run, workspace: Path) -> None:
    run("run", "--workspace", workspace)
    target = workspace / "exchange/erp/in/PO-1001.json"
    before = target.read_bytes()
    target.unlink()
    told = run("replay", "s1", "--workspace", workspace, "--json").json
    assert told == [{"ref": "s1", "new": told[0]["new"], "what": f"s1 will be sent again as {told[0]['new']}"}]
    assert run("run", "--workspace", workspace).code == 0
    assert target.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "d99"], "the ledger holds nothing called 'd99'"),
        (["replay", "s99"], "the ledger holds no delivery s99"),
        (["replay", "PO-1001"], "'PO-1001' is no ID"),
        (["replay", "r1"], "nothing of r1 is quarantined"),
        (["resolve", "s1", "--landed"], "s1 is SENT, not UNKNOWN"),
        (["resolve", "d1", "--landed"], "d1 is a document, not a delivery"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, workspace: Path, arguments: list[str], message: str) -> None:
    run("run", "--workspace", workspace)
    ran = run(*arguments, "--workspace", workspace)
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err


def test_before_anything_ran_there_is_no_ledger(run: Run, workspace: Path) -> None:
    for command in (["documents"], ["show"], ["replay", "s1"]):
        ran = run(*command, "--workspace", workspace)
        assert ran.code == 1
        assert "there is no ledger" in ran.err


def test_the_ledger_can_be_asked_while_a_partner_file_is_broken(run: Run, workspace: Path) -> None:
    run("run", "--workspace", workspace)
    (workspace / "mappings/erp/partner.yaml").write_text("partner: [", encoding="utf-8")
    assert run("documents", "--workspace", workspace).code == 0
    assert run("run", "--workspace", workspace).code == 1


def test_what_is_stuck_is_shown(run: Run, workspace: Path) -> None:
    partner = workspace / "mappings/erp/partner.yaml"
    text = partner.read_text(encoding="utf-8")
    partner.write_text(text.replace("root: exchange/erp", "root: exchange/nowhere"), encoding="utf-8")
    assert run("run", "--workspace", workspace).code in (1, 3)
    overview = run("show", "--workspace", workspace)
    assert any(line.startswith("connection erp/inbox is left alone until ") for line in overview.lines)
    assert "there is no folder" in overview.out


def test_failures_are_counted_by_kind(run: Run, workspace: Path) -> None:
    (workspace / "exchange/erp/in").rmdir()
    (workspace / "exchange/erp/in").mkdir()
    (workspace / "exchange/erp/in/PO-1001.json").write_text("another file", encoding="utf-8")
    assert run("run", "--workspace", workspace).code == 1
    overview = run("show", "--workspace", workspace)
    assert any(line.startswith("1 failed at erp/orders, s1 the last: ") for line in overview.lines), overview.out
    journey = run("show", "s1", "--workspace", workspace)
    assert "delivery s1  DEAD" in journey.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_waits_for_the_call_under_way_and_again_ends_at_once(
    run: Run, workspace: Path, number: signal.Signals
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (workspace / "mappings/erp/partner.yaml").write_text(
            f"""\
partner: erp
connections:
  api: {{adapter: rest, base_url: "http://127.0.0.1:{silent.getsockname()[1]}", tries: 1}}
send:
  orders: {{take: {{document: order/1}}, mapping: order.yaml, to: {{connection: api, path: /orders}}}}
""",
            encoding="utf-8",
        )
        program = Path(sys.executable).with_name("transload")
        arguments = [str(program), "run", "--workspace", str(workspace)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            try:
                silent.settimeout(30)
                calling, _ = silent.accept()
                with calling:
                    calling.settimeout(30)
                    calling.recv(1)
                    process.send_signal(number)
                    told = process.stderr.readline()
                    process.send_signal(number)
                    assert process.wait(20) == 130
                rest = process.stderr.read()
            finally:
                process.kill()
    assert told == "waiting for the calls under way; Ctrl-C again ends at once\n"
    assert rest == "interrupted\n"
    assert run("show", "s1", "--workspace", workspace, "--json").json["deliveries"][0]["state"] == "SENDING"
    assert run("run", "--workspace", workspace).code == 1
    assert run("show", "s1", "--workspace", workspace, "--json").json["deliveries"][0]["state"] == "UNKNOWN"
    assert run("resolve", "s1", "--send-again", "--workspace", workspace).out == "s1 will be sent again\n"
    assert run("resolve", "s1", "--landed", "--workspace", workspace).code == 1


def test_serve_works_until_it_is_told_to_stop(workspace: Path, command: Run) -> None:
    program = Path(sys.executable).with_name("transload")
    partner = workspace / "mappings/acme/partner.yaml"
    partner.write_text(partner.read_text(encoding="utf-8").replace("every: 1m", "every: 1s"), encoding="utf-8")
    arguments = [str(program), "serve", "--workspace", str(workspace), "--json"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stderr is not None
        watchdog = Timer(30, process.kill)
        watchdog.start()
        try:
            assert any(json.loads(line)["event"] == "serving" for line in process.stderr)
            refused = command("run", "--workspace", workspace)
            assert refused.code == 1
            assert "transload serve" in refused.err
            while process.poll() is None and not (workspace / "exchange/erp/in/PO-1001.json").exists():
                sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            watchdog.cancel()
            process.kill()
