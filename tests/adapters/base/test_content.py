"""Content: a file, looked at through a window, behaves like its bytes in memory."""

import os
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transload.adapters.base import content as module
from transload.adapters.base.content import Content, File


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(module, "WINDOW", 32)
    monkeypatch.setattr(module, "REACH", 8)


def opened(tmp_path, payload):
    path = tmp_path / "payload"
    path.write_bytes(payload)
    return Content.open(path)


def spans(content, pattern):
    found, at = [], 0
    while (hit := content.search(pattern, at)) is not None:
        offset, match = hit
        found.append((offset + match.start(), match[0]))
        at = offset + match.start() + 1
    return found


@settings(max_examples=200)
@given(
    payload=st.text("ab~\n", max_size=200).map(str.encode),
    start=st.integers(0, 210),
    stop=st.integers(0, 210),
    needle=st.text("ab~", min_size=1, max_size=4).map(str.encode),
)
@example(payload=b"aaaa", start=2, stop=1, needle=b"a")
def test_a_file_is_like_its_bytes(tmp_path_factory, payload, start, stop, needle):
    patch = pytest.MonkeyPatch()
    patch.setattr(module, "WINDOW", 32)
    patch.setattr(module, "REACH", 8)
    try:
        with opened(tmp_path_factory.mktemp("content"), payload) as file:
            memory = Content.of(payload)
            assert len(file) == len(memory) == len(payload)
            assert file[start:stop] == memory[start:stop] == payload[start:stop]
            assert file.find(needle, start) == memory.find(needle, start) == payload.find(needle, start)
            assert file.startswith(needle, start) == payload.startswith(needle, start)
            pattern = re.compile(rb"(?<!b)~\n?(ab|ba)(?=a|b)")
            assert spans(file, pattern) == spans(memory, pattern)
            assert file.search(pattern, start, stop) is None or file.search(pattern, start, stop)[0] >= 0
            for content in (file, memory):
                hit = content.search(pattern, start, stop)
                expected = next((at for at, _ in spans(memory, pattern) if start <= at < stop), None)
                assert (hit and hit[0] + hit[1].start()) == expected
    finally:
        patch.undo()


def test_a_match_at_the_windows_end_is_seen_whole(tmp_path, small_windows):
    payload = b"x" * 28 + b"~aba" + b"y" * 40
    with opened(tmp_path, payload) as file:
        assert spans(file, re.compile(rb"~(ab|ba)a*")) == [(28, b"~aba")]


def test_a_file_that_is_cut_while_it_is_read_ends_there(tmp_path, small_windows):
    path = tmp_path / "payload"
    path.write_bytes(b"a" * 100 + b"~")
    with Content.open(path) as file:
        assert file[0:10] == b"a" * 10
        os.truncate(path, 50)
        assert file.find(b"~") == -1
        assert file.search(re.compile(b"~")) is None
        assert file[40:60] == b"a" * 10


def test_what_is_larger_than_a_window_is_read_whole(tmp_path, small_windows):
    payload = bytes(range(200))
    with opened(tmp_path, payload) as file:
        assert file[3:190] == payload[3:190]
        assert file[150:160] == payload[150:160]
        assert isinstance(file, File)
