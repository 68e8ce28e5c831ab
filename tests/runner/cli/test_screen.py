"""Plain output, and that nothing in a partner's data steers a terminal."""

import io
import json
import sys

import pytest

from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace, Place
from transload.runner.cli.screen import counted, say, say_findings, say_json, say_table, summary, visible

CONFIGURED = Finding(
    code="C-KEY",
    message="no key 'x'",
    hint="did you mean 'y'?",
    mapping=MappingPlace(file="a.yaml", line=3, column=7),
)
ON_THE_WIRE = Finding(
    code="E-CODE",
    severity=Severity.WARNING,
    message="code is not in the list",
    value="X\x1b[31m",
    place=Place(file="a.edi", line=2, segment=4, tag="QTY", element=1),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_findings_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    say_findings([CONFIGURED, ON_THE_WIRE])
    assert capsys.readouterr().out == (
        "a.yaml:3:7: error C-KEY no key 'x' (did you mean 'y'?)\n"
        "warning E-CODE code is not in the list\n"
        "    value    'X\\x1b[31m'\n"
        "    source   a.edi line 2, segment 4 QTY, element 1\n"
    )


def test_findings_on_a_terminal_are_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    say_findings([CONFIGURED])
    assert "\x1b[1;31merror\x1b[0m" in terminal.getvalue()


def test_control_characters_are_spelled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert visible("a\x1b[2J\rb\x9b\nü") == "a\\x1b[2J\\rb\\x9b\nü"
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    say("\x1b]0;owned\x07")
    assert "\x1b]" not in terminal.getvalue()


def test_markup_in_data_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    say("[bold]x[/bold] [/]")
    assert "[bold]x[/bold] [/]" in terminal.getvalue()


def test_a_table_in_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(["A", "LONG"], [["1", "x" * 300], ["22", "y"]])
    assert capsys.readouterr().out == f"A   LONG\n1   {'x' * 300}\n22  y\n"


def test_counts() -> None:
    assert [counted(number, "error") for number in range(3)] == ["no errors", "1 error", "2 errors"]
    assert counted(2, "delivery", "deliveries") == "2 deliveries"
    assert summary([]) == "no errors"
    assert summary([CONFIGURED, ON_THE_WIRE, CONFIGURED]) == "2 errors, 1 warning"


def test_no_partner_steers_a_terminal_by_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"origin": "a\x9b31mb\x7f\u202ec\u00e9"}
    say_json(value)
    text = capsys.readouterr().out
    assert "\u00e9" in text
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert json.loads(text) == value
