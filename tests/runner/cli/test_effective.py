"""transload check --effective: what is written, inherited, or a default, and no secret."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.runner.workspace.effective import MASKED, settings_of
from transload.runner.workspace.written import WrittenVault

Run = Callable[..., Any]
ACME = """\
partner: acme
identities: {gln: "9520001000003"}
connections:
  mailbox:
    adapter: sftp
    host: {test: sftp-test.example, production: sftp.example}
    username: bolt
    password: ${env:ACME_PASSWORD}
    host_keys: ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    timeouts: {login: 5s}
    filters: [{type: gzip, ratio: 50}]
receive:
  orders:
    from: {connection: mailbox, folder: /out, afterwards: delete}
    every: 5m
    at_most_waiting: 500
    keep_payloads: 90d
    format: {type: edifact, syntax: "UNOC:3"}
    to: [acme/copies]
    mappings: []
send:
  copies:
    take: {message: "*"}
    to: {connection: mailbox, file: "{receipt.name}"}
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACME_PASSWORD", "p4ss")
    (tmp_path / "mappings/acme").mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text("workspace: bolts\ndefaults: {timeouts: {connect: 7s}}\n")
    (tmp_path / "mappings/acme/partner.yaml").write_text(ACME)
    return tmp_path


def test_the_settings_in_force(run: Run, workspace: Path) -> None:
    ran = run("check", "--effective", workspace)
    assert ran.code == 0
    assert "p4ss" not in ran.out
    text = ran.out.replace(str(workspace), "HERE")
    head, _, connection = text.partition("    connections:\n")
    assert head == (
        "workspace: bolts\n"
        "store: sqlite:///HERE/var/ledger.db\n"
        "environment: test\n"
        "timezone: UTC\n"
        "identities: {}\n"
        "retry:\n"
        "  attempts: 10  # default\n"
        "  first: 30s  # default\n"
        "  longest: 2h  # default\n"
        "  give_up_after: 3d  # default\n"
        "partners:\n"
        "  acme:\n"
        "    name: acme\n"
        "    kind: external\n"
        "    identities: {gln: '9520001000003'}\n"
    )
    lines = [line.strip() for line in connection.splitlines()]
    for line in (
        "host: sftp-test.example",
        "port: 22  # default",
        "password: ${env:ACME_PASSWORD}",
        "connect: 7s  # workspace",
        "login: 5s",
        "banner: 15s  # default",
        "ratio: 50",
        "largest: 268435456  # default",
        "filters: [gzip]  # connection",
        "stable: 2 polls  # default",
        "afterwards: delete",
        "every: 5m",
        "at_most_waiting: 500",
        "keep_payloads: 90d",
        "type: edifact",
        "syntax: UNOC:3",
        "check: guide  # default",
        "take: {message: ['*']}",
        "collision: fail  # default",
    ):
        assert line in lines, line


def test_in_another_environment(run: Run, workspace: Path) -> None:
    ran = run("check", "--effective", workspace, "--environment", "production", "--json")
    partners = ran.json["partners"]
    mailbox = partners["acme"]["connections"]["mailbox"]
    assert ran.json["environment"] == {"value": "production", "from": "written"}
    assert mailbox["host"] == {"value": "sftp.example", "from": "written"}
    assert mailbox["port"] == {"value": 22, "from": "default"}
    assert mailbox["timeouts"]["connect"] == {"value": "7s", "from": "workspace"}
    assert partners["acme"]["send"]["copies"]["retry"]["attempts"] == {"value": 10, "from": "default"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("receipt", ["batch: receipt"]),
        ("{most: 5}", ["batch:", "of: receipt", "most: 5"]),
        ("{every: 15m, count: 500}", ["batch:", "every: 15m", "count: 500"]),
        ("{cron: '0 18 * * *'}", ["batch:", "cron: 0 18 * * *", "timezone: UTC"]),
    ],
)
def test_batches(run: Run, workspace: Path, written: str, told: list[str]) -> None:
    path = workspace / "mappings/acme/partner.yaml"
    mapped = f"take: {{document: order/1}}\n    mapping: library:edifact/orders-d96a\n    batch: {written}"
    path.write_text(ACME.replace('take: {message: "*"}', mapped))
    lines = [line.strip() for line in run("check", "--effective", workspace).out.splitlines()]
    begin = lines.index(told[0])
    assert lines[begin : begin + len(told)] == told


def test_what_a_partner_masks(run: Run, workspace: Path) -> None:
    path = workspace / "mappings/acme/partner.yaml"
    path.write_text(ACME + "mask: {fields: [buyer.contact], documents: {order/1: [lines.price]}}\n")
    lines = run("check", "--effective", workspace).out.splitlines()
    begin = lines.index("    mask:")
    assert lines[begin + 1 : begin + 3] == ["      fields: [buyer.contact]", "      order/1: [lines.price]"]


def test_a_workspace_with_errors_tells_them(run: Run, workspace: Path) -> None:
    path = workspace / "mappings/acme/partner.yaml"
    path.write_text(ACME.replace("ratio: 50", "ratio: 0"))
    ran = run("check", "--effective", workspace)
    assert (ran.code, ran.out) == (1, "")
    assert "'ratio' of the filter gzip of the connection 'mailbox' must be at least 1" in ran.err


def test_without_a_workspace(run: Run, tmp_path: Path) -> None:
    (tmp_path / "orders.yaml").write_text("mapping: x\n")
    ran = run("check", "--effective", tmp_path / "orders.yaml")
    assert ran.code == 1
    assert "there is no workspace here (name its folder)" in ran.err


def test_what_is_no_reference_in_the_place_of_a_secret_is_masked() -> None:
    shown = {one.name: one.value for one in settings_of({"url": "https://v", "token": "hvs.abc"}, WrittenVault)}
    assert shown["token"] == MASKED
    shown = {one.name: one.value for one in settings_of({"url": "https://v", "token": "${env:T}"}, WrittenVault)}
    assert shown["token"] == "${env:T}"
