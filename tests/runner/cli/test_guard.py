"""What a user sees when something goes wrong inside a command."""

import re
from pathlib import Path

import pytest
import typer

from transload.canonical.errors import Retry
from transload.runner.cli.guard import guarded


def test_our_errors_become_findings(capsys: pytest.CaptureFixture[str]) -> None:
    @guarded
    def command() -> None:
        raise Retry("the server is busy", hint="wait")

    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 1
    assert capsys.readouterr().err == "error E-RETRY the server is busy (wait)\n"


def test_an_interruption_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    @guarded
    def command() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_fault_of_ours_is_one_line_with_the_details_in_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @guarded
    def command() -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(typer.Exit) as caught:
        command()
    assert caught.value.exit_code == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith("error E-INTERNAL transload itself failed (ZeroDivisionError)")
    found = re.search(r"details in (\S+)", told)
    assert found
    details = Path(found[1]).read_text(encoding="utf-8")
    assert "Traceback" in details
    assert "by nothing" in details


def test_details_that_cannot_be_written_change_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @guarded
    def command() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(typer.Exit):
        command()
    assert "could not be written" in capsys.readouterr().err
