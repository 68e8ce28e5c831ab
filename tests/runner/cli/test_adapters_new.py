"""transload adapters new: a package whose tests pass, that is clean and strictly typed, and found when installed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base.registry import ABILITIES
from transload.runner.cli.authoring import KINDS

Run = Callable[..., Any]
ROOT = Path(__file__).parents[3]


def in_folder(folder: Path, *command: str) -> str:
    """What a tool says in the rendered package; it must succeed."""
    paths = os.pathsep.join(str(folder / name) for name in ("src", "tests"))
    known = os.environ.get("PYTHONPATH", "")
    environment = {
        **os.environ,
        "PYTHONPATH": f"{paths}{os.pathsep}{known}",
        "MYPYPATH": f"{ROOT / 'src'}{os.pathsep}{paths}",
    }
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("a" * 40, "source,target,format,filter"),
        ("a" * 40, "target,endpoint"),
        ("acme-api", "target"),
        ("acme-api", "endpoint"),
        ("acme-api", "format"),
        ("acme-api", "filter"),
    ],
)
def test_a_new_package_passes_its_tests_and_is_clean(run: Run, tmp_path: Path, name: str, kinds: str) -> None:
    ran = run("adapters", "new", name, "--kind", kinds, "--into", tmp_path)
    folder = tmp_path / f"transload-{name}"
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[-1] == f"an adapter in {folder}; now: cd {folder} && pip install -e '.[dev]' && pytest"
    assert "failed" not in in_folder(folder, "pytest", "-q", "-p", "no:cacheprovider")
    in_folder(folder, "ruff", "check", ".", "--no-cache")
    in_folder(folder, "ruff", "format", "--check", ".", "--no-cache")


@pytest.mark.parametrize("kinds", ["source,target,format", "target,endpoint", "endpoint", "filter"])
def test_its_types_are_strict(run: Run, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, kinds: str) -> None:
    first, _, more = kinds.partition(",")
    run("adapters", "new", "acme-api", "--kind", first, "--kind", more or first, "--into", tmp_path)
    cache = str(tmp_path_factory.getbasetemp() / "mypy")  # most of what is checked is the same for all
    in_folder(tmp_path / "transload-acme-api", "mypy", "--strict", "--cache-dir", cache, "src", "tests")


def test_every_ability_can_be_made() -> None:
    assert KINDS == ABILITIES


def test_installed_it_is_found(run: Run, tmp_path: Path) -> None:
    assert run("adapters", "new", "acme-api", "--into", tmp_path, "--json").json == {
        "folder": str(tmp_path / "transload-acme-api"),
        "files": [
            "pyproject.toml",
            "README.md",
            "src/transload_acme_api/__init__.py",
            "src/transload_acme_api/py.typed",
            "src/transload_acme_api/settings.py",
            "src/transload_acme_api/client.py",
            "tests/partner.py",
            "src/transload_acme_api/source.py",
            "tests/test_source.py",
            "src/transload_acme_api/target.py",
            "tests/test_target.py",
        ],
    }
    offline = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    folder = tmp_path / "transload-acme-api"
    in_folder(folder, "pip", "install", *offline, "--target", str(tmp_path / "installed"), ".")
    code = "from transload.adapters.base import adapter; print(adapter('acme-api').abilities)"
    known = f"{tmp_path / 'installed'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": known},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "('source', 'target')\n", done.stderr


MAPPING = """
mapping: lines-order
version: 1
document: order/1
format: {type: acme-lines}
loses: ["*"]
layout:
  - number: =number
  - date: =issued_on | date(iso)
  - currency: =currency
  - parties: {buyer: =buyer.gln, seller: =seller.gln}
  - each: lines
    lines: {no: =number, item: =supplier_item, quantity: =quantity, unit: =uom, price: =price | dec}
"""
ORDER = """# from acme
MESSAGE
number|4711
date|2026-01-14
currency|GBP
parties.buyer|9520001000003
parties.seller|9520002000002
lines[0].no|1
lines[0].item|HB
lines[0].quantity|5
lines[0].unit|EA
lines[0].price|1.5
"""


def test_a_mapping_describes_its_format_as_json(run: Run, tmp_path: Path) -> None:
    run("adapters", "new", "acme-lines", "--kind", "format", "--into", tmp_path)
    offline = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    installed = str(tmp_path / "installed")
    in_folder(tmp_path / "transload-acme-lines", "pip", "install", *offline, "--target", installed, ".")
    known = f"{installed}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"

    def transload(*words: str) -> tuple[str, str]:
        code = "from transload.runner.cli import main; main()"
        environment = {**os.environ, "PYTHONPATH": known}
        command = [sys.executable, "-c", code, *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        return done.stdout, done.stderr

    (tmp_path / "order.yaml").write_text(MAPPING)
    (tmp_path / "order.txt").write_text(ORDER)
    read, told = transload("convert", "order.txt", "--map", "order.yaml")
    assert told == ""
    order = json.loads(read)
    assert (order["number"], order["buyer"], order["lines"][0]["price"]) == ("4711", {"gln": "9520001000003"}, "1.5")
    assert transload("convert", "order.txt", "--map", "order.yaml", "--to", "order.yaml") == (ORDER, "")
    (tmp_path / "order.txt").write_text(ORDER.replace("lines[0].quantity|5", "lines[0].quantity|few"))
    _, told = transload("convert", "order.txt", "--map", "order.yaml")
    assert "'few'" in told
    assert f"order.txt line 10 byte {ORDER.index('lines[0].quantity')}" in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["Acme"],
            "error E-FILE 'Acme' cannot be the name of an adapter (use small letters, digits and single hyphens,",
        ),
        (["../x"], "error E-FILE '../x' cannot be the name of an adapter"),
        (["a" * 41], f"error E-FILE '{'a' * 41}' cannot be the name of an adapter"),
        (["a--b"], "error E-FILE 'a--b' cannot be the name of an adapter"),
        (["new"], "error E-FILE 'new' is a command of transload adapters (choose another name)"),
        (["sftp"], "error E-FILE an adapter named 'sftp' is installed already (choose another name)"),
        (
            ["acme", "--kind", "sink"],
            "error E-FILE there is no kind 'sink' (kinds are source, target, endpoint, format, filter)",
        ),
        (
            ["acme", "--kind", "endpoint,source"],
            "error E-FILE an adapter has a source or an endpoint, since 'from' of a route can mean one only (make two",
        ),
    ],
)
def test_what_is_refused(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    ran = run("adapters", "new", *arguments, "--into", tmp_path)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(message)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(run: Run, tmp_path: Path) -> None:
    (tmp_path / "transload-acme").mkdir()
    ran = run("adapters", "new", "acme", "--into", tmp_path)
    assert ran.err == f"error E-FILE {tmp_path / 'transload-acme'} is there already (choose another name or --into)\n"


def test_a_folder_that_cannot_be_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = run("adapters", "new", "acme", "--into", tmp_path / "file")
    assert ran.code == 1
    assert "cannot be written: Not a directory" in ran.err
