"""What a service's description says, piece by piece, however it is written and in how many files.

A piece has a name that people understand (``operation SubmitOrder``, ``type Order: Line/Quantity``)
and facts by name.  Comments, layout, prefixes, annotations and the places of files do not count.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from transload.adapters.soap.bundles.crawling import WSDL, XSD

_SOAP = {
    "http://schemas.xmlsoap.org/wsdl/soap/": "1.1",
    "http://schemas.xmlsoap.org/wsdl/soap12/": "1.2",
}
_GLOBAL = {"element": "element", "complexType": "type", "simpleType": "type", "group": "group"}
_GLOBAL |= {"attributeGroup": "attributes", "attribute": "attribute"}
_FACETS = {"length", "minLength", "maxLength", "pattern", "minInclusive", "maxInclusive", "minExclusive"}
_FACETS |= {"maxExclusive", "totalDigits", "fractionDigits", "whiteSpace"}
_QUALIFIED = {"type", "ref", "base", "itemType", "substitutionGroup"}
_KEPT = {"minOccurs", "maxOccurs", "use", "nillable", "default", "fixed", "abstract", "namespace", "mixed"}
_DEFAULTS = {"minOccurs": "1", "maxOccurs": "1"}

Facts = dict[str, str]


@dataclass(kw_only=True)
class Surface:
    """Pieces by name; ``orders`` are the names of elements that stand in sequence, by the name of what holds them."""

    pieces: dict[str, Facts] = field(default_factory=dict)
    orders: dict[str, list[str]] = field(default_factory=dict)

    def add(self, name: str, facts: Facts) -> str:
        """Add a piece; one whose name is there already gets a number.  Gives the name."""
        unique, number = name, 1
        while unique in self.pieces:
            number += 1
            unique = f"{name} #{number}"
        self.pieces[unique] = facts
        return unique


def surface_of(roots: "Iterable[etree._Element]") -> Surface:
    """The surface of all files of a description."""
    surface = Surface()
    for root in roots:
        if root.tag == f"{{{WSDL}}}definitions":
            _operations(root, surface)
            _bindings(root, surface)
            for schema in root.iterfind(f"{{{WSDL}}}types/{{{XSD}}}schema"):
                _declarations(schema, surface)
        else:
            _declarations(root, surface)
    return surface


def _operations(root: "etree._Element", surface: Surface) -> None:
    messages = {message.get("name"): _message(message) for message in root.iterfind(f"{{{WSDL}}}message")}
    for message, told in messages.items():
        surface.add(f"message {message}", told)
    for port_type in root.iterfind(f"{{{WSDL}}}portType"):
        for operation in port_type.iterfind(f"{{{WSDL}}}operation"):
            facts: Facts = {}
            for child in operation.iterchildren(tag=etree.Element):
                kind = etree.QName(child).localname
                if kind in ("input", "output", "fault"):
                    named = f" {child.get('name')}" if kind == "fault" else ""
                    facts[f"{kind}{named}"] = (child.get("message") or "").rpartition(":")[2]
            surface.add(f"operation {operation.get('name')}", facts)


def _message(message: "etree._Element") -> Facts:
    return {
        f"part {part.get('name')}": _resolved(part, part.get("element") or part.get("type") or "")
        for part in message.iterfind(f"{{{WSDL}}}part")
    }


def _bindings(root: "etree._Element", surface: Surface) -> None:
    for binding in root.iterfind(f"{{{WSDL}}}binding"):
        for space, version in _SOAP.items():
            if binding.find(f"{{{space}}}binding") is None:
                continue
            for operation in binding.iterfind(f"{{{WSDL}}}operation"):
                said = operation.find(f"{{{space}}}operation")
                facts = (
                    {"action": said.get("soapAction") or "", "style": said.get("style") or ""}
                    if said is not None
                    else {}
                )
                surface.add(f"SOAP {version} of {operation.get('name')}", facts)
    for port in root.iterfind(f"{{{WSDL}}}service/{{{WSDL}}}port"):
        for address in port.iterchildren(*(f"{{{space}}}address" for space in _SOAP)):
            surface.add(f"address of {port.get('name')}", {"location": address.get("location") or ""})


def _declarations(schema: "etree._Element", surface: Surface) -> None:
    space = schema.get("targetNamespace") or ""
    for node in schema.iterchildren(tag=etree.Element):
        kind = _kind(node)
        name = node.get("name")
        if kind in _GLOBAL and name:
            label = surface.add(f"{_GLOBAL[kind]} {{{space}}}{name}", _facts(node))
            _inner(node, f"{label}:", "", surface)


def _inner(node: "etree._Element", label: str, within: str, surface: Surface) -> None:
    """The pieces below ``node``; ``label`` names what they are in, ``within`` the choices and repetitions around."""
    for child in node.iterchildren(tag=etree.Element):
        kind = _kind(child)
        name = child.get("name") or (child.get("ref") or "").rpartition(":")[2]
        if kind in ("element", "attribute", "any", "anyAttribute"):
            step = {"element": name, "attribute": f"@{name}", "any": "anything", "anyAttribute": "@anything"}[kind]
            gap = " " if label.endswith(":") else "/"
            facts = _facts(child) | ({"within": within} if within else {})
            made = surface.add(f"{label}{gap}{step}", facts)
            if kind == "element":
                surface.orders.setdefault(label, []).append(step)
                _inner(child, made, "", surface)
        elif kind == "enumeration":
            surface.add(f"{label} the value {child.get('value')}", {})
        elif kind in _FACETS:
            surface.add(f"{label} {kind}", {"value": child.get("value") or ""})
        elif kind in ("restriction", "extension", "list", "union"):
            surface.add(f"{label} {kind}", _facts(child))
            _inner(child, label, within, surface)
        elif kind in ("choice", "sequence", "all", "group"):
            repeated = _facts(child)
            said = " ".join([kind, *(f"{key} {value}" for key, value in sorted(repeated.items()) if key != "ref")])
            if kind == "group" and name:
                surface.add(f"{label} group {name}", repeated)
            around = within if said in ("sequence", "all") else f"{within} {said}".strip()
            _inner(child, label, around, surface)
        elif kind in ("complexType", "simpleType", "complexContent", "simpleContent"):
            _inner(child, label, within, surface)
        elif kind == "attributeGroup":
            surface.add(f"{label} attributes {name}", {})


def _facts(node: "etree._Element") -> Facts:
    facts = {}
    for name, value in node.attrib.items():
        text = str(value)
        if name in _QUALIFIED:
            facts[str(name)] = _resolved(node, text)
        elif name == "memberTypes":
            facts[name] = " ".join(_resolved(node, one) for one in text.split())
        elif name in _KEPT and _DEFAULTS.get(str(name)) != text:
            facts[str(name)] = text
    return facts


def _resolved(node: "etree._Element", name: str) -> str:
    prefix, _, local = name.strip().rpartition(":")
    space = node.nsmap.get(prefix or None)
    if space == XSD:
        return f"xs:{local}"
    return f"{{{space}}}{local}" if space else local


def _kind(node: "etree._Element") -> str:
    name = etree.QName(node)
    return name.localname if name.namespace == XSD else ""
