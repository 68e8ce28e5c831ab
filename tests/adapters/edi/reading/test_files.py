"""A payload in a file is read as one in memory is, through small windows and with all bounds exceeded."""

import os
import subprocess
import sys

import pytest

from transload.adapters.base import content
from transload.adapters.base.content import Content
from transload.adapters.edi.reading import outline, scan
from transload.adapters.edi.reading.messages import EdiReading


@pytest.fixture
def small_bounds(monkeypatch):
    """Windows of a few hundred bytes, and outlines that go to disk at once."""
    monkeypatch.setattr(content, "WINDOW", 300)
    monkeypatch.setattr(content, "REACH", 100)
    monkeypatch.setattr(outline, "MOST_ROWS", 1)
    monkeypatch.setattr(outline, "MOST_REFERENCES", 1)
    monkeypatch.setattr(scan, "_MOST_KEPT", 1)


def everything(payload, name):
    reading = EdiReading(scan.scan(payload, file=name), None)
    interchanges = [
        (each.standard, each.reference, each.start, each.end, each.newline, each.final, each.outside, each.findings)
        for each in reading.interchanges
    ]
    groups = [list(each.groups) for each in reading.interchanges]
    messages = [
        (each.kind, each.version, each.reference, each.start, each.end, each.body.segments, each.findings)
        for each in reading
    ]
    return reading.findings, interchanges, groups, messages


@pytest.mark.parametrize("standard", ["edifact", "x12", "tradacoms"])
def test_every_sample_reads_the_same_from_a_file(shared, standard, small_bounds):
    compared = 0
    for path in sorted((shared / "samples" / standard).iterdir()):
        if path.stat().st_size > 100_000:
            continue  # windows of this size take too long there
        with Content.open(path) as file:
            assert everything(file, path.name) == everything(path.read_bytes(), path.name), path.name
        compared += 1
    assert compared > (5 if standard == "tradacoms" else 95)


MEASURE = """
import re, sys
from pathlib import Path
from transload.adapters.base.content import Content
from transload.adapters.edi import EdifactFormat
from transload.adapters.edi.options import EdifactOptions
with Content.open(Path(sys.argv[1])) as content:
    reading = EdifactFormat(EdifactOptions(check="envelope")).read(content)
    assert not reading.findings, reading.findings[:3]
    print(sum(not message.findings for message in reading))
    print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def test_memory_does_not_grow_with_the_file(tmp_path, interchange):
    """20 MB and 160 MB of messages of one interchange, each read by a process of its own."""
    peaks = {}
    for count in (20_000, 160_000):
        path = tmp_path / f"{count}.edi"
        body = "".join(f"LIN+{n}++4000000000000:EN'QTY+21:{n}'" for n in range(25))
        with path.open("w") as file:
            file.write("UNB+UNOC:3+S:14+R:14+260114:0915+REF1'")
            for number in range(1, count + 1):
                file.write(f"UNH+{number}+ORDERS:D:96A:UN'{body}UNT+52+{number}'")
            file.write(f"UNZ+{count}+REF1'")
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True, env=os.environ
        )
        read, peaks[count] = map(int, done.stdout.split())
        assert read == count
        path.unlink()
    assert peaks[160_000] < 120, peaks
    assert peaks[160_000] - peaks[20_000] < 25, peaks
