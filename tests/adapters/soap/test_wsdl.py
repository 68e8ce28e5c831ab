"""Reading a WSDL: from disk alone, and with words that help when it cannot be used."""

import inspect
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zeep.exceptions
from lxml import etree

from transload.adapters.base import Stop
from transload.adapters.soap import SoapConnection
from transload.adapters.soap import wsdl as module
from transload.adapters.soap.wsdl import FOREIGN, find_operation


@pytest.fixture
def ping(fixtures: Path) -> Callable[..., str]:
    """The text of the WSDL whose types stand in another file, at ``location``."""
    text = (fixtures / "soap" / "ping.wsdl").read_text(encoding="utf-8")
    return lambda location="ping.xsd": text.replace("ping.xsd", location)


def connection(path: Path, **settings: Any) -> SoapConnection:
    return SoapConnection.model_validate({"wsdl": path, **settings})


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("something tried to reach a network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_schemas_beside_the_wsdl_are_found(fixtures: Path, no_network: None) -> None:
    path = fixtures / "soap" / "ping.wsdl"
    operation = find_operation(connection(path), "Ping")
    assert (operation.input, operation.output, operation.action) == ("{urn:t}Ping", None, "")
    assert operation.address == "http://inside.example/"
    over = find_operation(connection(path, endpoint="https://outside.example/"), "Ping")
    assert over.address == "https://outside.example/"


def test_a_folder_above_is_read_only_when_it_is_named(tmp_path: Path, fixtures: Path, ping: Callable[..., str]) -> None:
    (tmp_path / "wsdl").mkdir()
    shutil.copy(fixtures / "soap" / "ping.xsd", tmp_path)
    path = tmp_path / "wsdl" / "s.wsdl"
    path.write_text(ping("../ping.xsd"))
    with pytest.raises(Stop, match="which is outside"):
        find_operation(connection(path), "Ping")
    assert find_operation(connection(path, bundle=tmp_path), "Ping").input == "{urn:t}Ping"


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1:9/types.xsd", "https://x.example/t.xsd", "file://host/t.xsd", "ftp://x.example/t"]
)
def test_nothing_is_fetched_from_a_network(
    tmp_path: Path, ping: Callable[..., str], no_network: None, location: str
) -> None:
    (tmp_path / "s.wsdl").write_text(ping(location))
    with pytest.raises(Stop, match=r"the WSDL s\.wsdl cannot be used"):
        find_operation(connection(tmp_path / "s.wsdl"), "Ping")


def test_a_doctype_is_refused(tmp_path: Path, ping: Callable[..., str]) -> None:
    doctype = '<!DOCTYPE definitions [<!ENTITY x "y">]>'
    (tmp_path / "s.wsdl").write_text(ping().replace("<definitions", doctype + "<definitions"))
    with pytest.raises(Stop, match="DTDForbidden"):
        find_operation(connection(tmp_path / "s.wsdl"), "Ping")


@pytest.mark.parametrize("text", ["", "no xml", "<a/>", "whole", "half"])
def test_what_is_no_wsdl_stops_with_its_name(tmp_path: Path, ping: Callable[..., str], text: str) -> None:
    whole = ping("missing.xsd")
    (tmp_path / "s.wsdl").write_text({"whole": whole, "half": whole[:400]}.get(text, text))
    with pytest.raises(Stop):
        find_operation(connection(tmp_path / "s.wsdl"), "Ping")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Stop) as caught:
        find_operation(connection(tmp_path / "gone.wsdl"), "Ping")
    assert str(caught.value.findings[0]) == (
        "error C-WSDL the WSDL gone.wsdl cannot be used: No such file or directory\n"
        f"    source   {tmp_path}/gone.wsdl\n"
        "    hint     keep the WSDL and all that it imports in one folder, as transload soap bundle writes them"
    )


@pytest.mark.parametrize(
    ("settings", "operation", "message", "hint"),
    [
        ({}, "SubmitOrdr", "the port Soap11 has no operation 'SubmitOrdr'", "did you mean 'SubmitOrder'?"),
        ({}, "Zzz", "the port Soap11 has no operation 'Zzz'", "there are: SubmitOrder, GetStock"),
        (
            {"port": "Soap13"},
            "GetStock",
            "the service PurchasingService has no port 'Soap13'",
            "did you mean 'Soap12'?",
        ),
        ({"service": "X"}, "GetStock", "orders.wsdl has no service 'X'", "there are: PurchasingService"),
    ],
)
def test_wrong_names_get_a_hint(wsdl: Path, settings: dict[str, str], operation: str, message: str, hint: str) -> None:
    with pytest.raises(Stop) as caught:
        find_operation(connection(wsdl, **settings), operation)
    assert caught.value.message.endswith(message)
    assert caught.value.hint == hint


def test_a_changed_file_is_read_again(tmp_path: Path, fixtures: Path, ping: Callable[..., str]) -> None:
    path = tmp_path / "s.wsdl"
    shutil.copy(fixtures / "soap" / "ping.xsd", tmp_path)
    path.write_text(ping())
    assert find_operation(connection(path), "Ping").address == "http://inside.example/"
    path.write_text(ping().replace("inside.example", "moved.example"))
    assert find_operation(connection(path), "Ping").address == "http://moved.example/"


ZEEP = [k for _, k in inspect.getmembers(zeep.exceptions, inspect.isclass) if not issubclass(k, Warning)]
LXML = [k for _, k in inspect.getmembers(etree, inspect.isclass) if issubclass(k, etree.LxmlError)]


@pytest.mark.parametrize("kind", [*ZEEP, *LXML], ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_class_of_zeep_and_lxml_becomes_a_stop(
    kind: type[Exception], wsdl: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert issubclass(kind, FOREIGN)
    if issubclass(kind, etree.LxmlError):
        several = issubclass(kind, etree.ParseError) and kind.__name__ != "XMLSyntaxAssertionError"
        error = kind("m", 1, 1, 1) if several else kind("m")
    else:
        error = kind.__new__(kind)
    vars(error).update(
        message="m", name="n", sysid="s", pubid="p", content="c", url="u", path=[], filename="", sourceline=0
    )

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr(module, "_read", fail)
    with pytest.raises(Stop, match=r"the WSDL orders\.wsdl cannot be used"):
        find_operation(connection(wsdl), "GetStock")
