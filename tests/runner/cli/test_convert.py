"""transload convert."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

JSON_MAPPING = """\
mapping: plain
version: 1
document: order/1
format: {type: json}
match: {}
loses: ["*"]
layout:
  - orderNumber: =number
  - orderDate: =issued_on | date(iso)
  - in: buyer
    customer: {gln: =gln}
  - each: lines
    items:
      position: =number
      quantity: =quantity | number
"""


@pytest.fixture
def workspace(run: Run, tmp_path: Path) -> Path:
    assert run("init", tmp_path / "w").code == 0
    return tmp_path / "w"


@pytest.fixture
def sample(workspace: Path) -> Path:
    return workspace / "mappings/acme/samples/orders.edi"


@pytest.fixture
def mapping(workspace: Path) -> Path:
    return workspace / "mappings/acme/orders.yaml"


def test_documents_come_as_json_lines(run: Run, sample: Path, mapping: Path) -> None:
    ran = run("convert", sample, "--map", mapping)
    assert (ran.code, ran.err) == (0, "")
    (document,) = (json.loads(line) for line in ran.lines)
    assert (document["number"], document["lines"][1]["quantity"], document["lines"][1]["uom"]) == (
        "PO-1001",
        "25",
        "BX",
    )


def test_its_own_mapping_gives_the_same_bytes(run: Run, sample: Path, mapping: Path) -> None:
    ran = run("convert", sample, "--map", mapping, "--to", mapping)
    assert (ran.code, ran.err) == (0, "")
    assert ran.raw == sample.read_bytes()


def test_several_interchanges_and_messages_keep_their_bytes(run: Run, sample: Path, mapping: Path) -> None:
    one = sample.read_bytes()
    message = one[one.index(b"UNH") : one.index(b"UNZ")]
    two = one.replace(b"UNZ+1", message.replace(b"UNH+1", b"UNH+2").replace(b"UNT+22+1", b"UNT+22+2") + b"UNZ+2")
    two = two.replace(b"AC000001", b"AC000002")
    sample.write_bytes(one + two)
    ran = run("convert", sample, "--map", mapping, "--to", mapping)
    assert (ran.code, ran.err) == (0, "")
    assert ran.raw == one + two


def test_back_from_json_with_the_envelope(run: Run, sample: Path, mapping: Path, tmp_path: Path) -> None:
    documents = tmp_path / "orders.jsonl"
    documents.write_text(run("convert", sample, "--map", mapping).out, encoding="utf-8")
    ran = run("convert", documents, "--encode", "--map", mapping, "--envelope", sample)
    assert (ran.code, ran.err) == (0, "")
    assert ran.raw == sample.read_bytes()


@pytest.mark.parametrize("form", ["line", "indented", "array"])
def test_the_forms_of_canonical_json(run: Run, sample: Path, mapping: Path, form: str) -> None:
    document = json.loads(run("convert", sample, "--map", mapping).out)
    text = {
        "line": json.dumps(document) + "\n\n",
        "indented": json.dumps(document, indent=2),
        "array": json.dumps([document]),
    }[form]
    ran = run("convert", "-", "--encode", "--map", mapping, "--envelope", sample, stdin=text.encode())
    assert (ran.code, ran.raw) == (0, sample.read_bytes()), ran.err


def test_to_another_format(run: Run, sample: Path, mapping: Path, tmp_path: Path) -> None:
    other = tmp_path / "plain.yaml"
    other.write_text(JSON_MAPPING, encoding="utf-8")
    ran = run("convert", sample, "--map", mapping, "--to", other)
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["orderNumber"] == "PO-1001"
    assert [item["quantity"] for item in ran.json["items"]] == [2000, 25]


def test_what_the_other_format_has_no_place_for_is_told_of(
    run: Run, sample: Path, mapping: Path, tmp_path: Path
) -> None:
    other = tmp_path / "plain.yaml"
    other.write_text(JSON_MAPPING.replace('"*"', 'seller, ship_to, "buyer.*", notes, requested_on'), encoding="utf-8")
    ran = run("convert", sample, "--map", mapping, "--to", other)
    assert ran.code == 0
    assert ran.json["orderNumber"] == "PO-1001"
    assert "warning W-LOSES lines[0].price is not written: the mapping has no place for it (and 1 more" in ran.err
    assert "hint     bind it, or list it under loses: [lines[].price]" in ran.err


def test_errors_leave_the_document_out_and_tell_both_places(run: Run, sample: Path, mapping: Path) -> None:
    sample.write_bytes(sample.read_bytes().replace(b"QTY+21:25:BOX", b"QTY+21:25:CRT"))
    ran = run("convert", sample, "--map", mapping)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error E-CODE ")
    assert f"source   {sample} line 20" in ran.err
    assert "field    lines[1].uom" in ran.err
    assert "mapping  " in ran.err


def test_findings_as_json_lines(run: Run, sample: Path, mapping: Path) -> None:
    sample.write_bytes(sample.read_bytes().replace(b"QTY+21:25:BOX", b"QTY+21:25:CRT"))
    ran = run("convert", sample, "--map", mapping, "--json")
    assert ran.code == 1
    findings = [json.loads(line) for line in ran.err.splitlines()]
    assert [finding["code"] for finding in findings] == ["E-CODE"]
    assert findings[0]["value"] == "CRT"


def test_a_good_message_beside_a_bad_one(run: Run, sample: Path, mapping: Path) -> None:
    one = sample.read_bytes()
    bad = one.replace(b"BOX", b"CRT").replace(b"AC000001", b"AC000002")
    sample.write_bytes(bad + one)
    ran = run("convert", sample, "--map", mapping)
    assert ran.code == 1
    assert [json.loads(line)["number"] for line in ran.lines] == ["PO-1001"]
    ran = run("convert", sample, "--map", mapping, "--to", mapping)
    assert (ran.code, ran.raw) == (1, b"")


def test_a_message_for_another_mapping(run: Run, sample: Path) -> None:
    ran = run("convert", sample, "--map", "library:x12/850-004010")
    assert (ran.code, ran.out) == (1, "")
    ran = run("convert", sample.parent / "nowhere", "--map", "library:edifact/orders-d96a")
    assert ran.err == f"error E-FILE there is no file {sample.parent / 'nowhere'}\n"


def test_a_document_that_is_none(run: Run, mapping: Path) -> None:
    text = b'{"number": "1"}\nnot json\n{"number": "2", "issued_on": "2026-01-05", "buyer": {}, "lines": 5}\n'
    ran = run("convert", "-", "--encode", "--map", mapping, stdin=text)
    assert (ran.code, ran.raw) == (1, b"")
    assert "standard input line 2" in ran.err
    assert "field    lines" in ran.err


def test_a_default_envelope_is_remarked(run: Run, sample: Path, mapping: Path) -> None:
    document = run("convert", sample, "--map", mapping).out
    text = mapping.read_text(encoding="utf-8")
    extended = 'format: {type: edifact, message: "ORDERS:D:96A:UN:EAN008", sender: "1:14", receiver: "2:14"}\n'
    mapping.write_text(text.replace("version: 1\n", f"version: 1\n{extended}"), encoding="utf-8")
    ran = run("convert", "-", "--encode", "--map", mapping, stdin=document.encode())
    assert ran.code == 0, ran.err
    assert b"UNB+UNOC:3+1:14+2:14+" in ran.raw
    assert ran.err.startswith("remark R-ENVELOPE ")


def test_what_the_message_cannot_carry_is_refused(run: Run, sample: Path, mapping: Path) -> None:
    document = json.loads(run("convert", sample, "--map", mapping).out)
    document["lines"][0]["uom"] = "XYZ"
    text = json.dumps(document).encode()
    ran = run("convert", "-", "--encode", "--map", mapping, "--envelope", sample, stdin=text)
    assert (ran.code, ran.raw) == (1, b"")
    assert ran.err.startswith("error E-DOMAIN ")
    assert "lines[0].uom" in ran.err


def test_several_documents_as_json_lines(run: Run, sample: Path, mapping: Path, tmp_path: Path) -> None:
    other = tmp_path / "plain.yaml"
    other.write_text(JSON_MAPPING, encoding="utf-8")
    one = sample.read_bytes()
    sample.write_bytes(one + one.replace(b"AC000001", b"AC000002").replace(b"PO-1001", b"PO-1002"))
    ran = run("convert", sample, "--map", mapping, "--to", other)
    assert (ran.code, ran.err) == (0, "")
    assert [json.loads(line)["orderNumber"] for line in ran.lines] == ["PO-1001", "PO-1002"]


def test_an_envelope_for_another_format(run: Run, sample: Path, mapping: Path, tmp_path: Path, fixtures: Path) -> None:
    empty = tmp_path / "empty.edi"
    empty.write_bytes(b"UNA:+.? '")
    ran = run("convert", sample, "--map", mapping, "--to", mapping, "--envelope", empty)
    assert (ran.code, ran.raw) == (1, b"")
    assert f"there is no message in {empty} to take an envelope from" in ran.err
    other = tmp_path / "other.edi"
    other.write_bytes(sample.read_bytes().replace(b"AC000001", b"ZZ7"))
    ran = run("convert", sample, "--map", mapping, "--to", mapping, "--envelope", other)
    assert (ran.code, ran.err) == (0, "")
    assert b"+ZZ7++++++1'" in ran.raw
