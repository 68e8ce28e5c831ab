"""The tutorial's terminal log is real: its commands run, in their order, and print what stands there.

``TRANSLOAD_TUTORIAL=write`` in the environment writes what they print into the page.
"""

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.forks import Forks

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/tutorial.md"
SAMPLE = Path(os.environ.get("TRANSLOAD_SHARED", "../shared")) / "samples/x12/staedi__resources_x12_simple810.edi"
BLOCK = re.compile(r"^```(console|diff)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONGEST = 24


def run(line: str, folder: Path, forks: Forks) -> str:
    """What a command prints, both streams, in the order of printing."""
    words = shlex.split(line)
    if words[0] == "transload":
        return forks.run(*words[1:], cwd=folder, together=True).stdout.decode()
    done = subprocess.run(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode()


def changed(text: str, diff: str) -> str:
    """``text`` with each run of lines that the diff takes away replaced by those that it puts there."""
    old: list[str] = []
    new: list[str] = []
    for line in [*diff.splitlines(), ""]:
        if not line or (line.startswith("-") and new):
            before = "".join(f"{row}\n" for row in old)
            assert text.count(before) == 1, before
            text = text.replace(before, "".join(f"{row}\n" for row in new))
            old, new = [], []
        (old if line.startswith("-") else new).append(line[1:])
    return text


def shortened(output: str) -> str:
    """A long output with its middle left out."""
    lines = output.splitlines()
    if len(lines) > LONGEST and "# A first mapping" not in lines[0]:
        lines = [*lines[: LONGEST - 8], "...", *lines[-4:]]
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.skipif(not SAMPLE.is_file(), reason="the sample of another project is not here")
def test_the_terminal_log_is_what_happens(tmp_path: Path, forks: Forks) -> None:
    (tmp_path / "samples").mkdir()
    shutil.copy(SAMPLE, tmp_path / "samples/invoice.edi")
    text = PAGE.read_text(encoding="utf-8")
    quoted = re.search(r"```x12\n(.*?)```", text, re.DOTALL)
    assert quoted is not None
    assert SAMPLE.read_text(encoding="utf-8").startswith(quoted[1].rstrip("\n"))

    def shown(block: re.Match[str]) -> str:
        if block[1] == "diff":
            file = tmp_path / "invoice.yaml"
            file.write_text(changed(file.read_text(encoding="utf-8"), block[2]), encoding="utf-8")
            return block[0]
        command = block[2].splitlines()[0]
        return f"```console\n{command}\n{shortened(run(command.removeprefix('$ '), tmp_path, forks))}```"

    now = BLOCK.sub(shown, text)
    if os.environ.get("TRANSLOAD_TUTORIAL") == "write":
        PAGE.write_text(now, encoding="utf-8")
    assert now == text
