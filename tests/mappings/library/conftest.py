"""Reading and writing whole payloads with library mappings, and documents that stay inside their domain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from transload.adapters.base import Format, Identity, adapter
from transload.adapters.base.format import Message
from transload.canonical.context import Context
from transload.canonical.documents import as_json, document_model
from transload.canonical.findings import Finding
from transload.mappings import Mapping, load_mapping

NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


class Desk:
    """A library mapping with its format, as a conversion uses them."""

    def __init__(self, name: str, **options: Any) -> None:
        self.mapping = load_mapping(f"library:{name}")
        found = adapter(self.mapping.format_type).format
        assert found is not None
        if self.mapping.format_type == "x12":
            options = {"charset": "latin-1", **options}
        self.format: Format[Any] = found(found.Options(**self.mapping.format_options, **options))

    def read(self, payload: bytes) -> tuple[list[Message], list[Finding]]:
        """The messages of a payload, and what is wrong with it by envelope and guide."""
        reading = self.format.read(payload)
        messages = list(reading)
        return messages, [*reading.findings, *(finding for message in messages for finding in message.findings)]

    def decode(self, payload: bytes) -> Any:
        """The one document of a payload, without any finding on the way."""
        (message,), faults = self.read(payload)
        decoded = self.mapping.decode(message)
        assert [finding.line() for finding in (*faults, *decoded.findings)] == []
        (document,) = decoded.documents
        return document

    def encode(self, document: Any, envelope: Any = None) -> bytes:
        """A payload with one document."""
        if envelope is None:
            envelope = self.format.envelope(sender=Identity(id="US"), receiver=Identity(id="THEM"))
        context = Context(now=NOW)
        return self.format.write([self.mapping.encode(document, context)], envelope=envelope, context=context)


@pytest.fixture(scope="session")
def desk() -> Callable[..., Desk]:
    return Desk


def without(value: Any, path: Sequence[str]) -> None:
    """Take the field at ``path`` (``lines[]``, ``contract``) out of a JSON document, and objects left empty by it."""
    name, rest = path[0].removesuffix("[]"), path[1:]
    if name not in value:
        return
    if not rest:
        del value[name]
        return
    for item in value[name] if path[0].endswith("[]") else [value[name]]:
        without(item, rest)
    if value[name] == {}:
        del value[name]


@pytest.fixture(scope="session")
def carried() -> Callable[[Mapping, Any], Any]:
    """The document less what the mapping says that it loses; a lost field has its default."""

    def carry(mapping: Mapping, document: Any) -> Any:
        value = as_json(document)
        for path in mapping.loses:
            without(value, path.split("."))
        return document_model(mapping.document).model_validate(value)

    return carry


@dataclass
class Documents:
    """Orders and order responses that all of ``mappings`` can carry and that their guides accept, made from a seed."""

    mappings: Sequence[Mapping]
    chance: Random

    @property
    def formats(self) -> set[str]:
        return {mapping.format_type for mapping in self.mappings}

    def some(self, make: Callable[[], Any]) -> Any:
        return make() if self.chance.random() < 0.6 else None

    def many(self, make: Callable[[], Any], most: int = 3, least: int = 0) -> list[Any]:
        return [make() for _ in range(self.chance.randint(least, most))]

    def code(self, table: str, otherwise: Sequence[str]) -> str:
        """A canonical value that every mapping with such a table has a code for."""
        tables = [mapping.meaning.codes[table] for mapping in self.mappings if table in mapping.meaning.codes]
        known = set.intersection(*(set(found.write) for found in tables)) if tables else set(otherwise)
        return self.chance.choice(sorted(known))

    def text(self, most: int = 30, least: int = 3) -> str:
        """Words with the separators and escapes of the formats, as far as each can carry them."""
        letters = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789äöüßé.,-/()&'\"%$#@!="
        letters += "" if "x12" in self.formats else "+:?*~>^|"
        letters += "<€☃" if self.formats == {"xml"} else ""
        words = ["x" + "".join(self.chance.choice(letters) for _ in range(self.chance.randint(1, 7))) for _ in range(9)]
        text = " ".join(words)[: self.chance.randint(least, most)].rstrip()
        return text.ljust(least, "x")

    def digits(self, count: int) -> str:
        return "".join(self.chance.choice("0123456789") for _ in range(count))

    def exact(self, most: int = 999_999, decimals: int = 4) -> Decimal:
        return Decimal(self.chance.randint(0, most)).scaleb(-self.chance.randint(0, decimals))

    def day(self) -> date:
        return date(2020, 1, 1) + timedelta(self.chance.randint(0, 4000))

    def uom(self) -> str:
        return self.code("uom", ["EA", "KGM", "XCT"])

    def party(self) -> dict[str, Any]:
        number = self.chance.choice(["gln", "duns", "id", ""])
        lengths = {"gln": 13, "duns": 9, "id": 7}
        return {
            number: self.digits(lengths[number]) if number else None,
            "name": self.text(35),
            "name_2": self.some(lambda: self.text(35)),
            **(self.some(lambda: {"street": self.text(35), "street_2": self.some(lambda: self.text(35))}) or {}),
            "city": self.some(self.text),
            "region": self.some(lambda: self.chance.choice(["BY", "MN", "NI"])),
            "postcode": self.some(lambda: self.text(9)),
            "country": self.some(lambda: self.chance.choice(["DE", "US", "NO"])),
            "vat": self.some(self.text),
            "registration": self.some(self.text),
            "contact": self.some(lambda: self.text(35)),
            "phone": self.some(self.text),
            "email": self.some(self.text),
        }

    def reference(self) -> dict[str, Any]:
        return {
            "kind": self.code("reference", ["project", "drawing"]),
            "number": self.text(),
            "issued_on": self.some(self.day),
        }

    def payment_terms(self) -> dict[str, Any]:
        return {
            "text": self.some(lambda: self.text(60)),
            "due_days": self.some(lambda: self.chance.randint(0, 999)),
            "due_on": self.some(self.day),
            "discount_percent": self.some(lambda: self.exact(9999, 2)),
            "discount_days": self.some(lambda: self.chance.randint(0, 999)),
            "discount_on": self.some(self.day),
        }

    def delivery_terms(self) -> dict[str, Any]:
        return {
            "code": self.chance.choice(["DAP", "FCA", "EXW"]),
            "place": self.some(self.text),
            "payment": self.code("freight", ["prepaid"]),
            "text": self.some(lambda: self.text(70)),
        }

    def allowance(self) -> dict[str, Any]:
        return {
            "kind": self.chance.choice(["allowance", "charge"]),
            "code": self.some(lambda: self.code("allowance", ["DI", "FC"])),
            "reason": self.some(lambda: self.text(60)),
            "percent": self.some(lambda: self.exact(9999, 2)),
            "amount": self.some(lambda: Decimal(self.chance.randint(0, 999_999)).scaleb(-2)),  # X12 writes cents
            "base_amount": self.some(self.exact),
            "sequence": self.some(lambda: self.chance.randint(1, 99)),
        }

    def tax(self) -> dict[str, Any]:
        return {
            "kind": self.code("tax", ["VAT", "GST"]),
            "category": self.some(lambda: self.chance.choice("SZE")),
            "rate": self.exact(9999, 2),
            "taxable_amount": self.some(self.exact),
            "amount": self.some(self.exact),
            "exemption": self.some(self.text),
        }

    def totals(self) -> dict[str, Any]:
        names = ("lines_amount", "allowances_amount", "charges_amount", "tax_amount", "total_amount")
        return {**{name: self.some(self.exact) for name in names}, "currency": self.some(lambda: "USD")}

    def item(self) -> dict[str, Any]:
        """What lines of orders and of responses share."""
        return {
            "number": self.some(lambda: str(self.chance.randint(1, 999_999))),
            "gtin": self.some(lambda: self.digits(self.chance.choice([8, 12, 13, 14]))),
            "supplier_item": self.some(self.text),
            "buyer_item": self.some(self.text),
            "description": self.some(lambda: self.text(70)),
            "uom": self.uom(),
            "price": self.exact(),
            "amount": self.some(self.exact),
            "notes": self.many(lambda: self.text(70), 7),
        }

    def line(self) -> dict[str, Any]:
        counted = {"price_quantity": Decimal(self.chance.randint(1, 1000)), "price_uom": self.uom()}
        packaging = {"count": self.chance.randint(0, 99), "kind": self.code("package", ["CT", "PX"])}
        content = {"content": Decimal(self.chance.randint(1, 999)), "content_uom": self.uom()}
        return {
            **self.item(),
            **(self.some(lambda: counted) or {}),
            "manufacturer_item": self.some(self.text),
            "quantity": self.exact(),
            "gross_price": self.some(self.exact),
            "origin": self.some(lambda: "DE"),
            "requested_on": self.some(self.day),
            "earliest_on": self.some(self.day),
            "latest_on": self.some(self.day),
            "contract": self.some(self.text),
            "ship_to": self.some(self.party),
            "packaging": self.some(lambda: {**packaging, **(self.some(lambda: content) or {})}),
            "references": self.many(self.reference),
            "allowances_charges": self.many(self.allowance),
            "taxes": self.many(self.tax),
        }

    def head(self, *parties: str) -> dict[str, Any]:
        """What orders and responses share."""
        return {
            "number": self.text(20),
            "issued_on": self.day(),
            "currency": self.some(lambda: "EUR"),
            "contract": self.some(self.text),
            "references": self.many(self.reference),
            "notes": self.many(lambda: self.text(70), 12),
            "buyer": self.some(self.party),
            **{name: self.some(self.party) for name in parties},
            "delivery_terms": self.some(self.delivery_terms),
            "payment_terms": self.many(self.payment_terms),
            "totals": self.some(self.totals),
        }

    def order(self) -> dict[str, Any]:
        days = ("requested_on", "earliest_on", "latest_on", "ship_on", "cancel_after")
        numbers = ("quotation", "price_list", "buyer_reference", "previous_order", "release")
        transport = {
            "mode": self.code("mode", ["10", "30"]),
            "carrier": self.some(lambda: self.text(17)),
            "service": self.some(lambda: "CG"),
            "routing": self.some(lambda: self.text(35)),
        }
        return {
            **self.head("seller", "ship_to", "ship_from", "bill_to", "final_recipient"),
            "kind": self.code("kind", ["order"]),
            "purpose": self.code("purpose", ["original"]),
            **{name: self.some(self.day) for name in days},
            **{name: self.some(self.text) for name in numbers},
            "transport": self.some(lambda: transport),
            "allowances_charges": self.many(self.allowance),
            "taxes": self.many(self.tax),
            "lines": self.many(self.line, 4, least=1),
        }

    def response_line(self) -> dict[str, Any]:
        return {
            **self.item(),
            "order_line": self.some(lambda: str(self.chance.randint(1, 9999))),
            "status": self.code("line_status", ["accepted"]),
            "ordered_quantity": self.exact(),
            "quantity": self.exact(),
            "promised_on": self.some(self.day),
            "reason": self.some(lambda: self.text(70)),
        }

    def order_response(self) -> dict[str, Any]:
        return {
            **self.head("seller", "ship_to", "bill_to"),
            "order_number": self.text(20),
            "order_issued_on": self.day(),
            "status": self.code("status", ["accepted"]),
            "purpose": self.code("purpose", ["original"]),
            "promised_on": self.some(self.day),
            "lines": self.many(self.response_line, 4, least=1),
        }


def bare(value: Any) -> Any:
    """The same without absent fields."""
    if isinstance(value, dict):
        return {name: bare(item) for name, item in value.items() if name and item not in (None, {})}
    return [bare(item) for item in value] if isinstance(value, list) else value


@pytest.fixture(scope="session")
def document() -> Callable[..., Any]:
    """The document of a seed, within the domain of one mapping or several."""

    def make(seed: int, *mappings: Mapping) -> Any:
        made = Documents(mappings, Random(seed))
        value = made.order() if mappings[0].document == "order/1" else made.order_response()
        return document_model(mappings[0].document).model_validate(bare(value))

    return make
