"""Unusual layouts: they are kept beside the values, and a rewrite stands as the file stood."""

import json
from dataclasses import replace

import pytest

from transload.adapters.base import ConfigurationError
from transload.adapters.base.content import Content
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.layout import USUAL, Layout
from transload.adapters.edi.options import EdifactOptions, X12Options

UNB = "UNB+UNOC:3+S+R+260114:0915+X'"
ISA = "ISA*00*          *00*          *ZZ*S              *ZZ*R              *260114*0915*U*00401*000000009*0*T*>~"
GS = "GS*PO*S*R*20260114*0915*3*X*004010~"


def rewritten(format_, payload, again, context, envelopes=None):
    messages = list(format_.read(payload))
    findings = [finding for message in messages for finding in message.findings if finding.is_error]
    assert findings == []
    given = [message.envelope for message in messages] if envelopes is None else envelopes(messages)
    return format_.write([again(message) for message in messages], envelope=given, context=context)


EDIFACT = {
    "a line end once": UNB + "UNH+1+A:D:96A:UN'\nBGM+1'UNT+3+1'UNZ+1+X'",
    "no line end once": UNB + "\nUNH+1+A:D:96A:UN'\nBGM+1'DTM+2'\nUNT+4+1'\nUNZ+1+X'\n",
    "indented": UNB + "\n  UNH+1+A:D:96A:UN'\n    BGM+1'\n  UNT+3+1'\nUNZ+1+X'\n",
    "line ends of two kinds": UNB + "\r\nUNH+1+A:D:96A:UN'\nBGM+1'\r\nUNT+3+1'\nUNZ+1+X'\r\n",
    "blanks before and after": "\r\n \t" + UNB + " UNH+1+A:D:96A:UN' BGM+1' UNT+3+1' UNZ+1+X' \n\n",
    "each message its own way": UNB
    + "UNH+1+A:D:96A:UN'\nBGM+1'\nUNT+3+1'\n\nUNH+2+A:D:96A:UN'BGM+1'UNT+3+2'\nUNZ+2+X'",
    "a blank line between groups": UNB
    + "\nUNG+A+S+R+260114:0915+G+UN+D:96A'\nUNH+1+A:D:96A:UN'\nBGM'\nUNT+3+1'\nUNE+1+G'\n\n"
    + "UNG+B+S+R+260114:0915+H+UN+D:96A'UNH+1+B:D:96A:UN'UNT+2+1'UNE+1+H'\n\nUNZ+2+X'\n",
    "released without need": UNB + "UNH+1+A:D:96A:UN'FTX+AAI+?A??b?'?+?:?.'UNT+3+1'UNZ+1+X'",
    "released in headers": "UNB+UNOC:3+?S+R+260114:0915+X'UNG+?A+S+R+260114:0915+G+UN+D:96A'"
    "UNH+?1+A:D:96A:UN'UNT+2+1'UNE+1+?G'UNZ+1+?X'",
    "more than trailers need": UNB + "UNH+1+A:D:96A:UN'BGM+1'UNT+3+1+'UNZ+1+X++'",
    "both": UNB + "UNH+1+A:D:96A:UN'FTX+?A'UNT+3+1+'UNZ+1+X'",
    "blanks at the end of headers": UNB + "UNH+1+A:D:96A:UN 'BGM+1 'UNT+3+1\t'UNZ+1+X'",
    "a blank at the end of UNB": "UNB+UNOC:3+S+R+260114:0915+X 'UNH+1+A:D:96A:UN'BGM+1 'UNT+3+1'UNZ+1+X\n'\n",
    "a released line end before a tag": UNB + "UNH+1+A:D:96A:UN'?\nBGM+1'UNT+3+1'UNZ+1+X'",
    "empty elements at the end": "UNB+UNOC:3+S+R+260114:0915+X++++'UNH+1+A:D:96A:UN+'BGM+1++:'UNT+3+1'UNZ+1+X'",
    "a released terminator before a blank": UNB + "UNH+1+A:D:96A:UN'FTX+AAI+it?' s??'\nBGM'UNT+4+1'UNZ+1+X'",
    "gaps that even out": UNB + "\nUNH+1+A:D:96A:UN'\nFTX+a??'\nBGM'DTM'\nUNT+5+1'\nUNZ+1+X'\n",
    "several interchanges": (UNB + "UNH+1+A:D:96A:UN'UNT+2+1'UNZ+1+X'\n\n").replace("+X", "+V")
    + "UNA:+.? '\n"
    + UNB
    + "\nUNH+1+A:D:96A:UN'\nUNT+2+1'\nUNZ+1+X'",
}
X12 = {
    "a line end once": ISA + GS + "\nST*850*0001~BEG*00~SE*3*0001~GE*1*3~IEA*1*000000009~",
    "indented": ISA + "\n  " + GS + "\n    ST*850*0001~\n      BEG*00~\n    SE*3*0001~\n  GE*1*3~\nIEA*1*000000009~\n",
    "around acknowledgements": ISA
    + "\nISB*1~TA1*000000001*260113*0915*A*000~\n\nTA1*000000002*260113*0915*A*000~"
    + GS
    + "ST*850*0001~SE*2*0001~GE*1*3~\nIEA*1*000000009~",
    "more than trailers need": ISA + GS + "ST*850*0001~SE*2*0001*~GE*01*3*~IEA*1*000000009*~",
    "beside binary data": ISA
    + GS
    + "\r\nST*102*0001~\r\nBIN*11*ab~SE*1*1~c~BGN*1~\r\nSE*4*0001~\nGE*1*3~\nIEA*1*000000009~",
}


@pytest.mark.parametrize("name", EDIFACT)
def test_edifact_stands_as_it_stood(again, context, name):
    payload = EDIFACT[name].encode()
    assert rewritten(EdifactFormat(EdifactOptions(check="envelope")), payload, again, context) == payload


@pytest.mark.parametrize("name", X12)
def test_x12_stands_as_it_stood(again, context, name):
    payload = X12[name].encode()
    assert rewritten(X12Format(X12Options(check="envelope")), payload, again, context) == payload


@pytest.mark.parametrize("name", EDIFACT)
def test_a_layout_survives_as_json(again, context, name):
    def kept(messages):
        return [Envelope.from_dict(json.loads(json.dumps(message.envelope.as_dict()))) for message in messages]

    payload = EDIFACT[name].encode()
    assert rewritten(EdifactFormat(EdifactOptions(check="envelope")), payload, again, context, kept) == payload


@pytest.mark.parametrize("name", EDIFACT)
def test_what_is_read_from_a_file_is_written_again_when_the_file_is_closed(edifact, again, context, tmp_path, name):
    path = tmp_path / "file.edi"
    path.write_bytes(EDIFACT[name].encode())
    with Content.open(path) as content:
        messages = list(edifact().read(content))
        bodies = [again(message) for message in messages]
    envelopes = [message.envelope for message in messages]
    assert edifact().write(bodies, envelope=envelopes, context=context) == path.read_bytes()


def test_an_isa_of_another_length_stands_again(again, context):
    payload = b"ISA*00**00**ZZ*S*ZZ*R*260114*0915*U*00401*000000009*0*T*>~GS*PO*S*R*20260114*0915*3*X*004010~"
    payload += b"ST*850*0001~SE*2*0001~GE*1*3~IEA*1*000000009~"
    format_ = X12Format(X12Options(check="envelope", lenient=("isa-length",)))
    assert rewritten(format_, payload, again, context) == payload


def test_skipped_empty_segments_stand_again(again, context):
    payload = (UNB + "UNH+1+A:D:96A:UN'BGM+1'''\nUNT+3+1'UNZ+1+X'").encode()
    format_ = EdifactFormat(EdifactOptions(check="envelope", lenient=("empty-segments",)))
    assert rewritten(format_, payload, again, context) == payload


def test_what_is_usual_has_no_layout(interchange, edifact):
    plain = interchange("BGM+1'FTX+a?'b??c'")
    for payload in (plain, plain.replace(b"'", b"'\n").replace(b"?'\n", b"?'"), plain.replace(b"?'b", b"?' ")):
        assert [message.envelope.layout.seen for message in edifact().read(payload)] == [USUAL]


def test_a_changed_value_leaves_the_layout_of_all_others(edifact, again, context):
    payload = (UNB + "\nUNH+1+A:D:96A:UN'\nFTX+?A'\n  FTX+?B'UNT+4+1'\nUNZ+1+X'").encode()
    (message,) = edifact().read(payload)
    assert message.envelope.newline == "\n"
    body = again(message)
    changed = replace(body, body=[body.body[0], "FTX\x1dC?"])
    written = edifact().write([changed], envelope=message.envelope, context=context)
    assert written == payload.replace(b"FTX+?B", b"FTX+C??")


def test_a_new_message_in_the_same_envelope_is_written_as_usual(edifact, again, context):
    payload = (UNB + "\n UNH+1+A:D:96A:UN'\n FTX+?A'\n UNT+3+1'\nUNZ+1+X'").encode()
    (message,) = edifact().read(payload)
    fresh = edifact().write([again(message)], envelope=message.envelope.again(), context=context)
    assert fresh == (b"UNB+UNOC:3+S+R+260115:0830+1'\n UNH+1+A:D:96A:UN'\n FTX+A'\n UNT+3+1'\n UNZ+1+1'")


@pytest.mark.parametrize(
    "layout", [{"gaps": {"1": 2}}, {"gaps": []}, {"other": {}}, ["gaps"], {"spellings": {"1": None}}]
)
def test_what_is_no_layout_is_refused(interchange, edifact, layout):
    (message,) = edifact().read(interchange("BGM+1'"))
    with pytest.raises(ConfigurationError, match="this is no envelope"):
        Envelope.from_dict({**message.envelope.as_dict(), "layout": layout})


def test_a_layout_as_data():
    layout = Layout(gaps={"UNT": "\n"}, spellings={"2": "FTX+?A"})
    assert Layout.from_dict(layout.as_dict()) == layout
