"""Paths of masked fields, and values that stand in texts."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import Place
from transload.runner.impact.comparing import What
from transload.runner.impact.hiding import Hiding
from transload.runner.masking.fields import EVERY, MASKED, Fields, path_of
from transload.runner.masking.values import Values
from transload.runner.masking.veil import UNSAID, Veil
from transload.runner.workspace import load_mask, load_workspace

FIELDS = Fields(paths={EVERY: (("buyer", "contact"), ("lines", "price")), "order/1": (("number",),)})
NAMES = st.sampled_from(["buyer", "contact", "lines", "price", "number", "other"])
JSON = st.recursive(
    st.text("abc", min_size=4, max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text", ["lines.price", "/lines/*/price", "lines[3].price", "lines[].price", "/lines/3/price", "lines.price.*"]
)
def test_a_path_is_written_in_many_ways(text: str) -> None:
    assert path_of(text) == ("lines", "price")


def test_a_field_is_masked_with_all_below_and_where_it_is_told_as_a_whole() -> None:
    assert FIELDS.cover("order/1", "lines[2].price")
    assert FIELDS.cover("order/1", "documents[1].lines[2].price"), "of several documents in a message"
    assert FIELDS.cover("invoice/1", "buyer.contact.name")
    assert FIELDS.cover("invoice/1", "lines[2]"), "the price is in it"
    assert not FIELDS.cover("invoice/1", "number")
    assert FIELDS.cover(None, "number"), "it may be an order"
    assert not FIELDS.cover("order/1", "lines[2].price_uom")
    assert not Fields()


@given(st.dictionaries(NAMES, JSON, max_size=5))
@settings(max_examples=60)
def test_what_is_left_of_a_document_has_none_of_its_masked_values_in_their_places(document: dict[str, object]) -> None:
    left = FIELDS.without("order/1", document)
    assert FIELDS.texts("order/1", left) <= {MASKED}
    assert FIELDS.without("order/1", left) == left
    assert (left == document) is not bool(FIELDS.texts("order/1", document))
    for name in {"buyer", "lines", "number"}:
        assert FIELDS.within("order/1", name, document.get(name)) == left.get(name)


def test_values_are_found_in_other_forms_and_not_within_words() -> None:
    values = Values(["ACME & Co", "12.50", "2026-03-02", "ab"])
    assert values.out_of("from acme & co, ACME &amp; CO: x") == f"from {MASKED}, {MASKED}: x"
    assert values.out_of("12,50 or 12.5, not 112.50") == f"{MASKED} or {MASKED}, not 112.50"
    assert values.out_of("20260302 and 02.03.2026_x") == f"{MASKED} and {MASKED}_x"
    assert values.out_of("ab") == "ab", "too short"


def test_a_finding_keeps_its_code_and_place() -> None:
    veil = Veil(FIELDS)
    price = Finding(code="E-VALUE", message="'x' is no number", value="x", hint="like 'x'", field="lines[0].price")
    told = veil.finding(price, document="order/1")
    assert (told.code, told.message, told.value, told.hint) == ("E-VALUE", UNSAID, MASKED, None)
    assert told.field == "lines[0].price"
    other = Finding(code="E-VALUE", message="'x' is no unit", value="x", field="lines[0].uom")
    assert veil.finding(other) == other
    placed = Finding(code="E-LENGTH", message="'x' is too long", value="x", place=Place(line=3))
    assert (veil.finding(placed).message, veil.finding(placed).place) == (UNSAID, placed.place)
    counted = Finding(code="E-COUNT", message="UNT says 4", value="4", place=Place(line=9))
    assert (veil.finding(counted).message, veil.finding(counted).value) == ("UNT says 4", MASKED)
    answered = Finding(code="H-422", message="PUT /o/PO-1 was answered with 422", value="PO-1 is no good")
    told = veil.finding(answered, Values(["PO-1"]))
    assert (told.message, told.value) == (f"PUT /o/{MASKED} was answered with 422", MASKED)
    for finding in (price, other, placed, counted, answered):
        kept = veil.shown(finding.as_dict(), Values(["PO-1"]), "order/1")
        assert kept == veil.finding(finding, Values(["PO-1"]), "order/1").as_dict(), "kept or fresh, it is told alike"
        assert Veil().finding(finding) is finding


def test_differences_go_without_masked_values_even_where_all_others_are_wanted() -> None:
    hiding = Hiding([], fields=FIELDS, others=False)
    assert hiding("r", "", What.FIELD, "lines[].price", "12.50") == MASKED
    assert hiding("r", "", What.FIELD, "lines[].uom", "EA") == "EA"
    assert hiding("r", "t", What.PLACE, "PRI 02", "12.50") == MASKED, "it may be the price"
    assert hiding("r", "t", What.QUARANTINED, "E-VALUE", "E-VALUE 'x' is no price") == "E-VALUE"
    assert hiding("r", "", What.FIELD, "lines[].price", None) is None
    assert Hiding([], fields=Fields(), others=False)("r", "t", What.PLACE, "PRI 02", "12.50") == "12.50"


def test_what_no_document_has_is_told_with_what_was_meant(tmp_path: Path) -> None:
    file = tmp_path / "transload.yaml"
    block = "mask:\n  fields: [buyer.name, lines.descripton, '*']\n  documents: {order/1: [Buyer.name], ordr/1: [x]}\n"
    file.write_text(f"workspace: w\n{block}")
    with pytest.raises(ConfigurationError) as caught:
        load_mask(tmp_path)
    assert [finding.line().removeprefix(f"{file}:") for finding in caught.value.findings] == [
        "3:24: error C-FIELD no document has a field 'lines.descripton': there is no 'descripton'"
        " (did you mean 'description'?)",
        "3:42: error C-FIELD '*' names no field (write a path, such as buyer.contact)",
        "4:25: error C-FIELD order/1 has no field 'Buyer.name': there is no 'Buyer' (did you mean 'buyer'?)",
        "4:38: error C-VALUE there is no document 'ordr/1' (did you mean 'order/1'?)",
    ]
    file.write_text("workspace: w\nmask: {fields: [/lines/*/price, buyer.contact], unmasked: never}\n")
    fields = load_mask(tmp_path)
    assert fields.paths == {EVERY: (("lines", "price"), ("buyer", "contact"))}
    assert not fields.may_be_shown


def test_a_partner_masks_fields_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "transload.yaml").write_text("workspace: w\nmask: {fields: [number]}\n")
    file = tmp_path / "mappings/acme/partner.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(
        "partner: acme\nmask: {fields: [buyer.contact], documents: {order/1: [lines.price]}}\nsend: wrong\n"
    )
    fields = load_mask(tmp_path)
    assert fields.of([]).partners == {}
    for partners, masked in ((["acme"], True), (["erp", "acme"], True), (None, True), (["erp"], False), ([], False)):
        assert fields.of(partners).cover("order/1", "lines[2].price") is masked, partners
        assert fields.of(partners).cover("order/1", "number"), "the workspace masks it"
    for broken in (
        "mask: {fields: [buyer.contat]}",
        "mask: {unmasked: never}",
        "mask: [",
        "mask: {test: {fields: [x]}}",
    ):
        file.write_text(f"partner: acme\n{broken}\n")
        fields = load_mask(tmp_path, environment="production")
        assert fields.of(["acme"]).without("order/1", {"lines": [{"uom": "EA"}]}) == {"lines": [{"uom": MASKED}]}, (
            broken
        )
        assert not fields.of(["erp"]).cover("order/1", "lines[0].uom")
    file.write_text("partner: [acme\n")
    assert not load_mask(tmp_path).partners, "it says nothing of masks"


def test_what_a_partner_masks_is_checked(tmp_path: Path) -> None:
    (tmp_path / "transload.yaml").write_text("workspace: w\n")
    file = tmp_path / "mappings/acme/partner.yaml"
    file.parent.mkdir(parents=True)
    for written, told in (
        (
            "  fields: [buyer.contat]",
            "3:12: error C-FIELD no document has a field 'buyer.contat': there is no 'contat'"
            " (did you mean 'contact'?)",
        ),
        (
            "  unmasked: never",
            "3:3: error C-KEY 'mask' of partner.yaml has no key 'unmasked' (keys are: documents, fields)",
        ),
    ):
        file.write_text(f"partner: acme\nmask:\n{written}\n")
        with pytest.raises(ConfigurationError) as caught:
            load_workspace(tmp_path)
        assert [finding.line().removeprefix(f"{file}:") for finding in caught.value.findings] == [told]
    file.write_text("partner: acme\nmask: {fields: [buyer.contact]}\n")
    assert load_workspace(tmp_path).mask.partners == {"acme": {EVERY: (("buyer", "contact"),)}}
