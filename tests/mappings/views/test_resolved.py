"""A mapping as one file, and as a sample with holes."""

from pathlib import Path

import pytest

from transload.adapters.base import positioned
from transload.mappings import library_names, load_mapping
from transload.mappings.language.terms import walk
from transload.mappings.source.nodes import located, plain_value
from transload.mappings.views.holes import holes
from transload.mappings.views.resolved import resolved_text

PARTNER = """\
mapping: acme
version: 2
extends: library:edifact/orders-d96a
match: {sender: "4012345000009"}
codes: {uom: {STK: EA}}
change:
  RFF PL: remove
"""


@pytest.mark.parametrize("name", library_names())
def test_the_resolved_text_is_the_same_mapping(name: str, tmp_path: Path) -> None:
    mapping = load_mapping(name)
    file = tmp_path / "one.yaml"
    file.write_text(resolved_text(mapping.table), encoding="utf-8")
    assert plain_value(located(positioned.load(file), "one.yaml")) == plain_value(mapping.table)


def test_each_line_names_its_file(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(PARTNER, encoding="utf-8")
    text = resolved_text(load_mapping(file).table)
    lines = {line.split("#")[0].strip(): line.split("# ")[1] for line in text.splitlines()}
    assert lines["STK: EA"] == f"{file}:5"
    assert lines["mapping: acme"] == f"{file}:1"
    assert lines["PCE: EA"].startswith("library:edifact/orders-d96a:")
    assert "1153: PL" not in text


@pytest.mark.parametrize("name", library_names())
def test_there_is_a_line_with_holes_for_every_node(name: str) -> None:
    meaning = load_mapping(name).meaning
    lines = list(holes(meaning))
    assert len(lines) == len(list(walk(meaning.segments))) + len(list(walk(meaning.elements)))
    text = "\n".join(lines)
    for slot in meaning.slots:
        if slot.field is not None and slot.field.path and slot.reads and slot.writes and not slot.guard:
            assert "{" + ".".join(slot.field.path) + "}" in text


def test_holes_as_the_standard_writes_them(tmp_path: Path) -> None:
    edifact = list(holes(load_mapping("library:edifact/orders-d96a").meaning))
    assert edifact[:2] == ["BGM+{kind}+{number}+{purpose}", "DTM+137:{issued_on}:102"]
    assert "  PIA+1+{supplier_item}:SA+{buyer_item}:IN+{manufacturer_item}:MF      * up to 25 times" in edifact
    x12 = list(holes(load_mapping("library:x12/850-004010").meaning))
    assert x12[0].startswith("BEG*")
    assert "  <cbc:ID>{number}" in list(holes(load_mapping("library:ubl/order-2.1").meaning))
    fixed = list(holes(load_mapping("library:fixed/orders").meaning))
    assert fixed[0].startswith("HDR | 1-3=HDR | 4-38={number} | ")
