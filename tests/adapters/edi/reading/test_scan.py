"""What stands between and before interchanges, both standards in one file, and files that are no EDI."""

import pytest

from transload.adapters.edi.view import inspect

MESSAGE = "BGM+220+1+9'"


def test_several_interchanges_with_their_own_separators(edifact, interchange):
    other = b"UNA=*,?^~UNB*UNOC=4*A*B*20260114=0915*77~UNH*1*ORDERS=D=96A=UN~BGM*1^2~UNT*3*1~UNZ*1*77~"
    reading = edifact().read(
        interchange(MESSAGE) + b"\r\n \r\n" + other + b"\n" + interchange(MESSAGE, unz="UNZ+1+REF1'")
    )
    assert [i.number for i in reading.interchanges] == [1, 2, 3]
    messages = list(reading)
    assert [m.body.segments for m in messages][1] == [["BGM", "1^2"]]
    assert (messages[1].body.repetition, messages[1].body.component, messages[1].body.decimal) == ("^", "=", ",")
    assert [m.body.place(0).interchange for m in messages] == [1, 2, 3]


def test_repetitions_exist_from_version_4_on(edifact, interchange):
    old = interchange("FTX+a*b'")
    new = interchange("FTX+a*b'", unb="UNB+UNOC:4+S:14+R:14+20260114:0915+REF1'")
    assert [m.body.repetition for m in edifact().read(old)] == [""]
    assert [m.body.repetition for m in edifact().read(new)] == ["*"]
    assert inspect(new)["interchanges"][0]["messages"][0]["segments"] == [["FTX", {"repeat": ["a", "b"]}]]


def test_x12_repetitions_exist_from_00402_on(x12, sets):
    assert [m.body.repetition for m in x12().read(sets("REF*a^b~", version="00401", repetition="U"))] == [""]
    assert [m.body.repetition for m in x12().read(sets("REF*a^b~", version="00501", repetition="^"))] == ["^"]


def test_level_b_control_characters(edifact):
    payload = (
        b"UNB\x1dUNOB\x1f2\x1dS\x1dR\x1d260114\x1f0915\x1dX\x1c"
        b"UNH\x1d1\x1dORDERS\x1fD\x1f96A\x1fUN\x1cBGM\x1d220\x1dA?'B\x1cUNT\x1d3\x1d1\x1cUNZ\x1d1\x1dX\x1c"
    )
    reading = edifact().read(payload)
    assert reading.findings == ()
    (message,) = reading
    assert (message.version, message.body.segments, message.findings) == ("D:96A:UN", [["BGM", "220", "A?'B"]], ())


def test_junk_is_reported_with_its_place_and_nothing_around_it_is_lost(edifact, interchange):
    payload = (
        b"hello\n" + interchange(MESSAGE) + b"\n--- next ---\n" + interchange(MESSAGE, unz="UNZ+1+REF1'") + b"\x1a"
    )
    reading = edifact(lenient=["duplicate"]).read(payload, file="in.edi")
    junk = [f for f in reading.findings if f.code == "E-JUNK"]
    assert [(f.place.byte, f.place.line, f.value, f.message) for f in junk] == [
        (0, 1, "hello", "text before an interchange belongs to none: 5 bytes"),
        (payload.index(b"---"), 3, "--- next ---", "text after an interchange belongs to none: 12 bytes"),
        (len(payload) - 1, 4, "\x1a", "text after an interchange belongs to none: 1 bytes"),
    ]
    assert len(list(reading)) == 2


def test_both_standards_in_one_file(edifact, x12, interchange, sets):
    payload = interchange(MESSAGE) + b"\n" + sets("BEG*00~")
    for format_, kind, other in ((edifact(), "ORDERS", "X12"), (x12(), "850", "EDIFACT")):
        reading = format_.read(payload)
        assert [message.kind for message in reading] == [kind]
        (found,) = reading.findings
        assert found.code == "E-STANDARD"
        assert f"this interchange is {other}" in found.message
    assert [i["standard"] for i in inspect(payload)["interchanges"]] == ["edifact", "x12"]


def test_the_other_standard_ends_an_interchange_without_trailer(edifact, interchange, sets, codes):
    payload = interchange(MESSAGE, unz="") + sets("BEG*00~") + b"\n" + interchange(MESSAGE)
    assert [(i.standard, len(i.frames)) for i in edifact().read(payload).interchanges] == [
        ("edifact", 1),
        ("x12", 1),
        ("edifact", 1),
    ]


@pytest.mark.parametrize(
    ("payload", "hint"),
    [
        (b"", "the file is empty"),
        (b" \r\n", "the file is empty"),
        ("UNB+UNOC:3+A+B".encode("cp500"), "EBCDIC"),
        ("UNB+UNOC:3+A+B'".encode("utf-16"), "UTF-16"),
        (b"GS*PO*A*B*20260114*0915*1*X*004010~", "ISA"),
        (b"<Order/>", "XML"),
        (b'{"a": 1}', "JSON"),
        (b"ISA", "an interchange begins with"),
        (b"UNA:+.? ", "an interchange begins with"),
    ],
)
def test_a_file_that_is_no_edi_is_one_finding_with_a_hint(payload, hint):
    shown = inspect(payload, "x.txt")
    assert shown["interchanges"] == []
    (found,) = shown["findings"]
    assert (found["code"], found["place"]["line"], found["place"]["byte"]) == ("E-NOT-EDI", 1, 0)
    assert hint in found["hint"]


@pytest.mark.parametrize("newline", ["", "\n", "\r\n"])
def test_an_isa_of_another_length_is_an_error_and_still_read(x12, sets, newline):
    short = f"ISA*00* *00* *ZZ*ABC *ZZ*DEF*260114*0915*U*00401*000000007*0*T*>~{newline}"
    reading = x12().read(sets("BEG*00~", isa=short))
    (found,) = reading.findings
    assert (found.code, found.place.element, found.value, dict(found.ack)) == ("E-ISA", 2, " ", {"I18": "022"})
    (message,) = reading
    assert (message.sender.id, message.receiver.id, message.test) == ("ABC", "DEF", True)
    assert x12(lenient=["isa-length"]).read(sets("BEG*00~", isa=short)).findings[0].severity.value == "remark"


def test_a_newline_may_be_the_terminator(x12, sets):
    payload = sets("BEG*00~REF*AB~").replace(b"~", b"\n")
    (message,) = x12().read(payload)
    assert (message.body.segments, message.findings) == ([["BEG", "00"], ["REF", "AB"]], ())
    assert message.body.place(1).line == 5


def test_ta1_stands_outside_of_groups_and_is_a_message(x12):
    isa = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260114*0915*U*00401*000000009*0*P*>~"
    payload = (isa + "TA1*000000007*260114*0915*R*021~IEA*0*000000009~").encode()
    reading = x12().read(payload)
    assert reading.findings == ()
    (message,) = reading
    assert (message.kind, message.version, message.reference) == ("TA1", "00401", "000000007")
    assert message.body.segments == [["TA1", "000000007", "260114", "0915", "R", "021"]]
    shown = inspect(payload)["interchanges"][0]
    assert (shown["messages"], shown["outside"]) == ([], message.body.segments)


def test_binary_data_may_hold_terminators(x12, sets):
    data = "ab~SE*1*1~c"
    payload = sets("BEG*00~").replace(b"BEG*00~SE*3", f"BGN*11~BIN*{len(data)}*{data}~SE*4".encode())
    reading = x12().read(payload)
    (message,) = reading
    assert message.body.segments == [["BGN", "11"], ["BIN", "11", data]]
    assert list(message.body.split()) == message.body.segments
    assert (reading.findings, message.findings) == ((), ())
    assert message.body.place(1, 2).byte == payload.index(b"ab~")
    assert inspect(payload)["interchanges"][0]["messages"][0]["segments"][1] == ["BIN", "11", data]

    wrong = x12().read(payload.replace(b"BIN*11", b"BIN*7"))
    assert [(f.code, f.place.tag, f.place.message) for f in wrong.findings][:1] == [("E-BINARY", "BIN", 1)]
