"""Two versions of a mapping by what they mean: each kind of change with its directions and its effect."""

from pathlib import Path

import pytest

from transload.mappings import Mapping, library_names, load_mapping
from transload.mappings.views.changes import Change, Effect
from transload.mappings.views.differing import differences

TEXT = """
mapping: m
version: 1
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
match: {sender: "1"}
codes: {uom: {PCE: EA, KGM: KGM}}
limits: {number: {length: 20}}
loses: [quotation]
ignores: [PAI]
layout:
  - BGM: {1001: [220, 221], 1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - RFF: {1153: CT, 1154: =contract}
  - FTX: {4451: AAI, 4440*: =notes}
    max: 3
  - cases: {BY: buyer, SU: seller}
    NAD: {3035: =case, 3039: =gln, 3055: 9}
  - each: lines
    LIN: {1: =number, pair(7143 7140): {EN: =gtin, SRV: =read(gtin)}}
    then:
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}
      - MOA: {5025: 203, 5004: =quantity * price | round(2)}
      - PRI: {5125: AAA, 5118: =price}
  - UNS: {0081: S}
"""
CASES = {
    "a further literal": (
        "[220, 221]", "[220, 221, 226]",
        "literal BGM 220, BGM 1001: accepts 220 or 221 or 226, and accepted 220 or 221 | reading wider",
    ),
    "another literal is written": (
        "[220, 221]", "[221, 220]",
        "literal BGM 221, BGM 1001: accepts 221 or 220, and accepted 220 or 221; 221 is written | writing other",
    ),
    "a field less": (
        "  - RFF: {1153: CT, 1154: =contract}\n", "",
        "field contract: is not there any more, at RFF CT, RFF 1154 | both narrower",
    ),
    "a field more": (
        "  - FTX", "  - RFF: {1153: PL, 1154: =price_list}\n  - FTX",
        "field price_list: is new, at RFF PL, RFF 1154 | both wider",
    ),
    "a field at another place": (
        "1153: CT", "1153: BO",
        "field contract: stands at RFF BO, RFF 1154, and stood at RFF CT, RFF 1154 | both other",
    ),
    "another field at a place": (
        "=contract", "=price_list",
        "place RFF CT, RFF 1154: holds price_list, and held contract | both other",
    ),
    "one direction less": (
        "=contract", "=read(contract)",
        "field contract: is not written any more | writing narrower",
    ),
    "another converter": (
        "6060: =quantity", "6060: =quantity | comma",
        "field lines[].quantity: goes through  comma, and went through  as it is (LIN > QTY 21, QTY 6060) | both other",
    ),
    "a code more": (
        "{PCE: EA, KGM", "{PCE: EA, C62: EA, KGM", "code uom C62: is read as EA | reading wider",
    ),
    "a code with a new meaning": (
        "KGM: KGM}", "KGM: KGM, MTR: MTR}", "code uom MTR: is read as MTR | both wider",
    ),
    "a code less": (
        "PCE: EA, ", "", "code uom PCE: is not read any more, as EA | both narrower",
    ),
    "a smaller max": ("max: 3", "max: 2", "node FTX AAI: max is 2, and was 3 | both narrower"),
    "a min": ("max: 3", "max: 3\n    min: 1", "node FTX AAI: min is 1, and was 0 | reading narrower"),
    "a condition": (
        "  - RFF", "  - when: {purpose: replace}\n    RFF",
        "node RFF CT: stands only where purpose is replace | both narrower",
    ),
    "a condition of writing": (
        "  - RFF", "  - only_if: contract != '0'\n    RFF",
        "node RFF CT: is written only if contract != '0' | writing narrower",
    ),
    "another computed value": (
        "=quantity * price | round(2)", "=quantity * price * 2 | round(2)",
        "value LIN > MOA 203, MOA 5004: is =quantity * price * 2 | round(2), and was =quantity * price | round(2)"
        " | both other",
    ),
    "a limit": ("length: 20", "length: 17", "limit number: characters at most: 17, and was 20 | both narrower"),
    "no limit": (
        "limits: {number: {length: 20}}\n", "",
        "limit number: characters at most: not said, and was 20 | both wider",
    ),
    "a required field": (
        "=contract", "{value: =contract, required: yes}",
        "field contract: is required (RFF CT, RFF 1154) | both narrower",
    ),
    "a length": (
        "=contract", "{value: =contract, max: 9}",
        "field contract: may have 9 characters, and could have any number (RFF CT, RFF 1154) | both narrower",
    ),
    "match": ('"1"}', '["1", "2"]}', "match sender: asks for 1 or 2, and asked for 1 | reading wider"),
    "strict": ("version: 1", "strict: true", "mapping strict: what nothing takes is an error | reading narrower"),
    "losses": ("[quotation]", "[quotation, release]", "loses release: is listed | writing none"),
    "what is left aside": ("[PAI]", "[PAI, ALI]", "ignores ALI: is left aside quietly | reading wider"),
    "a segment of literals less": ("  - UNS: {0081: S}\n", "", "node UNS S: is not there any more | both other"),
    "the type": (
        "ORDERS:D:96A:UN\"", "ORDERS:D:96A:UN:EAN008\"",
        "mapping the message's version: is D:96A:UN:EAN008, and was D:96A:UN | both other",
    ),
    "another order of nodes": (
        "  - RFF: {1153: CT, 1154: =contract}\n  - FTX: {4451: AAI, 4440*: =notes}\n    max: 3\n",
        "  - FTX: {4451: AAI, 4440*: =notes}\n    max: 3\n  - RFF: {1153: CT, 1154: =contract}\n",
        "node FTX AAI: stands behind DTM 137 now | writing other",
    ),
    "the first counts": (
        "    max: 3\n", "    max: 3\n    first: true\n",
        "node FTX AAI: the first counts, and before one more was refused | reading wider",
    ),
    "another order of pairs": (
        "EN: =gtin, SRV: =read(gtin)", "SRV: =read(gtin), EN: =gtin",
        "node LIN: its pairs are written in the order SRV, EN | writing other",
    ),
    "both ways": (
        "=read(gtin)", "=gtin", "field lines[].gtin: is written now | writing wider",
    ),
    "a day from which it is in force": (
        "version: 1", "valid: 2026-01-01..",
        "mapping valid: is in force 2026-01-01.., and was always | both other",
    ),
    "what is kept": ("version: 1", "keep: true", "mapping keep: what nothing takes is kept | both other"),
    "a derived field": (
        "loses:", "derive: {lines.amount: quantity * price}\nloses:",
        "derive lines[].amount: is derived as quantity * price | reading wider",
    ),
}  # fmt: skip


def mapping(folder: Path, text: str, name: str) -> Mapping:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_mapping(file)


def shown(change: Change) -> str:
    return f"{change.topic} {change.what}: {change.message} | {change.directions} {change.effect}"


@pytest.mark.parametrize("name", CASES)
def test_one_change(name: str, tmp_path: Path) -> None:
    old, new, expected = CASES[name]
    assert old in TEXT
    before = mapping(tmp_path, TEXT, "a.yaml")
    after = mapping(tmp_path, TEXT.replace(old, new, 1), "b.yaml")
    assert [shown(change) for change in differences(before.meaning, after.meaning)] == [expected]
    back = differences(after.meaning, before.meaning)
    there = differences(before.meaning, after.meaning)
    turned = {Effect.WIDER: Effect.NARROWER, Effect.NARROWER: Effect.WIDER}
    assert [turned.get(change.effect, change.effect) for change in there] == [change.effect for change in back]
    assert [change.directions for change in there] == [change.directions for change in back]
    assert all(change.before or change.after for change in there if change.topic in ("node", "field", "literal"))


@pytest.mark.parametrize("name", library_names())
def test_a_mapping_does_not_differ_from_itself(name: str, tmp_path: Path) -> None:
    text = load_mapping(name).resolved
    assert not differences(load_mapping(name).meaning, mapping(tmp_path, text, "copy.yaml").meaning)


def test_notes_comments_and_order_of_keys_do_not_count(tmp_path: Path) -> None:
    other = TEXT.replace("version: 1", "note: hello\nversion: 7  # later").replace(
        "{1153: CT, 1154: =contract}", "{1153: CT, 1154: {value: =contract, note: theirs}}"
    )
    before, after = mapping(tmp_path, TEXT, "a.yaml"), mapping(tmp_path, other, "b.yaml")
    assert not differences(before.meaning, after.meaning)


def test_two_cases_that_are_swapped(tmp_path: Path) -> None:
    before = mapping(tmp_path, TEXT, "a.yaml")
    after = mapping(tmp_path, TEXT.replace("BY: buyer, SU: seller", "BY: seller, SU: buyer"), "b.yaml")
    found = [shown(change) for change in differences(before.meaning, after.meaning)]
    assert found == [
        "place NAD BY, NAD 3039: holds seller.gln, and held buyer.gln | both other",
        "place NAD SU, NAD 3039: holds buyer.gln, and held seller.gln | both other",
    ]


def test_how_a_range_is_filled(tmp_path: Path) -> None:
    text = """
mapping: m
document: order/1
format: {type: fixed, length: 30}
layout:
  - record: {1-10: =number, 11-20: =issued_on | date(iso), 21-30: {value: =contract, pad: "0", align: right}}
"""
    before, after = mapping(tmp_path, text, "a.yaml"), mapping(tmp_path, text.replace('pad: "0", ', ""), "b.yaml")
    assert [shown(change) for change in differences(before.meaning, after.meaning)] == [
        "field contract: is filled up with ' ' on the left, and was filled up with '0' on the left"
        " (record, 21-30) | both other"
    ]


def test_a_partners_file_against_the_library(tmp_path: Path) -> None:
    text = "mapping: acme\nextends: library:edifact/orders-d96a\ncodes: {uom: {STK: EA}}\nchange: {RFF PL: remove}\n"
    found = differences(load_mapping("library:edifact/orders-d96a").meaning, mapping(tmp_path, text, "a.yaml").meaning)
    assert [shown(change) for change in found] == [
        "code uom STK: is read as EA | reading wider",
        "code uom EA: is written STK, and was PCE | writing other",
        "field price_list: is not there any more, at RFF PL, RFF 1154 | both narrower",
    ]
