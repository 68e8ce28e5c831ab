"""Calling a SOAP service: the real partner service in both versions, and servers that answer with anything else."""

import base64
import hashlib
import html
import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.adapters.servers import Asked, Say, serving

from transload.adapters.base import Landing, Outbound, Reject, Retry, Stop, Unknown
from transload.adapters.soap import SoapTarget
from transload.runner.demo.partners.soap_service import SoapService

Make = Callable[..., SoapTarget]
NS = "urn:example:purchasing:1"
WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
WSA = "{http://www.w3.org/2005/08/addressing}"
BOTH = pytest.mark.parametrize("port", ["Soap11", "Soap12"])


def order(number: str = "PO-1", quantity: str = "5", extra: str = "") -> Outbound:
    content = (
        f'<o:SubmitOrder xmlns:o="{NS}"><o:Number>{number}</o:Number><o:Buyer>ACME é</o:Buyer>'
        f'<o:Line number="1"><o:Item>A</o:Item><o:Quantity>{quantity}</o:Quantity></o:Line>{extra}</o:SubmitOrder>'
    )
    return Outbound(key=f"key {number}", content=content.encode(), content_type="application/xml")


@BOTH
def test_the_service_takes_an_order_once(service: SoapService, endpoint: str, target: Make, port: str) -> None:
    to = target(endpoint, connection={"port": port}, idempotent=True)
    first = to.deliver(order())
    second = to.deliver(order())
    assert first.summary == f"SubmitOrder: 200 from {endpoint}"
    for answer, repeated in ((first, "false"), (second, "true")):
        assert answer.content is not None
        root = etree.fromstring(answer.content)
        assert root.tag == f"{{{NS}}}SubmitOrderResponse"
        assert root.findtext(f"{{{NS}}}Repeated") == repeated
        assert answer.findings == ()
    assert service.counts == {"calls": 2, "orders": 1, "repeats": 1}
    body = etree.fromstring(service.requests[0])[0]
    assert etree.QName(body).localname == "Body"
    assert etree.tostring(body[0], method="c14n", exclusive=True) == etree.tostring(
        etree.fromstring(order().content), method="c14n", exclusive=True
    )


def test_the_first_of_equal_ports_is_taken(service: SoapService, endpoint: str, target: Make) -> None:
    target(endpoint).deliver(order())
    assert b"http://schemas.xmlsoap.org/soap/envelope/" in service.requests[0]


@BOTH
@pytest.mark.parametrize(
    ("code", "subcode", "detail", "kind"),
    [
        ("Client", "", "<x:NoSuchItem xmlns:x='urn:x'/>", Reject),
        ("Server", "", "", Retry),
        ("Server", "Busy", "", Retry),
        ("Client", "FailedAuthentication", "", Stop),
        ("MustUnderstand", "", "", Stop),
        ("VersionMismatch", "", "", Stop),
        ("Strange", "", "", Reject),
    ],
)
def test_a_fault_is_judged_by_its_codes(
    service: SoapService,
    endpoint: str,
    target: Make,
    port: str,
    code: str,
    subcode: str,
    detail: str,
    kind: type[Exception],
) -> None:
    service.fault(code, "not today", subcode=subcode, detail=detail)
    with pytest.raises(kind, match="not today") as caught:
        target(endpoint, connection={"port": port}).deliver(order())
    assert type(caught.value) is kind
    assert service.counts["calls"] == 1


def test_the_text_of_a_fault(service: SoapService, endpoint: str, target: Make) -> None:
    target(endpoint).deliver(order())
    with pytest.raises(Reject) as caught:
        target(endpoint).deliver(order(quantity="6"))
    finding, sent = caught.value.findings
    assert finding.code == "S-FAULT"
    assert finding.message == (
        f"SubmitOrder at {endpoint} was answered with the fault Client: order PO-1 is there with another content"
    )
    assert finding.value is not None
    assert f'<OrderExists xmlns="{NS}"' in finding.value
    assert (sent.code, sent.value) == (
        "S-SENT",
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'
        "<soap:Body><!-- SubmitOrder --></soap:Body></soap:Envelope>",
    )


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ({"OrderExists": "retry"}, Retry),
        ({"OrderExists": "stop", "Client": "retry"}, Stop),
        ({"Client": "retry"}, Retry),
        ({"Other": "retry"}, Reject),
    ],
)
def test_the_partners_table_wins(endpoint: str, target: Make, table: dict[str, str], kind: type[Exception]) -> None:
    target(endpoint).deliver(order())
    with pytest.raises(kind):
        target(endpoint, connection={"faults": table}).deliver(order(quantity="6"))


def test_a_fault_may_mean_that_it_is_there(endpoint: str, target: Make) -> None:
    target(endpoint).deliver(order())
    there = target(endpoint, connection={"faults": {"OrderExists": "accepted"}}).deliver(order(quantity="6"))
    assert there.summary == f"SubmitOrder: 500 from {endpoint}, OrderExists: there already"


def test_a_server_fault_is_asked_again_where_the_operation_is_idempotent(
    service: SoapService, endpoint: str, target: Make, naps: list[float]
) -> None:
    service.fault("Server", "restarting")
    target(endpoint, idempotent=True).deliver(order())
    assert service.counts["calls"] == 2
    assert len(naps) == 1


def test_an_answer_lost_after_the_order_was_taken(service: SoapService, endpoint: str, target: Make) -> None:
    slow = {"timeouts": {"read": "200ms"}}
    service.mischief.plan(afterwards=True, delay=0.6)
    with pytest.raises(Unknown, match="its answer was lost: time is up"):
        target(endpoint, connection=slow).deliver(order())
    assert service.counts["orders"] == 1
    answer = target(endpoint, idempotent=True).deliver(order())
    assert answer.content is not None
    assert b"<Repeated>true</Repeated>" in answer.content


@pytest.mark.parametrize(
    ("status", "body", "kinds"),
    [
        (502, "<html><body>Bad <br> gateway</body></html>", (Unknown, Retry)),
        (500, "plain words", (Unknown, Retry)),
        (503, "later", (Retry, Retry)),
        (404, "nothing here", (Stop, Stop)),
        (401, "", (Stop, Stop)),
        (400, "what?", (Reject, Reject)),
        (302, "", (Stop, Stop)),
        (200, "<html>maintenance</html>", (Unknown, Retry)),
        (200, "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", (Unknown, Retry)),
        (200, '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', (Unknown, Retry)),
    ],
)
def test_an_answer_that_is_no_envelope_is_kept_and_judged_by_its_status(
    service: SoapService,
    endpoint: str,
    target: Make,
    status: int,
    body: str,
    kinds: tuple[type[Exception], type[Exception]],
) -> None:
    for idempotent, kind in zip((False, True), kinds, strict=True):
        service.mischief.plan(status=status, body=body, times=2 if (idempotent and kind is Retry) else 1)
        with pytest.raises(kind) as caught:
            target(endpoint, idempotent=idempotent, connection={"tries": 1 if status == 503 else 2}).deliver(order())
        assert type(caught.value) is kind
        if status not in (302, 401) and "Envelope" not in body:
            assert caught.value.findings[0].value == body  # type: ignore[attr-defined]
        service.mischief = type(service.mischief)()


def test_nothing_in_an_accepted_answer(service: SoapService, endpoint: str, target: Make) -> None:
    service.mischief.plan(status=202, afterwards=True)
    assert target(endpoint).deliver(order()).content is None
    assert service.counts["orders"] == 1


def test_a_multipart_answer_gives_its_root_part(raw_server: Callable[..., Any], target: Make) -> None:
    taken = f'<SubmitOrderResponse xmlns="{NS}"/>'
    envelope = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{taken}</s:Body></s:Envelope>'
    body = (
        "--b\r\nContent-ID: <pic>\r\nContent-Type: image/png\r\n\r\n\x00\x01\r\n"
        f"--b\r\nContent-ID: <root>\r\nContent-Type: text/xml\r\n\r\n{envelope}\r\n--b--\r\n"
    ).encode()

    def answer(client: socket.socket, request: bytes) -> None:
        client.sendall(
            b'HTTP/1.1 200 OK\r\nContent-Type: multipart/related; boundary=b; start="<root>"\r\n'
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )

    found = target(raw_server(answer).url).deliver(order())
    assert (
        found.content
        == f'<SubmitOrderResponse xmlns="{NS}" xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>'.encode()
    )
    assert [str(finding) for finding in found.findings] == [
        "warning S-ATTACHMENT the answer has parts that its body does not include, and that were not kept: "
        "pic (image/png, 2 bytes)\n    hint     answer: message of the route keeps the whole answer"
    ]


def test_another_element_than_the_wsdl_says_is_a_warning(raw_server: Callable[..., Any], target: Make) -> None:
    body = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><Other/></s:Body></s:Envelope>'

    def answer(client: socket.socket, request: bytes) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    found = target(raw_server(answer).url).deliver(order())
    assert [finding.code for finding in found.findings] == ["S-ANSWER"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<SubmitOrder/>", f"the operation SubmitOrder takes {{{NS}}}SubmitOrder, not SubmitOrder"),
        (
            order(extra="<o:Colour/>").content,
            f"the body does not fit the WSDL: Unexpected element '{{{NS}}}Colour'",
        ),
        (b"no xml", "the body is no XML: Start tag expected, '<' not found, line 1, column 1"),
        (b"<!DOCTYPE a><a/>", "the body is no XML: it has a DOCTYPE"),
        (b"", "the body is no XML"),
    ],
)
def test_a_body_that_the_wsdl_does_not_know_is_never_sent(
    service: SoapService, endpoint: str, target: Make, content: bytes, message: str
) -> None:
    with pytest.raises(Reject) as caught:
        target(endpoint).deliver(Outbound(key="k", content=content))
    (finding,) = caught.value.findings
    assert finding.code == "E-DOMAIN"
    assert finding.message.startswith(message)
    assert service.counts["calls"] == 0


def test_a_value_that_only_the_service_can_judge_is_sent(service: SoapService, endpoint: str, target: Make) -> None:
    target(endpoint).deliver(order(quantity="five"))
    assert service.counts["orders"] == 1


@BOTH
def test_the_message_id_stays_and_the_nonce_does_not(
    service: SoapService, endpoint: str, target: Make, port: str
) -> None:
    token = {"username": "bolt", "password": "päss", "digest": True}
    security = {"username_token": token, "timestamp": "5m"}
    to = target(endpoint, connection={"port": port, "addressing": True, "security": security}, idempotent=True)
    service.mischief.plan(status=500, body="lost", afterwards=True)
    to.deliver(order("PO-1"))
    to.deliver(order("PO-2"))
    sent = [etree.fromstring(request) for request in service.requests]
    ids = [root.findtext(f".//{WSA}MessageID") for root in sent]
    assert ids[0] == ids[1] != ids[2]
    assert str(ids[0]).startswith("urn:uuid:")
    assert {root.findtext(f".//{WSA}Action") for root in sent} == {f"{NS}/SubmitOrder"}
    assert {root.findtext(f".//{WSA}To") for root in sent} == {endpoint}
    nonces = [root.findtext(f".//{WSSE}Nonce") for root in sent]
    assert len(set(nonces)) == 3
    created = str(sent[0].findtext(f".//{WSSE}UsernameToken/{WSU}Created"))
    digest = hashlib.sha1(base64.b64decode(str(nonces[0])) + created.encode() + "päss".encode()).digest()
    assert sent[0].findtext(f".//{WSSE}Password") == base64.b64encode(digest).decode()
    stamp = sent[0].find(f".//{WSU}Timestamp")
    assert stamp is not None
    begin, end = (datetime.fromisoformat(str(stamp.findtext(f"{WSU}{name}"))) for name in ("Created", "Expires"))
    assert (end - begin).total_seconds() == 300
    assert abs((datetime.now(UTC) - begin).total_seconds()) < 60


def test_passwords_in_text_travel_and_are_never_logged(
    service: SoapService, endpoint: str, target: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    security = {"username_token": {"username": "bolt", "password": "s3cret"}}
    to = target(endpoint, connection={"security": security, "login": {"username": "web", "password": "s3cret"}})
    to.deliver(order())
    root = etree.fromstring(service.requests[0])
    assert root.findtext(f".//{WSSE}Password") == "s3cret"
    assert root.find(f".//{WSA}MessageID") is None
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(to.connection)


@BOTH
def test_http_headers_of_both_versions(raw_server: Callable[..., Any], target: Make, port: str) -> None:
    server = raw_server(lambda client, request: client.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"))
    target(server.url, connection={"port": port}).deliver(order())
    head = server.requests[0].decode().lower()
    action = f"{NS}/submitorder"
    if port == "Soap11":
        assert "\r\ncontent-type: text/xml; charset=utf-8\r\n" in head
        assert f'\r\nsoapaction: "{action}"\r\n' in head
    else:
        assert f'\r\ncontent-type: application/soap+xml; charset=utf-8; action="{action}"\r\n' in head
        assert "soapaction" not in head


def test_nobody_listens_and_a_broken_connection(
    free_port: int, raw_server: Callable[..., Any], reset: object, target: Make
) -> None:
    with pytest.raises(Retry, match="could not connect"):
        target(f"http://127.0.0.1:{free_port}/").deliver(order())
    with pytest.raises(Unknown, match="its answer was lost"):
        target(raw_server(reset).url).deliver(order())


def test_an_answer_too_large_to_be_read_is_unknown_and_no_repetition_helps(endpoint: str, target: Make) -> None:
    with pytest.raises(Unknown, match="more than 20 bytes"):
        target(endpoint, connection={"max_body": 20}).deliver(order())
    with pytest.raises(Stop, match="more than 20 bytes") as caught:
        target(endpoint, connection={"max_body": 20}, idempotent=True).deliver(order())
    assert caught.value.hint == "ask for less at once, or raise max_body of the connection"


def test_a_probe_moves_nothing(service: SoapService, endpoint: str, target: Make, free_port: int) -> None:
    good = target(endpoint).probe()
    assert good.ok is True
    assert good.summary == f"the WSDL has SubmitOrder, and {endpoint} answers (200)"
    assert target(f"http://127.0.0.1:{free_port}/").probe().ok is False
    assert target(endpoint, operation="SubmitOrdr").probe().ok is False
    assert service.counts["calls"] == 0


def test_what_was_staged_before_there_was_a_lookup_is_not_asked_for(
    service: SoapService, endpoint: str, target: Make
) -> None:
    """The template as written asks for no document, and its answer would say that nothing is there."""
    options = {
        "lookup": "GetStock",
        "lookup_request": f'<GetStock xmlns="{NS}"><Item>{{document.number}}</Item></GetStock>',
        "lookup_found": "Stock/Item",
    }
    assert target(endpoint, **options).verify(order()) is Landing.CANNOT_TELL
    assert service.requests == []


@pytest.mark.parametrize(
    ("kind", "declared", "text"),
    [
        ("text/xml; charset=iso-8859-1", "", "Gr\u00f6\u00dfe".encode("latin-1")),
        ('text/xml;Charset="ISO-8859-1"', "", "Gr\u00f6\u00dfe".encode("latin-1")),
        ("text/xml; charset=utf-8", '<?xml version="1.0" encoding="iso-8859-1"?>', "Gr\u00f6\u00dfe".encode("latin-1")),
        ("text/xml; charset=iso-8859-1", "\ufeff", "Gr\u00f6\u00dfe".encode()),
        ("text/xml; charset=klingon", "", "Gr\u00f6\u00dfe".encode()),
        ("text/xml", "", "Gr\u00f6\u00dfe".encode()),
    ],
)
def test_the_charset_of_http_counts_where_the_xml_names_none(
    target: Make, kind: str, declared: str, text: bytes
) -> None:
    envelope = (
        f'{declared}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<SubmitOrderResponse xmlns="{NS}"><Number>@</Number></SubmitOrderResponse></s:Body></s:Envelope>'
    )
    body = envelope.encode().replace(b"@", text)
    with serving(lambda asked: Say(body=body, headers={"Content-Type": kind})) as url:
        assert target(url, reference="Number").deliver(order()).reference == "Gr\u00f6\u00dfe"


def test_an_operation_without_an_action_names_none(wsdl: Path, target: Make) -> None:
    wsdl.write_text(wsdl.read_text().replace(f'soapAction="{NS}/SubmitOrder"', 'soapAction=""'))
    got: list[Asked] = []

    def handle(asked: Asked) -> Say:
        got.append(asked)
        return Say(status=202)

    with serving(handle) as url:
        for port in ("Soap11", "Soap12"):
            target(url, connection={"port": port}).deliver(order())
    assert [one.headers["content-type"] for one in got] == [
        "text/xml; charset=utf-8",
        "application/soap+xml; charset=utf-8",
    ]
    assert got[0].headers["soapaction"] == '""'
    with pytest.raises(Stop) as caught:
        target(url, connection={"port": "Soap11", "addressing": True}).deliver(order())
    assert (caught.value.message, caught.value.hint) == (
        "the operation SubmitOrder has no action, and WS-Addressing needs one",
        "ask the partner for it, and write it into the WSDL: soapAction of the operation, or wsam:Action of input",
    )


def test_a_password_is_masked_however_the_service_quotes_it(target: Make) -> None:
    password = """a&b<c"d'e\\f"""
    security = {"username_token": {"username": "bolt", "password": password}}
    space = "http://schemas.xmlsoap.org/soap/envelope/"

    def quoting(asked: Asked) -> Say:
        """All that it was sent, in XML, in HTML and as it is."""
        sent = etree.fromstring(asked.body).findtext(f".//{WSSE}Password") or ""
        made = etree.fromstring(
            f'<s:Envelope xmlns:s="{space}"><s:Header><Seen/></s:Header><s:Body>'
            "<s:Fault><faultcode>s:Client</faultcode><faultstring/><detail><Was/></detail></s:Fault></s:Body></s:Envelope>"
        )
        if "taken" in asked.target:
            body = made.find(f"{{{space}}}Body")
            assert body is not None
            body.clear()
            made[0][0].text = sent
            return Say(body=etree.tostring(made))
        if "html" in asked.target:
            return Say(status=400, body=f"<p>{html.escape(sent)} {sent} {json.dumps(sent)}".encode())
        made.find(".//faultstring").text = sent  # type: ignore[union-attr]
        made.find(".//Was").text = sent  # type: ignore[union-attr]
        return Say(status=500, body=etree.tostring(made))

    with serving(quoting) as url:
        taken = target(f"{url}/taken", connection={"security": security}).deliver(order())
        said = [str(taken)]
        for place in ("fault", "html"):
            with pytest.raises(Reject) as caught:
                target(f"{url}/{place}", connection={"security": security}).deliver(order())
            said.append(str(caught.value.findings))
    for text in said:
        assert "***" in text
        assert not [part for part in ("a&", "<c", "&lt;c", "d'e", "e\\\\f") if part in text], text


def test_a_second_element_in_the_body_is_not_passed_over_in_silence(target: Make) -> None:
    body = f'<SubmitOrderResponse xmlns="{NS}"/><multiRef/>'
    text = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{body}</s:Body></s:Envelope>'
    with serving(lambda asked: Say(body=text.encode())) as url:
        (finding,) = target(url).deliver(order()).findings
    assert (finding.code, finding.message) == (
        "S-ANSWER",
        "the body of the answer holds 2 elements, and the first is taken",
    )
