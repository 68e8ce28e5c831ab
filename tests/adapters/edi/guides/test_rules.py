"""Rules that the guides we ship use little or not: conditions of all kinds, repetitions, short dates, plain letters."""

from collections.abc import Callable
from pathlib import Path

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import Guide, PlaceError, WirePlace, find_guide
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding

Read = Callable[..., Records]
Lines = Callable[[list[Finding]], list[str]]

TEXT = """\
standard: x12
message: "999999"
version: "005010"
source: made up for tests
elements:
  1: AN 1/5
  2: DT 6/6 short date
  3: N2 1/4 implied
  4: ID 2/2
composites:
  C1: {parts: [1 M, 3 O]}
segments:
  ONE: {parts: [1 O, 1 O, 1 O], conditions: [E0102, L030102]}
  TWO: {parts: [1 O r3, C1 O r2]}
  TRE: {parts: [2 O, 3 O, 4 O]}
structure: [ONE O >1, TWO O >1, TRE O >1]
"""


@pytest.fixture
def guide(tmp_path: Path) -> Guide:
    path = tmp_path / "x12" / "005010" / "999999.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT, encoding="utf-8")
    found = find_guide("x12", "999999", "005010X999", [tmp_path])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("ONE*a", []),
        ("ONE*a**c", []),
        ("ONE", []),
        (
            "ONE*a*b",
            [
                "segment 2 ONE, element 2: error E-CONDITION ONE 01 and 02: at most one may have a value "
                "(the rule is E0102 of segment ONE) 723=10 725=1"
            ],
        ),
        (
            "ONE***c",
            [
                "segment 2 ONE, element 1: error E-CONDITION ONE 03 and 01 and 02: if the first has a value, one of "
                "the others must have one (the rule is L030102 of segment ONE) 723=2 725=1"
            ],
        ),
        ("TWO*a^b^c*x:1^y", []),
        (
            "TWO*a^b^c^d",
            [
                "segment 2 TWO, element 1: error E-REPEAT TWO 01 stands 4 times, at most 3 are allowed "
                "723=3 725=1 621=12"
            ],
        ),
        (
            "TWO*a^toolong^c",
            [
                "segment 2 TWO, element 1, repetition 2: error E-LENGTH TWO 01 is longer than AN 1/5: 7 characters "
                "723=5 725=1"
            ],
        ),
        (
            "TWO**x:1^:2",
            [
                "segment 2 TWO, element 2, repetition 2, component 1: error E-MANDATORY TWO 02.1 is mandatory and has "
                "no value 723=1 725=1"
            ],
        ),
        ("TRE*260105*-1234*XX", []),
        ("TRE*240229", []),
        (
            "TRE*260229",
            [
                "segment 2 TRE, element 1: error E-FORMAT TRE 01 (short date) must be a date, YYMMDD, not '260229' "
                "723=8 725=2"
            ],
        ),
    ],
)
def test_rules_of_x12(guide: Guide, read: Read, lines: Lines, row: str, expected: list[str]) -> None:
    assert lines(guide.validate(read(row, "*", repetition="^"))) == expected


def test_places_of_repetitions(guide: Guide) -> None:
    two = guide.segment("TWO")
    assert two is not None
    assert two.resolve("01[3]") == WirePlace(element=1, repetition=3)
    assert two.resolve("02[2].1") == WirePlace(element=2, repetition=2, component=1)
    assert two.resolve("01*") == WirePlace(element=1, repeats=3)
    with pytest.raises(PlaceError, match="may stand 3 times"):
        two.resolve("01[4]")


def test_letters_only(read: Read) -> None:
    guide = find_guide("edifact", "CONTRL", "D:3:UN")
    assert guide is not None
    findings = guide.validate(read("UCI+1+A+B+4+29+U1Z"))
    assert [(finding.message, finding.ack) for finding in findings] == [
        ("UCI 0013 (service segment in error) must be letters, not 'U1Z'", {"0085": "37"})
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("E0102", "E0109", "'E0109' is no condition of ONE, which has 3 parts"),
        ("AN 1/5", "AN 5/1", "'AN 5/1' is no form of element 1"),
        ("[1 M, 3 O]", "{1: M}", "the parts of C1 must be a list"),
        ("[1 M, 3 O]", "[[1 M]]", "the parts of C1 must be a list of texts"),
        ("elements:\n", "elements: none\nmore:\n", "'elements' must be a mapping of codes"),
        ("{parts: [2 O, 3 O, 4 O]}", "[2 O]", "TRE must hold title and parts"),
        ("source: made up for tests", "source: [a]", "'source' must be a text"),
    ],
)
def test_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    path = tmp_path / "x12" / "005010" / "999999.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        find_guide("x12", "999999", "005010", [tmp_path])
    assert message in [finding.message for finding in caught.value.findings]


def test_a_guide_that_is_a_list(tmp_path: Path) -> None:
    path = tmp_path / "x12" / "005010" / "999999.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("- a\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        find_guide("x12", "999999", "005010", [tmp_path])
    assert caught.value.findings[0].line() == f"{path}:1:1: error C-GUIDE a guide file must be a mapping of keys"


def test_binary_data_and_components_that_are_not_used(tmp_path: Path, read: Read, lines: Lines) -> None:
    path = tmp_path / "x12" / "005010" / "999999.yaml"
    path.parent.mkdir(parents=True)
    text = TEXT.replace("  4: ID 2/2", "  4: ID 2/2\n  785: B 1/20 data").replace("[1 M, 3 O]", "[1 M, 3 N, 4 O]")
    path.write_text(text.replace("TRE: {parts: [2 O, 3 O, 4 O]}", "BIN: {parts: [3 M, 785 M]}").replace("TRE", "BIN"))
    guide = find_guide("x12", "999999", "005010", [tmp_path])
    assert guide is not None
    assert guide.validate(read("BIN*5*a:b^c", "*", repetition="^")) == []
    assert lines(guide.validate(read(f"BIN*5*{'a:^' * 7}", "*", repetition="^"))) == [
        "segment 2 BIN, element 2: error E-LENGTH BIN 02 (data) is longer than B 1/20: 21 characters 723=5 725=785"
    ]
    assert guide.validate(read("TWO**a::XX", "*")) == []
    assert lines(guide.validate(read("TWO**a:1:XX", "*"))) == [
        "segment 2 TWO, element 2, component 2: error E-UNUSED TWO 02.2 (implied) is not used here, but has a value "
        "(leave it out) 723=10 725=3 621=I10"
    ]
