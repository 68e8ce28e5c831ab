"""Messages that are made for a mapping: good ones are good, and each faulty one gives the finding that it must give."""

from dataclasses import replace
from pathlib import Path

import pytest

from transload.canonical.documents import as_json
from transload.canonical.findings import Severity, errors_of
from transload.mappings import Mapping, library_names, load_mapping
from transload.mappings.laws.wires import Wire
from transload.mappings.views.faults import Fault
from transload.mappings.views.samples import Generated, generated

FIXTURES = Path(__file__).parents[3] / "fixtures"
MAPPINGS = [
    *(name for name in library_names() if not name.endswith("d01b")),  # those extend the ones of D.96A
    str(FIXTURES / "mappings/portal-order.yaml"), str(FIXTURES / "workspace/mappings/acme/orders.yaml"),
]  # fmt: skip


ANY_CODE = {"library:edifact/aperak-d96a"}
"""What stands for codes that others do not take: a code that is in no table is left aside, and told of as unread."""


def decoded(mapping: Mapping, one: Generated) -> list[tuple[str, str, str]]:
    """Code, field and place of all that the mapping says of a message, remarks left out."""
    findings = [
        finding for message in Wire(mapping).messages(one.payload) for finding in mapping.decode(message).findings
    ]
    return [
        (one.code, one.field or "", (one.mapping.place if one.mapping else None) or "")
        for one in findings
        if one.severity is not Severity.REMARK
    ]


@pytest.mark.parametrize("reference", MAPPINGS)
def test_good_and_faulty_messages(reference: str) -> None:
    mapping = load_mapping(reference)
    made = list(generated(mapping))
    wire = Wire(mapping)
    assert {"minimal", "maximal"} <= {one.name for one in made}
    faulty = [one for one in made if one.fault is not None]
    for one in made:
        if one.fault is None:
            (message,) = wire.messages(one.payload)
            assert not errors_of(message.findings)
            assert mapping.matches(message)
            assert [as_json(document) for document in mapping.decode(message).documents] == [one.document]
            continue
        expected = one.fault
        ((code, field, place),) = decoded(mapping, one)
        assert (code, field) == (expected.code, expected.field), one.name
        assert not expected.place or place == expected.place
        assert not one.unmet
    codes = {one.fault.code for one in faulty if one.fault}
    assert {"E-MISSING", "E-VALUE"} <= codes
    assert ("E-CODE" in codes) is (reference not in ANY_CODE)
    if mapping.meaning.family == "records":
        assert "E-UNMAPPED" in codes
    assert len(faulty) > 5
    assert len({one.payload for one in made}) == len(made)


def test_the_same_each_time() -> None:
    name = "library:edifact/orders-d96a"
    assert [one.payload for one in generated(load_mapping(name))] == [
        one.payload for one in generated(load_mapping(name))
    ]


def test_a_faulty_message_differs_from_the_good_one_in_one_place() -> None:
    made = list(generated(load_mapping("library:edifact/orders-d96a")))
    good = next(one for one in made if one.name == "maximal").payload.split(b"'")
    for one in made:
        if one.fault is None:
            continue
        wrong = one.payload.split(b"'")
        if one.fault.code in ("E-DUP", "E-UNMAPPED"):
            assert len(wrong) == len(good) + 1
            continue
        assert sum(one != other for one, other in zip(good, wrong, strict=True)) == 1, one.name


def mapping_of(tmp_path: Path, text: str) -> Mapping:
    file = tmp_path / "map.yaml"
    file.write_text(text, encoding="utf-8")
    return load_mapping(file)


def test_a_finding_that_does_not_come_is_noticed(tmp_path: Path) -> None:
    """The check of faulty messages can fail: a mapping that reads something else gives other findings."""
    text = """
mapping: m
document: order/1
format: {type: json}
codes: {kind: {a: order, b: call_off}}
layout: {id: =number, at: =issued_on | date(iso), kind: =kind | code(kind)}
"""
    mapping = mapping_of(tmp_path, text)
    lenient = mapping_of(tmp_path, text.replace("code(kind)", "code(kind else order)"))
    (code,) = [one for one in generated(mapping) if one.fault and one.fault.code == "E-CODE"]
    assert decoded(mapping, code) == [("E-CODE", "kind", "kind")]
    assert decoded(lenient, code) == []
    assert replace(code, findings=()).unmet
    assert "E-CODE" not in {one.fault.code for one in generated(lenient) if one.fault}


def test_two_findings_are_not_the_one_that_must_come() -> None:
    made = list(generated(load_mapping("library:edifact/orders-d96a")))
    one = next(one for one in made if one.fault is not None)
    assert isinstance(one.fault, Fault)
    assert not one.fault.foretells([*one.findings, *one.findings])
    assert not replace(one.fault, field="number").foretells(list(one.findings))


ROWS = """
mapping: m
document: order/1
format: {type: csv}
documents: {by: [No]}
layout:
  - each: lines
    row:
      No: =order.number
      Day: =order.issued_on | date(iso)
      Contract: {value: =order.contract, max: 5}
      Memo: {value: =description, max: 7}
      Line: =number
      Qty: =quantity
"""


def test_lengths_and_clashes(tmp_path: Path) -> None:
    made = [one for one in generated(mapping_of(tmp_path, ROWS)) if one.fault is not None]
    found = {(one.fault.code, one.fault.field, one.fault.what) for one in made if one.fault}
    assert ("E-CLASH", "contract", "another value than at the place before") in found
    assert ("E-VALUE", "lines[0].description", "more than 7 characters") in found
    assert ("E-VALUE", "lines[0].quantity", "no number") in found
    assert not any(one.unmet for one in made)


def test_what_match_asks_for_stands_in_the_envelope(tmp_path: Path) -> None:
    text = """
mapping: m
extends: library:edifact/orders-d96a
match: {sender: "4012345000009", BGM 1001: ["220"]}
"""
    mapping = mapping_of(tmp_path, text)
    made = [one for one in generated(mapping) if one.fault is None]
    assert made
    for one in made:
        (message,) = Wire(mapping).messages(one.payload)
        assert mapping.matches(message)


def test_texts_of_a_mainframe_are_as_long_as_before(bench) -> None:
    fields = ("KIND PIC X.", "NO PIC X(8).", "DAY PIC X(10).", "CCY PIC X(3).")
    bench.file("01 HEAD.\n" + "".join(f"   05 {field}\n" for field in fields), "book.cpy")
    mapping = bench.load("""
mapping: m
document: order/1
format: {type: cobol, copybook: book.cpy, codepage: cp037, records: fixed}
codes: {ccy: {EU: EUR, US: USD}}
layout:
  - HEAD: {KIND: H, NO: =number, DAY: =issued_on | date(iso), CCY: =currency | code(ccy)}
""")
    made = list(generated(mapping))
    assert {one.fault.code for one in made if one.fault} == {"E-VALUE", "E-CODE", "E-MISSING"}
    assert {len(one.payload) for one in made} == {22}
    assert not any(one.unmet for one in made)
