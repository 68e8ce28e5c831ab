"""Each fault of an envelope: its code, sentence, place and acknowledgement codes."""

import pytest

from transload.adapters.edi import TradacomsFormat
from transload.adapters.edi.options import TradacomsOptions

MESSAGE = "BGM+220+1+9'"


def only(findings):
    (found,) = findings
    return found


def test_a_sound_interchange_has_no_findings(edifact, interchange, x12, sets):
    for reading in (edifact().read(interchange(MESSAGE, MESSAGE)), x12().read(sets("BEG*00*SA*1**20260114~"))):
        assert reading.findings == ()
        assert [message.findings for message in reading] == [()] * len(list(reading))


@pytest.mark.parametrize(
    ("unz", "text", "ack"),
    [
        ("UNZ+2+REF1'", "error E-COUNT UNZ says 2, but the interchange has 1 message", "29"),
        ("UNZ++REF1'", "error E-COUNT UNZ says nothing, but the interchange has 1 message", "29"),
        ("UNZ+1+REF2'", "error E-REFERENCE the reference in UNZ is not that in UNB, which is 'REF1'", "28"),
        ("", "error E-TRAILER the interchange that UNB began has no UNZ", "13"),
    ],
)
def test_the_interchange_trailer(edifact, interchange, unz, text, ack):
    payload = interchange(MESSAGE, unz=unz)
    found = only(edifact().read(payload, file="in.edi").findings)
    assert found.line().split(": ", 1)[1].split(" (")[0] == text
    assert dict(found.ack) == {"0085": ack}
    assert found.place.file == "in.edi"
    assert found.place.interchange == 1
    assert found.place.byte == (payload.index(b"UNZ") if unz else len(payload) - 1)


def test_golden_text_of_a_wrong_segment_count(edifact):
    payload = b"UNB+UNOC:3+S+R+260114:0915+X'\nUNH+1+ORDERS:D:96A:UN'\nBGM+220'\nUNT+7+2'\nUNZ+1+X'\n"
    (message,) = edifact().read(payload, file="orders.edi")
    assert [str(finding) for finding in message.findings] == [
        "error E-COUNT UNT says 7, but the message has 3 segments\n"
        "    value    '7'\n"
        "    source   orders.edi line 4 byte 62, interchange 1, message 1, segment 3 UNT, element 1\n"
        "    hint     UNH and UNT count; add count to lenient: if this partner counts otherwise",
        "error E-REFERENCE the reference in UNT is not that in UNH, which is '1'\n"
        "    value    '2'\n"
        "    source   orders.edi line 4 byte 62, interchange 1, message 1, segment 3 UNT, element 2\n"
        "    hint     if this partner may do so, add reference to lenient: under format",
    ]
    assert [dict(finding.ack) for finding in message.findings] == [{"0085": "29"}, {"0085": "28"}]


def test_groups_are_counted_where_they_are_used(edifact):
    payload = (
        b"UNB+UNOC:3+S+R+260114:0915+X'UNG+ORDERS+S+R+260114:0915+G1+UN+D:96A'UNH+1+ORDERS:D:96A:UN'UNT+2+1'"
        b"UNH+2+ORDERS:D:96A:UN'UNT+2+2'UNE+2+G1'UNZ+1+X'"
    )
    reading = edifact().read(payload)
    assert reading.findings == ()
    assert [(m.reference, m.body.place(0).group) for m in reading] == [("1", 1), ("2", 1)]
    wrong = edifact().read(payload.replace(b"UNE+2+G1", b"UNE+3+G2"))
    assert [(f.code, f.place.group, f.place.tag, dict(f.ack)) for f in wrong.findings] == [
        ("E-COUNT", 1, "UNE", {"0085": "29"}),
        ("E-REFERENCE", 1, "UNE", {"0085": "28"}),
    ]


def test_x12_trailers_have_the_codes_of_their_level(x12, sets):
    payload = sets("BEG*00~").replace(b"SE*3*0001", b"SE*4*0002").replace(b"GE*1*7", b"GE*2*8")
    payload = payload.replace(b"IEA*1*000000007", b"IEA*3*000000008")
    reading = x12().read(payload)
    assert [(f.code, f.place.tag, dict(f.ack)) for f in reading.findings] == [
        ("E-COUNT", "GE", {"716": "5"}),
        ("E-REFERENCE", "GE", {"716": "4"}),
        ("E-COUNT", "IEA", {"I18": "021"}),
        ("E-REFERENCE", "IEA", {"I18": "001"}),
    ]
    (message,) = reading
    assert [(f.code, f.place.segment, dict(f.ack)) for f in message.findings] == [
        ("E-COUNT", 3, {"718": "4"}),
        ("E-REFERENCE", 3, {"718": "3"}),
    ]


def test_a_missing_message_trailer_ends_the_message_at_the_next_header(edifact):
    payload = b"UNB+UNOC:3+S+R+260114:0915+X'UNH+1+ORDERS:D:96A:UN'BGM+1'UNH+2+ORDERS:D:96A:UN'BGM+2'UNT+3+2'UNZ+2+X'"
    first, second = edifact().read(payload)
    assert [(f.code, f.place.message, f.place.byte, dict(f.ack)) for f in first.findings] == [
        ("E-TRAILER", 1, payload.index(b"UNH+2"), {"0085": "13"})
    ]
    assert first.body.segments == [["BGM", "1"]]
    assert second.findings == ()


def test_missing_group_trailers_and_messages_outside_of_groups(x12, sets, codes):
    payload = sets("BEG*00~").replace(b"GE*1*7~", b"")
    assert [(f.code, f.place.tag, dict(f.ack)) for f in x12().read(payload).findings] == [
        ("E-TRAILER", "GE", {"716": "3"})
    ]
    bare = sets("BEG*00~").replace(b"GS*PO*SENDER*RECEIVER*20260114*0915*7*X*004010~", b"").replace(b"GE*1*7~", b"")
    assert codes(x12().read(bare).findings) == ["E-GROUP", "E-COUNT"]
    assert [message.kind for message in x12().read(bare)] == ["850"]


def test_trailers_without_headers(edifact, codes):
    payload = b"UNB+UNOC:3+S+R+260114:0915+X'UNT+2+1'UNE+1+G'UNH+1+ORDERS:D:96A:UN'UNT+2+1'UNZ+1+X'"
    reading = edifact().read(payload)
    assert [(f.code, f.place.tag, dict(f.ack)) for f in reading.findings] == [
        ("E-HEADER", "UNT", {"0085": "33"}),
        ("E-HEADER", "UNE", {"0085": "33"}),
    ]
    assert [message.findings for message in reading] == [()]


def test_segments_outside_of_messages_are_reported_and_shown(edifact, interchange):
    payload = interchange(MESSAGE).replace(b"UNZ", b"\r\nRFF+ON:1'\r\nUNZ")
    found = only(edifact().read(payload).findings)
    assert (found.code, found.value, found.place.tag, found.place.line) == ("E-OUTSIDE", "RFF+ON:1'", "RFF", 2)
    assert found.place.byte == payload.index(b"RFF")


def test_a_file_that_ends_early_says_so_and_shows_what_it_has(edifact, interchange, x12, sets, codes):
    payload = interchange("BGM+220+1+9'DTM+137:20260114:102'")
    cut = payload[: payload.index(b"20260114:102") + 4]
    reading = edifact().read(cut)
    assert codes(reading.findings) == ["E-TRUNCATED", "E-TRAILER"]
    (message,) = reading
    assert message.body.segments == [["BGM", "220", "1", "9"], ["DTM", "137:2026"]]
    assert codes(message.findings) == ["E-TRAILER"]
    assert "its last segment is cut" in message.findings[0].message

    assert codes(x12().read(sets("BEG*00~")[:-1]).findings) == ["E-TRUNCATED"]


def test_a_message_without_interchange_is_read_with_a_finding(edifact):
    for head in (b"", b"UNA:+.? '\n"):
        reading = edifact().read(head + b"UNH+7+ORDERS:D:96A:UN'BGM+220'UNT+3+7'")
        found = only(reading.findings)
        assert found.message == "UNH stands without an interchange header UNB before it"
        (message,) = reading
        assert (message.kind, message.reference, message.sender, message.findings) == ("ORDERS", "7", None, ())


def test_references_that_occur_twice(edifact, interchange, x12, sets):
    payload = interchange(MESSAGE, MESSAGE).replace(b"UNH+2+", b"UNH+1+").replace(b"UNT+3+2", b"UNT+3+1")
    first, second = edifact().read(payload)
    assert first.findings == ()
    found = only(second.findings)
    assert (found.message, dict(found.ack)) == ("message 1 has the same reference", {"0085": "26"})

    payload = sets("BEG*00~", "BEG*00~").replace(b"ST*850*0002", b"ST*850*0001").replace(b"SE*3*0002", b"SE*3*0001")
    assert [[dict(f.ack) for f in message.findings] for message in x12().read(payload)] == [[], [{"718": "23"}]]

    twice = x12().read(sets("BEG*00~") * 2)
    found = only(twice.findings)
    assert (found.code, found.place.interchange, dict(found.ack)) == ("E-DUPLICATE", 2, {"I18": "025"})


def test_an_interchange_without_messages(edifact, interchange):
    found = only(edifact().read(interchange()).findings)
    assert (found.code, dict(found.ack)) == ("E-EMPTY", {"0085": "32"})


def test_what_a_header_must_give(edifact, interchange):
    payload = interchange(MESSAGE, unb="UNB+UNOC:3+S++260114:0915'", unz="UNZ+1'")
    found = only(edifact().read(payload).findings)
    assert (found.message, found.place.element) == ("UNB does not give the receiver, the control reference", 3)
    (message,) = edifact().read(
        interchange(MESSAGE).replace(b"UNH+1+ORDERS:D:96A:UN", b"UNH").replace(b"+3+1'", b"+3'")
    )
    assert [(f.message, f.place.element) for f in message.findings] == [
        ("the message has no reference", 1),
        ("the message does not say of what type it is", 2),
        ("the reference in UNT is not that in UNH, which is ''", 2),
    ]


def test_service_characters_that_cannot_be_told_apart(edifact, interchange, codes):
    reading = edifact().read(b"UNA++.? '" + interchange(MESSAGE))
    assert codes(reading.findings) == ["E-UNA"]
    assert dict(reading.findings[0].ack) == {"0085": "20"}
    assert len(list(reading)) == 1


def test_granted_deviations_become_remarks(edifact, x12, interchange):
    payload = b"\xef\xbb\xbf" + interchange(MESSAGE, unz="UNZ+4+REF1'").replace(b"UNT+3", b"UNT+9") + b"junk"
    lenient = edifact(lenient=["bom", "count", "junk"]).read(payload)
    assert {(f.code, f.severity.value) for f in lenient.findings} == {
        ("E-BOM", "remark"),
        ("E-COUNT", "remark"),
        ("E-JUNK", "remark"),
    }
    assert [f.severity.value for message in lenient for f in message.findings] == ["remark"]
    strict = edifact().read(payload)
    assert all(f.is_error for f in strict.findings)
    assert len(strict.findings) == 3


def test_many_faults_of_a_kind_are_counted_not_listed(edifact, interchange):
    text = interchange(*[MESSAGE] * 300).replace(b"UNH", b"XXX'UNH")
    reading = edifact().read(text)
    assert len(reading.findings) == 201
    assert reading.findings[-1].message == "100 more findings E-OUTSIDE are not listed one by one"
    assert reading.findings[-1].place.byte is not None


def test_a_released_terminator_before_a_service_tag_is_text(edifact, interchange):
    payload = interchange("FTX+a?'UNT+3+1??'BGM+b?'UNZ+1'").replace(b"UNT+6+1", b"UNT+4+1")
    reading = edifact().read(payload)
    assert reading.findings == ()
    (message,) = reading
    assert message.body.segments == [["FTX", "a'UNT", "3", "1?"], ["BGM", "b'UNZ", "1"]]
    assert message.findings == ()


def test_group_references_that_occur_twice(x12, sets):
    group = b"GS*PO*SENDER*RECEIVER*20260114*0915*7*X*004010~ST*850*0001~SE*2*0001~GE*1*7~"
    payload = sets("BEG*00~").replace(b"IEA*1", group + b"IEA*2")
    found = only(x12().read(payload).findings)
    assert (found.code, found.place.group, dict(found.ack)) == ("E-DUPLICATE", 2, {"716": "6"})
    assert [message.findings for message in x12().read(payload)] == [(), ()]


def test_a_component_separator_that_is_the_element_separator(x12):
    isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260114*0915*U*00401*000000009*0*P**~"
    reading = x12().read((isa + "GS*PO*S*R*20260114*0915*1*X*004010~GE*0*1~IEA*1*000000009~").encode())
    assert {(f.code, f.place.element) for f in reading.findings} >= {("E-ISA", None), ("E-ISA", 16)}


def test_separators_of_isa_that_cannot_be_told_apart(x12, sets):
    reading = x12().read(sets("BEG*00~", component="*").replace(b"*P**~", b"*P*A~"))
    assert [(f.code, f.place.element) for f in reading.findings] == [("E-ISA", 16)]
    assert len(list(reading)) == 1


def test_the_place_of_a_trailer_that_is_missing(edifact):
    payload = b"UNB+UNOC:3+S+R+260114:0915+X'UNH+1+ORDERS:D:96A:UN'BGM+1'"
    (message,) = edifact().read(payload)
    place = message.body.place(1)
    assert (place.byte, place.segment, place.tag) == (len(payload) - 1, 3, None)


def test_control_references_have_their_standards_form(edifact, x12, interchange, sets):
    long = interchange(MESSAGE, unb="UNB+UNOC:3+S+R+260114:0915+123456789012345'", unz="UNZ+1+123456789012345'")
    found = only(edifact().read(long).findings)
    assert (found.code, found.value, found.place.element, dict(found.ack)) == (
        "E-NUMBER",
        "123456789012345",
        5,
        {"0085": "12"},
    )
    assert found.message == "the control reference must be 1 to 14 letters, digits or signs (0020 an..14)"
    assert only(edifact(lenient=["control-number"]).read(long).findings).severity.value == "remark"

    letters = sets("BEG*00~").replace(b"000000007", b"00000000A")
    found = only(x12().read(letters).findings)
    assert (found.code, found.place.tag, dict(found.ack)) == ("E-NUMBER", "ISA", {"I18": "018"})
    group = sets("BEG*00~").replace(b"0915*7*X", b"0915*7A*X").replace(b"GE*1*7~", b"GE*1*7A~")
    found = only(x12().read(group).findings)
    assert (found.code, found.place.tag, found.place.element, dict(found.ack)) == ("E-NUMBER", "GS", 6, {"716": "6"})
    (message,) = x12().read(sets("BEG*00~").replace(b"0001", b"1"))
    found = only(message.findings)
    assert (found.code, found.value, dict(found.ack)) == ("E-NUMBER", "1", {"718": "7"})


def test_separators_that_no_una_announces_are_read_as_they_look(edifact, interchange):
    text = interchange(MESSAGE).decode().translate(str.maketrans("+:'", "|^~")).encode()
    reading = edifact().read(text)
    found = only(reading.findings)
    assert (found.code, found.value) == ("E-UNA", "element '|', component '^', terminator '~'")
    assert [m.kind for m in reading] == ["ORDERS"]
    assert only(edifact(lenient=["no-una"]).read(text).findings).severity.value == "remark"


@pytest.mark.parametrize("unb", ["UNB+UNOC:3+S+R+260114:0915+REF1'", "UNB+UNOL:3+S+R+260114:0915+REF1'"])
def test_utf8_that_is_announced_as_something_else(edifact, interchange, unb):
    payload = interchange("FTX+AAI+++Größe'", unb=unb)
    mixed_up = payload.replace("Größe".encode("latin-1"), "Größe".encode())
    (message,) = edifact().read(payload)
    assert message.findings == ()
    (message,) = edifact().read(mixed_up)
    found = only(message.findings)
    assert (found.code, found.severity.value) == ("E-CHARSET", "error")
    assert found.message.startswith("this is UTF-8, and the interchange announces ISO 8859-")
    assert found.hint == "add charset: utf-8 under format"
    (message,) = edifact(charset="utf-8").read(mixed_up)
    assert message.findings == ()
    assert message.body.segments[0][-1] == "Größe"


def test_capitals_that_look_like_utf8_by_chance_are_a_warning(edifact, interchange):
    payload = interchange("FTX+AAI+++X'", unb="UNB+UNOE:3+S+R+260114:0915+REF1'").replace(b"X'", b"\xc2\xbe'")
    (message,) = edifact().read(payload)
    found = only(message.findings)
    assert (found.code, found.severity.value) == ("W-CHARSET", "warning")
    assert found.message == "this may be UTF-8, and the interchange announces ISO 8859-5"
    assert message.body.segments[0][-1] == b"\xc2\xbe".decode("iso8859-5")


def test_an_isa11_of_several_characters_separates_nothing(x12, sets):
    payload = sets("REF*a^?b~", version="00501", repetition="^?^")
    (message,) = x12(lenient=["isa-length"]).read(payload)
    assert message.body.segments == [["REF", "a^?b"]]
    assert message.body.repetition == ""


def test_characters_that_cannot_stand_in_service_segments(edifact, x12, interchange, sets):
    control = interchange(MESSAGE).replace(b"S:14", b"S\x01:14")
    found = only(edifact().read(control, file="in.edi").findings)
    assert (found.code, found.place.tag, found.place.byte, dict(found.ack)) == ("E-CONTROL", "UNB", 12, {"0085": "21"})
    assert only(edifact(lenient=["control-characters"]).read(control).findings).severity.value == "remark"
    unknown = interchange(MESSAGE, unb="UNB+UNOA:3+S\xe4:14+R:14+260114:0915+REF1'")
    found = only(edifact().read(unknown).findings)
    assert (found.code, found.message) == (
        "E-CHARSET",
        "byte 0xE4 is no character of level A of ISO 9735",
    )
    (message,) = edifact().read(interchange(MESSAGE).replace(b"D:96A", b"D:96\x02A"))
    found = only(message.findings)
    assert (found.code, found.place.segment, found.place.tag) == ("E-CONTROL", 1, "UNH")
    group = only(x12().read(sets("BEG*00~").replace(b"GS*PO*SENDER", b"GS*PO*SEN\x07DER")).findings)
    assert (group.code, group.place.tag, group.place.group) == ("E-CONTROL", "GS", 1)


def test_an_isa_that_holds_a_separator(x12, sets):
    found = only(x12().read(sets("BEG*00~").replace(b"SENDER         *ZZ", b"SEN>ER         *ZZ")).findings)
    assert (found.code, found.place.element, found.message) == (
        "E-ISA",
        6,
        "ISA06 holds '>', a separator of this interchange",
    )


def test_a_group_in_which_nothing_stands(x12, codes):
    isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260114*0915*U*00401*000000009*0*P*>~"
    payload = isa + "GS*PO*S*R*20260114*0915*1*X*004010~GE*0*1~IEA*1*000000009~"
    found = only(x12().read(payload.encode()).findings)
    assert (found.code, found.message, found.place.tag) == ("E-EMPTY", "there is no message in this group", "GE")
    within = payload.replace("GE*0", "TA1*000000007*260114*0915*A*000~GE*0")
    assert codes(x12().read(within.encode()).findings) == ["E-OUTSIDE", "E-EMPTY"]


def test_tradacoms_messages_are_counted_from_1():
    text = "STX=ANA:1+S+R+260114:091500+REF1'MHD=1+ORDHDR:9'MTR=2'MHD=3+ORDERS:9'MTR=2'END=2'"
    reading = TradacomsFormat(TradacomsOptions()).read(text.encode())
    assert reading.findings == ()
    _, second = reading
    found = next(f for f in second.findings if f.is_error)
    assert (found.code, found.value, found.place.tag) == ("E-NUMBER", "3", "MHD")
    assert found.message == "the message reference must be 2: messages of a transmission are counted from 1"


def test_control_characters_in_a_ta1(x12):
    isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260114*0915*U*00401*000000009*0*P*>~"
    payload = isa + "TA1*000000007*260\x14114*0915*A*000~IEA*0*000000009~"
    found = only(x12().read(payload.encode()).findings)
    assert (found.code, found.place.tag, found.place.byte) == ("E-CONTROL", "TA1", payload.index("\x14"))
