"""The installed command as a process: exit codes, pipes, signals."""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
PROGRAM = str(Path(sys.executable).with_name("transload"))


def test_version(command: Run) -> None:
    assert command("--version").out == f"transload {version('transload')}\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["adapters"], 0), (["adapters", "nosuch"], 1), (["nosuch"], 2), (["inspect", "/nowhere/at/all"], 1)],
)
def test_exit_codes(command: Run, arguments: list[str], code: int) -> None:
    ran = command(*arguments)
    assert ran.code == code
    assert "Traceback" not in ran.err


def test_a_reader_that_goes_away_is_no_error_to_talk_about(tmp_path: Path) -> None:
    file = tmp_path / "long.edi"
    message = b"".join(b"UNH+%d+ORDERS:D:96A:UN'BGM+220+%d+9'UNT+3+%d'" % (n, n, n) for n in range(5000))
    file.write_bytes(b"UNB+UNOC:3+1:14+2:14+260114:0915+7'" + message + b"UNZ+5000+7'")
    with subprocess.Popen([PROGRAM, "inspect", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == f"{file}\n".encode()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1


def loaded_by(*arguments: str) -> set[str]:
    """The modules in a process that ran the command line with ``arguments``."""
    code = (
        "import sys\nfrom transload.runner.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


HEAVY = {"pydantic", "rich", "sqlalchemy", "lxml", "requests", "jsonschema", "sqlite3", "tempfile", "hashlib"}


def test_inspect_loads_nothing_that_it_does_not_need(fixtures: Path) -> None:
    """A small file is to be shown in a quarter of a second, most of which is imports."""
    loaded = loaded_by("inspect", str(fixtures / "edifact" / "orders.edi"))
    assert "transload.runner.cli.inspect" in loaded
    assert not loaded & HEAVY
    assert not [name for name in loaded if name.startswith(("transload.runner.engine", "transload.mappings"))]


@pytest.mark.parametrize("arguments", [["check", "--quick"], ["test"], ["why", "lines.quantity"]])
def test_looking_at_one_mapping_brings_no_ledger(arguments: list[str], fixtures: Path) -> None:
    """An editor asks each time that the file is saved, and the ledger would take most of the time."""
    command, *more = arguments
    loaded = loaded_by(command, str(fixtures / "mappings" / "acme" / "orders-edifact.yaml"), *more)
    assert "transload.mappings.loading" in loaded
    assert not loaded & (HEAVY - {"pydantic", "lxml", "tempfile", "hashlib"})
    assert not [name for name in loaded if name.startswith(("transload.runner.ledger", "transload.runner.workspace"))]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_and_version_load_no_command(arguments: list[str]) -> None:
    loaded = loaded_by(*arguments)
    assert not loaded & (HEAVY - {"tempfile", "hashlib"})  # these two belong to the look-up of the version
    assert {name for name in loaded if name.startswith("transload.runner.cli.")} == {
        f"transload.runner.cli.{name}" for name in ("app", "main", "plain")
    }


def test_names_that_the_terminal_cannot_show(command: Run, tmp_path: Path) -> None:
    ran = command("inspect", tmp_path / "Größe", PYTHONIOENCODING="ascii")
    assert ran.code == 1
    assert "Gr\\xf6\\xdfe" in ran.err


def test_standard_input(command: Run) -> None:
    ran = command("inspect", "-", stdin=b"UNH+1+ORDERS:D:96A:UN'BGM+220+1+9'UNT+3+1'")
    assert ran.code == 1
    assert "BGM+220+1+9" in ran.out
