"""Names of elements, members and columns, compared with those of canonical fields by their words."""

import re
from collections.abc import Sequence

from transload.mappings.drafting.knowledge import Field, Scope

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SAME = {
    "qty": "quantity", "menge": "quantity", "ordered": "ordered", "unitcode": "uom", "unit": "uom", "me": "uom",
    "einheit": "uom", "ean": "gtin", "upc": "gtin", "barcode": "gtin", "zip": "postcode", "plz": "postcode",
    "zipcode": "postcode", "postalcode": "postcode", "postalzone": "postcode", "town": "city", "cityname": "city",
    "ort": "city", "streetname": "street", "strasse": "street", "address": "street", "state": "region",
    "province": "region", "countrycode": "country", "land": "country", "no": "number", "nr": "number", "num": "number",
    "id": "number", "pos": "number", "position": "number", "text": "description", "desc": "description",
    "title": "description", "remark": "notes", "remarks": "notes", "comment": "notes", "comments": "notes",
    "note": "notes", "texts": "notes", "vatnumber": "vat", "telephone": "phone", "tel": "phone", "mail": "email",
    "sku": "supplier", "unitprice": "price", "curr": "currency", "ccy": "currency", "waehrung": "currency",
    "datum": "date", "bestellung": "order", "value": "amount", "sum": "amount", "issue": "issued", "kind": "kind",
    "type": "kind", "action": "purpose", "function": "purpose", "code": "code", "wanted": "requested",
    "delivery": "requested", "due": "requested", "requestdate": "requested",
}  # fmt: skip
"""Words that mean the same as a word of a field."""
_FIELDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset(("order", "number")), "number"),
    (frozenset(("order", "date")), "issued_on"),
    (frozenset(("invoice", "number")), "number"),
    (frozenset(("invoice", "date")), "issued_on"),
    (frozenset(("ordered",)), "issued_on"),
    (frozenset(("issued", "date")), "issued_on"),
    (frozenset(("issued",)), "issued_on"),
    (frozenset(("date",)), "issued_on"),
    (frozenset(("requested", "date")), "requested_on"),
    (frozenset(("requested",)), "requested_on"),
    (frozenset(("standard", "item", "identification", "number")), "gtin"),
    (frozenset(("line", "number")), "number"),
    (frozenset(("item", "number")), "supplier_item"),
    (frozenset(("article", "number")), "supplier_item"),
    (frozenset(("article",)), "supplier_item"),
    (frozenset(("item",)), "supplier_item"),
    (frozenset(("supplier",)), "supplier_item"),
    (frozenset(("item", "name")), "description"),
    (frozenset(("name",)), "description"),
    (frozenset(("net", "price")), "price"),
    (frozenset(("currency", "code")), "currency"),
    (frozenset(("country", "code")), "country"),
    (frozenset(("uom", "code")), "uom"),
    (frozenset(("street", "name")), "street"),
    (frozenset(("line", "amount")), "amount"),
    (frozenset(("total", "amount")), "totals.total_amount"),
    (frozenset(("total",)), "totals.total_amount"),
)
"""Combinations of words that mean a field; the first that the scope has."""
_PARTIES: tuple[tuple[str, frozenset[str]], ...] = (
    ("ship_to", frozenset(("delivery", "shipto", "deliverto", "warehouse", "consignee", "dp", "st"))),
    ("bill_to", frozenset(("billto", "invoicee", "payer", "bill", "iv", "bt"))),
    ("buyer", frozenset(("buyer", "customer", "purchaser", "by", "orderer"))),
    ("seller", frozenset(("seller", "supplier", "vendor", "su", "se"))),
    ("ship_from", frozenset(("shipfrom", "sender", "sf"))),
)
_LISTS: tuple[tuple[str, frozenset[str]], ...] = (
    ("lines", frozenset(("line", "lines", "item", "items", "position", "positions", "article", "articles"))),
    ("taxes", frozenset(("tax", "taxes", "vat"))),
    ("allowances_charges", frozenset(("allowance", "charge", "discount", "discounts"))),
    ("references", frozenset(("reference", "references"))),
    ("payment_terms", frozenset(("payment", "terms"))),
)


def words(name: str) -> list[str]:
    """The words of a name, in lower case: ``orderNo`` and ``ORDER_NO`` give order, no."""
    local = name.rpartition("}")[2].removeprefix("@")
    if local.isupper():
        local = local.lower()
    return [word.lower() for word in _WORDS.findall(local)]


def party_of(name: str, scope: Scope) -> str | None:
    """The party of the scope that a name speaks of."""
    found = words(name)
    joined = "".join(found)
    known = scope.party_fields
    for party, names in _PARTIES:
        if party in known and (names & set(found) or joined in names or any(f"{w}party" in joined for w in names)):
            return party
    return None


def party_and_rest(name: str, scope: Scope) -> tuple[str, str] | None:
    """The party that a name begins with, and what the name says besides: ``ShipTo City`` gives ship_to and city."""
    joined = "".join(words(name))
    known = scope.party_fields
    for party, names in _PARTIES:
        for one in sorted(names, key=len, reverse=True):
            if party in known and len(one) > 2 and joined.startswith(one):
                return party, joined.removeprefix(one)
    return None


def list_of(name: str, scope: Scope, used: set[str]) -> str | None:
    """The list of the scope that a name speaks of."""
    found = set(words(name))
    return next((one for one, names in _LISTS if one in scope.lists and one not in used and names & found), None)


def usual_of(steps: Sequence[str], scope: Scope) -> list[Field]:
    """The fields whose usual place ends the path ``steps``, the longest ends first."""
    ends = [tuple(steps), tuple(steps[:-1])] if steps[-1] == "ID" else [tuple(steps)]
    suffixes = [
        (-len(known.steps) - (known.steps[-1] != "ID"), known.text)
        for known in scope.known
        if known.steps and any(end[-len(known.steps) :] == known.steps for end in ends)
    ]
    return [scope.fields[text] for _, text in sorted(suffixes)]


def fields_of(steps: Sequence[str], scope: Scope, used: set[str], owner: str = "") -> list[Field]:
    """The fields that a place may be, the likeliest first.

    ``steps`` are the names that lead to it from the element of the scope, without namespaces; ``owner`` is
    the name of that element.
    """
    found = [field.text for field in usual_of(steps, scope)]
    plain = [_SAME.get(word, word) for word in words(steps[-1])]
    joined = _SAME.get("".join(words(steps[-1])))
    around = [_SAME.get(word, word) for word in words(steps[-2])] if len(steps) > 1 else []
    owners = {_SAME.get(word, word) for word in words(owner)} | {"line", "order", "invoice"}
    candidates = [frozenset(plain), frozenset([joined] if joined else []), frozenset(plain) - owners]
    if around:
        candidates.insert(0, frozenset((*around, *plain)))
        if words(steps[-1]) in (["value"], ["content"], ["text"]):
            candidates.insert(0, frozenset(around))
        if set(plain) <= {"amount", "number", "text()", "date", "code", "description"}:
            candidates.append(frozenset(around))
    for candidate in candidates:
        found += [text for text in scope.fields if candidate and frozenset(text.split(".")[-1].split("_")) == candidate]
        found += [text for names, text in _FIELDS if names == candidate and text in scope.fields]
    return [scope.fields[text] for text in dict.fromkeys(found) if text not in used]
