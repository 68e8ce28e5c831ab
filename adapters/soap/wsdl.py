"""The WSDL: read from disk alone, and asked which element an operation takes, and where it is called."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import zeep
import zeep.exceptions
from lxml import etree
from zeep.transports import Transport
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap12Binding, SoapBinding

from transload.adapters.soap.settings import Described
from transload.canonical.errors import Reject, Stop
from transload.canonical.findings import Finding
from transload.canonical.places import Place

FOREIGN = (
    zeep.exceptions.Error,
    etree.LxmlError,
    OSError,
    # what zeep lets through when a WSDL lacks what it takes for granted
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    ArithmeticError,
)
"""Everything that reading a WSDL or checking a body with zeep may raise."""

_DOCUMENT: Any = Document  # zeep's annotation asks for a class where it takes an object


class _Disk(Transport):
    """Loads what a WSDL imports from files below one folder; there is no session that could reach a network."""

    def __init__(self, folder: Path) -> None:  # the parent's would open a session
        self._folder = folder.resolve()
        self._close_session = False
        self.cache = None

    def load(self, url: str) -> bytes:
        """The bytes of a file.  Raises `ValueError` for addresses and for files outside the folder."""
        parts = urlsplit(str(url))
        if parts.scheme not in ("", "file") or parts.netloc:
            raise ValueError(f"it imports {url}, and nothing is fetched from a network")
        path = Path(unquote(parts.path) if parts.scheme else str(url)).resolve()
        if not path.is_relative_to(self._folder):
            raise ValueError(f"it imports {path}, which is outside {self._folder}")
        return path.read_bytes()


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation as it is called: ``input`` is the qualified name of the element that its body holds."""

    name: str
    address: str
    action: str
    input: str
    output: str | None
    namespace: str
    is_12: bool
    addressing_action: str | None
    body: Any
    types: Any

    def check(self, body: "etree._Element") -> None:
        """Raise `Reject` when ``body`` is not the operation's input element, or holds elements unknown to it."""
        found = str(body.tag)
        if found != self.input:
            raise _refused(f"the operation {self.name} takes {self.input}, not {found}", body)
        try:
            self.body.parse(body, self.types)
        except (zeep.exceptions.XMLParseError, zeep.exceptions.UnexpectedElementError) as error:
            raise _refused(f"the body does not fit the WSDL: {error.message}", body) from error
        except FOREIGN:  # a value that zeep cannot read: the service decides, since it knows its types better
            return


def find_operation(connection: Described, name: str) -> Operation:
    """The operation called ``name``.  Raises `Stop` when the WSDL cannot be read or has no such operation."""
    document = _document(connection)
    service = _choose(document.services, connection.service, "service", str(connection.wsdl))
    ports = {key: port for key, port in service.ports.items() if isinstance(port.binding, SoapBinding)}
    if connection.port is None:
        ports = dict(list(ports.items())[:1]) if _same_operations(ports) else ports
    port = _choose(ports, connection.port, "port", f"the service {service.name}")
    operations = port.binding.all()
    operation = _choose(operations, name, "operation", f"the port {port.name}")
    body = operation.input.body
    if body is None or body.qname.localname == "Body":
        raise Stop(
            f"the operation {name} has no single body element",
            hint="only operations of style document with one element, and of style rpc, can be called",
        )
    address = connection.endpoint or port.binding_options.get("address")
    if not address:
        raise Stop(f"the port {port.name} has no address", hint="write it under endpoint:")
    output = operation.output.body if operation.output is not None else None
    return Operation(
        name=name,
        address=address,
        action=operation.soapaction or "",
        input=body.qname.text,
        output=output.qname.text if output is not None else None,
        namespace=port.binding.nsmap["soap-env"],
        is_12=isinstance(port.binding, Soap12Binding),
        addressing_action=operation.abstract.wsa_action,
        body=body,
        types=document.types,
    )


@dataclass(frozen=True, kw_only=True)
class Port:
    """A port of a service that speaks SOAP, ``version`` 1.1 or 1.2."""

    service: str
    name: str
    version: str
    address: str
    operations: tuple[str, ...]

    @property
    def is_internal(self) -> bool:
        """Whether its address is probably one that only the partner's own machines reach."""
        return is_internal(self.address)


def ports_of(path: Path) -> list[Port]:
    """All ports in the WSDL at ``path`` that speak SOAP.  Raises `Stop` when it cannot be read, or has none."""
    document: Any = _load(path, path.parent)
    found = [
        Port(
            service=str(service.name),
            name=str(port.name),
            version="1.2" if isinstance(port.binding, Soap12Binding) else "1.1",
            address=str(port.binding_options.get("address") or ""),
            operations=tuple(sorted(_operations(port))),
        )
        for service in document.services.values()
        for port in service.ports.values()
        if isinstance(port.binding, SoapBinding)
    ]
    if not found:
        raise Stop(f"the WSDL {path.name} has no port that speaks SOAP", hint="is it the right one?")
    return found


def _operations(port: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = port.binding.all()
    return found


def is_internal(address: str) -> bool:
    """Whether ``address`` is probably one that only its owner's machines reach."""
    host = ""
    try:
        host = urlsplit(address).hostname or ""
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".intranet", ".corp"))


def _document(connection: Described) -> Any:
    return _load(connection.wsdl, connection.bundle or connection.wsdl.parent)


def _load(path: Path, folder: Path) -> Any:
    try:
        facts = path.stat()
        return _read(path, folder, facts.st_mtime_ns, facts.st_size)
    except FOREIGN as error:
        raise unreadable(error, path) from error


@lru_cache(maxsize=32)
def _read(path: Path, folder: Path, changed: int, size: int) -> Any:
    """Read a WSDL once for each state of its file: large ones take seconds."""
    settings = zeep.Settings(
        strict=True, xml_huge_tree=False, forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    return _DOCUMENT(str(path.resolve()), _Disk(folder), settings=settings)


def unreadable(error: BaseException, path: Path) -> Stop:
    """Our error for whatever reading the WSDL at ``path`` raised."""
    said = getattr(error, "strerror", None) or str(error) or type(error).__name__
    message = f"the WSDL {path.name} cannot be used: {' '.join(said.split())}"
    finding = Finding(
        code="C-WSDL",
        message=message,
        hint="keep the WSDL and all that it imports in one folder, as transload soap bundle writes them",
        place=Place(file=str(path)),
    )
    return Stop(message, hint=finding.hint, findings=[finding])


def _same_operations(ports: Mapping[str, Any]) -> bool:
    """Whether all ports offer the same, as they do where a service speaks SOAP 1.1 and 1.2: the first is taken then."""
    return len({frozenset(port.binding.all()) for port in ports.values()}) == 1


def _choose(known: Mapping[str, Any], name: str | None, what: str, where: str) -> Any:
    if name is None:
        if len(known) == 1:
            return next(iter(known.values()))
        there = ", ".join(known) or "none"
        raise Stop(f"{where} has {len(known)} {what}s", hint=f"name one under {what}: {there}")
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}"
    raise Stop(f"{where} has no {what} {name!r}", hint=hint)


def _refused(message: str, body: "etree._Element") -> Reject:
    hint = "correct the mapping, or the operation of the route"
    value = etree.tostring(body, encoding="unicode")[:200]
    return Reject(message, hint=hint, findings=[Finding(code="E-DOMAIN", message=message, hint=hint, value=value)])
