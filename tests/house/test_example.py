"""The example is a package of its own: installed into a fresh environment, tested there, and shown in the guide."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "journal"
GUIDE = ROOT / "docs" / "plug-ins.md"

DELIVERY = """
import sys
from transload.adapters.base import Outbound, adapter, adapter_names

assert "journal" in adapter_names(), adapter_names()
journal = adapter("journal")
assert journal.abilities == ("source", "target")
connection = journal.connection.model_validate({"folder": sys.argv[1]})
with journal.target(connection, journal.target.Options.model_validate({"file": "notes.jsonl"})) as target:
    for key, content in (("1", "caf\\xe9"), ("2", "x"), ("1", "caf\\xe9")):
        print(target.deliver(Outbound(key=key, content=content.encode())).summary)
"""


def files() -> list[Path]:
    """The files of the example, without those of an older build, which would be installed in their place."""
    beside = [path for path in EXAMPLE.iterdir() if path.is_file() and not path.name.startswith(".")]
    below = [path for name in ("src", "tests") for path in (EXAMPLE / name).rglob("*") if path.is_file()]
    return beside + [path for path in below if not re.search(r"__pycache__|\.egg-info", str(path))]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the example in it; what that needs comes from ours, without a network."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("environment")
    for path in files():
        place = source / path.relative_to(EXAMPLE)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    venv.create(made, symlinks=True)
    python = made / "bin" / "python"
    [site] = (made / "lib").glob("python*/site-packages")
    ours = [sysconfig.get_path("purelib"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    (site / "ours.pth").write_text("".join(f"import site; site.addsitedir({path!r})\n" for path in ours if path))
    offline = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    done = said(python, "-m", "pip", "install", *offline, str(source))
    assert done.returncode == 0, done.stdout + done.stderr
    return python


def said(python: Path, *given: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, *given], cwd=folder, capture_output=True, text=True, check=False)


def test_its_own_tests_pass_in_a_fresh_environment(environment: Path, tmp_path: Path) -> None:
    done = said(environment, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(EXAMPLE), folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_found_and_works_once_it_is_installed(environment: Path, tmp_path: Path) -> None:
    done = said(environment, "-c", DELIVERY, str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["appended to notes.jsonl"] * 2 + ["notes.jsonl had it already"]
    notes = [json.loads(line) for line in (tmp_path / "notes.jsonl").read_text(encoding="utf-8").splitlines()]
    assert notes == [{"key": "1", "content": "café"}, {"key": "2", "content": "x"}]


def test_without_it_nobody_knows_its_name() -> None:
    done = said(Path(sys.executable), "-c", "from transload.adapters.base import adapter; adapter('journal')")
    assert "ConfigurationError: there is no adapter named 'journal'" in done.stderr


@pytest.mark.parametrize("tool", [["ruff", "check", "--no-cache"], ["mypy", "--strict"]], ids=["style", "types"])
def test_it_is_clean(tool: list[str]) -> None:
    paths = os.pathsep.join(str(path) for path in (ROOT / "src", EXAMPLE / "src"))
    command = [sys.executable, "-m", *tool, "src", "tests"]
    known = {**os.environ, "MYPYPATH": paths}
    done = subprocess.run(command, cwd=EXAMPLE, env=known, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_imports_nothing_of_ours_but_the_base() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (EXAMPLE / "src").rglob("*.py"))
    imported = set(re.findall(r"^(?:from|import) (transload\S*)", code, re.MULTILINE))
    assert {name for name in imported if not name.startswith("transload_journal")} == {"transload.adapters.base"}


def test_the_guide_shows_its_code_as_it_is() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    texts = [path.read_text(encoding="utf-8") for path in files() if path.suffix in (".py", ".toml")]
    shown = re.findall(r"^```(?:python|toml)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    assert len(shown) >= 7
    for code in shown:
        assert any(code in text for text in texts), code


def test_the_guide_names_only_what_there_is() -> None:
    from transload.adapters import base, contract, faulty
    from transload.adapters.base import bounds, callers, folders

    guide = GUIDE.read_text(encoding="utf-8").partition("<!-- cases")[0]
    names = set(re.findall(r"`([A-Z][A-Za-z]+)`", guide)) - {"Options"}
    assert {"Source", "Target", "Format", "Retry", "FileStore", "SourceContract", "Wire"} <= names
    known = {*base.__all__, *folders.__all__, *contract.__all__, *faulty.__all__, *vars(bounds), *vars(callers)}
    assert names <= known, names - known
