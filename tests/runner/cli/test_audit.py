"""`transload audit`: what is said, and how it ends."""

import json

import pytest
from tests.runner.ledger.samples import NOW, arrival, tamper

from transload.runner.ledger import Ledger
from transload.runner.ledger.schema import events


@pytest.fixture
def workspace(tmp_path, store):
    (tmp_path / "transload.yaml").write_text(f"workspace: bolts\nstore: {{url: '{store.url}'}}\n")
    with Ledger(store) as ledger:
        for number in range(3):
            ledger.arrivals.add(arrival(f"k{number}"), NOW)
    return tmp_path


def test_a_seal_is_kept_outside_and_held_against_the_ledger(run, workspace):
    file = workspace / "seal.json"
    sealed = run("audit", "seal", "--output", file, "--workspace", workspace)
    assert (sealed.code, sealed.lines[0][:7]) == (0, "seal 1 ")
    assert json.loads(file.read_text())["hash"] in sealed.out
    good = run("audit", "verify", "--against", file, "--workspace", workspace)
    assert good.code == 0
    assert good.lines[0].startswith("no findings: 3 events, 3 rows and 1 payloads in ")
    assert good.lines[0].endswith(" events/s)")
    assert good.lines[1].startswith("the last seal is 1, of ")


def test_what_was_changed_is_named_and_ends_with_1(run, workspace, store):
    with Ledger(store) as ledger:
        tamper(ledger, events.update().where(events.c.sequence == 2).values(what="SENT"))
    bad = run("audit", "verify", "--workspace", workspace)
    assert bad.code == 1
    assert bad.lines[0] == (
        "error E-AUDIT-CHANGED lane in:a/b: event 2 (id 2) was changed, or is not the one that followed the one before"
        " (compare with a backup of the ledger from before, and find out who can write to its database)"
    )
    told = [json.loads(line) for line in run("audit", "verify", "--json", "--workspace", workspace).lines]
    assert told[0]["finding"]["code"] == "E-AUDIT-CHANGED"
    assert told[-1]["findings"] == len(told) - 1 == 2  # r2 has no event any more that tells of its bytes


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"seal": 1, "at": "soon", "hash": ""}', "[" * 9000])
def test_what_is_no_seal_is_said(run, workspace, content):
    (workspace / "x").write_text(content)
    refused = run("audit", "verify", "--against", workspace / "x", "--workspace", workspace)
    assert refused.code == 1
    assert "x is no seal" in refused.err
