"""`transload erase` and `transload tidy`: shown first, done with --yes, and said by every command afterwards."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.runner.ledger.samples import NOW
from tests.runner.ledger.test_erasing import CANARY, fill

from transload.runner.engine.upkeep import Upkeep
from transload.runner.ledger import Erased, Ledger, Ref
from transload.runner.workspace import load_workspace

PARTNER = """partner: a
connections: {c: {adapter: files, root: in}}
receive: {b: {from: {connection: c, folder: .}, mappings: [], format: {type: edifact}, to: []}}
"""


@pytest.fixture
def workspace(tmp_path, store):
    (tmp_path / "transload.yaml").write_text(
        f"workspace: bolts\nstore: {{url: '{store.url}'}}\ndefaults: {{keep_payloads: 90d}}\n"
    )
    (tmp_path / "mappings/a").mkdir(parents=True)
    (tmp_path / "mappings/a/partner.yaml").write_text(PARTNER)
    with Ledger(store) as ledger:
        fill(ledger)
    return tmp_path


def test_it_is_shown_then_done_then_said(run, workspace):
    here = ("--workspace", workspace)
    shown = run("erase", "PO-1", *here)
    assert (shown.code, shown.lines) == (
        0,
        [
            "d1: would erase d1, s1, and the bytes of r1; 1 other document of it cannot be made anew then",
            "nothing was erased yet; give --reason and --yes to do it",
        ],
    )
    assert run("show", "d1", "--content", *here).code == 0
    assert run("erase", "PO-1", "--yes", *here).code == 2  # without a reason
    done = run("erase", "PO-1", "--yes", "--reason", "asked for", "--by", "Anna", "--json", *here)
    assert done.json["erased"] == [
        {"ref": "d1", "receipts": ["r1"], "documents": ["d1"], "deliveries": ["s1"], "not_to_be_made_anew": 1}
    ]
    told = run("show", "d1", *here)
    assert told.out.count(" by Anna: asked for") == 3  # the receipt, the document, the delivery
    assert CANARY not in told.out
    for command in (
        ("show", "d1", "--content"),
        ("show", "s1", "--evidence", "answer"),
        ("replay", "d1"),
        ("replay", "s1"),
    ):
        refused = run(*command, *here)
        assert refused.code == 1
        assert "erased on" in refused.err or "nothing was kept" in refused.err
    assert run("audit", "verify", *here).code == 0
    again = run("erase", "PO-1", *here)
    assert (again.code, "d1 was erased on" in again.err) == (1, True)


def test_a_partner_s_documents_at_once(run, workspace):
    here = ("--workspace", workspace)
    done = run("erase", "--partner", "a", "--reason", "contract ended", "--yes", *here)
    assert done.code == 0
    assert len(done.lines) == 2
    for ref in ("d1", "d2"):
        assert run("show", ref, "--content", *here).code == 1
    assert run("erase", "--partner", "a", *here).code == 1
    assert run("erase", "--partner", "a", "d1", *here).code == 2


def test_what_is_old_enough_goes(run, workspace):
    here = ("--workspace", workspace)
    shown = run("tidy", *here)
    assert shown.lines == [
        "a/b: 1 receipt, 2 documents, 2 deliveries",
        "nothing was let go of yet; give --yes to do it",
    ]
    assert run("tidy", "--yes", *here).lines == ["a/b: 1 receipt, 2 documents, 2 deliveries"]
    assert run("tidy", *here).lines[0] == "a/b: no receipts, no documents, no deliveries"
    assert "by retention: kept until " in run("show", "r1", "--content", *here).err


def test_a_service_does_so_by_itself(workspace, store):
    loaded = load_workspace(workspace)
    with Ledger(store) as ledger:
        early = Upkeep(ledger, clock=lambda: NOW + timedelta(days=80), keep=loaded.keep_payloads)
        early.look()
        assert ledger.queries.payload(Ref("receipt", 1))
        late = Upkeep(ledger, clock=lambda: datetime.now(UTC), keep=loaded.keep_payloads, seconds=0.01)
        late.start()
        late.stop()
        late.look()
        with pytest.raises(Erased):
            ledger.queries.payload(Ref("receipt", 1))
        assert ledger.seals.last() is not None
