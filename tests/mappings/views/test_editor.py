"""The JSON Schema of mapping files, for editors."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest
from jsonschema import Draft7Validator

from transload.adapters.base import positioned
from transload.canonical.errors import ConfigurationError
from transload.mappings import library_names, load_mapping
from transload.mappings.source.nodes import located, plain_value
from transload.mappings.source.reading import read
from transload.mappings.views.editor import editor_schema

SERVER = shutil.which("yaml-language-server")


def kind_of(name: str) -> tuple[str, str]:
    mapping = load_mapping(name)
    records = mapping.format_type in ("edifact", "x12")
    return f"{mapping.kind}:{mapping.message_version}" if records else mapping.format_type, mapping.document


@pytest.mark.parametrize("name", library_names())
def test_library_mappings_are_valid(name: str) -> None:
    schema = editor_schema(*kind_of(name))
    Draft7Validator.check_schema(schema)
    errors = Draft7Validator(schema).iter_errors(plain_value(read(name).table))
    assert [error.message for error in errors] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1004: =number", "1094: =number"),
        ("1004: =number", "1004: =number | decc"),
        ("1004: =number", "1004: {valeu: =number}"),
        ("- BGM", "- BGN"),
        ("max: 2", "maxx: 2"),
        ("layout:", "layuot:"),
        ("version: 1", "version: one"),
        ("only: decode", "only: reading"),
        ("document: order/1", "document: order/2"),
    ],
)
def test_wrong_mappings_are_refused(old: str, new: str, tmp_path: Path) -> None:
    text = """\
mapping: mine
version: 1
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
layout:
  - BGM: {1001: 220, 1004: =number, 1225: "9"}
    only: decode
    max: 2
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
"""
    schema = Draft7Validator(editor_schema("ORDERS:D:96A", "order/1"))

    def valid(text: str) -> bool:
        file = tmp_path / "mine.yaml"
        file.write_text(text, encoding="utf-8")
        return schema.is_valid(plain_value(located(positioned.load(file), "mine.yaml")))

    assert valid(text)
    assert old in text
    assert not valid(text.replace(old, new))


def test_what_an_editor_proposes() -> None:
    schema = editor_schema("850:004010", "order/1")
    beg = schema["$defs"]["segment BEG"]["properties"]
    assert set(beg) >= {"01", "02", "03"}
    assert beg["03"]["description"].count(",") == 2
    offers = schema["$defs"]["value"]["anyOf"][0]["enum"]
    assert {"=number", "=issued_on | date(yyyyMMdd)", "=quantity", "=buyer.name"} <= set(offers)


@pytest.mark.parametrize("message", ["ORDERZ:D:96A", "850", "851:004010", "nosuch", "edifact"])
def test_a_message_without_a_guide(message: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no guide for"):
        editor_schema(message, "order/1")


class Editor:
    """An editor that talks to yaml-language-server over its standard input and output."""

    def __init__(self, out: IO[bytes], into: IO[bytes]) -> None:
        self.out, self.into, self.number = out, into, 0

    def send(self, method: str, params: Any, *, number: int | None = None) -> None:
        told = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(told if number is None else {**told, "id": number}).encode()
        self.into.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.into.flush()

    def receive(self) -> dict[str, Any]:
        length = 0
        while line := self.out.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        told: dict[str, Any] = json.loads(self.out.read(length))
        if "id" in told and "method" in told:  # the server asks: nothing is set here
            items = (told.get("params") or {}).get("items")
            body = json.dumps({"jsonrpc": "2.0", "id": told["id"], "result": [{} for _ in items or ()] or None})
            self.into.write(b"Content-Length: %d\r\n\r\n" % len(body) + body.encode())
            self.into.flush()
        return told

    def ask(self, method: str, params: Any) -> Any:
        self.number += 1
        self.send(method, params, number=self.number)
        while True:
            told = self.receive()
            if told.get("id") == self.number and "method" not in told:
                return told["result"]

    def diagnostics(self, uri: str) -> list[str]:
        while True:
            told = self.receive()
            if told.get("method") == "textDocument/publishDiagnostics" and told["params"]["uri"] == uri:
                return [item["message"] for item in told["params"]["diagnostics"]]


@contextmanager
def editing(folder: Path) -> Iterator[Editor]:
    assert SERVER is not None
    with subprocess.Popen([SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        editor = Editor(process.stdout, process.stdin)
        editor.ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": {}})
        editor.send("initialized", {})
        settings = {"yaml": {"validate": True, "completion": True, "schemaStore": {"enable": False}}}
        editor.send("workspace/didChangeConfiguration", {"settings": settings})
        try:
            yield editor
        finally:
            process.kill()


@pytest.mark.skipif(SERVER is None, reason="yaml-language-server is not installed (npm install yaml-language-server)")
def test_with_yaml_language_server(tmp_path: Path) -> None:
    (tmp_path / "orders.schema.json").write_text(json.dumps(editor_schema("ORDERS:D:96A", "order/1")), encoding="utf-8")
    head = """\
# yaml-language-server: $schema=orders.schema.json
mapping: mine
version: 1
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
layout:
"""
    texts = {
        "places": head + "  - BGM:\n      \n",
        "values": head + "  - BGM:\n      1004: \n",
        "modifiers": head + "  - BGM: {1004: =number}\n    \n",
        "wrong": head + "  - BGM: {1004: =number, 9999: =number}\n",
        "right": head + "  - BGM: {1004: =number, 1001: 220}\n",
    }
    spots = {"places": (7, 6), "values": (7, 12), "modifiers": (7, 4)}
    found: dict[str, set[str]] = {}
    wrong: dict[str, list[str]] = {}
    with editing(tmp_path) as editor:
        for name, text in texts.items():
            uri = (tmp_path / f"{name}.yaml").as_uri()
            document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
            editor.send("textDocument/didOpen", {"textDocument": document})
            if name in spots:
                line, character = spots[name]
                place = {"textDocument": {"uri": uri}, "position": {"line": line, "character": character}}
                told = editor.ask("textDocument/completion", place)
                found[name] = {item["label"] for item in told["items"]}
            else:
                wrong[name] = editor.diagnostics(uri)
    assert {"1001", "1004", "1225"} <= found["places"]
    assert {"=number", "=issued_on | dtm(102)"} <= found["values"]
    assert {"each", "max", "then"} <= found["modifiers"]
    assert wrong["right"] == []
    assert any("9999" in message for message in wrong["wrong"])
