"""A message as it is read: its facts, its places, and what is wrong with its characters."""

import json

import pytest

from transload.adapters.base import Identity
from transload.adapters.edi import EDIFACT, X12, EdifactFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, X12Options


def read_one(format_, payload):
    (message,) = format_.read(payload, file="in.edi")
    return message


def test_the_adapters_are_their_formats():
    assert (EDIFACT.abilities, X12.abilities) == (("format",), ("format",))
    assert (EDIFACT.format, X12.format) == (EdifactFormat, X12Format)


def test_our_fixture_order(fixtures):
    payload = (fixtures / "edifact" / "orders.edi").read_bytes()
    message = read_one(EdifactFormat(EdifactOptions()), payload)
    assert (message.kind, message.version, message.reference) == ("ORDERS", "D:96A:UN:EAN008", "1")
    assert (message.sender, message.receiver) == (
        Identity(id="9520001000003", qualifier="14"),
        Identity(id="9520002000002", qualifier="14"),
    )
    assert message.test is False
    assert payload[message.start : message.end].startswith(b"UNH+1+")
    assert payload[message.start : message.end].endswith(b"UNT+62+1'")
    assert message.findings == ()
    texts = [segment for segment in message.body.segments if segment[0] in ("COM", "IMD")]
    assert texts[0] == ["COM", "+49 421 5550123\x1fTE"]
    assert "\x1f\x1f\x1fScheibe 8,4 mm '+' Federring M8?" in [segment[-1] for segment in texts]
    assert [s[1] for s in message.body.segments if s[0] == "LIN"] == ["1", "2", "3", "4", "5"]


def test_our_fixture_purchase_order(fixtures):
    payload = (fixtures / "x12" / "850.edi").read_bytes()
    message = read_one(X12Format(X12Options()), payload)
    assert (message.kind, message.version, message.reference) == ("850", "004010", "0001")
    assert message.sender == Identity(id="HAGEMANN", qualifier="ZZ")
    assert [f.severity.value for f in message.findings if f.is_error] == []


def test_a_control_character_in_a_value_separates_nothing(fixtures):
    """The guide sees one value, and not two, where a partner may send such characters."""
    payload = (fixtures / "x12" / "850.edi").read_bytes()
    odd = payload.replace(b"CTT*", b"CTT*1\x1d", 1)
    assert odd != payload
    found = read_one(X12Format(X12Options(lenient=["control-characters"])), odd).findings
    assert [(f.code, f.place.tag, f.place.element) for f in found if f.is_error] == [("E-FORMAT", "CTT", 1)]


def test_identifiers_of_the_fixtures_have_valid_check_digits(fixtures):
    """GS1 General Specifications, check digit calculation: weights 3 and 1 from the right."""

    def sound(digits: str) -> bool:
        weighted = sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(reversed(digits)))
        return weighted % 10 == 0

    text = (fixtures / "edifact" / "orders.edi").read_text("latin-1") + (fixtures / "x12" / "850.edi").read_text()
    import re

    numbers = set(re.findall(r"\b(?:0?952\d{10})\b", text))
    assert len(numbers) >= 8
    assert all(sound(number) for number in numbers)


def test_the_broken_fixture_has_faults_at_every_level(fixtures):
    payload = (fixtures / "edifact" / "orders-broken.edi").read_bytes()
    reading = EdifactFormat(EdifactOptions()).read(payload)
    assert [f.code for f in reading.findings] == ["E-COUNT", "E-REFERENCE"]
    (message,) = reading
    found = {f.code for f in message.findings}
    assert {"E-COUNT", "E-REFERENCE", "E-FORMAT", "E-SEGMENT"} <= found


def test_places_point_at_bytes(edifact):
    payload = (
        b"UNA:+.? '\r\nUNB+UNOC:3+S+R+260114:0915+X'\r\nUNH+1+ORDERS:D:96A:UN'\r\n"
        b"''FTX+AAI+++a?:b:c?+d:e'\r\n  BGM+220++9'\r\nUNT+4+1'\r\nUNZ+1+X'\r\n"
    )
    body = read_one(edifact(), payload).body
    assert body.segments == [["FTX", "AAI", "", "", "a:b\x1fc+d\x1fe"], ["BGM", "220", "", "9"]]

    def at(*place):
        return payload[body.place(*place).byte :][:4]

    assert at(0) == b"FTX+"
    assert at(0, 1) == b"AAI+"
    assert at(0, 2) == b"++a?"
    assert at(0, 4) == b"a?:b"
    assert at(0, 4, None, 2) == b"c?+d"
    assert at(0, 4, 1, 3) == b"e'\r\n"
    assert at(0, 4, None, 9) == b"'\r\n "  # not there: where the segment ends
    assert at(0, 9) == b"'\r\n "
    assert at(1) == b"BGM+"
    assert at(1, 3) == b"9'\r\n"
    assert at(2) == b"UNT+"
    assert at(-1) == b"UNH+"
    place = body.place(1, 3)
    assert str(place) == f"in.edi line 5 byte {place.byte}, interchange 1, message 1, segment 3 BGM, element 3"
    assert body.place(2).segment == 4


def test_places_of_repetitions(edifact, interchange):
    payload = interchange("FTX+x+a:b*c:d'", unb="UNB+UNOC:4+S:14+R:14+20260114:0915+REF1'")
    body = read_one(edifact(), payload).body
    assert payload[body.place(0, 2, 2).byte :][:3] == b"c:d"
    assert payload[body.place(0, 2, 2, 2).byte :][:2] == b"d'"


def test_lines_of_a_file_with_carriage_returns_alone(edifact, interchange):
    payload = interchange("BGM+1'DTM+2'").replace(b"'", b"'\r")
    assert read_one(edifact(), payload).body.place(1).line == 4


@pytest.mark.parametrize(
    ("syntax", "raw", "text"),
    [
        ("UNOC", b"\xfc", "ü"),
        ("UNOD", b"\xb3", "ł"),
        ("UNOE", b"\xd6", "ж"),
        ("UNOF", b"\xf9", "ω"),
        ("UNOK", b"\xfe", "ş"),
        ("UNOL", b"\xa4", "€"),
        ("UNOW", "漢".encode(), "漢"),
        ("UNOY", "漢".encode(), "漢"),
    ],
)
def test_the_syntax_identifier_names_the_character_set(edifact, interchange, syntax, raw, text):
    payload = interchange("FTX+#'", unb=f"UNB+{syntax}:3+S+R+260114:0915+REF1'").replace(b"#", raw)
    message = read_one(edifact(), payload)
    assert (message.body.segments, message.findings) == ([["FTX", text]], ())


def test_bytes_that_the_character_set_does_not_know(edifact, x12, interchange, sets):
    payload = interchange("BGM+220'FTX+M#'", unb="UNB+UNOY:3+S+R+260114:0915+REF1'").replace(b"#", b"\xfc")
    message = read_one(edifact(), payload)
    (found,) = message.findings
    assert (found.code, dict(found.ack)) == ("E-CHARSET", {"0085": "21"})
    assert found.message == "byte 0xFC is no character of UTF-8, which the interchange announces"
    assert (found.place.byte, found.place.segment, found.place.tag) == (payload.index(b"\xfc"), 3, "FTX")
    assert message.body.segments[1] == ["FTX", "Mü"]  # nothing is lost
    assert read_one(edifact(charset="latin-1"), payload).findings == ()


def test_x12_announces_no_character_set_so_what_is_beyond_ascii_is_reported(x12, sets):
    latin = sets("BEG*00~MSG*M#~").replace(b"#", b"\xfc")
    (found,) = read_one(x12(), latin).findings
    assert str(found) == (
        "warning W-CHARSET byte 0xFC is beyond ASCII, and no character set is agreed on; read as ISO 8859-1\n"
        "    value    'G*00~MSG*M\u00fc~'\n"
        f"    source   in.edi line 1 byte {latin.index(0xFC)}, interchange 1, group 1, message 1, segment 3 MSG\n"
        "    hint     add charset: latin-1, or what the partner uses, under format"
    )
    assert read_one(x12(), latin).body.segments[1] == ["MSG", "Mü"]
    assert read_one(x12(charset="latin-1"), latin).findings == ()
    assert [f.code for f in read_one(x12(charset="ascii"), latin).findings] == ["E-CHARSET"]


def test_x12_in_utf_8_is_not_taken_for_something_else(x12, sets):
    mixed_up = sets("MSG*M#~").replace(b"#", "ü".encode())
    (found,) = read_one(x12(), mixed_up).findings
    assert (found.code, found.hint) == ("E-CHARSET", "add charset: utf-8 under format")
    assert read_one(x12(charset="utf-8"), mixed_up).body.segments == [["MSG", "Mü"]]


def test_characters_outside_level_a_are_a_warning(edifact, interchange):
    payload = interchange("FTX+ABC-/=d'", unb="UNB+UNOA:3+S+R+260114:0915+REF1'")
    (found,) = read_one(edifact(), payload).findings
    assert (found.code, found.severity.value, found.value) == ("W-CHARSET", "warning", "d")
    assert found.place.byte == payload.index(b"d'")


def test_an_unknown_syntax_identifier_is_a_warning(edifact, interchange):
    reading = edifact().read(interchange("BGM+1'", unb="UNB+IATB:1+S+R+260114:0915+REF1'"))
    assert [(f.code, f.severity.value, f.value) for f in reading.findings] == [("W-SYNTAX", "warning", "IATB")]


@pytest.mark.parametrize("raw", [b"a\x00b", b"a\nb", b"a\rb", b"a\r\nb", b"a\x1fb", b"a\x85b"])
def test_control_characters_inside_values(edifact, interchange, raw):
    for release in (b"", b"?+"):
        payload = interchange("BGM+220'FTX+#'").replace(b"#", raw + release).replace(b"'", b"'\r\n")
        (found,) = read_one(edifact(), payload).findings
        assert (found.code, dict(found.ack)) == ("E-CONTROL", {"0085": "21"})
        assert (found.place.segment, found.place.element) == (3, 1)
        assert found.place.byte == payload.index(b"a" + raw[1:2])
    assert read_one(edifact(lenient=["control-characters"]), payload).findings[0].severity.value == "remark"


@pytest.mark.parametrize("newline", [b"'\n", b"'\r\n", b"'\r", b"' \r\n", b"'\n\n"])
def test_line_ends_between_segments_are_no_fault(edifact, interchange, newline):
    payload = interchange("BGM+220'FTX+a'", "BGM+221'").replace(b"'", newline)
    assert [(m.findings, m.body.segments[0]) for m in edifact().read(payload)] == [
        ((), ["BGM", "220"]),
        ((), ["BGM", "221"]),
    ]


def test_empty_segments_are_counted_and_left_out(edifact, interchange):
    payload = interchange("BGM+220'").replace(b"BGM+220'", b"BGM+220''\r\n''")
    message = read_one(edifact(), payload)
    assert message.body.segments == [["BGM", "220"]]
    (found,) = message.findings
    assert (found.code, found.message) == ("E-EMPTY-SEGMENT", "3 empty segments stand in this message")
    assert payload[found.place.byte - 1 : found.place.byte + 1] == b"''"


def test_tags_that_cannot_be_any(edifact, interchange):
    message = read_one(edifact(), interchange("BGM+220'bgm+1'TOOLONG+1'TOOLONG+2'"))
    assert [(f.code, f.value, f.place.segment, dict(f.ack)) for f in message.findings] == [
        ("E-TAG", "bgm", 3, {"0085": "15"}),
        ("E-TAG", "TOOLONG", 4, {"0085": "15"}),
    ]


def test_a_type_without_guide_is_one_remark(interchange):
    payload = interchange("BGM+220'", "BGM+221'").replace(b"ORDERS", b"XXXXXX")
    first, second = EdifactFormat(EdifactOptions()).read(payload)
    (found,) = first.findings
    assert second.findings == ()
    assert (found.code, found.severity.value, found.place.message) == ("R-GUIDE", "remark", 1)
    assert found.message == "there is no guide for XXXXXX D:96A:UN: only its envelope is checked"


def test_guides_of_the_user_come_first(tmp_path, interchange):
    folder = tmp_path / "edifact" / "d96a"
    folder.mkdir(parents=True)
    (folder / "orders.yaml").write_text(
        "standard: edifact\nmessage: ORDERS\nversion: 'D:96A:UN'\nsource: own\n"
        "elements: {1001: an..3}\nsegments: {BGM: {parts: [1001 M]}}\nstructure: [BGM M 1]\n"
    )
    payload = interchange("BGM+220'DTM+1'")
    (message,) = EdifactFormat(EdifactOptions(), guides=[tmp_path]).read(payload)
    assert [(f.code, f.place.tag) for f in message.findings] == [("E-SEGMENT", "DTM")]


def test_findings_are_json(fixtures):
    from transload.adapters.edi.view import inspect

    shown = inspect((fixtures / "edifact" / "orders-broken.edi").read_bytes(), "orders-broken.edi")
    assert json.loads(json.dumps(shown)) == shown
    assert all("byte" in f["place"] and "line" in f["place"] for f in shown["interchanges"][0]["findings"])


@pytest.mark.parametrize(
    ("reject", "held"),
    {"message": ["0003"], "group": ["0003", "0004"], "interchange": ["0001", "0002", "0003", "0004"]}.items(),
)
def test_what_one_wrong_message_rejects(x12, sets, reject, held):
    """A partner may want all of a group or an interchange refused with one message."""
    first, second = sets("BEG*00~", "BEG*01~"), sets("BEG*02~", "BEG*03~")
    group = second[second.index(b"GS*") : second.index(b"IEA*")]
    group = (
        group.replace(b"0001", b"0003").replace(b"0002", b"0004").replace(b"*7*X", b"*8*X").replace(b"2*7~", b"2*8~")
    )
    payload = first.replace(b"IEA*1", group + b"IEA*2").replace(b"SE*3*0003", b"SE*9*0003")
    reading = x12(reject=reject).read(payload)
    assert reading.findings == ()
    messages = list(reading)
    assert [m.reference for m in messages if any(f.is_error for f in m.findings)] == held
    (wrong,) = messages[2].findings
    assert wrong.code == "E-COUNT"
    if reject != "message":
        (found,) = messages[3].findings
        assert found.code == "E-REJECTED-WITH"
        assert found.message == f"the whole {reject} is rejected because message 3 of the interchange is wrong"
        assert (found.place.message, found.place.segment, found.place.line) == (4, 1, 1)


def test_a_look_ahead_for_wrong_messages_takes_no_remark_away(interchange):
    payload = interchange("BGM+220'", "BGM+221'").replace(b"ORDERS", b"XXXXXX").replace(b"UNT+3+2", b"UNT+9+2")
    reading = EdifactFormat(EdifactOptions(reject="interchange")).read(payload)
    for _ in range(2):
        first, second = reading
        assert [f.code for f in first.findings] == ["R-GUIDE", "E-REJECTED-WITH"]
        assert [f.code for f in second.findings] == ["E-COUNT"]
