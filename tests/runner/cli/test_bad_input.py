"""Whatever a command is given, it ends with an exit code and a sentence, never with a traceback."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

READERS: dict[str, list[str]] = {
    "inspect": ["inspect", "{}"],
    "inspect --json": ["inspect", "{}", "--json"],
    "check": ["check", "{}"],
    "check --json": ["check", "{}", "--json"],
    "test": ["test", "{}"],
    "test --json": ["test", "{}", "--json"],
    "convert": ["convert", "{}", "--map", "library:edifact/orders-d96a"],
    "convert --to": ["convert", "{}", "--map", "library:edifact/orders-d96a", "--to", "library:x12/850-004010"],
    "convert --encode": ["convert", "{}", "--encode", "--map", "library:edifact/orders-d96a"],
    "convert --map": ["convert", "ORDERS", "--map", "{}"],
    "convert --envelope": ["convert", "ORDERS", "--encode", "--map", "library:edifact/orders-d96a", "--envelope", "{}"],
    "run": ["run", "--workspace", "{}"],
    "serve": ["serve", "--workspace", "{}"],
    "documents": ["documents", "--workspace", "{}"],
    "show": ["show", "--workspace", "{}"],
    "show d1": ["show", "d1", "--workspace", "{}"],
    "replay": ["replay", "d1", "--workspace", "{}"],
    "resolve": ["resolve", "s1", "--landed", "--workspace", "{}"],
}
"""Commands with ``{}`` for what they are given."""


def make_missing(folder: Path) -> Path:
    return folder / "nowhere"


def make_folder(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def make_binary(folder: Path) -> Path:
    (folder / "binary").write_bytes(bytes(range(256)) * 20)
    return folder / "binary"


def make_empty(folder: Path) -> Path:
    (folder / "empty.yaml").touch()
    return folder / "empty.yaml"


def make_broken_yaml(folder: Path) -> Path:
    (folder / "broken.yaml").write_text("mapping: [\n\tx: {", encoding="utf-8")
    return folder / "broken.yaml"


def make_other_yaml(folder: Path) -> Path:
    (folder / "other.yaml").write_text("- just\n- a list\n", encoding="utf-8")
    return folder / "other.yaml"


def make_broken_workspace(folder: Path) -> Path:
    (folder / "transload.yaml").write_text("workspace: {", encoding="utf-8")
    return folder


def make_odd_name(folder: Path) -> Path:
    path = Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b[31m"))
    path.write_bytes(b"\x00")
    return path


MAKERS: list[Callable[[Path], Path]] = [
    make_missing,
    make_folder,
    make_binary,
    make_empty,
    make_broken_yaml,
    make_other_yaml,
    make_broken_workspace,
    make_odd_name,
]


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__.removeprefix("make_"))
@pytest.mark.parametrize("name", READERS)
def test_bad_input_ends_well(
    run: Run, fixtures: Path, tmp_path: Path, name: str, maker: Callable[[Path], Path]
) -> None:
    given = maker(tmp_path)
    orders = str(fixtures / "edifact" / "orders.edi")
    ran = run(*(str(given) if part == "{}" else orders if part == "ORDERS" else part for part in READERS[name]))
    told = ran.out + ran.err
    assert ran.code in (1, 2), told
    assert told.strip()
    assert "Traceback" not in told
    assert "E-INTERNAL" not in told
    assert "\x1b" not in told


@pytest.mark.parametrize("name", READERS)
def test_what_may_not_be_read_is_said(run: Run, tmp_path: Path, fixtures: Path, name: str) -> None:
    given = tmp_path / "closed"
    given.write_text("mapping: x\n", encoding="utf-8")
    given.chmod(0)
    if os.access(given, os.R_OK):
        pytest.skip("this user may read everything")
    orders = str(fixtures / "edifact" / "orders.edi")
    ran = run(*(str(given) if part == "{}" else orders if part == "ORDERS" else part for part in READERS[name]))
    assert ran.code in (1, 2)
    assert "E-INTERNAL" not in ran.out + ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["inspect"],
        ["inspect", "a", "b"],
        ["convert", "x"],
        ["convert", "x", "--map", "y", "--encode", "--to", "z"],
        ["convert", "x", "--map", "y", "--envelope", "z"],
        ["documents", "--state", "lost"],
        ["documents", "--since", "yesterday"],
        ["documents", "--limit", "0"],
        ["show", "--content"],
        ["resolve", "s1"],
        ["run", "--nonsense"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_exit_2(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert "Usage: " in ran.err
