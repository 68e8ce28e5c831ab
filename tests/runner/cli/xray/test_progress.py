"""The bar on standard error."""

import io
import re
import sys
from collections.abc import Iterator

import pytest

from transload.adapters.base.content import Content
from transload.runner.cli.xray import progress
from transload.runner.cli.xray.progress import Bar, Watched


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal_for(monkeypatch: pytest.MonkeyPatch, patience: float = 0) -> Terminal:
    """A terminal as standard error; made in the test itself, since pytest puts its own there before each."""
    found = Terminal()
    monkeypatch.setattr(sys, "stderr", found)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(progress, "PATIENCE", patience)
    return found


def test_a_watched_content_is_the_content_and_tells_how_far_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_for(monkeypatch)
    payload = b"ab" * 500_000 + b"c"
    watched = Watched(Content.of(payload), bar := Bar(len(payload)))
    assert len(watched) == len(payload)
    assert watched[3:6] == payload[3:6]
    assert watched.find(b"c", 600_000) == 1_000_000
    found = watched.search(re.compile(b"c"), 900_000)
    assert found is not None
    assert found[0] + found[1].start() == 1_000_000
    bar.hide()
    assert "0.6/1.0 MB" in terminal.getvalue() or "0.9/1.0 MB" in terminal.getvalue()
    assert terminal.getvalue().endswith("\x1b[2K")  # and takes itself away


def test_the_bar_is_away_while_something_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    bar = Bar(1000)

    def lines() -> Iterator[str]:
        bar.reach(100)
        yield "a"
        bar.reach(900)

    for line in bar.around(lines()):
        assert line == "a"
        assert terminal.getvalue().endswith("\x1b[2K")
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h") == 2


def test_nothing_is_said_of_what_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch, patience=60)
    bar = Bar(10)
    bar.reach(5)
    bar.hide()
    assert terminal.getvalue() == ""
