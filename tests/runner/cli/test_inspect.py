"""transload inspect: what people see, and the JSON that programs get."""

import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections import Counter
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.edi.view import inspect as view_of

Run = Callable[..., Any]

GOLDEN = Path(__file__).parent / "golden"
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
X12_HEAD = (
    b"ISA*00*          *00*          *01*123456789      *ZZ*RECEIVER       *260114*0915*^*00501*000000001*0*T*:~"
    b"GS*EA*S*R*20260114*0915*1*X*005010~"
)
BINARY = X12_HEAD + b"ST*275*0001~BIN*12*ab~cd\x00*\x1be\xff~~~SE*3*0001~GE*1*1~IEA*1*000000001~"
LONG_BINARY = X12_HEAD + b"ST*275*0001~BIN*900*" + b"0~" * 450 + b"~SE*3*0001~GE*1*1~IEA*1*000000001~"
INPUTS = {
    "crlf.edi": ORDERS.replace(b"\n", b"\r\n").replace(b"five", b"5").replace(b"UNZ+2", b"UNZ+1"),
    "mixed.edi": b"\xef\xbb\xbf"
    + ORDERS.replace(b"five", b"5")
    + b"--- 8< ---\nas sent by\tmail \xc2\xa0 \x85\n"
    + X12_HEAD
    + b"ST*275*0001~SE*9*0002~GE*1*1~IEA*1*000000001~\n",
    "binary.edi": BINARY,
    "long-binary.edi": LONG_BINARY,
    "not.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "charset.edi": ORDERS.replace(b"UNOC", b"UNOA").replace(b"PO-1", b"p\xd6\x9b\x1b[2J"),
    "outside.edi": ORDERS.replace(b"UNT+9+1'\n", b"UNT+9+1'\nFTX+AAI+++lost'\n"),
    "untrailed.edi": ORDERS.replace(b"UNT+9+1'\n", b""),
}


@pytest.fixture
def files(tmp_path: Path, fixtures: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all inputs of the golden texts; it is the current one, so that the texts name no other."""
    for name, content in INPUTS.items():
        (tmp_path / name).write_bytes(content)
    for name in ("edifact/orders.edi", "edifact/orders-broken.edi", "x12/850.edi"):
        (tmp_path / Path(name).name).write_bytes((fixtures / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(name: str, text: str) -> None:
    """Compare with the golden text; with TRANSLOAD_GOLDEN=write it is written instead, to be looked at."""
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("TRANSLOAD_GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8")
        pytest.fail(f"{golden} was written; look at it, and run again")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("orders", ["orders.edi"], 0),
        ("orders-broken", ["orders-broken.edi"], 1),
        ("orders-errors", ["orders-broken.edi", "--errors"], 1),
        ("orders-elements", ["orders.edi", "--elements", "--limit", "9"], 0),
        ("850", ["850.edi"], 0),
        ("crlf", ["crlf.edi"], 0),
        ("mixed", ["mixed.edi"], 1),
        ("mixed-lenient", ["mixed.edi", "--lenient", "bom", "--lenient", "junk", "--errors"], 1),
        ("mixed-message", ["mixed.edi", "--message", "2.1"], 1),
        ("binary", ["binary.edi", "--elements"], 0),
        ("long-binary", ["long-binary.edi"], 0),
        ("not-edi", ["not.pdf"], 1),
        ("charset", ["charset.edi"], 1),
        ("outside", ["outside.edi"], 1),
        ("untrailed", ["untrailed.edi"], 1),
    ],
)
def test_golden(run: Run, files: Path, name: str, arguments: list[str], code: int) -> None:
    ran = run("inspect", *arguments)
    assert (ran.code, ran.err) == (code, "")
    compare(name, ran.out)


def on_terminal(width: int, *arguments: str) -> str:
    """What the command writes to a terminal of that width."""
    main, other = pty.openpty()
    ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR")}
    program = Path(sys.executable).with_name("transload")
    with subprocess.Popen(
        [str(program), "inspect", *arguments],
        stdin=other,
        stdout=other,
        stderr=subprocess.PIPE,
        env={**environment, "TERM": "xterm-256color"},
    ):
        os.close(other)
        written = b""
        try:
            while part := os.read(main, 1 << 16):
                written += part
        except OSError:  # so Linux tells that the other side was closed
            pass
        os.close(main)
    return written.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_gets_styles_and_no_line_is_wider(files: Path, width: int) -> None:
    written = on_terminal(width, "orders-broken.edi")
    assert "\x1b[1;31m^^^^\x1b[0m" in written
    plain = re.sub(r"\x1b\[[0-9;]*m", "", written)
    assert "\x1b" not in plain
    assert max(map(len, plain.splitlines())) <= width
    compare(f"orders-broken-{width}", plain)


def test_a_pipe_gets_the_words_of_the_terminal(run: Run, files: Path) -> None:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal(300, "orders-broken.edi"))
    assert re.sub(r"\s+", " ", plain) == re.sub(r"\s+", " ", run("inspect", "orders-broken.edi").out)


def test_the_readme_quotes_it() -> None:
    readme = (GOLDEN.parents[3] / "README.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(r"^```\n( +22 .*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert quoted in (GOLDEN / "orders-broken.txt").read_text(encoding="utf-8")


def test_json_is_the_view(run: Run, files: Path) -> None:
    for name in (*INPUTS, "orders-broken.edi", "850.edi"):
        ran = run("inspect", name, "--json")
        view = view_of((files / name).read_bytes(), name)
        assert ran.json == json.loads(json.dumps(view)), name
        assert ran.raw.decode().startswith('{\n  "interchanges": [')
        errors = [f for i in [view, *view["interchanges"]] for f in i["findings"] if f["severity"] == "error"]
        assert ran.code == (1 if errors else 0), name


def test_json_shape(run: Run, files: Path) -> None:
    (interchange,) = run("inspect", "orders-broken.edi", "--json").json["interchanges"]
    assert list(interchange) == ["standard", "sender", "receiver", "reference", "groups", "messages", "findings"]
    assert interchange["messages"][0]["segments"][0] == ["BGM", "220", "PO-2026-00417", "9"]


def test_standard_input(run: Run) -> None:
    ran = run("inspect", "-", stdin=ORDERS)
    assert ran.code == 1
    assert ran.lines[-1] == "standard input: 1 interchange EDIFACT, 1 message, 2 errors"


def test_a_pipe_larger_than_what_is_kept_in_memory_is_spooled(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from transload.runner.cli import files as given

    monkeypatch.setattr(given, "_IN_MEMORY", 100)
    assert run("inspect", "-", stdin=ORDERS).lines[-1].endswith(": 1 interchange EDIFACT, 1 message, 2 errors")
    (tmp_path / "orders.edi").write_bytes(ORDERS)
    assert run("inspect", tmp_path / "orders.edi").lines[-1].endswith(" 2 errors")


def test_of_a_large_file_the_rest_is_shown_where_it_has_errors(run: Run, tmp_path: Path) -> None:
    message = b"UNH+%d+ORDERS:D:96A:UN'" + ORDERS.partition(b"EAN008'\n")[2].partition(b"UNT")[0].replace(b"\n", b"")
    body = [(message % n).replace(b"five", b"x" if n == 200 else b"5") + b"UNT+9+%d'\n" % n for n in range(1, 301)]
    file = tmp_path / "large.edi"
    file.write_bytes(ORDERS.partition(b"UNH")[0] + b"".join(body) + b"UNZ+300+7'\n")
    ran = run("inspect", file)
    assert ran.code == 1
    shown = [int(number) for number in re.findall(r"^  message (\d+):", ran.out, re.MULTILINE)]
    assert shown == [*range(1, 113), 200]  # 112 messages of 9 segments are the first to reach 1,000
    assert "  ... 87 messages without errors and warnings not shown" in ran.lines
    assert "  ... 100 messages without errors and warnings not shown" in ran.lines
    assert len(re.findall(r"^  message ", run("inspect", file, "--all").out, re.MULTILINE)) == 300
    assert re.findall(r"^  message (\d+):", run("inspect", file, "--errors").out, re.MULTILINE) == ["200"]
    only = run("inspect", file, "--message", "7")
    assert (only.code, only.lines[-1]) == (0, f"{file}: 1 interchange EDIFACT, 1 message, no errors")


def test_interchanges_without_errors_are_left_out_with_their_messages(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "many.edi"
    good = ORDERS.replace(b"five", b"5").replace(b"UNZ+2", b"UNZ+1")
    file.write_bytes(b"".join(good.replace(b"7'", b"%d'" % n) for n in range(3)) + ORDERS)
    ran = run("inspect", file, "--errors")
    assert re.findall(r"^interchange (\d+):", ran.out, re.MULTILINE) == ["4"]
    assert "... 3 messages without errors and warnings not shown" in ran.lines


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--message", "9"], "error E-MESSAGE there is no message 9; the file has 1 message\n"),
        (["--message", "2.1"], "error E-MESSAGE there is no message 2.1; the file has 1 message\n"),
    ],
)
def test_a_message_that_is_not_there(run: Run, files: Path, arguments: list[str], said: str) -> None:
    ran = run("inspect", "orders.edi", *arguments)
    assert (ran.code, ran.err) == (1, said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--message", "x"], "'x' is no number of a message; write 3, or 2.3 for interchange 2, message 3"),
        (["--message", "0"], "'0' is no number of a message; write 3, or 2.3 for interchange 2, message 3"),
        (["--limit", "-1"], "'-1' is no number of segments"),
        (["--guides", "nowhere"], "there is no folder 'nowhere'"),
        (["--lenient", "cuont"], "there is no deviation 'cuont'; did you mean count?"),
        (["--json", "--errors"], "--json gives the whole file; it goes with --guides and --lenient only"),
        (["--json", "--limit", "0"], "--json gives the whole file; it goes with --guides and --lenient only"),
    ],
)
def test_a_wrong_command_line(run: Run, files: Path, arguments: list[str], said: str) -> None:
    ran = run("inspect", "orders.edi", *arguments)
    assert ran.code == 2
    assert said in re.sub(r"\s+", " ", ran.err)


def test_guides_of_a_folder_come_first(run: Run, files: Path) -> None:
    folder = files / "guides" / "edifact" / "d96a"
    folder.mkdir(parents=True)
    (folder / "partin.yaml").write_text(
        'standard: edifact\nmessage: PARTIN\nversion: "D:96A:UN"\nsource: ours\nstructure: [BGM M 1]\n'
        "elements: {1004: an..3 number}\nsegments: {BGM: {title: ours, parts: [1004 M]}}\n",
        encoding="utf-8",
    )
    (files / "partin.edi").write_bytes(
        b"UNB+UNOC:3+A:14+B:14+260114:0915+7'UNH+1+PARTIN:D:96A:UN'BGM+long'UNT+3+1'UNZ+1+7'"
    )
    assert "no guide" in run("inspect", "partin.edi").out
    ran = run("inspect", "partin.edi", "--guides", "guides")
    assert f"guide {Path('guides/edifact/d96a/partin.yaml')}" in ran.out
    assert "error E-LENGTH BGM 1004 (number) is longer than an..3: 4 characters" in ran.out


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 500, b"%PDF-1.7\n...", b'{"a": 1}', "ÄÖÜ".encode("utf-16")])
def test_what_is_no_edi_is_one_finding(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    ran = run("inspect", file)
    assert ran.code == 1
    assert len(re.findall(r"error E-NOT-EDI ", ran.out)) == 1
    assert ran.lines[-1] == f"{file}: no interchanges, no messages, 1 error"


def test_data_cannot_steer_the_terminal(run: Run, files: Path) -> None:
    hostile = ORDERS.replace(b"PO-1", b"\x1b[2Jx").replace(b"+7'", b"+\x1b]0;7\x07'").replace(b"UN:EAN008", b"U\x1bN")
    Path("x.edi").write_bytes(hostile)
    for arguments in ([], ["--elements"], ["--json"]):
        out = run("inspect", "x.edi", *arguments).out
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)
    assert "BGM+220+␛[2Jx+9'␊" in run("inspect", "x.edi").out


def test_an_output_without_pictures_spells_them_out(command: Run, files: Path) -> None:
    ran = command("inspect", "charset.edi", PYTHONIOENCODING="ascii")
    assert "BGM+220+p\\xd6\\x9b\\x1b[2J+9'\\x0a" in ran.out
    lines = ran.out.splitlines()
    at = next(number for number, line in enumerate(lines) if "\\xd6" in line)
    assert lines[at + 1].index("^") == lines[at].index("p\\xd6")


SEEN = re.compile(r"^ *(?:error|warning|remark) ([A-Z][A-Z0-9-]+) ", re.MULTILINE)


@pytest.mark.parametrize("standard", ["edifact", "x12", "tradacoms"])
def test_every_finding_of_every_sample_is_shown(run: Run, shared: Path, standard: str) -> None:
    files = sorted((shared / "samples" / standard).iterdir())
    assert files
    for file in files:
        ran = run("inspect", file, "--all")
        assert ran.code in (0, 1), file
        assert ran.lines[-1].startswith(f"{file}: "), file
        view = view_of(file.read_bytes(), str(file))
        wanted = [finding["code"] for part in [view, *view["interchanges"]] for finding in part["findings"]]
        assert Counter(SEEN.findall(ran.out)) == Counter(wanted), file
