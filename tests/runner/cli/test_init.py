"""transload init."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from transload.runner.workspace import load_workspace

Run = Callable[..., Any]


def test_it_writes_a_workspace_that_loads(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "first-steps"
    ran = run("init", folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[-1].startswith(f"a workspace in {folder}; now: cd {folder} && transload check")
    workspace = load_workspace(folder)
    assert workspace.findings == ()
    assert list(workspace.receive_routes) == ["acme/orders"]
    assert (folder / "exchange/acme/out/orders-0001.edi").read_bytes().startswith(b"UNA")
    assert (folder / ".gitignore").read_text(encoding="utf-8") == "/exchange/\n/keys/\n/secrets/\n/var/\n"


def test_json_lists_the_files(run: Run, tmp_path: Path) -> None:
    told = run("init", tmp_path / "x", "--json").json
    assert told["folder"] == str(tmp_path / "x")
    assert "transload.yaml" in told["files"]
    assert all((tmp_path / "x" / name).is_file() for name in told["files"])


def test_nothing_is_ever_overwritten(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious", encoding="utf-8")
    ran = run("init", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"error E-FILE {tmp_path} is not empty (name a new folder)\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    ran = run("init", tmp_path / "mine")
    assert ran.code == 1
    assert (tmp_path / "mine").read_text(encoding="utf-8") == "precious"
