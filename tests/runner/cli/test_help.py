"""Help that teaches, and the page made of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from transload.runner.cli import reference
from transload.runner.cli.app import overview

Run = Callable[..., Any]

COMMANDS = [
    "init",
    "new",
    "check",
    "test",
    "convert",
    "inspect",
    "why",
    "schema",
    "diff",
    "sample",
    "acknowledge",
    "reconcile",
    "probe",
    "run",
    "serve",
    "metrics",
    "rekey",
    "tidy",
    "erase",
    "documents",
    "find",
    "show",
    "failures",
    "impact",
    "replay",
    "resolve",
    "correct",
    "submit",
    "cancel",
    "pause",
    "resume",
    "incidents",
    "expectations",
    "statement",
    "demo",
    "numbers",
    "ledger",
    "audit",
    "adapters",
    "guide",
    "soap",
]


def test_the_commands(run: Run) -> None:
    listed = run("--help").out.split("Commands:")[1]
    assert [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "] == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example_and_explains_its_options(run: Run, name: str) -> None:
    ran = run(name, "--help")
    assert ran.code == 0
    assert f"    transload {name}" in ran.out or f"transload {name}" in ran.out.split("Example")[1]
    without = (
        "init",
        "new",
        "inspect",
        "metrics",
        "acknowledge",
        "reconcile",
        "probe",
        "convert",
        "adapters",
        "check",
        "test",
        "schema",
        "diff",
        "sample",
        "guide",
        "soap",
        "audit",
        "demo",
        "numbers",
    )
    if name not in without:
        assert "--workspace" in ran.out


def test_the_overview_is_the_help_of_the_whole(run: Run) -> None:
    shown = CliRunner().invoke(overview(), ["--help"])
    assert (shown.exit_code, shown.stdout) == (0, run("--help").out)
    assert run("nosuch").err == CliRunner().invoke(overview(), ["nosuch"]).stderr


def test_the_page_is_current() -> None:
    page = Path(__file__).parents[3] / "docs" / "cli.md"
    text = page.read_text(encoding="utf-8")
    if f"as typer {reference.typer_release()} prints it" not in text:
        pytest.skip(f"docs/cli.md was made with another typer than {reference.typer_release()}")
    assert text == reference.reference(), "make it again: python -m transload.runner.cli.reference > docs/cli.md"


def test_without_a_command_there_is_help(run: Run) -> None:
    ran = run()
    assert ran.code == 2
    assert "Commands:" in ran.out + ran.err
