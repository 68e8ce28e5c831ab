"""`transload ledger`: where it is kept, and how much it holds."""

import pytest

from transload.runner.ledger import Ledger
from transload.runner.ledger.schema import VERSION


@pytest.fixture
def workspace(tmp_path, store):
    (tmp_path / "transload.yaml").write_text(f"workspace: bolts\nstore: {{url: '{store.url}'}}\n")
    return tmp_path


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_it_shows(run, workspace, store):
    with Ledger(store) as ledger:
        ledger.belong("production")
    shown = run("ledger", "--workspace", workspace)
    assert (shown.code, shown.lines) == (
        0,
        [
            f"store:       {workspace.resolve()}/var/ledger.db",
            "database:    sqlite",
            f"schema:      {VERSION}",
            "environment: production",
            f"payloads:    {workspace.resolve()}/var/ledger.db.blobs",
            "receipts:    0",
            "documents:   0",
            "deliveries:  0",
            "events:      0",
        ],
    )


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_on_postgresql_without_the_password(run, workspace, store, monkeypatch):
    password = store.address().password
    monkeypatch.setenv("LEDGER", password)
    bare = store.url.replace(store.url.split(":")[2].split("@")[0], "${env:LEDGER}")
    (workspace / "transload.yaml").write_text(f"workspace: bolts\nstore: {{url: '{bare}'}}\n")
    with Ledger(store):
        pass
    shown = run("ledger", "--workspace", workspace, "--json")
    assert shown.json == {
        "store": store.shown,
        "database": "postgresql",
        "schema": VERSION,
        "environment": None,
        "payloads": "in the database",
        "receipts": 0,
        "documents": 0,
        "deliveries": 0,
        "events": 0,
    }
    assert password not in shown.out + shown.err
    monkeypatch.setenv("LEDGER", "not the one")
    refused = run("ledger", "--workspace", workspace)
    assert refused.code == 1
    assert "password authentication failed" in refused.err
    assert "not the one" not in refused.out + refused.err


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_where_there_is_none(run, workspace):
    (workspace / "var/ledger.db").unlink()
    shown = run("ledger", "--workspace", workspace)
    assert shown.code == 1
    assert "there is no ledger" in shown.err
