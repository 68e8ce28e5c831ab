"""Bounds on what is taken apart: hostile sizes cost a finding, not the memory or the day."""

import time
import tracemalloc

import pytest

from transload.adapters.base.content import Content
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, X12Options
from transload.adapters.edi.reading import scan as scanning

MESSAGE = "BGM+220'"


def test_a_message_beyond_the_limit_is_not_read_and_its_neighbours_are(edifact, interchange):
    payload = interchange(MESSAGE, "FTX+" + "x" * 500 + "'", MESSAGE)
    first, large, last = edifact(largest_message=400).read(payload, file="in.edi")
    (found,) = large.findings
    assert (found.code, found.place.message, found.place.line, dict(found.ack)) == ("E-LIMIT", 2, 1, {"0085": "18"})
    assert found.message == "a message of 505 bytes is larger than the 400 that are allowed; the message is not read"
    assert found.hint.endswith("raise largest_message: under format")
    assert large.body.segments == []
    assert (first.findings, last.findings) == ((), ())


def test_a_segment_beyond_the_limit(edifact, sets, interchange, x12):
    payload = interchange("BGM+220'FTX+" + "x" * 500 + "'", MESSAGE + "FTX+" + "?+" * 100 + "'")
    long, sound = edifact(largest_segment=300).read(payload)
    (found,) = long.findings
    assert found.message == "a segment of 504 bytes is larger than the 300 that are allowed; the message is not read"
    assert sound.findings == ()
    (binary,) = x12(largest_segment=300).read(sets("BIN*600*" + "~" * 600 + "~").replace(b"SE*603", b"SE*3"))
    assert binary.findings == ()  # binary data are not meant


@pytest.mark.parametrize(
    "hostile",
    [
        b"UNB+UNOA:1+" + b"x" * 30_000_000,
        b"UNB+UNOA:1+S+R+260114:0915+1'UNH+1+ORDERS:D:96A:UN'" + b"+" * 30_000_000,
        b"UNB+UNOA:1+S+R+260114:0915+1'" + b"\n" * 30_000_000 + b"UNZ+0+1'",
        b"UNB+UNOA:1+S+R+260114:0915+1'UNH+1+ORDERS:D:96A:UN'" + b"?" * 30_000_000,
        b"\xef\xbb\xbf" + b"no edi at all " * 2_000_000,
        b"ISA" + b"*" * 30_000_000,
        b"STX=" + b"=" * 30_000_000,
    ],
    ids=["header", "elements", "blanks", "releases", "text", "isa", "stx"],
)
@pytest.mark.parametrize("format_", [EdifactFormat(EdifactOptions()), X12Format(X12Options())], ids=["edifact", "x12"])
def test_thirty_megabytes_of_nothing_are_bounded(tmp_path, format_, hostile):
    path = tmp_path / "hostile.edi"
    path.write_bytes(hostile)
    started = time.process_time()
    tracemalloc.start()
    with Content.open(path) as content:
        reading = format_.read(content, file="hostile.edi")
        findings = [*reading.findings, *(finding for message in reading for finding in message.findings)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [f for f in findings if f.is_error]
    assert all(f.place for f in findings)
    assert peak < 80_000_000
    assert time.process_time() - started < 20


def test_more_findings_about_interchanges_than_are_listed_release_nothing(monkeypatch, edifact, interchange, codes):
    monkeypatch.setattr(scanning, "MOST_FINDINGS", 3)
    payload = b"".join(interchange(MESSAGE, unz=f"UNZ+9+REF{n}'").replace(b"14+REF1", b"14+X") for n in range(4))
    reading = edifact().read(payload)
    assert codes(reading.findings) == ["E-COUNT", "E-REFERENCE", "E-COUNT", "E-MORE"]
    assert reading.findings[-1].is_error
    assert reading.findings[-1].place.interchange is None  # so it concerns every message


def test_so_many_segments_outside_of_groups_are_kept(monkeypatch, x12):
    monkeypatch.setattr("transload.adapters.edi.reading.framing.MOST_OUTSIDE", 2)
    isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260114*0915*U*00401*000000009*0*P*>~"
    payload = (isa + "TA1*000000007*260114*0915*A*000~" * 5 + "IEA*0*000000009~").encode()
    reading = x12().read(payload)
    (found,) = reading.findings
    assert (found.code, found.message) == (
        "E-LIMIT",
        "more than 2 segments stand outside of groups; the rest is not read",
    )
    assert len(list(reading)) == 2
