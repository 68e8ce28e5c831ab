"""Fetching a WSDL with all that it imports: what is written, what is refused, what has changed."""

import json
import socket
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from tests.adapters.servers import Asked, Say, serving
from typer.testing import CliRunner

from transload.adapters.base import Stop
from transload.adapters.base.http import HttpConnection
from transload.adapters.soap.bundles import crawling
from transload.adapters.soap.bundles.bundle import MANIFEST, read_manifest
from transload.adapters.soap.bundles.comparing import compare, gather
from transload.adapters.soap.bundles.crawling import same_host
from transload.adapters.soap.bundles.drift import changes
from transload.adapters.soap.bundles.surface import surface_of
from transload.adapters.soap.settings import SoapConnection
from transload.adapters.soap.wsdl import find_operation
from transload.runner.cli.app import application
from transload.runner.demo.partners.soap_service import wsdl_text

XS = 'xmlns:x="http://www.w3.org/2001/XMLSchema"'
WS = 'xmlns:w="http://schemas.xmlsoap.org/wsdl/"'
MAIN = f"""<?xml version="1.0" encoding="iso-8859-1"?>
<!-- größer -->
<w:definitions {WS} {XS} xmlns:t="urn:t" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" targetNamespace="urn:t">
  <w:import namespace="urn:m" location="parts.wsdl"/>
  <w:types><x:schema><x:import namespace="urn:t" schemaLocation="../xsd/types.xsd?version=1"/></x:schema></w:types>
  <w:message name="In"><w:part name="p" element="t:Ping"/></w:message>
  <w:portType name="P"><w:operation name="Ping"><w:input message="t:In"/></w:operation></w:portType>
  <w:binding name="B" type="t:P"><s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <w:operation name="Ping">
      <s:operation soapAction="urn:ping"/><w:input><s:body use="literal"/></w:input>
    </w:operation>
  </w:binding>
  <w:service name="S">
    <w:port name="A" binding="t:B"><s:address location="http://app01:8080/ping"/></w:port>
  </w:service>
</w:definitions>""".encode("iso-8859-1")
PARTS = f'<w:definitions {WS} targetNamespace="urn:m"/>'.encode()
TYPES = (
    f'<x:schema {XS} targetNamespace="urn:t" xmlns:t="urn:t" elementFormDefault="qualified">'
    '<x:include schemaLocation="more/types.xsd"/><x:element name="Ping" type="t:Text"/></x:schema>'
).encode()
MORE = (
    f'<x:schema {XS} targetNamespace="urn:t" elementFormDefault="qualified">'
    '<x:include schemaLocation="../types.xsd?version=1"/>'
    '<x:complexType name="Text"><x:sequence><x:element name="Said" type="x:string"/></x:sequence></x:complexType>'
    "</x:schema>"
).encode()


class Site(dict[str, bytes]):
    """Paths and what is there."""

    def __init__(self) -> None:
        super().__init__({"/ws/ping?wsdl": MAIN, "/ws/parts.wsdl": PARTS})
        self |= {"/xsd/types.xsd?version=1": TYPES, "/xsd/more/types.xsd": MORE}
        self.asked: list[Asked] = []
        self.status: dict[str, int] = {}

    def handle(self, asked: Asked) -> Say:
        self.asked.append(asked)
        content = self.get(asked.target)
        status = self.status.get(asked.target, 404 if content is None else 200)
        return Say(status=status, body=content or b"", headers={"Location": "https://elsewhere.example/"})


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    with serving(site.handle) as address:
        yield f"{address}/ws/ping?wsdl"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(application(["soap"]), ["soap", *arguments])


def test_a_bundle_is_whole_says_where_it_is_from_and_is_read_without_a_network(
    site: Site, url: str, run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("bundle", url)
    assert ran.exit_code == 0, ran.output
    folder = tmp_path / "wsdl/ping"
    names = {"bundle.json", "ping.wsdl", "parts.wsdl", "types.xsd-version-1.xsd", "types.xsd"}
    assert {path.name for path in folder.iterdir()} == names
    assert (folder / "parts.wsdl").read_bytes() == PARTS
    stored = etree.fromstring((folder / "ping.wsdl").read_bytes()).getroottree()
    wanted = etree.fromstring(MAIN.replace(b"../xsd/types.xsd?version=1", b"types.xsd-version-1.xsd")).getroottree()
    assert etree.tostring(stored, method="c14n") == etree.tostring(wanted, method="c14n")
    assert stored.docinfo.encoding == "iso-8859-1"
    manifest = json.loads((folder / MANIFEST).read_text())
    assert (manifest["source"], manifest["main"]) == (url, "ping.wsdl")
    for entry in manifest["files"]:
        assert entry["sha256"] == sha256(site["/" + entry["source"].split("/", 3)[3]]).hexdigest()
        assert entry["stored"] == sha256((folder / entry["file"]).read_bytes()).hexdigest()
    assert "wsdl: wsdl/ping/ping.wsdl" in ran.output
    assert "endpoint: https://...   # the WSDL names http://app01:8080/ping, probably an internal address" in ran.output

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("something tried to reach a network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    operation = find_operation(SoapConnection.model_validate({"wsdl": folder / "ping.wsdl"}), "Ping")
    assert operation.input == "{urn:t}Ping"


def test_a_bundle_is_replaced_only_when_that_is_said(
    url: str, site: Site, run: Callable[..., Any], tmp_path: Path
) -> None:
    assert run("bundle", url, "--into", "w").exit_code == 0
    again = run("bundle", url, "--into", "w")
    assert again.exit_code == 1
    assert "--replace writes over the bundle that is there" in again.output
    site["/ws/ping?wsdl"] = MAIN.replace(b'<w:import namespace="urn:m" location="parts.wsdl"/>', b"")
    assert run("bundle", url, "--into", "w", "--replace").exit_code == 0
    assert not (tmp_path / "w/parts.wsdl").exists()
    (tmp_path / "other").mkdir()
    (tmp_path / "other/ping.wsdl").write_text("mine")
    clash = run("bundle", url, "--into", "other", "--replace")
    assert (clash.exit_code, "name another folder" in clash.output) == (1, True)
    assert (tmp_path / "other/ping.wsdl").read_text() == "mine"


def test_files_of_a_folder_make_a_bundle_too(run: Callable[..., Any], tmp_path: Path) -> None:
    for name, content in (("ws/ping.wsdl", MAIN.replace(b"?version=1", b"")), ("ws/parts.wsdl", PARTS)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    (tmp_path / "xsd/more").mkdir(parents=True)
    (tmp_path / "xsd/types.xsd").write_bytes(TYPES)
    (tmp_path / "xsd/more/types.xsd").write_bytes(MORE.replace(b"?version=1", b""))
    refused = run("bundle", "ws/ping.wsdl", "--into", "w")
    assert refused.exit_code == 1
    assert "which lies outside of" in refused.output
    made = run("bundle", "ws/ping.wsdl", "--into", "w", "--root", ".", "--json")
    assert made.exit_code == 0, made.output
    assert run("drift", "w").exit_code == 0
    said = json.loads(made.output)
    assert [port["operations"] for port in said["ports"]] == [["Ping"]]
    assert sorted(entry["file"] for entry in said["manifest"]["files"]) == [
        "parts.wsdl",
        "ping.wsdl",
        "types-2.xsd",
        "types.xsd",
    ]


def wsdl_importing(location: str) -> bytes:
    return f'<w:definitions {WS}><w:import namespace="u" location="{location}"/></w:definitions>'.encode()


NESTED = b">" + b"<a>" * 220 + b"</a>" * 220 + b"</w:definitions>"
REFUSED: dict[str, tuple[Callable[[Site], None], str]] = {
    "another host": (
        lambda site: site.update({"/ws/ping?wsdl": wsdl_importing("http://127.0.0.2:1/x")}),
        "imports http://127.0.0.2:1/x, which lies on another host",
    ),
    "a file": (
        lambda site: site.update({"/ws/ping?wsdl": wsdl_importing("file:///etc/passwd")}),
        "imports file:///etc/passwd, which is no address of HTTP",
    ),
    "another port": (
        lambda site: site.update({"/ws/ping?wsdl": wsdl_importing("http://127.0.0.1:1/x")}),
        "which lies on another host",
    ),
    "a login in an address": (
        lambda site: site.update({"/ws/ping?wsdl": wsdl_importing("http://u:p@127.0.0.1/x")}),
        "which holds a login",
    ),
    "no address": (
        lambda site: site.update({"/ws/ping?wsdl": wsdl_importing("http://[::1/x")}),
        "which is no address",
    ),
    "a missing file": (lambda site: site.pop("/xsd/more/types.xsd"), "/xsd/more/types.xsd was answered with 404"),
    "a redirection": (
        lambda site: site.status.update({"/ws/ping?wsdl": 302}),
        "/ws/ping was answered with 302",
    ),
    "a page": (
        lambda site: site.update({"/ws/ping?wsdl": b"<!doctype html><html><p>"}),
        "is no XML",
    ),
    "another XML": (
        lambda site: site.update({"/ws/ping?wsdl": b"<html/>"}),
        "is html of no namespace, and no WSDL or schema",
    ),
    "a doctype": (
        lambda site: site.update({"/ws/ping?wsdl": b'<!DOCTYPE a [<!ENTITY b "c">]>' + PARTS}),
        "has a DOCTYPE, and is not read",
    ),
    "entities within entities": (
        lambda site: site.update(
            {"/ws/ping?wsdl": b'<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><definitions>&d;</definitions>'}
        ),
        "has a DOCTYPE, and is not read",
    ),
    "endless nesting": (
        lambda site: site.update({"/ws/ping?wsdl": PARTS.replace(b"/>", NESTED)}),
        "is nested deeper than 200 elements",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_fetched(
    site: Site, url: str, run: Callable[..., Any], tmp_path: Path, change: Callable[[Site], None], words: str
) -> None:
    change(site)
    ran = run("bundle", url, "--into", "w")
    assert ran.exit_code == 1
    assert words in ran.output
    assert "(" in ran.output  # a hint
    assert not (tmp_path / "w").exists()


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    def chain(address: str) -> bytes:
        return wsdl_importing(f"{int(address.rpartition('/')[2]) + 1}")

    def crawl(fetch: Callable[[str], bytes]) -> Any:
        return crawling.crawl("http://h/0", fetch, allowed=same_host("http://h/0", ()))

    with pytest.raises(Stop, match="imports more than 20 levels deep"):
        crawl(chain)
    many = "".join(f'<w:import location="{number}"/>' for number in range(1, 300))
    with pytest.raises(Stop, match="leads to more than 200 files"):
        crawl(lambda address: f"<w:definitions {WS}>{many if address.endswith('/0') else ''}</w:definitions>".encode())
    monkeypatch.setattr(crawling, "MOST_BYTES", 1000)
    with pytest.raises(Stop, match="have more than 1000 bytes"):
        crawl(lambda address: PARTS + b" " * 1000)


def test_a_host_that_is_allowed_gets_no_login(site: Site, url: str, tmp_path: Path) -> None:
    other = Site()
    with serving(other.handle) as elsewhere:
        other["/x.xsd"] = f"<x:schema {XS}/>".encode()
        site["/ws/ping?wsdl"] = MAIN.replace(b"../xsd/types.xsd?version=1", f"{elsewhere}/x.xsd".encode())
        settings = SoapConnection.model_validate(
            {
                "wsdl": tmp_path / "w.wsdl",
                "login": {"username": "bolt", "password": "sesame"},
                "headers": {"X-Key": "key"},
            }
        )
        gather(url, settings, also=(elsewhere.removeprefix("http://"),))
    assert {"authorization", "x-key"} <= set(site.asked[0].headers)
    assert not {"authorization", "x-key"} & set(other.asked[0].headers)


@pytest.mark.parametrize("known", ["by the bundle", "by the endpoint", "not at all"])
def test_a_login_is_shown_to_the_source_of_a_bundle_only_where_it_is_known(
    site: Site, url: str, run: Callable[..., Any], tmp_path: Path, known: str
) -> None:
    assert run("bundle", url, "--into", "w").exit_code == 0
    manifest = tmp_path / "w" / MANIFEST
    if known == "by the bundle":
        manifest.write_text(manifest.read_text().replace('"login": false', '"login": true'))
    endpoint = url if known == "by the endpoint" else "https://service.example/"
    login = {"username": "bolt", "password": "sesame"}
    connection = {"wsdl": tmp_path / "w/ping.wsdl", "endpoint": endpoint, "login": login, "headers": {"X-Key": "k"}}
    site.asked.clear()
    assert compare(tmp_path / "w", SoapConnection.model_validate(connection)).same
    assert {"authorization", "x-key"} & set(site.asked[0].headers) == (
        set() if known == "not at all" else {"authorization", "x-key"}
    )


def test_a_login_is_neither_kept_in_a_manifest_nor_shown_where_it_is_quoted(
    site: Site, url: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    ran = run("bundle", url.replace("://", "://bolt:sesame@"), "--into", "w")
    assert (ran.exit_code, "sesame" in ran.output) == (1, False)
    assert "a login does not stand in an address" in ran.output
    assert site.asked == []
    login = {"username": "bolt", "password": "sesame"}
    connection = SoapConnection.model_validate({"wsdl": tmp_path / "w.wsdl", "login": login})
    site["/ws/ping?wsdl"] = b"not for sesame, who sent Basic Ym9sdDpzZXNhbWU="
    site.status["/ws/ping?wsdl"] = 403
    with pytest.raises(Stop, match="was answered with 403") as caught:
        gather(url, connection, also=())
    assert caught.value.findings[0].value == "not for ***, who sent Basic ***"


def test_a_bundle_that_is_replaced_can_be_read_at_any_time(
    site: Site, url: str, run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two files that are written: what is read, and remembered for the state of the main file, fits."""
    assert run("bundle", url, "--into", "w").exit_code == 0
    settings = SoapConnection.model_validate({"wsdl": tmp_path / "w/ping.wsdl"})
    site["/xsd/more/types.xsd"] = MORE.replace(b"Said", b"Told")
    site["/ws/ping?wsdl"] = MAIN.replace(b"urn:ping", b"urn:ping2")
    replace, written = Path.replace, []

    def watched(self: Path, target: Path) -> Path:
        find_operation(settings, "Ping")
        written.append(target.name)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    assert run("bundle", url, "--into", "w", "--replace").exit_code == 0
    assert written[-2:] == ["ping.wsdl", "bundle.json"]
    operation = find_operation(settings, "Ping")
    assert operation.action == "urn:ping2"
    operation.check(etree.fromstring('<Ping xmlns="urn:t"><Told>x</Told></Ping>'))
    assert {path.name for path in (tmp_path / "w").iterdir()} == {*written}


def test_what_stands_in_a_manifest_is_no_path_of_ours(tmp_path: Path) -> None:
    entry = {"file": "../x", "source": "http://h/x", "bytes": 1, "sha256": "0", "stored": "0"}
    whole = {"source": "http://h/x", "fetched": "now", "main": "x.wsdl", "files": [entry]}
    whole |= {"also": [], "root": None, "login": False}
    for text in (json.dumps(whole), "{", "[]", json.dumps({**whole, "files": [], "main": "/etc/passwd"})):
        (tmp_path / MANIFEST).write_text(text)
        with pytest.raises(Stop, match="it cannot be understood"):
            read_manifest(tmp_path)


def test_what_has_not_changed_is_the_same_however_it_is_written(
    site: Site, url: str, run: Callable[..., Any], tmp_path: Path
) -> None:
    assert run("bundle", url, "--into", "w").exit_code == 0
    same = run("drift", "w")
    assert (same.exit_code, "byte for byte" in same.output) == (0, True)
    site["/xsd/types.xsd?version=1"] = (
        TYPES.replace(b"<x:element", b"<!-- new --><x:element").replace(b"x:", b"q:").replace(b"xmlns:x", b"xmlns:q")
    )
    other = run("drift", "w")
    assert (other.exit_code, "other bytes that say the same" in other.output) == (0, True)
    site["/xsd/more/types.xsd"] = MORE.replace(b"x:string", b"x:int")
    changed = run("drift", "w")
    assert changed.exit_code == 1
    assert "warning S-DRIFT type {urn:t}Text: Said has another type: xs:int, and had xs:string" in changed.output
    told = json.loads(run("drift", "w", "--json").output)
    assert [one["severity"] for one in told["changes"]] == ["warning"]
    del site["/ws/ping?wsdl"]
    gone = run("drift", "w")
    assert (gone.exit_code, "was answered with 404" in gone.output) == (1, True)
    (tmp_path / "w" / MANIFEST).unlink()
    with pytest.raises(Stop, match=r"there is no bundle\.json"):
        compare(tmp_path / "w", HttpConnection())


T = "type {urn:example:purchasing:1}"
E = "element {urn:example:purchasing:1}"
CHANGED: list[tuple[str, str, str, bool]] = [
    (
        '<xsd:element name="Number" type="xsd:string"/>',
        '<xsd:element name="Number" type="xsd:token"/>',
        "has another type: xs:token, and had xs:string",
        True,
    ),
    (
        '<xsd:element name="Buyer" type="xsd:string"/>',
        "",
        f"{E}SubmitOrder: Buyer is gone",
        True,
    ),
    (
        '<xsd:element name="Buyer" type="xsd:string"/>',
        '<xsd:element name="Buyer" type="xsd:string"/><xsd:element name="Note" type="xsd:string"/>',
        f"{E}SubmitOrder: Note is new, and needed (type xs:string)",
        True,
    ),
    (
        '<xsd:element name="Buyer" type="xsd:string"/>',
        '<xsd:element name="Buyer" type="xsd:string"/><xsd:element name="Note" type="xsd:string" minOccurs="0"/>',
        f"{E}SubmitOrder: Note is new (minOccurs 0, type xs:string)",
        False,
    ),
    (
        '<xsd:element name="Item" type="xsd:string" minOccurs="0"/>',
        '<xsd:element name="Item" type="xsd:string"/>',
        f"{E}GetStock: Item has another minOccurs: 1, and had 0",
        True,
    ),
    (
        'type="xsd:positiveInteger" use="required"',
        'type="xsd:positiveInteger"',
        f"{E}SubmitOrder: Line/@number has another use: none, and had required",
        False,
    ),
    (
        'maxOccurs="unbounded"',
        'maxOccurs="5"',
        f"{E}SubmitOrder: Line has another maxOccurs: 5, and had unbounded",
        True,
    ),
    (
        '<xsd:element name="Number" type="xsd:string"/>\n            <xsd:element name="Buyer" type="xsd:string"/>',
        '<xsd:element name="Buyer" type="xsd:string"/><xsd:element name="Number" type="xsd:string"/>',
        f"{E}SubmitOrder has its elements in another order",
        True,
    ),
    (
        'soapAction="urn:example:purchasing:1/SubmitOrder"',
        'soapAction="urn:2"',
        "SOAP 1.1 of SubmitOrder has another action: urn:2, and had urn:example:purchasing:1/SubmitOrder",
        True,
    ),
    (
        'http://127.0.0.1/purchasing',
        'https://new.example/purchasing',
        "address of Soap11 has another location: https://new.example/purchasing, and had http://127.0.0.1/purchasing",
        False,
    ),
    (
        '<wsdl:output message="tns:GetStockOutput"/>',
        '<wsdl:output message="tns:GetStockOutput"/><wsdl:fault name="f" message="tns:GetStockOutput"/>',
        "operation GetStock has another fault f: GetStockOutput, and had none",
        True,
    ),
    (
        '<wsdl:portType name="Purchasing">',
        '<wsdl:portType name="Purchasing"><wsdl:operation name="New"/>',
        "operation New is new",
        False,
    ),
    (
        "<xsd:sequence>\n            <xsd:element name=\"Item\"",
        "<xsd:sequence minOccurs=\"0\">\n            <xsd:element name=\"Item\"",
        f"{E}GetStock: Item has another within: sequence minOccurs 0, and had none",
        True,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "words", "breaking"), CHANGED)
def test_a_change_is_told_in_words_and_weighed(before: str, after: str, words: str, breaking: bool) -> None:
    text = wsdl_text()
    assert before in text
    ours, theirs = (surface_of([etree.fromstring(one.encode())]) for one in (text, text.replace(before, after)))
    found = changes(ours, theirs)
    told = {f"{one.what} {one.how}": one.breaking for one in found}
    assert [breaking for key, breaking in told.items() if words in key][:1] == [breaking], told
    assert changes(ours, ours) == []
    assert changes(theirs, ours) != []


def test_values_of_lists_of_codes_count() -> None:
    def schema(*values: str) -> Any:
        listed = "".join(f'<x:enumeration value="{value}"/>' for value in values)
        return surface_of(
            [
                etree.fromstring(
                    f'<x:schema {XS} targetNamespace="u"><x:simpleType name="Unit">'
                    f'<x:restriction base="x:string">{listed}'
                    '<x:maxLength value="3"/></x:restriction></x:simpleType></x:schema>'
                )
            ]
        )

    def told(ours: Any, theirs: Any) -> list[tuple[str, bool]]:
        return [(f"{one.what} {one.how}", one.breaking) for one in changes(ours, theirs)]

    assert told(schema("PCE", "KGM"), schema("PCE")) == [("type {u}Unit: the value KGM is gone", True)]
    assert told(schema("PCE"), schema("PCE", "KGM")) == [("type {u}Unit: the value KGM is new", False)]
