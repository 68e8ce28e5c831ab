"""Many messages in one payload: groups, references, counts, and writing message by message."""

import re
import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from transload.adapters.base import ConfigurationError, Context, Encoded, Identity, Reject
from transload.adapters.edi.writing.numbers import References

A, B = Identity(id="A"), Identity(id="B")
PO = Encoded(kind="850", version="004010", body=["BEG\x1d00\x1dSA\x1d1\x1d\x1d20260115"])
POA = Encoded(kind="855", version="004010", body=["BAK\x1d00\x1dAD\x1d1\x1d20260115"])
OLD = Encoded(kind="850", version="003040", body=["BEG\x1d00"])
ORDERS = Encoded(kind="ORDERS", version="D:96A:UN", body=["BGM\x1d220"])
INVOIC = Encoded(kind="INVOIC", version="D:96A:UN", body=["BGM\x1d380"])
BAD = Encoded(kind="ORDERS", version="D:96A:UN", body=["BGM\x1d220", "FTX\x1dAAI\x1d\x1d\x1d漢"])


class Numbers:
    """A series that starts anywhere, and remembers who asked."""

    def __init__(self, start: int = 1) -> None:
        self.asked: list[str] = []
        self._next = start - 1

    def next(self, series: str) -> int:
        self.asked.append(series)
        self._next += 1
        return self._next


def outline(payload: bytes) -> str:
    """The tags of an X12 payload's service segments with what counts and refers."""
    found = []
    for segment in payload.decode().split("~"):
        elements = segment.split("*")
        if elements[0] in ("GS", "ST", "SE", "GE", "IEA"):
            shown = {"GS": (1, 6, 8), "ST": (1, 2), "SE": (1, 2), "GE": (1, 2), "IEA": (1, 2)}[elements[0]]
            found.append(elements[0] + ":" + ",".join(elements[at] for at in shown))
    return " ".join(found)


def test_mixed_types_are_put_into_a_group_each(x12, context):
    envelope = x12().envelope(sender=A, receiver=B)
    written = x12().write([PO, POA, OLD, PO, POA], envelope=envelope, context=context)
    assert outline(written) == (
        "GS:PO,1,004010 ST:850,0001 SE:3,0001 ST:850,0002 SE:3,0002 GE:2,1 "
        "GS:PR,2,004010 ST:855,0001 SE:3,0001 ST:855,0002 SE:3,0002 GE:2,2 "
        "GS:PO,3,003040 ST:850,0001 SE:3,0001 GE:1,3 IEA:3,000000001"
    )


def test_edifact_groups_count_references_on_and_have_the_message_type(edifact, context):
    format_ = edifact(group=True)
    envelope = format_.envelope(sender=A, receiver=B)
    written = format_.write([ORDERS, INVOIC, ORDERS], envelope=envelope, context=context).decode()
    assert re.findall(r"UNG\+(\w+)|UNH\+(\d+)\+(\w+)|UNE\+(\d\+\d)'|UNZ\+(\d)\+", written) == [
        ("ORDERS", "", "", "", ""),
        ("", "1", "ORDERS", "", ""),
        ("", "2", "ORDERS", "", ""),
        ("", "", "", "2+1", ""),
        ("INVOIC", "", "", "", ""),
        ("", "3", "INVOIC", "", ""),
        ("", "", "", "1+2", ""),
        ("", "", "", "", "2"),
    ]


def test_without_groups_the_order_stays(edifact, context):
    envelope = edifact().envelope(sender=A, receiver=B)
    written = edifact().write([ORDERS, INVOIC, ORDERS], envelope=envelope, context=context).decode()
    assert re.findall(r"UNH\+(\d)\+(\w+)", written) == [("1", "ORDERS"), ("2", "INVOIC"), ("3", "ORDERS")]
    assert written.endswith("UNZ+3+1'")


def test_message_by_message_gives_the_same_bytes(edifact, x12, context):
    for format_, messages in ((edifact(newline="lf"), [ORDERS, INVOIC]), (x12(newline="crlf"), [PO, PO, POA])):
        envelope = format_.envelope(sender=A, receiver=B)
        at_once = format_.write(messages, envelope=envelope, context=Context(now=context.now))
        writing = format_.writing(envelope=envelope, context=Context(now=context.now))
        pieces = [writing.add(message) for message in messages]
        assert all(pieces)
        assert b"".join([*pieces, writing.close()]) == at_once


def test_a_refused_message_leaves_no_trace(edifact, context):
    numbers = Numbers()
    writing = edifact().writing(
        envelope=edifact().envelope(sender=A, receiver=B), context=replace(context, numbers=numbers)
    )
    with pytest.raises(Reject) as refused:
        writing.add(BAD)
    assert numbers.asked == []
    assert [(f.place.message, f.place.segment, f.place.element) for f in refused.value.findings] == [(1, 3, 4)]
    first = writing.add(ORDERS)
    with pytest.raises(Reject) as refused:
        writing.add(BAD)
    assert refused.value.findings[0].place.message == 3
    written = b"".join([first, writing.add(INVOIC), writing.close()]).decode()
    assert re.findall(r"UNH\+(\d)\+(\w+)|UNZ\+(\d)", written) == [
        ("1", "ORDERS", ""),
        ("2", "INVOIC", ""),
        ("", "", "2"),
    ]
    assert numbers.asked == ["edifact/A/B/interchange"]


def test_all_that_is_wrong_with_all_messages_is_told(edifact, context):
    envelope = edifact().envelope(sender=A, receiver=B)
    with pytest.raises(Reject) as refused:
        edifact().write([BAD, ORDERS, BAD], envelope=envelope, context=context)
    assert [f.place.message for f in refused.value.findings] == [1, 3]
    assert str(refused.value) == "the interchange cannot be written: '漢' is no character of ISO 8859-1 (and 1 more)"


def test_a_payload_without_messages_cannot_be_closed(edifact, x12, context):
    for format_ in (edifact(), x12()):
        writing = format_.writing(envelope=format_.envelope(sender=A, receiver=B), context=context)
        with pytest.raises(Reject, match="there is no message to write"):
            writing.close()
    with pytest.raises(ConfigurationError, match="an envelope of x12 is needed"):
        x12().writing(envelope=edifact().envelope(sender=A, receiver=B), context=context)
    with pytest.raises(ConfigurationError, match="an envelope of x12 is needed"):
        x12().writing(context=context).add(PO, edifact().envelope(sender=A, receiver=B))


def test_thirty_thousand_messages_take_no_more_memory_than_a_thousand(edifact, x12, context):
    """Header, counts and references are right, though nothing but the counts is remembered."""
    for format_, message, last, end in (
        (edifact(), ORDERS, b"UNT+3+30000'", b"UNZ+30000+1'"),
        (x12(), PO, b"SE*3*30000~", b"GE*30000*1~IEA*1*000000001~"),
    ):
        writing = format_.writing(envelope=format_.envelope(sender=A, receiver=B), context=Context(now=context.now))
        for _ in range(1000):
            writing.add(message)
        tracemalloc.start()
        for _ in range(28_999):
            writing.add(message)
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert writing.add(message).endswith(last)
        assert writing.close() == end
        assert grown < 100_000  # two bytes a message, and the interpreter keeps about half of it for reuse


def test_numbers_wrap_at_what_their_elements_hold(edifact, x12, context):
    envelope = x12().envelope(sender=A, receiver=B)
    far = replace(context, numbers=Numbers(999_999_999))
    assert outline(x12().write([PO, POA], envelope=envelope, context=far)).endswith("GE:1,2 IEA:2,999999999")
    format_ = edifact(group=True)
    far = replace(context, numbers=Numbers(99_999_999_999_999))
    written = format_.write([ORDERS], envelope=format_.envelope(sender=A, receiver=B), context=far).decode()
    assert written.endswith("UNE+1+1'UNZ+1+99999999999999'")


def test_references_grow_beyond_four_digits_and_pass_by_given_ones():
    references = References(4)
    references.take("0002", made=False)
    references.take("X", made=False)
    assert references.new() == "0001"
    references.take("0001", made=True)
    assert references.new() == "0003"
    references.take("9999", made=True)
    assert references.new() == "10000"
    assert references.made("0001")
    assert not any(references.made(other) for other in ("0002", "X", "1", "00001", "10000", "", "٣"))
    assert references.given("0002")


def test_a_given_reference_that_is_taken_is_replaced_and_a_given_twin_refused(edifact, interchange, context):
    first, second = edifact().read(interchange("BGM+1'", "BGM+2'"))
    mixed = edifact().write([INVOIC, ORDERS], envelope=[first.envelope, second.envelope], context=context)
    assert re.findall(rb"UNH\+(\d)\+(\w+)", mixed) == [(b"1", b"INVOIC"), (b"2", b"ORDERS")]
    mixed = edifact().write([INVOIC, ORDERS], envelope=[second.envelope, first.envelope], context=context)
    assert re.findall(rb"UNH\+(\d)\+(\w+)", mixed) == [(b"1", b"INVOIC"), (b"2", b"ORDERS")]
    twins = [first.envelope, first.envelope]
    with pytest.raises(Reject) as refused:
        edifact().write([ORDERS, ORDERS], envelope=twins, context=context)
    (found,) = refused.value.findings
    assert (found.code, found.message) == ("E-DOMAIN", "a message before it has the same reference")
    assert (found.place.message, found.place.tag, found.place.element, found.value) == (2, "UNH", 1, "1")
    assert edifact(lenient=["duplicate"]).write([ORDERS, ORDERS], envelope=twins, context=context)


def test_what_has_ended_does_not_begin_again(edifact, x12, interchange, sets, context):
    """Its references would stand twice in the payload."""
    first, second = edifact().read(interchange("BGM+1'", "BGM+2'"))
    (other,) = edifact().read(interchange("BGM+1'", unb="UNB+UNOC:3+S+R+260114:0915+REF2'", unz="UNZ+1+REF2'"))
    given = [first.envelope, other.envelope, second.envelope]
    with pytest.raises(Reject) as refused:
        edifact().write([ORDERS] * 3, envelope=given, context=context)
    (found,) = refused.value.findings
    assert found.message == "the interchange that this message comes from has ended already"
    assert (found.place.message, found.place.tag, found.value) == (3, "UNB", "REF1")
    renewed = [envelope.again() for envelope in given]
    assert edifact().write([ORDERS] * 3, envelope=renewed, context=context).count(b"UNB+") == 3
    first, second = x12().read(sets("BEG*00~", "BEG*00~"))
    (acknowledged,) = x12().read(sets().replace(b"GS*PO", b"TA1*000000001*260113*0915*A*000~GS*PO"))
    acknowledgement = Encoded(kind="TA1", version="00401", body=["TA1\x1d000000001\x1d260113\x1d0915\x1dA\x1d000"])
    given = [first.envelope, acknowledged.envelope, second.envelope]
    with pytest.raises(Reject, match="the group that this message comes from has ended already"):
        x12().write([PO, acknowledgement, PO], envelope=given, context=context)


def test_a_new_message_joins_the_group_of_the_first(x12, sets, context):
    (message,) = x12().read(sets("BEG*00~"))
    written = x12().write([PO, PO], envelope=message.envelope, context=context)
    assert outline(written) == "GS:PO,7,004010 ST:850,0001 SE:3,0001 ST:850,0002 SE:3,0002 GE:2,7 IEA:1,000000007"


def test_dates_are_those_of_the_clock_on_both_sides_of_a_change_of_the_hour(edifact, x12):
    """The hour that comes twice is written as the clock on the wall shows it; the context's zone decides."""
    berlin = ZoneInfo("Europe/Berlin")
    for fold, utc in ((0, 0), (1, 1)):
        now = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=fold)
        assert now.astimezone(ZoneInfo("UTC")).hour == utc
        context = Context(now=now)
        for syntax, day in (("UNOC:3", "261025"), ("UNOC:4", "20261025")):
            format_ = edifact(syntax=syntax, group=True)
            written = format_.write([ORDERS], envelope=format_.envelope(sender=A, receiver=B), context=context).decode()
            assert written.count(f"+{day}:0230+") == 2  # UNB and UNG
        written = x12().write([PO], envelope=x12().envelope(sender=A, receiver=B), context=context).decode()
        assert "*261025*0230*" in written
        assert "*20261025*0230*" in written
    spring = datetime(2026, 3, 29, 1, 59, tzinfo=ZoneInfo("UTC")) + timedelta(minutes=1)
    written = edifact().write(
        [ORDERS],
        envelope=edifact().envelope(sender=A, receiver=B),
        context=Context(now=spring.astimezone(berlin)),
    )
    assert b"+260329:0400+" in written


def test_what_a_new_header_cannot_hold_is_refused(edifact, x12, context):
    envelope = edifact().envelope(sender=Identity(id="X" * 36), receiver=Identity(id="B", qualifier="12345"))
    with pytest.raises(Reject) as refused:
        edifact().write([ORDERS], envelope=envelope, context=context)
    assert [(f.message, f.place.tag, f.place.element, f.place.component) for f in refused.value.findings] == [
        ("this component takes 35 characters, not 36", "UNB", 2, None),
        ("this component takes 4 characters, not 5", "UNB", 3, 2),
    ]
    lone = replace(x12().envelope(sender=A, receiver=B), separators=replace(x12().options.service(), component=""))
    with pytest.raises(Reject, match="this interchange has no separator of components"):
        x12().write([Encoded(kind="850", version="004010", body=["REF\x1da\x1fb"])], envelope=lone, context=context)
