"""A small workspace that has no fault, and a way to write it with one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from transload.canonical.errors import ConfigurationError
from transload.runner.workspace import load_workspace

FILES = {
    "transload.yaml": """\
workspace: bolts
timezone: Europe/Berlin
secrets: [env, file]
""",
    "mappings/acme/partner.yaml": """\
partner: acme
identities: {gln: "9520001000003", edifact: {id: "9520001000003", qualifier: "14"}}
connections:
  mailbox:
    adapter: sftp
    host: {test: sftp-test.example, production: sftp.example}
    username: bolt
    password: ${env:ACME_PASSWORD}
    host_keys: ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
receive:
  orders:
    from: {connection: mailbox, folder: /out, pattern: "*.json", afterwards: delete}
    every: 5m
    format: {type: json}
    mappings: [orders.yaml]
    to: [erp/orders]
""",
    "mappings/acme/orders.yaml": "mapping: acme-orders\n",
    "mappings/erp/partner.yaml": """\
partner: erp
kind: internal
connections:
  inbox: {adapter: files, root: inbox}
send:
  orders:
    take: {document: order/1, when: {buyer.gln: "9520001000003"}}
    mapping: orders.yaml
    to: {connection: inbox, file: "{document.number}.json"}
    order_by: [buyer.gln]
""",
    "mappings/erp/orders.yaml": "mapping: erp-orders\n",
}
NAMES = {
    "transload": "transload.yaml",
    "acme": "mappings/acme/partner.yaml",
    "erp": "mappings/erp/partner.yaml",
}
"""Short names of the files, for the tests' tables."""

Write = Callable[..., Path]
Faults = Callable[..., list[str]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the workspace with texts replaced: ``write(acme=[("5m", "5x")])``; gives its folder."""

    def make(**edits: list[tuple[str, str]]) -> Path:
        for name, text in FILES.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for short, changes in edits.items():
            path = tmp_path / NAMES[short]
            text = path.read_text(encoding="utf-8")
            for old, new in changes:
                assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {short}"
                text = text.replace(old, new)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture
def faults(write: Write) -> Faults:
    """The lines of all findings of the workspace with texts replaced, files by their short names."""

    def load(environment: str | None = None, **edits: list[tuple[str, str]]) -> list[str]:
        folder = write(**edits)
        try:
            found = load_workspace(folder, environment=environment).findings
        except ConfigurationError as error:
            found = error.findings
        lines = []
        for finding in found:
            line = finding.line()
            for short, name in NAMES.items():
                line = line.replace(str(folder / name), short)
            lines.append(line.replace(str(folder), "DIR"))
        return lines

    return load
