"""``transload demo``: what a newcomer sees first, and every command that it names."""

import json
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

Command = Callable[..., "CompletedProcess[str]"]


def test_the_demo_shows_three_journeys_and_the_commands_it_names_work(transload: Command, tmp_path: Path) -> None:
    stage = tmp_path / "stage"
    began = time.monotonic()
    done = transload("demo", "--keep", stage, real=True)
    assert time.monotonic() - began < 20
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    told = done.stdout
    for name in ("hagemann-orders.edi", "northstar-850.x12", "hagemann-broken.edi"):
        assert f". {name}\n" in told
    assert told.count("   document ") == 4
    assert told.count("delivered") == 8
    assert told.count("acknowledged") == 3
    assert "quarantined" in told
    assert (
        "hagemann-broken.edi line 38 byte 1331, interchange 1, message 2, segment 16 QTY, element 1, component 2"
        in told
    )
    assert "erp        4 orders, 0 repeated calls" in told

    lines = [line.strip() for line in told.partition("To look further:")[2].splitlines() if line.startswith("  ")]
    named = [shlex.split(line)[1:] for line in lines]
    assert {Path(shlex.split(line)[0]).name for line in lines} == {"transload"}
    expected = {"inspect": 1}  # the broken file has errors
    assert {command[0] for command in named} == {"documents", "show", "inspect", "check", "test", "convert"}
    for command in named:
        again = transload(*command)
        assert again.returncode == expected.get(command[0], 0), again.stdout + again.stderr
        assert again.stdout

    acknowledgements = sorted(file.name for file in (stage / "partners/mailbox").glob("*/in/*"))
    assert acknowledgements == ["997_1.x12", "CONTRL_1.edi", "CONTRL_2.edi"]
    for file in (stage / "partners/mailbox").glob("*/in/*"):
        assert transload("inspect", file).returncode == 0


def test_the_demo_as_json(transload: Command, tmp_path: Path) -> None:
    done = transload("demo", "--keep", tmp_path / "stage", "--json")
    shown = json.loads(done.stdout)
    assert shown["ok"] is True
    assert len(shown["journeys"]) == 3
    assert shown["taken"]["erp"]["orders"] == shown["taken"]["warehouse"]["orders"] == 4


def test_the_demo_plays_in_no_folder_that_is_in_use(transload: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = transload("demo", "--keep", tmp_path)
    assert done.returncode in (1, 2)
    assert "is not empty" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_demos_mappings_have_tests_that_pass(transload: Command, tmp_path: Path) -> None:
    transload("demo", "--keep", tmp_path / "stage")
    for name in ("hagemann", "northstar", "erp"):
        done = transload("test", tmp_path / "stage/workspace/mappings" / name)
        assert done.returncode == 0, done.stdout + done.stderr
