"""The laws on samples of rows: lines of fixed width and records of COBOL are cut before their values are changed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transload.canonical.order import Order
from transload.mappings import Mapping, load_mapping
from transload.mappings.laws import FAST, QUICK, check_laws
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Trace

COBOL = """
mapping: cards
document: order/1
format:
  type: cobol
  codepage: cp037
  records: rdw
  copybook: |
    01 ORDER-HEAD.
       05 REC-TYPE  PIC X.
       05 ORDER-NO  PIC X(10).
       05 DAY       PIC 9(8).
    01 ORDER-LINE.
       05 REC-TYPE  PIC X.
       05 ITEM      PIC X(10).
       05 QTY       PIC S9(7)V99 COMP-3.
documents: {start: ORDER-HEAD}
layout:
  - ORDER-HEAD: {REC-TYPE: H, ORDER-NO: =number, DAY: =issued_on | date(yyyyMMdd)}
  - each: lines
    ORDER-LINE: {REC-TYPE: L, ITEM: =supplier_item, QTY: =quantity}
loses: ["*"]
tests:
  - {name: one, wire: sample.bin, canonical: order.json}
"""


def confused(mapping: Mapping, old: str, new: str) -> Mapping:
    """A mapping whose lineage names another field than the one that is read."""

    class Confused(Mapping):
        def trace(self, message: Any, *, lineage: Any = True) -> Trace:
            found = super().trace(message, lineage=lineage)
            return replace(found, lineage=tuple(replace(r, field=new) if r.field == old else r for r in found.lineage))

    return Confused(mapping._written, mapping.meaning)


def quiet(mapping: Mapping) -> Mapping:
    """A mapping that keeps to itself what nothing takes."""

    class Quiet(Mapping):
        def trace(self, message: Any, *, lineage: Any = True) -> Trace:
            found = super().trace(message, lineage=lineage)
            return replace(found, findings=tuple(f for f in found.findings if f.code != "E-UNMAPPED"))

    return Quiet(mapping._written, mapping.meaning)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "fixed",
            "PTY 77-96 was 'Emden' and is changed to 'Emdeo': it is said to be quotation, and it changes buyer.city",
        ),
        (
            "csv",
            "row BuyerName was 'Hafenkontor eG' and is changed to 'Hafenkontor eH': it is said to be quotation, and it "
            "changes buyer.name",
        ),
    ],
)
def test_lineage(acme: Callable[[str], Mapping], name: str, told: str) -> None:
    old = "buyer.city" if name == "fixed" else "buyer.name"
    found = check_laws(confused(acme(name), old, "quotation"), FAST).findings
    assert [finding.message for finding in found if finding.code == "L-LINEAGE"][:1] == [told]


def test_nothing_silent(changed: Callable[..., Mapping]) -> None:
    mapping = quiet(changed("fixed", "      40-59: =contract\n", ""))
    found = check_laws(mapping, QUICK).findings
    (silent,) = [finding for finding in found if finding.code == "L-SILENT"]
    assert silent.message == "HDR 40-120 is 'RV-88' in orders.txt, and nothing reads, checks or reports it"
    assert silent.place is not None
    assert (silent.place.line, silent.place.byte) == (1, 39)


def test_records_of_cobol(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(COBOL, encoding="utf-8")
    lines = [{"supplier_item": f"I-{number}", "quantity": "12.50"} for number in range(3)]
    document = Order.model_validate({"number": "PO-1", "issued_on": "2026-01-05", "lines": lines})
    (tmp_path / "order.json").write_text(document.model_dump_json(exclude_none=True), encoding="utf-8")
    mapping = load_mapping("map.yaml", base=tmp_path)
    (tmp_path / "sample.bin").write_bytes(Wire(mapping).write(document))
    outcome = check_laws(mapping, QUICK)
    assert [finding.line() for finding in outcome.findings] == []
    assert outcome.mutations == 2 + 1 + 3 * 3
    found = check_laws(confused(mapping, "lines[1].quantity", "number"), QUICK).findings
    assert [finding.message for finding in found] == [
        "ORDER-LINE/1/QTY was '0000012.50' and is changed to '0000012.51': it is said to be number, and it changes "
        "lines[1].quantity"
    ]
