"""`transload ledger backup` and `restore`, as an operator meets them."""

import json
import os
import signal
import subprocess
import sys

import pytest
from tests.runner.ledger.samples import NOW, arrival

from transload.runner.ledger import Ledger
from transload.runner.ledger.numbers import LedgerNumbers


@pytest.fixture
def workspace(run, tmp_path):
    """A workspace of `init` with a ledger."""
    folder = tmp_path / "w"
    assert run("init", folder).code == 0
    with Ledger(f"sqlite:///{folder}/var/ledger.db") as ledger:
        ledger.belong("production")
        ledger.arrivals.add(arrival("k", b"x" * 70_000), NOW)

        def take(connection):
            numbers = LedgerNumbers(connection)
            numbers.next("edifact:acme")
            numbers.flush()

        ledger.database.write(take)
    return folder


def test_from_a_backup_to_a_ledger_that_works(run, workspace, tmp_path):
    backup = tmp_path / "b"
    made = run("ledger", "backup", backup, "--workspace", workspace)
    assert made.code == 0
    assert made.lines[0].startswith(f"the backup {backup} is made: {workspace}/var/ledger.db as of 20")
    assert made.lines[1].startswith("1 receipt, no documents, no deliveries; 1 payload in files; ")
    whole = run("ledger", "backup", "--verify", backup, "--json")
    assert (whole.code, whole.json["counts"]["receipts"], whole.json["environment"]) == (0, 1, "production")
    refused = run("ledger", "restore", backup, "--workspace", workspace)
    assert refused.code == 1
    assert refused.err.splitlines() == [
        f"error E-BACKUP there is a ledger already: {workspace}/var/ledger.db (a restore replaces nothing: stop what"
        " works with it, and move its files to another place)"
    ]
    (workspace / "var" / "ledger.db").rename(tmp_path / "old.db")
    restored = run("ledger", "restore", backup, "--workspace", workspace, "--skip-numbers", "50")
    assert restored.code == 0, restored.err
    assert "    edifact:acme: 52 (after 1 in the backup)" in restored.lines
    assert restored.lines[-1] == "Nothing is fetched or sent before you say: transload ledger restore --accept"
    for command in ("run", "serve"):
        told = run(command, "--workspace", workspace)
        assert told.code == 1
        assert "E-RESTORED" in told.err
        assert "nothing is fetched or sent yet" in told.err
    accepted = run("ledger", "restore", "--accept", "--workspace", workspace)
    assert accepted.code == 0
    assert accepted.lines[0] == "accepted; 2 lanes held:"
    assert [line.split("/")[:2] for line in accepted.lines[1:3]] == [["  acme", "orders"]] * 2
    assert run("ledger", "restore", "--accept", "--workspace", workspace).code == 1
    ran = run("run", "--workspace", workspace)
    assert "E-RESTORED" not in ran.err


def test_what_was_lacking_is_told_with_an_exit_code(run, workspace, tmp_path):
    (payload,) = [path for path in (workspace / "var" / "ledger.db.blobs").rglob("*") if path.is_file()]
    payload.unlink()
    made = run("ledger", "backup", tmp_path / "b", "--workspace", workspace)
    assert made.code == 1
    assert f"the payload {payload.parent.name}{payload.name} was missing or damaged in the ledger" in made.err
    assert run("ledger", "backup", "--verify", tmp_path / "b").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("restore",), "name the folder of a backup, or say --accept"),
        (("restore", "b", "--accept"), "name the folder of a backup, or say --accept"),
        (("--workspace", ".", "backup", "b"), "write it behind backup"),
        (("--json", "restore", "b"), "write it behind restore"),
        (("restore", "b", "--skip-numbers", "-1"), "greater than or equal to 0"),
    ],
)
def test_a_wrong_command_line(run, words, said):
    told = run("ledger", *words)
    assert told.code == 2
    assert said in told.err


_KILLED = """
import os, signal, sys
from pathlib import Path
from datetime import UTC, datetime
from transload.runner.ledger import Ledger
from transload.runner.ledger.backup import making
copy = making._copy_payload
def killed(*arguments, **more):
    copy(*arguments, **more)
    os.kill(os.getpid(), signal.SIGKILL)
making._copy_payload = killed
with Ledger(sys.argv[1]) as ledger:
    making.make_backup(ledger, Path(sys.argv[2]), datetime.now(UTC))
"""


def test_what_a_killed_backup_leaves_is_none(run, workspace, tmp_path):
    url, backup = f"sqlite:///{workspace}/var/ledger.db", tmp_path / "b"
    ended = subprocess.run([sys.executable, "-c", _KILLED, url, backup], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    left = tmp_path / "b.unfinished"
    assert {path.name for path in left.iterdir()} == {"SHA256SUMS", "ledger.db", "blobs"}
    assert not backup.exists()
    for folder in (left, backup):
        refused = run("ledger", "backup", "--verify", folder)
        assert refused.code == 1
        assert "is no whole backup: it has no manifest.json" in refused.err
    assert run("ledger", "backup", backup, "--workspace", workspace).code == 0
    assert not left.exists()
    values = json.loads((backup / "manifest.json").read_text())
    assert values["payloads"] == 1
