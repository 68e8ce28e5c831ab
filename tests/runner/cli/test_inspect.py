"""transload inspect."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.edi.view import inspect as view_of

Run = Callable[..., Any]

ORDERS = b"""\
UNB+UNOC:3+9520001000003:14+9520002000002:14+260114:0915+7'
UNH+1+ORDERS:D:96A:UN:EAN008'
BGM+220+PO-1+9'
DTM+137:20260114:102'
NAD+BY+9520001000003::9'
NAD+SU+9520002000002::9'
LIN+1++40170725:EN'
QTY+21:five:PCE'
UNS+S'
UNT+9+1'
UNZ+2+7'
"""


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    file = tmp_path / "orders.edi"
    file.write_bytes(ORDERS)
    return file


def test_the_tree_shows_each_finding_where_it_belongs(run: Run, orders: Path) -> None:
    ran = run("inspect", orders)
    assert ran.code == 1
    assert ran.err == ""
    lines = [
        line.split("  ")[0] if line.startswith("    ") and line.strip()[:1].isdigit() else line for line in ran.lines
    ]
    assert ran.lines[0] == "interchange 1: EDIFACT 7 from 9520001000003 to 9520002000002, 1 message"
    assert ran.lines[1] == "  message 1: ORDERS D:96A:UN:EAN008 1"
    assert ran.lines[2].startswith("    2  BGM+220+PO-1+9")
    at = next(number for number, line in enumerate(ran.lines) if line.startswith("    7  QTY+21:five:PCE"))
    assert ran.lines[at + 1] == "              ^^^^"
    assert ran.lines[at + 2] == "       error E-FORMAT QTY 6060 (quantity) must be a number, not 'five'"
    assert ran.lines[at + 3].startswith("         line 8, byte ")
    assert any(line.startswith("  error E-COUNT UNZ says 2") for line in lines)
    assert ran.lines[-1] == f"{orders}: 1 interchange, 2 errors"


def test_json_is_the_view(run: Run, orders: Path) -> None:
    ran = run("inspect", orders, "--json")
    assert ran.code == 1
    assert ran.json == json.loads(json.dumps(view_of(ORDERS, str(orders))))
    assert ran.json["interchanges"][0]["messages"][0]["segments"][0] == ["BGM", "220", "PO-1", "9"]


def test_a_file_without_errors(run: Run, orders: Path) -> None:
    orders.write_bytes(ORDERS.replace(b"five", b"5").replace(b"UNZ+2", b"UNZ+1"))
    ran = run("inspect", orders)
    assert (ran.code, ran.lines[-1]) == (0, f"{orders}: 1 interchange, no errors")
    assert "line item" in ran.out


def test_standard_input(run: Run) -> None:
    ran = run("inspect", "-", stdin=ORDERS)
    assert ran.code == 1
    assert ran.lines[-1] == "standard input: 1 interchange, 2 errors"


def test_a_message_without_a_guide_says_so(run: Run, orders: Path) -> None:
    orders.write_bytes(ORDERS.replace(b"ORDERS:D:96A:UN:EAN008", b"PARTIN:D:96A:UN"))
    ran = run("inspect", orders)
    assert "message 1: PARTIN D:96A:UN 1 (no guide: names are not known, contents not checked)" in ran.out


def test_x12(run: Run, fixtures: Path) -> None:
    ran = run("inspect", fixtures / "x12" / "850.edi")
    assert ran.lines[0].startswith("interchange 1: X12 000000417 from HAGEMANN to BOLZENAG, 1 group, 1 message")
    assert "    2  BEG*00*SA*PO-2026-00417**20260114*RV-2025-88" in ran.out


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 500, b"%PDF-1.7\n...", b'{"a": 1}', "ÄÖÜ".encode("utf-16")])
def test_what_is_no_edi_is_one_finding(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    ran = run("inspect", file)
    assert ran.code == 1
    assert ran.lines[0].startswith("error E-NOT-EDI ")
    assert ran.lines[-1] == f"{file}: no interchanges, 1 error"


def test_data_cannot_steer_the_terminal(run: Run, orders: Path) -> None:
    orders.write_bytes(ORDERS.replace(b"PO-1", b"\x1b[2Jx"))
    ran = run("inspect", orders)
    assert "\x1b" not in ran.out
    assert "\\x1b[2Jx" in ran.out


def test_every_sample_is_drawn(run: Run, shared: Path) -> None:
    files = [path for folder in ("edifact", "x12") for path in sorted((shared / "samples" / folder).iterdir())]
    assert files
    for file in files:
        ran = run("inspect", file)
        assert ran.code in (0, 1), file
        assert ran.lines[-1].startswith(f"{file}: "), file
