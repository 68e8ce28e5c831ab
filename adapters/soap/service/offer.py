"""What we offer: the operations that a route takes, and the WSDL that says so, read once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from transload.adapters.base.http import HttpConnection
from transload.adapters.soap.bundles.bundle import bundle_of
from transload.adapters.soap.bundles.comparing import gather
from transload.adapters.soap.bundles.crawling import WSDL, Document
from transload.adapters.soap.bundles.fetching import address_of
from transload.adapters.soap.envelope import parse_body
from transload.adapters.soap.paths import filled
from transload.adapters.soap.service.settings import SoapServiceConnection, SoapServiceOptions, Taken
from transload.adapters.soap.wsdl import Operation, find_operation
from transload.canonical.errors import Reject, Stop

_SOAP_ADDRESSES = tuple(f"{{http://schemas.xmlsoap.org/wsdl/{name}/}}address" for name in ("soap", "soap12"))
_ACTIONS = (
    "{http://www.w3.org/2007/05/addressing/metadata}Action",
    "{http://www.w3.org/2006/05/addressing/wsdl}Action",
)


@dataclass(frozen=True, kw_only=True)
class Offered:
    """An operation that is taken; ``response_action`` is the WS-Addressing action of its response."""

    operation: Operation
    taken: Taken
    response_action: str

    @property
    def needs_mapping(self) -> bool:
        """Whether its output is not written in the options."""
        return self.operation.output is not None and self.taken.response is None


@dataclass(frozen=True, kw_only=True)
class Offer:
    """``operations`` by the qualified names of their inputs; ``main`` is the WSDL, ``files`` all of it by names."""

    operations: Mapping[str, Offered]
    main: bytes
    files: Mapping[str, bytes]


def offer_of(connection: SoapServiceConnection, options: SoapServiceOptions) -> Offer:
    """Read the WSDL.  Raises `Stop` where it cannot be read, or does not fit what the options say."""
    folder = connection.bundle or connection.wsdl.parent
    documents = gather(address_of(connection.wsdl), HttpConnection(), also=(), folder=folder)
    operations: dict[str, Offered] = {}
    for name, taken in options.operations.items():
        operation = find_operation(connection, name)
        _check_response(operation, taken)
        if operation.input in operations:
            other = operations[operation.input].operation.name
            raise Stop(
                f"{name} and {other} take the same element, {operation.input}",
                hint="nobody could tell them apart: leave one out under operations:",
            )
        action = _response_action(documents, name)
        operations[operation.input] = Offered(operation=operation, taken=taken, response_action=action)
    main, files = _published(documents, connection.endpoint)
    return Offer(operations=operations, main=main, files=files)


def _check_response(operation: Operation, taken: Taken) -> None:
    if taken.response is None:
        return
    where = f"operations: {operation.name}: response:"
    if operation.output is None:
        raise Stop(f"{operation.name} has no output by the WSDL", hint=f"leave {where} out")
    try:
        root = parse_body(filled(taken.response, lambda _: "1", setting=where))
    except Reject as error:
        raise Stop(f"the response of {operation.name}: {error.message}", hint=f"correct {where}") from error
    if root.tag != operation.output:
        message = f"{operation.name} answers with {operation.output} by the WSDL, not with {root.tag}"
        raise Stop(message, hint=f"correct {where}")


def _response_action(documents: list[Document], name: str) -> str:
    """The action that the WSDL says, else the default of WS-Addressing Metadata section 4.4.4."""
    for document in documents:
        space = (document.root.get("targetNamespace") or "").rstrip("/:")
        for kind in document.root.iterfind(f"{{{WSDL}}}portType"):
            for operation in kind.iterfind(f"{{{WSDL}}}operation"):
                output = operation.find(f"{{{WSDL}}}output")
                if operation.get("name") != name or output is None:
                    continue
                said = next((value for key in _ACTIONS if (value := output.get(key))), None)
                mark = ":" if space.startswith("urn:") else "/"
                return said or mark.join((space, kind.get("name") or "", output.get("name") or f"{name}Response"))
    return ""


def _published(documents: list[Document], address: str | None) -> tuple[bytes, dict[str, bytes]]:
    """The WSDL as it is given away, whose files lead to each other on our address, and to nothing of ours besides."""
    made = bundle_of(documents, now=datetime.now(UTC))
    names = {entry.source: entry.file for entry in made.manifest.files}
    contents: dict[str, bytes] = {}
    for document in documents:
        for element, attribute, target in document.references:
            element.set(attribute, f"?file={names[target]}")
        if address is not None:
            for place in document.root.iter(*_SOAP_ADDRESSES):
                place.set("location", address)
        content: Any = etree.tostring(document.root, xml_declaration=True, encoding="utf-8")
        contents[names[document.source]] = content
    return contents[made.manifest.main], contents
