"""Laws of reading and writing, over generated interchanges with odd separators and any values."""

from datetime import UTC, datetime

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from transload.adapters.base import Context, Encoded, Identity
from transload.adapters.base.content import Content
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.faults import Lines
from transload.adapters.edi.options import EdifactOptions, X12Options
from transload.adapters.edi.segments import locate, offset_in, resolve
from transload.adapters.edi.separators import Separators

CONTEXT = Context(now=datetime(2026, 1, 15, 8, 30, tzinfo=UTC))
MARKS = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'\xa7\xb0"
C1 = "".join(map(chr, range(0x7F, 0xA0)))


def latin(exclude=""):
    return st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters=C1 + exclude)


TAGS = ["BGM", "DTM", "FTX", "PO1", "A0Z"]


def segments(text, *, repeating):
    """Segments as a mapping writes them: components, repetitions, empty tails trimmed."""
    composite = st.lists(text, min_size=1, max_size=4).map("\x1f".join)
    element = st.lists(composite, min_size=1, max_size=3).map("\x1e".join) if repeating else composite
    made = st.tuples(st.sampled_from(TAGS), st.lists(element, max_size=6)).map(
        lambda pair: "\x1d".join([pair[0], *pair[1]])
    )
    return made.map(lambda segment: segment.rstrip("\x1d\x1e\x1f"))


@st.composite
def edifact_case(draw):
    version = draw(st.sampled_from(["1", "3", "4"]))
    component, element, decimal, release, repetition, terminator = draw(
        st.lists(st.sampled_from([c for c in MARKS if c.isascii()]), min_size=6, max_size=6, unique=True)
    )
    service = f"{component}{element}{decimal}{release}{repetition if version == '4' else ' '}{terminator}"
    options = EdifactOptions(
        check="envelope",
        syntax=f"UNOC:{version}",
        separators=service,
        newline=draw(st.sampled_from(["none", "lf", "crlf"])),
        group=draw(st.booleans()),
    )
    value = st.text(latin(), max_size=12)
    bodies = draw(st.lists(st.lists(segments(value, repeating=version == "4"), max_size=5), min_size=1, max_size=3))
    return options, bodies


def as_written(message):
    """The body of a read message in the form in which it is encoded."""
    body = message.body

    def text(segment):
        joined = "\x1d".join(segment)
        for own, control in ((body.component, "\x1f"), (body.repetition, "\x1e")):
            joined = joined.replace(own, control) if own else joined
        return joined

    return [text(segment) for segment in body.segments]


@settings(max_examples=80)
@given(edifact_case())
def test_what_is_written_is_read_and_written_again_the_same(case):
    options, bodies = case
    format_ = EdifactFormat(options)
    envelope = format_.envelope(sender=Identity(id="SENDER", qualifier="14"), receiver=Identity(id="R"), test=True)
    messages = [Encoded(kind="ORDERS", version="D:96A:UN:EAN008", body=body) for body in bodies]
    payload = format_.write(messages, envelope=envelope, context=CONTEXT)
    reading = format_.read(payload)
    assert reading.findings == ()
    read = list(reading)
    assert [as_written(message) for message in read] == bodies
    assert without_charset(read) == []
    assert all(message.test and message.sender == Identity(id="SENDER", qualifier="14") for message in read)
    again = [Encoded(kind=m.kind, version=m.version, body=as_written(m)) for m in read]
    assert format_.write(again, envelope=[m.envelope for m in read], context=CONTEXT) == payload


def without_charset(messages):
    """The findings of messages, but not that letters beyond ASCII look like UTF-8, as they may by chance."""
    return [finding for message in messages for finding in message.findings if not finding.code.endswith("-CHARSET")]


@st.composite
def x12_case(draw):
    version = draw(st.sampled_from(["00401", "00501"]))
    element, component, repetition, terminator = draw(
        st.lists(st.sampled_from([c for c in MARKS if c.isascii()]), min_size=4, max_size=4, unique=True)
    )
    options = X12Options(
        check="envelope",
        charset="latin-1",
        version=version,
        element=element,
        component=component,
        repetition=repetition,
        terminator=terminator,
        newline=draw(st.sampled_from(["none", "lf", "crlf"])),
    )
    value = st.text(latin(exclude=options.service().service), max_size=12)
    one = st.lists(segments(value, repeating=version == "00501"), max_size=5)
    return options, draw(st.lists(one, min_size=1, max_size=3))


@settings(max_examples=80)
@given(x12_case())
def test_x12_that_is_written_is_read_and_written_again_the_same(case):
    options, bodies = case
    format_ = X12Format(options)
    envelope = format_.envelope(sender=Identity(id="SENDER"), receiver=Identity(id="R", qualifier="01"))
    messages = [Encoded(kind="850", version="004010", body=body) for body in bodies]
    payload = format_.write(messages, envelope=envelope, context=CONTEXT)
    reading = format_.read(payload)
    assert reading.findings == ()
    read = list(reading)
    assert [as_written(message) for message in read] == bodies
    assert without_charset(read) == []
    again = [Encoded(kind=m.kind, version=m.version, body=as_written(m)) for m in read]
    assert format_.write(again, envelope=[m.envelope for m in read], context=CONTEXT) == payload


@settings(max_examples=60)
@given(edifact_case())
def test_every_value_stands_where_its_place_says(case):
    options, bodies = case
    format_ = EdifactFormat(options)
    envelope = format_.envelope(sender=Identity(id="S"), receiver=Identity(id="R"))
    payload = format_.write([Encoded(kind="A", version="D:96A", body=bodies[0])], envelope=envelope, context=CONTEXT)
    reading = format_.read(payload)
    (message,) = reading
    separators = next(iter(reading.interchanges)).separators
    assume(message.body.segments)
    for index, segment in enumerate(message.body.segments):
        place = message.body.place(index)
        assert payload[place.byte :].decode("latin-1").startswith(segment[0])
        assert payload[: place.byte].count(b"\n") + 1 == place.line
        for number, value in enumerate(segment[1:], 1):
            repeated = value.split(message.body.repetition) if message.body.repetition else [value]
            for turn, part in enumerate(repeated, 1):
                for component, text in enumerate(part.split(message.body.component), 1):
                    byte = message.body.place(index, number, turn, component).byte
                    written = separators.put(text) if message.body.component == "\x1f" else text
                    assert payload[byte:].decode("latin-1").startswith(written)


@settings(max_examples=200)
@given(st.text(st.sampled_from("ab?'+:*\x01\x02\x1c\x1d\x1f\n"), max_size=30), st.booleans())
def test_resolving_quickly_and_slowly_is_the_same(text, repeating):
    """`resolve` against a reader that goes character by character, written for this test alone."""
    repetition = "*" if repeating else ""
    separators = Separators(element="+", component=":", terminator="'", release="?", repetition=repetition)
    meaning = {"'": "\x1c", "+": "\x1d", ":": "\x1f", **({"*": "\x1e"} if repeating else {})}
    slow = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "?" and at + 1 < len(text):
            at += 1
            character = text[at]
            slow.append(chr(0x2400 + ord(character)) if character in "\x1c\x1d\x1e\x1f" else character)
        elif character in "\x1c\x1d\x1e\x1f":
            slow.append(chr(0x2400 + ord(character)))
        else:
            slow.append(meaning.get(character, character))
        at += 1
    assert resolve(text, separators) == "".join(slow)


def test_locating_follows_release_characters():
    separators = Separators(element="+", component=":", terminator="'", release="?")
    payload = b"\nA+1?'2'''B+??'C+x?+y:z"
    assert locate(payload, separators, binary=False) == [(1, 7), (10, 14), (15, 23)]
    assert 15 + offset_in(payload[15:23], separators, 1, None, 2) == payload.index(b"z")


@settings(max_examples=300)
@given(st.lists(st.sampled_from(["A+1", "B", " ", "\r\n", "\n", "'", "'", "C "]), max_size=20), st.sampled_from("'\n"))
def test_locating_quickly_and_by_release_characters_is_the_same(parts, terminator):
    """Where no terminator is released nothing need be walked; one that is, at the end, has all walked."""
    separators = Separators(element="+", component=":", terminator=terminator, release="?")
    payload = "".join(parts).encode()
    quick = locate(payload + terminator.encode(), separators, binary=False)
    *walked, last = locate(payload + f"{terminator}X?{terminator}".encode(), separators, binary=False)
    assert quick == walked
    assert last == (len(payload) + 1, len(payload) + 4)


@settings(max_examples=200)
@given(st.lists(st.integers(0, 300_000), max_size=12), st.integers(1, 70_000), st.sampled_from([b"\n", b"\r", b"\r\n"]))
def test_lines_are_counted_in_whatever_order_places_are_asked_for(offsets, width, end):
    payload = (b"x" * width + end) * (300_000 // width)
    lines = Lines(Content.of(payload))
    mark = b"\n" if b"\n" in end else b"\r"
    for offset in offsets:
        assert lines.line(offset) == 1 + payload[:offset].count(mark)
