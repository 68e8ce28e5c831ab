"""The example plug-in is a package of its own: installed, found by its entry point, and shown in the documentation."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "fixtures" / "plugin"
GUIDE = ROOT / "docs" / "plug-ins.md"

DELIVERY = """
import sys
from pathlib import Path
from transload.adapters.base import Outbound, Retry, Settings, adapter, adapter_names

assert "memo" in adapter_names(), adapter_names()
memo = adapter("memo")
assert memo.abilities == ("target",)
connection = memo.connection.model_validate({"file": sys.argv[1]})
with memo.target(connection, Settings()) as target:
    for key, content in (("1", b"caf\\xc3\\xa9"), ("2", b"\\xff"), ("1", b"caf\\xc3\\xa9")):
        print(target.deliver(Outbound(key=key, content=content)).summary)
broken = memo.target(memo.connection.model_validate({"file": "/"}), Settings())
try:
    broken.deliver(Outbound(key="1", content=b""))
except Retry as error:
    print(error.message)
"""


@pytest.fixture(scope="session")
def installed_plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the example plug-in is installed in, without a network; put it on the path to have it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("installed")
    for name in ("pyproject.toml", "transload_memo.py"):  # a build leaves files beside its sources
        (source / name).write_bytes((PLUGIN / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--disable-pip-version-check", "--target", target, source], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def run(code: str, *given: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(path or "")}
    return subprocess.run(
        [sys.executable, "-c", code, *given], env=environment, capture_output=True, text=True, check=False
    )


def test_the_plugin_is_found_and_works_once_it_is_installed(installed_plugin: Path, tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    done = run(DELIVERY, str(file), path=installed_plugin)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"noted in {file}"] * 3 + ["cannot write /: Is a directory"]
    notes = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert notes == [{"key": "1", "content": "café"}, {"key": "2", "content": "\udcff"}]


def test_without_it_nobody_knows_its_name() -> None:
    done = run("from transload.adapters.base import adapter; adapter('memo')")
    assert "ConfigurationError: there is no adapter named 'memo'" in done.stderr


def test_it_imports_nothing_of_ours_but_the_base_and_is_short() -> None:
    code = (PLUGIN / "transload_memo.py").read_text(encoding="utf-8")
    assert set(re.findall(r"^(?:from|import) (transload\S*)", code, re.MULTILINE)) == {"transload.adapters.base"}
    assert len(code.splitlines()) <= 30


@pytest.mark.parametrize(("language", "name"), [("python", "transload_memo.py"), ("toml", "pyproject.toml")])
def test_the_guide_shows_the_files_as_they_are(language: str, name: str) -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    [shown] = re.findall(rf"^```{language}\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert shown == (PLUGIN / name).read_text(encoding="utf-8")


def test_the_guide_names_only_what_there_is() -> None:
    from transload.adapters import base
    from transload.adapters.base import folders

    guide = GUIDE.read_text(encoding="utf-8")
    names = set(re.findall(r"`([A-Z][A-Za-z]+)`", guide)) - {"Options"}
    assert {"Source", "Target", "Format", "Retry", "FileStore"} <= names
    assert names <= {*base.__all__, *folders.__all__}
    for command in re.findall(r'^\$ python -c "(.*)"$', guide, re.MULTILINE):
        assert run(command).returncode == 0
