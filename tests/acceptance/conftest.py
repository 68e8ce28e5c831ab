"""The real command, and the demo's partners and workspace as a stage for it."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.forks import Forks

from transload.runner.demo.scene import Scene, on_stage

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def transload(forks: Forks) -> Command:
    """``transload(*arguments)`` runs the command as a process of its own.

    ``real`` starts the installed program, and ``path`` too, since it has packages in another folder; the others are
    forked from a process that has imported everything.
    """
    program = Path(sys.executable).with_name("transload")

    def run(*arguments: object, path: Path | None = None, real: bool = False) -> "subprocess.CompletedProcess[str]":
        if not real and path is None:
            done = forks.run(*arguments, timeout=120)
            return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
        environment = {**os.environ, **({"PYTHONPATH": str(path)} if path else {})}
        return subprocess.run(
            [program, *map(str, arguments)], env=environment, capture_output=True, text=True, check=False, timeout=120
        )

    return run


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """The demo's partners, running, and its workspace."""
    with on_stage(tmp_path / "stage") as found:
        yield found
