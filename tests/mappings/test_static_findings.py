"""What is wrong with a mapping file is said before any data, at its line and column."""

import pytest

HEAD = """mapping: m
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
codes: {uom: {PCE: EA}, kind: {220: order}}
layout:
  - BGM: {1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - in: buyer
    NAD: {3035: BY, 3036: =name}
  - UNS: {0081: S}
"""

CASES = {
    "a field that does not exist": (
        "  - RFF: {1153: CT, 1154: =contrakt}",
        "map.yaml:11:27: error M-FIELD Order: no field 'contrakt' (did you mean 'contract'?)",
    ),
    "a field of the document inside an item": (
        "  - each: lines\n    LIN: {1: =number, 7140: =currency}\n    then:\n    - QTY: {6063: 21, 6060: =quantity}",
        "map.yaml:12:29: error M-FIELD OrderLine: no field 'currency' (for the document's field write order.currency)",
    ),
    "an element that the segment does not have": (
        "  - RFF: {1153: CT, 1155: =contract}",
        "map.yaml:11:21: error M-PLACE segment RFF has no element 1155; it has 1153, 1154, 1156, 4000 "
        "(did you mean '1156'?)",
    ),
    "a segment that the guide does not have": (
        "  - REF: {1: CT}",
        "map.yaml:11:5: error M-PLACE the guide of ORDERS has no segment REF (did you mean 'RTE'?)",
    ),
    "an unknown code table": (
        "  - RFF: {1153: CT, 1154: =contract | code(uoms)}",
        "map.yaml:11:27: error M-CONVERTER there is no code table 'uoms' (did you mean 'uom'?)",
    ),
    "an unknown converter": (
        "  - RFF: {1153: CT, 1154: =contract | uper}",
        "map.yaml:11:27: error M-CONVERTER there is no converter 'uper' (did you mean 'upper'?)",
    ),
    "a date without a form": (
        "  - DTM: {2005: 2, 2380: =requested_on}",
        "map.yaml:11:26: error M-CONVERTER a date needs a form on the wire: date(yyyyMMdd), date(iso), or dtm(102) over "  # noqa: E501
        "two places",
    ),
    "a converter for another kind": (
        "  - RFF: {1153: CT, 1154: =contract | implied(2)}",
        "map.yaml:11:27: error M-CONVERTER implied takes a number, and this is a text",
    ),
    "round on a field": (
        "  - MOA: {5025: 79, 5004: =totals.lines_amount | round(2)}",
        "map.yaml:11:27: error M-CONVERTER round changes a field's value, so it cannot be read back "
        "(round computed values only)",
    ),
    "a list in one place": (
        "  - FTX: {4451: AAI, 4440: =notes}",
        "map.yaml:11:28: error M-CONVERTER a list needs a repeating place (write the place with *, or join(;), or each:)",  # noqa: E501
    ),
    "two nodes that take the same record": (
        "  - RFF: {1153: CT, 1154: =contract}\n  - RFF: {1153: [ON, CT], 1154: =previous_order}",
        "map.yaml:12:5: error M-AMBIGUOUS a record RFF can be taken by this node and by the one in line 11 "
        "(give both a literal at the same place, with different values)",
    ),
    "a key that is no key": (
        "ingores: [PAI]",
        "map.yaml:11:1: error M-KEY there is no key 'ingores' (did you mean 'ignores'?)",
    ),
    "a modifier that is none": (
        "  - evry: lines\n    LIN: {1: =number}",
        "map.yaml:11:5: error M-KEY there is no modifier 'evry' "
        "(modifiers are as, cases, each, first, in, max, min, only, only_if, then, use, when)",
    ),
    "an expression cut short": (
        "  - RFF: {1153: CT, 1154: =contract |}",
        "map.yaml:11:27: error M-EXPRESSION a converter's name is missing after | in '=contract |'",
    ),
    "a computed value of texts": (
        "  - CNT: {6069: 2, 6066: =number * 2}",
        "map.yaml:11:26: error M-EXPRESSION number is a text, and computing needs a number",
    ),
    "a division without end": (
        "  - CNT: {6069: 2, 6066: =count(lines) / 3}",
        "map.yaml:11:26: error M-EXPRESSION a division may have no end (add | round(2))",
    ),
    "the clock": (
        "  - RFF: {1153: CT, 1154: =write(now())}",
        "map.yaml:11:27: error M-CONVERTER now() needs a form on the wire "
        "(for example  write(now()) | datetime(yyyyMMdd Europe/Berlin))",
    ),
    "a repeated node without a list": (
        "  - RFF: {1153: CT, 1154: =contract}\n    max: 3",
        "map.yaml:11:5: error M-NODE RFF CT may come 3 times, but its fields hold one value "
        "(add each: LIST, or bind a repeating place such as 4440*)",
    ),
    "items outside the list": (
        "  - each: lines\n    LIN: {1: =number}\n    then:\n    - each: order.notes\n      FTX: {1: AAI, 4: =.}\n"
        "    - QTY: {6063: 21, 6060: =quantity}",
        "map.yaml:14:13: error M-FIELD order.notes is outside the current item, so it cannot be repeated here",
    ),
    "a place within pairs, after them": (
        "  - each: lines\n    LIN: {1: =number}\n    then:\n    - QTY: {6063: 21, 6060: =quantity}\n"
        "    - PIA: {4347: 1, pairs(7143 7140): {SA: =supplier_item}, 6.1: =buyer_item}",
        "map.yaml:15:62: error M-PLACE PIA 6.1 stands within pairs(7143 7140), which goes on to the end of PIA "
        "(bind it as one of the pairs, or leave it out)",
    ),
    "a place within pairs, before them": (
        "  - each: lines\n    LIN: {1: =number}\n    then:\n    - QTY: {6063: 21, 6060: =quantity}\n"
        "    - PIA: {4347: 1, 6.1: =buyer_item, pairs(7143 7140): {SA: =supplier_item}}",
        "map.yaml:15:22: error M-PLACE PIA 6.1 stands within pairs(7143 7140), which goes on to the end of PIA "
        "(bind it as one of the pairs, or leave it out)",
    ),
    "a place of a pair": (
        "  - each: lines\n    LIN: {1: =number, 7140: =gtin, pair(7143 7140): {SA: =supplier_item}}\n    then:\n"
        "    - QTY: {6063: 21, 6060: =quantity}",
        "map.yaml:12:23: error M-PLACE LIN 7140 stands within pair(7143 7140)",
    ),
    "a version of the language that there is not": (
        "language: 7",
        "map.yaml:11:11: error M-VALUE language: is 1, the only version of this language (leave it out)",
    ),
    "a control character in a literal": (
        '  - RFF: {1153: "C\\x1dT", 1154: =contract}',
        "map.yaml:11:17: error M-VALUE 'C\\x1dT' holds a control character",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_static_findings(bench, case):
    text, expected = CASES[case]
    assert bench.static(HEAD + text + "\n") == [expected]


def test_a_table_must_give_values_that_the_field_takes(bench):
    text = HEAD.replace("220: order", "220: order, 221: blanket").replace(
        "1004: =number", "1001: =kind | code(kind), 1004: =number"
    )
    assert bench.static(text) == [
        "map.yaml:4:49: error M-CODE kind does not take 'blanket' (did you mean 'blanket_order'?)"
    ]


def test_a_segment_that_would_be_read_as_part_of_the_group_before_it(bench):
    assert bench.static(HEAD.replace("  - UNS: {0081: S}\n", "  - RFF: {1153: CT, 1154: =contract}\n")) == [
        "map.yaml:10:5: error M-ORDER RFF CT is written after NAD BY, and would be read as a part of it "
        "(move it above line 9, or below NAD with then:)"
    ]


def test_a_required_field_without_a_place(bench):
    text = HEAD.replace("  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}\n", "")
    assert bench.static(text) == [
        "map.yaml:6:11: error M-REQUIRED nothing in this file reads issued_on, which every Order needs "
        "(bind it to a place)"
    ]


def test_all_findings_come_at_once(bench):
    found = bench.static("mapping: m\ndocument: Order\nformat: {type: edi}\nlayout: []\nversion: one\n")
    assert found == [
        "map.yaml:2:11: error M-VALUE there is no document 'Order' (did you mean 'order/1'?)",
        "map.yaml:3:16: error M-VALUE there is no format 'edi' (did you mean 'edifact'?)",
        "map.yaml:5:10: error M-VALUE version: is a whole number",
    ]


OPTIONS = {
    "type: edifact, frob: 7": (
        "map.yaml:3:25: error M-KEY the format edifact has no option 'frob' (it takes acknowledgement, "
        "acknowledgement_request, application_reference, charset, check, group, group_receiver, group_sender, "
        "largest_message, largest_segment, lenient, message, newline, overlays, receiver, reject, sender, separators, "
        "syntax, type, una)"
    ),
    "type: edifact, newlin: lf": (
        "map.yaml:3:25: error M-KEY the format edifact has no option 'newlin' (did you mean 'newline'?)"
    ),
    "type: edifact, newline: cr": (
        "map.yaml:3:34: error M-VALUE format: newline: input should be 'none', 'lf' or 'crlf'"
    ),
    "type: edifact, separators: abc": (
        "map.yaml:3:37: error M-VALUE format: separators: separators must be six different characters, as after UNA, "
        "no letters or digits"
    ),
    "type: edifact, set: '850'": (
        "map.yaml:3:25: error M-KEY the format edifact has no option 'set' (did you mean 'charset'?)"
    ),
}


@pytest.mark.parametrize("options", OPTIONS)
def test_options_of_the_format_are_checked_at_their_places(bench, options):
    assert bench.static(HEAD.replace("type: edifact", options)) == [OPTIONS[options]]


def test_an_item_of_an_option_is_named_by_its_position(bench):
    (found,) = bench.static(HEAD.replace("type: edifact", "type: edifact, lenient: [junk, jnk]"))
    assert found.startswith("map.yaml:3:41: error M-VALUE format: lenient.1: input should be 'bom'")


def test_options_that_the_format_takes_are_handed_on(bench):
    mapping = bench.load(HEAD.replace("type: edifact", "type: edifact, lenient: [junk], newline: lf"))
    assert mapping.format_options == {"lenient": ["junk"], "newline": "lf"}


def test_a_line_of_another_file_is_named_with_its_file(bench):
    base = HEAD.replace("  - UNS: {0081: S}\n", "  - RFF: {1153: CT, 1154: =contract}\n")
    bench.file(HEAD, "base.yaml")
    text = "mapping: p\nextends: base.yaml\nadd:\n  - after: NAD\n    RFF: {1153: CT, 1154: =contract}\n"
    assert bench.static(base)[0].endswith("(move it above line 9, or below NAD with then:)")
    assert bench.static(text) == [
        "map.yaml:5:5: error M-ORDER RFF CT is written after NAD BY, and would be read as a part of it "
        "(move it above base.yaml:9, or below NAD with then:)"
    ]


@pytest.mark.parametrize(
    "text", ["", "- a\n- b\n", "mapping: m\n", "layout:\n  - [a]\n", "mapping: {a: b}\nformat: x\nlayout: y\n"]
)
def test_what_is_no_mapping_at_all_is_refused_with_findings(bench, text):
    assert bench.static(text)


def test_without_a_guide_places_are_positions(bench):
    text = HEAD.replace("ORDERS:D:96A:UN", "GIZMO:D:96A:UN").replace("1004: =number", "2: =number")
    found = bench.static(text)
    assert found[0] == (
        "map.yaml:7:11: error M-PLACE '2005' is no position in a segment "
        "(element codes need a guide of the message; write element.component, such as 2 or 2.1)"
    )
