"""What a bad service can do, and what common services' faults mean: two tables, printed with ``-s``, kept in docs."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.hostile import Script, answer, bad_server, drip, hang, markdown, outcome, refused, reset, say
from tests.adapters.memory import Notes

from transload.adapters.base import Outbound
from transload.adapters.soap import SoapConnection, SoapSource, SoapSourceOptions, SoapTarget, SoapTargetOptions
from transload.runner.demo.partners.soap_service import wsdl_text

trustme = pytest.importorskip("trustme")
ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/soap.md"
NS = "urn:example:purchasing:1"
S11 = "http://schemas.xmlsoap.org/soap/envelope/"
S12 = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
DOCUMENT = Outbound(
    key="k-1",
    content=f'<SubmitOrder xmlns="{NS}"><Number>1</Number><Buyer>B</Buyer><Line number="1"><Item>A</Item>'
    "<Quantity>1</Quantity></Line></SubmitOrder>".encode(),
)


def enveloped(body: str, header: str = "", space: str = S11) -> bytes:
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{space}">{head}<s:Body>{body}</s:Body></s:Envelope>'.encode()


TAKEN = enveloped(
    f'<SubmitOrderResponse xmlns="{NS}"><Number>1</Number><Repeated>false</Repeated></SubmitOrderResponse>'
)
GOOD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(TAKEN), TAKEN)
HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
BOMB = (
    b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY d "&c;&c;&c;&c;&c;&c;">]>'
    + TAKEN.replace(b">1<", b">&d;<")
)
OUTSIDE = b'<!DOCTYPE b [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + TAKEN.replace(b">1<", b">&x;<")
RELATED = f'<a:RelatesTo xmlns:a="{WSA}">urn:uuid:00000000-0000-0000-0000-000000000000</a:RelatesTo>'
MULTI = 'multipart/related; type="application/xop+xml"; start="<r>"; boundary=b'
INCLUDING = TAKEN.replace(b">1<", b'><x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:gone"/><')


def xml(status: str, body: bytes, kind: str = "text/xml", *rows: str) -> Script:
    return answer(status, *rows, body=body, kind=kind)


def endless(client: Any, over: threading.Event) -> None:
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<s:Envelope>")
    while not over.is_set():
        client.sendall(b"<a>" * 10_000)


def parts(*pieces: bytes) -> bytes:
    return b"".join(b"--b\r\n%s\r\n" % piece for piece in pieces) + b"--b--\r\n"


FAULTS: list[tuple[str, Script]] = [
    ("closes before it answers", say(b"")),
    ("resets the connection", reset),
    ("closes within the headers", say(GOOD[:40])),
    ("closes within the envelope", say(GOOD[:-20])),
    ("never answers", hang),
    ("sends its answer drop by drop", drip),
    ("sends an answer without end", endless),
    ("speaks another protocol", say(b"SSH-2.0-OpenSSH_9.2\r\n")),
    ("sends HTML with 200", xml("200 OK", HTML, "text/html")),
    ("sends HTML with 502", xml("502 Bad Gateway", HTML, "text/html")),
    ("sends HTML with 503", xml("503 Service Unavailable", HTML, "text/html", "Retry-After: 120")),
    ("sends HTML with 404", xml("404 Not Found", HTML, "text/html")),
    ("sends text with 500", xml("500 Internal Server Error", b"a server error occurred", "text/plain")),
    ("sends nothing with 500", xml("500 Internal Server Error", b"")),
    ("sends nothing with 200", xml("200 OK", b"")),
    ("sends nothing with 202", xml("202 Accepted", b"")),
    ("sends broken XML", xml("200 OK", TAKEN[:-9])),
    ("sends XML that is no envelope", xml("200 OK", b"<SubmitOrderResponse/>")),
    ("sends an envelope without a body", xml("200 OK", f'<s:Envelope xmlns:s="{S11}"/>'.encode())),
    ("sends an empty body", xml("200 OK", enveloped(""))),
    ("sends another element than the WSDL says", xml("200 OK", enveloped('<Other xmlns="urn:o"/>'))),
    ("sends entities within entities", xml("200 OK", BOMB)),
    ("sends an entity that names a file", xml("200 OK", OUTSIDE)),
    ("sends elements nested without end", xml("200 OK", enveloped("<a>" * 5_000 + "</a>" * 5_000))),
    ("answers another message", xml("200 OK", enveloped("<a/>", RELATED))),
    ("sends parts without a boundary", xml("200 OK", TAKEN, "multipart/related")),
    ("includes a part that is not there", xml("200 OK", parts(b"Content-ID: <r>\r\n\r\n" + INCLUDING), MULTI)),
    ("sends 200 parts", xml("200 OK", parts(b"Content-ID: <r>\r\n\r\n" + TAKEN, *([b"\r\nx"] * 200)), MULTI)),
    ("answers 302 to another host", xml("302 Found", b"", "text/xml", "Location: https://elsewhere.example/")),
    ("answers 401", xml("401 Unauthorized", b"")),
    ("answers 403 with HTML", xml("403 Forbidden", HTML, "text/html")),
    ("answers 415", xml("415 Unsupported Media Type", b"")),
]

EXCEPTION = '<ns1:hostname xmlns:ns1="http://xml.apache.org/axis/">srv-07</ns1:hostname>'
WCF = 'xmlns:a="http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher"'
WSSE = 'xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"'
WSS4J = 'xmlns:ns1="http://ws.apache.org/wss4j"'
ADDRESSED = f'xmlns:a="{WSA}"'


def old(code: str, reason: str, detail: str = "", space: str = "", *, header: str = "", by: str = "") -> bytes:
    """A fault of SOAP 1.1."""
    more = (f"<faultactor>{by}</faultactor>" if by else "") + (f"<detail>{detail}</detail>" if detail else "")
    fault = f"<s:Fault><faultcode {space}>{code}</faultcode><faultstring>{reason}</faultstring>{more}</s:Fault>"
    return enveloped(fault, header)


def new(code: str, subcode: str, reason: str, detail: str = "", space: str = "") -> bytes:
    """A fault of SOAP 1.2."""
    inner = f"<s:Subcode><s:Value {space}>{subcode}</s:Value></s:Subcode>" if subcode else ""
    text = f'<s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason>'
    more = f"<s:Detail>{detail}</s:Detail>" if detail else ""
    return enveloped(f"<s:Fault><s:Code><s:Value>s:{code}</s:Value>{inner}</s:Code>{text}{more}</s:Fault>", "", S12)


STACKS: list[tuple[str, str, bytes]] = [
    ("Axis", "exception of the service", old("s:Server.userException", "java.lang.NullPointerException", EXCEPTION)),
    ("Axis", "no such service", old("s:Server.NoService", "The AXIS engine could not find a target service!")),
    ("Axis", "wrong login", old("s:Server.Unauthenticated", "User not authenticated")),
    ("Axis2", "exception of the service", old("s:Server", "unknown", "<Exception>java.lang.Exception</Exception>")),
    ("ASP.NET (asmx)", "exception", old("s:Server", "Server was unable to process request. ---> Timeout", "<x/>")),
    ("ASP.NET (asmx)", "wrong action", old("s:Client", "Server did not recognize the value of HTTP Header SOAPAction")),
    ("WCF 1.1", "exception", old("a:InternalServiceFault", "The server was unable to process the request", "", WCF)),
    ("WCF 1.1", "does not read it", old("a:DeserializationFailed", "The formatter threw an exception", "", WCF)),
    ("WCF 1.1", "wrong action", old("a:ActionNotSupported", "The Action cannot be processed", "", ADDRESSED)),
    ("WCF 1.2", "exception", new("Receiver", "a:InternalServiceFault", "The server was unable", "", WCF)),
    ("WCF 1.2", "wrong clock or login", new("Sender", "w:InvalidSecurity", "An error occurred", "", WSSE)),
    ("WCF 1.2", "wrong address", new("Sender", "a:DestinationUnreachable", "wrong To", "", ADDRESSED)),
    ("CXF", "exception", old("s:Server", "Fault occurred while processing.")),
    ("CXF", "does not read it", old("s:Client", "Unmarshalling Error: 'x' is not a valid value")),
    ("CXF", "signature or login", old("ns1:SecurityError", "A security error was encountered", "", WSS4J)),
    ("CXF", "header not understood", old("s:MustUnderstand", "MustUnderstand headers are not understood.")),
    ("PHP", "exception", old("SOAP-ENV:Server", "Uncaught Exception")),
    ("PHP", "fault of its own", old("4711", "order number missing")),
    ("PHP", "no such function", old("SOAP-ENV:Server", 'Function ("submit") is not a valid method for this service')),
    ("spyne", "does not fit the schema", old("soap11env:Client.SchemaValidationError", "Element 'x': not expected")),
    ("spyne", "wrong login", old("soap11env:Client.InvalidCredentialsError", "You do not have permission")),
    ("spyne", "exception", old("soap11env:Server", "InternalError: An unknown error has occurred")),
    ("npm soap", "wrong login", enveloped(
        "<s:Fault><s:Code><s:Value>SOAP-ENV:Client</s:Value><s:Subcode><s:Value>AuthenticationFailure</s:Value></s:Subcode>"
        "</s:Code><s:Reason><s:Text>Invalid username or password</s:Text></s:Reason></s:Fault>"
    )),
    ("any", "children with the envelope's namespace", enveloped(
        "<s:Fault><s:faultcode>s:Client</s:faultcode><s:faultstring>bad</s:faultstring></s:Fault>"
    )),
    ("any", "message expired", old("w:MessageExpired", "The message has expired", "", WSSE)),
    ("any", "of another message", old("s:Client", "bad", "", "", header=RELATED)),
    ("any", "a code that nobody knows", new("Sender", "x:E0815", "unknown buyer", "", 'xmlns:x="urn:x"')),
    ("any", "no code at all", enveloped("<s:Fault/>")),
]  # fmt: skip


@pytest.fixture(scope="module")
def wsdl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("wsdl") / "orders.wsdl"
    path.write_text(wsdl_text(), encoding="utf-8")
    return path


def three(url: str, wsdl: Path, **more: Any) -> list[tuple[str, str]]:
    """The outcomes of a delivery, of one to an operation that is idempotent, and of a poll."""
    timeouts = {"connect": "5s", "read": "1s", "total": "1500ms"}
    settings = {
        "wsdl": wsdl,
        "endpoint": url,
        "tries": 1,
        "timeouts": timeouts,
        "max_body": 1_000_000,
        "addressing": "true",
    }
    connection = SoapConnection.model_validate({**settings, **more})
    found = []
    for idempotent in (False, True):
        options = SoapTargetOptions.model_validate({"operation": "SubmitOrder", "idempotent": idempotent})
        with SoapTarget(connection, options) as target:
            found.append(outcome(lambda to=target: to.deliver(DOCUMENT)))
    request = f'<GetStock xmlns="{NS}"/>'
    options = SoapSourceOptions.model_validate({"operation": "GetStock", "request": request})
    with SoapSource(connection, options) as source:
        found.append(outcome(lambda: list(source.receive(Notes()))))
    return found


def certificates(wsdl: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The outcomes of servers whose certificates do not fit."""
    authority, stranger = trustme.CA(), trustme.CA()
    for name, by, host, until, client in (
        ("has a certificate of an unknown authority", stranger, "127.0.0.1", None, False),
        ("has a certificate that has ended", authority, "127.0.0.1", datetime.now(UTC) - timedelta(days=1), False),
        ("has a certificate for another name", authority, "other.example", None, False),
        ("wants a certificate of ours and gets none", authority, "127.0.0.1", None, True),
    ):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        by.issue_cert(host, not_after=until).configure_cert(context)
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(context)
        with authority.cert_pem.tempfile() as ca, bad_server(say(GOOD), context) as url:
            yield name, three(url, wsdl, tls={"ca": ca})


def of_servers(wsdl: Path) -> Iterator[list[str]]:
    yield ["the service", "delivery", "idempotent delivery", "poll", "what the finding of the delivery says"]
    faults = [
        ("does not listen", three(refused(), wsdl)),
        ("has a name that nobody knows", three("https://erp.invalid", wsdl)),
    ]
    for name, script in FAULTS:
        with bad_server(script) as url:
            faults.append((name, three(url, wsdl)))
    faults += certificates(wsdl)
    for name, found in faults:
        yield [name, *(words for words, _ in found), found[0][1]]


def of_faults(wsdl: Path) -> Iterator[list[str]]:
    yield ["stack", "fault", "delivery", "idempotent delivery", "poll"]
    for stack, name, body in STACKS:
        kind = "application/soap+xml" if S12.encode() in body else "text/xml"
        with bad_server(xml("500 Internal Server Error", body, kind)) as url:
            yield [stack, name, *(words for words, _ in three(url, wsdl))]


@pytest.mark.parametrize(("name", "rows"), [("servers", of_servers), ("stacks", of_faults)])
def test_every_fault_has_its_outcome_and_the_docs_say_so(
    name: str, rows: Callable[[Path], Iterator[list[str]]], wsdl: Path
) -> None:
    table = markdown(list(rows(wsdl)))
    print(table)
    text = PAGE.read_text(encoding="utf-8")
    assert text.partition(f"<!-- {name} -->")[2].partition(f"<!-- end of {name} -->")[0].strip() == table


@pytest.mark.parametrize("count", range(0, len(GOOD), 1))
def test_closed_at_every_possible_byte_nothing_is_torn(count: int, wsdl: Path) -> None:
    with bad_server(say(GOOD[:count])) as url:
        assert [words for words, _ in three(url, wsdl)] == ["unknown", "retry", "retry"]


def test_an_answer_that_is_whole_is_taken(wsdl: Path) -> None:
    with bad_server(say(GOOD)) as url:
        assert [words for words, _ in three(url, wsdl)] == ["taken", "taken", "taken"]


def test_hanging_before_the_request_is_read_leaves_it_open_too(wsdl: Path) -> None:
    """A server that takes the connection and reads nothing: the request may lie in its buffers, so nobody can tell."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = three(f"http://127.0.0.1:{listener.getsockname()[1]}", wsdl)
    assert [words for words, _ in found] == ["unknown", "retry", "retry"]
