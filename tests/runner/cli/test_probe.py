"""transload probe."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def workspace(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert run("init", tmp_path / "w").code == 0
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


def files(workspace: Path) -> list[str]:
    return sorted(str(path.relative_to(workspace)) for path in workspace.rglob("*") if path.is_file())


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_connection_is_looked_at_as_each_route_uses_it(run: Run, workspace: Path) -> None:
    before = files(workspace)
    ran = run("probe", "acme/folder")
    root = workspace / "exchange/acme"
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [
        f"acme/orders works: {root}, folder out",
        "remark P-FILES 1 files lie in out, 1 of them with names like *.edi",
        f"acme/orders, acknowledgements works: {root}, folder in",
    ]
    assert files(workspace) == before


def test_what_does_not_work(run: Run, workspace: Path) -> None:
    change(workspace / "mappings/acme/partner.yaml", "folder: out,", "folder: uot,")
    ran = run("probe", "acme/folder")
    assert ran.code == 1
    assert ran.lines[0] == "acme/orders does not work: there is no folder uot"
    assert "    hint     correct the name, or have the partner make it" in ran.lines


def test_trying_leaves_nothing(run: Run, workspace: Path) -> None:
    before = files(workspace)
    ran = run("probe", "acme/folder", "--write")
    assert ran.code == 0
    assert [line for line in ran.lines if "P-MOVE" in line or "P-WRITE" in line] == [
        "remark P-MOVE a file was moved to out/done and back",
        "remark P-WRITE files were written, measured, renamed and replaced in in",
    ]
    assert files(workspace) == before


def test_json(run: Run, workspace: Path) -> None:
    (found, _) = run("probe", "acme/folder", "--json").json
    assert (found["use"], found["ok"]) == ("acme/orders", True)
    assert [finding["code"] for finding in found["findings"]] == ["P-FILES"]


def test_a_name_that_is_none(run: Run, workspace: Path) -> None:
    ran = run("probe", "acme/foldr")
    assert ran.code == 1
    assert "there is no connection 'acme/foldr' (did you mean 'acme/folder'?)" in ran.err


def test_a_connection_that_no_route_uses(run: Run, workspace: Path) -> None:
    partner = workspace / "mappings/acme/partner.yaml"
    change(partner, "connections:\n", f"connections:\n  spare: {{adapter: files, root: {workspace}/exchange}}\n")
    assert run("probe", "acme/spare").lines[0] == f"no route works: {workspace}/exchange, folder ."
    service = "  service: {adapter: soap, wsdl: a.wsdl, endpoint: 'https://acme.example'}\n"
    change(partner, "connections:\n", f"connections:\n{service}")
    ran = run("probe", "acme/service")
    assert ran.code == 1
    assert "no route uses acme/service, and without one there is nothing to look at" in ran.err


def test_a_secret_that_cannot_be_had(run: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)
    partner = workspace / "mappings/acme/partner.yaml"
    api = "  api: {adapter: rest, base_url: 'https://acme.example', auth: {bearer: {token: '${env:NOT_THERE}'}}}\n"
    change(partner, "connections:\n", f"connections:\n{api}")
    change(
        partner,
        "receive:\n",
        "receive:\n  list: {from: {connection: api, path: /list}, format: {type: json}, to: []}\n",
    )
    ran = run("probe", "acme/api")
    assert ran.code == 1
    assert "NOT_THERE" in ran.out
    assert "Traceback" not in ran.out + ran.err


def test_a_partner_who_calls_us(run: Run, workspace: Path) -> None:
    with (workspace / "transload.yaml").open("a") as file:
        file.write("http: {listen: '127.0.0.1:8081'}\n")
    partner = workspace / "mappings/acme/partner.yaml"
    change(
        partner,
        "connections:\n",
        "connections:\n  hook: {adapter: http, path: /in, verify: {bearer: {token: '${env:T}'}}}\n",
    )
    change(partner, "receive:\n", "receive:\n  calls: {from: {connection: hook}, format: {type: json}, to: []}\n")
    ran = run("probe", "acme/hook")
    assert ran.code == 1
    assert "start transload serve, which listens on 127.0.0.1:8081, and have the partner call it" in ran.err
