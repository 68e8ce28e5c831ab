"""A service behind TLS that wants our certificate, checks our signature with xmlsec, and signs its answers."""

import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.adapters.servers import Asked, Say, serving
from tests.adapters.soap import xmlsec
from tests.adapters.soap.certificates import DS, S11, WSSE, WSU, pair

from transload.adapters.base import Outbound, Reject, Stop, Unknown
from transload.adapters.soap import SoapConnection, SoapTarget, SoapTargetOptions
from transload.adapters.soap.security.headers import secure
from transload.adapters.soap.security.settings import Security

trustme = pytest.importorskip("trustme")
pytest.importorskip("signxml")
NS = "urn:example:purchasing:1"
WSA = "http://www.w3.org/2005/08/addressing"
OURS, THEIRS, SERVERS = pair("us"), pair("partner's signatures"), pair("another of the partner's")
ORDER = Outbound(
    key="k-1",
    content=f'<SubmitOrder xmlns="{NS}"><Number>1</Number><Buyer>B</Buyer><Line number="1"><Item>A</Item>'
    "<Quantity>1</Quantity></Line></SubmitOrder>".encode(),
)
Change = Callable[["etree._Element"], None]


def nothing(made: "etree._Element") -> None:
    return


class Signer:
    """The service: it says in ``seen`` what it made of the requests."""

    def __init__(self) -> None:
        self.seen: list[str | None] = []
        self.change: Change = nothing
        self.fault: str | None = None
        self.sign_faults = False
        self.now = datetime.now(UTC)
        self.requests: list[etree._Element] = []

    def handle(self, asked: Asked) -> Say:
        if asked.method == "GET":
            return Say(status=405)
        root = etree.fromstring(asked.body)
        self.requests.append(root)
        self.seen.append(asked.client)
        if not xmlsec.verified(root, OURS[0]):
            return Say(status=500, body=b"the signature of the request is wrong")
        identity = root.findtext(f"{{{S11}}}Header/{{{WSA}}}MessageID")
        taken = f'<SubmitOrderResponse xmlns="{NS}"><Number>1</Number><Repeated>false</Repeated></SubmitOrderResponse>'
        body = f"<s:Fault><faultcode>s:{self.fault}</faultcode><faultstring>no</faultstring></s:Fault>"
        made = etree.fromstring(
            f'<s:Envelope xmlns:s="{S11}"><s:Header><a:RelatesTo xmlns:a="{WSA}">{identity}</a:RelatesTo></s:Header>'
            f"<s:Body>{body if self.fault else taken}</s:Body></s:Envelope>"
        )
        if not self.fault or self.sign_faults:
            settings = {"timestamp": "1m", "sign": {"certificate": THEIRS[0], "key": THEIRS[1]}}
            secure(made, Security.model_validate(settings), now=self.now)
        self.change(made)
        return Say(status=500 if self.fault else 200, body=etree.tostring(made), headers={"Content-Type": "text/xml"})


@pytest.fixture
def signer() -> Signer:
    return Signer()


@pytest.fixture
def connected(signer: Signer, wsdl: Path) -> Iterator[dict[str, Any]]:
    authority = trustme.CA()
    own = authority.issue_cert("transload@bolt.example", organization_unit_name="bolt")
    with running(authority, signer) as url, authority.cert_pem.tempfile() as ca:
        yield {
            "wsdl": wsdl,
            "endpoint": url,
            "addressing": "true",
            "tls": {
                "ca": ca,
                "certificate": own.cert_chain_pems[0].bytes().decode(),
                "key": own.private_key_pem.bytes().decode(),
            },
            "security": {
                "timestamp": "5m",
                "username_token": {"username": "bolt", "password": "sesame", "digest": True},
                "sign": {"certificate": OURS[0], "key": OURS[1]},
                "verify": {"certificates": [SERVERS[0], THEIRS[0]]},
            },
        }


@contextmanager
def running(authority: Any, signer: Signer) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    with serving(signer.handle, tls=context) as url:
        yield url


def deliver(settings: dict[str, Any], **options: Any) -> Any:
    wanted = SoapTargetOptions.model_validate({"operation": "SubmitOrder", **options})
    with SoapTarget(SoapConnection.model_validate(settings), wanted) as target:
        return target.deliver(ORDER)


def test_signed_both_ways_with_different_certificates(signer: Signer, connected: dict[str, Any]) -> None:
    answer = deliver(connected)
    assert signer.seen == ["bolt"]
    assert answer.findings == ()
    assert answer.metadata["message_id"] == signer.requests[0].findtext(f"{{{S11}}}Header/{{{WSA}}}MessageID")
    kept = answer.metadata["header"]
    assert "RelatesTo" in kept
    assert "<ds:SignatureValue>" in kept
    deliver(connected)
    one, two = signer.requests
    assert one.findtext(f".//{{{WSA}}}MessageID") == two.findtext(f".//{{{WSA}}}MessageID")
    for name in (f"{{{WSSE}}}Nonce", f"{{{DS}}}SignatureValue"):
        assert one.findtext(f".//{name}") != two.findtext(f".//{name}")


def moved(made: "etree._Element") -> None:
    body = made.find(f"{{{S11}}}Body")
    assert body is not None
    header = made.find(f"{{{S11}}}Header")
    assert header is not None
    made.remove(body)
    etree.SubElement(header, "{urn:evil}W").append(body)
    other = etree.SubElement(made, f"{{{S11}}}Body")
    etree.SubElement(other, f"{{{NS}}}SubmitOrderResponse")


def unsigned(made: "etree._Element") -> None:
    for one in made.findall(f".//{{{WSSE}}}Security"):
        one.getparent().remove(one)  # type: ignore[union-attr]


def undated(made: "etree._Element") -> None:
    for one in made.findall(f".//{{{WSU}}}Timestamp"):
        one.getparent().remove(one)  # type: ignore[union-attr]


def emptied(made: "etree._Element") -> None:
    body = made.find(f"{{{S11}}}Body")
    assert body is not None
    body.clear()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (moved, "does not cover its body"),
        (unsigned, "the answer has no signature"),
        (undated, "has no timestamp, which must be signed|Unable to resolve reference"),
        (emptied, "is not one of the partner's"),
    ],
)
def test_an_answer_that_cannot_be_trusted(
    signer: Signer, connected: dict[str, Any], change: Change, words: str
) -> None:
    signer.change = change
    with pytest.raises(Unknown, match=words) as caught:
        deliver(connected)
    assert caught.value.findings[0].code == "S-SIGNATURE"
    assert caught.value.findings[0].hint
    with pytest.raises(Stop, match=words):
        deliver(connected, idempotent=True)


@pytest.mark.parametrize(("minutes", "words"), [(-10, "the answer ended 5.. seconds ago"), (10, "ahead of our clock")])
def test_an_old_answer_or_one_of_the_future_is_not_trusted(
    signer: Signer, connected: dict[str, Any], minutes: int, words: str
) -> None:
    signer.now += timedelta(minutes=minutes)
    with pytest.raises(Unknown, match=words):
        deliver(connected)
    lenient = {**connected, "security": {**connected["security"], "skew": "15m"}}
    assert deliver(lenient).findings == ()
    unverified = {**connected, "security": {**connected["security"], "verify": None}}
    (finding,) = deliver(unverified).findings
    assert (finding.code, finding.severity) == ("S-CLOCK", "warning")


def test_a_fault_is_judged_before_signatures_but_only_a_signed_one_means_accepted(
    signer: Signer, connected: dict[str, Any]
) -> None:
    signer.fault = "Client"
    with pytest.raises(Reject, match="the fault Client: no"):
        deliver(connected)
    accepting = {**connected, "faults": {"Client": "accepted"}}
    with pytest.raises(Unknown, match="the answer has no signature"):
        deliver(accepting)
    signer.sign_faults = True
    assert "there already" in deliver(accepting).summary


def test_what_was_sent_is_kept_without_what_is_secret(signer: Signer, connected: dict[str, Any]) -> None:
    signer.fault = "Client"
    with pytest.raises(Reject) as caught:
        deliver(connected)
    sent = caught.value.findings[-1]
    assert (sent.code, sent.severity) == ("S-SENT", "remark")
    assert sent.value is not None
    assert sent.value.count("***") == 3  # password, nonce, certificate
    for secret in ("sesame", signer.requests[0].findtext(f".//{{{WSSE}}}Nonce"), "PRIVATE"):
        assert secret not in str(caught.value.findings)
        assert secret not in repr(caught.value)
    assert "<wsse:Username>bolt</wsse:Username>" in sent.value
    assert "<Buyer>" not in sent.value


def test_what_could_not_be_verified_is_not_even_sent(
    signer: Signer, connected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = {**connected, "security": {**connected["security"], "verify": {"certificates": ["nothing"]}}}
    with pytest.raises(Stop, match="a certificate of the partner's signatures cannot be read"):
        deliver(broken)
    monkeypatch.setitem(sys.modules, "signxml", None)
    unsigned = {**connected, "security": {"verify": connected["security"]["verify"]}}
    with pytest.raises(Stop, match="signatures need signxml, which is not installed") as caught:
        deliver(unsigned)
    assert caught.value.hint == "install the extra: pip install 'transload[soap-signatures]'"
    assert signer.requests == []


def test_without_our_certificate_there_is_no_connection(connected: dict[str, Any]) -> None:
    tls = {"ca": connected["tls"]["ca"]}
    with pytest.raises(Stop, match="TLS") as caught:
        deliver({**connected, "tls": tls})
    assert caught.value.hint == "the server wants a certificate of ours, or another one: tls: certificate: and key:"


def test_a_probe_tells_certificates_and_what_to_write(connected: dict[str, Any]) -> None:
    wanted = SoapTargetOptions.model_validate({"operation": "SubmitOrder"})
    with SoapTarget(SoapConnection.model_validate({**connected, "endpoint": connected["endpoint"]}), wanted) as target:
        probe = target.probe()
    told = {finding.code: finding.message for finding in probe.findings}
    assert "TLSv1.3" in told["P-TLS"]
    assert "ends at" in told["P-CERTIFICATE"]
    assert "ends at" in told["P-OWN"]
    assert "there is no bundle.json beside it" in told["P-BUNDLE"]
    assert "a user token in the header and a signature and our certificate" in told["P-LOGIN"]
