"""What a SOAP target takes: the element of the body, or an envelope that holds nothing else."""

import pytest

from transload.adapters.base import Reject
from transload.adapters.soap.envelope import parse_body

S11, S12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"


def envelope(body: str, space: str = S11, header: str = "") -> bytes:
    return f'<s:Envelope xmlns:s="{space}" xmlns:o="urn:o">{header}<s:Body>{body}</s:Body></s:Envelope>'.encode()


@pytest.mark.parametrize(
    "content",
    [
        b'<o:Order xmlns:o="urn:o"/>',
        envelope("<o:Order/>"),
        envelope("<o:Order/>", S12),
        envelope("<!-- one --><o:Order/>", header="<s:Header/>"),
    ],
)
def test_the_element_is_found(content: bytes) -> None:
    assert parse_body(content).tag == "{urn:o}Order"


GOLDEN = {
    b"<a>": "the body is no XML: ",
    b"<!DOCTYPE a><a/>": "the body is no XML: it has a DOCTYPE",
    envelope("<a/><b/>"): "the body of the envelope to send holds 2 elements, and one is needed",
    envelope(""): "the body of the envelope to send holds 0 elements, and one is needed",
    envelope("<a/>", header="<s:Header><t/></s:Header>"): (
        "the envelope to send has header blocks, and its headers are made by the connection"
    ),
}


@pytest.mark.parametrize(("content", "message"), GOLDEN.items())
def test_what_would_be_lost_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(Reject) as caught:
        parse_body(content)
    (finding,) = caught.value.findings
    assert finding.code == "E-DOMAIN"
    assert finding.message.startswith(message)
