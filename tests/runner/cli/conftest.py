"""The command line, called as a user calls it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from transload.runner.cli.app import COMMANDS, application


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str
    raw: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Ran]


@pytest.fixture
def run() -> Run:
    """Call the command line in this process: ``run("check", folder, stdin=...)``."""

    def call(*arguments: object, stdin: bytes = b"") -> Ran:
        words = [str(argument) for argument in arguments]
        app = application(words[:1] if words and words[0] in COMMANDS else COMMANDS)  # one alone is made much faster
        result = CliRunner().invoke(app, words, input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception  # nothing but an exit may leave a command
        return Ran(code=result.exit_code, out=result.stdout, err=result.stderr, raw=result.stdout_bytes)

    return call


@pytest.fixture
def command() -> Run:
    """Call the installed command as a process of its own."""

    def call(*arguments: object, stdin: bytes = b"", cwd: Path | None = None, **environment: str) -> Ran:
        program = Path(sys.executable).with_name("transload")
        done = subprocess.run(
            [str(program), *(str(argument) for argument in arguments)],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env={**os.environ, **environment},
            timeout=60,
            check=False,
        )
        return Ran(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode(), raw=done.stdout)

    return call
