"""Conditions between elements, in both standards, in segments and composites: each against its words."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import Guide, find_guide
from transload.adapters.edi.guides.contents import Contents
from transload.adapters.edi.guides.directory import parse_condition
from transload.adapters.edi.guides.patterns import ELEMENT, segment_pattern
from transload.canonical.findings import Finding

Read = Callable[..., Records]
Lines = Callable[[list[Finding]], list[str]]

EDIFACT = """\
standard: edifact
message: MYMSG
version: "D:01B:UN"
source: made up for tests
elements: {1001: an..3 kind, 1153: an..3 first, 1154: an..3 second, 1155: an..3 third, 1156: n..3 number}
composites:
  C001: {parts: [1153 C, 1154 C, 1155 C], conditions: ["%s"]}
segments:
  AAA: {parts: [1001 M, 1153 C, 1154 C, 1155 C, 1156 C], conditions: ["%s"]}
  BBB: {parts: [1001 M, C001 C]}
structure: [AAA C 9, BBB C 9]
"""
MEANINGS: dict[str, Callable[[bool, bool, bool], bool]] = {
    "D1": lambda a, b, c: a + b + c == 1,
    "D2": lambda a, b, c: a == b == c,
    "D3": lambda a, b, c: a or b or c,
    "D4": lambda a, b, c: a + b + c <= 1,
    "D5": lambda a, b, c: not a or (b and c),
    "D6": lambda a, b, c: not a or b or c,
    "D7": lambda a, b, c: not a or not (b or c),
    "P": lambda a, b, c: a == b == c,
    "R": lambda a, b, c: a or b or c,
    "E": lambda a, b, c: a + b + c <= 1,
    "C": lambda a, b, c: not a or (b and c),
    "L": lambda a, b, c: not a or b or c,
}


def write(folder: Path, text: str, standard: str, version: str, message: str) -> Guide:
    path = folder / standard / version / f"{message.lower()}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    guide = find_guide(standard, message, {"d01b": "D:01B:UN"}.get(version, version), [folder])
    assert guide is not None
    return guide


@pytest.mark.parametrize("kind", ["D1", "D2", "D3", "D4", "D5", "D6", "D7"])
@pytest.mark.parametrize("order", [(2, 3, 4), (4, 2, 3)])
def test_conditions_of_edifact_segments(tmp_path: Path, read: Read, kind: str, order: tuple[int, ...]) -> None:
    numbers = ",".join(f"{number:02}" for number in order)
    guide = write(tmp_path, EDIFACT % ("D3(1,2)", f"{kind}({numbers})"), "edifact", "d01b", "MYMSG")
    for values in product(("", "x"), repeat=3):
        held = dict(zip((2, 3, 4), values, strict=True))
        for last in ("+7", ""):
            row = ("AAA+1+" + "+".join(values) + last).rstrip("+")
            findings = guide.validate(read(row))
            good = MEANINGS[kind](*(bool(held[number]) for number in order))
            assert [finding.code for finding in findings] == ([] if good else ["E-CONDITION"]), row


@pytest.mark.parametrize("kind", ["D1", "D2", "D3", "D4", "D5", "D6", "D7"])
def test_conditions_of_edifact_composites(tmp_path: Path, read: Read, kind: str) -> None:
    guide = write(tmp_path, EDIFACT % (f"{kind}(01,02,03)", "D3(1,2)"), "edifact", "d01b", "MYMSG")
    for values in product(("", "x"), repeat=3):
        row = ("BBB+1+" + ":".join(values)).rstrip("+:")
        good = not any(values) or MEANINGS[kind](
            *map(bool, values)
        )  # of a composite that is not there nothing is asked
        assert [finding.code for finding in guide.validate(read(row))] == ([] if good else ["E-CONDITION"]), row


@pytest.mark.parametrize("kind", ["P", "R", "E", "C", "L"])
@pytest.mark.parametrize("within", ["segment", "composite"])
def test_conditions_of_x12(tmp_path: Path, read: Read, kind: str, within: str) -> None:
    in_segment = f"[{kind}010203]" if within == "segment" else "[]"
    in_composite = f"[{kind}010203]" if within == "composite" else "[]"
    text = (
        'standard: x12\nmessage: "999999"\nversion: "005010"\nsource: made up for tests\nelements: {1: AN 1/3}\n'
        f"composites: {{C001: {{parts: [1 O, 1 O, 1 O], conditions: {in_composite}}}}}\n"
        f"segments: {{ONE: {{parts: [1 O, 1 O, 1 O, C001 O r2], conditions: {in_segment}}}}}\nstructure: [ONE O 9]\n"
    )
    guide = write(tmp_path, text, "x12", "005010", "999999")
    for values in product(("", "x"), repeat=3):
        mark, lead = ("*", "") if within == "segment" else (":", "*x*x*x*x:y:z^" if kind != "E" else "*x*x*x*x^")
        row = "ONE" + (lead or "*") + mark.join(values)
        row = row.rstrip("*:^")
        findings = [finding.code for finding in guide.validate(read(row, "*", repetition="^"))]
        good = (within == "composite" and not any(values)) or MEANINGS[kind](*map(bool, values))
        assert findings == ([] if good else ["E-CONDITION"]), row


@pytest.mark.parametrize(
    ("condition", "row", "expected"),
    [
        (
            "D1(02,03)",
            "AAA+1",
            "segment 2 AAA, element 2: error E-CONDITION AAA 1153 and 1154: one must have a value "
            "(the rule is D1(02,03) of segment AAA) 0085=13",
        ),
        (
            "D1(02,03)",
            "AAA+1+a+b",
            "segment 2 AAA, element 3: error E-CONDITION AAA 1153 and 1154: only one may have a value "
            "(the rule is D1(02,03) of segment AAA) 0085=15",
        ),
        (
            "D7(03,02)",
            "AAA+1+a+b",
            "segment 2 AAA, element 2: error E-CONDITION AAA 1154 and 1153: if the first has a value, the others must "
            "have none (the rule is D7(03,02) of segment AAA) 0085=15",
        ),
        (
            "D2(02,05)",
            "AAA+1+a",
            "segment 2 AAA, element 5: error E-CONDITION AAA 1153 and 1156: if one has a value, all must have one "
            "(the rule is D2(02,05) of segment AAA) 0085=13",
        ),
    ],
)
def test_words(tmp_path: Path, read: Read, lines: Lines, condition: str, row: str, expected: str) -> None:
    guide = write(tmp_path, EDIFACT % ("D5(2,1)", condition), "edifact", "d01b", "MYMSG")
    assert lines(guide.validate(read(row))) == [expected]


def test_words_of_a_composite(tmp_path: Path, read: Read, lines: Lines) -> None:
    guide = write(tmp_path, EDIFACT % ("D5(2,1)", "D3(1,2)"), "edifact", "d01b", "MYMSG")
    assert lines(guide.validate(read("BBB+1+:b"))) == [
        "segment 2 BBB, element 2, component 1: error E-CONDITION BBB C001, 1154 and 1153: if the first has a value, "
        "the others must have one (the rule is D5(02,01) of composite C001) 0085=13"
    ]


def test_a_missing_mandatory_element_is_one_finding_though_a_condition_asks_for_it_too(
    tmp_path: Path, read: Read
) -> None:
    guide = write(tmp_path, EDIFACT % ("D5(2,1)", "D2(1,2)"), "edifact", "d01b", "MYMSG")
    assert [finding.code for finding in guide.validate(read("AAA++b"))] == ["E-MANDATORY"]


def test_conditions_that_tie_many_positions_together_are_checked_one_by_one(tmp_path: Path) -> None:
    parts = ", ".join(["1 O"] * 9)
    text = (
        'standard: x12\nmessage: "999999"\nversion: "005010"\nsource: made up for tests\nelements: {1: AN 1/3}\n'
        f"segments: {{ONE: {{parts: [{parts}], conditions: [L010203040506070809]}}}}\nstructure: [ONE O 9]\n"
    )
    rule = write(tmp_path, text, "x12", "005010", "999999").rules.segments["ONE"]
    pattern = segment_pattern(rule, ":", "")
    assert pattern.open
    contents = Contents(standard="x12", component=":", repetition="")
    for values in product(("", "x"), repeat=9):
        segment = f"ONE*{'*'.join(values)}".rstrip("*").split("*")
        matched = pattern.expression.fullmatch(ELEMENT.join(segment)) is not None
        assert matched  # lenient, therefore open
        alone = bool(values[0]) and not any(values[1:])
        assert bool(contents.faults(rule, segment)) is alone


@pytest.mark.parametrize(
    ("standard", "text", "written"),
    [
        ("edifact", "D5(03,02)", "D5(03,02)"),
        ("edifact", "D1(1, 2,3)", "D1(01,02,03)"),
        ("edifact", "D5(03)", None),
        ("edifact", "D8(01,02)", None),
        ("edifact", "P0102", None),
        ("x12", "P0102", "P0102"),
        ("x12", "P01", None),
        ("x12", "P0101", None),
        ("x12", "P0001", None),
        ("x12", "D1(01,02)", None),
    ],
)
def test_conditions_are_written_in_the_way_of_their_standard(standard: str, text: str, written: str | None) -> None:
    condition = parse_condition(standard, text)
    assert (None if condition is None else str(condition)) == written
