"""First mappings from samples: they load, read their samples, and say what is open."""

import json
import os
from pathlib import Path

import pytest

from transload.canonical.documents import as_json
from transload.canonical.errors import ConfigurationError
from transload.mappings import load_mapping
from transload.mappings.drafting import Sample, draft, open_points
from transload.mappings.drafting.knowledge import code_meanings
from transload.mappings.language.meaning import Meaning
from transload.mappings.testing.samples import format_of

SHARED = Path(os.environ.get("TRANSLOAD_SHARED", "../shared")) / "samples"


def drafted(bench, *texts, name="draft", **options):
    """The draft of samples, and the mapping that it is."""
    samples = [
        Sample(name=f"sample-{number}", payload=text.encode() if isinstance(text, str) else text)
        for number, text in enumerate(texts, 1)
    ]
    made = draft(samples, name=name, **options)
    bench.file(made.text, f"{name}.yaml")
    return made, load_mapping(f"{name}.yaml", base=bench.folder)


def documents(mapping, payload):
    payload = payload.encode() if isinstance(payload, str) else payload
    found = [mapping.decode(message) for message in format_of(mapping).read(payload, file="sample")]
    assert [str(finding) for one in found for finding in one.findings if finding.is_error] == []
    return [document for one in found for document in one.documents]


def edifact(*segments, kind="ORDERS:D:96A:UN"):
    rows = ["UNB+UNOC:3+1:14+2:14+260105:1000+1", f"UNH+1+{kind}", *segments, f"UNT+{len(segments) + 2}+1", "UNZ+1+1"]
    return "".join(f"{row}'\n" for row in rows)


ORDER = (
    "BGM+220+PO-1+9",
    "DTM+137:20260105:102",
    "RFF+ADE:77",
    "NAD+BY+9520001000003::9++ACME",
    "NAD+SU+4711::92",
    "LIN+1++9520002001016:EN",
    "PIA+1+A-1:SA+B-1:IN",
    "QTY+21:2:PCE",
    "PRI+AAA:1.50",
    "LIN+2",
    "QTY+21:3:ZZZ",
    "UNS+S",
    "CNT+2:2",
)


def layout(text):
    return text.partition("layout:\n")[2].partition("\ntests:")[0]


def test_an_order_of_edifact(bench):
    made, mapping = drafted(bench, edifact(*ORDER))
    assert (
        layout(made.text)
        == """\
  - BGM: {1001: =kind | code(bgm_kind), 1004: =number, 1225: =purpose | code(purpose)}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - each: references
    RFF: {1153: =kind | code(rff_kind only), 1154: =number}
  - cases: {BY: buyer, SU: seller}
    NAD: {3035: =case, pair(3055 3039): {9: =gln, 92: =id}, 3036: =name}
  - each: lines
    LIN: {1: =number, pair(7143 7140): {EN: =gtin}}
    then:
      - PIA: {4347: 1, pairs(7143 7140): {SA: =supplier_item, IN: =buyer_item}}
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}
      - PRI: {5125: AAA, 5118: =price}
  - UNS: {0081: S}
  - CNT: {6069: 2, 6066: =count(lines)}
"""
    )
    assert made.left == ()
    (document,) = documents(mapping, edifact(*ORDER))
    assert as_json(document)["lines"][1] == {"number": "2", "quantity": "3", "uom": "ZZZ"}
    (point,) = open_points(bench.folder / "draft.yaml", "draft.yaml")
    assert point.line().endswith(": warning M-OPEN open: what does ZZZ mean?  [ZZZ: ZZZ]")
    assert "  uom:\n    PCE: EA\n    ZZZ: ZZZ " in made.text


def test_what_no_field_is_known_for_is_open_in_the_order_of_the_file(bench):
    rows = (*ORDER[:4], "NAD+ZZ+4711::92++Someone", *ORDER[4:7], "MEA+PD+AAB+KGM:1.250", *ORDER[7:])
    made, mapping = drafted(bench, edifact(*rows))
    documents(mapping, edifact(*rows))
    found = [finding.message for finding in open_points(bench.folder / "draft.yaml")]
    assert found == [
        "open: what does ZZZ mean?  [ZZZ: ZZZ]",
        "open: which fields are these, if any?  [NAD: {3035: ZZ, 3039: ='4711', 3055: 92, 3036: ='Someone'}]",
        "open: which field? (measured value)  [6314: ='1.250']",
    ]
    assert made.open == 3


def test_several_samples_make_optional_nodes_and_longer_lists(bench):
    other = ["BGM+226+PO-2+9", "DTM+137:20260106:102", "DTM+2:20260110:102", *ORDER[3:]]
    made, mapping = drafted(bench, edifact(*ORDER), edifact(*other))
    assert made.messages == 2
    assert "bgm_kind: {220: order, 226: call_off}" in made.text
    assert "  - DTM: {2005: 2, 2380+2379: =requested_on | dtm(102)}\n" in made.text
    assert [as_json(one)["kind"] for text in (ORDER, other) for one in documents(mapping, edifact(*text))] == [
        "order",
        "call_off",
    ]


def test_a_message_without_a_guide_has_positions(bench):
    made, mapping = drafted(bench, edifact(*ORDER, kind="ORDERS:D:97B:UN"))
    assert "  - DTM: {1.1: 137, 1.2+1.3: =issued_on | dtm(102)}\n" in made.text
    assert as_json(documents(mapping, edifact(*ORDER, kind="ORDERS:D:97B:UN"))[0])["buyer"] == {
        "gln": "9520001000003",
        "name": "ACME",
    }


XML = """<PurchaseOrder xmlns="urn:x" orderNo="PO-7">
  <OrderDate>05.01.2026</OrderDate>
  <Buyer><Name>ACME</Name><City>Hull</City></Buyer>
  <Supplier><GLN>9520002000002</GLN></Supplier>
  <Priority>HIGH</Priority>
  <Positions>
    <Position no="1"><EAN>9520002001016</EAN><Qty unit="EA">2</Qty></Position>
    <Position no="2"><EAN>9520002001023</EAN><Qty unit="KGM">2.5</Qty><Text>Loose</Text></Position>
  </Positions>
</PurchaseOrder>
"""


def test_an_xml_document(bench):
    _, mapping = drafted(bench, XML, document="order/1")
    (document,) = documents(mapping, XML)
    assert as_json(document) == {
        "number": "PO-7",
        "kind": "order",
        "purpose": "original",
        "issued_on": "2026-01-05",
        "buyer": {"name": "ACME", "city": "Hull"},
        "seller": {"gln": "9520002000002"},
        "lines": [
            {"number": "1", "gtin": "9520002001016", "quantity": "2", "uom": "EA"},
            {"number": "2", "gtin": "9520002001023", "quantity": "2.5", "uom": "KGM", "description": "Loose"},
        ],
    }
    assert [finding.message for finding in open_points(bench.folder / "draft.yaml")] == [
        "open: which field?  [Priority: ='HIGH']"
    ]


def test_a_page_of_json(bench, fixtures):
    page = {
        "page": 1,
        "orders": [
            {
                "id": "PO-8",
                "dates": {"ordered": "2026-01-05"},
                "companies": [{"role": "customer", "name": "ACME"}, {"role": "vendor", "gln": "9520002000002"}],
                "remarks": ["one", "two"],
                "express": True,
                "positions": [{"no": 1, "ean": "9520002001016", "amount": {"value": 2.5, "unit": "KGM"}}],
            }
        ],
    }
    text = json.dumps(page)
    made, mapping = drafted(bench, text, document="order/1")
    assert "pages: {items: orders}\n" in made.text
    (document,) = documents(mapping, text)
    found = as_json(document)
    assert (found["number"], found["issued_on"], found["notes"]) == ("PO-8", "2026-01-05", ["one", "two"])
    assert (found["buyer"], found["seller"]) == ({"name": "ACME"}, {"gln": "9520002000002"})
    assert found["lines"] == [{"number": "1", "gtin": "9520002001016", "quantity": "2.5", "uom": "KGM"}]


def test_texts_of_a_sample_cannot_become_yaml_or_expressions(bench):
    nasty = ["x', =number", "{a: b}", "- x", "=number", "it's", "a: b # open: no", '"', "a\\b", "[1, 2]", "&a *b"]
    parties = [f"NAD+Z{number}+++{text.replace('?', '??').replace(':', '?:').replace(chr(39), '?' + chr(39))}"
               for number, text in enumerate(nasty)]  # fmt: skip
    text = edifact(*ORDER[:4], *parties, *ORDER[4:])
    made, mapping = drafted(bench, text)
    documents(mapping, text)
    assert made.left == ()


REFUSED = {
    "what is this": "sample-1 is neither EDIFACT, X12, XML, JSON, CSV nor fixed width",
    "<x>": "sample-1 holds no message that could be read",
    "<x/>": "which document a message x is, is not known",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_no_mapping_can_be_made_of(text):
    with pytest.raises(ConfigurationError) as caught:
        draft([Sample(name="sample-1", payload=text.encode())], name="n")
    assert caught.value.message == REFUSED[text]


def test_samples_of_different_kinds_are_refused():
    samples = [Sample(name="a", payload=edifact(*ORDER).encode()), Sample(name="b", payload=XML.encode())]
    with pytest.raises(ConfigurationError, match="b is xml PurchaseOrder, and a edifact ORDERS"):
        draft(samples, name="n", document="order/1")


def test_a_draft_may_lack_required_fields_and_says_so(bench):
    rows = [row for row in ORDER if not row.startswith("DTM")]
    made, mapping = drafted(bench, edifact(*rows))
    assert isinstance(mapping.meaning, Meaning)
    assert [finding.line() for finding in mapping.meaning.remarks if finding.code == "M-REQUIRED"] == [
        "draft.yaml:19:11: warning M-REQUIRED nothing in this file reads issued_on, which every Order needs "
        "(bind it to a place)"
    ]
    bench.file(made.text.replace("draft: true\n", ""), "done.yaml")
    with pytest.raises(ConfigurationError):
        load_mapping("done.yaml", base=bench.folder)


def bindings(mapping):
    """What a mapping binds: field, tag and place of each entry that reads."""
    return {
        (slot.field.text(), slot.name.partition(" ")[0], tuple(str(place) for place in slot.places))
        for slot in mapping.meaning.slots
        if slot.field is not None and slot.reads
    }


REAL = {
    "edifact/smooksex__5f3a28_test_resources_expected.txt": "library:edifact/orders-d96a",
    "edifact/pydifact__tests_data_order.edi": "library:edifact/orders-d96a",
    "x12/edinet__indice.Edi.Tests_Samples_x12.850a.edi": "library:x12/850-004010",
    "x12/stupidedi__PO850_pass_1.edi": "library:x12/850-004010",
}


@pytest.mark.skipif(not SHARED.is_dir(), reason="the samples of others are not here")
@pytest.mark.parametrize("name", REAL)
def test_most_of_what_is_proposed_for_real_samples_is_what_the_library_has(bench, name):
    _, mapping = drafted(bench, (SHARED / name).read_bytes())
    proposed, library = bindings(mapping), bindings(load_mapping(REAL[name]))
    right = proposed & library
    assert len(right) >= 0.7 * len(proposed), sorted(proposed - library)


@pytest.mark.parametrize(
    ("format_type", "field", "code", "meaning"),
    [("x12", "OTI status", "TR", "rejected"), ("edifact", "uom", "PCE", "EA"), ("xml", "kind", "380", "invoice")],
)
def test_codes_mean_what_they_mean_in_the_library(format_type, field, code, meaning):
    """Also those of a place in the long form, as that of OTI is."""
    assert code_meanings(format_type, field)[code] == meaning
