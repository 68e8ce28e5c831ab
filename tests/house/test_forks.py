"""Forked processes end, print, and find their surroundings as started ones do."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.forks import Forks

SAYS = """
import atexit, os, sys
print(sys.argv[1:], os.getcwd(), os.environ.get("A"), sys.stdin.read())
print("e", file=sys.stderr)
atexit.register(print, "late")
"""


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "sys.exit('told')", "1 / 0", "os.kill(os.getpid(), 9)"])
def test_they_are_as_started_ones(forks: Forks, tmp_path: Path, end: str) -> None:
    code, env = f"{SAYS}\n{end}", {**os.environ, "A": "ä", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", code, "x", "y z"]
    real = subprocess.run(command, cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    forked = forks.run("x", "y z", code=code, cwd=tmp_path, env=env)
    assert forked.returncode == real.returncode
    if forked.returncode >= 0:
        assert forked.stdout == real.stdout
        assert forked.stderr.splitlines()[-1:] == real.stderr.splitlines()[-1:]


def test_one_that_does_not_end_is_ended(forks: Forks) -> None:
    assert forks.run(code="import time; time.sleep(60)", timeout=1).returncode == -signal.SIGALRM
