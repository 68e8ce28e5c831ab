"""A SOAP service of ours, request by request: what is taken, what is a fault, and what a stranger learns."""

import base64
import hashlib
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from pydantic import ValidationError

from transload.adapters.base import Stop
from transload.adapters.base.endpoint import Refused, Request
from transload.adapters.soap.service import SoapEndpoint, SoapServiceConnection, SoapServiceOptions
from transload.runner.demo.partners.soap_service import wsdl_text

NS = "urn:example:purchasing:1"
S11 = "http://schemas.xmlsoap.org/soap/envelope/"
S12 = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = f"{PROFILE}wssecurity-secext-1.0.xsd", f"{PROFILE}wssecurity-utility-1.0.xsd"
TYPE = f"{PROFILE}username-token-profile-1.0#Password"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ANSWER = f'<SubmitOrderResponse xmlns="{NS}"><Number>{{Number}}</Number></SubmitOrderResponse>'
ORDER = (
    f'<SubmitOrder xmlns="{NS}"><Number>PO-1</Number><Buyer>B</Buyer><Line number="1"><Item>A</Item>'
    "<Quantity>1</Quantity></Line></SubmitOrder>"
)
TOKEN = {"username_token": {"username": "acme", "password": "sesame"}}
Make = Callable[..., SoapEndpoint]


@pytest.fixture
def make(wsdl: Path) -> Make:
    def endpoint(connection: dict[str, Any] | None = None, **taken: Any) -> SoapEndpoint:
        whole = {"path": "/acme", "wsdl": wsdl, "verify": TOKEN, "rate": {"requests": 10_000}, **(connection or {})}
        options = {"operations": {"SubmitOrder": {"response": ANSWER, **taken}}}
        made = SoapEndpoint(SoapServiceConnection.model_validate(whole), SoapServiceOptions.model_validate(options))
        made.prepare()
        return made

    return endpoint


def token(password: str = "sesame", name: str = "acme", *, nonce: str = "", created: datetime | None = None) -> str:
    digest = ""
    more = f"<w:Nonce>{nonce}</w:Nonce>" if nonce else ""
    if created is not None:
        text = created.strftime("%Y-%m-%dT%H:%M:%SZ")
        more += f'<u:Created xmlns:u="{WSU}">{text}</u:Created>'
        if nonce:
            digest = base64.b64encode(
                hashlib.sha1(base64.b64decode(nonce) + text.encode() + password.encode()).digest()
            ).decode()
    kind = f' Type="{TYPE}Digest"' if digest else ""
    return (
        f'<w:Security xmlns:w="{WSSE}"><w:UsernameToken><w:Username>{name}</w:Username>'
        f"<w:Password{kind}>{digest or password}</w:Password>{more}</w:UsernameToken></w:Security>"
    )


def request(body: str = ORDER, header: str | None = None, *, space: str = S11, kind: str = "", **more: Any) -> Request:
    head = token() if header is None else header
    text = f'<s:Envelope xmlns:s="{space}"><s:Header>{head}</s:Header><s:Body>{body}</s:Body></s:Envelope>'
    kind = kind or ("application/soap+xml" if space == S12 else "text/xml; charset=utf-8")
    known = {"method": "POST", "path": "/acme", "headers": {"content-type": kind}, "client": "192.0.2.7"}
    return Request(**{**known, "content": text.encode(), **more})


def refused(endpoint: SoapEndpoint, sent: Request, *, now: datetime = NOW) -> tuple[int, str, str]:
    """Status, code and reason that the sender is told; nothing of the log is among them."""
    with pytest.raises(Refused) as caught:
        endpoint.accept(sent, now)
    told = caught.value.response
    assert caught.value.finding.code == "W-CALL"
    if not told.content_type.startswith(("text/xml", "application/soap+xml")):
        return told.status, "", told.content.decode().strip()
    root = etree.fromstring(told.content)
    if etree.QName(root).namespace == S11:
        return told.status, root.findtext(".//faultcode") or "", root.findtext(".//faultstring") or ""
    codes = [one.text or "" for one in root.iter(f"{{{S12}}}Value")]
    return told.status, " ".join(codes), root.findtext(f".//{{{S12}}}Text") or ""


@pytest.mark.parametrize("space", [S11, S12])
def test_what_the_body_holds_is_taken_and_answered(make: Make, space: str) -> None:
    endpoint = make()
    inbound = endpoint.accept(request(space=space), NOW)
    assert isinstance(inbound.content, bytes)
    assert etree.fromstring(inbound.content).tag == f"{{{NS}}}SubmitOrder"
    assert b"sesame" not in inbound.content + str(inbound).encode()
    version = "1.1" if space == S11 else "1.2"
    assert inbound.metadata == {
        "client": "192.0.2.7", "content_type": "application/xml", "operation": "SubmitOrder", "soap": version
    }  # fmt: skip
    answer = endpoint.respond(inbound, earlier=None)
    assert (answer.status, answer.content) == (200, endpoint.respond(inbound, earlier={}).content)
    assert answer.content_type == ("text/xml" if space == S11 else "application/soap+xml") + "; charset=utf-8"
    root = etree.fromstring(answer.content)
    assert root.findtext(f"{{{space}}}Body/{{{NS}}}SubmitOrderResponse/{{{NS}}}Number") == "PO-1"


DENIED = "The security token could not be authenticated or authorized"
STRANGERS = {
    "no header": "",
    "another name": token(name="Acme"),
    "another password": token("sesam"),
    "two tokens": token() + token(),
    "two passwords": token().replace("</w:Username>", "</w:Username><w:Password>x</w:Password>"),
    "no password": token().replace("<w:Password>sesame</w:Password>", ""),
    "a digest without a nonce": token().replace("<w:Password>", f'<w:Password Type="{TYPE}Digest">'),
    "a digest that is old": token(nonce="YWJj", created=NOW - timedelta(minutes=6)),
    "a digest of the future": token(nonce="YWJj", created=NOW + timedelta(minutes=6)),
    "a digest of another password": token("sesam", nonce="YWJj", created=NOW),
    "a nonce that is none": token(nonce="YWJj", created=NOW).replace("YWJj", "é"),
    "a time that is none": token().replace("</w:Username>", f'</w:Username><u:Created xmlns:u="{WSU}">x</u:Created>'),
    "a token elsewhere": f'<x:Other xmlns:x="urn:x">{token()}</x:Other>',
    "a token for another": token().replace("<w:Security", '<w:Security s:actor="urn:other"'),
}  # fmt: skip


@pytest.mark.parametrize("header", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_learns_nothing(make: Make, header: str) -> None:
    assert refused(make(), request("<Other/>", header)) == (500, "wsse:FailedAuthentication", DENIED)


def test_digests_and_what_was_overheard(make: Make) -> None:
    endpoint = make({"verify": {"username_token": {**TOKEN["username_token"], "digest": True}}})
    good = request(header=token(nonce="YWJj", created=NOW), space=S12)
    assert endpoint.accept(good, NOW).key == endpoint.accept(good, NOW).key  # its sender did not hear the answer
    other = request(ORDER.replace("PO-1", "PO-2"), token(nonce="YWJj", created=NOW), space=S12)
    assert refused(endpoint, other) == (400, "soap:Sender wsse:FailedAuthentication", DENIED)
    assert refused(endpoint, request()) == (500, "wsse:FailedAuthentication", DENIED)
    assert make().accept(request(header=token(nonce="YWJj", created=NOW)), NOW)


def old(body: str = "", header: str = "", **more: Any) -> Request:
    return request(body or ORDER, token() + header, **more)


TIMED = token().replace(
    "</w:UsernameToken>",
    f'</w:UsernameToken><u:Timestamp xmlns:u="{WSU}"><u:Expires>2026-11-26T08:00:00Z</u:Expires></u:Timestamp>',
)
REPLY = f'<a:ReplyTo xmlns:a="{WSA}"><a:Address>http://evil.example/</a:Address></a:ReplyTo>'
STRANGE = '<x:Pay xmlns:x="urn:x" s:mustUnderstand="1"/>'
SIGNED = token().replace("<w:Security", '<w:Security s:mustUnderstand="1"')
SIGNED = SIGNED.replace("</w:Security>", "<Signature/></w:Security>")
FAULTS: dict[str, tuple[Request, tuple[int, str, str]]] = {
    "no XML": (
        request(content=b"hello"),
        (500, "soap:Client", "No envelope of SOAP 1.1 or 1.2: it is no XML: Start tag expected, '<' not found, line 1, "
         "column 1 (<string>, line 1)"),
    ),
    "a DOCTYPE": (
        request(content=b"<!DOCTYPE a><a/>"),
        (500, "soap:Client", "No envelope of SOAP 1.1 or 1.2: it is no XML: it has a DOCTYPE"),
    ),
    "another version": (
        request(space="urn:soap:2", kind="application/soap+xml"),
        (500, "soap:VersionMismatch",
         "No envelope of SOAP 1.1 or 1.2: its root element is Envelope and no SOAP envelope"),
    ),
    "expired": (request(header=TIMED), (500, "wsse:MessageExpired", "The message has expired")),
    "not understood": (
        old(header=STRANGE),
        (500, "soap:MustUnderstand", "These headers must be understood, and are not: Pay"),
    ),
    "not understood in 1.2": (
        old(header=STRANGE.replace('"1"', '"true"'), space=S12),
        (500, "soap:MustUnderstand", "These headers must be understood, and are not: Pay"),
    ),
    "a signature that must be understood": (
        request(header=SIGNED),
        (500, "soap:MustUnderstand", "These headers must be understood, and are not: Security"),
    ),
    "an answer elsewhere": (
        old(header=REPLY),
        (500, "wsa:OnlyAnonymousAddressSupported",
         "ReplyTo must be the anonymous address: answers go back on the connection"),
    ),
    "an answer elsewhere in 1.2": (
        old(header=REPLY, space=S12),
        (400, "soap:Sender wsa:InvalidAddressingHeader wsa:OnlyAnonymousAddressSupported",
         "ReplyTo must be the anonymous address: answers go back on the connection"),
    ),
    "an empty body": (request(" "), (500, "soap:Client", "The body holds 0 elements, and one is needed")),
    "two elements": (request(ORDER + ORDER), (500, "soap:Client", "The body holds 2 elements, and one is needed")),
    "another operation": (
        request(f'<GetStock xmlns="{NS}"/>'), (500, "soap:Client", f"{{{NS}}}GetStock is not taken here")
    ),
    "does not fit the WSDL": (
        request(ORDER.replace("<Buyer>", "<Colour/><Buyer>")),
        (500, "soap:Client", f"the body does not fit the WSDL: Unexpected element '{{{NS}}}Colour', "
         f"expected '{{{NS}}}Buyer'"),
    ),
    "lacks what the answer repeats": (
        request(ORDER.replace("PO-1", " ")), (500, "soap:Client", "Number is missing, which the answer repeats")
    ),
    "another method": (request(method="PUT"), (405, "", "only POST")),
    "another content type": (
        request(kind="application/json"),
        (415, "", "only text/xml, application/soap+xml, multipart/related"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_not_taken_is_a_fault_with_a_code(make: Make, sent: Request, told: tuple[int, str, str]) -> None:
    assert refused(make(), sent) == told


def test_what_was_not_understood_is_named_in_12(make: Make) -> None:
    with pytest.raises(Refused) as caught:
        make().accept(old(header=STRANGE, space=S12), NOW)
    told = etree.fromstring(caught.value.response.content).find(f".//{{{S12}}}NotUnderstood")
    assert told is not None
    assert (told.get("qname"), told.nsmap["b"]) == ("b:Pay", "urn:x")


def test_headers_for_others_and_those_of_addressing_are_no_trouble(make: Make) -> None:
    theirs = STRANGE.replace("<x:Pay", '<x:Pay s:actor="urn:somebody"')
    identity = f'<a:MessageID xmlns:a="{WSA}" s:mustUnderstand="1">urn:uuid:1</a:MessageID>'
    endpoint = make()
    inbound = endpoint.accept(old(header=theirs + identity), NOW)
    root = etree.fromstring(endpoint.respond(inbound, earlier=None).content)
    assert root.findtext(f".//{{{WSA}}}RelatesTo") == "urn:uuid:1"
    assert root.findtext(f".//{{{WSA}}}Action") == f"{NS}:Purchasing:SubmitOrderResponse"


def test_which_message_it_is(make: Make) -> None:
    def keys(endpoint: SoapEndpoint, *sent: Request) -> int:
        return len({endpoint.accept(one, NOW).key for one in sent})

    def identified(text: str) -> Request:
        return old(header=f'<a:MessageID xmlns:a="{WSA}">{text}</a:MessageID>')

    prefixed = ORDER.replace("<", "<o:").replace("<o:/", "</o:").replace("xmlns=", "xmlns:o=")
    other = ORDER.replace(">B<", ">C<")
    assert keys(make(), request(), request(prefixed)) == 2  # a prefix may matter to who reads it
    assert keys(make(), request(), request(space=S12)) == 1
    assert keys(make(), request(), request(other)) == 2
    assert keys(make(), identified("1"), identified("1"), identified("2")) == 2
    assert keys(make(identity=["Number"]), request(), request(other), identified("2")) == 1
    assert refused(make(identity=["Line/Nothing"]), request())[2] == (
        "Line/Nothing is missing, which says which message it is"
    )


def test_a_file_beside_the_envelope_is_put_in_its_place_or_refused(make: Make) -> None:
    def packed(href: str, buyer: str) -> Request:
        text = request(ORDER.replace("<Buyer>B", f"<Buyer>{buyer}")).content
        parts = [b"Content-ID: <r>\r\n\r\n" + text, b"Content-ID: <p>\r\n\r\nabc"]
        content = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
        return request(content=content, kind='multipart/related; boundary=b; start="<r>"')

    include = '<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:p"/>'
    assert b"<Buyer>YWJj</Buyer>" in bytes(make().accept(packed("p", include), NOW).content)  # type: ignore[arg-type]
    assert refused(make(), packed("p", "B"))[2] == "Parts that the body does not include are not taken"


def test_who_may_call_and_how_often(make: Make) -> None:
    nothing = {"verify": {"nothing": True}, "allowed": ["192.0.2.0/24"]}
    endpoint = make({**nothing, "rate": {"requests": 2, "per": "1h"}})
    assert endpoint.accept(request(header=""), NOW)
    assert refused(endpoint, request(client="198.51.100.1")) == (403, "", "not allowed")
    asked = request(method="GET", query="wsdl")
    told = endpoint.greet(asked)
    assert told is not None
    assert (told.status, b"Purchasing" in told.content) == (200, True)
    with pytest.raises(Refused):
        endpoint.greet(asked)
    assert make({"publish": False}).greet(asked) is None
    must = token().replace("<w:Security", '<w:Security s:mustUnderstand="1"')
    assert refused(make(nothing), request(header=must))[1] == "soap:MustUnderstand"


BAD_OPTIONS = [
    ({"response": "<a/>"}, f"SubmitOrder answers with {{{NS}}}SubmitOrderResponse by the WSDL, not with a"),
    ({"response": "<a>{Number}"}, "the response of SubmitOrder: the body is no XML: .*"),
]


@pytest.mark.parametrize(("taken", "message"), BAD_OPTIONS)
def test_an_answer_that_the_wsdl_does_not_know_is_never_given(make: Make, taken: dict[str, str], message: str) -> None:
    with pytest.raises(Stop, match=message) as caught:
        make(**{"response": None, **taken})
    assert "operations: SubmitOrder: response:" in (caught.value.hint or "")


def test_an_operation_without_an_answer_is_accepted(make: Make, wsdl: Path) -> None:
    text = re.sub(r'<wsdl:output message="tns:SubmitOrderOutput"/>', "", wsdl_text())
    bound = r'(soapAction="[^"]*SubmitOrder"/>\s*<wsdl:input>.*?</wsdl:input>)\s*<wsdl:output>.*?</wsdl:output>'
    wsdl.write_text(re.sub(bound, r"\1", text, flags=re.DOTALL))
    with pytest.raises(Stop, match="SubmitOrder has no output by the WSDL"):
        make()
    endpoint = make(response=None)
    answer = endpoint.respond(endpoint.accept(request(), NOW), earlier=None)
    assert (answer.status, answer.content) == (202, b"")


def test_what_is_written_wrong() -> None:
    for verify in ({}, {**TOKEN, "nothing": True}):
        with pytest.raises(ValidationError, match="name username_token, signature or both, else nothing: true"):
            SoapServiceConnection.model_validate({"path": "/a", "wsdl": "w", "verify": verify})
    with pytest.raises(ValidationError, match="name the addresses that may call"):
        SoapServiceConnection.model_validate({"path": "/a", "wsdl": "w", "verify": {"nothing": True}})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(st.binary(max_size=200), st.text(max_size=40), st.integers(0, 600))
def test_whatever_comes_is_refused_and_never_breaks(make: Make, content: bytes, kind: str, cut: int) -> None:
    endpoint = make()
    whole = request().content
    for sent in (content, whole[:cut] + content + whole[cut:], whole[:cut]):
        for header in ("text/xml", "multipart/related; boundary=b", kind):
            try:
                inbound = endpoint.accept(request(content=sent, kind=header or "x"), NOW)
            except Refused:
                continue
            assert endpoint.respond(inbound, earlier=None).status == 200


def test_many_nonces_are_forgotten_in_time(make: Make) -> None:
    endpoint = make()
    began = time.monotonic()
    for number in range(300):
        nonce = base64.b64encode(str(number).encode()).decode()
        at = NOW + timedelta(seconds=10 * number)
        endpoint.accept(request(header=token(nonce=nonce, created=at)), at)
    assert len(endpoint._proofs._tokens._nonces) <= 61  # type: ignore[union-attr]
    assert time.monotonic() - began < 10
