"""A workspace as users have it: orders come from one FTP server and go to another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, State
from transload.runner.workspace import load_workspace

ORDER = (Path(__file__).parents[3] / "fixtures/edifact/orders.edi").read_bytes()
PARTNER = """\
partner: acme
connections:
  theirs:
    adapter: ftp
    host: localhost
    port: {theirs}
    username: partner
    password: ${{env:P}}
    tls: {{ca: {ca}}}
  ours:
    adapter: ftp
    host: localhost
    port: {ours}
    security: none
    insecure: true
    username: partner
    password: ${{env:P}}
receive:
  orders:
    from: {{connection: theirs, folder: out, pattern: "*.edi", stable: none, afterwards: {{move: out/done}}}}
    format: {{type: edifact}}
    to: [acme/copies]
send:
  copies:
    take: {{message: ORDERS}}
    to: {{connection: ours, folder: in, file: "{{number:03}}_{{receipt.name}}", done_file: "*.done"}}
"""


def run(folder: Path) -> Any:
    loaded = load_workspace(folder)
    with Ledger(loaded.store) as ledger:
        return Engine(loaded, ledger).run_pass()


def test_orders_from_one_server_to_another(
    tmp_path: Path, start: Callable[..., Any], papers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, ours = start(), start(tls=False)
    monkeypatch.setenv("P", theirs.connection().password.get_secret_value())
    folder = tmp_path / "workspace"
    (folder / "mappings/acme").mkdir(parents=True)
    (folder / "transload.yaml").write_text("workspace: hub\nstore: sqlite:///var/ledger.db\nenvironment: production\n")
    written = PARTNER.format(theirs=theirs.port, ours=ours.port, ca=papers.authority)
    (folder / "mappings/acme/partner.yaml").write_text(written)
    (theirs.root / "out/a b.edi").write_bytes(ORDER)
    ours.faults.commands["STOR"] = lambda handler, _: handler.respond("452 No room.") or True
    summary = run(folder)
    assert summary.deliveries == {State.RETRY_AT: 1}
    assert [path.name for path in (theirs.root / "out/done").iterdir()] == ["a b.edi"]
    assert list((ours.root / "in").iterdir()) == []
    ours.faults.commands.clear()
    (theirs.root / "out/c.edi").write_bytes(ORDER.replace(b"HG000000417", b"HG000000418"))
    assert State.SENT in run(folder).deliveries
    stored = {path.name: path.read_bytes() for path in (ours.root / "in").iterdir()}
    assert stored["002_c.edi.done"] == b""
    assert stored["002_c.edi"] == ORDER.replace(b"HG000000417", b"HG000000418")
