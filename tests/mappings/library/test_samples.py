"""The shipped samples and our fixtures: what they mean, and that they are written again as they were."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import transload.mappings
from transload.canonical.documents import as_json
from transload.canonical.errors import Reject
from transload.mappings import library_names, load_mapping
from transload.mappings.testing import run_tests

LIBRARY = Path(transload.mappings.__file__).parent / "library"
NAMES = sorted(str(file.relative_to(LIBRARY).with_suffix("")) for file in LIBRARY.glob("*/*.yaml"))
EDI = [
    ("edifact/orders-d96a", "edifact/orders.edi", "orders.json"),
    ("edifact/ordrsp-d96a", "edifact/ordrsp.edi", "ordrsp.json"),
    ("x12/850-004010", "x12/850.edi", "850.json"),
    ("x12/855-004010", "x12/855.edi", "855.json"),
]
SAMPLES = [
    ("edifact/orders-d96a", "orders.edi"),
    ("edifact/ordrsp-d96a", "ordrsp.edi"),
    ("x12/850-004010", "850.edi"),
    ("x12/855-004010", "855.edi"),
    *(
        (f"edifact/{name}", f"{name.removesuffix('-d96a')}.edi")
        for name in ("desadv-d96a", "invoic-d96a", "aperak-d96a")
    ),
    *((f"edifact/{name}-d01b", f"{name}-d01b.edi") for name in ("orders", "ordrsp", "desadv", "invoic")),
    *((f"x12/{name}-004010", f"{name}.edi") for name in ("810", "824", "856")),
]


def plain_tree(text: bytes) -> bytes:
    """Canonical XML without the blanks between elements."""
    root = etree.fromstring(text, etree.XMLParser(remove_blank_text=True, remove_comments=True))
    canonical: bytes = etree.tostring(root, method="c14n2")
    return canonical


def test_every_file_of_the_library_is_known_by_its_name() -> None:
    assert sorted(name.removeprefix("library:") for name in library_names()) == NAMES
    assert len(NAMES) >= 19


@pytest.mark.parametrize("name", NAMES)
def test_the_cases_beside_a_mapping_pass(name: str) -> None:
    results = run_tests(load_mapping(f"library:{name}"))
    assert results
    assert [finding.line() for result in results for finding in result.findings] == []


@pytest.mark.parametrize(("name", "file"), SAMPLES)
def test_a_shipped_sample_is_valid_and_written_again_byte_for_byte(
    desk: Callable[..., Any], name: str, file: str
) -> None:
    ours = desk(name)
    payload = (LIBRARY / "samples" / file).read_bytes()
    (message,), _ = ours.read(payload)
    assert ours.encode(ours.decode(payload), message.envelope) == payload


@pytest.mark.parametrize(("name", "file", "expected"), EDI)
def test_a_fixture_means_what_stands_beside_it_and_is_written_again_byte_for_byte(
    desk: Callable[..., Any], fixtures: Path, name: str, file: str, expected: str
) -> None:
    ours = desk(name)
    payload = (fixtures / file).read_bytes()
    (message,), _ = ours.read(payload)
    document = ours.decode(payload)
    assert as_json(document) == json.loads((fixtures / "canonical" / expected).read_text("utf-8"))
    assert ours.encode(document, message.envelope) == payload


def test_the_ubl_fixture_is_written_again_as_the_same_tree(desk: Callable[..., Any], fixtures: Path) -> None:
    ours = desk("ubl/order-2.1")
    payload = (fixtures / "ubl" / "order.xml").read_bytes()
    document = ours.decode(payload)
    assert as_json(document) == json.loads((fixtures / "canonical" / "ubl-order.json").read_text("utf-8"))
    assert plain_tree(ours.encode(document)) == plain_tree(payload)


@pytest.mark.parametrize(
    ("source", "file", "target"),
    [
        ("edifact/orders-d96a", "edifact/orders.edi", "x12/850-004010"),
        ("x12/850-004010", "x12/850.edi", "edifact/orders-d96a"),
    ],
)
def test_a_fixture_goes_to_the_other_standard_and_back_without_loss(
    desk: Callable[..., Any], fixtures: Path, source: str, file: str, target: str
) -> None:
    ours, theirs = desk(source), desk(target)
    document = ours.decode((fixtures / file).read_bytes())
    assert theirs.decode(theirs.encode(document)) == document


def test_a_response_goes_to_x12_and_back_with_what_855_carries(
    desk: Callable[..., Any], fixtures: Path, carried: Any
) -> None:
    ours, theirs = desk("edifact/ordrsp-d96a"), desk("x12/855-004010")
    document = ours.decode((fixtures / "edifact/ordrsp.edi").read_bytes())
    assert theirs.decode(theirs.encode(document)) == carried(theirs.mapping, document) != document


def test_prices_amounts_and_taxes_of_an_edifact_order_stand_in_the_850_as_they_were(
    desk: Callable[..., Any], fixtures: Path
) -> None:
    document = desk("edifact/orders-d96a").decode((fixtures / "edifact/orders.edi").read_bytes())
    payload = desk("x12/850-004010", newline="lf").encode(document)
    lines = payload.decode("latin-1").splitlines()
    assert lines[3] == "BEG*00*SA*PO-2026-00417**20260114*RV-2025-88~"
    assert "AMT*1*168.40~" in lines
    assert "TXI*VA**19*******S~" in lines
    assert "PO1*4*12.5*KG*9.80*PE*EN*9520002001047*VP*ST-3916*BP*10-4803~" in lines


@pytest.mark.parametrize("name", NAMES)
def test_what_a_mapping_loses_is_not_bound_and_what_it_binds_is_not_lost(name: str) -> None:
    mapping = load_mapping(f"library:{name}")
    both = {
        slot.field.text()
        for slot in mapping.meaning.slots
        if slot.field is not None and slot.reads and slot.writes and slot.field.text() in mapping.loses
    }
    assert both == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_the_document_is_bound_or_listed_as_lost(name: str) -> None:
    mapping = load_mapping(f"library:{name}")
    bound = {slot.field.text().removesuffix("[]") for slot in mapping.meaning.slots if slot.field is not None}
    fields = set(_fields(mapping.meaning.model, ""))
    lost = {
        name for name in fields for path in mapping.loses if name == path or name.startswith((f"{path}.", f"{path}[]."))
    }
    assert fields - bound - lost == set()


def _fields(model: Any, prefix: str) -> Any:
    from transload.mappings.language.fields import Kind, field_type

    for name in model.model_fields:
        kind = field_type(model, name)
        assert kind is not None
        if kind.kind is Kind.OBJECT:
            yield from _fields(kind.model, f"{prefix}{name}.")
        elif kind.kind is Kind.ITEMS:
            yield from _fields(kind.model, f"{prefix}{name}[].")
        else:
            yield f"{prefix}{name}"


def test_a_value_that_x12_cannot_carry_is_refused_by_name(desk: Callable[..., Any], fixtures: Path) -> None:
    document = desk("edifact/orders-d96a").decode((fixtures / "edifact/orders.edi").read_bytes())
    starred = document.model_copy(update={"notes": ("5 * 20 pieces",)})
    with pytest.raises(Reject) as caught:
        desk("x12/850-004010").encode(starred)
    (finding,) = caught.value.findings
    assert finding.code == "E-DOMAIN"
    assert finding.value is not None
    assert "5 * 20 pieces" in finding.value


def test_a_unit_without_a_code_is_refused_with_field_and_line(desk: Callable[..., Any], fixtures: Path) -> None:
    document = desk("edifact/orders-d96a").decode((fixtures / "edifact/orders.edi").read_bytes())
    line = document.lines[0].model_copy(update={"uom": "4G"})
    with pytest.raises(Reject) as caught:
        desk("x12/850-004010").encode(document.model_copy(update={"lines": (line,)}))
    (finding,) = caught.value.findings
    assert (finding.code, finding.field, finding.value) == ("E-DOMAIN", "lines[0].uom", "4G")
    assert finding.message == "table 'uom' has no code for '4G'"
    assert finding.mapping is not None
    assert finding.mapping.place == "PO1 03"


def test_the_broken_fixture_gives_findings_with_both_places(desk: Callable[..., Any], fixtures: Path) -> None:
    ours = desk("edifact/orders-d96a")
    messages, faults = ours.read((fixtures / "edifact/orders-broken.edi").read_bytes())
    decoded = [ours.mapping.decode(message) for message in messages]
    errors = [finding for one in decoded for finding in one.findings if finding.is_error]
    assert faults
    assert {(finding.code, finding.field) for finding in errors} >= {
        ("E-VALUE", "issued_on"),
        ("E-VALUE", "lines[0].quantity"),
    }
    assert all(finding.place is not None and finding.mapping is not None for finding in errors)


def messages_of(shared: Path, index: str, kind: str) -> list[Path]:
    """The samples of other projects that hold messages of ``kind``, by the index beside them."""
    rows = [line.split("\t") for line in (shared / "samples" / f"INDEX-{index}.tsv").read_text("utf-8").splitlines()]
    return [shared / "samples" / index / row[0] for row in rows if re.search(rf"(?<!\w){re.escape(kind)}", row[5])]


@pytest.mark.parametrize(
    ("index", "kind", "name"),
    [
        ("edifact", "ORDERS:D:96A", "edifact/orders-d96a"),
        ("edifact", "ORDERS:D:01B", "edifact/orders-d01b"),
        ("edifact", "INVOIC:D:96A", "edifact/invoic-d96a"),
        ("edifact", "INVOIC:D:01B", "edifact/invoic-d01b"),
        ("edifact", "APERAK:D:96A", "edifact/aperak-d96a"),
        ("x12", "810:004010", "x12/810-004010"),
        ("x12", "850:004010", "x12/850-004010"),
        ("x12", "855:004010", "x12/855-004010"),
    ],
)
def test_messages_of_other_projects_give_documents_or_findings_with_places(
    desk: Callable[..., Any], shared: Path, capfd: pytest.CaptureFixture[str], index: str, kind: str, name: str
) -> None:
    ours = desk(name)
    files = messages_of(shared, index, kind)
    seen = 0
    for file in files:
        messages, _ = ours.read(file.read_bytes())
        for message in messages:
            if not ours.mapping.matches(message):
                continue
            seen += 1
            decoded = ours.mapping.decode(message)
            errors = [finding for finding in decoded.findings if finding.is_error]
            assert bool(decoded.documents) != bool(errors)
            for document in decoded.documents:
                assert ours.mapping.encode(document, None).body
            assert all(finding.place or finding.code == "E-MISSING" for finding in decoded.findings)
            assert all(finding.mapping or finding.place for finding in decoded.findings)
    assert seen
    assert capfd.readouterr() == ("", "")


READ = {
    "edifact": {
        "edifactrs__tests_fixtures_d96a_orders_conforming.edi": ("edifact/orders-d96a", 0),
        "edifactrs__tests_fixtures_d01b_orders_conforming.edi": ("edifact/orders-d01b", 0),
        "pydifact__tests_data_order.edi": ("edifact/orders-d96a", 0),
        "smooksex__camel_camel-unedifact-to-xml_input-message.txt": ("edifact/orders-d96a", 0),
    },
    "x12": {
        "edinet__indice.Edi.Tests_Samples_x12.850.edi": ("x12/850-004010", 2),
        "edinet__indice.Edi.Tests_Samples_x12.850a.edi": ("x12/850-004010", 12),
        "edinet__indice.Edi.Tests_Samples_x12.810a.edi": ("x12/810-004010", 26),
        "stupidedi__PO850_pass_1.edi": ("x12/850-004010", 0),
    },
}
"""Messages of other projects that library mappings read whole, and the number of their segments that stay aside."""


@pytest.mark.parametrize(("index", "file"), [(index, file) for index, files in READ.items() for file in files])
def test_a_message_of_another_project_is_carried_but_for_a_known_number_of_segments(
    desk: Callable[..., Any], shared: Path, index: str, file: str
) -> None:
    name, aside = READ[index][file]
    ours = desk(name)
    (message,), _ = ours.read((shared / "samples" / index / file).read_bytes())
    decoded = ours.mapping.decode(message)
    assert len(decoded.documents) == 1
    left = {
        finding.place.segment
        for finding in decoded.findings
        if finding.code == "E-UNMAPPED" and finding.place is not None and finding.place.element is None
    }
    assert len(left) == aside
