"""Whatever a file holds, it is drawn: nothing raises, nothing steers a terminal, every finding is told once."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.edi.reading.messages import EdiReading
from transload.adapters.edi.reading.scan import scan
from transload.adapters.edi.view import inspect
from transload.runner.cli.screen import json_text
from transload.runner.cli.xray.drawing import Drawing, Wish
from transload.runner.cli.xray.glyphs import Glyphs
from transload.runner.cli.xray.sheet import Sheet
from transload.runner.cli.xray.streamed import Streamed

ROOT = Path(__file__).parents[4] / "fixtures"
SEEDS = [(ROOT / name).read_bytes() for name in ("edifact/orders-broken.edi", "x12/850.edi")] + [
    b"STX=ANA:1+S:A+R:B+260114:0915+7'MHD=1+ORDERS:9'TYP=0430'MTR=3'END=1'",
    b"UNB+UNOW:4+S:14+R:14+20260114:0915+7'UNO+1+x+3'abcUNP+3+x'UNH+2+ORDERS:D:96A:UN'FTX+\xc3\xa4*b'UNT+3+2'UNZ+2+7'",
    b"ISA*00*          *00*          *ZZ*S              *ZZ*R              *260114*0915*^*00501*000000001*0*T*:~"
    b"TA1*1*260114*0915*A*000~GS*EA*S*R*20260114*0915*1*X*005010~ST*275*0001~BIN*3*~*:~SE*3*0001~GE*1*1~IEA*1*1~",
]
BITS = [
    b"'",
    b"+",
    b":",
    b"?",
    b"~",
    b"*",
    b"\n",
    b"\r\n",
    b"\x00",
    b"\x1b[2J",
    b"\xff",
    b"\xe2\x80\xae",
    b"UNH+",
    b"UNT",
]
BITS += [
    b"UNB+UNOC:3",
    b"UNZ+1+7'",
    b"ISA*",
    b"SE*",
    b"BIN*9999*",
    b"\xef\xbb\xbf",
    b"UNA:+.? '",
    b"STX=",
    b" " * 50,
    b"x" * 3000,
]
WISHES = [Wish(), Wish(everything=True, elements=True), Wish(errors=True), Wish(message=(None, 1)), Wish(limit=2)]


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    payload = b"".join(draw(st.lists(st.sampled_from(SEEDS), min_size=1, max_size=2)))
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(payload)))
        cut = draw(st.sampled_from([0, 0, 1, 3, 40]))
        payload = payload[:at] + draw(st.sampled_from(BITS)) + payload[at + cut :]
    return payload


@given(payloads(), st.sampled_from(WISHES), st.sampled_from([None, 40, 80]))
def test_everything_is_drawn(payload: bytes, wish: Wish, width: int | None) -> None:
    reading = EdiReading(scan(payload, file="f"), None)
    drawing = Drawing(reading, Sheet(glyphs=Glyphs(), width=width), wish)
    lines = list(drawing.lines())
    for line in lines:
        assert line.text.isprintable()
        assert all(0 <= start <= end <= len(line.text) for start, end, _ in line.spans)
    view = inspect(payload, "f")
    findings = [finding for part in [view, *view["interchanges"]] for finding in part["findings"]]
    if wish.message is None:
        told = sum(drawing.tally.findings.values(), Counter())
        assert told == Counter(finding["code"] for finding in findings)
        if wish.everything and width is None:
            words = Counter(word for line in lines for word in line.text.split())
            assert all(words[code] >= number for code, number in told.items())


@given(payloads())
def test_json_is_streamed_as_the_view_is(payload: bytes) -> None:
    streamed = Streamed(EdiReading(scan(payload, file="f"), None))
    view = inspect(payload, "f")
    assert "".join(streamed.pieces()) == json_text(view) + "\n"
    findings = [finding for part in [view, *view["interchanges"]] for finding in part["findings"]]
    assert streamed.errors == sum(finding["severity"] == "error" for finding in findings)


@pytest.mark.parametrize("seed", [0, 1])
def test_every_line_of_the_file_is_shown(seed: int) -> None:
    reading = EdiReading(scan(SEEDS[seed], file="f"), None)
    shown = [line.text for line in Drawing(reading, Sheet(glyphs=Glyphs()), Wish(everything=True)).lines()]
    for raw in SEEDS[seed].decode("iso8859-1").splitlines():
        assert any(f"  {raw}␊" in line for line in shown), raw
