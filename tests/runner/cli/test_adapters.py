"""transload adapters."""

from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from transload.adapters.base import adapter_names

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
