"""A partner's file over a library one: change, add, remove, codes; and where its faults are said to be."""

import json

import pytest

from transload.canonical.errors import ConfigurationError
from transload.mappings import load_mapping

BASE = """mapping: base
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
codes: {uom: {PCE: EA, KGM: KGM}}
ignores: [PAI]
layout:
  - BGM: {1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - RFF: {1153: CT, 1154: =contract}
  - RFF: {1153: PL, 1154: =price_list}
  - cases: {BY: buyer, SU: seller}
    NAD: {3035: =case, 3039: =gln, 3055: 9, 3036: =name}
  - each: lines
    LIN: {1: =number}
    then:
    - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}
    - ALI: {3239: =origin}
"""
PARTNER = """mapping: partner
extends: base.yaml
version: 2
codes: {uom: {STK: EA}}
ignores: [ALI]
change:
  NAD: {3055: [92, 9]}
  RFF PL: remove
  LIN / QTY 21: {6060: =quantity | comma}
  LIN / ALI: remove
add:
  - after: RFF CT
    when: {purpose: replace}
    RFF: {1153: ON, 1154: =previous_order}
  - into: LIN
    PRI: {5125: AAA, 5118: =price}
"""


@pytest.fixture
def partner(bench):
    bench.file(BASE, "base.yaml")
    return bench.load(PARTNER, "partner.yaml")


def test_a_partner_file_says_only_what_differs(bench, partner):
    assert (partner.name, partner.version, partner.files) == ("partner", 2, ("partner.yaml", "base.yaml"))
    lines = [
        "BGM++PO1",
        "DTM+137:20260105:102",
        "RFF+ON:PO0",
        "NAD+BY+4000000000009::92",
        "LIN+1",
        "QTY+21:1,5:STK",
        "PRI+AAA:2",
    ]
    decoded = partner.decode(bench.records([*lines[:3], "PAI+1", *lines[3:6], "ALI+DE", *lines[6:]]))
    assert decoded.findings == ()
    (document,) = decoded.documents
    assert (document.previous_order, document.lines[0].uom, str(document.lines[0].price)) == ("PO0", "EA", "2")
    assert bench.lines(partner, document) == lines


def test_the_partners_code_is_the_one_written_and_the_others_are_still_read(partner):
    table = partner.meaning.codes["uom"]
    assert dict(table.read) == {"STK": "EA", "PCE": "EA", "KGM": "KGM"}
    assert table.write["EA"] == "STK"


def test_a_fault_is_said_to_be_in_the_file_that_holds_the_line(bench):
    bench.file(BASE.replace("=contract", "=contrakt"), "base.yaml")
    assert bench.static("mapping: p\nextends: base.yaml\nchange:\n  LIN / QTY 21: {6061: =quantity}\n") == [
        "base.yaml:9:27: error M-FIELD Order: no field 'contrakt' (did you mean 'contract'?)",
        "map.yaml:4:18: error M-PLACE segment QTY has no element 6061; it has 6063, 6060, 6411 (did you mean '6063'?)",
    ]


WRONG = {
    "change: {RFF XX: remove}": "map.yaml:3:10: error M-CHANGE the extended file has no node 'RFF XX' (did you mean 'RFF PL'?)",  # noqa: E501
    "change: {RFF: remove}": "map.yaml:3:10: error M-CHANGE 2 nodes are called 'RFF': base.yaml:9, base.yaml:10 "
    "(add the first literal, such as  RFF CT, or the node above, such as  LIN / RFF CT)",
    "change: {NAD: {3037: remove}}": "map.yaml:3:16: error M-CHANGE NAD has no place 3037 (did you mean '3039'?)",
    "add: [{RFF: {1153: ON}}]": "map.yaml:3:7: error M-CHANGE an added node says where: after:, before: or into: one address",  # noqa: E501
    "layout: []": "map.yaml:3:1: error M-EXTENDS a file that extends another has no layout of its own "
    "(say what differs with change: and add:)",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_wrong_changes(bench, text):
    bench.file(BASE, "base.yaml")
    assert bench.static(f"mapping: p\nextends: base.yaml\n{text}\n") == [WRONG[text]]


def test_three_levels_are_the_most_and_no_file_extends_itself(bench):
    bench.file(BASE, "base.yaml")
    bench.file("mapping: b\nextends: base.yaml\n", "b.yaml")
    assert bench.load("mapping: c\nextends: b.yaml\n", "c.yaml").files == ("c.yaml", "b.yaml", "base.yaml")
    assert bench.static("mapping: d\nextends: c.yaml\n") == [
        "b.yaml:2:10: error M-EXTENDS 3 levels are the most, and this is one more: "
        "map.yaml > c.yaml > b.yaml > base.yaml (extend a lower one)"
    ]
    assert bench.static("mapping: m\nextends: map.yaml\n")[0].startswith(
        "map.yaml:2:10: error M-EXTENDS map.yaml extends itself"
    )
    assert bench.static("mapping: m\nextends: gone.yaml\n")[0].startswith(
        "map.yaml:2:10: error M-EXTENDS cannot read gone.yaml"
    )
    assert bench.static("mapping: m\nextends: library:edifact/order-d96a\n") == [
        "map.yaml:2:10: error M-EXTENDS there is no mapping 'library:edifact/order-d96a' "
        "(did you mean 'library:edifact/orders-d96a'?)"
    ]


def test_the_resolved_file_is_whole_and_its_digest_depends_on_content_only(bench, partner):
    table = json.loads(partner.resolved)
    assert "extends" not in table
    assert table["codes"]["uom"] == {"STK": "EA", "PCE": "EA", "KGM": "KGM"}
    assert bench.load("# a remark\n" + PARTNER, "again.yaml").digest == partner.digest
    assert bench.load(PARTNER.replace("STK", "ST"), "other.yaml").digest != partner.digest


def test_a_mapping_is_compiled_once_while_its_file_stays_the_same(bench, partner):
    assert load_mapping("partner.yaml", base=bench.folder) is partner
    assert bench.load(PARTNER.replace("version: 2", "version: 3"), "partner.yaml") is not partner


def test_an_unknown_library_mapping():
    with pytest.raises(ConfigurationError, match="there is no mapping 'library:x12/851'"):
        load_mapping("library:x12/851")
