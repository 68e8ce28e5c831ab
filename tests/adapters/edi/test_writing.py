"""New interchanges, interchanges written again, and what cannot be written."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from transload.adapters.base import ConfigurationError, Encoded, Identity, Reject
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.options import EdifactOptions, X12Options
from transload.adapters.edi.writing.functional import FUNCTIONAL_IDS
from transload.adapters.edi.writing.numbers import series

US = Identity(id="9520002000002", qualifier="14")
THEM = Identity(id="9520001000003", qualifier="14")
ORDER = Encoded(
    kind="ORDERS", version="D:96A:UN:EAN008", body=["BGM\x1d220\x1dA+B:C?'\x1d9", "DTM\x1d137\x1f20260115\x1f102"]
)
PURCHASE = Encoded(kind="850", version="004010", body=["BEG\x1d00\x1dSA\x1d1\x1d\x1d20260115"])


def test_a_new_edifact_interchange(edifact, context):
    format_ = edifact(newline="lf", application_reference="ORDERS", acknowledgement_request=True)
    envelope = format_.envelope(sender=US, receiver=THEM, test=True)
    assert format_.write([ORDER, ORDER], envelope=envelope, context=context).decode() == (
        "UNA:+.? '\n"
        "UNB+UNOC:3+9520002000002:14+9520001000003:14+260115:0830+1++ORDERS++1++1'\n"
        "UNH+1+ORDERS:D:96A:UN:EAN008'\nBGM+220+A?+B?:C???'+9'\nDTM+137:20260115:102'\nUNT+4+1'\n"
        "UNH+2+ORDERS:D:96A:UN:EAN008'\nBGM+220+A?+B?:C???'+9'\nDTM+137:20260115:102'\nUNT+4+2'\n"
        "UNZ+2+1'\n"
    )
    assert format_.write([ORDER], envelope=envelope, context=context).split(b"'\n")[1].split(b"+")[5] == b"2"


def test_a_new_x12_interchange(x12, context):
    format_ = x12(newline="crlf", group_receiver="THEIRAPP")
    envelope = format_.envelope(sender=Identity(id="US"), receiver=Identity(id="THEM", qualifier="01"))
    response = Encoded(kind="855", version="004010", body=["BAK\x1d00\x1dAD\x1d1\x1d20260115"])
    assert format_.write([PURCHASE, PURCHASE, response], envelope=envelope, context=context).decode() == (
        "ISA*00*          *00*          *ZZ*US             *01*THEM           *260115*0830*U*00401*000000001*0*P*>~\r\n"
        "GS*PO*US*THEIRAPP*20260115*0830*1*X*004010~\r\n"
        "ST*850*0001~\r\nBEG*00*SA*1**20260115~\r\nSE*3*0001~\r\n"
        "ST*850*0002~\r\nBEG*00*SA*1**20260115~\r\nSE*3*0002~\r\n"
        "GE*2*1~\r\n"
        "GS*PR*US*THEIRAPP*20260115*0830*2*X*004010~\r\n"
        "ST*855*0001~\r\nBAK*00*AD*1*20260115~\r\nSE*3*0001~\r\n"
        "GE*1*2~\r\n"
        "IEA*2*000000001~\r\n"
    )


def test_numbers_come_from_a_series_for_each_pair_and_level(edifact, x12, context):
    envelope = edifact(group=True).envelope(sender=US, receiver=THEM)
    assert series(envelope, "group") == "edifact/9520002000002:14/9520001000003:14/group"
    written = edifact(group=True).write([ORDER], envelope=envelope, context=context).decode()
    assert "UNG+ORDERS+9520002000002:14+9520001000003:14+260115:0830+1+UN+D:96A:EAN008'" in written
    assert "UNE+1+1'UNZ+1+1'" in written

    class Nearly:
        def next(self, series: str) -> int:
            assert series in ("x12/A:ZZ/B:ZZ/interchange", "x12/A:ZZ/B:ZZ/group")
            return 1_000_000_000

    format_ = x12(version="00501")
    envelope = format_.envelope(sender=Identity(id="A"), receiver=Identity(id="B"))
    guided = Encoded(kind="837", version="005010X222A1", body=["BHT\x1d0019"])
    written = format_.write([guided], envelope=envelope, context=replace(context, numbers=Nearly())).decode()
    assert "*^*00501*000000001*" in written
    assert "~ST*837*0001*005010X222A1~" in written
    assert written.count("005010X222A1") == 2  # GS08 and ST03


def test_dates_follow_the_version_of_the_syntax(edifact, x12, context):
    written = edifact(syntax="UNOC:4").write(
        [ORDER], envelope=edifact(syntax="UNOC:4").envelope(sender=US, receiver=THEM), context=context
    )
    assert b"+20260115:0830+" in written
    assert written.startswith(b"UNA:+.?*'")
    old = Encoded(kind="850", version="003040", body=["BEG\x1d00"])
    envelope = x12().envelope(sender=Identity(id="A"), receiver=Identity(id="B"))
    assert b"GS*PO*A*B*260115*0830*1*X*003040~" in x12().write([old], envelope=envelope, context=context)


def test_parties_come_from_options_and_partner(edifact, context):
    format_ = edifact(sender="9520002000002:14", una=False)
    with pytest.raises(ConfigurationError) as missing:
        format_.write([ORDER], context=context)
    assert str(missing.value) == "the receiver of the interchange is not known"
    known = replace(context, partner={"edifact.id": "THEM"})
    assert format_.write([ORDER], context=known).startswith(b"UNB+UNOC:3+9520002000002:14+THEM+")


def test_a_read_message_is_written_byte_for_byte(fixtures, context, again):
    for name, format_ in (
        ("edifact/orders.edi", EdifactFormat(EdifactOptions())),
        ("x12/850.edi", X12Format(X12Options())),
    ):
        payload = (fixtures / name).read_bytes()
        (message,) = format_.read(payload)
        assert format_.write([again(message)], envelope=message.envelope, context=context) == payload
        kept = Envelope.from_dict(message.envelope.as_dict())
        assert kept == message.envelope
        assert format_.write([again(message)], envelope=kept, context=context) == payload


@pytest.mark.parametrize(
    "text",
    [
        "UNB+UNOA:1+S+R+260114:0915+X'UNH+1+A:B'BGM+lower'UNT+3+1'UNZ+1+X'",
        "UNA=*,? ~\n\nUNB*UNOC=3*S*R*260114=0915*X***1~UNH*7*A=D=96A=UN*CR1~BGM*1**~UNT*03*7~UNZ*000001*X~\n\n",
        "UNB+UNOC:3+S+R+260114:0915+X'UNG+A+S+R+260114:0915+G+UN+D:96A'UNH+1+A:D:96A:UN'BGM'UNT+3+1'"
        "UNH+2+A:D:96A:UN'UNT+2+2'UNE+2+G'UNG+B+S+R+260114:0915+H+UN+D:96A'UNH+1+B:D:96A:UN'UNT+2+1'UNE+1+H'UNZ+2+X'",
        "UNH+1+A:D:96A:UN'BGM+1'UNT+3+1'",
        "UNA:+.?*'UNB+UNOC:3+S+R+260114:0915+X'UNH+1+A:D:96A:UN'BGM+a*b?+c??'UNT+3+1'UNZ+1+X'",
    ],
)
def test_many_forms_of_an_interchange_are_written_as_they_were_read(edifact, context, again, text):
    messages = list(edifact().read(text.encode()))
    written = edifact().write([again(m) for m in messages], envelope=[m.envelope for m in messages], context=context)
    assert written.decode() == text


def test_x12_with_groups_ta1_and_network_requests_is_written_again(x12, context, again):
    isa = "ISA*00*          *00*          *ZZ*S              *ZZ*R              *260114*0915*^*00501*000000009*0*T*:~"
    text = (
        isa + "ISB*1~TA1*000000001*260113*0915*A*000~GS*FA*S*R*20260114*0915*3*X*005010~ST*997*0001~AK1*PO*1~SE*3*0001~"
        "GE*1*3~GS*IN*S*R*20260114*0915*4*X*005010~ST*810*0001~REF*a^b:c~SE*3*0001~ST*810*0002~SE*2*0002~GE*2*4~"
        "IEA*2*000000009~"
    )
    messages = list(x12().read(text.encode()))
    assert [m.kind for m in messages] == ["TA1", "997", "810", "810"]
    assert all(m.findings == () for m in messages)
    written = x12().write([again(m) for m in messages], envelope=[m.envelope for m in messages], context=context)
    assert written.decode() == text


def test_another_type_in_a_read_envelope_gets_a_header_of_its_own(edifact, x12, interchange, sets, context):
    (message,) = edifact().read(interchange("BGM+220'"))
    answer = Encoded(kind="ORDRSP", version="D:96A:UN", body=["BGM\x1d231"])
    written = edifact().write([answer], envelope=message.envelope, context=context)
    assert b"+REF1'UNH+1+ORDRSP:D:96A:UN'BGM+231'UNT+3+1'" in written
    (message,) = x12().read(sets("BEG*00~"))
    answer = Encoded(kind="855", version="004010", body=["BAK\x1d00"])
    assert b"~GS*PR*SENDER*RECEIVER*20260115*0830*1*X*004010~ST*855*0001~" in x12().write(
        [answer], envelope=message.envelope, context=context
    )


def test_an_envelope_serves_for_new_messages_again(edifact, interchange, context):
    (message,) = edifact().read(interchange("BGM+220'"))
    written = edifact().write([ORDER], envelope=message.envelope.again(), context=context)
    assert written.startswith(b"UNB+UNOC:3+S:14+R:14+260115:0830+1'UNH+1+ORDERS:D:96A:UN:EAN008'")


def test_what_an_envelope_tells(edifact, x12, interchange, sets):
    (message,) = edifact().read(interchange("BGM+220'", unb="UNB+UNOC:3+S:14+R:14+260114:0915+REF1++ORDERS++1++1'"))
    told = message.envelope
    assert (told.sender, told.receiver) == (Identity(id="S", qualifier="14"), Identity(id="R", qualifier="14"))
    assert (told.syntax, told.prepared, told.reference) == ("UNOC:3", "260114:0915", "REF1")
    assert (told.application_reference, told.acknowledgement_requested, told.test) == ("ORDERS", True, True)
    (message,) = x12().read(sets("BEG*00~"))
    told = message.envelope
    assert (told.syntax, told.prepared, told.reference, told.test) == ("00401", "260114:0915", "000000007", False)
    assert (told.sender, told.application_reference) == (Identity(id="SENDER", qualifier="ZZ"), "")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"standard": "edifact"},
        {"standard": "odette", "separators": {"element": "+", "component": ":", "terminator": "'"}},
        {"standard": "x12", "separators": {"element": 1, "component": ":", "terminator": "'"}},
        {"standard": "x12", "separators": [], "interchange": []},
        {"standard": "x12", "unknown": 1},
    ],
)
def test_what_is_no_envelope_is_refused(data):
    with pytest.raises(ConfigurationError):
        Envelope.from_dict(data)


@pytest.mark.parametrize(
    ("options", "value", "message"),
    [
        ({}, "漢", "'漢' is no character of ISO 8859-1"),
        ({"syntax": "UNOA:3"}, "abc", "'a' is no character of level A of ISO 9735"),
        ({"syntax": "UNOB:3"}, "a@b", "'@' is no character of level B of ISO 9735"),
        ({"syntax": "UNOB:3"}, "ü", "'ü' is no character of level B of ISO 9735"),
        ({}, "a\nb", "the control character U+000A cannot stand in a value"),
        ({}, "a\x1cb", "the segment separator cannot stand in a value"),
        ({}, "a\x1eb", "this syntax has no repetitions"),
        ({"separators": ":+.  '"}, "a+b", "'+' is a separator of this interchange and cannot stand in a value"),
    ],
)
def test_what_edifact_cannot_carry_is_refused_with_its_place(edifact, context, options, value, message):
    bad = Encoded(kind="ORDERS", version="D:96A:UN", body=["BGM\x1d220", f"FTX\x1dAAI\x1d\x1d\x1dok\x1f{value}"])
    if options.get("syntax") == "UNOA:3":
        bad = Encoded(kind="ORDERS", version="D:96A:UN", body=["BGM\x1d220", f"FTX\x1dAAI\x1d\x1d\x1dOK\x1f{value}"])
    format_ = edifact(**options)
    envelope = format_.envelope(sender=Identity(id="A"), receiver=Identity(id="B"))
    good = Encoded(kind="ORDERS", version="D:96A:UN", body=["BGM\x1d220"])
    with pytest.raises(Reject) as refused:
        format_.write([good, bad], envelope=envelope, context=context)
    found = refused.value.findings[0]
    assert (found.code, found.message) == ("E-DOMAIN", message)
    assert found.hint
    assert (found.place.message, found.place.segment, found.place.tag, found.place.element) == (2, 3, "FTX", 4)
    assert found.place.component == (2 if "\x1e" not in value else None) or found.place.repetition


@pytest.mark.parametrize("value", ["a*b", "a~b", "a>b", "a\rb", "漢"])
def test_what_x12_cannot_carry_is_refused(x12, context, value):
    envelope = x12().envelope(sender=Identity(id="A"), receiver=Identity(id="B"))
    bad = Encoded(kind="850", version="004010", body=[f"MSG\x1d{value}", f"PID\x1dF\x1d{value}"])
    with pytest.raises(Reject) as refused:
        x12().write([bad], envelope=envelope, context=context)
    assert [(f.code, f.value, f.place.tag, f.place.element) for f in refused.value.findings] == [
        ("E-DOMAIN", value, "MSG", 1),
        ("E-DOMAIN", value, "PID", 2),
    ]


def test_header_values_are_refused_too(edifact, x12, context):
    format_ = edifact(syntax="UNOA:3")
    envelope = format_.envelope(sender=Identity(id="Müller"), receiver=Identity(id="B"))
    with pytest.raises(Reject) as refused:
        format_.write(
            [Encoded(kind="ORDERS", version="D:96A:UN", body=["BGM\x1d220"])], envelope=envelope, context=context
        )
    assert [(f.place.tag, f.place.element) for f in refused.value.findings] == [("UNB", 2)]
    with pytest.raises(Reject, match="ISA06 takes 15 characters, not 16"):
        x12().envelope(sender=Identity(id="X" * 16), receiver=Identity(id="B"))
    with pytest.raises(Reject, match=r"'\*' is a separator of this interchange") as refused:
        x12().write(
            [PURCHASE], envelope=x12().envelope(sender=Identity(id="A"), receiver=Identity(id="B*C")), context=context
        )
    assert [(f.place.tag, f.place.element) for f in refused.value.findings] == [("ISA", 8), ("GS", 3)]


def test_binary_data_are_written_as_they_are(x12, context, again, sets):
    payload = sets("BEG*00~").replace(b"BEG*00~SE*3", b"BGN*11~BIN*11*ab~SE*1*1~c~SE*4")
    (message,) = x12().read(payload)
    assert x12().write([again(message)], envelope=message.envelope, context=context) == payload


def test_nothing_to_write_and_strange_envelopes(edifact, x12, context, sets, interchange):
    with pytest.raises(Reject, match="no message to write"):
        edifact().write([], envelope=edifact().envelope(sender=US, receiver=THEM), context=context)
    with pytest.raises(ConfigurationError, match="an envelope of x12 is needed"):
        x12().write([PURCHASE], envelope=edifact().envelope(sender=US, receiver=THEM), context=context)
    one = next(iter(edifact().read(interchange("BGM+1'"))))
    other = next(iter(edifact().read(interchange("BGM+1'", unb="UNB+UNOC:3+A+B+260114:0915+REF1'"))))
    both = edifact().write([ORDER, ORDER], envelope=[one.envelope, other.envelope], context=context)
    assert both.count(b"UNB+") == both.count(b"UNZ+1+REF1'") == 2
    unknown = Encoded(kind="123", version="004010", body=["BEG\x1d00"])
    envelope = x12().envelope(sender=Identity(id="A"), receiver=Identity(id="B"))
    with pytest.raises(Reject, match=r"functional identifier \(GS01\) of transaction set 123 is not known"):
        x12().write([unknown], envelope=envelope, context=context)
    assert b"GS*ZX*A*B" in x12(functional_id="ZX").write([unknown], envelope=envelope, context=context)


def test_functional_identifiers_are_those_of_pyx12():
    """The transaction sets of pyx12's maps (BSD) are the second source for the health care ones."""
    import importlib.resources

    from lxml import etree

    text = (importlib.resources.files("pyx12.map") / "maps.xml").read_bytes()
    pairs = set()
    for entry in etree.fromstring(text).iter("map"):
        kind = (entry.text or "").split(".")[0]
        pairs.add((kind, entry.get("fic")))
    checked = {kind: fic for kind, fic in pairs if kind in FUNCTIONAL_IDS and fic}
    assert len(checked) >= 5
    assert {kind: FUNCTIONAL_IDS[kind] for kind in checked} == checked


@pytest.mark.parametrize(
    ("model", "options"),
    [
        (EdifactOptions, {"lenient": ["isa-length"]}),
        (EdifactOptions, {"lenient": ["anything"]}),
        (EdifactOptions, {"syntax": "UNOX:3"}),
        (EdifactOptions, {"syntax": "UNOC:5"}),
        (EdifactOptions, {"separators": ":+.?'"}),
        (EdifactOptions, {"separators": "::.? '"}),
        (EdifactOptions, {"newline": "\n"}),
        (EdifactOptions, {"colour": "red"}),
        (X12Options, {"element": "~"}),
        (X12Options, {"component": "A"}),
        (X12Options, {"version": "4010"}),
        (X12Options, {"charset": "ebcdic"}),
    ],
)
def test_options_that_cannot_be_meant(model, options):
    with pytest.raises(ValidationError):
        model.model_validate(options)


def test_acknowledgements_go_back_to_the_sender(fixtures, context):
    edifact = EdifactFormat(EdifactOptions())
    (made,) = edifact.acknowledge((fixtures / "edifact" / "orders.edi").read_bytes(), kind="contrl", context=context)
    assert (made.kind, made.reference, made.accepted) == ("contrl", "HG000000417", True)
    (message,) = edifact.read(made.content)
    assert (message.kind, message.sender, message.receiver) == ("CONTRL", US, THEM)
    assert message.body.segments[0][-1] == "7"
    broken = (fixtures / "edifact" / "orders-broken.edi").read_bytes()
    assert [made.accepted for made in edifact.acknowledge(broken, kind="contrl", context=context)] == [False]

    x12 = X12Format(X12Options())
    (made,) = x12.acknowledge((fixtures / "x12" / "850.edi").read_bytes(), kind="997", context=context)
    (message,) = x12.read(made.content)
    assert (message.kind, message.sender.id, made.reference, made.accepted) == ("997", "BOLZENAG", "417", True)
    with pytest.raises(ConfigurationError, match="edifact has no acknowledgement '997'"):
        next(edifact.acknowledge(b"", kind="997", context=context))
