"""`encryption:` in a workspace, and `transload rekey`."""

import pytest
from tests.runner.ledger.samples import NOW, arrival

from transload.runner.ledger import Ledger
from transload.runner.workspace import load_store

BLOCK = "encryption: {use: k1, keys: {k1: '${env:KEY_ONE}', k2: '${env:KEY_TWO}'}}\n"


@pytest.fixture
def workspace(tmp_path, store, monkeypatch):
    monkeypatch.setenv("KEY_ONE", "1" * 64)
    monkeypatch.setenv("KEY_TWO", "2" * 64)
    (tmp_path / "transload.yaml").write_text(f"workspace: bolts\nstore: {{url: '{store.url}'}}\n")
    with Ledger(store) as ledger:
        ledger.arrivals.add(arrival(content=b"some content"), NOW)
    return tmp_path


def write(workspace, block):
    file = workspace / "transload.yaml"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:2]) + block)


def test_a_workspace_turns_it_on_and_changes_the_key(run, workspace):
    write(workspace, BLOCK)
    done = run("rekey", "--workspace", workspace)
    assert (done.code, done.lines) == (0, ["blobs:            1", "everything is under the key k1"])
    assert run("rekey", "--workspace", workspace, "--json").json == {"use": "k1", "changed": {}}
    with Ledger(load_store(workspace)) as ledger:
        assert ledger.verify() == []
    write(workspace, "")
    refused = run("audit", "verify", "--workspace", workspace)
    assert refused.code == 1
    assert "holds payloads under the key 'k1', which encryption: does not name" in refused.err
    write(workspace, BLOCK.replace("use: k1, ", ""))
    assert run("rekey", "--workspace", workspace).lines[-1] == "everything is in plain"
    write(workspace, "")
    assert run("audit", "verify", "--workspace", workspace).code == 0


@pytest.mark.parametrize(
    ("block", "told"),
    [
        (BLOCK.replace("use: k1", "use: k3"), "use names 'k3', which is none of keys"),
        (BLOCK.replace("${env:KEY_ONE}", "1" * 64), "a secret stands here in plain text"),
        (BLOCK.replace("${env:", "${nowhere:"), "nowhere"),
        ("encryption: {use: k1, keys: {}}\n", "keys"),
    ],
)
def test_what_is_wrong_is_found_when_it_is_checked(run, workspace, block, told):
    write(workspace, block)
    checked = run("check", workspace)
    assert checked.code == 1
    assert told in checked.out + checked.err
    assert "1" * 64 not in checked.out + checked.err


def test_a_key_that_is_none_is_not_shown(run, workspace, monkeypatch):
    monkeypatch.setenv("KEY_ONE", "not-a-key-but-secret")
    write(workspace, BLOCK)
    refused = run("rekey", "--workspace", workspace)
    assert refused.code == 1
    assert "the key 'k1' of encryption: is none: it takes 32 bytes" in refused.err
    assert "not-a-key-but-secret" not in refused.out + refused.err
