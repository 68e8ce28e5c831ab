"""transload adapters."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from transload.adapters.base import adapter, adapter_names, positioned
from transload.adapters.base.positioned import Entries
from transload.runner.workspace.adapted import Adapted
from transload.runner.workspace.report import Report
from transload.runner.workspace.secrets import Secrets

Run = Callable[..., Any]


def test_all_are_listed(run: Run) -> None:
    ran = run("adapters")
    assert ran.code == 0
    assert ran.lines[0].split() == ["NAME", "ABILITIES", "SUMMARY", "FROM"]
    assert [line.split()[0] for line in ran.lines[1:]] == list(adapter_names())


def test_the_list_as_json(run: Run) -> None:
    entries = {entry["name"]: entry for entry in run("adapters", "--json").json}
    assert entries["sftp"] == {
        "name": "sftp",
        "abilities": ["source", "target"],
        "summary": "Files on an SFTP server: picked up when complete, handed over by one rename, host keys pinned",
        "origin": entries["sftp"]["origin"],
    }
    assert entries["sftp"]["origin"].startswith("transload ")


def test_settings_of_one_adapter(run: Run) -> None:
    ran = run("adapters", "sftp")
    rows = {line.split()[0]: " ".join(line.split()) for line in ran.lines if line.strip()}
    assert rows["host"].startswith("host text such as sftp.acme.example required")
    assert rows["port"].startswith("port whole number 22")
    assert rows["password"].startswith("password secret")
    assert rows["afterwards"].startswith("afterwards keep, delete or {move} keep")
    assert "connection, written under connections: NAME: {adapter: sftp, ...}" in ran.out
    assert "format, written under" not in ran.out


@pytest.mark.parametrize("name", adapter_names())
def test_every_setting_of_every_adapter_is_described(run: Run, name: str) -> None:
    entry = run("adapters", name, "--json").json
    assert set(entry["settings"]) == (
        {"connection"} if {"source", "target", "endpoint"} & set(entry["abilities"]) else set()
    ) | set(entry["abilities"])
    for part, schema in entry["settings"].items():
        Draft202012Validator.check_schema(schema)
        for setting, shape in schema.get("properties", {}).items():
            assert shape.get("description"), f"{name} {part} {setting} has no description"


def test_an_unknown_adapter(run: Run) -> None:
    ran = run("adapters", "sfpt")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "error E-CONFIG there is no adapter named 'sfpt' (did you mean 'sftp'?)\n"


def test_an_unknown_adapter_as_json(run: Run) -> None:
    ran = run("adapters", "sfpt", "--json")
    assert ran.code == 1
    assert '"code": "E-CONFIG"' in ran.err


def test_an_example_stands_behind_each_part(run: Run) -> None:
    assert [line for line in run("adapters", "sftp").lines if line.startswith("example:")] == [
        "example: connections: {mailbox: {adapter: sftp, host: sftp.acme.example, username: bolts, host_keys:"
        " ['SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']}}",
        "example: from: {connection: mailbox}",
        "example: to: {connection: mailbox, file: 'ORDRSP_{number:06}.edi'}",
    ]
    assert run("adapters", "gzip").lines[-1] == "example: filters: [gzip]"
    assert run("adapters", "charset").lines[-1] == "example: filters: [{type: charset, charset: cp500}]"


def test_a_filter_says_where_it_is_written(run: Run) -> None:
    assert (
        "filter, written under connections: NAME: filters: [{type: zip, ...}], or in from: and to: of a route"
        in run("adapters", "zip").lines
    )


@pytest.mark.parametrize("name", adapter_names())
def test_examples_are_right(run: Run, name: str, tmp_path: Path) -> None:
    """What an example shows is taken by the class that reads it, but for what only a person can know."""
    found = adapter(name)
    for part, values in run("adapters", name, "--json").json["examples"].items():
        kind = found.connection if part == "connection" else getattr(found, part).Options
        report = Report("example.yaml")
        node = positioned.parse(yaml.safe_dump(values), "example.yaml") if values else Entries((), 1, 1)
        assert isinstance(node, Entries)
        if not any(str(value).isupper() for value in values.values()):
            assert (
                Adapted(secrets=Secrets(base=tmp_path, folders=(Path("keys"),))).values(node, kind, report, name)
                is not None
            ), report.findings


def test_the_schemas_alone(run: Run) -> None:
    schemas = run("adapters", "sftp", "--schema").json
    assert schemas == run("adapters", "sftp", "--json").json["settings"]
    assert schemas["connection"]["properties"]["port"]["default"] == 22
    ran = run("adapters", "--schema")
    assert ran.code == 2
    assert "whose? name an adapter" in ran.err
