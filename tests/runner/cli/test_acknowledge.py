"""transload acknowledge and transload reconcile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
ORDERS = """\
UNB+UNOC:3+US:14+THEM:14+260105:1030+IC7'
UNH+1+ORDERS:D:96A:UN:EAN008'
BGM+220+PO-1+9'
DTM+137:20260105:102'
LIN+1++4000862141404:EN'
QTY+21:many:PCE'
UNS+S'
UNT+7+1'
UNZ+1+IC7'
"""
ISA = "ISA*00*          *00*          *ZZ*US             *ZZ*THEM           *260105*1030*{}*{}*000000007*{}*P*>~\n"
PURCHASE = """\
GS*{functional}*US*THEM*20260105*1030*17*X*{version}~
ST*{set}*0001{guide}~
BEG*00*NE*PO-1**20260105~
PO1*1*100*EA~
CTT*1~
SE*5*0001~
GE*1*17~
IEA*1*000000007~
"""


def x12(*, version: str = "004010", asks: str = "0") -> str:
    new = version >= "005010"
    guide = f"*{version}" if len(version) > 6 else ""
    head = ISA.format("^" if new else "U", "00501" if new else "00401", asks)
    return head + PURCHASE.format(functional="PO", version=version, set="850", guide=guide)


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    file = tmp_path / "sent"
    file.write_text(ORDERS)
    return file


def test_a_file_is_answered_with_what_it_calls_for(run: Run, sent: Path) -> None:
    ran = run("acknowledge", sent, "--number", "4711")
    assert ran.code == 1
    assert ran.out.startswith("UNA:+.? 'UNB+UNOC:3+THEM:14+US:14+")
    assert "+4711'UNH+1+CONTRL:D:3:UN'UCI+IC7+US:14+THEM:14+7'UCM+1+ORDERS:D:96A:UN:EAN008+4'" in ran.out
    assert ran.err.splitlines() == [
        "CONTRL of IC7: rejected, at least in part",
        "1 acknowledgement, 1 with rejections",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (x12(), ["997 of 17: accepted"]),
        (x12(asks="1"), ["TA1 of 000000007: accepted", "997 of 17: accepted"]),
        (x12(version="005010"), ["997 of 17: accepted"]),
        (x12(version="005010X999"), ["999 of 17: accepted"]),
        (x12().replace("IEA*1", "IEA*2"), ["TA1 of 000000007: rejected, at least in part"]),
    ],
)
def test_x12(run: Run, sent: Path, text: str, said: list[str]) -> None:
    sent.write_text(text)
    ran = run("acknowledge", sent)
    assert ran.err.splitlines()[: len(said)] == said
    assert ran.code == ("rejected" in ran.err)


def test_what_is_asked_for(run: Run, sent: Path, tmp_path: Path) -> None:
    sent.write_text(x12())
    out = tmp_path / "answer.x12"
    ran = run("acknowledge", sent, "-k", "999", "-k", "ta1", "--out", out)
    assert (ran.code, ran.out) == (0, "")
    assert [line[:6] for line in out.read_text().split("~") if line[:3] in ("ST*", "TA1")] == ["ST*999", "TA1*00"]
    assert run("acknowledge", sent, "-k", "contrl").err == f"{sent} calls for no acknowledgement\n"
    sent.write_text(ORDERS)
    assert "+8'" in run("acknowledge", sent, "--receipt-only").out
    assert "UCI+IC7+US:14+THEM:14+4'UCM" in run("acknowledge", sent, "--reject", "interchange").out


def test_an_acknowledgement_is_not_answered(run: Run, sent: Path, tmp_path: Path) -> None:
    out = tmp_path / "answer"
    run("acknowledge", sent, "-o", out)
    ran = run("acknowledge", out)
    assert (ran.code, ran.out, ran.err) == (0, "", f"{out} calls for no acknowledgement\n")


def test_a_file_that_cannot_be_written(run: Run, sent: Path, tmp_path: Path) -> None:
    ran = run("acknowledge", sent, "-o", tmp_path / "nowhere" / "answer")
    assert ran.code == 1
    assert "cannot be written: No such file or directory" in ran.err


def test_what_a_partner_says_of_what_was_sent(run: Run, sent: Path, tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    run("acknowledge", sent, "-o", answer)
    ran = run("reconcile", answer, sent)
    assert ran.code == 1
    assert ran.lines[:6] == [
        "CONTRL about edifact interchange IC7 from US to THEM",
        f"{sent}: rejected",
        "  message 1, ORDERS 1: rejected",
        "error E-ACK-ERROR the partner reports: letters where digits must be, or the other way round (0085 37)",
        "    value    'many'",
        f"    source   {sent} line 6 byte {ORDERS.index('many')}, interchange 1, message 1, segment 5 QTY,"
        " element 1, component 2",
    ]


def test_reconciliation_as_json(run: Run, sent: Path, tmp_path: Path) -> None:
    sent.write_text(x12())
    answer = tmp_path / "answer"
    run("acknowledge", sent, "-o", answer)
    other = tmp_path / "other"
    other.write_text(x12().replace("*17", "*18"))
    ran = run("reconcile", answer, other, sent, "--json")
    assert ran.code == 0
    (said,) = ran.json
    assert (said["kind"], said["about"], said["findings"]) == ("997", ["x12 group 17 from US to THEM"], [])
    (file,) = said["files"]
    assert (file["file"], file["verdict"]) == (str(sent), "accepted")
    assert [message["reference"] for message in file["messages"]] == ["0001"]


def test_a_number_that_is_in_none_of_the_files(run: Run, sent: Path, tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    run("acknowledge", sent, "-o", answer)
    sent.write_text(ORDERS.replace("IC7", "IC8"))
    ran = run("reconcile", answer, sent)
    assert ran.code == 1
    assert "error E-ACK-UNKNOWN the CONTRL speaks of edifact interchange IC7 from US to THEM" in ran.out


def test_a_file_without_acknowledgements(run: Run, sent: Path) -> None:
    ran = run("reconcile", sent, sent)
    assert (ran.code, ran.lines) == (1, [f"error E-ACK-NONE there is no acknowledgement in {sent}"])
    assert run("reconcile", sent).code == 2
