"""The SOAP format: envelopes of both versions, bodies without one, faults, header blocks."""

from datetime import UTC, datetime

import pytest

from transload.adapters.base import Context, Encoded, Message, Reject
from transload.adapters.soap import SoapFormat, SoapOptions

CONTEXT = Context(now=datetime(2026, 1, 1, tzinfo=UTC))
S11, S12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"
BODY = '<o:Order xmlns:o="urn:o"><o:No>1</o:No></o:Order>'


def envelope(body: str, space: str = S11, header: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>\n<s:Envelope xmlns:s="{space}">{header}<s:Body>\n{body}</s:Body></s:Envelope>'.encode()
    )


def read(payload: bytes, **options: object) -> tuple[list[Message], list[str]]:
    reading = SoapFormat(SoapOptions.model_validate(options)).read(payload, file="in.xml")
    messages = list(reading)
    found = [*reading.findings, *(finding for message in messages for finding in message.findings)]
    return messages, [f"{finding.code} {finding.message} @ {finding.place}" for finding in found]


@pytest.mark.parametrize("space", [S11, S12])
def test_the_body_holds_the_message_and_its_places_count_from_the_envelope(space: str) -> None:
    payload = envelope(BODY, space)
    (message,), findings = read(payload)
    assert (message.kind, message.version, findings) == ("Order", "urn:o", [])
    place = message.body.place(["{urn:o}No", 0])  # type: ignore[arg-type]
    assert (place.line, place.path) == (3, "/s:Envelope/s:Body/o:Order/o:No")
    assert payload[place.byte :].startswith(b"<o:No>")


def test_written_with_its_own_envelope_it_is_as_it_was() -> None:
    payload = envelope(BODY, header="<s:Header><x/></s:Header>")
    (message,), _ = read(payload)
    made = SoapFormat(SoapOptions()).write([Encoded(kind="", body=BODY)], envelope=message.envelope, context=CONTEXT)
    assert made == payload


@pytest.mark.parametrize(("version", "space"), [("1.1", S11), ("1.2", S12), ("none", None)])
def test_the_envelope_that_is_wanted_is_written_and_read_again(version: str, space: str | None) -> None:
    made = SoapFormat(SoapOptions.model_validate({"version": version})).write(
        [Encoded(kind="Order", body=BODY)], context=CONTEXT
    )
    assert made.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
    assert (space is None) == (b"Envelope" not in made)
    if space is not None:
        assert space.encode() in made
    (message,), findings = read(made)
    assert (message.kind, findings) == ("Order", [])


FAULT_11 = (
    "<s:Fault><faultcode>s:Client.Data</faultcode><faultstring>no such\n order</faultstring>"
    "<faultactor>urn:shop</faultactor><detail><e:No xmlns:e='urn:e'>7</e:No></detail></s:Fault>"
)
FAULT_12 = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>x:Data</s:Value></s:Subcode></s:Code>"
    "<s:Reason><s:Text xml:lang='en'>no such order</s:Text></s:Reason><s:Role>urn:shop</s:Role></s:Fault>"
)


@pytest.mark.parametrize(
    ("payload", "finding"),
    [
        (
            envelope(FAULT_11),
            "W-FAULT the service gave a fault and no result: Client/Data, from urn:shop: no such order",
        ),
        (
            envelope(FAULT_12, S12),
            "W-FAULT the service gave a fault and no result: Sender/Data, from urn:shop: no such order",
        ),
    ],
)
def test_a_fault_is_a_message_of_its_own_kind(payload: bytes, finding: str) -> None:
    (message,), findings = read(payload)
    assert message.kind == "Fault"
    assert findings == [f"{finding} @ {message.body.place(())}"]  # type: ignore[arg-type]
    assert "s:" not in "".join(message.body.root.itertext())  # type: ignore[union-attr]


GOLDEN = {
    b"<a:Envelope xmlns:a='urn:old'/>": "E-SOAP this envelope is of no version of SOAP that there is",
    f"<s:Envelope xmlns:s='{S11}'/>".encode(): "E-SOAP the envelope has no Body",
    envelope(""): "E-SOAP the Body of the envelope holds nothing",
    envelope("<a/><b/>"): "E-SOAP the Body of the envelope holds 2 elements",
    envelope(
        BODY, header="<s:Header><t:To xmlns:t='urn:t'/></s:Header>"
    ): "R-HEADER the header block To was left aside",
    envelope(BODY, header="<s:Header><t:Sec xmlns:t='urn:t' s:mustUnderstand='1'/></s:Header>"): (
        "W-HEADER the header block Sec was left aside, which the sender wants to be understood"
    ),
    b"<!DOCTYPE a><a/>": "E-DTD the document has a DOCTYPE, which is refused",
}


@pytest.mark.parametrize(("payload", "finding"), GOLDEN.items())
def test_golden_findings(payload: bytes, finding: str) -> None:
    _, findings = read(payload)
    assert [text.partition(" @ ")[0] for text in findings] == [finding]
    assert "in.xml" in findings[0]


def test_header_blocks_can_be_ignored() -> None:
    (message,), findings = read(envelope(BODY, header="<s:Header><a/></s:Header>"), headers="ignore")
    assert (message.kind, findings) == ("Order", [])


def test_the_code_of_a_written_fault_is_a_qualified_name() -> None:
    body = f'<soap:Fault xmlns:soap="{S11}"><faultcode>Client</faultcode><faultstring>no</faultstring></soap:Fault>'
    made = SoapFormat(SoapOptions()).write([Encoded(kind="Fault", body=body)], context=CONTEXT)
    assert b"<faultcode>soap:Client</faultcode>" in made


def test_one_message_and_well_formed() -> None:
    form = SoapFormat(SoapOptions())
    with pytest.raises(Reject, match="a SOAP envelope holds one message, not 2"):
        form.write([Encoded(kind="", body="<a/>")] * 2, context=CONTEXT)
    with pytest.raises(Reject, match="cannot be written as XML"):
        form.write([Encoded(kind="", body="<a>")], context=CONTEXT)
