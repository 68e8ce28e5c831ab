"""Other libraries read what we write, and we read alike: pydifact for EDIFACT, pyx12 for X12."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.adapters.base import Context, Encoded, Identity
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, X12Options
from transload.adapters.edi.view import inspect

NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)

# pydifact's wheel holds no directories, and says so for each segment
pytestmark = pytest.mark.filterwarnings("ignore::pydifact.exceptions.MissingImplementationWarning")


def plain(element):
    return element if isinstance(element, str) else list(element)


def test_pydifact_reads_what_we_write(edifact, context):
    from pydifact.segmentcollection import Interchange

    format_ = edifact(newline="crlf")
    envelope = format_.envelope(sender=Identity(id="A", qualifier="14"), receiver=Identity(id="B", qualifier="14"))
    body = ["BGM\x1d220\x1dx+y:z?'\x1d9", "FTX\x1dAAI\x1d\x1d\x1dO'Brien\x1f50% ??", "NAD\x1dBY\x1d\x1d\x1dMüller"]
    messages = [Encoded(kind="ORDERS", version="D:96A:UN", body=body)] * 3
    payload = format_.write(messages, envelope=envelope, context=context)
    peer = Interchange.from_str(payload.decode("latin-1"))
    read = list(peer.get_messages())
    assert [(m.type, m.reference_number) for m in read] == [("ORDERS", "1"), ("ORDERS", "2"), ("ORDERS", "3")]
    assert [[s.tag, *map(plain, s.elements)] for s in read[0].segments] == [
        ["BGM", "220", "x+y:z?'", "9"],
        ["FTX", "AAI", "", "", ["O'Brien", "50% ??"]],
        ["NAD", "BY", "", "", "Müller"],
    ]


def test_pydifact_and_we_read_our_fixture_alike(fixtures):
    from pydifact.segmentcollection import Interchange

    payload = (fixtures / "edifact" / "orders.edi").read_bytes()
    (peer,) = Interchange.from_str(payload.decode("latin-1")).get_messages()
    ours = inspect(payload)["interchanges"][0]["messages"][0]["segments"]
    assert ours == [[s.tag, *map(plain, s.elements)] for s in peer.segments]


@pytest.mark.parametrize("version", ["00401", "00501"])
def test_pyx12_finds_nothing_wrong_with_what_we_write(x12, context, version):
    import pyx12.x12file

    format_ = x12(version=version, newline="lf", component=":")
    envelope = format_.envelope(sender=Identity(id="A"), receiver=Identity(id="B"))
    one = Encoded(kind="850", version="004010", body=["BEG\x1d00\x1dSA\x1d1\x1d\x1d20260115", "REF\x1dDP\x1da\x1fb"])
    two = Encoded(kind="855", version="004010", body=["BAK\x1d00\x1dAD\x1d1\x1d20260115"])
    payload = format_.write([one, one, two], envelope=envelope, context=context)
    reader = pyx12.x12file.X12Reader(io.StringIO(payload.decode()))
    segments = [segment.get_seg_id() for segment in reader]
    reader.cleanup()
    assert " ".join(segments) == "ISA GS ST BEG REF SE ST BEG REF SE GE GS ST BAK SE GE IEA"
    assert reader.pop_errors() == []


def test_pyx12_reports_the_same_codes_for_the_same_faults(x12, sets):
    import pyx12.x12file

    payload = sets("BEG*00~", "BEG*00~")
    payload = payload.replace(b"SE*3*0001", b"SE*4*0009").replace(b"GE*2*7", b"GE*3*8")
    payload = payload.replace(b"IEA*1*000000007", b"IEA*2*000000009")
    reading = x12().read(payload)
    found = [*reading.findings, *(f for message in reading for f in message.findings)]
    ours = sorted((key, value) for finding in found for key, value in finding.ack.items())
    reader = pyx12.x12file.X12Reader(io.StringIO(payload.decode()))
    elements = {"isa": "I18", "gs": "716", "st": "718"}
    theirs = []
    for _ in reader:
        theirs += [(elements[level], code) for level, code, *_ in reader.pop_errors()]
    assert ours == sorted(theirs)


LETTERS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=("Cc",)), max_size=8)


def bodies(text):
    """Bodies as mappings write them, empty tails trimmed; both peers object to segments without any element."""
    composite = st.lists(text, min_size=1, max_size=3).map("\x1f".join)
    segment = st.lists(composite, min_size=1, max_size=5).map(lambda elements: "\x1d".join(["FTX", "AAI", *elements]))
    return st.lists(segment.map(lambda text: text.rstrip("\x1d\x1f")), min_size=1, max_size=4)


@settings(max_examples=60)
@given(st.lists(bodies(LETTERS), min_size=1, max_size=3), st.sampled_from(["none", "lf", "crlf"]))
def test_pydifact_takes_apart_whatever_we_write_as_it_was_meant(made, newline):
    from pydifact.segmentcollection import Interchange

    format_ = EdifactFormat(EdifactOptions(newline=newline, check="envelope"))
    envelope = format_.envelope(sender=Identity(id="A", qualifier="14"), receiver=Identity(id="B"))
    messages = [Encoded(kind="ORDERS", version="D:96A:UN", body=body) for body in made]
    payload = format_.write(messages, envelope=envelope, context=Context(now=NOW))
    read = list(Interchange.from_str(payload.decode("latin-1")).get_messages())
    theirs = [[[segment.tag, *map(joined, segment.elements)] for segment in message.segments] for message in read]
    # it leaves out empty components at the end of an element
    ours = [[[element.rstrip("\x1f") for element in text.split("\x1d")] for text in body] for body in made]
    assert [(message.type, len(message.segments)) for message in read] == [("ORDERS", len(body)) for body in made]
    assert theirs == ours


def joined(element):
    return (element if isinstance(element, str) else "\x1f".join(element)).rstrip("\x1f")


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["850", "855"]), bodies(st.text("abc 12.,'?", max_size=6))), min_size=1),
    st.sampled_from(["none", "lf"]),
)
def test_pyx12_takes_apart_whatever_we_write_as_it_was_meant(made, newline):
    import pyx12.x12file

    format_ = X12Format(X12Options(newline=newline, component=":", check="envelope"))
    envelope = format_.envelope(sender=Identity(id="A"), receiver=Identity(id="B"))
    messages = [Encoded(kind=kind, version="004010", body=body) for kind, body in made]
    payload = format_.write(messages, envelope=envelope, context=Context(now=NOW)).decode()
    reader = pyx12.x12file.X12Reader(io.StringIO(payload))
    read = [segment.format("~", "*", ":") for segment in reader]
    reader.cleanup()
    assert reader.pop_errors() == []
    ours = [text.lstrip("\n") + "~" for text in payload.split("~") if text.strip()]
    # it trims empty components at the end of an element, and elements at the end of a segment
    assert [trimmed(text) for text in read] == [trimmed(text) for text in ours]


def trimmed(segment):
    return "*".join(element.rstrip(":") for element in segment.rstrip("~").split("*")).rstrip("*")
