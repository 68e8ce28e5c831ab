"""`serve --workers`: processes that are started, watched and ended together; real ones."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

MEMBER = Path(__file__).with_name("crew_member.py")
CODE = """
import sys
from transload.runner.processes import crew
crew.FIRST_PAUSE = 0.05
folder, member = sys.argv[1:]
sys.exit(crew.Crew(lambda number: [sys.executable, member, folder, str(number)], 2).run())
"""


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def started(folder):
    return sorted(path.name for path in folder.iterdir() if path.name[0].isdigit())


@pytest.fixture
def crew(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", CODE, str(tmp_path), str(MEMBER)], stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def test_one_that_dies_is_started_again_and_all_end_together(crew, tmp_path):
    until(lambda: len(started(tmp_path)) == 2)
    crew.send_signal(signal.SIGHUP)
    until(lambda: (tmp_path / "loaded-1").exists() and (tmp_path / "loaded-2").exists())
    victim = started(tmp_path)[0]
    os.kill(int(victim.partition("-")[2]), signal.SIGTERM)  # ends well, but before it was told by us
    until(lambda: len(started(tmp_path)) == 3)
    crew.send_signal(signal.SIGTERM)
    assert crew.wait(20) == 0
    assert (tmp_path / "ended-1").exists()
    assert (tmp_path / "ended-2").exists()


def test_members_end_when_the_one_who_started_them_is_killed(crew, tmp_path):
    until(lambda: len(started(tmp_path)) == 2)
    crew.kill()
    until(lambda: (tmp_path / "ended-1").exists() and (tmp_path / "ended-2").exists())


def test_what_is_wrong_with_all_ends_all(tmp_path):
    (tmp_path / "wrong").touch()
    command = [sys.executable, "-c", CODE, str(tmp_path), str(MEMBER)]
    assert subprocess.run(command, check=False, timeout=30, capture_output=True).returncode == 1
