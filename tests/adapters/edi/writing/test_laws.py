"""Laws of writing: over all character sets, syntax versions and separators, any bytes, and any layout."""

from datetime import UTC, datetime

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from transload.adapters.base import Context, Encoded, Identity, Reject
from transload.adapters.edi import EdifactFormat, TradacomsFormat, X12Format
from transload.adapters.edi.charsets import CODECS, SYNTAX
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.options import EdifactOptions, TradacomsOptions, X12Options
from transload.adapters.edi.separators import Separators
from transload.adapters.edi.writing.carrier import Carrier
from transload.adapters.edi.writing.domain import findings_of

NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
MARKS = list("!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'")
A, B = Identity(id="SENDER", qualifier="14"), Identity(id="R")
PICTURES = "␜␝␞␟"
"""These stand for control characters where those are read, so they are reported as such."""


def fresh() -> Context:
    return Context(now=NOW)


def characters(charset):
    """The characters that a syntax identifier's character set holds, control characters aside."""
    if charset.codec == "utf-8":
        return st.characters(exclude_categories=("Cc", "Cs"), exclude_characters=PICTURES)
    every = (bytes([point]).decode(charset.codec, "ignore") for point in range(0x20, 0x100))
    known = [text for text in every if text and text.isprintable() | (text in "\xa0\xad")]
    if charset.foreign:
        known = [text for text in known if not charset.foreign.match(text)]
    return st.sampled_from(known)


def bodies(value, *, repeating=False):
    """Bodies as a mapping writes them: components, repetitions, empty tails trimmed."""
    composite = st.lists(value, min_size=1, max_size=4).map("\x1f".join)
    element = st.lists(composite, min_size=1, max_size=3).map("\x1e".join) if repeating else composite
    segment = st.tuples(st.sampled_from(["BGM", "FTX", "A0Z"]), st.lists(element, max_size=5)).map(
        lambda pair: "\x1d".join([pair[0], *pair[1]]).rstrip("\x1d\x1e\x1f")
    )
    return st.lists(segment, max_size=4)


def as_encoded(message):
    """A read message as a mapping would write it."""
    body = message.body

    def text(segment):
        joined = "\x1d".join(segment)
        for own, control in ((body.component, "\x1f"), (body.repetition, "\x1e")):
            joined = joined.replace(own, control) if own else joined
        return joined

    return Encoded(kind=message.kind, version=message.version, body=[text(segment) for segment in body.segments])


def read_again(format_, payload, messages):
    """The messages of a payload that was written, which are those that were given, without any finding."""
    reading = format_.read(payload)
    assert reading.findings == ()
    read = list(reading)
    # letters beyond ASCII may look like UTF-8 by chance, which is said
    other = [finding for message in read for finding in message.findings if not finding.code.endswith("-CHARSET")]
    assert other == []
    assert sorted(map(repr, map(as_encoded, read))) == sorted(map(repr, messages))
    envelopes = [message.envelope for message in read]
    assert format_.write(list(map(as_encoded, read)), envelope=envelopes, context=fresh()) == payload
    kept = [Envelope.from_dict(envelope.as_dict()) for envelope in envelopes]
    assert kept == envelopes
    return read


@st.composite
def edifact_case(draw):
    level, version = draw(st.sampled_from(sorted(SYNTAX))), draw(st.sampled_from("1234"))
    # capital letters alone stand in level A, and some marks do not
    component, element, decimal, release, repetition, terminator = draw(
        st.lists(st.sampled_from(MARKS), min_size=6, max_size=6, unique=True)
    )
    options = EdifactOptions(
        check="envelope",
        syntax=f"{level}:{version}",
        separators=f"{component}{element}{decimal}{release}{repetition if version == '4' else ' '}{terminator}",
        newline=draw(st.sampled_from(["none", "lf", "crlf"])),
        group=draw(st.booleans()),
    )
    value = st.text(characters(SYNTAX[level]), max_size=10)
    kinds = st.sampled_from([("ORDERS", "D:96A:UN:EAN008"), ("INVOIC", "D:01B:UN"), ("ORDERS", "D:01B:UN")])
    pairs = draw(st.lists(st.tuples(kinds, bodies(value, repeating=version == "4")), min_size=1, max_size=5))
    return options, [Encoded(kind=kind, version=of, body=body) for (kind, of), body in pairs]


@settings(max_examples=150)
@given(edifact_case())
def test_edifact_in_every_character_set_is_read_as_it_was_meant(case):
    options, messages = case
    format_ = EdifactFormat(options)
    payload = format_.write(messages, envelope=format_.envelope(sender=A, receiver=B), context=fresh())
    read = read_again(format_, payload, messages)
    assert {message.sender for message in read} == {A}
    day = "20260115" if options.syntax.endswith("4") else "260115"
    assert {message.envelope.prepared for message in read} == {f"{day}:0830"}


@settings(max_examples=60)
@given(st.data(), st.sampled_from(sorted(CODECS)), st.sampled_from(["00401", "00501", "00801"]))
def test_x12_in_every_character_set_is_read_as_it_was_meant(data, codec, version):
    element, component, repetition, terminator = data.draw(
        st.lists(st.sampled_from(MARKS), min_size=4, max_size=4, unique=True)
    )
    options = X12Options(
        check="envelope",
        charset=codec,
        version=version,
        element=element,
        component=component,
        repetition=repetition,
        terminator=terminator,
        newline=data.draw(st.sampled_from(["none", "lf", "crlf"])),
    )
    service = options.service().service
    value = st.text(characters(CODECS[codec]).filter(lambda character: character not in service), max_size=10)
    kinds = st.sampled_from([("850", "004010"), ("855", "004010"), ("837", "005010X222A1")])
    pairs = data.draw(st.lists(st.tuples(kinds, bodies(value, repeating=version > "00401")), min_size=1, max_size=5))
    messages = [Encoded(kind=kind, version=of, body=body) for (kind, of), body in pairs]
    format_ = X12Format(options)
    payload = format_.write(messages, envelope=format_.envelope(sender=Identity(id="A"), receiver=B), context=fresh())
    read_again(format_, payload, messages)


@settings(max_examples=60)
@given(st.data(), st.booleans(), st.sampled_from(["none", "crlf"]))
def test_tradacoms_is_read_as_it_was_meant(data, reconciliation, newline):
    format_ = TradacomsFormat(
        TradacomsOptions(check="envelope", charset="latin-1", reconciliation=reconciliation, newline=newline)
    )
    made = data.draw(st.lists(bodies(st.text(characters(CODECS["latin-1"]), max_size=10)), min_size=1, max_size=4))
    messages = [Encoded(kind="ORDERS", version="9", body=body) for body in made]
    envelope = format_.envelope(sender=Identity(id="5000000000000"), receiver=Identity(id="B"))
    payload = format_.write(messages, envelope=envelope, context=fresh())
    if reconciliation:
        messages.append(Encoded(kind="RSGRSG", version="2", body=["RSG\x1d1\x1dB"]))
    read = read_again(format_, payload, messages)
    assert [message.reference for message in read] == [str(number) for number in range(1, len(messages) + 1)]


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=80) | st.sampled_from([b"'UNZ+1+1'", b"UNP+3+1'", b"?"]), min_size=1, max_size=3))
def test_objects_of_any_bytes_are_read_as_they_were(objects):
    format_ = EdifactFormat(EdifactOptions(check="envelope", syntax="UNOC:4", newline="lf"))
    envelope = format_.envelope(sender=A, receiver=B)
    package = Envelope.from_dict({**envelope.as_dict(), "message": ["", ["AAI", "1"], ["48", "EDA"]]})
    messages = [Encoded(kind="UNO", body=[data.decode("latin-1")]) for data in objects]
    payload = format_.write(messages, envelope=[package] * len(objects), context=fresh())
    reading = format_.read(payload)
    read = list(reading)
    assert [*reading.findings, *(finding for message in read for finding in message.findings)] == []
    assert [message.body.segments[0][0].encode("latin-1") for message in read] == objects
    again = [Encoded(kind="UNO", body=message.body.segments[0]) for message in read]
    assert format_.write(again, envelope=[message.envelope for message in read], context=fresh()) == payload


BLANK = st.text(st.sampled_from(" \t\r\n"), max_size=3)


@settings(max_examples=150)
@given(st.data(), st.booleans())
def test_any_blanks_between_segments_and_any_needless_release_stand_again(data, groups):
    format_ = EdifactFormat(EdifactOptions(check="envelope", group=groups))
    value = st.text(st.sampled_from("ab?'+: \xe4"), max_size=6)
    made = data.draw(st.lists(bodies(value), min_size=1, max_size=3))
    messages = [Encoded(kind="ORDERS", version="D:96A:UN", body=body) for body in made]
    plain = format_.write(messages, envelope=format_.envelope(sender=A, receiver=B), context=fresh()).decode("latin-1")
    una, rest = plain[:9], plain[9:]
    mixed, at = [data.draw(BLANK), una, data.draw(BLANK)], 0
    while at < len(rest):
        character = rest[at]
        if character == "?":
            mixed.append(rest[at : at + 2])
            at += 2
            continue
        if character in "abS" and data.draw(st.integers(0, 5)) == 0:
            mixed.append("?")
        mixed.append(character)
        if character == "'":
            mixed.append(data.draw(BLANK))
        at += 1
    payload = "".join(mixed).encode("latin-1")
    reading = format_.read(payload)
    read = list(reading)
    assume(not [*reading.findings, *(finding for message in read for finding in message.findings)])
    assert list(map(as_encoded, read)) == messages
    envelopes = [message.envelope for message in read]
    assert format_.write(list(map(as_encoded, read)), envelope=envelopes, context=fresh()) == payload


@settings(max_examples=300)
@given(
    st.lists(st.text(st.sampled_from("aÄ漢+:'*?=\x01\x0a\x19\x1c\x1d\x1e\x1f\x80\x9f~"), max_size=8), max_size=4),
    st.sampled_from(sorted({**SYNTAX, **CODECS})),
    st.sampled_from(["edifact", "version 4", "x12", "tradacoms"]),
    st.booleans(),
)
def test_a_message_is_refused_exactly_when_a_value_has_a_finding(segments, name, syntax, any_character):
    separators = {
        "edifact": Separators(element="+", component=":", terminator="'", release="?"),
        "version 4": Separators(element="+", component=":", terminator="'", release="?", repetition="*"),
        "x12": Separators(element="*", component=":", terminator="~"),
        "tradacoms": Separators(element="+", component=":", terminator="'", release="?", tag="="),
    }[syntax]
    carrier = Carrier(separators, {**SYNTAX, **CODECS}[name], any_character=any_character)
    segments = ["TAG\x1d" + segment for segment in segments] or ["TAG"]
    assert (carrier.encode(segments) is None) == bool(findings_of(segments, carrier, 1))


@settings(max_examples=60)
@given(st.lists(st.sampled_from(["850", "855", "漢", "*"]), max_size=8))
def test_refused_messages_change_nothing_for_the_others(texts):
    """Message by message, what is refused might as well not have been there."""
    format_ = X12Format(X12Options(check="envelope", charset="latin-1"))
    envelope = format_.envelope(sender=Identity(id="A"), receiver=Identity(id="B"))

    def written(chosen):
        writing = format_.writing(envelope=envelope, context=fresh())
        pieces = []
        for text in chosen:
            kind = text if text.isdigit() else "850"
            try:
                pieces.append(writing.add(Encoded(kind=kind, version="004010", body=[f"REF\x1d{text}"])))
            except Reject as refused:
                pieces += [finding.message.encode() for finding in refused.findings if finding.code != "E-DOMAIN"]
        return b"".join(pieces) + (writing.close() if any(pieces) else b"")

    assert written(texts) == written([text for text in texts if text.isdigit()])
