"""What sort of message a sample is: its format, its type, and the document that such messages are."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transload.adapters.base.format import Message, Tree
from transload.adapters.base.registry import adapter
from transload.canonical.errors import ConfigurationError
from transload.mappings.drafting.nodes import quoted
from transload.mappings.drafting.rows import Rows, options_of, rows_of

DOCUMENT_OF = {
    "ORDERS": "order/1", "850": "order/1", "Order": "order/1",
    "ORDRSP": "order_response/1", "855": "order_response/1", "OrderResponse": "order_response/1",
    "DESADV": "despatch_advice/1", "856": "despatch_advice/1", "DespatchAdvice": "despatch_advice/1",
    "INVOIC": "invoice/1", "810": "invoice/1", "Invoice": "invoice/1", "CreditNote": "invoice/1",
    "APERAK": "application_advice/1", "824": "application_advice/1",
}  # fmt: skip
"""The documents of usual types of messages."""
RECORDS = ("edifact", "x12")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """``name`` is the message's type, ``header`` the lines of the mapping that say so."""

    format_type: str
    name: str
    version: str
    header: tuple[str, ...]
    document: str | None = None
    rows: Rows | None = None

    @property
    def is_record(self) -> bool:
        """Whether its body is segments."""
        return self.format_type in RECORDS


def kind_of(payload: bytes, name: str, wanted: str | None, guides: Sequence[Path] = ()) -> tuple[Kind, list[Message]]:
    """The kind of the messages in a payload, and all messages of that kind; ``wanted`` is a type.

    Raises `ConfigurationError` when there is none.
    """
    format_type = _format_of(payload, name)
    rows = rows_of(payload) if format_type in ("csv", "fixed") else None
    if rows is not None:
        return _kind_of_rows(format_type, rows), []
    found = adapter(format_type).format
    assert found is not None
    options: dict[str, Any] = {}
    reading = found(found.Options(**options)).with_guides(guides).read(payload, file=name)
    messages = list(reading)
    if format_type == "json" and len(messages) == 1:
        items = _items(root_of(messages[0]))
        if items is not None:
            options = {"items": items}
            messages = list(found(found.Options(**options)).read(payload, file=name))
    if wanted is not None:
        messages = [message for message in messages if message.kind == wanted]
    if not messages:
        words = f"no message {wanted}" if wanted else "no message"
        raise ConfigurationError(f"{name} holds {words} that could be read", findings=reading.findings)
    first = messages[0]
    same = [one for one in messages if (one.kind, one.version) == (first.kind, first.version)]
    return _kind(format_type, first, options), same


def _format_of(payload: bytes, name: str) -> str:
    text = payload[:2000].decode("latin-1").removeprefix("\xef\xbb\xbf").lstrip()
    if text.startswith(("UNA", "UNB", "UNH")):
        return "edifact"
    if text.startswith("ISA"):
        return "x12"
    if text.startswith("<"):
        return "xml"
    if text.startswith(("{", "[")):
        return "json"
    rows = rows_of(payload)
    if rows is not None:
        return "csv" if rows.delimiter else "fixed"
    raise ConfigurationError(
        f"{name} is neither EDIFACT, X12, XML, JSON, CSV nor fixed width",
        hint="it must begin with UNA, UNB, ISA, < or {, or consist of lines",
    )


def _kind_of_rows(format_type: str, rows: Rows) -> Kind:
    options = "".join(f", {key}: {json.dumps(value)}" for key, value in options_of(rows).items())
    names = " ".join(rows.columns).lower()
    document = "invoice/1" if "invoice" in names else "order/1" if "order" in names else None
    header = (f"format: {{type: {format_type}{options}}}",)
    return Kind(format_type=format_type, name="rows", version="", header=header, document=document, rows=rows)


def _kind(format_type: str, message: Message, options: dict[str, Any]) -> Kind:
    document = DOCUMENT_OF.get(message.kind)
    if format_type == "edifact":
        header = [f"format: {{type: edifact, message: {json.dumps(f'{message.kind}:{message.version}')}}}"]
    elif format_type == "x12":
        version = json.dumps(message.version)
        header = [f"format: {{type: x12, set: {json.dumps(message.kind)}, version: {version}}}"]
    elif format_type == "xml":
        spaces = namespaces_of(root_of(message))
        rows = ", ".join(f"{prefix or chr(34) * 2}: {json.dumps(uri)}" for prefix, uri in spaces.items())
        header = [f"format: {{type: xml, namespaces: {{{rows}}}}}" if spaces else "format: {type: xml}"]
    else:
        header = ["format: {type: json}"]
        if "items" in options:
            header.append(f"pages: {{items: {quoted(options['items']) if options['items'] != '$' else '$'}}}")
    return Kind(
        format_type=format_type,
        name=message.kind,
        version=message.version,
        header=tuple(header),
        document=document,
    )


def root_of(message: Message) -> Any:
    """The root of a tree.  Raises `TypeError` for a message of segments."""
    if not isinstance(message.body, Tree):
        raise TypeError("a message of segments has no root")
    return message.body.root


def namespaces_of(root: Any) -> dict[str, str]:
    """The namespaces of an XML document by prefix; the root element's without one is the default."""
    found: dict[str, str] = {}
    for element in root.iter():
        for prefix, uri in element.nsmap.items():
            if uri not in found.values() and (prefix or "") not in found:
                found[prefix or ""] = uri
    return found


def _items(root: Any) -> str | None:
    """The member that holds the documents of a page: the one list of objects with lists or many members."""
    if isinstance(root, list):
        return "$" if root and all(isinstance(item, dict) for item in root) else None
    if not isinstance(root, dict):
        return None
    lists = [key for key, value in root.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if len(lists) != 1:
        return None
    others = [value for key, value in root.items() if key != lists[0] and not isinstance(value, dict | list)]
    nested = any(isinstance(value, dict | list) for value in root[lists[0]][0].values())
    return lists[0] if nested and len(others) <= 4 else None
