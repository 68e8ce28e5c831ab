"""Partners that call a SOAP service of ours: a real workspace, served, called by clients of three makers."""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import zeep
import zeep.exceptions
from lxml import etree
from tests.adapters.soap.certificates import Pair, pair
from tests.runner.engine.test_doors import eventually, served  # noqa: F401
from zeep.wsse.username import UsernameToken

from transload.adapters.base import Outbound, Stop
from transload.adapters.soap import SoapConnection, SoapTarget, SoapTargetOptions
from transload.canonical.errors import TransloadError
from transload.runner.demo.partners.soap_service import wsdl_text
from transload.runner.ledger import LedgerError
from transload.runner.ledger.arrivals import Arrivals

NS = "urn:example:purchasing:1"
S11 = "http://schemas.xmlsoap.org/soap/envelope/"
CLIENT = Path(__file__).parents[2] / "adapters/soap/partners/client.php"
PARTNER = """\
partner: acme
connections:
  desk:
    adapter: soap-service
    path: /acme/orders
    wsdl: wsdl/orders.wsdl
    endpoint: http://127.0.0.1:{port}/acme/orders
    verify: {{username_token: {{username: acme, password: ["${{env:NEXT}}", "${{env:NOW}}"]}}}}
    rate: {{requests: 500}}
receive:
  orders:
    from:
      connection: desk
      operations:
        SubmitOrder:
          response: |
            <SubmitOrderResponse xmlns="urn:example:purchasing:1">
              <Number>{{Number}}</Number><Repeated>false</Repeated>
            </SubmitOrderResponse>
    format: {{type: soap}}
    to: [erp/raw]
"""
ERP = """\
partner: erp
connections:
  box: {adapter: files, root: box}
send:
  raw: {take: {message: "*"}, to: {connection: box, file: "{number:04}.xml"}}
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> Path:
    monkeypatch.setenv("NEXT", "not yet")
    monkeypatch.setenv("NOW", "sesame")
    for name in ("mappings/acme", "mappings/erp", "box", "wsdl"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(f"workspace: shop\nhttp: {{listen: '127.0.0.1:{port}'}}\n")
    (tmp_path / "mappings/acme/partner.yaml").write_text(PARTNER.format(port=port))
    (tmp_path / "mappings/erp/partner.yaml").write_text(ERP)
    (tmp_path / "wsdl/orders.wsdl").write_text(wsdl_text())
    return tmp_path


@pytest.fixture
def url(port: int) -> str:
    return f"http://127.0.0.1:{port}/acme/orders"


def order(number: str) -> dict[str, Any]:
    return {"Number": number, "Buyer": "ü & <", "Line": [{"number": 1, "Item": "A", "Quantity": "5"}]}


def numbers(ledger: Any) -> list[str]:
    """The orders that are in the ledger."""
    found = []
    for receipt in ledger.queries.receipts()[::-1]:
        content = ledger.arrivals.payload(receipt["digest"])
        found.append(etree.fromstring(content).findtext(f"{{{NS}}}Number"))
    return found


@pytest.mark.parametrize("port_name", ["Soap11", "Soap12"])
@pytest.mark.parametrize("digest", [False, True])
def test_zeep_reads_our_wsdl_and_is_answered(folder: Path, url: str, port_name: str, digest: bool) -> None:
    def client(password: str) -> Any:
        token = UsernameToken("acme", password, use_digest=digest)
        return zeep.Client(f"{url}?wsdl", wsse=token, port_name=port_name).service

    with served(folder) as ledger:
        good = client("sesame")
        for _ in range(2):  # a repeat is answered alike, and not received again
            answer = good.SubmitOrder(**order("PO-1"))
            assert (answer.Number, answer.Repeated) == ("PO-1", False)
        assert client("not yet").SubmitOrder(**order("PO-2")).Number == "PO-2"
        with pytest.raises(zeep.exceptions.Fault, match="could not be authenticated or authorized") as caught:
            client("guessed").SubmitOrder(**order("PO-3"))
        names = [caught.value.code, *(etree.QName(one).localname for one in caught.value.subcodes or [])]
        assert names == (
            ["wsse:FailedAuthentication"] if port_name == "Soap11" else ["soap:Sender", "FailedAuthentication"]
        )
        with pytest.raises(zeep.exceptions.Fault, match=f"{{{NS}}}GetStock is not taken here"):
            good.GetStock()
        assert numbers(ledger) == ["PO-1", "PO-2"]


def test_php_reads_our_wsdl_and_is_answered(folder: Path, url: str) -> None:
    php = shutil.which("php")
    if php is None or "soap" not in subprocess.run([php, "-m"], capture_output=True, text=True).stdout.split():
        pytest.skip("PHP with its SOAP extension is not installed (Debian: php-cli php-soap)")

    def call(version: str, number: str, password: str) -> Any:
        command = [php, str(CLIENT), f"{url}?wsdl", version, number, password]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    with served(folder) as ledger:
        assert call("1.1", "PO-1", "sesame") == {"number": "PO-1", "repeated": False}
        assert call("1.2", "PO-2", "sesame") == {"number": "PO-2", "repeated": False}
        refused = call("1.1", "PO-3", "guessed")
        assert refused["fault"].endswith("FailedAuthentication")
        assert numbers(ledger) == ["PO-1", "PO-2"]


@pytest.mark.parametrize("port_name", ["Soap11", "Soap12"])
def test_our_own_target_is_answered_with_addressing_and_files_beside(folder: Path, url: str, port_name: str) -> None:
    token = {"username": "acme", "password": "sesame", "digest": True}
    settings = {"wsdl": folder / "wsdl/orders.wsdl", "endpoint": url, "port": port_name, "addressing": "true"}
    security = {"username_token": token, "timestamp": "5m", "must_understand": True}
    connection = SoapConnection.model_validate({**settings, "security": security, "xop": ["Buyer"]})
    content = (
        f'<SubmitOrder xmlns="{NS}"><Number>PO-1</Number><Buyer>YWJj</Buyer>'
        '<Line number="1"><Item>A</Item><Quantity>1</Quantity></Line></SubmitOrder>'
    ).encode()
    options = SoapTargetOptions.model_validate({"operation": "SubmitOrder", "reference": "Number"})
    with served(folder) as ledger, SoapTarget(connection, options) as target:
        answer = target.deliver(Outbound(key="k", content=content))
        assert (answer.reference, answer.findings) == ("PO-1", ())
        assert f"{NS}:Purchasing:SubmitOrderResponse" in answer.metadata["header"]
        assert answer.metadata["message_id"] in answer.metadata["header"]
        (receipt,) = ledger.queries.receipts()
        kept = ledger.arrivals.payload(receipt["digest"])
        assert etree.fromstring(kept).findtext(f"{{{NS}}}Buyer") == "YWJj"
        assert receipt["metadata"]["message_id"] == answer.metadata["message_id"]
        assert "sesame" not in str(receipt)


@pytest.fixture
def signing(folder: Path) -> dict[str, Pair]:
    """Both sides sign; the partner is changing his certificate."""
    pytest.importorskip("signxml")
    made = {"ours": pair("bolt"), "now": pair("acme"), "next": pair("acme, next"), "stranger": pair("acme")}
    (folder / "keys").mkdir()
    for name, (certificate, key) in made.items():
        (folder / f"keys/{name}.pem").write_text(certificate)
        (folder / f"keys/{name}.key").write_text(key)
    file = folder / "mappings/acme/partner.yaml"
    proof = """\
    sign: {certificate: "${file:keys/ours.pem}", key: "${file:keys/ours.key}"}
    verify: {signature: {certificates: ["${file:keys/next.pem}", "${file:keys/now.pem}"]}}
"""
    file.write_text(re.sub(r"    verify: .*\n", lambda _: proof, file.read_text()))
    return made


@pytest.mark.parametrize("port_name", ["Soap11", "Soap12"])
def test_our_own_target_signs_and_verifies(folder: Path, url: str, port_name: str, signing: dict[str, Pair]) -> None:
    def target(name: str) -> SoapTarget:
        settings = {"wsdl": folder / "wsdl/orders.wsdl", "endpoint": url, "port": port_name, "addressing": "true"}
        security = {
            "timestamp": "5m",
            "must_understand": True,
            "sign": {
                "certificate": signing[name][0], "key": signing[name][1], "parts": ["body", "timestamp", "addressing"]
            },
            "verify": {"certificates": signing["ours"][0], "parts": ["body", "timestamp", "addressing"]},
        }  # fmt: skip
        connection = SoapConnection.model_validate({**settings, "security": security, "xop": ["Buyer"]})
        options = SoapTargetOptions.model_validate({"operation": "SubmitOrder", "reference": "Number"})
        return SoapTarget(connection, options)

    content = (
        f'<SubmitOrder xmlns="{NS}"><Number>PO-1</Number><Buyer>YWJj</Buyer>'
        '<Line number="1"><Item>A</Item><Quantity>1</Quantity></Line></SubmitOrder>'
    ).encode()
    with served(folder) as ledger:
        for name in ("now", "next"):  # the certificate changes between two attempts of one delivery
            with target(name) as to:
                answer = to.deliver(Outbound(key="k", content=content))
            assert (answer.reference, answer.findings) == ("PO-1", ())
        (receipt,) = ledger.queries.receipts()
        assert len(receipt["metadata"]["signed_by"]) == 64
        with target("stranger") as to, pytest.raises(Stop, match="signature or decryption was invalid"):
            to.deliver(Outbound(key="k", content=content))
        assert len(ledger.queries.receipts()) == 1


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_npm_signs_and_is_answered(folder: Path, url: str, version: str, signing: dict[str, Pair]) -> None:
    modules = os.environ.get("NODE_PATH", "").split(":")
    if shutil.which("node") is None or not any(Path(one, "soap").is_dir() for one in modules if one):
        pytest.skip("npm's soap is not installed (npm install soap, and NODE_PATH names node_modules)")

    def call(number: str, name: str) -> Any:
        keys = [str(folder / f"keys/{name}.{kind}") for kind in ("pem", "key")]
        command = ["node", str(CLIENT.with_suffix(".js")), str(folder / "wsdl/orders.wsdl"), url, version, number]
        ran = subprocess.run([*command, *keys], capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)

    with served(folder) as ledger:
        assert call("PO-1", "now") == {"number": "PO-1", "repeated": False}
        assert call("PO-2", "next") == {"number": "PO-2", "repeated": False}
        assert "FailedCheck" in call("PO-3", "stranger")["fault"]
        assert numbers(ledger) == ["PO-1", "PO-2"]


def test_nothing_is_answered_before_it_is_committed(folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(folder) as ledger:
        client = zeep.Client(f"{url}?wsdl", wsse=UsernameToken("acme", "sesame")).service

        def full(*arguments: object) -> None:
            raise LedgerError("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(Arrivals, "add", full)
            with pytest.raises(zeep.exceptions.TransportError) as caught:
                client.SubmitOrder(**order("PO-1"))
            assert caught.value.status_code == 503
        assert ledger.queries.receipts() == []
        assert client.SubmitOrder(**order("PO-1")).Number == "PO-1"


def test_what_came_goes_its_way(folder: Path, url: str, eventually: Callable[..., None]) -> None:  # noqa: F811
    with served(folder):
        zeep.Client(f"{url}?wsdl", wsse=UsernameToken("acme", "sesame")).service.SubmitOrder(**order("PO-1"))
        eventually(lambda: any(path.suffix == ".xml" for path in (folder / "box").iterdir()))
    (file,) = [path for path in (folder / "box").iterdir() if path.suffix == ".xml"]
    assert etree.fromstring(file.read_bytes()).findtext(f"{{{NS}}}Number") == "PO-1"


def test_the_wsdl_names_our_address_and_its_files_lead_to_us(folder: Path, url: str) -> None:
    types = '<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:more"/>'
    (folder / "wsdl/more.xsd").write_text(types)
    text = wsdl_text().replace(
        "<wsdl:types>",
        '<wsdl:types><xsd:schema><xsd:import namespace="urn:more" schemaLocation="more.xsd"/></xsd:schema>',
    )
    (folder / "wsdl/orders.wsdl").write_text(text)
    with served(folder):
        given = requests.get(f"{url}?WSDL", timeout=10)
        assert given.status_code == 200
        assert given.text.count(f'location="{url}"') == 2
        assert 'schemaLocation="?file=more.xsd"' in given.text
        assert requests.get(f"{url}?file=more.xsd", timeout=10).content.endswith(b'targetNamespace="urn:more"/>')
        assert requests.get(f"{url}?file=../transload.yaml", timeout=10).status_code == 404
        assert requests.get(url, timeout=10).status_code == 404
        assert zeep.Client(f"{url}?wsdl", wsse=UsernameToken("acme", "sesame")).service.SubmitOrder(**order("1"))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("SubmitOrder:\n", "SubmitOrdr:\n", "the port Soap11 has no operation 'SubmitOrdr'"),
        ("wsdl/orders.wsdl", "wsdl/gone.wsdl", "gone.wsdl cannot be read: there is no such file"),
        ("<SubmitOrderResponse xmlns", "<Other xmlns", "the response of SubmitOrder: the body is no XML"),
    ],
)
def test_what_does_not_fit_the_wsdl_is_said_before_anybody_calls(
    folder: Path, before: str, after: str, message: str
) -> None:
    file = folder / "mappings/acme/partner.yaml"
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(TransloadError, match=message) as caught, served(folder):
        pass
    assert isinstance(caught.value, Stop)
    assert caught.value.hint
