"""How two versions of a mapping differ."""

from pathlib import Path

import pytest

from transload.mappings import library_names, load_mapping
from transload.mappings.views.changes import changes

BASE = """\
mapping: mine
version: 1
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
loses: ["*"]
codes: {uom: {PCE: EA, KGM: KGM}}
layout:
  - BGM: {1001: 220, 1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - RFF: {1153: CT, 1154: =contract}
  - FTX: {4451: [AAI, PUR], 4440*: =notes}
    max: 2
  - each: lines
    LIN: {1: =number}
    then:
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}
"""


@pytest.mark.parametrize("name", library_names())
def test_a_mapping_does_not_differ_from_itself(name: str) -> None:
    assert changes(load_mapping(name), load_mapping(name)) == []


def differing(tmp_path: Path, old: str, new: str) -> list[tuple[str, ...]]:
    assert old in BASE
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(BASE, encoding="utf-8")
    two.write_text(BASE.replace(old, new), encoding="utf-8")
    found = [
        (c.kind, c.what, c.where, str(c.reading), str(c.writing))
        for c in changes(load_mapping(one), load_mapping(two))
        if c.what != "loses"
    ]
    back = changes(load_mapping(two), load_mapping(one))
    assert len([c for c in back if c.what != "loses"]) == len(found)
    return found


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("mapping: mine", "note: hello\nmapping: mine", []),
        ("=contract}", "=quotation}", [("changed", "field", "RFF CT 1154", "changed", "changed")]),
        ("1153: CT", "1153: AAG", [
            ("changed", "place", "contract", "changed", "changed"),
            ("removed", "literal", "RFF CT 1153", "widened", "narrowed"),
            ("added", "literal", "RFF AAG 1153", "narrowed", "widened"),
        ]),
        ("KGM: KGM", "KGM: KGM, EA: EA", [("added", "code", "uom EA", "widened", "")]),
        ("PCE: EA", "EA: EA", [
            ("removed", "code", "uom PCE", "narrowed", ""),
            ("added", "code", "uom EA", "widened", ""),
            ("changed", "code written", "uom EA", "", "changed"),
        ]),
        ("[AAI, PUR]", "[AAI, PUR, GEN]", [("changed", "literal", "FTX AAI 4451", "widened", "")]),
        ("[AAI, PUR]", "AAI", [("changed", "literal", "FTX AAI 4451", "narrowed", "")]),
        ("max: 2", "max: 5", [("changed", "repeats", "FTX AAI", "widened", "widened")]),
        ("6060: =quantity,", "6060: =read(quantity),", [
            ("changed", "direction", "LIN / QTY 21 6060", "", "narrowed"),
        ]),
        ("6060: =quantity,", "6060: =quantity | comma,", [
            ("changed", "converter", "LIN / QTY 21 6060", "changed", "changed"),
        ]),
        ("  - RFF: {1153: CT, 1154: =contract}\n", "", [
            ("removed", "literal", "RFF CT 1153", "widened", "narrowed"),
            ("removed", "field", "RFF CT 1154", "narrowed", "narrowed"),
        ]),
        ("loses:", "match: {sender: \"1\"}\nloses:", [("added", "match", "sender", "narrowed", "")]),
        ("loses:", "strict: true\nloses:", [("changed", "header", "strict", "narrowed", "")]),
    ],
)  # fmt: skip
def test_each_kind_of_change(old: str, new: str, found: list[tuple[str, ...]], tmp_path: Path) -> None:
    assert differing(tmp_path, old, new) == found


def test_a_partners_file_against_the_library(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(
        "mapping: acme\nversion: 2\nextends: library:edifact/orders-d96a\ncodes: {uom: {STK: EA}}\n", encoding="utf-8"
    )
    found = changes(load_mapping("library:edifact/orders-d96a"), load_mapping(file))
    assert [(c.kind, c.what, c.where, c.old, c.new) for c in found] == [
        ("added", "code", "uom STK", "", "EA"),
        ("changed", "code written", "uom EA", "PCE", "STK"),
    ]
