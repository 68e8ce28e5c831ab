"""XML and JSON layouts, read and written."""

import json
from decimal import Decimal

import pytest
from lxml import etree

from transload.adapters.base import adapter
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
        ("E-UNMAPPED", "unused", None, "unused is left aside: the mapping has nothing for it"),
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


SPACES = """mapping: spaces
document: order/1
format: {type: xml, namespaces: {"": "urn:o", c: "urn:c"}}
ignores: [IGNORED]
layout:
  Order:
    - "@version": "2"
    - c:ID: =number
    - c:Day: =issued_on | date(iso)
    - c:Buyer: {c:Name: =buyer.name}
"""


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        ("c:Extra", ["Extra in urn:d"]),
        ("Extra", []),
        ("Order / Extra", ["Extra in urn:c below"]),
        ("Order / c:Buyer / Extra", ["Extra in urn:c", "Extra in urn:d"]),
        ("Buyer / c:Extra", ["Extra in urn:c", "Extra in urn:d"]),
    ],
)
def test_ignores_goes_by_namespace_whatever_the_prefix(bench, ignored, left):
    text = SPACES.replace("IGNORED", ignored)
    found = bench.load(text).decode(
        bench.xml(
            '<o:Order xmlns:o="urn:o" xmlns:p="urn:c" xmlns:c="urn:d" version="2"><p:ID>1</p:ID>'
            "<p:Day>2026-01-05</p:Day><p:Extra/><c:Extra/><p:Buyer><p:Name>X</p:Name><p:Extra/></p:Buyer></o:Order>"
        )
    )
    names = {
        "{urn:c}Extra/0": "Extra in urn:c",
        "{urn:d}Extra/0": "Extra in urn:d",
        "{urn:c}Buyer/0/{urn:c}Extra/0": "Extra in urn:c below",
    }
    assert len(found.documents) == 1
    assert [names[f.place.path] for f in found.findings] == left


def test_a_prefix_that_the_mapping_does_not_have_is_refused_in_ignores(bench):
    assert bench.static(SPACES.replace("IGNORED", "cbc:Extra")) == [
        "map.yaml:4:11: error M-PLACE the prefix 'cbc' is not among the namespaces (namespaces: has \"\", c)"
    ]


def test_a_root_element_with_another_attribute_is_one_finding_with_its_place(bench):
    mapping = bench.load(SPACES.replace("IGNORED", "X"))
    xml = adapter("xml").format
    (message,) = xml(xml.Options()).read(b'<Order xmlns="urn:o" version="3"/>', file="order.xml")
    found = mapping.decode(message)
    assert found.documents == ()
    assert [(f.line(), str(f.place)) for f in found.findings] == [
        (
            "map.yaml:6:3: error E-UNMAPPED Order is meant, but Order/@version is '3', and the mapping accepts '2'",
            "order.xml line 1 byte 0, /Order",
        )
    ]


JSON = """mapping: small
document: order/1
format: {type: json}
layout:
  - id: =number
  - day: =issued_on | date(iso)
"""


def test_members_called_like_modifiers(bench):
    mapping = bench.load(JSON + "  - then: =contract\n  - each: =quotation\n  - note: {level: =currency}\n")
    value = {"id": "1", "day": "2026-01-05", "then": "C", "each": "Q", "note": {"level": "EUR"}}
    (document,) = mapping.decode(bench.json(value)).documents
    assert (document.contract, document.quotation, document.currency) == ("C", "Q", "EUR")
    assert mapping.encode(document, bench.context).body == value


@pytest.mark.parametrize("long", ["value: =quantity, required: true", "value: =quantity, note: x, required: true"])
def test_required_in_the_long_form_is_refused_and_makes_no_object(bench, long):
    (found,) = bench.static(JSON + f"  - each: lines\n    rows: {{amount: {{{long}}}}}\n")
    assert "error M-UNAVAILABLE required: is not available in this version" in found


def test_a_member_called_required_beside_one_called_value(bench):
    mapping = bench.load(JSON + "  - terms: {value: =contract, required: =quotation}\n")
    found = mapping.decode(bench.json({"id": "1", "day": "2026-01-05", "terms": {"value": "C", "required": "Q"}}))
    assert (found.documents[0].contract, found.documents[0].quotation) == ("C", "Q")


def test_a_node_of_modifiers_only_says_how_to_write_such_a_name(bench):
    assert bench.static(JSON + "  - each: lines\n    then: {a: =number}\n") == [
        "map.yaml:7:5: error M-NODE a node needs the name of a segment or element "
        "(one that is called like a modifier stands in the braces of what is around it)"
    ]


def test_changes_in_a_tree(bench):
    bench.file(SPACES, "base.yaml")
    mapping = bench.load(
        "mapping: p\nextends: base.yaml\nchange:\n  Order / c:ID: =number | upper\n"
        "  Order / c:Buyer / c:Name: =buyer.name_2\n"
    )
    fields = {slot.name: slot.rule for slot in mapping.meaning.slots}
    assert (fields["c:ID"], fields["c:Name"]) == ("=number | upper", "=buyer.name_2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "change: {Order / c:Buyer: =number}",
            "map.yaml:3:27: error M-CHANGE a change is a table of places, or the word remove "
            "(name what stands in it, such as  {NAME: =field})",
        ),
        (
            "change: {Order / c:ID: {text(): =number}}",
            "map.yaml:3:25: error M-CHANGE Order / c:ID has no places of its own to change "
            "(give it the new value itself:  Order / c:ID: =field)",
        ),
        (
            "add: [{into: Order, c:X: =contract}]",
            "map.yaml:3:8: error M-CHANGE into: is for segments "
            "(in a tree use after: or before: with the address of what stands beside it)",
        ),
    ],
)
def test_wrong_changes_in_a_tree(bench, text, expected):
    bench.file(SPACES, "base.yaml")
    assert bench.static(f"mapping: p\nextends: base.yaml\n{text}\n") == [expected]


LITERALS = """mapping: m
document: order/1
format: {type: json}
layout:
  - schema: {size: 50, draft: false, code: "007", label: ='50'}
  - id: =number
  - on: =issued_on | date(iso)
  - buyer: {name: =buyer.name}
"""


def test_json_literals_are_numbers_and_yes_or_no_where_they_look_like_it(bench):
    mapping = bench.load(LITERALS)
    wire = {
        "schema": {"size": Decimal(50), "draft": False, "code": "007", "label": "50"},
        "id": "1",
        "on": "2026-01-05",
    }
    wire |= {"buyer": {"name": "A"}}
    for size in (Decimal(50), Decimal("50.0"), "50", 50):
        decoded = mapping.decode(bench.json(wire | {"schema": wire["schema"] | {"size": size}}))
        assert decoded.findings == ()
        body = mapping.encode(decoded.documents[0], bench.context).body
        assert (body, type(body["schema"]["size"])) == (wire, Decimal)
    for wrong in ({"size": Decimal(51)}, {"size": True}, {"draft": True}, {"draft": Decimal(0)}, {"code": Decimal(7)}):
        (finding,) = mapping.decode(bench.json(wire | {"schema": wire["schema"] | wrong})).findings
        assert finding.code == "E-UNMAPPED"
        assert "schema is meant, but" in finding.message
