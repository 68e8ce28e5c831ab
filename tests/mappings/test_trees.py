"""XML and JSON layouts, read and written."""

import json
from decimal import Decimal

import pytest
from lxml import etree

from transload.canonical.errors import Reject
from transload.mappings import load_mapping

UBL = """<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
  xmlns:a="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
  xmlns:b="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <b:UBLVersionID>2.1</b:UBLVersionID>
  <b:ID>PO&amp;1</b:ID>
  <b:IssueDate> 2026-01-05 </b:IssueDate>
  <b:Note>one</b:Note><!-- between --><b:Note>t<!-- inside -->wo</b:Note>
  <b:DocumentCurrencyCode>EUR</b:DocumentCurrencyCode>
  <a:BuyerCustomerParty><a:Party>
    <b:EndpointID schemeID="0088">4000000000009</b:EndpointID>
    <a:PartyName><b:Name>Mann &lt;Söhne&gt;</b:Name></a:PartyName>
  </a:Party></a:BuyerCustomerParty>
  <a:AnticipatedMonetaryTotal><b:LineExtensionAmount currencyID="EUR">7.50</b:LineExtensionAmount></a:AnticipatedMonetaryTotal>
  <a:OrderLine><a:LineItem><b:ID>1</b:ID><b:Quantity unitCode="C62">5</b:Quantity>
    <a:Price><b:PriceAmount currencyID="EUR">1.5</b:PriceAmount></a:Price></a:LineItem></a:OrderLine>
</Order>"""  # noqa: E501


@pytest.fixture
def ubl(fixtures):
    return load_mapping(fixtures / "mappings/ubl-order.yaml")


@pytest.fixture
def portal(fixtures):
    return load_mapping(fixtures / "mappings/portal-order.yaml")


def test_xml_both_ways(bench, ubl):
    decoded = ubl.decode(bench.xml(UBL))
    assert decoded.findings == ()
    (document,) = decoded.documents
    assert (document.number, document.notes, document.buyer.name) == ("PO&1", ("one", "two"), "Mann <Söhne>")
    body = ubl.encode(document, bench.context).body
    assert body.startswith("<Order xmlns=")
    assert ubl.decode(bench.xml(body)).documents == (document,)
    written = etree.fromstring(body)
    space = {"b": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"}
    assert written.xpath("//b:LineExtensionAmount/text()", namespaces=space) == ["7.50"]
    assert written.xpath("//b:PriceAmount/@currencyID", namespaces=space) == ["EUR"]


def test_xml_faults(bench, ubl):
    text = (
        UBL.replace("2.1</b:UBL", "2.0</b:UBL").replace('schemeID="0088"', 'schemeID="9999"').replace(">5<", ">five<")
    )
    text = text.replace("7.50", "8").replace("<a:OrderLine>", "<a:Delivery/><b:ID>PO2</b:ID><a:OrderLine>", 1)
    found = ubl.trace(bench.xml(text))
    assert found.documents == ()
    assert [(f.code, f.message) for f in found.findings] == [
        ("E-DUP", "cbc:ID may come once here, and this is one more"),
        ("E-VALUE", "'five' is no number"),
        ("E-UNMAPPED", "UBLVersionID is left aside: cbc:UBLVersionID is meant, but cbc:UBLVersionID is '2.0', and the mapping accepts '2.1'"),  # noqa: E501
        ("E-UNMAPPED", "EndpointID is left aside: cbc:EndpointID is meant, but cbc:EndpointID/@schemeID is '9999', and the mapping accepts '0088'"),  # noqa: E501
        ("E-UNMAPPED", "Delivery is left aside: the mapping has nothing for it inside Order"),
        ("W-SUM", "8 is stated, and cannot be checked: a value to compute it from is missing"),
    ]  # fmt: skip
    five = next(f for f in found.findings if f.message.startswith("'five'"))
    assert five.field == "lines[0].quantity"
    assert five.place.path.endswith(
        "CommonAggregateComponents-2}LineItem/0/{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}Quantity/0"
    )  # noqa: RUF100


def test_another_root_element(bench, ubl):
    found = ubl.decode(bench.xml("<Invoice/>"))
    assert found.documents == ()
    assert [f.code for f in found.findings if f.field is None] == ["E-UNMAPPED"]


@pytest.mark.parametrize("text", ["a\x02b", "x\x00", " ", "\u2003"])
def test_what_xml_cannot_carry_is_refused(bench, ubl, text):
    (document,) = ubl.decode(bench.xml(UBL)).documents
    with pytest.raises(Reject) as caught:
        ubl.encode(document.model_copy(update={"number": text}), bench.context)
    assert [f.field for f in caught.value.findings] == ["number"]
    with pytest.raises(Reject) as caught:
        ubl.encode(document.model_copy(update={"notes": (text,)}), bench.context)
    assert [f.code for f in caught.value.findings] == ["E-DOMAIN"]


@pytest.mark.parametrize("text", ["<b>&amp;\"'", "]]>", "a\nb\tc\rd", "ä€𝄞", "<!--"])
def test_every_other_text_comes_back(bench, ubl, text):
    (document,) = ubl.decode(bench.xml(UBL)).documents
    changed = document.model_copy(update={"number": text, "notes": (text,)})
    assert ubl.decode(bench.again(ubl, changed)).documents == (changed,)


PORTAL = {
    "id": "PO1", "type": "order", "action": "original", "dates": {"ordered": "2026-01-05", "wanted": "20.01.2026"},
    "currency": "EUR", "texts": ["one", "two"],
    "companies": [
        {"role": "customer", "name": "ACME", "address": {"town": "Bremen"}},
        {"role": "vendor", "gln": "4000000000009"},
    ],
    "positions": [
        {"no": "1", "amount": {"value": Decimal(5), "unit": "piece"}, "price": Decimal("0.10")},
        {"no": "2", "amount": {"value": Decimal("1.5")}, "days": {"wanted": "2026-02-01"}},
    ],
    "count": Decimal(2),
}  # fmt: skip


def test_json_both_ways(bench, portal):
    assert portal.format_options == {"items": "orders"}
    decoded = portal.decode(bench.json(PORTAL))
    assert decoded.findings == ()
    (document,) = decoded.documents
    assert (document.buyer.city, document.lines[1].quantity) == ("Bremen", Decimal("1.5"))
    body = portal.encode(document, bench.context).body
    assert body == PORTAL
    assert str(body["positions"][0]["price"]) == "0.10"


def test_json_faults(bench, portal):
    value = json.loads(json.dumps(PORTAL, default=float), parse_float=Decimal, parse_int=Decimal)
    value |= {"status": "new", "unused": None, "count": Decimal(3), "texts": "one", "id": Decimal(7)}
    value["companies"].append({"role": "carrier", "name": "X"})
    value["companies"].append("nobody")
    value["positions"][0]["amount"] = [1]
    value["positions"][1]["price"] = "1.5"
    found = portal.decode(bench.json(value))
    assert found.documents == ()
    rows = [(f.code, str(f.place), f.field, f.message) for f in found.findings]
    assert rows == [
        ("E-VALUE", "texts", None, "a list is expected, and this is a text"),
        ("E-VALUE", "positions/0/amount", None, "an object is expected, and this is a list"),
        ("E-VALUE", "positions/1/price", "lines[1].price", "'1.5' is no JSON number"),
        ("E-VALUE", "id", "number", "number is no text"),
        ("E-MISSING", "positions/0", "lines[0].quantity", "lines[0].quantity is required, and was not found"),
        ("E-UNMAPPED", "companies/2", None, "companies is left aside: none of the mapping's 3 entries for it fits"),
        ("E-UNMAPPED", "companies/3", None, "companies is left aside: none of the mapping's 3 entries for it fits"),
        ("E-UNMAPPED", "status", None, "status is left aside: the mapping has nothing for it"),
        ("W-COUNT", "count", None, "3 is stated, and 2 follows from the message"),
    ]


@pytest.mark.parametrize("value", [None, [], "x", 5, True, {}, {"positions": {}}, {"companies": [[]]}, {"dates": "x"}])
def test_any_json_value_gives_findings(bench, portal, value):
    found = portal.decode(bench.json(value) if not isinstance(value, str) else bench.json(json.dumps(value)))
    assert found.documents == ()
    assert any(f.is_error for f in found.findings)


@pytest.mark.parametrize("depth", [10, 15, 16, 30])
def test_deep_elements_are_read_or_refused(bench, depth):
    inside = "=number"
    for number in range(depth - 1, 0, -1):
        inside = f"{{e{number}: {inside}}}"
    text = (
        "mapping: deep\ndocument: order/1\nformat: {type: xml}\nlayout:\n  Order:\n"
        f"    - day: =issued_on | date(iso)\n    - in: buyer\n      who: =name\n    - e0: {inside}\n"
    )
    if depth > 16:
        assert "stands more than 17 levels deep" in bench.static(text)[0]
        return
    mapping = bench.load(text)
    document = mapping.meaning.model.model_validate({"number": "1", "issued_on": "2026-01-01", "buyer": {"name": "X"}})
    assert mapping.decode(bench.again(mapping, document)).documents == (document,)
    assert mapping.trace(bench.again(mapping, document)).documents == (document,)
