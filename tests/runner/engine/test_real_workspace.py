"""The engine over a workspace as users write it: real files, EDIFACT in, X12 and CONTRL out, real mappings."""

import shutil
from pathlib import Path

import pytest

from transload.canonical.errors import ConfigurationError
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, Ref, State
from transload.runner.workspace import load_workspace

FIXTURES = Path(__file__).parents[3] / "fixtures"

WORKSPACE = """\
workspace: bolts
store: sqlite:///var/ledger.db
environment: production
identities: {edifact: {id: "9520002000002", qualifier: "14"}, x12: {id: BOLTS, qualifier: ZZ}}
"""
ACME = """\
partner: acme
name: ACME
identities: {{edifact: {{id: "9520001000003", qualifier: "14"}}}}
connections:
  mailbox: {{adapter: files, root: {root}}}
receive:
  orders:
    from: {{connection: mailbox, folder: in, pattern: "*.edi", stable: none, afterwards: {{move: done}}}}
    every: 5m
    format: {{type: edifact}}
    mappings: [{mapping}]
    to: [erp/sales-orders]
    acknowledge: {{with: contrl, connection: mailbox, folder: acks, file: "CONTRL_{{number}}.edi"}}
"""
ERP = """\
partner: erp
identities: {{x12: {{id: ERP, qualifier: ZZ}}}}
connections:
  box: {{adapter: files, root: {root}}}
send:
  sales-orders:
    take: {{document: order/1}}
    mapping: library:x12/850-004010
    format: {{charset: utf-8}}
    to: {{connection: box, folder: out, file: "{{document.number}}_{{number:05}}.x12"}}
"""


@pytest.fixture
def workspace(tmp_path):
    for folder in ("in", "done", "acks", "out", "mappings/acme", "mappings/erp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(WORKSPACE)
    write_acme(tmp_path)
    (tmp_path / "mappings/erp/partner.yaml").write_text(ERP.format(root=tmp_path))
    return tmp_path


def write_acme(folder, mapping="library:edifact/orders-d96a"):
    (folder / "mappings/acme/partner.yaml").write_text(ACME.format(root=folder, mapping=mapping))


def run(folder):
    loaded = load_workspace(folder)
    with Ledger(loaded.store) as ledger:
        return Engine(loaded, ledger).run_pass()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_order_travels_from_edifact_to_x12_with_its_acknowledgement(workspace):
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    summary = run(workspace)
    assert [finding.code for finding in summary.findings if finding.is_error] == []
    assert summary.exit_code == 0
    assert names(workspace / "in") == []
    assert names(workspace / "done") == ["orders.edi"]
    (written,) = (workspace / "out").iterdir()
    assert written.name == "PO-2026-00417_00001.x12"
    text = written.read_text("utf-8")
    assert text.startswith("ISA*00*")
    assert "*PO-2026-00417*" in text
    (contrl,) = (workspace / "acks").iterdir()
    assert "'UCI+HG000000417+9520001000003:14+9520002000002:14+7'" in contrl.read_text("latin-1").replace("\n", "")


def test_the_same_interchange_sent_again_goes_no_further(workspace):
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in/first.edi")
    run(workspace)
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in/second.edi")
    summary = run(workspace)
    assert summary.receipts == {State.DUPLICATE: 1}
    assert len(names(workspace / "out")) == len(names(workspace / "acks")) == 1


def test_a_broken_interchange_is_quarantined_and_rejected(workspace):
    shutil.copy(FIXTURES / "edifact/orders-broken.edi", workspace / "in")
    summary = run(workspace)
    assert summary.exit_code == 1
    assert summary.documents[State.QUARANTINED] >= 1
    assert all(finding.place is not None for finding in summary.findings if finding.is_error)
    (contrl,) = (workspace / "acks").iterdir()
    assert "+4+29+UNZ+2'" in contrl.read_text("latin-1")


def test_a_quarantined_order_goes_on_when_the_mapping_is_corrected(workspace):
    own = workspace / "mappings/acme/orders.yaml"
    head = "mapping: acme-orders\nextends: library:edifact/orders-d96a\nversion: 1\n"
    own.write_text(head + 'match: {message: ORDERS, sender: "0000000000000"}\n')
    write_acme(workspace, "orders.yaml")
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    assert [finding.code for finding in run(workspace).findings] == ["E-NO-MAPPING"]
    own.write_text(head + 'match: {message: ORDERS, sender: "9520001000003"}\n')
    loaded = load_workspace(workspace)
    with Ledger(loaded.store) as ledger:
        engine = Engine(loaded, ledger)
        ledger.actions.remap(Ref("receipt", 1), engine.clock())
        summary = engine.run_pass()
        journey = ledger.queries.journey(Ref("document", 2))
    assert summary.exit_code == 0
    assert names(workspace / "out") == ["PO-2026-00417_00001.x12"]
    assert len(names(workspace / "acks")) == 1
    assert journey["documents"][0]["origin_id"] == 1
    assert journey["documents"][0]["mapping"] == "acme-orders"


def test_what_is_wrong_with_an_envelope_is_told_before_anything_is_received(workspace):
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    text = (workspace / "transload.yaml").read_text()
    (workspace / "transload.yaml").write_text(text.replace(", x12: {id: BOLTS, qualifier: ZZ}", ""))
    with pytest.raises(ConfigurationError) as caught:
        run(workspace)
    (finding,) = caught.value.findings
    assert finding.line().startswith(f"{workspace}/mappings/erp/partner.yaml:6:3: error C-ENVELOPE the sender ")
    assert names(workspace / "in") == ["orders.edi"]


def test_a_target_folder_that_is_missing_stops_the_connection_and_nothing_is_lost(workspace):
    shutil.copy(FIXTURES / "edifact/orders.edi", workspace / "in")
    (workspace / "out").rmdir()
    summary = run(workspace)
    assert summary.exit_code == 1
    assert names(workspace / "in") == []
    (workspace / "out").mkdir()
    text = (workspace / "mappings/erp/partner.yaml").read_text()
    (workspace / "mappings/erp/partner.yaml").write_text(text + "# the folder was made\n")
    assert run(workspace).exit_code == 0
    assert names(workspace / "out") == ["PO-2026-00417_00001.x12"]
