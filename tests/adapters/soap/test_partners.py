"""Services of other makers, each in a process of its own: spyne, PHP's SoapServer, npm's soap."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from lxml import etree
from tests.adapters.memory import Notes
from typer.testing import CliRunner

from transload.adapters.base import Landing, Outbound, Reject, Retry, Stop, Unknown
from transload.adapters.soap import SoapConnection, SoapSource, SoapSourceOptions, SoapTarget, SoapTargetOptions
from transload.adapters.soap.wsdl import find_operation
from transload.runner.cli.app import application

HERE = Path(__file__).parent / "partners"
NS = "urn:example:purchasing:1"
SPYNE = "urn:example:spyne"
Make = Callable[..., SoapTarget]


def order(number: str, buyer: str = "ACME é <&>") -> Outbound:
    root = etree.Element(f"{{{NS}}}SubmitOrder")
    etree.SubElement(root, f"{{{NS}}}Number").text = number
    etree.SubElement(root, f"{{{NS}}}Buyer").text = buyer
    line = etree.SubElement(root, f"{{{NS}}}Line", number="1")
    etree.SubElement(line, f"{{{NS}}}Item").text = "A"
    etree.SubElement(line, f"{{{NS}}}Quantity").text = "5"
    return Outbound(key=f"key {number}", content=etree.tostring(root), content_type="application/xml")


def php_soap() -> bool:
    php = shutil.which("php")
    return php is not None and "soap" in subprocess.run([php, "-m"], capture_output=True, text=True).stdout.split()


@pytest.fixture
def php(tmp_path: Path, wsdl: Path, free_port: int) -> Iterator[str]:
    if not php_soap():
        pytest.skip("PHP with its SOAP extension is not installed (Debian: php-cli php-soap)")
    environment = {**os.environ, "WSDL": str(wsdl), "ORDERS": str(tmp_path / "orders.json")}
    command = ["php", "-S", f"127.0.0.1:{free_port}", str(HERE / "orders.php")]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{free_port}/purchasing"
            for _ in range(100):
                try:
                    urlopen(url, timeout=2).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield url
        finally:
            process.kill()


@pytest.fixture
def npm(wsdl: Path) -> Iterator[str]:
    modules = os.environ.get("NODE_PATH", "")
    if shutil.which("node") is None or not any(
        Path(folder, "soap").is_dir() for folder in modules.split(":") if folder
    ):
        pytest.skip("npm's soap is not installed (npm install soap, and NODE_PATH names node_modules)")
    command = ["node", str(HERE / "orders.js"), str(wsdl)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/purchasing"
        finally:
            process.kill()


@pytest.fixture(params=["1.1", "1.2"])
def spyne(request: pytest.FixtureRequest) -> Iterator[str]:
    if sys.version_info >= (3, 12):
        pytest.skip("spyne 2.14 does not run on Python 3.12 and later")
    if find_spec("spyne") is None:
        pytest.skip("spyne is not installed (pip install spyne)")
    command = [sys.executable, "-W", "ignore", str(HERE / "orders_spyne.py"), request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            process.kill()


@pytest.mark.parametrize("port", ["Soap11", "Soap12"])
def test_php_takes_orders_and_its_faults_are_judged(php: str, target: Make, port: str) -> None:
    to = target(php, connection={"port": port}, reference="Number")
    answer = to.deliver(order("PO-1"))
    assert answer.reference == "PO-1"
    assert answer.content is not None
    assert etree.fromstring(answer.content).findtext(f"{{{NS}}}Repeated") == "false"
    again = to.deliver(order("PO-1"))
    assert again.content is not None
    assert etree.fromstring(again.content).findtext(f"{{{NS}}}Repeated") == "true"
    with pytest.raises(Retry, match="the database is away"):
        to.deliver(order("broken"))
    with pytest.raises(Reject, match="no such buyer"):
        to.deliver(order("wrong"))
    with pytest.raises(Stop):
        target(php, connection={"port": port, "faults": {"Client": "stop", "Sender": "stop"}}).deliver(order("wrong"))


def test_php_tells_its_stock(php: str, source: Callable[..., SoapSource]) -> None:
    found = list(source(php, items="Stock", identity=["Item"]).receive(Notes()))
    texts = [etree.fromstring(one.content).findtext(f"{{{NS}}}Item") for one in found]  # type: ignore[arg-type]
    assert texts == ["4000000000013", "ü & <"]


@pytest.mark.parametrize("token", [{"digest": True}, {}, {"nonce": True}], ids=["digest", "text", "text with nonce"])
@pytest.mark.parametrize("port", ["Soap11", "Soap12"])
def test_npm_checks_the_token(npm: str, target: Make, port: str, token: dict[str, bool]) -> None:
    login = {"username": "bolt", "password": "secret", **token}
    connection = {"port": port, "security": {"username_token": login, "timestamp": "5m"}}
    answer = target(npm, connection=connection, reference="Number").deliver(order("PO-1"))
    assert answer.reference == "PO-1"
    wrong = {**connection, "security": {"username_token": {**login, "password": "wrong"}}}
    with pytest.raises(Stop, match="Invalid username or password") as caught:
        target(npm, connection=wrong).deliver(order("PO-2"))
    assert "wrong" not in str(caught.value.findings).replace("is wrong", "")


def bundled(url: str, folder: Path) -> Path:
    ran = CliRunner().invoke(application(["soap"]), ["soap", "bundle", f"{url}?wsdl", "--into", str(folder)])
    assert ran.exit_code == 0, ran.output
    assert "adapter: soap" in ran.output
    return folder / json.loads((folder / "bundle.json").read_text())["main"]


def test_spyne_from_its_wsdl_to_acknowledged_orders(spyne: str, tmp_path: Path) -> None:
    wsdl = bundled(spyne, tmp_path / "wsdl")
    settings = SoapConnection.model_validate({"wsdl": wsdl, "addressing": "true"})
    source = SoapSource(
        settings,
        SoapSourceOptions.model_validate(
            {
                "operation": "List",
                "request": f'<List xmlns="{SPYNE}"><since>{{since}}</since></List>',
                "items": "ListResult/Order",
                "identity": ["Number", "ChangedAt"],
                "since": {"field": "ChangedAt", "start": "2026-01-01T00:00:00", "overlap": "1d"},
                "acknowledge": {
                    "operation": "Confirm",
                    "request": f'<Confirm xmlns="{SPYNE}"><number>{{Number}}</number></Confirm>',
                },
            }
        ),
    )
    memory = Notes()

    def poll(settle: bool = True) -> list[str]:
        numbers = []
        for one in source.receive(memory):
            assert isinstance(one.content, bytes)
            numbers.append(etree.fromstring(one.content).findtext(f"{{{SPYNE}}}Number") or "")
            memory.arrived.add(one.key)
            if settle:
                one.settle()
        return numbers

    with source:
        assert poll(settle=False) == ["A-1", "A-2"]
        assert memory["since List"].startswith("2026-03-02T12:00:00")
        assert poll() == ["A-1", "A-2"]  # they were not acknowledged, so they come again
        assert poll() == []


def test_spyne_judges_and_is_asked(spyne: str, tmp_path: Path) -> None:
    settings = SoapConnection.model_validate({"wsdl": bundled(spyne, tmp_path / "wsdl"), "tries": 1})
    options = {
        "operation": "Submit",
        "reference": "SubmitResult/Number",
        "lookup": "Find",
        "lookup_request": f'<Find xmlns="{SPYNE}"><number>{{document.number}}</number></Find>',
        "lookup_found": "FindResult/Number",
    }

    def outbound(number: str, amount: str = "1.00") -> Outbound:
        content = (
            f'<Submit xmlns="{SPYNE}"><order><Number>{number}</Number><Amount>{amount}</Amount></order></Submit>'
        ).encode()
        asked = options["lookup_request"].replace("{document.number}", number)
        return Outbound(key=number, content=content, metadata={"lookup_request": asked})

    with SoapTarget(settings, SoapTargetOptions.model_validate(options)) as target:
        assert target.verify(outbound("N-1")) is Landing.NOT_LANDED
        assert target.deliver(outbound("N-1")).reference == "N-1"
        assert target.verify(outbound("N-1")) is Landing.LANDED
        assert target.verify(outbound("%26 %3C")) is Landing.NOT_LANDED
        with pytest.raises(Reject, match="NegativeAmount: the amount is negative"):
            target.deliver(outbound("N-2", "-1"))
        if find_operation(
            settings, "Submit"
        ).is_12:  # where spyne 2.14 fails to make a fault of it, and says so in text
            with pytest.raises(Unknown, match="was answered with 500"):
                target.deliver(outbound("N-2", "many"))
        else:
            with pytest.raises(Reject, match="SchemaValidationError"):
                target.deliver(outbound("N-2", "many"))
        with pytest.raises(Retry, match="the database is away"):
            target.deliver(outbound("broken"))
        with pytest.raises(Retry):
            target.deliver(outbound("crash"))
        probe = target.probe()
    assert probe.ok
    drift = next(one for one in probe.findings if one.code == "P-DRIFT")
    assert "byte for byte" in drift.message


def test_the_service_changed(spyne: str, tmp_path: Path) -> None:
    folder = tmp_path / "wsdl"
    wsdl = bundled(spyne, folder)
    main: Any = CliRunner()
    assert main.invoke(application(["soap"]), ["soap", "drift", str(folder)]).exit_code == 0
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["files"][0]["sha256"] = "0" * 64
    wsdl.write_text(wsdl.read_text().replace('name="Amount" type="xs:decimal"', 'name="Sum" type="xs:string"'))
    (folder / "bundle.json").write_text(json.dumps(manifest))
    ran = main.invoke(application(["soap"]), ["soap", "drift", str(folder)])
    assert ran.exit_code == 1
    assert "is not as it was fetched" in ran.output
    assert f"warning S-DRIFT type {{{SPYNE}}}Order: Sum is gone" in ran.output
    assert f"remark S-DRIFT type {{{SPYNE}}}Order: Amount is new" in ran.output
