"""A WSDL and all that it imports and includes, wherever they lie: found within limits, each read once."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree

from transload.adapters.base.xml import safe_parser
from transload.canonical.errors import Stop
from transload.canonical.findings import Finding

WSDL = "http://schemas.xmlsoap.org/wsdl/"
XSD = "http://www.w3.org/2001/XMLSchema"
MOST_FILES = 200
MOST_BYTES = 50_000_000
DEEPEST = 20
_NESTED = 200
_TOO_DEEP = etree.XPath(f"boolean({'/*' * (_NESTED + 1)})")
_LOCATIONS = {
    f"{{{WSDL}}}import": "location",
    f"{{{XSD}}}import": "schemaLocation",
    f"{{{XSD}}}include": "schemaLocation",
    f"{{{XSD}}}redefine": "schemaLocation",
    f"{{{XSD}}}override": "schemaLocation",
}

Fetch = Callable[[str], bytes]
"""Gives the bytes at an address.  Raises our errors."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Document:
    """One file of a service's description: where it is from, its bytes as they are there, its tree.

    ``references`` are its elements that name other files, with the addresses of these.
    """

    source: str
    content: bytes
    root: "etree._Element"
    references: "list[tuple[etree._Element, str, str]]" = field(default_factory=list)

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes as they are served."""
        return sha256(self.content).hexdigest()


def crawl(start: str, fetch: Fetch, *, allowed: Callable[[str], str | None]) -> list[Document]:
    """The file at ``start``, which comes first, and all that it leads to.

    ``allowed`` says why an address must not be asked, in a sentence; None when it may be.
    Raises `Stop` when a limit is reached, an address is not allowed, or a file is none of a WSDL; and
    what ``fetch`` raises.
    """
    found: dict[str, Document] = {}
    waiting = [(start, "", 0)]
    size = 0
    while waiting:
        address, named_by, depth = waiting.pop(0)
        if address in found:
            continue
        if len(found) == MOST_FILES:
            raise _stop(f"{start} leads to more than {MOST_FILES} files", "is it the right address?")
        if depth > DEEPEST:
            raise _stop(f"{start} imports more than {DEEPEST} levels deep", "is it the right address?")
        why = allowed(address) if named_by else None
        if why is not None:
            raise _stop(f"{named_by} imports {address[:300]}, {why}", "allow its host with --also, if you trust it")
        content = fetch(address)
        size += len(content)
        if size > MOST_BYTES:
            raise _stop(f"{start} and what it imports have more than {MOST_BYTES} bytes", "is it the right address?")
        root = _parse(content, address)
        references = _references(root, address)
        found[address] = Document(source=address, content=content, root=root, references=references)
        waiting += [(target, address, depth + 1) for _, _, target in references]
    return list(found.values())


def _parse(content: bytes, address: str) -> "etree._Element":
    try:
        root = etree.fromstring(content, safe_parser())
    except (etree.LxmlError, ValueError) as error:
        value = content[:200].decode("utf-8", "replace")
        raise _stop(
            f"{address} is no XML: {error}", "is it the address of the WSDL, and not of a page?", value
        ) from None
    about = root.getroottree().docinfo
    if getattr(about, "doctype", ""):
        raise _stop(f"{address} has a DOCTYPE, and is not read", "ask the partner for a WSDL without one")
    if _TOO_DEEP(root):
        raise _stop(f"{address} is nested deeper than {_NESTED} elements", "ask the partner for another WSDL")
    if root.tag not in (f"{{{WSDL}}}definitions", f"{{{XSD}}}schema"):
        name = etree.QName(root)
        hint = "WSDL 1.1 and XML Schema are understood; is it the right address?"
        raise _stop(f"{address} is {name.localname} of {name.namespace or 'no namespace'}, and no WSDL or schema", hint)
    return root


def _references(root: "etree._Element", address: str) -> "list[tuple[etree._Element, str, str]]":
    found = []
    for element in root.iter(*_LOCATIONS):
        attribute = _LOCATIONS[str(element.tag)]
        location = (element.get(attribute) or "").strip()
        if not location:
            continue
        try:
            target = urldefrag(urljoin(address, location)).url
            urlsplit(target)
        except ValueError:
            raise _stop(f"{address} imports {location[:300]!r}, which is no address", "ask the partner") from None
        found.append((element, attribute, target))
    return found


def same_host(start: str, also: Collection[str]) -> Callable[[str], str | None]:
    """A rule: what a file imports must lie where the first one lies, or on one of the hosts ``also``."""
    first = urlsplit(start)
    hosts = {host.lower() for host in also}

    def allowed(address: str) -> str | None:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https"):
            return "which is no address of HTTP"
        if parts.username is not None or parts.password is not None:
            return "which holds a login"
        same = (parts.scheme, parts.netloc.lower()) == (first.scheme, first.netloc.lower())
        if same or parts.netloc.lower() in hosts or (parts.hostname or "").lower() in hosts:
            return None
        return "which lies on another host"

    return allowed


def _stop(message: str, hint: str, value: str | None = None) -> Stop:
    return Stop(message, hint=hint, findings=[Finding(code="S-WSDL", message=message, hint=hint, value=value)])
