"""The example, installed as a package of its own, listed by the command and used by a route."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from transload.runner.demo.scene import Scene

EXAMPLE = Path(__file__).parents[2] / "examples/journal"
Command = Callable[..., "CompletedProcess[str]"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the plug-in is installed in, without a network."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    shutil.copytree(EXAMPLE, source, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*", "build"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run([*pip, "--target", target, source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_a_route_delivers_through_the_plugin(transload: Command, scene: Scene, installed: Path) -> None:
    listed = json.loads(transload("adapters", "--json", path=installed).stdout)
    assert "journal" in [row["name"] for row in listed]

    notes = scene.folder / "notes.jsonl"
    partner = scene.workspace / "mappings/erp/partner.yaml"
    text = partner.read_text()
    text = text.replace("connections:\n", f"connections:\n  notes: {{adapter: journal, folder: {notes.parent}}}\n")
    text = text.replace(
        "    to: {connection: api, method: POST, path: /sales-orders, idempotency: header}\n",
        "    to: {connection: notes, file: notes.jsonl}\n",
    )
    partner.write_text(text)
    assert transload("check", scene.workspace, path=installed).returncode == 0
    transload("run", "northstar/orders", "--workspace", scene.workspace, path=installed)
    (note,) = [json.loads(line) for line in notes.read_text().splitlines()]
    assert json.loads(note["content"])["orderNumber"] == "4500098211"

    without = transload("check", scene.workspace)
    assert without.returncode == 1
    assert "there is no adapter named 'journal'" in without.stdout + without.stderr
